/* SPDX-License-Identifier: Apache-2.0 */
/* Loop devices: an image file as a block device, loop(4). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * Attaches @image to a free loop device, whose path goes to @path. Returns a descriptor of the
 * device: without one, and without a mount of it, the device is free again by itself. An image that
 * cannot be written to is attached for reading. -1 with errno set.
 */
int sys_loop_attach(const char *image, char *path, size_t size);

/** Which file a device is attached to. */
struct sys_loop_image {
    uint64_t device; /* as the kernel encodes it */
    uint64_t inode;
};

/** What the open @device is attached to. -1 with errno set. */
int sys_loop_look(int device, struct sys_loop_image *ret_image);

/** From now on @device stays attached without a descriptor of it. -1 with errno set. */
int sys_loop_keep(int device);

/**
 * Gives back the device at @path; what still has it open keeps it until then. 0 as well if it is
 * not attached to @image (any more). -1 with errno set.
 */
int sys_loop_detach(const char *path, const struct sys_loop_image *image);
