/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-freeze and lxc-unfreeze. */
#include "base/cleanup.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"
#include "lxc/store/states.h"

/* What is there already is not an error, as LXC has it. */
static int set_frozen(const struct lxc_call *call, bool freeze, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    enum lxc_state now = lxc_state_of(state);
    if (now == (freeze ? LXC_FROZEN : LXC_RUNNING))
        return 0;
    if (now == LXC_STOPPED || now == LXC_STOPPING)
        return error_state(err, "%s:%s is not running", container.lxcpath, container.name);
    return freeze ? thole_pause(&container.context, container.id, err)
                  : thole_resume(&container.context, container.id, err);
}

static int run_freeze(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    return set_frozen(call, true, err) < 0 ? error_prefix(err, "Failed to freeze") : 0;
}

static int run_unfreeze(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    return set_frozen(call, false, err) < 0 ? error_prefix(err, "Failed to unfreeze") : 0;
}

const struct lxc_command lxc_command_freeze = {
    .name = "freeze",
    .arguments = "",
    .summary = "freeze all processes of a container",
    .options = lxc_no_options,
    .run = run_freeze,
};

const struct lxc_command lxc_command_unfreeze = {
    .name = "unfreeze",
    .arguments = "",
    .summary = "thaw all processes of a container",
    .options = lxc_no_options,
    .run = run_unfreeze,
};
