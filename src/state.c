/* SPDX-License-Identifier: Apache-2.0 */
/* state: the state document of one container. */
#include "base/cleanup.h"
#include "cli/output.h"
#include "commands.h"
#include "thole.h"

static int run_state(const struct invocation *invocation, int *ret_status,
                     struct thole_error *err) {
    (void)ret_status;
    struct thole_state *state = NULL;
    if (thole_state(invocation->context, invocation->arguments[0], &state, err) < 0)
        return -1;
    cleanup_free char *json = thole_state_json(state);
    thole_state_free(state);
    return output_text(json, err);
}

const struct command command_state = {
    .name = "state",
    .arguments = "ID",
    .summary = "print the state of a container as JSON",
    .options = command_no_options,
    .run = run_state,
};
