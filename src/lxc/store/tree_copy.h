/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a directory tree: a container's root file system. */
#pragma once

#include "base/error.h"

/**
 * Copies the directory @source with all beneath it to @target, which must not exist: owners, modes,
 * times, extended attributes, hard links, holes of files, devices, fifos and sockets are as they
 * were. Links are copied, never followed. On failure some of @target is there.
 */
int lxc_tree_copy(const char *source, const char *target, struct thole_error *err);

/** Copies the single file @source to @target in the same way, links followed. */
int lxc_tree_copy_file(const char *source, const char *target, struct thole_error *err);
