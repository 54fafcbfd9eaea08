/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the runtime's own executable out of reach of what runs inside (CVE-2019-5736). */
#include "security/own_executable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fastpath.h"
#include "base/text.h"
#include "security/sealed_copy.h"
#include "sys/capabilities.h"
#include "sys/process_calls.h"

bool own_executable_found_frozen;

/*
 * An unprivileged caller with a program that belongs to the host's root and to whom nobody else may
 * write: no user namespace such a caller can make maps that owner.
 */
static bool owner_is_out_of_reach(int fd) {
    struct stat status;
    struct sys_capabilities sets;
    if (geteuid() == 0 || getuid() == 0 || fstat(fd, &status) < 0 ||
        sys_get_capabilities(&sets) < 0)
        return false;
    return status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && sets.permitted == 0;
}

/* Nobody can ever write through /proc/PID/exe of a process that runs from @fd. */
static bool is_frozen(int fd) {
    struct statfs filesystem;
    struct statx status;
    if (fstatfs(fd, &filesystem) == 0 && own_executable_is_image((uint64_t)filesystem.f_type))
        return true;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals >= 0 && (seals & F_SEAL_WRITE) != 0)
        return true;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0 &&
        (status.stx_attributes & status.stx_attributes_mask & STATX_ATTR_VERITY) != 0)
        return true;
    return owner_is_out_of_reach(fd);
}

static bool is_on_readonly_mount(int fd) {
    struct statvfs filesystem;
    return fstatvfs(fd, &filesystem) == 0 && (filesystem.f_flag & ST_RDONLY) != 0;
}

/* A read-only mount of the executable alone, in no mount namespace. -1 where that is refused. */
static int clone_readonly(int fd) {
    cleanup_close int tree =
        (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    if (tree < 0 ||
        syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
        return -1;
    return take_fd(&tree);
}

/* environ with @guard added and a former one left out; the strings are shared. NULL: no memory. */
static char **guarded_environment(char *guard) {
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    char **list = calloc(count + 2, sizeof(*list));
    if (list == NULL)
        return NULL;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], OWN_EXECUTABLE_GUARD "=", sizeof(OWN_EXECUTABLE_GUARD)) != 0)
            list[used++] = environ[i];
    }
    list[used] = guard;
    return list;
}

static bool has_reexecuted(void) {
    const char *value = getenv(OWN_EXECUTABLE_GUARD);
    uint64_t pid = 0;
    return value != NULL && text_parse_uint(value, INT_MAX, &pid) && (pid_t)pid == getpid();
}

/* Nothing is left to do. */
static int stay(bool second_attempt) {
    /* A program started by its descriptor is called after that number (prctl(2)). */
    if (second_attempt)
        (void)prctl(PR_SET_NAME, program_invocation_short_name, 0, 0, 0);
    (void)unsetenv(OWN_EXECUTABLE_GUARD);
    return 0;
}

int own_executable_reexecute(char *const argv[], struct thole_error *err) {
    bool second_attempt = has_reexecuted();
    bool may_stay = second_attempt || fastpath_allowed(FASTPATH_UNWRITABLE);
    if (own_executable_found_frozen && may_stay)
        return stay(second_attempt);
    cleanup_close int executable = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (executable < 0)
        return error_errno(err, NULL, "open thole's own executable (/proc/self/exe)");
    if ((is_frozen(executable) && may_stay) || (second_attempt && is_on_readonly_mount(executable)))
        return stay(second_attempt);
    if (second_attempt)
        return error_bug(err, "thole's executable is still writable after it was sealed");

    cleanup_close int sealed =
        fastpath_allowed(FASTPATH_READONLY_CLONE) ? clone_readonly(executable) : -1;
    if (sealed < 0)
        sealed = sealed_copy(executable, "thole", err);
    if (sealed < 0)
        return -1;
    char guard[sizeof(OWN_EXECUTABLE_GUARD) + 24];
    (void)snprintf(guard, sizeof(guard), OWN_EXECUTABLE_GUARD "=%d", (int)getpid());
    cleanup_free char **environment = guarded_environment(guard);
    if (environment == NULL)
        return error_errno(err, NULL, "continue in a sealed copy of thole");
    (void)syscall(SYS_execveat, sealed, "", argv, environment, AT_EMPTY_PATH);
    return error_errno(err, NULL, "continue in a sealed copy of thole");
}
