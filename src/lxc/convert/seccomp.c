/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.seccomp.*: the policy file, and who is asked about system calls. */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "lxc/config/share.h"
#include "lxc/convert/conversion.h"
#include "lxc/convert/seccomp_policy.h"

enum { POLICY_LIMIT = 1 << 20 };

static const char *name_of(struct arena *arena, unsigned number) {
    cleanup_free char *name = thole_syscall_name(number);
    return name != NULL ? arena_strdup(arena, name) : NULL;
}

static int read_policy(struct lxc_conversion *conversion, const struct lxc_item *item,
                       struct thole_error *err) {
    struct arena *arena = conversion->arena;
    struct utsname machine;
    struct lxc_seccomp_policy policy;
    cleanup_free char *text = NULL;
    cleanup_free char *path = lxc_share_path(item->value);
    if (uname(&machine) < 0)
        return error_errno(err, NULL, "ask for the machine's architecture");
    if (file_read_at(AT_FDCWD, path, POLICY_LIMIT, &text, NULL, err) < 0)
        return error_prefix(err, "%s", item->where);
    if (lxc_seccomp_policy_read(text, item->value, machine.machine, name_of, arena, &policy, err) <
        0)
        return -1;
    conversion->oci->linux->seccomp = arena_new(arena, struct oci_seccomp);
    *conversion->oci->linux->seccomp = policy.seccomp;
    for (size_t i = 0; i < policy.notes.count; i++)
        lxc_conversion_note(conversion, item->where, "%s", policy.notes.items[i]);
    return 0;
}

static bool notifies(const struct oci_seccomp *seccomp) {
    for (size_t i = 0; i < seccomp->syscalls.count; i++) {
        if (seccomp->syscalls.items[i].action == SECCOMP_RET_USER_NOTIF)
            return true;
    }
    return seccomp->default_action == SECCOMP_RET_USER_NOTIF;
}

static int convert_proxy(struct lxc_conversion *conversion, struct thole_error *err) {
    struct oci_seccomp *seccomp = conversion->oci->linux->seccomp;
    const struct lxc_item *proxy = lxc_conversion_item(conversion, "lxc.seccomp.notify.proxy");
    const struct lxc_item *cookie = lxc_conversion_item(conversion, "lxc.seccomp.notify.cookie");
    if (proxy == NULL)
        return 0;
    if (seccomp == NULL || !notifies(seccomp)) {
        lxc_conversion_note(conversion, proxy->where, "no effect: no rule says notify");
        return 0;
    }
    if (!text_starts_with(proxy->value, "unix:/"))
        return error_unsupported(err, proxy->where, "only unix:PATH can be asked, not %s",
                                 proxy->value);
    seccomp->listener_path = arena_strdup(conversion->arena, proxy->value + strlen("unix:"));
    if (cookie != NULL)
        seccomp->listener_metadata = arena_strdup(conversion->arena, cookie->value);
    lxc_conversion_note(conversion, proxy->where,
                        "the proxy is given the listener as OCI has it, not LXC's messages");
    return 0;
}

int lxc_convert_seccomp(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_item *profile = lxc_conversion_item(conversion, "lxc.seccomp.profile");
    bool nesting = false; /* filters always come on top of those there are */
    if (lxc_conversion_flag(conversion, "lxc.seccomp.allow_nesting", false, &nesting, err) < 0)
        return -1;
    if (profile != NULL && strcmp(profile->value, "none") != 0 &&
        read_policy(conversion, profile, err) < 0)
        return -1;
    return convert_proxy(conversion, err);
}
