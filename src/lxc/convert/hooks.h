/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of a conversion: the parts. */
#pragma once

#include "lxc/convert/conversion.h"

#define LXC_HOOK_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/** Path of thole-lxc, by which it is found again later. */
const char *lxc_hook_own_program(struct lxc_conversion *conversion);

/** Adds "thole-lxc hook WORD" with what all hooks are told; the caller adds arguments. */
struct oci_hook *lxc_hook_add_own(struct lxc_conversion *conversion, oci_hook_list *list,
                                  const char *word);
