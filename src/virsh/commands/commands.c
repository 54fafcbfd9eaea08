/* SPDX-License-Identifier: Apache-2.0 */
/* What commands have in common: finding one, and what they say. */
#include "virsh/commands/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/output.h"

const char *const virsh_operand_domain[] = {"domain", NULL};

const struct virsh_command *virsh_command_find(const struct virsh_command *const *commands,
                                               const char *name) {
    for (; *commands != NULL; commands++) {
        if (strcmp((*commands)->name, name) == 0)
            return *commands;
    }
    return NULL;
}

void virsh_tell(const struct virsh_call *call, const char *format, ...) {
    va_list arguments;
    if (call->settings->quiet)
        return;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)printf("\n\n");
}

int virsh_failed(const char *format, ...) {
    va_list arguments;
    (void)fflush(stdout);
    (void)fputs("error: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputs("\n", stderr);
    return -1;
}

int virsh_answer(const struct virsh_call *call, const char *text, struct thole_error *err) {
    cleanup_text struct text whole = {0};
    text_append(&whole, text);
    if (!text_ends_with(whole.data, "\n"))
        text_append(&whole, "\n");
    if (!call->settings->quiet)
        text_append(&whole, "\n");
    return output_text(whole.data, err);
}
