/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries by dlopen(3), users by the name services. */
#include <dlfcn.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/library.h"

int library_require(struct thole_error *err) {
    (void)err;
    return 0;
}

void *library_load(const char *soname, const struct library_symbol *symbols, size_t count,
                   void *functions, const char *purpose, struct thole_error *err) {
    void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        error_set(err, THOLE_ERROR_UNSUPPORTED, 0, NULL, "%s: %s", purpose, dlerror());
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(handle, symbols[i].name);
        if (address == NULL) {
            error_set(err, THOLE_ERROR_UNSUPPORTED, 0, NULL, "%s, a newer one: it has no %s",
                      purpose, symbols[i].name);
            library_unload(handle);
            return NULL;
        }
        memcpy((char *)functions + symbols[i].offset, &address, sizeof(address));
    }
    return handle;
}

void library_unload(void *handle) {
    if (handle != NULL)
        (void)dlclose(handle);
}

int library_user_name(uint32_t uid, char *buffer, size_t size, bool *ret_known,
                      struct thole_error *err) {
    char strings[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    (void)err;
    *ret_known = getpwuid_r(uid, &entry, strings, sizeof(strings), &found) == 0 && found != NULL;
    if (*ret_known)
        (void)snprintf(buffer, size, "%s", found->pw_name);
    return 0;
}
