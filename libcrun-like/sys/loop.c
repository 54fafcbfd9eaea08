/* SPDX-License-Identifier: Apache-2.0 */
/* LOOP_CTL_GET_FREE, LOOP_CONFIGURE (Linux 5.8), LOOP_SET_STATUS64 and LOOP_CLR_FD. */
#include "sys/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { ATTEMPTS = 64 };

/* Between the answer which device is free and its use others may be faster: EBUSY. */
static int attach(int control, int file, unsigned flags, char *path, size_t size) {
    struct loop_config config = {.fd = (unsigned)file, .info.lo_flags = LO_FLAGS_AUTOCLEAR | flags};
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0)
        return -1;
    (void)snprintf(path, size, "/dev/loop%d", number);
    cleanup_close int device =
        open(path, ((flags & LO_FLAGS_READ_ONLY) != 0 ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (device < 0 || ioctl(device, LOOP_CONFIGURE, &config) < 0)
        return -1;
    return take_fd(&device);
}

int sys_loop_attach(const char *image, char *path, size_t size) {
    unsigned flags = 0;
    cleanup_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    cleanup_close int file = control < 0 ? -1 : open(image, O_RDWR | O_CLOEXEC);
    if (control >= 0 && file < 0 && (errno == EROFS || errno == EACCES)) {
        flags = LO_FLAGS_READ_ONLY;
        file = open(image, O_RDONLY | O_CLOEXEC);
    }
    if (file < 0)
        return -1;
    int device = -1;
    for (int i = 0; i < ATTEMPTS && device < 0; i++) {
        device = attach(control, file, flags, path, size);
        if (device < 0 && errno != EBUSY)
            return -1;
    }
    return device;
}

int sys_loop_look(int device, struct sys_loop_image *ret_image) {
    struct loop_info64 info;
    if (ioctl(device, LOOP_GET_STATUS64, &info) < 0)
        return -1;
    *ret_image = (struct sys_loop_image){info.lo_device, info.lo_inode};
    return 0;
}

int sys_loop_keep(int device) {
    struct loop_info64 info;
    if (ioctl(device, LOOP_GET_STATUS64, &info) < 0)
        return -1;
    info.lo_flags &= ~(unsigned)LO_FLAGS_AUTOCLEAR;
    return ioctl(device, LOOP_SET_STATUS64, &info);
}

int sys_loop_detach(const char *path, const struct sys_loop_image *image) {
    struct sys_loop_image attached;
    cleanup_close int device = open(path, O_RDONLY | O_CLOEXEC);
    if (device < 0)
        return -1;
    if (sys_loop_look(device, &attached) < 0)
        return errno == ENXIO ? 0 : -1;
    if (attached.device != image->device || attached.inode != image->inode)
        return 0;
    return ioctl(device, LOOP_CLR_FD, 0) < 0 && errno != ENXIO ? -1 : 0;
}
