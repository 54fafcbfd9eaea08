/* SPDX-License-Identifier: Apache-2.0 */
/* What needs shared libraries: loading them, and the system's user database. */
#ifndef THOLE_LIBRARY_H
#define THOLE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Two files implement this: library_shared.c with dlopen(), and library_static.c for the statically
 * linked thole, which starts faster but loads nothing. There every call that needs a library fails
 * with THOLE_ERROR_LIBRARY; the command line then continues in the dynamically linked thole-shared.
 * So nothing that cannot be undone or repeated may come before such a call.
 */

/** Where the address of a function goes. */
struct library_symbol {
    const char *name;
    size_t offset; /* into the struct that library_load() fills in */
};

/** 0 where libraries can be loaded, else -1. */
int library_require(struct thole_error *err);

/**
 * Loads @soname and puts the addresses of @symbols into @functions. @purpose begins the error:
 * "seccomp rules need libseccomp". Returns the handle for library_unload(), or NULL.
 */
void *library_load(const char *soname, const struct library_symbol *symbols, size_t count,
                   void *functions, const char *purpose, struct thole_error *err);

/** Unloads it; NULL is allowed. */
void library_unload(void *handle);

/** Name of the user @uid in @buffer; false: there is none. -1 with @err: it cannot be known. */
int library_user_name(uint32_t uid, char *buffer, size_t size, bool *ret_known,
                      struct thole_error *err);

#endif
