/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-copy: a container made like another one. */
#pragma once

#include "base/text.h"
#include "lxc/store/container.h"

struct lxc_copy_request {
    const char *name;    /* of the new container */
    const char *lxcpath; /* absolute and clean */
    bool snapshot;       /* what is a directory becomes the lower layer of an overlay */
    bool keep_name;      /* lxc.uts.name and /etc/hostname stay */
    bool keep_addresses; /* hardware addresses stay */
    bool allow_running;
    const char *layers; /* an absolute directory for the new upper layer; NULL: "overlay" in its own
                         */
    const char *more;   /* lines for the end of its configuration, or NULL */
    char *const *hook_arguments; /* for lxc.hook.clone, NULL-terminated, or NULL */
};

/**
 * Makes a container as @request says of @source. Its root file system is a copy, or shares layers;
 * the text of the configuration stays but for what has to differ. If it fails nothing is left.
 * @rcfile: the configuration in place of the source's own, or NULL.
 */
int lxc_copy(const struct lxc_container *source, const char *rcfile,
             const struct lxc_copy_request *request, struct thole_error *err);

/** An error if @container runs. */
int lxc_check_stopped(const struct lxc_container *container, struct thole_error *err);

/** Runs lxc.hook.clone of a container with the configuration @config and its files in view. */
struct lxc_configuration;
int lxc_run_clone_hooks(const struct lxc_configuration *config, const char *directory,
                        const char *name, const char *source_name, char *const *arguments,
                        struct thole_error *err);
