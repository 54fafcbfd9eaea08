/* SPDX-License-Identifier: Apache-2.0 */
/* User and group names of a container, read from its own files by thole itself. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/exec.h"

/**
 * Turns "uid", "uid:gid", "name", "name:group" into ids with the files below @root_fd. Numbers are
 * taken as they are (CVE-2016-3697); a name brings its group from passwd. Host name services are
 * never asked: their modules would come out of the image.
 */
int users_resolve(int root_fd, const char *user, struct arena *arena,
                  struct plan_exec_user *ret_user, struct thole_error *err);

/**
 * Adds the groups that @user, in one of these spellings and with its ids in @ret_user, is a member
 * of in /etc/group below @root_fd. A container without such a file has none.
 */
int users_groups(int root_fd, const char *user, struct arena *arena,
                 struct plan_exec_user *ret_user, struct thole_error *err);

/** The login shell of @uid in /etc/passwd below @root_fd; NULL where it names none. */
char *users_shell(int root_fd, uint32_t uid, struct arena *arena);

/** The same from the text of a passwd(5), which is cut up. */
char *users_shell_of(char *passwd, uint32_t uid, struct arena *arena);
