/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol buffers, as far as CRIU's RPC speaks them: a message is a row of fields, each a number,
 * a string or another message (https://protobuf.dev/programming-guides/encoding). Why not the
 * library: docs/architecture.md, "One program".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

void message_put_number(struct text *message, unsigned field, int64_t number);
/** NULL: the field is left out. */
void message_put_string(struct text *message, unsigned field, const char *string);
void message_put_message(struct text *message, unsigned field, const struct text *inner);

/** What is left of a message that is read, borrowed. */
struct message {
    const uint8_t *at;
    size_t length;
};

struct message_field {
    unsigned number;
    uint64_t value;       /* of a number */
    struct message bytes; /* of a string or a message */
};

/** Takes the next field. 1, 0 at the end, -1: this is no message. */
int message_next(struct message *message, struct message_field *ret_field);

/** The field called @number, the last one where there are several; false: there is none. */
bool message_find(struct message message, unsigned number, struct message_field *ret_field);
