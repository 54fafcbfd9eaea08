/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the text of a configuration for a copy of its container. */
#include "lxc/store/config_copy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "lxc/config/file_text.h"
#include "lxc/store/config_file.h"
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

/* Where the old directory is gone, its path is another one in every field, and in options. */
static char *moved_everywhere(const struct lxc_config_copy *copy, const char *entry) {
    static const char before[] = " \t=:,";
    static const char behind[] = " \t/:,";
    const char *old = copy->old_directory;
    const size_t length = strlen(old);
    struct text moved = {0};
    for (const char *at = entry; *at != '\0';) {
        bool begins = at == entry || strchr(before, at[-1]) != NULL;
        bool is_path = begins && strncmp(at, old, length) == 0 &&
                       (at[length] == '\0' || strchr(behind, at[length]) != NULL);
        if (is_path)
            text_append(&moved, copy->new_directory);
        else
            text_append_bytes(&moved, at, 1);
        at += is_path ? length : 1;
    }
    return text_take(&moved);
}

/* "SOURCE TARGET ..." with the target in the new root file system; NULL: it is not in the old one.
 */
static char *moved_entry(const struct lxc_config_copy *copy, const char *entry) {
    if (entry[0] == '#')
        return NULL;
    if (copy->moved)
        return moved_everywhere(copy, entry);
    const char *target = entry + strcspn(entry, " \t");
    target += strspn(target, " \t");
    size_t length = strcspn(target, " \t");
    cleanup_free char *path = strndup(target, length);
    struct text moved = {0};
    if (path == NULL)
        abort();
    if (copy->old_rootfs == NULL || !path_is_beneath(path, copy->old_rootfs))
        return NULL;
    text_append_bytes(&moved, entry, (size_t)(target - entry));
    text_appendf(&moved, "%s%s", copy->new_rootfs, target + strlen(copy->old_rootfs));
    return text_take(&moved);
}

/* The lines of an fstab for the copy; @ret_differ: some are not those of the original. */
static int read_fstab(const struct lxc_config_copy *copy, const char *file, struct text *lines,
                      bool *ret_differ, struct thole_error *err) {
    cleanup_text struct text before = {0};
    const char *line = NULL;
    size_t length = 0;
    *ret_differ = false;
    if (lxc_configuration_text_read(file, &before, err) < 0)
        return -1;
    for (const char *rest = before.data; rest != NULL && text_next_line(&rest, &line, &length);) {
        cleanup_free char *entry = strndup(line, length);
        if (entry == NULL)
            abort();
        cleanup_free char *moved = moved_entry(copy, entry);
        *ret_differ |= moved != NULL && strcmp(moved, entry) != 0;
        text_appendf(lines, "%s\n", moved != NULL ? moved : entry);
    }
    return 0;
}

int lxc_config_move_fstab(const struct lxc_config_copy *copy, const char *file,
                          struct thole_error *err) {
    cleanup_text struct text lines = {0};
    bool differ = false;
    if (access(file, F_OK) < 0)
        return 0;
    if (read_fstab(copy, file, &lines, &differ, err) < 0)
        return -1;
    return differ ? lxc_config_file_write(file, &lines, err) : 0;
}

/* An fstab that lies elsewhere, maybe for others as well, is copied if it names the old root. */
static int adopt_fstab(const struct lxc_config_copy *copy, const char *file, char **ret_value,
                       struct thole_error *err) {
    cleanup_text struct text lines = {0};
    struct text path = {0};
    bool differ = false;
    const char *slash = strrchr(file, '/');
    if (slash == NULL || access(file, F_OK) < 0)
        return 0;
    if (read_fstab(copy, file, &lines, &differ, err) < 0)
        return -1;
    if (!differ)
        return 0;
    text_appendf(&path, "%s%s", copy->new_directory, slash);
    *ret_value = text_take(&path);
    if (lxc_tree_copy_file(file, *ret_value, err) < 0)
        return -1;
    return lxc_config_file_write(*ret_value, &lines, err);
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
    if (strcmp(key, "lxc.mount.entry") == 0) {
        *ret_value = moved_entry(copy, value);
        return 0;
    }
    if (is_file_key(key, &contents)) {
        bool is_fstab = strcmp(key, "lxc.mount.fstab") == 0 || strcmp(key, "lxc.mount") == 0;
        if (move_file(copy, contents, value, ret_value, err) < 0)
            return -1;
        if (!is_fstab || !copy->copy_files)
            return 0;
        return *ret_value != NULL ? lxc_config_move_fstab(copy, *ret_value, err)
                                  : adopt_fstab(copy, value, ret_value, err);
    }
    if (!copy->keep_addresses && lxc_config_is_hardware_address(key) && value[0] != '\0')
        *ret_value = lxc_hardware_address_expand(strdup(any_address));
    return 0;
}

int lxc_config_copy(const struct lxc_config_copy *copy, struct text *text,
                    struct thole_error *err) {
    struct lxc_config_copy mutable_copy = *copy;
    return lxc_config_lines_change(text, change, &mutable_copy, err);
}
