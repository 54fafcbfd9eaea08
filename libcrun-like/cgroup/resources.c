/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a plan's resources: in order, what needs another try at the end, and all or nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/words.h"
#include "cgroup/controllers.h"
#include "cgroup/devices.h"
#include "cgroup/directory.h"
#include "cgroup/resources.h"
#include "cgroup/restore.h"
#include "cgroup/systemd.h"

/* The writes of one call. @fds has one entry per directory: open, or -1 where nothing is written or
 * a best-effort plan has no directory. */
struct applying {
    const struct plan_cgroup *cgroup;
    int *fds;
    size_t *done; /* indexes of the writes that took effect, in that order */
    size_t done_count;
    char **formers; /* per write: what the file held, NULL if unknown or not wanted */
    bool *fallback; /* per write: the fallback file takes its value */
};

static const char *file_of(const struct applying *applying, size_t index) {
    const struct plan_cgroup_write *write = &applying->cgroup->writes[index];
    return applying->fallback[index] ? write->fallback_file : write->file;
}

static const char *value_of(const struct applying *applying, size_t index) {
    const struct plan_cgroup_write *write = &applying->cgroup->writes[index];
    return applying->fallback[index] ? write->fallback_value : write->value;
}

static void applying_done(struct applying *applying) {
    for (size_t i = 0; applying->fds != NULL && i < applying->cgroup->directory_count; i++) {
        cleanup_close_fd(&applying->fds[i]);
    }
    for (size_t i = 0; applying->formers != NULL && i < applying->cgroup->write_count; i++)
        free(applying->formers[i]);
    free(applying->fds);
    free(applying->done);
    free(applying->formers);
    free(applying->fallback);
}

static int applying_init(struct applying *applying, const struct plan_cgroup *cgroup,
                         struct thole_error *err) {
    *applying = (struct applying){
        .cgroup = cgroup,
        .fds = calloc(cgroup->directory_count + 1, sizeof(int)),
        .done = calloc(cgroup->write_count + 1, sizeof(size_t)),
        .formers = calloc(cgroup->write_count + 1, sizeof(char *)),
        .fallback = calloc(cgroup->write_count + 1, sizeof(bool)),
    };
    if (applying->fds == NULL || applying->done == NULL || applying->formers == NULL ||
        applying->fallback == NULL)
        return error_errno(err, cgroup->where, "write resources");
    for (size_t i = 0; i < cgroup->directory_count; i++)
        applying->fds[i] = -1;
    return 0;
}

static int open_directories(struct applying *applying, struct thole_error *err) {
    const struct plan_cgroup *cgroup = applying->cgroup;
    for (size_t i = 0; i < cgroup->write_count; i++) {
        size_t index = cgroup->writes[i].directory;
        if (index >= cgroup->directory_count)
            return error_bug(err, "a write to %s names no directory", cgroup->writes[i].file);
        if (applying->fds[index] >= 0)
            continue;
        const struct plan_cgroup_directory *directory = &cgroup->directories[index];
        applying->fds[index] = cgroup_open_directory(directory, "");
        if (applying->fds[index] < 0 && !(cgroup->best_effort && errno == ENOENT))
            return error_errno(err, cgroup->writes[i].where, "open cgroup %s in %s",
                               directory->path, directory->mountpoint);
    }
    return 0;
}

/* ---- before the first write ------------------------------------------------------------------ */

/* A v2 file can be missing only because its controller is off: turns it on. */
static void enable_controller_of(const struct applying *applying, size_t index,
                                 struct thole_error *reason) {
    const struct plan_cgroup_write *write = &applying->cgroup->writes[index];
    const struct plan_cgroup_directory *directory =
        &applying->cgroup->directories[write->directory];
    size_t length = cgroup_file_controller(write->file);
    if (!directory->unified || length == 0)
        return;
    cleanup_text struct text controller = {0};
    text_append_bytes(&controller, write->file, length);
    (void)cgroup_enable_controllers(directory, applying->fds[write->directory], controller.data,
                                    reason);
}

static bool is_missing(const struct applying *applying, size_t index, const char *file) {
    int fd = applying->fds[applying->cgroup->writes[index].directory];
    return fd >= 0 && faccessat(fd, file, F_OK, 0) < 0 && errno == ENOENT;
}

static void choose_files(struct applying *applying) {
    for (size_t i = 0; i < applying->cgroup->write_count; i++) {
        const struct plan_cgroup_write *write = &applying->cgroup->writes[i];
        if (write->fallback_file == NULL || !is_missing(applying, i, write->file))
            continue;
        if (is_missing(applying, i, write->fallback_file))
            enable_controller_of(applying, i, NULL);
        applying->fallback[i] = is_missing(applying, i, write->file);
    }
}

/* The kernel itself would reclaim and kill until usage is below the new limit. */
static int check_usage(const struct applying *applying, size_t index, struct thole_error *err) {
    const struct plan_cgroup_write *write = &applying->cgroup->writes[index];
    int fd = applying->fds[write->directory];
    char text[32];
    uint64_t usage = 0;
    const struct plan_cgroup_directory *directory =
        &applying->cgroup->directories[write->directory];
    if (write->usage_file == NULL || fd < 0)
        return 0;
    if (file_read_kernel(fd, write->usage_file, text, sizeof(text)) < 0)
        return cgroup_is_gone(errno) ? 0
                                     : error_errno(err, write->where, "read %s of %s",
                                                   write->usage_file, directory->path);
    if (!text_parse_uint(text, UINT64_MAX, &usage) || usage <= write->number)
        return 0;
    return error_set(err, THOLE_ERROR_HOST, EBUSY, write->where,
                     "%s is %s already, more than %s (checkBeforeUpdate)", write->usage_file, text,
                     write->value);
}

static int check_all_usage(const struct applying *applying, struct thole_error *err) {
    for (size_t i = 0; i < applying->cgroup->write_count; i++) {
        if (check_usage(applying, i, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- realtime budgets of v1 ------------------------------------------------------------------ */

static const char period_file[] = "cpu.rt_period_us";
static const char runtime_file[] = "cpu.rt_runtime_us";

static int give_budget(int fd, const char *period, const char *value, size_t length) {
    char runtime[32];
    if (file_read_kernel(fd, runtime_file, runtime, sizeof(runtime)) < 0)
        return -1;
    if (strcmp(runtime, "0") != 0)
        return 0; /* somebody's decision */
    if (file_write_kernel(fd, period_file, period, strlen(period)) < 0)
        return -1;
    return file_write_kernel(fd, runtime_file, value, length);
}

/* A v1 cgroup can have a realtime budget only where all above it have one (sched-rt-group): those
 * that have none yet get the same period and runtime first. -1 with errno set. */
static int write_realtime(const struct plan_cgroup_directory *directory, int leaf_fd,
                          const char *value, size_t length) {
    char period[32];
    if (file_read_kernel(leaf_fd, period_file, period, sizeof(period)) < 0)
        return -1;
    cleanup_close int at = open(directory->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *rest = directory->path;
    char name[NAME_MAX + 1];
    while (at >= 0 && cgroup_next_component(&rest, name) && rest[strspn(rest, "/")] != '\0') {
        int below = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        (void)close(at);
        at = below;
        if (at >= 0 && give_budget(at, period, value, length) < 0)
            return -1;
    }
    return at < 0 ? -1 : file_write_kernel(leaf_fd, runtime_file, value, length);
}

/* ---- one write ----------------------------------------------------------------------------- */

static int write_error(const struct applying *applying, size_t index, struct thole_error *err) {
    const struct plan_cgroup_write *write = &applying->cgroup->writes[index];
    error_errno(err, write->where, "write %s to %s of %s", value_of(applying, index),
                file_of(applying, index), applying->cgroup->directories[write->directory].path);
    if (errno == EBUSY && text_starts_with(write->file, "memory."))
        return error_hint(err, "The container uses more memory than that and the kernel could not "
                               "take it back.");
    return -1;
}

/* The file does not exist: says why. */
static int missing_error(const struct applying *applying, size_t index,
                         const struct thole_error *reason, struct thole_error *err) {
    const struct plan_cgroup_write *write = &applying->cgroup->writes[index];
    const struct plan_cgroup_directory *directory =
        &applying->cgroup->directories[write->directory];
    int length = (int)cgroup_file_controller(write->file);
    error_set(err, THOLE_ERROR_UNSUPPORTED, 0, write->where, "cgroup %s in %s has no file %s",
              directory->path, directory->mountpoint, file_of(applying, index));
    if (directory->unified && length > 0 &&
        !words_have(directory->controllers, write->file, (size_t)length))
        return error_hint(err, "The cgroup2 hierarchy of this host has no %.*s controller.", length,
                          write->file);
    if (reason->kind != THOLE_ERROR_NONE)
        return error_hint(err, "The controller cannot be enabled: %s: %s.", reason->text,
                          strerror(reason->code));
    if (directory->unified && length > 0)
        return error_hint(err,
                          "The %.*s controller is not enabled there, or this kernel does not "
                          "know the file.",
                          length, write->file);
    return error_hint(err, "This kernel does not know it, or was booted without it.");
}

static bool write_file(const struct applying *applying, size_t index) {
    const struct plan_cgroup_write *write = &applying->cgroup->writes[index];
    int fd = applying->fds[write->directory];
    const char *file = file_of(applying, index);
    const char *value = value_of(applying, index);
    if (file_write_kernel(fd, file, value, strlen(value)) == 0)
        return true;
    return errno == EINVAL && strcmp(file, runtime_file) == 0 &&
           write_realtime(&applying->cgroup->directories[write->directory], fd, value,
                          strlen(value)) == 0;
}

static int write_missing(const struct applying *applying, size_t index, struct thole_error *err) {
    struct thole_error reason = {0};
    enable_controller_of(applying, index, &reason);
    if (write_file(applying, index))
        return 0;
    return errno == ENOENT ? missing_error(applying, index, &reason, err)
                           : write_error(applying, index, err);
}

/* Returns 1 if the value was written, 0 if it was left out, 2 if it is worth another try. */
static int write_once(struct applying *applying, size_t index, bool last_try,
                      struct thole_error *err) {
    const struct plan_cgroup_write *write = &applying->cgroup->writes[index];
    if (applying->fds[write->directory] < 0)
        return 0;
    if (!write_file(applying, index)) {
        if (errno == EINVAL && write->retry && !last_try)
            return 2;
        if (errno == ENOENT && write->optional)
            return 0;
        if (errno != ENOENT)
            return write_error(applying, index, err);
        if (write_missing(applying, index, err) < 0)
            return -1;
    }
    applying->done[applying->done_count++] = index;
    return 1;
}

/* ---- all of them --------------------------------------------------------------------------- */

static int write_all(struct applying *applying, struct thole_error *err) {
    size_t count = applying->cgroup->write_count;
    cleanup_free bool *again = calloc(count + 1, sizeof(*again));
    if (again == NULL)
        return error_errno(err, NULL, "write resources");
    for (size_t i = 0; i < count; i++) {
        int result = write_once(applying, i, false, err);
        if (result < 0)
            return -1;
        again[i] = result == 2;
    }
    for (size_t i = 0; i < count; i++) {
        if (again[i] && write_once(applying, i, true, err) < 0)
            return -1;
    }
    return 0;
}

static void read_formers(struct applying *applying) {
    for (size_t i = 0; i < applying->cgroup->write_count; i++) {
        const struct plan_cgroup_write *write = &applying->cgroup->writes[i];
        int fd = applying->fds[write->directory];
        if (fd >= 0)
            applying->formers[i] = cgroup_restore_read(fd, file_of(applying, i));
    }
}

/* Backwards, so that limits that bound each other pass the same states as on the way here; what is
 * refused gets a second try when the others are back. */
static void put_back(const struct applying *applying, const struct thole_log *log) {
    enum { ROUNDS = 2 };
    for (int round = 0; round < ROUNDS; round++) {
        bool failed = false;
        for (size_t i = applying->done_count; i-- > 0;) {
            size_t index = applying->done[i];
            size_t directory = applying->cgroup->writes[index].directory;
            char **former = &applying->formers[index];
            if (*former == NULL)
                continue;
            if (cgroup_restore_write(applying->fds[directory], file_of(applying, index), *former,
                                     value_of(applying, index)) == 0)
                free(take_ptr(*former));
            else if (round == ROUNDS - 1)
                log_warning(log, "%s of %s could not be set back: %s", file_of(applying, index),
                            applying->cgroup->directories[directory].path, strerror(errno));
            else
                failed = true;
        }
        if (!failed)
            return;
    }
}

/* systemd writes what it is told to the same files, in its own rounding: the exact values go there
 * once more. */
static int tell_systemd(struct applying *applying, const struct thole_log *log,
                        struct thole_error *err) {
    if (applying->cgroup->manager != PLAN_CGROUP_SYSTEMD)
        return 0;
    if (systemd_unit_update(applying->cgroup, log, err) < 0)
        return -1;
    applying->done_count = 0;
    return write_all(applying, err);
}

static int prepare(struct applying *applying, const struct plan_cgroup *cgroup,
                   struct thole_error *err) {
    if (applying_init(applying, cgroup, err) < 0 || open_directories(applying, err) < 0)
        return -1;
    choose_files(applying);
    return check_all_usage(applying, err);
}

int cgroup_apply_resources(const struct plan_cgroup *cgroup, struct thole_error *err) {
    __attribute__((cleanup(applying_done))) struct applying applying;
    return prepare(&applying, cgroup, err) < 0 ? -1 : write_all(&applying, err);
}

int cgroup_update(const struct plan_cgroup *cgroup, const struct thole_log *log,
                  struct thole_error *err) {
    __attribute__((cleanup(applying_done))) struct applying applying;
    if (prepare(&applying, cgroup, err) < 0)
        return -1;
    read_formers(&applying);
    /* Devices come last: a program that is attached has nothing after it that could fail. */
    if (write_all(&applying, err) == 0 && tell_systemd(&applying, log, err) == 0 &&
        cgroup_apply_devices(cgroup, -1, log, err) == 0)
        return 0;
    put_back(&applying, log);
    return -1;
}
