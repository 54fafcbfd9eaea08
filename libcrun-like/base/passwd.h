/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of passwd(5) and group(5). The memory is a file of the container: anything may be in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PASSWD_FILE_MAX = 4 * 1024 * 1024, /* more of such a file is not read */
    PASSWD_NAME = 0,
    PASSWD_ID = 2,
    PASSWD_GROUP = 3,
    PASSWD_HOME = 5,
    PASSWD_SHELL = 6,
    PASSWD_FIELDS = 7,
};

/**
 * Finds the line with that @name or, if it is NULL, that @id, and splits it in place. Returns the
 * number of its fields, 0 if there is none.
 */
size_t passwd_find(char *file, const char *name, uint32_t id, char *fields[PASSWD_FIELDS]);
