/* SPDX-License-Identifier: Apache-2.0 */
/* Resolution and creation of paths inside an untrusted root. */
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { LINKS_MAX = 40 };

static int open_resolved(int dirfd, const char *path, int flags, uint64_t resolve) {
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve};
    /* EAGAIN: something was renamed while ".." was resolved; the kernel asks for another try. */
    for (int attempt = 0; attempt < 128; attempt++) {
        int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            return fd;
    }
    return -1;
}

int sys_open_in_root(int root_fd, const char *path, int flags, uint64_t resolve) {
    return open_resolved(root_fd, path[0] != '\0' ? path : "/", flags,
                         RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve);
}

bool sys_is_directory(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

int64_t sys_filesystem_type(int fd) {
    struct statfs status;
    return fstatfs(fd, &status) < 0 ? -1 : (int64_t)(uint32_t)status.f_type;
}

int sys_open_proc(int proc_fd, const char *path, int flags) {
    return open_resolved(proc_fd, path, flags,
                         RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
}

int sys_write_proc(int proc_fd, const char *path, const char *text) {
    cleanup_close int fd = sys_open_proc(proc_fd, path, O_WRONLY);
    return fd < 0 ? -1 : file_write_once(fd, text, strlen(text));
}

/* A walk through a path whose components may be missing. @done is what has been resolved or made,
 * @rest what is still to go; both are paths inside the root. */
struct walk {
    int root_fd;
    int at; /* O_PATH of @done */
    char done[PATH_MAX];
    char rest[PATH_MAX];
    int links;
};

static int append_component(char *path, const char *name, size_t length) {
    size_t used = strlen(path);
    if (used + length + 2 > PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    path[used++] = '/';
    memcpy(path + used, name, length);
    path[used + length] = '\0';
    return 0;
}

/* Takes the first component off @rest. */
static size_t next_component(struct walk *walk, char name[NAME_MAX + 1]) {
    char *start = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(start, "/");
    if (length > NAME_MAX)
        return SIZE_MAX;
    memcpy(name, start, length);
    name[length] = '\0';
    memmove(walk->rest, start + length, strlen(start + length) + 1);
    return length;
}

/* A dangling link: its text takes the place of the component. */
static int follow_dangling(struct walk *walk, const char *name) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(walk->at, name, target, sizeof(target) - 1);
    if (length < 0)
        return errno == EINVAL || errno == ENOENT ? 0 : -1;
    target[length] = '\0';
    if (++walk->links > LINKS_MAX) {
        errno = ELOOP;
        return -1;
    }
    if (append_component(target, walk->rest, strlen(walk->rest)) < 0)
        return -1;
    memcpy(walk->rest, target, strlen(target) + 1);
    if (target[0] == '/') {
        walk->done[0] = '\0';
        int root = sys_open_in_root(walk->root_fd, "/", O_PATH | O_DIRECTORY, 0);
        if (root < 0)
            return -1;
        (void)close(walk->at);
        walk->at = root;
    }
    return 1;
}

static bool is_last(const struct walk *walk) {
    return walk->rest[strspn(walk->rest, "/")] == '\0';
}

static int make_component(int parent, const char *name, enum sys_path_kind kind, mode_t mode,
                          bool may_exist) {
    if (kind == SYS_PATH_DIRECTORY) {
        if (mkdirat(parent, name, mode) < 0 && !(may_exist && errno == EEXIST))
            return -1;
        return openat(parent, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
    }
    cleanup_close int fd =
        openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0 && !(may_exist && errno == EEXIST))
        return -1;
    return openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* One step: the component exists, is a dangling link, or has to be made. */
static int step(struct walk *walk, const char *name, size_t length, enum sys_path_kind kind,
                mode_t mode_last) {
    char next[PATH_MAX];
    memcpy(next, walk->done, strlen(walk->done) + 1);
    if (append_component(next, name, length) < 0)
        return -1;
    bool last = is_last(walk);
    int fd = sys_open_in_root(walk->root_fd, next, O_PATH | (last ? 0 : O_DIRECTORY), 0);
    if (fd < 0) {
        if (errno != ENOENT)
            return -1;
        int followed = follow_dangling(walk, name);
        if (followed != 0)
            return followed < 0 ? -1 : 0;
        fd = make_component(walk->at, name, last ? kind : SYS_PATH_DIRECTORY,
                            last ? mode_last : (mode_t)0755, true);
        if (fd < 0)
            return -1;
    }
    (void)close(walk->at);
    walk->at = fd;
    memcpy(walk->done, next, strlen(next) + 1);
    return 0;
}

/* The last component of @path, NULL if that is none to be made; what comes before goes to
 * @ret_parent. */
static const char *split_last(const char *path, char **ret_parent) {
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    errno = EINVAL;
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return NULL;
    *ret_parent = strndup(path, (size_t)(name - path));
    return *ret_parent == NULL ? NULL : name;
}

/* The usual case: only the last component is missing, and nothing stands in its place. -1 if it is
 * another one. */
static int make_last(int root_fd, const char *path, enum sys_path_kind kind, mode_t mode) {
    cleanup_free char *parent = NULL;
    const char *name = split_last(path, &parent);
    if (name == NULL)
        return -1;
    cleanup_close int fd = sys_open_in_root(root_fd, parent, O_PATH | O_DIRECTORY, 0);
    return fd < 0 ? -1 : make_component(fd, name, kind, mode, false);
}

static int make_all(int root_fd, const char *path, enum sys_path_kind kind, mode_t mode_last) {
    struct walk walk; /* large, and most of it stays unused */
    walk.root_fd = root_fd;
    walk.at = -1;
    walk.done[0] = '\0';
    walk.links = 0;
    if (strlen(path) >= sizeof(walk.rest)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(walk.rest, path, strlen(path) + 1);
    walk.at = sys_open_in_root(root_fd, "/", O_PATH | O_DIRECTORY, 0);
    if (walk.at < 0)
        return -1;

    cleanup_close int at = -1;
    for (;;) {
        char name[NAME_MAX + 1];
        size_t length = next_component(&walk, name);
        if (length == 0)
            return take_fd(&walk.at);
        if (length == SIZE_MAX) {
            errno = ENAMETOOLONG;
            break;
        }
        if (step(&walk, name, length, kind, mode_last) < 0)
            break;
    }
    at = walk.at;
    return -1;
}

int sys_make_in_root(int root_fd, const char *path, enum sys_path_kind kind, mode_t mode_last) {
    int fd = sys_open_in_root(root_fd, path, O_PATH, 0);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    fd = make_last(root_fd, path, kind, mode_last);
    return fd >= 0 ? fd : make_all(root_fd, path, kind, mode_last);
}

int sys_open_parent_in_root(int root_fd, const char *path, const char **ret_name) {
    cleanup_free char *parent = NULL;
    const char *name = split_last(path, &parent);
    if (name == NULL)
        return -1;
    *ret_name = name;
    return sys_make_in_root(root_fd, parent, SYS_PATH_DIRECTORY, 0755);
}

int sys_open_regular_in_root(int root_fd, const char *path) {
    enum { FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };
    struct stat looked_at;
    struct stat opened;
    char link[48];
    cleanup_close int place = sys_open_in_root(root_fd, path, O_PATH, 0);
    if (place < 0 || fstat(place, &looked_at) < 0)
        return -1;
    if (!S_ISREG(looked_at.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
    cleanup_close int fd = open(link, FLAGS);
    if (fd < 0 && errno == ENOENT) /* a root without procfs */
        fd = sys_open_in_root(root_fd, path, FLAGS, 0);
    if (fd < 0 || fstat(fd, &opened) < 0)
        return -1;
    if (opened.st_dev != looked_at.st_dev || opened.st_ino != looked_at.st_ino) {
        errno = ELOOP;
        return -1;
    }
    return take_fd(&fd);
}
