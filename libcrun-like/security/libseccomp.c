/* SPDX-License-Identifier: Apache-2.0 */
/* Opening libseccomp, and its version. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "security/libseccomp.h"

#include <stddef.h>

#ifdef HAVE_LIBSECCOMP
#include <stdint.h>
#include <stdio.h>

#include "base/dlopen_note.h"
#include "base/library.h"

DLOPEN_NOTE(seccomp_note, "seccomp", "Compiling linux.seccomp rules", "recommended",
            "libseccomp.so.2");

static const struct library_symbol symbols[] = {
    {"seccomp_version", offsetof(struct libseccomp, version)},
    {"seccomp_init", offsetof(struct libseccomp, init)},
    {"seccomp_release", offsetof(struct libseccomp, release)},
    {"seccomp_arch_resolve_name", offsetof(struct libseccomp, arch_resolve_name)},
    {"seccomp_arch_native", offsetof(struct libseccomp, arch_native)},
    {"seccomp_arch_add", offsetof(struct libseccomp, arch_add)},
    {"seccomp_arch_remove", offsetof(struct libseccomp, arch_remove)},
    {"seccomp_attr_set", offsetof(struct libseccomp, attr_set)},
    {"seccomp_syscall_resolve_name", offsetof(struct libseccomp, syscall_resolve_name)},
    {"seccomp_syscall_resolve_name_arch", offsetof(struct libseccomp, syscall_resolve_name_arch)},
    {"seccomp_rule_add_array", offsetof(struct libseccomp, rule_add_array)},
    {"seccomp_export_bpf", offsetof(struct libseccomp, export_bpf)},
};

void libseccomp_close(struct libseccomp *library) {
    library_unload(library->handle);
    library->handle = NULL;
}

int libseccomp_open(struct libseccomp *ret_library, struct thole_error *err) {
    ret_library->handle =
        library_load("libseccomp.so.2", symbols, sizeof(symbols) / sizeof(symbols[0]), ret_library,
                     "seccomp rules need libseccomp", err);
    return ret_library->handle != NULL ? 0 : -1;
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

const char *seccomp_version(void) {
    return NULL;
}
#endif
