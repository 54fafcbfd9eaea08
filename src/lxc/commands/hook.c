/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-hook: what thole runs as a hook of an LXC container. The state of the container is on
 * standard input (runtime-spec "State"). */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/commands/commands.h"
#include "oci-spec/document.h"

/* One thing to do: "thole-lxc hook WORD [ARGUMENT]...". */
struct hook {
    const char *word;
    int (*run)(const struct oci_state *state, char *const *arguments, struct thole_error *err);
};

static int run_network_up(const struct oci_state *state, char *const *arguments,
                          struct thole_error *err) {
    (void)arguments;
    return error_unsupported(err, NULL, "network of container %s: not yet", state->id);
}

static int run_network_down(const struct oci_state *state, char *const *arguments,
                            struct thole_error *err) {
    (void)arguments;
    return error_unsupported(err, NULL, "network of container %s: not yet", state->id);
}

static const struct hook hooks[] = {
    {"network-down", run_network_down},
    {"network-up", run_network_up},
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
    cleanup_free char *json = NULL;
    size_t length = 0;
    struct oci_state *state = NULL;
    (void)ret_status;
    const struct hook *hook = call->argument_count > 0 ? find_hook(call->arguments[0]) : NULL;
    if (hook == NULL)
        return error_usage(err, "there is no hook %s",
                           call->argument_count > 0 ? call->arguments[0] : "without a name");
    if (file_read_fd(STDIN_FILENO, "the state on standard input", OCI_DOCUMENT_MAX, &json, &length,
                     err) < 0)
        return -1;
    if (oci_read_state(json, length, &arena, &state, err) < 0)
        return error_prefix(err, "the state on standard input");
    return hook->run(state, call->arguments + 1, err);
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
