/* SPDX-License-Identifier: Apache-2.0 */
/* What lxc-info -c prints. */
#include <string.h>

#include "base/words.h"
#include "lxc/config/configuration.h"
#include "lxc/config/keys.h"

static void append_words(struct text *text, const char *list) {
    const char *word = NULL;
    size_t length = 0;
    while (words_next(&list, &word, &length))
        text_appendf(text, "%.*s\n", (int)length, word);
}

static void append_list(const struct lxc_configuration *config, const char *name,
                        const struct lxc_key *key, struct text *text) {
    const char *separator = "";
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(config, name, item)) != NULL) {
        if (key->list == LXC_KEY_WORDS)
            append_words(text, item->value);
        else if (key->list == LXC_KEY_LINES)
            text_appendf(text, "%s\n", item->value);
        else
            text_appendf(text, "%s%s", separator, item->value);
        separator = key->list == LXC_KEY_BLANKS ? " " : key->list == LXC_KEY_COMMAS ? "," : "\n";
    }
}

/* "lxc.prlimit": all of them with their names. */
static void append_all_of_key(const struct lxc_configuration *config, const struct lxc_key *key,
                              struct text *text) {
    for (size_t i = 0; i < config->count; i++) {
        const struct lxc_item *item = &config->items[i];
        if (item->key == key)
            text_appendf(text, "%s = %s\n", item->name, item->value);
    }
}

static void append_interface_types(const struct lxc_configuration *config, struct text *text) {
    for (size_t i = 0; i < config->count; i++) {
        const struct lxc_item *item = &config->items[i];
        if (strcmp(item->key->name, "lxc.net.N.type") == 0)
            text_appendf(text, "%s\n", item->value);
    }
}

/* An interface has only keys of its own type: no lxc.net.0.veth.pair for type vlan. */
static bool interface_has(const struct lxc_configuration *config, unsigned index,
                          const char *subkey) {
    static const char *const types[] = {"veth", "vlan", "macvlan", "ipvlan"};
    cleanup_text struct text name = {0};
    text_appendf(&name, "lxc.net.%u.type", index);
    const char *type = lxc_configuration_value(config, name.data);
    size_t length = strcspn(subkey, ".");
    if (type == NULL || subkey[length] == '\0')
        return type != NULL;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strlen(types[i]) == length && strncmp(types[i], subkey, length) == 0)
            return strcmp(type, types[i]) == 0;
    }
    return true;
}

int lxc_configuration_print(const struct lxc_configuration *config, const char *name,
                            struct text *text) {
    static const char interfaces[] = "lxc.net.N.";
    struct lxc_key_match match;
    if (strcmp(name, "lxc.net") == 0) {
        append_interface_types(config, text);
        return 0;
    }
    if (!lxc_key_find(name, &match) || strcmp(name, "lxc.include") == 0)
        return 1;
    if (text_starts_with(match.key->name, interfaces) &&
        !interface_has(config, match.index, match.key->name + strlen(interfaces)))
        return 1;
    if (text_ends_with(match.key->name, "*") && match.detail[0] == '\0') {
        append_all_of_key(config, match.key, text);
    } else if (match.key->list != LXC_KEY_SINGLE) {
        append_list(config, name, match.key, text);
    } else {
        const char *value = lxc_configuration_value(config, name);
        if (value == NULL)
            value = match.key->otherwise;
        text_append(text, value != NULL ? value : "");
    }
    return 0;
}
