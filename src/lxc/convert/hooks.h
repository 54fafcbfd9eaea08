/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of a conversion: the parts. */
#pragma once

#include "lxc/convert/conversion.h"

/** Adds "thole-lxc hook WORD". */
void lxc_hook_add_own(struct lxc_conversion *conversion, oci_hook_list *list, const char *word);
