/* SPDX-License-Identifier: Apache-2.0 */
/* --pass-fds: descriptors of the caller's choice as those of socket activation. */
#pragma once

#include "base/error.h"

/**
 * Puts the descriptors of @list, "5,7" or "web=5,admin=7", on 3, 4, ... A name that is not given is
 * that of the caller's own LISTEN_FDNAMES, if it has been activated itself (sd_listen_fds(3)).
 * @ret_names, malloc'ed, is NULL if there is no name at all.
 */
int pass_fds(const char *list, unsigned *ret_count, char **ret_names, struct thole_error *err);
