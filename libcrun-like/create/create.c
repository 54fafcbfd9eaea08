/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to a created container (runtime-spec "Lifecycle", steps 1 to 5). */
#include "create/create.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/process.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/phases.h"
#include "create/dialogue.h"
#include "create/notify.h"
#include "create/prepare.h"
#include "create/selinux.h"
#include "create/unmake.h"
#include "host/security_modules.h"
#include "state/status.h"
#include "sys/unix_socket.h"
#include "terminal/pty.h"

int create_publish(const struct thole_create_request *request, const struct creation *creation,
                   struct thole_error *err) {
    const char *receiver = request->pidfd_socket != NULL ? request->pidfd_socket
                                                         : creation->bundle.plan->pidfd_receiver;
    if (receiver != NULL &&
        sys_unix_send_fd(receiver, creation->launched.pidfd, "standard", err) < 0)
        return -1;
    if (request->pid_file == NULL)
        return 0;
    char text[16];
    int length = snprintf(text, sizeof(text), "%d", (int)creation->launched.pid);
    return file_write_named(request->pid_file, text, (size_t)length, 0644, err);
}

void create_log_warnings(const struct thole_context *context, const struct creation *creation) {
    const struct bundle *bundle = &creation->bundle;
    const struct plan *plan = bundle->plan;
    if (!creation->kept && plan->keeper.where != NULL)
        log_warning(&context->log,
                    "%s: has no effect: nothing keeps the container, as run "
                    "--attachable does",
                    plan->keeper.where);
    if (bundle->config->misspelt != NULL)
        log_warning(&context->log, "%s", bundle->config->misspelt);
    for (size_t i = 0; i < plan->warnings.count; i++)
        log_warning(&context->log, "%s", plan->warnings.items[i]);
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        for (size_t k = 0; k < mount->ignored.count; k++)
            log_debug(&context->log, "%s: option %s is for engines: ignored", mount->where,
                      mount->ignored.items[k]);
    }
}

/* A terminal has two ends: with nobody to hold the other one, nothing could be typed or read. */
static int check_console(const struct thole_create_request *request, bool gated, bool detached,
                         const struct creation *creation, struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    bool terminal = plan->process != NULL && plan->process->terminal;
    if (request->raw && (terminal || !detached))
        return error_usage(
            err, "the caller's own terminal is for containers in the background that have "
                 "none of their own");
    if (terminal && gated && request->console_socket == NULL) {
        error_set(err, THOLE_ERROR_USAGE, 0, "/process/terminal",
                  "cannot allocate tty if thole will detach without setting console socket");
        return error_hint(err, "\"thole run\" has a terminal, \"thole create\" is for programs "
                               "without: \"thole spec COMMAND\" writes such a configuration");
    }
    if (creation->terminals.count > 0 && (plan->namespaces.created & CLONE_NEWNS) == 0)
        return error_set(err, THOLE_ERROR_USAGE, 0, "/linux/namespaces",
                         "consoles are for containers with a mount namespace of their own");
    if (!terminal && request->console_socket != NULL)
        return error_set(err, THOLE_ERROR_USAGE, 0, "/process/terminal",
                         "cannot use console socket if thole will not detach or allocate tty");
    return 0;
}

bool create_starts_again(const struct creation *creation) {
    return creation->kept && (creation->keeper.restart & ~(uint64_t)THOLE_RESTART_NEVER) != 0;
}

/* The caller's word goes before that of the container. */
static int take_wishes(const struct thole_create_request *request, struct creation *creation,
                       struct thole_error *err) {
    const struct plan_keeper *asked = &creation->bundle.plan->keeper;
    struct plan_keeper *keeper = &creation->keeper;
    if (keeper->consoles == 0)
        keeper->consoles = asked->consoles;
    if (keeper->console_directory == NULL && asked->console_directory != NULL)
        keeper->console_directory = strdup(asked->console_directory); /* the plan goes before */
    if (keeper->restart == THOLE_RESTART_DEFAULT) {
        keeper->restart = asked->restart;
        keeper->restart_limit = asked->restart_limit;
    }
    if (keeper->restart_delay == 0)
        keeper->restart_delay = asked->restart_delay;
    creation->terminals.count = keeper->consoles;
    creation->terminals.after_console = asked->console_is_tty1;
    creation->terminals.directory = keeper->console_directory;
    if (create_starts_again(creation) && request->preserve_fds + request->listen_fds > 0)
        return error_usage(err, "a container that is started again cannot be given descriptors");
    return 0;
}

/* What the kernel would say at the end, in the middle of init, is asked before anything is made. */
static int check_labels(const struct plan *plan, struct thole_error *err) {
    const struct plan_process *process = plan->process;
    if (process != NULL &&
        (host_check_selinux_label(process->selinux, "/process/selinuxLabel", err) < 0 ||
         host_check_apparmor_profile(process->apparmor, "/process/apparmorProfile", err) < 0))
        return -1;
    return host_check_selinux_label(plan->mount_label, "/linux/mountLabel", err);
}

/* Everything that can be wrong with a request is found before anything is made of it. */
static int plan_container(const struct thole_context *context,
                          const struct thole_create_request *request, bool gated, bool detached,
                          struct creation *creation, struct thole_error *err) {
    struct bundle *bundle = &creation->bundle;
    if (container_check_id(request->id, err) < 0 || bundle_read(request, NULL, bundle, err) < 0 ||
        create_selinux_choose(bundle, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "configuration");
    if (request->notify_socket != NULL) {
        creation->notify_directory = notify_directory(context, request->id, err);
        if (creation->notify_directory == NULL)
            return -1;
    }
    if (bundle_plan(context, request, NULL, creation->notify_directory, bundle, err) < 0 ||
        (creation->kept && take_wishes(request, creation, err) < 0) ||
        check_console(request, gated, detached, creation, err) < 0 ||
        check_labels(bundle->plan, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "plan");
    return 0;
}

/* Saved before anything is made, so that delete finds what a killed create leaves behind, and who
 * is at work. */
static int begin_in_directory(const struct thole_context *context, struct creation *creation,
                              struct thole_error *err) {
    struct container *container = &creation->container;
    create_prepare_record(container, &creation->bundle, creation->notify_directory);
    container->record->restarts = create_starts_again(creation);
    if (creation->kept && container_set_keeper(container, err) < 0)
        return -1;
    if (container_set_worker(container, false, err) < 0)
        return -1;
    container_unlock(container);
    phases_end(context->phases, PHASES_RUNTIME, "record");
    return 0;
}

int create_begin(const struct thole_context *context, const struct thole_create_request *request,
                 bool gated, bool detached, struct creation *creation, struct thole_error *err) {
    creation->gated = gated;
    if (plan_container(context, request, gated, detached, creation, err) < 0 ||
        container_new(context, request->id, &creation->container, err) < 0) {
        if (creation->bundle.config != NULL)
            create_selinux_release(context, &creation->bundle.config->annotations);
        return -1;
    }
    phases_end(context->phases, PHASES_RUNTIME, "state directory");
    if (begin_in_directory(context, creation, err) < 0) {
        create_undo(context, creation);
        return -1;
    }
    return 0;
}

/* What it opens on the way is closed when it fails: the undo may need descriptors itself. */
static int build_in_directory(const struct thole_context *context,
                              const struct thole_create_request *request, size_t passed, bool gated,
                              bool detached, struct creation *creation, struct thole_error *err) {
    cleanup_preparation struct preparation preparation = PREPARATION_INIT;
    struct container *container = &creation->container;
    preparation.in_one_go = !gated && !detached;
    preparation.init.become.phases = context->phases;
    preparation.init.become.passed = passed;
    if (create_prepare_filter(context, creation, &preparation, err) < 0)
        return -1;
    phases_end_at(context->phases, PHASES_RUNTIME, "/linux/seccomp", "seccomp filter");
    create_log_warnings(context, creation);
    if (container->record->notify_directory != NULL && notify_make_directory(container, err) < 0)
        return -1;
    if (create_prepare_cgroup(context, creation, &preparation, err) < 0)
        return -1;
    phases_end_at(context->phases, PHASES_RUNTIME, "/linux/cgroupsPath", "cgroup");
    if (create_prepare_stdio(request, detached, creation, &preparation, err) < 0 ||
        create_prepare_init(gated, creation, &preparation, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "what the container inherits");
    if (create_dialogue(context, request, creation, &preparation, err) < 0)
        return -1;
    return create_publish(request, creation, err);
}

int create_build(const struct thole_context *context, const struct thole_create_request *request,
                 bool gated, bool detached, struct creation *creation, struct thole_error *err) {
    size_t passed = 0;
    if (apply_passed_fds((uint64_t)request->listen_fds + request->preserve_fds, request->raw,
                         &passed, err) < 0 ||
        create_begin(context, request, gated, detached, creation, err) < 0)
        return -1;
    if (build_in_directory(context, request, passed, gated, detached, creation, err) < 0) {
        create_undo(context, creation);
        return -1;
    }
    return 0;
}

/* What is of a former start, but for the console, at which somebody may look. */
static void remove_former_files(const struct container *container) {
    static const char *const names[] = {STATE_CONFIG, STATE_GATE, STATE_GATE_OPENED, STATE_FILTER};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlinkat(container->directory, names[i], 0);
}

int create_rebuild(const struct thole_context *context, const struct thole_create_request *request,
                   struct creation *creation, struct thole_error *err) {
    struct container *container = &creation->container;
    if (plan_container(context, request, false, true, creation, err) < 0)
        return -1;
    container->record = arena_new(&container->arena, struct container_record);
    remove_former_files(container);
    if (begin_in_directory(context, creation, err) == 0 &&
        build_in_directory(context, request, 0, false, true, creation, err) == 0)
        return 0;
    create_undo_rebuild(context, creation);
    return -1;
}

/* 0, or -1 with a warning: the error that led here is the one that is reported. */
static int warn(const struct thole_context *context, int result,
                const struct thole_error *failure) {
    char line[sizeof(failure->where) + sizeof(failure->text) + 128];
    if (result < 0)
        log_warning(&context->log, "%s", error_format(failure, line, sizeof(line)));
    return result;
}

static void abort_creation(struct creation *creation) {
    creation->container.end_reason = "failed";
    launch_abort(&creation->launched);
    /* A cgroup that was refused is somebody else's. */
    if (!creation->cgroup_made)
        creation->container.record->cgroups.count = 0;
}

void create_undo(const struct thole_context *context, struct creation *creation) {
    struct thole_error failure = {0};
    abort_creation(creation);
    int result = create_unmake(context, &creation->container, creation->bundle.plan, &failure);
    (void)warn(context, result, &failure);
}

void create_undo_rebuild(const struct thole_context *context, struct creation *creation) {
    struct thole_error failure = {0};
    struct container *container = &creation->container;
    abort_creation(creation);
    int result = create_clear(context, container, creation->bundle.plan, &failure);
    if (result > 0) {
        container->record->pid = 0; /* its end is dealt with */
        result = container_clear_worker(container, &failure);
    }
    (void)warn(context, result, &failure);
    container_unlock(container);
}

void create_release(struct creation *creation) {
    free(take_ptr(creation->notify_directory));
    bundle_done(&creation->bundle);
    creation->bundle = (struct bundle){0};
    arena_done(&creation->container.arena);
    creation->container.arena = (struct arena){0};
    creation->container.record = NULL;
    container_unlock(&creation->container);
    cleanup_close_fd(&creation->launched.sync);
    cleanup_close_fd(&creation->notify);
    creation->heard = creation->devices_restricted = creation->started = false;
    creation->cgroup_made = false;
    creation->end = 0;
}

void create_done(struct creation *creation) {
    free(creation->notify_directory);
    container_done(&creation->container);
    bundle_done(&creation->bundle);
    cleanup_close_fd(&creation->launched.pidfd);
    cleanup_close_fd(&creation->launched.sync);
    cleanup_close_fd(&creation->console);
    cleanup_close_fd(&creation->notify);
}
