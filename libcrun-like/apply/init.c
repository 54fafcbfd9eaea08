/* SPDX-License-Identifier: Apache-2.0 */
/* The container's init: one straight line from clone to execve, to be read from top to bottom. */
#include "apply/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/devices.h"
#include "apply/hooks.h"
#include "apply/masked_paths.h"
#include "apply/mounts.h"
#include "apply/namespaces.h"
#include "apply/process.h"
#include "apply/root_emptied.h"
#include "apply/rootfs.h"
#include "apply/terminals.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/phases.h"
#include "base/wire.h"
#include "cgroup/join.h"
#include "network/network.h"
#include "sys/mount_calls.h"
#include "sys/path.h"
#include "sys/process_calls.h"

/* ---- becoming the container ----------------------------------------------------------------- */

static int enter_cgroup(const struct apply_init *init, struct thole_error *err) {
    if (init->enters_cgroup && cgroup_join_move(init->cgroup, err) < 0)
        return -1;
    if (cgroup_join_enter(init->cgroup, err) < 0)
        return -1;
    /* Only now: a cgroup namespace is rooted where its maker is. */
    if ((init->plan->namespaces.created & CLONE_NEWCGROUP) != 0 && unshare(CLONE_NEWCGROUP) < 0)
        return error_errno(err, "/linux/namespaces", "create a cgroup namespace");
    return 0;
}

/* The runtime writes the id maps; until then this process is nobody in its user namespace. */
static int become_root(const struct apply_init *init, struct thole_error *err) {
    struct wire_message message;
    if ((init->plan->namespaces.created & CLONE_NEWUSER) != 0 &&
        wire_expect(init->become.sync, WIRE_IDS_MAPPED, &message, "the runtime", err) < 0)
        return -1;
    return apply_become_root(&init->become, err);
}

static int enter_namespaces(const struct apply_init *init, struct thole_error *err) {
    const struct plan_namespaces *namespaces = &init->plan->namespaces;
    unsigned long kinds = CLONE_NEWNS | CLONE_NEWCGROUP;
    if (init->stage_end < 0)
        kinds |= APPLY_STAGE_NAMESPACES;
    return apply_join_namespaces(namespaces, kinds, err);
}

static int set_names(const struct plan *plan, struct thole_error *err) {
    if (plan->hostname != NULL && sethostname(plan->hostname, strlen(plan->hostname)) < 0)
        return error_errno(err, "/hostname", "set the host name");
    if (plan->domainname != NULL && setdomainname(plan->domainname, strlen(plan->domainname)) < 0)
        return error_errno(err, "/domainname", "set the domain name");
    return 0;
}

/* Where the host's procfs is one of processes alone (subset=pid), one is made that has the rest. */
static int open_sysctls(int proc_fd) {
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    int found = sys_open_proc(proc_fd, "sys", flags);
    if (found >= 0 || errno != ENOENT)
        return found;
    cleanup_close int context = fsopen("proc", FSOPEN_CLOEXEC);
    if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    cleanup_close int whole = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID);
    return whole < 0 ? -1 : sys_open_proc(whole, "sys", flags);
}

static int set_sysctls(const struct apply_init *init, struct thole_error *err) {
    if (init->plan->sysctl_count == 0)
        return 0;
    cleanup_close int sys_fd = open_sysctls(init->become.proc_fd);
    if (sys_fd < 0)
        return error_errno(err, "/linux/sysctl", "open /proc/sys");
    for (size_t i = 0; i < init->plan->sysctl_count; i++) {
        const struct plan_sysctl *sysctl = &init->plan->sysctls[i];
        if (sys_write_proc(sys_fd, sysctl->file, sysctl->value) < 0)
            return error_errno(err, sysctl->where, "write %s to /proc/sys/%s", sysctl->value,
                               sysctl->file);
    }
    return 0;
}

/* ---- the root filesystem -------------------------------------------------------------------- */

/* An ordinary user's hooks find the container's namespaces by the pid they are told, unless that
 * process hides. Nobody from inside can look while it does not: in its pid namespace it is alone.
 */
static bool shows_itself_to_hooks(const struct plan *plan) {
    return plan->process->unprivileged && (plan->namespaces.created & CLONE_NEWPID) != 0;
}

static int request_hooks(const struct apply_init *init, struct thole_error *err) {
    if (!plan_has_hooks(init->plan, PLAN_HOOK_PRESTART, PLAN_HOOK_START_CONTAINER))
        return 0;
    struct wire_message message;
    bool shows = shows_itself_to_hooks(init->plan);
    if (shows)
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (wire_send(init->become.sync, WIRE_REQUEST_HOOKS, NULL, 0, -1, err) < 0 ||
        wire_expect(init->become.sync, WIRE_HOOKS_DONE, &message, "the runtime", err) < 0)
        return -1;
    return shows ? apply_hide(err) : 0;
}

/* The hook_state file: line 0 has status "creating", line 1 "created". */
static int run_container_hooks(const struct apply_init *init, enum plan_hook_stage stage,
                               int starter, char *const *env, struct thole_error *err) {
    const struct plan_hooks *hooks = &init->plan->hooks[stage];
    if (hooks->count == 0)
        return 0;
    cleanup_free char *text = NULL;
    if (lseek(init->hook_state, 0, SEEK_SET) < 0)
        return error_errno(err, NULL, "read the state for hooks");
    if (file_read_fd(init->hook_state, "the state for hooks", SIZE_MAX / 4, &text, NULL, err) < 0)
        return -1;
    char *second = strchr(text, '\n');
    if (second == NULL)
        return error_bug(err, "the state for hooks has one line");
    *second++ = '\0';
    const bool last = stage == PLAN_HOOK_START_CONTAINER;
    const struct apply_hook_run run = {
        .stage = plan_hook_stage_name(stage),
        .state = last ? second : text,
        .directory = last ? NULL : init->plan->bundle,
        .env = env,
        .stdout_file = last ? NULL : init->plan->hook_stdout,
        .stderr_file = last ? NULL : init->plan->hook_stderr,
        /* What runs as the program's user is confined as the program is. */
        .confinement = last ? &init->become : NULL,
        .starter = starter,
    };
    return apply_hooks(hooks, &run, err);
}

static int build_root(const struct apply_init *init, int *ret_peer, struct thole_error *err) {
    const struct plan *plan = init->plan;
    if (apply_bind_sources_keep_peers(plan, init->sources, err) < 0)
        return -1;
    cleanup_close int null_fd = apply_null_open(err);
    if (null_fd < 0 || apply_rootfs_isolate(&plan->rootfs, err) < 0)
        return -1;
    int entered = 0;
    if (init->empties)
        entered =
            apply_root_emptied_enter(plan, init->become.proc_fd, init->sources, &null_fd, err);
    if (entered < 0)
        return -1;
    cleanup_close int root_fd =
        entered == 1 ? apply_rootfs_open_entered(err) : apply_rootfs_open(&plan->rootfs, err);
    if (root_fd < 0)
        return -1;
    phases_end_at(init->become.phases, PHASES_INSIDE, plan->rootfs.where, "root");
    cleanup_apply_readonly_last struct apply_readonly_last last = {0};
    if (apply_mounts(plan, init->become.phases, init->sources, &root_fd, &last, err) < 0)
        return -1;
    phases_end_at(init->become.phases, PHASES_INSIDE, "/mounts", "mounts");
    if (apply_devices(plan, init->become.sync, root_fd, err) < 0)
        return -1;
    phases_end_at(init->become.phases, PHASES_INSIDE, "/linux/devices", "devices");
    if (request_hooks(init, err) < 0 ||
        run_container_hooks(init, PLAN_HOOK_CREATE_CONTAINER, -1, init->hook_env, err) < 0)
        return -1;
    phases_end_at(init->become.phases, PHASES_INSIDE, "/hooks", "hooks");
    /* What forbids writing comes last: until here something may have to be made beneath it. */
    if (apply_become_console(&init->become, root_fd, ret_peer, err) < 0 ||
        apply_terminals(init->become.terminals, init->become.sync, root_fd, err) < 0 ||
        apply_working_directory_make(plan->process, root_fd, err) < 0 ||
        apply_readonly_now(&last, err) < 0 || apply_paths(plan, null_fd, root_fd, err) < 0)
        return -1;
    phases_end_at(init->become.phases, PHASES_INSIDE, "/linux/maskedPaths",
                  "masked and read-only paths");
    if (entered == 0 && apply_rootfs_enter(&plan->rootfs, init->become.proc_fd, root_fd, err) < 0)
        return -1;
    return apply_rootfs_finish(&plan->rootfs, err);
}

/* Without a mount namespace of its own the container gets a plain chroot. */
static int enter_shared_root(const struct apply_init *init, int *ret_peer,
                             struct thole_error *err) {
    const struct plan_rootfs *rootfs = &init->plan->rootfs;
    if (request_hooks(init, err) < 0 ||
        run_container_hooks(init, PLAN_HOOK_CREATE_CONTAINER, -1, init->hook_env, err) < 0)
        return -1;
    if (chdir(rootfs->source) < 0 || chroot(".") < 0 || chdir("/") < 0)
        return error_errno(err, rootfs->where, "enter rootfs %s", rootfs->source);
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (apply_become_console(&init->become, root, ret_peer, err) < 0)
        return -1;
    return apply_working_directory_make(init->plan->process, root, err);
}

/* ---- the process ---------------------------------------------------------------------------- */

/* Whoever connects and goes away without a word has changed nothing: somebody who asks what the
 * container is doing, or a `start` that was killed. A machine that is short of something now need
 * not be so when somebody comes; for ever nobody would wait in vain. */
static int accept_starter(int gate, struct thole_error *err) {
    enum { ATTEMPTS = 100, PAUSE_MILLISECONDS = 20 };
    for (int attempt = 0;;) {
        struct wire_message message;
        cleanup_close int starter = accept4(gate, NULL, NULL, SOCK_CLOEXEC);
        if (starter < 0 && errno != EINTR && errno != ECONNABORTED) {
            if (++attempt == ATTEMPTS)
                return error_errno(err, NULL, "wait for start");
            (void)poll(NULL, 0, PAUSE_MILLISECONDS);
        }
        if (starter < 0 || wire_receive(starter, &message, NULL) <= 0)
            continue;
        if (message.kind == WIRE_START)
            return take_fd(&starter);
        if (message.kind == WIRE_END)
            return -1;
    }
}

/* Waits for `start`. Returns the socket that the outcome is reported on. */
static int wait_at_gate(const struct apply_init *init, struct thole_error *err) {
    if (init->gate >= 0) {
        (void)close(init->become.sync);
        return accept_starter(init->gate, err);
    }
    struct wire_message message;
    if (wire_expect(init->become.sync, WIRE_START, &message, "the starter", err) < 0)
        return -1;
    return init->become.sync;
}

/* Everything up to execve that can fail for reasons in the configuration: reported by create. */
static int prepare(const struct apply_init *init, struct apply_program *program,
                   struct thole_error *err) {
    const struct apply_become *become = &init->become;
    const struct plan *plan = init->plan;
    int peer = -1;

    /* The offsets are written while the process still has the runtime's ids: /proc/self is theirs.
     */
    if (apply_time_namespace(&plan->namespaces, become->proc_fd, err) < 0 ||
        become_root(init, err) < 0 || enter_cgroup(init, err) < 0)
        return -1;
    /* The maps are written, which needed a dumpable process; from here on none may look in. */
    if (apply_hide(err) < 0)
        return -1;
    if (become->replace == NULL && apply_become_leader(-1, err) < 0)
        return -1;
    if (enter_namespaces(init, err) < 0)
        return -1;
    if (plan->loopback_up && network_loopback_up(err) < 0)
        return -1;
    if (set_names(plan, err) < 0 || set_sysctls(init, err) < 0)
        return -1;
    phases_end_at(become->phases, PHASES_INSIDE, "/linux/namespaces", "namespaces");

    bool own_mounts = (plan->namespaces.created & CLONE_NEWNS) != 0;
    if ((own_mounts ? build_root(init, &peer, err) : enter_shared_root(init, &peer, err)) < 0)
        return -1;
    phases_end(become->phases, PHASES_INSIDE, "entering the root");
    if (plan->process == NULL)
        return 0;
    if (!become->user_namespace && apply_scheduling(plan->process, 0, err) < 0)
        return -1;
    if (apply_become_stdio(become, peer, err) < 0 ||
        (peer >= 0 && apply_become_leader(peer, err) < 0) || apply_become_user(become, err) < 0)
        return -1;
    return apply_become_ready(become, program, err);
}

static noreturn void fail(int socket, const struct thole_error *failure) {
    wire_send_error(socket, failure);
    _exit(EXIT_FAILURE);
}

/* What init needs while it waits and afterwards stays open; the runtime's other fds, its lock and
 * the cgroup directories among them, are inherited copies that would live on with it. The runtime
 * may exit as soon as it reads the message, which must not end this process. */
static int announce_ready(const struct apply_init *init, struct thole_error *err) {
    const int others[] = {init->gate, init->hook_state};
    if (apply_become_bare(&init->become, others, sizeof(others) / sizeof(others[0]), err) < 0)
        return -1;
    if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
        return error_errno(err, NULL, "outlive the runtime");
    return wire_send(init->become.sync, WIRE_READY, NULL, 0, -1, err);
}

void apply_init(const struct apply_init *init) {
    struct thole_error err = {0};
    struct apply_program program = {0};

    phases_end(init->become.phases, PHASES_INSIDE, "birth");
    apply_become_anonymous();
    (void)close(init->runtime_end);
    if (init->stage_end >= 0)
        (void)close(init->stage_end);
    init->sources->lender = init->become.sync;
    /* A runtime that is killed half-way takes this process with it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (prepare(init, &program, &err) < 0 || announce_ready(init, &err) < 0)
        fail(init->become.sync, &err);
    phases_end_at(init->become.phases, PHASES_INSIDE, "/process", "process");

    int starter = wait_at_gate(init, &err);
    if (starter < 0)
        _exit(EXIT_FAILURE);
    phases_end(init->become.phases, PHASES_INSIDE, "waiting for start");
    if (init->plan->process == NULL) {
        error_config(&err, "/process", "the configuration has no process to start");
        fail(starter, &err);
    }
    if (run_container_hooks(init, PLAN_HOOK_START_CONTAINER, starter, program.environment, &err) ==
        0)
        (void)apply_become_program(&init->become, starter, &program, &err);
    fail(starter, &err);
}
