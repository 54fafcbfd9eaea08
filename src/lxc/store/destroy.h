/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-destroy: a container with all its files. */
#pragma once

#include "lxc/store/container.h"

/**
 * Removes the defined container @container, which must not run: first lxc.hook.destroy is run, then
 * its root file system goes (unless lxc.rootfs.managed is 0), then its directory, the configuration
 * last. With @snapshots its snapshots as well; without, they are an error. So are clones that use
 * its files. @rcfile: the configuration that counts; NULL: its own.
 */
int lxc_destroy(const struct lxc_container *container, const char *rcfile, bool snapshots,
                struct thole_error *err);

/** 1: the container in @directory has snapshots, 0: it has none. */
int lxc_snapshots_exist(const char *directory, struct thole_error *err);
