/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.net.*: the namespace is decided by now; what else there is to do, hooks do. */
#include <linux/sched.h>

#include "base/text.h"
#include "lxc/convert/hooks.h"
#include "nic/settings.h"

static void write_items(const struct lxc_configuration *config, const char *name,
                        struct text *text) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(config, name, item)) != NULL)
        text_appendf(text, "# %s\n%s = %s\n", item->where, item->name, item->value);
}

int lxc_convert_network(struct lxc_conversion *conversion, struct thole_error *err) {
    cleanup_text struct text text = {0};
    cleanup_nic_networks struct nic_networks networks = {0};
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.net.", item)) != NULL)
        continue;
    text_append(&text, "");
    write_items(conversion->lxc, "lxc.hook.version", &text);
    write_items(conversion->lxc, "lxc.net.", &text);
    if (nic_networks_parse(text.data, &networks, err) < 0)
        return -1;
    if (networks.count == 0)
        return 0;
    lxc_conversion_annotate(conversion, NIC_NETWORKS_ANNOTATION, text.data);
    if (!nic_networks_have_work(&networks))
        return 0;
    if ((conversion->namespaces & CLONE_NEWNET) == 0)
        return error_config(err, lxc_configuration_next(conversion->lxc, "lxc.net.", NULL)->where,
                            "the network namespace is not the container's own: interfaces would "
                            "go to another's");
    (void)lxc_hook_add_own(conversion, &conversion->oci->hooks->create_runtime, "network-up");
    (void)lxc_hook_add_own(conversion, &conversion->oci->hooks->poststop, "network-down");
    return 0;
}
