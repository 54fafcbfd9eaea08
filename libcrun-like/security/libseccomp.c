/* SPDX-License-Identifier: Apache-2.0 */
/* Opening libseccomp, and its version. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stddef.h>

#ifdef HAVE_LIBSECCOMP
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/dlopen_note.h"
#include "security/libseccomp.h"

/* This file's own view: security/seccomp.h may be read only after the renaming above. */
#include "security/seccomp.h"

DLOPEN_NOTE(seccomp_note, "seccomp", "Compiling linux.seccomp rules", "recommended",
            "libseccomp.so.2");

struct symbol {
    const char *name;
    size_t offset;
};

static const struct symbol symbols[] = {
    {"seccomp_version", offsetof(struct libseccomp, version)},
    {"seccomp_init", offsetof(struct libseccomp, init)},
    {"seccomp_release", offsetof(struct libseccomp, release)},
    {"seccomp_arch_resolve_name", offsetof(struct libseccomp, arch_resolve_name)},
    {"seccomp_arch_native", offsetof(struct libseccomp, arch_native)},
    {"seccomp_arch_add", offsetof(struct libseccomp, arch_add)},
    {"seccomp_attr_set", offsetof(struct libseccomp, attr_set)},
    {"seccomp_syscall_resolve_name", offsetof(struct libseccomp, syscall_resolve_name)},
    {"seccomp_syscall_resolve_name_arch", offsetof(struct libseccomp, syscall_resolve_name_arch)},
    {"seccomp_rule_add_array", offsetof(struct libseccomp, rule_add_array)},
    {"seccomp_export_bpf", offsetof(struct libseccomp, export_bpf)},
};

void libseccomp_close(struct libseccomp *library) {
    if (library->handle != NULL)
        (void)dlclose(library->handle);
    library->handle = NULL;
}

int libseccomp_open(struct libseccomp *ret_library, struct thole_error *err) {
    cleanup_libseccomp struct libseccomp library = {
        .handle = dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL),
    };
    if (library.handle == NULL)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, NULL, "seccomp rules need libseccomp: %s",
                         dlerror());
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *address = dlsym(library.handle, symbols[i].name);
        if (address == NULL)
            return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, NULL,
                             "seccomp rules need libseccomp 2.5 or newer: it has no %s",
                             symbols[i].name);
        memcpy((char *)&library + symbols[i].offset, &address, sizeof(address));
    }
    *ret_library = library;
    library.handle = NULL;
    return 0;
}

const char *seccomp_version(void) {
    static _Thread_local char text[32];
    cleanup_libseccomp struct libseccomp library = {0};
    if (libseccomp_open(&library, NULL) < 0 || library.version == NULL)
        return NULL;
    const struct scmp_version *version = library.version();
    (void)snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor, version->micro);
    return text;
}
#else
#include "security/seccomp.h"

const char *seccomp_version(void) {
    return NULL;
}
#endif
