/* SPDX-License-Identifier: Apache-2.0 */
/* The process of an exec, planned from the container's own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "host/facts.h"
#include "oci-spec/spec.h"
#include "plan/plan.h"

/** Names are resolved by the caller. */
struct plan_exec_user {
    uint32_t uid;
    uint32_t gid;
    bool has_gid;           /* else the group is the container's own */
    bool has_groups;        /* else supplementary groups are the container's own */
    const uint32_t *groups; /* supplementary ones */
    size_t group_count;
};

/** Adjustments of an exec, from the command line; NULL, 0 or false leaves the default. */
struct plan_exec_request {
    const struct plan_exec_user *user;
    const char *cwd;
    char *const *args;         /* NULL-terminated */
    char *const *env;          /* K=V, NULL-terminated, over the container's */
    char *const *capabilities; /* names added to bounding, effective and permitted */
    const uint32_t *additional_gids;
    size_t additional_gid_count;
    const char *term; /* TERM of the terminal outside, for a pty; NULL: the container's own */
    bool own_home;    /* HOME is that of the user in the container's passwd */
    bool clear_env;   /* the container's environment is not taken over */
    bool terminal;
    bool no_new_privileges;
    const char *selinux;
    const char *apparmor;
    const unsigned long *personality; /* NULL: the container's */
};

/**
 * Plans the process of an exec. @process is a process.json, or NULL to derive it from the
 * container's own process in @config; members missing from @process default to the container's.
 */
int plan_exec_build(const struct oci_config *config, const struct oci_process *process,
                    const struct host_facts *facts, const struct plan_exec_request *request,
                    struct arena *arena, struct plan_process **ret_process,
                    struct thole_error *err);
