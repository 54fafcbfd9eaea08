/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux labels of files, by their extended attributes. Nothing runs in the tree meanwhile, and no
 * link in it is followed. */
#include "virsh/lifecycle/relabel.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LABEL "security.selinux"
#define KEPT "trusted.thole.selinux"

enum { LABEL_SIZE = 4096, PATH_SIZE = 32 + NAME_MAX + 1 };

/* One file on the way: its directory, and where all of them lie. */
struct file {
    int directory;
    const char *name;
    dev_t device;
};

struct labels {
    const char *domain;
    const char *above; /* what the directory has by now */
};

typedef int change(const char *path, const struct labels *labels, struct thole_error *err);

/* The directory by its descriptor: the path of what is in a deep tree may be too long. */
static void path_of(const struct file *file, char path[PATH_SIZE]) {
    (void)snprintf(path, PATH_SIZE, "/proc/self/fd/%d/%s", file->directory, file->name);
}

/* "" if there is none. */
static int get(const char *path, const char *attribute, char label[LABEL_SIZE],
               struct thole_error *err) {
    const ssize_t length = lgetxattr(path, attribute, label, LABEL_SIZE - 1);
    if (length < 0 && errno != ENODATA)
        return error_errno(err, NULL, "read the label of %s", path);
    label[length > 0 ? length : 0] = '\0';
    return 0;
}

static int set(const char *path, const char *attribute, const char *label,
               struct thole_error *err) {
    if (lsetxattr(path, attribute, label, strlen(label) + 1, 0) < 0)
        return error_errno(err, NULL, "set the SELinux label of %s to %s", path, label);
    return 0;
}

/* What is kept already is older: the domain before has not come to its end. */
static int label_file(const char *path, const struct labels *labels, struct thole_error *err) {
    char former[LABEL_SIZE];
    char kept[LABEL_SIZE];
    if (get(path, KEPT, kept, err) < 0 || get(path, LABEL, former, err) < 0)
        return -1;
    if (kept[0] == '\0' && former[0] != '\0' && set(path, KEPT, former, err) < 0)
        return -1;
    return set(path, LABEL, labels->domain, err);
}

/* Behind user, role and type. */
static const char *level(const char *label) {
    for (int i = 0; i < 3 && label != NULL; i++) {
        label = strchr(label, ':');
        label = label != NULL ? label + 1 : NULL;
    }
    return label != NULL ? label : "";
}

/* What has the domain's level and nothing kept is of its making. */
static int label_back(const char *path, const struct labels *labels, struct thole_error *err) {
    char kept[LABEL_SIZE];
    char now[LABEL_SIZE];
    if (get(path, KEPT, kept, err) < 0 || get(path, LABEL, now, err) < 0)
        return -1;
    if (kept[0] == '\0')
        return labels->above != NULL && strcmp(level(now), level(labels->domain)) == 0
                   ? set(path, LABEL, labels->above, err)
                   : 0;
    if (set(path, LABEL, kept, err) < 0)
        return -1;
    if (lremovexattr(path, KEPT) < 0)
        return error_errno(err, NULL, "forget the former label of %s", path);
    return 0;
}

static int walk(const struct file *file, change *each, const struct labels *labels,
                struct thole_error *err);

static int walk_directory(const struct file *file, change *each, const struct labels *labels,
                          struct thole_error *err) {
    const int fd =
        openat(file->directory, file->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_closedir DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL)
        return error_errno(err, NULL, "open directory %s", file->name);
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        const struct file inner = {dirfd(directory), entry->d_name, file->device};
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            walk(&inner, each, labels, err) < 0)
            return -1;
    }
    return errno == 0 ? 0 : error_errno(err, NULL, "read directory %s", file->name);
}

static int walk(const struct file *file, change *each, const struct labels *labels,
                struct thole_error *err) {
    char path[PATH_SIZE];
    char own[LABEL_SIZE];
    struct stat status;
    path_of(file, path);
    if (fstatat(file->directory, file->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(err, NULL, "look at %s", path);
    if (status.st_dev != file->device)
        return 0;
    if (each(path, labels, err) < 0)
        return -1;
    if (!S_ISDIR(status.st_mode))
        return 0;
    if (get(path, LABEL, own, err) < 0)
        return -1;
    return walk_directory(file, each, &(struct labels){labels->domain, own}, err);
}

static int begin(const char *path, change *each, const char *label, struct thole_error *err) {
    const struct labels labels = {.domain = label};
    struct stat status;
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash[1] == '\0')
        return error_usage(err, "%s: no path of a file or directory below /", path);
    cleanup_free char *above = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    cleanup_close int directory = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || fstatat(directory, slash + 1, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(err, NULL, "look at %s", path);
    const struct file file = {directory, slash + 1, status.st_dev};
    return walk(&file, each, &labels, err) < 0 ? error_prefix(err, "%s", path) : 0;
}

int virsh_relabel(const char *path, const char *label, struct thole_error *err) {
    return begin(path, label_file, label, err);
}

int virsh_relabel_back(const char *path, const char *label, struct thole_error *err) {
    return begin(path, label_back, label, err);
}
