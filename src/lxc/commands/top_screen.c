/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-top on a terminal, with ncurses(3X). */
#include "lxc/commands/top_screen.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#include "base/error.h"
#include "lxc/commands/sizes.h"

#ifdef HAVE_NCURSES
#include <curses.h>

static void put_header(const struct lxc_top_choice *choice) {
    attron(A_REVERSE);
    mvprintw(0, 0, "%-18s %12s %12s %12s %36s %10s %10s %10s", "Container", "CPU", "CPU", "CPU",
             "BlkIO", "Mem", "MemSw", "KMem");
    mvprintw(1, 0, "%-18s %12s %12s %12s %36s %10s %10s %10s", "Name", "Used", "Sys", "User",
             "Total(Read/Write)", "Used", "Used", "Used");
    attroff(A_REVERSE);
    /* The key of the order stands at the end of its line. */
    printw("  [%c%s]", choice->sort, choice->reverse ? ", reversed" : "");
}

static void put_row(int line, const char *name, const struct thole_usage *usage) {
    char sizes[6][24];
    char io[96];
    const uint64_t numbers[] = {
        usage->io_read + usage->io_written, usage->io_read,       usage->io_written, usage->memory,
        usage->memory + usage->swap,        usage->kernel_memory,
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)lxc_size_format(numbers[i], false, sizes[i], sizeof(sizes[i]));
    (void)snprintf(io, sizeof(io), "%s(%s/%s)", sizes[0], sizes[1], sizes[2]);
    mvprintw(line, 0, "%-18.18s %12.2f %12.2f %12.2f %36s %10s %10s %10s", name,
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

static void put_table(const struct lxc_top_choice *choice, const struct lxc_top_rows *rows) {
    enum { HEADER = 2 };
    struct thole_usage total = {0};
    char name[64];
    int line = HEADER;
    erase();
    put_header(choice);
    size_t shown = 0;
    for (size_t i = 0; i < rows->count; i++) {
        add_usage(&total, &rows->items[i].usage);
        if (line + 1 < LINES) {
            put_row(line++, rows->items[i].name, &rows->items[i].usage);
            shown++;
        }
    }
    (void)snprintf(name, sizeof(name), "TOTAL %zu of %zu", shown, rows->count);
    put_row(line, name, &total);
    refresh();
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
    int result = 0;
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
        return error_unsupported(err, NULL, "stdin is not a tty: --batch needs none");
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (screen == NULL)
        return error_unsupported(err, NULL, "Failed to setup terminal: TERM is not known");
    (void)cbreak();
    (void)noecho();
    (void)curs_set(0);
    timeout(delay);
    for (bool more = true; more && result == 0;) {
        cleanup_lxc_top_rows struct lxc_top_rows rows = {0};
        result = lxc_top_rows_read(&now, log, &rows, err);
        if (result == 0) {
            put_table(&now, &rows);
            more = take_key(getch(), &now);
        }
    }
    (void)endwin();
    delscreen(screen);
    return result;
}
#else
int lxc_top_screen_run(const struct lxc_top_choice *choice, int delay, const struct thole_log *log,
                       struct thole_error *err) {
    (void)choice;
    (void)delay;
    (void)log;
    return error_unsupported(err, NULL,
                             "this build has no ncurses for a live table: --batch works without");
}
#endif
