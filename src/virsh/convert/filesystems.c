/* SPDX-License-Identifier: Apache-2.0 */
/* A filesystem of a domain, by its type. */
#include "virsh/convert/filesystems.h"

#include <inttypes.h>
#include <string.h>

#include "translate/image.h"

static int wanted(const struct domain_filesystem *filesystem, const struct domain_value *source,
                  const char *what, struct thole_error *err) {
    if (source->text != NULL && source->text[0] == '/')
        return 0;
    return error_config(err, source->text != NULL ? source->where : filesystem->where,
                        "the source is the absolute path of %s", what);
}

static struct oci_mount *add(struct virsh_conversion *conversion,
                             const struct domain_filesystem *filesystem, const char *type,
                             const char *source, const char *option) {
    struct oci_mount *mount = virsh_mount_add(conversion, filesystem->target.text, type, source,
                                              (const char *const[]){option, NULL});
    if (filesystem->readonly.number != 0)
        oci_strings_add(conversion->arena, &mount->options, "ro");
    return mount;
}

static int add_directory(struct virsh_conversion *conversion,
                         const struct domain_filesystem *filesystem, struct thole_error *err) {
    if (wanted(filesystem, &filesystem->source_dir, "a directory", err) < 0)
        return -1;
    (void)add(conversion, filesystem, "bind", filesystem->source_dir.text, "rbind");
    return 0;
}

/* A directory of the container itself. */
static int add_inner(struct virsh_conversion *conversion,
                     const struct domain_filesystem *filesystem, struct thole_error *err) {
    if (wanted(filesystem, &filesystem->source_dir, "a directory in the container", err) < 0)
        return -1;
    struct oci_mount *mount =
        add(conversion, filesystem, "bind", filesystem->source_dir.text, "rbind");
    oci_strings_add(conversion->arena, &mount->options, "x-relative");
    return 0;
}

static int add_memory(struct virsh_conversion *conversion,
                      const struct domain_filesystem *filesystem, struct thole_error *err) {
    if (filesystem->source_usage.number == 0)
        return error_config(err, filesystem->where, "the source has a usage: how large it may be");
    const char *size =
        arena_printf(conversion->arena, "size=%" PRIu64, filesystem->source_usage.number);
    struct oci_mount *mount = add(conversion, filesystem, "tmpfs", "tmpfs", size);
    oci_strings_add(conversion->arena, &mount->options, "nosuid");
    oci_strings_add(conversion->arena, &mount->options, "nodev");
    return 0;
}

/* The kernel finds out nothing by itself: the type is that of the magic number. */
static int add_image(struct virsh_conversion *conversion,
                     const struct domain_filesystem *filesystem, const struct domain_value *source,
                     const char *option, struct thole_error *err) {
    const char *type = translate_image_type(source->text, err);
    if (type == NULL)
        return error_prefix(err, "%s", source->where);
    struct oci_mount *mount = add(conversion, filesystem, type, source->text, option);
    if (filesystem->readonly.number == 0 &&
        (strcmp(type, "squashfs") == 0 || strcmp(type, "erofs") == 0))
        oci_strings_add(conversion->arena, &mount->options, "ro");
    return 0;
}

static int add_file(struct virsh_conversion *conversion, const struct domain_filesystem *filesystem,
                    struct thole_error *err) {
    const struct domain_value *format = &filesystem->format;
    if (wanted(filesystem, &filesystem->source_file, "an image", err) < 0)
        return -1;
    if (filesystem->driver.text != NULL && filesystem->driver.number == DOMAIN_DRIVER_NBD)
        return error_unsupported(err, filesystem->driver.where,
                                 "the image is attached at the start: its device is not known yet");
    if (format->text != NULL && strcmp(format->text, "raw") != 0)
        return error_unsupported(err, format->where,
                                 "a loop device has no other format than raw: use the driver nbd");
    return add_image(conversion, filesystem, &filesystem->source_file, "x-loop", err);
}

static int add_block(struct virsh_conversion *conversion,
                     const struct domain_filesystem *filesystem, struct thole_error *err) {
    if (wanted(filesystem, &filesystem->source_dev, "a block device", err) < 0)
        return -1;
    return add_image(conversion, filesystem, &filesystem->source_dev, "relatime", err);
}

static int add_by_type(struct virsh_conversion *conversion,
                       const struct domain_filesystem *filesystem, struct thole_error *err) {
    switch ((enum domain_filesystem_type)filesystem->type.number) {
    case DOMAIN_FILESYSTEM_MOUNT:
        return add_directory(conversion, filesystem, err);
    case DOMAIN_FILESYSTEM_BIND:
        return add_inner(conversion, filesystem, err);
    case DOMAIN_FILESYSTEM_RAM:
        return add_memory(conversion, filesystem, err);
    case DOMAIN_FILESYSTEM_BLOCK:
        return add_block(conversion, filesystem, err);
    case DOMAIN_FILESYSTEM_FILE:
        return add_file(conversion, filesystem, err);
    case DOMAIN_FILESYSTEM_TEMPLATE:
        break;
    }
    return error_unsupported(err, filesystem->type.where,
                             "templates are OpenVZ's: name a directory");
}

int virsh_filesystem_add(struct virsh_conversion *conversion,
                         const struct domain_filesystem *filesystem, struct thole_error *err) {
    const struct domain_value *target = &filesystem->target;
    if (target->text == NULL || target->text[0] != '/')
        return error_config(err, target->text != NULL ? target->where : filesystem->where,
                            "the target is an absolute path");
    if (add_by_type(conversion, filesystem, err) < 0)
        return -1;
    virsh_conversion_origin(conversion, filesystem->where, "/mounts/%zu",
                            conversion->oci->mounts.count - 1);
    return 0;
}
