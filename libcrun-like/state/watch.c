/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that follows all containers of a few state roots. */
#include "state/watch.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "state/follow.h"

/* A container may be paused or resumed by touching nothing but its directory: IN_ATTRIB. */
#define PLACE_EVENTS \
    (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_ONLYDIR)
#define CONTAINER_EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)

/* A directory on the way to a root, or a root itself. */
struct place {
    int number; /* of inotify(7) */
    char *path;
    bool root;
};

struct followed {
    struct follow *follow;
    int directory; /* numbers of inotify(7), -1: none */
    int frozen;
};

struct watch {
    const struct state_root_patterns *patterns;
    const struct thole_watch_request *request;
    struct follow_sink sink; /* write is NULL until the first look at everything is over */
    int inotify;
    struct place *places;
    size_t place_count;
    struct followed *followed;
    size_t followed_count;
    struct pollfd *fds; /* inotify, then the pidfds of the followed */
    bool over;          /* the sink wants no more */
};

static void *grown(void *items, size_t count, size_t size) {
    void *larger = reallocarray(items, count, size);
    if (larger == NULL)
        abort();
    return larger;
}

static void watch_done(struct watch *watch) {
    for (size_t i = 0; i < watch->place_count; i++)
        free(watch->places[i].path);
    for (size_t i = 0; i < watch->followed_count; i++)
        follow_free(watch->followed[i].follow);
    free(watch->places);
    free(watch->followed);
    free(watch->fds);
    cleanup_close_fd(&watch->inotify);
}

/* ---- containers ---- */

static void forget(struct watch *watch, size_t index) {
    struct followed *followed = &watch->followed[index];
    const int numbers[] = {followed->directory, followed->frozen};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (numbers[i] >= 0)
            (void)inotify_rm_watch(watch->inotify, numbers[i]);
    }
    follow_free(followed->follow);
    *followed = watch->followed[--watch->followed_count];
}

/* What inotify cannot watch, the limit of fs.inotify.max_user_watches for one, is an error. */
static int add_number(const struct watch *watch, const char *path, uint32_t events, int *number,
                      struct thole_error *err) {
    *number = inotify_add_watch(watch->inotify, path, events);
    if (*number >= 0 || errno == ENOENT || errno == ENOTDIR || errno == ENODEV)
        return 0;
    error_errno(err, NULL, "watch %s", path);
    return err->code == ENOSPC ? error_hint(err, "sysctl fs.inotify.max_user_watches limits it")
                               : -1;
}

static int look(struct watch *watch, size_t index, struct thole_error *err) {
    struct followed *followed = &watch->followed[index];
    struct follow *follow = followed->follow;
    if (follow_look(follow, watch->sink.write != NULL ? &watch->sink : NULL) < 0)
        watch->over = true;
    if (followed->frozen < 0 && follow->frozen_file != NULL &&
        add_number(watch, follow->frozen_file, IN_MODIFY, &followed->frozen, err) < 0)
        return -1;
    if (follow->gone)
        forget(watch, index);
    return 0;
}

static size_t find(const struct watch *watch, const char *root, const char *id) {
    size_t index = 0;
    while (index < watch->followed_count &&
           (strcmp(watch->followed[index].follow->id, id) != 0 ||
            strcmp(watch->followed[index].follow->root, root) != 0))
        index++;
    return index;
}

/* Watched before it is looked at, so that nothing happens unseen in between. */
static int follow_one(struct watch *watch, const char *root, const char *id,
                      struct thole_error *err) {
    const char *wanted = watch->request->id;
    if (id[0] == '.' || (wanted != NULL && strcmp(wanted, id) != 0))
        return 0;
    size_t index = find(watch, root, id);
    if (index == watch->followed_count) {
        watch->followed = grown(watch->followed, index + 1, sizeof(*watch->followed));
        watch->followed[watch->followed_count++] = (struct followed){follow_new(root, id), -1, -1};
        cleanup_text struct text path = {0};
        text_appendf(&path, "%s/%s", root, id);
        if (add_number(watch, path.data, CONTAINER_EVENTS, &watch->followed[index].directory, err) <
            0)
            return -1;
    }
    return look(watch, index, err);
}

/* ---- places ---- */

static int see_directory(void *userdata, const char *path, struct thole_error *err) {
    struct watch *watch = userdata;
    size_t index = 0;
    while (index < watch->place_count && strcmp(watch->places[index].path, path) != 0)
        index++;
    if (index == watch->place_count) {
        watch->places = grown(watch->places, index + 1, sizeof(*watch->places));
        watch->places[watch->place_count++] = (struct place){-1, strdup(path), false};
    }
    return add_number(watch, path, PLACE_EVENTS, &watch->places[index].number, err);
}

static int see_root(void *userdata, const char *path, const char *origin, struct thole_error *err) {
    struct watch *watch = userdata;
    const char *root = NULL;
    (void)origin;
    for (size_t i = 0; i < watch->place_count; i++) {
        if (strcmp(watch->places[i].path, path) == 0) {
            watch->places[i].root = true;
            root = watch->places[i].path;
        }
    }
    if (root == NULL)
        return error_bug(err, "%s was not seen as a directory first", path);
    cleanup_closedir DIR *directory = opendir(path);
    if (directory == NULL)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open %s", path);
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        if (entry->d_type != DT_REG && follow_one(watch, root, entry->d_name, err) < 0)
            return -1;
    }
    return errno == 0 ? 0 : error_errno(err, NULL, "read %s", path);
}

/* Finds what there is now; what is known already stays as it is. */
static int survey(struct watch *watch, struct thole_error *err) {
    const struct state_roots_visitor visitor = {see_directory, see_root, watch};
    return state_roots_walk(watch->patterns, &visitor, err);
}

/* Events were lost: everything is looked at anew. */
static int survey_all(struct watch *watch, struct thole_error *err) {
    for (size_t i = watch->followed_count; i > 0; i--) {
        if (look(watch, i - 1, err) < 0)
            return -1;
    }
    return survey(watch, err);
}

/* ---- events ---- */

/* Two patterns may lead to one directory by two names. */
static int take_place_event(struct watch *watch, size_t index, const struct inotify_event *event,
                            struct thole_error *err) {
    const struct place *place = &watch->places[index];
    const bool vanished = (event->mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    if (place->root && event->len > 0 && vanished &&
        find(watch, place->path, event->name) == watch->followed_count)
        return 0; /* its end is told already */
    if (place->root && event->len > 0)
        return follow_one(watch, place->path, event->name, err);
    return (event->mask & (IN_ISDIR | IN_IGNORED | IN_DELETE_SELF)) != 0 ? survey(watch, err) : 0;
}

static int take_container_event(struct watch *watch, size_t index,
                                const struct inotify_event *event, struct thole_error *err) {
    if (event->len > 0)
        follow_note_file(watch->followed[index].follow, event->name,
                         (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0);
    return look(watch, index, err);
}

static int take_event(struct watch *watch, const struct inotify_event *event,
                      struct thole_error *err) {
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        return survey_all(watch, err);
    for (size_t i = 0; i < watch->place_count; i++) {
        if (watch->places[i].number == event->wd && take_place_event(watch, i, event, err) < 0)
            return -1;
    }
    for (size_t i = watch->followed_count; i > 0; i--) {
        const struct followed *followed = &watch->followed[i - 1];
        if ((followed->directory == event->wd || followed->frozen == event->wd) &&
            take_container_event(watch, i - 1, event, err) < 0)
            return -1;
    }
    return 0;
}

static int take_events(struct watch *watch, struct thole_error *err) {
    char buffer[16 * 1024] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t length = read(watch->inotify, buffer, sizeof(buffer));
    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : error_errno(err, NULL, "read events");
    for (ssize_t at = 0; at < length && !watch->over;) {
        const struct inotify_event *event = (const struct inotify_event *)(buffer + at);
        if (take_event(watch, event, err) < 0)
            return -1;
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return 0;
}

/* ---- waiting ---- */

/* An init that has ended is ready for ever: it is asked for until its end is told, and while its
 * status is waited for only for that it is reaped. */
static short wanted_events(const struct follow *follow) {
    const bool told = follow->last == THOLE_CHANGE_STOPPING || follow->last == THOLE_CHANGE_STOPPED;
    return !told && follow->patience_until == 0 ? POLLIN : 0;
}

static void prepare_fds(struct watch *watch, int64_t end, int *ret_timeout) {
    int64_t left = end - clock_now();
    int timeout = end < 0 ? -1 : left > INT32_MAX ? INT32_MAX : left > 0 ? (int)left : 0;
    watch->fds = grown(watch->fds, watch->followed_count + 1, sizeof(*watch->fds));
    watch->fds[0] = (struct pollfd){.fd = watch->inotify, .events = POLLIN};
    for (size_t i = 0; i < watch->followed_count; i++) {
        const struct follow *follow = watch->followed[i].follow;
        const bool waits = follow->last == THOLE_CHANGE_STOPPING || follow->failed_looks > 0;
        int patience = follow_patience(follow);
        watch->fds[i + 1] =
            (struct pollfd){.fd = waits ? -1 : follow->pidfd, .events = wanted_events(follow)};
        if (patience >= 0 && (timeout < 0 || patience < timeout))
            timeout = patience;
    }
    *ret_timeout = timeout;
}

/* From the last one on: a container that is gone leaves its place to the last. */
static int look_at_ready(struct watch *watch, struct thole_error *err) {
    for (size_t i = watch->followed_count; i > 0 && !watch->over; i--) {
        if ((watch->fds[i].revents != 0 || follow_patience(watch->followed[i - 1].follow) == 0) &&
            look(watch, i - 1, err) < 0)
            return -1;
    }
    return 0;
}

static int wait_for_changes(struct watch *watch, struct thole_error *err) {
    const int limit = watch->request->timeout;
    const int64_t end = limit < 0 ? -1 : clock_now() + limit;
    while (!watch->over) {
        int timeout = -1;
        prepare_fds(watch, end, &timeout);
        if (poll(watch->fds, watch->followed_count + 1, timeout) < 0 && errno != EINTR)
            return error_errno(err, NULL, "wait for changes");
        const bool events = watch->fds[0].revents != 0;
        if (look_at_ready(watch, err) < 0 || (events && take_events(watch, err) < 0))
            return -1;
        if (!watch->over && end >= 0 && clock_now() >= end)
            return 1;
    }
    return 0;
}

int state_watch(const struct state_root_patterns *patterns,
                const struct thole_watch_request *request, struct thole_error *err) {
    __attribute__((cleanup(watch_done))) struct watch watch = {
        .patterns = patterns,
        .request = request,
        .inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
    };
    if (watch.inotify < 0)
        return error_errno(err, NULL, "start to watch");
    if (survey(&watch, err) < 0)
        return -1;
    watch.sink = (struct follow_sink){request->changed, request->userdata};
    if (request->ready != NULL && request->ready(request->userdata) < 0)
        return 0;
    return wait_for_changes(&watch, err);
}
