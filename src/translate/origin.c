/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON pointers to the places that asked for what they name. */
#include "translate/origin.h"

#include <stdio.h>
#include <string.h>

/* How much of @pointer is named by @beginning: 0 if it is about something else. */
static size_t match(const char *pointer, const char *beginning) {
    size_t length = strlen(beginning);
    return strncmp(pointer, beginning, length) == 0 &&
                   (pointer[length] == '/' || pointer[length] == '\0')
               ? length
               : 0;
}

void translate_blame(const struct translate_origin *origins, size_t count,
                     struct thole_error *err) {
    const struct translate_origin *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t length = match(err->where, origins[i].pointer);
        if (length > longest) {
            longest = length;
            found = &origins[i];
        }
    }
    if (found != NULL)
        (void)snprintf(err->where, sizeof(err->where), "%s", found->where);
}
