/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the text of a document a JSON pointer leads. */
#include "oci-spec/position.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "oci-spec/finding.h"

struct oci_position oci_position_at(const char *json, size_t offset) {
    struct oci_position position = {1, 1};
    for (size_t i = 0; i < offset; i++) {
        position.column = json[i] == '\n' ? 1 : position.column + 1;
        position.line += json[i] == '\n';
    }
    return position;
}

/* The way down: what of the pointer has been found, and the object or list that it led into. */
struct search {
    yajl_handle handle;
    const char *json;
    size_t length;
    const char *rest; /* of the pointer */
    size_t offset;    /* of what was found last */
    size_t depth;     /* of what is read now */
    size_t inside;    /* depth of what was entered on the way */
    size_t index;     /* in it, if it is a list */
    bool is_list;
    bool at_member; /* the value that comes next is on the way */
};

/* Behind the token that is being told. */
static size_t token_end(const struct search *search) {
    const size_t consumed = yajl_get_bytes_consumed(search->handle);
    return consumed < search->length ? consumed : search->length;
}

/* Backwards from the closing quote; quotes within a string have a backslash before them. */
static size_t string_start(const struct search *search) {
    const char *json = search->json;
    size_t at = token_end(search);
    at -= at > 0;
    while (at > 0) {
        size_t backslashes = 0;
        at--;
        while (backslashes < at && json[at - 1 - backslashes] == '\\')
            backslashes++;
        if (json[at] == '"' && backslashes % 2 == 0)
            break;
    }
    return at;
}

/* True if @segment, "/name", is what the rest of the pointer begins with. */
static bool take(struct search *search, const char *segment) {
    const size_t length = strlen(segment);
    if (strncmp(search->rest, segment, length) != 0 ||
        (search->rest[length] != '\0' && search->rest[length] != '/'))
        return false;
    search->rest += length;
    return true;
}

/* A value begins at @offset. False: there is nothing more to find. */
static bool begin_value(struct search *search, size_t offset, bool holds_values, bool is_list) {
    bool on_the_way = search->at_member;
    search->at_member = false;
    if (search->is_list && search->depth == search->inside) {
        struct oci_pointer segment = {0};
        oci_pointer_index(&segment, search->index++);
        on_the_way = take(search, segment.text);
        if (on_the_way)
            search->offset = offset;
    }
    search->depth += holds_values;
    if (!on_the_way)
        return true;
    search->inside = search->depth;
    search->is_list = is_list;
    search->index = 0;
    return holds_values && search->rest[0] != '\0';
}

static int on_key(void *context, const unsigned char *name, size_t length) {
    struct search *search = context;
    struct oci_pointer segment = {0};
    char *text = search->depth == search->inside ? strndup((const char *)name, length) : NULL;
    if (text == NULL)
        return 1;
    oci_pointer_name(&segment, text);
    free(text);
    search->at_member = take(search, segment.text);
    if (search->at_member)
        search->offset = string_start(search);
    return 1;
}

static int on_scalar(struct search *search, size_t length) {
    return begin_value(search, token_end(search) - length, false, false);
}

static int on_null(void *context) {
    return on_scalar(context, strlen("null"));
}

static int on_boolean(void *context, int value) {
    return on_scalar(context, strlen(value ? "true" : "false"));
}

static int on_number(void *context, const char *number, size_t length) {
    (void)number;
    return on_scalar(context, length);
}

static int on_string(void *context, const unsigned char *bytes, size_t length) {
    struct search *search = context;
    (void)bytes;
    (void)length;
    return begin_value(search, string_start(search), false, false);
}

static int on_object(void *context) {
    struct search *search = context;
    return begin_value(search, token_end(search) - 1, true, false);
}

static int on_list(void *context) {
    struct search *search = context;
    return begin_value(search, token_end(search) - 1, true, true);
}

static int on_end(void *context) {
    struct search *search = context;
    return search->depth-- > search->inside;
}

struct oci_position oci_position_find(const char *json, size_t length, const char *pointer) {
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_list,
        .yajl_end_array = on_end,
    };
    struct search search = {.json = json, .length = length, .rest = pointer, .at_member = true};
    while (search.offset < length && strchr(" \t\r\n", json[search.offset]) != NULL)
        search.offset++;
    search.handle = yajl_alloc(&callbacks, NULL, &search);
    if (search.handle == NULL)
        abort();
    (void)yajl_config(search.handle, yajl_dont_validate_strings, 1);
    (void)yajl_parse(search.handle, (const unsigned char *)json, length);
    yajl_free(search.handle);
    return oci_position_at(json, search.offset < length ? search.offset : 0);
}
