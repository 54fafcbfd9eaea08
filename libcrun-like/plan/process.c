/* SPDX-License-Identifier: Apache-2.0 */
/* One process: what it runs, who it is, and its limits. */
#include <inttypes.h>
#include <linux/ioprio.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "plan/builder.h"

/* The mode both incumbents start containers with, whatever the caller's is. */
enum { UMASK_DEFAULT = 0022 };

/* Socket activation and readiness: sd_listen_fds(3), sd_notify(3). */
static void add_activation(const struct plan_builder *builder, struct oci_strings *environment) {
    const struct plan_request *request = builder->request;
    struct arena *arena = builder->arena;
    if (request->listen_fds > 0) {
        plan_environment_put(environment, arena,
                             arena_printf(arena, "LISTEN_FDS=%u", request->listen_fds));
        plan_environment_put(environment, arena, arena_strdup(arena, "LISTEN_PID=1"));
        if (request->listen_fdnames != NULL)
            plan_environment_put(environment, arena,
                                 arena_printf(arena, "LISTEN_FDNAMES=%s", request->listen_fdnames));
    }
    if (request->notify_socket != NULL)
        plan_environment_put(environment, arena,
                             arena_strdup(arena, "NOTIFY_SOCKET=/run/notify/notify.sock"));
}

static void plan_environment_of(const struct plan_builder *builder, const struct oci_strings *env,
                                struct plan_process *process) {
    struct oci_strings environment = {0};
    for (size_t i = 0; i < env->count; i++)
        plan_environment_put(&environment, builder->arena, env->items[i]);
    if (builder->request != NULL)
        add_activation(builder, &environment);
    const char *home = plan_environment_get(&environment, "HOME");
    process->set_home = home == NULL || home[0] == '\0';
    if (process->set_home)
        plan_environment_remove(&environment, "HOME");
    process->env = plan_strings_of(&environment);
}

static int check_id(const struct plan_builder *builder, bool group, uint32_t id, const char *where,
                    struct thole_error *err) {
    if (id == UINT32_MAX)
        return error_config(err, where, "%" PRIu32 " is not a valid id", id);
    if (!plan_map_id(builder, group, id, NULL))
        return error_config(err, where, "%s %" PRIu32 " is not mapped in the user namespace",
                            group ? "group" : "user", id);
    return 0;
}

static int plan_groups(const struct plan_builder *builder, const struct oci_user *user,
                       const char *where, struct plan_process *process, struct thole_error *err) {
    process->set_groups = !builder->plan->user.deny_setgroups &&
                          !plan_annotation_is_on(builder->config, "run.oci.keep_original_groups");
    if (user->additional_gids.count == 0)
        return 0;
    where = arena_printf(builder->arena, "%s/user/additionalGids", where);
    if (builder->plan->user.deny_setgroups)
        return error_unsupported(err, where,
                                 "a user namespace that maps only the caller's own ids allows no "
                                 "additional groups");
    for (size_t i = 0; i < user->additional_gids.count; i++) {
        if (check_id(builder, true, user->additional_gids.items[i],
                     arena_printf(builder->arena, "%s/%zu", where, i), err) < 0)
            return -1;
    }
    process->groups = user->additional_gids.items;
    process->group_count = user->additional_gids.count;
    return 0;
}

static int plan_user(const struct plan_builder *builder, const struct oci_user *user,
                     const char *where, struct plan_process *process, struct thole_error *err) {
    static const struct oci_user root = {0};
    if (user == NULL)
        user = &root;
    if (check_id(builder, false, user->uid, arena_printf(builder->arena, "%s/user/uid", where),
                 err) < 0 ||
        check_id(builder, true, user->gid, arena_printf(builder->arena, "%s/user/gid", where),
                 err) < 0)
        return -1;
    process->uid = user->uid;
    process->gid = user->gid;
    process->default_signals = builder->facts->ignored_signals;
    process->umask_set = true;
    process->umask = user->umask.set ? (mode_t)user->umask.value : UMASK_DEFAULT;
    return plan_groups(builder, user, where, process, err);
}

static void plan_rlimits(const struct plan_builder *builder, const struct oci_process *wanted,
                         const char *where, struct plan_process *process) {
    for (size_t i = 0; i < wanted->rlimits.count; i++) {
        const struct oci_rlimit *rlimit = &wanted->rlimits.items[i];
        *plan_list_add(builder->arena, process->rlimits, process->rlimit_count) =
            (struct plan_rlimit){
                .resource = rlimit->type,
                .soft = rlimit->soft,
                .hard = rlimit->hard,
                .where = arena_printf(builder->arena, "%s/rlimits/%zu", where, i),
            };
    }
}

static int plan_labels(const struct plan_builder *builder, const struct oci_process *wanted,
                       const char *where, struct plan_process *process, struct thole_error *err) {
    const struct host_facts *facts = builder->facts;
    if (wanted->selinux_label != NULL && !facts->selinux)
        return error_unsupported(err, arena_printf(builder->arena, "%s/selinuxLabel", where),
                                 "asked for, but SELinux is not enabled on this host");
    process->selinux = wanted->selinux_label;
    if (wanted->apparmor_profile == NULL)
        return 0;
    if (facts->apparmor)
        process->apparmor = wanted->apparmor_profile;
    else if (strcmp(wanted->apparmor_profile, "unconfined") != 0)
        return error_unsupported(err, arena_printf(builder->arena, "%s/apparmorProfile", where),
                                 "asked for, but AppArmor is not enabled on this host");
    return 0;
}

static void plan_priorities(const struct plan_builder *builder, const struct oci_process *wanted,
                            struct plan_process *process) {
    process->oom_score_set = wanted->oom_score_adj.set;
    process->oom_score_adj = (int)wanted->oom_score_adj.value;
    process->unprivileged = !plan_is_rootful(builder->facts);
    process->io_priority = -1;
    if (wanted->io_priority != NULL)
        process->io_priority =
            IOPRIO_PRIO_VALUE(wanted->io_priority->class, (int)wanted->io_priority->priority.value);
}

/* runtime-spec config.md, process: without a terminal the size is to be ignored, whatever it is. */
static int plan_terminal(const struct plan_builder *builder, const struct oci_process *wanted,
                         const char *where, struct plan_process *process, struct thole_error *err) {
    const struct oci_console_size *size = wanted->console_size;
    process->terminal = wanted->terminal;
    if (size == NULL)
        return 0;
    where = arena_printf(builder->arena, "%s/consoleSize", where);
    if (!wanted->terminal) {
        plan_note(builder, where, "has no effect: there is no terminal");
        return 0;
    }
    /* The kernel's struct winsize has 16 bits for each. */
    if (!size->height.set || !size->width.set || size->height.value > UINT16_MAX ||
        size->width.value > UINT16_MAX)
        return error_config(err, where, "needs a height and a width from 0 to %d", UINT16_MAX);
    process->console_rows = (uint32_t)size->height.value;
    process->console_columns = (uint32_t)size->width.value;
    return 0;
}

int plan_build_process(struct plan_builder *builder, const struct oci_process *wanted,
                       const char *where, struct plan_process **ret_process,
                       struct thole_error *err) {
    struct plan_process *process = arena_new(builder->arena, struct plan_process);
    const size_t warnings_before = builder->warning_count;
    process->where = where;
    process->personality = (unsigned long)-1;
    if (wanted->args.count == 0 &&
        error_config(err, arena_printf(builder->arena, "%s/args", where), "names no program") < 0 &&
        plan_ends(builder, err))
        return -1;
    process->args = plan_strings_of(&wanted->args);
    process->program_where = arena_printf(builder->arena, "%s/args/0", where);
    process->cwd = wanted->cwd;
    process->no_new_privileges = wanted->no_new_privileges.value;
    plan_environment_of(builder, &wanted->env, process);
    if (plan_user(builder, wanted->user, where, process, err) < 0 && plan_ends(builder, err))
        return -1;
    plan_build_capabilities(builder, wanted->capabilities,
                            arena_printf(builder->arena, "%s/capabilities", where),
                            &process->capabilities);
    plan_rlimits(builder, wanted, where, process);
    plan_priorities(builder, wanted, process);
    if ((plan_build_personality(builder, process, err) < 0 && plan_ends(builder, err)) ||
        (plan_terminal(builder, wanted, where, process, err) < 0 && plan_ends(builder, err)) ||
        (plan_build_scheduler(builder, wanted->scheduler, where, &process->scheduler, err) < 0 &&
         plan_ends(builder, err)) ||
        (plan_labels(builder, wanted, where, process, err) < 0 && plan_ends(builder, err)))
        return -1;
    process->warnings = plan_strings_of(&(struct oci_strings){0});
    for (size_t i = warnings_before; i < builder->warning_count; i++)
        plan_words_add(builder->arena, &process->warnings, builder->warnings[i]);
    *ret_process = process;
    return 0;
}
