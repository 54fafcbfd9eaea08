/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory of one container. */
#include "state/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/runtime_dir.h"
#include "oci-spec/document.h"
#include "state/request.h"

enum { ID_MAX = 255, RECORD_MAX = 8 * 1024 * 1024 };

int container_check_id(const char *id, struct thole_error *err) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
    size_t length = strlen(id);
    if (length > ID_MAX)
        return error_usage(
            err, "invalid container id '%.64s...': it has %zu characters, the limit is %d", id,
            length, ID_MAX);
    if (length == 0 || strspn(id, allowed) != length || id[0] == '.')
        return error_usage(
            err,
            "invalid container id '%.64s': letters, digits and _+-. are allowed, and no "
            "dot at the start",
            id);
    return 0;
}

/* From the end: most often all but the last of its directories are there. */
static int make_directories(char *path, mode_t mode) {
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return 0;
    char *slash = strrchr(path, '/');
    if (errno != ENOENT || slash == NULL || slash == path)
        return -1;
    *slash = '\0';
    int parents = make_directories(path, 0755);
    *slash = '/';
    return parents < 0 || (mkdir(path, mode) < 0 && errno != EEXIST) ? -1 : 0;
}

static int make_root(const char *path) {
    cleanup_free char *copy = strdup(path);
    return copy == NULL ? -1 : make_directories(copy, 0700);
}

int container_open_root(const struct thole_context *context, bool create, struct thole_error *err) {
    if (request_check(context->reserved, err) < 0)
        return -1;
    cleanup_free char *fallback = NULL;
    const char *path = context->root;
    if (path == NULL)
        path = fallback = container_default_root(err);
    if (path == NULL || (create && host_runtime_dir_make(path, err) < 0))
        return -1;
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    cleanup_close int fd = open(path, flags);
    if (fd < 0 && errno == ENOENT && create && make_root(path) == 0)
        fd = open(path, flags);
    if (fd >= 0)
        return host_runtime_dir_check(path, err) < 0 ? -1 : take_fd(&fd);
    bool lost = errno == EACCES && text_equal(fallback, "/run/thole");
    error_errno(err, NULL, "open state directory %s", path);
    return lost ? error_hint(err, "that is root's: set XDG_RUNTIME_DIR, or give --root DIR") : -1;
}

char *container_default_root(struct thole_error *err) {
    cleanup_free char *runtime_dir = NULL;
    struct text path = {0};
    if (host_runtime_dir(&runtime_dir, err) < 0)
        return NULL;
    text_appendf(&path, "%s/thole", runtime_dir != NULL ? runtime_dir : "/run");
    return text_take(&path);
}

/* On the directory itself: state.json is replaced by rename, and a file more would cost its making
 * and removal. The descriptor is one of its own, so that closing it gives the lock up. */
static int take_lock(struct container *container, struct thole_error *err) {
    container->lock = openat(container->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (container->lock < 0)
        return error_errno(err, NULL, "open the state directory");
    while (flock(container->lock, LOCK_EX) < 0) {
        if (errno != EINTR)
            return error_errno(err, NULL, "lock container %s", container->id);
    }
    return 0;
}

static int does_not_exist(struct thole_error *err) {
    return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "container does not exist");
}

/* The container may have been deleted while the lock was waited for, and another one made. */
static int check_still_there(const struct container *container, struct thole_error *err) {
    struct stat now;
    struct stat opened;
    if (fstat(container->directory, &opened) < 0)
        return error_errno(err, NULL, "look at the state directory");
    if (fstatat(container->root, container->id, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? does_not_exist(err)
                               : error_errno(err, NULL, "look at the state directory");
    return now.st_ino == opened.st_ino ? 0 : does_not_exist(err);
}

int container_lock(struct container *container, struct thole_error *err) {
    if (container->lock >= 0)
        return 0;
    if (take_lock(container, err) < 0)
        /* A directory that was removed has no "." any more. */
        return err->code == ENOENT ? does_not_exist(err) : -1;
    return check_still_there(container, err);
}

void container_unlock(struct container *container) {
    cleanup_close_fd(&container->lock);
}

static int open_directory(struct container *container, struct thole_error *err) {
    container->directory =
        openat(container->root, container->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (container->directory >= 0)
        return 0;
    return errno == ENOENT ? does_not_exist(err)
                           : error_errno(err, NULL, "open the state directory");
}

int container_new(const struct thole_context *context, const char *id,
                  struct container *ret_container, struct thole_error *err) {
    if (container_check_id(id, err) < 0)
        return -1;
    ret_container->id = id;
    ret_container->root = container_open_root(context, true, err);
    if (ret_container->root < 0)
        return -1;
    if (mkdirat(ret_container->root, id, 0711) < 0) {
        if (errno == EEXIST)
            return error_state(err, "container with given ID already exists");
        return error_errno(err, NULL, "create the state directory");
    }
    ret_container->record = arena_new(&ret_container->arena, struct container_record);
    if (open_directory(ret_container, err) == 0 && take_lock(ret_container, err) == 0)
        return 0;
    (void)unlinkat(ret_container->root, id, AT_REMOVEDIR);
    return -1;
}

static int open_existing(const struct thole_context *context, const char *id,
                         struct container *container, struct thole_error *err) {
    if (container_check_id(id, err) < 0)
        return -1;
    container->id = id;
    container->root = container_open_root(context, false, err);
    if (container->root < 0)
        return err->code == ENOENT ? does_not_exist(err) : -1;
    return open_directory(container, err);
}

static int read_record(struct container *container, char **ret_json, size_t *ret_length,
                       struct thole_error *err) {
    return file_read_regular_at(container->directory, STATE_FILE, RECORD_MAX, ret_json, ret_length,
                                err);
}

/* A directory without a record is about to get one, or about to go, while its lock is held; else it
 * is what a create or a delete that was killed has left. */
static int read_record_settled(struct container *container, char **ret_json, size_t *ret_length,
                               struct thole_error *err) {
    const bool locked = container->lock >= 0;
    struct thole_error failure = {0};
    int result = read_record(container, ret_json, ret_length, &failure);
    if (result < 0 && failure.code == ENOENT && !locked) {
        if (container_lock(container, err) < 0)
            return (container_unlock(container), -1);
        result = read_record(container, ret_json, ret_length, &failure);
        container_unlock(container);
    }
    if (result < 0 && failure.code == ENOENT)
        return error_state(err, "container is not completely created");
    if (result < 0)
        *err = failure;
    return result;
}

int container_reload(struct container *container, struct thole_error *err) {
    cleanup_free char *json = NULL;
    size_t length = 0;
    if (read_record_settled(container, &json, &length, err) < 0)
        return -1;
    if (record_read(json, length, &container->arena, &container->record, err) < 0)
        return error_prefix(err, "read %s", STATE_FILE);
    return 0;
}

int container_open(const struct thole_context *context, const char *id,
                   struct container *ret_container, struct thole_error *err) {
    if (open_existing(context, id, ret_container, err) < 0)
        return -1;
    return container_reload(ret_container, err);
}

int container_open_locked(const struct thole_context *context, const char *id,
                          struct container *ret_container, struct thole_error *err) {
    if (open_existing(context, id, ret_container, err) < 0 ||
        container_lock(ret_container, err) < 0)
        return -1;
    return container_reload(ret_container, err);
}

int container_save(const struct container *container, struct thole_error *err) {
    cleanup_free char *json = record_write(container->record);
    return file_replace_at(container->directory, STATE_FILE, json, strlen(json), 0600, err);
}

static int remove_entries(int directory) {
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    if (list == NULL) {
        cleanup_close_fd(&copy);
        return -1;
    }
    const struct dirent *entry;
    while ((entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(directory, entry->d_name, 0) == 0 || errno == ENOENT)
            continue;
        cleanup_close int below =
            openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (below < 0 || remove_entries(below) < 0 ||
            unlinkat(directory, entry->d_name, AT_REMOVEDIR) < 0)
            return -1;
    }
    return 0;
}

int container_remove(struct container *container, struct thole_error *err) {
    enum { ATTEMPTS = 16 };
    /* The record goes first: what is left after a crash is an empty shell, not a container. */
    (void)unlinkat(container->directory, STATE_FILE, 0);
    (void)unlinkat(container->directory, STATE_CONFIG, 0);
    for (int attempt = 0;; attempt++) {
        /* Most containers leave no more than these two files. */
        if (attempt > 0 && remove_entries(container->directory) < 0)
            break;
        if (unlinkat(container->root, container->id, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        /* A command that came in between makes its lock anew before it finds the record gone. */
        if (errno != ENOTEMPTY || attempt == ATTEMPTS)
            break;
    }
    return error_errno(err, NULL, "remove the state directory");
}

int container_read_config(struct container *container, struct oci_config **ret_config,
                          struct thole_error *err) {
    cleanup_free char *json = NULL;
    size_t length = 0;
    if (file_read_regular_at(container->directory, STATE_CONFIG, OCI_DOCUMENT_MAX, &json, &length,
                             err) < 0)
        return -1;
    if (oci_read_config(json, length, &container->arena, NULL, ret_config, err) < 0)
        return error_prefix(err, "read %s", STATE_CONFIG);
    return 0;
}

struct plan_cgroup *container_cgroup(struct container *container) {
    return record_cgroup(container->record, &container->arena);
}

char *container_state_json(const struct container *container, const char *status, pid_t pid) {
    const struct container_record *record = container->record;
    char owner[] = "";
    char created[CLOCK_TIME];
    record_format_created(record, created);
    const struct oci_state state = {
        .oci_version = record->oci_version,
        .id = record->id,
        .status = (char *)(uintptr_t)status,
        .pid = {.set = pid > 0, .value = pid},
        .bundle = record->bundle,
        .rootfs = record->rootfs,
        .created = created,
        .owner = owner,
        .annotations = record->annotations,
    };
    return oci_write_state(&state, 0);
}

void container_done(struct container *container) {
    container_unlock(container);
    cleanup_close_fd(&container->directory);
    cleanup_close_fd(&container->root);
    arena_done(&container->arena);
    container->record = NULL;
}
