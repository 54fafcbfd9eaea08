/* SPDX-License-Identifier: Apache-2.0 */
/* suspend and resume: a domain's processes stop, and go on. */
#include "virsh/commands/commands.h"
#include "virsh/store/domains.h"

struct suspend_options {
    const char *domain;
};

static const struct option_row rows[] = {
    VIRSH_DOMAIN_OPTION(suspend_options, domain),
    {0},
};

static int change(const struct virsh_domain *domain, bool suspend, struct thole_error *err) {
    if (!virsh_domain_active(domain))
        return error_state(err, "Requested operation is not valid: domain is not running");
    if (!suspend)
        return thole_resume(&domain->context, domain->name, err);
    /* One that is suspended stays so: no failure for libvirt. */
    return domain->state->status == THOLE_STATUS_PAUSED
               ? 0
               : thole_pause(&domain->context, domain->name, err);
}

static int run(const struct virsh_call *call, bool suspend, struct thole_error *err) {
    const struct suspend_options *options = call->options;
    const char *word = suspend ? "suspend" : "resume";
    cleanup_virsh_domain struct virsh_domain domain = {0};
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (change(&domain, suspend, err) < 0)
        return virsh_failed("Failed to %s domain '%s'", word, options->domain);
    virsh_tell(call, "Domain '%s' %s", options->domain, suspend ? "suspended" : "resumed");
    return 0;
}

static int run_suspend(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    return run(call, true, err);
}

static int run_resume(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    return run(call, false, err);
}

const struct virsh_command virsh_command_suspend = {
    .name = "suspend",
    .summary = "suspend a domain",
    .options = rows,
    .options_size = sizeof(struct suspend_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_suspend,
};

const struct virsh_command virsh_command_resume = {
    .name = "resume",
    .summary = "resume a domain",
    .options = rows,
    .options_size = sizeof(struct suspend_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_resume,
};
