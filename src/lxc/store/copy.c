/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a container. */
#include "lxc/store/copy.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/config/configuration.h"
#include "lxc/config/file_text.h"
#include "lxc/store/clones.h"
#include "lxc/store/config_copy.h"
#include "lxc/store/copied_rootfs.h"
#include "lxc/store/hooks.h"
#include "lxc/store/host_name.h"
#include "lxc/store/lock.h"
#include "lxc/store/making.h"
#include "lxc/store/mapped.h"
#include "lxc/store/tree_remove.h"
#include "sys/mount_calls.h"

/* What is known before anything is made. */
struct copying {
    const struct lxc_container *source;
    const struct lxc_copy_request *request;
    const char *config_file; /* of the source */
    uid_t caller;
    char *directory; /* of the new container */
    char *layers;
    struct lxc_configuration config;
    struct lxc_rootfs_path rootfs;
};

static void copying_done(struct copying *copying) {
    free(copying->directory);
    free(copying->layers);
    lxc_configuration_done(&copying->config);
    lxc_rootfs_path_done(&copying->rootfs);
}
#define cleanup_copying __attribute__((cleanup(copying_done)))

static char *joined(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s", directory, name);
    return text_take(&path);
}

int lxc_check_stopped(const struct lxc_container *container, struct thole_error *err) {
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_state(container, &state, err) < 0)
        return -1;
    return state == NULL ? 0 : error_state(err, "%s is running", container->name);
}

static int begin(struct copying *copying, struct thole_error *err) {
    const struct lxc_copy_request *request = copying->request;
    if (lxc_container_check_name(request->name, err) < 0)
        return -1;
    copying->directory = joined(request->lxcpath, request->name);
    copying->layers =
        request->layers != NULL ? strdup(request->layers) : joined(copying->directory, "overlay");
    if (!request->allow_running && lxc_check_stopped(copying->source, err) < 0)
        return -1;
    if (lxc_configuration_read(&copying->config, copying->config_file, err) < 0)
        return -1;
    const struct lxc_item *item = lxc_configuration_find(&copying->config, "lxc.rootfs.path");
    return lxc_rootfs_path_parse(item != NULL ? item->value : NULL,
                                 item != NULL ? item->where : NULL, &copying->rootfs, err);
}

/* The new directory belongs to whom the old one does. An ordinary user keeps his hand on it by its
 * group, and leaves it to the container's root, who has to come through. */
static int give_directory(void *userdata, struct thole_error *err) {
    const struct copying *copying = userdata;
    struct stat status;
    if (geteuid() != 0)
        return 0;
    if (copying->caller != 0)
        status = (struct stat){.st_uid = 0, .st_gid = (gid_t)-1};
    else if (stat(copying->source->directory, &status) < 0)
        return error_errno(err, NULL, "look at %s", copying->source->directory);
    if (lchown(copying->directory, status.st_uid, status.st_gid) < 0)
        return error_errno(err, NULL, "give the owner to %s", copying->directory);
    return 0;
}

static int write_config(const struct copying *copying, const char *rootfs,
                        struct thole_error *err) {
    const struct lxc_copy_request *request = copying->request;
    cleanup_free char *new_rootfs = joined(copying->directory, "rootfs");
    /* Where layers share files, LOWER is what mount points are named in. */
    const char *old_rootfs = request->snapshot ? NULL : copying->rootfs.directory;
    const struct lxc_config_copy changes = {
        .old_directory = copying->source->directory,
        .new_directory = copying->directory,
        .old_rootfs = old_rootfs,
        .new_rootfs = new_rootfs,
        .copy_files = true,
        .keep_addresses = request->keep_addresses,
    };
    cleanup_text struct text text = {0};
    cleanup_free char *file = joined(copying->directory, "config");
    if (lxc_configuration_text_read(copying->config_file, &text, err) < 0 ||
        lxc_config_copy(&changes, &text, err) < 0)
        return -1;
    if (rootfs != NULL)
        lxc_configuration_text_replace(&text, "lxc.rootfs.path", rootfs);
    if (!request->keep_name)
        lxc_configuration_text_replace(&text, "lxc.uts.name", request->name);
    if (request->more != NULL)
        text_append(&text, request->more);
    return file_create_at(AT_FDCWD, file, text.data != NULL ? text.data : "", text.length, 0640,
                          err);
}

/* In a hook's process: the layers, mounted for it alone. */
static int mount_layers(void *userdata, struct thole_error *err) {
    const struct lxc_hook_call *call = userdata;
    cleanup_lxc_rootfs_path struct lxc_rootfs_path rootfs = {.kind = LXC_ROOTFS_NONE};
    cleanup_text struct text options = {0};
    if (lxc_rootfs_path_parse(call->rootfs_path, NULL, &rootfs, err) < 0)
        return -1;
    text_appendf(&options, "lowerdir=%s,upperdir=%s,workdir=%s", rootfs.lower, rootfs.upper,
                 rootfs.work);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
        mount("overlay", call->rootfs_mount, "overlay", 0, options.data) < 0)
        return error_errno(err, NULL, "mount the layers of %s on %s", call->name,
                           call->rootfs_mount);
    return 0;
}

int lxc_run_clone_hooks(const struct lxc_configuration *config, const char *directory,
                        const char *name, const char *source_name, char *const *arguments,
                        struct thole_error *err) {
    cleanup_lxc_rootfs_path struct lxc_rootfs_path rootfs = {.kind = LXC_ROOTFS_NONE};
    cleanup_free char *file = joined(directory, "config");
    cleanup_free char *root = joined(directory, "rootfs");
    const char *path = lxc_configuration_value(config, "lxc.rootfs.path");
    if (lxc_rootfs_path_parse(path, NULL, &rootfs, err) < 0)
        return -1;
    struct lxc_hook_call call = {
        .type = "clone",
        .name = name,
        .config_file = file,
        .rootfs_mount = rootfs.kind == LXC_ROOTFS_DIRECTORY ? rootfs.directory : root,
        .rootfs_path = path,
        .source_name = source_name,
        .arguments = arguments,
        .prepare = rootfs.kind == LXC_ROOTFS_OVERLAY ? mount_layers : NULL,
    };
    call.userdata = &call;
    return lxc_hooks_run(config, &call, err);
}

static int copy_files(void *userdata, struct thole_error *err) {
    return lxc_rootfs_copy(userdata, err);
}

/* What looks at the new container as a whole. */
static int finish(void *userdata, struct thole_error *err) {
    const struct copying *copying = userdata;
    const struct lxc_copy_request *request = copying->request;
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    cleanup_lxc_rootfs_path struct lxc_rootfs_path rootfs = {.kind = LXC_ROOTFS_NONE};
    cleanup_free char *file = joined(copying->directory, "config");
    if (lxc_configuration_read(&config, file, err) < 0 ||
        lxc_rootfs_path_parse(lxc_configuration_value(&config, "lxc.rootfs.path"), NULL, &rootfs,
                              err) < 0)
        return -1;
    if (!request->keep_name && lxc_host_name_write(&rootfs, request->name, err) < 0)
        return -1;
    return lxc_run_clone_hooks(&config, copying->directory, request->name, copying->source->name,
                               request->hook_arguments, err);
}

static int register_clone(const struct copying *copying, bool itself, struct thole_error *err) {
    const struct lxc_clone_name name = {copying->request->lxcpath, copying->request->name};
    const struct lxc_clone_name origin = {copying->source->lxcpath, copying->source->name};
    if (copying->rootfs.kind == LXC_ROOTFS_NONE || (!itself && copying->rootfs.lower == NULL))
        return 0;
    return lxc_clones_add(copying->directory, &name, &origin, itself, err);
}

/* Everything from its empty directory on. Returns -1 with what is not in that directory undone. */
static int fill(struct copying *copying, struct thole_error *err) {
    const struct lxc_configuration *config = &copying->config;
    const struct lxc_clone_name name = {copying->request->lxcpath, copying->request->name};
    struct lxc_rootfs_copy files = {
        .from = &copying->rootfs,
        .source = copying->source->directory,
        .directory = copying->directory,
        .layers = copying->layers,
        .snapshot = copying->request->snapshot,
    };
    cleanup_free char *rootfs = lxc_rootfs_copy_path(&files);
    struct thole_error ignored = {0};
    if (lxc_mapped_call(config, give_directory, copying, err) < 0)
        return -1;
    int shares = lxc_mapped_call(config, copy_files, &files, err);
    if (shares >= 0 && write_config(copying, rootfs, err) == 0 &&
        register_clone(copying, shares == 1, err) == 0 &&
        lxc_mapped_call(config, finish, copying, err) == 0)
        return 0;
    (void)lxc_clones_remove(copying->directory, &name, &ignored);
    if (copying->request->layers != NULL)
        (void)lxc_tree_remove(copying->layers, &ignored);
    return -1;
}

int lxc_copy(const struct lxc_container *source, const char *rcfile,
             const struct lxc_copy_request *request, struct thole_error *err) {
    cleanup_lxc_making struct lxc_making making = LXC_MAKING_INIT;
    cleanup_close int lock = -1;
    cleanup_copying struct copying copying = {
        .source = source,
        .request = request,
        .caller = geteuid(),
        .config_file = rcfile != NULL ? rcfile : source->config_file,
    };
    if (lxc_container_lock(source, LXC_LOCK_READ, &lock, err) < 0 || begin(&copying, err) < 0)
        return -1;
    if (lxc_making_begin(copying.directory, &making, err) < 0 || fill(&copying, err) < 0)
        return -1;
    return lxc_making_keep(&making, err);
}
