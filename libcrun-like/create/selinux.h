/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers with SELinux categories of their own (the annotation org.thole.selinux.range): chosen
 * before the container is planned, as if the configuration had said so.
 */
#pragma once

#include "create/create.h"

/**
 * Replaces "dynamic" by a range that no other container has, and puts it into the labels of the
 * configuration, which are the policy's own for containers (lxc_contexts(5)) if it has none. The
 * calling process has the range then. Where that cannot be, nothing is changed: the plan says why.
 */
int create_selinux_choose(struct bundle *bundle, struct thole_error *err);

/** The range is init's as well, which may outlive its creator. */
int create_selinux_keep(const struct creation *creation, struct thole_error *err);

/** Nothing runs with the range of these annotations any more, and this process will not either. */
void create_selinux_release(const struct thole_context *context,
                            const struct oci_pairs *annotations);
