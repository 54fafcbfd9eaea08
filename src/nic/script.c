/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of interfaces, with the arguments and the environment that LXC gives them. */
#include "nic/script.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "nic/program.h"

enum { WORDS_MAX = 12 };

struct words {
    const char *items[WORDS_MAX];
    size_t count;
};

static void add(struct words *words, const char *word) {
    if (word != NULL && word[0] != '\0')
        words->items[words->count++] = word;
}

static void set(const char *variable, const char *value) {
    int result =
        value != NULL && value[0] != '\0' ? setenv(variable, value, 1) : unsetenv(variable);
    if (result < 0)
        abort();
}

/* Nothing else runs in this process, so its own environment is that of the script. */
static void set_environment(const struct nic_network *network, const struct nic_script_call *call,
                            const char *peer) {
    bool told = call->hook_version == 1;
    set("LXC_HOOK_VERSION", told ? "1" : "0");
    set("LXC_HOOK_TYPE", !told ? NULL : call->up ? "up" : "down");
    set("LXC_HOOK_SECTION", told ? "net" : NULL);
    set("LXC_NET_TYPE", told ? nic_network_type_name(network->type) : NULL);
    set("LXC_NET_PARENT", told ? network->link : NULL);
    set("LXC_NET_PEER", told ? peer : NULL);
}

static int run_script(const struct nic_network *network, const struct nic_network_script *script,
                      const struct nic_script_call *call, const char *peer,
                      struct thole_error *err) {
    cleanup_text struct text command = {0};
    struct words words = {0};
    text_appendf(&command, "exec %s \"$@\"", script->command);
    add(&words, "/bin/sh");
    add(&words, "-c");
    add(&words, command.data);
    add(&words, "sh");
    if (call->hook_version == 0) {
        add(&words, call->name);
        add(&words, "net");
        add(&words, call->up ? "up" : "down");
    }
    add(&words, nic_network_type_name(network->type));
    add(&words, network->link);
    add(&words, peer);
    if (nic_program_run(words.items, script->where, err) < 0)
        return error_prefix(err, "%s", script->command);
    return 0;
}

int nic_scripts_run(const struct nic_network *network, const struct nic_script_call *call,
                    const char *peer, struct thole_error *err) {
    const struct nic_network_scripts *scripts =
        call->up ? &network->up_scripts : &network->down_scripts;
    set_environment(network, call, peer);
    for (size_t i = 0; i < scripts->count; i++) {
        if (run_script(network, &scripts->items[i], call, peer, err) < 0)
            return -1;
    }
    return 0;
}
