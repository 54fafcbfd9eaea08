/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to a created container (runtime-spec "Lifecycle", steps 1 to 5). */
#include "container/creation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/sources.h"
#include "base/cleanup.h"
#include "base/fastpath.h"
#include "base/file.h"
#include "base/library.h"
#include "base/wire.h"
#include "cgroup/cgroup.h"
#include "cgroup/devices.h"
#include "container/gate.h"
#include "container/hooks.h"
#include "container/notify.h"
#include "container/overlap.h"
#include "container/process.h"
#include "container/rdt.h"
#include "network/network.h"
#include "security/seccomp.h"
#include "terminal/pty.h"

/* What is needed only until init is ready. */
struct preparation {
    struct apply_init init;
    struct apply_sources sources;
    struct cgroup_entry cgroup;
    int cgroup_holder;
    struct seccomp_filter filter;
    int null_fd;
    bool in_one_go; /* by a runtime in the foreground, which is to start it as well */
    int passed_fds[1024];
};

static void preparation_done(struct preparation *preparation) {
    apply_sources_done(&preparation->sources);
    cgroup_entry_done(&preparation->cgroup);
    cgroup_release(preparation->cgroup_holder);
    seccomp_filter_done(&preparation->filter);
    const int fds[] = {preparation->init.gate, preparation->init.proc_fd,
                       preparation->init.hook_state, preparation->init.devpts,
                       preparation->null_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
}
#define cleanup_preparation __attribute__((cleanup(preparation_done)))

/* ---- the record ----------------------------------------------------------------------------- */

static uint64_t nanoseconds_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static char *copy_or_null(struct arena *arena, const char *string) {
    return string != NULL ? arena_strdup(arena, string) : NULL;
}

static void fill_record(struct container *container, const struct bundle *bundle) {
    const struct plan *plan = bundle->plan;
    struct arena *arena = &container->arena;
    struct container_record *record = container->record;
    record->oci_version = arena_strdup(arena, plan->oci_version);
    record->id = arena_strdup(arena, container->id);
    record->bundle = arena_strdup(arena, bundle->path);
    record->rootfs = arena_strdup(arena, plan->rootfs.source);
    record->created = nanoseconds_now();
    record->owner = geteuid();
    record->own_pid_namespace = (plan->namespaces.created & CLONE_NEWPID) != 0;
    record->new_keyring = plan->new_keyring;
    record->poststart = plan->hooks[PLAN_HOOK_POSTSTART].count > 0;
    record->poststop = plan->hooks[PLAN_HOOK_POSTSTOP].count > 0;
    if (plan->seccomp != NULL) {
        record->listener_path = copy_or_null(arena, plan->seccomp->listener_path);
        record->listener_metadata = copy_or_null(arena, plan->seccomp->listener_metadata);
    }
    record->annotations = bundle->config->annotations; /* lives as long as the bundle does */
    record_set_cgroup(record, &plan->cgroup, arena);
    rdt_note(&plan->rdt, record, arena);
}

/* ---- what init inherits --------------------------------------------------------------------- */

/* The fds to pass on are known before thole opens any of its own: holes in the range stay holes. */
static int collect_passed_fds(const struct thole_create_request *request,
                              struct preparation *preparation, struct thole_error *err) {
    unsigned count = request->listen_fds + request->preserve_fds;
    size_t capacity = sizeof(preparation->passed_fds) / sizeof(preparation->passed_fds[0]);
    if (count > capacity)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                         "at most %zu file descriptors can be passed on", capacity);
    for (int fd = 3; fd < 3 + (int)count; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            preparation->passed_fds[preparation->init.passed_count++] = fd;
    }
    preparation->init.passed_fds = preparation->passed_fds;
    return 0;
}

/* Compiling a usual profile takes longer than the rest of the start. Without a cache (-1) it works
 * all the same. */
static int open_filter_cache(int root) {
    if (!fastpath_allowed(FASTPATH_FILTER_CACHE))
        return -1;
    if (mkdirat(root, STATE_FILTER_CACHE, 0700) < 0 && errno != EEXIST)
        return -1;
    return openat(root, STATE_FILTER_CACHE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int prepare_filter(const struct thole_context *context, const struct creation *creation,
                          struct preparation *preparation, struct thole_error *err) {
    const struct plan_seccomp *seccomp = creation->bundle.plan->seccomp;
    if (seccomp == NULL)
        return 0;
    cleanup_close int cache = open_filter_cache(creation->container.root);
    if (seccomp_compile_cached(seccomp, &context->log, cache, &preparation->filter, err) < 0 ||
        seccomp_filter_save(&preparation->filter, creation->container.directory, STATE_FILTER,
                            err) < 0)
        return -1;
    preparation->init.filter = &preparation->filter;
    return 0;
}

static int prepare_hook_state(const struct plan *plan, struct preparation *preparation,
                              struct thole_error *err) {
    if (plan->hooks[PLAN_HOOK_CREATE_CONTAINER].count +
            plan->hooks[PLAN_HOOK_START_CONTAINER].count ==
        0)
        return 0;
    preparation->init.hook_state = memfd_create("state", MFD_CLOEXEC);
    if (preparation->init.hook_state < 0)
        return error_errno(err, "/hooks", "create a file for the state");
    return 0;
}

/* The caller's terminal stays outside: what is typed into it from inside would be executed outside
 * (tty_ioctl(4), TIOCSTI). */
static int prepare_stdio(const struct thole_context *context,
                         const struct thole_create_request *request, bool detached,
                         struct creation *creation, struct preparation *preparation,
                         struct thole_error *err) {
    static const char *const names[] = {"input", "output", "error"};
    struct apply_init *init = &preparation->init;
    const struct plan *plan = creation->bundle.plan;
    if (plan->process == NULL)
        return 0;
    for (int fd = 0; fd < 3; fd++) {
        bool callers = creation->stdio[fd] < 0 && terminal_is_one(fd);
        creation->replace[fd] = plan->process->terminal || (callers && !detached);
        init->stdio[fd] = creation->stdio[fd];
        if (creation->replace[fd])
            init->replace = creation->replace;
        if (!callers || creation->replace[fd])
            continue;
        if (preparation->null_fd < 0)
            preparation->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (preparation->null_fd < 0)
            return error_errno(err, NULL, "open /dev/null");
        init->stdio[fd] = preparation->null_fd;
        if (fd != 0)
            log_warning(&context->log,
                        "standard %s is a terminal, which a container in the background does not "
                        "get: what it writes there is dropped (run --detach --attachable keeps it)",
                        names[fd]);
    }
    int output = creation->replace[1] ? 1 : creation->replace[2] ? 2 : 0;
    init->bare_output = request->console_socket != NULL ||
                        (!detached && (!terminal_is_one(output) || !terminal_is_one(0)));
    bool own_devpts = plan->process->terminal && (plan->namespaces.created & CLONE_NEWNS) != 0;
    if (init->replace == NULL || own_devpts)
        return 0;
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    init->devpts = terminal_devpts_open(root, err);
    return init->devpts < 0 ? -1 : 0;
}

static int prepare_init(bool gated, struct creation *creation, struct preparation *preparation,
                        struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    struct apply_init *init = &preparation->init;
    init->plan = plan;
    init->sources = &preparation->sources;
    init->cgroup = &preparation->cgroup;
    init->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (init->proc_fd < 0)
        return error_errno(err, NULL, "open the host's /proc");
    if (prepare_hook_state(plan, preparation, err) < 0)
        return -1;
    if (gated) {
        init->gate = gate_listen(&creation->container, err);
        if (init->gate < 0)
            return -1;
    }
    return apply_sources_open(plan, init->proc_fd, &preparation->sources, err);
}

/* Only one process fits, and that would be the holder: init may still move in, where it could not
 * be born. */
static bool is_full_with_holder(const struct plan_cgroup *cgroup) {
    for (size_t i = 0; i < cgroup->write_count; i++) {
        const struct plan_cgroup_write *write = &cgroup->writes[i];
        if (strcmp(write->file, "pids.max") == 0 && strtoull(write->value, NULL, 10) <= 1)
            return strcmp(write->value, "max") != 0;
    }
    return false;
}

static int prepare_cgroup(const struct thole_context *context, struct creation *creation,
                          struct preparation *preparation, struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    if (plan->cgroup.manager == PLAN_CGROUP_DISABLED)
        return 0;
    if (cgroup_create(&plan->cgroup, &context->log, &preparation->cgroup_holder, err) < 0) {
        if (!plan->cgroup.best_effort)
            return -1;
        log_debug(&context->log, "running without a cgroup: %s", err->text);
        creation->container.record->cgroups.count = 0;
        *err = (struct thole_error){0};
        return 0;
    }
    creation->cgroup_made = true;
    preparation->init.enters_cgroup =
        (preparation->cgroup_holder >= 0 && is_full_with_holder(&plan->cgroup)) ||
        !fastpath_allowed(FASTPATH_CGROUP_BIRTH);
    struct plan_cgroup without_devices = plan->cgroup;
    without_devices.device_rule_count = 0;
    if (cgroup_apply_resources(&without_devices, false, &context->log, err) < 0)
        return -1;
    if (cgroup_entry_open(&plan->cgroup, "", &preparation->cgroup, err) < 0)
        return -1;
    return preparation->init.enters_cgroup ? cgroup_entry_allow_move(&preparation->cgroup, err) : 0;
}

/* ---- talking with init ---------------------------------------------------------------------- */

static int run_runtime_hooks(const struct creation *creation, const struct preparation *preparation,
                             struct thole_error *err) {
    const struct container *container = &creation->container;
    const struct plan *plan = creation->bundle.plan;
    if (hooks_run(container, plan, PLAN_HOOK_PRESTART, "creating", err) < 0 ||
        hooks_run(container, plan, PLAN_HOOK_CREATE_RUNTIME, "creating", err) < 0)
        return -1;
    if (preparation->init.hook_state < 0)
        return 0;
    /* These hooks run in the container's namespaces: so does the pid they are told. */
    pid_t pid = container->record->own_pid_namespace ? 1 : creation->launched.pid;
    cleanup_free char *creating = container_state_json(container, "creating", pid);
    cleanup_free char *created = container_state_json(container, "created", pid);
    if (dprintf(preparation->init.hook_state, "%s\n%s\n", creating, created) < 0)
        return error_errno(err, "/hooks", "write the state");
    return 0;
}

static int take_console(const struct thole_create_request *request, struct creation *creation,
                        struct wire_message *message, struct thole_error *err) {
    if (message->fd_count != 1)
        return error_bug(err, "init sent no console");
    if (request->console_socket == NULL) {
        creation->console = message->fds[0];
        /* Before the program starts: it may ask at once. */
        for (int fd = 2; fd >= 0; fd--)
            terminal_copy_size(fd, creation->console);
        return 0;
    }
    cleanup_close int master = message->fds[0];
    return terminal_send_fd(request->console_socket, master, "/dev/ptmx", err);
}

/* Init died without a word: most often a memory limit that is too small for its set-up. */
static int describe_silent_end(struct creation *creation, struct thole_error *err) {
    int status = process_wait(creation->launched.pidfd);
    creation->end = status;
    (void)close(take_fd(&creation->launched.pidfd));
    error_set(err, THOLE_ERROR_HOST, 0, NULL, "the container's init ended early (%s %d)",
              status > 128 ? "signal" : "exit status", status > 128 ? status - 128 : status);
    if (status == 128 + SIGKILL)
        error_hint(err, "a memory limit too small for the start itself has this effect");
    return -1;
}

/* The device rules hold from here on: init has made the container's nodes, which they may forbid;
 * hooks may still extend them. */
static int restrict_devices(const struct thole_context *context, struct creation *creation,
                            struct thole_error *err) {
    if (!creation->cgroup_made || creation->devices_restricted)
        return 0;
    creation->devices_restricted = true;
    return cgroup_apply_devices(&creation->bundle.plan->cgroup, &context->log, err);
}

static int wait_until_ready(const struct thole_context *context,
                            const struct thole_create_request *request, struct creation *creation,
                            const struct preparation *preparation, struct thole_error *err) {
    int sync = creation->launched.sync;
    for (;;) {
        struct wire_message message;
        int got = wire_receive(sync, &message, err);
        if (got == 0)
            return describe_silent_end(creation, err);
        creation->heard = true;
        if (got < 0)
            return -1;
        switch (message.kind) {
        case WIRE_REQUEST_HOOKS:
            if (restrict_devices(context, creation, err) < 0 ||
                run_runtime_hooks(creation, preparation, err) < 0 ||
                wire_send(sync, WIRE_HOOKS_DONE, NULL, 0, -1, err) < 0)
                return -1;
            break;
        case WIRE_CONSOLE:
            if (take_console(request, creation, &message, err) < 0 ||
                wire_send(sync, WIRE_CONSOLE_KEPT, NULL, 0, -1, err) < 0)
                return -1;
            break;
        case WIRE_READY:
            return restrict_devices(context, creation, err);
        default:
            return error_bug(err, "init sent message %u before it was ready", message.kind);
        }
    }
}

/* Before init begins, or while it works: what would otherwise be waited for at its end. */
static int restrict_devices_ahead(const struct thole_context *context, struct creation *creation,
                                  const struct preparation *preparation, struct thole_error *err) {
    if (preparation->init.replace != NULL || !overlap_allows_device_rules(creation->bundle.plan))
        return 0;
    return restrict_devices(context, creation, err);
}

/* A start that cannot be said is no failure: init then tells why. */
static void start_ahead(const struct thole_create_request *request, struct creation *creation,
                        const struct preparation *preparation) {
    struct thole_error ignored = {0};
    bool restricted = !creation->cgroup_made || creation->devices_restricted;
    if (preparation->in_one_go && preparation->init.replace == NULL && restricted &&
        overlap_allows_start(request, creation->bundle.plan))
        creation->started = gate_open(creation->launched.sync, &ignored) == 0;
}

static int move_net_devices(const struct creation *creation, struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    if (plan->net_device_count == 0)
        return 0;
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)creation->launched.pid);
    cleanup_close int netns = open(path, O_RDONLY | O_CLOEXEC);
    if (netns < 0)
        return error_errno(err, "/linux/netDevices", "open the container's network namespace");
    return network_move_devices(plan->net_devices, plan->net_device_count, netns, err);
}

static int save_config(const struct creation *creation, struct thole_error *err) {
    const struct bundle *bundle = &creation->bundle;
    return file_create_at(creation->container.directory, STATE_CONFIG, bundle->json,
                          bundle->json_length, 0600, err);
}

static int launch_once(const struct thole_context *context,
                       const struct thole_create_request *request, struct creation *creation,
                       struct preparation *preparation, struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    struct container_record *record = creation->container.record;
    if (!cgroup_devices_change_at_once(&plan->cgroup) &&
        restrict_devices_ahead(context, creation, preparation, err) < 0)
        return -1;
    if (launch_init(plan, &preparation->init, &creation->launched, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "clone");
    /* While init is at work. A record with a pid has a configuration beside it. */
    if (save_config(creation, err) < 0)
        return -1;
    record->pid = creation->launched.pid;
    record->start_time = process_start_time(creation->launched.pid);
    if (rdt_apply(&plan->rdt, creation->launched.pid, record, err) < 0 ||
        container_save(&creation->container, err) < 0 || move_net_devices(creation, err) < 0 ||
        restrict_devices_ahead(context, creation, preparation, err) < 0)
        return -1;
    start_ahead(request, creation, preparation);
    phases_end(context->phases, PHASES_RUNTIME, "record with its pid");
    if (wait_until_ready(context, request, creation, preparation, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "waiting for the container");
    /* Raising a limit takes a privilege that init has not got there. */
    if (plan_has_namespace(plan, CLONE_NEWUSER) && plan->process != NULL &&
        apply_rlimits(plan->process, creation->launched.pid, err) < 0)
        return -1;
    return 0;
}

static bool was_stillborn(struct creation *creation) {
    struct pollfd poll_fd = {.fd = creation->launched.pidfd, .events = POLLIN};
    if (poll_fd.fd >= 0 && poll(&poll_fd, 1, 0) == 1) {
        creation->end = process_wait(poll_fd.fd);
        (void)close(take_fd(&creation->launched.pidfd));
    }
    return !creation->heard && creation->end == 128 + SIGKILL;
}

/* Kernels compare how often cgroup.kill was written in the cgroups of parent and newborn: where the
 * counts differ, a process born by CLONE_INTO_CGROUP is killed at once. Such a one enters by
 * itself. */
static int launch(const struct thole_context *context, const struct thole_create_request *request,
                  struct creation *creation, struct preparation *preparation,
                  struct thole_error *err) {
    if (launch_once(context, request, creation, preparation, err) == 0)
        return 0;
    if (preparation->cgroup.unified < 0 || !was_stillborn(creation))
        return -1;
    launch_abort(&creation->launched);
    creation->started = false;
    preparation->init.enters_cgroup = true;
    if (cgroup_entry_allow_move(&preparation->cgroup, err) < 0)
        return -1;
    return launch_once(context, request, creation, preparation, err);
}

/* ---- the outcome ---------------------------------------------------------------------------- */

static int publish(const struct thole_create_request *request, const struct creation *creation,
                   struct thole_error *err) {
    const char *receiver = request->pidfd_socket != NULL ? request->pidfd_socket
                                                         : creation->bundle.plan->pidfd_receiver;
    if (receiver != NULL &&
        terminal_send_fd(receiver, creation->launched.pidfd, "standard", err) < 0)
        return -1;
    if (request->pid_file == NULL)
        return 0;
    char text[16];
    int length = snprintf(text, sizeof(text), "%d", (int)creation->launched.pid);
    return file_replace_at(AT_FDCWD, request->pid_file, text, (size_t)length, 0644, err);
}

static void log_warnings(const struct thole_context *context, const struct plan *plan) {
    for (char *const *line = plan->warnings; line != NULL && *line != NULL; line++)
        log_warning(&context->log, "%s", *line);
}

/* A terminal has two ends: with nobody to hold the other one, nothing could be typed or read. */
static int check_console(const struct thole_create_request *request, bool gated,
                         const struct plan *plan, struct thole_error *err) {
    bool terminal = plan->process != NULL && plan->process->terminal;
    if (terminal && gated && request->console_socket == NULL)
        return error_set(err, THOLE_ERROR_USAGE, 0, "/process/terminal",
                         "cannot allocate tty if thole will detach without setting console socket");
    if (!terminal && request->console_socket != NULL)
        return error_set(err, THOLE_ERROR_USAGE, 0, "/process/terminal",
                         "cannot use console socket if thole will not detach or allocate tty");
    return 0;
}

/* Asked before anything is made, together with the filter. */
static int check_libraries(const struct plan *plan, struct thole_error *err) {
    return plan->cgroup.manager == PLAN_CGROUP_SYSTEMD ? library_require(err) : 0;
}

static int build_in_directory(const struct thole_context *context,
                              const struct thole_create_request *request, bool gated, bool detached,
                              struct creation *creation, struct preparation *preparation,
                              struct thole_error *err) {
    struct container *container = &creation->container;
    const char *notify_directory = NULL;
    if (request->notify_socket != NULL) {
        notify_directory = notify_make_directory(container, err);
        if (notify_directory == NULL)
            return -1;
    }
    if (bundle_plan(context, request, NULL, notify_directory, &creation->bundle, err) < 0 ||
        check_console(request, gated, creation->bundle.plan, err) < 0 ||
        check_libraries(creation->bundle.plan, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "plan");
    if (prepare_filter(context, creation, preparation, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "seccomp filter");
    log_warnings(context, creation->bundle.plan);
    fill_record(container, &creation->bundle);
    container->record->notify_directory = copy_or_null(&container->arena, notify_directory);
    /* Saved before anything is made, so that delete finds what a killed create leaves behind. */
    if (container_save(container, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "record");
    if (prepare_cgroup(context, creation, preparation, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "cgroup");
    if (prepare_stdio(context, request, detached, creation, preparation, err) < 0 ||
        prepare_init(gated, creation, preparation, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "what the container inherits");
    if (launch(context, request, creation, preparation, err) < 0)
        return -1;
    return publish(request, creation, err);
}

int creation_build(const struct thole_context *context, const struct thole_create_request *request,
                   bool gated, bool detached, struct creation *creation, struct thole_error *err) {
    cleanup_preparation struct preparation preparation = {
        .init = {.phases = context->phases,
                 .sync = -1,
                 .gate = -1,
                 .proc_fd = -1,
                 .hook_state = -1,
                 .devpts = -1,
                 .stdio = {-1, -1, -1}},
        .null_fd = -1,
        .cgroup = CGROUP_ENTRY_INIT,
        .cgroup_holder = -1,
        .in_one_go = !gated && !detached,
    };
    if (collect_passed_fds(request, &preparation, err) < 0 ||
        container_check_id(request->id, err) < 0 ||
        bundle_read(request, NULL, &creation->bundle, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "configuration");
    if (container_new(context, request->id, &creation->container, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "state directory");
    if (build_in_directory(context, request, gated, detached, creation, &preparation, err) < 0) {
        creation_undo(context, creation);
        return -1;
    }
    return 0;
}

void creation_undo(const struct thole_context *context, struct creation *creation) {
    struct thole_error ignored = {0};
    struct container *container = &creation->container;
    bool had_init = creation->launched.pid > 0;
    launch_abort(&creation->launched);
    if (creation->bundle.plan != NULL) {
        const struct plan_cgroup *cgroup = &creation->bundle.plan->cgroup;
        if (had_init && !container->record->own_pid_namespace)
            (void)cgroup_kill(cgroup, SIGKILL, &ignored);
        if (creation->cgroup_made)
            (void)cgroup_remove(cgroup, &ignored);
        (void)rdt_remove(container->record, &ignored);
        if (had_init)
            (void)hooks_run(container, creation->bundle.plan, PLAN_HOOK_POSTSTOP, "stopped",
                            &ignored);
    }
    if (container_remove(container, &ignored) < 0)
        log_warning(&context->log, "%s", ignored.text);
}

void creation_done(struct creation *creation) {
    container_done(&creation->container);
    bundle_done(&creation->bundle);
    const int fds[] = {creation->launched.pidfd, creation->launched.sync, creation->console};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
}
