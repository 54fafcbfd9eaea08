/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How init ended, noted by its keeper in a file that is there before: whoever has opened it learns
 * it even if the container is deleted before he looks. The kernel alone does not tell a halt from a
 * SIGKILL.
 */
#pragma once

#include "state/container.h"

/** Makes the file anew for init @pid: of another start nothing is in it. */
int exit_note_begin(const struct container *container, pid_t pid, struct thole_error *err);

/** Notes @status, its exit code or 128 + the signal. */
int exit_note_write(const struct container *container, pid_t pid, int status,
                    struct thole_error *err);

/** The file, to be read later; -1: the container has none. */
int exit_note_open(const struct container *container);

/** True if @fd is the file of init @pid, and not of an earlier one. */
bool exit_note_is_of(int fd, pid_t pid);

/** What has been noted of @pid; -1: nothing yet, or @fd is none. */
int exit_note_read(int fd, pid_t pid);
