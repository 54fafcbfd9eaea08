/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the program to run, so that a missing one is reported before the container starts. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/**
 * Resolves args[0] as execvp(3) would in the container's environment and with the credentials the
 * caller has now. Returns the path, which lives until execve(2), or NULL. Error texts are those
 * engines look for: `exec: "x": executable file not found in $PATH`, `exec PATH: no such file or
 * directory`.
 */
const char *apply_executable_find(const struct plan_process *process, struct thole_error *err);

/** The error of a failed execve(2) of @path, worded for engines and people. */
int apply_executable_error(const char *path, int code, const char *where, struct thole_error *err);
