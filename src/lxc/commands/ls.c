/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-ls: the containers of an lxcpath, those that run, and those of other runtimes. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "cli/output.h"
#include "lxc/commands/commands.h"
#include "lxc/commands/ls_row.h"
#include "lxc/store/listing.h"
#include "lxc/store/states.h"

struct ls_options {
    bool line;
    bool fancy;
    const char *columns;
    bool active;
    bool running;
    bool frozen;
    bool stopped;
    bool defined;
    const char *nesting;
    const char *groups;
    const char *filter;
    const char *format;
};

#define MEMBER(name) offsetof(struct ls_options, name)

static const struct option_row rows[] = {
    {"line", '1', OPTION_FLAG, MEMBER(line), NULL, "show one name a line"},
    {"fancy", 'f', OPTION_FLAG, MEMBER(fancy), NULL, "show a table"},
    {"fancy-format", 'F', OPTION_STRING, MEMBER(columns), "COLUMNS",
     "columns of the table, separated by commas: NAME, STATE, PID, RAM, SWAP, AUTOSTART, GROUPS, "
     "INTERFACE, IPV4, IPV6, UNPRIVILEGED, TYPE"},
    {"active", 0, OPTION_FLAG, MEMBER(active), NULL,
     "only containers that run, frozen ones as well"},
    {"running", 0, OPTION_FLAG, MEMBER(running), NULL, "the same"},
    {"frozen", 0, OPTION_FLAG, MEMBER(frozen), NULL, "only frozen containers"},
    {"stopped", 0, OPTION_FLAG, MEMBER(stopped), NULL, "only stopped containers"},
    {"defined", 0, OPTION_FLAG, MEMBER(defined), NULL, "only containers with a configuration"},
    {"nesting", 0, OPTION_OPTIONAL, MEMBER(nesting), "NUMBER",
     "accepted; containers inside containers are listed by lxc-ls inside"},
    {"groups", 'g', OPTION_STRING, MEMBER(groups), "GROUPS",
     "only containers of all these groups, separated by commas"},
    {"filter", 0, OPTION_STRING, MEMBER(filter), "REGEX",
     "only containers whose name matches a regular expression"},
    {"format", 0, OPTION_STRING, MEMBER(format), "FORMAT", "text (default) or json",
     .choices = "text|json"},
    {0},
};

static const enum lxc_column usual_columns[] = {
    LXC_COLUMN_NAME, LXC_COLUMN_STATE, LXC_COLUMN_AUTOSTART,    LXC_COLUMN_GROUPS,
    LXC_COLUMN_IPV4, LXC_COLUMN_IPV6,  LXC_COLUMN_UNPRIVILEGED,
};

/* One call: what is left of the listing, and how it is shown. */
struct ls {
    const struct lxc_call *call;
    const struct ls_options *options;
    struct lxc_listing listing;
    struct lxc_row *shown;
    size_t count;
    enum lxc_column columns[64];
    size_t column_count;
    struct text text;
};

static void ls_done(struct ls *ls) {
    for (size_t i = 0; i < ls->count; i++)
        lxc_row_done(&ls->shown[i]);
    free(ls->shown);
    lxc_listing_done(&ls->listing);
    text_done(&ls->text);
}

/* ---- which containers ---- */

/* All of these conditions hold; a frozen container runs. */
static bool has_wanted_state(const struct ls_options *options, const struct lxc_listed *listed) {
    const enum lxc_state state = lxc_state_of(listed->state);
    return (!options->defined || listed->config_file != NULL) &&
           (!(options->active || options->running) || state != LXC_STOPPED) &&
           (!options->frozen || state == LXC_FROZEN) && (!options->stopped || state == LXC_STOPPED);
}

/* 1: it is in all of @groups. */
static int has_groups(const char *groups, const struct lxc_listed *listed,
                      struct thole_error *err) {
    cleanup_free char *own = NULL;
    const char *word = NULL;
    size_t length = 0;
    if (lxc_row_groups(listed, &own, err) < 0)
        return -1;
    while (words_next(&groups, &word, &length)) {
        if (!words_have(own, word, length))
            return 0;
    }
    return 1;
}

static int compile(const char *pattern, regex_t *names, struct thole_error *err) {
    int code = regcomp(names, pattern, REG_NOSUB | REG_EXTENDED);
    if (code == 0)
        return 0;
    char reason[128];
    (void)regerror(code, names, reason, sizeof(reason));
    return error_usage(err, "failed to compile the regex '%s': %s", pattern, reason);
}

static int select_rows(struct ls *ls, const regex_t *names, struct thole_error *err) {
    ls->shown = calloc(ls->listing.count + 1, sizeof(*ls->shown));
    if (ls->shown == NULL)
        abort();
    for (size_t i = 0; i < ls->listing.count; i++) {
        const struct lxc_listed *listed = &ls->listing.items[i];
        if (!has_wanted_state(ls->options, listed) ||
            (names != NULL && regexec(names, listed->name, 0, NULL, 0) != 0))
            continue;
        int within = ls->options->groups == NULL ? 1 : has_groups(ls->options->groups, listed, err);
        if (within < 0)
            return -1;
        if (within == 1)
            ls->shown[ls->count++].listed = listed;
    }
    return 0;
}

static int choose_containers(struct ls *ls, struct thole_error *err) {
    const struct lxc_call *call = ls->call;
    const char *pattern = ls->options->filter != NULL ? ls->options->filter : call->name;
    const bool foreign = call->settings->lxcpaths.count == 0;
    if (lxc_listing_read(call->lxcpath, foreign, &call->log, &ls->listing, err) < 0)
        return -1;
    if (pattern == NULL)
        return select_rows(ls, NULL, err);
    regex_t names;
    if (compile(pattern, &names, err) < 0)
        return -1;
    int result = select_rows(ls, &names, err);
    regfree(&names);
    return result;
}

/* ---- which columns ---- */

/* False: there is no such column, which LXC has as a message and success. */
static bool choose_columns(struct ls *ls) {
    const char *list = ls->options->columns;
    const char *word = NULL;
    size_t length = 0;
    if (list == NULL) {
        memcpy(ls->columns, usual_columns, sizeof(usual_columns));
        ls->column_count = sizeof(usual_columns) / sizeof(usual_columns[0]);
        return true;
    }
    while (words_next(&list, &word, &length)) {
        enum lxc_column column = lxc_column_find(word, length);
        if (column == LXC_COLUMN_COUNT ||
            ls->column_count == sizeof(ls->columns) / sizeof(ls->columns[0])) {
            (void)fprintf(stderr, "Invalid key: %.*s\n", (int)length, word);
            return false;
        }
        ls->columns[ls->column_count++] = column;
    }
    return true;
}

static int fill(struct ls *ls, struct thole_error *err) {
    unsigned columns = 0;
    for (size_t i = 0; i < ls->column_count; i++)
        columns |= 1U << ls->columns[i];
    for (size_t i = 0; i < ls->count; i++) {
        if (lxc_row_fill(&ls->shown[i], columns, &ls->call->log, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- how they are shown ---- */

static const char *cell(const struct lxc_row *row, enum lxc_column column) {
    const char *text = row->cells[column];
    return text != NULL && text[0] != '\0' ? text : "-";
}

static void append_table(struct ls *ls) {
    size_t widths[LXC_COLUMN_COUNT] = {0};
    for (size_t c = 0; ls->count > 0 && c < ls->column_count; c++) {
        enum lxc_column column = ls->columns[c];
        widths[column] = strlen(lxc_column_name(column));
        for (size_t i = 0; i < ls->count; i++) {
            size_t width = strlen(cell(&ls->shown[i], column));
            widths[column] = width > widths[column] ? width : widths[column];
        }
        text_appendf(&ls->text, "%-*s ", (int)widths[column], lxc_column_name(column));
    }
    if (ls->count > 0)
        text_append(&ls->text, "\n");
    for (size_t i = 0; i < ls->count; i++) {
        for (size_t c = 0; c < ls->column_count; c++)
            text_appendf(&ls->text, "%-*s ", (int)widths[ls->columns[c]],
                         cell(&ls->shown[i], ls->columns[c]));
        text_append(&ls->text, "\n");
    }
}

static void append_json(struct ls *ls) {
    text_append(&ls->text, "[");
    for (size_t i = 0; i < ls->count; i++) {
        const struct lxc_row *row = &ls->shown[i];
        text_append(&ls->text, i > 0 ? ",{" : "{");
        for (size_t c = 0; c < ls->column_count; c++) {
            text_append(&ls->text, c > 0 ? "," : "");
            lxc_row_append_json(row, ls->columns[c], &ls->text);
        }
        text_append(&ls->text, "}");
    }
    text_append(&ls->text, "]\n");
}

/* As many names a row as a terminal has room for; without one, one. */
static void append_names(struct ls *ls) {
    enum { NARROWEST = 4 };
    size_t width = NARROWEST;
    struct winsize size = {0};
    for (size_t i = 0; i < ls->count; i++) {
        size_t length = strlen(ls->shown[i].listed->name);
        width = length > width ? length : width;
    }
    size_t each = isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
                      ? size.ws_col / (width + 1)
                      : 1;
    each = each > 0 ? each : 1;
    for (size_t i = 0; i < ls->count; i++) {
        if (ls->options->line)
            text_appendf(&ls->text, "%s\n", ls->shown[i].listed->name);
        else
            text_appendf(&ls->text, "%-*s%s", (int)width, ls->shown[i].listed->name,
                         (i + 1) % each == 0 || i + 1 == ls->count ? "\n" : " ");
    }
}

static int run_ls(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct ls_options *options = call->options;
    __attribute__((cleanup(ls_done))) struct ls ls = {.call = call, .options = options};
    const bool json = text_equal(options->format, "json");
    (void)ret_status;
    if ((options->fancy || json) && !choose_columns(&ls))
        return 0;
    if (json && options->columns == NULL) {
        for (ls.column_count = 0; ls.column_count < LXC_COLUMN_COUNT; ls.column_count++)
            ls.columns[ls.column_count] = (enum lxc_column)ls.column_count;
    }
    if (choose_containers(&ls, err) < 0 || fill(&ls, err) < 0)
        return -1;
    if (json)
        append_json(&ls);
    else if (options->fancy)
        append_table(&ls);
    else
        append_names(&ls);
    cleanup_free char *output = text_take(&ls.text);
    return output_text(output, err);
}

const struct lxc_command lxc_command_ls = {
    .name = "ls",
    .arguments = "[REGEX]",
    .summary = "list containers",
    .description =
        "Without --lxcpath the containers of other runtimes and of engines are listed as\n"
        "well: those in the state roots of this machine (thole-events(1)). Column TYPE tells\n"
        "who made them.",
    .options = rows,
    .options_size = sizeof(struct ls_options),
    .naming = LXC_NAME_ANY,
    .run = run_ls,
};
