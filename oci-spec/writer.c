/* SPDX-License-Identifier: Apache-2.0 */
/* One writer for all OCI documents: walks a struct along its table. */
#include "oci-spec/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/text.h"

static void write_object(yajl_gen gen, const struct oci_type *type, const char *object);

static void write_string(yajl_gen gen, const char *string) {
    (void)yajl_gen_string(gen, (const unsigned char *)string, strlen(string));
}

static const char *pointer_at(const void *memory) {
    const char *pointer;
    memcpy(&pointer, memory, sizeof(pointer));
    return pointer;
}

/* Number of the bit that is the one at @index among those that are set, -1 behind the last. */
static int bit_at(uint64_t bits, size_t index) {
    for (; bits != 0; bits &= bits - 1) {
        if (index-- == 0)
            return __builtin_ctzll(bits);
    }
    return -1;
}

struct oci_elements oci_elements_of(const struct oci_field *field, const void *memory) {
    struct oci_elements elements = {0};
    if (field->kind == OCI_KIND_BITS)
        elements.count = (size_t)__builtin_popcountll(*(const uint64_t *)memory);
    else
        memcpy(&elements, memory, sizeof(elements)); /* how every list and map begins */
    return elements;
}

static bool is_empty(const struct oci_type *type, const char *object) {
    for (size_t i = 0; i < type->count; i++) {
        if (!oci_is_absent(&type->fields[i], object + type->fields[i].offset))
            return false;
    }
    return true;
}

static bool is_absent_number(const struct oci_field *field, int64_t value) {
    if ((field->flags & OCI_MINUS_ONE_IS_ABSENT) != 0)
        return value == -1;
    return value == 0 && (field->flags & (OCI_REQUIRED | OCI_ALWAYS)) == 0;
}

bool oci_is_absent(const struct oci_field *field, const void *memory) {
    switch (field->kind) {
    case OCI_KIND_STRING:
    case OCI_KIND_OBJECT:
        return pointer_at(memory) == NULL;
    case OCI_KIND_INLINE_OBJECT:
        return is_empty(field->type, memory);
    case OCI_KIND_ENUM:
    case OCI_KIND_INT32:
    case OCI_KIND_UINT32:
    case OCI_KIND_MODE:
        return is_absent_number(field, *(const int32_t *)memory);
    case OCI_KIND_INT64:
    case OCI_KIND_UINT64:
    case OCI_KIND_HEX:
    case OCI_KIND_BITS:
        return is_absent_number(field, *(const int64_t *)memory);
    case OCI_KIND_BOOL:
        return !*(const bool *)memory && (field->flags & (OCI_REQUIRED | OCI_ALWAYS)) == 0;
    case OCI_KIND_OPTIONAL_BOOL:
    case OCI_KIND_OPTIONAL_INT:
    case OCI_KIND_OPTIONAL_UINT:
        return !*(const bool *)memory; /* @set comes first */
    case OCI_KIND_CHARACTER:
        return *(const char *)memory == '\0';
    case OCI_KIND_STRING_MAP:
    case OCI_KIND_BYTES:
        return oci_elements_of(field, memory).count == 0;
    case OCI_KIND_STRINGS:
    case OCI_KIND_UINT32S:
    case OCI_KIND_OBJECTS:
    case OCI_KIND_OBJECT_MAP:
        return oci_elements_of(field, memory).count == 0 &&
               ((field->flags & OCI_PLAIN) != 0 || !((const OCI_LIST(char) *)memory)->set);
    default:
        return true;
    }
}

static void append_number(struct text *text, const struct oci_field *field, const void *memory) {
    switch (field->kind) {
    case OCI_KIND_MODE:
        text_appendf(text, "%04" PRIo32, *(const uint32_t *)memory);
        break;
    case OCI_KIND_HEX:
        text_appendf(text, "0x%" PRIx64, *(const uint64_t *)memory);
        break;
    case OCI_KIND_UINT32:
        text_appendf(text, "%" PRIu32, *(const uint32_t *)memory);
        break;
    case OCI_KIND_INT32:
        text_appendf(text, "%" PRId32, *(const int32_t *)memory);
        break;
    case OCI_KIND_INT64:
        text_appendf(text, "%" PRId64, *(const int64_t *)memory);
        break;
    case OCI_KIND_UINT64:
        text_appendf(text, "%" PRIu64, *(const uint64_t *)memory);
        break;
    case OCI_KIND_OPTIONAL_INT:
        text_appendf(text, "%" PRId64, ((const struct oci_int *)memory)->value);
        break;
    default: /* OCI_KIND_OPTIONAL_UINT */
        text_appendf(text, "%" PRIu64, ((const struct oci_uint *)memory)->value);
        break;
    }
}

static void append_bit(struct text *text, const struct oci_field *field, int bit) {
    const char *name = names_of(field->names, (int64_t)(UINT64_C(1) << bit));
    if (name != NULL)
        text_append(text, name);
    else
        text_appendf(text, "bit%d", bit);
}

static void append_hexadecimal(struct text *text, struct oci_elements bytes) {
    for (size_t i = 0; i < bytes.count; i++)
        text_appendf(text, "%02x", (unsigned char)bytes.items[i]);
}

void oci_append_word(struct text *text, const struct oci_field *field, const void *memory,
                     size_t index) {
    const char *name = NULL;
    switch (field->kind) {
    case OCI_KIND_STRING:
        text_append(text, pointer_at(memory));
        break;
    case OCI_KIND_CHARACTER:
        text_append_bytes(text, memory, 1);
        break;
    case OCI_KIND_ENUM:
        name = names_of(field->names, *(const int *)memory);
        text_append(text, name != NULL ? name : "");
        break;
    case OCI_KIND_BOOL:
        name = *(const bool *)memory ? "true" : "false";
        text_append(text,
                    field->names != NULL ? names_of(field->names, *(const bool *)memory) : name);
        break;
    case OCI_KIND_STRINGS:
        text_append(text, ((char *const *)(const void *)pointer_at(memory))[index]);
        break;
    case OCI_KIND_UINT32S:
        text_appendf(text, "%" PRIu32, ((const uint32_t *)(const void *)pointer_at(memory))[index]);
        break;
    case OCI_KIND_BITS:
        append_bit(text, field, bit_at(*(const uint64_t *)memory, index));
        break;
    case OCI_KIND_BYTES:
        append_hexadecimal(text, oci_elements_of(field, memory));
        break;
    default:
        append_number(text, field, memory);
        break;
    }
}

static void write_word(yajl_gen gen, enum oci_json json, const struct oci_field *field,
                       const void *memory, size_t index) {
    cleanup_text struct text word = {0};
    text_append(&word, "");
    oci_append_word(&word, field, memory, index);
    if (json == OCI_JSON_NUMBER)
        (void)yajl_gen_number(gen, word.data, word.length);
    else
        write_string(gen, word.data);
}

static void write_list(yajl_gen gen, const struct oci_field *field, const char *memory) {
    const struct oci_elements list = oci_elements_of(field, memory);
    (void)yajl_gen_array_open(gen);
    for (size_t i = 0; i < list.count; i++) {
        if (field->kind == OCI_KIND_OBJECTS)
            write_object(gen, field->type, list.items + i * field->type->size);
        else
            write_word(gen, field->kind == OCI_KIND_UINT32S ? OCI_JSON_NUMBER : OCI_JSON_STRING,
                       field, memory, i);
    }
    (void)yajl_gen_array_close(gen);
}

static void write_map(yajl_gen gen, const struct oci_field *field, const char *memory) {
    const struct oci_elements list = oci_elements_of(field, memory);
    (void)yajl_gen_map_open(gen);
    for (size_t i = 0; list.items != NULL && i < list.count; i++) {
        if (field->kind == OCI_KIND_STRING_MAP) {
            const struct oci_pair *pair = (const struct oci_pair *)(const void *)list.items + i;
            write_string(gen, pair->key);
            write_string(gen, pair->value);
        } else {
            const char *entry = list.items + i * field->type->size;
            write_string(gen, pointer_at(entry)); /* the key comes first */
            write_object(gen, field->type, entry);
        }
    }
    (void)yajl_gen_map_close(gen);
}

static void write_value(yajl_gen gen, const struct oci_field *field, const char *memory) {
    const enum oci_json json = oci_kinds[field->kind].json;
    if (field->kind == OCI_KIND_OBJECT || field->kind == OCI_KIND_INLINE_OBJECT)
        write_object(gen, field->type,
                     field->kind == OCI_KIND_OBJECT ? pointer_at(memory) : memory);
    else if (json == OCI_JSON_OBJECT)
        write_map(gen, field, memory);
    else if (json == OCI_JSON_LIST)
        write_list(gen, field, memory);
    else if (field->kind == OCI_KIND_BOOL)
        (void)yajl_gen_bool(gen, *(const bool *)memory);
    else if (field->kind == OCI_KIND_OPTIONAL_BOOL)
        (void)yajl_gen_bool(gen, ((const struct oci_bool *)(const void *)memory)->value);
    else
        write_word(gen, json, field, memory, 0);
}

static void write_object(yajl_gen gen, const struct oci_type *type, const char *object) {
    (void)yajl_gen_map_open(gen);
    for (size_t i = 0; i < type->count; i++) {
        const struct oci_field *field = &type->fields[i];
        const char *memory = object + field->offset;
        if (oci_is_absent(field, memory))
            continue;
        write_string(gen, field->name);
        write_value(gen, field, memory);
    }
    (void)yajl_gen_map_close(gen);
}

static void collect(void *context, const char *bytes, size_t length) {
    text_append_bytes(context, bytes, length);
}

char *oci_write(const struct oci_type *type, const void *object, int indent) {
    static const char blanks[] = "                ";
    const int widest = (int)sizeof(blanks) - 1;
    cleanup_text struct text json = {0};
    yajl_gen gen = yajl_gen_alloc(NULL);
    if (gen == NULL)
        abort();
    (void)yajl_gen_config(gen, yajl_gen_print_callback, collect, &json);
    if (indent > 0) {
        (void)yajl_gen_config(gen, yajl_gen_beautify, 1);
        (void)yajl_gen_config(gen, yajl_gen_indent_string,
                              blanks + (indent < widest ? widest - indent : 0));
    }
    write_object(gen, type, object);
    yajl_gen_free(gen);
    while (json.length > 0 && json.data[json.length - 1] == '\n')
        json.data[--json.length] = '\0';
    return text_take(&json);
}
