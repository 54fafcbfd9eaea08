/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals from a devpts of the test's own, and handing one over by socket. */
#include "terminal/pty.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "sys/unix_socket.h"

/* A root directory with its own devpts on dev/pts, in a mount namespace of the test's own. */
struct root {
    char path[64];
    int fd;
    int devpts;
};

#define SKIP_WITHOUT_ROOT(state)                                \
    do {                                                        \
        if (*(state) == NULL) {                                 \
            print_message("skipped: needs root for a mount\n"); \
            skip();                                             \
        }                                                       \
    } while (0)

static int make_root(void **state) {
    static struct root root = {.path = "/tmp/test_pty.XXXXXX"};
    char path[96];
    struct thole_error err = {0};
    if (geteuid() != 0)
        return 0;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mkdtemp(root.path) == NULL || mount("tmpfs", root.path, "tmpfs", 0, NULL) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/dev", root.path);
    if (mkdir(path, 0755) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/dev/pts", root.path);
    if (mkdir(path, 0755) < 0 ||
        mount("devpts", path, "devpts", 0, "newinstance,ptmxmode=0666") < 0)
        return -1;
    root.fd = open(root.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    root.devpts = terminal_devpts_open(root.fd, &err);
    *state = &root;
    return root.fd >= 0 && root.devpts >= 0 ? 0 : -1;
}

static int remove_root(void **state) {
    struct root *root = *state;
    if (root == NULL)
        return 0;
    (void)close(root->fd);
    (void)close(root->devpts);
    if (umount2(root->path, MNT_DETACH) < 0)
        return -1;
    return rmdir(root->path);
}

static struct terminal_pty open_pty(const struct root *root, bool raw_output) {
    struct thole_error err = {0};
    struct terminal_pty pty = TERMINAL_PTY_INIT;
    if (terminal_pty_open(root->devpts, raw_output, &pty, &err) < 0)
        fail_msg("%s: %s", err.text, strerror(err.code));
    assert_int_equal(fcntl(pty.master, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(pty.peer, F_GETFD), FD_CLOEXEC);
    return pty;
}

static void test_bytes_pass(void **state) {
    SKIP_WITHOUT_ROOT(state);
    char buffer[16] = "";
    struct stat status;
    struct stat node;
    char path[96];
    cleanup_terminal_pty struct terminal_pty pty = open_pty(*state, false);
    assert_int_equal(write(pty.peer, "a\n", 2), 2);
    /* In pieces, where the kernel is busy. */
    for (ssize_t length = 0, got = 0; length < 3; length += got) {
        got = read(pty.master, buffer + length, sizeof(buffer) - 1 - (size_t)length);
        assert_true(got > 0);
    }
    assert_string_equal(buffer, "a\r\n");
    /* The first of this devpts, and not one of the host's. */
    (void)snprintf(path, sizeof(path), "%s/dev/pts/0", ((struct root *)*state)->path);
    assert_int_equal(fstat(pty.peer, &status), 0);
    assert_int_equal(stat(path, &node), 0);
    assert_true(status.st_dev == node.st_dev && status.st_ino == node.st_ino);
}

static void test_raw_output(void **state) {
    SKIP_WITHOUT_ROOT(state);
    char buffer[16] = "";
    cleanup_terminal_pty struct terminal_pty pty = open_pty(*state, true);
    assert_int_equal(write(pty.peer, "a\n", 2), 2);
    assert_int_equal(read(pty.master, buffer, sizeof(buffer)), 2);
    assert_string_equal(buffer, "a\n");
}

static void test_size(void **state) {
    SKIP_WITHOUT_ROOT(state);
    struct thole_error err = {0};
    struct winsize size = {0};
    cleanup_terminal_pty struct terminal_pty pty = open_pty(*state, false);
    assert_int_equal(terminal_set_size(pty.master, 33, 101, &err), 0);
    assert_int_equal(ioctl(pty.peer, TIOCGWINSZ, &size), 0);
    assert_int_equal(size.ws_row, 33);
    assert_int_equal(size.ws_col, 101);
    assert_int_equal(terminal_set_size(((struct root *)*state)->fd, 1, 1, &err), -1);
}

/* In the new session /dev/tty is the pty, and only what was asked for is replaced. */
static int adopted_child(int peer, int kept) {
    const bool replace[3] = {true, false, true};
    struct thole_error err = {0};
    struct stat before;
    struct stat after;
    if (dup2(kept, STDOUT_FILENO) < 0 || fstat(kept, &before) < 0)
        return 10;
    if (terminal_adopt(peer, replace, &err) < 0)
        return 11;
    if (!isatty(0) || isatty(1) || !isatty(2) || fstat(1, &after) < 0 ||
        after.st_ino != before.st_ino)
        return 12;
    if (fcntl(0, F_GETFD) != 0 || fcntl(2, F_GETFD) != 0)
        return 13;
    cleanup_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (tty < 0 || write(tty, "T", 1) != 1)
        return 14;
    if (tcgetpgrp(0) != getpid() || getsid(0) != getpid())
        return 15;
    /* A second time it cannot work: the caller leads its session already. */
    return terminal_adopt(peer, replace, &err) == -1 && err.code == EPERM ? 0 : 16;
}

static void test_adopt(void **state) {
    SKIP_WITHOUT_ROOT(state);
    char buffer[4] = "";
    int pipe_fds[2];
    int status = -1;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    cleanup_terminal_pty struct terminal_pty pty = open_pty(*state, false);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(adopted_child(pty.peer, pipe_fds[1]));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(read(pty.master, buffer, sizeof(buffer)), 1);
    assert_string_equal(buffer, "T");
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

/* The peer may already be one of the three. */
static void test_adopt_in_place(void **state) {
    SKIP_WITHOUT_ROOT(state);
    int status = -1;
    cleanup_terminal_pty struct terminal_pty pty = open_pty(*state, false);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const bool replace[3] = {true, true, true};
        if (dup3(pty.peer, 1, O_CLOEXEC) < 0 || terminal_adopt(1, replace, NULL) < 0)
            _exit(1);
        _exit(fcntl(0, F_GETFD) == 0 && fcntl(1, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0 ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_forgeries(void **state) {
    SKIP_WITHOUT_ROOT(state);
    const struct root *root = *state;
    struct thole_error err = {0};
    struct terminal_pty pty = TERMINAL_PTY_INIT;
    char path[96];
    /* A directory that is no devpts. */
    assert_int_equal(terminal_pty_open(root->fd, false, &pty, &err), -1);
    assert_non_null(strstr(err.text, "devpts"));
    /* Another node put over ptmx. */
    (void)snprintf(path, sizeof(path), "%s/dev/pts/ptmx", root->path);
    assert_int_equal(mount("/dev/null", path, NULL, MS_BIND, NULL), 0);
    assert_int_equal(terminal_pty_open(root->devpts, false, &pty, &err), -1);
    assert_int_equal(err.code, EXDEV);
    assert_int_equal(umount2(path, 0), 0);
    assert_int_equal(pty.master, -1);
    assert_int_equal(pty.peer, -1);
    /* A symbolic link that would lead to the host's devpts, were it not resolved inside. */
    (void)snprintf(path, sizeof(path), "%s/dev", root->path);
    char elsewhere[96];
    (void)snprintf(elsewhere, sizeof(elsewhere), "%s/away", root->path);
    assert_int_equal(rename(path, elsewhere), 0);
    assert_int_equal(symlink("/dev", path), 0);
    assert_int_equal(terminal_devpts_open(root->fd, &err), -1);
    assert_int_equal(err.code, ELOOP);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(elsewhere, path), 0);
    cleanup_close int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(terminal_devpts_open(tmp, &err), -1);
    assert_int_equal(err.code, ENOENT);
}

/* ---- sending ---- */

static void receive(int listener, const char *expected) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control;
    char buffer[64] = "";
    char more;
    cleanup_close int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct iovec vector = {.iov_base = buffer, .iov_len = sizeof(buffer) - 1};
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    assert_true(recvmsg(fd, &message, 0) > 0);
    assert_string_equal(buffer, expected);
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    assert_non_null(header);
    assert_int_equal(header->cmsg_type, SCM_RIGHTS);
    assert_int_equal(header->cmsg_len, CMSG_LEN(sizeof(int)));
    assert_null(CMSG_NXTHDR(&message, (struct cmsghdr *)(uintptr_t)header));
    int received;
    memcpy(&received, CMSG_DATA(header), sizeof(received));
    assert_true(fcntl(received, F_GETFD) >= 0);
    (void)close(received);
    assert_int_equal(read(fd, &more, 1), 0);
}

static void test_send_fd(void **state) {
    struct thole_error err = {0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[] = "/tmp/test_pty.XXXXXX";
    char deep[256];
    char path[400];
    (void)state;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(deep, sizeof(deep), "%s/%0*d", directory, 150, 0);
    assert_int_equal(mkdir(deep, 0700), 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", directory);
    cleanup_close int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);

    assert_int_equal(sys_unix_send_fd(address.sun_path, listener, "/dev/pts/0", &err), 0);
    receive(listener, "/dev/pts/0");
    assert_int_equal(sys_unix_send_fd(address.sun_path, listener, "", &err), 0);
    receive(listener, " ");
    /* Longer than sun_path, the name of the socket included. */
    (void)snprintf(path, sizeof(path), "%s/%0*d", deep, 120, 0);
    assert_int_equal(rename(address.sun_path, path), 0);
    assert_int_equal(sys_unix_send_fd(path, listener, "standard", &err), 0);
    receive(listener, "standard");

    assert_int_equal(sys_unix_send_fd(address.sun_path, listener, "x", &err), -1);
    assert_int_equal(err.code, ENOENT);
    assert_non_null(strstr(err.text, address.sun_path));
    assert_int_equal(sys_unix_send_fd(directory, listener, "x", &err), -1);
    assert_int_equal(err.code, ECONNREFUSED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(deep), 0);
    assert_int_equal(rmdir(directory), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_pass),     cmocka_unit_test(test_raw_output),
        cmocka_unit_test(test_size),           cmocka_unit_test(test_adopt),
        cmocka_unit_test(test_adopt_in_place), cmocka_unit_test(test_forgeries),
        cmocka_unit_test(test_send_fd),
    };
    (void)alarm(60);
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
