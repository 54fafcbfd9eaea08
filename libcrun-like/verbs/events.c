/* SPDX-License-Identifier: Apache-2.0 */
/* thole_stats() and thole_events(): what happens to a running container. */
#include <errno.h>
#include <poll.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cgroup/oom.h"
#include "host/probe.h"
#include "report/stats.h"
#include "state/request.h"
#include "state/status.h"

/* A container and what is asked about it. */
struct watched {
    struct container container;
    struct stats_sources sources;
    int pidfd;
};

static void watched_done(struct watched *watched) {
    cleanup_close_fd(&watched->pidfd);
    container_done(&watched->container);
}
#define cleanup_watched __attribute__((cleanup(watched_done)))

static int open_watched(const struct thole_context *context, const char *id,
                        struct watched *watched, struct thole_error *err) {
    struct host_facts *facts = NULL;
    struct container *container = &watched->container;
    if (container_open(context, id, container, err) < 0)
        return -1;
    watched->pidfd = container_pidfd(container, err);
    if (watched->pidfd < 0 ||
        host_probe(&container->arena, HOST_NEED_HUGEPAGES | HOST_NEED_RESCTRL, &facts, err) < 0)
        return -1;
    watched->sources = (struct stats_sources){
        .cgroup = container_cgroup(container),
        .page_sizes = facts->hugepage_sizes,
        .resctrl = facts->resctrl,
        .rdt_group = container->record->rdt_class,
        .rdt_monitor = container->record->rdt_monitor,
    };
    if (watched->sources.cgroup->directory_count == 0)
        return error_unsupported(err, NULL,
                                 "a container without a cgroup of its own has no statistics");
    return 0;
}

int thole_stats(const struct thole_context *context, const char *id, char **ret_json,
                struct thole_error *err) {
    cleanup_watched struct watched watched = {.container = CONTAINER_INIT, .pidfd = -1};
    if (open_watched(context, id, &watched, err) < 0)
        return -1;
    return stats_json(id, &watched.sources, ret_json, err);
}

static int report_oom(struct cgroup_oom_watch *watch, const char *id,
                      const struct thole_event_sink *sink) {
    for (uint64_t count = cgroup_oom_watch_read(watch); count > 0; count--) {
        cleanup_free char *json = stats_oom_json(id);
        if (sink->write(sink->userdata, json) < 0)
            return -1;
    }
    return 0;
}

static int report_stats(const struct watched *watched, const char *id,
                        const struct thole_event_sink *sink, struct thole_error *err) {
    cleanup_free char *json = NULL;
    if (stats_json(id, &watched->sources, &json, err) < 0)
        return -1;
    return sink->write(sink->userdata, json) < 0 ? 1 : 0;
}

int thole_events(const struct thole_context *context, const char *id, unsigned interval,
                 const struct thole_event_sink *sink, struct thole_error *err) {
    cleanup_watched struct watched watched = {.container = CONTAINER_INIT, .pidfd = -1};
    cleanup_cgroup_oom_watch struct cgroup_oom_watch oom = CGROUP_OOM_WATCH_INIT;
    if (request_check(sink->reserved, err) < 0 || open_watched(context, id, &watched, err) < 0 ||
        cgroup_oom_watch_open(watched.sources.cgroup, &oom, err) < 0)
        return -1;
    int64_t next = clock_now() + interval;
    struct pollfd fds[] = {
        {.fd = watched.pidfd, .events = POLLIN},
        {.fd = oom.fd, .events = oom.events},
    };
    while (fds[0].revents == 0) {
        int64_t left = next - clock_now();
        int ready = poll(fds, sizeof(fds) / sizeof(fds[0]), left > 0 ? (int)left : 0);
        if (ready < 0 && errno != EINTR)
            return error_errno(err, NULL, "wait for events");
        /* At the end, too: what ended it may have been this. */
        if (report_oom(&oom, id, sink) < 0)
            return 0;
        if (ready != 0)
            continue;
        next = clock_now() + interval;
        int reported = report_stats(&watched, id, sink, err);
        if (reported != 0)
            return reported < 0 ? -1 : 0;
    }
    return 0;
}
