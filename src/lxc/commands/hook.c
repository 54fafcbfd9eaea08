/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-hook: what thole runs as a hook of an LXC container. The state of the container is on
 * standard input (runtime-spec "State"). */
#include <linux/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "lxc/commands/commands.h"
#include "nic/hook.h"
#include "translate/hook_state.h"

#define LXCPATH "org.thole.lxc.lxcpath"
#ifndef PR_SCHED_CORE_SCOPE_THREAD_GROUP
#define PR_SCHED_CORE_SCOPE_THREAD_GROUP 1 /* Linux 5.19 */
#endif

/* What a hook has to do with. */
struct hook_call {
    const struct oci_state *state;
    char *const *arguments;
    size_t argument_count;
};

/* One thing to do: "thole-lxc hook WORD [ARGUMENT]...". */
struct hook {
    const char *word;
    int (*run)(const struct hook_call *call, struct thole_error *err);
};

/* A createRuntime hook. */
static int run_network_up(const struct hook_call *call, struct thole_error *err) {
    return nic_hook_up(call->state, translate_annotation(call->state, LXCPATH), err);
}

/* A poststop hook. */
static int run_network_down(const struct hook_call *call, struct thole_error *err) {
    return nic_hook_down(call->state, translate_annotation(call->state, LXCPATH), err);
}

/* "run PROGRAM ARGUMENT...": a hook of LXC, which is told the pid in its environment. */
static int run_program(const struct hook_call *call, struct thole_error *err) {
    char pid[32];
    if (call->argument_count == 0)
        return error_usage(err, "hook run: which program?");
    (void)snprintf(pid, sizeof(pid), "%d", call->state->pid.set ? (int)call->state->pid.value : 0);
    if (setenv("LXC_PID", pid, 1) < 0)
        return error_errno(err, NULL, "set LXC_PID");
    (void)execv(call->arguments[0], call->arguments);
    return error_errno(err, NULL, "run %s", call->arguments[0]);
}

/* "sched-core", a createRuntime hook: init and its children share cores with nobody else's. */
static int run_core_scheduling(const struct hook_call *call, struct thole_error *err) {
    if (!call->state->pid.set)
        return error_set(err, THOLE_ERROR_CONFIG, 0, NULL,
                         "the state on standard input has no pid");
    if (syscall(SYS_prctl, PR_SCHED_CORE, PR_SCHED_CORE_CREATE,
                (unsigned long)call->state->pid.value,
                (unsigned long)PR_SCHED_CORE_SCOPE_THREAD_GROUP, 0UL) < 0)
        return error_errno(err, "lxc.sched.core", "make a core scheduling domain");
    return 0;
}

static const struct hook hooks[] = {
    {"network-down", run_network_down},
    {"network-up", run_network_up},
    {"run", run_program},
    {"sched-core", run_core_scheduling},
    {0},
};

static const struct hook *find_hook(const char *word) {
    for (const struct hook *hook = hooks; hook->word != NULL; hook++) {
        if (strcmp(hook->word, word) == 0)
            return hook;
    }
    return NULL;
}

static int run_hook(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    struct oci_state *state = NULL;
    (void)ret_status;
    const char *word = call->argument_count > 0 ? call->arguments[0] : "without a name";
    const struct hook *hook = find_hook(word);
    if (hook == NULL)
        return error_usage(err, "there is no hook %s", word);
    if (translate_read_state(&arena, &state, err) < 0)
        return -1;
    const struct hook_call hook_call = {
        .state = state,
        .arguments = call->arguments + 1,
        .argument_count = call->argument_count - 1,
    };
    return hook->run(&hook_call, err);
}

const struct lxc_command lxc_command_hook = {
    .name = "hook",
    .arguments = "WORD [ARGUMENT]...",
    .summary = "what a container's configuration has thole run",
    .options = lxc_no_options,
    .naming = LXC_NAME_OPTION,
    .no_common = true,
    .hidden = true,
    .run = run_hook,
};
