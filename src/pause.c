/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: the freezer. */
#include "commands.h"
#include "thole.h"

static int run_pause(const struct invocation *invocation, int *ret_status,
                     struct thole_error *err) {
    (void)ret_status;
    return thole_pause(invocation->context, invocation->arguments[0], err);
}

static int run_resume(const struct invocation *invocation, int *ret_status,
                      struct thole_error *err) {
    (void)ret_status;
    return thole_resume(invocation->context, invocation->arguments[0], err);
}

const struct command command_pause = {
    .name = "pause",
    .arguments = "ID",
    .summary = "suspend all processes of a container",
    .options = command_no_options,
    .minimum = 1,
    .maximum = 1,
    .run = run_pause,
};

const struct command command_resume = {
    .name = "resume",
    .arguments = "ID",
    .summary = "let a paused container go on",
    .options = command_no_options,
    .minimum = 1,
    .maximum = 1,
    .run = run_resume,
};
