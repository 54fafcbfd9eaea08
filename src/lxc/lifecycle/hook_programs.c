/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of lxc.hook.pre-start: as LXC runs them, but what they say is kept for the error. */
#include "lxc/lifecycle/hook_programs.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

enum { OUTPUT_MAX = 1 << 20 };

static int spawn(const struct thole_program *program, int output, pid_t *ret_child) {
    if (program->args[0] == NULL)
        return EINVAL;
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    int code =
        posix_spawn(ret_child, program->args[0], &actions, NULL, program->args, program->env);
    (void)posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* The lines go to the log; the last one is the most likely reason of a failure. */
static char *log_output(int output, const struct thole_log *log) {
    cleanup_free char *text = NULL;
    struct text last = {0};
    const char *line = NULL;
    size_t length = 0;
    if (lseek(output, 0, SEEK_SET) < 0 ||
        file_read_fd(output, "what a hook says", OUTPUT_MAX, &text, NULL, NULL) < 0)
        return NULL;
    for (const char *rest = text; text_next_line(&rest, &line, &length);) {
        last.length = 0;
        text_append_bytes(&last, line, length);
        log_debug(log, "%s", last.data);
    }
    return text_take(&last);
}

int lxc_hook_program_run(const struct thole_program *program, const struct thole_log *log,
                         struct thole_error *err) {
    const char *name = program->args[0];
    for (char *const *word = program->args; *word != NULL; word++)
        name = *word; /* the script is the last word of sh -c */
    cleanup_close int output = memfd_create("hook", MFD_CLOEXEC);
    pid_t child = 0;
    int status = 0;
    if (output < 0)
        return error_errno(err, NULL, "create a file for what a hook says");
    int code = spawn(program, output, &child);
    if (code != 0)
        return error_set(err, THOLE_ERROR_HOST, code, NULL, "run the hook %s", name);
    if (uninterrupted(waitpid(child, &status, 0)) < 0)
        return error_errno(err, NULL, "wait for the hook %s", name);
    cleanup_free char *last = log_output(output, log);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(err, THOLE_ERROR_HOST, 0, "lxc.hook.pre-start", "\"%s\" %s %d%s%s", name,
                     WIFEXITED(status) ? "exited with" : "was ended by signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
                     last != NULL && last[0] != '\0' ? ": " : "", last != NULL ? last : "");
}
