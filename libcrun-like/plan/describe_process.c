/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a process and of its system call filter. */
#include <inttypes.h>

#include "base/names.h"
#include "plan/builder.h"
#include "plan/describe.h"

static void describe_capabilities(struct plan_row *row, const char *name, uint64_t set) {
    struct plan_strings words = {0};
    for (int capability = 0; names_capability(capability) != NULL; capability++) {
        if ((set & UINT64_C(1) << capability) != 0)
            plan_words_add(row->arena, &words, names_capability(capability));
    }
    plan_cell_words(row, name, &words);
}

static void describe_scheduling(struct plan_row *row, const struct plan_process *process) {
    const struct plan_scheduler *scheduler = &process->scheduler;
    if (scheduler->set) {
        plan_cell_number(row, "schedulerPolicy", "%" PRIu32, scheduler->policy);
        plan_cell_number(row, "schedulerNice", "%" PRId32, scheduler->nice);
        plan_cell_number(row, "schedulerPriority", "%" PRIu32, scheduler->priority);
        plan_cell_textf(row, "schedulerFlags", "0x%" PRIx64, scheduler->flags);
        plan_cell_number(row, "schedulerRuntime", "%" PRIu64, scheduler->runtime);
        plan_cell_number(row, "schedulerDeadline", "%" PRIu64, scheduler->deadline);
        plan_cell_number(row, "schedulerPeriod", "%" PRIu64, scheduler->period);
    }
    if (process->io_priority >= 0)
        plan_cell_textf(row, "ioPriority", "0x%04x", (unsigned)process->io_priority);
    plan_cell_text(row, "cpuInitial", process->cpu_initial);
    plan_cell_text(row, "cpuFinal", process->cpu_final);
}

static void describe_identity(struct plan_row *row, const struct plan_process *process) {
    plan_cell_number(row, "uid", "%" PRIu32, process->uid);
    plan_cell_number(row, "gid", "%" PRIu32, process->gid);
    struct plan_strings groups = {0};
    for (size_t i = 0; i < process->group_count; i++)
        plan_words_add(row->arena, &groups,
                       arena_printf(row->arena, "%" PRIu32, process->groups[i]));
    plan_cell_words(row, "groups", &groups);
    plan_cell_flag(row, "setGroups", process->set_groups);
    if (process->default_signals != 0)
        plan_cell_textf(row, "defaultSignals", "%#" PRIx64, process->default_signals);
    if (process->umask_set)
        plan_cell_textf(row, "umask", "%04o", (unsigned)process->umask);
    plan_cell_flag(row, "noNewPrivileges", process->no_new_privileges);
    if (!process->capabilities.set)
        return;
    describe_capabilities(row, "bounding", process->capabilities.bounding);
    describe_capabilities(row, "effective", process->capabilities.effective);
    describe_capabilities(row, "permitted", process->capabilities.permitted);
    describe_capabilities(row, "inheritable", process->capabilities.inheritable);
    describe_capabilities(row, "ambient", process->capabilities.ambient);
}

static void describe_rlimits(struct plan_description *description,
                             const struct plan_process *process) {
    plan_describe_list(description, "rlimits");
    for (size_t i = 0; i < process->rlimit_count; i++) {
        const struct plan_rlimit *rlimit = &process->rlimits[i];
        struct plan_row *row = plan_describe_row(description, rlimit->where);
        plan_cell_column(row, "type", names_rlimit(rlimit->resource));
        plan_cell_columnf(row, "soft", "%" PRIu64, rlimit->soft);
        plan_cell_columnf(row, "hard", "%" PRIu64, rlimit->hard);
    }
}

void plan_describe_process(struct plan_description *description,
                           const struct plan_process *process) {
    struct plan_row *row = plan_describe_object(description, "process", process->where);
    plan_cell_words(row, "args", &process->args);
    plan_cell_text(row, "cwd", process->cwd);
    plan_cell_flag(row, "terminal", process->terminal);
    if (process->console_rows != 0 || process->console_columns != 0)
        plan_cell_textf(row, "consoleSize", "%ux%u", process->console_columns,
                        process->console_rows);
    describe_identity(row, process);
    if (process->oom_score_set)
        plan_cell_number(row, "oomScoreAdj", "%d", process->oom_score_adj);
    plan_cell_flag(row, "oomScoreBestEffort", process->oom_score_best_effort);
    describe_scheduling(row, process);
    plan_cell_text(row, "apparmor", process->apparmor);
    plan_cell_text(row, "selinux", process->selinux);
    plan_cell_flag(row, "setHome", process->set_home);
    plan_describe_list(description, "environment");
    for (size_t i = 0; i < process->env.count; i++)
        plan_cell_column(plan_describe_row(description, ""), "variable", process->env.items[i]);
    describe_rlimits(description, process);
}

static void describe_rules(struct plan_description *description,
                           const struct plan_seccomp *seccomp) {
    plan_describe_list(description, "seccompRules");
    for (size_t i = 0; i < seccomp->rule_count; i++) {
        const struct plan_seccomp_rule *rule = &seccomp->rules[i];
        struct plan_row *row = plan_describe_row(description, rule->where);
        plan_cell_column(row, "action", rule->action);
        plan_cell_columnf(row, "errno", "%" PRIu32, rule->errno_ret);
        plan_cell_words(row, "names", &rule->names);
        struct plan_strings arguments = {0};
        for (size_t j = 0; j < rule->argument_count; j++) {
            const struct plan_seccomp_argument *argument = &rule->arguments[j];
            plan_words_add(row->arena, &arguments,
                           arena_printf(row->arena, "%" PRIu32 ":%s:%" PRIu64 ":%" PRIu64,
                                        argument->index, argument->op, argument->value,
                                        argument->value_two));
        }
        plan_cell_words(row, "args", &arguments);
    }
}

void plan_describe_seccomp(struct plan_description *description,
                           const struct plan_seccomp *seccomp) {
    struct plan_row *row = plan_describe_object(description, "seccomp", seccomp->where);
    plan_cell_text(row, "defaultAction", seccomp->default_action);
    plan_cell_number(row, "defaultErrno", "%" PRIu32, seccomp->default_errno_ret);
    plan_cell_words(row, "architectures", &seccomp->architectures);
    plan_cell_flag(row, "tsync", seccomp->flag_tsync);
    plan_cell_flag(row, "log", seccomp->flag_log);
    plan_cell_flag(row, "specAllow", seccomp->flag_spec_allow);
    plan_cell_flag(row, "waitKillable", seccomp->flag_wait_killable);
    plan_cell_flag(row, "notifies", seccomp->notifies);
    plan_cell_flag(row, "failUnknownSyscall", seccomp->fail_unknown_syscall);
    plan_cell_text(row, "rawFilter", seccomp->raw_filter);
    plan_cell_text(row, "listenerPath", seccomp->listener_path);
    plan_cell_text(row, "listenerMetadata", seccomp->listener_metadata);
    describe_rules(description, seccomp);
}
