/* SPDX-License-Identifier: Apache-2.0 */
/* Listing the processes of a container's cgroups. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/directory.h"
#include "cgroup/events.h"
#include "cgroup/pids.h"

/* A container can nest cgroups as deep as it likes: every level holds a descriptor here. */
enum { DEPTH_MAX = 128, FILE_MAX = 64 * 1024 * 1024 };

void cgroup_members_done(struct cgroup_members *members) {
    free(members->pids);
    *members = (struct cgroup_members){0};
}

static int append_pid(struct cgroup_members *members, pid_t pid, struct thole_error *err) {
    if (members->count == members->capacity) {
        size_t capacity = members->capacity == 0 ? 64 : members->capacity * 2;
        pid_t *larger = reallocarray(members->pids, capacity, sizeof(*larger));
        if (larger == NULL)
            return error_errno(err, NULL, "list processes");
        members->pids = larger;
        members->capacity = capacity;
    }
    members->pids[members->count++] = pid;
    return 0;
}

/* 1: a pid of a process; 0: of one more thread, or of nobody any more; -1 with errno set. */
static int is_process(pid_t thread) {
    cleanup_close int fd = (int)syscall(SYS_pidfd_open, thread, 0);
    return fd >= 0 ? 1 : errno == EINVAL || errno == ENOENT || errno == ESRCH ? 0 : -1;
}

/* One number per line; 0 stands for a process outside the reader's pid namespace. */
static int append_file(int dirfd, const char *file, bool threads, struct cgroup_members *members,
                       struct thole_error *err) {
    cleanup_free char *text = NULL;
    if (file_read_at(dirfd, file, FILE_MAX, &text, NULL, err) < 0)
        return -1;
    for (char *at = text; isdigit((unsigned char)*at);) {
        pid_t pid = (pid_t)strtol(at, &at, 10);
        int process = pid <= 0 ? 0 : threads ? is_process(pid) : 1;
        if (process < 0)
            return error_errno(err, NULL, "open process %d", (int)pid);
        if (process == 1 && append_pid(members, pid, err) < 0)
            return -1;
        at += strspn(at, "\n");
    }
    return 0;
}

/* A threaded cgroup refuses to list processes: its threads' leaders are listed instead. */
static int append_directory(int dirfd, struct cgroup_members *members, struct thole_error *err) {
    struct thole_error failure = {0};
    if (append_file(dirfd, "cgroup.procs", false, members, &failure) == 0)
        return 0;
    if (failure.code == EOPNOTSUPP)
        return append_file(dirfd, "cgroup.threads", true, members, err);
    if (cgroup_is_gone(failure.code))
        return 0;
    return error_copy(err, &failure);
}

static int append_tree(int dirfd, int depth, struct cgroup_members *members,
                       struct thole_error *err) {
    if (append_directory(dirfd, members, err) < 0)
        return -1;
    cleanup_close int duplicate = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *directory = duplicate < 0 ? NULL : fdopendir(duplicate);
    if (directory == NULL)
        return cgroup_is_gone(errno) ? 0 : error_errno(err, NULL, "list cgroups");
    (void)take_fd(&duplicate);

    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        if (depth == DEPTH_MAX)
            return error_set(err, THOLE_ERROR_HOST, ELOOP, NULL, "list cgroups below %s",
                             entry->d_name);
        cleanup_close int child =
            openat(dirfd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (child < 0 && cgroup_is_gone(errno))
            continue;
        if (child < 0)
            return error_errno(err, NULL, "open cgroup %s", entry->d_name);
        if (append_tree(child, depth + 1, members, err) < 0)
            return -1;
    }
    return errno == 0 || cgroup_is_gone(errno) ? 0 : error_errno(err, NULL, "list cgroups");
}

static int compare_pids(const void *a, const void *b) {
    pid_t left = *(const pid_t *)a;
    pid_t right = *(const pid_t *)b;
    return (left > right) - (left < right);
}

int cgroup_members_read(int dirfd, struct cgroup_members *members, struct thole_error *err) {
    if (append_tree(dirfd, 0, members, err) < 0)
        return -1;
    if (members->count < 2)
        return 0;
    qsort(members->pids, members->count, sizeof(*members->pids), compare_pids);
    size_t kept = 1;
    for (size_t i = 1; i < members->count; i++) {
        if (members->pids[i] != members->pids[kept - 1])
            members->pids[kept++] = members->pids[i];
    }
    members->count = kept;
    return 0;
}

bool cgroup_members_has(const struct cgroup_members *members, pid_t pid) {
    return members->count > 0 &&
           bsearch(&pid, members->pids, members->count, sizeof(pid), compare_pids) != NULL;
}

int cgroup_has_members(int dirfd, struct thole_error *err) {
    cleanup_cgroup_members struct cgroup_members members = {0};
    if (cgroup_members_read(dirfd, &members, err) < 0)
        return -1;
    return members.count > 0;
}

static int look_error(const struct plan_cgroup_directory *directory, struct thole_error *err) {
    return error_errno(err, NULL, "look into cgroup %s in %s", directory->path,
                       directory->mountpoint);
}

int cgroup_open_members(const struct plan_cgroup *cgroup, int *ret_fd, struct thole_error *err) {
    const struct plan_cgroup_directory *unified = cgroup_find_unified(cgroup);
    cleanup_close int fd = unified != NULL ? cgroup_open_directory(unified, "") : -1;
    int populated = fd >= 0 ? cgroup_event(fd, "populated") : -1;
    if (unified != NULL && populated < 0 && !cgroup_is_gone(errno))
        return look_error(unified, err);
    for (size_t i = 0; populated != 1 && i < cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &cgroup->directories[i];
        if (directory->unified)
            continue;
        *ret_fd = cgroup_open_directory(directory, "");
        if (*ret_fd >= 0)
            return 1;
        if (!cgroup_is_gone(errno))
            return look_error(directory, err);
    }
    *ret_fd = take_fd(&fd);
    return *ret_fd >= 0;
}

int cgroup_pids(const struct plan_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
                struct thole_error *err) {
    cleanup_cgroup_members struct cgroup_members members = {0};
    cleanup_close int fd = -1;
    int found = cgroup_open_members(cgroup, &fd, err);
    if (found < 0 || (found == 1 && cgroup_members_read(fd, &members, err) < 0))
        return -1;
    *ret_count = members.count;
    *ret_pids = take_ptr(members.pids);
    return 0;
}
