/* SPDX-License-Identifier: Apache-2.0 */
/* thole_state(). */
#include "verbs/state.h"

#include <stdlib.h>

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

/* What a caller gets, and what its strings live in. */
struct held_state {
    struct thole_state state;
    struct arena arena;
};

static char *copy(struct arena *arena, const char *text) {
    return text != NULL ? arena_strdup(arena, text) : NULL;
}

/* Nothing of the container's own arena, which is large: there may be thousands of states. */
static void fill(struct thole_state *state, const struct container *container,
                 enum thole_status status, bool kept, struct arena *arena) {
    const struct container_record *record = container->record;
    const size_t count = record->annotations.count;
    char created[CLOCK_TIME];
    record_format_created(record, created);
    *state = (struct thole_state){
        .oci_version = copy(arena, record->oci_version),
        .id = copy(arena, container->id),
        .status = status,
        .pid = status == THOLE_STATUS_STOPPED ? 0 : (pid_t)record->pid,
        .bundle = copy(arena, record->bundle),
        .rootfs = copy(arena, record->rootfs),
        .created = copy(arena, created),
        .owner = record->owner,
        .systemd_scope = copy(arena, record->systemd_scope),
        .keeper = kept ? (pid_t)record->keeper : 0,
        .exited = record->exit_status.set,
        .exit_status = (int)record->exit_status.value,
        .annotations = arena_new_array(arena, count + 1, struct thole_annotation),
        .annotation_count = count,
    };
    for (size_t i = 0; i < count; i++)
        state->annotations[i] =
            (struct thole_annotation){copy(arena, record->annotations.items[i].key),
                                      copy(arena, record->annotations.items[i].value)};
}

int thole_state(const struct thole_context *context, const char *id, struct thole_state **ret_state,
                struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    enum thole_status status;
    if (container_open(context, id, &container, err) < 0 ||
        container_status(&container, &status, err) < 0)
        return -1;
    int kept = container_is_kept(&container, err);
    if (kept < 0)
        return -1;
    struct held_state *held = calloc(1, sizeof(*held));
    if (held == NULL)
        abort();
    arena_begin_small(&held->arena);
    fill(&held->state, &container, status, kept == 1, &held->arena);
    *ret_state = &held->state;
    return 0;
}

struct thole_state *state_new_unknown(const char *id) {
    struct held_state *held = calloc(1, sizeof(*held));
    if (held == NULL)
        abort();
    struct thole_state *state = &held->state;
    state->oci_version = arena_strdup(&held->arena, "");
    state->bundle = state->rootfs = state->created = state->oci_version;
    state->id = arena_strdup(&held->arena, id);
    state->status = THOLE_STATUS_UNKNOWN;
    return state;
}

void thole_state_free(struct thole_state *state) {
    struct held_state *held = (struct held_state *)state;
    if (held == NULL)
        return;
    arena_done(&held->arena);
    free(held);
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
        .exit_status = {.set = state->exited, .value = state->exit_status},
    };
    document.annotations.count = state->annotation_count;
    document.annotations.items = arena_new_array(&arena, state->annotation_count, struct oci_pair);
    for (size_t i = 0; i < state->annotation_count; i++)
        document.annotations.items[i] =
            (struct oci_pair){state->annotations[i].key, state->annotations[i].value};
    return oci_write_state(&document, 2);
}

char *thole_default_root(void) {
    return container_default_root(NULL);
}
