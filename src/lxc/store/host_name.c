/* SPDX-License-Identifier: Apache-2.0 */
/* Writing /etc/hostname of a root file system that is not in use. */
#include "lxc/store/host_name.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "lxc/store/file_copy.h"

enum { OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static int failed(const char *rootfs, struct thole_error *err) {
    return error_errno(err, NULL, "write the host name to etc/hostname in %s", rootfs);
}

/* 1: what is called @name there is a regular file, with @ret_status; 0: nothing, or anything else.
 */
static int is_file(int directory, const char *name, struct stat *ret_status) {
    if (fstatat(directory, name, ret_status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -1;
    return S_ISREG(ret_status->st_mode);
}

/* /etc of the top layer that has one as a directory; -1 with errno ENOENT: none has. */
static int open_etc(const char *rootfs) {
    cleanup_close int top = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int etc = top < 0 ? -1 : openat(top, "etc", OPEN_DIRECTORY);
    if (etc < 0 && (errno == ENOTDIR || errno == ELOOP))
        errno = ENOENT;
    return etc;
}

/* A new file in place of the old one, with all that it had but its contents. */
static int replace(int etc, int target, const char *name) {
    struct stat status;
    const char *what = NULL;
    struct text line = {0};
    int there = is_file(etc, "hostname", &status);
    if (there <= 0)
        return there;
    text_appendf(&line, "%s\n", name);
    cleanup_free char *text = text_take(&line);
    if (unlinkat(target, ".hostname.new", 0) < 0 && errno != ENOENT)
        return -1;
    cleanup_close int fd =
        openat(target, ".hostname.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0 ||
        lxc_file_copy_attributes(etc, "hostname", target, ".hostname.new", &status, &what) < 0)
        return -1;
    return renameat(target, ".hostname.new", target, "hostname");
}

/* The upper layer's /etc, made like the lower one's. */
static int open_upper_etc(const char *upper, int lower_etc) {
    struct stat status;
    const char *what = NULL;
    cleanup_close int top = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0 || fstat(lower_etc, &status) < 0)
        return -1;
    if (mkdirat(top, "etc", 0755) == 0) {
        if (lxc_file_copy_attributes(lower_etc, ".", top, "etc", &status, &what) < 0)
            return -1;
    } else if (errno != EEXIST) {
        return -1;
    }
    return openat(top, "etc", OPEN_DIRECTORY);
}

static int write_to_layers(const struct lxc_rootfs_path *rootfs, const char *name,
                           struct thole_error *err) {
    struct stat status;
    cleanup_close int upper = open_etc(rootfs->upper);
    if (upper < 0 && errno != ENOENT)
        return failed(rootfs->upper, err);
    if (upper >= 0 && fstatat(upper, "hostname", &status, AT_SYMLINK_NOFOLLOW) == 0)
        return replace(upper, upper, name) < 0 ? failed(rootfs->upper, err) : 0;
    cleanup_free char *lower = strndup(rootfs->lower, strcspn(rootfs->lower, ":"));
    if (lower == NULL)
        abort();
    cleanup_close int etc = open_etc(lower);
    if (etc < 0)
        return errno == ENOENT ? 0 : failed(lower, err);
    if (is_file(etc, "hostname", &status) <= 0)
        return 0;
    cleanup_close int target = open_upper_etc(rootfs->upper, etc);
    return target < 0 || replace(etc, target, name) < 0 ? failed(rootfs->upper, err) : 0;
}

int lxc_host_name_write(const struct lxc_rootfs_path *rootfs, const char *name,
                        struct thole_error *err) {
    if (rootfs->kind == LXC_ROOTFS_OVERLAY)
        return write_to_layers(rootfs, name, err);
    if (rootfs->directory == NULL) /* none, or an image */
        return 0;
    cleanup_close int etc = open_etc(rootfs->directory);
    if (etc < 0)
        return errno == ENOENT ? 0 : failed(rootfs->directory, err);
    return replace(etc, etc, name) < 0 ? failed(rootfs->directory, err) : 0;
}
