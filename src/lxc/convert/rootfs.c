/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.rootfs.*: the directory that becomes the root. Without one, the host's root is shared. */
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "lxc/convert/conversion.h"

/* Of the storage types those whose source is a directory with everything in it. */
static const char *const directory_types[] = {"dir", "btrfs"};
static const char *const other_types[] = {"loop", "nbd", "lvm", "zfs", "rbd", "aufs"};

static const char *clean(struct arena *arena, const char *path) {
    char *room = arena_alloc(arena, strlen(path) + 2);
    return path_clean(room, path);
}

/* The root itself must not be a link to thole; what is not there is found out at the start. */
static const char *resolved(struct arena *arena, const char *path) {
    cleanup_free char *real = realpath(path, NULL);
    return real != NULL ? arena_strdup(arena, real) : clean(arena, path);
}

/* LOWER[:LOWER]...:UPPER, with a work directory beside UPPER. The overlay, mounted on /, becomes
 * the root; what thole opens before is a directory that exists in any case. */
static int convert_overlay(struct lxc_conversion *conversion, const struct lxc_item *item,
                           const char *source, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    const char *colon = strrchr(source, ':');
    if (source[0] != '/' || colon == NULL || colon[1] != '/')
        return error_config(err, item->where, "\"%s\" is not LOWER:UPPER, two or more paths",
                            source);
    const char *upper = clean(arena, colon + 1);
    const char *lower = arena_strndup(arena, source, (size_t)(colon - source));
    const char *slash = strrchr(upper, '/');
    struct oci_mount *mount = lxc_list_add(arena, &conversion->oci->mounts);
    mount->destination = arena_strdup(arena, "/");
    mount->type = mount->source = arena_strdup(arena, "overlay");
    lxc_strings_add(arena, &mount->options, arena_printf(arena, "lowerdir=%s", lower));
    lxc_strings_add(arena, &mount->options, arena_printf(arena, "upperdir=%s", upper));
    lxc_strings_add(arena, &mount->options,
                    arena_printf(arena, "workdir=%.*s/olwork", (int)(slash - upper), upper));
    conversion->rootfs = conversion->rootfs_given = upper;
    conversion->oci->root->path = arena_strdup(arena, upper);
    return 0;
}

static int convert_directory(struct lxc_conversion *conversion, const struct lxc_item *item,
                             const char *path, struct thole_error *err) {
    if (path[0] != '/')
        return error_config(err, item->where, "\"%s\" is not an absolute path", path);
    conversion->rootfs = resolved(conversion->arena, path);
    conversion->rootfs_given = item != NULL ? clean(conversion->arena, path) : NULL;
    conversion->oci->root->path = arena_strdup(conversion->arena, conversion->rootfs);
    return 0;
}

static int convert_path(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_item *item = lxc_conversion_item(conversion, "lxc.rootfs.path");
    const char *path = item != NULL ? item->value : "/";
    const size_t length = strcspn(path, ":");
    const char *type = arena_strndup(conversion->arena, path, length);
    if (path[0] == '/' || path[length] != ':')
        return convert_directory(conversion, item, path, err);
    path += length + 1;
    if (strcmp(type, "overlay") == 0 || strcmp(type, "overlayfs") == 0)
        return convert_overlay(conversion, item, path, err);
    if (text_is_one_of(type, directory_types, sizeof(directory_types) / sizeof(directory_types[0])))
        return convert_directory(conversion, item, path, err);
    if (text_is_one_of(type, other_types, sizeof(other_types) / sizeof(other_types[0])))
        return error_unsupported(err, item->where, "a root of type %s cannot be mounted yet", type);
    return error_config(err, item->where, "there is no storage type %s", type);
}

/* OCI has words for two kinds of them. */
static int convert_option(struct lxc_conversion *conversion, const struct lxc_item *item,
                          const char *option, struct thole_error *err) {
    static const struct {
        const char *word;
        int flags;
    } propagations[] = {
        {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
        {"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
        {"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
        {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
    };
    if (strcmp(option, "ro") == 0 || strcmp(option, "rw") == 0) {
        conversion->oci->root->readonly = option[1] == 'o';
        return 0;
    }
    for (size_t i = 0; i < sizeof(propagations) / sizeof(propagations[0]); i++) {
        if (strcmp(option, propagations[i].word) != 0)
            continue;
        conversion->oci->linux->rootfs_propagation = propagations[i].flags;
        return 0;
    }
    if (text_starts_with(option, "idmap="))
        return error_unsupported(err, item->where,
                                 "the root itself cannot be mounted with mapped "
                                 "ids");
    lxc_conversion_note(conversion, item->where, "no effect on a directory: %s", option);
    return 0;
}

static int convert_options(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_item *item = lxc_conversion_item(conversion, "lxc.rootfs.options");
    /* What is mounted inside is a matter of all mount namespaces inside, as systemd expects it. */
    conversion->oci->linux->rootfs_propagation = MS_SHARED | MS_REC;
    for (const char *at = item != NULL ? item->value : ""; *at != '\0';) {
        const size_t length = strcspn(at, ", \t");
        if (length > 0 &&
            convert_option(conversion, item, arena_strndup(conversion->arena, at, length), err) < 0)
            return -1;
        at += length + (at[length] != '\0');
    }
    return 0;
}

int lxc_convert_rootfs(struct lxc_conversion *conversion, struct thole_error *err) {
    const char *mount = lxc_conversion_value(conversion, "lxc.rootfs.mount");
    (void)lxc_conversion_value(conversion, "lxc.rootfs.managed"); /* lxc-destroy reads it */
    conversion->rootfs_mount = mount != NULL ? clean(conversion->arena, mount) : NULL;
    if (convert_path(conversion, err) < 0)
        return -1;
    return convert_options(conversion, err);
}
