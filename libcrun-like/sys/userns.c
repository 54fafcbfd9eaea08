/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps of user namespaces. */
#include "sys/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "sys/clone.h"
#include "sys/path.h"
#include "sys/process_calls.h"

static int write_map(int proc_fd, pid_t pid, const char *file, const char *text, const char *where,
                     struct thole_error *err) {
    char path[64];
    (void)snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
    if (sys_write_proc(proc_fd, path, text) == 0)
        return 0;
    error_errno(err, where, "write %s of a user namespace", file);
    if (errno == EPERM)
        error_hint(err, "a mapping may only hold ids that the caller has: see /etc/subuid and "
                        "/etc/subgid, or run as root");
    return -1;
}

/* newuidmap PID 0 100000 65536 ...: the map's words behind the pid. */
static int run_newidmap(const char *program, pid_t pid, const char *map, const char *where,
                        struct thole_error *err) {
    cleanup_free char *words = strdup(map);
    char pid_text[16];
    (void)snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
    char *arguments[1024] = {(char *)(uintptr_t)program, pid_text};
    size_t count = 2;
    char *rest = NULL;
    if (words == NULL)
        return error_errno(err, where, "run %s", program);
    for (char *word = strtok_r(words, " \n", &rest); word != NULL;
         word = strtok_r(NULL, " \n", &rest)) {
        if (count + 1 >= sizeof(arguments) / sizeof(arguments[0])) {
            errno = E2BIG;
            return error_errno(err, where, "run %s", program);
        }
        arguments[count++] = word;
    }

    pid_t child = 0;
    char *const environment[] = {(char[]){"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                          "/sbin:/bin"},
                                 NULL};
    const char *directories[] = {"/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin", "/sbin"};
    int failure = ENOENT;
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && failure == ENOENT; i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "%s/%s", directories[i], program);
        failure = posix_spawn(&child, path, NULL, NULL, arguments, environment);
    }
    if (failure != 0) {
        error_set(err, THOLE_ERROR_HOST, failure, where, "run %s", program);
        return error_hint(err, "install the package uidmap");
    }
    int status = 0;
    (void)uninterrupted(waitpid(child, &status, 0));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        error_set(err, THOLE_ERROR_HOST, 0, where, "%s refused the mapping", program);
        return error_hint(err, "the ranges must be listed for this user in /etc/subuid and "
                               "/etc/subgid");
    }
    return 0;
}

int sys_userns_write_maps(int proc_fd, pid_t pid, const char *uid_map, const char *gid_map,
                          bool deny_setgroups, bool use_newuidmap, const char *where,
                          struct thole_error *err) {
    if (deny_setgroups && write_map(proc_fd, pid, "setgroups", "deny", where, err) < 0)
        return -1;
    if (use_newuidmap) {
        if (run_newidmap("newgidmap", pid, gid_map, where, err) < 0)
            return -1;
        return run_newidmap("newuidmap", pid, uid_map, where, err);
    }
    if (write_map(proc_fd, pid, "gid_map", gid_map, where, err) < 0)
        return -1;
    return write_map(proc_fd, pid, "uid_map", uid_map, where, err);
}

struct range {
    unsigned long inside, outside, size;
};

/* The next line of a map; false at its end. */
static bool next_range(const char **map, struct range *ret_range) {
    unsigned long *const numbers[] = {&ret_range->inside, &ret_range->outside, &ret_range->size};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char *end = NULL;
        *numbers[i] = strtoul(*map, &end, 10);
        if (end == *map)
            return false;
        *map = end;
    }
    return true;
}

static bool is_part_of(const char *map, const char *other) {
    struct range line;
    while (next_range(&map, &line)) {
        struct range candidate;
        bool found = false;
        for (const char *at = other; !found && next_range(&at, &candidate);)
            found = memcmp(&line, &candidate, sizeof(line)) == 0;
        if (!found)
            return false;
    }
    return true;
}

int sys_userns_has_map(int proc_fd, pid_t pid, const char *file, const char *map,
                       struct thole_error *err) {
    enum { MAP_MAX = 64 * 1024 };
    char path[64];
    cleanup_free char *text = NULL;
    (void)snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
    if (file_read_at(proc_fd, path, MAP_MAX, &text, NULL, err) < 0)
        return -1;
    return is_part_of(map, text) && is_part_of(text, map);
}

int sys_userns_with_maps(int proc_fd, const char *uid_map, const char *gid_map, const char *where,
                         struct thole_error *err) {
    /* The child only holds the namespace until the parent has opened it: nothing else of the
     * parent's, a lock least of all. */
    cleanup_close int pidfd = -1;
    pid_t child = sys_clone_helper(CLONE_NEWUSER, &pidfd);
    if (child < 0)
        return error_errno(err, where, "create a user namespace for an id-mapped mount");
    if (child == 0) {
        (void)close_range(0, ~0U, 0);
        for (;;)
            (void)pause();
    }

    char path[64];
    (void)snprintf(path, sizeof(path), "%d/ns/user", (int)child);
    int namespace_fd = -1;
    if (sys_userns_write_maps(proc_fd, child, uid_map, gid_map, false, false, where, err) == 0) {
        /* A namespace file is a magic link, which sys_open_proc() does not follow. */
        namespace_fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
        if (namespace_fd < 0)
            error_errno(err, where, "open the user namespace of an id-mapped mount");
    }
    (void)kill(child, SIGKILL);
    (void)uninterrupted(waitpid(child, NULL, 0));
    return namespace_fd;
}

int sys_userns_find_uid(int proc_fd, pid_t pid, uid_t uid, uid_t *ret_uid) {
    char path[48];
    cleanup_free char *text = NULL;
    (void)snprintf(path, sizeof(path), "%d/uid_map", (int)pid);
    cleanup_close int fd = sys_open_proc(proc_fd, path, O_RDONLY);
    if (fd < 0 || file_read_fd(fd, path, SIZE_MAX / 4, &text, NULL, NULL) < 0)
        return -1;
    struct range line;
    for (const char *at = text; next_range(&at, &line);) {
        if (uid >= line.inside && uid - line.inside < line.size) {
            *ret_uid = (uid_t)(line.outside + (uid - line.inside));
            return *ret_uid == (uid_t)-1 ? -1 : 0;
        }
    }
    return -1;
}
