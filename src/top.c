/* SPDX-License-Identifier: Apache-2.0 */
/* top: what all containers use, as a live table or as text and JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/screen.h"
#include "cli/sizes.h"
#include "commands.h"
#include "duration.h"
#include "top_rows.h"

struct top_settings {
    const char *sort;
    bool reverse;
    const char *delay;
    const char *batch;
    const char *format;
};

#define MEMBER(name) offsetof(struct top_settings, name)

static const struct option_row top_options[] = {
    {"sort", 's', OPTION_STRING, MEMBER(sort), "COLUMN", "cpu (default), memory, pids, io or name",
     .choices = "cpu|memory|pids|io|name"},
    {"reverse", 'r', OPTION_FLAG, MEMBER(reverse), NULL, "the other way round"},
    {"delay", 'd', OPTION_STRING, MEMBER(delay), "DURATION",
     "time between two looks: 2 (seconds, the default), 500ms, 1m, ..."},
    {"batch", 'b', OPTION_OPTIONAL, MEMBER(batch), "N",
     "print the table instead of a live one, N times or without end"},
    {"format", 'f', OPTION_STRING, MEMBER(format), "FORMAT",
     "table (default), or json: a document a line, not live", .choices = "table|json"},
    {0},
};

/* A row for each order: its word, the key of the live table. */
static const struct {
    const char *name;
    char key;
} orders[] = {
    [TOP_BY_CPU] = {"cpu", 'c'}, [TOP_BY_MEMORY] = {"memory", 'm'}, [TOP_BY_PIDS] = {"pids", 'p'},
    [TOP_BY_IO] = {"io", 'i'},   [TOP_BY_NAME] = {"name", 'n'},
};
enum { ORDERS = sizeof(orders) / sizeof(orders[0]) };

/* As asked for, and as keys change it. */
struct view {
    const char *root; /* NULL: all */
    enum top_order order;
    bool reverse;
    bool json;
    int delay;      /* milliseconds */
    uint64_t looks; /* 0: without end */
};

/* ---- the table ---- */

enum { CELL = 24 };

static const char *size_cell(uint64_t bytes, char cell[CELL]) {
    return bytes == THOLE_USAGE_UNKNOWN ? "-" : size_format(bytes, false, cell, CELL);
}

static void append_row(struct text *text, const struct top_row *row, int width, bool with_root) {
    char cells[3][CELL];
    char cpu[CELL] = "-";
    char pids[CELL] = "-";
    if (row->cpu_percent >= 0)
        (void)snprintf(cpu, sizeof(cpu), "%.1f", row->cpu_percent);
    if (row->pids != THOLE_USAGE_UNKNOWN)
        (void)snprintf(pids, sizeof(pids), "%" PRIu64, row->pids);
    text_appendf(text, "%-*s  %-8s %7s %12s %6s %12s %12s", width, row->id,
                 thole_status_name(row->status), cpu, size_cell(row->usage.memory, cells[0]), pids,
                 size_cell(row->usage.io_read, cells[1]),
                 size_cell(row->usage.io_written, cells[2]));
    text_appendf(text, with_root ? "  %s\n" : "\n", row->root);
}

static void append_table(struct text *text, const struct top_rows *rows) {
    const bool with_root = rows->root_count > 1;
    int width = 12;
    for (size_t i = 0; i < rows->count; i++) {
        const int length = (int)strlen(rows->items[i].id);
        width = length > width ? length : width;
    }
    text_appendf(text, "%-*s  %-8s %7s %12s %6s %12s %12s%s\n", width, "ID", "STATUS", "CPU%",
                 "MEMORY", "PIDS", "READ", "WRITTEN", with_root ? "  ROOT" : "");
    for (size_t i = 0; i < rows->count; i++)
        append_row(text, &rows->items[i], width, with_root);
}

/* ---- JSON ---- */

static void append_number(struct text *text, const char *name, uint64_t number) {
    if (number == THOLE_USAGE_UNKNOWN)
        text_appendf(text, ",\"%s\":null", name);
    else
        text_appendf(text, ",\"%s\":%" PRIu64, name, number);
}

static void append_object(struct text *text, const struct top_row *row) {
    text_append(text, "{\"root\":");
    text_append_json(text, row->root);
    text_append(text, ",\"id\":");
    text_append_json(text, row->id);
    text_appendf(text, ",\"status\":\"%s\",\"pid\":%d", thole_status_name(row->status),
                 (int)row->pid);
    if (row->cpu_percent < 0)
        text_append(text, ",\"cpuPercent\":null");
    else
        text_appendf(text, ",\"cpuPercent\":%.2f", row->cpu_percent);
    append_number(text, "cpuNanoseconds", row->usage.cpu);
    append_number(text, "memoryBytes", row->usage.memory);
    append_number(text, "swapBytes", row->usage.swap);
    append_number(text, "pids", row->pids);
    append_number(text, "ioReadBytes", row->usage.io_read);
    append_number(text, "ioWrittenBytes", row->usage.io_written);
    text_append(text, "}");
}

static void append_document(struct text *text, const struct top_rows *rows) {
    char now[CLOCK_TIME];
    clock_format_now(now);
    text_appendf(text, "{\"time\":\"%s\",\"containers\":[", now);
    for (size_t i = 0; i < rows->count; i++) {
        text_append(text, i > 0 ? "," : "");
        append_object(text, &rows->items[i]);
    }
    text_append(text, "]}\n");
}

/* ---- look after look ---- */

/* Takes the place of the look before. */
static int look(const struct view *view, struct top_rows *rows, struct thole_error *err) {
    struct top_rows now = {0};
    const int result = top_rows_read(view->root, rows, &now, err);
    top_rows_done(rows);
    *rows = now;
    if (result == 0)
        top_rows_sort(rows, view->order, view->reverse);
    return result;
}

/* The first look is what the second one is compared with. */
static int run_batch(const struct view *view, struct thole_error *err) {
    cleanup_top_rows struct top_rows rows = {0};
    if (look(view, &rows, err) < 0)
        return -1;
    for (uint64_t i = 0; view->looks == 0 || i < view->looks; i++) {
        cleanup_text struct text text = {0};
        const struct timespec delay = {.tv_sec = view->delay / 1000,
                                       .tv_nsec = (long)(view->delay % 1000) * 1000000};
        (void)nanosleep(&delay, NULL);
        if (look(view, &rows, err) < 0)
            return -1;
        if (view->json) {
            append_document(&text, &rows);
        } else {
            text_append(&text, i > 0 ? "\n" : "");
            append_table(&text, &rows);
        }
        if (output_text(text.data, err) < 0)
            return -1;
    }
    return 0;
}

static void draw(const struct view *view, const struct top_rows *rows) {
    cleanup_text struct text text = {0};
    text_appendf(&text, "%zu containers, by %s%s; keys: c m p i n, r, q\n", rows->count,
                 orders[view->order].name, view->reverse ? " (reversed)" : "");
    append_table(&text, rows);
    screen_draw(text.data, 2);
}

/* False: the end. */
static bool take_key(struct view *view, struct top_rows *rows, int key) {
    for (size_t i = 0; i < ORDERS; i++) {
        if (orders[i].key == key)
            view->order = (enum top_order)i;
    }
    if (key == 'r')
        view->reverse = !view->reverse;
    top_rows_sort(rows, view->order, view->reverse);
    return key != 'q';
}

/* Keys do not make it look sooner: a share of CPU time within a moment says nothing. */
static int run_live(struct view *view, struct screen *screen, struct thole_error *err) {
    cleanup_top_rows struct top_rows rows = {0};
    for (;;) {
        if (look(view, &rows, err) < 0)
            return -1;
        const int64_t next = clock_now() + view->delay;
        for (int64_t left = view->delay; left > 0; left = next - clock_now()) {
            draw(view, &rows);
            if (!take_key(view, &rows, screen_key(screen, (int)left)))
                return 0;
        }
    }
}

/* ---- the command ---- */

static int parse_delay(const char *word, int *ret_delay, struct thole_error *err) {
    enum { USUAL = 2000, LEAST = 10, MOST = 86400 * 1000 };
    double milliseconds = USUAL;
    uint64_t seconds = 0;
    bool good = true;
    if (word != NULL && text_parse_uint(word, MOST, &seconds))
        milliseconds = (double)seconds * 1000;
    else if (word != NULL)
        good = duration_parse(word, &milliseconds);
    if (!good || milliseconds < LEAST || milliseconds > MOST)
        return error_usage(err, "option --delay: \"%s\" is not a duration like 2 or 500ms", word);
    *ret_delay = (int)milliseconds;
    return 0;
}

static int complete(const struct invocation *invocation, struct view *view,
                    struct thole_error *err) {
    const struct top_settings *settings = invocation->options;
    *view = (struct view){
        .root = invocation->context->root,
        .reverse = settings->reverse,
        .json = text_equal(settings->format, "json"),
        .looks = 1,
    };
    for (size_t i = 0; i < ORDERS; i++) {
        if (text_equal(settings->sort, orders[i].name))
            view->order = (enum top_order)i;
    }
    const char *batch = text_equal(settings->batch, "") ? "0" : settings->batch;
    if (batch != NULL && !text_parse_uint(batch, UINT64_MAX, &view->looks))
        return error_usage(err, "option --batch: \"%s\" is not a number", settings->batch);
    return parse_delay(settings->delay, &view->delay, err);
}

static int run_top(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    const struct top_settings *settings = invocation->options;
    struct screen screen;
    struct view view;
    if (complete(invocation, &view, err) < 0)
        return -1;
    if (settings->batch != NULL || view.json || !screen_is_there())
        return run_batch(&view, err);
    if (screen_open(&screen, err) < 0)
        return -1;
    const int result = run_live(&view, &screen, err);
    screen_close(&screen);
    return result;
}

const struct command command_top = {
    .name = "top",
    .arguments = "",
    .summary = "show what all containers use",
    .description =
        "A table of the containers that run, or wait for start: CPU% is the share of one CPU since "
        "the look before, MEMORY and the bytes READ and WRITTEN on block devices are those of "
        "their cgroups, PIDS counts processes. What nobody knows, as in a container without a "
        "cgroup, is \"-\", in JSON null.\n\n"
        "On a terminal the table is live. The keys c, m, p, i and n sort by CPU, memory, "
        "processes, "
        "I/O and name, r turns the order round, q ends it. Without a terminal the table is "
        "printed once.\n\n"
        "Without --root it shows the containers of all state roots: those of thole and of lxc-*, "
        "what Docker and containerd give to runtimes, and the paths in /etc/thole/roots.",
    .options = top_options,
    .options_size = sizeof(struct top_settings),
    .run = run_top,
};
