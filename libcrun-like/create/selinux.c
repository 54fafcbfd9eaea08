/* SPDX-License-Identifier: Apache-2.0 */
/* A range for a container: from the registry into its labels. */
#include "create/selinux.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "host/security_modules.h"
#include "oci-spec/pairs.h"
#include "oci-spec/writer.h"
#include "state/selinux_ranges.h"

/* "user:role:type:s0-s0:c0.c1023" becomes "user:role:type:s0:RANGE". */
static int with_range(struct arena *arena, const char *context, const char *range,
                      const char *where, char **ret_label, struct thole_error *err) {
    const char *level = context;
    for (int i = 0; i < 3 && level != NULL; i++) {
        level = strchr(level, ':');
        level = level != NULL ? level + 1 : NULL;
    }
    if (level == NULL)
        return error_config(err, where, "SELinux label %s: it has no level that a range is part of",
                            context);
    *ret_label = arena_printf(arena, "%.*s%.*s:%s", (int)(level - context), context,
                              (int)strcspn(level, ":-"), level, range);
    return 0;
}

static int base_of(struct arena *arena, const char *policys, const char *where, char **label,
                   struct thole_error *err) {
    if (*label != NULL)
        return 0;
    if (policys == NULL)
        return error_config(err, where, "missing: the loaded policy has no label for containers");
    *label = arena_strdup(arena, policys);
    return 0;
}

static int label(struct bundle *bundle, const char *range,
                 const struct host_selinux_contexts *contexts, struct thole_error *err) {
    struct arena *arena = &bundle->arena;
    struct oci_config *config = bundle->config;
    if (config->linux == NULL)
        config->linux = arena_new(arena, struct oci_linux);
    if (base_of(arena, contexts->file, "/linux/mountLabel", &config->linux->mount_label, err) < 0 ||
        with_range(arena, config->linux->mount_label, range, "/linux/mountLabel",
                   &config->linux->mount_label, err) < 0)
        return -1;
    oci_pairs_set(arena, &config->annotations, SELINUX_MOUNT_LABEL_ANNOTATION,
                  config->linux->mount_label);
    if (config->process == NULL)
        return 0;
    if (base_of(arena, contexts->process, "/process/selinuxLabel", &config->process->selinux_label,
                err) < 0 ||
        with_range(arena, config->process->selinux_label, range, "/process/selinuxLabel",
                   &config->process->selinux_label, err) < 0)
        return -1;
    oci_pairs_set(arena, &config->annotations, SELINUX_LABEL_ANNOTATION,
                  config->process->selinux_label);
    return 0;
}

/* What is saved, and read again by exec and at the next start. */
static void write_again(struct bundle *bundle) {
    free(bundle->json);
    bundle->json = oci_write(&oci_config_type, bundle->config, 0);
    bundle->json_length = strlen(bundle->json);
}

static int take_range(const char *wish, char ret_range[SELINUX_RANGE_SIZE],
                      struct thole_error *err) {
    cleanup_close int registry = selinux_ranges_open(err);
    if (registry < 0)
        return -1;
    if (strcmp(wish, SELINUX_RANGE_DYNAMIC) == 0)
        return selinux_range_allocate(registry, SELINUX_CATEGORIES, ret_range, err);
    (void)stpcpy(ret_range, wish);
    return selinux_range_hold(registry, wish, getpid(), err);
}

int create_selinux_choose(struct bundle *bundle, struct thole_error *err) {
    struct arena *arena = &bundle->arena;
    struct oci_pairs *annotations = &bundle->config->annotations;
    const char *wish = oci_pairs_find(annotations, SELINUX_RANGE_ANNOTATION);
    struct host_selinux_contexts contexts = {0};
    char range[SELINUX_RANGE_SIZE];
    if (wish == NULL || (strcmp(wish, SELINUX_RANGE_DYNAMIC) != 0 && !selinux_range_valid(wish)))
        return 0;
    const int labelled = host_selinux_contexts(arena, &contexts, err);
    if (labelled <= 0)
        return labelled;
    if (take_range(wish, range, err) < 0)
        return -1;
    oci_pairs_set(arena, annotations, SELINUX_RANGE_ANNOTATION, range);
    if (label(bundle, range, &contexts, err) < 0)
        return -1;
    write_again(bundle);
    return 0;
}

int create_selinux_keep(const struct creation *creation, struct thole_error *err) {
    const char *range =
        oci_pairs_find(&creation->container.record->annotations, SELINUX_RANGE_ANNOTATION);
    if (range == NULL)
        return 0;
    cleanup_close int registry = selinux_ranges_open(err);
    return registry < 0 ? -1 : selinux_range_hold(registry, range, creation->launched.pid, err);
}

void create_selinux_release(const struct thole_context *context,
                            const struct oci_pairs *annotations) {
    struct thole_error failure = {0};
    char line[sizeof(failure.where) + sizeof(failure.text) + 128];
    const char *range = oci_pairs_find(annotations, SELINUX_RANGE_ANNOTATION);
    if (range == NULL || oci_pairs_find(annotations, SELINUX_MOUNT_LABEL_ANNOTATION) == NULL ||
        !selinux_range_valid(range))
        return;
    cleanup_close int registry = selinux_ranges_open(&failure);
    if (registry < 0 || selinux_range_release(registry, range, &failure) < 0)
        log_warning(&context->log, "%s", error_format(&failure, line, sizeof(line)));
}
