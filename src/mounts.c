/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: the mounts of a running container. */
#include <string.h>

#include "base/cleanup.h"
#include "commands.h"
#include "input.h"
#include "thole.h"

static int run_mounts(const struct invocation *invocation, int *ret_status,
                      struct thole_error *err) {
    (void)ret_status;
    const char *action = invocation->arguments[0];
    const char *id = invocation->arguments[1];
    cleanup_free char *json = NULL;
    const bool add = strcmp(action, "add") == 0;
    if (!add && strcmp(action, "remove") != 0)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "\"%s\" is neither add nor remove",
                         action);
    if (input_document(invocation->arguments[2], &json, err) < 0)
        return -1;
    return add ? thole_mounts_add(invocation->context, id, json, err)
               : thole_mounts_remove(invocation->context, id, json, err);
}

const struct command command_mounts = {
    .name = "mounts",
    .arguments = "add|remove ID FILE",
    .summary = "add mounts to a running container, or remove them",
    .description =
        "FILE (-: standard input) is a JSON list of mounts, as in a configuration. What\n"
        "is added is a bind, a tmpfs, or another file system that needs no files of the\n"
        "host; all are mounted or, after an error, none. Of what is removed only the\n"
        "destinations count. The container sees the change at once; it is gone when the\n"
        "container ends.",
    .options = command_no_options,
    .run = run_mounts,
};
