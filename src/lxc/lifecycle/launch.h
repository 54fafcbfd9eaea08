/* SPDX-License-Identifier: Apache-2.0 */
/* From a container's name to a running one: its configuration, its pre-start hooks, the library. */
#pragma once

#include "cli/options.h"
#include "lxc/store/container.h"

/** Namespaces that can be shared with another container, in the order of lxc_launch.shared. */
enum { LXC_SHARED_NET, LXC_SHARED_IPC, LXC_SHARED_UTS, LXC_SHARED_PID, LXC_SHARED_KINDS };

/** How it is to be started; zero-initialised: as a daemon, with its stored configuration. */
struct lxc_launch {
    const char *rcfile; /* in place of the stored configuration */
    struct option_strings definitions;
    const char *shared[LXC_SHARED_KINDS]; /* names or pids of containers */
    const char *console;                  /* in place of lxc.console.path */
    const char *console_log;
    const char *pid_file;
    char *const *command; /* NULL-terminated, NULL: the configured one */
    bool foreground;      /* connected with the console until its end */
    bool execute;         /* the command beneath a small init; no configuration is needed */
    const char *uid;      /* with execute */
    const char *gid;
};

/**
 * Starts it. @ret_status is the status of its program in the foreground, else 0. The errors of
 * running programs have kind PAYLOAD where the command itself is to blame.
 */
int lxc_launch(const struct lxc_container *container, const struct lxc_launch *launch,
               int *ret_status, struct thole_error *err);
