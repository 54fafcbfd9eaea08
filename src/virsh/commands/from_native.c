/* SPDX-License-Identifier: Apache-2.0 */
/* domxml-from-native: domains of other people's configurations. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "virsh/commands/commands.h"
#include "virsh/native/lxc_tools.h"
#include "virsh/xml/document.h"

struct native_options {
    const char *format;
    const char *config;
};

static const struct option_row rows[] = {
    {"format", 0, OPTION_STRING, offsetof(struct native_options, format), "FORMAT",
     "lxc-tools: a configuration of LXC", NULL, true},
    {"config", 0, OPTION_STRING, offsetof(struct native_options, config), "FILE",
     "config data file to import from", NULL, true},
    {0},
};
static const char *const operands[] = {"format", "config", NULL};

static int run_from_native(const struct virsh_call *call, int *ret_status,
                           struct thole_error *err) {
    const struct native_options *options = call->options;
    cleanup_xml struct xml_document *document = NULL;
    cleanup_free char *xml = NULL;
    cleanup_free char *notes = NULL;
    const char *line = NULL;
    size_t length = 0;
    (void)ret_status;
    if (strcmp(options->format, "lxc-tools") != 0)
        return error_usage(err, "unsupported config type %s: it is lxc-tools", options->format);
    if (virsh_native_lxc_tools(options->config, &xml, &notes, err) < 0 ||
        virsh_xml_parse(xml, strlen(xml), options->config, &document, err) < 0)
        return -1;
    for (const char *rest = notes; text_next_line(&rest, &line, &length);)
        log_warning(&call->log, "%.*s", (int)length, line);
    cleanup_free char *text = virsh_xml_write(document);
    return virsh_answer(call, text, err);
}

const struct virsh_command virsh_command_domxml_from_native = {
    .name = "domxml-from-native",
    .summary = "Convert native config to domain XML",
    .description =
        "Settings without a counterpart are told on standard error. \"thole-lxc start\" runs the\n"
        "configuration as it is.",
    .options = rows,
    .options_size = sizeof(struct native_options),
    .operands = operands,
    .required = 2,
    .run = run_from_native,
};
