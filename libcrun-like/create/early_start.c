/* SPDX-License-Identifier: Apache-2.0 */
/* What need not wait for init. */
#include "create/early_start.h"

#include <sched.h>

#include "base/fastpath.h"
#include "cgroup/device_rules.h"

/* A filesystem on a block device, and files that are copied out of the image, may touch devices. */
static bool opens_devices(const struct plan_mount *mount) {
    return mount->copy_up || (mount->kind == PLAN_MOUNT_FILESYSTEM && mount->source != NULL &&
                              mount->source[0] == '/');
}

bool early_start_allows_device_rules(const struct plan *plan) {
    const struct plan_cgroup *cgroup = &plan->cgroup;
    if (!fastpath_allowed(FASTPATH_OVERLAP))
        return false;
    if (cgroup->device_rule_count == 0)
        return true;
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (opens_devices(&plan->mounts[i]))
            return false;
    }
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct plan_device *device = &plan->devices[i];
        if (device->bind || device->type == 'p')
            continue;
        unsigned access =
            cgroup_device_rules_access(cgroup->device_rules, cgroup->device_rule_count,
                                       device->type, device->major, device->minor);
        if ((access & CGROUP_ACCESS_MKNOD) == 0)
            return false;
    }
    return true;
}

bool early_start_allowed(const struct thole_create_request *request, const struct plan *plan) {
    return fastpath_allowed(FASTPATH_OVERLAP) && plan->process != NULL &&
           !plan_has_namespace(plan, CLONE_NEWUSER) &&
           !plan_has_hooks(plan, PLAN_HOOK_PRESTART, PLAN_HOOK_START_CONTAINER) &&
           plan->pidfd_receiver == NULL && request->pidfd_socket == NULL &&
           request->pid_file == NULL && request->notify_socket == NULL;
}
