/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux and AppArmor, as their libraries tell of them. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "host/security_modules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#ifdef HAVE_LIBSELINUX
#include <selinux/selinux.h>
#endif
#ifdef HAVE_LIBAPPARMOR
#include <sys/apparmor.h>
#endif

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

enum { SETTINGS_MAX = 64 * 1024 };

#ifdef HAVE_LIBSELINUX
typedef void constructor(void);

/* Of the static program: libselinux's constructors, set aside by module.am so that only those
 * starts pay for them that ask for SELinux. A shared library has run its own; there is nothing here
 * then. */
extern constructor *const constructors[] __asm__("__start_selinux_constructors")
    __attribute__((weak));
extern constructor *const constructors_end[] __asm__("__stop_selinux_constructors")
    __attribute__((weak));

/* They may run more than once. */
static void begin_selinux(void) {
    for (constructor *const *each = constructors; each != constructors_end; each++)
        (*each)();
}

static void probe_selinux(struct host_facts *facts) {
    begin_selinux();
    facts->selinux = is_selinux_enabled() == 1;
    facts->selinux_enforcing = facts->selinux && security_getenforce() == 1;
    facts->selinux_mls = facts->selinux && is_selinux_mls_enabled() == 1;
}

int host_check_selinux_label(const char *label, const char *where, struct thole_error *err) {
    if (label == NULL || label[0] == '\0')
        return 0;
    begin_selinux();
    if (is_selinux_enabled() != 1 || security_check_context_raw(label) == 0 || errno != EINVAL)
        return 0;
    error_config(err, where, "SELinux label %s: the loaded policy does not know it", label);
    if (is_selinux_mls_enabled() == 0)
        (void)error_hint(err, "this policy has no levels: a label has three parts");
    return -1;
}

/* The value of a line 'key = "value"' or "key=value". */
static void take_value(struct arena *arena, const char *line, size_t length, const char *key,
                       const char **ret_value) {
    const size_t skipped = strlen(key);
    if (length <= skipped || strncmp(line, key, skipped) != 0)
        return;
    const char *at = line + skipped + strspn(line + skipped, " \t");
    if (*at != '=')
        return;
    at += 1 + strspn(at + 1, " \t\"");
    *ret_value = arena_strndup(arena, at, strcspn(at, " \t\"\r\n"));
}

static int read_values(struct arena *arena, const char *file, size_t count,
                       const char *const keys[], const char **const values[],
                       struct thole_error *err) {
    cleanup_free char *text = NULL;
    const char *line = NULL;
    size_t length = 0;
    if (file_read_at(AT_FDCWD, file, SETTINGS_MAX, &text, NULL, err) < 0)
        return -1;
    const char *rest = text;
    while (text_next_line(&rest, &line, &length)) {
        for (size_t i = 0; i < count; i++)
            take_value(arena, line, length, keys[i], values[i]);
    }
    return 0;
}

/* Without selinux_lxc_contexts_path(3): it brings the name services into a static program. */
int host_selinux_contexts(struct arena *arena, struct host_selinux_contexts *ret_contexts,
                          struct thole_error *err) {
    const char *type = NULL;
    begin_selinux();
    if (is_selinux_enabled() != 1 || is_selinux_mls_enabled() != 1)
        return 0;
    if (read_values(arena, "/etc/selinux/config", 1, (const char *const[]){"SELINUXTYPE"},
                    (const char **const[]){&type}, err) < 0)
        return -1;
    if (type == NULL)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "/etc/selinux/config has no SELINUXTYPE");
    const char *file = arena_printf(arena, "/etc/selinux/%s/contexts/lxc_contexts", type);
    return read_values(arena, file, 2, (const char *const[]){"process", "file"},
                       (const char **const[]){&ret_contexts->process, &ret_contexts->file}, err) < 0
               ? -1
               : 1;
}
#else
static void probe_selinux(struct host_facts *facts) {
    (void)facts;
}

int host_selinux_contexts(struct arena *arena, struct host_selinux_contexts *ret_contexts,
                          struct thole_error *err) {
    (void)arena, (void)ret_contexts, (void)err;
    return 0;
}

int host_check_selinux_label(const char *label, const char *where, struct thole_error *err) {
    (void)label, (void)where, (void)err;
    return 0;
}
#endif

#ifdef HAVE_LIBAPPARMOR
/* Without its filesystem AppArmor cannot be asked, but confines all the same. */
static void probe_apparmor(struct host_facts *facts) {
    facts->apparmor = aa_is_enabled() == 1 || errno == ENOENT || errno == EBUSY;
}

int host_check_apparmor_profile(const char *profile, const char *where, struct thole_error *err) {
    cleanup_free char *filesystem = NULL;
    int allowed = 0;
    int audited = 0;
    if (profile == NULL || profile[0] == '\0' || strcmp(profile, "unconfined") == 0 ||
        aa_find_mountpoint(&filesystem) < 0)
        return 0;
    /* The answer is of no interest, only that there is one. */
    if (aa_query_file_path(AA_MAY_READ, profile, "/", &allowed, &audited) == 0 || errno != ENOENT)
        return 0;
    error_set(err, THOLE_ERROR_HOST, 0, where, "AppArmor profile %s is not loaded", profile);
    return error_hint(err, "apparmor_parser(8) loads it");
}
#else
static void probe_apparmor(struct host_facts *facts) {
    (void)facts;
}

int host_check_apparmor_profile(const char *profile, const char *where, struct thole_error *err) {
    (void)profile, (void)where, (void)err;
    return 0;
}
#endif

void host_probe_security_modules(struct host_facts *facts) {
    probe_selinux(facts);
    probe_apparmor(facts);
}
