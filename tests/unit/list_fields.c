/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what the tables of oci-spec know: by default one line for each member with tabs between
 * document, pointer, kind, flags, minimum, maximum and names; as a table for the documentation with
 * --markdown.
 */
#include "oci-spec/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_names(const struct name_value *names, const char *separator) {
    for (const struct name_value *name = names; name != NULL && name->name != NULL; name++)
        printf("%s%s", name == names ? "" : separator, name->name);
}

static void print_line(void *userdata, const struct oci_listing *listing) {
    (void)userdata;
    printf("%s\t%s\t%s\t%s%s%s%s\t", listing->document, listing->pointer, listing->kind,
           listing->required ? "required," : "", listing->ignored ? "ignored," : "",
           listing->foreign ? "foreign," : "", listing->names != NULL ? "names," : "");
    if (listing->number)
        printf("%" PRId64 "\t%" PRIu64 "\t", listing->minimum, listing->maximum);
    else
        printf("\t\t");
    print_names(listing->names, ",");
    printf("\n");
}

static void print_row(void *userdata, const struct oci_listing *listing) {
    const char **document = userdata;
    if (*document == NULL || strcmp(*document, listing->document) != 0)
        printf("%s## %s\n\n| Member | Value |\n|---|---|\n", *document == NULL ? "" : "\n",
               listing->document);
    *document = listing->document;
    printf("| `%s` | ", listing->pointer);
    if (listing->foreign)
        printf("for another platform, ignored");
    else
        printf("%s", listing->kind);
    if (listing->number)
        printf(" from %" PRId64 " to %" PRIu64, listing->minimum, listing->maximum);
    if (listing->names != NULL) {
        printf(": ");
        print_names(listing->names, ", ");
    }
    printf("%s%s |\n", listing->required ? ", required" : "",
           listing->ignored ? ", without meaning on Linux" : "");
}

int main(int argc, char **argv) {
    const char *form = argc > 1 ? argv[1] : "";
    const char *document = NULL;
    if (strcmp(form, "--markdown") == 0)
        oci_list_fields(print_row, &document);
    else
        oci_list_fields(print_line, NULL);
    return fflush(stdout) == 0 ? 0 : 1;
}
