/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a plan's resources: in order, what needs another try at the end, and all or nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/cgroup.h"
#include "cgroup/controllers.h"
#include "cgroup/devices.h"
#include "cgroup/directory.h"
#include "cgroup/former.h"
#include "cgroup/realtime.h"

/* The writes of one call. @fds has one entry per directory: open, or -1 where nothing is written or
 * a best-effort plan has no directory. */
struct applying {
    const struct plan_cgroup *cgroup;
    int *fds;
    size_t *done; /* indexes of the writes that took effect, in that order */
    size_t done_count;
    char **formers; /* per write: what the file held, NULL if unknown or not wanted */
};

static void applying_done(struct applying *applying) {
    for (size_t i = 0; applying->fds != NULL && i < applying->cgroup->directory_count; i++) {
        if (applying->fds[i] >= 0)
            (void)close(applying->fds[i]);
    }
    for (size_t i = 0; applying->formers != NULL && i < applying->cgroup->write_count; i++)
        free(applying->formers[i]);
    free(applying->fds);
    free(applying->done);
    free(applying->formers);
}

static int applying_init(struct applying *applying, const struct plan_cgroup *cgroup,
                         struct thole_error *err) {
    *applying = (struct applying){
        .cgroup = cgroup,
        .fds = calloc(cgroup->directory_count + 1, sizeof(int)),
        .done = calloc(cgroup->write_count + 1, sizeof(size_t)),
        .formers = calloc(cgroup->write_count + 1, sizeof(char *)),
    };
    if (applying->fds == NULL || applying->done == NULL || applying->formers == NULL)
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

/* ---- one write ----------------------------------------------------------------------------- */

static int write_error(const struct plan_cgroup *cgroup, const struct plan_cgroup_write *write,
                       struct thole_error *err) {
    const struct plan_cgroup_directory *directory = &cgroup->directories[write->directory];
    error_errno(err, write->where, "write %s to %s of %s", write->value, write->file,
                directory->path);
    if (errno == EBUSY && text_starts_with(write->file, "memory."))
        return error_hint(err, "The container uses more memory than that and the kernel could not "
                               "take it back.");
    return -1;
}

/* The file does not exist: says why. */
static int missing_error(const struct plan_cgroup *cgroup, const struct plan_cgroup_write *write,
                         const struct thole_error *reason, struct thole_error *err) {
    const struct plan_cgroup_directory *directory = &cgroup->directories[write->directory];
    int length = (int)cgroup_file_controller(write->file);
    error_set(err, THOLE_ERROR_UNSUPPORTED, 0, write->where, "cgroup %s in %s has no file %s",
              directory->path, directory->mountpoint, write->file);
    if (directory->unified && length > 0 &&
        !cgroup_list_has(directory->controllers, write->file, (size_t)length))
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

/* A v2 file can be missing only because its controller is off: turns it on and tries again. */
static int write_missing(const struct applying *applying, const struct plan_cgroup_write *write,
                         struct thole_error *err) {
    const struct plan_cgroup *cgroup = applying->cgroup;
    const struct plan_cgroup_directory *directory = &cgroup->directories[write->directory];
    int fd = applying->fds[write->directory];
    struct thole_error reason = {0};
    size_t length = cgroup_file_controller(write->file);
    if (directory->unified && length > 0) {
        cleanup_text struct text controller = {0};
        text_append_bytes(&controller, write->file, length);
        (void)cgroup_enable_controllers(directory, fd, controller.data, &reason);
        if (file_write_kernel(fd, write->file, write->value, strlen(write->value)) == 0)
            return 0;
        if (errno != ENOENT)
            return write_error(cgroup, write, err);
    }
    return missing_error(cgroup, write, &reason, err);
}

/* Returns 1 if the value was written, 0 if it was left out, 2 if it is worth another try. */
static int write_once(struct applying *applying, size_t index, bool last_try,
                      struct thole_error *err) {
    const struct plan_cgroup *cgroup = applying->cgroup;
    const struct plan_cgroup_write *write = &cgroup->writes[index];
    int fd = applying->fds[write->directory];
    if (fd < 0)
        return 0;
    size_t length = strlen(write->value);
    bool written = file_write_kernel(fd, write->file, write->value, length) == 0;
    if (!written && errno == EINVAL && strcmp(write->file, "cpu.rt_runtime_us") == 0)
        written = cgroup_write_realtime(&cgroup->directories[write->directory], fd, write->value,
                                        length) == 0;
    if (!written && errno == EINVAL && write->retry && !last_try)
        return 2;
    if (!written && errno == ENOENT) {
        if (write->optional)
            return 0;
        if (write_missing(applying, write, err) < 0)
            return -1;
    } else if (!written)
        return write_error(cgroup, write, err);
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
            applying->formers[i] = cgroup_former_read(fd, write->file);
    }
}

/* Backwards, so that limits that bound each other pass the same states as on the way here; what is
 * refused gets a second try when the others are back. */
static void put_back(const struct applying *applying, const struct thole_log *log) {
    enum { ROUNDS = 2 };
    for (int round = 0; round < ROUNDS; round++) {
        bool failed = false;
        for (size_t i = applying->done_count; i-- > 0;) {
            const struct plan_cgroup_write *write = &applying->cgroup->writes[applying->done[i]];
            char **former = &applying->formers[applying->done[i]];
            if (*former == NULL)
                continue;
            if (cgroup_former_write(applying->fds[write->directory], write->file, *former,
                                    write->value) == 0)
                free(take_ptr(*former));
            else if (round == ROUNDS - 1)
                log_warning(log, "%s of %s could not be set back: %s", write->file,
                            applying->cgroup->directories[write->directory].path, strerror(errno));
            else
                failed = true;
        }
        if (!failed)
            return;
    }
}

int cgroup_apply_resources(const struct plan_cgroup *cgroup, bool restore,
                           const struct thole_log *log, struct thole_error *err) {
    __attribute__((cleanup(applying_done))) struct applying applying;
    if (applying_init(&applying, cgroup, err) < 0 || open_directories(&applying, err) < 0)
        return -1;
    if (restore)
        read_formers(&applying);
    /* Devices come last: a program that is attached has nothing after it that could fail. */
    if (write_all(&applying, err) == 0 && cgroup_apply_devices(cgroup, log, err) == 0)
        return 0;
    if (restore)
        put_back(&applying, log);
    return -1;
}
