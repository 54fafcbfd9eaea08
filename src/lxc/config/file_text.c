/* SPDX-License-Identifier: Apache-2.0 */
/* Changing settings in the text of a configuration file. */
#include "lxc/config/file_text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/config/keys.h"
#include "lxc/config/line.h"
#include "lxc/config/old_names.h"

enum { FILE_LIMIT = 4 << 20 };

/* A line of the text, and what it means. */
struct named_line {
    const char *start;
    size_t length; /* without the line break */
    struct lxc_line parts;
    const char *today; /* today's name of its key; NULL: it is no setting, or one without effect */
    enum lxc_old_answer answer;
};

/* Appends to @out what stands in place of the line, if anything does. */
typedef void edit_line(void *context, const struct named_line *line, struct text *out);

/* Other lines of the same file count: an old interface has no number in its name. */
static enum lxc_old_answer name_line(struct lxc_old_names_state *names,
                                     const struct lxc_line *parts, struct text *today) {
    const struct lxc_old_name *row = NULL;
    struct lxc_key_match match;
    cleanup_free char *key = strndup(parts->key, parts->key_length);
    enum lxc_old_answer answer =
        lxc_old_name_translate(names, key, parts->value_length == 0, today, &row);
    if (answer == LXC_NAME_TODAYS)
        text_append(today, key);
    if (today->data != NULL && text_starts_with(today->data, "lxc.net.") &&
        lxc_key_find(today->data, &match))
        lxc_old_names_use_interface(names, match.index);
    return answer;
}

static void walk_lines(const struct text *text, edit_line *edit, void *context, struct text *out) {
    struct lxc_old_names_state names = {0};
    const char *end = text->data + text->length;
    for (const char *at = text->data; at != NULL && at < end;) {
        cleanup_text struct text today = {0};
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct named_line line = {.start = at};
        line.length = (size_t)((newline != NULL ? newline : end) - at);
        if (lxc_line_split(at, line.length, &line.parts) == LXC_LINE_SETTING)
            line.answer = name_line(&names, &line.parts, &today);
        line.today = today.data;
        edit(context, &line, out);
        at += line.length + 1;
    }
}

static void edit_lines(struct text *text, edit_line *edit, void *context) {
    struct text out = {0};
    text_append(&out, "");
    walk_lines(text, edit, context, &out);
    text_done(text);
    *text = out;
}

static void keep(const struct named_line *line, struct text *out) {
    text_append_bytes(out, line->start, line->length);
    text_append(out, "\n");
}

/* One key, or those that begin with it; and what to give it. */
struct change {
    const char *key;
    const char *value; /* NULL: its lines go */
    size_t count;      /* of its lines */
};

static bool is_meant(const struct change *change, const struct named_line *line) {
    if (line->today == NULL)
        return false;
    return text_ends_with(change->key, ".") ? text_starts_with(line->today, change->key)
                                            : strcmp(line->today, change->key) == 0;
}

static bool is_named(const struct named_line *line, const char *key) {
    return line->parts.key != NULL && line->parts.key_length == strlen(key) &&
           memcmp(line->parts.key, key, line->parts.key_length) == 0;
}

static void change_line(void *context, const struct named_line *line, struct text *out) {
    struct change *change = context;
    if (strcmp(change->key, "lxc.rootfs.path") == 0 && is_named(line, "lxc.rootfs.backend"))
        return; /* it was a part of the old value */
    if (!is_meant(change, line)) {
        keep(line, out);
        return;
    }
    if (change->count++ == 0 && change->value != NULL)
        text_appendf(out, "%.*s = %s\n", (int)line->parts.key_length, line->parts.key,
                     change->value);
}

int lxc_configuration_text_read(const char *path, struct text *text, struct thole_error *err) {
    cleanup_free char *data = NULL;
    size_t length = 0;
    if (file_read_at(AT_FDCWD, path, FILE_LIMIT, &data, &length, err) < 0)
        return -1;
    text_append_bytes(text, data, length);
    return 0;
}

void lxc_configuration_text_append(struct text *text, const char *key, const char *value) {
    bool open = text->length > 0 && text->data[text->length - 1] != '\n';
    text_appendf(text, "%s%s = %s\n", open ? "\n" : "", key, value);
}

size_t lxc_configuration_text_remove(struct text *text, const char *key) {
    struct change change = {.key = key};
    edit_lines(text, change_line, &change);
    return change.count;
}

void lxc_configuration_text_replace(struct text *text, const char *key, const char *value) {
    struct change change = {.key = key, .value = value};
    edit_lines(text, change_line, &change);
    if (change.count == 0)
        lxc_configuration_text_append(text, key, value);
}

/* The old file's type of root, which is part of its path today. */
struct update {
    char *backend; /* malloc'ed, or NULL */
    size_t count;  /* of lines that have changed */
};

static void find_backend(void *context, const struct named_line *line, struct text *out) {
    struct update *update = context;
    (void)out;
    if (!is_named(line, "lxc.rootfs.backend") || line->parts.value_length == 0)
        return;
    free(update->backend);
    update->backend = strndup(line->parts.value, line->parts.value_length);
}

static void update_line(void *context, const struct named_line *line, struct text *out) {
    struct update *update = context;
    if (line->answer == LXC_NAME_DROPPED) {
        update->count++;
        return;
    }
    if (line->answer != LXC_NAME_TRANSLATED) {
        keep(line, out);
        return;
    }
    update->count++;
    size_t before = (size_t)(line->parts.key - line->start);
    text_append_bytes(out, line->start, before);
    text_append(out, line->today);
    const char *rest = line->parts.key + line->parts.key_length;
    size_t length = line->length - before - line->parts.key_length;
    if (is_named(line, "lxc.rootfs") && update->backend != NULL)
        text_appendf(out, " = %s:%.*s", update->backend, (int)line->parts.value_length,
                     line->parts.value);
    else
        text_append_bytes(out, rest, length);
    text_append(out, "\n");
}

size_t lxc_configuration_text_update(struct text *text) {
    struct update update = {0};
    walk_lines(text, find_backend, &update, NULL);
    edit_lines(text, update_line, &update);
    free(update.backend);
    return update.count;
}
