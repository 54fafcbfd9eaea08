/* SPDX-License-Identifier: Apache-2.0 */
/* The global options, and the library context they make. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "cli/options.h"
#include "log.h"
#include "thole.h"

/** What global_options[] fills in. */
struct global_settings {
    const char *root;
    const char *log;
    const char *log_format;
    const char *log_level;
    const char *cgroup_manager;
    const char *rootless;
    const char *audit;
    const char *criu; /* accepted for callers that still send it */
    bool debug;
    bool no_hints;
    bool systemd_cgroup;
    bool version;
};

/** The options that stand before the command. */
extern const struct option_row global_options[];

/**
 * Fills @ret_context. @ret_root is the malloc'ed text behind its root, NULL without --root. @logger
 * must outlive the context.
 */
int context_init(const struct global_settings *settings, struct logger *logger,
                 struct thole_context *ret_context, char **ret_root, struct thole_error *err);
