/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of the host, also for an init that has left its mount namespace. */
#include "apply/host_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/mount_calls.h"

int apply_host_null_open(struct apply_host_mounts *mounts, struct thole_error *err) {
    cleanup_close int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(err, NULL, "open the host's /dev/null");
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "the host's /dev/null is not the null device");
    cleanup_close_fd(&mounts->null_fd);
    mounts->null_fd = take_fd(&fd);
    return 0;
}

/* A mount can only be cloned in its own namespace. */
static int clone_in_host(const struct apply_host_mounts *mounts, int place, unsigned flags) {
    if (setns(mounts->host, CLONE_NEWNS) < 0)
        return -1;
    cleanup_close int tree = open_tree(place, "", flags);
    int problem = errno;
    if (setns(mounts->own, CLONE_NEWNS) < 0)
        return -1;
    errno = problem;
    return take_fd(&tree);
}

int apply_host_tree(const struct apply_host_mounts *mounts, int place, unsigned flags, bool peers) {
    struct mount_attr attributes = {.propagation = MS_PRIVATE};
    flags |= AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
    if (mounts->host < 0)
        return open_tree(place, "", flags);
    cleanup_close int tree = clone_in_host(mounts, place, flags);
    if (tree < 0 || peers)
        return take_fd(&tree);
    if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
        return -1;
    return take_fd(&tree);
}

void apply_host_mounts_done(struct apply_host_mounts *mounts) {
    const int fds[] = {mounts->host, mounts->own, mounts->null_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        cleanup_close_fd(&fds[i]);
    *mounts = (struct apply_host_mounts)APPLY_HOST_MOUNTS_INIT;
}
