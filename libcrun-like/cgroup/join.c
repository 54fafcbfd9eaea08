/* SPDX-License-Identifier: Apache-2.0 */
/* What a process needs to be born in, or to enter, a container's cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/words.h"
#include "cgroup/directory.h"
#include "cgroup/join.h"

enum { MEMBERSHIP_MAX = 1024 * 1024 };

int cgroup_join_allow_move(struct cgroup_join *join, struct thole_error *err) {
    if (join->unified < 0 || join->move >= 0)
        return 0;
    join->move = openat(join->unified, "cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (join->move < 0)
        return error_errno(err, "/linux/cgroupsPath", "open the container's cgroup");
    return 0;
}

int cgroup_join_move(const struct cgroup_join *join, struct thole_error *err) {
    int result = 0;
    if (join->move >= 0)
        result = write(join->move, "0", 1) == 1 ? 0 : -1;
    else if (join->unified >= 0)
        result = file_write_kernel(join->unified, "cgroup.procs", "0", 1);
    return result == 0 ? 0 : error_errno(err, "/linux/cgroupsPath", "enter the container's cgroup");
}

void cgroup_join_done(struct cgroup_join *join) {
    cleanup_close_fd(&join->unified);
    cleanup_close_fd(&join->move);
    for (size_t i = 0; i < join->task_count; i++)
        (void)close(join->tasks[i]);
    free(join->tasks);
    *join = (struct cgroup_join)CGROUP_JOIN_INIT;
}

static int join_init(const struct plan_cgroup *cgroup, struct cgroup_join *join,
                     struct thole_error *err) {
    join->tasks = calloc(cgroup->directory_count + 1, sizeof(*join->tasks));
    return join->tasks == NULL ? error_errno(err, cgroup->where, "open cgroups") : 0;
}

/* Adds the open directory @fd (owned here) of @directory to @join. */
static int add_directory(struct cgroup_join *join, const struct plan_cgroup_directory *directory,
                         int fd, struct thole_error *err) {
    cleanup_close int owned = fd;
    if (directory->unified && join->unified < 0) {
        join->unified = take_fd(&owned);
        return 0;
    }
    int tasks = openat(owned, "tasks", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (tasks < 0)
        return error_errno(err, NULL, "open tasks of cgroup %s in %s", directory->path,
                           directory->mountpoint);
    join->tasks[join->task_count++] = tasks;
    return 0;
}

static int open_error(const struct plan_cgroup *cgroup,
                      const struct plan_cgroup_directory *directory, struct thole_error *err) {
    return error_errno(err, cgroup->where, "open cgroup %s in %s", directory->path,
                       directory->mountpoint);
}

/* "." and ".." would lead out of the container's directory or hide that they do. */
static int check_subgroup(const char *subgroup, struct thole_error *err) {
    const char *rest = subgroup;
    char name[NAME_MAX + 1];
    while (cgroup_next_component(&rest, name)) {
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                             "cgroup %s: \"%s\" is not allowed in it", subgroup, name);
    }
    if (rest[strspn(rest, "/")] != '\0')
        return error_set(err, THOLE_ERROR_USAGE, ENAMETOOLONG, NULL, "cgroup %s", subgroup);
    return 0;
}

static bool has_any(const struct plan_cgroup_directory *directory, const char *list) {
    const char *word = NULL;
    size_t length = 0;
    while (words_next(&list, &word, &length)) {
        if (words_have(directory->controllers, word, length))
            return true;
    }
    return false;
}

/* Takes "CONTROLLER[,CONTROLLER]...:" off @subgroup, as runc has it for v1; NULL: there is none. */
static int take_controllers(const struct plan_cgroup *cgroup, const char **subgroup,
                            char **ret_list, struct thole_error *err) {
    const size_t end = strcspn(*subgroup, ":/");
    if (end == 0 || (*subgroup)[end] != ':')
        return 0;
    *ret_list = strndup(*subgroup, end);
    if (*ret_list == NULL)
        return error_errno(err, NULL, "allocate memory");
    *subgroup += end + 1;
    const char *list = *ret_list;
    const char *word = NULL;
    size_t length = 0;
    while (words_next(&list, &word, &length)) {
        bool known = false;
        for (size_t i = 0; i < cgroup->directory_count && !known; i++)
            known = !cgroup->directories[i].unified &&
                    words_have(cgroup->directories[i].controllers, word, length);
        if (!known)
            return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL,
                             "the container has no v1 hierarchy with controller %.*s", (int)length,
                             word);
    }
    return 0;
}

/* Containers make cgroups in the hierarchies they see, seldom in all of them: where there is no
 * such subgroup the container's own directory is entered, so that its limits hold. */
static int open_subgroup(const struct plan_cgroup_directory *directory, const char *subgroup,
                         bool *found) {
    int fd = cgroup_open_directory(directory, subgroup);
    if (fd >= 0)
        *found = true;
    else if (errno == ENOENT && subgroup[0] != '\0')
        fd = cgroup_open_directory(directory, "");
    return fd;
}

int cgroup_join_open(const struct plan_cgroup *cgroup, const char *subgroup,
                     struct cgroup_join *ret_join, struct thole_error *err) {
    cleanup_cgroup_join struct cgroup_join join = CGROUP_JOIN_INIT;
    const char *const asked = subgroup;
    cleanup_free char *list = NULL;
    if (take_controllers(cgroup, &subgroup, &list, err) < 0 || check_subgroup(subgroup, err) < 0 ||
        join_init(cgroup, &join, err) < 0)
        return -1;
    join.unified = take_fd(&ret_join->unified);
    bool found = subgroup[strspn(subgroup, "/")] == '\0';
    if (found && cgroup->delegated != NULL)
        subgroup = cgroup->delegated;
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &cgroup->directories[i];
        if (directory->unified && join.unified >= 0)
            continue;
        const bool meant = list == NULL || (!directory->unified && has_any(directory, list));
        bool elsewhere = false;
        int fd = meant ? open_subgroup(directory, subgroup, &found)
                       : open_subgroup(directory, "", &elsewhere);
        if (fd < 0 && errno == ENOENT && cgroup->best_effort)
            continue;
        if (fd < 0)
            return open_error(cgroup, directory, err);
        struct thole_error failure = {0};
        if (add_directory(&join, directory, fd, &failure) == 0 ||
            (cgroup->best_effort && failure.code == EACCES))
            continue;
        return error_copy(err, &failure);
    }
    if (!found)
        return error_set(err, THOLE_ERROR_NOT_FOUND, 0, NULL, "the container has no cgroup %s",
                         asked);
    *ret_join = join;
    join = (struct cgroup_join)CGROUP_JOIN_INIT;
    return 0;
}

/* ---- where a process is -------------------------------------------------------------------- */

/* The path in the line of /proc/PID/cgroup that belongs to @directory, cut out of @lines; NULL if
 * there is none. Lines are "ID:CONTROLLERS:PATH". */
static char *membership_path(const char *lines, const struct plan_cgroup_directory *directory) {
    const char *wanted = directory->unified ? "" : directory->controllers;
    for (const char *line = lines; *line != '\0';) {
        const char *controllers = strchr(line, ':');
        const char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (path == NULL)
            return NULL;
        size_t length = (size_t)(path - controllers - 1);
        size_t end = strcspn(path, "\n");
        if (length == strlen(wanted) && memcmp(controllers + 1, wanted, length) == 0 &&
            (length > 0 || line[0] == '0'))
            return strndup(path + 1, end - 1);
        line = path + end;
        line += *line == '\n';
    }
    return NULL;
}

/* Only below the container's directory do its limits hold: elsewhere, or in a directory that is
 * gone, the plan's own is meant. */
static int open_current(const struct plan_cgroup_directory *directory, const char *lines) {
    cleanup_free char *path = membership_path(lines, directory);
    if (path != NULL && path_is_beneath(path, directory->path)) {
        int fd = cgroup_open_path(directory->mountpoint, path);
        if (fd >= 0 || errno != ENOENT)
            return fd;
    }
    return cgroup_open_directory(directory, "");
}

int cgroup_join_open_of(const struct plan_cgroup *cgroup, pid_t pid, struct cgroup_join *ret_join,
                        struct thole_error *err) {
    char file[64];
    cleanup_free char *lines = NULL;
    (void)snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
    if (file_read_at(AT_FDCWD, file, MEMBERSHIP_MAX, &lines, NULL, err) < 0)
        return -1;
    cleanup_cgroup_join struct cgroup_join join = CGROUP_JOIN_INIT;
    if (join_init(cgroup, &join, err) < 0)
        return -1;
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &cgroup->directories[i];
        int fd = open_current(directory, lines);
        if (fd < 0 && errno == ENOENT && cgroup->best_effort)
            continue;
        if (fd < 0)
            return open_error(cgroup, directory, err);
        if (add_directory(&join, directory, fd, err) < 0)
            return -1;
    }
    *ret_join = join;
    join = (struct cgroup_join)CGROUP_JOIN_INIT;
    return 0;
}

/* ---- entering ------------------------------------------------------------------------------ */

int cgroup_join_enter(const struct cgroup_join *join, struct thole_error *err) {
    for (size_t i = 0; i < join->task_count; i++) {
        if (file_write_once(join->tasks[i], "0", 1) < 0)
            return error_errno(err, NULL, "enter the container's cgroup in v1 hierarchy %zu", i);
    }
    return 0;
}
