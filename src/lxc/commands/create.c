/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-create: a new container, made by a template. */
#include "lxc/store/create.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lxc/commands/commands.h"
#include "lxc/store/system.h"
#include "lxc/store/template.h"

struct create_options {
    const char *config;
    const char *template;
    const char *bdev;
    const char *dir;
    const char *ignored; /* of storage that is refused anyway */
};

#define MEMBER(name) offsetof(struct create_options, name)

static const struct option_row rows[] = {
    {"config", 'f', OPTION_STRING, MEMBER(config), "FILE",
     "begin with the configuration FILE, not with lxc.default_config"},
    {"template", 't', OPTION_STRING, MEMBER(template), "TEMPLATE",
     "the template's name or path; \"none\": make no root file system"},
    {"bdev", 'B', OPTION_STRING, MEMBER(bdev), "TYPE",
     "storage of the root file system: dir (also as best) or overlay"},
    {"dir", 0, OPTION_STRING, MEMBER(dir), "DIRECTORY", "make the root file system there"},
    {"lvname", 0, OPTION_STRING, MEMBER(ignored), "NAME", NULL},
    {"vgname", 0, OPTION_STRING, MEMBER(ignored), "NAME", NULL},
    {"thinpool", 0, OPTION_STRING, MEMBER(ignored), "NAME", NULL},
    {"rbdname", 0, OPTION_STRING, MEMBER(ignored), "NAME", NULL},
    {"rbdpool", 0, OPTION_STRING, MEMBER(ignored), "NAME", NULL},
    {"rbduser", 0, OPTION_STRING, MEMBER(ignored), "NAME", NULL},
    {"zfsroot", 0, OPTION_STRING, MEMBER(ignored), "PATH", NULL},
    {"fstype", 0, OPTION_STRING, MEMBER(ignored), "TYPE", NULL},
    {"fssize", 0, OPTION_STRING, MEMBER(ignored), "SIZE", NULL},
    {0},
};

static int parse_storage(const char *word, enum lxc_rootfs_kind *ret_kind,
                         struct thole_error *err) {
    static const char *const others[] = {"btrfs", "loop", "lvm", "nbd", "rbd", "zfs"};
    *ret_kind = LXC_ROOTFS_DIRECTORY;
    if (word == NULL || strcmp(word, "dir") == 0 || strcmp(word, "best") == 0)
        return 0;
    *ret_kind = LXC_ROOTFS_OVERLAY;
    if (strcmp(word, "overlay") == 0 || strcmp(word, "overlayfs") == 0)
        return 0;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(word, others[i]) == 0)
            return error_unsupported(err, NULL,
                                     "storage of type %s is not supported: mount a volume of it "
                                     "and name a directory there with --dir",
                                     word);
    }
    return error_usage(err, "%s is not a valid backing storage type", word);
}

/* What the new configuration begins with; a default that is not there is an empty one. malloc'ed */
static int find_config(const char *given, char **ret_file, struct thole_error *err) {
    cleanup_free char *file = NULL;
    *ret_file = NULL;
    if (given != NULL) {
        *ret_file = strdup(given);
        return 0;
    }
    if (lxc_system_get("lxc.default_config", &file, err) < 0)
        return -1;
    if (access(file, F_OK) == 0)
        *ret_file = take_ptr(file);
    else if (errno != ENOENT)
        return error_errno(err, NULL, "look at %s", file);
    return 0;
}

static bool asks_for_help(const struct lxc_call *call) {
    return call->argument_count == 1 &&
           (strcmp(call->arguments[0], "-h") == 0 || strcmp(call->arguments[0], "--help") == 0);
}

/* That it is not defined is seen when its directory is made. */
static int check_not_running(const struct lxc_container *container, struct thole_error *err) {
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_state(container, &state, err) < 0)
        return -1;
    return state == NULL ? 0
                         : error_state(err, "Container already exists: %s runs", container->name);
}

/* Everything that the command line can get wrong, before anything is made. */
static int read_options(const struct lxc_call *call, struct lxc_create_request *request,
                        char **ret_template, char **ret_config, char **ret_rootfs,
                        struct thole_error *err) {
    const struct create_options *options = call->options;
    if (options->template == NULL)
        return error_usage(err, "A template must be specified; use \"none\" if you really want a "
                                "container without a rootfs");
    if (parse_storage(options->bdev, &request->storage, err) < 0)
        return -1;
    bool none = strcmp(options->template, "none") == 0;
    if (none && options->dir != NULL)
        return error_usage(err, "--dir is for a root file system, and template none makes none");
    if ((!none && lxc_template_find(options->template, ret_template, err) < 0) ||
        find_config(options->config, ret_config, err) < 0 ||
        (options->dir != NULL && lxc_system_path(options->dir, ret_rootfs, err) < 0))
        return -1;
    request->template = *ret_template;
    request->config_file = *ret_config;
    request->rootfs = *ret_rootfs;
    request->arguments = call->arguments;
    return 0;
}

static int show_template_help(const struct lxc_call *call, const char *template,
                              const char *directory, struct thole_error *err) {
    static const struct lxc_configuration no_config = {0};
    const struct lxc_template_call help = {
        .program = template,
        .directory = directory,
        .name = call->name,
        .rootfs = directory,
        .arguments = call->arguments,
    };
    return lxc_template_run(&help, &no_config, err);
}

static int run_create(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    struct lxc_create_request request = {0};
    cleanup_free char *template = NULL;
    cleanup_free char *config = NULL;
    cleanup_free char *rootfs = NULL;
    cleanup_lxc_container struct lxc_container container = {0};
    (void)ret_status;
    if (read_options(call, &request, &template, &config, &rootfs, err) < 0 ||
        lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0)
        return -1;
    if (template != NULL && asks_for_help(call))
        return show_template_help(call, template, container.directory, err);
    if (check_not_running(&container, err) < 0)
        return -1;
    if (lxc_create(&container, &request, err) < 0)
        return error_prefix(err, "Failed to create container %s", call->name);
    return 0;
}

const struct lxc_command lxc_command_create = {
    .name = "create",
    .arguments = "-t TEMPLATE [-- TEMPLATE-OPTION...]",
    .summary = "make a container",
    .description =
        "The container gets the configuration of -f, else the file that lxc.default_config "
        "names, and a root file system that the template fills. A template is a program lxc-NAME "
        "of thole or of LXC, or any other that is named by its path. It is called as PROGRAM "
        "--path=DIRECTORY --name=NAME --rootfs=ROOTFS and the options after \"--\"; those of a "
        "template are shown by lxc-create NAME -t TEMPLATE -- -h. If the configuration maps ids it "
        "runs in a user namespace with that map.\n\n"
        "If something fails nothing is left of the container.",
    .options = rows,
    .options_size = sizeof(struct create_options),
    .naming = LXC_NAME_FIRST_WORD,
    .run = run_create,
};
