/* SPDX-License-Identifier: Apache-2.0 */
/* One spelling alone: it is the name of a file as well. */
#include "base/selinux_range.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

void selinux_range_format(unsigned low, unsigned high, char ret_range[SELINUX_RANGE_SIZE]) {
    cleanup_text struct text text = {0};
    text_appendf(&text, "c%u,c%u", low, high);
    memcpy(ret_range, text.data, text.length + 1);
}

bool selinux_range_valid(const char *range) {
    char canonical[SELINUX_RANGE_SIZE];
    char word[SELINUX_RANGE_SIZE];
    uint64_t low = 0;
    uint64_t high = 0;
    if (range[0] != 'c' || strlen(range) >= sizeof(word))
        return false;
    (void)stpcpy(word, range);
    char *second = strstr(word, ",c");
    if (second == NULL)
        return false;
    *second = '\0';
    if (!text_parse_uint(word + 1, SELINUX_CATEGORIES - 1, &low) ||
        !text_parse_uint(second + 2, SELINUX_CATEGORIES - 1, &high) || low >= high)
        return false;
    selinux_range_format((unsigned)low, (unsigned)high, canonical);
    return strcmp(range, canonical) == 0;
}
