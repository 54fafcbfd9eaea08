/* SPDX-License-Identifier: Apache-2.0 */
/* Which line of lxc.conf has put what into config.json: for errors of the library, which name the
 * member of config.json. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "lxc/convert/conversion.h"

/* Keys that have a member to themselves; what makes an element of a list says so where it is made.
 */
static const struct {
    const char *key; /* with a dot at its end: the beginning of one */
    const char *pointer;
} of_keys[] = {
    {"lxc.apparmor.profile", "/process/apparmorProfile"},
    {"lxc.arch", "/linux/personality"},
    {"lxc.cap.drop", "/process/capabilities"},
    {"lxc.cap.keep", "/process/capabilities"},
    {"lxc.cgroup.dir", "/linux/cgroupsPath"},
    {"lxc.cgroup.dir.container", "/linux/cgroupsPath"},
    {"lxc.execute.cmd", "/process/args"},
    {"lxc.idmap", "/linux/gidMappings"},
    {"lxc.idmap", "/linux/uidMappings"},
    {"lxc.init.cmd", "/process/args"},
    {"lxc.init.cwd", "/process/cwd"},
    {"lxc.init.gid", "/process/user/gid"},
    {"lxc.init.groups", "/process/user/additionalGids"},
    {"lxc.init.uid", "/process/user/uid"},
    {"lxc.namespace.clone", "/linux/namespaces"},
    {"lxc.namespace.keep", "/linux/namespaces"},
    {"lxc.no_new_privs", "/process/noNewPrivileges"},
    {"lxc.proc.oom_score_adj", "/process/oomScoreAdj"},
    {"lxc.rootfs.options", "/linux/rootfsPropagation"},
    {"lxc.rootfs.options", "/root/readonly"},
    {"lxc.rootfs.path", "/root"},
    {"lxc.seccomp.notify.proxy", "/linux/seccomp/listenerPath"},
    {"lxc.seccomp.profile", "/linux/seccomp"},
    {"lxc.selinux.context", "/process/selinuxLabel"},
    {"lxc.time.offset.", "/linux/timeOffsets"},
    {"lxc.uts.name", "/hostname"},
};

void lxc_conversion_origin(struct lxc_conversion *conversion, const char *where, const char *format,
                           ...) {
    struct lxc_converted *converted = conversion->converted;
    char pointer[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(pointer, sizeof(pointer), format, arguments);
    va_end(arguments);
    *oci_items_add(conversion->arena, converted->origins, converted->origin_count) =
        (struct translate_origin){arena_strdup(conversion->arena, pointer),
                                  arena_strdup(conversion->arena, where)};
}

void lxc_conversion_note_origins(struct lxc_conversion *conversion) {
    for (size_t i = 0; i < sizeof(of_keys) / sizeof(of_keys[0]); i++) {
        const struct lxc_item *last = NULL;
        const struct lxc_item *item = NULL;
        while ((item = lxc_configuration_next(conversion->lxc, of_keys[i].key, item)) != NULL)
            last = item;
        if (last != NULL)
            lxc_conversion_origin(conversion, last->where, "%s", of_keys[i].pointer);
    }
}

void lxc_converted_blame(const struct lxc_converted *converted, struct thole_error *err) {
    translate_blame(converted->origins, converted->origin_count, err);
}
