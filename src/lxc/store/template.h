/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: programs that fill a new container's root file system and add to its configuration. */
#pragma once

#include "lxc/config/configuration.h"

/** What a template is called with. */
struct lxc_template_call {
    const char *program;   /* lxc_template_find() */
    const char *directory; /* of the container */
    const char *name;
    const char *rootfs;
    char *const *arguments; /* NULL-terminated, the caller's own, or NULL */
};

/**
 * The program of the template called @name: an absolute path, or lxc-NAME among thole's own
 * templates, or LXC's. malloc'ed.
 */
int lxc_template_find(const char *name, char **ret_program, struct thole_error *err);

/**
 * Runs it; what it says goes to the caller's streams. Where @config maps ids it runs as the
 * container's root, in a user namespace with that map. Its failure is an error.
 */
int lxc_template_run(const struct lxc_template_call *call, const struct lxc_configuration *config,
                     struct thole_error *err);

/** The lines that tell in a configuration what has made it; malloc'ed. */
char *lxc_template_header(const struct lxc_template_call *call);
