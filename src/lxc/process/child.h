/* SPDX-License-Identifier: Apache-2.0 */
/* Programs in new namespaces that are no container: for lxc-unshare and lxc-usernsexec. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct lxc_child {
    pid_t pid;
    int sync; /* the parent's end, or in the child its own; -1: closed */
};
#define LXC_CHILD_INIT \
    { .pid = -1, .sync = -1 }

/**
 * Forks into new @namespaces (CLONE_NEW*). Returns 1 in the child, which is to call
 * lxc_child_await() first, 0 in the parent.
 */
int lxc_child_start(uint64_t namespaces, struct lxc_child *ret_child, struct thole_error *err);

/** In the parent: what had to be done outside is done. */
void lxc_child_release(struct lxc_child *child);

/** In the child: waits for that; false: the parent gave up. */
bool lxc_child_await(struct lxc_child *child);

/** Waits for its end: its exit status, or 128 + the signal. */
int lxc_child_wait(const struct lxc_child *child, struct thole_error *err);

/** Ends a child that is not to go on. */
void lxc_child_done(struct lxc_child *child);
#define cleanup_lxc_child __attribute__((cleanup(lxc_child_done)))

/** execvp(3); only returns with an error. */
int lxc_child_execute(char *const *command, struct thole_error *err);
