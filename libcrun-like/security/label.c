/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor profiles and SELinux labels for the next execve, and session keyrings. */
#include "security/label.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "sys/path.h"

#define APPARMOR_EXEC "thread-self/attr/apparmor/exec"
#define EXEC "thread-self/attr/exec"
#define CURRENT "thread-self/attr/current"
#define KEY_CREATE "thread-self/attr/keycreate"

/* Opens an attribute file of the calling thread; the write goes to procfs or nowhere. */
static int open_attribute(int procfd, const char *path) {
    cleanup_close int fd = sys_open_proc(procfd, path, O_WRONLY);
    if (fd >= 0 && sys_filesystem_type(fd) != PROC_SUPER_MAGIC) {
        errno = EXDEV;
        return -1;
    }
    return take_fd(&fd);
}

/* 1 where the process attributes are SELinux contexts (user:role:type...). Where no module has any,
 * there is no file, or reading it is EINVAL. */
static int selinux_is_on(int procfd, struct thole_error *err) {
    char label[256];
    cleanup_close int fd = sys_open_proc(procfd, CURRENT, O_RDONLY);
    ssize_t length = fd >= 0 ? read(fd, label, sizeof(label)) : -1;
    if (length < 0 && errno != ENOENT && errno != EINVAL)
        return error_errno(err, NULL, "read the label of this process");
    return length > 0 && memchr(label, ':', (size_t)length) != NULL;
}

int label_set_apparmor_exec(int procfd, const char *profile, struct thole_error *err) {
    cleanup_close int fd = open_attribute(procfd, APPARMOR_EXEC);
    /* Linux before 5.8 has one attribute for whichever module is in front. */
    if (fd < 0 && errno == ENOENT)
        fd = open_attribute(procfd, EXEC);
    if (fd < 0 && errno != ENOENT)
        return error_errno(err, NULL, "open the AppArmor attribute for profile %s", profile);

    cleanup_text struct text command = {0};
    text_appendf(&command, "exec %s", profile);
    if (fd >= 0 && file_write_once(fd, command.data, command.length) == 0)
        return 0;
    if (fd < 0 || errno == EINVAL || errno == EOPNOTSUPP)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, NULL,
                         "AppArmor profile %s is asked for, but AppArmor is not enabled", profile);
    int code = errno;
    error_errno(err, NULL, "set AppArmor profile %s", profile);
    if (code == ENOENT)
        (void)error_hint(err, "the profile is not loaded (apparmor_parser loads it)");
    return -1;
}

int label_set_selinux_exec(int procfd, const char *label, struct thole_error *err) {
    cleanup_close int fd = open_attribute(procfd, EXEC);
    if (fd < 0 && errno != ENOENT)
        return error_errno(err, NULL, "open the SELinux attribute for label %s", label);
    if (fd >= 0 && file_write_once(fd, label, strlen(label)) == 0)
        return 0;
    int code = errno;
    int on = fd < 0 ? 0 : selinux_is_on(procfd, err);
    if (on < 0)
        return -1;
    if (on == 0)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, NULL,
                         "SELinux label %s is asked for, but SELinux is not enabled", label);
    errno = code;
    error_errno(err, NULL, "set SELinux label %s", label);
    if (code == EINVAL)
        (void)error_hint(err, "the loaded policy does not know this label");
    return -1;
}

/* Its owner may find the keyring by name: so an exec joins that of the container, not a new one. */
static int let_owner_search(long keyring, const char *name, struct thole_error *err) {
    enum { KEY_USR_SEARCH = 0x00080000 }; /* keyctl_setperm(3) */
    char description[512] = "";
    long length = syscall(SYS_keyctl, KEYCTL_DESCRIBE, keyring, description, sizeof(description));
    /* "type;uid;gid;permissions;name", the permissions in hexadecimal */
    const char *at = length > 0 && (size_t)length <= sizeof(description) ? description : NULL;
    for (int field = 0; field < 3 && at != NULL; field++)
        at = strchr(at + (field > 0 ? 1 : 0), ';');
    const unsigned long permissions = at != NULL ? strtoul(at + 1, NULL, 16) : 0;
    if ((permissions & KEY_USR_SEARCH) != 0)
        return 0;
    if (at == NULL ||
        syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, permissions | KEY_USR_SEARCH) < 0)
        return error_errno(err, NULL, "let exec find session keyring %s", name);
    return 0;
}

static int join_keyring(const char *name, struct thole_error *err) {
    long keyring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
    if (keyring >= 0)
        return let_owner_search(keyring, name, err);
    /* Not built into this kernel, or hidden by a seccomp filter: nothing that could leak. */
    if (errno == ENOSYS)
        return 0;
    int code = errno;
    error_errno(err, NULL, "create session keyring %s", name);
    if (code == EDQUOT)
        (void)error_hint(err, "the user's quota of keys is used up: see "
                              "/proc/sys/kernel/keys/maxkeys and root_maxkeys");
    return -1;
}

int label_new_keyring(int procfd, const char *name, const char *label, struct thole_error *err) {
    int on = label == NULL || label[0] == '\0' ? 0 : selinux_is_on(procfd, err);
    if (on <= 0)
        return on < 0 ? -1 : join_keyring(name, err);

    cleanup_close int fd = open_attribute(procfd, KEY_CREATE);
    if (fd < 0 || file_write_once(fd, label, strlen(label)) < 0)
        return error_errno(err, NULL, "set SELinux label %s for keyring %s", label, name);
    int result = join_keyring(name, err);
    /* An empty write takes the label back, so that the payload's own keys do not get it. */
    if (write(fd, "", 0) < 0 && result == 0)
        return error_errno(err, NULL, "clear the SELinux label for new keys");
    return result;
}
