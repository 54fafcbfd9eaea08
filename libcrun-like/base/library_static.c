/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries and users for the statically linked thole: what it cannot do, it says. */
#include <pwd.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/library.h"

int library_require(struct thole_error *err) {
    return error_set(err, THOLE_ERROR_LIBRARY, 0, NULL,
                     "this takes shared libraries, which the static thole cannot load");
}

void *library_load(const char *soname, const struct library_symbol *symbols, size_t count,
                   void *functions, const char *purpose, struct thole_error *err) {
    (void)soname, (void)symbols, (void)count, (void)functions, (void)purpose;
    (void)library_require(err);
    return NULL;
}

void library_unload(void *handle) {
    (void)handle;
}

/* Users of /etc/passwd need no name service. */
int library_user_name(uint32_t uid, char *buffer, size_t size, bool *ret_known,
                      struct thole_error *err) {
    cleanup_fclose FILE *users = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;
    while (users != NULL && (entry = fgetpwent(users)) != NULL) {
        if (entry->pw_uid != uid)
            continue;
        (void)snprintf(buffer, size, "%s", entry->pw_name);
        *ret_known = true;
        return 0;
    }
    return library_require(err);
}
