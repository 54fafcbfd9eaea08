/* SPDX-License-Identifier: Apache-2.0 */
/* autostart: domains that start with the machine. */
#include "virsh/commands/commands.h"
#include "virsh/lifecycle/launch.h"
#include "virsh/store/definition.h"

struct autostart_options {
    const char *domain;
    bool disable;
    bool boot;
};

static const struct option_row rows[] = {
    VIRSH_DOMAIN_OPTION(autostart_options, domain),
    {"disable", 0, OPTION_FLAG, offsetof(struct autostart_options, disable), NULL,
     "disable autostarting"},
    {"boot", 0, OPTION_FLAG, offsetof(struct autostart_options, boot), NULL,
     "start all domains that are marked, without a DOMAIN: for a unit of the init system"},
    {0},
};

static int start(const struct virsh_call *call, const struct virsh_domain *domain,
                 struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    if (virsh_definition_read(call->place, domain->name, &document, err) < 0)
        return -1;
    return virsh_launch(call->place, domain->name, document, NULL, &call->log, err);
}

/* The others start even where one does not. */
static int boot(const struct virsh_call *call, struct thole_error *err) {
    cleanup_virsh_domain_list struct virsh_domain_list list = {0};
    struct thole_error failure = {0};
    if (virsh_domain_list(call->place, &call->log, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        const struct virsh_domain *domain = &list.items[i];
        const int marked = virsh_autostart_get(call->place, domain->name, err);
        if (marked < 0)
            return -1;
        if (marked == 0 || virsh_domain_active(domain) || start(call, domain, err) == 0)
            continue;
        failure = *err;
        (void)virsh_failed("Failed to start domain '%s'", domain->name);
    }
    return failure.text[0] == '\0' ? 0 : error_copy(err, &failure);
}

static int run_autostart(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct autostart_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    (void)ret_status;
    if (options->boot && options->domain == NULL)
        return boot(call, err);
    if (options->domain == NULL)
        return error_usage(err, "command 'autostart' requires <domain> option");
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (!domain.persistent)
        error_state(err, "Requested operation is not valid: cannot set autostart for transient "
                         "domain");
    if (!domain.persistent ||
        virsh_autostart_set(call->place, domain.name, !options->disable, err) < 0)
        return virsh_failed("Failed to %s domain '%s' as autostarted",
                            options->disable ? "unmark" : "mark", options->domain);
    virsh_tell(call, "Domain '%s' %s as autostarted", options->domain,
               options->disable ? "unmarked" : "marked");
    return 0;
}

const struct virsh_command virsh_command_autostart = {
    .name = "autostart",
    .summary = "autostart a domain",
    .options = rows,
    .options_size = sizeof(struct autostart_options),
    .operands = virsh_operand_domain,
    .seal = true,
    .run = run_autostart,
};
