/* SPDX-License-Identifier: Apache-2.0 */
/* destroy: a domain is stopped by force. */
#include "virsh/commands/commands.h"
#include "virsh/lifecycle/reason.h"
#include "virsh/lifecycle/remains.h"
#include "virsh/store/domains.h"

struct destroy_options {
    const char *domain;
    bool graceful;
    bool remove_logs;
};

static const struct option_row rows[] = {
    VIRSH_DOMAIN_OPTION(destroy_options, domain),
    {"graceful", 0, OPTION_FLAG, offsetof(struct destroy_options, graceful), NULL,
     "accepted: there is nothing to be graceful about"},
    {"remove-logs", 0, OPTION_FLAG, offsetof(struct destroy_options, remove_logs), NULL, NULL},
    {0},
};

static int run_destroy(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct destroy_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    (void)ret_status;
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (domain.state == NULL)
        error_state(err, "Requested operation is not valid: domain is not running");
    if (domain.state == NULL ||
        virsh_reason_note(call->place->live, domain.name, "destroyed", err) < 0 ||
        virsh_remains_delete(&domain, err) < 0)
        return virsh_failed("Failed to destroy domain '%s'", options->domain);
    virsh_tell(call, "Domain '%s' destroyed", options->domain);
    return 0;
}

const struct virsh_command virsh_command_destroy = {
    .name = "destroy",
    .summary = "destroy (stop) a domain",
    .description = "All of its processes are killed at once. A persistent domain stays defined.",
    .options = rows,
    .options_size = sizeof(struct destroy_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_destroy,
};
