/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a domain get its label while it runs. What they had is kept beside it, in the attribute
 * trusted.thole.selinux, so that it comes back whoever ended in between.
 */
#pragma once

#include "base/error.h"

/** Gives @path the SELinux label @label; a directory with all beneath it on the same filesystem. */
int virsh_relabel(const char *path, const char *label, struct thole_error *err);

/** Takes that back: what the domain has made meanwhile gets what its directory gets. */
int virsh_relabel_back(const char *path, const char *label, struct thole_error *err);
