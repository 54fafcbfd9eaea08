/* SPDX-License-Identifier: Apache-2.0 */
/* All containers of an lxcpath, from its directory and its state root, and those from elsewhere. */
#include "lxc/store/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "lxc/store/container.h"
#include "lxc/store/registry.h"
#include "lxc/store/states.h"

static struct lxc_listed *add(struct lxc_listing *listing, const char *name) {
    struct lxc_listed *larger =
        reallocarray(listing->items, listing->count + 1, sizeof(*listing->items));
    if (larger == NULL)
        abort();
    listing->items = larger;
    larger[listing->count] = (struct lxc_listed){.name = strdup(name), .type = "lxc"};
    return &larger[listing->count++];
}

/* 1: DIRECTORY/NAME/config is a file. */
static int is_defined(int directory, const char *name, struct thole_error *err) {
    struct stat status;
    cleanup_text struct text path = {0};
    text_appendf(&path, "%s/config", name);
    if (fstatat(directory, path.data, &status, 0) == 0)
        return S_ISREG(status.st_mode);
    return errno == ENOENT || errno == ENOTDIR
               ? 0
               : error_errno(err, NULL, "look at the configuration of %s", name);
}

static void add_defined(struct lxc_listing *listing, const char *lxcpath, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s/config", lxcpath, name);
    add(listing, name)->config_file = text_take(&path);
}

static int read_defined(const char *lxcpath, struct lxc_listing *listing, struct thole_error *err) {
    cleanup_closedir DIR *directory = opendir(lxcpath);
    if (directory == NULL)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open %s", lxcpath);
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        int defined = is_defined(dirfd(directory), entry->d_name, err);
        if (defined < 0)
            return -1;
        if (defined == 1)
            add_defined(listing, lxcpath, entry->d_name);
    }
    return errno == 0 ? 0 : error_errno(err, NULL, "read %s", lxcpath);
}

static struct lxc_listed *find(const struct lxc_listing *listing, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(listing->items[i].name, name) == 0)
            return &listing->items[i];
    }
    return NULL;
}

static int read_live(const char *lxcpath, const struct thole_log *log, struct lxc_listing *listing,
                     struct thole_error *err) {
    const size_t defined = listing->count;
    cleanup_free char *root = NULL;
    struct thole_state **states = NULL;
    size_t count = 0;
    if (lxc_container_root(lxcpath, &root, err) < 0)
        return -1;
    const struct thole_context context = {.root = root, .log = *log};
    if (thole_list(&context, &states, &count, err) < 0) {
        /* It appears with the first container that runs. */
        if (err->code != ENOENT)
            return -1;
        *err = (struct thole_error){0};
    }
    for (size_t i = 0; i < count; i++) {
        struct lxc_listed *listed = find(listing, defined, states[i]->id);
        if (listed == NULL)
            listed = add(listing, states[i]->id);
        listed->state = states[i];
        listed->root = strdup(root);
        listed->type = lxc_state_type(states[i], "thole");
    }
    free(states);
    return 0;
}

static void add_foreign(void *userdata, const struct thole_root *root, struct thole_state *state) {
    struct lxc_listing *listing = userdata;
    struct lxc_listed *listed = add(listing, state->id);
    listed->state = state;
    listed->root = strdup(root->path);
    listed->type = lxc_state_type(state, root->origin);
}

static int read_foreign(const char *lxcpath, const struct thole_log *log,
                        struct lxc_listing *listing, struct thole_error *err) {
    cleanup_free char *root = NULL;
    const struct lxc_registry_visitor visitor = {add_foreign, listing};
    return lxc_container_root(lxcpath, &root, err) < 0
               ? -1
               : lxc_registry_list(root, log, &visitor, err);
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct lxc_listed *)a)->name, ((const struct lxc_listed *)b)->name);
}

int lxc_listing_read(const char *lxcpath, bool foreign, const struct thole_log *log,
                     struct lxc_listing *ret_listing, struct thole_error *err) {
    if (read_defined(lxcpath, ret_listing, err) < 0 ||
        read_live(lxcpath, log, ret_listing, err) < 0 ||
        (foreign && read_foreign(lxcpath, log, ret_listing, err) < 0))
        return -1;
    if (ret_listing->count > 1)
        qsort(ret_listing->items, ret_listing->count, sizeof(*ret_listing->items), compare);
    return 0;
}

void lxc_listing_done(struct lxc_listing *listing) {
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->items[i].name);
        free(listing->items[i].config_file);
        free(listing->items[i].root);
        thole_state_free(listing->items[i].state);
    }
    free(listing->items);
    *listing = (struct lxc_listing){0};
}
