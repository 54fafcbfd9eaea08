/* SPDX-License-Identifier: Apache-2.0 */
/* Looking through the state roots of this machine. */
#include "lxc/store/registry.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"

enum { PREFIX_LENGTH_MIN = 4 };

struct search {
    const char *name;
    char *root; /* of what was found; malloc'ed */
    char *id;
    size_t matches; /* by their beginnings */
    bool exact;
};

static void take(struct search *search, const char *root, const char *id) {
    free(search->root);
    free(search->id);
    search->root = strdup(root);
    search->id = strdup(id);
}

static int search_root(struct search *search, const char *root, struct thole_error *err) {
    cleanup_closedir DIR *directory = opendir(root);
    if (directory == NULL)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open state directory %s", root);
    const bool prefix = strlen(search->name) >= PREFIX_LENGTH_MIN;
    const struct dirent *entry = NULL;
    while (errno = 0, !search->exact && (entry = readdir(directory)) != NULL) {
        search->exact = strcmp(entry->d_name, search->name) == 0;
        bool begins = prefix && text_starts_with(entry->d_name, search->name);
        search->matches += begins ? 1 : 0;
        if (search->exact || begins)
            take(search, root, entry->d_name);
    }
    return errno == 0 ? 0 : error_errno(err, NULL, "read state directory %s", root);
}

/* Containers of another lxcpath are found by naming that, not by chance. */
static bool is_foreign(const struct thole_root *root) {
    return strcmp(root->origin, "lxc") != 0;
}

static int search_roots(struct search *search, struct thole_error *err) {
    struct thole_root *roots = NULL;
    size_t count = 0;
    int result = thole_roots(&roots, &count, err);
    for (size_t i = 0; result == 0 && i < count && !search->exact; i++) {
        if (is_foreign(&roots[i]))
            result = search_root(search, roots[i].path, err);
    }
    thole_roots_free(roots, count);
    if (result == 0 && !search->exact && search->matches > 1)
        return error_usage(err, "%s is the beginning of the ids of %zu containers", search->name,
                           search->matches);
    return result;
}

int lxc_registry_find(const char *name, char **ret_root, char **ret_id, struct thole_error *err) {
    struct search search = {.name = name};
    int result = search_roots(&search, err);
    if (result < 0) {
        free(take_ptr(search.root));
        free(take_ptr(search.id));
    }
    *ret_root = search.root;
    *ret_id = search.id;
    return result;
}

static int list_root(const struct thole_root *root, const struct thole_log *log,
                     const struct lxc_registry_visitor *visitor, struct thole_error *err) {
    struct thole_state **states = NULL;
    size_t count = 0;
    const bool shared =
        strcmp(root->origin, "docker") == 0 || strcmp(root->origin, "containerd") == 0;
    const struct thole_context context = {
        .root = root->path,
        .log = shared ? (struct thole_log){0} : *log,
    };
    if (thole_list(&context, &states, &count, err) < 0) {
        if (err->code != ENOENT)
            return -1;
        *err = (struct thole_error){0};
    }
    for (size_t i = 0; i < count; i++) {
        if (shared && states[i]->status == THOLE_STATUS_UNKNOWN)
            thole_state_free(states[i]);
        else
            visitor->container(visitor->userdata, root, states[i]);
    }
    free(states);
    return 0;
}

int lxc_registry_list(const char *except, const struct thole_log *log,
                      const struct lxc_registry_visitor *visitor, struct thole_error *err) {
    struct thole_root *roots = NULL;
    size_t count = 0;
    int result = thole_roots(&roots, &count, err);
    for (size_t i = 0; result == 0 && i < count; i++) {
        if (is_foreign(&roots[i]) && strcmp(roots[i].path, except) != 0)
            result = list_root(&roots[i], log, visitor, err);
    }
    thole_roots_free(roots, count);
    return result;
}
