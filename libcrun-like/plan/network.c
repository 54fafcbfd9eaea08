/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices that move from the host into the container. */
#include <linux/sched.h>

#include "base/text.h"
#include "plan/builder.h"

int plan_build_net_devices(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_linux *section = builder->linux_section;
    struct plan *plan = builder->plan;
    if (section->net_devices.count == 0)
        return 0;
    if (!plan_has_namespace(plan, CLONE_NEWNET))
        return error_config(err, "/linux/netDevices",
                            "devices cannot move: linux.namespaces lists no network namespace");
    if (!builder->facts->privileged)
        return error_unsupported(err, "/linux/netDevices",
                                 "moving network devices needs privileges");
    for (size_t i = 0; i < section->net_devices.count; i++) {
        const struct oci_net_device *wanted = &section->net_devices.items[i];
        struct plan_net_device *device =
            plan_list_add(builder->arena, plan->net_devices, plan->net_device_count);
        device->host_name = wanted->key;
        device->name = wanted->name != NULL ? wanted->name : wanted->key;
        device->where = plan_where_key(builder->arena, "/linux/netDevices", wanted->key);
        for (size_t j = 0; j < i; j++) {
            if (text_equal(plan->net_devices[j].name, device->name) &&
                error_config(err, device->where, "a second device named %s", device->name) < 0 &&
                plan_ends(builder, err))
                return -1;
        }
    }
    return 0;
}
