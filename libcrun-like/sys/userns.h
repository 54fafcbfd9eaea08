/* SPDX-License-Identifier: Apache-2.0 */
/* User namespaces: writing id maps, and making one just to carry a map (user_namespaces(7)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/**
 * Writes the maps of the process @pid. @deny_setgroups writes "deny" first, as gid_map of an
 * unprivileged writer demands; @use_newuidmap runs newuidmap(1) and newgidmap(1) instead of
 * writing. @where is the place of errors, or NULL.
 */
int sys_userns_write_maps(int proc_fd, pid_t pid, const char *uid_map, const char *gid_map,
                          bool deny_setgroups, bool use_newuidmap, const char *where,
                          struct thole_error *err);

/** 1 if @file ("uid_map") of the process has the lines of @map, in any order, 0 if not. */
int sys_userns_has_map(int proc_fd, pid_t pid, const char *file, const char *map,
                       struct thole_error *err);

/** An fd of a new user namespace with these maps that no process lives in: for idmapped mounts. */
int sys_userns_with_maps(int proc_fd, const char *uid_map, const char *gid_map, const char *where,
                         struct thole_error *err);

/** What @uid of the user namespace of @pid is in this one; -1 if it is nothing here. */
int sys_userns_find_uid(int proc_fd, pid_t pid, uid_t uid, uid_t *ret_uid);
