/* SPDX-License-Identifier: Apache-2.0 */
/* domstate, domid, domuuid and domname: one word about a domain. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/states.h"
#include "virsh/store/domains.h"

struct word_options {
    const char *domain;
    bool reason;
    const char *format;
};

static const struct option_row state_rows[] = {
    VIRSH_DOMAIN_OPTION(word_options, domain),
    {"reason", 0, OPTION_FLAG, offsetof(struct word_options, reason), NULL,
     "also print reason for the state"},
    VIRSH_FORMAT_OPTION(word_options, format),
    {0},
};
static const struct option_row rows[] = {VIRSH_DOMAIN_OPTION(word_options, domain), {0}};

static int find(const struct virsh_call *call, struct virsh_domain *domain,
                struct thole_error *err) {
    const struct word_options *options = call->options;
    return virsh_domain_find(call->place, options->domain, &call->log, domain, err);
}

static int run_domstate(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct word_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_text struct text text = {0};
    (void)ret_status;
    if (find(call, &domain, err) < 0)
        return -1;
    const char *state = virsh_state_word(&domain);
    cleanup_free char *reason = virsh_state_reason(&domain);
    if (options->format != NULL && strcmp(options->format, "json") == 0)
        text_appendf(&text, "{\"state\":\"%s\",\"reason\":\"%s\"}", state, reason);
    else if (options->reason)
        text_appendf(&text, "%s (%s)", state, reason);
    else
        text_append(&text, state);
    return virsh_answer(call, text.data, err);
}

static int run_domid(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    char id[16] = "-";
    (void)ret_status;
    if (find(call, &domain, err) < 0)
        return -1;
    if (virsh_domain_active(&domain))
        (void)snprintf(id, sizeof(id), "%d", (int)virsh_domain_id(&domain));
    return virsh_answer(call, id, err);
}

static int run_domuuid(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    char uuid[DOMAIN_UUID_LENGTH + 1];
    (void)ret_status;
    if (find(call, &domain, err) < 0 || virsh_domain_uuid(&domain, uuid, err) < 0)
        return -1;
    return virsh_answer(call, uuid, err);
}

static int run_domname(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    (void)ret_status;
    return find(call, &domain, err) < 0 ? -1 : virsh_answer(call, domain.name, err);
}

const struct virsh_command virsh_command_domstate = {
    .name = "domstate",
    .summary = "domain state",
    .options = state_rows,
    .options_size = sizeof(struct word_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_domstate,
};

const struct virsh_command virsh_command_domid = {
    .name = "domid",
    .summary = "convert a domain name or UUID to domain id",
    .description = "The id is the pid of the process that keeps the domain.",
    .options = rows,
    .options_size = sizeof(struct word_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_domid,
};

const struct virsh_command virsh_command_domuuid = {
    .name = "domuuid",
    .summary = "convert a domain name or id to domain UUID",
    .options = rows,
    .options_size = sizeof(struct word_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_domuuid,
};

const struct virsh_command virsh_command_domname = {
    .name = "domname",
    .summary = "convert a domain id or UUID to domain name",
    .options = rows,
    .options_size = sizeof(struct word_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_domname,
};
