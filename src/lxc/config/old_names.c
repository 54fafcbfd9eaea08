/* SPDX-License-Identifier: Apache-2.0 */
/* From the names of LXC 0.7 to 2.0 to today's. */
#include "lxc/config/old_names.h"

#include <limits.h>
#include <string.h>

const struct lxc_old_name lxc_old_names[] = {
    {"lxc.utsname", "lxc.uts.name", "2.1", NULL},
    {"lxc.pts", "lxc.pty.max", "2.1", NULL},
    {"lxc.tty", "lxc.tty.max", "2.1", NULL},
    {"lxc.devttydir", "lxc.tty.dir", "2.1", NULL},
    {"lxc.console", "lxc.console.path", "2.1", NULL},
    {"lxc.rootfs", "lxc.rootfs.path", "2.1", NULL},
    {"lxc.mount", "lxc.mount.fstab", "2.1", NULL},
    {"lxc.id_map", "lxc.idmap", "2.1", NULL},
    {"lxc.init_cmd", "lxc.init.cmd", "2.1", NULL},
    {"lxc.init_uid", "lxc.init.uid", "2.1", NULL},
    {"lxc.init_gid", "lxc.init.gid", "2.1", NULL},
    {"lxc.haltsignal", "lxc.signal.halt", "2.1", NULL},
    {"lxc.rebootsignal", "lxc.signal.reboot", "2.1", NULL},
    {"lxc.stopsignal", "lxc.signal.stop", "2.1", NULL},
    {"lxc.aa_profile", "lxc.apparmor.profile", "2.1", NULL},
    {"lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete", "2.1", NULL},
    {"lxc.se_context", "lxc.selinux.context", "2.1", NULL},
    {"lxc.seccomp", "lxc.seccomp.profile", "2.1", NULL},
    {"lxc.loglevel", "lxc.log.level", "2.1", NULL},
    {"lxc.logfile", "lxc.log.file", "2.1", NULL},
    {"lxc.syslog", "lxc.log.syslog", "2.1", NULL},
    {"lxc.limit", "lxc.prlimit", "2.1", NULL},
    {"lxc.limit.", "lxc.prlimit.", "2.1", NULL},
    {"lxc.network", "lxc.net", "2.1", NULL},
    {"lxc.network.", "lxc.net.N.", "2.1", NULL},
    {"lxc.pivotdir", NULL, "2.1", "the change of the root directory needs no directory"},
    {"lxc.kmsg", NULL, "2.1", "/dev/kmsg is not made a link to the console"},
    {"lxc.rootfs.backend", NULL, "2.1", "it is part of lxc.rootfs.path, TYPE:SOURCE"},
    {0},
};

/* The two words of an interface whose own names have changed. */
static const char *interface_key(const char *key) {
    if (strcmp(key, "ipv4") == 0)
        return "ipv4.address";
    if (strcmp(key, "ipv6") == 0)
        return "ipv6.address";
    return key;
}

static const struct lxc_old_name *find(const char *name) {
    for (const struct lxc_old_name *row = lxc_old_names; row->name != NULL; row++) {
        bool begins = text_ends_with(row->name, ".");
        if (begins ? text_starts_with(name, row->name) && name[strlen(row->name)] != '\0'
                   : strcmp(name, row->name) == 0)
            return row;
    }
    return NULL;
}

/* "lxc.network.KEY" and "lxc.network.3.KEY": the first has the number of the last interface. */
static enum lxc_old_answer translate_interface(struct lxc_old_names_state *state, const char *rest,
                                               bool empty, struct text *today) {
    size_t digits = strspn(rest, "0123456789");
    if (digits > 0 && (rest[digits] == '.' || rest[digits] == '\0')) {
        text_appendf(today, "lxc.net.%.*s", (int)digits, rest);
        if (rest[digits] == '.')
            text_appendf(today, ".%s", interface_key(rest + digits + 1));
        return LXC_NAME_TRANSLATED;
    }
    if (strcmp(rest, "type") == 0 && empty) {
        text_append(today, "lxc.net");
        *state = (struct lxc_old_names_state){0};
        return LXC_NAME_TRANSLATED;
    }
    if (strcmp(rest, "type") == 0) {
        state->has_interface = true;
        state->interface = state->next_interface++;
    }
    if (!state->has_interface)
        return LXC_NAME_NO_INTERFACE;
    text_appendf(today, "lxc.net.%u.%s", state->interface, interface_key(rest));
    return LXC_NAME_TRANSLATED;
}

enum lxc_old_answer lxc_old_name_translate(struct lxc_old_names_state *state, const char *name,
                                           bool empty, struct text *today,
                                           const struct lxc_old_name **ret_row) {
    const struct lxc_old_name *row = find(name);
    *ret_row = row;
    if (row == NULL)
        return LXC_NAME_TODAYS;
    if (row->today == NULL)
        return LXC_NAME_DROPPED;
    const char *rest = name + strlen(row->name);
    if (strcmp(row->name, "lxc.network.") == 0)
        return translate_interface(state, rest, empty, today);
    text_appendf(today, "%s%s", row->today, rest);
    return LXC_NAME_TRANSLATED;
}

void lxc_old_names_use_interface(struct lxc_old_names_state *state, unsigned index) {
    if (index >= state->next_interface && index < UINT_MAX)
        state->next_interface = index + 1;
}
