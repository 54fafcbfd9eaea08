/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the plan, a table for each of its structs and a row for each of their members, in the
 * order in which they are printed. tests/unit/test_plan_fields.py finds a member without a row.
 */
#include "plan/fields.h"

#include <linux/mount.h>
#include <linux/sched.h>

#include "base/names.h"
#include "base/restart_words.h"
#include "plan/plan.h"

/* clang-format off */

#define STRINGS(structure, json_name, member) {                                                    \
    .name = (json_name), .kind = OCI_KIND_STRINGS, .flags = OCI_PLAIN, .offset = OCI_OFFSET(       \
        structure, member, OCI_MEMBER(structure, member), struct plan_strings) }
#define MODE(structure, json_name, member, ...) {                                                  \
    .name = (json_name), .kind = OCI_KIND_MODE, .offset = offsetof(struct structure, member),      \
    __VA_ARGS__ }
#define WORD(structure, json_name, member, words, ...) {                                           \
    .name = (json_name), .kind = OCI_KIND_ENUM, .offset = offsetof(struct structure, member),      \
    .names = (words),                                                                              \
    __VA_ARGS__ }
#define BITS(structure, json_name, member, words, ...) {                                           \
    .name = (json_name), .kind = OCI_KIND_BITS,                                                    \
    .offset = OCI_OFFSET(structure, member, OCI_MEMBER(structure, member), uint64_t),              \
    .names = (words),                                                                              \
    __VA_ARGS__ }
#define PART(structure, json_name, member, of) {                                                   \
    .name = (json_name), .kind = OCI_KIND_INLINE_OBJECT,                                           \
    .offset = offsetof(struct structure, member), .type = &of##_type }
#define POINTER(structure, json_name, member, of) {                                                \
    .name = (json_name), .kind = OCI_KIND_OBJECT,                                                  \
    .offset = offsetof(struct structure, member), .type = &of##_type }
#define HOOKS(stage, json_name) {                                                                  \
    .name = (json_name), .kind = OCI_KIND_OBJECTS, .type = &plan_hook_type, .flags = OCI_PLAIN,    \
    .offset = (stage) * sizeof(struct plan_hooks) }

/* clang-format on */

/* ---- words ----------------------------------------------------------------------------------- */

static const struct name_value propagation_names[] = {
    {"shared", MS_SHARED},         {"slave", MS_SLAVE},   {"private", MS_PRIVATE},
    {"unbindable", MS_UNBINDABLE}, {"recursive", MS_REC}, {0},
};
static const struct name_value attribute_names[] = {
    {"ro", MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME},
    {"atime", MOUNT_ATTR__ATIME & ~(MOUNT_ATTR_NOATIME | MOUNT_ATTR_STRICTATIME)},
    {"nodiratime", MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW},
    {0},
};
static const struct name_value rule_names[] = {{"deny", false}, {"allow", true}, {0}};
static const struct name_value version_names[] = {{"v1", false}, {"v2", true}, {0}};
/* The usual way to enter the root goes without saying. */
static const struct name_value entry_names[] = {{"emptied", PLAN_ROOT_EMPTIED}, {0}};
static const struct name_value kind_names[] = {
    {"filesystem", PLAN_MOUNT_FILESYSTEM}, {"bind", PLAN_MOUNT_BIND},
    {"inner", PLAN_MOUNT_INNER},           {"remount", PLAN_MOUNT_REMOUNT},
    {"symlink", PLAN_MOUNT_SYMLINK},       {0},
};
static const struct name_value manager_names[] = {
    {"cgroupfs", PLAN_CGROUP_FILES},
    {"systemd", PLAN_CGROUP_SYSTEMD},
    {"disabled", PLAN_CGROUP_DISABLED},
    {0},
};

/* ---- namespaces and id maps ------------------------------------------------------------------ */

static const struct oci_field plan_joined_namespace_fields[] = {
    BITS(plan_joined_namespace, "type", flag, names_namespaces, .flags = OCI_COLUMN),
    OCI_FIELD(plan_joined_namespace, "path", path),
    OCI_FIELD(plan_joined_namespace, "where", where),
};
static OCI_TYPE(plan_joined_namespace);

static const struct oci_field plan_namespaces_fields[] = {
    BITS(plan_namespaces, "created", created, names_namespaces),
    OCI_COUNTED_OBJECTS(plan_namespaces, "joined", joined, joined_count, plan_joined_namespace),
    OCI_FIELD(plan_namespaces, "timeOffsets", time_offsets),
};
static OCI_TYPE(plan_namespaces);

static const struct oci_field plan_id_map_fields[] = {
    OCI_FIELD(plan_id_map, "uidMap", uid_map),
    OCI_FIELD(plan_id_map, "gidMap", gid_map),
};
static OCI_TYPE(plan_id_map);

static const struct oci_field plan_user_mapping_fields[] = {
    PART(plan_user_mapping, "map", map, plan_id_map),
    OCI_FIELD(plan_user_mapping, "denySetgroups", deny_setgroups),
    OCI_FIELD(plan_user_mapping, "useNewuidmap", use_newuidmap),
    OCI_FIELD(plan_user_mapping, "rootUid", root_uid,
              .flags = OCI_ALWAYS | OCI_MINUS_ONE_IS_ABSENT),
    OCI_FIELD(plan_user_mapping, "rootGid", root_gid,
              .flags = OCI_ALWAYS | OCI_MINUS_ONE_IS_ABSENT),
    OCI_FIELD(plan_user_mapping, "where", where),
};
static OCI_TYPE(plan_user_mapping);

/* ---- root and mounts ------------------------------------------------------------------------- */

static const struct oci_field plan_rootfs_fields[] = {
    OCI_FIELD(plan_rootfs, "source", source),
    OCI_FIELD(plan_rootfs, "readonly", readonly),
    BITS(plan_rootfs, "propagation", propagation, propagation_names),
    OCI_FIELD(plan_rootfs, "noPivot", no_pivot),
    WORD(plan_rootfs, "entry", entry, entry_names),
    OCI_FIELD(plan_rootfs, "chrootOnly", chroot_only),
    OCI_FIELD(plan_rootfs, "where", where),
};
static OCI_TYPE(plan_rootfs);

static const struct oci_field plan_pair_fields[] = {
    OCI_FIELD(plan_pair, "key", key, .flags = OCI_COLUMN),
    OCI_FIELD(plan_pair, "value", value, .flags = OCI_COLUMN),
};
static OCI_TYPE(plan_pair);

static const struct oci_field plan_mount_fields[] = {
    WORD(plan_mount, "kind", kind, kind_names, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_mount, "type", type, .flags = OCI_COLUMN),
    OCI_FIELD(plan_mount, "source", source, .flags = OCI_COLUMN),
    OCI_FIELD(plan_mount, "target", target, .flags = OCI_COLUMN),
    OCI_FIELD(plan_mount, "recursive", recursive),
    BITS(plan_mount, "set", attributes_set, attribute_names),
    BITS(plan_mount, "clear", attributes_clear, attribute_names),
    BITS(plan_mount, "recursiveSet", recursive_set, attribute_names),
    BITS(plan_mount, "recursiveClear", recursive_clear, attribute_names),
    BITS(plan_mount, "propagation", propagation, propagation_names),
    OCI_COUNTED_OBJECTS(plan_mount, "parameters", parameters, parameter_count, plan_pair),
    POINTER(plan_mount, "idMap", id_map, plan_id_map),
    OCI_FIELD(plan_mount, "idMapContainer", id_map_container),
    OCI_FIELD(plan_mount, "idMapRecursive", id_map_recursive),
    STRINGS(plan_mount, "ignored", ignored),
    OCI_FIELD(plan_mount, "readonlyLast", readonly_last),
    OCI_FIELD(plan_mount, "copyUp", copy_up),
    OCI_FIELD(plan_mount, "copySymlink", copy_symlink),
    OCI_FIELD(plan_mount, "sourceNofollow", source_nofollow),
    OCI_FIELD(plan_mount, "destinationNofollow", destination_nofollow),
    OCI_FIELD(plan_mount, "optional", optional),
    OCI_FIELD(plan_mount, "mayFail", may_fail),
    OCI_FIELD(plan_mount, "loop", loop),
    OCI_FIELD(plan_mount, "createTarget", create_target),
    OCI_FIELD(plan_mount, "mustBeProc", must_be_proc),
    OCI_FIELD(plan_mount, "bindOnEperm", bind_on_eperm),
    OCI_FIELD(plan_mount, "where", where),
};
static OCI_TYPE(plan_mount);

static const struct oci_field plan_device_fields[] = {
    OCI_FIELD(plan_device, "path", path, .flags = OCI_COLUMN),
    OCI_FIELD(plan_device, "type", type, .flags = OCI_COLUMN),
    OCI_FIELD(plan_device, "major", major, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_device, "minor", minor, .flags = OCI_ALWAYS | OCI_COLUMN),
    MODE(plan_device, "mode", mode, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_device, "uid", uid, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_device, "gid", gid, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_device, "modeGiven", mode_given),
    OCI_FIELD(plan_device, "ownerGiven", owner_given),
    OCI_FIELD(plan_device, "bind", bind),
    OCI_FIELD(plan_device, "source", source),
    OCI_FIELD(plan_device, "lent", lent),
    OCI_FIELD(plan_device, "hostUid", host_uid),
    OCI_FIELD(plan_device, "hostGid", host_gid),
    OCI_FIELD(plan_device, "where", where),
};
static OCI_TYPE(plan_device);

static const struct oci_field plan_link_fields[] = {
    OCI_FIELD(plan_link, "path", path, .flags = OCI_COLUMN),
    OCI_FIELD(plan_link, "target", target, .flags = OCI_COLUMN),
};
static OCI_TYPE(plan_link);

static const struct oci_field plan_path_fields[] = {
    OCI_FIELD(plan_path, "path", path, .flags = OCI_COLUMN),
    OCI_FIELD(plan_path, "where", where),
};
static OCI_TYPE(plan_path);

static const struct oci_field plan_sysctl_fields[] = {
    OCI_FIELD(plan_sysctl, "file", file, .flags = OCI_COLUMN),
    OCI_FIELD(plan_sysctl, "value", value, .flags = OCI_COLUMN),
    OCI_FIELD(plan_sysctl, "where", where),
};
static OCI_TYPE(plan_sysctl);

/* ---- the process ----------------------------------------------------------------------------- */

static const struct oci_field plan_capabilities_fields[] = {
    BITS(plan_capabilities, "bounding", bounding, names_capabilities),
    BITS(plan_capabilities, "effective", effective, names_capabilities),
    BITS(plan_capabilities, "permitted", permitted, names_capabilities),
    BITS(plan_capabilities, "inheritable", inheritable, names_capabilities),
    BITS(plan_capabilities, "ambient", ambient, names_capabilities),
};
static OCI_TYPE(plan_capabilities);

static const struct oci_field plan_rlimit_fields[] = {
    WORD(plan_rlimit, "type", resource, names_rlimits, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_rlimit, "soft", soft, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_rlimit, "hard", hard, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_rlimit, "where", where),
};
static OCI_TYPE(plan_rlimit);

static const struct oci_field plan_scheduler_fields[] = {
    OCI_FIELD(plan_scheduler, "set", set),
    OCI_FIELD(plan_scheduler, "policy", policy),
    OCI_FIELD(plan_scheduler, "nice", nice),
    OCI_FIELD(plan_scheduler, "priority", priority),
    OCI_FIELD(plan_scheduler, "flags", flags),
    OCI_FIELD(plan_scheduler, "runtime", runtime),
    OCI_FIELD(plan_scheduler, "deadline", deadline),
    OCI_FIELD(plan_scheduler, "period", period),
};
static OCI_TYPE(plan_scheduler);

static const struct oci_field plan_memory_policy_fields[] = {
    OCI_FIELD(plan_memory_policy, "set", set),
    OCI_FIELD(plan_memory_policy, "mode", mode),
    OCI_FIELD(plan_memory_policy, "nodes", nodes),
};
static OCI_TYPE(plan_memory_policy);

static const struct oci_field plan_process_fields[] = {
    STRINGS(plan_process, "args", args),
    OCI_FIELD(plan_process, "init", init),
    OCI_FIELD(plan_process, "initWaits", init_waits),
    STRINGS(plan_process, "env", env),
    OCI_FIELD(plan_process, "setHome", set_home),
    OCI_FIELD(plan_process, "cwd", cwd),
    OCI_FIELD(plan_process, "terminal", terminal),
    OCI_FIELD(plan_process, "consoleRows", console_rows),
    OCI_FIELD(plan_process, "consoleColumns", console_columns),
    OCI_FIELD(plan_process, "uid", uid, .flags = OCI_ALWAYS),
    OCI_FIELD(plan_process, "gid", gid, .flags = OCI_ALWAYS),
    {.name = "groups",
     .kind = OCI_KIND_UINT32S,
     .offset = OCI_COUNTED(plan_process, groups, group_count),
     .flags = OCI_PLAIN},
    OCI_FIELD(plan_process, "setGroups", set_groups),
    OCI_FIELD(plan_process, "umaskSet", umask_set, .flags = OCI_NOT_IN_TEXT),
    MODE(plan_process, "umask", umask, .flags = OCI_ALWAYS),
    PART(plan_process, "capabilities", capabilities, plan_capabilities),
    OCI_FIELD(plan_process, "noNewPrivileges", no_new_privileges),
    OCI_COUNTED_OBJECTS(plan_process, "rlimits", rlimits, rlimit_count, plan_rlimit),
    OCI_FIELD(plan_process, "oomScoreSet", oom_score_set),
    OCI_FIELD(plan_process, "oomScoreAdj", oom_score_adj),
    OCI_FIELD(plan_process, "unprivileged", unprivileged),
    PART(plan_process, "scheduler", scheduler, plan_scheduler),
    OCI_FIELD(plan_process, "ioPriority", io_priority, .flags = OCI_MINUS_ONE_IS_ABSENT),
    OCI_FIELD(plan_process, "cpuInitial", cpu_initial),
    OCI_FIELD(plan_process, "cpuFinal", cpu_final),
    OCI_FIELD(plan_process, "personality", personality, .flags = OCI_MINUS_ONE_IS_ABSENT),
    PART(plan_process, "memoryPolicy", memory_policy, plan_memory_policy),
    OCI_FIELD(plan_process, "defaultSignals", default_signals),
    OCI_FIELD(plan_process, "apparmor", apparmor),
    OCI_FIELD(plan_process, "selinux", selinux),
    OCI_FIELD(plan_process, "where", where),
    OCI_FIELD(plan_process, "programWhere", program_where, .flags = OCI_NOT_IN_TEXT),
    STRINGS(plan_process, "warnings", warnings),
};
static OCI_TYPE(plan_process);

/* ---- seccomp --------------------------------------------------------------------------------- */

static const struct oci_field plan_seccomp_argument_fields[] = {
    OCI_FIELD(plan_seccomp_argument, "index", index, .flags = OCI_ALWAYS),
    WORD(plan_seccomp_argument, "op", op, names_seccomp_operators),
    OCI_FIELD(plan_seccomp_argument, "value", value, .flags = OCI_ALWAYS),
    OCI_FIELD(plan_seccomp_argument, "valueTwo", value_two),
};
static OCI_TYPE(plan_seccomp_argument);

static const struct oci_field plan_seccomp_rule_fields[] = {
    WORD(plan_seccomp_rule, "action", action, names_seccomp_actions,
         .flags = OCI_COLUMN | OCI_ALWAYS),
    OCI_FIELD(plan_seccomp_rule, "errno", errno_ret, .flags = OCI_COLUMN | OCI_ALWAYS),
    STRINGS(plan_seccomp_rule, "names", names),
    OCI_COUNTED_OBJECTS(plan_seccomp_rule, "arguments", arguments, argument_count,
                        plan_seccomp_argument),
    OCI_FIELD(plan_seccomp_rule, "where", where),
};
static OCI_TYPE(plan_seccomp_rule);

static const struct oci_field plan_seccomp_fields[] = {
    WORD(plan_seccomp, "defaultAction", default_action, names_seccomp_actions, .flags = OCI_ALWAYS),
    OCI_FIELD(plan_seccomp, "defaultErrnoRet", default_errno_ret),
    STRINGS(plan_seccomp, "architectures", architectures),
    BITS(plan_seccomp, "flags", flags, names_seccomp_flags),
    OCI_COUNTED_OBJECTS(plan_seccomp, "rules", rules, rule_count, plan_seccomp_rule),
    OCI_FIELD(plan_seccomp, "notifies", notifies),
    OCI_FIELD(plan_seccomp, "failUnknownSyscall", fail_unknown_syscall),
    OCI_FIELD(plan_seccomp, "rawFilter", raw_filter),
    OCI_FIELD(plan_seccomp, "listenerPath", listener_path),
    OCI_FIELD(plan_seccomp, "listenerMetadata", listener_metadata),
    OCI_FIELD(plan_seccomp, "where", where),
};
static OCI_TYPE(plan_seccomp);

/* ---- cgroup ---------------------------------------------------------------------------------- */

static const struct oci_field plan_cgroup_directory_fields[] = {
    OCI_FIELD(plan_cgroup_directory, "unified", unified, .flags = OCI_COLUMN | OCI_ALWAYS,
              .names = version_names),
    OCI_FIELD(plan_cgroup_directory, "controllers", controllers, .flags = OCI_COLUMN),
    OCI_FIELD(plan_cgroup_directory, "mountpoint", mountpoint, .flags = OCI_COLUMN),
    OCI_FIELD(plan_cgroup_directory, "path", path, .flags = OCI_COLUMN),
};
static OCI_TYPE(plan_cgroup_directory);

static const struct oci_field plan_cgroup_write_fields[] = {
    OCI_FIELD(plan_cgroup_write, "directory", directory, .flags = OCI_ALWAYS | OCI_COLUMN),
    OCI_FIELD(plan_cgroup_write, "file", file, .flags = OCI_COLUMN),
    OCI_FIELD(plan_cgroup_write, "value", value, .flags = OCI_COLUMN),
    OCI_FIELD(plan_cgroup_write, "isNumber", is_number, .flags = OCI_NOT_IN_TEXT),
    OCI_FIELD(plan_cgroup_write, "number", number, .flags = OCI_NOT_IN_TEXT),
    OCI_FIELD(plan_cgroup_write, "period", period, .flags = OCI_NOT_IN_TEXT),
    OCI_FIELD(plan_cgroup_write, "optional", optional),
    OCI_FIELD(plan_cgroup_write, "retry", retry),
    OCI_FIELD(plan_cgroup_write, "fallbackFile", fallback_file),
    OCI_FIELD(plan_cgroup_write, "fallbackValue", fallback_value),
    OCI_FIELD(plan_cgroup_write, "usageFile", usage_file),
    OCI_FIELD(plan_cgroup_write, "where", where),
};
static OCI_TYPE(plan_cgroup_write);

static const struct oci_field plan_device_rule_fields[] = {
    OCI_FIELD(plan_device_rule, "allow", allow, .flags = OCI_COLUMN | OCI_ALWAYS,
              .names = rule_names),
    OCI_FIELD(plan_device_rule, "type", type, .flags = OCI_COLUMN),
    OCI_FIELD(plan_device_rule, "major", major, .flags = OCI_COLUMN | OCI_MINUS_ONE_IS_ABSENT),
    OCI_FIELD(plan_device_rule, "minor", minor, .flags = OCI_COLUMN | OCI_MINUS_ONE_IS_ABSENT),
    WORD(plan_device_rule, "access", access, names_device_access, .flags = OCI_COLUMN),
    OCI_FIELD(plan_device_rule, "where", where),
};
static OCI_TYPE(plan_device_rule);

static const struct oci_field plan_systemd_property_fields[] = {
    OCI_FIELD(plan_systemd_property, "name", name, .flags = OCI_COLUMN),
    OCI_FIELD(plan_systemd_property, "type", type, .flags = OCI_COLUMN),
    OCI_FIELD(plan_systemd_property, "number", number),
    STRINGS(plan_systemd_property, "strings", strings),
    {.name = "bytes",
     .kind = OCI_KIND_BYTES,
     .offset = OCI_COUNTED(plan_systemd_property, bytes, byte_count)},
    OCI_FIELD(plan_systemd_property, "optional", optional),
    OCI_FIELD(plan_systemd_property, "where", where),
};
static OCI_TYPE(plan_systemd_property);

static const struct oci_field plan_cgroup_fields[] = {
    WORD(plan_cgroup, "manager", manager, manager_names, .flags = OCI_ALWAYS),
    OCI_COUNTED_OBJECTS(plan_cgroup, "directories", directories, directory_count,
                        plan_cgroup_directory),
    OCI_COUNTED_OBJECTS(plan_cgroup, "writes", writes, write_count, plan_cgroup_write),
    OCI_COUNTED_OBJECTS(plan_cgroup, "deviceRules", device_rules, device_rule_count,
                        plan_device_rule),
    OCI_FIELD(plan_cgroup, "bestEffort", best_effort),
    OCI_FIELD(plan_cgroup, "delegated", delegated),
    OCI_FIELD(plan_cgroup, "delegate", delegate),
    OCI_FIELD(plan_cgroup, "delegateUid", delegate_uid),
    OCI_FIELD(plan_cgroup, "systemdSlice", systemd_slice),
    OCI_FIELD(plan_cgroup, "systemdScope", systemd_scope),
    OCI_FIELD(plan_cgroup, "systemdUser", systemd_user),
    OCI_COUNTED_OBJECTS(plan_cgroup, "systemdProperties", systemd_properties,
                        systemd_property_count, plan_systemd_property),
    OCI_FIELD(plan_cgroup, "where", where),
};
static OCI_TYPE(plan_cgroup);

/* ---- hooks and the rest ---------------------------------------------------------------------- */

static const struct oci_field plan_hook_fields[] = {
    OCI_FIELD(plan_hook, "path", path, .flags = OCI_COLUMN),
    STRINGS(plan_hook, "args", args),
    STRINGS(plan_hook, "env", env),
    OCI_FIELD(plan_hook, "inheritEnv", inherit_env),
    OCI_FIELD(plan_hook, "timeout", timeout),
    OCI_FIELD(plan_hook, "where", where),
};
static OCI_TYPE(plan_hook);

static const struct oci_field plan_hooks_fields[] = {
    HOOKS(PLAN_HOOK_PRESTART, "prestart"),
    HOOKS(PLAN_HOOK_CREATE_RUNTIME, "createRuntime"),
    HOOKS(PLAN_HOOK_CREATE_CONTAINER, "createContainer"),
    HOOKS(PLAN_HOOK_START_CONTAINER, "startContainer"),
    HOOKS(PLAN_HOOK_POSTSTART, "poststart"),
    HOOKS(PLAN_HOOK_POSTSTOP, "poststop"),
};
static OCI_TYPE(plan_hooks);

static const struct oci_field plan_keeper_fields[] = {
    OCI_FIELD(plan_keeper, "consoles", consoles),
    OCI_FIELD(plan_keeper, "consoleIsTty1", console_is_tty1),
    OCI_FIELD(plan_keeper, "consoleDirectory", console_directory),
    BITS(plan_keeper, "restart", restart, restart_names),
    OCI_FIELD(plan_keeper, "restartLimit", restart_limit),
    OCI_FIELD(plan_keeper, "restartDelay", restart_delay),
    OCI_FIELD(plan_keeper, "where", where),
};
static OCI_TYPE(plan_keeper);

static const struct oci_field plan_net_device_fields[] = {
    OCI_FIELD(plan_net_device, "hostName", host_name, .flags = OCI_COLUMN),
    OCI_FIELD(plan_net_device, "name", name, .flags = OCI_COLUMN),
    OCI_FIELD(plan_net_device, "where", where),
};
static OCI_TYPE(plan_net_device);

static const struct oci_field plan_rdt_fields[] = {
    OCI_FIELD(plan_rdt, "set", set),
    OCI_FIELD(plan_rdt, "closID", clos_id),
    STRINGS(plan_rdt, "schemata", schemata),
    OCI_FIELD(plan_rdt, "monitoring", monitoring),
    OCI_FIELD(plan_rdt, "mountpoint", mountpoint),
};
static OCI_TYPE(plan_rdt);

static const struct oci_field plan_fields[] = {
    OCI_FIELD(plan, "id", id),
    OCI_FIELD(plan, "bundle", bundle),
    OCI_FIELD(plan, "ociVersion", oci_version),
    PART(plan, "namespaces", namespaces, plan_namespaces),
    PART(plan, "user", user, plan_user_mapping),
    PART(plan, "cgroup", cgroup, plan_cgroup),
    PART(plan, "root", rootfs, plan_rootfs),
    OCI_COUNTED_OBJECTS(plan, "mounts", mounts, mount_count, plan_mount),
    OCI_COUNTED_OBJECTS(plan, "devices", devices, device_count, plan_device),
    OCI_COUNTED_OBJECTS(plan, "links", links, link_count, plan_link),
    OCI_FIELD(plan, "setupDev", setup_dev),
    OCI_COUNTED_OBJECTS(plan, "maskedPaths", masked, masked_count, plan_path),
    OCI_COUNTED_OBJECTS(plan, "readonlyPaths", readonly, readonly_count, plan_path),
    OCI_COUNTED_OBJECTS(plan, "sysctls", sysctls, sysctl_count, plan_sysctl),
    OCI_FIELD(plan, "hostname", hostname),
    OCI_FIELD(plan, "domainname", domainname),
    PART(plan, "intelRdt", rdt, plan_rdt),
    OCI_COUNTED_OBJECTS(plan, "netDevices", net_devices, net_device_count, plan_net_device),
    OCI_FIELD(plan, "loopbackUp", loopback_up),
    OCI_FIELD(plan, "mountLabel", mount_label),
    OCI_FIELD(plan, "newKeyring", new_keyring),
    POINTER(plan, "process", process, plan_process),
    POINTER(plan, "seccomp", seccomp, plan_seccomp),
    PART(plan, "hooks", hooks, plan_hooks),
    PART(plan, "keeper", keeper, plan_keeper),
    OCI_COUNTED_OBJECTS(plan, "annotations", annotations, annotation_count, plan_pair),
    OCI_FIELD(plan, "hookStdout", hook_stdout),
    OCI_FIELD(plan, "hookStderr", hook_stderr),
    OCI_FIELD(plan, "pidfdReceiver", pidfd_receiver),
    OCI_FIELD(plan, "audit", audit),
    STRINGS(plan, "warnings", warnings),
};
OCI_TYPE(plan);
