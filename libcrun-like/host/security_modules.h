/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux and AppArmor, as their libraries tell of them. Labels are written without these, through
 * a procfs that has been checked (security/label.h). */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "host/facts.h"

void host_probe_security_modules(struct host_facts *facts);

/**
 * Fails if the loaded policy does not know @label, a context of a process or of files; @where is
 * its place in the configuration. NULL, "" and what cannot be asked for are no error: the kernel
 * has the last word when the label is set.
 */
int host_check_selinux_label(const char *label, const char *where, struct thole_error *err);

/** What the loaded policy has for containers; NULL: it names none. */
struct host_selinux_contexts {
    const char *process; /* "system_u:system_r:container_t:s0" */
    const char *file;
};

/**
 * Reads them: selinux_config(5), lxc_contexts(5). 1: SELinux is enabled, and its labels have
 * levels; 0: neither, or not both.
 */
int host_selinux_contexts(struct arena *arena, struct host_selinux_contexts *ret_contexts,
                          struct thole_error *err);

/** As host_check_selinux_label() for the name of an AppArmor profile that has to be loaded. */
int host_check_apparmor_profile(const char *profile, const char *where, struct thole_error *err);
