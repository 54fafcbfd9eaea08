/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of a mount: statx(2) and statmount(2), Linux 6.8. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sys_mount_status {
    uint64_t id;        /* never used again, unlike the numbers of mountinfo */
    uint64_t parent_id; /* the same as @id at the bottom of a mount namespace */
    bool shared;        /* MS_SHARED: in a peer group */
};

/** The id of the mount whose root is "/". 0: there is none (a chroot), or the kernel cannot say. */
uint64_t sys_root_mount_id(void);

/** -1 with errno set; ENOSYS before Linux 6.8. */
int sys_mount_status(uint64_t id, struct sys_mount_status *ret_status);
