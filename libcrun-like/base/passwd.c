/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of passwd(5) and group(5). */
#include "base/passwd.h"

#include <string.h>

#include "base/text.h"

size_t passwd_find(char *file, const char *name, uint32_t id, char *fields[PASSWD_FIELDS]) {
    for (char *line; (line = strsep(&file, "\n")) != NULL;) {
        size_t count = 0;
        uint64_t number = 0;
        for (char *field; count < PASSWD_FIELDS && (field = strsep(&line, ":")) != NULL;)
            fields[count++] = field;
        if (name != NULL
                ? count > 0 && strcmp(fields[PASSWD_NAME], name) == 0
                : count > PASSWD_ID && text_parse_uint(fields[PASSWD_ID], UINT32_MAX, &number) &&
                      number == id)
            return count;
    }
    return 0;
}
