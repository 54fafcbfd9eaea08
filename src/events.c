/* SPDX-License-Identifier: Apache-2.0 */
/* events: statistics and out-of-memory events of a container, one JSON document per line. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/output.h"
#include "commands.h"
#include "duration.h"
#include "thole.h"

struct events_settings {
    bool all;
    bool stats;
    const char *interval;
};

static const struct option_row events_options[] = {
    {"all", 'a', OPTION_FLAG, offsetof(struct events_settings, all), NULL,
     "print the changes of state of all containers"},
    {"stats", 0, OPTION_FLAG, offsetof(struct events_settings, stats), NULL,
     "print the statistics once and end"},
    {"interval", 0, OPTION_STRING, offsetof(struct events_settings, interval), "DURATION",
     "time between statistics: 5s (the default), 500ms, 1m30s, ..."},
    {0},
};

static int parse_interval(const char *text, unsigned *ret_milliseconds, struct thole_error *err) {
    double milliseconds = 0;
    if (!duration_parse(text, &milliseconds) || milliseconds < 1 || milliseconds > INT_MAX)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                         "option --interval: \"%s\" is not a duration like 5s or 500ms", text);
    *ret_milliseconds = (unsigned)milliseconds;
    return 0;
}

/* Every line at once, for those who read along; @userdata is the errno of one that failed. */
static int write_line(void *userdata, const char *json) {
    int *failure = userdata;
    if (puts(json) >= 0 && fflush(stdout) == 0)
        return 0;
    *failure = errno;
    return -1;
}

/* A reader who has gone away has had enough. */
static int check_written(int failure, struct thole_error *err) {
    if (failure == 0 || failure == EPIPE)
        return 0;
    return error_set(err, THOLE_ERROR_HOST, failure, NULL, "write to standard output");
}

static int write_change(void *userdata, const struct thole_watch_event *event) {
    cleanup_text struct text line = {0};
    text_append(&line, "{\"type\":\"state\",\"id\":");
    text_append_json(&line, event->id);
    text_append(&line, ",\"root\":");
    text_append_json(&line, event->root);
    text_appendf(&line, ",\"data\":{\"state\":\"%s\"", thole_change_name(event->change));
    if (event->status >= 0)
        text_appendf(&line, ",\"exitStatus\":%d", event->status);
    text_append(&line, "}}");
    return write_line(userdata, line.data);
}

static int run_all(const struct invocation *invocation, struct thole_error *err) {
    const struct events_settings *settings = invocation->options;
    char *const root = (char *)(uintptr_t)invocation->context->root;
    if (invocation->argument_count > 0 || settings->stats || settings->interval != NULL)
        return error_usage(err, "--all is for the changes of state of all containers: without a "
                                "container, --stats and --interval");
    int failure = 0;
    const struct thole_watch_request request = {
        .roots = root != NULL ? &root : NULL,
        .root_count = 1,
        .timeout = -1,
        .changed = write_change,
        .userdata = &failure,
    };
    int watched = thole_watch(&request, err);
    return watched < 0 ? -1 : check_written(failure, err);
}

static int run_events(const struct invocation *invocation, int *ret_status,
                      struct thole_error *err) {
    (void)ret_status;
    const struct events_settings *settings = invocation->options;
    if (settings->all)
        return run_all(invocation, err);
    if (invocation->argument_count == 0)
        return error_usage(err, "a container, or --all");
    const char *id = invocation->arguments[0];
    unsigned interval = 0;
    const char *text = settings->interval != NULL ? settings->interval : "5s";
    if (parse_interval(text, &interval, err) < 0)
        return -1;
    if (settings->stats) {
        cleanup_free char *json = NULL;
        if (thole_stats(invocation->context, id, &json, err) < 0)
            return -1;
        return output_text(json, err);
    }
    int failure = 0;
    const struct thole_event_sink sink = {.write = write_line, .userdata = &failure};
    if (thole_events(invocation->context, id, interval, &sink, err) < 0)
        return -1;
    return check_written(failure, err);
}

const struct command command_events = {
    .name = "events",
    .arguments = "[ID]",
    .summary = "print statistics of a container, or the changes of all",
    .description =
        "One JSON document per line, with the members that runc prints, until the container "
        "stops. A line of the type \"oom\" means that a process of it was killed because memory "
        "ran "
        "out.\n\n"
        "With --all the lines are of the type \"state\": a container is starting, running, exited "
        "(with exitStatus, where it is known), stopping, stopped; aborting, if it never ran; "
        "freezing, frozen, thawed. They come until the command is ended, and none is of the past. "
        "Without --root they are of all state roots: those of thole and of lxc-*, what Docker and "
        "containerd give to runtimes, and the paths in /etc/thole/roots, one a line.",
    .options = events_options,
    .options_size = sizeof(struct events_settings),
    .run = run_events,
};
