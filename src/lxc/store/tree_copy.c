/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a directory tree, entry by entry. */
#include "lxc/store/tree_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "lxc/store/file_copy.h"
#include "lxc/store/tree_walk.h"

/* A file with several names, where the copy has the first of them. */
struct linked {
    dev_t device;
    ino_t inode;
    char *path; /* beneath the copy's top */
};

struct copy {
    int top;       /* of the copy */
    int directory; /* that corresponds to the one being walked */
    void *linked;  /* tree of tsearch(3) */
};

static int compare(const void *one, const void *other) {
    const struct linked *a = one;
    const struct linked *b = other;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return a->device < b->device ? -1 : a->device > b->device;
}

static void free_linked(void *node) {
    struct linked *linked = node;
    free(linked->path);
    free(linked);
}

static void copy_done(struct copy *copy) {
    tdestroy(copy->linked, free_linked);
    if (copy->directory >= 0)
        (void)close(copy->directory);
    if (copy->top >= 0)
        (void)close(copy->top);
}
#define cleanup_copy __attribute__((cleanup(copy_done)))

static int failed(const struct lxc_tree_walk *walk, const char *what, const char *name,
                  struct thole_error *err) {
    int code = errno;
    cleanup_free char *path = lxc_tree_path(walk, name);
    return error_set(err, THOLE_ERROR_HOST, code, NULL, "%s the copy of %s/%s", what, walk->top,
                     path);
}

static int copy_regular(const struct copy *copy, int directory, const char *name,
                        const struct stat *seen) {
    struct stat status;
    cleanup_close int source =
        openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (source < 0 || fstat(source, &status) < 0)
        return -1;
    if (status.st_ino != seen->st_ino || !S_ISREG(status.st_mode)) {
        errno = ESTALE; /* something else has its name now */
        return -1;
    }
    cleanup_close int target =
        openat(copy->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return target < 0 ? -1 : lxc_file_copy_data(source, target, status.st_size);
}

static int copy_link(const struct copy *copy, int directory, const char *name) {
    char text[PATH_MAX];
    ssize_t length = readlinkat(directory, name, text, sizeof(text) - 1);
    if (length < 0)
        return -1;
    text[length] = '\0';
    return symlinkat(text, copy->directory, name);
}

static int copy_contents(const struct copy *copy, int directory, const char *name,
                         const struct stat *status) {
    switch (status->st_mode & S_IFMT) {
    case S_IFREG:
        return copy_regular(copy, directory, name, status);
    case S_IFLNK:
        return copy_link(copy, directory, name);
    default:
        return mknodat(copy->directory, name, (status->st_mode & S_IFMT) | 0600, status->st_rdev);
    }
}

/* Of a file that has been copied under another name that copy gets one more. 0: it has not been. */
static int link_again(struct copy *copy, const struct lxc_tree_walk *walk, const char *name,
                      const struct stat *status, struct thole_error *err) {
    struct linked *linked = malloc(sizeof(*linked));
    if (linked == NULL)
        abort();
    *linked = (struct linked){status->st_dev, status->st_ino, lxc_tree_path(walk, name)};
    const struct linked *const *found = tsearch(linked, &copy->linked, compare);
    if (found == NULL)
        abort();
    if (*found == linked)
        return 0;
    free_linked(linked);
    if (linkat(copy->top, (*found)->path, copy->directory, name, 0) < 0)
        return failed(walk, "link", name, err);
    return 1;
}

static int copy_file(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                     const struct stat *status, struct thole_error *err) {
    struct copy *copy = userdata;
    const char *what = NULL;
    int linked = status->st_nlink > 1 ? link_again(copy, walk, name, status, err) : 0;
    if (linked != 0)
        return linked < 0 ? -1 : 0;
    if (copy_contents(copy, walk->directory, name, status) < 0)
        return failed(walk, "make", name, err);
    if (lxc_file_copy_attributes(walk->directory, name, copy->directory, name, status, &what) < 0)
        return failed(walk, what, name, err);
    return 0;
}

static int enter(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                 const struct stat *status, struct thole_error *err) {
    struct copy *copy = userdata;
    (void)status;
    if (mkdirat(copy->directory, name, 0700) < 0)
        return failed(walk, "make", name, err);
    int directory = openat(copy->directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        return failed(walk, "open", name, err);
    (void)close(copy->directory);
    copy->directory = directory;
    return 0;
}

/* What is made in a directory changes its times: they are given at the end. */
static int leave(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                 const struct stat *status, struct thole_error *err) {
    struct copy *copy = userdata;
    const char *what = NULL;
    int parent = openat(copy->directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return failed(walk, "leave", name, err);
    (void)close(copy->directory);
    copy->directory = parent;
    if (lxc_file_copy_attributes(walk->directory, name, parent, name, status, &what) < 0)
        return failed(walk, what, name, err);
    return 0;
}

/* A copy in its own original would never end. */
static int check_apart(const char *source, const char *target, struct thole_error *err) {
    cleanup_free char *from = realpath(source, NULL);
    if (from == NULL)
        return error_errno(err, NULL, "look at %s", source);
    cleanup_free char *to = realpath(target, NULL);
    if (to == NULL)
        return error_errno(err, NULL, "look at %s", target);
    if (path_is_beneath(to, from))
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "%s lies in %s, which it is to be a copy of", target, source);
    return 0;
}

int lxc_tree_copy(const char *source, const char *target, struct thole_error *err) {
    cleanup_copy struct copy copy = {.top = -1, .directory = -1};
    const struct lxc_tree_visitor visitor = {copy_file, enter, leave, &copy};
    struct stat status;
    const char *what = NULL;
    if (stat(source, &status) < 0)
        return error_errno(err, NULL, "look at %s", source);
    if (mkdir(target, 0700) < 0)
        return error_errno(err, NULL, "make the directory %s", target);
    if (check_apart(source, target, err) < 0)
        return -1;
    copy.top = open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    copy.directory = copy.top < 0 ? -1 : openat(copy.top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy.directory < 0)
        return error_errno(err, NULL, "open %s", target);
    if (lxc_tree_walk(source, &visitor, err) < 0)
        return -1;
    cleanup_close int origin = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (origin < 0)
        return error_errno(err, NULL, "open %s", source);
    if (lxc_file_copy_attributes(origin, ".", copy.top, ".", &status, &what) < 0)
        return error_errno(err, NULL, "%s %s", what, target);
    return 0;
}

int lxc_tree_copy_file(const char *source, const char *target, struct thole_error *err) {
    struct stat status;
    const char *what = NULL;
    cleanup_close int from = open(source, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (from < 0 || fstat(from, &status) < 0)
        return error_errno(err, NULL, "open %s", source);
    if (!S_ISREG(status.st_mode))
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s is no regular file", source);
    cleanup_close int to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0 || lxc_file_copy_data(from, to, status.st_size) < 0)
        return error_errno(err, NULL, "copy %s to %s", source, target);
    if (geteuid() != 0) { /* who cannot give it away keeps it */
        status.st_uid = geteuid();
        status.st_gid = getegid();
    }
    if (lxc_file_copy_attributes(AT_FDCWD, source, AT_FDCWD, target, &status, &what) < 0)
        return error_errno(err, NULL, "%s %s", what, target);
    return 0;
}
