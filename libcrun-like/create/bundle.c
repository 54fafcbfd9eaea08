/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and planning a bundle. */
#include "create/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/selinux_range.h"
#include "base/text.h"
#include "host/probe.h"
#include "oci-spec/pairs.h"
#include "plan/build.h"

static int read_text(const struct thole_create_request *request, struct bundle *bundle,
                     struct thole_error *err) {
    if (request->config_text != NULL) {
        bundle->json_length = strlen(request->config_text);
        bundle->json = strdup(request->config_text);
        return bundle->json != NULL ? 0 : error_errno(err, NULL, "copy the configuration");
    }
    cleanup_free char *in_bundle = NULL;
    const char *file = request->config;
    if (file == NULL) {
        struct text text = {0};
        text_appendf(&text, "%s/config.json", strcmp(bundle->path, "/") == 0 ? "" : bundle->path);
        file = in_bundle = text_take(&text);
    }
    if (file_read_at(AT_FDCWD, file, OCI_DOCUMENT_MAX, &bundle->json, &bundle->json_length, err) ==
        0)
        return 0;
    return request->config == NULL && err->code == ENOENT
               ? error_hint(err, "\"thole spec\" writes a configuration to start from")
               : -1;
}

int bundle_read(const struct thole_create_request *request, struct oci_report *report,
                struct bundle *ret_bundle, struct thole_error *err) {
    const char *path = request->bundle != NULL ? request->bundle : ".";
    ret_bundle->path = realpath(path, NULL);
    if (ret_bundle->path == NULL)
        return error_errno(err, NULL, "open bundle %s", path);

    if (read_text(request, ret_bundle, err) < 0)
        return -1;
    return oci_read_config(ret_bundle->json, ret_bundle->json_length, &ret_bundle->arena, report,
                           &ret_bundle->config, err);
}

static bool has_namespace(const struct oci_linux *linux, int type) {
    for (size_t i = 0; linux != NULL && i < linux->namespaces.count; i++) {
        if ((int)linux->namespaces.items[i].type == type)
            return true;
    }
    return false;
}

/* Only what this configuration asks about is looked up. */
static unsigned facts_needed(const struct thole_context *context, const struct oci_config *config) {
    unsigned needs = HOST_NEED_SUBIDS;
    const struct oci_linux *linux = config->linux;
    const struct oci_process *process = config->process;
    if (context->cgroup_manager != THOLE_CGROUP_DISABLED)
        needs |= HOST_NEED_CGROUPS;
    if ((process != NULL &&
         (process->apparmor_profile != NULL || process->selinux_label != NULL)) ||
        (linux != NULL && linux->mount_label != NULL) ||
        oci_pairs_find(&config->annotations, SELINUX_RANGE_ANNOTATION) != NULL)
        needs |= HOST_NEED_SECURITY;
    if (has_namespace(linux, CLONE_NEWCGROUP))
        needs |= HOST_NEED_CGROUP_NAMESPACES;
    if (has_namespace(linux, CLONE_NEWTIME))
        needs |= HOST_NEED_TIME_NAMESPACES;
    if (linux != NULL && linux->intel_rdt != NULL)
        needs |= HOST_NEED_RESCTRL;
    if (linux != NULL && linux->resources != NULL && linux->resources->hugepage_limits.count > 0)
        needs |= HOST_NEED_HUGEPAGES;
    return needs;
}

int bundle_plan(const struct thole_context *context, const struct thole_create_request *request,
                const char *facts_json, const char *notify_directory, struct bundle *bundle,
                struct thole_error *err) {
    if (facts_json != NULL) {
        if (host_facts_read(facts_json, strlen(facts_json), &bundle->arena, &bundle->facts, err) <
            0)
            return -1;
    } else if (host_probe(&bundle->arena, facts_needed(context, bundle->config), &bundle->facts,
                          err) < 0) {
        return -1;
    }
    const struct plan_request wish = {
        .id = request->id,
        .bundle = bundle->path,
        .cgroup_manager = (enum plan_cgroup_manager)context->cgroup_manager,
        .no_pivot = request->no_pivot,
        .no_new_keyring = request->no_new_keyring,
        .init = request->init,
        .init_waits = request->init_waits,
        .ignore_cgroup_permissions = context->ignore_cgroup_permissions,
        .audit = context->audit,
        .listen_fds = request->listen_fds,
        .listen_fdnames = request->listen_fdnames,
        .notify_socket = request->notify_socket,
        .notify_directory = notify_directory,
    };
    return plan_build(bundle->config, bundle->facts, &wish, &bundle->arena, &bundle->plan, err);
}

void bundle_done(struct bundle *bundle) {
    free(bundle->path);
    free(bundle->json);
    arena_done(&bundle->arena);
}
