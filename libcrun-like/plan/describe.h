/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as groups of rows of named cells: what text and JSON are made of. */
#ifndef PLAN_DESCRIBE_H
#define PLAN_DESCRIBE_H

#include "base/arena.h"
#include "plan/plan.h"

enum plan_cell_kind {
    PLAN_CELL_COLUMN, /* text; in a row of a list without its name, in its own column */
    PLAN_CELL_TEXT,
    PLAN_CELL_NUMBER, /* @text holds the digits */
    PLAN_CELL_FLAG,   /* @text is NULL for false */
    PLAN_CELL_WORDS,
};

struct plan_cell {
    enum plan_cell_kind kind;
    const char *name;
    const char *text;
    struct plan_strings words;
};

struct plan_row {
    struct plan_cell *cells;
    size_t cell_count;
    const char *where;
    struct arena *arena;
};

/** A list has any number of rows, an object exactly one. */
struct plan_group {
    const char *name;
    bool list;
    struct plan_row *rows;
    size_t row_count;
};

/** Zero-initialise all but @arena. */
struct plan_description {
    struct arena *arena;
    struct plan_group *groups;
    size_t group_count;
};

/** Everything in @plan, in the order in which it is used. */
void plan_describe(struct plan_description *description, const struct plan *plan);
void plan_describe_cgroup(struct plan_description *description, const struct plan_cgroup *cgroup);
void plan_describe_mounts(struct plan_description *description, const struct plan *plan);
void plan_describe_process(struct plan_description *description,
                           const struct plan_process *process);
void plan_describe_seccomp(struct plan_description *description,
                           const struct plan_seccomp *seccomp);

/* Building blocks. Groups and rows stay valid until the next one is added. */
void plan_describe_list(struct plan_description *description, const char *name);
struct plan_row *plan_describe_row(struct plan_description *description, const char *where);
/** A new object and its row. */
struct plan_row *plan_describe_object(struct plan_description *description, const char *name,
                                      const char *where);

/** Strings are borrowed; a NULL text is left out. */
void plan_cell_column(struct plan_row *row, const char *name, const char *text);
void plan_cell_text(struct plan_row *row, const char *name, const char *text);
void plan_cell_flag(struct plan_row *row, const char *name, bool value);
void plan_cell_words(struct plan_row *row, const char *name, const struct plan_strings *words);
void plan_cell_columnf(struct plan_row *row, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void plan_cell_textf(struct plan_row *row, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** The format makes the digits. */
void plan_cell_number(struct plan_row *row, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
