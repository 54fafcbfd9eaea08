/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image files that a start attaches to block devices: those of disks, and those of filesystems that
 * only QEMU can read. (A loop device that is mounted comes and goes with its mount: x-loop.) They
 * stay attached across reboots, so what gives them back has to find them: a note tells, in a file
 * of its own for each start.
 */
#pragma once

#include "base/error.h"
#include "virsh/domain/domain.h"

#define VIRSH_IMAGES_SUFFIX ".images"

/** The note of the start whose document is @live, a path; malloc'ed. */
char *virsh_images_note(const char *live);

/**
 * Attaches the images of @domain, whose filesystems and disks are of type block then. Where there
 * is one, @ret_note is the open note, which is locked until that is closed: nobody takes the
 * devices for left over meanwhile. -1: whatever is in the note is the caller's to detach.
 */
int virsh_images_attach(struct domain *domain, const char *note, int *ret_note,
                        struct thole_error *err);

/** Gives back what the note @path tells of, and removes it; 0 as well if there is none. */
int virsh_images_detach(const char *path, struct thole_error *err);

/** 1 with the open note @path, locked: whoever attaches or detaches is done. 0: there is none. */
int virsh_images_lock(const char *path, int *ret_note, struct thole_error *err);

/** virsh_images_detach() of a note that the caller has locked. */
int virsh_images_detach_locked(int note, const char *path, struct thole_error *err);
