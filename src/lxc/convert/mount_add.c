/* SPDX-License-Identifier: Apache-2.0 */
/* A mount in the list of the configuration. */
#include "lxc/convert/mounts.h"

struct oci_mount *lxc_mount_add(struct lxc_conversion *conversion, const char *destination,
                                const char *type, const char *source, const char *const *options) {
    return translate_mount_add(conversion->arena, conversion->oci, destination, type, source,
                               options);
}
