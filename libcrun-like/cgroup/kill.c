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

/* Opens pidfds first and reads the list again behind: a pid that is still in it belongs to the
 * process the pidfd holds, or that one is dead and nothing is sent. No other process can be hit. */
static int signal_new(int dirfd, const struct cgroup_members *known, int signal,
                      struct cgroup_members *ret_members, struct thole_error *err) {
    cleanup_cgroup_members struct cgroup_members found = {0};
    if (cgroup_members_read(dirfd, &found, err) < 0)
        return -1;
    int sent = 0;
    enum { BATCH = 256 };
    for (size_t start = 0; start < found.count; start += BATCH) {
        int pidfds[BATCH];
        size_t count = found.count - start < BATCH ? found.count - start : BATCH;
        for (size_t i = 0; i < count; i++) {
            pid_t pid = found.pids[start + i];
            pidfds[i] = cgroup_members_has(known, pid) ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
        }
        cleanup_cgroup_members struct cgroup_members again = {0};
        int result = cgroup_members_read(dirfd, &again, err);
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
 * started that way in the directory afterwards. Returns 1 if it was done. */
static int kill_unified(const struct plan_cgroup *cgroup) {
    const struct plan_cgroup_directory *unified = cgroup_find_unified(cgroup);
    cleanup_close int fd = unified != NULL ? cgroup_open_directory(unified, "") : -1;
    if (fd < 0 || cgroup_event(fd, "populated") != 1)
        return 0;
    return file_write_kernel(fd, "cgroup.kill", "1", 1) == 0;
}

int cgroup_kill(const struct plan_cgroup *cgroup, int signal, struct thole_error *err) {
    if (cgroup_check_not_root(cgroup, "kill", err) < 0)
        return -1;
    if (signal == SIGKILL && kill_unified(cgroup))
        return cgroup_freeze(cgroup, false, err);
    cleanup_close int fd = cgroup_open_members(cgroup);
    if (fd < 0)
        return 0;

    /* Without a freezer the loop alone has to do. */
    int was_frozen = cgroup_is_frozen(cgroup);
    if (!was_frozen)
        (void)cgroup_freeze(cgroup, true, NULL);
    int result = signal_members(fd, signal, err);
    if ((signal == SIGKILL || !was_frozen) &&
        cgroup_freeze(cgroup, false, result < 0 ? NULL : err) < 0)
        return -1;
    return result < 0 ? -1 : 0;
}
