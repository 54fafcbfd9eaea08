/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of D-Bus as bytes: what a client of systemd writes and reads of them, no more. */
#include "cgroup/dbus_message.h"

#include <endian.h>
#include <string.h>

enum {
    METHOD_CALL = 1,
    VERSION = 1,
    NO_REPLY_EXPECTED = 1,
    HEADER = 16, /* up to the header's fields */
    MESSAGE_MAX = 1 << 20,
};

/* Codes of the header's fields. */
enum {
    FIELD_PATH = 1,
    FIELD_INTERFACE,
    FIELD_MEMBER,
    FIELD_ERROR_NAME,
    FIELD_REPLY_SERIAL,
    FIELD_DESTINATION,
    FIELD_SENDER,
    FIELD_SIGNATURE,
    FIELDS,
};

static const char native = __BYTE_ORDER == __LITTLE_ENDIAN ? 'l' : 'B';

static size_t alignment(char type) {
    if (type == 'y' || type == 'g' || type == 'v')
        return 1;
    return type == 'x' || type == 't' || type == '(' ? 8 : 4;
}

static size_t aligned(size_t at, char type) {
    return (at + alignment(type) - 1) & ~(alignment(type) - 1);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void pad(struct text *body, char type) {
    static const char zeros[8];
    text_append_bytes(body, zeros, aligned(body->length, type) - body->length);
}

void dbus_put_number(struct text *body, char type, uint64_t value) {
    const uint8_t byte = (uint8_t)value;
    const uint32_t word = (uint32_t)value;
    pad(body, type);
    if (alignment(type) == 1)
        text_append_bytes(body, &byte, sizeof(byte));
    else if (alignment(type) == sizeof(word))
        text_append_bytes(body, &word, sizeof(word));
    else
        text_append_bytes(body, &value, sizeof(value));
}

void dbus_put_string(struct text *body, const char *string) {
    dbus_put_number(body, 'u', strlen(string));
    text_append_bytes(body, string, strlen(string) + 1);
}

void dbus_put_signature(struct text *body, const char *signature) {
    dbus_put_number(body, 'y', strlen(signature));
    text_append_bytes(body, signature, strlen(signature) + 1);
}

void dbus_put_struct(struct text *body) {
    pad(body, '(');
}

/* The padding in front of the first item does not count. */
struct dbus_array dbus_open_array(struct text *body, char type) {
    pad(body, 'u');
    struct dbus_array array = {.length_at = body->length};
    dbus_put_number(body, 'u', 0);
    pad(body, type);
    array.items_at = body->length;
    return array;
}

void dbus_close_array(struct text *body, struct dbus_array array) {
    const uint32_t length = (uint32_t)(body->length - array.items_at);
    memcpy(body->data + array.length_at, &length, sizeof(length));
}

/* A field is a structure of its code and a variant. */
static void put_field(struct text *header, uint8_t code, const char *type, const char *value) {
    if (value[0] == '\0')
        return;
    dbus_put_struct(header);
    dbus_put_number(header, 'y', code);
    dbus_put_signature(header, type);
    if (type[0] == 'g')
        dbus_put_signature(header, value);
    else
        dbus_put_string(header, value);
}

void dbus_put_call(struct text *stream, const struct dbus_call *call, uint32_t serial,
                   const struct text *body) {
    cleanup_text struct text header = {0};
    text_append_bytes(&header, &native, 1);
    dbus_put_number(&header, 'y', METHOD_CALL);
    dbus_put_number(&header, 'y', call->no_reply ? NO_REPLY_EXPECTED : 0);
    dbus_put_number(&header, 'y', VERSION);
    dbus_put_number(&header, 'u', body->length);
    dbus_put_number(&header, 'u', serial);
    struct dbus_array fields = dbus_open_array(&header, '(');
    put_field(&header, FIELD_PATH, "o", call->path);
    put_field(&header, FIELD_INTERFACE, "s", call->interface);
    put_field(&header, FIELD_MEMBER, "s", call->member);
    put_field(&header, FIELD_DESTINATION, "s", call->destination);
    put_field(&header, FIELD_SIGNATURE, "g", call->signature);
    dbus_close_array(&header, fields);
    pad(&header, '(');
    text_append_bytes(stream, header.data, header.length);
    if (body->length > 0)
        text_append_bytes(stream, body->data, body->length);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Bytes that are read from front to back; past the end, @at is SIZE_MAX. */
struct reader {
    const char *bytes;
    size_t length;
    size_t at;
};

static const char *take(struct reader *reader, char type, size_t count) {
    size_t at = reader->at < reader->length ? aligned(reader->at, type) : reader->length;
    if (at >= reader->length || reader->length - at < count) {
        reader->at = SIZE_MAX;
        return NULL;
    }
    reader->at = at + count;
    return reader->bytes + at;
}

static uint32_t take_number(struct reader *reader, char type) {
    uint32_t word = 0;
    const char *bytes = take(reader, type, alignment(type));
    if (bytes != NULL && alignment(type) == 1)
        return (uint8_t)*bytes;
    if (bytes != NULL)
        memcpy(&word, bytes, sizeof(word));
    return word;
}

/* A string, an object path or a signature, with the zero that ends it. */
static const char *take_string(struct reader *reader, char type) {
    uint32_t length = take_number(reader, type == 'g' ? 'y' : 'u');
    const char *string = reader->at != SIZE_MAX ? take(reader, 'y', (size_t)length + 1) : NULL;
    if (string == NULL || memchr(string, '\0', (size_t)length + 1) != string + length) {
        reader->at = SIZE_MAX;
        return NULL;
    }
    return string;
}

/* Fields have one of four types; what this side does not know it may skip. */
static bool take_field(struct reader *reader, const char *strings[FIELDS], uint32_t *reply_serial) {
    if (take(reader, '(', 0) == NULL)
        return false;
    uint32_t code = take_number(reader, 'y');
    const char *type = take_string(reader, 'g');
    if (type == NULL || strlen(type) != 1 || strchr("sogu", type[0]) == NULL)
        return false;
    if (type[0] == 'u') {
        uint32_t number = take_number(reader, 'u');
        if (code == FIELD_REPLY_SERIAL)
            *reply_serial = number;
        return reader->at != SIZE_MAX;
    }
    const char *string = take_string(reader, type[0]);
    if (string != NULL && code < FIELDS)
        strings[code] = string;
    return string != NULL;
}

int dbus_read_message(const char *bytes, size_t length, struct dbus_message *ret_message) {
    struct reader reader = {.bytes = bytes, .length = length, .at = 4};
    const char *strings[FIELDS] = {0};
    if (length < HEADER)
        return 0;
    const uint32_t body_length = take_number(&reader, 'u');
    (void)take_number(&reader, 'u'); /* its serial */
    const uint32_t fields_length = take_number(&reader, 'u');
    if (bytes[0] != native || bytes[3] != VERSION || body_length > MESSAGE_MAX ||
        fields_length > MESSAGE_MAX)
        return -1;
    const size_t body_at = aligned(HEADER + fields_length, '(');
    if (length < body_at + body_length)
        return 0;
    *ret_message = (struct dbus_message){
        .size = body_at + body_length,
        .type = (uint8_t)bytes[1],
        .body = bytes + body_at,
        .body_length = body_length,
    };
    reader.length = HEADER + fields_length;
    while (reader.at < reader.length) {
        if (!take_field(&reader, strings, &ret_message->reply_serial))
            return -1;
    }
    ret_message->member = strings[FIELD_MEMBER] != NULL ? strings[FIELD_MEMBER] : "";
    ret_message->error_name = strings[FIELD_ERROR_NAME] != NULL ? strings[FIELD_ERROR_NAME] : "";
    ret_message->signature = strings[FIELD_SIGNATURE] != NULL ? strings[FIELD_SIGNATURE] : "";
    return 1;
}

const char *dbus_next_string(const struct dbus_message *message, size_t *at) {
    struct reader reader = {.bytes = message->body, .length = message->body_length, .at = *at};
    const char *string = take_string(&reader, 's');
    *at = reader.at;
    return string;
}

uint32_t dbus_next_number(const struct dbus_message *message, size_t *at) {
    struct reader reader = {.bytes = message->body, .length = message->body_length, .at = *at};
    uint32_t number = take_number(&reader, 'u');
    *at = reader.at;
    return number;
}
