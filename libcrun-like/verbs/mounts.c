/* SPDX-License-Identifier: Apache-2.0 */
/* thole_mounts_add() and thole_mounts_remove(): the mounts of a container that runs. */
#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/later_mounts.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/wire.h"
#include "enter/namespaces.h"
#include "host/probe.h"
#include "oci-spec/document.h"
#include "plan/later_mounts.h"
#include "state/status.h"
#include "sys/clone.h"

static int check_status(struct container *container, struct thole_error *err) {
    enum thole_status status;
    if (container_status(container, &status, err) < 0)
        return -1;
    return status == THOLE_STATUS_STOPPED || status == THOLE_STATUS_CREATING
               ? error_state(err, "cannot change the mounts of a container that is %s",
                             thole_status_name(status))
               : 0;
}

static int make_plan(const struct thole_context *context, struct container *container,
                     const oci_mounts *mounts, struct plan **ret_plan, struct thole_error *err) {
    struct arena *arena = &container->arena;
    struct oci_config *config = NULL;
    struct host_facts *facts = NULL;
    const struct plan_request request = {
        .id = container->id,
        .bundle = container->record->bundle,
    };
    if (container_read_config(container, &config, err) < 0 ||
        host_probe(arena, HOST_NEED_SECURITY | HOST_NEED_SUBIDS, &facts, err) < 0)
        return -1;
    facts->cgroup_namespaces = facts->time_namespaces = true; /* or there were no such container */
    if (plan_later_mounts_build(config, mounts, facts, &request, arena, ret_plan, err) < 0)
        return -1;
    for (size_t i = 0; i < (*ret_plan)->warnings.count; i++)
        log_warning(&context->log, "%s", (*ret_plan)->warnings.items[i]);
    return 0;
}

/* In a process of its own: this one stays where it is. */
static int run(struct apply_later_mounts *later, const struct container *container,
               void (*apply)(const struct apply_later_mounts *later), struct thole_error *err) {
    struct wire_message message;
    int pair[2];
    later->flags = enter_namespaces((pid_t)container->record->pid) &
                   ~(unsigned long)(CLONE_NEWPID | CLONE_NEWTIME);
    if ((later->flags & CLONE_NEWNS) == 0)
        return error_unsupported(
            err, NULL, "the container has no mounts of its own: these would be the host's");
    if (wire_pair(pair, err) < 0)
        return -1;
    cleanup_close int own = pair[0];
    later->runtime_end = pair[0];
    later->become.sync = pair[1];
    later->become.user_namespace = (later->flags & CLONE_NEWUSER) != 0;
    pid_t pid = sys_clone_helper(0, NULL);
    if (pid == 0)
        apply(later);
    (void)close(pair[1]);
    if (pid < 0)
        return error_errno(err, NULL, "start a process for the container's mounts");
    int result = wire_expect(own, WIRE_READY, &message, "changing the mounts", err);
    (void)uninterrupted(waitpid(pid, NULL, 0));
    return result;
}

static int open_container(const struct thole_context *context, const char *id, const char *json,
                          struct container *container, struct oci_mount_list **ret_list,
                          struct thole_error *err) {
    if (container_open(context, id, container, err) < 0 || check_status(container, err) < 0 ||
        oci_read_mounts(json, strlen(json), &container->arena, ret_list, err) < 0)
        return -1;
    return container_pidfd(container, err);
}

int thole_mounts_add(const struct thole_context *context, const char *id, const char *mounts,
                     struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    cleanup_apply_sources struct apply_bind_sources sources = {.lender = -1};
    struct oci_mount_list *list = NULL;
    struct plan *plan = NULL;
    cleanup_close int pidfd = open_container(context, id, mounts, &container, &list, err);
    if (pidfd < 0 || make_plan(context, &container, &list->mounts, &plan, err) < 0)
        return -1;
    cleanup_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return error_errno(err, NULL, "open the host's /proc");
    if (apply_bind_sources_open(plan, proc, &sources, err) < 0 ||
        apply_bind_sources_take(plan, &sources, err) < 0)
        return -1;
    struct apply_later_mounts later = {
        .become = APPLY_BECOME_INIT, .pidfd = pidfd, .plan = plan, .sources = &sources};
    return run(&later, &container, apply_later_mounts_add, err);
}

int thole_mounts_remove(const struct thole_context *context, const char *id, const char *mounts,
                        struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    struct oci_mount_list *list = NULL;
    cleanup_close int pidfd = open_container(context, id, mounts, &container, &list, err);
    if (pidfd < 0)
        return -1;
    struct apply_later_mounts later = {
        .become = APPLY_BECOME_INIT,
        .pidfd = pidfd,
        .plan = plan_later_unmounts_build(&list->mounts, &container.arena),
    };
    return run(&later, &container, apply_later_mounts_remove, err);
}
