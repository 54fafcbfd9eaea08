/* SPDX-License-Identifier: Apache-2.0 */
/* start, create and destroy. */
#include "virsh/commands/commands.h"
#include "virsh/commands/documents.h"
#include "virsh/lifecycle/launch.h"
#include "virsh/store/definition.h"

struct start_options {
    const char *domain;
};

static const struct option_row start_rows[] = {
    VIRSH_DOMAIN_OPTION(start_options, domain),
    {0},
};

static int start(const struct virsh_call *call, const struct virsh_domain *domain,
                 struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    if (virsh_definition_read(call->place, domain->name, &document, err) < 0)
        return -1;
    return virsh_launch(call->place, domain->name, document, &call->log, err);
}

static int run_start(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct start_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    (void)ret_status;
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (virsh_domain_active(&domain))
        return error_state(err, "Domain is already active");
    if (start(call, &domain, err) < 0)
        return virsh_failed("Failed to start domain '%s'", options->domain);
    virsh_tell(call, "Domain '%s' started", domain.name);
    return 0;
}

const struct virsh_command virsh_command_start = {
    .name = "start",
    .summary = "start a (previously defined) inactive domain",
    .options = start_rows,
    .options_size = sizeof(struct start_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .seal = true,
    .run = run_start,
};
