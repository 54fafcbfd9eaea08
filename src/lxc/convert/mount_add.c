/* SPDX-License-Identifier: Apache-2.0 */
/* A mount in the list of the configuration. */
#include "lxc/convert/mounts.h"

struct oci_mount *lxc_mount_add(struct lxc_conversion *conversion, const char *destination,
                                const char *type, const char *source, const char *const *options) {
    struct arena *arena = conversion->arena;
    struct oci_mount *mount = oci_list_add(arena, &conversion->oci->mounts);
    mount->destination = arena_strdup(arena, destination);
    mount->type = arena_strdup(arena, type);
    mount->source = arena_strdup(arena, source);
    for (; *options != NULL; options++)
        oci_strings_add(arena, &mount->options, *options);
    return mount;
}
