/* SPDX-License-Identifier: Apache-2.0 */
/* dumpxml: the document of a domain. */
#include <stdio.h>

#include "base/cleanup.h"
#include "virsh/commands/commands.h"
#include "virsh/store/domains.h"

struct dumpxml_options {
    const char *domain;
    bool inactive;
    bool security_info;
    bool update_cpu;
    bool migratable;
};

#define MEMBER(name) offsetof(struct dumpxml_options, name)

static const struct option_row rows[] = {
    VIRSH_DOMAIN_OPTION(dumpxml_options, domain),
    {"inactive", 0, OPTION_FLAG, MEMBER(inactive), NULL,
     "what the next start uses, not what runs now"},
    {"security-info", 0, OPTION_FLAG, MEMBER(security_info), NULL, NULL},
    {"update-cpu", 0, OPTION_FLAG, MEMBER(update_cpu), NULL, NULL},
    {"migratable", 0, OPTION_FLAG, MEMBER(migratable), NULL, NULL},
    {0},
};

static int run_dumpxml(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct dumpxml_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_xml struct xml_document *document = NULL;
    char id[16];
    (void)ret_status;
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0 ||
        virsh_domain_document(&domain, options->inactive, &document, err) < 0)
        return -1;
    (void)snprintf(id, sizeof(id), "%d", (int)virsh_domain_id(&domain));
    if (virsh_domain_active(&domain) && !options->inactive)
        virsh_xml_set_attribute(document, "id", id);
    cleanup_free char *text = virsh_xml_write(document);
    return virsh_answer(call, text, err);
}

const struct virsh_command virsh_command_dumpxml = {
    .name = "dumpxml",
    .summary = "domain information in XML",
    .description =
        "What was defined, with the uuid that it got; while it runs, what it was started\n"
        "with and what was changed since then.",
    .options = rows,
    .options_size = sizeof(struct dumpxml_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_dumpxml,
};
