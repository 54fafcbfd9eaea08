/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a plan: its building blocks, and the groups of the plan itself. */
#include "plan/describe.h"

#include <inttypes.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "plan/builder.h"

void plan_describe_list(struct plan_description *description, const char *name) {
    struct plan_group *group =
        plan_list_add(description->arena, description->groups, description->group_count);
    group->name = name;
    group->list = true;
}

struct plan_row *plan_describe_row(struct plan_description *description, const char *where) {
    struct plan_group *group = &description->groups[description->group_count - 1];
    struct plan_row *row = plan_list_add(description->arena, group->rows, group->row_count);
    row->where = where;
    row->arena = description->arena;
    return row;
}

struct plan_row *plan_describe_object(struct plan_description *description, const char *name,
                                      const char *where) {
    plan_describe_list(description, name);
    description->groups[description->group_count - 1].list = false;
    return plan_describe_row(description, where);
}

static struct plan_cell *add_cell(struct plan_row *row, enum plan_cell_kind kind,
                                  const char *name) {
    struct plan_cell *cell = plan_list_add(row->arena, row->cells, row->cell_count);
    cell->kind = kind;
    cell->name = name;
    return cell;
}

__attribute__((format(printf, 2, 0))) static const char *format_text(struct arena *arena,
                                                                     const char *format,
                                                                     va_list arguments) {
    char buffer[512];
    (void)vsnprintf(buffer, sizeof(buffer), format, arguments);
    return arena_strdup(arena, buffer);
}

void plan_cell_column(struct plan_row *row, const char *name, const char *text) {
    add_cell(row, PLAN_CELL_COLUMN, name)->text = text;
}

void plan_cell_text(struct plan_row *row, const char *name, const char *text) {
    add_cell(row, PLAN_CELL_TEXT, name)->text = text;
}

void plan_cell_flag(struct plan_row *row, const char *name, bool value) {
    add_cell(row, PLAN_CELL_FLAG, name)->text = value ? "true" : NULL;
}

void plan_cell_words(struct plan_row *row, const char *name, const struct plan_strings *words) {
    add_cell(row, PLAN_CELL_WORDS, name)->words = *words;
}

void plan_cell_columnf(struct plan_row *row, const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_cell(row, PLAN_CELL_COLUMN, name)->text = format_text(row->arena, format, arguments);
    va_end(arguments);
}

void plan_cell_textf(struct plan_row *row, const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_cell(row, PLAN_CELL_TEXT, name)->text = format_text(row->arena, format, arguments);
    va_end(arguments);
}

void plan_cell_number(struct plan_row *row, const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    add_cell(row, PLAN_CELL_NUMBER, name)->text = format_text(row->arena, format, arguments);
    va_end(arguments);
}

static void describe_pairs(struct plan_description *description, const char *name,
                           const struct plan_pair *pairs, size_t count) {
    plan_describe_list(description, name);
    for (size_t i = 0; i < count; i++) {
        struct plan_row *row = plan_describe_row(description, "");
        plan_cell_column(row, "key", pairs[i].key);
        plan_cell_column(row, "value", pairs[i].value);
    }
}

static void describe_container(struct plan_description *description, const struct plan *plan) {
    struct plan_row *row = plan_describe_object(description, "container", "");
    plan_cell_text(row, "id", plan->id);
    plan_cell_text(row, "bundle", plan->bundle);
    plan_cell_text(row, "ociVersion", plan->oci_version);
    plan_cell_text(row, "hostname", plan->hostname);
    plan_cell_text(row, "domainname", plan->domainname);
    if (plan->personality != (unsigned long)-1)
        plan_cell_textf(row, "personality", "0x%lx", plan->personality);
    plan_cell_text(row, "mountLabel", plan->mount_label);
    plan_cell_flag(row, "newKeyring", plan->new_keyring);
    plan_cell_flag(row, "loopbackUp", plan->loopback_up);
    plan_cell_flag(row, "setupDev", plan->setup_dev);
    plan_cell_text(row, "hookStdout", plan->hook_stdout);
    plan_cell_text(row, "hookStderr", plan->hook_stderr);
    plan_cell_text(row, "pidfdReceiver", plan->pidfd_receiver);
}

static void describe_namespaces(struct plan_description *description,
                                const struct plan_namespaces *namespaces) {
    plan_describe_list(description, "namespaces");
    for (unsigned long flag = 1; flag <= CLONE_NEWNET; flag <<= 1) {
        if ((namespaces->created & flag) == 0)
            continue;
        struct plan_row *row = plan_describe_row(description, "");
        plan_cell_column(row, "type", names_namespace_file(flag));
        plan_cell_flag(row, "new", true);
        if (flag == CLONE_NEWTIME)
            plan_cell_text(row, "offsets", namespaces->time_offsets);
    }
    for (size_t i = 0; i < namespaces->joined_count; i++) {
        struct plan_row *row = plan_describe_row(description, namespaces->joined[i].where);
        plan_cell_column(row, "type", names_namespace_file(namespaces->joined[i].flag));
        plan_cell_text(row, "path", namespaces->joined[i].path);
    }
}

static void describe_map(struct plan_description *description, const char *kind, const char *map,
                         const char *where) {
    for (char *rest = map != NULL ? arena_strdup(description->arena, map) : NULL; rest != NULL;) {
        const char *line = strsep(&rest, "\n");
        if (line[0] == '\0')
            continue;
        struct plan_row *row = plan_describe_row(description, where);
        plan_cell_column(row, "kind", kind);
        plan_cell_column(row, "map", line);
    }
}

static void describe_user(struct plan_description *description,
                          const struct plan_user_mapping *user) {
    struct plan_row *row = plan_describe_object(description, "user", user->where);
    plan_cell_flag(row, "denySetgroups", user->deny_setgroups);
    plan_cell_flag(row, "useNewuidmap", user->use_newuidmap);
    plan_cell_number(row, "rootUid", "%" PRIu32, user->root_uid);
    plan_cell_number(row, "rootGid", "%" PRIu32, user->root_gid);
    plan_describe_list(description, "idMappings");
    describe_map(description, "uid", user->map.uid_map, user->where);
    describe_map(description, "gid", user->map.gid_map, user->where);
}

static void describe_devices(struct plan_description *description, const struct plan *plan) {
    plan_describe_list(description, "devices");
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct plan_device *device = &plan->devices[i];
        struct plan_row *row = plan_describe_row(description, device->where);
        plan_cell_column(row, "path", device->path);
        plan_cell_columnf(row, "type", "%c", device->type);
        plan_cell_columnf(row, "number", "%" PRIu32 ":%" PRIu32, device->major, device->minor);
        plan_cell_columnf(row, "mode", "%04o", (unsigned)device->mode);
        plan_cell_columnf(row, "owner", "%" PRIu32 ":%" PRIu32, device->uid, device->gid);
        plan_cell_flag(row, "modeGiven", device->mode_given);
        plan_cell_flag(row, "ownerGiven", device->owner_given);
        plan_cell_flag(row, "bind", device->bind);
        plan_cell_flag(row, "lent", device->lent);
        if (device->bind && strcmp(device->source, device->path) != 0)
            plan_cell_text(row, "source", device->source);
    }
    plan_describe_list(description, "links");
    for (size_t i = 0; i < plan->link_count; i++) {
        struct plan_row *row = plan_describe_row(description, "");
        plan_cell_column(row, "path", plan->links[i].path);
        plan_cell_column(row, "target", plan->links[i].target);
    }
}

static void describe_paths(struct plan_description *description, const char *name,
                           const struct plan_path *paths, size_t count) {
    plan_describe_list(description, name);
    for (size_t i = 0; i < count; i++)
        plan_cell_column(plan_describe_row(description, paths[i].where), "path", paths[i].path);
}

static void describe_settings(struct plan_description *description, const struct plan *plan) {
    plan_describe_list(description, "sysctls");
    for (size_t i = 0; i < plan->sysctl_count; i++) {
        struct plan_row *row = plan_describe_row(description, plan->sysctls[i].where);
        plan_cell_column(row, "file", plan->sysctls[i].file);
        plan_cell_column(row, "value", plan->sysctls[i].value);
    }
    plan_describe_list(description, "netDevices");
    for (size_t i = 0; i < plan->net_device_count; i++) {
        struct plan_row *row = plan_describe_row(description, plan->net_devices[i].where);
        plan_cell_column(row, "hostName", plan->net_devices[i].host_name);
        plan_cell_column(row, "name", plan->net_devices[i].name);
    }
    if (plan->rdt.set) {
        struct plan_row *row = plan_describe_object(description, "intelRdt", "/linux/intelRdt");
        plan_cell_text(row, "mountpoint", plan->rdt.mountpoint);
        plan_cell_text(row, "closID", plan->rdt.clos_id);
        plan_cell_words(row, "schemata", &plan->rdt.schemata);
        plan_cell_flag(row, "monitoring", plan->rdt.monitoring);
    }
    if (plan->memory_policy.set) {
        struct plan_row *row =
            plan_describe_object(description, "memoryPolicy", "/linux/memoryPolicy");
        plan_cell_textf(row, "mode", "0x%x", (unsigned)plan->memory_policy.mode);
        plan_cell_text(row, "nodes", plan->memory_policy.nodes);
    }
}

static void describe_hooks(struct plan_description *description, const struct plan *plan) {
    plan_describe_list(description, "hooks");
    for (size_t stage = 0; stage < PLAN_HOOK_STAGES; stage++) {
        for (size_t i = 0; i < plan->hooks[stage].count; i++) {
            const struct plan_hook *hook = &plan->hooks[stage].items[i];
            struct plan_row *row = plan_describe_row(description, hook->where);
            plan_cell_column(row, "stage", plan_hook_stage_name((enum plan_hook_stage)stage));
            plan_cell_column(row, "path", hook->path);
            plan_cell_words(row, "args", &hook->args);
            plan_cell_words(row, "env", &hook->env);
            plan_cell_flag(row, "inheritEnv", hook->inherit_env);
            if (hook->timeout != 0)
                plan_cell_number(row, "timeout", "%d", hook->timeout);
        }
    }
}

static void describe_warnings(struct plan_description *description, char *const *warnings) {
    plan_describe_list(description, "warnings");
    for (; warnings != NULL && *warnings != NULL; warnings++)
        plan_cell_column(plan_describe_row(description, ""), "text", *warnings);
}

void plan_describe(struct plan_description *description, const struct plan *plan) {
    describe_container(description, plan);
    describe_namespaces(description, &plan->namespaces);
    describe_user(description, &plan->user);
    plan_describe_cgroup(description, &plan->cgroup);
    plan_describe_mounts(description, plan);
    describe_devices(description, plan);
    describe_paths(description, "maskedPaths", plan->masked, plan->masked_count);
    describe_paths(description, "readonlyPaths", plan->readonly, plan->readonly_count);
    describe_settings(description, plan);
    if (plan->process != NULL)
        plan_describe_process(description, plan->process);
    if (plan->seccomp != NULL)
        plan_describe_seccomp(description, plan->seccomp);
    describe_hooks(description, plan);
    describe_pairs(description, "annotations", plan->annotations, plan->annotation_count);
    describe_warnings(description, plan->warnings);
}
