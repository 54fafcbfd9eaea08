/* SPDX-License-Identifier: Apache-2.0 */
/* Signals for init, and waiting for what comes of them. */
#include "lxc/lifecycle/halt.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/names.h"
#include "base/text.h"

#define ANNOTATION "org.thole.lxc.signal."
#define IMAGE_STOP_SIGNAL "org.opencontainers.image.stopSignal"

enum {
    SYSTEMD_HALT = 3,       /* SIGRTMIN+3: systemd(1) */
    PROC_STATUS_MAX = 4096, /* of /proc/PID/status */
    POLL_MILLISECONDS = 5,
    REMOVAL_MILLISECONDS = 10000, /* for hooks, after the last process */
};

static const char *annotation(const struct thole_state *state, const char *key) {
    for (size_t i = 0; i < state->annotation_count; i++) {
        if (strcmp(state->annotations[i].key, key) == 0)
            return state->annotations[i].value;
    }
    return NULL;
}

/* systemd waits for its signals with all of them blocked. */
static bool blocks(pid_t pid, int number) {
    char path[64];
    char status[PROC_STATUS_MAX];
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    int length = file_read_kernel(AT_FDCWD, path, status, sizeof(status));
    const char *line = length >= 0 ? strstr(status, "\nSigBlk:") : NULL;
    return line != NULL &&
           (strtoull(line + strlen("\nSigBlk:"), NULL, 16) >> (number - 1) & 1) != 0;
}

/* Not made by lxc-start: nobody starts it again, and somebody else removes it. */
static bool is_foreign(const struct thole_state *state) {
    return annotation(state, "org.thole.lxc.lxcpath") == NULL;
}

static int default_signal(const struct thole_state *state, enum lxc_halt_kind kind) {
    const char *of_image = annotation(state, IMAGE_STOP_SIGNAL);
    int number = of_image != NULL ? names_signal_parse(of_image) : -1;
    if (kind == LXC_HALT_KILL)
        return SIGKILL;
    if (kind == LXC_HALT_REBOOT)
        return SIGINT;
    if (number > 0)
        return number;
    if (is_foreign(state))
        return SIGTERM;
    return blocks(state->pid, SIGRTMIN + SYSTEMD_HALT) ? SIGRTMIN + SYSTEMD_HALT : SIGPWR;
}

static int signal_for(const struct thole_state *state, enum lxc_halt_kind kind) {
    static const char *const keys[] = {
        [LXC_HALT_SHUTDOWN] = ANNOTATION "halt",
        [LXC_HALT_REBOOT] = ANNOTATION "reboot",
        [LXC_HALT_KILL] = ANNOTATION "stop",
    };
    const char *word = annotation(state, keys[kind]);
    int number = word != NULL ? names_signal_parse(word) : -1;
    return number > 0 ? number : default_signal(state, kind);
}

/* A frozen container gets the signal when it thaws. */
static int send_signal(const struct lxc_container *container, const struct thole_state *state,
                       enum lxc_halt_kind kind, struct thole_error *err) {
    if (thole_kill(&container->context, container->id, signal_for(state, kind), false, err) < 0)
        return -1;
    if (state->status != THOLE_STATUS_PAUSED)
        return 0;
    struct thole_error failure = {0};
    if (thole_resume(&container->context, container->id, &failure) == 0 ||
        failure.kind == THOLE_ERROR_NOT_FOUND || failure.kind == THOLE_ERROR_STATE)
        return 0;
    *err = failure;
    return -1;
}

static int remaining(int64_t deadline) {
    const int64_t left = deadline - clock_now();
    return deadline == INT64_MAX ? -1 : left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* 1: the process @pidfd has ended, 0: not in time. */
static int wait_process(int pidfd, int64_t deadline, struct thole_error *err) {
    struct pollfd entry = {.fd = pidfd, .events = POLLIN};
    int ready = uninterrupted(poll(&entry, 1, remaining(deadline)));
    return ready < 0 ? error_errno(err, NULL, "wait for the container's init") : ready;
}

/* 1: the container is gone, or stopped where somebody else removes it; 0: its hooks go on. */
static int wait_removal(const struct lxc_container *container, struct thole_error *err) {
    for (const int64_t end = clock_now() + REMOVAL_MILLISECONDS; clock_now() < end;) {
        cleanup_lxc_state struct thole_state *state = NULL;
        if (lxc_container_state(container, &state, err) < 0)
            return -1;
        if (state == NULL || (is_foreign(state) && state->status == THOLE_STATUS_STOPPED))
            return 1;
        (void)poll(NULL, 0, POLL_MILLISECONDS);
    }
    return 0;
}

/* The same container with another init. */
static int wait_reboot(const struct lxc_container *container, pid_t former, int64_t deadline,
                       struct thole_error *err) {
    for (;;) {
        cleanup_lxc_state struct thole_state *state = NULL;
        if (lxc_container_state(container, &state, err) < 0)
            return -1;
        if (state == NULL)
            return error_state(err, "%s stopped and did not come back", container->name);
        if (state->status == THOLE_STATUS_RUNNING && state->pid != former)
            return 0;
        if (clock_now() >= deadline)
            return error_state(err, "%s did not reboot in time", container->name);
        (void)poll(NULL, 0, POLL_MILLISECONDS);
    }
}

static int carry_out(const struct lxc_container *container, const struct lxc_halt *halt,
                     const struct thole_state *state, struct thole_error *err) {
    cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, state->pid, 0);
    const int64_t deadline = halt->timeout == LXC_HALT_FOREVER || halt->kind == LXC_HALT_KILL
                                 ? INT64_MAX
                                 : clock_now() + (int64_t)halt->timeout * 1000;
    if (pidfd < 0 && errno != ESRCH)
        return error_errno(err, NULL, "open init, process %d", (int)state->pid);
    if (pidfd >= 0 && send_signal(container, state, halt->kind, err) < 0)
        return -1;
    if (halt->timeout == 0)
        return 0;
    if (halt->kind == LXC_HALT_REBOOT)
        return wait_reboot(container, state->pid, deadline, err);
    int ended = pidfd >= 0 ? wait_process(pidfd, deadline, err) : 1;
    if (ended == 0 && halt->no_kill)
        return error_state(err, "%s did not stop within %d seconds", container->name,
                           halt->timeout);
    if (ended == 0) {
        if (send_signal(container, state, LXC_HALT_KILL, err) < 0)
            return -1;
        ended = wait_process(pidfd, INT64_MAX, err);
    }
    return ended < 0 ? -1 : wait_removal(container, err);
}

int lxc_halt(const struct lxc_container *container, const struct lxc_halt *halt, bool *ret_running,
             struct thole_error *err) {
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_state(container, &state, err) < 0)
        return -1;
    *ret_running = state != NULL && state->pid > 0 && state->status != THOLE_STATUS_STOPPED;
    if (!*ret_running)
        return 0;
    if (halt->kind == LXC_HALT_REBOOT && is_foreign(state))
        return error_state(err,
                           "%s was not started by lxc-start: there is no monitor that would "
                           "start it again",
                           container->name);
    return carry_out(container, halt, state, err) < 0 ? -1 : 0;
}
