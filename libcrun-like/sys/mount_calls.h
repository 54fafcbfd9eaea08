/* SPDX-License-Identifier: Apache-2.0 */
/* <sys/mount.h> with the mount API of Linux 5.2, which glibc declares from 2.36 on and musl does
 * not; the functions are in mount_calls.c. */
#pragma once

#include <fcntl.h>
#include <sys/mount.h>

#ifndef FSOPEN_CLOEXEC
#include <linux/mount.h>
#include <stddef.h>

int open_tree(int dirfd, const char *path, unsigned flags);
int move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags);
int mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attributes,
                  size_t size);
int fsopen(const char *type, unsigned flags);
int fsconfig(int context, unsigned command, const char *key, const void *value, int auxiliary);
int fsmount(int context, unsigned flags, unsigned attributes);
int fspick(int dirfd, const char *path, unsigned flags);
#endif

/** A detached clone of what lies at the open @fd; with AT_RECURSIVE of all beneath it, too. */
static inline int mount_clone(int fd, unsigned flags) {
    return open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

/** Mounts the detached @tree on the open @target. */
static inline int mount_attach(int tree, int target) {
    return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}
