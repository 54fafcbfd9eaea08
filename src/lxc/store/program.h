/* SPDX-License-Identifier: Apache-2.0 */
/* Running somebody's program to its end: templates and hooks. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct lxc_variable {
    const char *name;
    const char *value;
};

struct lxc_store_program {
    char *const *args;                    /* NULL-terminated; found along PATH */
    const struct lxc_variable *variables; /* over the caller's environment */
    size_t variable_count;
    /** Called in the new process before the program: 0, or -1 with the error filled in. */
    int (*prepare)(void *userdata, struct thole_error *err);
    void *userdata;
};

/**
 * Runs @program and waits. Signals that ask this process to end go to the program instead, so that
 * the caller can clean up after it. @ret_status is its exit code, or 128 + the signal that ended
 * it. -1: it could not be started.
 */
int lxc_store_program_run(const struct lxc_store_program *program, int *ret_status,
                          struct thole_error *err);
