/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook lxcfs: /proc/meminfo and others of a container tell of its limits, not of the machine.
 * A running lxcfs has such files; each is bound over the kernel's own.
 *
 * It runs as a createContainer hook: in the container's mount namespace, when the mounts of the
 * configuration are in place and the host's paths are still to be seen. What the runtime masks it
 * masks afterwards, these files too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../hook.h"

#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

static const char *lxcfs_directory = "/var/lib/lxcfs";

static const struct hook_option options[] = {
    {"lxcfs", "DIR", "where lxcfs is mounted (default: /var/lib/lxcfs)", &lxcfs_directory},
    {NULL, NULL, NULL, NULL},
};

static const struct hook_program program = {
    .name = "lxcfs",
    .summary = "/proc/meminfo and the like show the limits of the container",
    .stages = "createContainer",
    .options = options,
};

/* Below lxcfs and below the root the path is the same. */
static const struct {
    const char *path;
    unsigned int kernels_own; /* the file system that it hides a file of */
} files[] = {
    {"proc/cpuinfo", PROC_SUPER_MAGIC},
    {"proc/diskstats", PROC_SUPER_MAGIC},
    {"proc/loadavg", PROC_SUPER_MAGIC},
    {"proc/meminfo", PROC_SUPER_MAGIC},
    {"proc/slabinfo", PROC_SUPER_MAGIC},
    {"proc/stat", PROC_SUPER_MAGIC},
    {"proc/swaps", PROC_SUPER_MAGIC},
    {"proc/uptime", PROC_SUPER_MAGIC},
    {"sys/devices/system/cpu/online", SYSFS_MAGIC},
};

static unsigned int filesystem_of(int fd, const char *path) {
    struct statfs status;
    if (fstatfs(fd, &status) < 0)
        hook_fail("%s: %s", path, strerror(errno));
    return (unsigned int)status.f_type;
}

/* The container's file, or -1: it has none, or another one than the kernel's, which it keeps. */
static int target_of(int root, const char *path, unsigned int kernels_own) {
    int fd = hook_open_in_root(root, path, O_PATH);
    if (fd < 0 && errno != ENOENT && errno != ELOOP && errno != ENOTDIR)
        hook_fail("/%s of the container: %s", path, strerror(errno));
    if (fd >= 0 && filesystem_of(fd, path) != kernels_own) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* A copy of the mount of lxcfs with this one file, or -1: this lxcfs has no such file. */
static int source_of(const char *path) {
    char where[4096];
    if (snprintf(where, sizeof(where), "%s/%s", lxcfs_directory, path) >= (int)sizeof(where))
        hook_fail("--lxcfs: the path is too long");
    int fd = hook_clone_file(where);
    if (fd < 0 && errno == ENOENT)
        return -1;
    if (fd < 0)
        hook_fail("%s: %s", where, strerror(errno));
    if (filesystem_of(fd, where) != FUSE_SUPER_MAGIC)
        hook_fail("%s: not a file of lxcfs", where);
    return fd;
}

static void check_that_lxcfs_runs(void) {
    struct statfs status;
    if (statfs(lxcfs_directory, &status) < 0)
        hook_fail("%s: %s: is lxcfs running?", lxcfs_directory, strerror(errno));
    if ((unsigned int)status.f_type != FUSE_SUPER_MAGIC)
        hook_fail("%s: lxcfs is not mounted there", lxcfs_directory);
}

int main(int argc, char **argv) {
    hook_parse_arguments(&program, argc, argv);
    struct hook_state state = hook_read_state();
    check_that_lxcfs_runs();
    int root = hook_open_root(&state);
    unsigned bound = 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        int target = target_of(root, files[i].path, files[i].kernels_own);
        int source = target < 0 ? -1 : source_of(files[i].path);
        if (source < 0)
            continue;
        hook_attach(source, target, files[i].path);
        (void)close(source);
        (void)close(target);
        bound++;
    }
    if (bound == 0)
        hook_fail("the container has no /proc here: this is a createContainer hook");
    return 0;
}
