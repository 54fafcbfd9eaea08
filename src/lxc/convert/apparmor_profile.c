/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generated profile: what namespaces do not keep apart is read-only or out of sight, and stays
 * so, since no other place can be given what lies in /proc and /sys.
 */
#include "lxc/convert/apparmor_profile.h"

#include "lxc/convert/hooks.h"

/* clang-format off: apparmor.d(5) */

static const char always[] =
    "  capability,\n"
    "  network,\n"
    "  file,\n"
    "  unix,\n"
    "  dbus,\n"
    "  umount,\n"
    "  pivot_root,\n"
    "  signal (receive),\n"
    "  signal peer=@{profile_name},\n"
    "  ptrace (readby, tracedby),\n"
    "  ptrace peer=@{profile_name},\n"
    "\n"
    "  # Settings of the kernel: only those of the container's own namespaces.\n"
    "  deny /proc/sys/[^kn]** wklx,\n"
    "  deny /proc/sys/k[^e]** wklx,\n"
    "  deny /proc/sys/ke[^r]** wklx,\n"
    "  deny /proc/sys/kernel/[^dhmsru]** wklx,\n"
    "  deny /proc/sys/kernel/r[^a]** wklx,\n"
    "  deny /proc/sys/kernel/random/** wklx,\n"
    "  deny /proc/sys/kernel/s[^eh]** wklx,\n"
    "  deny /proc/sys/kernel/m[^s]** wklx,\n"
    "  deny /proc/sys/kernel/d[^o]** wklx,\n"
    "  deny /proc/sys/kernel/h[^o]** wklx,\n"
    "  deny /proc/sys/kernel/hot** wklx,\n"
    "  deny /proc/sys/kernel/u** wklx,\n"
    "  deny /proc/sys/n[^e]** wklx,\n"
    "  deny /proc/sysrq-trigger rwklx,\n"
    "  deny /proc/{mem,kmem,kcore} rwklx,\n"
    "  deny /proc/acpi/** wklx,\n"
    "  deny /proc/bus/** wklx,\n"
    "\n"
    "  # Devices, firmware and modules are the host's.\n"
    "  deny /sys/[^fdc]** wklx,\n"
    "  deny /sys/c[^l]** wklx,\n"
    "  deny /sys/class/[^n]** wklx,\n"
    "  deny /sys/class/n[^e]** wklx,\n"
    "  deny /sys/d[^e]** wklx,\n"
    "  deny /sys/de[^v]** wklx,\n"
    "  deny /sys/devices/[^v]** wklx,\n"
    "  deny /sys/devices/virtual/[^n]** wklx,\n"
    "  deny /sys/devices/virtual/n[^e]** wklx,\n"
    "  deny /sys/f[^s]** wklx,\n"
    "  deny /sys/fs/[^cf]** wklx,\n"
    "  deny /sys/firmware/** rwklx,\n"
    "  deny /sys/kernel/{debug,security,tracing}/** rwklx,\n";

/* A rule without bind, remount or a type of filesystem would allow all of them. No rule has "move":
 * to AppArmor all that fsopen(2) makes is moved, also a procfs, so mount(8) of util-linux 2.39 and
 * newer needs allow_nesting. */
#define TREES "/{bin,boot,dev,etc,home,lib,lib32,lib64,media,mnt,opt,root,run,sbin,srv,tmp,usr,var}"
#define NOT_PROC_NOR_SYS "/{[^ps]**,p[^r]**,pr[^o]**,s[^y]**}"

static const char mounts[] =
    "\n"
    "  # What an init mounts. Nothing of /proc and /sys turns up anywhere else.\n"
    "  mount fstype=(tmpfs, ramfs, mqueue, devpts, hugetlbfs, fuse, fuse.*, autofs, binfmt_misc),\n"
    "  mount fstype=proc -> /proc/,\n"
    "  mount fstype=sysfs -> /sys/,\n"
    "  mount fstype=(cgroup, cgroup2) -> /sys/fs/cgroup/{,**},\n"
    "  mount options=(rw, bind) " TREES "{,/**} -> " NOT_PROC_NOR_SYS ",\n"
    "  mount options=(rw, rbind) " TREES "{,/**} -> " NOT_PROC_NOR_SYS ",\n"
    "  remount options in (rw, ro, bind, nosuid, nodev, noexec, relatime, silent) /{,**},\n"
    "  mount options=(rw, make-private) -> /{,**},\n"
    "  mount options=(rw, make-rprivate) -> /{,**},\n"
    "  mount options=(rw, make-slave) -> /{,**},\n"
    "  mount options=(rw, make-rslave) -> /{,**},\n"
    "  mount options=(rw, make-shared) -> /{,**},\n"
    "  mount options=(rw, make-rshared) -> /{,**},\n"
    "  mount options=(rw, make-unbindable) -> /{,**},\n"
    "  mount options=(rw, make-runbindable) -> /{,**},\n";

static const char nesting[] = "\n"
                              "  # Containers inside.\n"
                              "  mount,\n"
                              "  change_profile,\n";

/* clang-format on */

void lxc_apparmor_profile_write(struct text *text, const struct lxc_apparmor_profile *profile) {
    text_append(text, "abi <abi/3.0>,\n");
    text_appendf(text, "profile \"%s\" flags=(attach_disconnected, mediate_deleted) {\n",
                 profile->name);
    text_append(text, always);
    text_append(text, profile->nesting ? nesting : mounts);
    for (const char *const *line = profile->raw; *line != NULL; line++)
        text_appendf(text, "  %s\n", *line);
    text_append(text, "}\n");
}

struct thole_program lxc_apparmor_program(struct lxc_conversion *conversion, const char *condition,
                                          const char *options) {
    struct arena *arena = conversion->arena;
    struct oci_strings args = {0};
    struct oci_strings env = {0};
    oci_strings_add(arena, &args, "/bin/sh");
    oci_strings_add(arena, &args, "-c");
    oci_strings_add(arena, &args,
                    arena_printf(arena, "%sprintf %%s \"$PROFILE\" | apparmor_parser --quiet %s",
                                 condition, options));
    oci_strings_add(arena, &env, LXC_HOOK_PATH);
    oci_strings_add(arena, &env,
                    arena_printf(arena, "PROFILE=%s", conversion->converted->apparmor_profile));
    return (struct thole_program){.args = args.items, .env = env.items};
}
