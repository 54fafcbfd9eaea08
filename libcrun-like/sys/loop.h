/* SPDX-License-Identifier: Apache-2.0 */
/* Loop devices: an image file as a block device, loop(4). */
#pragma once

#include <stddef.h>

/**
 * Attaches @image to a free loop device, whose path goes to @path. Returns a descriptor of the
 * device: without one, and without a mount of it, the device is free again by itself. An image that
 * cannot be written to is attached for reading. -1 with errno set.
 */
int sys_loop_attach(const char *image, char *path, size_t size);
