/* SPDX-License-Identifier: Apache-2.0 */
/* From spec, host facts and request to the plan. Pure: same input, same plan, no system calls. */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "base/arena.h"
#include "base/error.h"
#include "host/facts.h"
#include "oci-spec/spec.h"
#include "plan/plan.h"

/** What the command line adds to the configuration. */
struct plan_request {
    const char *id;
    const char *bundle; /* absolute */
    enum plan_cgroup_manager cgroup_manager;
    bool no_pivot;
    bool no_new_keyring;
    bool ignore_cgroup_permissions; /* --rootless=true */
    unsigned listen_fds;            /* socket activation: LISTEN_FDS for the container's env */
    const char *listen_fdnames;     /* NULL: none */
    const char *notify_socket;      /* NOTIFY_SOCKET of the caller, NULL: none */
    const char *notify_directory;   /* host directory bound to /run/notify, NULL: none */
};

/**
 * Builds the whole plan in @arena. Errors carry the JSON pointer of what cannot be planned. The
 * plan borrows strings from @config and @facts.
 */
int plan_build(const struct oci_config *config, const struct host_facts *facts,
               const struct plan_request *request, struct arena *arena, struct plan **ret_plan,
               struct thole_error *err);

/** Adjustments of an exec, from the command line; NULL, 0 or false leaves the default. */
struct plan_exec_request {
    const char *user; /* "uid[:gid]" numeric; names are resolved by the caller */
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
};

/**
 * Plans the process of an exec. @process is a process.json, or NULL to derive it from the
 * container's own process in @config; members missing from @process default to the container's.
 */
int plan_exec_build(const struct oci_config *config, const struct oci_process *process,
                    const struct host_facts *facts, const struct plan_exec_request *request,
                    struct arena *arena, struct plan_process **ret_process,
                    struct thole_error *err);

/**
 * Plans only cgroup writes and device rules for `update`, for the directories in @current (a plan
 * rebuilt from the saved configuration, which has @oci_version). The result has the directories of
 * @current.
 */
int plan_resources_build(const struct oci_resources *resources, const char *oci_version,
                         const struct host_facts *facts, const struct plan_cgroup *current,
                         struct arena *arena, struct plan_cgroup **ret_cgroup,
                         struct thole_error *err);

/** A plan that holds nothing but hooks and annotations: for poststart and poststop. */
struct plan *plan_hooks_build(const struct oci_config *config, struct arena *arena);

#endif
