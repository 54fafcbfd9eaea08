/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-copy: copies, renames, and copies for one use. */
#include "lxc/store/copy.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "lxc/commands/call.h"
#include "lxc/commands/commands.h"
#include "lxc/config/file_text.h"
#include "lxc/store/config_file.h"
#include "lxc/store/destroy.h"
#include "lxc/store/ephemeral.h"
#include "lxc/store/rename.h"
#include "lxc/store/system.h"

struct copy_options {
    const char *newname;
    const char *newpath;
    bool rename;
    bool snapshot;
    bool allowrunning;
    bool foreground;
    bool daemon;
    bool ephemeral;
    struct option_strings mounts;
    const char *backing;
    bool tmpfs;
    const char *fssize;
    bool keepdata;
    bool keepname;
    bool keepmac;
};

#define MEMBER(name) offsetof(struct copy_options, name)

static const struct option_row rows[] = {
    {"newname", 'N', OPTION_STRING, MEMBER(newname), "NAME", "name of the new container"},
    {"newpath", 'p', OPTION_STRING, MEMBER(newpath), "PATH", "directory of containers for it"},
    {"rename", 'R', OPTION_FLAG, MEMBER(rename), NULL, "rename the container"},
    {"snapshot", 's', OPTION_FLAG, MEMBER(snapshot), NULL,
     "share the files, with a layer over them for changes"},
    {"allowrunning", 'a', OPTION_FLAG, MEMBER(allowrunning), NULL, "even if the container runs"},
    {"foreground", 'F', OPTION_FLAG, MEMBER(foreground), NULL,
     "with -e: start it with this terminal as its console"},
    {"daemon", 'd', OPTION_FLAG, MEMBER(daemon), NULL, "with -e: in the background (default)"},
    {"ephemeral", 'e', OPTION_FLAG, MEMBER(ephemeral), NULL,
     "start the copy, and destroy it when it stops"},
    {"mount", 'm', OPTION_STRINGS, MEMBER(mounts), "TYPE=SOURCE[:TARGET]",
     "with -e: mount a directory, bind=SOURCE[:TARGET][:ro|rw] or overlay=SOURCE[:TARGET]"},
    {"backingstorage", 'B', OPTION_STRING, MEMBER(backing), "TYPE",
     "storage of the copy: dir or overlay"},
    {"tmpfs", 't', OPTION_FLAG, MEMBER(tmpfs), NULL, "with -e: changes are kept in memory"},
    {"fssize", 'L', OPTION_STRING, MEMBER(fssize), "SIZE", NULL},
    {"keepdata", 'D', OPTION_FLAG, MEMBER(keepdata), NULL,
     "with -e: do not destroy it when it stops"},
    {"keepname", 'K', OPTION_FLAG, MEMBER(keepname), NULL, "keep the host name"},
    {"keepmac", 'M', OPTION_FLAG, MEMBER(keepmac), NULL, "keep hardware addresses"},
    {0},
};

/* ---- what goes with what --------------------------------------------------------------------- */

static int check_ephemeral(const struct copy_options *options, struct thole_error *err) {
    const struct {
        bool given;
        const char *name;
    } only_ephemeral[] = {
        {options->mounts.count > 0, "mount"},
        {options->tmpfs, "tmpfs"},
        {options->keepdata, "keepdata"},
        {options->foreground, "foreground"},
    };
    for (size_t i = 0; i < sizeof(only_ephemeral) / sizeof(only_ephemeral[0]); i++) {
        if (only_ephemeral[i].given && !options->ephemeral)
            return error_usage(err, "option --%s goes with --ephemeral", only_ephemeral[i].name);
    }
    for (size_t i = 0; i < options->mounts.count; i++) {
        if (lxc_ephemeral_check_mounts(options->mounts.items[i], err) < 0)
            return -1;
    }
    if (options->foreground && options->daemon)
        return error_usage(err, "either --foreground or --daemon");
    return 0;
}

static int check_options(const struct copy_options *options, struct thole_error *err) {
    static const char *const storage[] = {"dir", "overlay", "overlayfs"};
    if (options->newname == NULL && !options->ephemeral)
        return error_usage(err, "You must provide a NEWNAME for the clone");
    if (options->rename && (options->snapshot || options->ephemeral))
        return error_usage(err, "--rename makes no copy: neither --snapshot nor --ephemeral");
    if (options->backing != NULL && !text_is_one_of(options->backing, storage, 3))
        return error_unsupported(err, NULL,
                                 "storage of type %s is not supported: dir and overlay are",
                                 options->backing);
    if (options->snapshot && options->backing != NULL && strcmp(options->backing, "dir") == 0)
        return error_usage(err, "a directory has no snapshots: --backingstorage overlay has");
    return check_ephemeral(options, err);
}

static bool shares(const struct copy_options *options) {
    bool overlay = options->backing != NULL && strcmp(options->backing, "dir") != 0;
    return options->snapshot || overlay || (options->ephemeral && options->backing == NULL);
}

/* ---- copies for one use ---------------------------------------------------------------------- */

/* The lines that make it one; layers for mounts are made beneath its directory afterwards. */
static int add_lines(const struct copy_options *options, const struct lxc_container *copy,
                     struct thole_error *err) {
    cleanup_text struct text text = {0};
    if (lxc_configuration_text_read(copy->config_file, &text, err) < 0)
        return -1;
    if (!options->keepdata)
        lxc_configuration_text_replace(&text, "lxc.ephemeral", "1");
    for (size_t i = 0; i < options->mounts.count; i++) {
        if (lxc_ephemeral_add_mounts(&text, options->mounts.items[i], copy->directory, err) < 0)
            return -1;
    }
    return lxc_config_file_write(copy->config_file, &text, err);
}

static int start(const struct lxc_call *call, const struct lxc_container *copy, int *ret_status,
                 struct thole_error *err) {
    const struct copy_options *options = call->options;
    cleanup_arena struct arena arena = {0};
    char **words = arena_new_array(&arena, call->argument_count + 3, char *);
    words[0] = arena_strdup(&arena, options->foreground ? "--foreground" : "--daemon");
    words[1] = arena_strdup(&arena, "--");
    (void)memcpy(&words[2], call->arguments, call->argument_count * sizeof(*words));
    return lxc_call_command(call, "start", copy->lxcpath, copy->name, words, ret_status, err);
}

/* One that has not started is not destroyed by its end. */
static int run_ephemeral(const struct lxc_call *call, const struct lxc_copy_request *request,
                         int *ret_status, struct thole_error *err) {
    const struct copy_options *options = call->options;
    struct thole_error ignored = {0};
    cleanup_lxc_container struct lxc_container copy = {0};
    if (lxc_container_find(request->name, request->lxcpath, &call->log, &copy, err) < 0)
        return -1;
    if (add_lines(options, &copy, err) == 0) {
        (void)printf("Created %s as clone of %s\n", request->name, call->name);
        if (options->tmpfs)
            (void)printf("Container is placed on tmpfs.\n"
                         "Rebooting will cause all changes made to it to be lost!\n");
        (void)fflush(stdout);
        if (start(call, &copy, ret_status, err) == 0)
            return 0;
    }
    (void)lxc_destroy(&copy, NULL, false, &ignored);
    return -1;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int make_copy(const struct lxc_call *call, const struct lxc_container *source,
                     struct lxc_copy_request *request, int *ret_status, struct thole_error *err) {
    const struct copy_options *options = call->options;
    cleanup_free char *layers = NULL;
    request->snapshot = shares(options);
    request->keep_name = options->keepname;
    request->keep_addresses = options->keepmac;
    request->allow_running = options->allowrunning || options->ephemeral;
    request->hook_arguments = options->ephemeral ? NULL : call->arguments;
    if (options->tmpfs && lxc_ephemeral_layers(request->lxcpath, request->name, &layers, err) < 0)
        return -1;
    request->layers = layers;
    if (lxc_copy(source, call->settings->rcfile, request, err) < 0)
        return -1;
    return options->ephemeral ? run_ephemeral(call, request, ret_status, err) : 0;
}

static int run_copy(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct copy_options *options = call->options;
    cleanup_lxc_container struct lxc_container source = {0};
    cleanup_free char *path = NULL;
    cleanup_free char *name = NULL;
    if (check_options(options, err) < 0 ||
        lxc_container_find(call->name, call->lxcpath, &call->log, &source, err) < 0 ||
        lxc_system_path(options->newpath != NULL ? options->newpath : call->lxcpath, &path, err) <
            0)
        return -1;
    if (!source.defined)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "Container is not defined");
    name = options->newname != NULL ? strdup(options->newname) : lxc_ephemeral_name(call->name);
    if (options->rename) {
        const struct lxc_rename_request request = {
            .name = name, .lxcpath = path, .keep_name = options->keepname};
        return lxc_rename(&source, &request, err);
    }
    struct lxc_copy_request request = {.name = name, .lxcpath = path};
    return make_copy(call, &source, &request, ret_status, err);
}

const struct lxc_command lxc_command_copy = {
    .name = "copy",
    .arguments = "-N NEWNAME [-- HOOK-ARGUMENT...]",
    .summary = "copy or rename a container",
    .description =
        "The copy has the files of the container, or with --snapshot shares them: what it changes "
        "goes to a layer of its own (an overlay). The text of its configuration is the same but "
        "for the host name, hardware addresses, and paths of files in the container's directory. "
        "Hooks (lxc.hook.clone) get the words after \"--\".\n\n"
        "With --ephemeral the copy is started, with the words after \"--\" for its command, and "
        "destroyed when it stops.",
    .options = rows,
    .options_size = sizeof(struct copy_options),
    .naming = LXC_NAME_FIRST_WORD,
    .run = run_copy,
};
