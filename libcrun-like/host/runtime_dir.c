/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever has no directory for what lives as long as a login gets one in /tmp. */
#include "host/runtime_dir.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/probe.h"

enum { NAME_SIZE = 64 };

#define BEGIN_IN_TMP "/tmp/thole-"

static void name_in_tmp(char name[NAME_SIZE]) {
    (void)snprintf(name, NAME_SIZE, BEGIN_IN_TMP "%u", (unsigned)geteuid());
}

/* Anybody may make things in /tmp, and what is found there may be a trap: only a directory of this
 * user's that others cannot enter is taken. Once it is there the sticky bit of /tmp keeps it. */
static int check_in_tmp(const char *name, struct thole_error *err) {
    struct stat status;
    if (lstat(name, &status) < 0)
        return error_errno(err, NULL, "look at %s", name);
    if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0)
        return 0;
    error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s is not a directory of this user's alone", name);
    return error_hint(err, "set XDG_RUNTIME_DIR, or give --root DIR");
}

/* By custom, also where the session did not tell: su(1) and cron(8) do not. */
static bool find_of_login(char name[NAME_SIZE]) {
    struct stat status;
    (void)snprintf(name, NAME_SIZE, "/run/user/%u", (unsigned)geteuid());
    return lstat(name, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

int host_runtime_dir(char **ret_directory, struct thole_error *err) {
    const char *directory = getenv("XDG_RUNTIME_DIR");
    const char *user = getenv("USER");
    char name[NAME_SIZE];
    *ret_directory = NULL;
    int is_users = directory != NULL && directory[0] != '\0';
    if (geteuid() == 0) {
        /* Uid 0 of a user namespace is an ordinary user, unless a whole system runs in it, whose
         * root has logged in and whose services have no such directory. */
        if (is_users)
            is_users = text_equal(user, "root") ? 0 : host_in_user_namespace(err);
        if (is_users != 1)
            return is_users;
    } else if (!is_users) {
        directory = name;
        if (!find_of_login(name)) {
            name_in_tmp(name);
            struct thole_error failure = {0};
            if (check_in_tmp(name, &failure) < 0 && failure.code != ENOENT)
                return error_copy(err, &failure);
        }
    }
    *ret_directory = strdup(directory);
    return *ret_directory != NULL ? 0 : error_errno(err, NULL, "name %s", directory);
}

/* Most paths do not need to know whose it is. */
static bool lies_in_tmp(const char *path, char name[NAME_SIZE]) {
    if (!text_starts_with(path, BEGIN_IN_TMP))
        return false;
    name_in_tmp(name);
    return text_starts_with(path, name) && path[strlen(name)] == '/';
}

int host_runtime_dir_make(const char *path, struct thole_error *err) {
    char name[NAME_SIZE];
    if (!lies_in_tmp(path, name))
        return 0;
    if (mkdir(name, 0700) < 0 && errno != EEXIST)
        return error_errno(err, NULL, "make %s", name);
    return check_in_tmp(name, err);
}

int host_runtime_dir_check(const char *path, struct thole_error *err) {
    char name[NAME_SIZE];
    return lies_in_tmp(path, name) ? check_in_tmp(name, err) : 0;
}
