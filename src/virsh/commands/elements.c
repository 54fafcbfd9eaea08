/* SPDX-License-Identifier: Apache-2.0 */
/* elements: the table of the domain XML, for documents and tests. */
#include "base/text.h"
#include "cli/output.h"
#include "virsh/commands/commands.h"
#include "virsh/xml/rows.h"

static const struct option_row no_rows[] = {{0}};

static const char *kind_of(const struct virsh_row *row) {
    switch (row->kind) {
    case VIRSH_ROW_KEPT:
        return "kept";
    case VIRSH_ROW_IGNORED:
        return "ignored";
    case VIRSH_ROW_REFUSED:
        return "refused";
    case VIRSH_ROW_PLACE:
        return "place";
    default:
        return "used";
    }
}

static int run_elements(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    cleanup_text struct text text = {0};
    (void)call;
    (void)ret_status;
    for (const struct virsh_row *row = virsh_rows; row->path != NULL; row++)
        text_appendf(&text, "%s\t%s\t%s\n", row->path, kind_of(row),
                     row->note != NULL ? row->note : "");
    return output_text(text.data, err);
}

const struct virsh_command virsh_command_elements = {
    .name = "elements",
    .summary = "the elements and attributes of a domain's XML, and what becomes of each",
    .description = "A line each: its path, whether it is used, kept, ignored (with a warning) or\n"
                   "refused, and where it lands or why it does not.",
    .options = no_rows,
    .run = run_elements,
};
