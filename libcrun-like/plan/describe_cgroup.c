/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the cgroup: directories, writes, device rules. */
#include <inttypes.h>
#include <string.h>

#include "plan/describe.h"

static const char *const manager_names[] = {
    [PLAN_CGROUP_FILES] = "cgroupfs",
    [PLAN_CGROUP_SYSTEMD] = "systemd",
    [PLAN_CGROUP_DISABLED] = "disabled",
};

static void describe_directories(struct plan_description *description,
                                 const struct plan_cgroup *cgroup) {
    plan_describe_list(description, "cgroupDirectories");
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &cgroup->directories[i];
        struct plan_row *row = plan_describe_row(description, "");
        plan_cell_column(row, "version", directory->unified ? "v2" : "v1");
        plan_cell_column(row, "controllers", directory->controllers);
        plan_cell_column(row, "mountpoint", directory->mountpoint);
        plan_cell_column(row, "path", directory->path);
    }
}

static void describe_writes(struct plan_description *description,
                            const struct plan_cgroup *cgroup) {
    plan_describe_list(description, "cgroupWrites");
    for (size_t i = 0; i < cgroup->write_count; i++) {
        const struct plan_cgroup_write *write = &cgroup->writes[i];
        struct plan_row *row = plan_describe_row(description, write->where);
        plan_cell_column(row, "directory", cgroup->directories[write->directory].mountpoint);
        plan_cell_column(row, "file", write->file);
        plan_cell_column(row, "value", write->value);
        plan_cell_flag(row, "optional", write->optional);
        plan_cell_flag(row, "retry", write->retry);
        plan_cell_text(row, "fallbackFile", write->fallback_file);
        plan_cell_text(row, "fallbackValue", write->fallback_value);
        plan_cell_text(row, "usageFile", write->usage_file);
    }
}

static void device_number(struct plan_row *row, const char *name, int64_t number) {
    if (number < 0)
        plan_cell_column(row, name, "*");
    else
        plan_cell_columnf(row, name, "%" PRId64, number);
}

static void describe_rules(struct plan_description *description, const struct plan_cgroup *cgroup) {
    plan_describe_list(description, "deviceRules");
    for (size_t i = 0; i < cgroup->device_rule_count; i++) {
        const struct plan_device_rule *rule = &cgroup->device_rules[i];
        struct plan_row *row = plan_describe_row(description, rule->where);
        plan_cell_column(row, "rule", rule->allow ? "allow" : "deny");
        plan_cell_columnf(row, "type", "%c", rule->type);
        device_number(row, "major", rule->major);
        device_number(row, "minor", rule->minor);
        plan_cell_columnf(row, "access", "%s%s%s", (rule->access & 2) != 0 ? "r" : "",
                          (rule->access & 4) != 0 ? "w" : "", (rule->access & 1) != 0 ? "m" : "");
    }
}

static void describe_properties(struct plan_description *description,
                                const struct plan_cgroup *cgroup) {
    if (cgroup->manager != PLAN_CGROUP_SYSTEMD)
        return;
    plan_describe_list(description, "systemdProperties");
    for (size_t i = 0; i < cgroup->systemd_property_count; i++) {
        const struct plan_systemd_property *property = &cgroup->systemd_properties[i];
        struct plan_row *row = plan_describe_row(description, property->where);
        plan_cell_column(row, "name", property->name);
        plan_cell_column(row, "type", property->type);
        if (strcmp(property->type, "ay") == 0)
            plan_cell_columnf(row, "value", "%zu bytes from %02x", property->byte_count,
                              property->bytes[0]);
        else if (property->type[0] == 'a' || property->type[0] == 's')
            plan_cell_words(row, "value", &property->strings);
        else if (property->type[0] == 'x' || property->type[0] == 'i')
            plan_cell_columnf(row, "value", "%" PRId64, (int64_t)property->number);
        else
            plan_cell_columnf(row, "value", "%" PRIu64, property->number);
    }
}

void plan_describe_cgroup(struct plan_description *description, const struct plan_cgroup *cgroup) {
    struct plan_row *row = plan_describe_object(description, "cgroup", cgroup->where);
    plan_cell_text(row, "manager", manager_names[cgroup->manager]);
    plan_cell_flag(row, "bestEffort", cgroup->best_effort);
    if (cgroup->delegated != NULL)
        plan_cell_text(row, "delegated", cgroup->delegated);
    plan_cell_flag(row, "delegate", cgroup->delegate);
    if (cgroup->delegate)
        plan_cell_number(row, "delegateUid", "%" PRIu32, cgroup->delegate_uid);
    plan_cell_text(row, "systemdSlice", cgroup->systemd_slice);
    plan_cell_text(row, "systemdScope", cgroup->systemd_scope);
    plan_cell_flag(row, "systemdUser", cgroup->systemd_user);
    describe_properties(description, cgroup);
    describe_directories(description, cgroup);
    describe_writes(description, cgroup);
    describe_rules(description, cgroup);
}
