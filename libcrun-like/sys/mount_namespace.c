/* SPDX-License-Identifier: Apache-2.0 */
/* open_tree(2) with OPEN_TREE_NAMESPACE, and what cannot be cloned by it. */
#include "sys/mount_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/process_calls.h"

#include "sys/mount_calls.h"

#ifndef OPEN_TREE_NAMESPACE
#define OPEN_TREE_NAMESPACE (1 << 1)
#endif

/* statmount(2), Linux 6.8. */
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
struct mount_status {
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

static int open_namespace(int directory) {
    return open_tree(directory, "",
                     AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_NAMESPACE | OPEN_TREE_CLOEXEC);
}

bool sys_has_tree_namespaces(void) {
    /* Flags are looked at first, privileges next, the file descriptor last. */
    return open_namespace(-1) < 0 && errno == EBADF;
}

int sys_tree_namespace_new(int directory) {
    return open_namespace(directory);
}

int sys_mount_nature(int fd, struct sys_mount_nature *ret_nature) {
    struct statx file;
    if (statx(fd, "", AT_EMPTY_PATH, UNIQUE_MOUNT_ID, &file) < 0)
        return -1;
    const struct mount_request request = {
        .size = sizeof(request), .mount_id = file.stx_mnt_id, .mask = MOUNT_BASIC};
    struct mount_status status;
    if (syscall(SYS_statmount, &request, &status, sizeof(status), 0) < 0)
        return -1;
    *ret_nature = (struct sys_mount_nature){
        .unbindable = (status.propagation & MS_UNBINDABLE) != 0,
        .bottom = status.id == status.parent_id,
    };
    return 0;
}
