/* SPDX-License-Identifier: Apache-2.0 */
/* logs: what a keeper has kept of what a container said. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/visible.h"
#include "commands.h"
#include "duration.h"
#include "thole.h"

struct logs_settings {
    bool follow;
    const char *tail;
    const char *since;
    bool timestamps;
    bool raw;
};

#define MEMBER(name) offsetof(struct logs_settings, name)

static const struct option_row logs_options[] = {
    {"follow", 'f', OPTION_FLAG, MEMBER(follow), NULL, "go on until the container has ended"},
    {"tail", 'n', OPTION_STRING, MEMBER(tail), "N", "begin with the last N lines (default: all)"},
    {"since", 0, OPTION_STRING, MEMBER(since), "TIME",
     "begin 10m ago, at 2026-01-31T12:00:00Z, or at seconds since 1970", .not_empty = true},
    {"timestamps", 't', OPTION_FLAG, MEMBER(timestamps), NULL,
     "put before each line when the keeper read it"},
    {"raw", 0, OPTION_FLAG, MEMBER(raw), NULL, "let it command the terminal (escape sequences)"},
    {0},
};

/* A stream of the container goes to the one with the same number. */
struct printing {
    bool timestamps;
    bool visible[2];
    struct visible characters[2];
    int failure; /* errno of a write */
};

static int print(void *userdata, const struct thole_output *output) {
    struct printing *printing = userdata;
    const int stream = output->stream - 1;
    struct visible *characters = &printing->characters[stream];
    cleanup_text struct text text = {0};
    size_t length = output->length;
    if (printing->timestamps && output->begins)
        text_appendf(&text, "%s ", output->time);
    if (!printing->visible[stream]) {
        text_append_bytes(&text, output->bytes, length);
    } else {
        /* What a pty puts before a line break. */
        length -= output->ends && length > 0 && output->bytes[length - 1] == '\r';
        visible_append(characters, &text, output->bytes, length);
        if (output->ends)
            visible_end(characters, &text);
    }
    if (output->ends)
        text_append(&text, "\n");
    if (file_write_all(output->stream, text.data, text.length) == 0)
        return 0;
    printing->failure = errno;
    return -1;
}

static int complete(const struct logs_settings *settings, char since[CLOCK_TIME],
                    struct thole_logs_request *request, struct thole_error *err) {
    request->last = settings->tail != NULL && strcmp(settings->tail, "all") != 0;
    if (request->last && !text_parse_uint(settings->tail, UINT64_MAX, &request->lines))
        return error_usage(err, "option --tail: \"%s\" is not a number", settings->tail);
    if (settings->since == NULL)
        return 0;
    request->since = since;
    if (!duration_parse_since(settings->since, since))
        return error_usage(err,
                           "option --since: \"%s\" is neither a duration like 10m nor a time like "
                           "2026-01-31T12:00:00Z",
                           settings->since);
    return 0;
}

static int run_logs(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    const struct logs_settings *settings = invocation->options;
    char since[CLOCK_TIME];
    struct printing printing = {
        .timestamps = settings->timestamps,
        .visible = {!settings->raw && isatty(STDOUT_FILENO) == 1,
                    !settings->raw && isatty(STDERR_FILENO) == 1},
    };
    struct thole_logs_request request = {
        .id = invocation->arguments[0],
        .follow = settings->follow,
        .write = print,
        .userdata = &printing,
    };
    if (complete(settings, since, &request, err) < 0 ||
        thole_logs(invocation->context, &request, err) < 0)
        return -1;
    /* A reader who has gone away has had enough. */
    if (printing.failure == 0 || printing.failure == EPIPE)
        return 0;
    return error_set(err, THOLE_ERROR_HOST, printing.failure, NULL, "write the output");
}

const struct command command_logs = {
    .name = "logs",
    .arguments = "ID",
    .summary = "print what the container's keeper kept of its output",
    .description =
        "A container that was started by run --attachable has a keeper, which keeps the last of "
        "the output (--log-size) until the container is deleted, also after its end. Standard "
        "output and error of the container go to those of this call.\n\n"
        "On a terminal, control characters are made visible: what a container writes is data. "
        "--raw, a pipe and a file get every byte as it was written.\n\n"
        "The output of other containers is where the engine that started them has it.",
    .options = logs_options,
    .options_size = sizeof(struct logs_settings),
    .run = run_logs,
};
