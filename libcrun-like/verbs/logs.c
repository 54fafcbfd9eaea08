/* SPDX-License-Identifier: Apache-2.0 */
/* thole_logs(): what a keeper has kept of what the container said. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "state/container.h"
#include "state/process.h"
#include "state/request.h"
#include "terminal/console_log_reader.h"

/* What has been told, and what is not to be told. Lines of a stream are counted by their ends. */
struct telling {
    const struct thole_logs_request *request;
    struct console_log_reader *reader;
    uint64_t skip[2];
    bool within[2]; /* a line of the stream */
};

/* ---- the last lines ---- */

static bool is_wanted(const struct thole_logs_request *request,
                      const struct console_log_entry *entry) {
    return request->since == NULL || strcmp(entry->time, request->since) >= 0;
}

/* Lines of both streams, but no more than the first @limit of them. */
static int count_lines(struct telling *telling, uint64_t limit, uint64_t lines[2],
                       struct thole_error *err) {
    struct console_log_entry entry;
    bool within[2] = {false, false};
    int got = 0;
    lines[0] = lines[1] = 0;
    while (lines[0] + lines[1] < limit &&
           (got = console_log_reader_next(telling->reader, &entry, err)) == 1) {
        if (!is_wanted(telling->request, &entry))
            continue;
        within[entry.stream] = !entry.ends;
        lines[entry.stream] += entry.ends;
    }
    /* A line without an end is one all the same. */
    for (int i = 0; i < 2 && lines[0] + lines[1] < limit; i++)
        lines[i] += within[i];
    console_log_reader_rewind(telling->reader);
    return got < 0 ? -1 : 0;
}

/* Two streams can have begun a line: which lines are the last is known for each of them. */
static int skip_all_but(struct telling *telling, uint64_t wanted, struct thole_error *err) {
    uint64_t lines[2];
    if (count_lines(telling, UINT64_MAX, lines, err) < 0)
        return -1;
    const uint64_t all = lines[0] + lines[1];
    return all <= wanted ? 0 : count_lines(telling, all - wanted, telling->skip, err);
}

/* ---- telling ---- */

/* 1: there may be more later; 0: the caller wants no more. */
static int tell(struct telling *telling, const struct console_log_entry *entry) {
    const int stream = entry->stream;
    const struct thole_output output = {
        .time = entry->time,
        .stream = stream + 1,
        .bytes = entry->bytes,
        .length = entry->length,
        .begins = !telling->within[stream],
        .ends = entry->ends,
    };
    if (!is_wanted(telling->request, entry))
        return 1;
    if (telling->skip[stream] > 0) {
        telling->skip[stream] -= entry->ends;
        return 1;
    }
    telling->within[stream] = !entry->ends;
    return telling->request->write(telling->request->userdata, &output) >= 0;
}

static int tell_what_there_is(struct telling *telling, struct thole_error *err) {
    struct console_log_entry entry;
    for (;;) {
        int got = console_log_reader_next(telling->reader, &entry, err);
        if (got == 1 && tell(telling, &entry) == 0)
            return 0;
        if (got == 0 && telling->request->follow)
            got = console_log_reader_advance(telling->reader, err);
        if (got <= 0)
            return got < 0 ? -1 : 1;
    }
}

/* ---- while it is written ---- */

/* The keeper, -1: there is none any more; -2: an error. */
static int open_keeper(const struct container_record *record, struct thole_error *err) {
    struct thole_error failure = {0};
    const int pidfd = process_open((pid_t)record->keeper, record->keeper_start_time, &failure);
    if (pidfd >= 0 || failure.kind == THOLE_ERROR_STATE)
        return pidfd;
    (void)error_copy(err, &failure);
    return -2;
}

static int watch_directory(const struct container *container, struct thole_error *err) {
    char path[48];
    cleanup_close int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", container->directory);
    if (inotify < 0 || inotify_add_watch(inotify, path, IN_MODIFY | IN_CREATE) < 0)
        return error_errno(err, NULL, "watch the log of the console");
    return take_fd(&inotify);
}

static void forget_events(int inotify) {
    char buffer[4096];
    while (read(inotify, buffer, sizeof(buffer)) > 0) {
    }
}

/* The keeper writes until its own end; what it wrote last is told after that. */
static int follow(struct telling *telling, const struct container *container,
                  struct thole_error *err) {
    cleanup_close int inotify = watch_directory(container, err);
    cleanup_close int keeper = inotify < 0 ? -2 : open_keeper(container->record, err);
    if (inotify < 0 || keeper == -2)
        return -1;
    struct pollfd fds[] = {{.fd = inotify, .events = POLLIN}, {.fd = keeper, .events = POLLIN}};
    bool ended = keeper < 0;
    for (;;) {
        const int told = tell_what_there_is(telling, err);
        if (told <= 0 || ended)
            return told < 0 ? -1 : 0;
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return error_errno(err, NULL, "wait for output");
        forget_events(inotify);
        ended = fds[1].revents != 0;
    }
}

/* ---- the container ---- */

static int no_log(const struct container *container, struct thole_error *err) {
    if (container->record->keeper != 0) {
        error_state(err, "its keeper keeps no log");
        return error_hint(err,
                          "thole attach shows the last of its output; run --attachable keeps a "
                          "log, unless --log-size is 0, and lxc.console.logfile one of LXC's");
    }
    error_state(err, "nobody keeps its output: that went to the engine, or the terminal, that "
                     "started the container");
    return error_hint(err, "use the engine's own logs; thole logs is for containers started by run "
                           "--attachable");
}

int thole_logs(const struct thole_context *context, const struct thole_logs_request *request,
               struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    cleanup_console_log_reader struct console_log_reader reader = CONSOLE_LOG_READER_INIT;
    struct telling telling = {.request = request, .reader = &reader};
    if (request_check(request->reserved, err) < 0 ||
        container_open(context, request->id, &container, err) < 0)
        return -1;
    const int opened = console_log_reader_open(container.directory, STATE_LOG, &reader, err);
    if (opened <= 0)
        return opened < 0 ? -1 : no_log(&container, err);
    if (request->last && skip_all_but(&telling, request->lines, err) < 0)
        return -1;
    const int result =
        request->follow ? follow(&telling, &container, err) : tell_what_there_is(&telling, err);
    if (reader.missed)
        log_warning(&context->log, "some of the output is missing: it was written faster than it "
                                   "was read, and the log's size is bounded");
    return result < 0 ? -1 : 0;
}
