/* SPDX-License-Identifier: Apache-2.0 */
/* Connection URIs, and the directories behind them. */
#include "virsh/store/place.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "thole.h"

#define DIRECTORY "?directory="

static char *joined(const char *directory, const char *name) {
    struct text path = {0};
    text_appendf(&path, "%s/%s", directory, name);
    return text_take(&path);
}

/* A directory name for a whole path: slashes become colons, and colons are doubled. */
static char *path_word(const char *path) {
    struct text text = {0};
    text_append(&text, "");
    for (const char *at = path + strspn(path, "/"); *at != '\0'; at++)
        text_append(&text, *at == '/' ? ":" : *at == ':' ? "::" : (char[]){*at, '\0'});
    return text_take(&text);
}

/* NULL: the default. -1: it is no URI of this driver. */
static int find_directory(const char *uri, const char **ret_directory, struct thole_error *err) {
    const char *rest = NULL;
    if (text_starts_with(uri, "lxc://"))
        rest = uri + strlen("lxc://");
    else if (text_starts_with(uri, "lxc:/"))
        rest = uri + strlen("lxc:");
    *ret_directory = NULL;
    const size_t length = rest != NULL ? strcspn(rest, "?") : 0;
    const bool plain =
        rest != NULL &&
        (length <= 1 || (length == strlen("/system") && text_starts_with(rest, "/system")));
    if (plain && rest[length] == '\0')
        return 0;
    if (!plain || !text_starts_with(rest + length, DIRECTORY "/"))
        return error_unsupported(err, NULL, "no connection driver available for %s", uri);
    *ret_directory = rest + length + strlen(DIRECTORY);
    return 0;
}

static char *default_directory(void) {
    const char *configured = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    struct text path = {0};
    if (geteuid() == 0)
        text_append(&path, "/etc");
    else if (configured != NULL && configured[0] == '/')
        text_append(&path, configured);
    else
        text_appendf(&path, "%s/.config", home != NULL ? home : "");
    text_append(&path, "/thole/domains");
    return text_take(&path);
}

int virsh_place_open(const char *uri, struct virsh_place *ret_place, struct thole_error *err) {
    const char *directory = NULL;
    const char *word = uri != NULL ? uri : "lxc:///";
    *ret_place = (struct virsh_place){0};
    if (find_directory(word, &directory, err) < 0)
        return -1;
    cleanup_free char *root = thole_default_root();
    if (root == NULL)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "XDG_RUNTIME_DIR is not set, so there is no place for the state of "
                         "containers");
    cleanup_free char *name = directory != NULL ? path_word(directory) : strdup("system");
    struct text live = {0};
    text_appendf(&live, "%s-virsh/%s", root, name);
    ret_place->live = text_take(&live);
    ret_place->definitions = directory != NULL ? strdup(directory) : default_directory();
    ret_place->autostart = joined(ret_place->definitions, "autostart");
    ret_place->root = directory != NULL ? joined(ret_place->live, "state") : take_ptr(root);
    ret_place->uri = strdup(word);
    ret_place->other = directory != NULL;
    return 0;
}

static int make_directories(const char *path, struct thole_error *err) {
    cleanup_free char *part = strdup(path);
    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return error_errno(err, NULL, "make directory %s", part);
        if (slash == NULL)
            return 0;
        *slash = '/';
    }
}

int virsh_place_make(const struct virsh_place *place, struct thole_error *err) {
    if (make_directories(place->definitions, err) < 0)
        return -1;
    return make_directories(place->live, err);
}

void virsh_place_done(struct virsh_place *place) {
    free(place->definitions);
    free(place->autostart);
    free(place->live);
    free(place->root);
    free(place->uri);
    *place = (struct virsh_place){0};
}
