/* SPDX-License-Identifier: Apache-2.0 */
/* The log of the lxc-* commands: errors on standard error, and what -l asks for in the file of -o.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"

struct lxc_log {
    const char *program; /* "lxc-start" */
    const char *name;    /* of the container, NULL: not known yet */
    int priority;        /* what goes to the file: 0 (TRACE) to 8 (FATAL) */
    bool quiet;          /* nothing on standard error */
    char file[PATH_MAX]; /* absolute, "": there is none */
};
#define LXC_LOG_INIT \
    { .priority = 5 }

/** "INFO", "debug", 0 to 8 -> 0 to 8; -1: no such word. */
int lxc_log_priority(const char *word);

/**
 * Makes the file @path, "none" for no file. Each line opens it again: the monitor of a container,
 * which goes on with this log, has no descriptors of the command's.
 */
int lxc_log_open(struct lxc_log *log, const char *path, struct thole_error *err);

/** The library's log: struct thole_log with the log as its userdata. */
void lxc_log_write(void *userdata, enum thole_log_level level, const char *line);

/** "lxc-start: web: TEXT" on standard error, and to the file. */
void lxc_log_error(struct lxc_log *log, const struct thole_error *err);
