/* SPDX-License-Identifier: Apache-2.0 */
/* Freezing and thawing: the v1 freezer where it is mounted, else cgroup.freeze. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "cgroup/directory.h"
#include "cgroup/events.h"
#include "cgroup/freeze.h"

enum { FREEZE_TIMEOUT = 10000 /* milliseconds */ };

static int write_word(int fd, const char *file, const char *word) {
    return file_write_kernel(fd, file, word, strlen(word));
}

static int timed_out(const struct plan_cgroup_directory *directory, struct thole_error *err) {
    return error_set(err, THOLE_ERROR_HOST, ETIMEDOUT, NULL, "freeze cgroup %s in %s",
                     directory->path, directory->mountpoint);
}

/* A process that forks while it is being frozen can leave the group in FREEZING for ever: asking
 * again picks up the child, and a short thaw lets tasks leave places where they cannot freeze
 * (cgroup-v1: freezer-subsystem). */
static int freeze_v1(const struct plan_cgroup_directory *directory, int fd,
                     struct thole_error *err) {
    enum { ASK_AGAIN = 8, THAW_SHORTLY = 64 };
    int64_t end = clock_now() + FREEZE_TIMEOUT;
    for (unsigned round = 0;; round++) {
        if (round % THAW_SHORTLY == THAW_SHORTLY - 1)
            (void)write_word(fd, "freezer.state", "THAWED");
        if (round % ASK_AGAIN == 0 && write_word(fd, "freezer.state", "FROZEN") < 0)
            return error_errno(err, NULL, "write FROZEN to freezer.state of %s", directory->path);
        char state[32];
        if (file_read_kernel(fd, "freezer.state", state, sizeof(state)) < 0)
            return error_errno(err, NULL, "read freezer.state of %s", directory->path);
        if (strcmp(state, "FROZEN") == 0)
            return 0;
        if (clock_now() > end)
            return timed_out(directory, err);
        cgroup_pause(round % ASK_AGAIN);
    }
}

static int freeze_unified(const struct plan_cgroup_directory *directory, int fd,
                          struct thole_error *err) {
    if (write_word(fd, "cgroup.freeze", "1") < 0)
        return error_errno(err, NULL, "write 1 to cgroup.freeze of %s", directory->path);
    int reached = cgroup_event_wait(fd, "frozen", 1, FREEZE_TIMEOUT);
    if (reached < 0)
        return error_errno(err, NULL, "read cgroup.events of %s", directory->path);
    return reached == 1 ? 0 : timed_out(directory, err);
}

static int thaw_directory(const struct plan_cgroup_directory *directory, struct thole_error *err) {
    const char *file = directory->unified ? "cgroup.freeze" : "freezer.state";
    const char *word = directory->unified ? "0" : "THAWED";
    cleanup_close int fd = cgroup_open_directory(directory, "");
    /* systemd, for one, is quick to clear a scope. */
    if ((fd < 0 || write_word(fd, file, word) < 0) && !cgroup_is_gone(errno))
        return error_errno(err, NULL, "write %s to %s of %s", word, file, directory->path);
    return 0;
}

enum { FREEZERS = 2 };

/* The v1 freezer and the unified one, NULL for what there is not: whoever froze the container. */
static void find_freezers(const struct plan_cgroup *cgroup,
                          const struct plan_cgroup_directory *ret_freezers[FREEZERS]) {
    ret_freezers[0] = cgroup_find_v1(cgroup, "freezer");
    ret_freezers[1] = cgroup_find_unified(cgroup);
}

static int thaw(const struct plan_cgroup *cgroup, struct thole_error *err) {
    const struct plan_cgroup_directory *freezers[FREEZERS];
    find_freezers(cgroup, freezers);
    int result = 0;
    for (int i = 0; i < FREEZERS; i++) {
        if (freezers[i] != NULL && thaw_directory(freezers[i], result == 0 ? err : NULL) < 0)
            result = -1;
    }
    return result;
}

int cgroup_freeze(const struct plan_cgroup *cgroup, bool freeze, struct thole_error *err) {
    if (cgroup_check_not_root(cgroup, freeze ? "freeze" : "thaw", err) < 0)
        return -1;
    if (!freeze)
        return thaw(cgroup, err);

    const struct plan_cgroup_directory *directory = cgroup_find_v1(cgroup, "freezer");
    if (directory == NULL)
        directory = cgroup_find_unified(cgroup);
    if (directory == NULL)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, cgroup->where,
                         "the container is in no cgroup that could be frozen");
    cleanup_close int fd = cgroup_open_directory(directory, "");
    if (fd < 0)
        return error_errno(err, NULL, "open cgroup %s in %s", directory->path,
                           directory->mountpoint);
    int result =
        directory->unified ? freeze_unified(directory, fd, err) : freeze_v1(directory, fd, err);
    if (result < 0)
        (void)thaw(cgroup, NULL);
    return result;
}

static int directory_is_frozen(const struct plan_cgroup_directory *directory,
                               struct thole_error *err) {
    char state[32];
    cleanup_close int fd = cgroup_open_directory(directory, "");
    int frozen = -1;
    if (fd >= 0 && directory->unified)
        frozen = cgroup_event(fd, "frozen");
    else if (fd >= 0 && file_read_kernel(fd, "freezer.state", state, sizeof(state)) >= 0)
        frozen = strcmp(state, "FROZEN") == 0;
    if (frozen >= 0 || cgroup_is_gone(errno))
        return frozen == 1;
    return error_errno(err, NULL, "ask whether cgroup %s in %s is frozen", directory->path,
                       directory->mountpoint);
}

int cgroup_is_frozen(const struct plan_cgroup *cgroup, struct thole_error *err) {
    const struct plan_cgroup_directory *freezers[FREEZERS];
    find_freezers(cgroup, freezers);
    int frozen = 0;
    for (int i = 0; i < FREEZERS && frozen == 0; i++) {
        if (freezers[i] != NULL)
            frozen = directory_is_frozen(freezers[i], err);
    }
    return frozen;
}
