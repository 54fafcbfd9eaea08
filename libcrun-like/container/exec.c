/* SPDX-License-Identifier: Apache-2.0 */
/* thole_exec(): one more program in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/exec.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/names.h"
#include "base/wire.h"
#include "cgroup/cgroup.h"
#include "container/gate.h"
#include "container/process.h"
#include "container/state.h"
#include "container/users.h"
#include "host/probe.h"
#include "oci-spec/document.h"
#include "plan/build.h"
#include "security/seccomp.h"
#include "sys/clone.h"
#include "terminal/pty.h"
#include "terminal/relay.h"

/* Everything one exec holds. */
struct execution {
    struct container container;
    struct plan_process *process;
    struct seccomp_filter filter;
    struct apply_exec apply;
    int passed_fds[1024];
    bool replace[3];
    bool heard; /* the new process has sent a message */
    int sync;
    int pidfd; /* of the new process, as @pid */
    pid_t pid;
    int console; /* pty master, -1: none */
};

static void execution_done(struct execution *execution) {
    container_done(&execution->container);
    seccomp_filter_done(&execution->filter);
    const int fds[] = {execution->apply.pidfd, execution->apply.proc_fd, execution->apply.devpts,
                       execution->sync,        execution->pidfd,         execution->console};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
}
#define cleanup_execution __attribute__((cleanup(execution_done)))

/* ---- deciding ------------------------------------------------------------------------------- */

static int check_status(const struct thole_exec_request *request, const struct container *container,
                        struct thole_error *err) {
    switch (container_status(container)) {
    case THOLE_STATUS_STOPPED:
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "cannot exec in a stopped container: container not running");
    case THOLE_STATUS_CREATING:
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "cannot exec in a container that is being created");
    case THOLE_STATUS_PAUSED:
        if (!request->ignore_paused)
            return error_set(err, THOLE_ERROR_STATE, 0, NULL, "cannot exec in a paused container");
        return 0;
    default:
        return 0;
    }
}

static int read_process_file(const char *path, struct arena *arena,
                             struct oci_process **ret_process, struct thole_error *err) {
    cleanup_free char *json = NULL;
    size_t length = 0;
    if (file_read_at(AT_FDCWD, path, OCI_DOCUMENT_MAX, &json, &length, err) < 0)
        return -1;
    return oci_read_process(json, length, arena, ret_process, err);
}

static int resolve_user(const struct thole_exec_request *request, struct container *container,
                        const char **ret_user, struct thole_error *err) {
    if (request->user == NULL)
        return 0;
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/root", (int)container->record->pid);
    cleanup_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(err, NULL, "open the root of the container");
    return users_resolve(root, request->user, &container->arena, ret_user, err);
}

static int plan_process(const struct thole_context *context,
                        const struct thole_exec_request *request, struct execution *execution,
                        struct thole_error *err) {
    struct container *container = &execution->container;
    struct arena *arena = &container->arena;
    struct oci_config *config = NULL;
    struct oci_process *process = NULL;
    struct host_facts *facts = NULL;
    struct plan_exec_request wish = {
        .cwd = request->cwd,
        .args = request->args,
        .env = request->env,
        .capabilities = request->capabilities,
        .additional_gids = request->additional_gids,
        .additional_gid_count = request->additional_gid_count,
        .terminal = request->terminal,
        .no_new_privileges = request->no_new_privileges,
        .selinux = request->selinux,
        .apparmor = request->apparmor,
    };
    if (container_read_config(container, &config, err) < 0 ||
        resolve_user(request, container, &wish.user, err) < 0)
        return -1;
    if (request->process_file != NULL &&
        read_process_file(request->process_file, arena, &process, err) < 0)
        return -1;
    if (host_probe(arena, HOST_NEED_SECURITY, &facts, err) < 0)
        return -1;
    if (plan_exec_build(config, process, facts, &wish, arena, &execution->process, err) < 0)
        return -1;
    for (char *const *line = execution->process->warnings; line != NULL && *line != NULL; line++)
        log_warning(&context->log, "%s", *line);
    return 0;
}

static bool same_namespace(pid_t pid, unsigned long flag) {
    char own[48];
    char other[48];
    struct stat a;
    struct stat b;
    (void)snprintf(own, sizeof(own), "/proc/self/ns/%s", names_namespace_file(flag));
    (void)snprintf(other, sizeof(other), "/proc/%d/ns/%s", (int)pid, names_namespace_file(flag));
    return stat(own, &a) == 0 && stat(other, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

/* Only what differs is joined: entering the own user namespace again is refused by the kernel, and
 * an unprivileged caller may not enter the host's. */
static unsigned long namespaces_to_join(pid_t pid) {
    static const unsigned long all[] = {CLONE_NEWUSER,   CLONE_NEWNS,  CLONE_NEWPID,
                                        CLONE_NEWUTS,    CLONE_NEWIPC, CLONE_NEWNET,
                                        CLONE_NEWCGROUP, CLONE_NEWTIME};
    unsigned long flags = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (!same_namespace(pid, all[i]))
            flags |= all[i];
    }
    return flags;
}

/* ---- preparing ------------------------------------------------------------------------------ */

/* A standard stream that is a terminal is replaced by a new one, whatever the container does with
 * it: the process inside never holds the caller's (tty_ioctl(4), TIOCSTI). */
static int prepare_terminal(const struct thole_exec_request *request, struct execution *execution,
                            struct thole_error *err) {
    bool any = false;
    for (int fd = 0; fd < 3; fd++) {
        execution->replace[fd] = execution->process->terminal || (!request->raw && isatty(fd) == 1);
        any = any || execution->replace[fd];
    }
    if (request->console_socket != NULL && !execution->process->terminal)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                         "cannot use console socket if thole will not allocate tty");
    if (execution->process->terminal && request->detach && request->console_socket == NULL)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                         "cannot allocate tty if thole will detach without setting console socket");
    if (!any)
        return 0;
    execution->apply.replace = execution->replace;
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    execution->apply.devpts = terminal_devpts_open(root, err);
    return execution->apply.devpts < 0 ? -1 : 0;
}

static int prepare_filter(struct execution *execution, struct thole_error *err) {
    const struct container *container = &execution->container;
    if (faccessat(container->directory, STATE_FILTER, F_OK, 0) < 0)
        return 0;
    if (seccomp_filter_read(container->directory, STATE_FILTER, &execution->filter, err) < 0)
        return -1;
    execution->apply.filter = &execution->filter;
    return 0;
}

static int collect_passed_fds(const struct thole_exec_request *request, struct execution *execution,
                              struct thole_error *err) {
    unsigned count = request->listen_fds + request->preserve_fds;
    size_t capacity = sizeof(execution->passed_fds) / sizeof(execution->passed_fds[0]);
    if (count > capacity)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                         "at most %zu file descriptors can be passed on", capacity);
    for (int fd = 3; fd < 3 + (int)count; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            execution->passed_fds[execution->apply.passed_count++] = fd;
    }
    execution->apply.passed_fds = execution->passed_fds;
    return 0;
}

static int prepare(const struct thole_context *context, const struct thole_exec_request *request,
                   struct execution *execution, struct thole_error *err) {
    struct container *container = &execution->container;
    if (collect_passed_fds(request, execution, err) < 0 ||
        container_open(context, request->id, container, err) < 0)
        return -1;
    if (check_status(request, container, err) < 0)
        return -1;
    execution->apply.pidfd = container_pidfd(container, err);
    if (execution->apply.pidfd < 0 || plan_process(context, request, execution, err) < 0 ||
        prepare_filter(execution, err) < 0 || prepare_terminal(request, execution, err) < 0)
        return -1;
    execution->apply.process = execution->process;
    execution->apply.flags = namespaces_to_join((pid_t)container->record->pid);
    execution->apply.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (execution->apply.proc_fd < 0)
        return error_errno(err, NULL, "open the host's /proc");
    return 0;
}

/* ---- starting ------------------------------------------------------------------------------- */

/* Runs until the new process is ready to execve. The two processes share the socket: their messages
 * may come in any order. */
static int receive_ready(const struct thole_exec_request *request, struct execution *execution,
                         struct thole_error *err) {
    bool ready = false;
    while (!ready || execution->pid == 0) {
        struct wire_message message;
        int got = wire_receive(execution->sync, &message, err);
        if (got == 0)
            return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                             "the process ended before it was ready");
        execution->heard = execution->heard || got < 0 || message.kind != WIRE_CHILD_PID;
        if (got < 0)
            return -1;
        if (message.kind == WIRE_CHILD_PID) {
            execution->pid = (pid_t)message.payload.number;
        } else if (message.kind == WIRE_READY) {
            ready = true;
        } else if (message.kind == WIRE_CONSOLE && message.fd_count == 1) {
            execution->console = message.fds[0];
            if (request->console_socket != NULL &&
                terminal_send_fd(request->console_socket, execution->console, "/dev/ptmx", err) < 0)
                return -1;
            for (int fd = 2; request->console_socket == NULL && fd >= 0; fd--)
                terminal_copy_size(fd, execution->console);
            if (wire_send(execution->sync, WIRE_CONSOLE_KEPT, NULL, 0, -1, err) < 0)
                return -1;
        } else {
            return error_bug(err, "the process sent message %u before it was ready", message.kind);
        }
    }
    return 0;
}

/* After a failure: learns the pid if there is one, ends the process and reaps it. Returns its wait
 * status, 0 if there was none. */
static int abandon(struct execution *execution) {
    struct wire_message message;
    while (execution->pid == 0) {
        struct thole_error ignored = {0};
        int got = wire_receive(execution->sync, &message, &ignored);
        if (got == 0 || (got < 0 && ignored.kind == THOLE_ERROR_BUG))
            return 0;
        if (got > 0 && message.kind == WIRE_CHILD_PID)
            execution->pid = (pid_t)message.payload.number;
    }
    int status = 0;
    (void)kill(execution->pid, SIGKILL);
    while (waitpid(execution->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    execution->pid = 0;
    return status;
}

static int start_once(const struct thole_exec_request *request, struct execution *execution,
                      const struct cgroup_entry *cgroup, bool *ret_stillborn,
                      struct thole_error *err) {
    int pair[2];
    if (wire_pair(pair, err) < 0)
        return -1;
    execution->sync = pair[0];
    execution->apply.sync = pair[1];
    execution->apply.runtime_end = pair[0];
    execution->apply.cgroup = cgroup;
    cleanup_close int stage_pidfd = -1;
    pid_t stage = sys_clone(0, -1, &stage_pidfd);
    if (stage == 0)
        apply_exec(&execution->apply);
    (void)close(pair[1]);
    if (stage < 0)
        return error_errno(err, NULL, "fork");
    int result = receive_ready(request, execution, err);
    (void)process_wait(stage_pidfd);
    if (result < 0) {
        bool silent = !execution->heard && err->kind != THOLE_ERROR_BUG;
        int status = abandon(execution);
        *ret_stillborn = silent && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        (void)close(take_fd(&execution->sync));
        return -1;
    }
    return 0;
}

/* A process that the kernel kills at its birth in the cgroup enters by itself: see launch() of
 * creation.c. */
static int start_in(const struct thole_exec_request *request, struct execution *execution,
                    const struct cgroup_entry *cgroup, struct thole_error *err) {
    bool stillborn = false;
    execution->apply.enters_cgroup = false;
    if (start_once(request, execution, cgroup, &stillborn, err) == 0)
        return 0;
    if (!stillborn || cgroup->unified < 0)
        return -1;
    execution->apply.enters_cgroup = true;
    return start_once(request, execution, cgroup, &stillborn, err);
}

/* A container that made cgroups of its own inside keeps no processes in its outermost one: then the
 * new process goes where init is. */
static int start(const struct thole_exec_request *request, struct execution *execution,
                 struct thole_error *err) {
    struct container *container = &execution->container;
    const struct plan_cgroup *cgroup = container_cgroup(container);
    cleanup_cgroup_entry struct cgroup_entry entry = CGROUP_ENTRY_INIT;
    if (cgroup->directory_count > 0 &&
        cgroup_entry_open(cgroup, request->cgroup != NULL ? request->cgroup : "", &entry, err) < 0)
        return -1;
    if (start_in(request, execution, &entry, err) == 0)
        return 0;
    if (err->code != EBUSY || request->cgroup != NULL || entry.unified < 0)
        return -1;
    cleanup_cgroup_entry struct cgroup_entry of_init = CGROUP_ENTRY_INIT;
    if (cgroup_entry_open_of(cgroup, (pid_t)container->record->pid, &of_init, err) < 0)
        return -1;
    return start_in(request, execution, &of_init, err);
}

static int finish_start(const struct thole_exec_request *request, struct execution *execution,
                        struct thole_error *err) {
    execution->pidfd = pidfd_open(execution->pid, 0);
    if (execution->pidfd < 0)
        return error_errno(err, NULL, "open the new process");
    bool user_namespace = (execution->apply.flags & CLONE_NEWUSER) != 0;
    if (apply_oom_score(execution->process, execution->apply.proc_fd, execution->pid, err) < 0 ||
        (user_namespace && apply_rlimits(execution->process, execution->pid, err) < 0))
        return -1;
    if (request->pidfd_socket != NULL &&
        terminal_send_fd(request->pidfd_socket, execution->pidfd, "setns", err) < 0)
        return -1;
    if (gate_start(&execution->container, execution->sync, err) < 0)
        return -1;
    if (request->pid_file == NULL)
        return 0;
    char text[16];
    int length = snprintf(text, sizeof(text), "%d", (int)execution->pid);
    return file_replace_at(AT_FDCWD, request->pid_file, text, (size_t)length, 0644, err);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static int wait_in_foreground(const struct thole_exec_request *request, struct execution *execution,
                              struct terminal_relay *relay, struct thole_error *err) {
    relay->pidfd = execution->pidfd;
    relay->pid = execution->pid;
    relay->master = -1;
    relay->input = -1;
    relay->output = -1;
    if (execution->console >= 0 && request->console_socket == NULL) {
        relay->master = execution->console;
        if (execution->replace[0])
            relay->input = 0;
        /* What the pty says goes to the terminal it stands for. */
        relay->output = execution->replace[1] ? 1 : execution->replace[2] ? 2 : 0;
    }
    return terminal_relay_run(relay, err);
}

int thole_exec(const struct thole_context *context, const struct thole_exec_request *request,
               int *ret_status, struct thole_error *err) {
    cleanup_execution struct execution execution = {
        .container = CONTAINER_INIT,
        .apply = {.sync = -1, .pidfd = -1, .proc_fd = -1, .devpts = -1},
        .sync = -1,
        .pidfd = -1,
        .console = -1,
    };
    struct terminal_relay relay = {
        .master = -1, .input = -1, .output = -1, .forward_signals = true};
    if (prepare(context, request, &execution, err) < 0)
        return -1;
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (!request->detach && terminal_relay_block(&relay, err) < 0)
        return -1;
    if (start(request, &execution, err) < 0)
        return -1;
    if (finish_start(request, &execution, err) < 0) {
        abandon(&execution);
        return -1;
    }
    *ret_status = 0;
    if (request->detach)
        return 0;
    int status = wait_in_foreground(request, &execution, &relay, err);
    if (status < 0)
        return -1;
    *ret_status = status;
    return 0;
}
