/* SPDX-License-Identifier: Apache-2.0 */
/* Formats log lines for the caller's sink. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

void log_line(const struct thole_log *log, enum thole_log_level level, const char *format, ...) {
    if (log == NULL || log->write == NULL || level > log->level)
        return;
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_make_plain(line);
    log->write(log->userdata, level, line);
}
