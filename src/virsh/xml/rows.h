/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything in a domain's XML: what it is, where it lands, or why it does not. */
#pragma once

#include <stdint.h>

#include "base/names.h"

enum virsh_row_kind {
    VIRSH_ROW_PLACE,   /* holds what other rows name */
    VIRSH_ROW_LIST,    /* an element of a list: rows beneath it fill in that one */
    VIRSH_ROW_TEXT,    /* struct domain_value: as it stands there */
    VIRSH_ROW_NAME,    /* the same, of the element's name; the path ends with a star */
    VIRSH_ROW_NUMBER,  /* decimal */
    VIRSH_ROW_SIZE,    /* with a unit, KiB without one; in bytes */
    VIRSH_ROW_WORD,    /* one of @words */
    VIRSH_ROW_FLAG,    /* it is there: 1 */
    VIRSH_ROW_KEPT,    /* for its owner: no effect was expected */
    VIRSH_ROW_IGNORED, /* a warning tells @why */
    VIRSH_ROW_REFUSED, /* an error tells @why */
};

struct virsh_row {
    const char *path; /* beneath the root: "os/init", "devices/filesystem@type" */
    enum virsh_row_kind kind;
    uint32_t offset; /* in struct domain, or in the list element around it */
    uint32_t size;   /* of a list element */
    const struct name_value *words;
    const char *note; /* where it lands in OCI or the monitor; or why it does not */
};

/** All rows; the last one has no path. */
extern const struct virsh_row virsh_rows[];

/** The row of an element (its path) or an attribute ("PATH@NAME"); NULL: nobody knows it. */
const struct virsh_row *virsh_row_find(const char *path);
