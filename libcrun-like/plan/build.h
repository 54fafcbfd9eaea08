/* SPDX-License-Identifier: Apache-2.0 */
/* From spec, host facts and request to the plan. Pure: same input, same plan, no system calls. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "host/facts.h"
#include "oci-spec/document.h"
#include "oci-spec/spec.h"
#include "plan/plan.h"

/** What the command line adds to the configuration. */
struct plan_request {
    const char *id;
    const char *bundle; /* absolute */
    enum plan_cgroup_manager cgroup_manager;
    bool no_pivot;
    bool no_new_keyring;
    const char *init; /* as struct thole_create_request has it */
    bool init_waits;
    bool ignore_cgroup_permissions; /* --rootless=true */
    enum thole_audit audit;
    unsigned listen_fds;          /* socket activation: LISTEN_FDS for the container's env */
    const char *listen_fdnames;   /* NULL: none */
    const char *notify_socket;    /* NOTIFY_SOCKET of the caller, NULL: none */
    const char *notify_directory; /* host directory bound to /run/notify, NULL: none */
    struct oci_report *report;    /* gets all that is wrong with the configuration or without
                                     effect, whatever the host; NULL: the first fault ends it */
};

/**
 * Builds the whole plan in @arena. Errors carry the JSON pointer of what cannot be planned. The
 * plan borrows strings from @config and @facts. With @request->report, which tells the faults, it
 * returns 0 and a plan that is good for nothing but looking at.
 */
int plan_build(const struct oci_config *config, const struct host_facts *facts,
               const struct plan_request *request, struct arena *arena, struct plan **ret_plan,
               struct thole_error *err);

/** A plan that holds nothing but hooks and annotations: for poststart and poststop. */
struct plan *plan_hooks_build(const struct oci_config *config, struct arena *arena);
