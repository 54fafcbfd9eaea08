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
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/network/settings.h"
#include "lxc/network/up.h"
#include "oci-spec/document.h"

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

static const char *annotation(const struct oci_state *state, const char *key) {
    for (size_t i = 0; i < state->annotations.count; i++) {
        if (strcmp(state->annotations.items[i].key, key) == 0)
            return state->annotations.items[i].value;
    }
    return NULL;
}

/* Beside thole's state root: /run/thole-lxc-network. */
static int find_records(char **ret_records, struct thole_error *err) {
    cleanup_free char *root = thole_default_root();
    struct text path = {0};
    if (root == NULL)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "XDG_RUNTIME_DIR is not set, so there is no place for what is known of "
                         "networks");
    text_appendf(&path, "%s-lxc-network", root);
    *ret_records = text_take(&path);
    return 0;
}

static struct lxc_network_place place_of(const struct oci_state *state, const char *records) {
    const char *lxcpath = annotation(state, "org.thole.lxc.lxcpath");
    return (struct lxc_network_place){
        .records = records,
        .lxcpath = lxcpath != NULL ? lxcpath : "",
        .name = state->id,
    };
}

/* A createRuntime hook. */
static int run_network_up(const struct hook_call *call, struct thole_error *err) {
    const struct oci_state *state = call->state;
    cleanup_free char *records = NULL;
    const char *settings = annotation(state, LXC_NETWORKS_ANNOTATION);
    if (settings == NULL || !state->pid.set)
        return error_set(err, THOLE_ERROR_CONFIG, 0, NULL,
                         "the state on standard input has no pid, or no annotation %s",
                         LXC_NETWORKS_ANNOTATION);
    if (find_records(&records, err) < 0)
        return -1;
    const struct lxc_network_call network = {
        .place = place_of(state, records),
        .settings = settings,
        .pid = (pid_t)state->pid.value,
    };
    return lxc_network_up(&network, err);
}

/* A poststop hook. */
static int run_network_down(const struct hook_call *call, struct thole_error *err) {
    cleanup_free char *records = NULL;
    if (find_records(&records, err) < 0)
        return -1;
    const struct lxc_network_place place = place_of(call->state, records);
    return lxc_network_down(&place, err);
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

static int read_state(struct arena *arena, struct oci_state **ret_state, struct thole_error *err) {
    cleanup_free char *json = NULL;
    size_t length = 0;
    if (file_read_fd(STDIN_FILENO, "the state on standard input", OCI_DOCUMENT_MAX, &json, &length,
                     err) < 0)
        return -1;
    if (oci_read_state(json, length, arena, ret_state, err) < 0)
        return error_prefix(err, "the state on standard input");
    return 0;
}

static int run_hook(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    struct oci_state *state = NULL;
    (void)ret_status;
    const char *word = call->argument_count > 0 ? call->arguments[0] : "without a name";
    const struct hook *hook = find_hook(word);
    if (hook == NULL)
        return error_usage(err, "there is no hook %s", word);
    if (read_state(&arena, &state, err) < 0)
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
