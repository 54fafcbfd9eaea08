/* SPDX-License-Identifier: Apache-2.0 */
/* What a copy has besides that is made for one use: mounts, and layers in memory. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/**
 * Adds the lines of lxc-copy --mount to @config. @words: "{bind,overlay}=SOURCE[:TARGET][:ro|rw]",
 * several with commas between them. Layers of overlays are made beneath @directory.
 */
int lxc_ephemeral_add_mounts(struct text *config, const char *words, const char *directory,
                             struct thole_error *err);

/** Checks @words as lxc_ephemeral_add_mounts() does, and makes nothing. */
int lxc_ephemeral_check_mounts(const char *words, struct thole_error *err);

/**
 * A directory for the layers of the container @name of @lxcpath in memory (a tmpfs), which is yet
 * to be made. malloc'ed.
 */
int lxc_ephemeral_layers(const char *lxcpath, const char *name, char **ret_layers,
                         struct thole_error *err);

/** "NAME_XXXXXX" with random letters, as LXC calls a copy that nobody has named. malloc'ed. */
char *lxc_ephemeral_name(const char *name);
