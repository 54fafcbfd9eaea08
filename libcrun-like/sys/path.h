/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths inside a root directory that somebody hostile may own: every one is resolved by openat2(2)
 * with RESOLVE_IN_ROOT and used as a file descriptor, never a second time as a path.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * Opens @path beneath @root_fd as if that were "/"; magic links are refused. @flags as open(2),
 * O_CLOEXEC is added; @resolve adds RESOLVE_* bits. Returns the fd, -1 with errno set.
 */
int sys_open_in_root(int root_fd, const char *path, int flags, uint64_t resolve);

enum sys_path_kind {
    SYS_PATH_DIRECTORY,
    SYS_PATH_FILE,
};

/**
 * Opens @path (O_PATH) beneath @root_fd, making missing directories (0755, or with the mode of
 * @mode_last for the last one) and, for SYS_PATH_FILE, an empty file (0644 & ~umask). A dangling
 * symbolic link is followed and its target made. What exists is never truncated or changed.
 * Returns the fd, -1 with errno set.
 */
int sys_make_in_root(int root_fd, const char *path, enum sys_path_kind kind, mode_t mode_last);

/** Opens the directory that holds the last component of @path, making missing parents; the name of
 * the last component is returned in @ret_name (points into @path). -1 with errno set. */
int sys_open_parent_in_root(int root_fd, const char *path, const char **ret_name);

/** True if the open @fd is a directory. */
bool sys_is_directory(int fd);

/** The type of the filesystem that the open @fd is on (statfs(2)); -1 with errno set. */
int64_t sys_filesystem_type(int fd);

/**
 * Opens @path beneath @proc_fd without leaving that procfs mount: nothing mounted over it can
 * answer. Returns the fd, -1 with errno set.
 */
int sys_open_proc(int proc_fd, const char *path, int flags);

/** Writes @text to @path beneath @proc_fd in one write. -1 with errno set. */
int sys_write_proc(int proc_fd, const char *path, const char *text);

/**
 * Opens the regular file @path inside the root for reading. What else may be there is not even
 * opened, which alone could have an effect: ELOOP for what was put in its place meanwhile, EINVAL
 * for another kind of file.
 */
int sys_open_regular_in_root(int root_fd, const char *path);
