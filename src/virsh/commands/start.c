/* SPDX-License-Identifier: Apache-2.0 */
/* start and create: persistent and transient domains begin to run. */
#include "virsh/commands/commands.h"
#include "virsh/commands/console.h"
#include "virsh/commands/documents.h"
#include "virsh/lifecycle/launch.h"
#include "virsh/store/definition.h"

struct start_options {
    const char *domain;
    const char *file; /* of create */
    bool console;
    bool paused;
    bool autodestroy;
    bool validate;
    bool ignored;
    const char *pass_fds;
};

#define MEMBER(name) offsetof(struct start_options, name)

/* clang-format off */
#define COMMON_ROWS \
    {"console", 0, OPTION_FLAG, MEMBER(console), NULL, "attach to console after creation"}, \
    {"paused", 0, OPTION_FLAG, MEMBER(paused), NULL, "leave the guest paused after creation"}, \
    {"autodestroy", 0, OPTION_FLAG, MEMBER(autodestroy), NULL, NULL}, \
    {"pass-fds", 0, OPTION_STRING, MEMBER(pass_fds), "N,M,...", \
     "pass file descriptors N,M,... to the guest, with names: web=N,admin=M"}
/* clang-format on */

static const struct option_row start_rows[] = {
    VIRSH_DOMAIN_OPTION(start_options, domain),
    COMMON_ROWS,
    {"bypass-cache", 0, OPTION_FLAG, MEMBER(ignored), NULL, NULL},
    {"force-boot", 0, OPTION_FLAG, MEMBER(ignored), NULL, NULL},
    {"reset-nvram", 0, OPTION_FLAG, MEMBER(ignored), NULL, NULL},
    {0},
};

static const struct option_row create_rows[] = {
    {"file", 0, OPTION_STRING, MEMBER(file), "FILE", "the domain's XML, - for standard input", NULL,
     true},
    COMMON_ROWS,
    {"validate", 0, OPTION_FLAG, MEMBER(validate), NULL,
     "accepted: every element is looked at anyway"},
    {0},
};
static const char *const create_operands[] = {"file", NULL};

static int launch(const struct virsh_call *call, const char *name,
                  const struct xml_document *document, struct thole_error *err) {
    const struct start_options *options = call->options;
    if (options->autodestroy)
        return error_unsupported(err, NULL,
                                 "there is no connection with whose end a domain could go");
    const struct virsh_launch launch = {.pass_fds = options->pass_fds, .paused = options->paused};
    return virsh_launch(call->place, name, document, &launch, &call->log, err);
}

static int connect_console(const struct virsh_call *call, const char *name,
                           struct thole_error *err) {
    const struct start_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    if (!options->console)
        return 0;
    if (virsh_domain_find(call->place, name, &call->log, &domain, err) < 0)
        return -1;
    return virsh_connect(call, &domain, NULL, err);
}

static int start(const struct virsh_call *call, const struct virsh_domain *domain,
                 struct thole_error *err) {
    cleanup_xml struct xml_document *document = NULL;
    if (virsh_definition_read(call->place, domain->name, &document, err) < 0)
        return -1;
    return launch(call, domain->name, document, err);
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
    return connect_console(call, domain.name, err);
}

const struct virsh_command virsh_command_start = {
    .name = "start",
    .summary = "start a (previously defined) inactive domain",
    .description = "The descriptors of --pass-fds are 3, 4 ... for its init, with LISTEN_FDS,\n"
                   "LISTEN_PID=1 and LISTEN_FDNAMES in its environment (sd_listen_fds(3)).",
    .options = start_rows,
    .options_size = sizeof(struct start_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .seal = true,
    .run = run_start,
};

/* ---- create ---- */

static int create(const struct virsh_call *call, const struct virsh_given *given,
                  struct thole_error *err) {
    cleanup_virsh_domain struct virsh_domain domain = {0};
    if (virsh_given_match(call, given, &domain, err) < 0)
        return -1;
    if (virsh_domain_active(&domain))
        return error_state(err, "Requested operation is not valid: domain '%s' is already active",
                           given->name);
    return launch(call, given->name, given->document, err);
}

static int run_create(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct start_options *options = call->options;
    cleanup_virsh_given struct virsh_given given = {0};
    (void)ret_status;
    if (virsh_given_read(call, options->file, &given, err) < 0 || create(call, &given, err) < 0)
        return virsh_failed("Failed to create domain from %s", options->file);
    virsh_tell(call, "Domain '%s' created from %s", given.name, options->file);
    return connect_console(call, given.name, err);
}

const struct virsh_command virsh_command_create = {
    .name = "create",
    .summary = "create a domain from an XML file",
    .description = "It is transient: nothing of it stays when it ends.",
    .options = create_rows,
    .options_size = sizeof(struct start_options),
    .operands = create_operands,
    .required = 1,
    .seal = true,
    .run = run_create,
};
