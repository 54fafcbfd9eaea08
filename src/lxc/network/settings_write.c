/* SPDX-License-Identifier: Apache-2.0 */
/* From a configuration to the text of an annotation, and to checked values by way of it. */
#include "lxc/network/settings.h"

static void write_items(const struct lxc_configuration *config, const char *name,
                        struct text *text) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(config, name, item)) != NULL)
        text_appendf(text, "# %s\n%s = %s\n", item->where, item->name, item->value);
}

void lxc_networks_write(const struct lxc_configuration *config, struct text *text) {
    write_items(config, "lxc.hook.version", text);
    write_items(config, "lxc.net.", text);
}

int lxc_networks_read(const struct lxc_configuration *config, struct lxc_networks *ret_networks,
                      struct thole_error *err) {
    cleanup_text struct text text = {0};
    lxc_networks_write(config, &text);
    return lxc_networks_parse(text.data != NULL ? text.data : "", ret_networks, err);
}
