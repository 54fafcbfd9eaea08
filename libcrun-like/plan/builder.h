/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the plan builder share: the inputs, the plan being made, and small tools. */
#pragma once

#include "plan/build.h"

/** One plan in the making. @linux_section is never NULL: an empty one where the config has none. */
struct plan_builder {
    const struct oci_config *config;
    const struct oci_linux *linux_section;
    const struct host_facts *facts;
    const struct plan_request *request;
    struct arena *arena;
    struct plan *plan;
    char **warnings;
    size_t warning_count;
};

/** A builder with an empty plan in @arena, which also holds its warnings. */
struct plan_builder plan_begin(const struct oci_config *config, const struct host_facts *facts,
                               const struct plan_request *request, struct arena *arena);

/** The plan with the warnings that have come together. */
struct plan *plan_end(struct plan_builder *builder);

#define PLAN_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/**
 * Returns @items with room for one more element behind @count; it moves when it has to grow. The
 * room that is not used is zero, so a list of pointers stays NULL-terminated.
 */
void *plan_list_grow(struct arena *arena, void *items, size_t count, size_t size)
    __attribute__((returns_nonnull));

/** Adds a zeroed element to a list in the plan and returns it. */
#define plan_list_add(arena, items, count) \
    ((items) = plan_list_grow((arena), (items), (count), sizeof(*(items))), &(items)[(count)++])

/** What the specification says to warn about, at @where: it does not stop the container. */
void plan_warn(struct plan_builder *builder, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** What has no effect at @where, for a report alone: not worth a word at every start. */
void plan_note(const struct plan_builder *builder, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * After a fault: true if it ends planning. With a report it goes on, with @err cleared; the report
 * gets the faults of the configuration, and not those of a host.
 */
bool plan_ends(const struct plan_builder *builder, struct thole_error *err);

/** True if the container's processes are in a user namespace other than the initial one. */
bool plan_in_user_namespace(const struct plan_builder *builder);

/** The runtime has root's powers over the host, not only within a user namespace. */
bool plan_is_rootful(const struct host_facts *facts);

/** The container's annotation @key, or NULL. */
const char *plan_annotation(const struct oci_config *config, const char *key);

/** True if it is there with any value but 0, which is how crun takes its switches. */
bool plan_annotation_is_on(const struct oci_config *config, const char *key);

/** JSON pointer @parent/@key, with ~ and / in @key escaped (RFC 6901). */
char *plan_where_key(struct arena *arena, const char *parent, const char *key);

/** @path as an absolute path without empty, "." and ".." components; ".." never leaves "/". */
char *plan_path_clean(struct arena *arena, const char *path);

/** @path itself if it is absolute, else @path beneath @base. */
const char *plan_path_join(struct arena *arena, const char *base, const char *path);

/** A copy of a list of strings, borrowed from the configuration. */
struct plan_strings plan_strings_of(const struct oci_strings *strings);

/** Adds "NAME=VALUE" to a list being made in @arena; an earlier entry of that name is replaced. */
void plan_environment_put(struct oci_strings *environment, struct arena *arena, char *assignment);
/** The value of @name, or NULL. */
const char *plan_environment_get(const struct oci_strings *environment, const char *name);
void plan_environment_remove(struct oci_strings *environment, const char *name);

/**
 * Puts the variables into a container's @environment that its annotations ask for; the list becomes
 * one of its own.
 */
int plan_identity_add(const struct plan_builder *builder, struct oci_strings *environment,
                      struct thole_error *err);
bool plan_is_uuid(const char *text);

/** Adds a word to a list being made in @arena. */
void plan_words_add(struct arena *arena, struct plan_strings *words, const char *word);

/**
 * True if @id of the container has a meaning on the host. Always true without a new user namespace.
 * @ret_host_id may be NULL.
 */
bool plan_map_id(const struct plan_builder *builder, bool group, uint32_t id,
                 uint32_t *ret_host_id);

/**
 * Mappings in the kernel's format, one line each. What the kernel would answer with EINVAL alone is
 * an error that names the mapping, below @where.
 */
int plan_id_map_text(struct arena *arena, const oci_id_mappings *mappings, const char *where,
                     const char **ret_text, struct thole_error *err);

/* The parts of a plan. Each fills its members of builder->plan; later ones read earlier ones. */
int plan_build_keeper(struct plan_builder *builder, struct thole_error *err);
int plan_build_audit(struct plan_builder *builder, struct thole_error *err);
int plan_build_namespaces(struct plan_builder *builder, struct thole_error *err);
int plan_build_time_offsets(struct plan_builder *builder, struct thole_error *err);
int plan_build_names(struct plan_builder *builder, struct thole_error *err);
int plan_build_user_mapping(struct plan_builder *builder, struct thole_error *err);
int plan_build_cgroup(struct plan_builder *builder, struct thole_error *err);
int plan_build_rootfs(struct plan_builder *builder, struct thole_error *err);
int plan_build_mounts(struct plan_builder *builder, struct thole_error *err);
int plan_build_paths(struct plan_builder *builder, struct thole_error *err);
int plan_build_devices(struct plan_builder *builder, struct thole_error *err);
int plan_build_sysctls(struct plan_builder *builder, struct thole_error *err);
int plan_build_net_devices(struct plan_builder *builder, struct thole_error *err);
int plan_build_rdt(struct plan_builder *builder, struct thole_error *err);
int plan_build_seccomp(struct plan_builder *builder, struct thole_error *err);
int plan_build_selinux_range(struct plan_builder *builder, struct thole_error *err);
int plan_build_hooks(struct plan_builder *builder, struct thole_error *err);
int plan_build_root_entry(struct plan_builder *builder, struct thole_error *err);
int plan_build_annotations(struct plan_builder *builder, struct thole_error *err);

/** Plans @wanted, whose members are found at the JSON pointer @where. */
int plan_build_process(struct plan_builder *builder, const struct oci_process *wanted,
                       const char *where, struct plan_process **ret_process,
                       struct thole_error *err);
/** What /linux says of every process: execution domain and memory policy. */
int plan_build_personality(const struct plan_builder *builder, struct plan_process *process,
                           struct thole_error *err);
/** The five sets, empty where @wanted is NULL; names that mean nothing and capabilities out of
 * reach become warnings. */
void plan_build_capabilities(struct plan_builder *builder, const struct oci_capabilities *wanted,
                             const char *where, struct plan_capabilities *ret_capabilities);
int plan_build_scheduler(const struct plan_builder *builder, const struct oci_scheduler *wanted,
                         const char *where, struct plan_scheduler *ret_scheduler,
                         struct thole_error *err);

/**
 * Adds what a mount of type "cgroup" stands for on this host: @pattern holds its target and
 * options. cgroup v2 is one mount; v1 and hybrid hosts get a tmpfs with one mount per hierarchy.
 */
int plan_cgroup_mounts(struct plan_builder *builder, const struct plan_mount *pattern,
                       struct thole_error *err);

/** Annotations org.systemd.property.* as unit properties. */
int plan_systemd_annotations(const struct plan_builder *builder, struct plan_cgroup *cgroup,
                             struct thole_error *err);

/**
 * The limits and device rules of @cgroup, which has all its writes, as unit properties: systemd
 * would undo sooner or later what it does not know of.
 */
void plan_systemd_limits(struct arena *arena, struct plan_cgroup *cgroup);
