/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-top on a terminal. */
#include "lxc/commands/top_screen.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/screen.h"
#include "cli/sizes.h"

enum { HEADING = 2 };

static void append_heading(struct text *text, const struct lxc_top_choice *choice) {
    text_appendf(text, "%-18s %12s %12s %12s %36s %10s %10s %10s\n", "Container", "CPU", "CPU",
                 "CPU", "BlkIO", "Mem", "MemSw", "KMem");
    text_appendf(text, "%-18s %12s %12s %12s %36s %10s %10s %10s", "Name", "Used", "Sys", "User",
                 "Total(Read/Write)", "Used", "Used", "Used");
    /* The key of the order stands at the end of its line. */
    text_appendf(text, "  [%c%s]\n", choice->sort, choice->reverse ? ", reversed" : "");
}

static void append_row(struct text *text, const char *name, const struct thole_usage *usage) {
    char sizes[6][24];
    char io[96];
    char plain[64];
    const uint64_t numbers[] = {
        usage->io_read + usage->io_written, usage->io_read,       usage->io_written, usage->memory,
        usage->memory + usage->swap,        usage->kernel_memory,
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)size_format(numbers[i], false, sizes[i], sizeof(sizes[i]));
    (void)snprintf(plain, sizeof(plain), "%s", name);
    text_make_plain(plain); /* a name may be that of any directory */
    (void)snprintf(io, sizeof(io), "%s(%s/%s)", sizes[0], sizes[1], sizes[2]);
    text_appendf(text, "%-18.18s %12.2f %12.2f %12.2f %36s %10s %10s %10s\n", plain,
                 (double)usage->cpu / 1e9, (double)usage->cpu_system / 1e9,
                 (double)usage->cpu_user / 1e9, io, sizes[3], sizes[4], sizes[5]);
}

static void add_usage(struct thole_usage *total, const struct thole_usage *usage) {
    total->cpu += usage->cpu;
    total->cpu_system += usage->cpu_system;
    total->cpu_user += usage->cpu_user;
    total->memory += usage->memory;
    total->swap += usage->swap;
    total->kernel_memory += usage->kernel_memory;
    total->io_read += usage->io_read;
    total->io_written += usage->io_written;
}

static void draw(const struct lxc_top_choice *choice, const struct lxc_top_rows *rows) {
    cleanup_text struct text text = {0};
    struct thole_usage total = {0};
    char name[64];
    const size_t room = screen_room() > HEADING + 1 ? screen_room() - HEADING - 1 : 0;
    const size_t shown = rows->count < room ? rows->count : room;
    append_heading(&text, choice);
    for (size_t i = 0; i < rows->count; i++) {
        add_usage(&total, &rows->items[i].usage);
        if (i < shown)
            append_row(&text, rows->items[i].name, &rows->items[i].usage);
    }
    (void)snprintf(name, sizeof(name), "TOTAL %zu of %zu", shown, rows->count);
    append_row(&text, name, &total);
    screen_draw(text.data, HEADING);
}

/* False: "q". */
static bool take_key(int key, struct lxc_top_choice *choice) {
    if (key == 'r')
        choice->reverse = !choice->reverse;
    else if (key > 0 && key < 128 && strchr(LXC_TOP_SORTS, key) != NULL)
        choice->sort = (char)key;
    return key != 'q';
}

int lxc_top_screen_run(const struct lxc_top_choice *choice, int delay, const struct thole_log *log,
                       struct thole_error *err) {
    struct lxc_top_choice now = *choice;
    struct screen screen;
    int result = 0;
    if (screen_open(&screen, err) < 0)
        return -1;
    for (bool more = true; more && result == 0;) {
        cleanup_lxc_top_rows struct lxc_top_rows rows = {0};
        result = lxc_top_rows_read(&now, log, &rows, err);
        if (result == 0) {
            draw(&now, &rows);
            more = take_key(screen_key(&screen, delay), &now);
        }
    }
    screen_close(&screen);
    return result;
}
