/* SPDX-License-Identifier: Apache-2.0 */
/* What is settled before init is cloned. */
#include "create/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fastpath.h"
#include "base/log.h"
#include "cgroup/create.h"
#include "cgroup/directory.h"
#include "cgroup/join.h"
#include "cgroup/resources.h"
#include "resctrl/group.h"
#include "security/sealed_copy.h"
#include "security/seccomp_cache.h"
#include "security/seccomp_filter.h"
#include "state/gate.h"
#include "terminal/pty.h"

void preparation_done(struct preparation *preparation) {
    apply_bind_sources_done(&preparation->sources);
    cgroup_join_done(&preparation->cgroup);
    cgroup_release(preparation->cgroup_holder);
    seccomp_filter_done(&preparation->filter);
    cleanup_close_fd(&preparation->init.gate);
    cleanup_close_fd(&preparation->init.become.proc_fd);
    cleanup_close_fd(&preparation->init.become.init);
    cleanup_close_fd(&preparation->init.hook_state);
    cleanup_close_fd(&preparation->init.become.devpts);
    cleanup_close_fd(&preparation->null_fd);
}
/* ---- the record ----------------------------------------------------------------------------- */

static char *copy_or_null(struct arena *arena, const char *string) {
    return string != NULL ? arena_strdup(arena, string) : NULL;
}

void create_prepare_record(struct container *container, const struct bundle *bundle,
                           const char *notify_directory) {
    const struct plan *plan = bundle->plan;
    struct arena *arena = &container->arena;
    struct container_record *record = container->record;
    record->oci_version = arena_strdup(arena, plan->oci_version);
    record->id = arena_strdup(arena, container->id);
    record->bundle = arena_strdup(arena, bundle->path);
    record->rootfs = arena_strdup(arena, plan->rootfs.source);
    record->created = (uint64_t)clock_nanoseconds(CLOCK_REALTIME);
    record->owner = bundle->facts->euid;
    record->no_process = plan->process == NULL;
    record->own_pid_namespace = (plan->namespaces.created & CLONE_NEWPID) != 0;
    record->new_keyring = plan->new_keyring;
    record->poststart = plan->hooks[PLAN_HOOK_POSTSTART].count > 0;
    record->poststop = plan->hooks[PLAN_HOOK_POSTSTOP].count > 0;
    if (plan->seccomp != NULL) {
        record->listener_path = copy_or_null(arena, plan->seccomp->listener_path);
        record->listener_metadata = copy_or_null(arena, plan->seccomp->listener_metadata);
    }
    record->notify_directory = copy_or_null(arena, notify_directory);
    record->audit = copy_or_null(arena, plan->audit);
    record->annotations = bundle->config->annotations; /* lives as long as the bundle does */
    record_set_cgroup(record, &plan->cgroup, arena);
    resctrl_note(&plan->rdt, record, arena);
}

/* ---- what init inherits --------------------------------------------------------------------- */

/* Compiling a usual profile takes longer than the rest of the start. Without a cache (-1) it works
 * all the same. */
static int open_filter_cache(int root) {
    if (!fastpath_allowed(FASTPATH_FILTER_CACHE))
        return -1;
    if (mkdirat(root, STATE_FILTER_CACHE, 0700) < 0 && errno != EEXIST)
        return -1;
    return openat(root, STATE_FILTER_CACHE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int create_prepare_filter(const struct thole_context *context, const struct creation *creation,
                          struct preparation *preparation, struct thole_error *err) {
    const struct plan_seccomp *seccomp = creation->bundle.plan->seccomp;
    if (seccomp == NULL)
        return 0;
    cleanup_close int cache = open_filter_cache(creation->container.root);
    const struct plan_process *process = creation->bundle.plan->process;
    if (seccomp_compile_cached(seccomp, &context->log, cache, &preparation->filter, err) < 0 ||
        (process != NULL && seccomp_filter_check(&preparation->filter, process->no_new_privileges,
                                                 seccomp->where, err) < 0) ||
        seccomp_filter_save(&preparation->filter, &(struct text){0}, creation->container.directory,
                            STATE_FILTER, err) < 0)
        return -1;
    preparation->init.become.filter = &preparation->filter;
    creation->container.record->filter_length = (uint32_t)preparation->filter.count;
    return 0;
}

/* Hooks that bring no environment get the caller's, which init itself forgets. */
static char **copy_environment(struct arena *arena) {
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **copy = arena_new_array(arena, count + 1, char *);
    for (size_t i = 0; i < count; i++)
        copy[i] = arena_strdup(arena, environ[i]);
    return copy;
}

static int prepare_hook_state(const struct plan *plan, struct arena *arena,
                              struct preparation *preparation, struct thole_error *err) {
    if (!plan_has_hooks(plan, PLAN_HOOK_CREATE_CONTAINER, PLAN_HOOK_START_CONTAINER))
        return 0;
    preparation->init.hook_env = copy_environment(arena);
    preparation->init.hook_state = memfd_create("state", MFD_CLOEXEC);
    if (preparation->init.hook_state < 0)
        return error_errno(err, "/hooks", "create a file for the state");
    return 0;
}

/* In the background nobody carries bytes between a pty and the caller's terminal. A program that
 * may not have the terminal itself finds its input at the end; its output would be lost. */
static int refuse_terminal(int fd, struct thole_error *err) {
    error_usage(
        err,
        "standard %s is a terminal, and the kernel lets processes type into a terminal they "
        "hold: a container in the background does not get it",
        fd == 1 ? "output" : "error");
    return error_hint(err, "redirect it (> FILE 2>&1), or use run --detach --attachable, set the "
                           "sysctl dev.tty.legacy_tiocsti to 0, or use --raw");
}

int create_prepare_stdio(const struct thole_create_request *request, bool detached,
                         struct creation *creation, struct preparation *preparation,
                         struct thole_error *err) {
    struct apply_become *become = &preparation->init.become;
    const struct plan *plan = creation->bundle.plan;
    if (plan->process == NULL)
        return 0;
    bool handed_over = detached && (request->raw || !terminal_takes_typing());
    for (int fd = 0; fd < 3; fd++) {
        bool callers = creation->stdio[fd] < 0 && terminal_is_one(fd) && !handed_over;
        creation->replace[fd] = plan->process->terminal || (callers && !detached);
        become->stdio[fd] = creation->stdio[fd];
        if (creation->replace[fd])
            become->replace = creation->replace;
        if (!callers || creation->replace[fd])
            continue;
        if (fd != 0)
            return refuse_terminal(fd, err);
        preparation->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (preparation->null_fd < 0)
            return error_errno(err, NULL, "open /dev/null");
        become->stdio[fd] = preparation->null_fd;
    }
    if (become->replace == NULL)
        return 0;
    int output = creation->replace[1] ? 1 : creation->replace[2] ? 2 : 0;
    become->bare_output = request->console_socket != NULL ||
                          (!detached && (!terminal_is_one(output) || !terminal_is_one(0)));
    bool own_devpts = plan->process->terminal && (plan->namespaces.created & CLONE_NEWNS) != 0;
    if (own_devpts)
        return 0;
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    become->devpts = terminal_devpts_open(root, err);
    return become->devpts < 0 ? -1 : 0;
}

/* Of the host's file itself what runs inside gets nothing: /proc/1/exe is the copy. */
static int open_init_program(const char *path, struct thole_error *err) {
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? error_errno(err, NULL, "open the init %s", path) : sealed_copy(fd, "init", err);
}

int create_prepare_init(bool gated, struct creation *creation, struct preparation *preparation,
                        struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    struct apply_init *init = &preparation->init;
    init->plan = plan;
    init->become.process = plan->process;
    init->become.keyring = plan->new_keyring ? plan->id : NULL;
    if (creation->terminals.count > 0 || creation->terminals.directory != NULL)
        init->become.terminals = &creation->terminals;
    init->become.death_signal = creation->death_signal;
    init->become.user_namespace = plan_has_namespace(plan, CLONE_NEWUSER);
    init->become.binds_console =
        plan->process != NULL && plan->process->terminal && plan->setup_dev;
    /* Asked here: init has no environment any more. */
    init->empties =
        plan->rootfs.entry == PLAN_ROOT_EMPTIED && fastpath_allowed(FASTPATH_EMPTIED_NAMESPACE);
    init->sources = &preparation->sources;
    init->cgroup = &preparation->cgroup;
    init->become.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (init->become.proc_fd < 0)
        return error_errno(err, NULL, "open the host's /proc");
    if (plan->process != NULL && plan->process->init != NULL) {
        init->become.init = open_init_program(plan->process->init, err);
        if (init->become.init < 0)
            return -1;
    }
    if (prepare_hook_state(plan, &creation->container.arena, preparation, err) < 0)
        return -1;
    if (gated) {
        init->gate = gate_listen(&creation->container, err);
        if (init->gate < 0)
            return -1;
    }
    return apply_bind_sources_open(plan, init->become.proc_fd, &preparation->sources, err);
}

/* A limit under which nobody can be born, the holder counted: init may still move in. */
static bool is_full(const struct plan_cgroup *cgroup, bool has_holder) {
    const struct plan_cgroup_write *limit = plan_find_limit(cgroup, "pids.max");
    return limit != NULL && limit->number < (has_holder ? 2 : 1);
}

/* Where nobody asked for a cgroup, it may be missing in some hierarchies or in all. */
static int forget_missing_cgroups(struct container_record *record, struct thole_error *err) {
    size_t kept = 0;
    for (size_t i = 0; i < record->cgroups.count; i++) {
        const struct plan_cgroup_directory *directory = &record->cgroups.items[i];
        cleanup_close int fd = cgroup_open_path(directory->mountpoint, directory->path);
        if (fd < 0 && errno != ENOENT)
            return error_errno(err, NULL, "open cgroup %s", directory->path);
        if (fd >= 0)
            record->cgroups.items[kept++] = *directory;
    }
    record->cgroups.count = kept;
    return 0;
}

int create_prepare_cgroup(const struct thole_context *context, struct creation *creation,
                          struct preparation *preparation, struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    if (plan->cgroup.manager == PLAN_CGROUP_DISABLED)
        return 0;
    if (cgroup_create(&plan->cgroup, &context->log, &preparation->cgroup_holder,
                      &preparation->cgroup.unified, err) < 0) {
        if (!plan->cgroup.best_effort)
            return -1;
        log_debug(&context->log, "running without a cgroup: %s", err->text);
        creation->container.record->cgroups.count = 0;
        *err = (struct thole_error){0};
        return 0;
    }
    creation->cgroup_made = true;
    if (plan->cgroup.best_effort && forget_missing_cgroups(creation->container.record, err) < 0)
        return -1;
    preparation->init.enters_cgroup = is_full(&plan->cgroup, preparation->cgroup_holder >= 0) ||
                                      !fastpath_allowed(FASTPATH_CGROUP_BIRTH);
    if (cgroup_apply_resources(&plan->cgroup, err) < 0)
        return -1;
    if (cgroup_join_open(&plan->cgroup, "", &preparation->cgroup, err) < 0)
        return -1;
    return preparation->init.enters_cgroup ? cgroup_join_allow_move(&preparation->cgroup, err) : 0;
}
