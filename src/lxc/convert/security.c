/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.apparmor.* and lxc.selinux.*. */
#include <string.h>

#include "base/text.h"
#include "lxc/convert/conversion.h"

static void note_all(struct lxc_conversion *conversion, const char *prefix, const char *why) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, prefix, item)) != NULL)
        lxc_conversion_note(conversion, item->where, "no effect: %s", why);
}

static int convert_apparmor(struct lxc_conversion *conversion, const struct lxc_host *host,
                            struct thole_error *err) {
    const struct lxc_item *profile = lxc_conversion_item(conversion, "lxc.apparmor.profile");
    if (!host->apparmor) {
        note_all(conversion, "lxc.apparmor.", "AppArmor is not enabled on this host");
        return 0;
    }
    if (profile == NULL || strcmp(profile->value, "unchanged") == 0)
        return 0;
    if (strcmp(profile->value, "generated") == 0)
        return error_unsupported(err, profile->where, "profiles cannot be generated yet");
    conversion->oci->process->apparmor_profile = arena_strdup(conversion->arena, profile->value);
    return 0;
}

int lxc_convert_security(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct lxc_host *host = NULL;
    if (lxc_conversion_host(conversion, &host, err) < 0 ||
        convert_apparmor(conversion, host, err) < 0)
        return -1;
    if (!host->selinux) {
        note_all(conversion, "lxc.selinux.", "SELinux is not enabled on this host");
        return 0;
    }
    const char *label = lxc_conversion_value(conversion, "lxc.selinux.context");
    if (label != NULL)
        conversion->oci->process->selinux_label = arena_strdup(conversion->arena, label);
    return 0;
}
