/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the text of a configuration for a copy of its container. */
#include "lxc/store/config_copy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "lxc/store/config_lines.h"
#include "lxc/store/hardware_address.h"
#include "lxc/store/making.h"
#include "lxc/store/tree_copy.h"

/* Keys whose value begins with the path of a file. Old names are those of LXC before 2.1. */
static const struct {
    const char *key; /* with a dot at its end: the beginning of one */
    bool contents;   /* the file is read, so that a copy needs one of its own */
} files[] = {
    {"lxc.hook.", true},           {"lxc.mount.fstab", true}, {"lxc.mount", true},
    {"lxc.seccomp.profile", true}, {"lxc.seccomp", true},     {"lxc.console.logfile", false},
    {"lxc.log.file", false},       {"lxc.logfile", false},
};

static bool is_file_key(const char *key, bool *ret_contents) {
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        *ret_contents = files[i].contents;
        if (text_ends_with(files[i].key, ".") ? text_starts_with(key, files[i].key)
                                              : strcmp(key, files[i].key) == 0)
            return true;
    }
    return false;
}

char *lxc_config_moved_path(const struct lxc_config_copy *copy, const char *path) {
    struct text moved = {0};
    if (!path_is_beneath(path, copy->old_directory))
        return NULL;
    text_appendf(&moved, "%s%s", copy->new_directory, path + strlen(copy->old_directory));
    return text_take(&moved);
}

/* What is in a root file system is copied with it. */
static int copy_beside(const struct lxc_config_copy *copy, const char *from, const char *to,
                       struct thole_error *err) {
    struct stat status;
    if (strchr(from + strlen(copy->old_directory) + 1, '/') != NULL || access(to, F_OK) == 0)
        return 0;
    if (stat(from, &status) < 0)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "look at %s", from);
    return S_ISREG(status.st_mode) ? lxc_tree_copy_file(from, to, err) : 0;
}

static int move_file(const struct lxc_config_copy *copy, bool contents, const char *value,
                     char **ret_value, struct thole_error *err) {
    size_t length = strcspn(value, " \t");
    cleanup_free char *from = strndup(value, length);
    if (from == NULL)
        abort();
    cleanup_free char *to = lxc_config_moved_path(copy, from);
    struct text moved = {0};
    if (to == NULL || strlen(from) == strlen(copy->old_directory))
        return 0;
    if (contents && copy->copy_files && copy_beside(copy, from, to, err) < 0)
        return -1;
    text_appendf(&moved, "%s%s", to, value + length);
    *ret_value = text_take(&moved);
    return 0;
}

static int change(void *userdata, const char *key, const char *value, char **ret_value,
                  struct thole_error *err) {
    static const char any_address[] = "00:16:3e:xx:xx:xx";
    const struct lxc_config_copy *copy = userdata;
    bool contents = false;
    if (is_file_key(key, &contents))
        return move_file(copy, contents, value, ret_value, err);
    if (!copy->keep_addresses && lxc_config_is_hardware_address(key) && value[0] != '\0')
        *ret_value = lxc_hardware_address_expand(strdup(any_address));
    return 0;
}

int lxc_config_copy(const struct lxc_config_copy *copy, struct text *text,
                    struct thole_error *err) {
    struct lxc_config_copy mutable_copy = *copy;
    return lxc_config_lines_change(text, change, &mutable_copy, err);
}
