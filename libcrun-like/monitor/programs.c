/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are run when a container ends. */
#include "monitor/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>

#include "apply/hooks.h"
#include "base/cleanup.h"
#include "base/log.h"

/* The variables are those that LXC's hooks know. */
static const struct {
    unsigned long kind;
    const char *file;
    const char *variable;
} namespace_names[MONITOR_NAMESPACES] = {
    {CLONE_NEWUSER, "user", "LXC_USER_NS"},       {CLONE_NEWNS, "mnt", "LXC_MNT_NS"},
    {CLONE_NEWPID, "pid", "LXC_PID_NS"},          {CLONE_NEWUTS, "uts", "LXC_UTS_NS"},
    {CLONE_NEWIPC, "ipc", "LXC_IPC_NS"},          {CLONE_NEWNET, "net", "LXC_NET_NS"},
    {CLONE_NEWCGROUP, "cgroup", "LXC_CGROUP_NS"}, {CLONE_NEWTIME, "time", "LXC_TIME_NS"},
};

static unsigned long own_namespaces(const struct plan *plan) {
    unsigned long kinds = plan->namespaces.created;
    for (size_t i = 0; i < plan->namespaces.joined_count; i++)
        kinds |= plan->namespaces.joined[i].flag;
    return kinds;
}

int monitor_namespaces_open(const struct plan *plan, pid_t pid, struct monitor_namespaces *ret,
                            struct thole_error *err) {
    const unsigned long kinds = own_namespaces(plan);
    for (size_t i = 0; i < MONITOR_NAMESPACES; i++) {
        char path[48];
        if ((kinds & namespace_names[i].kind) == 0)
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, namespace_names[i].file);
        ret->fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (ret->fds[i] < 0)
            return error_errno(err, NULL, "open the container's %s namespace",
                               namespace_names[i].file);
    }
    return 0;
}

void monitor_namespaces_close(struct monitor_namespaces *namespaces) {
    for (size_t i = 0; i < MONITOR_NAMESPACES; i++)
        cleanup_close_fd(&namespaces->fds[i]);
}

static void add_variables(const struct monitor_occasion *occasion, char **env, size_t count,
                          struct arena *arena) {
    env[count++] = arena_printf(arena, "LXC_TARGET=%s", occasion->restarts ? "reboot" : "stop");
    env[count++] = arena_printf(arena, "LXC_PID=%d", (int)occasion->pid);
    for (size_t i = 0; occasion->namespaces != NULL && i < MONITOR_NAMESPACES; i++) {
        if (occasion->namespaces->fds[i] >= 0)
            env[count++] = arena_printf(arena, "%s=/proc/self/fd/%d", namespace_names[i].variable,
                                        occasion->namespaces->fds[i]);
    }
}

static size_t count_words(char *const *words) {
    size_t count = 0;
    while (words != NULL && words[count] != NULL)
        count++;
    return count;
}

static struct plan_hook describe(const struct thole_program *program,
                                 const struct monitor_occasion *occasion, struct arena *arena) {
    const size_t given = count_words(program->env);
    char **env = arena_new_array(arena, given + MONITOR_NAMESPACES + 3, char *);
    for (size_t i = 0; i < given; i++)
        env[i] = program->env[i];
    add_variables(occasion, env, given, arena);
    return (struct plan_hook){
        .path = program->args[0],
        .args = {.items = (char **)(uintptr_t)program->args, .count = count_words(program->args)},
        .env = {.items = env, .count = count_words(env)},
        .timeout = (int)program->timeout,
    };
}

void monitor_programs_run(const struct thole_log *log, const struct thole_program *programs,
                          size_t count, const struct monitor_occasion *occasion) {
    int passed[MONITOR_NAMESPACES];
    struct apply_hook_run run = {
        .stage = occasion->stage, .state = occasion->state, .directory = "/", .passed = passed};
    for (size_t i = 0; occasion->namespaces != NULL && i < MONITOR_NAMESPACES; i++) {
        if (occasion->namespaces->fds[i] >= 0)
            passed[run.passed_count++] = occasion->namespaces->fds[i];
    }
    for (; run.first < count; run.first++) {
        cleanup_arena struct arena arena = {0};
        struct thole_error failure = {0};
        char line[sizeof(failure.where) + sizeof(failure.text) + 128];
        struct plan_hook hook = describe(&programs[run.first], occasion, &arena);
        const struct plan_hooks one = {.items = &hook, .count = 1};
        if (apply_hooks(&one, &run, &failure) < 0)
            log_warning(log, "%s", error_format(&failure, line, sizeof(line)));
    }
}
