/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser: tables of options in, filled structs out. Help and manuals read them too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** What an option takes, and the type of the member it fills in. */
enum option_kind {
    OPTION_FLAG,     /* bool: "--x", "--x=true", "--x=false" */
    OPTION_STRING,   /* const char *, borrowed from argv; NULL when absent or empty */
    OPTION_OPTIONAL, /* const char *: "--x" gives "", "--x=VALUE" the value; NULL when absent */
    OPTION_NUMBER,   /* unsigned */
    OPTION_STRINGS,  /* struct option_strings; may be repeated */
    OPTION_NUMBERS,  /* struct option_numbers; may be repeated */
};

/** @items is malloc'ed, NULL-terminated, and NULL when the option is absent. */
struct option_strings {
    char **items;
    size_t count;
};

struct option_numbers {
    uint32_t *items;
    size_t count;
};

/** One option. A table ends with a row without a name. */
struct option_row {
    const char *name;          /* long name without dashes */
    char letter;               /* short name, 0: none */
    enum option_kind kind : 8; /* small: rows are relocated at every start */
    uint32_t offset;           /* of the member in the struct that is filled in */
    const char *argument;      /* what help calls the value; NULL for flags */
    const char *help;          /* NULL: accepted, but not shown */
    const char *choices;       /* the values allowed, separated by "|"; NULL: any */
    bool not_empty;            /* an empty value is an error */
};

/** A row within a macro for several tables. */
#define OPTION_ROW(...) \
    { __VA_ARGS__ }

/** What is left of the words once the options are taken out. */
struct option_arguments {
    char **items; /* malloc'ed array, NULL-terminated; the strings belong to argv */
    size_t count;
    const char *unknown; /* the option that no row names, where that is the error */
    bool help; /* -h, -?, --help or --usage was among the options; nothing else counts then */
};

/**
 * Sorts @words (NULL-terminated) into options, stored to the members of @target, and arguments.
 * Spellings: --name value, --name=value, -name value (one dash), -n value, -n=value, -nvalue, and
 * flags bundled as in -td. "--" ends the options; with @in_order so does the first argument.
 * Release with options_done(), after failures too.
 */
int options_parse(const struct option_row *rows, bool in_order, char *const *words, void *target,
                  struct option_arguments *ret_arguments, struct thole_error *err);

/** Frees what options_parse() allocated in @target and @arguments. */
void options_done(const struct option_row *rows, void *target, struct option_arguments *arguments);

/**
 * Checks @value and stores it in the member of @target that @row describes. For parsers with other
 * spellings; options_parse() does it by itself.
 */
int options_store(const struct option_row *row, char *value, void *target, struct thole_error *err);

/** Frees the lists that options_store() has made in @target. */
void options_free_lists(const struct option_row *rows, void *target);

/** The row called @name (@length bytes of it), or NULL. */
const struct option_row *options_find(const struct option_row *rows, const char *name,
                                      size_t length);
