/* SPDX-License-Identifier: Apache-2.0 */
/* What is built in. */
#include "config.h"
#include "security/libseccomp.h"
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
#ifdef HAVE_LIBSYSTEMD
#define SYSTEMD_SIGN "+"
#else
#define SYSTEMD_SIGN "-"
#endif
#ifdef HAVE_LIBCRIU
#define CRIU_SIGN "+"
#else
#define CRIU_SIGN "-"
#endif

const char *thole_build_features(void) {
    return "+CAP +EBPF +YAJL " SECCOMP_SIGN "SECCOMP " SELINUX_SIGN "SELINUX " APPARMOR_SIGN
           "APPARMOR " SYSTEMD_SIGN "SYSTEMD " CRIU_SIGN "CRIU";
}

const char *thole_seccomp_version(void) {
    return seccomp_version();
}
