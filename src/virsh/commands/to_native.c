/* SPDX-License-Identifier: Apache-2.0 */
/* domxml-to-native: what becomes of a domain. */
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cli/output.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/documents.h"
#include "virsh/convert/convert.h"
#include "virsh/lifecycle/program.h"
#include "virsh/xml/reader.h"

struct native_options {
    const char *format;
    const char *domain;
    const char *xml;
};

#define MEMBER(name) offsetof(struct native_options, name)

static const struct option_row rows[] = {
    {"format", 0, OPTION_STRING, MEMBER(format), "FORMAT", "oci: a config.json", NULL, true},
    {"domain", 0, OPTION_STRING, MEMBER(domain), "DOMAIN", "name, id or uuid of the domain"},
    {"xml", 0, OPTION_STRING, MEMBER(xml), "FILE", "xml data file to export from"},
    {0},
};
static const char *const operands[] = {"format", "domain", "xml", NULL};

static int convert(const struct virsh_call *call, const struct xml_document *document,
                   const char *uuid, struct thole_error *err) {
    cleanup_domain struct domain domain = {0};
    cleanup_virsh_converted struct virsh_converted converted = {0};
    const struct virsh_convert_request request = {
        .uuid = uuid,
        .directory = call->place->definitions,
        .uri = call->place->uri,
        .program = virsh_program(),
        .hooks = virsh_hooks(),
        .networks = virsh_networks(),
        .other_place = call->place->other,
    };
    if (virsh_xml_read_domain(document, &domain, err) < 0 ||
        virsh_convert(&domain, &request, &converted, err) < 0)
        return -1;
    for (size_t i = 0; i < converted.warnings.count; i++)
        log_warning(&call->log, "%s: %s", converted.warnings.items[i].where,
                    converted.warnings.items[i].value.text);
    return output_text(converted.config, err);
}

static int run_to_native(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct native_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_virsh_given struct virsh_given given = {0};
    char uuid[DOMAIN_UUID_LENGTH + 1];
    (void)ret_status;
    if (strcmp(options->format, "oci") != 0)
        return error_usage(err, "unsupported config type %s: it is oci", options->format);
    if ((options->domain == NULL) == (options->xml == NULL))
        return error_usage(err, "need either domain or --xml");
    if (options->xml != NULL)
        return virsh_given_read(call, options->xml, &given, err) < 0
                   ? -1
                   : convert(call, given.document, given.uuid, err);
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0 ||
        virsh_domain_uuid(&domain, uuid, err) < 0 ||
        virsh_domain_document(&domain, false, &given.document, err) < 0)
        return -1;
    return convert(call, given.document, uuid, err);
}

const struct virsh_command virsh_command_domxml_to_native = {
    .name = "domxml-to-native",
    .summary = "Convert domain XML to native config",
    .description =
        "Prints the configuration that the container runs with. What the monitor does besides\n"
        "is not in it.",
    .options = rows,
    .options_size = sizeof(struct native_options),
    .operands = operands,
    .required = 1,
    .run = run_to_native,
};
