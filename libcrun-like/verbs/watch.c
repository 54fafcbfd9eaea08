/* SPDX-License-Identifier: Apache-2.0 */
/* thole_watch() and thole_roots(). */
#include "state/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "state/request.h"
#include "state/roots.h"
#include "thole.h"

const char *thole_change_name(enum thole_change change) {
    static const char *const names[] = {
        [THOLE_CHANGE_STOPPED] = "stopped",   [THOLE_CHANGE_STARTING] = "starting",
        [THOLE_CHANGE_RUNNING] = "running",   [THOLE_CHANGE_EXITED] = "exited",
        [THOLE_CHANGE_STOPPING] = "stopping", [THOLE_CHANGE_ABORTING] = "aborting",
        [THOLE_CHANGE_FREEZING] = "freezing", [THOLE_CHANGE_FROZEN] = "frozen",
        [THOLE_CHANGE_THAWED] = "thawed",
    };
    return names[change];
}

int thole_watch(const struct thole_watch_request *request, struct thole_error *err) {
    cleanup_state_roots struct state_root_patterns patterns = {0};
    if (request_check(request->reserved, err) < 0)
        return -1;
    if (request->roots != NULL)
        state_roots_given(request->roots, request->root_count, &patterns);
    else if (state_roots_registered(&patterns, err) < 0)
        return -1;
    return state_watch(&patterns, request, err);
}

struct root_list {
    struct thole_root *items;
    size_t count;
};

static int add_root(void *userdata, const char *path, const char *origin, struct thole_error *err) {
    struct root_list *list = userdata;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].path, path) == 0)
            return 0;
    }
    struct thole_root *larger = reallocarray(list->items, list->count + 1, sizeof(*larger));
    if (larger == NULL)
        return error_errno(err, NULL, "list state roots");
    list->items = larger;
    list->items[list->count++] = (struct thole_root){strdup(path), origin};
    return 0;
}

int thole_roots(struct thole_root **ret_roots, size_t *ret_count, struct thole_error *err) {
    cleanup_state_roots struct state_root_patterns patterns = {0};
    struct root_list list = {0};
    const struct state_roots_visitor visitor = {.root = add_root, .userdata = &list};
    if (state_roots_registered(&patterns, err) < 0)
        return -1;
    int result = state_roots_walk(&patterns, &visitor, err);
    if (result < 0)
        thole_roots_free(list.items, list.count);
    *ret_roots = result < 0 ? NULL : list.items;
    *ret_count = result < 0 ? 0 : list.count;
    return result;
}

void thole_roots_free(struct thole_root *roots, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(roots[i].path);
    free(roots);
}
