/* SPDX-License-Identifier: Apache-2.0 */
/* What init and exec have in common: a process that becomes one of the container's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"
#include "security/seccomp_filter.h"

/** All in which one such process may differ from another. */
struct apply_become {
    const struct plan_process *process; /* NULL: a container without a program */
    struct phases *phases;              /* NULL: nothing is measured */
    int sync;                           /* socket to the runtime */
    int proc_fd;                        /* the host's /proc (O_PATH) */
    int init;            /* a sealed copy of the program that runs the process's; -1: none */
    const char *keyring; /* name of the session keyring to make or join, NULL: none */
    bool user_namespace; /* it gets or joins one: the runtime sets the limits, who may raise them */
    bool cwd_or_root;    /* where the working directory cannot be entered, / will do */
    bool binds_console;  /* the pty is mounted on /dev/console */
    bool bare_output;    /* the pty leaves line ends alone: a program reads it, not a person */
    int devpts;          /* the host's devpts, for a container that has none; -1: refused then */
    const bool *replace; /* which of fds 0-2 become a new pty; NULL: none is made */
    int stdio[3];        /* what the others become, -1: they stay as they are */
    const struct seccomp_filter *filter; /* NULL: none */
    struct apply_terminals *terminals;   /* where the console and others lie, NULL: as usual */
    int death_signal; /* what the program gets when its parent dies, 0: nothing */
    size_t passed;    /* fds from 3 on that stay open: socket activation's and preserved ones */
};
#define APPLY_BECOME_INIT                                                            \
    {                                                                                \
        .sync = -1, .proc_fd = -1, .init = -1, .devpts = -1, .stdio = { -1, -1, -1 } \
    }

/** What is handed to execve(2), and lives until then. */
struct apply_program {
    const char *path;
    char **environment; /* the plan's, with HOME where it was missing */
};

/** Overwrites the arguments and the environment of the caller, which the container could read. */
void apply_become_anonymous(void);

/** Root of its user namespace, if there is one. */
int apply_become_root(const struct apply_become *become, struct thole_error *err);

/**
 * Makes the pty from the devpts beneath @root_fd and hands its master to the runtime. @ret_peer is
 * its inner end, -1 where none is wanted.
 */
int apply_become_console(const struct apply_become *become, int root_fd, int *ret_peer,
                         struct thole_error *err);

/** Puts the pty and what else replaces them on fds 0-2. */
int apply_become_stdio(const struct apply_become *become, int peer, struct thole_error *err);

/** A session of its own, led from the pty if there is one, which is closed. */
int apply_become_leader(int peer, struct thole_error *err);

/**
 * Closes what the container must not find: all fds above 2 but the socket, those that are passed
 * on, those still needed, and @others.
 */
int apply_become_bare(const struct apply_become *become, const int *others, size_t count,
                      struct thole_error *err);

/**
 * From root to the user of the plan: surroundings, working directory, ids, capabilities.
 * CAP_SYS_ADMIN stays where loading the seccomp filter needs it. Afterwards nobody with the same
 * ids can look into the process.
 */
int apply_become_user(const struct apply_become *become, struct thole_error *err);

/** Looks up the program and HOME with the rights that it will have. */
int apply_become_ready(const struct apply_become *become, struct apply_program *program,
                       struct thole_error *err);

/**
 * The last confinement before an execve: labels, signals, limits, filter, capabilities. A filter
 * with a listener is reported over @starter.
 */
int apply_become_confined(const struct apply_become *become, int starter, struct thole_error *err);

/** Runs the program; returns only to report a failure. */
int apply_become_program(const struct apply_become *become, int starter,
                         const struct apply_program *program, struct thole_error *err);
