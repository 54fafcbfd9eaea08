/* SPDX-License-Identifier: Apache-2.0 */
/* start: runs the program of a created container. */
#include "commands.h"
#include "environment.h"
#include "thole.h"

static int create_start(const struct invocation *invocation, int *ret_status,
                        struct thole_error *err) {
    (void)ret_status;
    return thole_start(invocation->context, invocation->arguments[0],
                       environment_get("NOTIFY_SOCKET"), err);
}

const struct command command_start = {
    .name = "start",
    .arguments = "ID",
    .summary = "run the program of a created container",
    .description = "A program that cannot be executed is this command's error.",
    .options = command_no_options,
    .minimum = 1,
    .maximum = 1,
    .run = create_start,
};
