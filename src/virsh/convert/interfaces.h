/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces of a domain: the parts. */
#pragma once

#include "virsh/convert/conversion.h"

/**
 * Adds the hook that connects @interface, the @index-th one, if its network is one of CNI: 1; 0:
 * there is no such network.
 */
int virsh_cni_add(struct virsh_conversion *conversion, const struct domain_interface *interface,
                  size_t index, struct thole_error *err);
