/* SPDX-License-Identifier: Apache-2.0 */
/* USB devices as the kernel lists them: sysfs-bus-usb. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "virsh/convert/devices.h"

enum { HEXADECIMAL = 16, DECIMAL = 10, ID_MAX = 0xffff };

static const char listed[] = "/sys/bus/usb/devices";

/* What is looked for, or found. */
struct usb_device {
    uint64_t vendor;
    uint64_t product;
    uint64_t bus;
    uint64_t device;
};

/* "0x046d", or decimal, as libvirt reads it. */
static int read_id(const struct domain_hostdev *hostdev, const struct domain_value *id,
                   uint64_t *ret_id, struct thole_error *err) {
    char *end = NULL;
    if (id->text == NULL)
        return error_config(err, hostdev->where,
                            "a USB device is named by its address, or by vendor and product");
    errno = 0;
    *ret_id = strtoull(id->text, &end, 0);
    if (end == id->text || *end != '\0' || errno != 0 || *ret_id > ID_MAX)
        return error_config(err, id->where, "\"%s\" is not a number up to 0xffff", id->text);
    return 0;
}

/* 0: it is not there (any more). */
static int read_number(int directory, const char *file, int base, uint64_t *ret_number,
                       struct thole_error *err) {
    char digits[16];
    if (file_read_kernel(directory, file, digits, sizeof(digits)) >= 0) {
        *ret_number = strtoull(digits, NULL, base);
        return 1;
    }
    if (errno == ENOENT || errno == ENODEV)
        return 0;
    return error_errno(err, NULL, "read %s of a device in %s", file, listed);
}

static int read_device(int directory, struct usb_device *device, struct thole_error *err) {
    const struct {
        const char *file;
        int base;
        uint64_t *number;
    } numbers[] = {
        {"idVendor", HEXADECIMAL, &device->vendor},
        {"idProduct", HEXADECIMAL, &device->product},
        {"busnum", DECIMAL, &device->bus},
        {"devnum", DECIMAL, &device->device},
    };
    int result = 1;
    for (size_t i = 0; result > 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        result = read_number(directory, numbers[i].file, numbers[i].base, numbers[i].number, err);
    return result;
}

/* Interfaces of devices, "1-4:1.0", have no vendor: they are none. @ret: the last that matches. */
static int count_matches(DIR *directory, const struct usb_device *wanted, struct usb_device *ret,
                         struct thole_error *err) {
    const struct dirent *entry = NULL;
    int count = 0;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        struct usb_device device = {0};
        if (entry->d_name[0] == '.')
            continue;
        cleanup_close int of_one =
            openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (of_one < 0 && errno != ENOENT)
            return error_errno(err, NULL, "open %s/%s", listed, entry->d_name);
        const int found = of_one < 0 ? 0 : read_device(of_one, &device, err);
        if (found < 0)
            return -1;
        if (found > 0 && device.vendor == wanted->vendor && device.product == wanted->product) {
            *ret = device;
            count++;
        }
    }
    return errno == 0 ? count : error_errno(err, NULL, "read directory %s", listed);
}

static int look_up(const struct domain_hostdev *hostdev, struct usb_device *device,
                   struct thole_error *err) {
    const struct usb_device wanted = *device;
    cleanup_closedir DIR *directory = opendir(listed);
    if (directory == NULL && errno != ENOENT)
        return error_errno(err, hostdev->where, "open directory %s", listed);
    const int count = directory == NULL ? 0 : count_matches(directory, &wanted, device, err);
    if (count < 0)
        return error_prefix(err, "%s", hostdev->where);
    if (count == 0)
        return error_config(err, hostdev->where, "Did not find USB device %04x:%04x",
                            (unsigned)wanted.vendor, (unsigned)wanted.product);
    if (count > 1)
        return error_config(err, hostdev->where,
                            "Multiple USB devices for %04x:%04x, use <address> to specify one",
                            (unsigned)wanted.vendor, (unsigned)wanted.product);
    return 0;
}

int virsh_usb_find(const struct domain_hostdev *hostdev, uint64_t *ret_bus, uint64_t *ret_device,
                   struct thole_error *err) {
    struct usb_device device = {.bus = hostdev->usb_bus.number,
                                .device = hostdev->usb_device.number};
    const bool addressed = hostdev->usb_bus.text != NULL && hostdev->usb_device.text != NULL;
    if (!addressed && (read_id(hostdev, &hostdev->usb_vendor, &device.vendor, err) < 0 ||
                       read_id(hostdev, &hostdev->usb_product, &device.product, err) < 0 ||
                       look_up(hostdev, &device, err) < 0))
        return -1;
    *ret_bus = device.bus;
    *ret_device = device.device;
    return 0;
}
