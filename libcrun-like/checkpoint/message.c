/* SPDX-License-Identifier: Apache-2.0 */
/* The encoding of protocol buffers. */
#include "checkpoint/message.h"

#include <string.h>

/* How long a field is, by the low bits of its tag; the third and fourth kind are not used any more.
 */
enum kind { KIND_NUMBER, KIND_8_BYTES, KIND_BYTES, KIND_4_BYTES = 5 };

/* Seven bits a byte, the lowest first; all but the last one have the eighth. */
static void put_digits(struct text *message, uint64_t number) {
    uint8_t digits[10];
    size_t count = 0;
    do {
        digits[count] = (uint8_t)(number & 0x7f);
        number >>= 7;
        if (number != 0)
            digits[count] |= 0x80;
        count++;
    } while (number != 0);
    text_append_bytes(message, digits, count);
}

static void put_tag(struct text *message, unsigned field, enum kind kind) {
    put_digits(message, (uint64_t)field << 3 | kind);
}

static void put_bytes(struct text *message, unsigned field, const void *bytes, size_t length) {
    put_tag(message, field, KIND_BYTES);
    put_digits(message, length);
    text_append_bytes(message, bytes, length);
}

void message_put_number(struct text *message, unsigned field, int64_t number) {
    put_tag(message, field, KIND_NUMBER);
    put_digits(message, (uint64_t)number);
}

void message_put_string(struct text *message, unsigned field, const char *string) {
    if (string != NULL)
        put_bytes(message, field, string, strlen(string));
}

void message_put_message(struct text *message, unsigned field, const struct text *inner) {
    put_bytes(message, field, inner->length > 0 ? inner->data : "", inner->length);
}

static bool take_digits(struct message *message, uint64_t *ret_number) {
    *ret_number = 0;
    for (unsigned shift = 0; message->length > 0 && shift < 64; shift += 7) {
        const uint8_t digit = *message->at;
        message->at++;
        message->length--;
        *ret_number |= (uint64_t)(digit & 0x7f) << shift;
        if ((digit & 0x80) == 0)
            return true;
    }
    return false;
}

static bool take_bytes(struct message *message, uint64_t length, struct message *ret_bytes) {
    if (length > message->length)
        return false;
    *ret_bytes = (struct message){message->at, (size_t)length};
    message->at += length;
    message->length -= (size_t)length;
    return true;
}

int message_next(struct message *message, struct message_field *ret_field) {
    uint64_t tag = 0;
    uint64_t length = 0;
    *ret_field = (struct message_field){0};
    if (message->length == 0)
        return 0;
    if (!take_digits(message, &tag) || tag >> 3 > UINT32_MAX)
        return -1;
    ret_field->number = (unsigned)(tag >> 3);
    switch (tag & 7) {
    case KIND_NUMBER:
        return take_digits(message, &ret_field->value) ? 1 : -1;
    case KIND_8_BYTES:
        return take_bytes(message, 8, &ret_field->bytes) ? 1 : -1;
    case KIND_4_BYTES:
        return take_bytes(message, 4, &ret_field->bytes) ? 1 : -1;
    case KIND_BYTES:
        return take_digits(message, &length) && take_bytes(message, length, &ret_field->bytes) ? 1
                                                                                               : -1;
    default:
        return -1;
    }
}

bool message_find(struct message message, unsigned number, struct message_field *ret_field) {
    bool found = false;
    struct message_field field;
    while (message_next(&message, &field) > 0) {
        if (field.number == number) {
            *ret_field = field;
            found = true;
        }
    }
    return found;
}
