/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of the host: nothing but what is named may be used. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/text.h"
#include "virsh/convert/devices.h"

static void add_rule(struct virsh_conversion *conversion, const struct oci_device_rule *rule) {
    *oci_list_add(conversion->arena, &conversion->oci->linux->resources->devices) = *rule;
}

/* A node at @path for what @source is on the host. */
static int add_node(struct virsh_conversion *conversion, const struct domain_value *source,
                    const char *path, mode_t kind, const char *access, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    struct stat status;
    if (stat(source->text, &status) < 0)
        return error_errno(err, source->where, "look at %s", source->text);
    if ((status.st_mode & S_IFMT) != kind)
        return error_config(err, source->where, "%s is no %s device", source->text,
                            kind == S_IFBLK ? "block" : "character");
    const struct oci_int number_major = {true, major(status.st_rdev)};
    const struct oci_int number_minor = {true, minor(status.st_rdev)};
    char *type = arena_strdup(arena, kind == S_IFBLK ? "b" : "c");
    struct oci_device *device = oci_list_add(arena, &conversion->oci->linux->devices);
    device->type = type;
    device->path = arena_strdup(arena, path);
    device->major = number_major;
    device->minor = number_minor;
    device->file_mode = (struct oci_uint){true, status.st_mode & 0777};
    const struct oci_device_rule rule = {
        .allow = true,
        .type = type,
        .major = number_major,
        .minor = number_minor,
        .access = arena_strdup(arena, access),
    };
    add_rule(conversion, &rule);
    virsh_conversion_origin(conversion, source->where, "/linux/devices/%zu",
                            conversion->oci->linux->devices.count - 1);
    return 0;
}

static int add_usb(struct virsh_conversion *conversion, const struct domain_hostdev *hostdev,
                   struct thole_error *err) {
    uint64_t bus = 0;
    uint64_t device = 0;
    if (virsh_usb_find(hostdev, &bus, &device, err) < 0)
        return -1;
    const struct domain_value source = {
        .text =
            arena_printf(conversion->arena, "/dev/bus/usb/%03" PRIu64 "/%03" PRIu64, bus, device),
        .where = hostdev->where,
    };
    return add_node(conversion, &source, source.text, S_IFCHR, "rwm", err);
}

static int convert_hostdev(struct virsh_conversion *conversion,
                           const struct domain_hostdev *hostdev, struct thole_error *err) {
    const bool usb = hostdev->type.text != NULL && hostdev->type.number == DOMAIN_HOSTDEV_USB;
    if (hostdev->type.text == NULL || hostdev->mode.text == NULL)
        return error_config(err, hostdev->where, "a host device has a mode and a type");
    if (usb != (hostdev->mode.number == DOMAIN_HOSTDEV_SUBSYSTEM))
        return error_unsupported(err, hostdev->mode.where,
                                 "usb is of mode subsystem, everything else of capabilities");
    if (usb)
        return add_usb(conversion, hostdev, err);
    const struct domain_value *source = hostdev->type.number == DOMAIN_HOSTDEV_NET
                                            ? &hostdev->interface
                                        : hostdev->type.number == DOMAIN_HOSTDEV_STORAGE
                                            ? &hostdev->block
                                            : &hostdev->character;
    if (source->text == NULL)
        return error_config(err, hostdev->where, "the source names nothing of this type");
    if (hostdev->type.number == DOMAIN_HOSTDEV_NET)
        return 0; /* interfaces.c */
    return add_node(conversion, source, source->text,
                    hostdev->type.number == DOMAIN_HOSTDEV_STORAGE ? S_IFBLK : S_IFCHR, "rwm", err);
}

static int convert_disk(struct virsh_conversion *conversion, const struct domain_disk *disk,
                        struct thole_error *err) {
    if (disk->device.text != NULL && strcmp(disk->device.text, "disk") != 0)
        return error_unsupported(err, disk->device.where, "a container has disks only");
    if (disk->type.text != NULL && disk->type.number == DOMAIN_SOURCE_FILE)
        return error_unsupported(err, disk->type.where,
                                 "the image is attached at the start: its device is not known yet");
    if (disk->source_dev.text == NULL || disk->target.text == NULL)
        return error_config(err, disk->where, "a disk has a source and a target, dev both of them");
    if (strchr(disk->target.text, '/') != NULL || disk->target.text[0] == '.' ||
        disk->target.text[0] == '\0')
        return error_config(err, disk->target.where, "\"%s\" is not a name in /dev",
                            disk->target.text);
    return add_node(conversion, &disk->source_dev,
                    arena_printf(conversion->arena, "/dev/%s", disk->target.text), S_IFBLK,
                    disk->readonly.number != 0 ? "rm" : "rwm", err);
}

int virsh_convert_devices(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    const struct oci_device_rule nothing = {.access = arena_strdup(conversion->arena, "rwm")};
    add_rule(conversion, &nothing);
    for (size_t i = 0; i < domain->hostdevs.count; i++) {
        if (convert_hostdev(conversion, &domain->hostdevs.items[i], err) < 0)
            return -1;
    }
    for (size_t i = 0; i < domain->disks.count; i++) {
        if (convert_disk(conversion, &domain->disks.items[i], err) < 0)
            return -1;
    }
    return 0;
}
