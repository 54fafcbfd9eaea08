/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a config.json. */
#include "translate/configuration.h"

#include "base/names.h"

struct oci_config *translate_config_new(struct arena *arena) {
    struct oci_config *config = arena_new(arena, struct oci_config);
    config->oci_version = arena_strdup(arena, OCI_SPEC_VERSION);
    config->root = arena_new(arena, struct oci_root);
    config->process = arena_new(arena, struct oci_process);
    config->process->user = arena_new(arena, struct oci_user);
    config->linux = arena_new(arena, struct oci_linux);
    config->hooks = arena_new(arena, struct oci_hooks);
    return config;
}

struct oci_mount *translate_mount_add(struct arena *arena, struct oci_config *config,
                                      const char *destination, const char *type, const char *source,
                                      const char *const *options) {
    struct oci_mount *mount = oci_list_add(arena, &config->mounts);
    mount->destination = arena_strdup(arena, destination);
    mount->type = arena_strdup(arena, type);
    mount->source = arena_strdup(arena, source);
    for (; *options != NULL; options++)
        oci_strings_add(arena, &mount->options, *options);
    return mount;
}

void translate_capabilities(struct arena *arena, struct oci_config *config,
                            const struct translate_host *host, uint64_t wanted) {
    if (config->linux->uid_mappings.count == 0)
        wanted &= host->capabilities;
    struct oci_capabilities *sets = arena_new(arena, struct oci_capabilities);
    for (const struct name_value *known = names_capabilities; known->name != NULL; known++) {
        if ((wanted & (uint64_t)known->value) == 0)
            continue;
        oci_strings_add(arena, &sets->bounding, known->name);
        oci_strings_add(arena, &sets->effective, known->name);
        oci_strings_add(arena, &sets->permitted, known->name);
    }
    config->process->capabilities = sets;
}

bool translate_maps_group(const struct oci_config *config, uint32_t id) {
    const oci_id_mappings *maps = &config->linux->gid_mappings;
    for (size_t i = 0; i < maps->count; i++) {
        if (id >= maps->items[i].container_id &&
            id - maps->items[i].container_id < maps->items[i].size)
            return true;
    }
    return maps->count == 0;
}
