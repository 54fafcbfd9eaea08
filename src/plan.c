/* SPDX-License-Identifier: Apache-2.0 */
/* plan and validate: what a bundle would do, and what is wrong with it, without doing anything. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/output.h"
#include "commands.h"
#include "thole.h"

struct plan_settings {
    struct thole_create_request request;
    const char *facts;
    bool json;
    bool print_facts;
    bool strict;
};

#define MEMBER(name) offsetof(struct plan_settings, name)

static const struct option_row plan_options[] = {
    {"config", 'f', OPTION_STRING, MEMBER(request.config), "FILE",
     "the configuration (default: config.json in the bundle)"},
    {"id", 0, OPTION_STRING, MEMBER(request.id), "ID", "plan for this id (default: container)"},
    {"no-pivot", 0, OPTION_FLAG, MEMBER(request.no_pivot), NULL, "as in create"},
    {"no-new-keyring", 0, OPTION_FLAG, MEMBER(request.no_new_keyring), NULL, "as in create"},
    {"init", 0, OPTION_OPTIONAL, MEMBER(request.init), "FILE", "as in create"},
    {"facts", 0, OPTION_STRING, MEMBER(facts), "FILE",
     "plan for the host described in FILE, not for this one"},
    {"json", 0, OPTION_FLAG, MEMBER(json), NULL, "print the plan as JSON"},
    {"print-facts", 0, OPTION_FLAG, MEMBER(print_facts), NULL,
     "print what --facts reads, for this host, and no plan"},
    {0},
};

static const struct option_row validate_options[] = {
    {"config", 'f', OPTION_STRING, MEMBER(request.config), "FILE",
     "the configuration (default: config.json in the bundle)"},
    {"json", 0, OPTION_FLAG, MEMBER(json), NULL,
     "print the findings as JSON, with line and column"},
    {"strict", 0, OPTION_FLAG, MEMBER(strict), NULL, "notes count as errors"},
    {0},
};

static struct thole_create_request request_of(const struct invocation *invocation) {
    const struct plan_settings *settings = invocation->options;
    struct thole_create_request request = settings->request;
    request.bundle = invocation->argument_count > 0 ? invocation->arguments[0] : NULL;
    if (request.init != NULL && request.init[0] == '\0')
        request.init = thole_default_init();
    if (request.id == NULL)
        request.id = "container";
    return request;
}

static int run_plan(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    const struct plan_settings *settings = invocation->options;
    const struct thole_create_request request = request_of(invocation);
    cleanup_free char *text = NULL;
    int result = settings->print_facts ? thole_host_facts(&text, err)
                                       : thole_plan(invocation->context, &request, settings->facts,
                                                    settings->json, &text, err);
    return result < 0 ? -1 : output_text(text, err);
}

static void append_lines(struct text *text, const struct thole_finding *findings, size_t count) {
    for (size_t i = 0; i < count; i++) {
        text_append(text, findings[i].error ? "error: " : "note: ");
        if (findings[i].where[0] != '\0')
            text_appendf(text, "%s: ", findings[i].where);
        text_appendf(text, "%s\n", findings[i].text);
    }
}

static void append_json(struct text *text, const struct thole_finding *findings, size_t count) {
    text_append(text, "{\"findings\":[");
    for (size_t i = 0; i < count; i++) {
        text_appendf(text, "%s{\"severity\":\"%s\",\"pointer\":", i > 0 ? "," : "",
                     findings[i].error ? "error" : "note");
        text_append_json(text, findings[i].where);
        text_appendf(text, ",\"line\":%u,\"column\":%u,\"text\":", findings[i].line,
                     findings[i].column);
        text_append_json(text, findings[i].text);
        text_append(text, "}");
    }
    text_append(text, "]}\n");
}

static int run_validate(const struct invocation *invocation, int *ret_status,
                        struct thole_error *err) {
    const struct plan_settings *settings = invocation->options;
    const struct thole_create_request request = request_of(invocation);
    struct thole_finding *findings = NULL;
    size_t count = 0;
    if (thole_validate(invocation->context, &request, &findings, &count, err) < 0)
        return -1;

    cleanup_text struct text text = {0};
    if (settings->json)
        append_json(&text, findings, count);
    else
        append_lines(&text, findings, count);
    for (size_t i = 0; i < count; i++) {
        if (findings[i].error || settings->strict)
            *ret_status = EXIT_FAILURE;
        free(findings[i].where);
        free(findings[i].text);
    }
    free(findings);
    cleanup_free char *output = text_take(&text);
    return output_text(output, err);
}

const struct command command_plan = {
    .name = "plan",
    .arguments = "[BUNDLE]",
    .summary = "print what create would do, without doing it",
    .description =
        "Each line carries the place in config.json it comes from. BUNDLE is the current\n"
        "directory if it is not given. No privilege is needed.",
    .options = plan_options,
    .options_size = sizeof(struct plan_settings),
    .run = run_plan,
};

const struct command command_validate = {
    .name = "validate",
    .arguments = "[BUNDLE]",
    .summary = "check the configuration of a bundle",
    .description =
        "Prints all that is wrong (error) or without effect (note), one finding a line, with\n"
        "its place in config.json; what only this host lacks is for `plan` to tell. The exit\n"
        "status is 1 if there are errors.",
    .options = validate_options,
    .options_size = sizeof(struct plan_settings),
    .run = run_validate,
};
