/* SPDX-License-Identifier: Apache-2.0 */
/* One writer for all OCI documents: walks a struct along its table. */
#include "oci-spec/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/text.h"

/* How every list and map begins; maps of strings end before @set. */
typedef OCI_LIST(char) any_list;

static void write_object(yajl_gen gen, const struct oci_type *type, const char *object);

static void write_string(yajl_gen gen, const char *string) {
    (void)yajl_gen_string(gen, (const unsigned char *)string, strlen(string));
}

static void write_unsigned(yajl_gen gen, uint64_t value) {
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, value);
    (void)yajl_gen_number(gen, digits, (size_t)length);
}

static const char *pointer_at(const void *memory) {
    const char *pointer;
    memcpy(&pointer, memory, sizeof(pointer));
    return pointer;
}

static any_list list_at(const struct oci_field *field, const char *memory) {
    any_list list = {0};
    size_t size = oci_kinds[field->kind].size;
    memcpy(&list, memory, size < sizeof(list) ? size : sizeof(list));
    return list;
}

static bool is_absent(const struct oci_field *field, const void *memory) {
    switch (field->kind) {
    case OCI_KIND_STRING:
    case OCI_KIND_OBJECT:
        return pointer_at(memory) == NULL;
    case OCI_KIND_ENUM:
        return *(const int *)memory == 0;
    case OCI_KIND_BOOL:
        return !*(const bool *)memory && (field->flags & OCI_REQUIRED) == 0;
    case OCI_KIND_OPTIONAL_BOOL:
        return !((const struct oci_bool *)memory)->set;
    case OCI_KIND_UINT32:
        return *(const uint32_t *)memory == 0 && (field->flags & (OCI_REQUIRED | OCI_ALWAYS)) == 0;
    case OCI_KIND_INT64:
    case OCI_KIND_UINT64:
        return *(const uint64_t *)memory == 0 && (field->flags & (OCI_REQUIRED | OCI_ALWAYS)) == 0;
    case OCI_KIND_OPTIONAL_INT:
        return !((const struct oci_int *)memory)->set;
    case OCI_KIND_OPTIONAL_UINT:
        return !((const struct oci_uint *)memory)->set;
    case OCI_KIND_STRING_MAP:
        return list_at(field, memory).count == 0;
    case OCI_KIND_STRINGS:
    case OCI_KIND_UINT32S:
    case OCI_KIND_OBJECTS:
    case OCI_KIND_OBJECT_MAP:
        return list_at(field, memory).count == 0 && !list_at(field, memory).set;
    default:
        return true;
    }
}

static const char *enum_name(const struct name_value *names, int value) {
    while (names->name != NULL && names->value != value)
        names++;
    return names->name != NULL ? names->name : "";
}

static void write_list(yajl_gen gen, const struct oci_field *field, const char *memory) {
    any_list list = list_at(field, memory);
    (void)yajl_gen_array_open(gen);
    for (size_t i = 0; i < list.count; i++) {
        if (field->kind == OCI_KIND_STRINGS)
            write_string(gen, ((const struct oci_strings *)(const void *)memory)->items[i]);
        else if (field->kind == OCI_KIND_UINT32S)
            write_unsigned(gen, ((const uint32_t *)(const void *)list.items)[i]);
        else
            write_object(gen, field->type, list.items + i * field->type->size);
    }
    (void)yajl_gen_array_close(gen);
}

static void write_map(yajl_gen gen, const struct oci_field *field, const char *memory) {
    any_list list = list_at(field, memory);
    (void)yajl_gen_map_open(gen);
    for (size_t i = 0; i < list.count; i++) {
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

static void write_value(yajl_gen gen, const struct oci_field *field, const void *memory) {
    switch (field->kind) {
    case OCI_KIND_STRING:
        write_string(gen, pointer_at(memory));
        break;
    case OCI_KIND_ENUM:
        write_string(gen, enum_name(field->names, *(const int *)memory));
        break;
    case OCI_KIND_BOOL:
        (void)yajl_gen_bool(gen, *(const bool *)memory);
        break;
    case OCI_KIND_OPTIONAL_BOOL:
        (void)yajl_gen_bool(gen, ((const struct oci_bool *)memory)->value);
        break;
    case OCI_KIND_UINT32:
        write_unsigned(gen, *(const uint32_t *)memory);
        break;
    case OCI_KIND_INT64:
        (void)yajl_gen_integer(gen, *(const int64_t *)memory);
        break;
    case OCI_KIND_UINT64:
        write_unsigned(gen, *(const uint64_t *)memory);
        break;
    case OCI_KIND_OPTIONAL_INT:
        (void)yajl_gen_integer(gen, ((const struct oci_int *)memory)->value);
        break;
    case OCI_KIND_OPTIONAL_UINT:
        write_unsigned(gen, ((const struct oci_uint *)memory)->value);
        break;
    case OCI_KIND_OBJECT:
        write_object(gen, field->type, pointer_at(memory));
        break;
    case OCI_KIND_STRING_MAP:
    case OCI_KIND_OBJECT_MAP:
        write_map(gen, field, memory);
        break;
    default:
        write_list(gen, field, memory);
        break;
    }
}

static void write_object(yajl_gen gen, const struct oci_type *type, const char *object) {
    (void)yajl_gen_map_open(gen);
    for (size_t i = 0; i < type->count; i++) {
        const struct oci_field *field = &type->fields[i];
        const char *memory = object + field->offset;
        if (is_absent(field, memory))
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
