/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program of the host to its end. */
#include "nic/program.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { WORDS_MAX = 15 };

bool nic_program_exists(const char *name) {
    const char *path = getenv("PATH");
    for (const char *at = path; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ":");
        cleanup_text struct text file = {0};
        text_appendf(&file, "%.*s/%s", (int)length, at, name);
        if (access(file.data, X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

/* With @output as its standard output, -1: the caller's. */
static int start(const char *const *words, int output, const char *where, pid_t *ret_child,
                 struct thole_error *err) {
    char *arguments[WORDS_MAX + 1] = {0};
    posix_spawn_file_actions_t actions;
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        memcpy(&arguments[i], &words[i], sizeof(arguments[i])); /* spawn has forgotten a const */
    if (arguments[0] == NULL)
        return error_bug(err, "no program to run");
    errno = posix_spawn_file_actions_init(&actions);
    if (errno == 0 && output >= 0)
        errno = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (errno == 0)
        errno = posix_spawnp(ret_child, arguments[0], &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return errno == 0 ? 0 : error_errno(err, where, "run %s", arguments[0]);
}

static int finish(pid_t child, const char *where, struct thole_error *err) {
    int status = 0;
    if (uninterrupted(waitpid(child, &status, 0)) < 0)
        return error_errno(err, where, "wait for a program");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status))
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, where, "exit status %d", WEXITSTATUS(status));
    return error_set(err, THOLE_ERROR_PAYLOAD, 0, where, "killed by signal %d", WTERMSIG(status));
}

int nic_program_run(const char *const *words, const char *where, struct thole_error *err) {
    pid_t child = 0;
    return start(words, -1, where, &child, err) < 0 ? -1 : finish(child, where, err);
}

int nic_program_ask(const char *const *words, char *answer, size_t size, const char *where,
                    struct thole_error *err) {
    pid_t child = 0;
    cleanup_close int file = memfd_create("answer", MFD_CLOEXEC);
    if (file < 0)
        return error_errno(err, where, "make a file for an answer");
    if (start(words, file, where, &child, err) < 0 || finish(child, where, err) < 0)
        return -1;
    ssize_t length = pread(file, answer, size - 1, 0);
    answer[length > 0 ? length : 0] = '\0';
    answer[strcspn(answer, "\n")] = '\0';
    return 0;
}
