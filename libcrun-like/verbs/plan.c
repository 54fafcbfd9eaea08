/* SPDX-License-Identifier: Apache-2.0 */
/* thole_plan() and thole_host_facts(): what would be done, and on what machine. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "create/bundle.h"
#include "host/probe.h"
#include "plan/print.h"
#include "state/request.h"

enum { FACTS_MAX = 1024 * 1024 };

int thole_plan(const struct thole_context *context, const struct thole_create_request *request,
               const char *facts_file, bool json, char **ret_text, struct thole_error *err) {
    cleanup_bundle struct bundle bundle = {0};
    cleanup_free char *facts = NULL;
    if (facts_file != NULL && file_read_at(AT_FDCWD, facts_file, FACTS_MAX, &facts, NULL, err) < 0)
        return -1;
    if (request_check(request->reserved, err) < 0 || request_check(context->reserved, err) < 0 ||
        bundle_read(request, NULL, &bundle, err) < 0 ||
        bundle_plan(context, request, facts, NULL, &bundle, err) < 0)
        return -1;
    *ret_text = json ? plan_print_json(bundle.plan) : plan_print_text(bundle.plan);
    return 0;
}

int thole_host_facts(char **ret_json, struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    struct host_facts *facts = NULL;
    if (host_probe(&arena, HOST_NEED_ALL, &facts, err) < 0)
        return -1;
    *ret_json = host_facts_write(facts);
    return 0;
}
