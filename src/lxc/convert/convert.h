/* SPDX-License-Identifier: Apache-2.0 */
/* From lxc.conf to an OCI configuration, and to what the monitor of the container has to do. */
#pragma once

#include "lxc/config/configuration.h"
#include "thole.h"
#include "translate/origin.h"

/** What a command knows besides the configuration. */
struct lxc_convert_request {
    const char *name;
    const char *lxcpath;
    const char *config_file; /* for LXC_CONFIG_FILE of hooks; may be NULL */
    char *const *command;    /* NULL-terminated: in place of lxc.init.cmd or lxc.execute.cmd */
    bool execute;            /* lxc-execute: the command runs beneath a small init */
    const char *uid;         /* lxc-execute --uid and --gid, or NULL */
    const char *gid;
    const char *facts;   /* of another machine, as `thole plan --print-facts` has them, or NULL */
    const char *program; /* path of thole-lxc, NULL: what is running */
    /** Finds init of another container, for lxc.namespace.share.*; NULL: only PIDs can be shared.
     */
    int (*find_pid)(const char *name, const char *lxcpath, pid_t *ret_pid, struct thole_error *err);
};

/** The result. Strings are malloc'ed. */
struct lxc_converted {
    char *config;                 /* config.json */
    struct thole_monitor monitor; /* consoles, logs, stop hooks, what happens at a reboot */
    struct arena arena;           /* holds what @monitor points to */
    bool no_new_keyring;          /* lxc.keyring.session = 0 */
    const struct thole_program *pre_start; /* to be run before create; a failure ends the start */
    size_t pre_start_count;
    const char *apparmor_profile; /* generated, loaded by the first of pre_start; NULL: none */
    struct thole_program unload_profile; /* for a start that fails, where there is one */
    struct translate_origin *origins;    /* what lines of lxc.conf have put into config.json */
    size_t origin_count;
    char **notes; /* settings without effect here, one line each, malloc'ed */
    size_t note_count;
};

/** Converts. Errors name file, line and key. */
int lxc_convert(const struct lxc_configuration *config, const struct lxc_convert_request *request,
                struct lxc_converted *ret_converted, struct thole_error *err);

/** In an error of the library: the line of lxc.conf in place of the member that came from it. */
void lxc_converted_blame(const struct lxc_converted *converted, struct thole_error *err);

void lxc_converted_done(struct lxc_converted *converted);
#define cleanup_lxc_converted __attribute__((cleanup(lxc_converted_done)))
