/* SPDX-License-Identifier: Apache-2.0 */
/* A process becomes one of the container's: init in its place, exec in two. */
#include "apply/become.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/executable.h"
#include "apply/process.h"
#include "apply/stdio.h"
#include "apply/terminals.h"
#include "base/cleanup.h"
#include "base/phases.h"
#include "base/wire.h"
#include "security/label.h"
#include "sys/sched.h"
#include "terminal/pty.h"

enum { ARGUMENTS_MAX = 32 * 1024 * 1024 };

void apply_become_anonymous(void) {
    /* The kernel puts arguments, environment and the file's name one behind the other: execve(2).
     */
    char *start = program_invocation_name;
    uintptr_t end = (uintptr_t)getauxval(AT_EXECFN);
    if (end > (uintptr_t)start && end - (uintptr_t)start < ARGUMENTS_MAX)
        memset(start, 0, end - (uintptr_t)start);
}

int apply_become_root(const struct apply_become *become, struct thole_error *err) {
    if (!become->user_namespace)
        return 0;
    /* A mapping without id 0 leaves the ids as they are; the capabilities are there all the same.
     */
    int gid_set = setresgid(0, 0, 0) < 0 ? errno : 0;
    int uid_set = setresuid(0, 0, 0) < 0 ? errno : 0;
    errno = gid_set != 0 && gid_set != EINVAL ? gid_set : uid_set;
    if (errno != 0 && errno != EINVAL)
        return error_errno(err, "/linux/uidMappings", "become root of the user namespace");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a change of ids has cleared it */
    return 0;
}

/* ---- standard streams and terminal ---------------------------------------------------------- */

/* From the container's own devpts, so that `tty` works inside; else from the host's. */
static int open_pty(const struct apply_become *become, int root_fd, struct terminal_pty *pty,
                    struct thole_error *err) {
    cleanup_close int devpts = terminal_devpts_open(root_fd, err);
    if (devpts >= 0 && terminal_pty_open(devpts, become->bare_output, pty, err) == 0)
        return 0;
    return become->devpts < 0 ? -1
                              : terminal_pty_open(become->devpts, become->bare_output, pty, err);
}

int apply_become_console(const struct apply_become *become, int root_fd, int *ret_peer,
                         struct thole_error *err) {
    const struct plan_process *process = become->process;
    cleanup_terminal_pty struct terminal_pty pty = TERMINAL_PTY_INIT;
    *ret_peer = -1;
    if (become->replace == NULL)
        return 0;
    if (open_pty(become, root_fd, &pty, err) < 0)
        return -1;
    if (process->console_rows != 0 &&
        terminal_set_size(pty.master, (uint16_t)process->console_rows,
                          (uint16_t)process->console_columns, err) < 0)
        return -1;
    if (fchown(pty.peer, process->uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM)
        return error_errno(err, "/process/terminal", "set the owner of the terminal");
    if (become->binds_console &&
        apply_terminals_bind_console(become->terminals, pty.peer, root_fd, err) < 0)
        return -1;
    struct wire_message message;
    if (wire_send(become->sync, WIRE_CONSOLE, NULL, 0, pty.master, err) < 0 ||
        wire_expect(become->sync, WIRE_CONSOLE_KEPT, &message, "the runtime", err) < 0)
        return -1;
    *ret_peer = take_fd(&pty.peer);
    return 0;
}

int apply_become_stdio(const struct apply_become *become, int peer, struct thole_error *err) {
    for (int fd = 0; fd < 3; fd++) {
        int source = peer >= 0 && become->replace[fd] ? peer : become->stdio[fd];
        /* dup2() of a descriptor onto itself would leave it close-on-exec. */
        if (source >= 0 && (source == fd ? fcntl(fd, F_SETFD, 0) : dup2(source, fd)) < 0)
            return error_errno(err, NULL, "replace file descriptor %d", fd);
    }
    return 0;
}

int apply_become_leader(int peer, struct thole_error *err) {
    static const bool none[3];
    if (peer < 0)
        return setsid() < 0 ? error_errno(err, NULL, "create a session") : 0;
    if (terminal_adopt(peer, none, err) < 0)
        return -1;
    if (peer > 2)
        (void)close(peer);
    return 0;
}

int apply_become_bare(const struct apply_become *become, const int *others, size_t count,
                      struct thole_error *err) {
    int kept[8] = {become->sync};
    size_t kept_count = 1;
    if (become->process != NULL && apply_has_exec_label(become->process))
        kept[kept_count++] = become->proc_fd;
    if (become->init >= 0)
        kept[kept_count++] = become->init;
    for (size_t i = 0; i < count; i++)
        kept[kept_count++] = others[i];
    return apply_close_fds(become->passed, kept, kept_count, err);
}

/* ---- from root to the user ------------------------------------------------------------------- */

static int set_surroundings(const struct apply_become *become, struct thole_error *err) {
    const struct plan_process *process = become->process;
    const struct plan_memory_policy *memory = &process->memory_policy;
    if (process->personality != (unsigned long)-1 && personality(process->personality) < 0)
        return error_errno(err, "/linux/personality", "set the personality");
    if (memory->set && sys_set_memory_policy(memory->mode, memory->nodes) < 0)
        return error_errno(err, "/linux/memoryPolicy", "set the memory policy");
    if (become->keyring != NULL &&
        label_new_keyring(become->proc_fd, become->keyring, process->selinux, err) < 0)
        return -1;
    /* The caller's affinity is not the container's; a cpuset cgroup still bounds it. */
    if (process->cpu_initial == NULL)
        (void)sys_reset_cpus(0);
    if (process->cpu_final != NULL && sys_set_cpu_list(0, process->cpu_final) < 0)
        return error_errno(err, "/process/execCPUAffinity/final", "set the CPU affinity");
    return 0;
}

/* Nothing but execve may be allowed by the filter: all other work is done before it is loaded. */
static bool needs_admin_for_filter(const struct apply_become *become) {
    return become->filter != NULL && !become->process->no_new_privileges;
}

static int enter_directory(const struct apply_become *become, bool first_try,
                           struct thole_error *err) {
    struct thole_error failure;
    int entered = apply_working_directory(become->process, first_try, &failure);
    if (entered < 0 && !become->cwd_or_root)
        return (*err = failure, -1);
    if (entered < 0 && chdir("/") < 0)
        return error_errno(err, NULL, "change directory to /");
    return entered < 0 ? 1 : entered;
}

int apply_become_user(const struct apply_become *become, struct thole_error *err) {
    const struct plan_process *process = become->process;
    if (set_surroundings(become, err) < 0)
        return -1;
    int entered = enter_directory(become, true, err);
    if (entered < 0)
        return -1;
    if (!become->user_namespace && apply_rlimits_raise(process, 0, err) < 0)
        return -1;
    apply_stdio_give(process->uid);
    if (apply_identity(process, needs_admin_for_filter(become), err) < 0)
        return -1;
    /* New ids bring the system's default back, which may be to let others of that id look in. */
    if (apply_hide(err) < 0)
        return -1;
    /* They also take this back, which ends the process when its parent dies. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return entered == 0 ? enter_directory(become, false, err) : 0;
}

int apply_become_ready(const struct apply_become *become, struct apply_program *program,
                       struct thole_error *err) {
    const struct plan_process *process = become->process;
    if (process->unprivileged && apply_scheduling(process, 0, err) < 0)
        return -1;
    program->environment = (char **)(uintptr_t)process->env.items;
    if (process->set_home) {
        char *home = apply_home(process->uid, err);
        if (home == NULL)
            return -1;
        program->environment = apply_environment_with(program->environment, home);
    }
    if (become->terminals != NULL && become->terminals->variable != NULL)
        program->environment =
            apply_environment_with(program->environment, become->terminals->variable);
    program->path = apply_executable_find(process, err);
    return program->path != NULL ? 0 : -1;
}

/* ---- the last steps -------------------------------------------------------------------------- */

static int load_filter(const struct apply_become *become, int starter, struct thole_error *err) {
    if (become->filter == NULL)
        return 0;
    int notify_fd = seccomp_filter_load(become->filter, err);
    if (notify_fd <= 0)
        return notify_fd;
    struct wire_message message;
    if (wire_send(starter, WIRE_SECCOMP, NULL, 0, notify_fd, err) < 0 ||
        wire_expect(starter, WIRE_SECCOMP_KEPT, &message, "the starter", err) < 0)
        return -1;
    (void)close(notify_fd);
    return 0;
}

int apply_become_confined(const struct apply_become *become, int starter, struct thole_error *err) {
    if (apply_exec_labels(become->process, become->proc_fd, err) < 0)
        return -1;
    apply_reset_signals(become->process);
    if (apply_rlimits(become->process, err) < 0)
        return -1;
    if (load_filter(become, starter, err) < 0)
        return -1;
    return needs_admin_for_filter(become) ? apply_capabilities(become->process, err) : 0;
}

/* The init of the host starts the program, which has been found already: INIT [-w] -- PROGRAM ...
 */
static int execute_init(const struct apply_become *become, const struct apply_program *program,
                        struct thole_error *err) {
    static char waits[] = "-w";
    static char end_of_options[] = "--";
    const struct plan_process *process = become->process;
    const char *slash = strrchr(process->init, '/');
    const char **args = calloc(process->args.count + 4, sizeof(*args));
    if (args == NULL)
        abort();
    size_t count = 0;
    args[count++] = slash != NULL ? slash + 1 : process->init;
    if (process->init_waits)
        args[count++] = waits;
    args[count++] = end_of_options;
    args[count++] = program->path;
    for (size_t i = 1; i < process->args.count; i++)
        args[count++] = process->args.items[i];
    (void)syscall(SYS_execveat, become->init, "", args, program->environment, AT_EMPTY_PATH);
    error_errno(err, NULL, "exec the init %s", process->init);
    free(args);
    return -1;
}

/* The keeper may have died before it was asked to be noticed. */
static bool is_orphan(int starter) {
    struct pollfd entry = {.fd = starter};
    return poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
}

int apply_become_program(const struct apply_become *become, int starter,
                         const struct apply_program *program, struct thole_error *err) {
    const struct plan_process *process = become->process;
    /* Up to here it was to die with the runtime; a program that runs is on its own, unless its
     * keeper is to take it along. */
    if (prctl(PR_SET_PDEATHSIG, become->death_signal, 0, 0, 0) < 0)
        return error_errno(err, NULL, "set the signal for the keeper's end");
    if (become->death_signal != 0 && is_orphan(starter))
        return error_bug(err, "the keeper is gone");
    /* Now: a filter may forbid to read the clock. */
    phases_end(become->phases, PHASES_INSIDE, "last steps");
    if (apply_keep_fds(become->passed, err) < 0 || apply_become_confined(become, starter, err) < 0)
        return -1;
    if (become->init >= 0)
        return execute_init(become, program, err);
    (void)execve(program->path, process->args.items, program->environment);
    return apply_executable_error(program->path, errno, process->program_where, err);
}
