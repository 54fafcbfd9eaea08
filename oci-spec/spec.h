/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Linux part of OCI runtime-spec 1.3 as C types. oci-spec/fields.c maps every member to its
 * JSON name; nothing here is filled in by hand-written parsing code.
 *
 * Everything lives in the arena given to the reader. Absent objects are NULL, absent strings NULL,
 * absent lists empty, absent numbers have .set == false, absent enums are 0. The values of enums
 * are the kernel's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The newest runtime-spec that is implemented; what thole writes into documents of its own. */
#define OCI_SPEC_VERSION "1.3.0"

struct oci_int {
    bool set;
    int64_t value;
};
struct oci_uint {
    bool set;
    uint64_t value;
};
struct oci_bool {
    bool set;
    bool value;
};
/* @items is NULL-terminated behind @count, ready for execve(). @set: the list was in the JSON. */
struct oci_strings {
    char **items;
    size_t count;
    bool set;
};
struct oci_pair {
    char *key;
    char *value;
};
struct oci_pairs {
    struct oci_pair *items;
    size_t count;
};
#define OCI_LIST(type) \
    struct {           \
        type *items;   \
        size_t count;  \
        bool set;      \
    }

struct oci_root {
    char *path;
    bool readonly;
};

struct oci_id_mapping {
    uint32_t container_id;
    uint32_t host_id;
    uint32_t size;
};
typedef OCI_LIST(struct oci_id_mapping) oci_id_mappings;

struct oci_mount {
    char *destination;
    char *type;
    char *source;
    struct oci_strings options;
    oci_id_mappings uid_mappings;
    oci_id_mappings gid_mappings;
};
typedef OCI_LIST(struct oci_mount) oci_mounts;

struct oci_mount_list {
    oci_mounts mounts;
};

struct oci_console_size {
    struct oci_uint height;
    struct oci_uint width;
};

struct oci_user {
    uint32_t uid;
    uint32_t gid;
    struct oci_uint umask;
    OCI_LIST(uint32_t) additional_gids;
    char *username; /* Windows only in the spec; accepted and ignored */
};

struct oci_capabilities {
    struct oci_strings bounding;
    struct oci_strings effective;
    struct oci_strings inheritable;
    struct oci_strings permitted;
    struct oci_strings ambient;
};

struct oci_rlimit {
    int type; /* RLIMIT_* */
    uint64_t soft;
    uint64_t hard;
};

struct oci_scheduler {
    int policy; /* SCHED_* */
    struct oci_int nice;
    struct oci_int priority;
    struct oci_strings flags;
    struct oci_uint runtime; /* nanoseconds, as deadline and period */
    struct oci_uint deadline;
    struct oci_uint period;
};

struct oci_io_priority {
    int class; /* IOPRIO_CLASS_* */
    struct oci_int priority;
};

struct oci_cpu_affinity {
    char *initial;
    char *final;
};

struct oci_process {
    bool terminal;
    struct oci_console_size *console_size;
    char *cwd;
    struct oci_strings env;
    struct oci_strings args;
    char *command_line; /* Windows only; accepted and ignored */
    OCI_LIST(struct oci_rlimit) rlimits;
    char *apparmor_profile;
    struct oci_capabilities *capabilities;
    struct oci_bool no_new_privileges;
    struct oci_int oom_score_adj;
    struct oci_scheduler *scheduler;
    char *selinux_label;
    struct oci_io_priority *io_priority;
    struct oci_cpu_affinity *exec_cpu_affinity;
    struct oci_user *user;
};

struct oci_hook {
    char *path;
    struct oci_strings args;
    struct oci_strings env;
    struct oci_int timeout; /* seconds */
};
typedef OCI_LIST(struct oci_hook) oci_hook_list;

struct oci_hooks {
    oci_hook_list prestart;
    oci_hook_list create_runtime;
    oci_hook_list create_container;
    oci_hook_list start_container;
    oci_hook_list poststart;
    oci_hook_list poststop;
};

struct oci_namespace {
    int type; /* CLONE_NEW* */
    char *path;
};

struct oci_time_offset {
    struct oci_int secs;
    struct oci_uint nanosecs;
};
struct oci_time_offsets {
    struct oci_time_offset *monotonic;
    struct oci_time_offset *boottime;
};

struct oci_device {
    char *type; /* c, b, u or p */
    char *path;
    struct oci_int major;
    struct oci_int minor;
    struct oci_uint file_mode;
    struct oci_uint uid;
    struct oci_uint gid;
};

struct oci_net_device {
    char *key; /* name on the host */
    char *name;
};

struct oci_device_rule {
    bool allow;
    char *type; /* a, c or b; absent means a */
    struct oci_int major;
    struct oci_int minor;
    char *access;
};

struct oci_memory {
    struct oci_int limit;
    struct oci_int reservation;
    struct oci_int swap;
    struct oci_int kernel;
    struct oci_int kernel_tcp;
    struct oci_uint swappiness;
    struct oci_bool disable_oom_killer;
    struct oci_bool use_hierarchy;
    struct oci_bool check_before_update;
};

struct oci_cpu {
    struct oci_uint shares;
    struct oci_int quota;
    struct oci_uint burst;
    struct oci_uint period;
    struct oci_int realtime_runtime;
    struct oci_uint realtime_period;
    char *cpus;
    char *mems;
    struct oci_int idle;
};

struct oci_pids {
    struct oci_int limit;
};

struct oci_weight_device {
    int64_t major;
    int64_t minor;
    struct oci_uint weight;
    struct oci_uint leaf_weight;
};
struct oci_throttle_device {
    int64_t major;
    int64_t minor;
    uint64_t rate;
};
typedef OCI_LIST(struct oci_throttle_device) oci_throttle_devices;
struct oci_block_io {
    struct oci_uint weight;
    struct oci_uint leaf_weight;
    OCI_LIST(struct oci_weight_device) weight_device;
    oci_throttle_devices throttle_read_bps;
    oci_throttle_devices throttle_write_bps;
    oci_throttle_devices throttle_read_iops;
    oci_throttle_devices throttle_write_iops;
};

struct oci_hugepage_limit {
    char *page_size;
    uint64_t limit;
};

struct oci_interface_priority {
    char *name;
    uint32_t priority;
};
struct oci_network {
    struct oci_uint class_id;
    OCI_LIST(struct oci_interface_priority) priorities;
};

struct oci_rdma {
    char *key; /* device name */
    struct oci_uint hca_handles;
    struct oci_uint hca_objects;
};

struct oci_resources {
    OCI_LIST(struct oci_device_rule) devices;
    struct oci_memory *memory;
    struct oci_cpu *cpu;
    struct oci_pids *pids;
    struct oci_block_io *block_io;
    OCI_LIST(struct oci_hugepage_limit) hugepage_limits;
    struct oci_network *network;
    OCI_LIST(struct oci_rdma) rdma;
    struct oci_pairs unified;
};

struct oci_seccomp_argument {
    uint32_t index;
    uint64_t value;
    uint64_t value_two;
    int op; /* enum scmp_compare */
};
struct oci_seccomp_rule {
    struct oci_strings names;
    int action; /* SECCOMP_RET_* */
    struct oci_uint errno_ret;
    OCI_LIST(struct oci_seccomp_argument) args;
};
struct oci_seccomp {
    int default_action;
    struct oci_uint default_errno_ret;
    struct oci_strings flags;
    char *listener_path;
    char *listener_metadata;
    struct oci_strings architectures;
    OCI_LIST(struct oci_seccomp_rule) syscalls;
};

struct oci_intel_rdt {
    char *clos_id;
    struct oci_strings schemata;
    char *l3_cache_schema;
    char *mem_bw_schema;
    struct oci_bool enable_monitoring;
};

struct oci_personality {
    int domain; /* PER_* */
    struct oci_strings flags;
};

struct oci_memory_policy {
    int mode; /* MPOL_* */
    char *nodes;
    struct oci_strings flags;
};

struct oci_linux {
    oci_id_mappings uid_mappings;
    oci_id_mappings gid_mappings;
    struct oci_pairs sysctl;
    struct oci_resources *resources;
    char *cgroups_path;
    OCI_LIST(struct oci_namespace) namespaces;
    OCI_LIST(struct oci_device) devices;
    OCI_LIST(struct oci_net_device) net_devices;
    struct oci_seccomp *seccomp;
    int rootfs_propagation; /* MS_SHARED... with MS_REC for the r-forms */
    struct oci_strings masked_paths;
    struct oci_strings readonly_paths;
    char *mount_label;
    struct oci_intel_rdt *intel_rdt;
    struct oci_personality *personality;
    struct oci_time_offsets *time_offsets;
    struct oci_memory_policy *memory_policy;
};

struct oci_config {
    char *oci_version;
    char *misspelt; /* no member: "/processs: unknown member, ...", NULL: there is none */
    struct oci_root *root;
    struct oci_process *process;
    char *hostname;
    char *domainname;
    oci_mounts mounts;
    struct oci_hooks *hooks;
    struct oci_pairs annotations;
    struct oci_linux *linux;
};

/** The state document of runtime-spec "State", with the members runc and crun add. */
struct oci_state {
    char *oci_version;
    char *id;
    char *status;
    struct oci_int pid;
    char *bundle;
    char *rootfs;
    char *created;
    char *owner;
    struct oci_pairs annotations;
    char *systemd_scope;
    struct oci_int exit_status; /* thole's own: of a container whose keeper saw the end */
};

/** The document that goes with a seccomp notify fd: runtime-spec "Container Process State". */
struct oci_process_state {
    char *oci_version;
    struct oci_strings fds;
    struct oci_int pid;
    char *metadata;
    struct oci_state *state;
};

struct oci_features_flag {
    struct oci_bool enabled;
};
struct oci_features_cgroup {
    struct oci_bool v1;
    struct oci_bool v2;
    struct oci_bool systemd;
    struct oci_bool systemd_user;
    struct oci_bool rdma;
};
struct oci_features_seccomp {
    struct oci_bool enabled;
    struct oci_strings actions;
    struct oci_strings operators;
    struct oci_strings archs;
    struct oci_strings known_flags;
    struct oci_strings supported_flags;
};
struct oci_features_intel_rdt {
    struct oci_bool enabled;
    struct oci_bool schemata;
    struct oci_bool monitoring;
};
struct oci_features_memory_policy {
    struct oci_strings modes;
    struct oci_strings flags;
};
struct oci_features_mount_extensions {
    struct oci_features_flag *idmap;
};
struct oci_features_linux {
    struct oci_strings namespaces;
    struct oci_strings capabilities;
    struct oci_features_cgroup *cgroup;
    struct oci_features_seccomp *seccomp;
    struct oci_features_flag *apparmor;
    struct oci_features_flag *selinux;
    struct oci_features_intel_rdt *intel_rdt;
    struct oci_features_memory_policy *memory_policy;
    struct oci_features_mount_extensions *mount_extensions;
    struct oci_features_flag *net_devices;
};
struct oci_features {
    char *oci_version_min;
    char *oci_version_max;
    struct oci_strings hooks;
    struct oci_strings mount_options;
    struct oci_pairs annotations;
    struct oci_strings potentially_unsafe_config_annotations;
    struct oci_features_linux *linux;
};
