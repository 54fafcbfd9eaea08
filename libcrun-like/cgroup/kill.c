/* SPDX-License-Identifier: Apache-2.0 */
/* A signal to everything in a container's cgroups. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "cgroup/directory.h"
#include "cgroup/events.h"
#include "cgroup/freeze.h"
#include "cgroup/kill.h"
#include "cgroup/pids.h"

enum { KILL_TIMEOUT = 10000 /* milliseconds */ };

enum { BATCH = 32 };

/* A pidfd; -1 if the process is known or gone, -2 if it cannot be opened. */
static int open_new(pid_t pid, const struct cgroup_members *known) {
    if (cgroup_members_has(known, pid))
        return -1;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pidfd >= 0 ? pidfd : errno == ESRCH || errno == EINVAL ? -1 : -2;
}

/* Opens pidfds first and reads the list again behind: a pid that is still in it belongs to the
 * process the pidfd holds, or that one is dead and nothing is sent. No other process can be hit. */
static int signal_new(int dirfd, const struct cgroup_members *known, int signal,
                      struct cgroup_members *ret_members, struct thole_error *err) {
    cleanup_cgroup_members struct cgroup_members found = {0};
    if (cgroup_members_read(dirfd, &found, err) < 0)
        return -1;
    int sent = 0;
    for (size_t start = 0; start < found.count; start += BATCH) {
        int pidfds[BATCH];
        int result = 0;
        size_t count = found.count - start < BATCH ? found.count - start : BATCH;
        for (size_t i = 0; i < count; i++) {
            pidfds[i] = open_new(found.pids[start + i], known);
            if (pidfds[i] == -2)
                result = error_errno(err, NULL, "open process %d", (int)found.pids[start + i]);
        }
        cleanup_cgroup_members struct cgroup_members again = {0};
        if (result == 0)
            result = cgroup_members_read(dirfd, &again, err);
        for (size_t i = 0; i < count; i++) {
            cleanup_close int pidfd = pidfds[i];
            if (pidfd < 0 || result < 0 || !cgroup_members_has(&again, found.pids[start + i]))
                continue;
            if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0)
                sent++;
            else if (errno != ESRCH)
                result = error_errno(err, NULL, "send signal %d to process %d", signal,
                                     (int)found.pids[start + i]);
        }
        if (result < 0)
            return -1;
    }
    *ret_members = found;
    found = (struct cgroup_members){0};
    return sent;
}

/* Until a look finds nobody new: what was forked while the others were signalled. */
static int signal_members(int dirfd, int signal, struct thole_error *err) {
    cleanup_cgroup_members struct cgroup_members known = {0};
    int64_t end = clock_now() + KILL_TIMEOUT;
    for (;;) {
        struct cgroup_members found = {0};
        int sent = signal_new(dirfd, &known, signal, &found, err);
        if (sent <= 0)
            return cgroup_members_done(&found), sent;
        cgroup_members_done(&known);
        known = found;
        if (clock_now() > end)
            return error_set(err, THOLE_ERROR_HOST, ETIMEDOUT, NULL,
                             "processes fork faster than they can be signalled");
    }
}

/* cgroup.kill takes the whole tree at once, forks in flight included (Linux 5.14). Some kernels
 * (6.18 is one) count these kills per cgroup and, by mistake, also kill whoever is born by
 * CLONE_INTO_CGROUP where the count differs from that of its parent's cgroup: nothing can be
 * started that way in the directory afterwards. Returns 1 if it was done, 0 if it cannot be. */
static int kill_unified(const struct plan_cgroup *cgroup, struct thole_error *err) {
    const struct plan_cgroup_directory *unified = cgroup_find_unified(cgroup);
    if (unified == NULL)
        return 0;
    cleanup_close int fd = cgroup_open_directory(unified, "");
    int populated = fd < 0 ? -1 : cgroup_event(fd, "populated");
    if (populated < 0 && !cgroup_is_gone(errno))
        return error_errno(err, NULL, "look into cgroup %s in %s", unified->path,
                           unified->mountpoint);
    return populated == 1 && file_write_kernel(fd, "cgroup.kill", "1", 1) == 0;
}

int cgroup_kill(const struct plan_cgroup *cgroup, int signal, struct thole_error *err) {
    if (cgroup_check_not_root(cgroup, "kill", err) < 0)
        return -1;
    int killed = signal == SIGKILL ? kill_unified(cgroup, err) : 0;
    if (killed != 0)
        return killed < 0 ? -1 : cgroup_freeze(cgroup, false, err);
    cleanup_close int fd = -1;
    int found = cgroup_open_members(cgroup, &fd, err);
    int was_frozen = found == 1 ? cgroup_is_frozen(cgroup, err) : found;
    if (found <= 0 || was_frozen < 0)
        return found == 0 ? 0 : -1;

    /* Without a freezer the loop alone has to do. */
    if (!was_frozen)
        (void)cgroup_freeze(cgroup, true, NULL);
    int result = signal_members(fd, signal, err);
    if ((signal == SIGKILL || !was_frozen) &&
        cgroup_freeze(cgroup, false, result < 0 ? NULL : err) < 0)
        return -1;
    return result < 0 ? -1 : 0;
}
