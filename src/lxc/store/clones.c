/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of clones and origins. */
#include "lxc/store/clones.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

enum { LIST_LIMIT = 1 << 20 };

static const char clones_file[] = "lxc_snapshots";
static const char origins_file[] = "lxc_rdepends";

/* The text of a list, "" if there is none; malloc'ed. */
static int read_list(int directory, const char *file, char **ret_text, struct thole_error *err) {
    struct thole_error failure = {0};
    *ret_text = NULL;
    if (file_read_regular_at(directory, file, LIST_LIMIT, ret_text, NULL, &failure) == 0)
        return 0;
    if (failure.code == ENOENT) {
        *ret_text = strdup("");
        return 0;
    }
    *err = failure;
    return error_prefix(err, "the list of clones");
}

static int write_list(int directory, const char *file, const struct text *text,
                      struct thole_error *err) {
    if (text->length > 0)
        return file_replace_at(directory, file, text->data, text->length, 0644, err);
    if (unlinkat(directory, file, 0) < 0 && errno != ENOENT)
        return error_errno(err, NULL, "remove %s", file);
    return 0;
}

/* Takes the next two lines; false at the end, where an odd line does not count. malloc'ed. */
static bool next_name(const char **rest, char **ret_lxcpath, char **ret_name) {
    const char *line = NULL;
    size_t length = 0;
    free(*ret_lxcpath);
    free(*ret_name);
    *ret_lxcpath = *ret_name = NULL;
    if (!text_next_line(rest, &line, &length))
        return false;
    *ret_lxcpath = strndup(line, length);
    if (!text_next_line(rest, &line, &length))
        return false;
    *ret_name = strndup(line, length);
    return true;
}

/* @text without @left_out. */
static void append_others(struct text *text, const char *list,
                          const struct lxc_clone_name *left_out) {
    cleanup_free char *lxcpath = NULL;
    cleanup_free char *name = NULL;
    while (next_name(&list, &lxcpath, &name)) {
        if (strcmp(lxcpath, left_out->lxcpath) != 0 || strcmp(name, left_out->name) != 0)
            text_appendf(text, "%s\n%s\n", lxcpath, name);
    }
}

static void append_name(struct text *text, const struct lxc_clone_name *name) {
    text_appendf(text, "%s\n%s\n", name->lxcpath, name->name);
}

static int open_directory(const char *directory) {
    return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Changes the list of those that use files of @origin: @clone is on it in the end, or not. */
static int change_clones(const struct lxc_clone_name *origin, const struct lxc_clone_name *clone,
                         bool listed, struct thole_error *err) {
    cleanup_text struct text path = {0};
    cleanup_text struct text list = {0};
    cleanup_free char *before = NULL;
    text_appendf(&path, "%s/%s", origin->lxcpath, origin->name);
    cleanup_close int directory = open_directory(path.data);
    if (directory < 0 && errno == ENOENT && !listed)
        return 0;
    /* Not the container's own lock: who copies it has that one, and may not be alone. */
    cleanup_close int lock = open_directory(origin->lxcpath);
    if (directory < 0 || lock < 0 || uninterrupted(flock(lock, LOCK_EX)) < 0)
        return error_errno(err, NULL, "open %s, lock %s", path.data, origin->lxcpath);
    if (read_list(directory, clones_file, &before, err) < 0)
        return -1;
    append_others(&list, before, clone);
    if (listed)
        append_name(&list, clone);
    return write_list(directory, clones_file, &list, err);
}

static int change_all(const char *origins, const struct lxc_clone_name *clone, bool listed,
                      struct thole_error *err) {
    cleanup_free char *lxcpath = NULL;
    cleanup_free char *name = NULL;
    while (next_name(&origins, &lxcpath, &name)) {
        const struct lxc_clone_name origin = {lxcpath, name};
        if (change_clones(&origin, clone, listed, err) < 0)
            return -1;
    }
    return 0;
}

int lxc_clones_exist(const char *directory, struct thole_error *err) {
    cleanup_close int fd = open_directory(directory);
    cleanup_free char *list = NULL;
    if (fd < 0)
        return error_errno(err, NULL, "open %s", directory);
    if (read_list(fd, clones_file, &list, err) < 0)
        return -1;
    return list[0] != '\0';
}

int lxc_clones_add(const char *directory, const struct lxc_clone_name *clone,
                   const struct lxc_clone_name *origin, bool itself, struct thole_error *err) {
    cleanup_text struct text path = {0};
    cleanup_text struct text list = {0};
    cleanup_free char *inherited = NULL;
    text_appendf(&path, "%s/%s", origin->lxcpath, origin->name);
    cleanup_close int there = open_directory(path.data);
    cleanup_close int here = open_directory(directory);
    if (there < 0 || here < 0)
        return error_errno(err, NULL, "open %s", there < 0 ? path.data : directory);
    if (read_list(there, origins_file, &inherited, err) < 0)
        return -1;
    append_others(&list, inherited, origin);
    if (itself)
        append_name(&list, origin);
    if (list.length == 0)
        return 0;
    if (write_list(here, origins_file, &list, err) < 0)
        return -1;
    return change_all(list.data, clone, true, err);
}

int lxc_clones_rename(const char *directory, const struct lxc_clone_name *before,
                      const struct lxc_clone_name *after, struct thole_error *err) {
    cleanup_close int here = open_directory(directory);
    cleanup_free char *origins = NULL;
    if (here < 0)
        return error_errno(err, NULL, "open %s", directory);
    if (read_list(here, origins_file, &origins, err) < 0 ||
        change_all(origins, after, true, err) < 0)
        return -1;
    return change_all(origins, before, false, err);
}

int lxc_clones_remove(const char *directory, const struct lxc_clone_name *clone,
                      struct thole_error *err) {
    cleanup_close int here = open_directory(directory);
    cleanup_free char *origins = NULL;
    if (here < 0)
        return error_errno(err, NULL, "open %s", directory);
    if (read_list(here, origins_file, &origins, err) < 0)
        return -1;
    return change_all(origins, clone, false, err);
}
