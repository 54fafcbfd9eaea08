/* SPDX-License-Identifier: Apache-2.0 */
/* Where the library's warnings and debug lines go. Libraries never print: the caller's sink does.
 */
#ifndef THOLE_LOG_H
#define THOLE_LOG_H

enum thole_log_level {
    THOLE_LOG_ERROR,
    THOLE_LOG_WARNING,
    THOLE_LOG_DEBUG,
};

/** @write receives one line without a line break. A NULL @write drops everything. */
struct thole_log {
    enum thole_log_level level; /* lines above this level are not even formatted */
    void (*write)(void *userdata, enum thole_log_level level, const char *line);
    void *userdata;
};

void log_line(const struct thole_log *log, enum thole_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_warning(log, ...) log_line(log, THOLE_LOG_WARNING, __VA_ARGS__)
#define log_debug(log, ...) log_line(log, THOLE_LOG_DEBUG, __VA_ARGS__)

#endif
