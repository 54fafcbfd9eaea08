/* SPDX-License-Identifier: Apache-2.0 */
/* The attach engine: one more process for a running container, whatever asks for it. */
#ifndef CONTAINER_ATTACH_H
#define CONTAINER_ATTACH_H

#include "apply/exec.h"
#include "container/state.h"
#include "security/seccomp.h"

enum { ATTACH_PASSED_FDS_MAX = 1024 };

/** Everything that one entry into a container holds. */
struct attachment {
    struct container container;
    struct plan_process *process;
    struct seccomp_filter filter;
    struct apply_exec apply;
    int passed_fds[ATTACH_PASSED_FDS_MAX];
    bool replace[3]; /* which of fds 0-2 become the new pty */
    int null_fd;     /* for those that a detached process does not get, -1: none */
    bool heard;      /* the new process has sent a message */
    int sync;
    int pidfd; /* of the new process, as @pid */
    pid_t pid;
    int console; /* pty master, -1: none */
};
#define ATTACHMENT_INIT                                        \
    {                                                          \
        .container = CONTAINER_INIT,                           \
        .apply = {.sync = -1,                                  \
                  .pidfd = -1,                                 \
                  .root = -1,                                  \
                  .proc_fd = -1,                               \
                  .devpts = -1,                                \
                  .stdio = {-1, -1, -1}},                      \
        .null_fd = -1, .sync = -1, .pidfd = -1, .console = -1, \
    }

/**
 * Decides everything: opens the container, verifies init against its recorded start time, plans
 * the process, settles which descriptors it gets. From here on this process cannot be ptraced.
 */
int attach_prepare(const struct thole_context *context, const struct thole_exec_request *request,
                   struct attachment *attachment, struct thole_error *err);

/**
 * Enters the container and starts the program. On failure nothing of it is left. Afterwards
 * @attachment has pid, pidfd and, unless it went to the console socket, console.
 */
int attach_start(const struct thole_exec_request *request, struct attachment *attachment,
                 struct thole_error *err);

/** Kills the new process and reaps it. Returns its wait status, 0 if there was none. */
int attach_abandon(struct attachment *attachment);

/** The host's directory of an open container that its processes see as "/" (O_PATH). */
int attach_open_root(const struct container *container, struct thole_error *err);

void attachment_done(struct attachment *attachment);
#define cleanup_attachment __attribute__((cleanup(attachment_done)))

#endif
