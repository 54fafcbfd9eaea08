/* SPDX-License-Identifier: Apache-2.0 */
/* Copying root file systems, or putting layers over them. */
#include "lxc/store/copied_rootfs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "lxc/store/file_copy.h"
#include "lxc/store/making.h"
#include "lxc/store/tree_copy.h"

static char *joined(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s", directory, name);
    return text_take(&path);
}

static int make_directory(const char *path, struct thole_error *err) {
    return mkdir(path, 0755) == 0 ? 0 : error_errno(err, NULL, "make the directory %s", path);
}

/* The root of an overlay looks like the top directory of its upper layer. */
static int make_like(const char *model, const char *path, struct thole_error *err) {
    struct stat status;
    const char *what = NULL;
    if (make_directory(path, err) < 0)
        return -1;
    if (stat(model, &status) < 0)
        return error_errno(err, NULL, "look at %s", model);
    if (lxc_file_copy_attributes(AT_FDCWD, model, AT_FDCWD, path, &status, &what) < 0)
        return error_errno(err, NULL, "%s %s", what, path);
    return 0;
}

/* Where the layers are nobody has business but the container's root, and who may change the
 * container's directory. */
static int make_layers(const struct lxc_rootfs_copy *copy, const char *model,
                       struct thole_error *err) {
    struct stat root;
    struct stat directory;
    if (lxc_make_directories(copy->layers, 0770, err) < 0)
        return -1;
    if (stat(model, &root) < 0 || stat(copy->directory, &directory) < 0)
        return error_errno(err, NULL, "look at %s and %s", model, copy->directory);
    if (geteuid() == 0 && lchown(copy->layers, root.st_uid, directory.st_gid) < 0)
        return error_errno(err, NULL, "give its owner to %s", copy->layers);
    if (chmod(copy->layers, 0770) < 0)
        return error_errno(err, NULL, "set the mode of %s", copy->layers);
    return 0;
}

/* An empty directory for the root to be mounted on, and the overlay's own working directory. */
static int make_places(const struct lxc_rootfs_copy *copy, const char *model,
                       struct thole_error *err) {
    cleanup_free char *root = joined(copy->directory, "rootfs");
    cleanup_free char *work = joined(copy->layers, "work");
    struct stat status;
    if (stat(root, &status) < 0 && make_directory(root, err) < 0)
        return -1;
    return make_like(model, work, err);
}

static int copy_directory(const struct lxc_rootfs_copy *copy, struct thole_error *err) {
    cleanup_free char *target = joined(copy->directory, "rootfs");
    return lxc_tree_copy(copy->from->directory, target, err);
}

static int put_layer_over(const struct lxc_rootfs_copy *copy, struct thole_error *err) {
    const char *lower = copy->from->directory;
    cleanup_free char *upper = joined(copy->layers, "delta");
    if (make_layers(copy, lower, err) < 0 || make_like(lower, upper, err) < 0 ||
        make_places(copy, lower, err) < 0)
        return -1;
    return 1;
}

static bool owns_lower(const struct lxc_rootfs_copy *copy) {
    return path_is_beneath(copy->from->lower, copy->source);
}

/* A lower layer that is the source's own is copied as well, unless it is to be shared. */
static bool copies_lower(const struct lxc_rootfs_copy *copy) {
    return owns_lower(copy) && !copy->snapshot && strchr(copy->from->lower, ':') == NULL;
}

static int copy_layers(const struct lxc_rootfs_copy *copy, struct thole_error *err) {
    const struct lxc_rootfs_path *from = copy->from;
    cleanup_free char *upper = joined(copy->layers, "delta");
    cleanup_free char *lower = joined(copy->directory, "rootfs");
    if ((copies_lower(copy) && lxc_tree_copy(from->lower, lower, err) < 0) ||
        make_layers(copy, from->upper, err) < 0 || lxc_tree_copy(from->upper, upper, err) < 0 ||
        make_places(copy, from->upper, err) < 0)
        return -1;
    return owns_lower(copy) && !copies_lower(copy);
}

char *lxc_rootfs_copy_path(const struct lxc_rootfs_copy *copy) {
    struct text path = {0};
    if (copy->from->kind == LXC_ROOTFS_NONE || copy->from->kind == LXC_ROOTFS_LOOP)
        return NULL;
    if (copy->from->kind == LXC_ROOTFS_OVERLAY && !copies_lower(copy))
        text_appendf(&path, "overlay:%s:%s/delta", copy->from->lower, copy->layers);
    else if (copy->from->kind == LXC_ROOTFS_OVERLAY)
        text_appendf(&path, "overlay:%s/rootfs:%s/delta", copy->directory, copy->layers);
    else if (copy->snapshot)
        text_appendf(&path, "overlay:%s:%s/delta", copy->from->directory, copy->layers);
    else
        text_appendf(&path, "dir:%s/rootfs", copy->directory);
    return text_take(&path);
}

int lxc_rootfs_copy(const struct lxc_rootfs_copy *copy, struct thole_error *err) {
    switch (copy->from->kind) {
    case LXC_ROOTFS_DIRECTORY:
        return copy->snapshot ? put_layer_over(copy, err) : copy_directory(copy, err);
    case LXC_ROOTFS_OVERLAY:
        return copy_layers(copy, err);
    case LXC_ROOTFS_LOOP:
        return error_unsupported(err, NULL, "an image in a file cannot be copied: copy %s",
                                 copy->from->image);
    case LXC_ROOTFS_NONE:
        break;
    }
    return 0;
}
