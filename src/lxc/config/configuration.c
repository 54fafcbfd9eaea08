/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says. */
#include "lxc/config/configuration.h"

#include <stdlib.h>
#include <string.h>

const struct lxc_item *lxc_configuration_next(const struct lxc_configuration *config,
                                              const char *name, const struct lxc_item *previous) {
    bool beneath = text_ends_with(name, ".");
    size_t first = previous != NULL ? (size_t)(previous - config->items) + 1 : 0;
    for (size_t i = first; i < config->count; i++) {
        const char *item = config->items[i].name;
        if (beneath ? text_starts_with(item, name) : strcmp(item, name) == 0)
            return &config->items[i];
    }
    return NULL;
}

const struct lxc_item *lxc_configuration_find(const struct lxc_configuration *config,
                                              const char *name) {
    const struct lxc_item *last = NULL;
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(config, name, item)) != NULL)
        last = item;
    return last;
}

const char *lxc_configuration_value(const struct lxc_configuration *config, const char *name) {
    const struct lxc_item *item = lxc_configuration_find(config, name);
    return item != NULL ? item->value : NULL;
}

int lxc_configuration_flag(const struct lxc_configuration *config, const char *name, bool otherwise,
                           bool *ret_value, struct thole_error *err) {
    const struct lxc_item *item = lxc_configuration_find(config, name);
    *ret_value = item != NULL ? strcmp(item->value, "1") == 0 : otherwise;
    if (item == NULL || *ret_value || strcmp(item->value, "0") == 0)
        return 0;
    return error_config(err, item->where, "\"%s\" is neither 0 nor 1", item->value);
}

void lxc_configuration_done(struct lxc_configuration *config) {
    for (size_t i = 0; i < config->note_count; i++)
        free(config->notes[i]);
    free(config->notes);
    free(config->items);
    arena_done(&config->arena);
    *config = (struct lxc_configuration){0};
}
