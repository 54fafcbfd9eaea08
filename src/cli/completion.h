/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shell may offer for the word being typed, from the tables that the command line is parsed
 * with. The scripts of src/completion ask for it at every Tab: one candidate a line, with a tab and
 * a help text behind it, or a word of completion_files and completion_directories.
 */
#pragma once

#include "base/text.h"
#include "cli/options.h"

/** "The shell knows better": its own completion of files, or of directories. */
extern const char completion_files[];
extern const char completion_directories[];

struct completion {
    struct text *text;
    const char *typed; /* the beginning of the word, or of what stands behind "--name=" */
    void *userdata;    /* for the functions of completion_value */
};

/** Offers @word, if what is typed leads to it. @help is one line, or NULL. */
void completion_offer(const struct completion *completion, const char *word, const char *help);

/** Offers the words of "a|b|c". */
void completion_offer_choices(const struct completion *completion, const char *choices);

/** Offers the options of a table that are shown. */
void completion_offer_options(const struct completion *completion, const struct option_row *rows);

/** What stands for the values called @argument in tables. A table ends with a row without one. */
struct completion_value {
    const char *argument; /* "DIR" */
    const char *choices;  /* "a|b", completion_files or completion_directories, or NULL ... */
    void (*offer)(const struct completion *completion); /* ... and then whoever knows them */
};

/** Offers what @values tells of @argument ("[DIR]" is DIR as well); nothing if that is nothing. */
void completion_offer_argument(const struct completion *completion,
                               const struct completion_value *values, const char *argument,
                               size_t length);

/** Offers the values of an option: its own choices, or what @values tells of its argument. */
void completion_offer_value(const struct completion *completion,
                            const struct completion_value *values, const struct option_row *row);

/** What the words before the one being typed are. */
struct completion_place {
    const struct option_row *awaits; /* the option whose value comes, or NULL */
    size_t arguments;                /* words that are neither options nor their values */
    bool options_ended;
    size_t first; /* index of the first argument, or @count */
};

/**
 * Reads @count words by @tables (NULL-terminated), leniently: what no row names is a flag. With
 * @in_order the first argument ends the options.
 */
struct completion_place completion_read(const struct option_row *const *tables, bool in_order,
                                        char *const *words, size_t count);

/**
 * The option that the word being typed gives a value to ("--name=..."), and @completion->typed is
 * that value from now on; or NULL.
 */
const struct option_row *completion_split(struct completion *completion,
                                          const struct option_row *const *tables);
