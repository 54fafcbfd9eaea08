/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reader for all OCI documents. yajl calls back for each JSON event; a stack of frames says
 * which object, list or map is open and which row of which table describes it. Every value goes
 * through three steps: open_slot() finds out where it belongs and whether its JSON type fits, the
 * callback turns it into C, and the row's checks judge it.
 *
 * The JSON pointer of an error is not kept up to date: it is read off the frames when needed.
 */
#include "oci-spec/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/nearest.h"
#include "oci-spec/finding.h"
#include "oci-spec/growing.h"
#include "oci-spec/unicode.h"
#include "oci-spec/value.h"

/* An open object, list or map. */
struct frame {
    const struct oci_type *type;   /* object: its table; NULL for a list or map */
    char *object;                  /* object: its struct; list and map: where the result goes */
    const struct oci_field *field; /* object: row of the current member; list and map: own row */
    const char *key;               /* object and map: name of the current member */
    bool skip_next;                /* the current member's value is of no interest */
    const char *misspelt;          /* object: a member whose name is nearly that of a row */
    const char *meant;             /* the row's name */
    uint64_t named;                /* object: one bit for each row that was named */
    uint64_t present;              /* ... and for each that had a value */
    size_t errors_before;          /* object: reader->errors when it was opened */
    struct oci_growing growing;    /* list and map: the elements so far */
};

struct oci_reader {
    struct arena *arena;
    struct oci_report *report;
    struct thole_error *err;
    const struct oci_type *root_type;
    char *root;
    struct frame frames[OCI_DEPTH_MAX];
    size_t depth;
    size_t skipped; /* open objects and lists inside a value of no interest */
    size_t errors;
    char *misspelt; /* the first member whose name is nearly a known one */
    bool stopped;
};

/* Where the next value goes, and what it has to be. */
struct slot {
    enum oci_kind kind;
    const struct oci_field *field; /* names, range and checks; NULL for the document itself */
    const struct oci_type *type;   /* of objects */
    char *memory;
};

static struct frame *top(struct oci_reader *reader) {
    return reader->depth == 0 ? NULL : &reader->frames[reader->depth - 1];
}

static bool is_map(const struct frame *frame) {
    return frame->type == NULL && oci_kinds[frame->field->kind].json == OCI_JSON_OBJECT;
}

static uint64_t row_bit(const struct frame *frame) {
    return UINT64_C(1) << (frame->field - frame->type->fields);
}

/* ---- findings ------------------------------------------------------------------------------ */

static void current_pointer(const struct oci_reader *reader, struct oci_pointer *pointer) {
    pointer->text[0] = '\0';
    pointer->length = 0;
    for (size_t i = 0; i < reader->depth; i++) {
        const struct frame *frame = &reader->frames[i];
        if (frame->key != NULL)
            oci_pointer_name(pointer, frame->key);
        else if (frame->growing.list.count > 0)
            oci_pointer_index(pointer, frame->growing.list.count - 1);
    }
}

static void add_finding(struct oci_reader *reader, int severity, const char *relative,
                        const char *text) {
    struct oci_pointer where;
    current_pointer(reader, &where);
    if (relative != NULL)
        oci_pointer_path(&where, relative);
    if (where.length == 0)
        oci_pointer_path(&where, "");

    if (severity == OCI_FINDING_ERROR && reader->errors++ == 0)
        (void)error_config(reader->err, where.text, "%s", text);
    if (reader->report == NULL) {
        reader->stopped = true;
        return;
    }
    oci_report_add(reader->report, severity, where.text, text);
    if (reader->report->errors + reader->report->notes >= OCI_FINDINGS_MAX)
        reader->stopped = true;
}

void oci_complain(struct oci_reader *reader, const char *relative, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    add_finding(reader, OCI_FINDING_ERROR, relative, text);
}

/* An error in the value that is being read. */
#define complain(reader, ...) oci_complain(reader, NULL, __VA_ARGS__)

/* Reading on makes no sense behind a broken limit, report or not. */
static void break_limit(struct oci_reader *reader, const char *what, size_t limit) {
    complain(reader, "%s, the limit is %zu", what, limit);
    reader->stopped = true;
}

static void note(struct oci_reader *reader, const char *text) {
    if (reader->report != NULL)
        add_finding(reader, OCI_FINDING_NOTE, NULL, text);
}

/* ---- frames -------------------------------------------------------------------------------- */

static void push_object(struct oci_reader *reader, const struct oci_type *type, char *object) {
    reader->frames[reader->depth++] =
        (struct frame){.type = type, .object = object, .errors_before = reader->errors};
}

static size_t element_size(const struct slot *slot) {
    if (slot->kind == OCI_KIND_STRING_MAP)
        return sizeof(struct oci_pair);
    return slot->type != NULL ? slot->type->size : oci_kinds[oci_kinds[slot->kind].element].size;
}

static void push_collection(struct oci_reader *reader, const struct slot *slot) {
    reader->frames[reader->depth++] =
        (struct frame){.field = slot->field,
                       .object = slot->memory,
                       .growing = {.element_size = element_size(slot)}};
}

static char *add_element(struct oci_reader *reader, struct frame *frame) {
    if (frame->growing.list.count == OCI_ITEMS_MAX) {
        reader->depth--; /* the collection is at fault, not its element */
        break_limit(reader, "too many entries", OCI_ITEMS_MAX);
        reader->depth++;
        return NULL;
    }
    return oci_growing_add(&frame->growing, reader->arena);
}

/* All members are there: what is missing, and do they go together? */
static void finish_object(struct oci_reader *reader, struct frame *frame) {
    for (size_t i = 0; i < frame->type->count; i++) {
        const struct oci_field *field = &frame->type->fields[i];
        if ((field->flags & OCI_REQUIRED) != 0 && (frame->present & (UINT64_C(1) << i)) == 0) {
            const bool near = frame->meant == field->name;
            frame->key = field->name;
            complain(reader, "is required, but missing%s%s%s", near ? ": did you mean it by " : "",
                     near ? frame->misspelt : "", near ? "?" : "");
        }
    }
    frame->key = NULL;
    if (frame->type->check != NULL && reader->errors == frame->errors_before)
        frame->type->check(frame->object, reader);
    reader->depth--;
}

static void finish_collection(struct oci_reader *reader, struct frame *frame) {
    const struct oci_field *field = frame->field;
    frame->key = is_map(frame) ? oci_growing_drop_duplicates(&frame->growing, reader->arena) : NULL;
    if (frame->key != NULL)
        note(reader, "is there twice, the last one counts");
    oci_growing_store(&frame->growing, reader->arena, frame->object,
                      oci_field_size(field, field->kind));
    reader->depth--;
    if ((field->flags & OCI_NOT_EMPTY) != 0 && frame->growing.list.count == 0)
        complain(reader, "must have at least 1 entry");
}

/* ---- slots --------------------------------------------------------------------------------- */

static struct slot member_slot(struct frame *frame) {
    const struct oci_field *field = frame->field;
    return (struct slot){
        .kind = field->kind,
        .field = field,
        .type = oci_field_type(field),
        .memory = frame->object + field->offset,
    };
}

static struct slot element_slot(struct oci_reader *reader, struct frame *frame) {
    const struct oci_field *field = frame->field;
    struct oci_growing *growing = &frame->growing;
    char *memory = is_map(frame) ? (char *)growing->list.items +
                                       (growing->list.count - 1) * growing->element_size
                                 : add_element(reader, frame);
    if (field->kind == OCI_KIND_STRING_MAP)
        memory += offsetof(struct oci_pair, value);
    return (struct slot){
        .kind = oci_kinds[field->kind].element,
        .field = field,
        .type = oci_field_type(field),
        .memory = memory,
    };
}

/* null is the same as not being there; in a list it would leave a hole. */
static bool take_null(struct frame *frame, const struct slot *slot) {
    if (frame != NULL && frame->type != NULL) {
        memset(slot->memory, 0, oci_field_size(slot->field, slot->kind));
        frame->present &= ~row_bit(frame);
        return true;
    }
    if (frame != NULL && is_map(frame)) {
        oci_growing_drop(&frame->growing);
        return true;
    }
    return false;
}

static struct slot document_slot(const struct oci_reader *reader) {
    const struct oci_type *type = reader->root_type;
    if (!type->is_list)
        return (struct slot){.kind = OCI_KIND_INLINE_OBJECT, .type = type, .memory = reader->root};
    const struct oci_field *list = &type->fields[0];
    return (struct slot){.kind = list->kind,
                         .field = list,
                         .type = oci_field_type(list),
                         .memory = reader->root + list->offset};
}

/* Steps into the next value of JSON type @json. Returns true if it is to be stored in @slot. */
static bool open_slot(struct oci_reader *reader, enum oci_json json, struct slot *slot) {
    static const char *const json_names[] = {"null",     "true or false", "a number",
                                             "a string", "an object",     "a list"};
    const bool opens = json == OCI_JSON_OBJECT || json == OCI_JSON_LIST;
    struct frame *frame = top(reader);

    if (opens && reader->depth + reader->skipped == OCI_DEPTH_MAX) {
        break_limit(reader, "nested too deeply", OCI_DEPTH_MAX);
        return false;
    }
    if (reader->skipped > 0 || (frame != NULL && frame->skip_next)) {
        reader->skipped += opens;
        return false;
    }

    if (frame == NULL)
        *slot = document_slot(reader);
    else if (frame->type != NULL)
        *slot = member_slot(frame);
    else
        *slot = element_slot(reader, frame);
    if (reader->stopped || (json == OCI_JSON_NULL && take_null(frame, slot)))
        return false;

    if (frame != NULL && frame->type != NULL)
        frame->present |= row_bit(frame);
    if (json != oci_kinds[slot->kind].json) {
        complain(reader, "must be %s, not %s", oci_kinds[slot->kind].wanted, json_names[json]);
        reader->skipped += opens;
        return false;
    }
    return true;
}

/* ---- values -------------------------------------------------------------------------------- */

static int on_null(void *context) {
    struct oci_reader *reader = context;
    struct slot slot;
    (void)open_slot(reader, OCI_JSON_NULL, &slot);
    return !reader->stopped;
}

static int on_boolean(void *context, int value) {
    struct oci_reader *reader = context;
    struct slot slot;
    if (!open_slot(reader, OCI_JSON_BOOLEAN, &slot))
        return !reader->stopped;
    if (slot.kind == OCI_KIND_BOOL)
        *(bool *)slot.memory = value != 0;
    else
        *(struct oci_bool *)(void *)slot.memory = (struct oci_bool){true, value != 0};
    return 1;
}

static int on_number(void *context, const char *text, size_t length) {
    struct oci_reader *reader = context;
    struct slot slot;
    struct oci_fault fault;
    if (open_slot(reader, OCI_JSON_NUMBER, &slot) &&
        !oci_value_number(slot.field, slot.kind, slot.memory, text, length, &fault))
        complain(reader, "%s", fault.text);
    return !reader->stopped;
}

static int on_string(void *context, const unsigned char *bytes, size_t length) {
    struct oci_reader *reader = context;
    const char *text = (const char *)bytes;
    struct slot slot;
    struct oci_fault fault;
    const bool wanted = open_slot(reader, OCI_JSON_STRING, &slot);
    if (reader->stopped)
        return 0;
    if (!oci_value_sound(text, length, &fault) ||
        (wanted && !oci_value_string(slot.field, slot.kind, slot.memory, text, length,
                                     reader->arena, &fault)))
        complain(reader, "%s", fault.text);
    return !reader->stopped;
}

/* ---- objects, lists and maps --------------------------------------------------------------- */

static int on_start_object(void *context) {
    struct oci_reader *reader = context;
    struct slot slot;
    if (!open_slot(reader, OCI_JSON_OBJECT, &slot))
        return !reader->stopped;
    if (slot.kind == OCI_KIND_OBJECT) {
        char *object = arena_alloc(reader->arena, slot.type->size);
        memcpy(slot.memory, &object, sizeof(object));
        push_object(reader, slot.type, object);
    } else if (slot.kind == OCI_KIND_INLINE_OBJECT) {
        push_object(reader, slot.type, slot.memory);
    } else {
        push_collection(reader, &slot);
    }
    return 1;
}

static int on_start_list(void *context) {
    struct oci_reader *reader = context;
    struct slot slot;
    if (open_slot(reader, OCI_JSON_LIST, &slot))
        push_collection(reader, &slot);
    return !reader->stopped;
}

static int on_end(void *context) {
    struct oci_reader *reader = context;
    struct frame *frame = top(reader);
    if (reader->skipped > 0)
        reader->skipped--;
    else if (frame->type != NULL)
        finish_object(reader, frame);
    else
        finish_collection(reader, frame);
    return !reader->stopped;
}

/* Unknown members are none of our business (runtime-spec, "Extensibility"), misspelt ones are. */
static void note_unknown(struct oci_reader *reader, struct frame *frame, size_t length) {
    struct nearest nearest = {.word = frame->key, .length = length};
    for (size_t i = 0; i < frame->type->count; i++)
        nearest_offer(&nearest, frame->type->fields[i].name);
    if (nearest.best == NULL) {
        note(reader, "unknown member, ignored");
        return;
    }
    frame->misspelt = frame->key;
    frame->meant = nearest.best;
    struct oci_pointer where;
    current_pointer(reader, &where);
    char *text =
        arena_printf(reader->arena, "unknown member, ignored: did you mean %s?", nearest.best);
    note(reader, text);
    if (reader->misspelt == NULL)
        reader->misspelt = arena_printf(reader->arena, "%s: %s", where.text, text);
}

static void begin_member(struct oci_reader *reader, struct frame *frame, const char *name,
                         size_t length) {
    frame->field = oci_type_find(frame->type, name, length);
    if (frame->field != NULL) {
        frame->key = frame->field->name;
        if (frame->field->kind == OCI_KIND_FOREIGN)
            note(reader, "is for another platform, ignored");
        else if ((frame->field->flags & OCI_IGNORED) != 0)
            note(reader, "has no meaning on Linux, ignored");
        else if ((frame->named & row_bit(frame)) != 0)
            note(reader, "is there twice, the last one counts");
        frame->named |= row_bit(frame);
        frame->skip_next = frame->field->kind == OCI_KIND_FOREIGN;
        return;
    }
    frame->key = arena_strndup(reader->arena, name, length);
    frame->skip_next = true;
    note_unknown(reader, frame, length);
}

static void begin_entry(struct oci_reader *reader, struct frame *frame, const char *name,
                        size_t length) {
    char **key = (char **)(void *)add_element(reader, frame);
    if (key == NULL)
        return;
    *key = arena_strndup(reader->arena, name, length);
    frame->key = *key;
    frame->skip_next = false;
    const char *wanted = frame->field->check != NULL ? frame->field->check(*key) : NULL;
    if (wanted != NULL)
        complain(reader, "the name must be %s", wanted);
}

static int on_key(void *context, const unsigned char *bytes, size_t length) {
    struct oci_reader *reader = context;
    const char *name = (const char *)bytes;
    if (reader->skipped > 0)
        return 1;
    struct frame *frame = top(reader);
    frame->key = NULL;
    frame->skip_next = true;
    struct oci_fault fault;
    if (!oci_value_sound(name, length, &fault))
        complain(reader, "a member's name %s", fault.text);
    else if (frame->type != NULL)
        begin_member(reader, frame, name, length);
    else
        begin_entry(reader, frame, name, length);
    return !reader->stopped;
}

/* ---- the document -------------------------------------------------------------------------- */

static bool is_blank(const char *json, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (strchr(" \t\r\n", json[i]) == NULL || json[i] == '\0')
            return false;
    }
    return true;
}

/* Syntax errors are told with line and column of the character at which reading ended. */
static void complain_syntax(struct oci_reader *reader, const char *json, size_t offset,
                            const char *reason) {
    const struct oci_position at = oci_position_at(json, offset > 0 ? offset - 1 : 0);
    complain(reader, "not valid JSON at %zu:%zu: %.*s", at.line, at.column,
             (int)strcspn(reason, "\n"), reason);
    if (reader->report != NULL && reader->report->last != NULL)
        reader->report->last->at = at;
}

static void parse(struct oci_reader *reader, const char *json, size_t length) {
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_start_list,
        .yajl_end_array = on_end,
    };
    yajl_handle handle = yajl_alloc(&callbacks, NULL, reader);
    if (handle == NULL)
        abort();
    (void)yajl_config(handle, yajl_dont_validate_strings, 1); /* oci_value_sound() is stricter */

    const unsigned char *bytes = (const unsigned char *)json;
    yajl_status status = yajl_parse(handle, bytes, length);
    size_t offset = yajl_get_bytes_consumed(handle);
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(handle);
        offset = length;
    }
    if (status == yajl_status_error) {
        unsigned char *text = yajl_get_error(handle, 0, NULL, 0);
        const char *reason = strstr((const char *)text, ": "); /* behind "parse error" */
        complain_syntax(reader, json, offset, reason != NULL ? reason + 2 : "malformed");
        yajl_free_error(handle, text);
    }
    yajl_free(handle);
}

void *oci_read(const struct oci_type *type, const char *json, size_t length, struct arena *arena,
               struct oci_report *report, struct thole_error *err) {
    struct oci_reader reader = {
        .arena = arena,
        .report = report,
        .err = err,
        .root_type = type,
        .root = arena_alloc(arena, type->size),
    };
    size_t surrogate = 0;
    if (length > OCI_DOCUMENT_MAX)
        break_limit(&reader, "the document is too long", OCI_DOCUMENT_MAX);
    else if (is_blank(json, length))
        complain(&reader, "the document is empty");
    else if ((surrogate = oci_unicode_lone_surrogate(json, length)) < length)
        complain_syntax(&reader, json, surrogate + 1, "half of a surrogate pair");
    else
        parse(&reader, json, length);
    if (type->misspelt != 0)
        memcpy(reader.root + type->misspelt, &reader.misspelt, sizeof(reader.misspelt));
    return reader.errors == 0 ? reader.root : NULL;
}
