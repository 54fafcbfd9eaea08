/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-ls: the containers of an lxcpath, and those that run. */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/output.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"
#include "lxc/store/listing.h"

struct ls_options {
    bool line;
};

static const struct option_row rows[] = {
    {"line", '1', OPTION_FLAG, offsetof(struct ls_options, line), NULL, "show one name a line"},
    {0},
};

static int run_ls(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    cleanup_lxc_listing struct lxc_listing listing = {0};
    cleanup_text struct text text = {0};
    if (lxc_listing_read(call->lxcpath, &call->log, &listing, err) < 0)
        return -1;
    for (size_t i = 0; i < listing.count; i++)
        text_appendf(&text, "%s\n", listing.items[i].name);
    cleanup_free char *output = text_take(&text);
    return output_text(output, err);
}

const struct lxc_command lxc_command_ls = {
    .name = "ls",
    .arguments = "[REGEX]",
    .summary = "list containers",
    .options = rows,
    .options_size = sizeof(struct ls_options),
    .naming = LXC_NAME_ANY,
    .run = run_ls,
};
