/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.rootfs.*: the directory that becomes the root. Without one, the host's root is shared. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "lxc/config/rootfs_path.h"
#include "lxc/convert/conversion.h"
#include "sys/mount_calls.h"
#include "translate/image.h"

static const char *clean(struct arena *arena, const char *path) {
    char *room = arena_alloc(arena, strlen(path) + 2);
    return path_clean(room, path);
}

/* The root itself must not be a link to thole; what is not there is found out at the start. */
static const char *resolved(struct arena *arena, const char *path) {
    cleanup_free char *real = realpath(path, NULL);
    return real != NULL ? arena_strdup(arena, real) : clean(arena, path);
}

/* The overlay, mounted on /, becomes the root. What thole opens before must not be the upper layer:
 * that would get a mount of its own, and the kernel wants it and the work directory on one. */
static void convert_overlay(struct lxc_conversion *conversion,
                            const struct lxc_rootfs_path *rootfs) {
    struct arena *arena = conversion->arena;
    struct oci_mount *mount = oci_list_add(arena, &conversion->oci->mounts);
    mount->destination = arena_strdup(arena, "/");
    mount->type = mount->source = arena_strdup(arena, "overlay");
    oci_strings_add(arena, &mount->options, arena_printf(arena, "lowerdir=%s", rootfs->lower));
    oci_strings_add(arena, &mount->options, arena_printf(arena, "upperdir=%s", rootfs->upper));
    oci_strings_add(arena, &mount->options, arena_printf(arena, "workdir=%s", rootfs->work));
    conversion->rootfs_work = arena_strdup(arena, rootfs->work);
    conversion->rootfs = conversion->rootfs_given =
        resolved(arena, arena_strndup(arena, rootfs->lower, strcspn(rootfs->lower, ":")));
}

/* What is in the image, mounted on /, becomes the root. The directory that it covers is not seen.
 */
static int convert_image(struct lxc_conversion *conversion, const struct lxc_item *item,
                         const char *image, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    const char *type = translate_image_type(image, err);
    if (type == NULL)
        return error_prefix(err, "%s", item->where);
    struct oci_mount *mount = oci_list_add(arena, &conversion->oci->mounts);
    mount->destination = arena_strdup(arena, "/");
    mount->type = arena_strdup(arena, type);
    mount->source = arena_strdup(arena, image);
    oci_strings_add(arena, &mount->options, "x-loop");
    if (strcmp(type, "squashfs") == 0 || strcmp(type, "erofs") == 0)
        oci_strings_add(arena, &mount->options, "ro");
    const char *directory =
        arena_printf(arena, "%s/%s", conversion->request->lxcpath, conversion->request->name);
    conversion->rootfs =
        resolved(arena, access(directory, F_OK) == 0 ? directory : conversion->request->lxcpath);
    conversion->rootfs_given = clean(arena, image);
    return 0;
}

static int convert_path(struct lxc_conversion *conversion, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    const struct lxc_item *item = lxc_conversion_item(conversion, "lxc.rootfs.path");
    cleanup_lxc_rootfs_path struct lxc_rootfs_path rootfs = {0};
    if (item != NULL && lxc_rootfs_path_parse(item->value, item->where, &rootfs, err) < 0)
        return -1;
    conversion->rootfs = "/";
    if (rootfs.kind == LXC_ROOTFS_OVERLAY) {
        convert_overlay(conversion, &rootfs);
        lxc_conversion_origin(conversion, item->where, "/mounts/%zu",
                              conversion->oci->mounts.count - 1);
        conversion->rootfs_path = item->value;
    } else if (rootfs.kind == LXC_ROOTFS_LOOP) {
        if (convert_image(conversion, item, rootfs.image, err) < 0)
            return -1;
        conversion->rootfs_path = item->value;
        lxc_conversion_origin(conversion, item->where, "/mounts/%zu",
                              conversion->oci->mounts.count - 1);
    } else if (rootfs.kind == LXC_ROOTFS_DIRECTORY) {
        conversion->rootfs = resolved(arena, rootfs.directory);
        conversion->rootfs_given = clean(arena, rootfs.directory);
        conversion->rootfs_path = conversion->rootfs_given;
    }
    conversion->oci->root->path = arena_strdup(arena, conversion->rootfs);
    return 0;
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
