/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the standard streams are. */
#include "apply/stdio.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/userns.h"

/* A file that was opened for reading would become writable to its new owner, and one with another
 * owner or a second name is somebody else's as well. */
static bool may_be_given(int fd, const struct stat *status) {
    if (S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode))
        return true;
    return S_ISREG(status->st_mode) && status->st_uid == geteuid() && status->st_nlink <= 1 &&
           (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

static void give(int fd, uid_t uid) {
    struct stat status;
    if (fstat(fd, &status) == 0 && status.st_uid != uid && may_be_given(fd, &status))
        (void)fchown(fd, uid, (gid_t)-1);
}

void apply_stdio_give(uid_t uid) {
    for (int fd = 0; fd < 3; fd++)
        give(fd, uid);
}

void apply_stdio_give_to(const struct plan_process *process, int proc_fd, pid_t pid,
                         const int stdio[3], const bool replace[3], int console) {
    uid_t uid = 0;
    if (sys_userns_find_uid(proc_fd, pid, process->uid, &uid) < 0)
        return;
    for (int fd = 0; fd < 3; fd++) {
        if (!replace[fd])
            give(stdio[fd] >= 0 ? stdio[fd] : fd, uid);
    }
    cleanup_close int peer =
        console >= 0 ? ioctl(console, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    if (peer >= 0)
        (void)fchown(peer, uid, (gid_t)-1);
}
