/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its plan: the configuration is read once, the host probed for what it needs. */
#pragma once

#include "base/arena.h"
#include "host/facts.h"
#include "oci-spec/document.h"
#include "plan/plan.h"
#include "thole.h"

struct bundle {
    struct arena arena;
    char *path; /* absolute */
    char *json; /* config.json as it was read */
    size_t json_length;
    struct oci_config *config;
    struct host_facts *facts;
    struct plan *plan;
};

/** Reads the configuration; with @report all findings are collected (oci-spec/document.h). */
int bundle_read(const struct thole_create_request *request, struct oci_report *report,
                struct bundle *ret_bundle, struct thole_error *err);

/**
 * Plans a bundle that was read; @facts_json NULL: the facts of this host. @notify_directory is the
 * host side of /run/notify, NULL: none.
 */
int bundle_plan(const struct thole_context *context, const struct thole_create_request *request,
                const char *facts_json, const char *notify_directory, struct bundle *bundle,
                struct thole_error *err);

void bundle_done(struct bundle *bundle);
#define cleanup_bundle __attribute__((cleanup(bundle_done)))
