/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a container: the runtime's side of the conversation with the new process. */
#include "enter/enter.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/stdio.h"
#include "base/cleanup.h"
#include "base/fastpath.h"
#include "base/file.h"
#include "base/wire.h"
#include "cgroup/join.h"
#include "security/seccomp_filter.h"
#include "state/gate.h"
#include "state/process.h"
#include "sys/clone.h"
#include "sys/process_calls.h"
#include "sys/unix_socket.h"
#include "terminal/pty.h"

void entry_done(struct entry *entry) {
    container_done(&entry->container);
    seccomp_filter_done(&entry->filter);
    int fds[] = {entry->apply.pidfd,
                 entry->apply.become.proc_fd,
                 entry->apply.become.devpts,
                 entry->apply.root,
                 entry->null_fd,
                 entry->sync,
                 entry->pidfd,
                 entry->console};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        cleanup_close_fd(&fds[i]);
    }
}

/* ---- until the new process is ready ---- */

/* It goes to its owner; its size is right before the program can ask for it. */
static int keep_console(const struct thole_exec_request *request, struct entry *entry,
                        const struct wire_message *message, struct thole_error *err) {
    if (message->fd_count != 1 || entry->console >= 0)
        return error_bug(err, "the process sent %u terminals", message->fd_count);
    entry->console = message->fds[0];
    for (int fd = 2; request->console_socket == NULL && fd >= 0; fd--)
        terminal_copy_size(fd, entry->console);
    return wire_send(entry->sync, WIRE_CONSOLE_KEPT, NULL, 0, -1, err);
}

/* False when the process in between has ended, and there is no message. A container that is paused
 * meanwhile must not make this process deaf to those who end it: then it dies, and what it has
 * started dies for lack of it. The relay has blocked these signals before. */
static bool wait_for_message(int sync, int stage) {
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct pollfd entries[] = {{.fd = sync, .events = POLLIN}, {.fd = stage, .events = POLLIN}};
    sigset_t mask;
    (void)sigprocmask(SIG_SETMASK, NULL, &mask);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
        (void)sigdelset(&mask, ending[i]);
    while (ppoll(entries, 2, NULL, &mask) < 0 && errno == EINTR)
        continue;
    /* The end may have come after its last message, and after this one was looked for. */
    return entries[0].revents != 0 || poll(entries, 1, 0) > 0;
}

/* What is in the container could have been made to say any number: only a child is believed in. */
static int take_pid(struct entry *entry, int64_t number, struct thole_error *err) {
    siginfo_t info;
    if (number <= 0 || number > INT32_MAX ||
        uninterrupted(waitid(P_PID, (id_t)number, &info, WEXITED | WNOHANG | WNOWAIT)) < 0)
        return error_bug(err, "the process sent a pid that is none of a child");
    entry->pid = (pid_t)number;
    return 0;
}

/* The process in between and the new one share the socket: their messages may come in any order. */
static int receive_ready(const struct thole_exec_request *request, struct entry *entry, int stage,
                         struct thole_error *err) {
    bool ready = false;
    while (!ready || entry->pid == 0) {
        struct wire_message message;
        /* With the pid known, the end of file tells. */
        int got = wait_for_message(entry->sync, entry->pid == 0 ? stage : -1)
                      ? wire_receive(entry->sync, &message, err)
                      : 0;
        if (got == 0)
            return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                             "the process ended before it was ready");
        entry->heard = true;
        if (got < 0)
            return -1;
        if (message.kind == WIRE_CHILD_PID) {
            if (take_pid(entry, message.payload.number, err) < 0)
                return -1;
        } else if (message.kind == WIRE_READY) {
            ready = true;
        } else if (message.kind != WIRE_CONSOLE) {
            return error_bug(err, "the process sent message %u before it was ready", message.kind);
        } else if (keep_console(request, entry, &message, err) < 0) {
            return -1;
        }
    }
    if (request->console_socket == NULL || entry->console < 0)
        return 0;
    /* Not earlier: a process that has to be started twice would bring two. */
    return sys_unix_send_fd(request->console_socket, entry->console, "/dev/ptmx", err);
}

int enter_abandon(struct entry *entry) {
    struct pollfd waiting = {.fd = entry->sync, .events = POLLIN};
    struct thole_error ignored = {0};
    struct wire_message message;
    int status = 0;
    /* An error may have overtaken the pid. */
    while (entry->pid == 0 && poll(&waiting, 1, 0) > 0) {
        int got = wire_receive(entry->sync, &message, &ignored);
        if (got == 0 || (got < 0 && ignored.kind == THOLE_ERROR_BUG))
            break;
        if (got > 0 && message.kind == WIRE_CHILD_PID)
            (void)take_pid(entry, message.payload.number, &ignored);
    }
    if (entry->pid == 0)
        return 0;
    (void)kill(entry->pid, SIGKILL);
    (void)uninterrupted(waitpid(entry->pid, &status, 0));
    entry->pid = 0;
    return status;
}

/* ---- starting ---- */

/* A threaded cgroup cannot be cloned into but can be entered: as if the clone had died at birth. */
static int describe_clone_error(int birthplace, bool *ret_stillborn, struct thole_error *err) {
    *ret_stillborn = birthplace >= 0 && errno == EOPNOTSUPP;
    error_errno(err, NULL, "start a process in the container");
    if (errno == EAGAIN)
        error_hint(err, "the pids limit of the container or of its user is reached");
    return -1;
}

static int start_once(const struct thole_exec_request *request, struct entry *entry,
                      const struct cgroup_join *cgroup, bool *ret_stillborn,
                      struct thole_error *err) {
    int pair[2];
    if (wire_pair(pair, err) < 0)
        return -1;
    entry->sync = pair[0];
    entry->apply.become.sync = pair[1];
    entry->apply.runtime_end = pair[0];
    entry->apply.cgroup = cgroup;
    cleanup_close int stage_pidfd = -1;
    int birthplace = entry->apply.enters_cgroup ? -1 : cgroup->unified;
    pid_t stage = sys_clone(0, birthplace, &stage_pidfd);
    if (stage == 0)
        apply_exec(&entry->apply);
    if (stage < 0)
        (void)describe_clone_error(birthplace, ret_stillborn, err);
    (void)close(pair[1]);
    if (stage < 0) {
        (void)close(take_fd(&entry->sync));
        return -1;
    }
    int result = receive_ready(request, entry, stage_pidfd, err);
    if (result < 0) /* whoever still waits for an answer learns that none will come */
        (void)shutdown(entry->sync, SHUT_WR);
    int stage_status = process_wait(stage_pidfd);
    if (result < 0) {
        *ret_stillborn = !entry->heard && stage_status == 128 + SIGKILL;
        enter_abandon(entry);
        (void)close(take_fd(&entry->sync));
        cleanup_close_fd(&entry->console);
        return -1;
    }
    return 0;
}

/* A process that the kernel kills at its birth in the cgroup enters by itself: see launch() of
 * creation.c. */
static int start_in(const struct thole_exec_request *request, struct entry *entry,
                    struct cgroup_join *cgroup, struct thole_error *err) {
    bool stillborn = false;
    entry->apply.enters_cgroup = cgroup->unified >= 0 && !fastpath_allowed(FASTPATH_CGROUP_BIRTH);
    if (entry->apply.enters_cgroup && cgroup_join_allow_move(cgroup, err) < 0)
        return -1;
    if (start_once(request, entry, cgroup, &stillborn, err) == 0)
        return 0;
    if (!stillborn || cgroup->unified < 0)
        return -1;
    entry->apply.enters_cgroup = true;
    if (cgroup_join_allow_move(cgroup, err) < 0)
        return -1;
    return start_once(request, entry, cgroup, &stillborn, err);
}

/* A container that made cgroups of its own inside keeps no processes in its outermost one: then the
 * new process goes where init is. */
static int start_in_cgroup(const struct thole_exec_request *request, struct entry *entry,
                           struct thole_error *err) {
    struct container *container = &entry->container;
    const struct plan_cgroup *cgroup = container_cgroup(container);
    cleanup_cgroup_join struct cgroup_join join = CGROUP_JOIN_INIT;
    bool enters = (request->keep & THOLE_KEEP_CGROUP) == 0 && cgroup->directory_count > 0;
    if (enters &&
        cgroup_join_open(cgroup, request->cgroup != NULL ? request->cgroup : "", &join, err) < 0)
        return -1;
    if (start_in(request, entry, &join, err) == 0)
        return 0;
    if (err->code != EBUSY || request->cgroup != NULL || join.unified < 0)
        return -1;
    cleanup_cgroup_join struct cgroup_join of_init = CGROUP_JOIN_INIT;
    if (cgroup_join_open_of(cgroup, (pid_t)container->record->pid, &of_init, err) < 0)
        return -1;
    return start_in(request, entry, &of_init, err);
}

static int write_pid_file(const char *path, pid_t pid, struct thole_error *err) {
    char text[16];
    int length = snprintf(text, sizeof(text), "%d", (int)pid);
    return file_write_named(path, text, (size_t)length, 0644, err);
}

/* From "ready" to the program itself. */
static int release(const struct thole_exec_request *request, struct entry *entry,
                   struct thole_error *err) {
    entry->pidfd = pidfd_open(entry->pid, 0);
    if (entry->pidfd < 0)
        return error_errno(err, NULL, "open the new process");
    if (entry->apply.become.user_namespace)
        apply_stdio_give_to(entry->process, entry->apply.become.proc_fd, entry->pid,
                            entry->apply.become.stdio, entry->replace, entry->console);
    if (apply_scheduling(entry->process, entry->pid, err) < 0 ||
        (entry->apply.become.user_namespace &&
         apply_rlimits_raise(entry->process, entry->pid, err) < 0))
        return -1;
    if (request->pidfd_socket != NULL &&
        sys_unix_send_fd(request->pidfd_socket, entry->pidfd, "setns", err) < 0)
        return -1;
    if (gate_open(entry->sync, err) < 0 ||
        gate_await_program(&entry->container, entry->pid, entry->sync, err) < 0)
        return -1;
    return request->pid_file == NULL ? 0 : write_pid_file(request->pid_file, entry->pid, err);
}

int enter_start(const struct thole_exec_request *request, struct entry *entry,
                struct thole_error *err) {
    if (start_in_cgroup(request, entry, err) < 0)
        return -1;
    if (release(request, entry, err) < 0) {
        enter_abandon(entry);
        return -1;
    }
    return 0;
}
