/* SPDX-License-Identifier: Apache-2.0 */
/* What glibc has from 2.36 on and musl has not. It is defined here for every C library: a program
 * that was built with a newer glibc runs with 2.34 as well. */
#include "sys/mount_calls.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc has reserved names for the parameters. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int open_tree(int dirfd, const char *path, unsigned flags) {
    return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags) {
    return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

int mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attributes,
                  size_t size) {
    return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attributes, size);
}

int fsopen(const char *type, unsigned flags) {
    return (int)syscall(SYS_fsopen, type, flags);
}

int fsconfig(int context, unsigned command, const char *key, const void *value, int auxiliary) {
    return (int)syscall(SYS_fsconfig, context, command, key, value, auxiliary);
}

int fsmount(int context, unsigned flags, unsigned attributes) {
    return (int)syscall(SYS_fsmount, context, flags, attributes);
}

int fspick(int dirfd, const char *path, unsigned flags) {
    return (int)syscall(SYS_fspick, dirfd, path, flags);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
