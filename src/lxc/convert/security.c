/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.apparmor.* and lxc.selinux.*. */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/convert/apparmor_profile.h"
#include "lxc/convert/conversion.h"

static void note_all(struct lxc_conversion *conversion, const char *prefix, const char *why) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, prefix, item)) != NULL)
        lxc_conversion_note(conversion, item->where, "no effect: %s", why);
}

static const char *const *raw_lines(struct lxc_conversion *conversion) {
    struct oci_strings lines = {0};
    const struct lxc_item *item = NULL;
    lines.items = arena_new_array(conversion->arena, 1, char *);
    while ((item = lxc_conversion_next(conversion, "lxc.apparmor.raw", item)) != NULL)
        oci_strings_add(conversion->arena, &lines, item->value);
    return (const char *const *)lines.items;
}

/* Loaded before the container is made, and removed behind it: hooks.c, endings.c. */
static void generate(struct lxc_conversion *conversion, bool nesting) {
    struct arena *arena = conversion->arena;
    struct lxc_converted *converted = conversion->converted;
    const struct lxc_apparmor_profile profile = {
        .name = arena_printf(arena, "lxc-%s_<%s>", conversion->request->name,
                             conversion->request->lxcpath),
        .nesting = nesting,
        .raw = raw_lines(conversion),
    };
    cleanup_text struct text text = {0};
    lxc_apparmor_profile_write(&text, &profile);
    conversion->oci->process->apparmor_profile = arena_strdup(arena, profile.name);
    converted->apparmor_profile = arena_strdup(arena, text.data);
}

static int convert_apparmor(struct lxc_conversion *conversion, const struct translate_host *host,
                            struct thole_error *err) {
    const struct lxc_item *profile = lxc_conversion_item(conversion, "lxc.apparmor.profile");
    const char *name = profile != NULL ? profile->value : "generated";
    bool nesting = false;
    bool incomplete = false; /* thole's own profiles are complete on every kernel that it runs on */
    if (!host->apparmor) {
        note_all(conversion, "lxc.apparmor.", "AppArmor is not enabled on this host");
        return 0;
    }
    if (lxc_conversion_flag(conversion, "lxc.apparmor.allow_nesting", false, &nesting, err) < 0 ||
        lxc_conversion_flag(conversion, "lxc.apparmor.allow_incomplete", false, &incomplete, err) <
            0)
        return -1;
    if (strcmp(name, "generated") == 0)
        generate(conversion, nesting);
    else if (strcmp(name, "unchanged") != 0)
        conversion->oci->process->apparmor_profile = arena_strdup(conversion->arena, name);
    return 0;
}

int lxc_convert_security(struct lxc_conversion *conversion, struct thole_error *err) {
    const struct translate_host *host = NULL;
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
