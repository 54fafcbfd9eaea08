/* SPDX-License-Identifier: Apache-2.0 */
/* New filesystem instances through mount(2), for options that fsconfig(2) does not take. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "apply/filesystem.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "sys/mount_calls.h"

static const struct {
    const char *word;
    unsigned long flag;
} flags[] = {
    {"ro", MS_RDONLY},
    {"sync", MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC},
    {"mand", MS_MANDLOCK},
    {"lazytime", 1UL << 25 /* MS_LAZYTIME */},
};

static unsigned long flag_of(const struct plan_pair *parameter) {
    for (size_t i = 0; parameter->value == NULL && i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(parameter->key, flags[i].word) == 0)
            return flags[i].flag;
    }
    return 0;
}

/* In the list of options a comma is part of a security context in quotes, of an overlay's path
 * behind a backslash. */
static void append_value(struct text *data, const char *key, const char *value) {
    const char *quote = text_ends_with(key, "context") && strchr(value, ',') != NULL ? "\"" : "";
    text_appendf(data, "=%s", quote);
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0')
            text_append_bytes(data, at++, 1);
        else if (*at == ',' && quote[0] == '\0')
            text_append(data, "\\");
        text_append_bytes(data, at, 1);
    }
    text_append(data, quote);
}

static unsigned long join(const struct plan_pair *parameters, size_t count, struct text *data) {
    unsigned long set = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned long flag = flag_of(&parameters[i]);
        set |= flag;
        if (flag != 0)
            continue;
        text_appendf(data, "%s%s", data->length > 0 ? "," : "", parameters[i].key);
        if (parameters[i].value != NULL)
            append_value(data, parameters[i].key, parameters[i].value);
    }
    return set;
}

bool apply_filesystem_needs_mount(const char *type, const char *source,
                                  const struct plan_pair *parameters, size_t parameter_count) {
    bool needed = source != NULL && strlen(source) > APPLY_FSCONFIG_MAX;
    for (size_t i = 0; i < parameter_count; i++) {
        const char *value = parameters[i].value != NULL ? parameters[i].value : "";
        /* Before Linux 6.5 an overlay's commas get lost on the newer way. */
        if (strlen(value) > APPLY_FSCONFIG_MAX ||
            (strcmp(type, "overlay") == 0 && strchr(value, ',') != NULL))
            needed = true;
    }
    if (!needed)
        return false;
    cleanup_text struct text data = {0};
    (void)join(parameters, parameter_count, &data);
    return data.length <= APPLY_MOUNT_DATA_MAX;
}

/* mount(2) wants a place: a directory that nobody sees, on top of "/" for as long as this takes. */
static int mount_on_scratch(int scratch, const char *type, const char *source, unsigned long set,
                            const char *data) {
    if (mkdirat(scratch, "here", 0700) < 0 ||
        move_mount(scratch, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return -1;
    cleanup_close int tree = -1;
    if (fchdir(scratch) == 0 && mount(source, "here", type, set, data) == 0)
        tree = open_tree(AT_FDCWD, "here", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    int problem = errno;
    if (fchdir(scratch) < 0 || umount2(".", MNT_DETACH) < 0)
        return -1;
    errno = problem;
    return take_fd(&tree);
}

int apply_filesystem_mount(int scratch, const char *type, const char *source,
                           const struct plan_pair *parameters, size_t parameter_count,
                           uint64_t attributes, const char *where, struct thole_error *err) {
    cleanup_close int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (back < 0)
        return error_errno(err, where, "open the working directory");
    cleanup_text struct text data = {0};
    const unsigned long set = join(parameters, parameter_count, &data);
    cleanup_close int tree = mount_on_scratch(scratch, type, source, set, data.data);
    if (tree < 0)
        return error_errno(err, where, "create filesystem %s", type);
    struct mount_attr wanted = {.attr_set = attributes, .attr_clr = MOUNT_ATTR__ATIME};
    if (fchdir(back) < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &wanted, sizeof(wanted)) < 0)
        return error_errno(err, where, "set mount options of %s", type);
    return take_fd(&tree);
}

/* The call sets the flags of the mount as well: they stay as they are. */
int apply_filesystem_remount(int target, const struct plan_pair *parameters,
                             size_t parameter_count) {
    enum { SAME = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_NODIRATIME };
    struct statvfs now;
    cleanup_text struct text data = {0};
    unsigned long set = MS_REMOUNT | join(parameters, parameter_count, &data);
    cleanup_close int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (back < 0 || fstatvfs(target, &now) < 0 || fchdir(target) < 0)
        return -1;
    set |= (now.f_flag & SAME) | ((now.f_flag & ST_RELATIME) != 0 ? MS_RELATIME : 0);
    int result = mount(NULL, ".", NULL, set, data.data);
    int problem = errno;
    if (fchdir(back) < 0)
        return -1;
    errno = problem;
    return result;
}
