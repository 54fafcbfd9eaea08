/* SPDX-License-Identifier: Apache-2.0 */
/* The shell of a user, as the container knows it. */
#include "enter/shell.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "enter/users.h"
#include "state/process.h"
#include "sys/path.h"
#include "sys/process_calls.h"

enum { GETENT_MILLISECONDS = 3000, GETENT_MAX = 4096 };

/* The directory that the process will have as "/". */
static int open_root(const struct entry *entry, struct thole_error *err) {
    const struct apply_exec *apply = &entry->apply;
    if (apply->root < 0 && (apply->flags & CLONE_NEWNS) == 0) {
        int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return root >= 0 ? root : error_errno(err, NULL, "open the root directory");
    }
    return process_open_root(entry->container.record->pid, err);
}

static bool is_there(int root, const char *shell) {
    cleanup_close int fd = sys_open_in_root(root, shell, O_PATH, 0);
    return fd >= 0;
}

/* Whatever getent is in this container: its output is bounded in size and in time. */
static void read_answer(int fd, char answer[GETENT_MAX]) {
    const int64_t end = clock_now() + GETENT_MILLISECONDS;
    size_t length = 0;
    for (;;) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        int64_t left = end - clock_now();
        if (left <= 0 || length == GETENT_MAX - 1)
            break;
        if (poll(&entry, 1, (int)left) <= 0)
            continue;
        ssize_t got = read(fd, answer + length, GETENT_MAX - 1 - length);
        if (got <= 0 || memchr(answer + length, '\n', (size_t)got) != NULL) {
            length += got > 0 ? (size_t)got : 0;
            break;
        }
        length += (size_t)got;
    }
    answer[length] = '\0';
}

/* `getent passwd UID` as a process of the container like any other. */
static int ask_getent(const struct thole_exec_request *request, const struct entry *entry,
                      char answer[GETENT_MAX], struct thole_error *err) {
    char uid[16];
    (void)snprintf(uid, sizeof(uid), "%u", entry->process->uid);
    char program[] = "getent";
    char database[] = "passwd";
    char *args[] = {program, database, uid, NULL};
    struct plan_process process = *entry->process;
    process.args.items = args;
    process.args.count = 3;
    const struct thole_exec_request wish = {
        .id = request->id, .keep = request->keep, .cgroup = request->cgroup};

    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, NULL, "create a pipe");
    cleanup_close int output = ends[0];
    cleanup_close int input = ends[1];
    cleanup_close int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* A borrowed copy: only what the start adds is its own. */
    struct entry asking = *entry;
    asking.process = &process;
    asking.apply.become.process = &process;
    asking.apply.own_session = true;
    asking.apply.become.replace = NULL;
    asking.apply.become.passed = 0;
    asking.apply.become.stdio[0] = null_fd;
    asking.apply.become.stdio[1] = input;
    asking.apply.become.stdio[2] = null_fd;
    int started = enter_start(&wish, &asking, err);
    (void)close(take_fd(&input));
    if (started == 0) {
        read_answer(output, answer);
        (void)pidfd_send_signal(asking.pidfd, SIGKILL, NULL, 0);
        (void)process_wait(asking.pidfd);
    }
    cleanup_close_fd(&asking.pidfd);
    cleanup_close_fd(&asking.sync);
    return started;
}

int shell_choose(const struct thole_exec_request *request, struct entry *entry,
                 struct thole_error *err) {
    struct plan_process *process = entry->process;
    struct arena *arena = &entry->container.arena;
    struct thole_error ignored = {0};
    char answer[GETENT_MAX] = "";
    cleanup_close int root = open_root(entry, err);
    if (root < 0)
        return -1;
    char *shell = users_shell(root, process->uid, arena);
    if (shell == NULL && ask_getent(request, entry, answer, &ignored) == 0)
        shell = users_shell_of(answer, process->uid, arena);
    if (shell == NULL || !is_there(root, shell))
        shell = arena_strdup(arena, SHELL_DEFAULT);
    char **args = arena_new_array(arena, 2, char *);
    args[0] = shell;
    process->args.items = args;
    process->args.count = 1;
    return 0;
}
