/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, ids and capabilities of the process (credentials(7), capabilities(7)). */
#include "apply/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/names.h"
#include "base/passwd.h"
#include "base/text.h"
#include "sys/capabilities.h"
#include "sys/path.h"
#include "sys/sched.h"

int apply_oom_score(const struct plan_process *process, int proc_fd, pid_t pid,
                    struct thole_error *err) {
    if (process == NULL || !process->oom_score_set)
        return 0;
    char path[48];
    char text[16];
    (void)snprintf(path, sizeof(path), "%d/oom_score_adj", (int)pid);
    (void)snprintf(text, sizeof(text), "%d", process->oom_score_adj);
    if (sys_write_proc(proc_fd, path, text) == 0)
        return 0;
    if (process->unprivileged && (errno == EACCES || errno == EPERM))
        return 0;
    error_errno(err, "/process/oomScoreAdj", "set oom_score_adj to %d", process->oom_score_adj);
    if (errno == EACCES)
        error_hint(err, "lowering it needs CAP_SYS_RESOURCE");
    return -1;
}

static int set_rlimit(const struct plan_rlimit *limit, pid_t pid, const struct rlimit *value,
                      struct thole_error *err) {
    if (prlimit(pid, limit->resource, value, NULL) == 0)
        return 0;
    error_errno(err, limit->where, "set %s", names_of(names_rlimits, limit->resource));
    if (errno == EPERM)
        error_hint(err, "raising a hard limit needs CAP_SYS_RESOURCE");
    return -1;
}

int apply_rlimits_raise(const struct plan_process *process, pid_t pid, struct thole_error *err) {
    for (size_t i = 0; i < process->rlimit_count; i++) {
        const struct plan_rlimit *limit = &process->rlimits[i];
        struct rlimit value;
        if (prlimit(pid, limit->resource, NULL, &value) < 0)
            return error_errno(err, limit->where, "read %s",
                               names_of(names_rlimits, limit->resource));
        if (limit->hard <= value.rlim_max)
            continue;
        value.rlim_max = limit->hard;
        if (set_rlimit(limit, pid, &value, err) < 0)
            return -1;
    }
    return 0;
}

int apply_rlimits(const struct plan_process *process, struct thole_error *err) {
    for (size_t i = 0; i < process->rlimit_count; i++) {
        const struct plan_rlimit *limit = &process->rlimits[i];
        const struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};
        if (set_rlimit(limit, 0, &value, err) < 0)
            return -1;
    }
    return 0;
}

int apply_scheduling(const struct plan_process *process, pid_t pid, struct thole_error *err) {
    const struct plan_scheduler *scheduler = &process->scheduler;
    if (pid != 0 && process->unprivileged)
        return 0;
    if (scheduler->set &&
        sys_set_scheduler(pid, scheduler->policy, scheduler->flags, scheduler->nice,
                          scheduler->priority, scheduler->runtime, scheduler->deadline,
                          scheduler->period) < 0)
        return error_errno(err, "/process/scheduler", "set the scheduler");
    if (process->io_priority >= 0 && sys_set_io_priority(pid, process->io_priority) < 0)
        return error_errno(err, "/process/ioPriority", "set the I/O priority");
    return 0;
}

/* All but the wanted ones, up to the last one that the kernel knows: it says so by EINVAL. */
static int drop_bounding(const struct plan_capabilities *wanted, struct thole_error *err) {
    enum { CAPABILITIES = 64 };
    for (int capability = 0; capability < CAPABILITIES; capability++) {
        if ((wanted->bounding >> capability & 1) != 0 ||
            sys_drop_bounding_capability(capability) == 0)
            continue;
        int failure = errno;
        if (failure == EINVAL)
            return 0;
        if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 0)
            continue; /* not there to be dropped */
        errno = failure;
        return error_errno(err, "/process/capabilities/bounding", "drop capability %d", capability);
    }
    return 0;
}

static int set_sets(const struct plan_capabilities *wanted, uint64_t extra,
                    struct thole_error *err) {
    const struct sys_capabilities sets = {wanted->effective | extra, wanted->permitted | extra,
                                          wanted->inheritable};
    if (sys_set_capabilities(&sets) < 0)
        return error_errno(err, "/process/capabilities", "set capabilities");
    return 0;
}

static int set_ids(const struct plan_process *process, struct thole_error *err) {
    /* Where a user namespace denies setgroups(), having no groups to set is no failure. */
    if (process->set_groups && setgroups(process->group_count, process->groups) < 0 &&
        !(errno == EPERM && process->group_count == 0))
        return error_errno(err, "/process/user/additionalGids", "set supplementary groups");
    if (setresgid(process->gid, process->gid, process->gid) < 0) {
        error_errno(err, "/process/user/gid", "change to gid %u", process->gid);
        if (errno == EINVAL)
            error_hint(err, "the user namespace does not map that id");
        return -1;
    }
    if (setresuid(process->uid, process->uid, process->uid) < 0) {
        error_errno(err, "/process/user/uid", "change to uid %u", process->uid);
        if (errno == EINVAL)
            error_hint(err, "the user namespace does not map that id");
        return -1;
    }
    return 0;
}

int apply_identity(const struct plan_process *process, bool keep_admin, struct thole_error *err) {
    const struct plan_capabilities *wanted = &process->capabilities;
    if (drop_bounding(wanted, err) < 0)
        return -1;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return error_errno(err, "/process/capabilities", "keep capabilities");
    if (set_ids(process, err) < 0)
        return -1;
    if (process->umask_set)
        (void)umask(process->umask);
    if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_errno(err, "/process/noNewPrivileges", "set no_new_privs");
    if (!keep_admin)
        return apply_capabilities(process, err);
    return set_sets(wanted, UINT64_C(1) << CAP_SYS_ADMIN, err);
}

int apply_capabilities(const struct plan_process *process, struct thole_error *err) {
    const struct plan_capabilities *wanted = &process->capabilities;
    if (set_sets(wanted, 0, err) < 0)
        return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return error_errno(err, "/process/capabilities/ambient", "clear the ambient set");
    for (int capability = 0; wanted->ambient >> capability != 0; capability++) {
        if ((wanted->ambient >> capability & 1) != 0 &&
            sys_raise_ambient_capability(capability) < 0)
            return error_errno(err, "/process/capabilities/ambient", "raise %s",
                               names_capability(capability));
    }
    return 0;
}

int apply_hide(struct thole_error *err) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return error_errno(err, NULL, "become undumpable");
    return 0;
}

/* What the image has there, or keeps from its user, is an answer: such a user has no entry. */
static bool has_no_passwd(int code) {
    return code == ENOENT || code == ENOTDIR || code == ELOOP || code == EINVAL || code == EACCES ||
           code == EFBIG;
}

char *apply_home(uint32_t uid, struct thole_error *err) {
    static const char path[] = "/etc/passwd";
    cleanup_free char *passwd = NULL;
    char *fields[PASSWD_FIELDS];
    struct text home = {0};
    struct thole_error failure = {0};
    /* Not getpwuid(): what name services of the image may load would run with our privileges. */
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int fd = root >= 0 ? sys_open_regular_in_root(root, path) : -1;
    if (fd < 0)
        error_errno(&failure, NULL, "open %s of the container", path);
    else
        (void)file_read_fd(fd, path, PASSWD_FILE_MAX, &passwd, NULL, &failure);
    if (passwd == NULL && !has_no_passwd(failure.code))
        return (*err = failure, NULL);
    bool found = passwd != NULL && passwd_find(passwd, NULL, uid, fields) > PASSWD_HOME &&
                 fields[PASSWD_HOME][0] == '/';
    text_appendf(&home, "HOME=%s", found ? fields[PASSWD_HOME] : "/");
    return text_take(&home);
}
