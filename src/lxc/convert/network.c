/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.net.*: the namespace is decided by now; what else there is to do, hooks do. */
#include <linux/sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/convert/hooks.h"

static const char *const types[] = {"none", "empty", "veth", "macvlan", "ipvlan", "vlan", "phys"};

/* The items as they are, a line each; @ret_work: some interface has to be made or moved. */
static int collect(struct lxc_conversion *conversion, struct text *text, bool *ret_work,
                   struct thole_error *err) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.net.", item)) != NULL) {
        text_appendf(text, "%s = %s\n", item->name, item->value);
        if (!text_ends_with(item->name, ".type"))
            continue;
        if (!text_is_one_of(item->value, types, sizeof(types) / sizeof(types[0])))
            return error_config(err, item->where, "there is no type of network \"%s\"",
                                item->value);
        *ret_work |= strcmp(item->value, "none") != 0 && strcmp(item->value, "empty") != 0;
    }
    return 0;
}

int lxc_convert_network(struct lxc_conversion *conversion, struct thole_error *err) {
    cleanup_text struct text text = {0};
    bool work = false;
    if (collect(conversion, &text, &work, err) < 0)
        return -1;
    if (text.length > 0)
        lxc_conversion_annotate(conversion, "org.thole.lxc.net", text.data);
    if (!work)
        return 0;
    if ((conversion->namespaces & CLONE_NEWNET) == 0)
        return error_config(err, lxc_configuration_next(conversion->lxc, "lxc.net.", NULL)->where,
                            "the network namespace is not the container's own: interfaces would "
                            "go to another's");
    lxc_hook_add_own(conversion, &conversion->oci->hooks->create_runtime, "network-up");
    lxc_hook_add_own(conversion, &conversion->oci->hooks->poststop, "network-down");
    return 0;
}
