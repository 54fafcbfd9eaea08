/* SPDX-License-Identifier: Apache-2.0 */
/* Filesystems of a domain: the parts. */
#pragma once

#include "virsh/convert/conversion.h"

/** The one with the target /, or NULL. */
const struct domain_filesystem *virsh_root_filesystem(const struct domain *domain);

/** Adds the mount of one. */
int virsh_filesystem_add(struct virsh_conversion *conversion,
                         const struct domain_filesystem *filesystem, struct thole_error *err);
