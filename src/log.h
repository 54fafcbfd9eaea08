/* SPDX-License-Identifier: Apache-2.0 */
/* Where errors, warnings and debug lines go: standard error and the destination of --log. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"

enum logger_sink {
    LOGGER_STDERR, /* no --log */
    LOGGER_FILE,
    LOGGER_JOURNAL,
    LOGGER_SYSLOG,
};

struct logger {
    enum logger_sink sink;
    const char *destination; /* file name, or the identifier for journal and syslog */
    bool json;
    bool no_hints;
};

/**
 * Reads the value of --log: a file name (also file:NAME), journald:IDENTIFIER, syslog:IDENTIFIER;
 * NULL is standard error. A log file is created now (0644, appended to); each line opens it again,
 * so that no descriptor of the log stays among those that --preserve-fds hands on.
 */
int logger_init(struct logger *logger, const char *log, bool json, struct thole_error *err);

/** The thole_log.write function; @userdata is the logger. Goes to --log alone if there is one. */
void logger_write(void *userdata, enum thole_log_level level, const char *line);

/**
 * Reports why the program fails: to --log, and always to standard error. JSON output is one object
 * with level, msg and time, which is what container engines read, and hint. @hint may be "".
 */
void logger_fail(const struct logger *logger, const char *message, const char *hint);
