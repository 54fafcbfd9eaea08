/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-snapshot: numbered copies of a container, kept with it. */
#include "lxc/store/snapshots.h"

#include <stdio.h>
#include <string.h>

#include "lxc/commands/commands.h"

struct snapshot_options {
    bool list;
    const char *restore;
    const char *newname;
    const char *destroy;
    const char *comment;
    bool showcomments;
};

#define MEMBER(name) offsetof(struct snapshot_options, name)

static const struct option_row rows[] = {
    {"list", 'L', OPTION_FLAG, MEMBER(list), NULL, "list all snapshots"},
    {"restore", 'r', OPTION_STRING, MEMBER(restore), "SNAPSHOT", "restore it, \"snap0\""},
    {"newname", 'N', OPTION_STRING, MEMBER(newname), "NAME",
     "with -r: name of the restored container; without, the container itself is replaced"},
    {"destroy", 'd', OPTION_STRING, MEMBER(destroy), "SNAPSHOT", "destroy it; ALL: all of them"},
    {"comment", 'c', OPTION_STRING, MEMBER(comment), "FILE", "keep FILE as a comment with it"},
    {"showcomments", 'C', OPTION_FLAG, MEMBER(showcomments), NULL, "with -L: show the comments"},
    {0},
};

static int list(const struct lxc_container *container, bool comments, struct thole_error *err) {
    cleanup_text struct text text = {0};
    if (lxc_snapshot_list(container, comments, &text, err) < 0)
        return -1;
    (void)printf("%s", text.length > 0 ? text.data : "No snapshots\n");
    return 0;
}

static int check_options(const struct snapshot_options *options, struct thole_error *err) {
    int tasks = options->list + (options->restore != NULL) + (options->destroy != NULL) +
                (options->comment != NULL);
    if (tasks > 1)
        return error_usage(err, "one of --list, --restore, --destroy and --comment");
    return 0;
}

static int run_snapshot(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct snapshot_options *options = call->options;
    cleanup_lxc_container struct lxc_container container = {0};
    (void)ret_status;
    if (check_options(options, err) < 0 ||
        lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0)
        return -1;
    if (!container.defined)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "%s does not exist", call->name);
    if (options->list)
        return list(&container, options->showcomments, err);
    if (options->destroy != NULL)
        return lxc_snapshot_destroy(&container, options->destroy, err);
    if (options->restore == NULL)
        return lxc_snapshot_take(&container, call->settings->rcfile, options->comment, err);
    const char *name = options->newname       ? options->newname
                       : call->argument_count ? call->arguments[0]
                                              : container.name;
    return lxc_snapshot_restore(&container, options->restore, name, err);
}

const struct lxc_command lxc_command_snapshot = {
    .name = "snapshot",
    .arguments = "[NEWNAME]",
    .summary = "take, list, restore and destroy snapshots of a container",
    .description =
        "Without -L, -r or -d a snapshot is taken of the container, which must not run: a copy in "
        "the directory \"snaps\" of its own, called snap0, snap1 ... Of an overlay only the upper "
        "layer is copied.",
    .options = rows,
    .options_size = sizeof(struct snapshot_options),
    .naming = LXC_NAME_FIRST_WORD,
    .run = run_snapshot,
};
