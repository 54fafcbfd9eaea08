/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook resolv-conf: the container asks the name servers of the host, or those of a given file.
 * The file is put over the image's /etc/resolv.conf, so nothing of the image is changed; a link
 * there is covered, not followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../hook.h"

static const char *file = "/etc/resolv.conf";
static const char *snapshot;

static const struct hook_option options[] = {
    {"file", "FILE", "the host's file (default: /etc/resolv.conf)", &file},
    {"snapshot", NULL, "a copy of it as it is now, instead of the file itself", &snapshot},
    {NULL, NULL, NULL, NULL},
};

static const struct hook_program program = {
    .name = "resolv-conf",
    .summary = "the container has the host's name servers, or those of a file",
    .stages = "createContainer",
    .options = options,
};

/* The stub of systemd-resolved listens on the host's loopback, which the container's is not. Beside
 * it lies a file with the servers that it asks. */
static char *servers_file(void) {
    static const char stub[] = "/stub-resolv.conf", full[] = "/resolv.conf";
    char *path = realpath(file, NULL);
    if (!path)
        hook_fail("%s: %s", file, strerror(errno));
    char *name = strrchr(path, '/');
    if (strcmp(name, stub) == 0)
        memcpy(name, full, sizeof(full));
    return path;
}

/* A read-only mount of a file system that holds this text and nothing else. */
static int mount_text(const char *text) {
    static const char name[] = "resolv.conf";
    int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", "64k", 0) < 0 ||
        syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        hook_fail("tmpfs: %s", strerror(errno));
    const unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    int mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
    int made = mount < 0 ? -1 : openat(mount, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    size_t length = strlen(text);
    if (made < 0 || write(made, text, length) != (ssize_t)length || fchmod(made, 0644) < 0)
        hook_fail("a copy of %s: %s", file, strerror(errno));
    (void)close(made);
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", mount, name);
    int source = hook_clone_file(path);
    if (source < 0)
        hook_fail("a copy of %s: %s", file, strerror(errno));
    return source;
}

int main(int argc, char **argv) {
    hook_parse_arguments(&program, argc, argv);
    struct hook_state state = hook_read_state();
    char *path = servers_file();
    int root = hook_open_root(&state), source;
    if (snapshot) {
        source = mount_text(hook_read_file(path));
    } else {
        source = hook_clone_file(path);
        if (source < 0)
            hook_fail("%s: %s", path, strerror(errno));
    }
    hook_cover(root, "etc/resolv.conf", source);
    free(path);
    return 0;
}
