/* SPDX-License-Identifier: Apache-2.0 */
/* PATH lookup inside the container. */
#include "apply/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static const char *search_path(const struct plan_process *process) {
    const char *found = NULL;
    for (size_t i = 0; i < process->env.count; i++) {
        if (strncmp(process->env.items[i], "PATH=", 5) == 0)
            found = process->env.items[i] + 5;
    }
    return found != NULL ? found : default_path;
}

/* 0 if @path can be executed, else the errno that execve() would most likely give. */
static int check(const char *path) {
    struct stat status;
    if (stat(path, &status) < 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EACCES; /* as execve() has it */
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
        return errno;
    return 0;
}

int apply_executable_error(const char *path, int code, const char *where, struct thole_error *err) {
    if (code == ENOENT)
        error_set(err, THOLE_ERROR_NO_PROGRAM, 0, where, "exec %s: no such file or directory",
                  path);
    else if (code == EACCES || code == EPERM)
        error_set(err, THOLE_ERROR_BAD_PROGRAM, 0, where, "exec %s: permission denied", path);
    else if (code == ENOEXEC)
        error_set(err, THOLE_ERROR_BAD_PROGRAM, code, where, "exec %s", path);
    else
        error_set(err, THOLE_ERROR_PAYLOAD, code, where, "exec %s", path);
    if (code == ENOENT && access(path, F_OK) == 0)
        error_hint(err,
                   "the file is there: its interpreter (#! line or dynamic loader) is missing");
    struct stat status;
    if (code == EACCES && stat(path, &status) == 0)
        error_hint(err, S_ISDIR(status.st_mode) ? "it is a directory"
                        : (status.st_mode & 0111) == 0
                            ? "it is not executable: chmod +x"
                            : "not executable for this user, or its mount has the option noexec");
    if (code == ENOEXEC)
        error_hint(err, "built for another architecture, or a script without a #! line");
    return -1;
}

static int not_found(const struct plan_process *process, bool forbidden, struct thole_error *err) {
    const char *name = process->args.items[0];
    if (forbidden)
        return error_set(err, THOLE_ERROR_BAD_PROGRAM, 0, process->program_where,
                         "exec: \"%s\": permission denied", name);
    error_set(err, THOLE_ERROR_NO_PROGRAM, 0, process->program_where,
              "exec: \"%s\": executable file not found in $PATH", name);
    return error_hint(err, "looked for in %.200s", search_path(process));
}

const char *apply_executable_find(const struct plan_process *process, struct thole_error *err) {
    const char *name = process->args.items[0];
    if (strchr(name, '/') != NULL) {
        int code = check(name);
        if (code == 0)
            return name;
        apply_executable_error(name, code, process->program_where, err);
        return NULL;
    }

    bool forbidden = false;
    for (const char *at = search_path(process); name[0] != '\0';) {
        size_t length = strcspn(at, ":");
        struct text path = {0};
        text_appendf(&path, "%.*s/%s", length == 0 ? 1 : (int)length, length == 0 ? "." : at, name);
        int code = check(path.data);
        if (code == 0)
            return text_take(&path);
        text_done(&path);
        forbidden = forbidden || code == EACCES;
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    not_found(process, forbidden, err);
    return NULL;
}
