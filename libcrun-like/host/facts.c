/* SPDX-License-Identifier: Apache-2.0 */
/* Host facts as JSON, both ways, by one table. */
#include "host/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_tree.h>

#include "base/text.h"

enum member_kind {
    MEMBER_BOOL,
    MEMBER_INT,
    MEMBER_UINT32,
    MEMBER_BITS,            /* uint64_t as a hexadecimal string */
    MEMBER_STRING,          /* "" where absent */
    MEMBER_OPTIONAL_STRING, /* NULL where absent */
    MEMBER_HIERARCHIES,
};

struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
};

#define FACT(name, kind) \
    { #name, kind, offsetof(struct host_facts, name) }
#define HIERARCHY(name, kind) \
    { #name, kind, offsetof(struct host_hierarchy, name) }
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct member hierarchy_members[] = {
    HIERARCHY(unified, MEMBER_BOOL),
    HIERARCHY(mountpoint, MEMBER_STRING),
    HIERARCHY(controllers, MEMBER_STRING),
    HIERARCHY(own_path, MEMBER_STRING),
};

static const struct member fact_members[] = {
    FACT(euid, MEMBER_UINT32),
    FACT(egid, MEMBER_UINT32),
    FACT(in_user_namespace, MEMBER_BOOL),
    FACT(privileged, MEMBER_BOOL),
    FACT(capabilities, MEMBER_BITS),
    FACT(last_capability, MEMBER_INT),
    FACT(ignored_signals, MEMBER_BITS),
    FACT(cgroup_namespaces, MEMBER_BOOL),
    FACT(time_namespaces, MEMBER_BOOL),
    FACT(swap_accounting, MEMBER_BOOL),
    FACT(selinux, MEMBER_BOOL),
    FACT(apparmor, MEMBER_BOOL),
    FACT(resctrl, MEMBER_OPTIONAL_STRING),
    FACT(hugepage_sizes, MEMBER_STRING),
    FACT(subuid, MEMBER_STRING),
    FACT(subgid, MEMBER_STRING),
    FACT(hierarchies, MEMBER_HIERARCHIES),
};

struct reader {
    struct arena *arena;
    struct thole_error *err;
};

static int read_object(const struct reader *reader, yajl_val value, const char *where,
                       const struct member *members, size_t count, void *object);

static int wrong_type(const struct reader *reader, const char *where, const char *wanted) {
    return error_config(reader->err, where, "must be %s", wanted);
}

static int read_number(const struct reader *reader, yajl_val value, const char *where,
                       const struct member *member, void *place) {
    uint64_t number = 0;
    const uint64_t most = member->kind == MEMBER_INT ? 63 : UINT32_MAX;
    const char *digits = YAJL_IS_NUMBER(value) ? YAJL_GET_NUMBER(value) : "";
    if (!text_parse_uint(digits, most, &number))
        return wrong_type(reader, where, "a whole number in range");
    if (member->kind == MEMBER_INT)
        *(int *)place = (int)number;
    else
        *(uint32_t *)place = (uint32_t)number;
    return 0;
}

static int read_bits(const struct reader *reader, yajl_val value, const char *where,
                     uint64_t *place) {
    const char *text = YAJL_GET_STRING(value);
    const bool prefixed = text != NULL && text_starts_with(text, "0x");
    const size_t digits = prefixed ? strspn(text + 2, "0123456789abcdefABCDEF") : 0;
    if (digits == 0 || digits > 16 || text[2 + digits] != '\0')
        return wrong_type(reader, where, "a string such as \"0x1ffffffffff\"");
    *place = strtoull(text, NULL, 16);
    return 0;
}

static int read_hierarchies(const struct reader *reader, yajl_val value, const char *where,
                            struct host_facts *facts) {
    if (!YAJL_IS_ARRAY(value))
        return wrong_type(reader, where, "a list");
    const size_t count = YAJL_GET_ARRAY(value)->len;
    facts->hierarchies = arena_new_array(reader->arena, count + 1, struct host_hierarchy);
    facts->hierarchy_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *item_where = arena_printf(reader->arena, "%s/%zu", where, i);
        if (read_object(reader, YAJL_GET_ARRAY(value)->values[i], item_where, hierarchy_members,
                        COUNT(hierarchy_members), &facts->hierarchies[i]) < 0)
            return -1;
        if (facts->hierarchies[i].mountpoint[0] != '/' || facts->hierarchies[i].own_path[0] != '/')
            return error_config(reader->err, item_where,
                                "mountpoint and own_path must be absolute paths");
    }
    return 0;
}

static int read_member(const struct reader *reader, yajl_val value, const char *where,
                       const struct member *member, void *object) {
    void *place = (char *)object + member->offset;
    switch (member->kind) {
    case MEMBER_BOOL:
        if (!YAJL_IS_TRUE(value) && !YAJL_IS_FALSE(value))
            return wrong_type(reader, where, "true or false");
        *(bool *)place = YAJL_IS_TRUE(value);
        return 0;
    case MEMBER_INT:
    case MEMBER_UINT32:
        return read_number(reader, value, where, member, place);
    case MEMBER_BITS:
        return read_bits(reader, value, where, place);
    case MEMBER_HIERARCHIES:
        return read_hierarchies(reader, value, where, object);
    default:
        if (!YAJL_IS_STRING(value))
            return wrong_type(reader, where, "a string");
        *(const char **)place = arena_strdup(reader->arena, YAJL_GET_STRING(value));
        return 0;
    }
}

static const struct member *find_member(const struct member *members, size_t count,
                                        const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    }
    return NULL;
}

static int read_object(const struct reader *reader, yajl_val value, const char *where,
                       const struct member *members, size_t count, void *object) {
    if (!YAJL_IS_OBJECT(value))
        return wrong_type(reader, where, "an object");
    for (size_t i = 0; i < count; i++) {
        if (members[i].kind == MEMBER_STRING)
            *(const char **)((char *)object + members[i].offset) = "";
    }
    for (size_t i = 0; i < YAJL_GET_OBJECT(value)->len; i++) {
        const char *name = YAJL_GET_OBJECT(value)->keys[i];
        const struct member *member = find_member(members, count, name);
        const char *member_where = arena_printf(reader->arena, "%s/%s", where, name);
        if (member == NULL)
            return error_config(reader->err, member_where, "is no fact about a host");
        if (read_member(reader, YAJL_GET_OBJECT(value)->values[i], member_where, member, object) <
            0)
            return -1;
    }
    return 0;
}

static void free_tree(yajl_val *tree) {
    yajl_tree_free(*tree);
}

int host_facts_read(const char *json, size_t length, struct arena *arena,
                    struct host_facts **ret_facts, struct thole_error *err) {
    char reason[256] = "";
    const struct reader reader = {arena, err};
    struct host_facts *facts = arena_new(arena, struct host_facts);
    const char *text = arena_strndup(arena, json, length);
    yajl_val tree __attribute__((cleanup(free_tree))) =
        yajl_tree_parse(text, reason, sizeof(reason));
    if (tree == NULL)
        return error_config(err, NULL, "not JSON: %s", reason[0] != '\0' ? reason : "empty");
    if (read_object(&reader, tree, "", fact_members, COUNT(fact_members), facts) < 0)
        return -1;
    *ret_facts = facts;
    return 0;
}

static void write_string(yajl_gen json, const char *string) {
    (void)yajl_gen_string(json, (const unsigned char *)string, strlen(string));
}

static void write_object(yajl_gen json, const struct member *members, size_t count,
                         const void *object);

static void write_hierarchies(yajl_gen json, const struct host_facts *facts) {
    (void)yajl_gen_array_open(json);
    for (size_t i = 0; i < facts->hierarchy_count; i++)
        write_object(json, hierarchy_members, COUNT(hierarchy_members), &facts->hierarchies[i]);
    (void)yajl_gen_array_close(json);
}

static void write_member(yajl_gen json, const struct member *member, const void *object) {
    const void *place = (const char *)object + member->offset;
    char bits[24];
    switch (member->kind) {
    case MEMBER_BOOL:
        (void)yajl_gen_bool(json, *(const bool *)place);
        break;
    case MEMBER_INT:
        (void)yajl_gen_integer(json, *(const int *)place);
        break;
    case MEMBER_UINT32:
        (void)yajl_gen_integer(json, *(const uint32_t *)place);
        break;
    case MEMBER_BITS:
        (void)snprintf(bits, sizeof(bits), "0x%" PRIx64, *(const uint64_t *)place);
        write_string(json, bits);
        break;
    case MEMBER_HIERARCHIES:
        write_hierarchies(json, object);
        break;
    default:
        write_string(json, *(const char *const *)place);
        break;
    }
}

static void write_object(yajl_gen json, const struct member *members, size_t count,
                         const void *object) {
    (void)yajl_gen_map_open(json);
    for (size_t i = 0; i < count; i++) {
        const bool text =
            members[i].kind == MEMBER_STRING || members[i].kind == MEMBER_OPTIONAL_STRING;
        if (text && *(const char *const *)((const char *)object + members[i].offset) == NULL)
            continue;
        write_string(json, members[i].name);
        write_member(json, &members[i], object);
    }
    (void)yajl_gen_map_close(json);
}

static void free_generator(yajl_gen *json) {
    yajl_gen_free(*json);
}

char *host_facts_write(const struct host_facts *facts) {
    yajl_gen json __attribute__((cleanup(free_generator))) = yajl_gen_alloc(NULL);
    if (json == NULL)
        abort();
    (void)yajl_gen_config(json, yajl_gen_beautify, 1);
    (void)yajl_gen_config(json, yajl_gen_indent_string, "    ");
    write_object(json, fact_members, COUNT(fact_members), facts);
    const unsigned char *buffer = NULL;
    size_t length = 0;
    (void)yajl_gen_get_buf(json, &buffer, &length);
    struct text result = {0};
    text_append_bytes(&result, buffer, length);
    return text_take(&result);
}

static bool lists_controller(const char *list, const char *controller) {
    const size_t length = strlen(controller);
    while (*list != '\0') {
        const size_t word = strcspn(list, ", ");
        if (word == length && memcmp(list, controller, length) == 0)
            return true;
        list += word;
        list += strspn(list, ", ");
    }
    return false;
}

const struct host_hierarchy *host_find_controller(const struct host_facts *facts,
                                                  const char *controller) {
    for (size_t i = 0; i < facts->hierarchy_count; i++) {
        const struct host_hierarchy *hierarchy = &facts->hierarchies[i];
        if (controller[0] == '\0' ? hierarchy->unified
                                  : lists_controller(hierarchy->controllers, controller))
            return hierarchy;
    }
    return NULL;
}
