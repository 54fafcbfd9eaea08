/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a program that lxc-attach starts. */
#pragma once

#include "base/arena.h"
#include "cli/options.h"
#include "lxc/config/configuration.h"

/** What the command line says about it. */
struct attach_environment {
    bool keep;       /* --keep-env: all of the caller's */
    bool clear;      /* --clear-env: none of it, nor of the container's own */
    bool foreign;    /* a container that no lxc-* command has made has a PATH of its own */
    const char *uid; /* --uid: a number or a name; NULL: root */
    const struct option_strings *keep_vars; /* with @clear: names */
    const struct option_strings *set_vars;  /* NAME=VALUE */
};

/**
 * The variables, NAME=VALUE and NULL-terminated, in @arena. Later ones win over earlier ones, and
 * all of them over the container's own, which are there unless @wish clears them.
 */
int attach_environment_make(const struct attach_environment *wish,
                            const struct lxc_configuration *config, struct arena *arena,
                            char ***ret_environment, struct thole_error *err);
