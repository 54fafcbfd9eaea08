/* SPDX-License-Identifier: Apache-2.0 */
/* clone3(2) with a moment in which the parent can do what has to be done from outside. */
#include "lxc/process/child.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

int lxc_child_start(uint64_t namespaces, struct lxc_child *ret_child, struct thole_error *err) {
    int pair[2];
    struct clone_args arguments = {.flags = namespaces, .exit_signal = SIGCHLD};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(err, NULL, "create a socket");
    ret_child->pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
    bool inside = ret_child->pid == 0;
    ret_child->sync = pair[inside ? 1 : 0];
    (void)close(pair[inside ? 0 : 1]);
    if (ret_child->pid >= 0)
        return inside ? 1 : 0;
    error_errno(err, NULL, "create namespaces");
    if (errno == EPERM && (namespaces & CLONE_NEWUSER) == 0)
        error_hint(err, "an ordinary user needs a user namespace around them");
    return -1;
}

void lxc_child_release(struct lxc_child *child) {
    (void)send(child->sync, "", 1, MSG_NOSIGNAL);
    cleanup_close_fd(&child->sync);
}

bool lxc_child_await(struct lxc_child *child) {
    char byte = 0;
    bool released = uninterrupted(recv(child->sync, &byte, 1, 0)) == 1;
    cleanup_close_fd(&child->sync);
    return released;
}

int lxc_child_wait(const struct lxc_child *child, struct thole_error *err) {
    int status = 0;
    if (uninterrupted(waitpid(child->pid, &status, 0)) < 0)
        return error_errno(err, NULL, "wait for process %d", (int)child->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void lxc_child_done(struct lxc_child *child) {
    if (child->sync < 0 || child->pid <= 0)
        return;
    cleanup_close_fd(&child->sync); /* it finds that nobody released it */
    (void)uninterrupted(waitpid(child->pid, NULL, 0));
}

int lxc_child_execute(char *const *command, struct thole_error *err) {
    (void)execvp(command[0], command);
    error_set(err, THOLE_ERROR_PAYLOAD, errno, NULL, "exec %s", command[0]);
    return -1;
}
