/* SPDX-License-Identifier: Apache-2.0 */
/* Text of strangers for a terminal: what the terminal would obey becomes visible instead. */
#include "cli/visible.h"

#include <stdint.h>

enum { CONTROL_1_FIRST = 0x80, CONTROL_1_END = 0xa0 };

/* Of the character that begins with @byte; 0: none does. */
static size_t length_of(unsigned char byte) {
    if (byte < 0x80)
        return 1;
    return byte >= 0xc2 && byte < 0xe0   ? 2
           : byte >= 0xe0 && byte < 0xf0 ? 3
           : byte >= 0xf0 && byte < 0xf5 ? 4
                                         : 0;
}

static void append_character(struct text *text, const unsigned char *bytes, size_t length) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code = bytes[0] & (0x7fU >> (length > 1 ? length : 0));
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    if (length == 1 && (code < ' ' || code == 0x7f) && code != '\t') {
        text_appendf(text, "^%c", (int)(code ^ 0x40));
        return;
    }
    const bool overlong = length > 1 && code < least[length];
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    if (overlong || surrogate || code > 0x10ffff ||
        (code >= CONTROL_1_FIRST && code < CONTROL_1_END))
        text_append(text, "?");
    else
        text_append_bytes(text, bytes, length);
}

void visible_end(struct visible *visible, struct text *text) {
    if (visible->count > 0)
        text_append(text, "?");
    visible->count = 0;
}

void visible_append(struct visible *visible, struct text *text, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        const bool goes_on = (byte & 0xc0) == 0x80;
        if (!goes_on)
            visible_end(visible, text);
        if ((goes_on && visible->count == 0) || (!goes_on && length_of(byte) == 0)) {
            text_append(text, "?");
            continue;
        }
        visible->bytes[visible->count++] = byte;
        if (visible->count == length_of(visible->bytes[0])) {
            append_character(text, visible->bytes, visible->count);
            visible->count = 0;
        }
    }
}
