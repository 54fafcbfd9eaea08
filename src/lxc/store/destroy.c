/* SPDX-License-Identifier: Apache-2.0 */
/* Destroying a container. */
#include "lxc/store/destroy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "lxc/config/configuration.h"
#include "lxc/config/rootfs_path.h"
#include "lxc/store/clones.h"
#include "lxc/store/hooks.h"
#include "lxc/store/lock.h"
#include "lxc/store/tree_remove.h"

static char *joined(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s", directory, name);
    return text_take(&path);
}

/* The next name in @stream that is not hidden; NULL at the end (errno 0) and on failure. */
static const char *next_name(DIR *stream) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL || entry->d_name[0] != '.')
            return entry == NULL ? NULL : entry->d_name;
    }
}

int lxc_snapshots_exist(const char *directory, struct thole_error *err) {
    cleanup_free char *path = joined(directory, "snaps");
    cleanup_closedir DIR *stream = opendir(path);
    if (stream == NULL)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open %s", path);
    if (next_name(stream) != NULL)
        return 1;
    return errno == 0 ? 0 : error_errno(err, NULL, "read %s", path);
}

static int check(const struct lxc_container *container, bool snapshots, struct thole_error *err) {
    int clones = lxc_clones_exist(container->directory, err);
    int taken = clones < 0 || snapshots ? 0 : lxc_snapshots_exist(container->directory, err);
    if (clones < 0 || taken < 0)
        return -1;
    if (clones > 0)
        return error_state(err, "Destroying %s failed: %s has clones", container->name,
                           container->name);
    if (taken > 0)
        return error_state(err, "Destroying %s failed: %s has snapshots", container->name,
                           container->name);
    return 0;
}

static int run_hooks(const struct lxc_container *container, const struct lxc_configuration *config,
                     struct thole_error *err) {
    const char *rootfs = lxc_configuration_value(config, "lxc.rootfs.path");
    const char *colon = rootfs != NULL && rootfs[0] != '/' ? strchr(rootfs, ':') : NULL;
    const struct lxc_hook_call call = {
        .type = "destroy",
        .name = container->name,
        .config_file = container->config_file,
        .rootfs_mount = lxc_configuration_value(config, "lxc.rootfs.mount"),
        .rootfs_path = colon != NULL ? colon + 1 : rootfs,
    };
    return lxc_hooks_run(config, &call, err);
}

/* A link to the files is followed: they are what is meant. The host's root, and what holds the
 * containers themselves, were not made for this one. */
static int remove_files(const struct lxc_container *container, const char *path,
                        struct thole_error *err) {
    cleanup_free char *real = realpath(path, NULL);
    if (real == NULL)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "look at %s", path);
    cleanup_free char *here = realpath(container->directory, NULL);
    if (here == NULL)
        return error_errno(err, NULL, "look at %s", container->directory);
    if (path_is_beneath(here, real))
        return 0;
    return lxc_tree_remove(real, err);
}

static int remove_rootfs(const struct lxc_container *container,
                         const struct lxc_configuration *config, struct thole_error *err) {
    cleanup_lxc_rootfs_path struct lxc_rootfs_path rootfs = {.kind = LXC_ROOTFS_NONE};
    const struct lxc_item *item = lxc_configuration_find(config, "lxc.rootfs.path");
    bool managed = true;
    if (lxc_configuration_flag(config, "lxc.rootfs.managed", true, &managed, err) < 0)
        return -1;
    if (!managed || item == NULL)
        return 0;
    if (lxc_rootfs_path_parse(item->value, item->where, &rootfs, err) < 0)
        return -1;
    if (rootfs.kind == LXC_ROOTFS_DIRECTORY || rootfs.kind == LXC_ROOTFS_LOOP)
        return remove_files(container,
                            rootfs.kind == LXC_ROOTFS_LOOP ? rootfs.image : rootfs.directory, err);
    if (remove_files(container, rootfs.upper, err) < 0 ||
        remove_files(container, rootfs.work, err) < 0)
        return -1;
    /* The directory of layers in memory, if that is what it is. */
    *strrchr(rootfs.work, '/') = '\0';
    (void)rmdir(rootfs.work);
    return 0;
}

/* All but the configuration, so that a container is defined until nothing else of it is left. */
static int remove_others(const struct lxc_container *container, struct thole_error *err) {
    cleanup_closedir DIR *stream = opendir(container->directory);
    if (stream == NULL)
        return error_errno(err, NULL, "open %s", container->directory);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL)
            return errno == 0 ? 0 : error_errno(err, NULL, "read %s", container->directory);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            strcmp(entry->d_name, "config") == 0)
            continue;
        cleanup_free char *path = joined(container->directory, entry->d_name);
        if (lxc_tree_remove(path, err) < 0)
            return -1;
    }
}

static int destroy_snapshots(const struct lxc_container *container, struct thole_error *err) {
    cleanup_free char *path = joined(container->directory, "snaps");
    cleanup_closedir DIR *stream = opendir(path);
    if (stream == NULL)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open %s", path);
    for (const char *name; (name = next_name(stream)) != NULL;) {
        cleanup_lxc_container struct lxc_container snapshot = {0};
        if (lxc_container_find(name, path, &container->context.log, &snapshot, err) < 0)
            return -1;
        if (snapshot.defined && lxc_destroy(&snapshot, NULL, true, err) < 0)
            return error_prefix(err, "snapshot %s", name);
    }
    return errno == 0 ? 0 : error_errno(err, NULL, "read %s", path);
}

int lxc_destroy(const struct lxc_container *container, const char *rcfile, bool snapshots,
                struct thole_error *err) {
    cleanup_lxc_configuration struct lxc_configuration config = {0};
    cleanup_close int lock = -1;
    const struct lxc_clone_name name = {container->lxcpath, container->name};
    if (lxc_container_lock(container, LXC_LOCK_CHANGE, &lock, err) < 0 ||
        check(container, snapshots, err) < 0)
        return -1;
    if (lxc_configuration_read(&config, rcfile != NULL ? rcfile : container->config_file, err) < 0)
        return -1;
    if (snapshots && destroy_snapshots(container, err) < 0)
        return -1;
    if (run_hooks(container, &config, err) < 0 || remove_rootfs(container, &config, err) < 0)
        return -1;
    if (lxc_clones_remove(container->directory, &name, err) < 0 ||
        remove_others(container, err) < 0)
        return -1;
    return lxc_tree_remove(container->directory, err);
}
