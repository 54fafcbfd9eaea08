/* SPDX-License-Identifier: Apache-2.0 */
/* Files and directories that are included. */
#include "lxc/config/include.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/config/share.h"

static void add(struct lxc_included *included, char *path) {
    char **items = realloc(included->items, (included->count + 1) * sizeof(*items));
    if (items == NULL)
        abort();
    items[included->count++] = path;
    included->items = items;
}

static char *path_from(const char *value, const struct lxc_open_file *file) {
    struct text path = {0};
    const char *slash = file != NULL ? strrchr(file->path, '/') : NULL;
    if (value[0] != '/' && slash != NULL)
        text_append_bytes(&path, file->path, (size_t)(slash + 1 - file->path));
    text_append(&path, value);
    return text_take(&path);
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_directory(const char *path, const char *where, struct lxc_included *included,
                          struct thole_error *err) {
    cleanup_closedir DIR *directory = opendir(path);
    if (directory == NULL)
        return error_errno(err, where, "open directory %s", path);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL && errno != 0)
            return error_errno(err, where, "read directory %s", path);
        if (entry == NULL)
            break;
        if (entry->d_name[0] == '.' || !text_ends_with(entry->d_name, ".conf"))
            continue;
        struct text full = {0};
        text_appendf(&full, "%s%s%s", path, text_ends_with(path, "/") ? "" : "/", entry->d_name);
        add(included, text_take(&full));
    }
    if (included->count > 1)
        qsort(included->items, included->count, sizeof(char *), compare);
    return 0;
}

int lxc_include_list(const char *value, const struct lxc_open_file *file, const char *where,
                     struct lxc_included *ret_included, struct thole_error *err) {
    cleanup_free char *written = path_from(value, file);
    cleanup_free char *path = lxc_share_path(written);
    struct stat status;
    *ret_included = (struct lxc_included){0};
    if (stat(path, &status) < 0) {
        ret_included->missing = errno == ENOENT && text_ends_with(path, "/");
        return ret_included->missing ? 0 : error_errno(err, where, "look at %s", path);
    }
    if (S_ISDIR(status.st_mode))
        return list_directory(path, where, ret_included, err);
    add(ret_included, take_ptr(path));
    return 0;
}

static int is_same_file(const char *a, const char *b, const char *where, struct thole_error *err) {
    struct stat first;
    struct stat second;
    if (stat(a, &first) < 0 || stat(b, &second) < 0)
        return error_errno(err, where, "look at %s and %s", a, b);
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

int lxc_include_check(const char *path, const struct lxc_open_file *file, const char *where,
                      struct thole_error *err) {
    int depth = 0;
    for (const struct lxc_open_file *at = file; at != NULL; at = at->includer, depth++) {
        int same = is_same_file(path, at->path, where, err);
        if (same < 0)
            return -1;
        if (same)
            return error_config(err, where, "%s includes itself", path);
    }
    if (depth > LXC_INCLUDE_DEPTH_MAX)
        return error_config(err, where, "more than %d files include one another",
                            LXC_INCLUDE_DEPTH_MAX);
    return 0;
}

void lxc_included_done(struct lxc_included *included) {
    for (size_t i = 0; i < included->count; i++)
        free(included->items[i]);
    free(included->items);
    *included = (struct lxc_included){0};
}
