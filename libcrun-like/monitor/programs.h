/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are run when a container ends, and what is left of it for them. */
#pragma once

#include "plan/plan.h"
#include "state/container.h"
#include "thole.h"

enum { MONITOR_NAMESPACES = 8 };

/** The namespaces of a container, held open beyond its end. */
struct monitor_namespaces {
    int fds[MONITOR_NAMESPACES]; /* in the order of their names in programs.c, -1: not its own */
};
#define MONITOR_NAMESPACES_INIT            \
    {                                      \
        { -1, -1, -1, -1, -1, -1, -1, -1 } \
    }

/** Opens those namespaces of @pid that @plan makes or joins. */
int monitor_namespaces_open(const struct plan *plan, pid_t pid, struct monitor_namespaces *ret,
                            struct thole_error *err);
void monitor_namespaces_close(struct monitor_namespaces *namespaces);

/** What programs are told. */
struct monitor_occasion {
    const char *stage; /* "stop", for the log */
    const char *state; /* JSON document, on their standard input */
    bool restarts;
    pid_t pid;                                   /* of the init that has ended */
    const struct monitor_namespaces *namespaces; /* NULL: they are gone */
};

/**
 * Runs the programs one after the other, each with its own environment and what @occasion adds. One
 * that fails is a warning, with the end of what it printed.
 */
void monitor_programs_run(const struct thole_log *log, const struct thole_program *programs,
                          size_t count, const struct monitor_occasion *occasion);
