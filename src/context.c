/* SPDX-License-Identifier: Apache-2.0 */
/* The global options, and the library context they make. */
#include "context.h"
#include "base/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define MEMBER(name) offsetof(struct global_settings, name)

const struct option_row global_options[] = {
    {"root", 0, OPTION_STRING, MEMBER(root), "DIR", "keep the state of containers in DIR",
     .not_empty = true},
    {"log", 0, OPTION_STRING, MEMBER(log), "DEST",
     "also log to a file, journald:NAME or syslog:NAME"},
    {"log-format", 0, OPTION_STRING, MEMBER(log_format), "FORMAT", "text (default) or json",
     .choices = "|text|json"},
    {"log-level", 0, OPTION_STRING, MEMBER(log_level), "LEVEL",
     "error, warning or debug (default: warning; error for json)",
     .choices = "error|warning|debug"},
    {"debug", 0, OPTION_FLAG, MEMBER(debug), NULL,
     "the same as --log-level debug: tell each step and its time"},
    {"no-hints", 0, OPTION_FLAG, MEMBER(no_hints), NULL,
     "leave out \"hint:\" behind an error, and how to come back to a container"},
    {"systemd-cgroup", 0, OPTION_FLAG, MEMBER(systemd_cgroup), NULL,
     "let systemd make the cgroup; cgroupsPath is slice:prefix:name"},
    {"cgroup-manager", 0, OPTION_STRING, MEMBER(cgroup_manager), "MANAGER",
     "cgroupfs (default), systemd or disabled", .choices = "cgroupfs|systemd|disabled"},
    {"rootless", 0, OPTION_STRING, MEMBER(rootless), "WHEN",
     "true: go on where cgroups may not be changed; false or auto", .choices = "true|false|auto"},
    {"audit", 0, OPTION_STRING, MEMBER(audit), "WHEN",
     "tell the kernel's audit log of containers: off, on, or must: none starts without",
     .choices = "off|on|must"},
    {"criu", 0, OPTION_STRING, MEMBER(criu), "PATH", NULL},
    {"version", 'v', OPTION_FLAG, MEMBER(version), NULL, "print the version"},
    {"version", 'V', OPTION_FLAG, MEMBER(version), NULL, NULL},
    {0},
};

/* Makes @path absolute and takes out ".", ".." and double slashes; symbolic links stay. */
static char *absolute_path(const char *path, struct thole_error *err) {
    cleanup_text struct text full = {0};
    if (path[0] != '/') {
        cleanup_free char *current = getcwd(NULL, 0);
        if (current == NULL) {
            error_errno(err, NULL, "get the current directory");
            return NULL;
        }
        text_append(&full, current);
        text_append(&full, "/");
    }
    text_append(&full, path);

    char *clean = malloc(full.length + 2);
    if (clean == NULL) {
        error_errno(err, NULL, "allocate memory");
        return NULL;
    }
    return path_clean(clean, full.data);
}

static enum thole_cgroup_manager cgroup_manager(const struct global_settings *settings) {
    const char *name = settings->cgroup_manager;
    if (name == NULL)
        return settings->systemd_cgroup ? THOLE_CGROUP_SYSTEMD : THOLE_CGROUP_FILES;
    if (strcmp(name, "systemd") == 0)
        return THOLE_CGROUP_SYSTEMD;
    return strcmp(name, "disabled") == 0 ? THOLE_CGROUP_DISABLED : THOLE_CGROUP_FILES;
}

static enum thole_audit audit_mode(const struct global_settings *settings) {
    if (settings->audit == NULL)
        return THOLE_AUDIT_DEFAULT;
    if (strcmp(settings->audit, "off") == 0)
        return THOLE_AUDIT_OFF;
    return strcmp(settings->audit, "on") == 0 ? THOLE_AUDIT_ON : THOLE_AUDIT_MUST;
}

/* Engines read a JSON log as one object, the error: nothing else goes there unless asked for. */
static enum thole_log_level log_level(const struct global_settings *settings, bool json) {
    const char *name = settings->log_level;
    if (settings->debug || text_equal(name, "debug"))
        return THOLE_LOG_DEBUG;
    if (name != NULL)
        return strcmp(name, "warning") == 0 ? THOLE_LOG_WARNING : THOLE_LOG_ERROR;
    if (json)
        return THOLE_LOG_ERROR;
    return settings->no_hints ? THOLE_LOG_WARNING : THOLE_LOG_INFO;
}

int context_init(const struct global_settings *settings, struct logger *logger,
                 struct thole_context *ret_context, char **ret_root, struct thole_error *err) {
    bool json = text_equal(settings->log_format, "json");
    *ret_context = (struct thole_context){
        .cgroup_manager = cgroup_manager(settings),
        .ignore_cgroup_permissions = text_equal(settings->rootless, "true"),
        .audit = audit_mode(settings),
        .log = {.level = log_level(settings, json), .write = logger_write, .userdata = logger},
    };
    int result = logger_init(logger, settings->log, json, err);
    logger->no_hints = settings->no_hints;
    if (result < 0)
        return -1;
    if (settings->root == NULL)
        return 0;

    cleanup_free char *root = absolute_path(settings->root, err);
    if (root == NULL)
        return -1;
    if (strcmp(root, "/") == 0)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "option --root must not be /");
    ret_context->root = root;
    *ret_root = take_ptr(root);
    return 0;
}
