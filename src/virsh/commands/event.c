/* SPDX-License-Identifier: Apache-2.0 */
/* event: what happens to domains, as it happens. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/states.h"
#include "virsh/store/domains.h"

struct event_options {
    const char *event;
    const char *domain;
    bool all;
    bool loop;
    bool list;
    bool timestamp;
    const char *timeout;
};

#define MEMBER(name) offsetof(struct event_options, name)

static const struct option_row rows[] = {
    {"event", 0, OPTION_STRING, MEMBER(event), "EVENT", "lifecycle, the one there is"},
    {"domain", 0, OPTION_STRING, MEMBER(domain), "DOMAIN", "of one domain, not of all"},
    {"all", 0, OPTION_FLAG, MEMBER(all), NULL, "wait for all events instead of just one type"},
    {"loop", 0, OPTION_FLAG, MEMBER(loop), NULL, "loop until timeout or interrupt"},
    {"timeout", 0, OPTION_STRING, MEMBER(timeout), "SECONDS", "timeout seconds"},
    {"list", 0, OPTION_FLAG, MEMBER(list), NULL, "list valid event types"},
    {"timestamp", 0, OPTION_FLAG, MEMBER(timestamp), NULL, "show timestamp for each printed event"},
    {0},
};
static const char *const operands[] = {"domain", "event", "timeout", NULL};

struct watching {
    const struct virsh_call *call;
    unsigned received;
};

static const char *detail_of(const struct watching *watching, const struct thole_watch_event *event,
                             char *reason, size_t size) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    struct thole_error ignored = {0};
    if (virsh_domain_look(watching->call->place, event->id, &watching->call->log, &domain,
                          &ignored) < 0)
        return "Shutdown";
    char *word = virsh_state_reason(&domain);
    (void)snprintf(reason, size, "%s",
                   strcmp(word, "destroyed") == 0 ? "Destroyed"
                   : strcmp(word, "crashed") == 0 ? "Crashed"
                                                  : "Shutdown");
    free(word);
    return reason;
}

static int changed(void *userdata, const struct thole_watch_event *event) {
    struct watching *watching = userdata;
    const struct event_options *options = watching->call->options;
    char reason[16];
    const char *what = event->change == THOLE_CHANGE_RUNNING   ? "Started Booted"
                       : event->change == THOLE_CHANGE_FROZEN  ? "Suspended Paused"
                       : event->change == THOLE_CHANGE_THAWED  ? "Resumed Unpaused"
                       : event->change == THOLE_CHANGE_STOPPED ? "Stopped "
                                                               : NULL;
    if (what == NULL)
        return 0;
    if (options->timestamp) {
        char stamp[32];
        const time_t now = time(NULL);
        struct tm split;
        (void)strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S+0000", gmtime_r(&now, &split));
        (void)printf("%s: ", stamp);
    }
    (void)printf("event 'lifecycle' for domain '%s': %s%s\n", event->id, what,
                 event->change == THOLE_CHANGE_STOPPED
                     ? detail_of(watching, event, reason, sizeof(reason))
                     : "");
    (void)fflush(stdout);
    watching->received++;
    return options->loop ? 0 : -1;
}

static int read_timeout(const char *word, int *ret_milliseconds, struct thole_error *err) {
    int64_t seconds = 0;
    *ret_milliseconds = -1;
    if (word == NULL)
        return 0;
    if (!text_parse_int(word, 1, INT_MAX / 1000, &seconds))
        return error_usage(err, "invalid timeout: %s", word);
    *ret_milliseconds = (int)seconds * 1000;
    return 0;
}

static int watch(const struct virsh_call *call, int timeout, int *ret_status,
                 struct thole_error *err) {
    const struct event_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    struct watching watching = {.call = call};
    char *roots[] = {call->place->root, NULL};
    if (options->domain != NULL &&
        virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    const struct thole_watch_request request = {
        .roots = roots,
        .root_count = 1,
        .id = domain.name,
        .timeout = timeout,
        .changed = changed,
        .userdata = &watching,
    };
    const int over = thole_watch(&request, err);
    if (over < 0)
        return -1;
    if (over > 0)
        (void)printf("event loop timed out\n");
    (void)printf("events received: %u\n\n", watching.received);
    *ret_status = watching.received > 0 ? 0 : 1;
    return 0;
}

static int run_event(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct event_options *options = call->options;
    int timeout = -1;
    if (options->list)
        return virsh_answer(call, "lifecycle", err);
    if (options->event == NULL && !options->all)
        return error_usage(err, "one of --list, --all, or --event <type> is required");
    if (options->event != NULL && strcmp(options->event, "lifecycle") != 0)
        return error_usage(err, "unknown event type %s", options->event);
    if (read_timeout(options->timeout, &timeout, err) < 0)
        return -1;
    return watch(call, timeout, ret_status, err);
}

const struct virsh_command virsh_command_event = {
    .name = "event",
    .summary = "Domain Events",
    .description = "Without --loop it ends with the first one.",
    .options = rows,
    .options_size = sizeof(struct event_options),
    .operands = operands,
    .run = run_event,
};
