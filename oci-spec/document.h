/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, checking and writing OCI documents: one engine for all of them, driven by tables. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci-spec/position.h"
#include "oci-spec/spec.h"

/** Limits of what is read at all; beyond them a document is refused. */
enum {
    OCI_DOCUMENT_MAX = 16 * 1024 * 1024, /* bytes */
    OCI_STRING_MAX = 1024 * 1024,        /* bytes of one string */
    OCI_DEPTH_MAX = 32,                  /* nested objects and lists */
    OCI_ITEMS_MAX = 100000,              /* elements of one list or map */
    OCI_FINDINGS_MAX = 1000,             /* findings in a report; reading stops there */
};

/** One thing found wrong or noteworthy in a document. */
struct oci_finding {
    enum { OCI_FINDING_ERROR, OCI_FINDING_NOTE } severity;
    char *where; /* JSON pointer */
    char *text;
    struct oci_position at; /* of a fault of the text itself, line 0: where @where leads */
    struct oci_finding *next;
};

/**
 * With a report, reading goes on after a finding where it can and collects all of them, in order;
 * unknown members are notes. Without one, the first error ends the reading and unknown members are
 * ignored, as the specification demands.
 */
struct oci_report {
    struct arena *arena;
    struct oci_finding *first;
    struct oci_finding *last;
    size_t errors;
    size_t notes;
};

/**
 * Each reads one JSON document of @length bytes into @arena: types, ranges, enum names and required
 * members are checked against the tables, then the checks that concern several members at once.
 * @report may be NULL. Returns 0, or -1 with @err naming the JSON pointer (with a report: the first
 * error found).
 */
int oci_read_config(const char *json, size_t length, struct arena *arena, struct oci_report *report,
                    struct oci_config **ret_config, struct thole_error *err);
int oci_read_process(const char *json, size_t length, struct arena *arena,
                     struct oci_process **ret_process, struct thole_error *err);
int oci_read_resources(const char *json, size_t length, struct arena *arena,
                       struct oci_resources **ret_resources, struct thole_error *err);
/** A list of mounts alone, as a configuration has it in /mounts. */
int oci_read_mounts(const char *json, size_t length, struct arena *arena,
                    struct oci_mount_list **ret_mounts, struct thole_error *err);
int oci_read_state(const char *json, size_t length, struct arena *arena,
                   struct oci_state **ret_state, struct thole_error *err);

/** Each returns a malloc'ed JSON text; @indent is the number of blanks per level, 0 for one line.
 */
char *oci_write_state(const struct oci_state *state, int indent);
char *oci_write_process_state(const struct oci_process_state *state, int indent);
char *oci_write_features(const struct oci_features *features, int indent);
