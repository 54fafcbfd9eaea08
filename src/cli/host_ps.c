/* SPDX-License-Identifier: Apache-2.0 */
/* Running ps(1) of the host, and finding the pids in what it prints. */
#include "cli/host_ps.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { PS_OUTPUT_MAX = 64 * 1024 * 1024 };
#define BLANKS " \t"

/* What ps(1) writes to standard output, malloc'ed; NULL with @err filled in. */
char *host_ps_run(char *const *arguments, struct thole_error *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        error_errno(err, NULL, "make a pipe for ps");
        return NULL;
    }
    cleanup_close int reading = ends[0];
    cleanup_close int writing = ends[1];

    posix_spawn_file_actions_t actions;
    pid_t pid;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, writing, STDOUT_FILENO);
    int code = posix_spawnp(&pid, "ps", &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
        error_set(err, THOLE_ERROR_HOST, code, NULL, "run ps");
        return NULL;
    }
    (void)close(take_fd(&writing));

    char *output = NULL;
    (void)file_read_fd(reading, "the output of ps", PS_OUTPUT_MAX, &output, NULL, err);
    (void)close(take_fd(&reading));
    int status = 0;
    (void)uninterrupted(waitpid(pid, &status, 0));
    /* ps also fails when it selects no process, but then there is a heading. */
    if (output != NULL && output[0] == '\0') {
        error_set(err, THOLE_ERROR_PAYLOAD, 0, NULL, "ps printed nothing, its status is %d",
                  WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        free(take_ptr(output));
    }
    return output;
}

/* Number @index (from 0) of the words in @line; its length goes to @ret_length, 0: none. */
const char *host_ps_word(const char *line, size_t index, size_t *ret_length) {
    const char *at = line + strspn(line, BLANKS);
    for (; index > 0; index--) {
        at += strcspn(at, BLANKS "\n");
        at += strspn(at, BLANKS);
    }
    *ret_length = strcspn(at, BLANKS "\n");
    return at;
}

int host_ps_pid_column(const char *heading, size_t *ret_column, struct thole_error *err) {
    size_t length = 1;
    for (size_t column = 0; length > 0; column++) {
        const char *word = host_ps_word(heading, column, &length);
        if (length == 3 && strncmp(word, "PID", 3) == 0) {
            *ret_column = column;
            return 0;
        }
    }
    return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "the output of ps has no PID column");
}
