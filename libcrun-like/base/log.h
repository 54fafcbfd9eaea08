/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings, news and debug lines of the library, which never prints: the caller's sink does. */
#pragma once

#include "base/types.h"

void log_line(const struct thole_log *log, enum thole_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_warning(log, ...) log_line(log, THOLE_LOG_WARNING, __VA_ARGS__)
#define log_info(log, ...) log_line(log, THOLE_LOG_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_line(log, THOLE_LOG_DEBUG, __VA_ARGS__)
