/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-ps of LXC 0.6 to 0.9: ps(1) with a column that names the container of each process. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "cli/host_ps.h"
#include "cli/output.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"
#include "lxc/store/listing.h"

struct ps_options {
    bool lxc;
    const char *names;
};

static const struct option_row rows[] = {
    {"name", 'n', OPTION_STRING, offsetof(struct ps_options, names), "NAME",
     "only the processes of these containers, separated by commas"},
    {"lxc", 0, OPTION_FLAG, offsetof(struct ps_options, lxc), NULL,
     "only the processes of containers"},
    {0},
};

/* Which container a process belongs to. */
struct member {
    pid_t pid;
    const char *name;
};
struct members {
    struct member *items; /* sorted by pid */
    size_t count;
    size_t width; /* of the longest name */
};

static int compare(const void *a, const void *b) {
    const pid_t first = ((const struct member *)a)->pid;
    const pid_t second = ((const struct member *)b)->pid;
    return first < second ? -1 : first > second;
}

static const char *container_of(const struct members *members, const char *word) {
    const struct member wanted = {.pid = (pid_t)strtol(word, NULL, 10)};
    const struct member *found =
        members->count == 0
            ? NULL
            : bsearch(&wanted, members->items, members->count, sizeof(wanted), compare);
    return found != NULL ? found->name : NULL;
}

/* A container without a cgroup and without a pid namespace has processes like all others. */
static int add_members(struct members *members, const struct lxc_listed *listed,
                       struct thole_error *err) {
    const struct thole_context context = {.root = listed->root};
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    if (thole_pids(&context, listed->state->id, &pids, &count, err) < 0) {
        if (err->kind != THOLE_ERROR_NOT_FOUND && err->kind != THOLE_ERROR_STATE &&
            err->kind != THOLE_ERROR_UNSUPPORTED)
            return -1;
        *err = (struct thole_error){0};
        return 0;
    }
    members->items =
        reallocarray(members->items, members->count + count + 1, sizeof(struct member));
    if (members->items == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        members->items[members->count++] = (struct member){pids[i], listed->name};
    size_t length = strlen(listed->name);
    members->width = length > members->width ? length : members->width;
    return 0;
}

static int find_members(const struct ps_options *options, const struct lxc_listing *listing,
                        struct members *members, struct thole_error *err) {
    for (size_t i = 0; i < listing->count; i++) {
        const struct lxc_listed *listed = &listing->items[i];
        bool wanted = options->names == NULL ||
                      words_have(options->names, listed->name, strlen(listed->name));
        if (wanted && listed->state != NULL && add_members(members, listed, err) < 0)
            return -1;
    }
    if (members->count > 1)
        qsort(members->items, members->count, sizeof(*members->items), compare);
    return 0;
}

/* "ps", and what the user wants of it; all processes where only some of them are shown. */
static char *run_ps(const struct lxc_call *call, bool only, struct thole_error *err) {
    static char program[] = "ps";
    static char everyone[] = "-e";
    char **arguments = calloc(call->argument_count + 3, sizeof(*arguments));
    size_t used = 0;
    if (arguments == NULL)
        abort();
    arguments[used++] = program;
    if (only)
        arguments[used++] = everyone;
    memcpy(arguments + used, call->arguments, call->argument_count * sizeof(*arguments));
    char *output = host_ps_run(arguments, err);
    free(arguments);
    return output;
}

static int append_table(struct text *text, const char *output, const struct members *members,
                        bool only, struct thole_error *err) {
    static const char title[] = "CONTAINER";
    const size_t width = members->width > sizeof(title) - 1 ? members->width : sizeof(title) - 1;
    size_t column = 0;
    const char *rest = output;
    const char *line = NULL;
    size_t length = 0;
    if (host_ps_pid_column(output, &column, err) < 0)
        return -1;
    for (bool heading = true; text_next_line(&rest, &line, &length); heading = false) {
        size_t word_length = 0;
        const char *word = host_ps_word(line, column, &word_length);
        const char *name = heading ? title : container_of(members, word);
        if (name == NULL && only)
            continue;
        text_appendf(text, "%-*s  %.*s\n", (int)width, name != NULL ? name : "", (int)length, line);
    }
    return 0;
}

static int run_lxc_ps(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct ps_options *options = call->options;
    const bool only = options->lxc || options->names != NULL;
    const bool foreign = call->settings->lxcpaths.count == 0;
    cleanup_lxc_listing struct lxc_listing listing = {0};
    cleanup_text struct text text = {0};
    struct members members = {0};
    (void)ret_status;
    int result = lxc_listing_read(call->lxcpath, foreign, &call->log, &listing, err);
    if (result == 0)
        result = find_members(options, &listing, &members, err);
    cleanup_free char *output = result == 0 ? run_ps(call, only, err) : NULL;
    result = output == NULL ? -1 : append_table(&text, output, &members, only, err);
    free(members.items);
    return result < 0 ? -1 : output_text(text.data, err);
}

const struct lxc_command lxc_command_ps = {
    .name = "ps",
    .arguments = "[-- PS OPTION...]",
    .summary = "list processes with the containers they belong to",
    .description = "The table is that of ps(1), with a column CONTAINER before it. It needs a PID\n"
                   "column.",
    .options = rows,
    .options_size = sizeof(struct ps_options),
    .naming = LXC_NAME_OPTION,
    .run = run_lxc_ps,
};
