/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the processes of a container, in the words of the host's ps(1) or as a list of pids. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/host_ps.h"
#include "cli/output.h"
#include "commands.h"
#include "thole.h"

struct ps_settings {
    const char *format;
};

static const struct option_row ps_options[] = {
    {"format", 'f', OPTION_STRING, offsetof(struct ps_settings, format), "FORMAT",
     "table (default) or json", .choices = "table|json"},
    {0},
};

#define BLANKS " \t"

static bool is_listed(const char *word, const pid_t *pids, size_t count) {
    long pid = strtol(word, NULL, 10);
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid)
            return true;
    }
    return false;
}

/* Keeps the heading of @output and the lines of the container's processes. */
static int append_table(struct text *text, const char *output, const pid_t *pids, size_t count,
                        struct thole_error *err) {
    size_t column = 0;
    if (host_ps_pid_column(output, &column, err) < 0)
        return -1;
    for (const char *line = output; *line != '\0';) {
        size_t line_length = strcspn(line, "\n");
        size_t length = 0;
        const char *word = host_ps_word(line, column, &length);
        if (line == output || (length > 0 && is_listed(word, pids, count))) {
            text_append_bytes(text, line, line_length);
            text_append(text, "\n");
        }
        line += line_length + (line[line_length] == '\n' ? 1 : 0);
    }
    return 0;
}

/* "ps" and its arguments; a single one with blanks holds several. @ret_copy owns their text. */
static char **ps_arguments(const struct invocation *invocation, char **ret_copy) {
    char *const *given = invocation->arguments + 1;
    size_t count = invocation->argument_count - 1;
    char *copy = strdup(count == 1 ? given[0] : "-ef");
    if (copy == NULL)
        abort();
    char **arguments = calloc(strlen(copy) + count + 3, sizeof(*arguments));
    static char program[] = "ps";
    if (arguments == NULL)
        abort();

    size_t used = 0;
    arguments[used++] = program;
    *ret_copy = copy;
    if (count > 1) {
        memcpy(arguments + used, given, count * sizeof(*given));
        return arguments;
    }
    char *rest = NULL;
    for (char *word = strtok_r(copy, BLANKS, &rest); word != NULL;
         word = strtok_r(NULL, BLANKS, &rest))
        arguments[used++] = word;
    return arguments;
}

static void append_pids(struct text *text, const pid_t *pids, size_t count) {
    text_append(text, "[");
    for (size_t i = 0; i < count; i++)
        text_appendf(text, i > 0 ? ",%d" : "%d", (int)pids[i]);
    text_append(text, "]\n");
}

static int run_ps(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    const struct ps_settings *settings = invocation->options;
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    if (thole_pids(invocation->context, invocation->arguments[0], &pids, &count, err) < 0)
        return -1;

    cleanup_text struct text text = {0};
    if (text_equal(settings->format, "json")) {
        append_pids(&text, pids, count);
        return output_text(text.data, err);
    }
    cleanup_free char *copy = NULL;
    cleanup_free char **arguments = ps_arguments(invocation, &copy);
    cleanup_free char *output = host_ps_run(arguments, err);
    if (output == NULL || append_table(&text, output, pids, count, err) < 0)
        return -1;
    return output_text(text.data, err);
}

const struct command command_ps = {
    .name = "ps",
    .arguments = "ID [PS ARGUMENT]...",
    .summary = "list the processes of a container",
    .description =
        "The table is that of ps(1) on the host, called with the given arguments or -ef, without\n"
        "the lines of other processes. It needs a PID column. JSON is a list of pids.",
    .options = ps_options,
    .options_size = sizeof(struct ps_settings),
    .in_order = true,
    .run = run_ps,
};
