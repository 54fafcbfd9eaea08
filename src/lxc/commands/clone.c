/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-clone of LXC 0.7 to 2.0: what became lxc-copy. */
#include <stdio.h>

#include "base/cleanup.h"
#include "lxc/commands/commands.h"
#include "lxc/store/copy.h"
#include "lxc/store/system.h"

struct clone_options {
    const char *orig;
    const char *new;
    const char *newpath;
    bool snapshot;
    const char *backing;
    const char *ignored; /* of storage that is refused anyway */
    bool keepname;
    bool keepmac;
};

#define MEMBER(name) offsetof(struct clone_options, name)

static const struct option_row rows[] = {
    {"orig", 'o', OPTION_STRING, MEMBER(orig), "NAME", "the container to copy"},
    {"new", 'n', OPTION_STRING, MEMBER(new), "NAME", "name of the new container"},
    {"newpath", 'p', OPTION_STRING, MEMBER(newpath), "PATH", "directory of containers for it"},
    {"snapshot", 's', OPTION_FLAG, MEMBER(snapshot), NULL,
     "share the files, with a layer over them for changes"},
    {"backingstore", 'B', OPTION_STRING, MEMBER(backing), "TYPE", "dir or overlayfs",
     .choices = "dir|overlay|overlayfs"},
    {"fssize", 'L', OPTION_STRING, MEMBER(ignored), "SIZE", NULL},
    {"vgname", 'v', OPTION_STRING, MEMBER(ignored), "NAME", NULL},
    {"fstype", 't', OPTION_STRING, MEMBER(ignored), "TYPE", NULL},
    {"keepname", 'K', OPTION_FLAG, MEMBER(keepname), NULL, "keep the host name"},
    {"keepmac", 'M', OPTION_FLAG, MEMBER(keepmac), NULL, "keep hardware addresses"},
    {0},
};

static int run_clone(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct clone_options *options = call->options;
    cleanup_lxc_container struct lxc_container source = {0};
    cleanup_free char *path = NULL;
    size_t used = 0;
    (void)ret_status;
    const char *names[] = {options->orig, options->new};
    for (size_t i = 0; i < 2; i++) {
        if (names[i] == NULL && used < call->argument_count)
            names[i] = call->arguments[used++];
        if (names[i] == NULL)
            return error_usage(err, "lxc-clone -o ORIGINAL -n NEW, or lxc-clone ORIGINAL NEW");
    }
    if (lxc_container_find(names[0], call->lxcpath, &call->log, &source, err) < 0 ||
        lxc_system_path(options->newpath != NULL ? options->newpath : call->lxcpath, &path, err) <
            0)
        return -1;
    if (!source.defined)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "%s is not defined", names[0]);
    const struct lxc_copy_request request = {
        .name = names[1],
        .lxcpath = path,
        .snapshot = options->snapshot,
        .keep_name = options->keepname,
        .keep_addresses = options->keepmac,
        .hook_arguments = call->arguments + used,
    };
    if (lxc_copy(&source, NULL, &request, err) < 0)
        return -1;
    (void)printf("Created container %s as %s of %s\n", names[1],
                 options->snapshot ? "snapshot" : "copy", names[0]);
    return 0;
}

const struct lxc_command lxc_command_clone = {
    .name = "clone",
    .arguments = "ORIGINAL NEW",
    .summary = "copy a container, as lxc-copy does (old name)",
    .options = rows,
    .options_size = sizeof(struct clone_options),
    .naming = LXC_NAME_OPTION,
    .run = run_clone,
};
