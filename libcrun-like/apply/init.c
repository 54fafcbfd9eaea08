/* SPDX-License-Identifier: Apache-2.0 */
/* The container's init: one straight line from clone to execve, to be read from top to bottom. */
#include "apply/init.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/devices.h"
#include "apply/executable.h"
#include "apply/hooks.h"
#include "apply/masked_paths.h"
#include "apply/mounts.h"
#include "apply/namespaces.h"
#include "apply/process.h"
#include "apply/root_emptied.h"
#include "apply/rootfs.h"
#include "apply/stdio.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/phases.h"
#include "base/wire.h"
#include "cgroup/join.h"
#include "network/network.h"
#include "security/label.h"
#include "security/seccomp_filter.h"
#include "sys/mount_calls.h"
#include "sys/path.h"
#include "sys/process_calls.h"
#include "sys/sched.h"
#include "terminal/pty.h"

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
    if (!plan_has_namespace(init->plan, CLONE_NEWUSER))
        return 0;
    struct wire_message message;
    if ((init->plan->namespaces.created & CLONE_NEWUSER) != 0 &&
        wire_expect(init->sync, WIRE_IDS_MAPPED, &message, "the runtime", err) < 0)
        return -1;
    /* A mapping without id 0 leaves the ids as they are; the capabilities are there all the same.
     */
    if (setresgid(0, 0, 0) < 0 && errno != EINVAL)
        return error_errno(err, init->plan->user.where, "become group 0 of the user namespace");
    if (setresuid(0, 0, 0) < 0 && errno != EINVAL)
        return error_errno(err, init->plan->user.where, "become user 0 of the user namespace");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a change of ids has cleared it */
    return 0;
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

static int set_sysctls(const struct apply_init *init, struct thole_error *err) {
    for (size_t i = 0; i < init->plan->sysctl_count; i++) {
        const struct plan_sysctl *sysctl = &init->plan->sysctls[i];
        char path[PATH_MAX];
        (void)snprintf(path, sizeof(path), "sys/%s", sysctl->file);
        if (sys_write_proc(init->proc_fd, path, sysctl->value) < 0)
            return error_errno(err, sysctl->where, "write %s to /proc/sys/%s", sysctl->value,
                               sysctl->file);
    }
    return 0;
}

/* ---- the root filesystem -------------------------------------------------------------------- */

static int request_hooks(const struct apply_init *init, struct thole_error *err) {
    const struct plan_hooks *hooks = init->plan->hooks;
    if (hooks[PLAN_HOOK_PRESTART].count + hooks[PLAN_HOOK_CREATE_RUNTIME].count +
            hooks[PLAN_HOOK_CREATE_CONTAINER].count + hooks[PLAN_HOOK_START_CONTAINER].count ==
        0)
        return 0;
    struct wire_message message;
    if (wire_send(init->sync, WIRE_REQUEST_HOOKS, NULL, 0, -1, err) < 0)
        return -1;
    return wire_expect(init->sync, WIRE_HOOKS_DONE, &message, "the runtime", err);
}

/* The hook_state file: line 0 has status "creating", line 1 "created". */
static int run_container_hooks(const struct apply_init *init, enum plan_hook_stage stage,
                               char *const *env, struct thole_error *err) {
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
    const struct apply_hook_run run = {
        .stage = plan_hook_stage_name(stage),
        .state = stage == PLAN_HOOK_START_CONTAINER ? second : text,
        .directory = stage == PLAN_HOOK_START_CONTAINER ? NULL : init->plan->bundle,
        .env = env,
        .stdout_file = stage == PLAN_HOOK_START_CONTAINER ? NULL : init->plan->hook_stdout,
        .stderr_file = stage == PLAN_HOOK_START_CONTAINER ? NULL : init->plan->hook_stderr,
    };
    return apply_hooks(hooks, &run, err);
}

static int open_pty(const struct apply_init *init, int root_fd, struct terminal_pty *pty,
                    struct thole_error *err) {
    cleanup_close int devpts = terminal_devpts_open(root_fd, err);
    if (devpts >= 0 && terminal_pty_open(devpts, init->bare_output, pty, err) == 0)
        return 0;
    return init->devpts < 0 ? -1 : terminal_pty_open(init->devpts, init->bare_output, pty, err);
}

/* The pty comes from the container's own devpts; its master goes to whoever owns the console. */
static int open_console(const struct apply_init *init, int root_fd, struct terminal_pty *pty,
                        struct thole_error *err) {
    const struct plan_process *process = init->plan->process;
    if (init->replace == NULL)
        return 0;
    if (open_pty(init, root_fd, pty, err) < 0)
        return -1;
    if (process->console_rows != 0 &&
        terminal_set_size(pty->master, (uint16_t)process->console_rows,
                          (uint16_t)process->console_columns, err) < 0)
        return -1;
    if (fchown(pty->peer, process->uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM)
        return error_errno(err, "/process/terminal", "set the owner of the console");
    if (process->terminal && init->plan->setup_dev && apply_console(pty->peer, root_fd, err) < 0)
        return -1;

    struct wire_message message;
    if (wire_send(init->sync, WIRE_CONSOLE, NULL, 0, pty->master, err) < 0 ||
        wire_expect(init->sync, WIRE_CONSOLE_KEPT, &message, "the runtime", err) < 0)
        return -1;
    (void)close(take_fd(&pty->master));
    return 0;
}

static int take_stdio(const struct apply_init *init, struct terminal_pty *pty,
                      struct thole_error *err) {
    for (int fd = 0; fd < 3; fd++) {
        if (init->stdio[fd] >= 0 && dup2(init->stdio[fd], fd) < 0)
            return error_errno(err, NULL, "replace file descriptor %d", fd);
    }
    if (pty->peer < 0)
        return 0;
    if (terminal_adopt(pty->peer, init->replace, err) < 0)
        return -1;
    (void)close(take_fd(&pty->peer));
    return 0;
}

static int build_root(const struct apply_init *init, struct terminal_pty *pty,
                      struct thole_error *err) {
    const struct plan *plan = init->plan;
    if (apply_bind_sources_keep_peers(plan, init->sources, err) < 0)
        return -1;
    cleanup_close int null_fd = apply_null_open(err);
    if (null_fd < 0 || apply_rootfs_isolate(err) < 0)
        return -1;
    int entered = 0;
    if (plan->rootfs.entry == PLAN_ROOT_EMPTIED)
        entered = apply_root_emptied_enter(plan, init->proc_fd, init->sources, &null_fd, err);
    if (entered < 0)
        return -1;
    cleanup_close int root_fd =
        entered == 1 ? apply_rootfs_open_entered(err) : apply_rootfs_open(&plan->rootfs, err);
    if (root_fd < 0)
        return -1;
    phases_end(init->phases, PHASES_INSIDE, "root");
    cleanup_apply_readonly_last struct apply_readonly_last last;
    last.count = 0;
    if (apply_mounts(plan, init->sources, root_fd, &last, err) < 0)
        return -1;
    phases_end(init->phases, PHASES_INSIDE, "mounts");
    if (apply_devices(plan, init->sync, root_fd, err) < 0)
        return -1;
    phases_end(init->phases, PHASES_INSIDE, "devices");
    if (request_hooks(init, err) < 0 ||
        run_container_hooks(init, PLAN_HOOK_CREATE_CONTAINER, NULL, err) < 0)
        return -1;
    phases_end(init->phases, PHASES_INSIDE, "hooks");
    /* What forbids writing comes last: until here something may have to be made beneath it. */
    if (open_console(init, root_fd, pty, err) < 0 ||
        apply_working_directory_make(plan->process, root_fd, err) < 0 ||
        apply_readonly_now(&last, err) < 0 || apply_paths(plan, null_fd, root_fd, err) < 0)
        return -1;
    phases_end(init->phases, PHASES_INSIDE, "masked and read-only paths");
    if (entered == 0 && apply_rootfs_enter(&plan->rootfs, init->proc_fd, root_fd, err) < 0)
        return -1;
    return apply_rootfs_finish(&plan->rootfs, err);
}

/* Without a mount namespace of its own the container gets a plain chroot. */
static int enter_shared_root(const struct apply_init *init, struct terminal_pty *pty,
                             struct thole_error *err) {
    const struct plan_rootfs *rootfs = &init->plan->rootfs;
    if (request_hooks(init, err) < 0 ||
        run_container_hooks(init, PLAN_HOOK_CREATE_CONTAINER, NULL, err) < 0)
        return -1;
    if (chdir(rootfs->source) < 0 || chroot(".") < 0 || chdir("/") < 0)
        return error_errno(err, rootfs->where, "enter rootfs %s", rootfs->source);
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (open_console(init, root, pty, err) < 0)
        return -1;
    return apply_working_directory_make(init->plan->process, root, err);
}

/* ---- the process ---------------------------------------------------------------------------- */

static int set_process_environment(const struct apply_init *init, struct thole_error *err) {
    const struct plan *plan = init->plan;
    if (plan->personality != (unsigned long)-1 && personality(plan->personality) < 0)
        return error_errno(err, "/linux/personality", "set the personality");
    if (plan->memory_policy.set &&
        sys_set_memory_policy(plan->memory_policy.mode, plan->memory_policy.nodes) < 0)
        return error_errno(err, "/linux/memoryPolicy", "set the memory policy");
    if (plan->new_keyring) {
        const char *label = plan->process != NULL ? plan->process->selinux : NULL;
        if (label_new_keyring(init->proc_fd, plan->id, label, err) < 0)
            return -1;
    }
    return 0;
}

/* The seccomp filter may forbid anything but execve: all other work is done before it is loaded. */
static bool needs_admin_for_filter(const struct apply_init *init) {
    return init->filter != NULL && !init->plan->process->no_new_privileges;
}

/* Waits for `start`. Returns the socket that the outcome is reported on. */
static int wait_at_gate(const struct apply_init *init, struct thole_error *err) {
    int starter = init->sync;
    if (init->gate >= 0) {
        (void)close(init->sync);
        do {
            starter = accept4(init->gate, NULL, NULL, SOCK_CLOEXEC);
        } while (starter < 0 && (errno == EINTR || errno == ECONNABORTED));
        if (starter < 0)
            return error_errno(err, NULL, "wait for start");
    }
    struct wire_message message;
    if (wire_expect(starter, WIRE_START, &message, "the starter", err) < 0)
        return -1;
    return starter;
}

static int report_listener(int starter, int notify_fd, struct thole_error *err) {
    struct wire_message message;
    if (wire_send(starter, WIRE_SECCOMP, NULL, 0, notify_fd, err) < 0 ||
        wire_expect(starter, WIRE_SECCOMP_KEPT, &message, "the starter", err) < 0)
        return -1;
    (void)close(notify_fd);
    return 0;
}

static int load_filter(const struct apply_init *init, int starter, struct thole_error *err) {
    if (init->filter == NULL)
        return 0;
    int notify_fd = seccomp_filter_load(init->filter, err);
    if (notify_fd < 0)
        return -1;
    return notify_fd > 0 ? report_listener(starter, notify_fd, err) : 0;
}

/* Everything up to execve that can fail for reasons in the configuration: reported by create. */
static int prepare(const struct apply_init *init, char *program, size_t size,
                   struct apply_environment *environment, struct thole_error *err) {
    const struct plan *plan = init->plan;
    struct terminal_pty pty = TERMINAL_PTY_INIT;

    /* The offsets are written while the process still has the runtime's ids: /proc/self is theirs.
     */
    if (apply_time_namespace(&plan->namespaces, init->proc_fd, err) < 0 ||
        become_root(init, err) < 0 || enter_cgroup(init, err) < 0)
        return -1;
    /* The maps are written, which needed a dumpable process; from here on none may look in. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return error_errno(err, NULL, "become undumpable");
    if (init->replace == NULL && setsid() < 0) /* with a terminal, terminal_adopt() does it */
        return error_errno(err, NULL, "create a session");
    if (enter_namespaces(init, err) < 0)
        return -1;
    if (plan->loopback_up && network_loopback_up(err) < 0)
        return -1;
    if (set_names(plan, err) < 0 || set_sysctls(init, err) < 0)
        return -1;

    phases_end(init->phases, PHASES_INSIDE, "namespaces");

    bool own_mounts = (plan->namespaces.created & CLONE_NEWNS) != 0;
    if ((own_mounts ? build_root(init, &pty, err) : enter_shared_root(init, &pty, err)) < 0)
        return -1;
    phases_end(init->phases, PHASES_INSIDE, "entering the root");
    if (plan->process == NULL)
        return 0;
    /* The caller's affinity is not the container's; a cpuset cgroup still bounds it. */
    (void)sys_reset_cpus(0);
    if (set_process_environment(init, err) < 0 || apply_scheduling(plan->process, err) < 0)
        return -1;
    if (take_stdio(init, &pty, err) < 0)
        return -1;
    int entered = apply_working_directory(plan->process, true, err);
    if (entered < 0)
        return -1;
    if (!plan_has_namespace(plan, CLONE_NEWUSER) && apply_rlimits(plan->process, 0, err) < 0)
        return -1;
    apply_stdio_give(plan->process->uid);
    if (apply_identity(plan->process, needs_admin_for_filter(init), err) < 0)
        return -1;
    if (entered == 0 && apply_working_directory(plan->process, false, err) < 0)
        return -1;
    apply_environment_fill(plan->process, environment);
    return apply_executable_find(plan->process, program, size, err);
}

/* From `start` to execve. */
static int run_program(const struct apply_init *init, const char *program,
                       const struct apply_environment *environment, int starter,
                       struct thole_error *err) {
    const struct plan_process *process = init->plan->process;
    if (run_container_hooks(init, PLAN_HOOK_START_CONTAINER, environment->items, err) < 0)
        return -1;
    if (apply_keep_fds(init->passed_fds, init->passed_count, err) < 0)
        return -1;
    if (apply_exec_labels(process, init->proc_fd, err) < 0)
        return -1;
    apply_reset_signals(process);
    /* The last one: a filter may forbid to read the clock. */
    phases_end(init->phases, PHASES_INSIDE, "last steps");
    if (load_filter(init, starter, err) < 0)
        return -1;
    if (needs_admin_for_filter(init) && apply_capabilities(process, err) < 0)
        return -1;
    (void)execve(program, process->args.items, environment->items);
    return apply_executable_error(program, errno, process->program_where, err);
}

static noreturn void fail(int socket, const struct thole_error *failure) {
    wire_send_error(socket, failure);
    _exit(EXIT_FAILURE);
}

/* Fds that init needs while it waits and afterwards; the runtime's others, its lock and the cgroup
 * directories among them, are inherited copies that would live on with it. */
static int drop_inherited_fds(const struct apply_init *init, struct thole_error *err) {
    const struct plan_process *process = init->plan->process;
    int kept[4 + 1024] = {init->sync, init->gate, init->hook_state};
    size_t count = 3;
    if (process != NULL && apply_has_exec_label(process))
        kept[count++] = init->proc_fd;
    for (size_t i = 0; i < init->passed_count; i++)
        kept[count++] = init->passed_fds[i];
    return apply_close_fds(kept, count, err);
}

/* The runtime may exit as soon as it reads the message, which must not end this process. */
static int announce_ready(const struct apply_init *init, struct thole_error *err) {
    if (drop_inherited_fds(init, err) < 0)
        return -1;
    (void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    return wire_send(init->sync, WIRE_READY, NULL, 0, -1, err);
}

void apply_init(const struct apply_init *init) {
    struct thole_error err = {0};
    char program[PATH_MAX];
    struct apply_environment environment; /* large: filled only when it is needed */

    phases_end(init->phases, PHASES_INSIDE, "birth");
    (void)close(init->runtime_end);
    if (init->stage_end >= 0)
        (void)close(init->stage_end);
    init->sources->lender = init->sync;
    /* A runtime that is killed half-way takes this process with it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (prepare(init, program, sizeof(program), &environment, &err) < 0 ||
        announce_ready(init, &err) < 0)
        fail(init->sync, &err);
    phases_end(init->phases, PHASES_INSIDE, "process");

    int starter = wait_at_gate(init, &err);
    if (starter < 0)
        _exit(EXIT_FAILURE);
    phases_end(init->phases, PHASES_INSIDE, "waiting for start");
    if (init->plan->process == NULL) {
        error_config(&err, "/process", "the configuration has no process to start");
        fail(starter, &err);
    }
    (void)run_program(init, program, &environment, starter, &err);
    fail(starter, &err);
}
