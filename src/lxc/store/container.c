/* SPDX-License-Identifier: Apache-2.0 */
/* From the name of a container to where it is kept and where it runs. */
#include "lxc/store/container.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/store/registry.h"
#include "lxc/store/system.h"

enum { NAME_LENGTH_MAX = 255 };

int lxc_container_check_name(const char *name, struct thole_error *err) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
    size_t length = strlen(name);
    if (length > 0 && length <= NAME_LENGTH_MAX && name[0] != '.' &&
        strspn(name, allowed) == length)
        return 0;
    return error_usage(err,
                       "\"%s\" cannot be the name of a container: letters, digits and _+-. make "
                       "one, without a dot first",
                       name);
}

/* A directory name for a whole path: slashes become colons, and colons are doubled. */
static void append_path_word(struct text *text, const char *path) {
    for (const char *at = path + strspn(path, "/"); *at != '\0'; at++)
        text_append(text, *at == '/' ? ":" : *at == ':' ? "::" : (char[]){*at, '\0'});
}

int lxc_container_root(const char *lxcpath, char **ret_root, struct thole_error *err) {
    cleanup_free char *configured = NULL;
    if (lxc_system_path(NULL, &configured, err) < 0)
        return -1;
    char *root = thole_default_root();
    if (root == NULL)
        return error_set(
            err, THOLE_ERROR_HOST, 0, NULL,
            "XDG_RUNTIME_DIR is not set, so there is no place for the state of containers");
    if (strcmp(configured, lxcpath) == 0) {
        *ret_root = root;
        return 0;
    }
    struct text text = {0};
    text_appendf(&text, "%s-lxc/", root);
    append_path_word(&text, lxcpath);
    free(root);
    *ret_root = text_take(&text);
    return 0;
}

static char *joined(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s", directory, name);
    return text_take(&path);
}

/* 1: it runs in the state root of its lxcpath, or is about to. */
static int is_live(const struct lxc_container *container, struct thole_error *err) {
    struct stat status;
    cleanup_free char *path = joined(container->root, container->id);
    if (stat(path, &status) == 0)
        return 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : error_errno(err, NULL, "look at %s", path);
}

/* A name that says nothing in the configured lxcpath may be the id of a container from elsewhere.
 * Who names another lxcpath means a container there. */
static int find_foreign(struct lxc_container *container, struct thole_error *err) {
    cleanup_free char *own = thole_default_root();
    if (container->defined || own == NULL || strcmp(own, container->root) != 0)
        return 0;
    int live = is_live(container, err);
    if (live != 0)
        return live < 0 ? -1 : 0;
    char *root = NULL;
    char *id = NULL;
    if (lxc_registry_find(container->name, &root, &id, err) < 0)
        return -1;
    if (root == NULL)
        return 0;
    free(container->root);
    free(container->id);
    container->root = root;
    container->id = id;
    container->foreign = true;
    container->context.root = root;
    return 0;
}

int lxc_container_find(const char *name, const char *lxcpath, const struct thole_log *log,
                       struct lxc_container *ret_container, struct thole_error *err) {
    struct stat status;
    *ret_container = (struct lxc_container){0};
    if (lxc_container_check_name(name, err) < 0 ||
        lxc_container_root(lxcpath, &ret_container->root, err) < 0)
        return -1;
    ret_container->name = strdup(name);
    ret_container->id = strdup(name);
    ret_container->lxcpath = strdup(lxcpath);
    ret_container->directory = joined(lxcpath, name);
    ret_container->config_file = joined(ret_container->directory, "config");
    ret_container->context = (struct thole_context){.root = ret_container->root, .log = *log};
    if (stat(ret_container->config_file, &status) == 0)
        ret_container->defined = S_ISREG(status.st_mode);
    else if (errno != ENOENT && errno != ENOTDIR)
        return error_errno(err, NULL, "look at %s", ret_container->config_file);
    return find_foreign(ret_container, err);
}

int lxc_container_state(const struct lxc_container *container, struct thole_state **ret_state,
                        struct thole_error *err) {
    *ret_state = NULL;
    if (thole_state(&container->context, container->id, ret_state, err) == 0)
        return 0;
    if (err->kind != THOLE_ERROR_NOT_FOUND)
        return -1;
    *err = (struct thole_error){0};
    return 0;
}

void lxc_container_state_done(struct thole_state **state) {
    thole_state_free(*state);
}

int lxc_container_read_config(const struct lxc_container *container, const char *rcfile,
                              struct lxc_configuration *config, struct thole_error *err) {
    if (rcfile == NULL && !container->defined)
        return 0;
    return lxc_configuration_read(config, rcfile != NULL ? rcfile : container->config_file, err);
}

void lxc_container_done(struct lxc_container *container) {
    free(container->name);
    free(container->lxcpath);
    free(container->directory);
    free(container->config_file);
    free(container->root);
    free(container->id);
    *container = (struct lxc_container){0};
}
