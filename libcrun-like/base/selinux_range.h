/* SPDX-License-Identifier: Apache-2.0 */
/* Two SELinux categories as a word: "c1,c2", the smaller one first. */
#pragma once

#include <stdbool.h>

enum {
    SELINUX_CATEGORIES = 1024,      /* what policies with categories have: c0 to c1023 */
    SELINUX_RANGE_SIZE = 2 * 5 + 2, /* "c1022,c1023" */
};

/** The annotation of a container that wants a range of its own. */
#define SELINUX_RANGE_ANNOTATION "org.thole.selinux.range"
#define SELINUX_RANGE_DYNAMIC "dynamic"
/** The annotations that its state has then: what came of it. */
#define SELINUX_LABEL_ANNOTATION "org.thole.selinux.label"
#define SELINUX_MOUNT_LABEL_ANNOTATION "org.thole.selinux.mount-label"

void selinux_range_format(unsigned low, unsigned high, char ret_range[SELINUX_RANGE_SIZE]);

/** True for a word that selinux_range_format() could have written. */
bool selinux_range_valid(const char *range);
