/* SPDX-License-Identifier: Apache-2.0 */
/* Network block devices: images of which only QEMU knows the format, served by qemu-nbd(8). */
#pragma once

#include <stdbool.h>

#include "base/error.h"

enum { VIRSH_NBD_DEVICE = 32 };

struct virsh_nbd_image {
    const char *path;
    const char *format; /* as qemu-nbd calls it */
    bool readonly;
    const char *where; /* in the document */
};

/**
 * The first free device from @first on, and a descriptor: until that is closed, no other start
 * takes the device. An error names @where, and what the machine lacks.
 */
int virsh_nbd_find(unsigned first, const char *where, unsigned *ret_number, int *ret_lock,
                   struct thole_error *err);

/** "/dev/nbd3" */
void virsh_nbd_name(unsigned number, char ret_device[VIRSH_NBD_DEVICE]);

/**
 * Attaches the image to that device; its server stays, and writes its pid to @pid_file. 1: done, 0:
 * somebody else was faster, -1: an error.
 */
int virsh_nbd_attach(unsigned number, const struct virsh_nbd_image *image, const char *pid_file,
                     struct thole_error *err);

/**
 * Ends the server of @device that wrote @pid_file, and no other one, and waits for that: the device
 * is free then. 0 as well if it is gone already.
 */
int virsh_nbd_detach(const char *device, const char *pid_file, struct thole_error *err);
