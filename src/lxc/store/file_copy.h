/* SPDX-License-Identifier: Apache-2.0 */
/* One file's contents and attributes, given to another. */
#pragma once

#include <sys/stat.h>

#include "base/error.h"

/**
 * Gives @target what is in @source (both open): shared where the filesystem can, holes stay holes.
 * -1 with errno set.
 */
int lxc_file_copy_data(int source, int target, off_t size);

/**
 * Gives @target_name in the directory @target owner, extended attributes, mode and times of
 * @source_name in the directory @source; links are not followed. -1 with errno set, and in
 * @ret_what what could not be given.
 */
int lxc_file_copy_attributes(int source, const char *source_name, int target,
                             const char *target_name, const struct stat *status,
                             const char **ret_what);
