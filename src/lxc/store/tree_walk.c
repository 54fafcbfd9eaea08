/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a directory tree through file descriptors, with the names of its levels on the heap. */
#include "lxc/store/tree_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "sys/process_calls.h"

enum { OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* One directory on the way down, its entries read into memory. */
struct lxc_tree_level {
    char *name; /* in the level above, "" for the top */
    struct stat status;
    char **names;
    size_t count;
    size_t next;
};

static void free_names(char **names, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static void pop(struct lxc_tree_walk *walk) {
    struct lxc_tree_level *level = &walk->levels[--walk->depth];
    free_names(level->names, level->count);
    free(level->name);
}

static void walk_done(struct lxc_tree_walk *walk) {
    while (walk->depth > 0)
        pop(walk);
    free(walk->levels);
    if (walk->directory >= 0)
        (void)close(walk->directory);
}
#define cleanup_walk __attribute__((cleanup(walk_done)))

char *lxc_tree_path(const struct lxc_tree_walk *walk, const char *name) {
    struct text path = {0};
    for (size_t i = 1; i < walk->depth; i++)
        text_appendf(&path, "%s/", walk->levels[i].name);
    text_append(&path, name);
    return text_take(&path);
}

static int failed(const struct lxc_tree_walk *walk, const char *what, const char *name,
                  struct thole_error *err) {
    int code = errno;
    cleanup_free char *path = lxc_tree_path(walk, name);
    return error_set(err, THOLE_ERROR_HOST, code, NULL, "%s %s/%s", what, walk->top, path);
}

static bool is_dots(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* All names before anything is done with them: what is removed or made meanwhile changes nothing.
 */
static int read_names(int directory, struct lxc_tree_level *level) {
    int copy = openat(directory, ".", OPEN_DIRECTORY);
    cleanup_closedir DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    if (stream == NULL)
        return -1;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL)
            return errno == 0 ? 0 : -1;
        if (is_dots(entry->d_name))
            continue;
        if ((level->count & (level->count + 1)) == 0) /* 0, 1, 3, 7: full */
            level->names =
                reallocarray(level->names, (level->count + 1) * 2, sizeof(*level->names));
        if (level->names == NULL)
            abort();
        level->names[level->count++] = strdup(entry->d_name);
    }
}

/* Takes @directory over, and with it a new level. */
static int push(struct lxc_tree_walk *walk, int directory, const char *name,
                struct thole_error *err) {
    struct lxc_tree_level level = {.name = strdup(name)};
    if (walk->directory >= 0)
        (void)close(walk->directory);
    walk->directory = directory;
    walk->levels = reallocarray(walk->levels, walk->depth + 1, sizeof(level));
    if (walk->levels == NULL || level.name == NULL)
        abort();
    int result = fstat(directory, &level.status) < 0 ? -1 : read_names(directory, &level);
    walk->levels[walk->depth++] = level;
    return result < 0 ? failed(walk, "read the directory", "", err) : 0;
}

static int check_mount(const struct lxc_tree_walk *walk, const char *name,
                       struct thole_error *err) {
    struct statx status;
    if (statx(walk->directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_MNT_ID, &status) <
        0)
        return failed(walk, "look at", name, err);
    if (status.stx_mnt_id == walk->mount)
        return 0;
    cleanup_free char *path = lxc_tree_path(walk, name);
    return error_set(err, THOLE_ERROR_HOST, EBUSY, NULL, "%s/%s is a mount point: unmount it first",
                     walk->top, path);
}

static int descend(struct lxc_tree_walk *walk, const struct lxc_tree_visitor *visitor,
                   const char *name, const struct stat *status, struct thole_error *err) {
    if (visitor->enter != NULL && visitor->enter(visitor->userdata, walk, name, status, err) < 0)
        return -1;
    int directory = openat(walk->directory, name, OPEN_DIRECTORY);
    if (directory < 0)
        return failed(walk, "open", name, err);
    return push(walk, directory, name, err);
}

/* ".." of a directory is the one it was found in, unless somebody has moved it. */
static int ascend(struct lxc_tree_walk *walk, const struct lxc_tree_visitor *visitor,
                  struct thole_error *err) {
    struct stat status;
    struct lxc_tree_level *level = &walk->levels[walk->depth - 1];
    const struct stat *above = &walk->levels[walk->depth - 2].status;
    int parent = openat(walk->directory, "..", OPEN_DIRECTORY);
    if (parent < 0 || fstat(parent, &status) < 0 || status.st_dev != above->st_dev ||
        status.st_ino != above->st_ino) {
        if (parent >= 0)
            (void)close(parent);
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "somebody has moved directories in %s",
                         walk->top);
    }
    (void)close(walk->directory);
    walk->directory = parent;
    cleanup_free char *name = take_ptr(level->name);
    status = level->status;
    pop(walk);
    return visitor->leave == NULL ? 0 : visitor->leave(visitor->userdata, walk, name, &status, err);
}

static int visit(struct lxc_tree_walk *walk, const struct lxc_tree_visitor *visitor,
                 const char *name, struct thole_error *err) {
    struct stat status;
    if (fstatat(walk->directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : failed(walk, "look at", name, err);
    if (check_mount(walk, name, err) < 0)
        return -1;
    return S_ISDIR(status.st_mode) ? descend(walk, visitor, name, &status, err)
                                   : visitor->file(visitor->userdata, walk, name, &status, err);
}

int lxc_tree_walk(const char *top, const struct lxc_tree_visitor *visitor,
                  struct thole_error *err) {
    cleanup_walk struct lxc_tree_walk walk = {.directory = -1, .top = top};
    struct statx status;
    int directory = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_errno(err, NULL, "open %s", top);
    if (push(&walk, directory, "", err) < 0)
        return -1;
    if (statx(directory, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0)
        return error_errno(err, NULL, "look at %s", top);
    walk.mount = status.stx_mnt_id;
    for (;;) {
        struct lxc_tree_level *level = &walk.levels[walk.depth - 1];
        if (level->next < level->count) {
            /* A copy: the levels move when one is added. */
            cleanup_free char *name = take_ptr(level->names[level->next]);
            level->next++;
            if (visit(&walk, visitor, name, err) < 0)
                return -1;
            continue;
        }
        if (walk.depth == 1)
            return 0;
        if (ascend(&walk, visitor, err) < 0)
            return -1;
    }
}
