/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes are made from outside, beneath the container's root: nothing inside has to be trusted. */
#include "lxc/lifecycle/device_node.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lxc/lifecycle/device_rule.h"

/* The directory of @path inside; links lead nowhere but into the container's root. */
static int open_directory(const struct thole_state *state, const char *path,
                          struct thole_error *err) {
    char root_path[64];
    cleanup_free char *copy = strdup(path);
    const struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                                 .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    (void)snprintf(root_path, sizeof(root_path), "/proc/%d/root", (int)state->pid);
    cleanup_close int root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(err, NULL, "open the root of the container");
    int directory = (int)syscall(SYS_openat2, root, dirname(copy), &how, sizeof(how));
    return directory >= 0 ? directory : error_errno(err, NULL, "open the directory of %s", path);
}

static const char *last_word(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Who is root inside owns it. */
static int owner_of(int directory, struct stat *ret_status, struct thole_error *err) {
    if (fstat(directory, ret_status) < 0)
        return error_errno(err, NULL, "look at the container's directory");
    return 0;
}

static int set_rule(const struct lxc_container *container, const struct stat *device, bool allow,
                    struct thole_error *err) {
    char rule[48];
    (void)snprintf(rule, sizeof(rule), "%c %u:%u rwm", S_ISBLK(device->st_mode) ? 'b' : 'c',
                   major(device->st_rdev), minor(device->st_rdev));
    return lxc_device_rule_add(container, allow, rule, err);
}

static bool is_device(const struct stat *status) {
    return S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode);
}

static int make_node(int directory, const char *target, const struct stat *device,
                     struct thole_error *err) {
    const char *name = last_word(target);
    struct stat there;
    struct stat owner;
    if (mknodat(directory, name, device->st_mode, device->st_rdev) < 0) {
        if (errno == EOVERFLOW || errno == EPERM) {
            error_unsupported(err, NULL,
                              "in a user namespace no device can be made: the kernel lets nobody "
                              "use it");
            return error_hint(err,
                              "\"lxc.mount.entry = %s %s none bind,create=file\" has it from "
                              "the start",
                              target, target + strspn(target, "/"));
        }
        if (errno != EEXIST)
            return error_errno(err, NULL, "make %s in the container", target);
        if (fstatat(directory, name, &there, AT_SYMLINK_NOFOLLOW) < 0)
            return error_errno(err, NULL, "look at %s in the container", target);
        return is_device(&there) && there.st_rdev == device->st_rdev
                   ? 0
                   : error_state(err, "%s is there already, and something else", target);
    }
    if (owner_of(directory, &owner, err) < 0)
        return -1;
    /* The umask has nothing to say here. */
    if (fchmodat(directory, name, device->st_mode & 07777, 0) < 0 ||
        fchownat(directory, name, owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(err, NULL, "set mode and owner of %s in the container", target);
    return 0;
}

int lxc_device_node_add(const struct lxc_container *container, const struct thole_state *state,
                        const char *source, const char *target, struct thole_error *err) {
    struct stat device;
    if (stat(source, &device) < 0)
        return error_errno(err, NULL, "look at %s", source);
    if (!is_device(&device))
        return error_state(err, "%s is neither a device nor an interface of the host", source);
    cleanup_close int directory = open_directory(state, target, err);
    if (directory < 0 || set_rule(container, &device, true, err) < 0)
        return -1;
    return make_node(directory, target, &device, err);
}

int lxc_device_node_remove(const struct lxc_container *container, const struct thole_state *state,
                           const char *target, struct thole_error *err) {
    struct stat device;
    cleanup_close int directory = open_directory(state, target, err);
    if (directory < 0)
        return -1;
    if (fstatat(directory, last_word(target), &device, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(err, NULL, "look at %s in the container", target);
    if (!is_device(&device))
        return error_state(err, "%s in the container is no device", target);
    if (unlinkat(directory, last_word(target), 0) < 0)
        return error_errno(err, NULL, "remove %s from the container", target);
    return set_rule(container, &device, false, err);
}
