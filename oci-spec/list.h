/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over everything the tables know: for documentation, dictionaries and coverage tests. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/names.h"

/** One member of one document. Strings are valid during the call only. */
struct oci_listing {
    const char *document;           /* "config", "state", "process-state" or "features" */
    const char *pointer;            /* a star stands for an index or any name */
    const char *kind;               /* "a string", "a list of objects", ... */
    const struct name_value *names; /* the only accepted strings, ended by a NULL name, or NULL */
    bool number;                    /* @minimum and @maximum apply */
    int64_t minimum;
    uint64_t maximum;
    bool required;
    bool ignored; /* accepted without meaning on Linux */
    bool foreign; /* for another platform: whatever is in it is read over */
};

/** Calls @visit for each member of each document, outer before inner, in the order of writing. */
void oci_list_fields(void (*visit)(void *userdata, const struct oci_listing *listing),
                     void *userdata);
