/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor profiles and SELinux labels for the next execve, and session keyrings. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/**
 * Each writes the attribute of the calling thread through @procfd, an fd of a procfs that thole
 * mounted itself; nothing mounted over it inside the container can catch the write
 * (proc_pid_attr(5)). Fails with a clear text where the host's LSM is off.
 */
int label_set_apparmor_exec(int procfd, const char *profile, struct thole_error *err);
int label_set_selinux_exec(int procfd, const char *label, struct thole_error *err);

/** Joins the session keyring named @name, a new one if the user has none; @label (may be NULL)
 * becomes its SELinux label. */
int label_new_keyring(int procfd, const char *name, const char *label, struct thole_error *err);
