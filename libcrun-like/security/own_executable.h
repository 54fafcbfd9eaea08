/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the runtime's own executable out of reach of what runs inside (CVE-2019-5736). */
#pragma once

#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Holds the pid of the process that re-executed: exec keeps it, so another process's value means
 * nothing. */
#define OWN_EXECUTABLE_GUARD "THOLE_REEXECUTED"

/** Set before the C library starts (security/own_executable_entry.c): the file is out of reach. */
extern bool own_executable_found_frozen __attribute__((visibility("hidden")));

/** True for filesystems (statfs(2)) that the kernel can only read. */
static inline bool own_executable_is_image(uint64_t filesystem) {
    return filesystem == SQUASHFS_MAGIC || filesystem == EROFS_SUPER_MAGIC_V1 ||
           filesystem == CRAMFS_MAGIC || filesystem == ISOFS_SUPER_MAGIC;
}

/**
 * Continues in a copy of this program that nobody can write to: a read-only detached clone of the
 * executable's mount, or a sealed memfd where the kernel refuses that. Returns 0 when this process
 * already runs from such a copy, or the file can never be written to: it lies in a filesystem that
 * is only read, has fs-verity, or belongs to a user whom no container of the caller has. A mount
 * that is read-only today and an immutable file are no such thing: a container may keep
 * /proc/PID/exe open until that changes. Otherwise re-executes with the same arguments and
 * environment and returns only on error. Call before any other thread or resource exists.
 */
int own_executable_reexecute(char *const argv[], struct thole_error *err);
