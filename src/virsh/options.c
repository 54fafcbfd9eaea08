/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables as virsh reads them. */
#include "virsh/options.h"

#include <string.h>

#define MEMBER(name) offsetof(struct virsh_settings, name)

const struct option_row virsh_global_options[] = {
    {"connect", 'c', OPTION_STRING, MEMBER(connect), "URI",
     "lxc:/// (default), or lxc:///?directory=PATH for domains defined in PATH"},
    {"quiet", 'q', OPTION_FLAG, MEMBER(quiet), NULL, "no headings, messages and empty lines"},
    {"version", 'v', OPTION_FLAG, MEMBER(version), NULL, "print the version"},
    {"long-version", 'V', OPTION_FLAG, MEMBER(long_version), NULL, NULL},
    {"debug", 'd', OPTION_STRING, MEMBER(debug), "LEVEL", "0 to 4; accepted, without effect"},
    {"escape", 'e', OPTION_STRING, MEMBER(escape), "CHARACTER",
     "what leaves a console (default: ^])"},
    {"keepalive-interval", 'k', OPTION_STRING, MEMBER(keepalive_interval), "SECONDS", NULL},
    {"keepalive-count", 'K', OPTION_STRING, MEMBER(keepalive_count), "NUMBER", NULL},
    {"log", 'l', OPTION_STRING, MEMBER(log_file), "FILE", "append messages of the library to FILE"},
    {"no-pkttyagent", 0, OPTION_FLAG, MEMBER(no_pkttyagent), NULL, NULL},
    {"readonly", 'r', OPTION_FLAG, MEMBER(readonly), NULL, "accepted, without effect"},
    {"timing", 't', OPTION_FLAG, MEMBER(timing), NULL, NULL},
    {0},
};

/* A member that has been filled in: all kinds begin with a pointer, but flags and numbers. */
static bool is_given(const struct option_row *row, const void *options) {
    return *(const void *const *)(const void *)((const char *)options + row->offset) != NULL;
}

static const struct option_row *operand_row(const struct virsh_command *command, size_t index) {
    const char *name = command->operands[index];
    return options_find(command->options, name, strlen(name));
}

/* Words go to those operands that no option has filled in. */
static int take_operands(const struct virsh_command *command, void *options,
                         struct option_arguments *arguments, size_t *ret_taken,
                         struct thole_error *err) {
    *ret_taken = 0;
    for (size_t i = 0; command->operands != NULL && command->operands[i] != NULL; i++) {
        const struct option_row *row = operand_row(command, i);
        if (is_given(row, options))
            continue;
        if (*ret_taken < arguments->count) {
            if (options_store(row, arguments->items[(*ret_taken)++], options, err) < 0)
                return -1;
        } else if (i < command->required) {
            return error_usage(err, "command '%s' requires %s%s%s option", command->name,
                               i == 0 ? "<" : "--", row->name, i == 0 ? ">" : "");
        }
    }
    return 0;
}

int virsh_options_parse(const struct virsh_command *command, char *const *words, void *options,
                        struct option_arguments *ret_arguments, struct thole_error *err) {
    size_t taken = 0;
    if (options_parse(command->options, false, words, options, ret_arguments, err) < 0) {
        if (ret_arguments->unknown == NULL)
            return -1;
        *err = (struct thole_error){0};
        return error_usage(err, "command '%s' doesn't support option %s%s", command->name,
                           strlen(ret_arguments->unknown) > 1 ? "--" : "-", ret_arguments->unknown);
    }
    if (ret_arguments->help)
        return 0;
    if (take_operands(command, options, ret_arguments, &taken, err) < 0)
        return -1;
    if (taken < ret_arguments->count && command->rest == NULL)
        return error_usage(err, "unexpected data '%s'", ret_arguments->items[taken]);
    ret_arguments->count -= taken;
    memmove(ret_arguments->items, ret_arguments->items + taken,
            (ret_arguments->count + 1) * sizeof(*ret_arguments->items));
    return 0;
}
