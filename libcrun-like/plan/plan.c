/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan says only indirectly. */
#include "plan/plan.h"

#include <string.h>

const char *plan_hook_stage_name(enum plan_hook_stage stage) {
    static const char *const names[PLAN_HOOK_STAGES] = {
        [PLAN_HOOK_PRESTART] = "prestart",
        [PLAN_HOOK_CREATE_RUNTIME] = "createRuntime",
        [PLAN_HOOK_CREATE_CONTAINER] = "createContainer",
        [PLAN_HOOK_START_CONTAINER] = "startContainer",
        [PLAN_HOOK_POSTSTART] = "poststart",
        [PLAN_HOOK_POSTSTOP] = "poststop",
    };
    return names[stage];
}

bool plan_has_hooks(const struct plan *plan, enum plan_hook_stage first,
                    enum plan_hook_stage last) {
    size_t count = 0;
    for (enum plan_hook_stage stage = first; stage <= last; stage++)
        count += plan->hooks[stage].count;
    return count > 0;
}

bool plan_has_namespace(const struct plan *plan, unsigned long flag) {
    if ((plan->namespaces.created & flag) != 0)
        return true;
    for (size_t i = 0; i < plan->namespaces.joined_count; i++) {
        if (plan->namespaces.joined[i].flag == flag)
            return true;
    }
    return false;
}

const struct plan_cgroup_write *plan_find_limit(const struct plan_cgroup *cgroup,
                                                const char *file) {
    for (size_t i = cgroup->write_count; i-- > 0;) {
        if (cgroup->writes[i].is_number && strcmp(cgroup->writes[i].file, file) == 0)
            return &cgroup->writes[i];
    }
    return NULL;
}

bool plan_is_terminal_directory(const char *name) {
    enum { LENGTH_MAX = 64 };
    return name[0] != '\0' && name[0] != '/' && strlen(name) <= LENGTH_MAX &&
           strstr(name, "..") == NULL;
}
