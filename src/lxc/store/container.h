/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of containers. An LXC container is NAME in a directory of containers, the lxcpath; it is
 * defined if LXCPATH/NAME/config exists. While it runs it is a container of thole like any other:
 * an id in a state root. Every lxcpath has its own state root, that of the configured one is
 * thole's.
 */
#pragma once

#include <stdbool.h>

#include "lxc/config/configuration.h"
#include "thole.h"

/** Which container a name means. Strings are malloc'ed. */
struct lxc_container {
    char *name;
    char *lxcpath;
    char *directory;              /* LXCPATH/NAME */
    char *config_file;            /* LXCPATH/NAME/config */
    bool defined;                 /* that file exists */
    char *root;                   /* the state root it runs in, or would */
    char *id;                     /* its id there */
    bool foreign;                 /* it was not made by an lxc-* command */
    struct thole_context context; /* of @root, for the library */
};

/** A name is a container id (thole's rules), so that it is no path. */
int lxc_container_check_name(const char *name, struct thole_error *err);

/** The state root of the containers in @lxcpath; malloc'ed. */
int lxc_container_root(const char *lxcpath, char **ret_root, struct thole_error *err);

/**
 * Finds what @name means in @lxcpath: a defined container, else a running one of its state root,
 * else one of another runtime or engine (its id, or the beginning of it), else nothing yet: a
 * container that neither is defined nor runs is not an error here.
 */
int lxc_container_find(const char *name, const char *lxcpath, const struct thole_log *log,
                       struct lxc_container *ret_container, struct thole_error *err);

/** Its state, or NULL in @ret_state if it does not run: for a variable with cleanup_lxc_state. */
int lxc_container_state(const struct lxc_container *container, struct thole_state **ret_state,
                        struct thole_error *err);
void lxc_container_state_done(struct thole_state **state);
#define cleanup_lxc_state __attribute__((cleanup(lxc_container_state_done)))

/**
 * Reads its configuration: @rcfile, or the stored one if that is NULL. An undefined container has
 * none, which is no error.
 */
int lxc_container_read_config(const struct lxc_container *container, const char *rcfile,
                              struct lxc_configuration *config, struct thole_error *err);

void lxc_container_done(struct lxc_container *container);
#define cleanup_lxc_container __attribute__((cleanup(lxc_container_done)))
