/* SPDX-License-Identifier: Apache-2.0 */
/* start, pause and resume: what runs in a container, and when. */
#include "commands.h"
#include "environment.h"
#include "thole.h"

static int run_start(const struct invocation *invocation, int *ret_status,
                     struct thole_error *err) {
    (void)ret_status;
    return thole_start(invocation->context, invocation->arguments[0],
                       environment_get("NOTIFY_SOCKET"), err);
}

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

const struct command command_start = {
    .name = "start",
    .arguments = "ID",
    .summary = "run the program of a created container",
    .description = "A program that cannot be executed is this command's error.",
    .options = command_no_options,
    .run = run_start,
};

const struct command command_pause = {
    .name = "pause",
    .arguments = "ID",
    .summary = "suspend all processes of a container",
    .options = command_no_options,
    .run = run_pause,
};

const struct command command_resume = {
    .name = "resume",
    .arguments = "ID",
    .summary = "let a paused container go on",
    .options = command_no_options,
    .run = run_resume,
};
