/* SPDX-License-Identifier: Apache-2.0 */
/* A further process of a container: the container's own, process.json, and the command line. */
#include <string.h>

#include "base/names.h"
#include "plan/builder.h"
#include "plan/exec.h"

#define TAKE_ABSENT(member, absent)        \
    do {                                   \
        if (absent)                        \
            process->member = own->member; \
    } while (0)

/* Members that process.json leaves out are those of the container's own process. */
static void complete(struct oci_process *process, const struct oci_process *own) {
    TAKE_ABSENT(cwd, process->cwd == NULL);
    TAKE_ABSENT(env, !process->env.set);
    TAKE_ABSENT(args, process->args.count == 0);
    TAKE_ABSENT(user, process->user == NULL);
    TAKE_ABSENT(capabilities, process->capabilities == NULL);
    TAKE_ABSENT(rlimits, !process->rlimits.set);
    TAKE_ABSENT(no_new_privileges, !process->no_new_privileges.set);
    TAKE_ABSENT(apparmor_profile, process->apparmor_profile == NULL);
    TAKE_ABSENT(selinux_label, process->selinux_label == NULL);
    TAKE_ABSENT(oom_score_adj, !process->oom_score_adj.set);
    TAKE_ABSENT(scheduler, process->scheduler == NULL);
    TAKE_ABSENT(io_priority, process->io_priority == NULL);
    TAKE_ABSENT(exec_cpu_affinity, process->exec_cpu_affinity == NULL);
}

/* The container's process, without what belongs to its first process alone. */
static struct oci_process derived(const struct oci_process *own) {
    struct oci_process process = *own;
    process.terminal = false;
    process.console_size = NULL;
    process.args = (struct oci_strings){0};
    return process;
}

static void adjust_user(const struct plan_exec_request *request, struct arena *arena,
                        struct oci_process *process) {
    if (request->user == NULL && request->additional_gid_count == 0)
        return;
    struct oci_user *user = arena_new(arena, struct oci_user);
    if (process->user != NULL)
        *user = *process->user;
    process->user = user;
    if (request->user != NULL)
        user->uid = request->user->uid;
    if (request->user != NULL && request->user->has_gid)
        user->gid = request->user->gid;
    if (request->user != NULL && request->user->has_groups) {
        user->additional_gids.items = arena_new_array(arena, request->user->group_count, uint32_t);
        user->additional_gids.count = request->user->group_count;
        for (size_t i = 0; i < request->user->group_count; i++)
            user->additional_gids.items[i] = request->user->groups[i];
    }
    const size_t count = user->additional_gids.count;
    uint32_t *gids = arena_new_array(arena, count + request->additional_gid_count + 1, uint32_t);
    for (size_t i = 0; i < count; i++)
        gids[i] = user->additional_gids.items[i];
    for (size_t i = 0; i < request->additional_gid_count; i++)
        gids[count + i] = request->additional_gids[i];
    user->additional_gids.items = gids;
    user->additional_gids.count = count + request->additional_gid_count;
}

static void append_name(struct oci_strings *names, char *name, struct arena *arena) {
    char **items = arena_new_array(arena, names->count + 2, char *);
    for (size_t i = 0; i < names->count; i++)
        items[i] = names->items[i];
    items[names->count++] = arena_strdup(arena, name);
    names->items = items;
}

static bool holds_name(const struct oci_strings *names, uint64_t capability) {
    for (size_t i = 0; i < names->count; i++) {
        if (names_capability_parse(names->items[i]) == capability)
            return true;
    }
    return false;
}

/* Never made inheritable (CVE-2022-29162): ambient is what the container has as such. A name that
 * is none meets a warning in the bounding set, as those of the configuration do. */
static void add_capabilities(char *const *names, struct arena *arena, struct oci_process *process) {
    if (names == NULL || names[0] == NULL)
        return;
    struct oci_capabilities *sets = arena_new(arena, struct oci_capabilities);
    if (process->capabilities != NULL)
        *sets = *process->capabilities;
    process->capabilities = sets;
    for (size_t i = 0; names[i] != NULL; i++) {
        const uint64_t capability = names_capability_parse(names[i]);
        append_name(&sets->bounding, names[i], arena);
        if (capability == 0)
            continue;
        append_name(&sets->effective, names[i], arena);
        append_name(&sets->permitted, names[i], arena);
        if (holds_name(&sets->inheritable, capability))
            append_name(&sets->ambient, names[i], arena);
    }
}

/* What the request says goes over what it knows of the terminal outside, and that over the rest. */
static int set_environment(const struct plan_exec_request *request, struct arena *arena,
                           struct oci_process *process, struct thole_error *err) {
    char *const *assignments = request->env;
    struct oci_strings environment = {.set = true};
    for (size_t i = 0; !request->clear_env && i < process->env.count; i++)
        plan_environment_put(&environment, arena, process->env.items[i]);
    if (request->own_home)
        plan_environment_remove(&environment, "HOME");
    if (request->term != NULL)
        plan_environment_put(&environment, arena, arena_printf(arena, "TERM=%s", request->term));
    for (size_t i = 0; assignments != NULL && assignments[i] != NULL; i++) {
        if (assignments[i][0] == '=' || strchr(assignments[i], '=') == NULL)
            return error_usage(err, "environment %s is not of the form NAME=VALUE", assignments[i]);
        plan_environment_put(&environment, arena, arena_strdup(arena, assignments[i]));
    }
    process->env = environment;
    return 0;
}

static int adjust(const struct plan_exec_request *request, struct arena *arena,
                  struct oci_process *process, struct thole_error *err) {
    if (request->args != NULL && request->args[0] != NULL) {
        process->args = (struct oci_strings){.set = true};
        for (size_t i = 0; request->args[i] != NULL; i++)
            append_name(&process->args, request->args[i], arena);
    }
    if (request->cwd != NULL)
        process->cwd = arena_strdup(arena, request->cwd);
    if (request->terminal)
        process->terminal = true;
    if (request->no_new_privileges)
        process->no_new_privileges = (struct oci_bool){true, true};
    if (request->selinux != NULL)
        process->selinux_label = arena_strdup(arena, request->selinux);
    if (request->apparmor != NULL)
        process->apparmor_profile = arena_strdup(arena, request->apparmor);
    if (process->cwd == NULL || process->cwd[0] != '/')
        return error_usage(err, "the working directory has to be an absolute path");
    adjust_user(request, arena, process);
    add_capabilities(request->capabilities, arena, process);
    return set_environment(request, arena, process, err);
}

static const char *not_empty(const char *text) {
    return text != NULL && text[0] != '\0' ? text : NULL;
}

int plan_exec_build(const struct oci_config *config, const struct oci_process *process,
                    const struct host_facts *facts, const struct plan_exec_request *request,
                    struct arena *arena, struct plan_process **ret_process,
                    struct thole_error *err) {
    static const struct oci_process nothing = {0};
    static const struct oci_linux no_linux_section = {0};
    struct oci_process own = config->process != NULL ? *config->process : nothing;
    struct plan_builder builder = {
        .config = config,
        .linux_section = config->linux != NULL ? config->linux : &no_linux_section,
        .facts = facts,
        .arena = arena,
        .plan = arena_new(arena, struct plan),
    };
    if (plan_identity_add(&builder, &own.env, err) < 0)
        return -1;
    struct oci_process merged = process != NULL ? *process : derived(&own);
    if (process != NULL)
        complete(&merged, &own);
    if (adjust(request, arena, &merged, err) < 0 || plan_build_namespaces(&builder, err) < 0 ||
        plan_build_user_mapping(&builder, err) < 0)
        return -1;
    struct plan_process *planned = NULL;
    if (plan_build_process(&builder, &merged, process != NULL ? "" : "/process", &planned, err) < 0)
        return -1;
    if (merged.exec_cpu_affinity != NULL) {
        planned->cpu_initial = not_empty(merged.exec_cpu_affinity->initial);
        planned->cpu_final = not_empty(merged.exec_cpu_affinity->final);
    }
    if (request->args != NULL && request->args[0] != NULL)
        planned->program_where = "";
    if (request->personality != NULL)
        planned->personality = *request->personality;
    *ret_process = planned;
    return 0;
}
