/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of a plan as open files, and the words in a cgroup's small files. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

/**
 * Opens the directory @path beneath @mountpoint for reading. No symbolic link and no other mount is
 * crossed on the way: parts of the tree may belong to a container. -1 with errno set; ENOENT says
 * that the hierarchy has no such directory, ENXIO that there is no hierarchy at @mountpoint.
 */
int cgroup_open_path(const char *mountpoint, const char *path);

/** Of something that was not found beneath @mount, a mountpoint (-1: that itself): ENOENT, or what
 * else keeps the answer from counting. */
int cgroup_missing(int mount);

/** True if @code says that a cgroup is not there: ENODEV, since it was opened. */
bool cgroup_is_gone(int code);

/** cgroup_open_path() of a plan's directory; @subgroup ("" for none) is a path beneath it. */
int cgroup_open_directory(const struct plan_cgroup_directory *directory, const char *subgroup);

/** The container's directory in the cgroup2 hierarchy, or NULL. */
const struct plan_cgroup_directory *cgroup_find_unified(const struct plan_cgroup *cgroup);

/** The container's directory in the v1 hierarchy of @controller, or NULL. */
const struct plan_cgroup_directory *cgroup_find_v1(const struct plan_cgroup *cgroup,
                                                   const char *controller);

/**
 * Refuses a plan whose container is in the root of a hierarchy: freezing, killing or removing it
 * would mean the host. @action is the verb for the error text.
 */
int cgroup_check_not_root(const struct plan_cgroup *cgroup, const char *action,
                          struct thole_error *err);

/** Takes the next component of the path at @path into @ret_name; false at the end or too long. */
bool cgroup_next_component(const char **path, char ret_name[NAME_MAX + 1]);
