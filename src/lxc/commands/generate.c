/* SPDX-License-Identifier: Apache-2.0 */
/* Hidden command for the build: manual pages, made from the tables. */
#include <string.h>

#include "base/text.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "lxc/commands/commands.h"
#include "lxc/config/keys.h"
#include "lxc/config/old_names.h"
#include "lxc/options.h"

/* The common options of @command, or its own. */
static void append_options(struct text *text, const struct lxc_command *command, bool common) {
    const struct option_row *row = common ? lxc_common_options : command->options;
    for (; row->name != NULL; row++) {
        cleanup_text struct text label = {0};
        if (row->help == NULL || (common && !lxc_option_is_common(command, row)))
            continue;
        if (row->letter != 0)
            text_appendf(&label, "-%c, ", row->letter);
        text_appendf(&label, "--%s", row->name);
        if (row->argument != NULL)
            text_appendf(&label, row->kind == OPTION_OPTIONAL ? "[=%s]" : "=%s", row->argument);
        manual_append_entry(text, label.data, row->help);
    }
}

static void append_command_page(struct text *text, const struct lxc_command *command) {
    cleanup_text struct text page = {0};
    text_appendf(&page, "lxc-%s", command->name);
    manual_append_heading(text, page.data, 1, command->summary);
    text_append(text, ".B ");
    manual_append(text, page.data);
    text_append(text, command->naming == LXC_NAME_FIRST_WORD
                          ? "\n\\-\\-name=\\fINAME\\fR [\\fIOPTION\\fR]... \\fI"
                          : "\n[\\fIOPTION\\fR]... \\fI");
    manual_append(text, command->arguments);
    text_append(text, "\\fR\n");
    if (command->description != NULL) {
        text_append(text, ".SH DESCRIPTION\n");
        manual_append(text, command->description);
        text_append(text, "\n");
    }
    if (command->options->name != NULL)
        text_append(text, ".SH OPTIONS\n");
    append_options(text, command, false);
    text_append(text, ".SH COMMON OPTIONS\n");
    append_options(text, command, true);
    text_append(text, ".SH SEE ALSO\n\\fBthole\\-lxc\\fR(1), \\fBlxc.conf\\fR(5)\n");
}

static void append_program_page(struct text *text, const struct lxc_command *const *commands) {
    manual_append_heading(text, "thole-lxc", 1,
                          "the commands of LXC, for containers of every kind");
    text_append(text,
                ".B thole\\-lxc\n\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n.br\n"
                ".B lxc\\-\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n"
                ".SH DESCRIPTION\nOne program for all commands of LXC. A link to it named "
                "lxc\\-\\fICOMMAND\\fR is that command.\n.SH COMMANDS\n");
    for (const struct lxc_command *const *at = commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            manual_append_entry(text, (*at)->name, (*at)->summary);
    }
    text_append(text, ".SH FILES\n.TP\n.I /etc/lxc/lxc.conf, ~/.config/lxc/lxc.conf\n"
                      "the system configuration: where containers are, and what new ones have\n"
                      ".TP\n.I /var/lib/lxc, ~/.local/share/lxc\nthe containers, each with its "
                      "file config\n.SH SEE ALSO\n\\fBlxc.conf\\fR(5), \\fBthole\\fR(1)\n");
}

/* Where in the table a section of the page begins. */
static const struct {
    const char *key;
    const char *title;
} sections[] = {
    {"lxc.include", "OTHER FILES"},
    {"lxc.arch", "THE SYSTEM AND ITS INIT"},
    {"lxc.rootfs.path", "FILE SYSTEMS"},
    {"lxc.pty.max", "TERMINALS"},
    {"lxc.namespace.clone", "NAMESPACES"},
    {"lxc.cap.drop", "PRIVILEGES AND LIMITS"},
    {"lxc.apparmor.profile", "SECURITY"},
    {"lxc.hook.version", "HOOKS"},
    {"lxc.log.level", "LOG"},
    {"lxc.net.N.type", "NETWORK"},
};

static void append_key(struct text *text, const struct lxc_key *key) {
    cleanup_text struct text help = {0};
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (strcmp(sections[i].key, key->name) == 0)
            text_appendf(text, ".SH %s\n", sections[i].title);
    }
    text_appendf(&help, "%s%s%s", key->help, key->type == LXC_KEY_FLAG ? "; 0 or 1" : "",
                 key->list != LXC_KEY_SINGLE ? "; a list" : "");
    if (key->until != NULL)
        text_appendf(&help, "; LXC %s to %s", key->since, key->until);
    manual_append_entry(text, key->name, help.data);
}

static void append_config_page(struct text *text) {
    manual_append_heading(text, "lxc.conf", 5, "configuration of an LXC container");
    text_append(
        text, ".I LXCPATH/NAME/config\n.SH DESCRIPTION\nA line is \\fBKEY = VALUE\\fR; one that "
              "begins with # is a comment. A value may stand in\nquotes. A list keeps the values "
              "of all its lines, of other keys the last line counts; an\nempty value clears both, "
              "and with the beginning of keys, as in \\fBlxc.net =\\fR, all of them.\nN stands for "
              "a number, a star for any rest of the name.\n\n\\fBthole\\-lxc convert\\fR shows "
              "what becomes of a configuration.\n");
    for (const struct lxc_key *key = lxc_keys; key->name != NULL; key++)
        append_key(text, key);
    text_append(text, ".SH OLD NAMES\nKeys of before LXC 2.1 mean what they meant; "
                      "\\fBlxc\\-update\\-config\\fR(1) renames them in a file.\n");
    for (const struct lxc_old_name *row = lxc_old_names; row->name != NULL; row++) {
        if (row->today != NULL)
            manual_append_entry(text, row->name, row->today);
    }
    text_append(text, ".SH SEE ALSO\n\\fBthole\\-lxc\\fR(1), \\fBlxc\\-start\\fR(1)\n");
}

static int run_generate_man(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_text struct text text = {0};
    const char *page = call->argument_count == 1 ? call->arguments[0] : "";
    const struct lxc_command *command =
        text_starts_with(page, "lxc-") ? lxc_command_find(call->commands, page + strlen("lxc-"))
                                       : NULL;
    (void)ret_status;
    if (strcmp(page, "thole-lxc") == 0)
        append_program_page(&text, call->commands);
    else if (strcmp(page, "lxc.conf") == 0)
        append_config_page(&text);
    else if (command != NULL && !command->hidden)
        append_command_page(&text, command);
    else
        return error_usage(err, "there is no manual page %s", page);
    return output_text(text.data, err);
}

const struct lxc_command lxc_command_generate_man = {
    .name = "generate-man",
    .arguments = "PAGE",
    .summary = "print a manual page: thole-lxc, lxc-start, lxc.conf, ...",
    .options = lxc_no_options,
    .naming = LXC_NAME_OPTION,
    .no_common = true,
    .hidden = true,
    .run = run_generate_man,
};
