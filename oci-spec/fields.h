/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of the tables: one row per member of an OCI object, one table per object. Reader, writer
 * and listing know nothing else about the specification. Other documents of thole have tables in
 * the same form.
 */
#pragma once

#include <stdint.h>

#include "base/names.h"
#include "oci-spec/check.h"
#include "oci-spec/spec.h"

/** What a JSON value can be. */
enum oci_json {
    OCI_JSON_NULL,
    OCI_JSON_BOOLEAN,
    OCI_JSON_NUMBER,
    OCI_JSON_STRING,
    OCI_JSON_OBJECT,
    OCI_JSON_LIST,
};

/** How a member is stored in its C struct. */
enum oci_kind {
    OCI_KIND_FOREIGN,       /* a section for another platform: read over */
    OCI_KIND_STRING,        /* char * */
    OCI_KIND_ENUM,          /* int, out of a name table */
    OCI_KIND_BOOL,          /* bool */
    OCI_KIND_OPTIONAL_BOOL, /* struct oci_bool */
    OCI_KIND_UINT32,        /* uint32_t */
    OCI_KIND_INT64,         /* int64_t */
    OCI_KIND_UINT64,        /* uint64_t */
    OCI_KIND_OPTIONAL_INT,  /* struct oci_int */
    OCI_KIND_OPTIONAL_UINT, /* struct oci_uint */
    OCI_KIND_OBJECT,        /* pointer to a struct with its own table */
    OCI_KIND_INLINE_OBJECT, /* such a struct itself: the elements of lists and maps of objects */
    OCI_KIND_STRINGS,       /* struct oci_strings */
    OCI_KIND_UINT32S,       /* OCI_LIST(uint32_t) */
    OCI_KIND_OBJECTS,       /* OCI_LIST(struct) */
    OCI_KIND_STRING_MAP,    /* struct oci_pairs */
    OCI_KIND_OBJECT_MAP,    /* OCI_LIST(struct), a JSON object whose names go to `char *key` */
    OCI_KIND_INT32,         /* int32_t */
    OCI_KIND_HEX,           /* uint64_t, a string such as "0x1f" */
    /* Of documents that are written only. */
    OCI_KIND_CHARACTER, /* char, a string of one */
    OCI_KIND_MODE,      /* mode_t, a string of octal digits */
    OCI_KIND_BYTES,     /* uint8_t * and their number, a string of hexadecimal digits */
    OCI_KIND_BITS,      /* uint64_t, a list of the names of its bits */
};

/** What the engine has to know about a kind. */
struct oci_kind_info {
    const char *wanted;    /* "must be ..." */
    enum oci_json json;    /* the only JSON value it accepts */
    size_t size;           /* bytes in the struct, 0 where that depends on the table */
    enum oci_kind element; /* lists and maps only */
};
extern const struct oci_kind_info oci_kinds[];

enum oci_field_flag {
    OCI_REQUIRED = 1,        /* reading fails without it; written even if it is 0 or false */
    OCI_ALWAYS = 2,          /* not required, but written even if it is 0 */
    OCI_EMPTY_IS_ABSENT = 4, /* "" is what some writers give for "not set" */
    OCI_IGNORED = 8,         /* accepted, but without meaning on Linux */
    OCI_PLAIN = 16,          /* a list without @set: items and count */
    OCI_MINUS_ONE_IS_ABSENT = 32,
    OCI_COLUMN = 64,       /* in a line of text a column of its own, without its name */
    OCI_NOT_IN_TEXT = 128, /* what another member says in words */
    OCI_NOT_EMPTY = 256,   /* a list with at least one entry */
};

/**
 * One member. Everything behind @offset is 0 where it does not apply. Rows are relocated at every
 * start, page by page: they are small, and the kind tells which of two is meant.
 */
struct oci_field {
    const char *name;
    enum oci_kind kind : 8;
    unsigned flags : 16; /* enum oci_field_flag */
    uint32_t offset;
    union {
        const struct oci_type *type;    /* table of the object or of the elements */
        const struct name_value *names; /* the only accepted strings; of bits, their masks' */
        int64_t minimum;                /* of a number, of each number in a list */
    };
    union {
        oci_value_check *check; /* of a string, of each string in a list, of each name in a map */
        uint64_t maximum;       /* of a number, of each number in a list */
    };
};

/** One object: its C struct and its rows. */
struct oci_type {
    size_t size;
    const struct oci_field *fields;
    size_t count;
    oci_object_check *check; /* runs once all members are there and good by themselves */
    size_t misspelt; /* offset of a char * that tells of a misspelt member of the document, or 0 */
    bool is_list;    /* a document that is the list which its only member holds */
};

/* clang-format off */

#define OCI_TYPE(structure, ...)                                                                   \
    const struct oci_type structure##_type = {                                                     \
        .size = sizeof(struct structure),                                                          \
        .fields = structure##_fields,                                                              \
        .count = sizeof(structure##_fields) / sizeof(structure##_fields[0]),                       \
        __VA_ARGS__                                                                                \
    }

#define OCI_MEMBER(structure, member) (((struct structure *)NULL)->member)

/* A compile error if @expression is not of type @wanted: a row cannot lie about its member. */
#define OCI_OFFSET(structure, member, expression, wanted)                                          \
    (offsetof(struct structure, member) +                                                          \
     0 * sizeof(char[__builtin_types_compatible_p(__typeof__(expression), wanted) ? 1 : -1]))

/** What is neither an object nor a list of them: the kind follows from the C type. A number that is
 * only written; one that is read has a range, or it may only be 0: OCI_NUMBER. */
#define OCI_FIELD(structure, json_name, member, ...) {                                             \
    .name = (json_name),                                                                           \
    .kind = _Generic(OCI_MEMBER(structure, member),                                                \
        char *: OCI_KIND_STRING,                                                                   \
        const char *: OCI_KIND_STRING,                                                             \
        char: OCI_KIND_CHARACTER,                                                                  \
        bool: OCI_KIND_BOOL,                                                                       \
        int32_t: OCI_KIND_INT32,                                                                   \
        uint32_t: OCI_KIND_UINT32,                                                                 \
        int64_t: OCI_KIND_INT64,                                                                   \
        uint64_t: OCI_KIND_UINT64,                                                                 \
        struct oci_bool: OCI_KIND_OPTIONAL_BOOL,                                                   \
        struct oci_strings: OCI_KIND_STRINGS,                                                      \
        struct oci_pairs: OCI_KIND_STRING_MAP),                                                    \
    .offset = offsetof(struct structure, member),                                                  \
    __VA_ARGS__ }

/** A number within [least, most] that is read: the kind follows from the C type. */
#define OCI_NUMBER(structure, json_name, member, least, most, ...) {                               \
    .name = (json_name),                                                                           \
    .kind = _Generic(OCI_MEMBER(structure, member),                                                \
        int32_t: OCI_KIND_INT32,                                                                   \
        uint32_t: OCI_KIND_UINT32,                                                                 \
        int64_t: OCI_KIND_INT64,                                                                   \
        uint64_t: OCI_KIND_UINT64,                                                                 \
        struct oci_int: OCI_KIND_OPTIONAL_INT,                                                     \
        struct oci_uint: OCI_KIND_OPTIONAL_UINT),                                                  \
    .offset = offsetof(struct structure, member),                                                  \
    .minimum = (least), .maximum = (most),                                                         \
    __VA_ARGS__ }

/** One of the names in a table, stored as its value. */
#define OCI_CHOICE(structure, json_name, member, table, ...) {                                     \
    .name = (json_name), .kind = OCI_KIND_ENUM,                                                    \
    .offset = OCI_OFFSET(structure, member, OCI_MEMBER(structure, member), int),                   \
    .names = (table),                                                                              \
    __VA_ARGS__ }

/** A pointer to struct @of. */
#define OCI_OBJECT(structure, json_name, member, of, ...) {                                        \
    .name = (json_name), .kind = OCI_KIND_OBJECT,                                                  \
    .offset = OCI_OFFSET(structure, member, *OCI_MEMBER(structure, member), struct of),            \
    .type = &of##_type,                                                                            \
    __VA_ARGS__ }

/** A list of struct @of. */
#define OCI_OBJECTS(structure, json_name, member, of, ...) {                                       \
    .name = (json_name), .kind = OCI_KIND_OBJECTS,                                                 \
    .offset = OCI_OFFSET(structure, member, *OCI_MEMBER(structure, member.items), struct of),      \
    .type = &of##_type,                                                                            \
    __VA_ARGS__ }

/** Offset of a list that is @member and, right behind it, its @counter. */
#define OCI_COUNTED(structure, member, counter)                                                    \
    (offsetof(struct structure, member) +                                                          \
     0 * sizeof(char[offsetof(struct structure, counter) ==                                        \
                     offsetof(struct structure, member) + sizeof(void *) ? 1 : -1]))

/** Such a list of struct @of. */
#define OCI_COUNTED_OBJECTS(structure, json_name, member, counter, of) {                           \
    .name = (json_name), .kind = OCI_KIND_OBJECTS, .flags = OCI_PLAIN,                             \
    .offset = OCI_COUNTED(structure, member, counter), .type = &of##_type }

/** A JSON object that maps names to struct @of; the name is the struct's first member. */
#define OCI_OBJECT_MAP(structure, json_name, member, of, ...) {                                    \
    .name = (json_name), .kind = OCI_KIND_OBJECT_MAP,                                              \
    .offset = OCI_OFFSET(structure, member, *OCI_MEMBER(structure, member.items), struct of) +     \
              0 * sizeof(char[offsetof(struct of, key) == 0 ? 1 : -1]),                            \
    .type = &of##_type,                                                                            \
    __VA_ARGS__ }

/** A list of numbers within [least, most]. */
#define OCI_NUMBERS(structure, json_name, member, least, most, ...) {                              \
    .name = (json_name), .kind = OCI_KIND_UINT32S,                                                 \
    .offset = OCI_OFFSET(structure, member, *OCI_MEMBER(structure, member.items), uint32_t),       \
    .minimum = (least), .maximum = (most),                                                         \
    __VA_ARGS__ }

#define OCI_FOREIGN(json_name) { .name = (json_name), .kind = OCI_KIND_FOREIGN }

/* clang-format on */

/* The documents, and the tables shared between files. */
extern const struct oci_type oci_config_type;
extern const struct oci_type oci_process_type;
extern const struct oci_type oci_linux_type;
extern const struct oci_type oci_resources_type;
extern const struct oci_type oci_device_rule_type;
extern const struct oci_type oci_seccomp_type;
extern const struct oci_type oci_id_mapping_type;
extern const struct oci_type oci_mount_list_type;
extern const struct oci_type oci_state_type;
extern const struct oci_type oci_process_state_type;
extern const struct oci_type oci_features_type;

/* The flags in lists of strings. */
extern const struct name_value oci_scheduler_flags[];
extern const struct name_value oci_memory_policy_flags[];

/** The table of the object or of the elements that a member holds, or NULL. */
const struct oci_type *oci_field_type(const struct oci_field *field);

/** Whether it is a number or a list of them, so that @minimum and @maximum apply. */
bool oci_field_is_number(const struct oci_field *field);

/** Bytes of a member of @kind in its struct. */
size_t oci_field_size(const struct oci_field *field, enum oci_kind kind);

/** Row called @name (@length bytes, not terminated), or NULL. */
const struct oci_field *oci_type_find(const struct oci_type *type, const char *name, size_t length);

/** The values of @words, which have been read by the table @names, in one mask. */
int oci_names_mask(const struct name_value *names, const struct oci_strings *words);
