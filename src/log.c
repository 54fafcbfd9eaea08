/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, warnings and debug lines as text or JSON, to standard error, a file, journald, syslog. */
#include "log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

static const struct {
    const char *name;
    int priority; /* syslog(3) */
} levels[] = {
    [THOLE_LOG_ERROR] = {"error", LOG_ERR},
    [THOLE_LOG_WARNING] = {"warning", LOG_WARNING},
    [THOLE_LOG_INFO] = {"info", LOG_INFO},
    [THOLE_LOG_DEBUG] = {"debug", LOG_DEBUG},
};

static int open_file(const char *name) {
    return open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
}

int logger_init(struct logger *logger, const char *log, bool json, struct thole_error *err) {
    static const struct {
        const char *prefix;
        enum logger_sink sink;
    } sinks[] = {
        {"file:", LOGGER_FILE},
        {"journald:", LOGGER_JOURNAL},
        {"syslog:", LOGGER_SYSLOG},
    };
    *logger = (struct logger){.json = json};
    if (log == NULL || strcmp(log, "/dev/stderr") == 0)
        return 0;

    enum logger_sink sink = LOGGER_FILE;
    for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++) {
        if (text_starts_with(log, sinks[i].prefix)) {
            sink = sinks[i].sink;
            log += strlen(sinks[i].prefix);
            break;
        }
    }
    if (sink == LOGGER_FILE) {
        cleanup_close int fd = open_file(log);
        if (fd < 0)
            return error_errno(err, NULL, "open log file %s", log);
    }
    if (sink != LOGGER_FILE && strchr(log, '\n') != NULL)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "option --log: a name is a single line");
    logger->sink = sink;
    logger->destination = log;
    return 0;
}

/* One record for a log: JSON, or the key=value text that engines know from other runtimes. */
static void append_record(struct text *text, bool json, enum thole_log_level level,
                          const char *message, const char *hint) {
    char now[CLOCK_TIME];
    clock_format_now(now);
    if (json)
        text_appendf(text, "{\"level\":\"%s\",\"msg\":", levels[level].name);
    else
        text_appendf(text, "time=\"%s\" level=%s msg=", now, levels[level].name);
    text_append_json(text, message);
    if (hint[0] != '\0') {
        text_append(text, json ? ",\"hint\":" : " hint=");
        text_append_json(text, hint);
    }
    if (json)
        text_appendf(text, ",\"time\":\"%s\"}", now);
    text_append(text, "\n");
}

/* The journal's native protocol; a message is one line, so no binary field is needed. */
static void send_to_journal(const char *identifier, int priority, const char *message) {
    static const struct sockaddr_un address = {
        .sun_family = AF_UNIX,
        .sun_path = "/run/systemd/journal/socket",
    };
    cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cleanup_text struct text record = {0};
    text_appendf(&record, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%s\n", priority, identifier,
                 message);
    if (fd >= 0)
        (void)sendto(fd, record.data, record.length, MSG_NOSIGNAL,
                     (const struct sockaddr *)&address, sizeof(address));
}

/* A log that cannot be written to is no reason to fail: the line is lost. */
static void write_to_sink(const struct logger *logger, enum thole_log_level level,
                          const char *message, const char *hint) {
    cleanup_text struct text record = {0};
    cleanup_close int fd = -1;
    switch (logger->sink) {
    case LOGGER_STDERR:
        break;
    case LOGGER_FILE:
        append_record(&record, logger->json, level, message, hint);
        fd = open_file(logger->destination);
        if (fd >= 0)
            (void)file_write_all(fd, record.data, record.length);
        break;
    case LOGGER_JOURNAL:
        send_to_journal(logger->destination, levels[level].priority, message);
        break;
    case LOGGER_SYSLOG:
        openlog(logger->destination, LOG_PID, LOG_USER);
        syslog(levels[level].priority, "%s", message);
        closelog();
        break;
    }
}

static void write_to_stderr(bool json, enum thole_log_level level, const char *message,
                            const char *hint) {
    cleanup_text struct text line = {0};
    if (json)
        append_record(&line, true, level, message, hint);
    else if (level == THOLE_LOG_ERROR)
        text_appendf(&line, "thole: %s\n", message);
    else
        text_appendf(&line, "thole: %s: %s\n", levels[level].name, message);
    if (!json && hint[0] != '\0')
        text_appendf(&line, "thole: hint: %s\n", hint);
    (void)file_write_all(STDERR_FILENO, line.data, line.length);
}

void logger_write(void *userdata, enum thole_log_level level, const char *line) {
    const struct logger *logger = userdata;
    if (logger->sink == LOGGER_STDERR)
        write_to_stderr(logger->json, level, line, "");
    else
        write_to_sink(logger, level, line, "");
}

void logger_fail(const struct logger *logger, const char *message, const char *hint) {
    bool json_on_stderr = logger->json && logger->sink == LOGGER_STDERR;
    if (logger->no_hints)
        hint = "";
    write_to_sink(logger, THOLE_LOG_ERROR, message, hint);
    write_to_stderr(json_on_stderr, THOLE_LOG_ERROR, message, hint);
}
