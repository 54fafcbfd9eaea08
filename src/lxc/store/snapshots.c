/* SPDX-License-Identifier: Apache-2.0 */
/* Taking, listing, restoring and destroying snapshots. */
#include "lxc/store/snapshots.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "lxc/store/copy.h"
#include "lxc/store/destroy.h"
#include "lxc/store/ephemeral.h"
#include "lxc/store/making.h"
#include "lxc/store/rename.h"
#include "lxc/store/tree_copy.h"

enum { COMMENT_LIMIT = 1 << 20 };

static char *joined(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s", directory, name);
    return text_take(&path);
}

/* Who takes or removes snapshots is alone; the numbers are free until they are used. */
static int lock_snapshots(const char *directory, int *ret_lock, struct thole_error *err) {
    *ret_lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_lock < 0 || uninterrupted(flock(*ret_lock, LOCK_EX)) < 0)
        return error_errno(err, NULL, "open and lock %s", directory);
    return 0;
}

static int free_name(const char *directory, char **ret_name, struct thole_error *err) {
    for (unsigned number = 0;; number++) {
        struct stat status;
        struct text name = {0};
        text_appendf(&name, "snap%u", number);
        cleanup_free char *word = text_take(&name);
        cleanup_free char *path = joined(directory, word);
        bool there = lstat(path, &status) == 0;
        if (there && lxc_making_state(path) != LXC_MAKING_ABANDONED)
            continue;
        if (!there && errno != ENOENT)
            return error_errno(err, NULL, "look at %s", path);
        *ret_name = take_ptr(word);
        return 0;
    }
}

static int write_notes(const char *directory, const char *comment, struct thole_error *err) {
    char stamp[32];
    struct tm parts;
    time_t now = time(NULL);
    cleanup_free char *file = joined(directory, "ts");
    cleanup_free char *kept = joined(directory, "comment");
    cleanup_free char *text = NULL;
    size_t length = 0;
    if (localtime_r(&now, &parts) == NULL ||
        strftime(stamp, sizeof(stamp), "%Y:%m:%d %H:%M:%S", &parts) == 0)
        return error_bug(err, "the time has no digits");
    if (file_create_at(AT_FDCWD, file, stamp, strlen(stamp), 0644, err) < 0)
        return -1;
    if (comment == NULL)
        return 0;
    if (file_read_at(AT_FDCWD, comment, COMMENT_LIMIT, &text, &length, err) < 0)
        return -1;
    return file_create_at(AT_FDCWD, kept, text, length, 0644, err);
}

int lxc_snapshot_take(const struct lxc_container *container, const char *rcfile,
                      const char *comment, struct thole_error *err) {
    cleanup_free char *directory = joined(container->directory, "snaps");
    cleanup_free char *name = NULL;
    cleanup_close int lock = -1;
    cleanup_lxc_container struct lxc_container snapshot = {0};
    struct thole_error ignored = {0};
    if (comment != NULL && access(comment, R_OK) < 0)
        return error_errno(err, NULL, "read the comment %s", comment);
    if (lxc_check_stopped(container, err) < 0 || lxc_make_directories(directory, 0755, err) < 0 ||
        lock_snapshots(directory, &lock, err) < 0 || free_name(directory, &name, err) < 0)
        return -1;
    const struct lxc_copy_request request = {
        .name = name, .lxcpath = directory, .keep_name = true, .keep_addresses = true};
    if (lxc_copy(container, rcfile, &request, err) < 0) {
        (void)rmdir(directory);
        return -1;
    }
    if (lxc_container_find(name, directory, &container->context.log, &snapshot, err) < 0)
        return -1;
    if (write_notes(snapshot.directory, comment, err) == 0)
        return 0;
    (void)lxc_destroy(&snapshot, NULL, false, &ignored);
    return -1;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int is_shown(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static void free_entries(struct dirent **entries, int count) {
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
}

/* Its name, where it is, and when it was taken, as far as that is known. */
static int append_snapshot(struct text *text, const char *directory, const char *name,
                           bool comments, struct thole_error *err) {
    static const char *const files[] = {"ts", "comment"};
    for (size_t i = 0; i < (comments ? 2U : 1U); i++) {
        struct thole_error failure = {0};
        struct text path = {0};
        cleanup_free char *contents = NULL;
        text_appendf(&path, "%s/%s/%s", directory, name, files[i]);
        int result = file_read_at(AT_FDCWD, path.data, COMMENT_LIMIT, &contents, NULL, &failure);
        text_done(&path);
        if (result < 0 && failure.code != ENOENT) {
            *err = failure;
            return -1;
        }
        if (i == 0)
            text_appendf(text, "%s (%s) %s\n", name, directory, result == 0 ? contents : "");
        else if (result == 0)
            text_append(text, contents);
    }
    return 0;
}

int lxc_snapshot_list(const struct lxc_container *container, bool comments, struct text *text,
                      struct thole_error *err) {
    cleanup_free char *directory = joined(container->directory, "snaps");
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_shown, versionsort);
    int result = 0;
    if (count < 0)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "read %s", directory);
    for (int i = 0; i < count && result == 0; i++) {
        cleanup_free char *path = joined(directory, entries[i]->d_name);
        cleanup_free char *config = joined(path, "config");
        if (access(config, F_OK) == 0 && lxc_making_state(path) == LXC_MAKING_NONE)
            result = append_snapshot(text, directory, entries[i]->d_name, comments, err);
    }
    free_entries(entries, count);
    return result;
}

static int find(const struct lxc_container *container, const char *name,
                struct lxc_container *ret_snapshot, struct thole_error *err) {
    cleanup_free char *directory = joined(container->directory, "snaps");
    if (lxc_container_find(name, directory, &container->context.log, ret_snapshot, err) < 0)
        return -1;
    if (!ret_snapshot->defined)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "%s has no snapshot %s",
                         container->name, name);
    return 0;
}

static int destroy_all(const struct lxc_container *container, const char *directory,
                       struct thole_error *err) {
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_shown, versionsort);
    int result = count < 0 ? error_errno(err, NULL, "read %s", directory) : 0;
    for (int i = 0; i < count && result == 0; i++) {
        cleanup_lxc_container struct lxc_container snapshot = {0};
        result = find(container, entries[i]->d_name, &snapshot, err);
        if (result == 0)
            result = lxc_destroy(&snapshot, NULL, false, err);
    }
    free_entries(entries, count < 0 ? 0 : count);
    return result;
}

int lxc_snapshot_destroy(const struct lxc_container *container, const char *snapshot,
                         struct thole_error *err) {
    cleanup_free char *directory = joined(container->directory, "snaps");
    cleanup_close int lock = -1;
    cleanup_lxc_container struct lxc_container found = {0};
    bool all = strcmp(snapshot, "ALL") == 0;
    if (access(directory, F_OK) < 0 && errno == ENOENT)
        return all ? 0 : find(container, snapshot, &found, err);
    if (lock_snapshots(directory, &lock, err) < 0)
        return -1;
    if (all ? destroy_all(container, directory, err) < 0
            : find(container, snapshot, &found, err) < 0 ||
                  lxc_destroy(&found, NULL, false, err) < 0)
        return -1;
    /* The last one takes the directory with it. */
    if (rmdir(directory) < 0 && errno != ENOTEMPTY)
        return error_errno(err, NULL, "remove %s", directory);
    return 0;
}

/* ---- back ------------------------------------------------------------------------------------ */

/* The container is there under one name or the other at any time, and so are its snapshots. */
static int replace(const struct lxc_container *container, const struct lxc_container *copy,
                   struct thole_error *err) {
    const struct lxc_rename_request request = {
        .name = container->name,
        .lxcpath = container->lxcpath,
        .keep_name = true,
        .keep_snapshots = true,
        .no_hooks = true,
    };
    cleanup_free char *from = joined(container->directory, "snaps");
    cleanup_free char *to = joined(copy->directory, "snaps");
    if (rename(from, to) < 0)
        return error_errno(err, NULL, "rename %s to %s", from, to);
    if (lxc_destroy(container, NULL, false, err) < 0) {
        (void)rename(to, from);
        return -1;
    }
    return lxc_rename(copy, &request, err);
}

static int restore_in_place(const struct lxc_container *container,
                            const struct lxc_container *snapshot, struct thole_error *err) {
    struct text word = {0};
    text_appendf(&word, "%s_restored", container->name);
    cleanup_free char *base = text_take(&word);
    cleanup_free char *name = lxc_ephemeral_name(base);
    struct thole_error ignored = {0};
    cleanup_lxc_container struct lxc_container copy = {0};
    const struct lxc_copy_request request = {
        .name = name, .lxcpath = container->lxcpath, .keep_name = true, .keep_addresses = true};
    if (lxc_check_stopped(container, err) < 0 || lxc_copy(snapshot, NULL, &request, err) < 0 ||
        lxc_container_find(name, container->lxcpath, &container->context.log, &copy, err) < 0)
        return -1;
    if (replace(container, &copy, err) == 0)
        return 0;
    if (access(container->config_file, F_OK) == 0)
        (void)lxc_destroy(&copy, NULL, false, &ignored);
    else
        error_hint(err, "it is there as %s", name);
    return -1;
}

int lxc_snapshot_restore(const struct lxc_container *container, const char *snapshot,
                         const char *name, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container found = {0};
    if (find(container, snapshot, &found, err) < 0)
        return -1;
    if (strcmp(name, container->name) == 0)
        return restore_in_place(container, &found, err);
    const struct lxc_copy_request request = {.name = name, .lxcpath = container->lxcpath};
    return lxc_copy(&found, NULL, &request, err);
}
