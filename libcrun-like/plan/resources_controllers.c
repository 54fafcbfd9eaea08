/* SPDX-License-Identifier: Apache-2.0 */
/* Which directory of the container has a controller, and writes to its files. */
#include "plan/resources.h"

#include <inttypes.h>
#include <string.h>

#include "base/words.h"

bool plan_find_controller(const struct plan_resources_target *target, const char *v1,
                          const char *v2, struct plan_controller *ret_controller) {
    for (size_t i = 0; i < target->cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &target->cgroup->directories[i];
        const char *name = directory->unified ? v2 : v1;
        if (name != NULL && words_have(directory->controllers, name, strlen(name))) {
            *ret_controller = (struct plan_controller){name, i, directory->unified};
            return true;
        }
    }
    return false;
}

int plan_need_controller(const struct plan_resources_target *target, const char *v1, const char *v2,
                         const char *member, struct plan_controller *ret_controller,
                         struct thole_error *err) {
    if (plan_find_controller(target, v1, v2, ret_controller))
        return 0;
    struct plan_controller unified;
    const char *where = arena_printf(target->arena, "%s/%s", target->where, member);
    if (v2 == NULL && plan_find_controller(target, NULL, v1, &unified))
        return error_unsupported(
            err, where, "asked for, but cgroup v2 has no such limit in its %s controller", v1);
    (void)error_unsupported(err, where, "asked for, but the %s controller is not available",
                            v1 != NULL ? v1 : v2);
    if (v2 == NULL)
        return error_hint(err, "%s exists in cgroup v1 only", v1);
    return -1;
}

struct plan_cgroup_write *plan_add_write(const struct plan_resources_target *target,
                                         size_t directory, const char *member, const char *file,
                                         const char *value) {
    struct plan_cgroup_write *write =
        plan_list_add(target->arena, target->cgroup->writes, target->cgroup->write_count);
    write->directory = directory;
    write->file = file;
    write->value = value;
    write->where = arena_printf(target->arena, "%s/%s", target->where, member);
    return write;
}

struct plan_cgroup_write *plan_add_number(const struct plan_resources_target *target,
                                          size_t directory, const char *member, const char *file,
                                          uint64_t number) {
    struct plan_cgroup_write *write = plan_add_write(
        target, directory, member, file, arena_printf(target->arena, "%" PRIu64, number));
    write->is_number = true;
    write->number = number;
    return write;
}

struct plan_cgroup_write *plan_add_limit(const struct plan_resources_target *target,
                                         size_t directory, const char *member, const char *file,
                                         int64_t limit, const char *unlimited) {
    struct plan_cgroup_write *write = plan_add_number(target, directory, member, file,
                                                      limit < 0 ? PLAN_UNLIMITED : (uint64_t)limit);
    if (limit < 0)
        write->value = unlimited;
    return write;
}
