/* SPDX-License-Identifier: Apache-2.0 */
/* From the clone to CRIU's execve. */
#include "checkpoint/surroundings.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/process.h"
#include "apply/rootfs.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "base/wire.h"
#include "sys/path.h"

/* Where it is if PATH does not say so: engines start runtimes with little in their environment. */
static const char usual_directories[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
                                        "/bin";

static bool find_in(const char *directories, const char *name, char **ret_path) {
    while (directories != NULL && *directories != '\0') {
        size_t length = strcspn(directories, ":");
        cleanup_text struct text path = {0};
        text_append_bytes(&path, directories, length);
        text_appendf(&path, "/%s", name);
        if (path.data[0] == '/' && access(path.data, X_OK) == 0) {
            *ret_path = text_take(&path);
            return true;
        }
        directories += length;
        directories += *directories == ':';
    }
    return false;
}

int surroundings_find_program(char **ret_path, struct thole_error *err) {
    if (find_in(getenv("PATH"), "criu", ret_path) || find_in(usual_directories, "criu", ret_path))
        return 0;
    error_unsupported(err, NULL, "there is no program criu in PATH");
    return error_hint(err, "checkpoint and restore are the work of CRIU: install it");
}

/* ---- the root ------------------------------------------------------------------------------- */

static bool is_beneath(const char *path, const char *directory) {
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* What lies beneath another mount comes back with that one. */
static bool is_in_other_mount(const struct plan *plan, size_t index) {
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (i != index && is_beneath(plan->mounts[index].target, plan->mounts[i].target))
            return true;
    }
    return false;
}

static bool is_file(const struct plan_mount *mount) {
    struct stat status;
    return mount->kind == PLAN_MOUNT_BIND && stat(mount->source, &status) == 0 &&
           !S_ISDIR(status.st_mode);
}

/* A root file system that is another one than at the checkpoint may lack them. */
static int make_mount_points(const struct plan *plan, int root_fd, struct thole_error *err) {
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        bool made = mount->kind == PLAN_MOUNT_FILESYSTEM || mount->kind == PLAN_MOUNT_BIND;
        if (!made || strcmp(mount->target, "/") == 0 || is_in_other_mount(plan, i))
            continue;
        enum sys_path_kind kind = is_file(mount) ? SYS_PATH_FILE : SYS_PATH_DIRECTORY;
        cleanup_close int fd = sys_make_in_root(root_fd, mount->target, kind, 0755);
        if (fd < 0)
            return error_errno(err, mount->where, "make the mount point %s", mount->target);
    }
    return 0;
}

/* CRIU wants a root that is a mount point. Here nobody else sees it, and it goes with CRIU. */
static int prepare_root(const struct surroundings *surroundings, int far_end,
                        struct thole_error *err) {
    const struct plan *plan = surroundings->rootfs;
    if (unshare(CLONE_NEWNS) < 0)
        return error_errno(err, "/root/path", "create a mount namespace");
    if (apply_rootfs_isolate(&plan->rootfs, err) < 0)
        return -1;
    cleanup_close int root_fd = apply_rootfs_open(&plan->rootfs, err);
    if (root_fd < 0 || make_mount_points(plan, root_fd, err) < 0)
        return -1;
    /* CRIU takes them from its caller, and mounts something there. */
    return images_send_reopened(surroundings->images, far_end, err);
}

/* ---- the process ---------------------------------------------------------------------------- */

/* CRIU waits for its children, whatever the caller does. */
static void reset_signals(void) {
    sigset_t none;
    for (int number = 1; number < _NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int keep_open(int fd, struct thole_error *err) {
    return fcntl(fd, F_SETFD, 0) == 0 ? 0 : error_errno(err, NULL, "pass a descriptor to criu");
}

static int prepare(const struct surroundings *surroundings, int far_end, struct thole_error *err) {
    reset_signals();
    /* Ctrl-C is for the caller. CRIU would leave processes half-changed; it notices by itself when
     * nobody listens any more. */
    if (!surroundings->shares_group && setpgid(0, 0) < 0)
        return error_errno(err, NULL, "put criu into a process group of its own");
    if ((surroundings->cgroup != NULL && cgroup_join_enter(surroundings->cgroup, err) < 0) ||
        (surroundings->rootfs != NULL && prepare_root(surroundings, far_end, err) < 0) ||
        apply_keep_fds(0, err) < 0 || keep_open(far_end, err) < 0)
        return -1;
    for (size_t i = 0; i < surroundings->passed_count; i++) {
        if (keep_open(surroundings->passed[i], err) < 0)
            return -1;
    }
    return 0;
}

void surroundings_enter(const struct surroundings *surroundings, int far_end) {
    struct thole_error err = {0};
    char number[16];
    (void)snprintf(number, sizeof(number), "%d", far_end);
    if (prepare(surroundings, far_end, &err) == 0 &&
        wire_send(far_end, WIRE_READY, NULL, 0, -1, &err) == 0) {
        (void)execl(surroundings->program, surroundings->program, "swrk", number, (char *)NULL);
        _exit(127);
    }
    wire_send_error(far_end, &err);
    _exit(EXIT_FAILURE);
}
