/* SPDX-License-Identifier: Apache-2.0 */
/* features: what this build supports, as JSON. */
#include "base/cleanup.h"
#include "cli/output.h"
#include "commands.h"
#include "thole.h"

static int run_features(const struct invocation *invocation, int *ret_status,
                        struct thole_error *err) {
    (void)invocation;
    (void)ret_status;
    cleanup_free char *json = NULL;
    if (thole_features(&json, err) < 0)
        return -1;
    return output_text(json, err);
}

const struct command command_features = {
    .name = "features",
    .arguments = "",
    .summary = "print what this build supports as JSON",
    .options = command_no_options,
    .run = run_features,
};
