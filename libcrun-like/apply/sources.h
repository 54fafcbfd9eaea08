/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mounts need from outside the container: trees that only the runtime may open or that must
 * keep their peer group, and user namespaces that carry id maps. Opened by the runtime before init
 * is cloned, inherited by it, used by apply_mounts().
 */
#ifndef APPLY_SOURCES_H
#define APPLY_SOURCES_H

#include "base/error.h"
#include "plan/plan.h"

struct apply_sources {
    struct apply_source {
        int tree;   /* detached clone of a bind's source, or -1: init opens it itself */
        int userns; /* carries the id map, or -1 */
    } * items;      /* one per plan mount, NULL when no mount needs anything */
    size_t count;
};

/** @proc_fd is the host's /proc. */
int apply_sources_open(const struct plan *plan, int proc_fd, struct apply_sources *ret_sources,
                       struct thole_error *err);
void apply_sources_done(struct apply_sources *sources);
#define cleanup_apply_sources __attribute__((cleanup(apply_sources_done)))

#endif
