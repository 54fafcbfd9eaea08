/* SPDX-License-Identifier: Apache-2.0 */
/* The attach engine: one more process for a running container, whatever asks for it. */
#pragma once

#include "apply/exec.h"
#include "security/seccomp_filter.h"
#include "state/container.h"

/** Everything that one entry into a container holds. */
struct entry {
    struct container container;
    struct plan_process *process;
    struct seccomp_filter filter;
    struct apply_exec apply;
    bool replace[3]; /* which of fds 0-2 become the new pty */
    int null_fd;     /* for those that a detached process does not get, -1: none */
    bool heard;      /* the new process has sent a message */
    int sync;
    int pidfd; /* of the new process, as @pid */
    pid_t pid;
    int console; /* pty master, -1: none */
};
#define ENTRY_INIT                                                                      \
    {                                                                                   \
        .container = CONTAINER_INIT,                                                    \
        .apply = {.become = APPLY_BECOME_INIT, .pidfd = -1, .root = -1}, .null_fd = -1, \
        .sync = -1, .pidfd = -1, .console = -1,                                         \
    }

/**
 * Enters the container and starts the program. On failure nothing of it is left. Afterwards
 * @entry has pid, pidfd and, unless it went to the console socket, console.
 */
int enter_start(const struct thole_exec_request *request, struct entry *entry,
                struct thole_error *err);

/** Kills the new process and reaps it. Returns its wait status, 0 if there was none. */
int enter_abandon(struct entry *entry);

void entry_done(struct entry *entry);
#define cleanup_entry __attribute__((cleanup(entry_done)))
