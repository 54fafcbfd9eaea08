/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-top: what running containers use, as a live table or as lines for a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/commands/top_rows.h"
#include "lxc/commands/top_screen.h"
#include "lxc/store/system.h"

struct top_options {
    const char *delay;
    bool batch;
    const char *sort;
    bool reverse;
    const char *format;
};

#define MEMBER(name) offsetof(struct top_options, name)

static const struct option_row rows[] = {
    {"delay", 'd', OPTION_STRING, MEMBER(delay), "SECONDS",
     "time between two looks (default: 3, with --batch 300)"},
    {"batch", 'b', OPTION_FLAG, MEMBER(batch), NULL, "print lines for a file, not a live table"},
    {"sort", 's', OPTION_STRING, MEMBER(sort), "KEY",
     "n name (default), c CPU, b block I/O, m memory, s memory and swap, k kernel memory",
     .choices = "n|c|b|m|s|k"},
    {"reverse", 'r', OPTION_FLAG, MEMBER(reverse), NULL, "the other way round"},
    {"format", 0, OPTION_STRING, MEMBER(format), "FORMAT",
     "with --batch: text (default) or json, a document a line", .choices = "text|json"},
    {0},
};

/* Milliseconds of "3" or "0.5". */
static int parse_delay(const char *word, bool batch, int *ret_delay, struct thole_error *err) {
    enum { USUAL = 3, USUAL_BATCH = 300, LONGEST = 86400 };
    double seconds = batch ? USUAL_BATCH : USUAL;
    char *end = NULL;
    if (word != NULL) {
        seconds = strtod(word, &end);
        if (end == word || *end != '\0' || !(seconds > 0) || seconds > LONGEST)
            return error_usage(err, "option --delay: \"%s\" is not a number of seconds", word);
    }
    *ret_delay = (int)(seconds * 1000);
    return 0;
}

/* ---- lines ---- */

/* What each line begins with, and the numbers behind the name. */
static const char *const columns[] = {
    "cpu_nanos",  "cpu_sys_userhz", "cpu_user_userhz",  "blkio_bytes",
    "blkio_iops", "mem_used_bytes", "memsw_used_bytes", "kernel_mem_used_bytes",
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void print_header(void) {
    (void)fputs("time_ms,container", stdout);
    for (size_t i = 0; i < COLUMNS; i++)
        (void)printf(",%s", columns[i]);
    (void)putchar('\n');
}

static void print_row(const struct lxc_top_row *row, uint64_t time, bool json) {
    const struct thole_usage *usage = &row->usage;
    const uint64_t tick = (uint64_t)1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
    const uint64_t numbers[COLUMNS] = {
        usage->cpu,
        usage->cpu_system / tick,
        usage->cpu_user / tick,
        usage->io_read + usage->io_written,
        usage->io_operations,
        usage->memory,
        usage->memory + usage->swap,
        usage->kernel_memory,
    };
    cleanup_text struct text line = {0};
    if (json) {
        text_appendf(&line, "{\"time_ms\":%" PRIu64 ",\"container\":", time);
        text_append_json(&line, row->name);
    } else {
        text_appendf(&line, "%" PRIu64 ",%s", time, row->name);
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        text_append(&line, ",");
        if (json)
            text_appendf(&line, "\"%s\":", columns[i]);
        text_appendf(&line, "%" PRIu64, numbers[i]);
    }
    (void)printf("%s%s\n", line.data, json ? "}" : "");
}

static int run_batch(const struct lxc_top_choice *choice, int delay, bool json,
                     const struct thole_log *log, struct thole_error *err) {
    if (!json)
        print_header();
    for (;;) {
        cleanup_lxc_top_rows struct lxc_top_rows now = {0};
        struct timespec time;
        (void)clock_gettime(CLOCK_REALTIME, &time);
        if (lxc_top_rows_read(choice, log, &now, err) < 0)
            return -1;
        for (size_t i = 0; i < now.count; i++)
            print_row(&now.items[i],
                      (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000, json);
        if (fflush(stdout) != 0)
            return error_errno(err, NULL, "write to standard output");
        (void)nanosleep(
            &(struct timespec){.tv_sec = delay / 1000, .tv_nsec = (long)(delay % 1000) * 1000000},
            NULL);
    }
}

/* ---- the command ---- */

static int find_paths(const struct lxc_call *call, char **paths, struct thole_error *err) {
    const struct option_strings *given = &call->settings->lxcpaths;
    for (size_t i = 0; i < given->count; i++) {
        if (lxc_system_path(given->items[i], &paths[i], err) < 0)
            return -1;
    }
    if (given->count == 0)
        paths[0] = strdup(call->lxcpath);
    return 0;
}

static int run_top(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct top_options *options = call->options;
    const size_t given = call->settings->lxcpaths.count;
    const bool json = text_equal(options->format, "json");
    int delay = 0;
    (void)ret_status;
    if (json && !options->batch)
        return error_usage(err, "--format json is for --batch");
    if (parse_delay(options->delay, options->batch, &delay, err) < 0)
        return -1;
    char **paths = calloc(given + 2, sizeof(*paths));
    if (paths == NULL)
        abort();
    const struct lxc_top_choice choice = {
        .lxcpaths = paths,
        .lxcpath_count = given > 0 ? given : 1,
        .foreign = given == 0,
        .sort = options->sort != NULL ? options->sort[0] : 'n',
        .reverse = options->reverse,
    };
    int result = find_paths(call, paths, err);
    if (result == 0)
        result = options->batch ? run_batch(&choice, delay, json, &call->log, err)
                                : lxc_top_screen_run(&choice, delay, &call->log, err);
    for (size_t i = 0; paths[i] != NULL; i++)
        free(paths[i]);
    free(paths);
    return result;
}

const struct lxc_command lxc_command_top = {
    .name = "top",
    .arguments = "",
    .summary = "show what running containers use",
    .description =
        "Keys of the live table: q ends it, r turns the order round, n, c, b, m, s and k sort\n"
        "by name, CPU, block I/O, memory, memory with swap and kernel memory.",
    .options = rows,
    .options_size = sizeof(struct top_options),
    .naming = LXC_NAME_ANY,
    .many_paths = true,
    .run = run_top,
};
