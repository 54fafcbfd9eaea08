/* SPDX-License-Identifier: Apache-2.0 */
/* From a caller's wishes to CRIU's options. */
#pragma once

#include "base/text.h"
#include "checkpoint/criu.h"
#include "checkpoint/images.h"
#include "create/bundle.h"
#include "thole.h"

/**
 * What a dump and a restoration have in common; @log is the name of CRIU's log. @options is a
 * message of enum criu_option.
 */
int options_fill(const struct thole_criu_options *wishes, const struct bundle *bundle,
                 const struct images *images, const char *log, struct text *options,
                 struct thole_error *err);

/** What CRIU knows as @key is @fd of the caller. */
void options_add_inherited(struct text *options, const char *key, int fd);

/** The @ns of the restored processes ("ipc") is the one at @path. */
void options_add_joined(struct text *options, const char *ns, const char *path);

/** Cgroups that were saved as @controller's root lie beneath @path; "" is cgroup v2. */
void options_add_cgroup_root(struct text *options, const char *controller, const char *path);
