/* SPDX-License-Identifier: Apache-2.0 */
/* From a bundle and the images of a checkpoint to a running container. */
#include "checkpoint/restore.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/devices.h"
#include "checkpoint/externals.h"
#include "checkpoint/message.h"
#include "create/audit.h"
#include "create/dialogue.h"
#include "create/hooks.h"
#include "create/prepare.h"
#include "create/selinux.h"
#include "oci-spec/pairs.h"
#include "resctrl/group.h"
#include "state/process.h"
#include "state/status.h"
#include "sys/process_calls.h"
#include "terminal/pty.h"

static const char restore_log[] = "restore.log";

enum { STATUS_MAX = 64 * 1024 };

/* ---- what CRIU is told ---------------------------------------------------------------------- */

/* The cgroup is made with its limits before; CRIU moves the processes into it, and makes anew what
 * they had beneath it. */
static void add_cgroup_roots(const struct plan_cgroup *cgroup, struct arena *arena,
                             struct text *options) {
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &cgroup->directories[i];
        if (directory->unified) {
            options_add_cgroup_root(options, "", directory->path);
            continue;
        }
        char *rest = NULL;
        char *controllers = arena_strdup(arena, directory->controllers);
        for (char *word = strtok_r(controllers, ",", &rest); word != NULL;
             word = strtok_r(NULL, ",", &rest))
            options_add_cgroup_root(options, word, directory->path);
    }
}

static void fill_options(const struct plan *plan, struct arena *arena, struct text *options) {
    message_put_number(options, CRIU_NOTIFY_SCRIPTS, true);
    message_put_number(options, CRIU_RST_SIBLING, true); /* init is this process's child */
    if ((plan->namespaces.created & CLONE_NEWNS) != 0)
        message_put_string(options, CRIU_ROOT, plan->rootfs.source);
    if (plan->cgroup.manager != PLAN_CGROUP_DISABLED)
        add_cgroup_roots(&plan->cgroup, arena, options);
}

/* ---- stages --------------------------------------------------------------------------------- */

struct restoration {
    const struct thole_context *context;
    const struct thole_create_request *request;
    struct creation *creation;
    struct preparation *preparation;
    const char *program;
};

/* From here on the record knows the pid: what is killed now leaves something to delete. */
static int note_init(const struct restoration *restoration, pid_t pid, struct thole_error *err) {
    struct creation *creation = restoration->creation;
    struct container_record *record = creation->container.record;
    creation->launched.pid = pid;
    creation->launched.pidfd = pidfd_open(pid, 0);
    if (creation->launched.pidfd < 0)
        return error_errno(err, NULL, "open the restored process %d", (int)pid);
    record->pid = pid;
    if (process_start_time(pid, &record->start_time, err) < 0)
        return -1;
    const struct bundle *bundle = &creation->bundle;
    if (file_create_at(creation->container.directory, STATE_CONFIG, bundle->json,
                       bundle->json_length, 0600, err) < 0)
        return -1;
    return container_save(&creation->container, err);
}

static int namespaces_made(const struct restoration *restoration, pid_t pid,
                           struct thole_error *err) {
    struct creation *creation = restoration->creation;
    const struct plan *plan = creation->bundle.plan;
    if (note_init(restoration, pid, err) < 0 ||
        resctrl_apply(&plan->rdt, pid, creation->container.record, err) < 0 ||
        container_save(&creation->container, err) < 0 || create_selinux_keep(creation, err) < 0 ||
        create_audit_start(restoration->context, creation, err) < 0 ||
        hooks_run(&creation->container, plan, PLAN_HOOK_PRESTART, "creating", err) < 0)
        return -1;
    return hooks_run(&creation->container, plan, PLAN_HOOK_CREATE_RUNTIME, "creating", err);
}

/* CRIU 3.17 for one does not know of it, and would give it up without a word. */
static int check_privileges(const struct restoration *restoration, struct thole_error *err) {
    const struct plan_process *process = restoration->creation->bundle.plan->process;
    char path[48];
    cleanup_free char *status = NULL;
    if (process == NULL || !process->no_new_privileges)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)restoration->creation->launched.pid);
    if (file_read_at(AT_FDCWD, path, STATUS_MAX, &status, NULL, err) < 0)
        return -1;
    if (strstr(status, "\nNoNewPrivs:\t1\n") != NULL)
        return 0;
    return error_unsupported(err, "/process/noNewPrivileges",
                             "this CRIU does not restore that no privileges can be gained");
}

/* All is restored and stands still. */
static int restored(const struct restoration *restoration, struct thole_error *err) {
    const struct plan_cgroup *cgroup = &restoration->creation->bundle.plan->cgroup;
    return cgroup_apply_devices(cgroup, restoration->preparation->cgroup.unified,
                                &restoration->context->log, err);
}

static int reached(void *userdata, const char *stage, pid_t pid, int *fd, struct thole_error *err) {
    const struct restoration *restoration = userdata;
    if (strcmp(stage, "setup-namespaces") == 0)
        return namespaces_made(restoration, pid, err);
    if (strcmp(stage, "orphan-pts-master") == 0)
        return create_take_console(restoration->request, restoration->creation, take_fd(fd), err);
    if (strcmp(stage, "post-restore") == 0)
        return restored(restoration, err);
    if (strcmp(stage, "pre-resume") == 0)
        return check_privileges(restoration, err);
    return 0;
}

/* ---- the restoration ------------------------------------------------------------------------ */

static int ask(const struct restoration *restoration, const struct thole_criu_options *wishes,
               const struct images *images, const struct externals *externals,
               const struct text *options, struct thole_error *err) {
    cleanup_criu struct criu criu = CRIU_INIT;
    const struct plan *plan = restoration->creation->bundle.plan;
    int passed[EXTERNALS_MAX + 1];
    size_t count = 0;
    if (wishes->status_fd > 0)
        passed[count++] = (int)wishes->status_fd;
    for (size_t i = 0; i < externals->count; i++)
        passed[count++] = externals->fds[i];
    bool stays = text_equal(wishes->manage_cgroups, "ignore");
    const struct surroundings surroundings = {
        .rootfs = (plan->namespaces.created & CLONE_NEWNS) != 0 ? plan : NULL,
        .program = restoration->program,
        .images = images,
        .shares_group = wishes->shell_job,
        .cgroup = stays ? &restoration->preparation->cgroup : NULL,
        .passed = passed,
        .passed_count = count,
    };
    const struct criu_stages stages = {reached, (void *)(uintptr_t)restoration};
    pid_t pid = 0;
    if (criu_start(&surroundings, &criu, err) < 0 ||
        criu_ask(&criu, CRIU_RESTORE, options, images->work, restore_log, &stages, &pid, err) < 0)
        return -1;
    return pid > 0 && pid == restoration->creation->launched.pid
               ? 0
               : error_bug(err, "criu restored process %d, and spoke of %d before", (int)pid,
                           (int)restoration->creation->launched.pid);
}

/* What stands for the streams that were somebody else's: the caller's own, but for a terminal that
 * it could be typed into (docs/attach.md). */
static int choose_streams(const struct apply_become *become, struct creation *creation,
                          struct terminal_pty *pty, int ret_stdio[3], struct thole_error *err) {
    const struct plan_process *process = creation->bundle.plan->process;
    bool terminal = process != NULL && process->terminal; /* CRIU brings that itself */
    if (become->replace != NULL && !terminal) {
        if (terminal_pty_open(become->devpts, become->bare_output, pty, err) < 0)
            return -1;
        creation->console = take_fd(&pty->master);
    }
    for (int fd = 0; fd < 3; fd++) {
        ret_stdio[fd] = become->stdio[fd] >= 0 ? become->stdio[fd] : fd;
        if (creation->replace[fd] && !terminal)
            ret_stdio[fd] = pty->peer;
    }
    return 0;
}

static int restore_processes(const struct thole_context *context,
                             const struct thole_restore_request *request, struct creation *creation,
                             struct preparation *preparation, const char *program,
                             struct images *images, struct thole_error *err) {
    cleanup_images_streams struct images_streams streams = {0};
    cleanup_externals struct externals externals = {0};
    struct arena *arena = &creation->bundle.arena;
    const struct plan *plan = creation->bundle.plan;
    cleanup_terminal_pty struct terminal_pty pty = TERMINAL_PTY_INIT;
    int stdio[3];
    const struct restoration restoration = {context, &request->run.create, creation, preparation,
                                            program};
    cleanup_text struct text options = {0};
    if (options_fill(&request->options, &creation->bundle, images, restore_log, &options, err) <
            0 ||
        images_read_streams(images, &streams, err) < 0 ||
        choose_streams(&preparation->init.become, creation, &pty, stdio, err) < 0 ||
        externals_of_restoration(plan, &streams, stdio, arena, &options, &externals, err) < 0)
        return -1;
    fill_options(plan, arena, &options);
    if ((plan->namespaces.created & CLONE_NEWUSER) != 0 &&
        images_lend(images, plan->user.root_gid, err) < 0)
        return -1;
    return ask(&restoration, &request->options, images, &externals, &options, err);
}

/* As create_start() for others. */
static int let_go(const struct thole_create_request *request, const struct creation *creation,
                  struct thole_error *err) {
    if (create_publish(request, creation, err) < 0 ||
        container_clear_worker(&creation->container, err) < 0)
        return -1;
    return hooks_run(&creation->container, creation->bundle.plan, PLAN_HOOK_POSTSTART, "running",
                     err);
}

int checkpoint_restore(const struct thole_context *context,
                       const struct thole_restore_request *request, struct creation *creation,
                       struct thole_error *err) {
    cleanup_preparation struct preparation preparation = PREPARATION_INIT;
    cleanup_images struct images images = IMAGES_INIT;
    const struct thole_create_request *create = &request->run.create;
    cleanup_free char *program = NULL;
    if (surroundings_find_program(&program, err) < 0 ||
        images_open(&request->options, false, &images, err) < 0 ||
        create_begin(context, create, false, request->run.detach, creation, err) < 0)
        return -1;
    create_log_warnings(context, creation);
    if (create_prepare_filter(context, creation, &preparation, err) == 0 &&
        create_prepare_cgroup(context, creation, &preparation, err) == 0 &&
        create_prepare_stdio(create, request->run.detach, creation, &preparation, err) == 0 &&
        restore_processes(context, request, creation, &preparation, program, &images, err) == 0 &&
        let_go(create, creation, err) == 0)
        return 0;
    images_clean(&images);
    create_undo(context, creation);
    return -1;
}
