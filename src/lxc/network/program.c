/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program of the host to its end. */
#include "lxc/network/program.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { WORDS_MAX = 15 };

bool lxc_program_exists(const char *name) {
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

int lxc_program_run(const char *const *words, const char *where, struct thole_error *err) {
    pid_t child = 0;
    int status = 0;
    char *arguments[WORDS_MAX + 1] = {0};
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        memcpy(&arguments[i], &words[i], sizeof(arguments[i])); /* spawn has forgotten a const */
    if (arguments[0] == NULL)
        return error_bug(err, "no program to run");
    errno = posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ);
    if (errno != 0)
        return error_errno(err, where, "run %s", words[0]);
    if (uninterrupted(waitpid(child, &status, 0)) < 0)
        return error_errno(err, where, "wait for %s", words[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status))
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, where, "exit status %d", WEXITSTATUS(status));
    return error_set(err, THOLE_ERROR_PAYLOAD, 0, where, "killed by signal %d", WTERMSIG(status));
}
