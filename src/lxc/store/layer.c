/* SPDX-License-Identifier: Apache-2.0 */
/* Putting an unpacked layer on a root file system. */
#include "lxc/store/layer.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/store/file_copy.h"
#include "lxc/store/tree_remove.h"
#include "lxc/store/tree_walk.h"

enum { OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static const char whiteout[] = ".wh.";
static const char opaque[] = ".wh..wh..opq";

static int remove_entry(int directory, const char *name, struct thole_error *err) {
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name);
    return lxc_tree_remove(path, err);
}

static DIR *open_list(int directory) {
    int copy = openat(directory, ".", OPEN_DIRECTORY);
    return copy >= 0 ? fdopendir(copy) : NULL;
}

/* Everything that lower layers have put there. */
static int empty(int target, struct thole_error *err) {
    cleanup_closedir DIR *stream = open_list(target);
    if (stream == NULL)
        return error_errno(err, NULL, "read a directory of the root file system");
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            remove_entry(target, entry->d_name, err) < 0)
            return -1;
    }
    return 0;
}

/* Whiteouts mean lower layers only: they are carried out before anything of this one arrives. */
static int apply_whiteouts(int layer, int target, struct thole_error *err) {
    struct stat status;
    if (fstatat(layer, opaque, &status, AT_SYMLINK_NOFOLLOW) == 0 && empty(target, err) < 0)
        return -1;
    cleanup_closedir DIR *stream = open_list(layer);
    if (stream == NULL)
        return error_errno(err, NULL, "read a directory of the layer");
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        const char *name = entry->d_name + strlen(whiteout);
        if (!text_starts_with(entry->d_name, whiteout) || text_starts_with(name, whiteout))
            continue;
        if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            return error_set(err, THOLE_ERROR_CONFIG, 0, NULL, "the layer has a whiteout of \"%s\"",
                             name);
        if (remove_entry(target, name, err) < 0)
            return -1;
    }
    return 0;
}

static int failed(const struct lxc_tree_walk *walk, const char *what, const char *name,
                  struct thole_error *err) {
    int code = errno;
    cleanup_free char *path = lxc_tree_path(walk, name);
    return error_set(err, THOLE_ERROR_HOST, code, NULL, "%s %s of the layer", what, path);
}

static int move_file(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                     const struct stat *status, struct thole_error *err) {
    const int *target = userdata;
    (void)status;
    if (text_starts_with(name, whiteout))
        return 0;
    if (remove_entry(*target, name, err) < 0)
        return -1;
    if (renameat(walk->directory, name, *target, name) < 0)
        return failed(walk, "move", name, err);
    return 0;
}

static int enter(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                 const struct stat *status, struct thole_error *err) {
    int *target = userdata;
    struct stat below;
    (void)status;
    if (fstatat(*target, name, &below, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(below.st_mode) &&
        unlinkat(*target, name, 0) < 0)
        return failed(walk, "replace", name, err);
    if (mkdirat(*target, name, 0700) < 0 && errno != EEXIST)
        return failed(walk, "make", name, err);
    int directory = openat(*target, name, OPEN_DIRECTORY);
    if (directory < 0)
        return failed(walk, "open", name, err);
    (void)close(*target);
    *target = directory;
    cleanup_close int layer = openat(walk->directory, name, OPEN_DIRECTORY);
    if (layer < 0)
        return failed(walk, "open", name, err);
    return apply_whiteouts(layer, *target, err);
}

static int leave(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                 const struct stat *status, struct thole_error *err) {
    int *target = userdata;
    const char *what = NULL;
    int parent = openat(*target, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return failed(walk, "leave", name, err);
    (void)close(*target);
    *target = parent;
    if (lxc_file_copy_attributes(walk->directory, name, parent, name, status, &what) < 0)
        return failed(walk, what, name, err);
    return 0;
}

int lxc_layer_apply(const char *layer, const char *rootfs, struct thole_error *err) {
    cleanup_close int target = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int top = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct lxc_tree_visitor visitor = {move_file, enter, leave, &target};
    if (target < 0 || top < 0)
        return error_errno(err, NULL, "open %s", target < 0 ? rootfs : layer);
    if (apply_whiteouts(top, target, err) < 0)
        return -1;
    return lxc_tree_walk(layer, &visitor, err);
}
