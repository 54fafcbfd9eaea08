/* SPDX-License-Identifier: Apache-2.0 */
/* The features document (runtime-spec features.md), read off the tables that do the work. */
#include "report/features.h"

#include <string.h>

#include "commit.h"
#include "config.h"

#include "base/arena.h"
#include "base/names.h"
#include "oci-spec/document.h"
#include "oci-spec/fields.h"
#include "plan/mount.h"
#include "security/seccomp_compile.h"
#include "security/seccomp_filter.h"

#define YES \
    { .set = true, .value = true }

/* Annotations of config.json that change what thole does; one that ends with "." is a prefix. */
static const char *const unsafe_annotations[] = {
    "bundle", "org.criu.config", "org.systemd.property.", "org.thole.", "run.oci.", NULL,
};

static const struct oci_field *find_field(const struct oci_type *type, const char *name) {
    return oci_type_find(type, name, strlen(name));
}

static void add(struct arena *arena, struct oci_strings *list, const char *string) {
    char **items = arena_new_array(arena, list->count + 2, char *);
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof(*items));
    items[list->count++] = arena_strdup(arena, string);
    list->items = items;
    list->set = true;
}

static struct oci_strings copy_strings(struct arena *arena, const char *const *strings) {
    struct oci_strings list = {.set = true};
    while (*strings != NULL)
        add(arena, &list, *strings++);
    return list;
}

static struct oci_strings copy_names(struct arena *arena, const struct name_value *names) {
    struct oci_strings list = {.set = true};
    for (; names->name != NULL; names++)
        add(arena, &list, names->name);
    return list;
}

static struct oci_strings hooks(struct arena *arena) {
    const struct oci_type *type = find_field(&oci_config_type, "hooks")->type;
    struct oci_strings list = {.set = true};
    for (size_t i = 0; i < type->count; i++)
        add(arena, &list, type->fields[i].name);
    return list;
}

static struct oci_strings mount_options(struct arena *arena) {
    struct oci_strings list = {.set = true};
    for (size_t i = 0; plan_mount_option_name(i) != NULL; i++)
        add(arena, &list, plan_mount_option_name(i));
    return list;
}

/* libseccomp makes filters for the architectures of the machine's own byte order alone. */
static struct oci_strings seccomp_architectures(struct arena *arena) {
    struct oci_strings list = {.set = true};
    for (const struct name_value *known = names_seccomp_architectures; known->name != NULL; known++)
        if (known->value == __BYTE_ORDER__)
            add(arena, &list, known->name);
    return list;
}

static struct oci_strings seccomp_supported_flags(struct arena *arena) {
    struct oci_strings list = {.set = true};
    for (const struct name_value *known = names_seccomp_flags; known->name != NULL; known++) {
        if (seccomp_filter_flag_supported((unsigned)known->value))
            add(arena, &list, known->name);
    }
    return list;
}

static struct oci_features_seccomp *seccomp(struct arena *arena) {
    struct oci_features_seccomp *seccomp = arena_new(arena, struct oci_features_seccomp);
    seccomp->enabled = (struct oci_bool){.set = true, .value = seccomp_library_version() != NULL};
    if (!seccomp->enabled.value)
        return seccomp;
    seccomp->actions = copy_names(arena, names_seccomp_actions);
    seccomp->operators = copy_names(arena, names_seccomp_operators);
    seccomp->archs = seccomp_architectures(arena);
    seccomp->known_flags = copy_names(arena, names_seccomp_flags);
    seccomp->supported_flags = seccomp_supported_flags(arena);
    return seccomp;
}

static struct oci_features_flag *enabled(struct arena *arena) {
    struct oci_features_flag *flag = arena_new(arena, struct oci_features_flag);
    flag->enabled = (struct oci_bool)YES;
    return flag;
}

static struct oci_features_linux *linux_features(struct arena *arena) {
    const struct oci_type *namespace = find_field(&oci_linux_type, "namespaces")->type;
    const struct oci_type *policy = find_field(&oci_linux_type, "memoryPolicy")->type;
    struct oci_features_linux *features = arena_new(arena, struct oci_features_linux);

    features->namespaces = copy_names(arena, find_field(namespace, "type")->names);
    features->capabilities = copy_names(arena, names_capabilities);
    features->cgroup = arena_new(arena, struct oci_features_cgroup);
    *features->cgroup = (struct oci_features_cgroup){
        .v1 = YES,
        .v2 = YES,
        .systemd = YES,
        .systemd_user = YES,
        .rdma = YES,
    };
    features->seccomp = seccomp(arena);
    features->apparmor = enabled(arena);
    features->selinux = enabled(arena);
    features->intel_rdt = arena_new(arena, struct oci_features_intel_rdt);
    *features->intel_rdt =
        (struct oci_features_intel_rdt){.enabled = YES, .schemata = YES, .monitoring = YES};
    features->memory_policy = arena_new(arena, struct oci_features_memory_policy);
    features->memory_policy->modes = copy_names(arena, find_field(policy, "mode")->names);
    features->memory_policy->flags = copy_names(arena, find_field(policy, "flags")->names);
    features->mount_extensions = arena_new(arena, struct oci_features_mount_extensions);
    features->mount_extensions->idmap = enabled(arena);
    features->net_devices = enabled(arena);
    return features;
}

static struct oci_pairs annotations(struct arena *arena) {
    const struct {
        const char *key;
        const char *value;
    } known[] = {
        {"io.github.thole.version", PACKAGE_VERSION},
        {"io.github.thole.commit", THOLE_COMMIT},
        {"io.github.seccomp.libseccomp.version", seccomp_library_version()},
        {"org.opencontainers.runc.checkpoint.enabled", "true"},
    };
    const size_t count = sizeof(known) / sizeof(known[0]);
    struct oci_pairs pairs = {.items = arena_new_array(arena, count, struct oci_pair)};
    for (size_t i = 0; i < count; i++) {
        if (known[i].value == NULL)
            continue;
        pairs.items[pairs.count++] = (struct oci_pair){
            .key = arena_strdup(arena, known[i].key),
            .value = arena_strdup(arena, known[i].value),
        };
    }
    return pairs;
}

char *report_features(void) {
    cleanup_arena struct arena arena = {0};
    const struct oci_features features = {
        .oci_version_min = arena_strdup(&arena, "1.0.0"),
        .oci_version_max = arena_strdup(&arena, OCI_SPEC_VERSION),
        .hooks = hooks(&arena),
        .mount_options = mount_options(&arena),
        .annotations = annotations(&arena),
        .potentially_unsafe_config_annotations = copy_strings(&arena, unsafe_annotations),
        .linux = linux_features(&arena),
    };
    return oci_write_features(&features, 4);
}
