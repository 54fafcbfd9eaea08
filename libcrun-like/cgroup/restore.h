/* SPDX-License-Identifier: Apache-2.0 */
/* What a cgroup file held before an update, and how to write it back. */
#pragma once

/** The content of @file beneath @dirfd, malloc'ed; NULL where it cannot be read. */
char *cgroup_restore_read(int dirfd, const char *file);

/**
 * Gives @file the value that cgroup_restore_read() returned. Files with a line per device are
 * written line by line, and a device that @written (the value to be undone) named for the first
 * time gets the value that means "none". -1 with errno set.
 */
int cgroup_restore_write(int dirfd, const char *file, const char *former, const char *written);
