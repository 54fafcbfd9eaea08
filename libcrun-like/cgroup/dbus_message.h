/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of D-Bus as bytes (D-Bus Specification, "Type System" and "Message Protocol"). */
#pragma once

#include <stdint.h>

#include "base/text.h"

/* ---- writing: values are appended to a body, each aligned as its type wants it --------------- */

/** @type: y, b, i, u, x or t. */
void dbus_put_number(struct text *body, char type, uint64_t value);

/** A string or an object path. */
void dbus_put_string(struct text *body, const char *string);

/** A signature: what comes before the value of a variant. */
void dbus_put_signature(struct text *body, const char *signature);

/** The beginning of a structure. */
void dbus_put_struct(struct text *body);

/** An array whose items follow. */
struct dbus_array {
    size_t length_at, items_at;
};

/** @type is that of the items: its first character decides how they are aligned. */
struct dbus_array dbus_open_array(struct text *body, char type);
void dbus_close_array(struct text *body, struct dbus_array array);

/** A call of a method. */
struct dbus_call {
    const char *destination;
    const char *path;
    const char *interface;
    const char *member;
    const char *signature; /* of the body; "": there is none */
    bool no_reply;
};

/** Appends the whole message to @stream. */
void dbus_put_call(struct text *stream, const struct dbus_call *call, uint32_t serial,
                   const struct text *body);

/* ---- reading --------------------------------------------------------------------------------- */

enum dbus_type {
    DBUS_RETURN = 2,
    DBUS_ERROR = 3,
    DBUS_SIGNAL = 4,
};

/** A message that came in; its pointers lead into the bytes that it was read from. */
struct dbus_message {
    size_t size; /* of the whole message */
    uint8_t type;
    uint32_t reply_serial;
    const char *member;     /* "": none */
    const char *error_name; /* "": none */
    const char *signature;  /* "": no body */
    const char *body;
    size_t body_length;
};

/**
 * Reads the message at the beginning of the @length bytes at @bytes. Returns 1, 0 if it is not all
 * there yet, -1 if it is none that this side of D-Bus understands.
 */
int dbus_read_message(const char *bytes, size_t length, struct dbus_message *ret_message);

/**
 * The next value of @message's body, from @at, which moves behind it. NULL or 0: there is no such
 * value, and @at is SIZE_MAX from then on.
 */
const char *dbus_next_string(const struct dbus_message *message, size_t *at);
uint32_t dbus_next_number(const struct dbus_message *message, size_t *at);
