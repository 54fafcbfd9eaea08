/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of libseccomp that are used, resolved with dlopen(). Private to this folder. */
#ifndef SECURITY_LIBSECCOMP_H
#define SECURITY_LIBSECCOMP_H

#include "base/error.h"

/** Version of the libseccomp that is there, for `thole features` and `--version`; NULL: none. */
const char *seccomp_version(void);

#ifdef HAVE_LIBSECCOMP
/* Functions of thole have these two names, too. */
#define seccomp_load libseccomp_load
#define seccomp_version libseccomp_version
#include <seccomp.h>
#undef seccomp_load
#undef seccomp_version

struct libseccomp {
    void *handle;
    __typeof__(libseccomp_version) *version;
    __typeof__(seccomp_init) *init;
    __typeof__(seccomp_release) *release;
    __typeof__(seccomp_arch_resolve_name) *arch_resolve_name;
    __typeof__(seccomp_arch_native) *arch_native;
    __typeof__(seccomp_arch_add) *arch_add;
    __typeof__(seccomp_arch_remove) *arch_remove;
    __typeof__(seccomp_attr_set) *attr_set;
    __typeof__(seccomp_syscall_resolve_name) *syscall_resolve_name;
    __typeof__(seccomp_syscall_resolve_name_arch) *syscall_resolve_name_arch;
    __typeof__(seccomp_rule_add_array) *rule_add_array;
    __typeof__(seccomp_export_bpf) *export_bpf;
};

/** Opens libseccomp.so.2 (2.5 or newer) and resolves every function. */
int libseccomp_open(struct libseccomp *ret_library, struct thole_error *err);
void libseccomp_close(struct libseccomp *library);
#define cleanup_libseccomp __attribute__((cleanup(libseccomp_close)))
#endif

#endif
