/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pairs of SELinux categories containers have: a directory with a file for each pair, that
 * names the processes for which it is kept. A pair whose processes are all gone is free, however
 * they ended; nobody has to give it back.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "base/selinux_range.h"

/** The registry of this user's containers, in whatever state root they are: its directory, made if
 * it is not there. */
int selinux_ranges_open(struct thole_error *err);

/**
 * Chooses a pair of the first @categories categories that no living process has, for the calling
 * process. Two processes never get the same one.
 */
int selinux_range_allocate(int registry, unsigned categories, char ret_range[SELINUX_RANGE_SIZE],
                           struct thole_error *err);

/** Keeps @range for @pid as well, whoever else has it. */
int selinux_range_hold(int registry, const char *range, pid_t pid, struct thole_error *err);

/** The calling process keeps @range no more. */
int selinux_range_release(int registry, const char *range, struct thole_error *err);
