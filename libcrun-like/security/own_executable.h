/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the runtime's own executable out of reach of what runs inside (CVE-2019-5736). */
#ifndef SECURITY_OWN_EXECUTABLE_H
#define SECURITY_OWN_EXECUTABLE_H

#include <stdbool.h>

#include "base/error.h"

/* Holds "PID:PATH" of the process that re-executed and of the program's file: exec keeps the pid,
 * so another process's value means nothing. */
#define SEALED_GUARD "THOLE_REEXECUTED"

/** Set before the C library starts (security/own_executable_entry.c): the mount is read-only. */
extern bool own_executable_found_readonly __attribute__((visibility("hidden")));

/**
 * Continues in a copy of this program that nobody can write to: a read-only detached clone of the
 * executable's mount, or a sealed memfd where the kernel refuses that. Returns 0 when this process
 * already runs from such a copy, or the file provably cannot be written (read-only mount, immutable
 * or fs-verity file). Otherwise re-executes with the same arguments and environment and returns
 * only on error. Call before any other thread or resource exists.
 */
int own_executable_reexecute(char *const argv[], struct thole_error *err);

/**
 * In a sealed copy: the path of the program's file (malloc'ed), which only the environment still
 * tells. NULL where it is unknown, and in a program that is no copy. Call before
 * own_executable_reexecute().
 */
char *own_executable_original_path(void);

/**
 * For the statically linked program, after THOLE_ERROR_LIBRARY: runs the same command line in
 * thole-shared, beside @executable (NULL: this process's) or in @directory. Returns only on error.
 */
int own_executable_leave_for_twin(const char *executable, const char *directory, char *const argv[],
                                  struct thole_error *err);

#endif
