/* SPDX-License-Identifier: Apache-2.0 */
/* Making a container's cgroup directories, or nothing at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/words.h"
#include "cgroup/controllers.h"
#include "cgroup/create.h"
#include "cgroup/directory.h"
#include "cgroup/events.h"
#include "cgroup/pids.h"
#include "cgroup/systemd.h"

/* What has been made in one hierarchy. @kept is the length of the part of the path that was there
 * before: everything behind it goes away again if the creation fails. */
struct making {
    const struct plan_cgroup *cgroup;
    const struct plan_cgroup_directory *directory;
    size_t index;
    size_t kept;
    bool leaf_made;
    pid_t holder; /* of a systemd scope, which is there already: it may be in the leaf; else -1 */
    int *unified; /* where the open leaf goes */
};

/* ---- v1 cpusets ---------------------------------------------------------------------------- */

/* A new v1 cpuset has no CPUs and no memory nodes, and no process can enter it before it has. */
static int fill_cpuset_file(int parent, int child, const char *file) {
    char value[4096];
    int length = file_read_kernel(child, file, value, sizeof(value));
    if (length < 0 || value[strspn(value, " \t\n")] != '\0')
        return length;
    length = file_read_kernel(parent, file, value, sizeof(value));
    if (length <= 0)
        return length;
    return file_write_kernel(child, file, value, (size_t)length);
}

static int fill_cpuset(const struct making *making, int parent, int child,
                       struct thole_error *err) {
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (fill_cpuset_file(parent, child, files[i]) < 0)
            return error_errno(err, making->cgroup->where, "copy %s from the parent of %s",
                               files[i], making->directory->path);
    }
    return 0;
}

/* ---- directories --------------------------------------------------------------------------- */

/* Opens the directory @name beneath @parent, made if it is missing. */
static int enter_directory(int parent, const char *name, bool *ret_made) {
    *ret_made = mkdirat(parent, name, 0755) == 0;
    if (!*ret_made && errno != EEXIST) {
        /* A read-only mount or a directory of another user may still hold what is looked for. */
        int failure = errno;
        int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
            errno = failure;
        return fd;
    }
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Makes the missing components of the path and returns the last one's fd. */
static int make_path(struct making *making, struct thole_error *err) {
    const struct plan_cgroup_directory *directory = making->directory;
    const char *where = making->cgroup->where;
    bool cpuset = !directory->unified && words_have(directory->controllers, "cpuset", 6);
    making->kept = strlen(directory->path);
    if (making->kept >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return error_errno(err, where, "make a cgroup below %s", directory->mountpoint);
    }

    cleanup_close int at = open(directory->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return error_errno(err, where, "open %s", directory->mountpoint);
    const char *rest = directory->path;
    char name[NAME_MAX + 1];
    while (cgroup_next_component(&rest, name)) {
        size_t before = (size_t)(rest - directory->path) - strlen(name);
        cleanup_close int child = enter_directory(at, name, &making->leaf_made);
        if (making->leaf_made && before < making->kept)
            making->kept = before;
        if (child < 0)
            return error_errno(err, where, "make cgroup %.*s in %s", (int)(rest - directory->path),
                               directory->path, directory->mountpoint);
        if (cpuset && fill_cpuset(making, at, child, err) < 0)
            return -1;
        (void)close(at);
        at = take_fd(&child);
    }
    if (*rest != '\0') {
        errno = ENAMETOOLONG;
        return error_errno(err, where, "make cgroup %s", directory->path);
    }
    return take_fd(&at);
}

/* Removes what was made, the deepest first; directories that others use meanwhile stay, and the
 * last ones of the path may never have come to be. */
static void unmake(const struct making *making) {
    const struct plan_cgroup_directory *directory = making->directory;
    cleanup_close int mount = open(directory->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char path[PATH_MAX];
    size_t length = strlen(directory->path);
    if (mount < 0 || length >= sizeof(path))
        return;
    memcpy(path, directory->path, length + 1);
    while (length > making->kept) {
        const char *relative = path + strspn(path, "/");
        if (*relative == '\0' || (unlinkat(mount, relative, AT_REMOVEDIR) < 0 && errno != ENOENT &&
                                  errno != ENAMETOOLONG))
            return;
        while (length > 0 && path[length - 1] != '/')
            length--;
        while (length > 0 && path[length - 1] == '/')
            length--;
        path[length] = '\0';
    }
}

/* ---- fit for a container? ------------------------------------------------------------------ */

static const char frozen_text[] = "is frozen: nothing could start in it";

/* The root of a hierarchy has few of the files that the others have. */
static int look_error(const struct making *making, const char *file, struct thole_error *err) {
    return cgroup_is_gone(errno) ? 0
                                 : error_errno(err, making->cgroup->where, "read %s of cgroup %s",
                                               file, making->directory->path);
}

static int refuse(const struct making *making, const char *what, struct thole_error *err) {
    return error_set(err, THOLE_ERROR_STATE, 0, making->cgroup->where, "cgroup %s in %s %s",
                     making->directory->path, making->directory->mountpoint, what);
}

static int check_v1(const struct making *making, int fd, struct thole_error *err) {
    if (!making->leaf_made && making->holder < 0) {
        int populated = cgroup_has_members(fd, err);
        if (populated < 0)
            return -1;
        if (populated > 0)
            return refuse(making, "is not empty: it holds processes already", err);
    }
    /* A new directory inherits the state of a frozen parent. */
    char state[32];
    if (!words_have(making->directory->controllers, "freezer", 7))
        return 0;
    if (file_read_kernel(fd, "freezer.state", state, sizeof(state)) < 0)
        return look_error(making, "freezer.state", err);
    return strcmp(state, "THAWED") == 0 ? 0 : refuse(making, frozen_text, err);
}

/* In a threaded subtree a new cgroup holds no process before it is made threaded itself, and only
 * some controllers exist there (cgroup-v2: threads). */
static int settle_type(const struct making *making, int fd, struct thole_error *err) {
    char type[64];
    if (file_read_kernel(fd, "cgroup.type", type, sizeof(type)) < 0)
        return look_error(making, "cgroup.type", err);
    if (strcmp(type, "domain invalid") != 0)
        return 0;
    for (size_t i = 0; i < making->cgroup->write_count; i++) {
        const struct plan_cgroup_write *write = &making->cgroup->writes[i];
        size_t length = cgroup_file_controller(write->file);
        if (write->directory == making->index && length > 0 && !write->optional &&
            !cgroup_controller_is_threaded(write->file, length))
            return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, write->where,
                             "%s cannot be set: cgroup %s is in a threaded subtree", write->file,
                             making->directory->path);
    }
    if (file_write_kernel(fd, "cgroup.type", "threaded", strlen("threaded")) < 0)
        return error_errno(err, making->cgroup->where, "make cgroup %s threaded",
                           making->directory->path);
    return 0;
}

static int check_unified(const struct making *making, int fd, struct thole_error *err) {
    bool looked = !making->leaf_made && making->holder < 0;
    int populated = looked ? cgroup_event(fd, "populated") : 0;
    int frozen = populated < 0 ? -1 : cgroup_event(fd, "frozen");
    if (frozen < 0 && look_error(making, "cgroup.events", err) < 0)
        return -1;
    if (populated == 1)
        return refuse(making, "is not empty: it holds processes already", err);
    return frozen == 1 ? refuse(making, frozen_text, err) : settle_type(making, fd, err);
}

/* ---- ownership ----------------------------------------------------------------------------- */

/* Files of /sys/kernel/cgroup/delegate, or those that the runtime specification names where the
 * kernel has no such list. */
static int delegate(const struct making *making, int fd, struct thole_error *err) {
    char list[1024] = "";
    if (file_read_kernel(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof(list)) < 0 &&
        look_error(making, "/sys/kernel/cgroup/delegate", err) < 0)
        return -1;
    if (list[0] == '\0')
        (void)strcpy(list, "cgroup.procs\ncgroup.subtree_control\ncgroup.threads");

    uid_t uid = making->cgroup->delegate_uid;
    if (fchown(fd, uid, (gid_t)-1) < 0)
        return error_errno(err, making->cgroup->where, "give cgroup %s to user %u",
                           making->directory->path, uid);
    const char *at = list;
    const char *word = NULL;
    size_t length = 0;
    while (words_next(&at, &word, &length)) {
        char file[NAME_MAX + 1];
        if (length > NAME_MAX)
            continue;
        memcpy(file, word, length);
        file[length] = '\0';
        if (fchownat(fd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
            return error_errno(err, making->cgroup->where, "give %s of cgroup %s to user %u", file,
                               making->directory->path, uid);
    }
    return 0;
}

static int move_holder(const struct making *making, int fd, struct thole_error *err) {
    char text[16];
    int length = snprintf(text, sizeof(text), "%d", (int)making->holder);
    if (file_write_kernel(fd, "cgroup.procs", text, (size_t)length) < 0)
        return error_errno(err, making->cgroup->where, "enter cgroup %s", making->directory->path);
    return 0;
}

/* Where a controller is missing, the write to one of its files says so. */
static void enable(const struct plan_cgroup_directory *directory, int fd, const char *controllers,
                   const struct thole_log *log) {
    struct thole_error failure = {0};
    if (cgroup_enable_controllers(directory, fd, controllers, &failure) < 0)
        log_debug(log, "%s: %s", failure.text, strerror(failure.code));
}

/* ---- a child for the payload ---------------------------------------------------------------- */

/* Makes the child that init is born in. It has every controller and no limit; the limits are on the
 * directory above it, which holds no process any more. */
static int make_delegated(const struct making *making, const struct thole_log *log,
                          struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    struct plan_cgroup_directory directory = *making->directory;
    directory.path = arena_printf(&arena, "%s/%s", directory.path, making->cgroup->delegated);
    struct making child = *making;
    child.directory = &directory;

    cleanup_close int fd = make_path(&child, err);
    if (fd < 0 || (making->holder > 0 && move_holder(&child, fd, err) < 0)) {
        unmake(&child);
        return -1;
    }
    enable(&directory, fd, directory.controllers, log);
    if (settle_type(&child, fd, err) < 0 ||
        (making->cgroup->delegate && delegate(&child, fd, err) < 0)) {
        unmake(&child);
        return -1;
    }
    return 0;
}

/* ---- one hierarchy, all hierarchies -------------------------------------------------------- */

static int create_in_hierarchy(struct making *making, const struct thole_log *log,
                               struct thole_error *err) {
    cleanup_close int fd = make_path(making, err);
    if (fd < 0)
        return -1;
    if (!making->directory->unified)
        return check_v1(making, fd, err);

    /* A cgroup with processes cannot pass controllers on to a child (cgroup-v2: no internal
     * processes), and the leaf may be a child of the scope. */
    if (making->holder > 0 && making->leaf_made && move_holder(making, fd, err) < 0)
        return -1;
    cleanup_text struct text wanted = {0};
    cgroup_wanted_controllers(making->cgroup, making->index, &wanted);
    if (wanted.length > 0)
        enable(making->directory, fd, wanted.data, log);
    if (check_unified(making, fd, err) < 0)
        return -1;
    if (making->cgroup->delegated != NULL)
        return make_delegated(making, log, err);
    if (making->cgroup->delegate && delegate(making, fd, err) < 0)
        return -1;
    *making->unified = take_fd(&fd);
    return 0;
}

static int create_everywhere(const struct plan_cgroup *cgroup, pid_t holder,
                             const struct thole_log *log, int *unified, struct thole_error *err) {
    cleanup_free struct making *making = calloc(cgroup->directory_count, sizeof(*making));
    if (making == NULL)
        return error_errno(err, cgroup->where, "make cgroups");

    for (size_t i = 0; i < cgroup->directory_count; i++) {
        making[i] = (struct making){
            .cgroup = cgroup,
            .directory = &cgroup->directories[i],
            .index = i,
            .holder = holder,
            .unified = unified,
        };
        struct thole_error failure = {0};
        if (create_in_hierarchy(&making[i], log, &failure) == 0)
            continue;
        if (cgroup->best_effort && failure.kind == THOLE_ERROR_HOST) {
            unmake(&making[i]);
            log_debug(log, "%s: %s", failure.text, strerror(failure.code));
            continue;
        }
        for (size_t made = i + 1; made-- > 0;)
            unmake(&making[made]);
        if (failure.code == EACCES)
            error_hint(&failure, "an ordinary user's limits need a cgroup of the user's: where "
                                 "systemd runs, systemd-run --user --scope thole --systemd-cgroup "
                                 "run ...");
        return error_copy(err, &failure);
    }
    return 0;
}

int cgroup_create(const struct plan_cgroup *cgroup, const struct thole_log *log, int *ret_holder,
                  int *ret_unified, struct thole_error *err) {
    cleanup_close int unified = -1;
    int holder = -1;
    pid_t pid = -1;
    *ret_holder = *ret_unified = -1;
    if (cgroup->directory_count == 0)
        return 0;
    if (cgroup_check_not_root(cgroup, "use", err) < 0)
        return -1;
    if (cgroup->manager == PLAN_CGROUP_SYSTEMD &&
        systemd_unit_start(cgroup, log, &holder, &pid, err) < 0)
        return -1;
    if (create_everywhere(cgroup, pid, log, &unified, err) < 0) {
        systemd_holder_end(holder);
        if (cgroup->manager == PLAN_CGROUP_SYSTEMD)
            (void)systemd_unit_stop(cgroup, NULL);
        return -1;
    }
    *ret_holder = holder;
    *ret_unified = take_fd(&unified);
    return 0;
}

void cgroup_release(int holder) {
    systemd_holder_end(holder);
}
