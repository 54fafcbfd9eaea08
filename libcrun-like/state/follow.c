/* SPDX-License-Identifier: Apache-2.0 */
/* From what a container was to what it is. */
#include "state/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cgroup/directory.h"
#include "state/exit_note.h"
#include "state/process.h"
#include "state/status.h"

/* Milliseconds until another look at what could not be looked at, or had not its exit status yet;
 * with each further failure it takes twice as long, in the end most of a minute. */
enum { PATIENCE = 200, DOUBLINGS = 8 };

struct follow *follow_new(const char *root, const char *id) {
    struct follow *follow = calloc(1, sizeof(*follow));
    if (follow == NULL)
        abort();
    *follow = (struct follow){
        .id = strdup(id), .root = root, .last = THOLE_CHANGE_STOPPED, .pidfd = -1, .exit_note = -1};
    return follow;
}

void follow_free(struct follow *follow) {
    cleanup_close_fd(&follow->pidfd);
    cleanup_close_fd(&follow->exit_note);
    free(follow->frozen_file);
    free(follow->id);
    free(follow);
}

void follow_note_file(struct follow *follow, const char *name, bool appeared) {
    if (strcmp(name, STATE_GATE) == 0 && appeared)
        follow->has_gate = true;
    else if (strcmp(name, STATE_GATE_OPENED) == 0 && !appeared)
        follow->ran = true;
    else if (strcmp(name, STATE_FILE) == 0) {
        follow->published = follow->published || appeared || !follow->seen;
        follow->seen = true;
    }
}

/* ---- the order of changes ---- */

/* The change that comes next on the way from one to another: STARTING, RUNNING, FROZEN, STOPPING
 * and STOPPED are goals, the others lie between. */
static enum thole_change step(enum thole_change from, enum thole_change to) {
    const bool ends = to == THOLE_CHANGE_STOPPING || to == THOLE_CHANGE_STOPPED;
    switch (from) {
    case THOLE_CHANGE_STOPPED:
        return THOLE_CHANGE_STARTING;
    case THOLE_CHANGE_STARTING:
        return ends ? THOLE_CHANGE_ABORTING : THOLE_CHANGE_RUNNING;
    case THOLE_CHANGE_RUNNING:
        return to == THOLE_CHANGE_FROZEN ? THOLE_CHANGE_FREEZING : THOLE_CHANGE_EXITED;
    case THOLE_CHANGE_FREEZING:
        return THOLE_CHANGE_FROZEN;
    case THOLE_CHANGE_FROZEN:
        return to == THOLE_CHANGE_RUNNING ? THOLE_CHANGE_THAWED : THOLE_CHANGE_EXITED;
    case THOLE_CHANGE_THAWED:
        return THOLE_CHANGE_RUNNING;
    case THOLE_CHANGE_EXITED:
    case THOLE_CHANGE_ABORTING:
        return THOLE_CHANGE_STOPPING;
    case THOLE_CHANGE_STOPPING:
        return THOLE_CHANGE_STOPPED;
    }
    return to;
}

static int advance(struct follow *follow, enum thole_change to, int status,
                   const struct follow_sink *sink) {
    while (follow->last != to) {
        follow->last = step(follow->last, to);
        const struct thole_watch_event event = {
            .root = follow->root,
            .id = follow->id,
            .change = follow->last,
            .status = follow->last == THOLE_CHANGE_EXITED ? status : -1,
        };
        if (sink != NULL && sink->write(sink->userdata, &event) < 0)
            return -1;
    }
    return 0;
}

/* ---- looking ---- */

/* What cannot be told is not told, but later. */
static int look_later(struct follow *follow) {
    follow->patience_until = clock_now() + (PATIENCE << follow->failed_looks);
    if (follow->failed_looks < DOUBLINGS)
        follow->failed_looks++;
    return 0;
}

static int tell_stopped_only(struct follow *follow, const struct follow_sink *sink) {
    follow->last = THOLE_CHANGE_STOPPING;
    return advance(follow, THOLE_CHANGE_STOPPED, -1, sink);
}

/* @to is STOPPING or STOPPED. Between two looks it may have started and ended. */
static int advance_to_end(struct follow *follow, enum thole_change to, int status,
                          const struct follow_sink *sink) {
    const bool starting = follow->last == THOLE_CHANGE_STARTING;
    bool ran = follow->ran || (follow->published && !follow->has_gate);
    /* Without a gate that was seen nothing tells whether it ran. */
    if (starting && to == THOLE_CHANGE_STOPPED && (!follow->seen || (!ran && !follow->has_gate)))
        return tell_stopped_only(follow, sink);
    follow->patience_until = 0;
    if (starting && ran && advance(follow, THOLE_CHANGE_RUNNING, -1, sink) < 0)
        return -1;
    return advance(follow, to, status, sink);
}

/* How init ended, by its keeper; -1: it has not noted it, or there is none. */
static int noted_status(const struct follow *follow, const struct container_record *record) {
    if (record != NULL && record->exit_status.set)
        return (int)record->exit_status.value;
    return exit_note_read(follow->exit_note, (pid_t)follow->pid);
}

/* The same, or what the kernel says once it is waited for. -1: neither knows yet, or ever. */
static int exit_status(const struct follow *follow, const struct container_record *record) {
    int noted = noted_status(follow, record);
    return noted >= 0 || follow->pidfd < 0 ? noted : process_ended(follow->pidfd);
}

/* A container that was created and never started has still its gate. -1: that cannot be told. */
static int has_gate(const struct container *container) {
    static const char *const names[] = {STATE_GATE, STATE_GATE_OPENED};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (faccessat(container->directory, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return 1;
        if (errno != ENOENT)
            return -1;
    }
    return 0;
}

static int look_ended(struct follow *follow, const struct container *container,
                      const struct follow_sink *sink) {
    const struct container_record *record = container->record;
    bool has_keeper = follow->exit_note >= 0;
    int status = has_keeper ? noted_status(follow, record) : exit_status(follow, record);
    const int gate = has_gate(container);
    if (gate < 0)
        return look_later(follow);
    follow->ran = follow->ran || (record->worker == 0 && gate == 0);
    const bool told =
        follow->last == THOLE_CHANGE_STARTING || follow->last == THOLE_CHANGE_STOPPING;
    if (status < 0 && follow->pidfd >= 0 && !told) {
        if (follow->patience_until == 0)
            follow->patience_until = clock_now() + PATIENCE;
        if (clock_now() < follow->patience_until)
            return 0;
        status = exit_status(follow, record);
    }
    return advance_to_end(follow, THOLE_CHANGE_STOPPING, status, sink);
}

static int look_gone(struct follow *follow, const struct follow_sink *sink) {
    follow->gone = true;
    /* It came and went before anybody could look. */
    if (!follow->seen && follow->last == THOLE_CHANGE_STOPPED && sink != NULL &&
        advance(follow, THOLE_CHANGE_STARTING, -1, sink) < 0)
        return -1;
    return advance_to_end(follow, THOLE_CHANGE_STOPPED, exit_status(follow, NULL), sink);
}

static void forget_init(struct follow *follow) {
    cleanup_close_fd(&follow->pidfd);
    cleanup_close_fd(&follow->exit_note);
    follow->pid = 0;
    follow->start_time = 0;
    follow->ran = follow->published = follow->has_gate = false;
}

/* Another init than the one before: its keeper has started the container again. */
static int notice_init(struct follow *follow, struct container *container,
                       const struct follow_sink *sink) {
    const struct container_record *record = container->record;
    if (record->pid == follow->pid && record->start_time == follow->start_time)
        return 0;
    if (follow->pid != 0) {
        if (advance_to_end(follow, THOLE_CHANGE_STOPPED, exit_status(follow, NULL), sink) < 0)
            return -1;
        forget_init(follow);
    }
    if (record->pid == 0)
        return 0;
    struct thole_error failure = {0};
    follow->pidfd = container_pidfd(container, &failure);
    if (follow->pidfd < 0 && failure.kind != THOLE_ERROR_STATE)
        return look_later(follow);
    follow->pid = record->pid;
    follow->start_time = record->start_time;
    const struct plan_cgroup_directory *unified = cgroup_find_unified(container_cgroup(container));
    if (unified != NULL && follow->frozen_file == NULL) {
        struct text path = {0};
        text_appendf(&path, "%s%s/cgroup.events", unified->mountpoint, unified->path);
        follow->frozen_file = text_take(&path);
    }
    return 0;
}

/* Its keeper makes it between the record's pid and the start. */
static void find_exit_note(struct follow *follow, const struct container *container) {
    pid_t pid = (pid_t)follow->pid;
    if (pid == 0 || container->record->keeper == 0 || exit_note_is_of(follow->exit_note, pid))
        return;
    cleanup_close_fd(&follow->exit_note);
    follow->exit_note = exit_note_open(container);
}

static int look_at_status(struct follow *follow, struct container *container,
                          const struct follow_sink *sink) {
    enum thole_status status;
    struct thole_error failure = {0};
    if (container_status(container, &status, &failure) < 0)
        return look_later(follow);
    follow->failed_looks = 0;
    if (notice_init(follow, container, sink) < 0)
        return -1;
    find_exit_note(follow, container);
    follow->published = follow->published && status == THOLE_STATUS_STOPPED;
    switch (status) {
    case THOLE_STATUS_CREATED:
        follow->has_gate = true;
        if (follow->last == THOLE_CHANGE_FROZEN)
            return 0; /* frozen and thawed before its start */
        return advance(follow, THOLE_CHANGE_STARTING, -1, sink);
    case THOLE_STATUS_CREATING:
        return advance(follow, THOLE_CHANGE_STARTING, -1, sink);
    case THOLE_STATUS_RUNNING:
        return advance(follow, THOLE_CHANGE_RUNNING, -1, sink);
    case THOLE_STATUS_PAUSED:
        return advance(follow, THOLE_CHANGE_FROZEN, -1, sink);
    case THOLE_STATUS_STOPPED:
        return look_ended(follow, container, sink);
    default:
        return 0;
    }
}

/* container_open() would wait for whoever makes or removes it. */
static bool lacks_record(const struct follow *follow) {
    cleanup_text struct text path = {0};
    text_appendf(&path, "%s/%s", follow->root, follow->id);
    bool there = access(path.data, F_OK) == 0;
    text_append(&path, "/" STATE_FILE);
    return there && access(path.data, F_OK) < 0 && errno == ENOENT;
}

int follow_look(struct follow *follow, const struct follow_sink *sink) {
    cleanup_container struct container container = CONTAINER_INIT;
    struct thole_error failure = {0};
    const struct thole_context context = {.root = follow->root};
    if (follow->failed_looks > 0)
        follow->patience_until = 0;
    /* It is about to be made, or removed. */
    if (lacks_record(follow))
        return follow->last == THOLE_CHANGE_STOPPED
                   ? advance(follow, THOLE_CHANGE_STARTING, -1, sink)
                   : 0;
    if (container_open(&context, follow->id, &container, &failure) == 0) {
        follow->seen = true;
        return look_at_status(follow, &container, sink);
    }
    if (failure.kind == THOLE_ERROR_NOT_FOUND)
        return look_gone(follow, sink);
    /* Without a record it is about to be made, or removed. */
    if (failure.kind == THOLE_ERROR_STATE && follow->last == THOLE_CHANGE_STOPPED)
        return advance(follow, THOLE_CHANGE_STARTING, -1, sink);
    return look_later(follow);
}

int follow_patience(const struct follow *follow) {
    if (follow->patience_until == 0)
        return -1;
    int64_t left = follow->patience_until - clock_now();
    return left > 0 ? (int)left : 0;
}
