/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-version of LXC 0.6 to 0.9. */
#include <stdio.h>

#include "lxc/commands/commands.h"

static int run_version(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    (void)call;
    (void)ret_status;
    return printf("lxc version: %s\n", LXC_LEVEL) < 0
               ? error_errno(err, NULL, "write to standard output")
               : 0;
}

const struct lxc_command lxc_command_version = {
    .name = "version",
    .arguments = "",
    .summary = "print the release of LXC whose commands these are",
    .options = lxc_no_options,
    .naming = LXC_NAME_OPTION,
    .run = run_version,
};
