/* SPDX-License-Identifier: Apache-2.0 */
/* Settings in force, one line after the other. */
#include "lxc/config/items.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lxc/config/keys.h"

void lxc_items_note(struct lxc_configuration *config, const char *where, const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);

    struct text note = {0};
    text_appendf(&note, "%s: %s", where, line);
    char **notes = realloc(config->notes, (config->note_count + 1) * sizeof(*notes));
    if (notes == NULL)
        abort();
    config->notes = notes;
    notes[config->note_count] = text_take(&note);
    text_make_plain(notes[config->note_count++]);
}

/* Removes what @name means: the item of that name, and those beneath it if it ends with a dot. */
static void remove_items(struct lxc_configuration *config, const char *name) {
    size_t kept = 0;
    bool beneath = text_ends_with(name, ".");
    for (size_t i = 0; i < config->count; i++) {
        const char *item = config->items[i].name;
        if (beneath ? !text_starts_with(item, name) : strcmp(item, name) != 0)
            config->items[kept++] = config->items[i];
    }
    config->count = kept;
}

static void remove_of_key(struct lxc_configuration *config, const struct lxc_key *key) {
    size_t kept = 0;
    for (size_t i = 0; i < config->count; i++) {
        if (config->items[i].key != key)
            config->items[kept++] = config->items[i];
    }
    config->count = kept;
}

/* An empty value. @name is a key, all keys of a table row, or what keys begin with: lxc.net.0. */
static int clear(struct lxc_configuration *config, const char *name, const char *where,
                 struct thole_error *err) {
    struct lxc_key_match match;
    if (lxc_key_find(name, &match)) {
        if (text_ends_with(match.key->name, "*") && match.detail[0] == '\0')
            remove_of_key(config, match.key);
        else
            remove_items(config, name);
        return 0;
    }
    if (!lxc_key_is_group(name))
        return error_config(err, where, "there is no such key");
    cleanup_text struct text beneath = {0};
    text_appendf(&beneath, "%s.", name);
    remove_items(config, beneath.data);
    return 0;
}

static int check_value(const struct lxc_key *key, const char *value, const char *where,
                       struct thole_error *err) {
    int64_t number = 0;
    if (key->type == LXC_KEY_FLAG && strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return error_config(err, where, "\"%s\" is neither 0 nor 1", value);
    if (key->type == LXC_KEY_NUMBER && !text_parse_int(value, INT64_MIN, INT64_MAX, &number))
        return error_config(err, where, "\"%s\" is not a number", value);
    return 0;
}

static struct lxc_item *place_for(struct lxc_configuration *config, const char *name,
                                  const struct lxc_key *key) {
    for (size_t i = 0; key->list == LXC_KEY_SINGLE && i < config->count; i++) {
        if (strcmp(config->items[i].name, name) == 0)
            return &config->items[i];
    }
    struct lxc_item *items = realloc(config->items, (config->count + 1) * sizeof(*items));
    if (items == NULL)
        abort();
    config->items = items;
    return &items[config->count++];
}

/* "overlayfs" before "/a:/b", unless the path has its type already. */
static const char *with_backend(struct lxc_configuration *config, const char *path) {
    size_t word = strspn(path, "abcdefghijklmnopqrstuvwxyz");
    if (config->rootfs_backend == NULL || (word > 0 && path[word] == ':'))
        return path;
    return arena_printf(&config->arena, "%s:%s", config->rootfs_backend, path);
}

static int unknown(struct lxc_configuration *config, const char *name, const char *where,
                   struct thole_error *err) {
    if (lxc_key_is_group(name))
        return error_config(err, where, "only an empty value is allowed: it clears what begins so");
    const char *meant = lxc_key_nearest(name, &config->arena);
    if (meant == NULL)
        return error_config(err, where, "there is no such key");
    return error_config(err, where, "there is no such key: did you mean %s?", meant);
}

static int put(struct lxc_configuration *config, const char *name, const char *value,
               const char *where, struct thole_error *err) {
    struct lxc_key_match match;
    if (!lxc_key_find(name, &match) ||
        (text_ends_with(match.key->name, "*") && match.detail[0] == '\0'))
        return unknown(config, name, where, err);
    if (check_value(match.key, value, where, err) < 0)
        return -1;
    if (text_starts_with(name, "lxc.net."))
        lxc_old_names_use_interface(&config->old_names, match.index);
    if (strcmp(name, "lxc.rootfs.path") == 0)
        value = with_backend(config, value);
    char *kept = arena_strdup(&config->arena, name);
    *place_for(config, kept, match.key) = (struct lxc_item){
        .key = match.key,
        .name = kept,
        .index = match.index,
        .detail = kept + (match.detail[0] != '\0' ? match.detail - name : (long)strlen(name)),
        .value = arena_strdup(&config->arena, value),
        .where = arena_strdup(&config->arena, where),
    };
    return 0;
}

/* lxc.rootfs.backend may stand before lxc.rootfs or after it. */
static void set_backend(struct lxc_configuration *config, const char *value) {
    config->rootfs_backend = value[0] != '\0' ? arena_strdup(&config->arena, value) : NULL;
    for (size_t i = 0; i < config->count; i++) {
        struct lxc_item *item = &config->items[i];
        if (strcmp(item->name, "lxc.rootfs.path") == 0)
            item->value = with_backend(config, item->value);
    }
}

int lxc_items_assign(struct lxc_configuration *config, const char *name, const char *value,
                     const char *where, struct thole_error *err) {
    cleanup_text struct text today = {0};
    const struct lxc_old_name *row = NULL;
    if (strcmp(name, "lxc.rootfs.backend") == 0) {
        set_backend(config, value);
        return 0;
    }
    switch (lxc_old_name_translate(&config->old_names, name, value[0] == '\0', &today, &row)) {
    case LXC_NAME_TODAYS:
        text_append(&today, name);
        break;
    case LXC_NAME_TRANSLATED:
        lxc_items_note(config, where, "this is %s today", today.data);
        break;
    case LXC_NAME_DROPPED:
        lxc_items_note(config, where, "has no effect: %s", row->help);
        return 0;
    case LXC_NAME_NO_INTERFACE:
        return error_config(err, where, "there is no lxc.network.type before it");
    }
    return value[0] == '\0' ? clear(config, today.data, where, err)
                            : put(config, today.data, value, where, err);
}
