/* SPDX-License-Identifier: Apache-2.0 */
/* Filling in and wording of errors. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int error_set(struct thole_error *err, enum thole_error_kind kind, int code, const char *where,
              const char *format, ...) {
    if (err == NULL)
        return -1;
    err->kind = kind;
    err->code = code;
    err->hint[0] = '\0';
    (void)snprintf(err->where, sizeof(err->where), "%s", where != NULL ? where : "");

    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);
    text_make_plain(err->where);
    text_make_plain(err->text);
    return -1;
}

int error_copy(struct thole_error *err, const struct thole_error *failure) {
    if (err != NULL)
        *err = *failure;
    return -1;
}

int error_hint(struct thole_error *err, const char *format, ...) {
    if (err == NULL)
        return -1;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(err->hint, sizeof(err->hint), format, arguments);
    va_end(arguments);
    text_make_plain(err->hint);
    return -1;
}

int error_prefix(struct thole_error *err, const char *format, ...) {
    if (err == NULL)
        return -1;
    char text[sizeof(err->text)];
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof(text))
        (void)snprintf(text + used, sizeof(text) - (size_t)used, ": %.900s", err->text);
    text_make_plain(text);
    memcpy(err->text, text, sizeof(text));
    return -1;
}

char *error_format(const struct thole_error *err, char *buffer, size_t size) {
    (void)snprintf(buffer, size, "%s%s%s%s%s", err->where, err->where[0] != '\0' ? ": " : "",
                   err->text, err->code != 0 ? ": " : "",
                   err->code != 0 ? strerror(err->code) : "");
    return buffer;
}
