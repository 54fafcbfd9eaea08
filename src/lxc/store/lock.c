/* SPDX-License-Identifier: Apache-2.0 */
/* The lock of a stored container: on its directory. */
#include "lxc/store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lxc/store/making.h"

/* 1: @lock is still what @directory names. */
static int is_there(int lock, const char *directory, struct thole_error *err) {
    struct stat held;
    struct stat named;
    if (fstat(lock, &held) < 0)
        return error_errno(err, NULL, "look at the lock of %s", directory);
    if (stat(directory, &named) < 0)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "look at %s", directory);
    return held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

int lxc_container_lock(const struct lxc_container *container, enum lxc_lock_kind kind,
                       int *ret_lock, struct thole_error *err) {
    if (lxc_making_state(container->directory) == LXC_MAKING_GOES_ON)
        return error_state(err, "somebody is making the container");
    cleanup_close int lock =
        open(container->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (lock < 0 && errno == ENOENT)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "Container is not defined");
    if (lock < 0 || uninterrupted(flock(lock, kind == LXC_LOCK_READ ? LOCK_SH : LOCK_EX)) < 0)
        return error_errno(err, NULL, "lock %s", container->directory);
    int there = is_there(lock, container->directory, err);
    if (there < 0)
        return -1;
    if (there == 0 || faccessat(lock, "config", F_OK, 0) < 0)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "Container is not defined");
    *ret_lock = take_fd(&lock);
    return 0;
}
