/* SPDX-License-Identifier: Apache-2.0 */
/* thole-lxc layer: what the template for OCI images calls for each layer. */
#include "lxc/store/layer.h"

#include "lxc/commands/commands.h"

static int run_layer(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    if (call->argument_count != 2)
        return error_usage(err, "thole-lxc layer LAYER ROOTFS");
    return lxc_layer_apply(call->arguments[0], call->arguments[1], err);
}

const struct lxc_command lxc_command_layer = {
    .name = "layer",
    .arguments = "LAYER ROOTFS",
    .summary = "put an unpacked layer of an OCI image on a root file system",
    .options = lxc_no_options,
    .naming = LXC_NAME_OPTION,
    .hidden = true,
    .run = run_layer,
};
