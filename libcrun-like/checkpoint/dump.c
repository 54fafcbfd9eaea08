/* SPDX-License-Identifier: Apache-2.0 */
/* From a running container to its images. */
#include "checkpoint/dump.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/directory.h"
#include "checkpoint/externals.h"
#include "checkpoint/message.h"
#include "create/bundle.h"
#include "state/status.h"

static const char dump_log[] = "dump.log";

/* What the container was planned to be tells what of it is not its own. */
static int plan_again(const struct thole_context *context, const struct container *container,
                      struct bundle *bundle, struct thole_error *err) {
    cleanup_free char *json = NULL;
    if (file_read_regular_at(container->directory, STATE_CONFIG, OCI_DOCUMENT_MAX, &json, NULL,
                             err) < 0)
        return -1;
    const struct thole_create_request request = {
        .id = container->id,
        .bundle = container->record->bundle,
        .config_text = json,
    };
    if (bundle_read(&request, NULL, bundle, err) < 0)
        return -1;
    return bundle_plan(context, &request, NULL, container->record->notify_directory, bundle, err);
}

/* CRIU thaws what it finds frozen, and freezes what it dumps. */
static void add_freezer(struct container *container, struct arena *arena, struct text *options) {
    const struct plan_cgroup *cgroup = container_cgroup(container);
    const struct plan_cgroup_directory *directory = cgroup_find_v1(cgroup, "freezer");
    if (directory == NULL)
        directory = cgroup_find_unified(cgroup);
    if (directory != NULL)
        message_put_string(options, CRIU_FREEZE_CGROUP,
                           arena_printf(arena, "%s%s", directory->mountpoint, directory->path));
}

static int ask(const struct thole_checkpoint_request *request, const char *program,
               const struct images *images, const struct text *options, struct thole_error *err) {
    cleanup_criu struct criu criu = CRIU_INIT;
    const int status_fd = (int)request->options.status_fd;
    const struct surroundings surroundings = {.program = program,
                                              .images = images,
                                              .shares_group = request->options.shell_job,
                                              .passed = &status_fd,
                                              .passed_count = status_fd > 0};
    if (criu_start(&surroundings, &criu, err) < 0)
        return -1;
    return criu_ask(&criu, request->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, options, images->work,
                    dump_log, NULL, NULL, err);
}

int checkpoint_dump(const struct thole_context *context, struct container *container,
                    const struct thole_checkpoint_request *request, struct thole_error *err) {
    cleanup_bundle struct bundle bundle = {0};
    cleanup_images struct images images = IMAGES_INIT;
    cleanup_images_streams struct images_streams streams = {0};
    cleanup_text struct text options = {0};
    cleanup_free char *program = NULL;
    if (surroundings_find_program(&program, err) < 0 ||
        plan_again(context, container, &bundle, err) < 0 ||
        images_open(&request->options, true, &images, err) < 0 ||
        options_fill(&request->options, &bundle, &images, dump_log, &options, err) < 0 ||
        externals_of_dump(bundle.plan, (pid_t)container->record->pid, &bundle.arena, &options,
                          &streams, err) < 0)
        return -1;
    message_put_number(&options, CRIU_PID, container->record->pid);
    message_put_number(&options, CRIU_LEAVE_RUNNING, request->leave_running);
    message_put_number(&options, CRIU_TRACK_MEM,
                       request->pre_dump || request->options.parent_path != NULL);
    add_freezer(container, &bundle.arena, &options);
    /* The pid was its own until here: nobody else's processes are written. */
    cleanup_close int pidfd = container_pidfd(container, err);
    if (pidfd < 0 || (!request->pre_dump && images_write_streams(&images, &streams, err) < 0))
        return -1;
    return ask(request, program, &images, &options, err);
}
