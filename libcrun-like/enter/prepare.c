/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a container: all decisions, before anything of it is touched. */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/process.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "enter/enter.h"
#include "enter/namespaces.h"
#include "enter/prepare.h"
#include "enter/shell.h"
#include "enter/users.h"
#include "host/probe.h"
#include "host/security_modules.h"
#include "oci-spec/document.h"
#include "plan/exec.h"
#include "security/seccomp_filter.h"
#include "state/process.h"
#include "state/status.h"
#include "terminal/pty.h"

/* ---- what the container is ---- */

static int check_status(const struct thole_exec_request *request, struct container *container,
                        struct thole_error *err) {
    enum thole_status status;
    if (container_status(container, &status, err) < 0)
        return -1;
    switch (status) {
    case THOLE_STATUS_STOPPED:
        return error_state(err, "cannot exec in a stopped container: container not running");
    case THOLE_STATUS_CREATING:
        return error_state(err, "cannot exec in a container that is being created");
    case THOLE_STATUS_PAUSED:
        if (!request->ignore_paused)
            return error_state(err, "cannot exec in a paused container");
        return 0;
    default:
        return 0;
    }
}

static bool wants_mounts(const struct thole_exec_request *request) {
    return request->namespaces == 0 || (request->namespaces & CLONE_NEWNS) != 0;
}

/* A container that shares the runtime's mount namespace has no more than a root directory. */
static int choose_namespaces(const struct thole_exec_request *request, struct entry *entry,
                             struct thole_error *err) {
    const struct container *container = &entry->container;
    const pid_t pid = (pid_t)container->record->pid;
    struct apply_exec *apply = &entry->apply;
    apply->flags = enter_namespaces(pid);
    if (request->namespaces != 0)
        apply->flags &= request->namespaces;
    else if ((request->keep & THOLE_KEEP_CGROUP) != 0) /* from inside, its own would be outside */
        apply->flags &= ~(unsigned long)CLONE_NEWCGROUP;
    if ((apply->flags & CLONE_NEWNS) != 0 || !wants_mounts(request))
        return 0;
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    if (enter_is_same_file(path, "/"))
        return 0;
    apply->root = process_open_root(container->record->pid, err);
    return apply->root < 0 ? -1 : 0;
}

/* ---- what the process is ---- */

static int read_process_file(const char *path, struct arena *arena,
                             struct oci_process **ret_process, struct thole_error *err) {
    cleanup_free char *json = NULL;
    size_t length = 0;
    if (file_read_at(AT_FDCWD, path, OCI_DOCUMENT_MAX, &json, &length, err) < 0)
        return -1;
    return oci_read_process(json, length, arena, ret_process, err);
}

static int resolve_user(const struct thole_exec_request *request, struct container *container,
                        struct plan_exec_user *ret_user, struct thole_error *err) {
    if (request->user == NULL)
        return 0;
    cleanup_close int root = process_open_root(container->record->pid, err);
    if (root < 0)
        return -1;
    if (users_resolve(root, request->user, &container->arena, ret_user, err) < 0)
        return -1;
    return request->user_groups
               ? users_groups(root, request->user, &container->arena, ret_user, err)
               : 0;
}

static bool has_assignment(char *const *env, const char *prefix) {
    for (; env != NULL && *env != NULL; env++) {
        if (text_starts_with(*env, prefix))
            return true;
    }
    return false;
}

/* TERM names a file to terminfo readers: nothing but a plain name is passed on. */
static bool is_plain_name(const char *term) {
    const size_t length = strlen(term);
    return length > 0 && length <= 64 && term[0] != '.' &&
           strspn(term, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._") ==
               length;
}

/* TERM of the caller, if the caller's terminal is what the process will talk to. */
static const char *term_of_caller(const struct thole_exec_request *request) {
    if (request->term == NULL || request->detach || request->console_socket != NULL ||
        request->process_file != NULL || !is_plain_name(request->term))
        return NULL;
    for (int fd = 0; fd < 3; fd++) {
        if (terminal_is_one(fd))
            return request->term;
    }
    return NULL;
}

static bool has_labels(const struct oci_process *process) {
    return process != NULL && (process->apparmor_profile != NULL || process->selinux_label != NULL);
}

/* A process file holds what is beneath /process of a configuration. */
static int check_labels(const struct plan_process *process, bool from_file,
                        struct thole_error *err) {
    const size_t inner = from_file ? strlen("/process") : 0;
    if (host_check_selinux_label(process->selinux, &"/process/selinuxLabel"[inner], err) < 0)
        return -1;
    return host_check_apparmor_profile(process->apparmor, &"/process/apparmorProfile"[inner], err);
}

static int plan_process(const struct thole_context *context,
                        const struct thole_exec_request *request, struct entry *entry,
                        struct thole_error *err) {
    struct container *container = &entry->container;
    struct arena *arena = &container->arena;
    struct oci_config *config = NULL;
    struct oci_process *process = NULL;
    struct host_facts *facts = NULL;
    char *no_command[] = {arena_strdup(arena, SHELL_DEFAULT), NULL};
    char here[PATH_MAX];
    struct plan_exec_user user = {0};
    struct plan_exec_request wish = {
        .user = request->user != NULL ? &user : NULL,
        .cwd = request->cwd,
        .args = request->args == NULL && request->process_file == NULL ? no_command : request->args,
        .env = request->env,
        .term = term_of_caller(request),
        .own_home = request->user != NULL && request->process_file == NULL &&
                    !has_assignment(request->env, "HOME="),
        .clear_env = request->clear_env,
        .capabilities = request->capabilities,
        .additional_gids = request->additional_gids,
        .additional_gid_count = request->additional_gid_count,
        .terminal = request->terminal,
        .no_new_privileges = request->no_new_privileges,
        .selinux = request->selinux,
        .apparmor = request->apparmor,
        .personality = request->personality,
    };
    /* The container's directory means nothing among the host's files. */
    if (wish.cwd == NULL && !wants_mounts(request))
        wish.cwd = getcwd(here, sizeof(here)) != NULL && here[0] == '/' ? here : "/";
    if (container_read_config(container, &config, err) < 0 ||
        resolve_user(request, container, &user, err) < 0)
        return -1;
    if (request->process_file != NULL &&
        read_process_file(request->process_file, arena, &process, err) < 0)
        return -1;
    const bool labels = request->selinux != NULL || request->apparmor != NULL ||
                        has_labels(config->process) || has_labels(process);
    if (host_probe(arena, HOST_NEED_SUBIDS | (labels ? HOST_NEED_SECURITY : 0), &facts, err) < 0)
        return -1;
    facts->cgroup_namespaces = facts->time_namespaces = true; /* or there were no such container */
    if (plan_exec_build(config, process, facts, &wish, arena, &entry->process, err) < 0 ||
        (labels && check_labels(entry->process, process != NULL, err) < 0))
        return -1;
    for (size_t i = 0; i < entry->process->warnings.count; i++)
        log_warning(&context->log, "%s", entry->process->warnings.items[i]);
    return 0;
}

/* ---- which of the container's confinements hold ---- */

/* The record knows of the filter; one that was made before records did is there all the same. */
static int load_filter(struct entry *entry, struct thole_error *err) {
    const struct container *container = &entry->container;
    const uint32_t expected = container->record->filter_length;
    cleanup_close int fd = openat(container->directory, STATE_FILTER, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && expected == 0)
        return 0;
    if (fd < 0)
        return error_errno(err, NULL, "open %s", STATE_FILTER);
    if (seccomp_filter_read(fd, &(struct text){0}, STATE_FILTER, &entry->filter, err) < 0)
        return -1;
    if (expected != 0 && entry->filter.count != expected)
        return error_state(err, "the saved seccomp filter has %zu instructions instead of %u",
                           entry->filter.count, expected);
    if (seccomp_filter_check(&entry->filter, entry->process->no_new_privileges, "/linux/seccomp",
                             err) < 0)
        return -1;
    entry->apply.become.filter = &entry->filter;
    return 0;
}

static int choose_confinement(const struct thole_exec_request *request, struct entry *entry,
                              struct thole_error *err) {
    struct plan_process *process = entry->process;
    if ((request->keep & THOLE_KEEP_CAPABILITIES) != 0) {
        if (request->capabilities != NULL && request->capabilities[0] != NULL)
            return error_usage(err, "capabilities cannot be both added and kept");
        entry->apply.keep_capabilities = true;
        process->no_new_privileges = request->no_new_privileges;
    }
    if ((request->keep & THOLE_KEEP_CGROUP) != 0 && request->cgroup != NULL)
        return error_usage(err,
                           "a cgroup of the container cannot be entered and the caller's be kept");
    if (entry->container.record->new_keyring)
        entry->apply.become.keyring = entry->container.record->id;
    if ((request->keep & THOLE_KEEP_LSM) == 0)
        return load_filter(entry, err);
    process->apparmor = request->apparmor;
    process->selinux = request->selinux;
    return 0;
}

/* ---- which descriptors it gets ---- */

static int check_raw(const struct thole_exec_request *request, struct thole_error *err) {
    if (!request->raw)
        return 0;
    if (request->terminal || request->detach)
        return error_usage(err,
                           "the caller's own terminal goes with neither a new one nor detaching");
    if (request->force || !terminal_takes_typing())
        return 0;
    error_usage(err,
                "the kernel lets processes type into a terminal they hold, so the caller's own is "
                "not handed over");
    return error_hint(err, "set the sysctl dev.tty.legacy_tiocsti to 0, or use --force");
}

/* A standard stream that is a terminal is replaced, whatever the container does with it: the
 * process inside never holds the caller's. */
static int choose_stdio(const struct thole_exec_request *request, struct entry *entry,
                        struct thole_error *err) {
    struct apply_exec *apply = &entry->apply;
    const bool terminal = entry->process->terminal;
    if (check_raw(request, err) < 0)
        return -1;
    if (request->console_socket != NULL && !terminal)
        return error_usage(err, "cannot use console socket if thole will not allocate tty");
    if (terminal && request->detach && request->console_socket == NULL)
        return error_usage(
            err, "cannot allocate tty if thole will detach without setting console socket");
    bool any = false;
    bool dropped = false;
    for (int fd = 0; fd < 3; fd++) {
        bool callers = !request->raw && terminal_is_one(fd);
        entry->replace[fd] = terminal || (callers && !request->detach);
        any = any || entry->replace[fd];
        dropped = dropped || (callers && !entry->replace[fd]);
        apply->become.stdio[fd] = callers && !entry->replace[fd] ? INT_MAX : -1;
    }
    apply->own_session = !request->raw;
    if (dropped) { /* nobody would be there to carry its bytes */
        entry->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (entry->null_fd < 0)
            return error_errno(err, NULL, "open /dev/null");
    }
    for (int fd = 0; fd < 3; fd++)
        apply->become.stdio[fd] = apply->become.stdio[fd] == INT_MAX ? entry->null_fd : -1;
    if (!any)
        return 0;
    int output = entry->replace[1] ? 1 : entry->replace[2] ? 2 : 0;
    apply->become.bare_output = request->console_socket != NULL || !terminal_is_one(output) ||
                                !terminal_is_one(0); /* only then is the one outside made raw */
    apply->become.replace = entry->replace;
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    apply->become.devpts = terminal_devpts_open(root, err);
    return apply->become.devpts < 0 ? -1 : 0;
}

int enter_prepare(const struct thole_context *context, const struct thole_exec_request *request,
                  struct entry *entry, struct thole_error *err) {
    struct container *container = &entry->container;
    struct apply_exec *apply = &entry->apply;
    if (apply_passed_fds((uint64_t)request->listen_fds + request->preserve_fds, request->raw,
                         &apply->become.passed, err) < 0 ||
        container_open(context, request->id, container, err) < 0)
        return -1;
    if (check_status(request, container, err) < 0)
        return -1;
    apply->pidfd = container_pidfd(container, err);
    if (apply->pidfd < 0 || plan_process(context, request, entry, err) < 0 ||
        choose_confinement(request, entry, err) < 0 || choose_stdio(request, entry, err) < 0 ||
        choose_namespaces(request, entry, err) < 0)
        return -1;
    apply->become.process = entry->process;
    apply->become.user_namespace = (apply->flags & CLONE_NEWUSER) != 0;
    apply->remount_sys_proc = request->remount_sys_proc;
    apply->become.cwd_or_root = request->cwd_or_root;
    apply->become.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (apply->become.proc_fd < 0)
        return error_errno(err, NULL, "open the host's /proc");
    /* An ordinary user's process does so itself: see apply_exec(). */
    if (geteuid() == 0 && apply_hide(err) < 0)
        return -1;
    if (request->args == NULL && request->process_file == NULL)
        return shell_choose(request, entry, err);
    return 0;
}
