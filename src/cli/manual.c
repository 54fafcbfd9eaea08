/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of manual pages. */
#include "cli/manual.h"

#include "config.h"

void manual_append(struct text *text, const char *string) {
    for (const char *at = string; *at != '\0'; at++) {
        bool line_start = at == string || at[-1] == '\n';
        if (line_start && (*at == '.' || *at == '\''))
            text_append(text, "\\&");
        if (*at == '-')
            text_append(text, "\\-");
        else if (*at == '\\')
            text_append(text, "\\e");
        else
            text_append_bytes(text, at, 1);
    }
}

void manual_append_heading(struct text *text, const char *page, int section, const char *summary) {
    text_append(text, ".TH ");
    for (const char *at = page; *at != '\0'; at++)
        text_appendf(text, "%c", *at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
    text_appendf(text, " %d \"\" \"thole %s\" \"%s\"\n.SH NAME\n", section, PACKAGE_VERSION,
                 section == 1 ? "User Commands" : "File Formats");
    manual_append(text, page);
    text_append(text, " \\- ");
    manual_append(text, summary);
    text_append(text, "\n.SH SYNOPSIS\n");
}

void manual_append_entry(struct text *text, const char *label, const char *help) {
    text_append(text, ".TP\n.B ");
    manual_append(text, label);
    text_append(text, "\n");
    manual_append(text, help);
    text_append(text, "\n");
}
