/* SPDX-License-Identifier: Apache-2.0 */
/* define and undefine: persistent domains. */
#include "virsh/commands/commands.h"
#include "virsh/commands/documents.h"
#include "virsh/store/definition.h"

struct define_options {
    const char *file;
    bool validate;
};

static const struct option_row define_rows[] = {
    {"file", 0, OPTION_STRING, offsetof(struct define_options, file), "FILE",
     "the domain's XML, - for standard input", NULL, true},
    {"validate", 0, OPTION_FLAG, offsetof(struct define_options, validate), NULL,
     "accepted: every element is looked at anyway"},
    {0},
};
static const char *const define_operands[] = {"file", NULL};

static int define(const struct virsh_call *call, const struct virsh_given *given,
                  struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    if (virsh_given_match(call, given, &domain, err) < 0 || virsh_place_make(call->place, err) < 0)
        return -1;
    return virsh_definition_write(call->place, given->name, given->document, err);
}

static int run_define(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct define_options *options = call->options;
    cleanup_virsh_given struct virsh_given given = {0};
    (void)ret_status;
    if (virsh_given_read(call, options->file, &given, err) < 0 || define(call, &given, err) < 0)
        return virsh_failed("Failed to define domain from %s", options->file);
    virsh_tell(call, "Domain '%s' defined from %s", given.name, options->file);
    return 0;
}

const struct virsh_command virsh_command_define = {
    .name = "define",
    .summary = "define (but don't start) a domain from an XML file",
    .description = "A domain of that name and uuid is changed, from its next start on. Elements\n"
                   "without effect are told on standard error.",
    .options = define_rows,
    .options_size = sizeof(struct define_options),
    .operands = define_operands,
    .required = 1,
    .run = run_define,
};

/* ---- undefine ---- */

struct undefine_options {
    const char *domain;
    bool managed_save;
    bool snapshots_metadata;
    bool checkpoints_metadata;
    bool nvram;
    bool keep_nvram;
};

#define UNDEFINE(member) offsetof(struct undefine_options, member)

static const struct option_row undefine_rows[] = {
    VIRSH_DOMAIN_OPTION(undefine_options, domain),
    {"managed-save", 0, OPTION_FLAG, UNDEFINE(managed_save), NULL, NULL},
    {"snapshots-metadata", 0, OPTION_FLAG, UNDEFINE(snapshots_metadata), NULL, NULL},
    {"checkpoints-metadata", 0, OPTION_FLAG, UNDEFINE(checkpoints_metadata), NULL, NULL},
    {"nvram", 0, OPTION_FLAG, UNDEFINE(nvram), NULL, NULL},
    {"keep-nvram", 0, OPTION_FLAG, UNDEFINE(keep_nvram), NULL, NULL},
    {0},
};

static int run_undefine(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct undefine_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    (void)ret_status;
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (!domain.persistent)
        error_state(err, "Requested operation is not valid: cannot undefine transient domain");
    if (!domain.persistent || virsh_definition_remove(call->place, domain.name, err) < 0)
        return virsh_failed("Failed to undefine domain '%s'", options->domain);
    virsh_tell(call, "Domain '%s' has been undefined", options->domain);
    return 0;
}

const struct virsh_command virsh_command_undefine = {
    .name = "undefine",
    .summary = "undefine a domain",
    .description = "One that runs goes on as a transient domain.",
    .options = undefine_rows,
    .options_size = sizeof(struct undefine_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_undefine,
};
