/* SPDX-License-Identifier: Apache-2.0 */
/* Hidden command for the build: manual pages, made from the tables. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "commands.h"
#include "context.h"
#include "examples.h"
#include "help.h"

static void append_options(struct text *text, const struct option_row *rows) {
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        cleanup_text struct text spelling = {0};
        if (row->help == NULL)
            continue;
        help_append_option(&spelling, row);
        manual_append_entry(text, spelling.data, row->help);
    }
    text_append(text, ".TP\n.B \\-h, \\-\\-help\nprint a short help\n");
}

static void append_program_page(struct text *text, const struct command *const *commands) {
    manual_append_heading(text, "thole", 1, help_tagline);
    text_append(text, ".B thole\n[\\fIGLOBAL OPTION\\fR]... \\fICOMMAND\\fR [\\fIOPTION\\fR]... "
                      "[\\fIARGUMENT\\fR]...\n.SH DESCRIPTION\n"
                      "thole creates and runs containers from bundles: a directory with a root\n"
                      "filesystem and its description, config.json. Container engines call it as\n"
                      "they call runc or crun.\n.SH COMMANDS\n");
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if ((*at)->hidden)
            continue;
        text_appendf(text, ".TP\n.B %s ", (*at)->name);
        manual_append(text, (*at)->arguments);
        text_append(text, "\n");
        manual_append(text, (*at)->summary);
        text_append(text, "\n");
    }
    text_append(text, ".SH GLOBAL OPTIONS\nThey stand before the command. A value follows its "
                      "option as a word of its own or behind\n\\(lq=\\(rq.\n");
    append_options(text, global_options);
    text_append(text,
                ".SH EXIT STATUS\n0 is success and 1 a failure. \\fBrun\\fR and \\fBexec\\fR in "
                "the foreground return the status of\nthe program, 128 + N if signal N ended it; "
                "\\fBexec\\fR returns 255 if the program could not be\nstarted.\n"
                ".SH ENVIRONMENT\n.TP\n.B XDG_RUNTIME_DIR\nholds the state of an ordinary user's "
                "containers, in its directory thole; also for uid 0 of a\nuser namespace, "
                "unless USER is root. Without it an ordinary\nuser's is /run/user/UID, or "
                "/tmp/thole-UID, which nobody else may enter\n.TP\n.B NOTIFY_SOCKET\nreadiness of "
                "the container is reported "
                "there, see sd_notify(3)\n.TP\n.B LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES\nsockets "
                "passed on to the container, see sd_listen_fds(3)\n"
                ".SH FILES\n.TP\n.I /run/thole\nthe state of root's containers\n.SH SEE ALSO\n");
    const char *separator = "";
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if ((*at)->hidden)
            continue;
        text_appendf(text, "%s\\fBthole\\-%s\\fR(1)", separator, (*at)->name);
        separator = ",\n";
    }
    text_append(text, ",\n\\fBthole\\-config\\fR(7),\n\\fBthole\\-engines\\fR(7)\n");
}

static void append_exit_status(struct text *text, const struct command *command) {
    text_append(text, ".SH EXIT STATUS\n");
    manual_append(text, command->exit_status != NULL ? command->exit_status : "0 is success.");
    text_appendf(text, "\n%d is a failure; why is told in one line on standard error.\n",
                 command->failure_status != 0 ? command->failure_status : EXIT_FAILURE);
}

static void append_examples(struct text *text, const struct command *command) {
    const char *title = ".SH EXAMPLES\n";
    for (const struct example *example = examples; example->command[0] != '\0'; example++) {
        if (strcmp(example->command, command->name) != 0)
            continue;
        text_append(text, title);
        manual_append_entry(text, example->line, example->purpose);
        title = "";
    }
}

static void append_command_page(struct text *text, const struct command *command) {
    cleanup_text struct text page = {0};
    text_appendf(&page, "thole-%s", command->name);
    manual_append_heading(text, page.data, 1, command->summary);
    text_appendf(text, ".B thole\n[\\fIGLOBAL OPTION\\fR]... \\fB%s\\fR [\\fIOPTION\\fR]... \\fI",
                 command->name);
    manual_append(text, command->arguments);
    text_append(text, "\\fR\n");
    if (command->description != NULL) {
        text_append(text, ".SH DESCRIPTION\n");
        manual_append(text, command->description);
        text_append(text, "\n");
    }
    text_append(text, ".SH OPTIONS\n");
    append_options(text, command->options);
    append_exit_status(text, command);
    append_examples(text, command);
    text_append(text, ".SH SEE ALSO\n\\fBthole\\fR(1)\n");
}

static int run_generate_man(const struct invocation *invocation, int *ret_status,
                            struct thole_error *err) {
    (void)ret_status;
    cleanup_text struct text text = {0};
    const char *page = invocation->arguments[0];
    if (strcmp(page, "thole") == 0) {
        append_program_page(&text, invocation->commands);
        return output_text(text.data, err);
    }
    const struct command *command =
        text_starts_with(page, "thole-")
            ? command_find(invocation->commands, page + strlen("thole-"))
            : NULL;
    if (command == NULL || command->hidden)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "there is no manual page %s", page);
    append_command_page(&text, command);
    return output_text(text.data, err);
}

const struct command command_generate_man = {
    .name = "generate-man",
    .arguments = "PAGE",
    .summary = "print a manual page: thole, thole-create, ...",
    .options = command_no_options,
    .hidden = true,
    .run = run_generate_man,
};
