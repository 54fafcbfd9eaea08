/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals taken from a container's own devpts. */
#include "terminal/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sys/path.h"

enum { PTMX_INODE = 2, PTMX_MINOR = 2 };

/* Everything about the container's devpts can be a forgery: only the kernel's own node passes. */
static int check_ptmx(int fd, struct thole_error *err) {
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(err, NULL, "stat ptmx of the container's devpts");
    if (sys_filesystem_type(fd) != DEVPTS_SUPER_MAGIC || !S_ISCHR(status.st_mode) ||
        status.st_rdev != makedev(TTYAUX_MAJOR, PTMX_MINOR) || status.st_ino != PTMX_INODE)
        return error_set(err, THOLE_ERROR_CONFIG, 0, NULL,
                         "ptmx of the container's devpts is not the kernel's");
    return 0;
}

static int check_peer(int peer, unsigned number, struct thole_error *err) {
    struct stat status;
    if (fstat(peer, &status) < 0)
        return error_errno(err, NULL, "stat pty %u", number);
    if (sys_filesystem_type(peer) != DEVPTS_SUPER_MAGIC || !S_ISCHR(status.st_mode) ||
        major(status.st_rdev) < UNIX98_PTY_SLAVE_MAJOR ||
        major(status.st_rdev) >= UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT ||
        minor(status.st_rdev) != number)
        return error_set(err, THOLE_ERROR_CONFIG, 0, NULL, "the peer of pty %u is not a pty",
                         number);
    return 0;
}

static int clear_onlcr(int peer) {
    struct termios settings;
    if (tcgetattr(peer, &settings) < 0)
        return -1;
    settings.c_oflag &= ~(tcflag_t)ONLCR;
    return tcsetattr(peer, TCSANOW, &settings);
}

int terminal_pty_open(int devpts_fd, bool raw_output, struct terminal_pty *ret_pty,
                      struct thole_error *err) {
    cleanup_terminal_pty struct terminal_pty pty = TERMINAL_PTY_INIT;
    if (sys_filesystem_type(devpts_fd) != DEVPTS_SUPER_MAGIC)
        return error_set(err, THOLE_ERROR_CONFIG, 0, NULL, "the container's /dev/pts is no devpts");

    pty.master = sys_open_in_root(devpts_fd, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW,
                                  RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
    if (pty.master < 0)
        return error_errno(err, NULL, "open ptmx of the container's devpts");
    if (check_ptmx(pty.master, err) < 0)
        return -1;
    int unlock = 0;
    unsigned number = 0;
    if (ioctl(pty.master, TIOCSPTLCK, &unlock) < 0 || ioctl(pty.master, TIOCGPTN, &number) < 0)
        return error_errno(err, NULL, "unlock a new pty");
    pty.peer = ioctl(pty.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty.peer < 0)
        return error_errno(err, NULL, "open the peer of pty %u", number);
    if (check_peer(pty.peer, number, err) < 0)
        return -1;
    if (raw_output && clear_onlcr(pty.peer) < 0)
        return error_errno(err, NULL, "set the modes of pty %u", number);
    *ret_pty = pty;
    pty = (struct terminal_pty)TERMINAL_PTY_INIT;
    return 0;
}

int terminal_devpts_open(int root_fd, struct thole_error *err) {
    cleanup_close int fd = sys_open_in_root(root_fd, "dev/pts", O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return error_errno(err, NULL, "open /dev/pts of the container");
    if (sys_filesystem_type(fd) != DEVPTS_SUPER_MAGIC) {
        error_set(err, THOLE_ERROR_CONFIG, 0, NULL, "the container's /dev/pts is no devpts");
        return error_hint(err, "a terminal needs a mount of type devpts on /dev/pts");
    }
    return take_fd(&fd);
}

/* What cannot be looked at may be one: a container must not get it by that. */
bool terminal_is_one(int fd) {
    struct stat status;
    if (fstat(fd, &status) < 0)
        return errno != EBADF;
    if (!S_ISCHR(status.st_mode))
        return false;
    const unsigned number = major(status.st_rdev);
    return number == TTY_MAJOR || number == TTYAUX_MAJOR ||
           (number >= UNIX98_PTY_MASTER_MAJOR &&
            number < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT) ||
           isatty(fd) == 1 || errno == EIO; /* one that has been hung up */
}

bool terminal_takes_typing(void) {
    cleanup_free char *value = NULL;
    return file_read_at(AT_FDCWD, "/proc/sys/dev/tty/legacy_tiocsti", 16, &value, NULL, NULL) < 0 ||
           value[0] != '0';
}

int terminal_set_size(int fd, uint16_t rows, uint16_t columns, struct thole_error *err) {
    const struct winsize size = {.ws_row = rows, .ws_col = columns};
    if (ioctl(fd, TIOCSWINSZ, &size) < 0)
        return error_errno(err, NULL, "set the terminal size to %u x %u", rows, columns);
    return 0;
}

int terminal_adopt(int peer, const bool replace[3], struct thole_error *err) {
    if (setsid() < 0)
        return error_errno(err, NULL, "start a new session");
    if (ioctl(peer, TIOCSCTTY, 0) < 0)
        return error_errno(err, NULL, "make the pty the controlling terminal");
    for (int fd = 0; fd < 3; fd++) {
        if (!replace[fd])
            continue;
        /* dup2() of a descriptor onto itself would leave it close-on-exec. */
        int result = fd == peer ? fcntl(fd, F_SETFD, 0) : dup2(peer, fd);
        if (result < 0)
            return error_errno(err, NULL, "make the pty file descriptor %d", fd);
    }
    return 0;
}

void terminal_pty_done(struct terminal_pty *pty) {
    cleanup_close_fd(&pty->master);
    cleanup_close_fd(&pty->peer);
    pty->master = -1;
    pty->peer = -1;
}

void terminal_copy_size(int from, int to) {
    struct winsize size;
    if (ioctl(from, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 && size.ws_col != 0)
        (void)ioctl(to, TIOCSWINSZ, &size);
}
