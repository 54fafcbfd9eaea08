/* SPDX-License-Identifier: Apache-2.0 */
/* Where the state of containers and the sockets of a user's daemons lie. */
#pragma once

#include "base/error.h"

/**
 * The directory that holds the runtime's own one, malloc'ed. For an ordinary user XDG_RUNTIME_DIR,
 * else what systemd makes for every user who logs in, else a directory in /tmp that nobody else may
 * enter. Uid 0 of a user namespace has XDG_RUNTIME_DIR, unless USER is root. NULL: it is /run.
 * Nothing is made; -1 if somebody else has made the directory in /tmp.
 */
int host_runtime_dir(char **ret_directory, struct thole_error *err);

/** If @path lies in this user's directory in /tmp: makes that, or -1 if it is somebody else's. */
int host_runtime_dir_make(const char *path, struct thole_error *err);

/** The same without making it; -1 also if it is not there. Asked when something in it is open. */
int host_runtime_dir_check(const char *path, struct thole_error *err);
