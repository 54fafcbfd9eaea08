/* SPDX-License-Identifier: Apache-2.0 */
/* From the clone of init to its word that it is ready. */
#include "create/dialogue.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/lent_devices.h"
#include "apply/stdio.h"
#include "base/cleanup.h"
#include "base/fastpath.h"
#include "base/file.h"
#include "base/names.h"
#include "base/phases.h"
#include "base/wire.h"
#include "cgroup/device_rules.h"
#include "cgroup/devices.h"
#include "cgroup/join.h"
#include "create/audit.h"
#include "create/hooks.h"
#include "create/selinux.h"
#include "network/network.h"
#include "resctrl/group.h"
#include "state/gate.h"
#include "state/process.h"
#include "sys/unix_socket.h"
#include "terminal/pty.h"

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

int create_take_console(const struct thole_create_request *request, struct creation *creation,
                        int console, struct thole_error *err) {
    if (console < 0)
        return error_bug(err, "init sent no console");
    if (request->console_socket == NULL) {
        creation->console = console;
        /* Before the program starts: it may ask at once. */
        for (int fd = 2; fd >= 0; fd--)
            terminal_copy_size(fd, creation->console);
        return 0;
    }
    cleanup_close int master = console;
    return sys_unix_send_fd(request->console_socket, master, "/dev/ptmx", err);
}

static int take_terminal(struct creation *creation, struct wire_message *message,
                         struct thole_error *err) {
    struct apply_terminals *terminals = &creation->terminals;
    if (message->fd_count != 1 || terminals->sent == terminals->count)
        return error_bug(err, "init sent a terminal that nobody asked for");
    terminals->masters[terminals->sent++] = message->fds[0];
    return 0;
}

/* Init died without a word: most often a memory limit that is too small for its set-up. */
static int describe_silent_end(struct creation *creation, struct thole_error *err) {
    int status = process_wait(creation->launched.pidfd);
    creation->end = status;
    (void)close(take_fd(&creation->launched.pidfd));
    const struct plan_cgroup *cgroup = &creation->bundle.plan->cgroup;
    const struct plan_cgroup_write *limit = plan_find_limit(cgroup, "memory.max");
    if (limit == NULL)
        limit = plan_find_limit(cgroup, "memory.limit_in_bytes");
    const bool limited = status == 128 + SIGKILL && limit != NULL;
    error_set(err, THOLE_ERROR_HOST, 0, limited ? limit->where : NULL,
              "the container's init ended early (%s %d)", status > 128 ? "signal" : "exit status",
              status > 128 ? status - 128 : status);
    if (limited)
        error_hint(err, "a memory limit too small for the start itself has this effect");
    return -1;
}

/* The device rules hold from here on: init has made the container's nodes, which they may forbid;
 * hooks may still extend them. */
static int restrict_devices(const struct thole_context *context, struct creation *creation,
                            const struct preparation *preparation, struct thole_error *err) {
    const struct plan_cgroup *cgroup = &creation->bundle.plan->cgroup;
    if (!creation->cgroup_made || creation->devices_restricted)
        return 0;
    creation->devices_restricted = true;
    int unified = cgroup->delegated == NULL ? preparation->cgroup.unified : -1;
    return cgroup_apply_devices(cgroup, unified, &context->log, err);
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
        case WIRE_REQUEST_SOURCE:
            if (apply_bind_source_lend(creation->bundle.plan, (size_t)message.payload.number,
                                       &preparation->sources, sync, err) < 0)
                return -1;
            break;
        case WIRE_REQUEST_DEVICES:
            if (apply_devices_lend(creation->bundle.plan, sync, err) < 0)
                return -1;
            break;
        case WIRE_REQUEST_HOOKS:
            if (restrict_devices(context, creation, preparation, err) < 0 ||
                run_runtime_hooks(creation, preparation, err) < 0 ||
                wire_send(sync, WIRE_HOOKS_DONE, NULL, 0, -1, err) < 0)
                return -1;
            break;
        case WIRE_CONSOLE:
            if (create_take_console(request, creation, message.fd_count == 1 ? message.fds[0] : -1,
                                    err) < 0 ||
                wire_send(sync, WIRE_CONSOLE_KEPT, NULL, 0, -1, err) < 0)
                return -1;
            break;
        case WIRE_TERMINAL:
            if (take_terminal(creation, &message, err) < 0)
                return -1;
            break;
        case WIRE_READY:
            return restrict_devices(context, creation, preparation, err);
        default:
            return error_bug(err, "init sent message %u before it was ready", message.kind);
        }
    }
}

/* ---- what need not wait for init -------------------------------------------------------------
 *
 * While init is still at work, instead of after its word that it is ready: each such step saves a
 * wait. What may be done follows from the plan alone.
 */

/* A filesystem on a block device, and files that are copied out of the image, may touch devices. */
static bool opens_devices(const struct plan_mount *mount) {
    return mount->copy_up || (mount->kind == PLAN_MOUNT_FILESYSTEM && mount->source != NULL &&
                              mount->source[0] == '/');
}

/* True if no step of init can meet the device rules: it makes only nodes that they let it make, and
 * opens no device. */
static bool allows_early_device_rules(const struct plan *plan) {
    const struct plan_cgroup *cgroup = &plan->cgroup;
    if (!fastpath_allowed(FASTPATH_OVERLAP))
        return false;
    if (cgroup->device_rule_count == 0)
        return true;
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (opens_devices(&plan->mounts[i]))
            return false;
    }
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct plan_device *device = &plan->devices[i];
        if (device->bind || device->type == 'p')
            continue;
        unsigned access =
            cgroup_device_rules_access(cgroup->device_rules, cgroup->device_rule_count,
                                       device->type, device->major, device->minor);
        if ((access & NAMES_MKNOD) == 0)
            return false;
    }
    return true;
}

/* True if nothing has to happen between init's readiness and the start: no hook, nothing to
 * publish, no limit that the runtime sets from outside. */
static bool allows_early_start(const struct thole_create_request *request,
                               const struct plan *plan) {
    return fastpath_allowed(FASTPATH_OVERLAP) && plan->process != NULL &&
           !plan_has_namespace(plan, CLONE_NEWUSER) &&
           !plan_has_hooks(plan, PLAN_HOOK_PRESTART, PLAN_HOOK_START_CONTAINER) &&
           plan->pidfd_receiver == NULL && request->pidfd_socket == NULL &&
           request->pid_file == NULL && request->notify_socket == NULL;
}

/* Before init begins, or while it works: what would otherwise be waited for at its end. */
static int restrict_devices_ahead(const struct thole_context *context, struct creation *creation,
                                  const struct preparation *preparation, struct thole_error *err) {
    if (preparation->init.become.replace != NULL || preparation->init.become.terminals != NULL ||
        !allows_early_device_rules(creation->bundle.plan))
        return 0;
    return restrict_devices(context, creation, preparation, err);
}

/* By a runtime in the foreground, where nothing has to happen in between. */
static bool may_start_ahead(const struct thole_create_request *request,
                            const struct creation *creation,
                            const struct preparation *preparation) {
    const struct plan *plan = creation->bundle.plan;
    return preparation->in_one_go && preparation->init.become.replace == NULL &&
           allows_early_start(request, plan) &&
           (!creation->cgroup_made || allows_early_device_rules(plan));
}

/* Where the container's network namespace can be opened. One that is joined is named by its path:
 * init may not have entered it yet. */
static const char *network_path(const struct creation *creation, char own[48]) {
    const struct plan_namespaces *namespaces = &creation->bundle.plan->namespaces;
    for (size_t i = 0; i < namespaces->joined_count; i++) {
        if (namespaces->joined[i].flag == CLONE_NEWNET)
            return namespaces->joined[i].path;
    }
    (void)snprintf(own, 48, "/proc/%d/ns/net", (int)creation->launched.pid);
    return own;
}

static int move_net_devices(const struct creation *creation, struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    if (plan->net_device_count == 0)
        return 0;
    char own[48];
    cleanup_close int netns = open(network_path(creation, own), O_RDONLY | O_CLOEXEC);
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
    if (launch_init(plan, creation->bundle.facts->euid == 0, &preparation->init,
                    &creation->launched, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "clone");
    record->pid = creation->launched.pid;
    if (process_start_time(creation->launched.pid, &record->start_time, err) < 0)
        return -1;
    bool ahead = may_start_ahead(request, creation, preparation);
    if (ahead) /* other commands may have it from here on */
        record->worker = 0;
    /* While init is at work. A record with a pid has a configuration beside it. */
    if (save_config(creation, err) < 0 ||
        resctrl_apply(&plan->rdt, creation->launched.pid, record, err) < 0 ||
        container_save(&creation->container, err) < 0 || move_net_devices(creation, err) < 0 ||
        restrict_devices_ahead(context, creation, preparation, err) < 0 ||
        create_selinux_keep(creation, err) < 0 || create_audit_start(context, creation, err) < 0)
        return -1;
    /* A start that cannot be said is no failure: init then tells why. */
    creation->started =
        ahead && wire_send(creation->launched.sync, WIRE_START, NULL, 0, -1, NULL) == 0;
    phases_end(context->phases, PHASES_RUNTIME, "record with its pid");
    if (wait_until_ready(context, request, creation, preparation, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "waiting for the container");
    if (plan->process == NULL || !plan_has_namespace(plan, CLONE_NEWUSER))
        return 0;
    /* Raising a limit or a priority and giving away what is not mapped takes privileges that init
     * has not got there. */
    apply_stdio_give_to(plan->process, preparation->init.become.proc_fd, creation->launched.pid,
                        preparation->init.become.stdio, creation->replace, creation->console);
    if (apply_scheduling(plan->process, creation->launched.pid, err) < 0)
        return -1;
    return apply_rlimits_raise(plan->process, creation->launched.pid, err);
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
int create_dialogue(const struct thole_context *context, const struct thole_create_request *request,
                    struct creation *creation, struct preparation *preparation,
                    struct thole_error *err) {
    if (launch_once(context, request, creation, preparation, err) == 0)
        return 0;
    if (preparation->cgroup.unified < 0 || !was_stillborn(creation))
        return -1;
    launch_abort(&creation->launched);
    creation->started = false;
    preparation->init.enters_cgroup = true;
    if (cgroup_join_allow_move(&preparation->cgroup, err) < 0)
        return -1;
    return launch_once(context, request, creation, preparation, err);
}
