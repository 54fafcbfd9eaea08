/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that the caller hands to a domain. */
#pragma once

#include "base/error.h"

/**
 * Moves the descriptors of @list ("3,5") to 3 and up, in that order, where the container's init
 * finds them (sd_listen_fds(3)). How many there are goes to @ret_count.
 */
int virsh_pass_descriptors(const char *list, unsigned *ret_count, struct thole_error *err);
