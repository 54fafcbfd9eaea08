/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mounts need from outside the container: trees that only the runtime may open or that must
 * keep their peer group, and user namespaces that carry id maps. Opened before init has mounts of
 * its own, mostly by the runtime, and used by apply_mounts().
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

struct apply_bind_sources {
    struct apply_source {
        int tree;  /* detached clone of a bind's source, or -1: init opens it itself */
        int place; /* a bind's source on the host (O_PATH), see apply_bind_sources_hold(), or -1 */
        bool is_private;    /* the tree has left the host's peer groups already */
        int userns;         /* carries the id map, or -1 */
        bool shares_userns; /* with an earlier mount, whose descriptor it is */
    } * items;              /* one per plan mount, NULL when no mount needs anything */
    size_t count;
    int lender; /* in init: the socket to the runtime */
};

/** Opens what carries id maps. @proc_fd is the host's /proc. */
int apply_bind_sources_open(const struct plan *plan, int proc_fd,
                            struct apply_bind_sources *ret_sources, struct thole_error *err);
/**
 * In the runtime, at a WIRE_REQUEST_SOURCE of init, which is in a user namespace: opens the source
 * of mount @index and sends it. One at a time: their number has no limit.
 */
int apply_bind_source_lend(const struct plan *plan, size_t index,
                           const struct apply_bind_sources *sources, int init,
                           struct thole_error *err);
/** In init: asks for it, if it is one that the runtime has to open. */
int apply_bind_source_borrow(const struct plan *plan, size_t index,
                             struct apply_bind_sources *sources, struct thole_error *err);
/** Maps the ids of the mount or tree @mount_fd as the user namespace @userns does, unless it is -1.
 */
int apply_map_ids(int mount_fd, const struct plan_mount *mount, int userns,
                  struct thole_error *err);
/** In init: closes the tree, which is mounted. */
void apply_bind_source_used(struct apply_bind_sources *sources, size_t index);
/**
 * In init, while its copy of the host's mounts still belongs to the host's peer groups: clones the
 * sources of mounts that are to be shared with the host, or its slaves.
 */
int apply_bind_sources_keep_peers(const struct plan *plan, struct apply_bind_sources *sources,
                                  struct thole_error *err);
/** In the runtime, for a container that runs already: opens the sources of all binds. */
int apply_bind_sources_take(const struct plan *plan, struct apply_bind_sources *sources,
                            struct thole_error *err);
/** True if the container gets anything of the host's mounts: a bind, or /dev/null over a path. */
bool apply_bind_sources_are_needed(const struct plan *plan);
/**
 * In init, before it enters a mount namespace without the host's mounts: opens the sources of all
 * binds. Returns 1; 0 if one cannot be opened, -1 for other errors.
 */
int apply_bind_sources_hold(const struct plan *plan, struct apply_bind_sources *sources,
                            struct thole_error *err);
/**
 * True if none of the held sources lies in the directory @root, nor a recursive one around it:
 * symbolic links, which the plan does not see, have been followed.
 */
bool apply_bind_sources_lie_elsewhere(const struct plan *plan,
                                      const struct apply_bind_sources *sources, int proc_fd,
                                      int root);
/**
 * Puts a detached clone in the place of each held source, with its ids mapped. Returns 1; 0 if one
 * cannot be cloned: then nothing has happened.
 */
int apply_bind_sources_detach(const struct plan *plan, struct apply_bind_sources *sources);
/** Gives those clones up again. */
void apply_bind_sources_drop(struct apply_bind_sources *sources);
/** Closes what apply_bind_sources_hold() has opened. */
void apply_bind_sources_let_go(struct apply_bind_sources *sources);
void apply_bind_sources_done(struct apply_bind_sources *sources);
#define cleanup_apply_sources __attribute__((cleanup(apply_bind_sources_done)))
