/* SPDX-License-Identifier: Apache-2.0 */
/* The value of lxc.rootfs.path. */
#include "lxc/config/rootfs_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct {
    const char *prefix;
    enum lxc_rootfs_kind kind;
} types[] = {
    {"dir:", LXC_ROOTFS_DIRECTORY},
    {"btrfs:", LXC_ROOTFS_DIRECTORY}, /* a subvolume is a directory to who runs it */
    {"loop:", LXC_ROOTFS_LOOP},
    {"overlay:", LXC_ROOTFS_OVERLAY},
    {"overlayfs:", LXC_ROOTFS_OVERLAY},
};

/* Storage that LXC attaches first. */
static const char *const others[] = {"nbd", "lvm", "zfs", "rbd", "aufs"};

static int unknown_type(const char *value, const char *where, struct thole_error *err) {
    size_t length = strcspn(value, ":");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strlen(others[i]) == length && strncmp(others[i], value, length) == 0)
            return error_unsupported(err, where,
                                     "storage of type %s is not supported: mount it and name the "
                                     "directory, \"dir:PATH\"",
                                     others[i]);
    }
    if (value[length] == '\0')
        return error_config(err, where, "\"%s\" is not an absolute path", value);
    return error_config(err, where,
                        "there is no storage type \"%.*s\": dir, btrfs, loop and overlay are",
                        (int)length, value);
}

static int parse_overlay(const char *layers, const char *where, struct lxc_rootfs_path *rootfs,
                         struct thole_error *err) {
    const char *colon = strrchr(layers, ':');
    if (colon == NULL || colon == layers || layers[0] != '/' || colon[1] != '/')
        return error_config(err, where,
                            "an overlay is \"overlay:LOWER:UPPER\" with absolute paths, not \"%s\"",
                            layers);
    const char *slash = strrchr(colon, '/');
    struct text work = {0};
    text_append_bytes(&work, colon + 1, (size_t)(slash - colon - 1));
    text_append(&work, "/work");
    rootfs->lower = strndup(layers, (size_t)(colon - layers));
    rootfs->upper = strdup(colon + 1);
    rootfs->work = text_take(&work);
    return 0;
}

int lxc_rootfs_path_parse(const char *value, const char *where, struct lxc_rootfs_path *ret_rootfs,
                          struct thole_error *err) {
    const char *path = value;
    *ret_rootfs = (struct lxc_rootfs_path){.kind = LXC_ROOTFS_NONE};
    if (value == NULL)
        return 0;
    ret_rootfs->kind = LXC_ROOTFS_DIRECTORY;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (text_starts_with(value, types[i].prefix)) {
            ret_rootfs->kind = types[i].kind;
            path = value + strlen(types[i].prefix);
            break;
        }
    }
    if (ret_rootfs->kind == LXC_ROOTFS_OVERLAY)
        return parse_overlay(path, where, ret_rootfs, err);
    if (path[0] != '/')
        return unknown_type(path, where, err);
    if (ret_rootfs->kind == LXC_ROOTFS_LOOP)
        ret_rootfs->image = strdup(path);
    else
        ret_rootfs->directory = strdup(path);
    return 0;
}

void lxc_rootfs_path_done(struct lxc_rootfs_path *rootfs) {
    free(rootfs->directory);
    free(rootfs->image);
    free(rootfs->lower);
    free(rootfs->upper);
    free(rootfs->work);
    *rootfs = (struct lxc_rootfs_path){.kind = LXC_ROOTFS_NONE};
}
