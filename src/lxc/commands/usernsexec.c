/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-usernsexec: a command in a user namespace of its own. */
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lxc/commands/commands.h"
#include "lxc/process/child.h"
#include "lxc/process/id_maps.h"
#include "sys/mount_calls.h"

struct usernsexec_options {
    struct option_strings maps;
    bool own;
    unsigned uid;
    unsigned gid;
};

#define MEMBER(name) offsetof(struct usernsexec_options, name)

static const struct option_row rows[] = {
    {"map", 'm', OPTION_STRINGS, MEMBER(maps), "[u|g|b:]INSIDE:OUTSIDE:COUNT",
     "map these ids (default: all that /etc/subuid and /etc/subgid grant the caller, from 0 on)"},
    {"map-self", 's', OPTION_FLAG, MEMBER(own), NULL, "map the caller's own ids as well"},
    {"uid", 'u', OPTION_NUMBER, MEMBER(uid), "UID", "run the command as this user inside (0)"},
    {"gid", 'g', OPTION_NUMBER, MEMBER(gid), "GID", "run the command with this group inside (0)"},
    {0},
};

static int collect_maps(const struct usernsexec_options *options, struct lxc_id_maps *maps,
                        struct thole_error *err) {
    for (size_t i = 0; i < options->maps.count; i++) {
        if (lxc_id_maps_add(maps, options->maps.items[i], err) < 0)
            return -1;
    }
    if (options->maps.count == 0 && lxc_id_maps_add_granted(maps, err) < 0)
        return -1;
    if (options->own)
        lxc_id_maps_add_own(maps);
    return 0;
}

static int become(const struct usernsexec_options *options, struct thole_error *err) {
    if (setgroups(0, NULL) < 0 && errno != EPERM)
        return error_errno(err, NULL, "drop supplementary groups");
    if (setresgid(options->gid, options->gid, options->gid) < 0)
        return error_errno(err, NULL, "become group %u, which has to be mapped", options->gid);
    if (setresuid(options->uid, options->uid, options->uid) < 0)
        return error_errno(err, NULL, "become user %u, who has to be mapped", options->uid);
    return 0;
}

static int run_inside(const struct lxc_call *call, struct thole_error *err) {
    static char shell[] = "/bin/sh";
    char *const only_shell[] = {shell, NULL};
    if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return error_errno(err, NULL, "keep mounts from the host");
    if (become(call->options, err) < 0)
        return -1;
    return lxc_child_execute(call->argument_count > 0 ? call->arguments : only_shell, err);
}

static int run_usernsexec(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_lxc_id_maps struct lxc_id_maps maps = {0};
    cleanup_lxc_child struct lxc_child child = LXC_CHILD_INIT;
    if (collect_maps(call->options, &maps, err) < 0)
        return -1;
    int inside = lxc_child_start(CLONE_NEWUSER | CLONE_NEWNS, &child, err);
    if (inside < 0)
        return -1;
    if (inside == 1) {
        if (!lxc_child_await(&child))
            _exit(EXIT_FAILURE);
        return run_inside(call, err);
    }
    if (lxc_id_maps_write(&maps, child.pid, err) < 0)
        return -1;
    lxc_child_release(&child);
    int status = lxc_child_wait(&child, err);
    if (status < 0)
        return -1;
    *ret_status = status;
    return 0;
}

const struct lxc_command lxc_command_usernsexec = {
    .name = "usernsexec",
    .arguments = "[-- COMMAND [ARGUMENT]...]",
    .summary = "run a command as root of a new user namespace",
    .description = "The exit status is the command's, or 128 + N if signal N ended it.",
    .options = rows,
    .options_size = sizeof(struct usernsexec_options),
    .naming = LXC_NAME_OPTION,
    .no_common = true,
    .run = run_usernsexec,
};
