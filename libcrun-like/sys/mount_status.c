/* SPDX-License-Identifier: Apache-2.0 */
/* statx(2) and statmount(2). */
#include "sys/mount_status.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/mount_calls.h"
#include "sys/process_calls.h"

/* Linux 6.8, newer than the C library's headers may be. */
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#define UNIQUE_MOUNT_ID 0x4000U /* STATX_MNT_ID_UNIQUE */
#define MOUNT_BASIC 2U          /* STATMOUNT_MNT_BASIC */

struct mount_request {
    uint32_t size;
    uint32_t spare;
    uint64_t mount_id;
    uint64_t mask;
};

/* The head of struct statmount. */
struct mount_answer {
    uint32_t size;
    uint32_t options;
    uint64_t mask;
    uint32_t device[2];
    uint64_t magic;
    uint32_t superblock_flags;
    uint32_t type;
    uint64_t id;
    uint64_t parent_id;
    uint32_t old_ids[2];
    uint64_t attributes;
    uint64_t propagation;
    uint64_t rest[64];
};

uint64_t sys_root_mount_id(void) {
    struct statx root;
    if (statx(AT_FDCWD, "/", 0, UNIQUE_MOUNT_ID, &root) < 0 ||
        (root.stx_mask & UNIQUE_MOUNT_ID) == 0 ||
        (root.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
        return 0;
    return root.stx_mnt_id;
}

int sys_mount_status(uint64_t id, struct sys_mount_status *ret_status) {
    const struct mount_request request = {
        .size = sizeof(request), .mount_id = id, .mask = MOUNT_BASIC};
    struct mount_answer answer;
    if (syscall(SYS_statmount, &request, &answer, sizeof(answer), 0) < 0)
        return -1;
    *ret_status = (struct sys_mount_status){
        .id = answer.id,
        .parent_id = answer.parent_id,
        .shared = (answer.propagation & MS_SHARED) != 0,
    };
    return 0;
}
