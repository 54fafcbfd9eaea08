/* SPDX-License-Identifier: Apache-2.0 */
/* Containers in the making. */
#include "lxc/store/making.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/store/tree_remove.h"

static char *partial_path(const char *directory) {
    struct text path = {0};
    text_appendf(&path, "%s/partial", directory);
    return text_take(&path);
}

/* 1: nobody else has it. A lock of the open file, as LXC takes it, ends with its holder. */
static int lock(int fd) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return 1;
    return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

int lxc_make_directories(const char *path, mode_t mode, struct thole_error *err) {
    cleanup_free char *part = strdup(path);
    if (part == NULL)
        abort();
    for (char *slash = part; slash != NULL;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(part, slash != NULL ? 0755 : mode) < 0 && errno != EEXIST)
            return error_errno(err, NULL, "make the directory %s", part);
        if (slash != NULL)
            *slash = '/';
    }
    return 0;
}

/* 1: there is nothing any more. */
static int remove_leftovers(const char *directory, struct thole_error *err) {
    cleanup_free char *path = partial_path(directory);
    cleanup_close int partial = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (partial < 0 && errno != ENOENT)
        return error_errno(err, NULL, "open %s", path);
    if (partial < 0)
        return error_state(err, "Container already exists: %s", directory);
    int locked = lock(partial);
    if (locked < 0)
        return error_errno(err, NULL, "lock %s", path);
    if (locked == 0)
        return error_state(err, "somebody is making a container in %s", directory);
    return lxc_tree_remove(directory, err) < 0 ? -1 : 1;
}

static int make_partial(struct lxc_making *making, struct thole_error *err) {
    cleanup_free char *path = partial_path(making->directory);
    making->partial = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (making->partial < 0 || lock(making->partial) <= 0)
        return error_errno(err, NULL, "make and lock %s", path);
    return 0;
}

int lxc_making_begin(const char *directory, struct lxc_making *making, struct thole_error *err) {
    cleanup_free char *above = strndup(directory, (size_t)(strrchr(directory, '/') - directory));
    if (above == NULL)
        abort();
    if (lxc_make_directories(above, 0755, err) < 0)
        return -1;
    while (mkdir(directory, 0770) < 0) {
        if (errno != EEXIST)
            return error_errno(err, NULL, "make the directory %s", directory);
        if (remove_leftovers(directory, err) < 0)
            return -1;
    }
    making->directory = strdup(directory);
    if (chmod(directory, 0770) < 0)
        return error_errno(err, NULL, "set the mode of %s", directory);
    return make_partial(making, err);
}

int lxc_making_keep(struct lxc_making *making, struct thole_error *err) {
    cleanup_free char *path = partial_path(making->directory);
    if (unlink(path) < 0)
        return error_errno(err, NULL, "remove %s", path);
    free(making->directory);
    free(making->rootfs);
    (void)close(making->partial);
    *making = (struct lxc_making)LXC_MAKING_INIT;
    return 0;
}

/* Who may not open the file does not make the container, either. */
enum lxc_making_state lxc_making_state(const char *directory) {
    cleanup_free char *path = partial_path(directory);
    cleanup_close int partial = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (partial < 0)
        return errno == ENOENT || errno == ENOTDIR ? LXC_MAKING_NONE : LXC_MAKING_GOES_ON;
    return lock(partial) > 0 ? LXC_MAKING_ABANDONED : LXC_MAKING_GOES_ON;
}

/* The error that is on its way says what failed; what cannot be removed is marked by "partial". */
void lxc_making_done(struct lxc_making *making) {
    struct thole_error ignored = {0};
    if (making->rootfs != NULL)
        (void)lxc_tree_remove(making->rootfs, &ignored);
    if (making->directory != NULL)
        (void)lxc_tree_remove(making->directory, &ignored);
    free(making->rootfs);
    free(making->directory);
    if (making->partial >= 0)
        (void)close(making->partial);
    *making = (struct lxc_making)LXC_MAKING_INIT;
}
