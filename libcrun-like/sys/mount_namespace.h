/* SPDX-License-Identifier: Apache-2.0 */
/* Mount namespaces that hold one tree alone: open_tree(2), OPEN_TREE_NAMESPACE, Linux 7.0. */
#ifndef SYS_MOUNT_NAMESPACE_H
#define SYS_MOUNT_NAMESPACE_H

#include <stdbool.h>

/** True if this kernel makes them, and for this process. Nothing is made to find out. */
bool sys_has_tree_namespaces(void);

/**
 * A mount namespace with a copy of the mounts at and beneath the open @directory, which is its "/".
 * Of the caller's other mounts there is nothing in it. Returns its fd for setns(2), -1 with errno
 * set: EINVAL also for what the kernel does not clone (MS_UNBINDABLE).
 */
int sys_tree_namespace_new(int directory);

struct sys_mount_nature {
    bool unbindable; /* MS_UNBINDABLE */
    bool bottom;     /* the root of its mount namespace: nothing lies beneath it */
};

/** Of the mount that the open @fd is on: statmount(2), Linux 6.8. -1 with errno set. */
int sys_mount_nature(int fd, struct sys_mount_nature *ret_nature);

#endif
