/* SPDX-License-Identifier: Apache-2.0 */
/* thole_state(). */
#include <stdlib.h>
#include <string.h>

#include "oci-spec/document.h"
#include "state/status.h"

const char *thole_status_name(enum thole_status status) {
    static const char *const names[] = {
        [THOLE_STATUS_CREATING] = "creating", [THOLE_STATUS_CREATED] = "created",
        [THOLE_STATUS_RUNNING] = "running",   [THOLE_STATUS_PAUSED] = "paused",
        [THOLE_STATUS_STOPPED] = "stopped",   [THOLE_STATUS_UNKNOWN] = "unknown",
    };
    return names[status];
}

/* A state outlives the arena of the container that it was read from. */
static char *copy(const char *string) {
    if (string == NULL)
        return NULL;
    char *result = strdup(string);
    if (result == NULL)
        abort();
    return result;
}

static struct thole_state *make_state(const struct container *container, enum thole_status status) {
    const struct container_record *record = container->record;
    struct thole_state *state = calloc(1, sizeof(*state));
    struct thole_annotation *annotations =
        calloc(record->annotations.count + 1, sizeof(*annotations));
    if (state == NULL || annotations == NULL)
        abort();
    state->oci_version = copy(record->oci_version);
    state->id = copy(container->id);
    state->status = status;
    state->pid = state->status == THOLE_STATUS_STOPPED ? 0 : (pid_t)record->pid;
    state->bundle = copy(record->bundle);
    state->rootfs = copy(record->rootfs);
    char created[RECORD_TIME];
    record_format_created(record, created);
    state->created = copy(created);
    state->owner = record->owner;
    state->systemd_scope = copy(record->systemd_scope);
    state->annotations = annotations;
    state->annotation_count = record->annotations.count;
    for (size_t i = 0; i < record->annotations.count; i++) {
        annotations[i].key = copy(record->annotations.items[i].key);
        annotations[i].value = copy(record->annotations.items[i].value);
    }
    return state;
}

int thole_state(const struct thole_context *context, const char *id, struct thole_state **ret_state,
                struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    enum thole_status status;
    if (container_open(context, id, &container, err) < 0 ||
        container_status(&container, &status, err) < 0)
        return -1;
    *ret_state = make_state(&container, status);
    return 0;
}

void thole_state_free(struct thole_state *state) {
    if (state == NULL)
        return;
    char *const strings[] = {state->oci_version, state->id,      state->bundle,
                             state->rootfs,      state->created, state->systemd_scope};
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        free(strings[i]);
    for (size_t i = 0; i < state->annotation_count; i++) {
        free(state->annotations[i].key);
        free(state->annotations[i].value);
    }
    free(state->annotations);
    free(state);
}

char *thole_state_json(const struct thole_state *state) {
    char owner[] = "";
    cleanup_arena struct arena arena = {0};
    struct oci_state document = {
        .oci_version = state->oci_version,
        .id = state->id,
        .status = (char *)(uintptr_t)thole_status_name(state->status),
        .pid = {.set = true, .value = state->pid},
        .bundle = state->bundle,
        .rootfs = state->rootfs,
        .created = state->created,
        .owner = owner,
        .systemd_scope = state->systemd_scope,
    };
    document.annotations.count = state->annotation_count;
    document.annotations.items = arena_new_array(&arena, state->annotation_count, struct oci_pair);
    for (size_t i = 0; i < state->annotation_count; i++)
        document.annotations.items[i] =
            (struct oci_pair){state->annotations[i].key, state->annotations[i].value};
    return oci_write_state(&document, 2);
}

char *thole_default_root(void) {
    return container_default_root();
}
