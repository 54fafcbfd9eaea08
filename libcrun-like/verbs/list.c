/* SPDX-License-Identifier: Apache-2.0 */
/* thole_list(). */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "state/container.h"
#include "verbs/state.h"

static int compare_ids(const void *a, const void *b) {
    return strcmp((*(struct thole_state *const *)a)->id, (*(struct thole_state *const *)b)->id);
}

/* Containers come and go while the directory is read: one without a record may be about to. Whoever
 * makes or removes it has the lock. */
static struct thole_state *read_entry(const struct thole_context *context, const char *id) {
    struct thole_error failure = {0};
    struct thole_state *state = NULL;
    char line[sizeof(failure.where) + sizeof(failure.text) + 128];
    if (id[0] == '.' || thole_state(context, id, &state, &failure) == 0)
        return state;
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open_locked(context, id, &container, &failure) == 0 &&
        thole_state(context, id, &state, &failure) == 0)
        return state;
    if (failure.kind == THOLE_ERROR_NOT_FOUND)
        return NULL;
    log_warning(&context->log, "%s: %s", id, error_format(&failure, line, sizeof(line)));
    return state_new_unknown(id);
}

int thole_list(const struct thole_context *context, struct thole_state ***ret_states,
               size_t *ret_count, struct thole_error *err) {
    *ret_states = NULL;
    *ret_count = 0;
    int root = container_open_root(context, false, err);
    if (root < 0) {
        /* Nothing was ever created in the default place; another place was meant to exist. */
        if (context->root != NULL || err->code != ENOENT)
            return -1;
        *err = (struct thole_error){0};
        return 0;
    }
    cleanup_closedir DIR *directory = fdopendir(root);
    if (directory == NULL)
        return error_errno(err, NULL, "list containers");
    struct thole_state **states = NULL;
    size_t count = 0;
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        struct thole_state *state = read_entry(context, entry->d_name);
        if (state == NULL)
            continue;
        struct thole_state **larger = reallocarray(states, count + 1, sizeof(*states));
        if (larger == NULL)
            abort();
        states = larger;
        states[count++] = state;
    }
    *ret_states = states;
    *ret_count = count;
    if (errno != 0)
        return error_errno(err, NULL, "list containers");
    if (count > 1)
        qsort(states, count, sizeof(*states), compare_ids);
    return 0;
}
