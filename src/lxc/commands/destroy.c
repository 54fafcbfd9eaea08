/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-destroy: removes a container. */
#include "lxc/store/destroy.h"

#include "lxc/commands/commands.h"

struct destroy_options {
    bool force;
    bool snapshots;
};

#define MEMBER(name) offsetof(struct destroy_options, name)

static const struct option_row rows[] = {
    {"force", 'f', OPTION_FLAG, MEMBER(force), NULL, "kill it first, if it runs"},
    {"snapshots", 's', OPTION_FLAG, MEMBER(snapshots), NULL, "its snapshots as well"},
    {0},
};

/* Its monitor deletes it, too, but this call is to return when it is gone. */
static int end_container(const struct lxc_container *container, bool force,
                         struct thole_error *err) {
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_state(container, &state, err) < 0)
        return -1;
    if (state == NULL)
        return 0;
    if (!force)
        return error_state(err, "%s is running", container->name);
    return thole_delete(&container->context, container->id, true, err);
}

static int run_destroy(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct destroy_options *options = call->options;
    cleanup_lxc_container struct lxc_container container = {0};
    (void)ret_status;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0)
        return -1;
    if (!container.defined)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "Container is not defined");
    if (end_container(&container, options->force, err) < 0)
        return -1;
    return lxc_destroy(&container, call->settings->rcfile, options->snapshots, err);
}

const struct lxc_command lxc_command_destroy = {
    .name = "destroy",
    .arguments = "",
    .summary = "remove a container",
    .description =
        "Runs lxc.hook.destroy and removes the container's root file system (unless "
        "lxc.rootfs.managed is 0) and its directory. A container that runs, that has snapshots, or "
        "whose files a clone uses, is left alone.",
    .options = rows,
    .options_size = sizeof(struct destroy_options),
    .naming = LXC_NAME_FIRST_WORD,
    .run = run_destroy,
};
