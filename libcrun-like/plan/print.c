/* SPDX-License-Identifier: Apache-2.0 */
/* Plans by their tables: for programs as JSON; for people in groups, one entry a line, columns
 * aligned, the JSON pointer of the configuration at the end. */
#include "plan/print.h"

#include <string.h>

#include "base/text.h"
#include "oci-spec/writer.h"
#include "plan/fields.h"

/* Entries wider than this do not push everybody's pointer to the right. */
enum { INDENT = 2, COLUMNS_MAX = 8, COLUMN_WIDTH_MAX = 40, LINE_WIDTH_MAX = 110 };

static bool is_object(enum oci_kind kind) {
    return kind == OCI_KIND_OBJECT || kind == OCI_KIND_INLINE_OBJECT;
}

static const char *object_at(const struct oci_field *field, const char *memory) {
    const char *object = memory;
    if (field->kind == OCI_KIND_OBJECT)
        memcpy(&object, memory, sizeof(object));
    return object;
}

/* The JSON pointer that most structs have. */
static const char *where_of(const struct oci_type *type, const char *object) {
    const struct oci_field *field = oci_type_find(type, "where", strlen("where"));
    const char *where = "";
    if (field != NULL)
        memcpy(&where, object + field->offset, sizeof(where));
    return where != NULL ? where : "";
}

static bool is_shown(const struct oci_field *field, const char *object) {
    return (field->flags & OCI_NOT_IN_TEXT) == 0 && strcmp(field->name, "where") != 0 &&
           !oci_is_absent(field, object + field->offset);
}

/* ---- values -------------------------------------------------------------------------------- */

/* Bare where that is unambiguous, else as a JSON string. */
static void append_quoted(struct text *line, const char *value) {
    bool bare = value[0] != '\0';
    for (const char *c = value; bare && *c != '\0'; c++)
        bare = *c > ' ' && *c != '"' && *c != '\\' && *c != 0x7f;
    if (bare)
        text_append(line, value);
    else
        text_append_json(line, value);
}

static void append_word(struct text *line, const struct oci_field *field, const char *memory,
                        size_t index) {
    cleanup_text struct text word = {0};
    oci_append_word(&word, field, memory, index);
    append_quoted(line, word.length > 0 ? word.data : "");
}

static void append_value(struct text *line, const struct oci_field *field, const char *memory);

/* A struct within a line: "size=64k". */
static void append_object(struct text *line, const struct oci_type *type, const char *object) {
    const char *separator = "";
    for (size_t i = 0; i < type->count; i++) {
        if (!is_shown(&type->fields[i], object))
            continue;
        text_append(line, separator);
        append_value(line, &type->fields[i], object + type->fields[i].offset);
        separator = "=";
    }
}

static void append_value(struct text *line, const struct oci_field *field, const char *memory) {
    if (is_object(field->kind)) {
        append_object(line, field->type, object_at(field, memory));
        return;
    }
    const bool list = oci_kinds[field->kind].json == OCI_JSON_LIST;
    const struct oci_elements elements =
        list ? oci_elements_of(field, memory) : (struct oci_elements){.count = 1};
    for (size_t i = 0; i < elements.count; i++) {
        if (i > 0)
            text_append(line, ",");
        if (field->kind == OCI_KIND_OBJECTS)
            append_object(line, field->type, elements.items + i * field->type->size);
        else
            append_word(line, field, memory, i);
    }
}

static void pad(struct text *line, size_t width) {
    while (line->length < width)
        text_append(line, " ");
}

/* ---- lists --------------------------------------------------------------------------------- */

static void append_column(struct text *line, const struct oci_field *field, const char *object) {
    const size_t before = line->length;
    if (!oci_is_absent(field, object + field->offset))
        append_value(line, field, object + field->offset);
    if (line->length == before || strcmp(line->data + before, "\"\"") == 0) {
        line->length = before;
        text_append(line, "-");
    }
}

static void measure_columns(const struct oci_type *type, const struct oci_elements *list,
                            size_t widths[COLUMNS_MAX]) {
    for (size_t i = 0; i < list->count; i++) {
        for (size_t j = 0; j < type->count && j < COLUMNS_MAX; j++) {
            cleanup_text struct text value = {0};
            if ((type->fields[j].flags & OCI_COLUMN) == 0)
                continue;
            append_column(&value, &type->fields[j], list->items + i * type->size);
            if (value.length > widths[j])
                widths[j] = value.length < COLUMN_WIDTH_MAX ? value.length : COLUMN_WIDTH_MAX;
        }
    }
}

static void append_entry(struct text *line, const struct oci_type *type, const char *object,
                         const size_t widths[COLUMNS_MAX]) {
    size_t column = 0;
    for (size_t i = 0; i < type->count; i++) {
        const struct oci_field *field = &type->fields[i];
        const bool is_column = (field->flags & OCI_COLUMN) != 0 && i < COLUMNS_MAX;
        if (!is_column && !is_shown(field, object))
            continue;
        text_append(line, column == 0 && line->length == 0 ? "  " : " ");
        pad(line, column);
        if (is_column) {
            append_column(line, field, object);
            column = (column > 0 ? column : INDENT) + widths[i] + 1;
            continue;
        }
        column = 0;
        text_append(line, field->name);
        if (field->kind != OCI_KIND_BOOL) {
            text_append(line, "=");
            append_value(line, field, object + field->offset);
        }
    }
}

static void print_list(struct text *text, const struct oci_type *type,
                       const struct oci_elements *list) {
    size_t widths[COLUMNS_MAX] = {0};
    size_t longest = 0;
    measure_columns(type, list, widths);
    for (size_t i = 0; i < list->count; i++) {
        cleanup_text struct text line = {0};
        const char *object = list->items + i * type->size;
        append_entry(&line, type, object, widths);
        if (line.length > longest && where_of(type, object)[0] != '\0')
            longest = line.length < LINE_WIDTH_MAX ? line.length : LINE_WIDTH_MAX;
    }
    for (size_t i = 0; i < list->count; i++) {
        cleanup_text struct text line = {0};
        const char *object = list->items + i * type->size;
        append_entry(&line, type, object, widths);
        if (where_of(type, object)[0] != '\0') {
            pad(&line, longest);
            text_appendf(&line, "  %s", where_of(type, object));
        }
        text_appendf(text, "%s\n", line.data);
    }
}

/* ---- objects ------------------------------------------------------------------------------- */

/* What gets a group of its own. */
static bool is_group(const struct oci_field *field) {
    return is_object(field->kind) || field->kind == OCI_KIND_OBJECTS;
}

static void print_members(struct text *text, const struct oci_type *type, const char *object) {
    size_t width = 0;
    for (size_t i = 0; i < type->count; i++) {
        const struct oci_field *field = &type->fields[i];
        if (!is_group(field) && is_shown(field, object) && strlen(field->name) > width)
            width = strlen(field->name);
    }
    for (size_t i = 0; i < type->count; i++) {
        const struct oci_field *field = &type->fields[i];
        const char *memory = object + field->offset;
        if (is_group(field) || !is_shown(field, object))
            continue;
        text_appendf(text, "%*s%-*s  ", INDENT, "", (int)width, field->name);
        if (field->kind == OCI_KIND_BOOL)
            text_append(text, "yes");
        else if (field->kind != OCI_KIND_STRINGS)
            append_value(text, field, memory);
        for (size_t j = 0;
             field->kind == OCI_KIND_STRINGS && j < oci_elements_of(field, memory).count;
             j++) { /* a line for each */
            if (j > 0)
                text_appendf(text, "\n%*s", INDENT + (int)width + 2, "");
            append_word(text, field, memory, j);
        }
        text_append(text, "\n");
    }
}

static void print_header(struct text *text, const char *path, const char *where) {
    text_appendf(text, "%s%s%s%s\n", text->length > 0 ? "\n" : "", path,
                 where[0] != '\0' ? "  " : "", where);
}

static void print_object(struct text *text, const char *path, const struct oci_type *type,
                         const char *object) {
    cleanup_text struct text members = {0};
    print_members(&members, type, object);
    if (members.length > 0) {
        print_header(text, path[0] != '\0' ? path : "container", where_of(type, object));
        text_append(text, members.data);
    }
    for (size_t i = 0; i < type->count; i++) {
        const struct oci_field *field = &type->fields[i];
        const char *memory = object + field->offset;
        cleanup_text struct text name = {0};
        if (!is_group(field) || !is_shown(field, object))
            continue;
        text_appendf(&name, "%s%s%s", path, path[0] != '\0' ? " " : "", field->name);
        if (is_object(field->kind)) {
            print_object(text, name.data, field->type, object_at(field, memory));
            continue;
        }
        const struct oci_elements list = oci_elements_of(field, memory);
        print_header(text, name.data, "");
        print_list(text, field->type, &list);
    }
}

char *plan_print_text(const struct plan *plan) {
    struct text text = {0};
    print_object(&text, "", &plan_type, (const char *)plan);
    return text_take(&text);
}

char *plan_print_json(const struct plan *plan) {
    return oci_write(&plan_type, plan, 4);
}
