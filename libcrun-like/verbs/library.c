/* SPDX-License-Identifier: Apache-2.0 */
/* The library itself: what is built in, how an error reads, the executable that it is in. */
#include "config.h"

#include <stdlib.h>

#include "base/error.h"
#include "report/features.h"
#include "security/own_executable.h"
#include "security/seccomp_compile.h"
#include "thole.h"

#ifdef HAVE_LIBSECCOMP
#define SECCOMP_SIGN "+"
#else
#define SECCOMP_SIGN "-"
#endif
#ifdef HAVE_LIBSELINUX
#define SELINUX_SIGN "+"
#else
#define SELINUX_SIGN "-"
#endif
#ifdef HAVE_LIBAPPARMOR
#define APPARMOR_SIGN "+"
#else
#define APPARMOR_SIGN "-"
#endif

const char *thole_build_features(void) {
    return "+CAP +EBPF +YAJL " SECCOMP_SIGN "SECCOMP " SELINUX_SIGN "SELINUX " APPARMOR_SIGN
           "APPARMOR +SYSTEMD +CRIU";
}

const char *thole_default_init(void) {
    const char *given = getenv("THOLE_INIT");
    return given != NULL && given[0] != '\0' ? given : THOLE_INIT_FILE;
}

const char *thole_seccomp_version(void) {
    return seccomp_library_version();
}

char *thole_syscall_name(unsigned number) {
    return seccomp_syscall_name(number);
}

int thole_features(char **ret_json, struct thole_error *err) {
    (void)err;
    *ret_json = report_features();
    return 0;
}

char *thole_error_format(const struct thole_error *err, char *buffer, size_t size) {
    return error_format(err, buffer, size);
}

int thole_seal_executable(char *const argv[], struct thole_error *err) {
    return own_executable_reexecute(argv, err);
}
