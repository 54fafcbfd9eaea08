/* SPDX-License-Identifier: Apache-2.0 */
/* Small tools of the plan builder: lists, warnings, JSON pointers, paths. */
#include "plan/builder.h"

#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "oci-spec/finding.h"
#include "oci-spec/pairs.h"

struct plan_builder plan_begin(const struct oci_config *config, const struct host_facts *facts,
                               const struct plan_request *request, struct arena *arena) {
    static const struct oci_linux no_linux_section = {0};
    return (struct plan_builder){
        .config = config,
        .linux_section = config->linux != NULL ? config->linux : &no_linux_section,
        .facts = facts,
        .request = request,
        .arena = arena,
        .plan = arena_new(arena, struct plan),
    };
}

struct plan *plan_end(struct plan_builder *builder) {
    builder->plan->warnings =
        (struct plan_strings){.items = builder->warnings, .count = builder->warning_count};
    return builder->plan;
}

void *plan_list_grow(struct arena *arena, void *items, size_t count, size_t size) {
    /* Full at 0 and at the powers of two; one element more stays zero as the end mark. */
    if (items != NULL && (count & (count - 1)) != 0)
        return items;
    void *larger = arena_array(arena, 2 * count + 2, size);
    if (count > 0)
        memcpy(larger, items, count * size);
    return larger;
}

void plan_warn(struct plan_builder *builder, const char *where, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const char *line = arena_printf(builder->arena, "%s: %s", where, text);
    for (size_t i = 0; i < builder->warning_count; i++) {
        if (strcmp(builder->warnings[i], line) == 0)
            return;
    }
    *plan_list_add(builder->arena, builder->warnings, builder->warning_count) =
        arena_strdup(builder->arena, line);
    plan_note(builder, where, "%s", text);
}

void plan_note(const struct plan_builder *builder, const char *where, const char *format, ...) {
    char text[1024];
    if (builder->request == NULL || builder->request->report == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    oci_report_add(builder->request->report, OCI_FINDING_NOTE, where, text);
}

bool plan_ends(const struct plan_builder *builder, struct thole_error *err) {
    if (builder == NULL || builder->request == NULL || builder->request->report == NULL)
        return true;
    if (err->kind == THOLE_ERROR_CONFIG)
        oci_report_add(builder->request->report, OCI_FINDING_ERROR, err->where, err->text);
    *err = (struct thole_error){0};
    return false;
}

bool plan_in_user_namespace(const struct plan_builder *builder) {
    return builder->facts->in_user_namespace || plan_has_namespace(builder->plan, CLONE_NEWUSER);
}

bool plan_is_rootful(const struct host_facts *facts) {
    return facts->privileged && !facts->in_user_namespace;
}

const char *plan_annotation(const struct oci_config *config, const char *key) {
    return oci_pairs_find(&config->annotations, key);
}

bool plan_annotation_is_on(const struct oci_config *config, const char *key) {
    const char *value = plan_annotation(config, key);
    return value != NULL && strcmp(value, "0") != 0;
}

char *plan_where_key(struct arena *arena, const char *parent, const char *key) {
    struct text escaped cleanup_text = {0};
    for (const char *c = key; *c != '\0'; c++) {
        if (*c == '~')
            text_append(&escaped, "~0");
        else if (*c == '/')
            text_append(&escaped, "~1");
        else
            text_append_bytes(&escaped, c, 1);
    }
    return arena_printf(arena, "%s/%s", parent, escaped.data == NULL ? "" : escaped.data);
}

char *plan_path_clean(struct arena *arena, const char *path) {
    return path_clean(arena_alloc(arena, strlen(path) + 2), path);
}

const char *plan_path_join(struct arena *arena, const char *base, const char *path) {
    if (path[0] == '/')
        return path;
    return arena_printf(arena, "%s/%s", strcmp(base, "/") == 0 ? "" : base, path);
}

struct plan_strings plan_strings_of(const struct oci_strings *strings) {
    static char *const none[] = {NULL};
    if (strings->items == NULL)
        return (struct plan_strings){.items = none};
    return (struct plan_strings){.items = strings->items, .count = strings->count};
}

void plan_words_add(struct arena *arena, struct plan_strings *words, const char *word) {
    char **items = arena_new_array(arena, words->count + 2, char *);
    for (size_t i = 0; i < words->count; i++)
        items[i] = words->items[i];
    items[words->count++] = arena_strdup(arena, word);
    words->items = items;
}
