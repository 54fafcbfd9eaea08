/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of members, and finding rows and names in tables. */
#include "oci-spec/fields.h"

#include <string.h>
#include <sys/types.h>

#define OBJECT_LIST_SIZE sizeof(OCI_LIST(char))

const struct oci_kind_info oci_kinds[] = {
    [OCI_KIND_FOREIGN] = {"anything", OCI_JSON_OBJECT, 0, 0},
    [OCI_KIND_STRING] = {"a string", OCI_JSON_STRING, sizeof(char *), 0},
    [OCI_KIND_ENUM] = {"a string", OCI_JSON_STRING, sizeof(int), 0},
    [OCI_KIND_BOOL] = {"true or false", OCI_JSON_BOOLEAN, sizeof(bool), 0},
    [OCI_KIND_OPTIONAL_BOOL] = {"true or false", OCI_JSON_BOOLEAN, sizeof(struct oci_bool), 0},
    [OCI_KIND_UINT32] = {"a number", OCI_JSON_NUMBER, sizeof(uint32_t), 0},
    [OCI_KIND_INT64] = {"a number", OCI_JSON_NUMBER, sizeof(int64_t), 0},
    [OCI_KIND_UINT64] = {"a number", OCI_JSON_NUMBER, sizeof(uint64_t), 0},
    [OCI_KIND_OPTIONAL_INT] = {"a number", OCI_JSON_NUMBER, sizeof(struct oci_int), 0},
    [OCI_KIND_OPTIONAL_UINT] = {"a number", OCI_JSON_NUMBER, sizeof(struct oci_uint), 0},
    [OCI_KIND_OBJECT] = {"an object", OCI_JSON_OBJECT, sizeof(void *), 0},
    [OCI_KIND_INLINE_OBJECT] = {"an object", OCI_JSON_OBJECT, 0, 0},
    [OCI_KIND_STRINGS] = {"a list of strings", OCI_JSON_LIST, sizeof(struct oci_strings),
                          OCI_KIND_STRING},
    [OCI_KIND_UINT32S] = {"a list of numbers", OCI_JSON_LIST, OBJECT_LIST_SIZE, OCI_KIND_UINT32},
    [OCI_KIND_OBJECTS] = {"a list of objects", OCI_JSON_LIST, OBJECT_LIST_SIZE,
                          OCI_KIND_INLINE_OBJECT},
    [OCI_KIND_STRING_MAP] = {"an object of strings", OCI_JSON_OBJECT, sizeof(struct oci_pairs),
                             OCI_KIND_STRING},
    [OCI_KIND_OBJECT_MAP] = {"an object of objects", OCI_JSON_OBJECT, OBJECT_LIST_SIZE,
                             OCI_KIND_INLINE_OBJECT},
    [OCI_KIND_INT32] = {"a number", OCI_JSON_NUMBER, sizeof(int32_t), 0},
    [OCI_KIND_HEX] = {"a string", OCI_JSON_STRING, sizeof(uint64_t), 0},
    [OCI_KIND_CHARACTER] = {"a string", OCI_JSON_STRING, sizeof(char), 0},
    [OCI_KIND_MODE] = {"a string", OCI_JSON_STRING, sizeof(mode_t), 0},
    [OCI_KIND_BYTES] = {"a string", OCI_JSON_STRING, sizeof(struct oci_pairs), 0},
    [OCI_KIND_BITS] = {"a list of strings", OCI_JSON_LIST, sizeof(uint64_t), 0},
};

const struct oci_type *oci_field_type(const struct oci_field *field) {
    return field->kind == OCI_KIND_OBJECT || field->kind == OCI_KIND_INLINE_OBJECT ||
                   oci_kinds[field->kind].element == OCI_KIND_INLINE_OBJECT
               ? field->type
               : NULL;
}

bool oci_field_is_number(const struct oci_field *field) {
    return oci_kinds[field->kind].json == OCI_JSON_NUMBER ||
           oci_kinds[field->kind].element == OCI_KIND_UINT32;
}

size_t oci_field_size(const struct oci_field *field, enum oci_kind kind) {
    const bool plain = kind == field->kind && (field->flags & OCI_PLAIN) != 0;
    return plain ? sizeof(struct oci_pairs) : oci_kinds[kind].size;
}

const struct oci_field *oci_type_find(const struct oci_type *type, const char *name,
                                      size_t length) {
    for (size_t i = 0; i < type->count; i++) {
        const struct oci_field *field = &type->fields[i];
        if (strncmp(field->name, name, length) == 0 && field->name[length] == '\0')
            return field;
    }
    return NULL;
}

int oci_names_mask(const struct name_value *names, const struct oci_strings *words) {
    int mask = 0;
    for (size_t i = 0; i < words->count; i++)
        mask |= (int)names_find(names, words->items[i])->value;
    return mask;
}
