/* SPDX-License-Identifier: Apache-2.0 */
/* Joining namespaces by path, and making a time namespace. */
#include "apply/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "base/cleanup.h"
#include "sys/path.h"

/* Without a user namespace among them all are entered at once. With one, those of the host come
 * before it, and those that belong to it after it. */
enum { BEFORE_USER, USER, AFTER_USER, ROUNDS };

static int join(const struct plan_joined_namespace *joined, int *fd, bool again,
                struct thole_error *err) {
    if (setns(*fd, (int)joined->flag) == 0) {
        (void)close(take_fd(fd));
        return 0;
    }
    if (errno == EPERM && again)
        return 0;
    error_errno(err, joined->where, "join namespace %s", joined->path);
    if (errno == EPERM)
        error_hint(err, "it belongs to a user namespace in which thole has no privileges: a new "
                        "one has none over it, that one itself can be joined by path as well");
    return -1;
}

static int join_all(const struct plan_namespaces *namespaces, int *fds, bool with_user,
                    struct thole_error *err) {
    for (int round = BEFORE_USER; round < ROUNDS; round++) {
        for (size_t i = 0; i < namespaces->joined_count; i++) {
            bool is_user = namespaces->joined[i].flag == CLONE_NEWUSER;
            if (fds[i] >= 0 && is_user == (round == USER) &&
                join(&namespaces->joined[i], &fds[i], with_user && round == BEFORE_USER, err) < 0)
                return -1;
        }
    }
    return 0;
}

int apply_join_namespaces(const struct plan_namespaces *namespaces, unsigned long kinds,
                          struct thole_error *err) {
    int fds[PLAN_NAMESPACE_KINDS];
    bool with_user = false;
    int result = 0;
    size_t opened = 0;
    for (; opened < namespaces->joined_count && result == 0; opened++) {
        const struct plan_joined_namespace *joined = &namespaces->joined[opened];
        fds[opened] = -1;
        if ((kinds & joined->flag) == 0)
            continue;
        with_user = with_user || joined->flag == CLONE_NEWUSER;
        fds[opened] = open(joined->path, O_RDONLY | O_CLOEXEC);
        if (fds[opened] < 0)
            result = error_errno(err, joined->where, "open namespace %s", joined->path);
    }
    if (result == 0)
        result = join_all(namespaces, fds, with_user, err);
    for (size_t i = 0; i < opened; i++) {
        cleanup_close_fd(&fds[i]);
    }
    return result;
}

/* The offsets are fixed once somebody is in it: unshare() makes it for future children, one of whom
 * the process itself becomes (time_namespaces(7)). */
int apply_time_namespace(const struct plan_namespaces *namespaces, int proc_fd,
                         struct thole_error *err) {
    if ((namespaces->created & CLONE_NEWTIME) == 0)
        return 0;
    if (unshare(CLONE_NEWTIME) < 0)
        return error_errno(err, "/linux/namespaces", "create a time namespace");
    if (namespaces->time_offsets != NULL &&
        sys_write_proc(proc_fd, "self/timens_offsets", namespaces->time_offsets) < 0)
        return error_errno(err, "/linux/timeOffsets", "write time namespace offsets");
    cleanup_close int made = openat(proc_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    if (made < 0 || setns(made, CLONE_NEWTIME) < 0)
        return error_errno(err, "/linux/namespaces", "enter the time namespace");
    return 0;
}
