/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of lxc.conf(5). */
#include "lxc/config/line.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char letter) {
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\v' || letter == '\f';
}

static void trim(const char **at, size_t *length) {
    while (*length > 0 && is_blank((*at)[0])) {
        (*at)++;
        (*length)--;
    }
    while (*length > 0 && is_blank((*at)[*length - 1]))
        (*length)--;
}

static void unquote(const char **at, size_t *length) {
    char first = *length >= 2 ? (*at)[0] : '\0';
    if ((first == '"' || first == '\'') && (*at)[*length - 1] == first) {
        (*at)++;
        *length -= 2;
    }
}

enum lxc_line_kind lxc_line_split(const char *line, size_t length, struct lxc_line *ret_parts) {
    trim(&line, &length);
    if (length == 0 || line[0] == '#')
        return LXC_LINE_EMPTY;
    const char *equals = memchr(line, '=', length);
    ret_parts->key = line;
    ret_parts->key_length = equals != NULL ? (size_t)(equals - line) : length;
    trim(&ret_parts->key, &ret_parts->key_length);
    if (length < 4 || memcmp(line, "lxc.", 4) != 0)
        return LXC_LINE_FOREIGN;
    if (equals == NULL)
        return LXC_LINE_NO_VALUE;
    ret_parts->value = equals + 1;
    ret_parts->value_length = length - (size_t)(equals + 1 - line);
    trim(&ret_parts->value, &ret_parts->value_length);
    unquote(&ret_parts->value, &ret_parts->value_length);
    return LXC_LINE_SETTING;
}
