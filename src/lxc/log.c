/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log as LXC writes them: PROGRAM NAME DATE LEVEL TEXT. */
#include "lxc/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

enum { PRIORITY_DEBUG = 1, PRIORITY_INFO = 2, PRIORITY_WARN = 4, PRIORITY_ERROR = 5 };

static const char *const priorities[] = {"TRACE", "DEBUG", "INFO",  "NOTICE", "WARN",
                                         "ERROR", "CRIT",  "ALERT", "FATAL"};

int lxc_log_priority(const char *word) {
    const int count = sizeof(priorities) / sizeof(priorities[0]);
    uint64_t number = 0;
    if (text_parse_uint(word, (uint64_t)count - 1, &number))
        return (int)number;
    for (int i = 0; i < count; i++) {
        if (strcasecmp(priorities[i], word) == 0)
            return i;
    }
    return -1;
}

static int open_file(const char *path) {
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0640);
}

int lxc_log_open(struct lxc_log *log, const char *path, struct thole_error *err) {
    if (strcmp(path, "none") == 0)
        return 0;
    cleanup_close int file = open_file(path);
    if (file >= 0 && realpath(path, log->file) != NULL)
        return 0;
    log->file[0] = '\0';
    return error_errno(err, NULL, "open log file %s", path);
}

static void write_line(const struct lxc_log *log, int priority, const char *line) {
    if (log->file[0] == '\0' || priority < log->priority)
        return;
    struct timespec now;
    struct tm date;
    char stamp[32];
    cleanup_text struct text text = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", gmtime_r(&now.tv_sec, &date));
    text_appendf(&text, "%s ", log->program);
    if (log->name != NULL)
        text_appendf(&text, "%s ", log->name);
    text_appendf(&text, "%s.%03ld %-8s %s\n", stamp, now.tv_nsec / 1000000, priorities[priority],
                 line);
    cleanup_close int file = open_file(log->file);
    if (file >= 0)
        (void)file_write_all(file, text.data, text.length);
}

void lxc_log_write(void *userdata, enum thole_log_level level, const char *line) {
    static const int from_level[] = {[THOLE_LOG_ERROR] = PRIORITY_ERROR,
                                     [THOLE_LOG_WARNING] = PRIORITY_WARN,
                                     [THOLE_LOG_INFO] = PRIORITY_INFO,
                                     [THOLE_LOG_DEBUG] = PRIORITY_DEBUG};
    const struct lxc_log *log = userdata;
    write_line(log, from_level[level], line);
    if (level <= THOLE_LOG_WARNING && !log->quiet)
        (void)fprintf(stderr, "%s: %s%s%s\n", log->program, log->name != NULL ? log->name : "",
                      log->name != NULL ? ": " : "", line);
}

/* A hook of ours has told where the configuration is wrong: which hook it was says less. */
static const char *told_by_hook(const struct thole_error *err) {
    static const char beginning[] = ", output: lxc-hook: ";
    const char *output = err->kind == THOLE_ERROR_PAYLOAD ? strstr(err->text, beginning) : NULL;
    return output != NULL ? output + strlen(beginning) : NULL;
}

void lxc_log_error(struct lxc_log *log, const struct thole_error *err) {
    char line[sizeof(err->where) + sizeof(err->text) + 128];
    const char *told = told_by_hook(err);
    if (told != NULL)
        (void)snprintf(line, sizeof(line), "%s", told);
    else
        (void)error_format(err, line, sizeof(line));
    text_make_plain(line);
    lxc_log_write(log, THOLE_LOG_ERROR, line);
    if (err->hint[0] != '\0' && !log->quiet)
        (void)fprintf(stderr, "%s: hint: %s\n", log->program, err->hint);
}
