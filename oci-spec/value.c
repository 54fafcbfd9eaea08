/* SPDX-License-Identifier: Apache-2.0 */
/* Judging and storing single values. */
#include "oci-spec/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oci-spec/document.h"
#include "oci-spec/unicode.h"

static __attribute__((format(printf, 2, 3))) bool refuse(struct oci_fault *fault,
                                                         const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(fault->text, sizeof(fault->text), format, arguments);
    va_end(arguments);
    return false;
}

bool oci_value_sound(const char *text, size_t length, struct oci_fault *fault) {
    if (length > OCI_STRING_MAX)
        return refuse(fault, "is longer than %d bytes", OCI_STRING_MAX);
    if (oci_unicode_valid(text, length))
        return true;
    return refuse(fault, memchr(text, '\0', length) != NULL ? "contains the character \\u0000"
                                                            : "is not valid UTF-8");
}

/* The digits as an integer within the row's range, negative ones in two's complement. */
static bool parse_integer(const struct oci_field *field, const char *digits, uint64_t *ret_value) {
    if (digits[0] == '-') {
        int64_t value;
        if (field->minimum >= 0 || !text_parse_int(digits, field->minimum, 0, &value))
            return false;
        *ret_value = (uint64_t)value;
        return true;
    }
    return text_parse_uint(digits, field->maximum, ret_value) &&
           (field->minimum <= 0 || *ret_value >= (uint64_t)field->minimum);
}

bool oci_value_number(const struct oci_field *field, enum oci_kind kind, void *memory,
                      const char *text, size_t length, struct oci_fault *fault) {
    char digits[24] = ""; /* more than any 64-bit number has */
    uint64_t value;
    if (length < sizeof(digits))
        memcpy(digits, text, length);
    if (!parse_integer(field, digits, &value)) {
        const bool whole = memchr(text, '.', length) == NULL && memchr(text, 'e', length) == NULL &&
                           memchr(text, 'E', length) == NULL;
        return refuse(fault, "must be a whole number from %" PRId64 " to %" PRIu64 "%s, not %.*s",
                      field->minimum, field->maximum, whole ? "" : " without fraction or exponent",
                      (int)(length < 40 ? length : 40), text);
    }
    switch (kind) {
    case OCI_KIND_INT32:
        *(int32_t *)memory = (int32_t)value;
        break;
    case OCI_KIND_UINT32:
        *(uint32_t *)memory = (uint32_t)value;
        break;
    case OCI_KIND_INT64:
        *(int64_t *)memory = (int64_t)value;
        break;
    case OCI_KIND_UINT64:
        *(uint64_t *)memory = value;
        break;
    case OCI_KIND_OPTIONAL_INT:
        *(struct oci_int *)memory = (struct oci_int){true, (int64_t)value};
        break;
    default:
        *(struct oci_uint *)memory = (struct oci_uint){true, value};
        break;
    }
    return true;
}

static bool refuse_choice(struct oci_fault *fault, const struct name_value *names,
                          const char *quoted) {
    cleanup_text struct text known = {0};
    for (const struct name_value *name = names; name->name != NULL; name++)
        text_appendf(&known, "%s%s", name == names ? "" : ", ", name->name);
    return refuse(fault, "unknown value %s; known: %.390s%s", quoted,
                  known.length > 0 ? known.data : "none", known.length > 390 ? "..." : "");
}

static bool store_hexadecimal(const char *text, uint64_t *ret_value, struct oci_fault *fault) {
    const size_t digits =
        text_starts_with(text, "0x") ? strspn(text + 2, "0123456789abcdefABCDEF") : 0;
    if (digits == 0 || digits > 16 || text[2 + digits] != '\0')
        return refuse(fault, "must be a string such as \"0x1ffffffffff\"");
    *ret_value = strtoull(text, NULL, 16);
    return true;
}

bool oci_value_string(const struct oci_field *field, enum oci_kind kind, void *memory,
                      const char *text, size_t length, struct arena *arena,
                      struct oci_fault *fault) {
    if (length == 0 && (field->flags & OCI_EMPTY_IS_ABSENT) != 0) {
        memset(memory, 0, oci_kinds[kind].size);
        return true;
    }
    char *copy = arena_strndup(arena, text, length);
    int number = 0;
    if (kind == OCI_KIND_HEX)
        return store_hexadecimal(copy, memory, fault);
    if (field->names != NULL) {
        const struct name_value *name = names_find(field->names, copy);
        if (name == NULL)
            return refuse_choice(fault, field->names, oci_unicode_quote(text, length).text);
        number = (int)name->value;
    }
    const bool in_map = field->kind == OCI_KIND_STRING_MAP; /* whose names are what is checked */
    const char *wanted = field->check != NULL && !in_map ? field->check(copy) : NULL;
    if (wanted != NULL)
        return refuse(fault, "must be %s, not %s", wanted, oci_unicode_quote(text, length).text);
    if (kind == OCI_KIND_ENUM)
        *(int *)memory = number;
    else
        *(char **)memory = copy;
    return true;
}
