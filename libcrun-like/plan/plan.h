/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: everything a container needs, decided before anything is done. Pure data, immutable
 * once built, all of it in one arena. Later stages read it and only make system calls.
 *
 * `where` is the JSON pointer an entry came from ("" for defaults of the runtime). Strings are
 * never NULL unless said so. Lists of strings are NULL-terminated behind their count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct plan_strings {
    char *const *items;
    size_t count;
};

struct plan_pair {
    const char *key;
    const char *value; /* NULL: a flag */
};

/* ---- namespaces and id maps ---------------------------------------------------------------- */

enum { PLAN_NAMESPACE_KINDS = 8 }; /* at most one of each is made or joined */

struct plan_joined_namespace {
    unsigned long flag; /* one CLONE_NEW* */
    const char *path;
    const char *where;
};

struct plan_namespaces {
    unsigned long created; /* CLONE_NEW* flags of the namespaces made for this container */
    struct plan_joined_namespace *joined;
    size_t joined_count;
    const char *time_offsets; /* text for /proc/self/timens_offsets, or NULL */
};

/** Maps of one user namespace, in the kernel's text format ("0 100000 65536\n..."). */
struct plan_id_map {
    const char *uid_map;
    const char *gid_map;
};

struct plan_user_mapping {
    struct plan_id_map
        map;             /* of the namespace that is made, or has to be joined; NULL texts: any */
    bool deny_setgroups; /* "deny" has to be written before gid_map */
    bool use_newuidmap;  /* the runtime may not write the maps itself: newuidmap, newgidmap */
    uint32_t root_uid;   /* host ids of the container's root, (uint32_t)-1 if unmapped */
    uint32_t root_gid;
    const char *where;
};

/* ---- root and mounts ----------------------------------------------------------------------- */

/** How the container's mount namespace comes to hold its root filesystem and nothing of the host.
 */
enum plan_root_entry {
    PLAN_ROOT_PIVOT,   /* a copy of the host's mounts is left by pivot_root(2) at the end */
    PLAN_ROOT_EMPTIED, /* that copy is unmounted before anything is mounted: Linux 6.15 */
};

struct plan_rootfs {
    const char *source;        /* absolute path on the host */
    bool readonly;             /* applied last */
    unsigned long propagation; /* MS_* word for the container's "/", 0: MS_PRIVATE | MS_REC */
    bool no_pivot;             /* MS_MOVE and chroot instead of pivot_root */
    enum plan_root_entry entry;
    bool chroot_only; /* no mount namespace: chroot alone, there are no mounts */
    const char *where;
};

enum plan_mount_kind {
    PLAN_MOUNT_FILESYSTEM, /* fsopen, fsconfig, fsmount */
    PLAN_MOUNT_BIND,       /* open_tree of source */
    PLAN_MOUNT_INNER,      /* the same of a source inside the container's root */
    PLAN_MOUNT_REMOUNT,    /* attributes of what is mounted on target are changed */
    PLAN_MOUNT_SYMLINK,    /* target becomes a symbolic link to source (v1 cgroup controllers) */
};

struct plan_mount {
    enum plan_mount_kind kind;
    const char *type;   /* filesystem type, "" for binds */
    const char *source; /* absolute for binds; NULL if the filesystem has none */
    const char *target; /* absolute, inside the container */
    bool recursive;     /* rbind */
    /* MOUNT_ATTR_* (mount_setattr(2)). The atime field counts as one value: setting any of it has
     * all of MOUNT_ATTR__ATIME in clear. */
    uint64_t attributes_set;
    uint64_t attributes_clear;
    uint64_t recursive_set;
    uint64_t recursive_clear;
    unsigned long propagation;    /* MS_SHARED... with MS_REC for the r-forms, 0: none asked for */
    struct plan_pair *parameters; /* fsconfig(2): superblock flags and filesystem data, in order */
    size_t parameter_count;
    const struct plan_id_map *id_map; /* NULL: not id-mapped */
    bool id_map_container;            /* mapped as the container's own user namespace is */
    bool id_map_recursive;
    struct plan_strings ignored; /* options that mean nothing to the runtime */
    bool readonly_last;          /* becomes read-only when everything beneath is made */
    bool copy_up;                /* tmpcopyup: the tmpfs starts with what target held */
    bool copy_symlink;           /* a source that is a symbolic link is recreated, not mounted */
    bool source_nofollow;        /* the link itself is bound */
    bool destination_nofollow;
    bool optional;             /* a missing source is skipped (v1 controllers) */
    bool may_fail;             /* x-optional: skipped if it cannot be made, whatever the reason */
    bool loop;                 /* x-loop: source is an image, to be attached to a loop device */
    bool create_target;        /* x-create: then its mount point is made all the same */
    bool must_be_proc;         /* a bind on /proc: refused unless source is a procfs */
    const char *bind_on_eperm; /* bound read-only when the kernel refuses the filesystem, or NULL:
                                  sysfs and mqueue need a namespace owned by the user namespace */
    const char *where;
};

struct plan_device {
    const char *path;
    char type; /* c, b or p */
    uint32_t major;
    uint32_t minor;
    mode_t mode;  /* permission bits */
    uint32_t uid; /* container ids */
    uint32_t gid;
    bool mode_given; /* set on a node that exists, too; what is not given is left alone there */
    bool owner_given;
    bool bind;          /* a node of outside is bound: mknod is refused in a user namespace */
    bool lent;          /* the runtime makes that node, else it is the host's own */
    const char *source; /* the host's node */
    uint32_t host_uid;  /* what the ids are outside, where lent */
    uint32_t host_gid;
    const char *where;
};

struct plan_link {
    const char *path;
    const char *target;
};

struct plan_path {
    const char *path;
    const char *where;
};

struct plan_sysctl {
    const char *file; /* beneath /proc/sys: "net/ipv4/ip_forward" */
    const char *value;
    const char *where;
};

/* ---- the process --------------------------------------------------------------------------- */

struct plan_capabilities {
    uint64_t bounding;
    uint64_t effective;
    uint64_t inheritable;
    uint64_t permitted;
    uint64_t ambient;
};

struct plan_rlimit {
    int resource;
    uint64_t soft;
    uint64_t hard;
    const char *where;
};

struct plan_scheduler {
    bool set;
    uint32_t policy; /* SCHED_* */
    int32_t nice;
    uint32_t priority;
    uint64_t flags;   /* SCHED_FLAG_* */
    uint64_t runtime; /* nanoseconds */
    uint64_t deadline;
    uint64_t period;
};

struct plan_memory_policy {
    bool set;
    int mode;          /* MPOL_* with MPOL_F_* or'ed in */
    const char *nodes; /* list format "0-3,7", may be "" */
};

struct plan_process {
    struct plan_strings args;
    const char *init;        /* a program of the host that runs them as its child, NULL: none */
    bool init_waits;         /* for all processes, not for that child alone */
    struct plan_strings env; /* complete but for HOME when set_home is true */
    bool set_home;           /* HOME is missing: taken from the container's passwd at apply time */
    const char *cwd;
    bool terminal;
    uint32_t console_rows; /* 0: not given; 16 bits each */
    uint32_t console_columns;
    uint32_t uid; /* container ids */
    uint32_t gid;
    const uint32_t *groups;
    size_t group_count;
    bool set_groups; /* false: setgroups() is impossible or must be left alone */
    bool umask_set;
    mode_t umask; /* 0022 where the configuration has none */
    struct plan_capabilities capabilities;
    bool no_new_privileges;
    struct plan_rlimit *rlimits;
    size_t rlimit_count;
    bool oom_score_set;
    int oom_score_adj;
    bool unprivileged; /* the runtime is not the host's root: it may do no more than the process */
    struct plan_scheduler scheduler;
    int io_priority;           /* word for ioprio_set(2), -1: not given */
    const char *cpu_initial;   /* exec: CPU list before the cgroup is joined, NULL: not given */
    const char *cpu_final;     /* exec: CPU list afterwards */
    unsigned long personality; /* PER_*, (unsigned long)-1: leave it */
    struct plan_memory_policy memory_policy;
    uint64_t default_signals;  /* the runtime ignores them, bit n - 1 = signal n: SIG_DFL again */
    const char *apparmor;      /* profile for the next exec, NULL: none */
    const char *selinux;       /* exec label, NULL: none */
    const char *where;         /* "/process" or "" for a process file */
    const char *program_where; /* of args[0]; "" if the command line has it */
    struct plan_strings warnings; /* in a plan they are among plan.warnings, too */
};

/* ---- seccomp ------------------------------------------------------------------------------- */

struct plan_seccomp_argument {
    uint32_t index;
    uint64_t value;
    uint64_t value_two;
    int op; /* enum scmp_compare */
};

struct plan_seccomp_rule {
    struct plan_strings names;
    int action; /* SECCOMP_RET_* */
    uint32_t errno_ret;
    struct plan_seccomp_argument *arguments;
    size_t argument_count;
    const char *where;
};

struct plan_seccomp {
    int default_action;
    uint32_t default_errno_ret;
    struct plan_strings architectures; /* SCMP_ARCH_*, the native one included by the compiler */
    uint64_t flags;                    /* SECCOMP_FILTER_FLAG_* that are asked for */
    struct plan_seccomp_rule *rules;
    size_t rule_count;
    bool notifies; /* some action is SCMP_ACT_NOTIFY: a listener fd is made */
    bool fail_unknown_syscall;
    const char *raw_filter; /* base64 of struct sock_filter[], replaces the rules; or NULL */
    const char *listener_path;
    const char *listener_metadata; /* NULL: none */
    const char *where;
};

/* ---- cgroup -------------------------------------------------------------------------------- */

enum plan_cgroup_manager {
    PLAN_CGROUP_FILES,    /* cgroupfs */
    PLAN_CGROUP_SYSTEMD,  /* transient scope over D-Bus */
    PLAN_CGROUP_DISABLED, /* the container stays where the runtime is */
};

/** The container's directory in one hierarchy. */
struct plan_cgroup_directory {
    bool unified;
    const char *controllers; /* as struct host_hierarchy */
    const char *mountpoint;
    const char *path; /* beneath mountpoint, absolute: "/machine/web1" */
};

#define PLAN_UNLIMITED UINT64_MAX

/** One value to write: resources are nothing but a list of these. */
struct plan_cgroup_write {
    size_t directory; /* index into plan_cgroup.directories */
    const char *file; /* "memory.max" */
    const char *value;
    bool is_number;  /* @value is one number, or that and a period */
    uint64_t number; /* PLAN_UNLIMITED: none of the kernel's limits */
    uint64_t period; /* of the quota in cpu.max, microseconds; else 0 */
    bool optional;   /* a file that does not exist is skipped (rsvd, swap without accounting) */
    bool retry;      /* EINVAL now may pass after the other writes (cfs period and quota) */
    const char *fallback_file; /* written instead where file does not exist (io.weight for
                                  io.bfq.weight), or NULL */
    const char *fallback_value;
    const char *usage_file; /* refused while the number in this file is above value, or NULL:
                               memory.checkBeforeUpdate */
    const char *where;
};

/** A device rule in order; the last match wins, nothing matching means denied. */
struct plan_device_rule {
    bool allow;
    char type;     /* a, c or b */
    int64_t major; /* -1: any */
    int64_t minor;
    unsigned access; /* bits 1 mknod (m), 2 read (r), 4 write (w): BPF_DEVCG_ACC_* */
    const char *where;
};

/** One property of a systemd unit, its value as D-Bus has it. */
struct plan_systemd_property {
    const char *name;
    const char *type;            /* b, i, u, x, t, s, as, ay or a(ss) */
    uint64_t number;             /* b, i, u, x, t: sign-extended */
    struct plan_strings strings; /* s: one; as; a(ss): each pair one after the other */
    const uint8_t *bytes;        /* ay */
    size_t byte_count;
    bool optional; /* the value is written to cgroup files, too: an old systemd may do without */
    const char *where;
};

struct plan_cgroup {
    enum plan_cgroup_manager manager;
    struct plan_cgroup_directory *directories;
    size_t directory_count;
    struct plan_cgroup_write *writes;
    size_t write_count;
    struct plan_device_rule *device_rules; /* defaults appended; count 0: leave devices alone */
    size_t device_rule_count;
    bool best_effort; /* rootless without path and limits: failing to create it is no error */
    /* v2: a path beneath the directory that holds the container and takes no limits, NULL: none */
    const char *delegated;
    bool
        delegate; /* the directory, or @delegated in it, is given to a user of the container (v2) */
    uint32_t delegate_uid;     /* host id */
    const char *systemd_slice; /* for PLAN_CGROUP_SYSTEMD, NULL else */
    const char *systemd_scope;
    bool systemd_user; /* the unit belongs to the user's own systemd */
    struct plan_systemd_property *systemd_properties;
    size_t systemd_property_count;
    const char *where;
};

/* ---- hooks and the rest -------------------------------------------------------------------- */

enum plan_hook_stage {
    PLAN_HOOK_PRESTART,
    PLAN_HOOK_CREATE_RUNTIME,
    PLAN_HOOK_CREATE_CONTAINER,
    PLAN_HOOK_START_CONTAINER,
    PLAN_HOOK_POSTSTART,
    PLAN_HOOK_POSTSTOP,
    PLAN_HOOK_STAGES,
};

/** "prestart", "createRuntime", ... */
const char *plan_hook_stage_name(enum plan_hook_stage stage);

struct plan_hook {
    const char *path;
    struct plan_strings args; /* never empty: args[0] is the path where the config has none */
    struct plan_strings env;
    bool inherit_env; /* the config has no env member */
    int timeout;      /* seconds, 0: none */
    const char *where;
};

struct plan_hooks {
    struct plan_hook *items;
    size_t count;
};

enum { PLAN_TERMINALS_MAX = 255 };

/** What is asked of the process that keeps the container, if there is one. */
struct plan_keeper {
    uint32_t consoles;             /* /dev/tty1 ... besides the console */
    bool console_is_tty1;          /* they begin with /dev/tty2 */
    const char *console_directory; /* beneath /dev, where they lie; NULL: /dev */
    uint64_t restart;              /* THOLE_RESTART_* */
    uint32_t restart_limit;
    uint32_t restart_delay; /* milliseconds, 0: growing */
    const char *where;      /* NULL: nothing is asked */
};

struct plan_net_device {
    const char *host_name;
    const char *name; /* may hold %d */
    const char *where;
};

struct plan_rdt {
    bool set;
    const char *clos_id; /* NULL: a group named after the container */
    struct plan_strings schemata;
    bool monitoring;
    const char *mountpoint;
};

struct plan {
    const char *id;
    const char *bundle;
    const char *oci_version;
    struct plan_namespaces namespaces;
    struct plan_user_mapping user;
    struct plan_cgroup cgroup;
    struct plan_rootfs rootfs;
    struct plan_mount *mounts;
    size_t mount_count;
    struct plan_device *devices;
    size_t device_count;
    struct plan_link *links;
    size_t link_count;
    bool setup_dev; /* false: /dev is bound from elsewhere, no default nodes and links */
    struct plan_path *masked;
    size_t masked_count;
    struct plan_path *readonly;
    size_t readonly_count;
    struct plan_sysctl *sysctls;
    size_t sysctl_count;
    const char *hostname; /* NULL: leave it */
    const char *domainname;
    struct plan_rdt rdt;
    struct plan_net_device *net_devices;
    size_t net_device_count;
    bool loopback_up;        /* a network namespace is created */
    const char *mount_label; /* SELinux label for mounts, NULL: none */
    bool new_keyring;
    struct plan_process *process; /* NULL: the config has none; such a container cannot start */
    struct plan_seccomp *seccomp; /* NULL: none */
    struct plan_hooks hooks[PLAN_HOOK_STAGES];
    struct plan_keeper keeper;
    struct plan_pair *annotations;
    size_t annotation_count;
    const char *hook_stdout; /* run.oci.hooks.stdout, NULL: none */
    const char *hook_stderr;
    const char *pidfd_receiver;   /* run.oci.pidfd_receiver, NULL: none */
    const char *audit;            /* records for the audit log: "on" or "must"; NULL: none */
    struct plan_strings warnings; /* what the spec says to warn about */
};

/** True if there is a hook in one of the stages from @first to @last. */
bool plan_has_hooks(const struct plan *plan, enum plan_hook_stage first, enum plan_hook_stage last);

/** True if the container gets (creates or joins) its own namespace of the CLONE_NEW* kind. */
bool plan_has_namespace(const struct plan *plan, unsigned long flag);

/** "lxc", "lxc/ttys": a path that stays beneath /dev. */
bool plan_is_terminal_directory(const char *name);

/** The last write of a number to @file, or NULL. */
const struct plan_cgroup_write *plan_find_limit(const struct plan_cgroup *cgroup, const char *file);
