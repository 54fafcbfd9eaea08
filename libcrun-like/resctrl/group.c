/* SPDX-License-Identifier: Apache-2.0 */
/* Groups in resctrl. */
#include "resctrl/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroup/pids.h"

enum { SCHEMATA_MAX = 1024 * 1024 };

static const char where[] = "/linux/intelRdt";

/* "/" is the default class: the root of the filesystem. */
static char *group_path(const struct plan_rdt *rdt, const char *id, struct arena *arena) {
    const char *name = rdt->clos_id != NULL ? rdt->clos_id : id;
    if (strcmp(name, "/") == 0)
        return arena_strdup(arena, rdt->mountpoint);
    return arena_printf(arena, "%s/%s", rdt->mountpoint, name);
}

void resctrl_note(const struct plan_rdt *rdt, struct container_record *record,
                  struct arena *arena) {
    if (!rdt->set)
        return;
    char *group = group_path(rdt, record->id, arena);
    record->rdt_class = group;
    if (rdt->clos_id == NULL)
        record->rdt_group = group;
    if (rdt->monitoring)
        record->rdt_monitor = arena_printf(arena, "%s/mon_groups/%s", group, record->id);
}

/* Makes the group unless it has to be there. Returns 1 if it was made, 0 if it existed. */
static int make_group(const struct plan_rdt *rdt, const char *path, struct thole_error *err) {
    if (rdt->clos_id != NULL && rdt->schemata.count == 0) {
        if (access(path, F_OK) < 0)
            return error_errno(err, "/linux/intelRdt/closID", "open resctrl group %s", path);
        return 0;
    }
    if (mkdir(path, 0755) == 0)
        return 1;
    if (errno == EEXIST)
        return 0;
    error_errno(err, where, "create resctrl group %s", path);
    if (errno == ENOSPC)
        error_hint(err, "the processor has no class of service left");
    return -1;
}

static bool has_line(const char *text, const char *line) {
    const char *at = NULL;
    size_t length = 0;
    while (text_next_line(&text, &at, &length)) {
        size_t indent = strspn(at, " \t");
        if (length - indent == strlen(line) && strncmp(at + indent, line, strlen(line)) == 0)
            return true;
    }
    return false;
}

/* A class that others use as well must already be as it is asked for. */
static int compare_schemata(const struct plan_rdt *rdt, int group, struct thole_error *err) {
    cleanup_free char *present = NULL;
    if (file_read_at(group, "schemata", SCHEMATA_MAX, &present, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < rdt->schemata.count; i++) {
        if (!has_line(present, rdt->schemata.items[i]))
            return error_config(err, where, "class %s exists with schemata other than %s",
                                rdt->clos_id, rdt->schemata.items[i]);
    }
    return 0;
}

static int write_schemata(const struct plan_rdt *rdt, int group, struct thole_error *err) {
    for (size_t i = 0; i < rdt->schemata.count; i++) {
        struct text line = {0};
        text_appendf(&line, "%s\n", rdt->schemata.items[i]);
        cleanup_free char *data = text_take(&line);
        if (file_write_kernel(group, "schemata", data, strlen(data)) < 0)
            return error_errno(err, where, "write %s to schemata", rdt->schemata.items[i]);
    }
    return 0;
}

int resctrl_apply(const struct plan_rdt *rdt, pid_t pid, struct container_record *record,
                  struct thole_error *err) {
    if (!rdt->set)
        return 0;
    cleanup_arena struct arena arena = {0};
    const char *path = group_path(rdt, record->id, &arena);
    int made = make_group(rdt, path, err);
    if (made < 0)
        return -1;
    if (made == 0)
        record->rdt_group = NULL;
    cleanup_close int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group < 0)
        return error_errno(err, where, "open resctrl group %s", path);
    bool shared = made == 0 && rdt->clos_id != NULL && rdt->schemata.count > 0;
    if ((shared ? compare_schemata(rdt, group, err) : write_schemata(rdt, group, err)) < 0)
        return -1;

    char text[16];
    int length = snprintf(text, sizeof(text), "%d", (int)pid);
    if (file_write_kernel(group, "tasks", text, (size_t)length) < 0)
        return error_errno(err, where, "assign the container to resctrl group %s", path);
    if (record->rdt_monitor == NULL)
        return 0;
    if (mkdir(record->rdt_monitor, 0755) < 0)
        return error_errno(err, "/linux/intelRdt/enableMonitoring", "create monitoring group %s",
                           record->rdt_monitor);
    const char *tasks = arena_printf(&arena, "%s/tasks", record->rdt_monitor);
    if (file_write_kernel(AT_FDCWD, tasks, text, (size_t)length) < 0)
        return error_errno(err, "/linux/intelRdt/enableMonitoring", "monitor the container");
    return 0;
}

/* ---- update ---------------------------------------------------------------------------------- */

/* All threads of process @pid; those that end meanwhile need no group. */
static int assign_threads(int tasks, pid_t pid, struct thole_error *err) {
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    cleanup_closedir DIR *directory = opendir(path);
    if (directory == NULL)
        return errno == ENOENT || errno == ESRCH
                   ? 0
                   : error_errno(err, where, "list the threads of process %d", (int)pid);
    for (const struct dirent *entry; errno = 0, (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        if (write(tasks, entry->d_name, strlen(entry->d_name)) < 0 && errno != ESRCH)
            return error_errno(err, where, "assign thread %s to a resctrl group", entry->d_name);
    }
    return errno == 0 || errno == ENOENT || errno == ESRCH
               ? 0
               : error_errno(err, where, "list the threads of process %d", (int)pid);
}

/* A container that was created without a group gets its own, with all that runs in it. */
static int enter_new_group(const char *mountpoint, const struct plan_cgroup *cgroup,
                           struct container_record *record, struct arena *arena,
                           struct thole_error *err) {
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    const struct plan_rdt rdt = {.set = true, .mountpoint = mountpoint};
    resctrl_note(&rdt, record, arena);
    if (resctrl_apply(&rdt, (pid_t)record->pid, record, err) < 0 ||
        cgroup_pids(cgroup, &pids, &count, err) < 0)
        return -1;
    const char *path = arena_printf(arena, "%s/tasks", record->rdt_class);
    cleanup_close int tasks = open(path, O_WRONLY | O_CLOEXEC);
    if (tasks < 0)
        return error_errno(err, where, "open %s", path);
    for (size_t i = 0; i < count; i++) {
        if (assign_threads(tasks, pids[i], err) < 0)
            return -1;
    }
    return 0;
}

int resctrl_update(const char *mountpoint, const struct plan_strings *lines,
                   const struct plan_cgroup *cgroup, struct container_record *record,
                   struct arena *arena, char **ret_former, struct thole_error *err) {
    const struct plan_rdt rdt = {.set = true, .mountpoint = mountpoint, .schemata = *lines};
    if (record->rdt_class == NULL && enter_new_group(mountpoint, cgroup, record, arena, err) < 0)
        return -1;
    cleanup_close int group = open(record->rdt_class, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group < 0)
        return error_errno(err, where, "open resctrl group %s", record->rdt_class);
    cleanup_free char *former = NULL;
    if (file_read_at(group, "schemata", SCHEMATA_MAX, &former, NULL, err) < 0)
        return -1;
    if (write_schemata(&rdt, group, err) < 0) {
        resctrl_restore(record, former);
        return -1;
    }
    *ret_former = take_ptr(former);
    return 0;
}

void resctrl_restore(const struct container_record *record, const char *former) {
    cleanup_close int group = open(record->rdt_class, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (const char *line = former; group >= 0 && *line != '\0';) {
        line += strspn(line, " \t");
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        /* A resource of which nothing may be written is as it was. */
        (void)file_write_kernel(group, "schemata", line, length);
        line += length;
    }
}

/* ---- delete ---------------------------------------------------------------------------------- */

static int remove_group(const char *path, struct thole_error *err) {
    if (path == NULL || rmdir(path) == 0 || errno == ENOENT)
        return 0;
    return error_errno(err, where, "remove resctrl group %s", path);
}

int resctrl_remove(const struct container_record *record, struct thole_error *err) {
    if (remove_group(record->rdt_monitor, err) < 0)
        return -1;
    return remove_group(record->rdt_group, err);
}
