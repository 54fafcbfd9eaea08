/* SPDX-License-Identifier: Apache-2.0 */
/* Hidden command for the build: the manual page, made from the tables. */
#include <string.h>

#include "base/text.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "virsh/commands/commands.h"
#include "virsh/help.h"
#include "virsh/options.h"

static const struct option_row no_rows[] = {{0}};

static void append_options(struct text *text, const struct option_row *row) {
    for (; row->name != NULL; row++) {
        cleanup_text struct text label = {0};
        if (row->help == NULL)
            continue;
        if (row->letter != 0)
            text_appendf(&label, "-%c, ", row->letter);
        text_appendf(&label, "--%s", row->name);
        if (row->argument != NULL)
            text_appendf(&label, " %s", row->argument);
        manual_append_entry(text, label.data, row->help);
    }
}

static void append_command(struct text *text, const struct virsh_command *command) {
    cleanup_text struct text synopsis = {0};
    virsh_help_append_synopsis(&synopsis, command);
    text_append(text, ".SS ");
    manual_append(text, synopsis.data);
    text_append(text, "\n");
    manual_append(text, command->summary);
    text_append(text, ".\n");
    if (command->description != NULL) {
        manual_append(text, command->description);
        text_append(text, "\n");
    }
    append_options(text, command->options);
}

static int run_generate_man(const struct virsh_call *call, int *ret_status,
                            struct thole_error *err) {
    cleanup_text struct text text = {0};
    (void)ret_status;
    manual_append_heading(&text, "thole-virsh", 1,
                          "domains of libvirt's LXC driver as OCI containers");
    text_append(&text,
                ".B thole\\-virsh\n[\\fIOPTION\\fR]... \\fICOMMAND\\fR [\\fIARGUMENT\\fR]...\n"
                ".SH DESCRIPTION\nRuns the domains of type lxc that libvirt has, with the "
                "commands of virsh(1). A domain is\nmeant by its name, id or uuid.\n"
                ".SH OPTIONS\n");
    append_options(&text, virsh_global_options);
    text_append(&text, ".SH COMMANDS\n");
    for (const struct virsh_command *const *at = call->commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            append_command(&text, *at);
    }
    text_append(
        &text, ".SH FILES\n.TP\n.I /etc/thole/domains, ~/.config/thole/domains\nthe definitions of "
               "persistent domains, NAME.xml\n.TP\n.I /run/thole\\-virsh\nwhat running domains "
               "were started with\n.TP\n.I /etc/cni/net.d\nlists of CNI networks, for "
               "interfaces\n.SH ENVIRONMENT\n.TP\n.B LIBVIRT_DEFAULT_URI\nas \\-c\n.TP\n"
               ".B NETCONFPATH\nanother directory of CNI networks\n.TP\n"
               ".B VISUAL, EDITOR\nfor edit\n.SH SEE ALSO\n\\fBthole\\fR(1)\n");
    return output_text(text.data, err);
}

const struct virsh_command virsh_command_generate_man = {
    .name = "generate-man",
    .summary = "print the manual page",
    .options = no_rows,
    .hidden = true,
    .run = run_generate_man,
};
