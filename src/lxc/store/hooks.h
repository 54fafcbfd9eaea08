/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of a container that is copied or destroyed: lxc.hook.clone and lxc.hook.destroy. */
#pragma once

#include "lxc/config/configuration.h"

struct lxc_hook_call {
    const char *type; /* "clone" */
    const char *name; /* of the container */
    const char *config_file;
    const char *rootfs_mount; /* where its files are to be seen; NULL: nowhere */
    const char *rootfs_path;  /* as the configuration has it; NULL: it has none */
    const char *source_name;  /* of the one that it is a copy of, or NULL */
    char *const *arguments;   /* NULL-terminated, for the hooks; may be NULL */
    /** Called in each hook's process first, as that of struct lxc_store_program; may be NULL. */
    int (*prepare)(void *userdata, struct thole_error *err);
    void *userdata;
};

/** Runs all hooks of that type in @config, in order; the first that fails is the error. */
int lxc_hooks_run(const struct lxc_configuration *config, const struct lxc_hook_call *call,
                  struct thole_error *err);
