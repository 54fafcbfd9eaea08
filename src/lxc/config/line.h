/* SPDX-License-Identifier: Apache-2.0 */
/* One line of lxc.conf(5): KEY = VALUE. */
#pragma once

#include <stddef.h>

enum lxc_line_kind {
    LXC_LINE_EMPTY,    /* nothing, or a comment */
    LXC_LINE_FOREIGN,  /* it does not begin with "lxc." */
    LXC_LINE_NO_VALUE, /* there is no "=" after the key */
    LXC_LINE_SETTING,
};

/** The parts of a line, not terminated; blanks and quotes around the value are left out. */
struct lxc_line {
    const char *key;
    size_t key_length;
    const char *value;
    size_t value_length;
};

/** Takes @line of @length bytes apart. The key is filled in for all but empty lines. */
enum lxc_line_kind lxc_line_split(const char *line, size_t length, struct lxc_line *ret_parts);
