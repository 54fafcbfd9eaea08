/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libthole: run OCI containers. The one public header; the thole commands and the LXC frontend are
 * written against nothing else.
 *
 * Functions return 0 (or a value >= 0) on success and -1 with @err filled in otherwise. Nothing is
 * printed; warnings and debug lines go to thole_context.log. Strings returned through ret_ are
 * malloc'ed and owned by the caller.
 *
 * Structs that a caller fills in are initialised by name ("= {.id = ...}"), so that what is not
 * named is zero: the defaults. They end with reserved members, which later versions give names:
 * sizes stay, a program goes on with a newer library, and an older library refuses what it does not
 * know. Structs that thole returns are never copied by value: they grow at their end.
 *
 * What is not confined to the call, and what threads have to know:
 * - thole_create(), thole_run() and thole_exec() make the process undumpable (prctl(2),
 *   PR_SET_DUMPABLE): a container that shares the caller's pid namespace and user could otherwise
 *   look into it. thole_run() also makes it a subreaper, unless told not to.
 * - They start processes that go on in a copy of this one's memory without pthread_atfork(3). Call
 *   them while no other thread is in the C library: best from a process with one thread.
 * - A process that they start is killed when the thread that called ends before the call returns.
 * - In the foreground thole_run(), thole_exec() and thole_attach() block signals in the calling
 *   thread, make its terminal raw, and wait for children; both is put back at the end.
 * - thole_create() and thole_run() with attachable change the umask of the process for a moment.
 * - What keeps an attachable container calls thole_context.log, where no descriptor but 0 to 2 is
 *   open, and those are /dev/null: a log file is best opened for each line.
 * - Interfaces of a network namespace are moved by the calling thread, which visits it for that.
 * - The current directory, the environment and signal handlers stay what they are. All other
 *   functions may be called from any thread at any time; containers are locked against each other.
 */
#ifndef THOLE_H
#define THOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/types.h"

#define THOLE_PUBLIC __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/** Members to come; NULL all of them. */
enum { THOLE_RESERVED = 8 };

/** Writes "where: text: strerror(code)" to @buffer, cut to @size; returns @buffer. */
THOLE_PUBLIC char *thole_error_format(const struct thole_error *err, char *buffer, size_t size);

enum thole_cgroup_manager {
    THOLE_CGROUP_FILES,
    THOLE_CGROUP_SYSTEMD,
    THOLE_CGROUP_DISABLED,
};

/** What all calls have in common. */
struct thole_context {
    const char *root; /* state directory; NULL: thole_default_root() */
    enum thole_cgroup_manager cgroup_manager;
    bool ignore_cgroup_permissions; /* --rootless=true */
    enum thole_audit audit;         /* records for the kernel's audit log */
    struct thole_log log;
    struct phases *phases; /* the thole command's own clock; NULL for everybody else */
    void *reserved[THOLE_RESERVED];
};

/**
 * "/run/thole", or $XDG_RUNTIME_DIR/thole for an ordinary user and for uid 0 of a user namespace
 * whose USER is not root (malloc'ed); an ordinary user without that variable has
 * /run/user/UID/thole or /tmp/thole-UID/thole. NULL: that cannot be told.
 */
THOLE_PUBLIC char *thole_default_root(void);

/** The init that comes with thole, or THOLE_INIT of the environment; borrowed. */
THOLE_PUBLIC const char *thole_default_init(void);

struct thole_create_request {
    const char *id;
    const char *bundle; /* NULL: the current directory */
    const char *config; /* NULL: config.json in the bundle; relative to the current directory */
    const char *config_text; /* the text of a config.json, which is then read from nowhere */
    const char *console_socket;
    const char *pid_file;
    const char *pidfd_socket;
    unsigned preserve_fds;      /* fds 3 + listen_fds ... are passed on */
    unsigned listen_fds;        /* LISTEN_FDS, already checked against LISTEN_PID */
    const char *listen_fdnames; /* LISTEN_FDNAMES */
    const char *notify_socket;  /* NOTIFY_SOCKET */
    bool no_pivot;
    bool no_new_keyring;
    bool raw;         /* detached: hand the caller's terminal over, even if it can be typed into */
    const char *init; /* a static program of the host that runs the container's as its child, as
                         "INIT -- PROGRAM ...": thole_default_init(); NULL: none */
    bool init_waits;  /* thole's init ends with the last process, not with the program */
    void *reserved[THOLE_RESERVED];
};

/** Everything up to the start of the user's program (runtime-spec "Create"). */
THOLE_PUBLIC int thole_create(const struct thole_context *context,
                              const struct thole_create_request *request, struct thole_error *err);

/** Starts the program of a created container; its execve failure is this call's error. */
THOLE_PUBLIC int thole_start(const struct thole_context *context, const char *id,
                             const char *notify_socket, struct thole_error *err);

/** What the relay between a pty and the caller's terminal does besides carrying bytes. */
struct thole_terminal_options {
    const char *detach_keys; /* "ctrl-p,ctrl-q"; NULL: none; they count when typed on a terminal */
    bool detach_doubled;     /* the first of them typed twice is that key itself, once */
    const char *log_file;    /* everything the pty says is appended here; NULL: nowhere */
    const char *record_file; /* the same as an asciicast v2 recording, replacing the file */
    void *reserved[THOLE_RESERVED];
};

/** A program that is run beside a container. Its size is fixed. */
struct thole_program {
    char *const *args; /* NULL-terminated; the first one is an absolute path */
    char *const *env;  /* NULL-terminated, all of its environment */
    unsigned timeout;  /* seconds until it is killed, 0: none */
};

/**
 * What the keeper of an attachable container does besides holding its console. Where consoles,
 * console_directory, restart or restart_delay is 0, the annotation of that name counts
 * (docs/annotations.md).
 */
struct thole_monitor {
    unsigned consoles; /* /dev/tty1 ... besides the console */
    const char
        *console_directory;    /* "lxc": they lie in /dev/lxc, with links in /dev; NULL: in /dev */
    uint64_t console_buffer;   /* bytes of the last output that a viewer gets, 0: 256 kB */
    const char *console_log;   /* everything the console says is appended here, NULL: nowhere */
    uint64_t console_log_size; /* bytes after which that begins anew, 0: never */
    bool console_log_rotate;   /* what there was is kept as FILE.1 */
    uint64_t log_size; /* bytes that thole_logs() has of what the console said last, at least 16384;
                          0: none */
    unsigned restart;  /* THOLE_RESTART_*, or'ed */
    unsigned restart_limit; /* times that a failed container is started again, 0: without limit */
    unsigned restart_delay; /* milliseconds before that, but for a reboot; 0: from 100 on, doubled
                               with each end that comes soon */
    int death_signal;       /* what init gets if the monitor dies, 0: nothing */
    bool remove;            /* the container is deleted at its end */
    const struct thole_program
        *stop; /* run when init has ended, and its namespaces are still there */
    size_t stop_count;
    const struct thole_program *end; /* run when all is over and removed */
    size_t end_count;
    void *reserved[THOLE_RESERVED];
};

struct thole_run_request {
    struct thole_create_request create;
    bool detach;
    bool attachable; /* a keeper process holds the console for thole_attach() */
    bool keep;       /* in the foreground: do not delete it at the end */
    bool subreaper;  /* in the foreground: become the reaper of orphans, and stay it */
    struct thole_terminal_options terminal_options;
    const struct thole_monitor *monitor; /* with attachable: what else the keeper does, or NULL */
    void *reserved[THOLE_RESERVED];
};

/**
 * create and start; in the foreground also waits, forwarding signals and the terminal, and deletes.
 * @ret_status is the program's exit code or 128 + signal, 0 when detached.
 */
THOLE_PUBLIC int thole_run(const struct thole_context *context,
                           const struct thole_run_request *request, int *ret_status,
                           struct thole_error *err);

/** Confinements of the container that an exec leaves out, to keep the caller's own. */
enum thole_keep {
    THOLE_KEEP_CGROUP = 1,       /* it stays in the caller's cgroups */
    THOLE_KEEP_CAPABILITIES = 2, /* capability sets and bounding set; no_new_privs is not set */
    THOLE_KEEP_LSM = 4,          /* AppArmor or SELinux label, and no seccomp filter is loaded */
    THOLE_KEEP_ALL = 7,
};

/** One more process for a running container: the request of exec and of everything like it. */
struct thole_exec_request {
    const char *id;
    const char *process_file; /* process.json, or NULL: args below */
    char *const *args;        /* NULL-terminated; none without process_file: the user's shell */
    const char *cwd;
    bool cwd_or_root; /* where @cwd cannot be entered, / will do */
    char *const *env; /* NULL-terminated K=V over the container's, or NULL */
    bool clear_env;   /* the container's own environment is left out */
    const char *user; /* uid[:gid] or name[:group], looked up inside the container */
    bool user_groups; /* with the groups that @user has in the container's group(5), no others */
    const unsigned long *personality; /* PER_*, see personality(2); NULL: the container's */
    char *const *capabilities;
    const uint32_t *additional_gids;
    size_t additional_gid_count;
    unsigned long namespaces; /* CLONE_NEW* to join of those the container has, 0: all */
    unsigned keep;            /* THOLE_KEEP_* */
    bool remount_sys_proc;    /* without its mounts: fresh /proc and /sys of the namespaces */
    bool terminal;
    bool detach;
    bool no_new_privileges;
    bool ignore_paused;
    bool raw;   /* hand the caller's own terminal in, where nothing can be typed into it ... */
    bool force; /* ... or where it can */
    const char *term; /* TERM of the caller's terminal, for a new pty; NULL: the container's */
    struct thole_terminal_options terminal_options;
    const char *selinux;
    const char *apparmor;
    const char *cgroup; /* beneath the container's cgroup */
    const char *console_socket;
    const char *pid_file;
    const char *pidfd_socket;
    unsigned preserve_fds;
    unsigned listen_fds;
    void *reserved[THOLE_RESERVED];
};

/**
 * Runs one more program in a running container. @ret_status as thole_run(). The program never holds
 * the caller's terminal: each of fds 0 to 2 that is one becomes a new pty instead, or /dev/null
 * when it is detached: then the caller has to wait(2) for it, as its parent, or init cannot end
 * either (pid_namespaces(7)). docs/attach.md has the whole story.
 */
THOLE_PUBLIC int thole_exec(const struct thole_context *context,
                            const struct thole_exec_request *request, int *ret_status,
                            struct thole_error *err);

/** "mnt|pid", "MOUNT|PID" (as lxc-attach has it) -> CLONE_NEW* bits, or -1. */
THOLE_PUBLIC int thole_namespaces_parse(const char *words, unsigned long *ret_flags,
                                        struct thole_error *err);

/** "cgroup|lsm", "all" -> THOLE_KEEP_* bits, or -1. */
THOLE_PUBLIC int thole_keep_parse(const char *words, unsigned *ret_keep, struct thole_error *err);

struct thole_attach_request {
    const char *id;
    bool no_stdin; /* only look on */
    int console;   /* 0: the console, N: terminal N, -1: the first terminal in nobody's use */
    void (*connected)(void *userdata, int console); /* told before the first byte; or NULL */
    void *userdata;
    struct thole_terminal_options terminal_options;
    void *reserved[THOLE_RESERVED];
};

/**
 * Connects the caller's terminal, or its fds 0 to 2, with the console of a container started by
 * run with attachable. Returns when the container ends, with @ret_status as thole_run(), or when
 * the detach keys are typed: then it is 0.
 */
THOLE_PUBLIC int thole_attach(const struct thole_context *context,
                              const struct thole_attach_request *request, int *ret_status,
                              struct thole_error *err);

/** A piece of what a container said, valid during the call that tells it. Its size is fixed. */
struct thole_output {
    const char *time; /* when its keeper read it: RFC 3339, UTC, nanoseconds */
    int stream;       /* 1: standard output, or a terminal; 2: standard error */
    const char *bytes;
    size_t length;
    bool begins; /* a line of this stream */
    bool ends;   /* it: a line break followed, which is not among @bytes */
};

struct thole_logs_request {
    const char *id;
    bool follow;       /* go on until the keeper has nothing more to keep */
    bool last;         /* only the last ... */
    uint64_t lines;    /* ... of these, whole lines of both streams */
    const char *since; /* only what is not older: such a time as thole_output has; or NULL */
    /** A negative result ends it all without an error. */
    int (*write)(void *userdata, const struct thole_output *output);
    void *userdata;
    void *reserved[THOLE_RESERVED];
};

/**
 * Tells what the keeper of an attachable container (thole_monitor.log_size) has kept of what its
 * console said, oldest first, while it runs and until it is deleted.
 */
THOLE_PUBLIC int thole_logs(const struct thole_context *context,
                            const struct thole_logs_request *request, struct thole_error *err);

/** What checkpoints and restorations ask of CRIU (criu(8)) alike. */
struct thole_criu_options {
    const char *image_path;     /* directory of the images, NULL: "checkpoint" */
    const char *work_path;      /* directory of CRIU's log and statistics, NULL: @image_path */
    const char *parent_path;    /* images of a former checkpoint or pre-dump, relative to these */
    const char *manage_cgroups; /* "soft" (NULL), "full", "strict", "ignore", "props" or "none" */
    const char *network_lock;   /* "iptables", "nftables" or "skip"; NULL: as CRIU likes */
    const char *page_server;    /* "ADDRESS:PORT" that memory goes to, NULL: into the images */
    unsigned status_fd; /* a byte is written to it when lazy pages can be asked for, 0: none */
    unsigned long empty_namespaces; /* CLONE_NEWNET: what is in it is neither saved nor restored */
    const char *lsm_profile;       /* "apparmor:PROFILE" or "selinux:LABEL" in place of the saved */
    const char *lsm_mount_context; /* in place of the saved one */
    bool tcp_established;
    bool tcp_close; /* connections are closed after a restoration */
    bool tcp_skip_in_flight;
    bool ext_unix_sk; /* sockets with a peer outside are allowed */
    bool shell_job;   /* the container is in a session of the caller */
    bool file_locks;
    bool link_remap; /* files without a name get one */
    bool auto_dedup;
    bool lazy_pages;
    void *reserved[THOLE_RESERVED];
};

struct thole_checkpoint_request {
    const char *id;
    struct thole_criu_options options;
    bool leave_running;
    bool pre_dump; /* only memory, for a later checkpoint with this one as parent; it runs on */
    void *reserved[THOLE_RESERVED];
};

/**
 * Has CRIU write the processes of a running container to disk. Unless they are to go on, they are
 * gone then, and the container is deleted: thole_restore() makes it again. For root only.
 */
THOLE_PUBLIC int thole_checkpoint(const struct thole_context *context,
                                  const struct thole_checkpoint_request *request,
                                  struct thole_error *err);

struct thole_restore_request {
    struct thole_run_request run; /* of it: detach, keep, subreaper, terminal_options; of create:
                                   * id, bundle, config, console_socket, pid_file, pidfd_socket */
    struct thole_criu_options options;
    void *reserved[THOLE_RESERVED];
};

/**
 * Makes a container of a bundle whose processes go on as they were at a checkpoint; otherwise as
 * thole_run(). For root only.
 */
THOLE_PUBLIC int thole_restore(const struct thole_context *context,
                               const struct thole_restore_request *request, int *ret_status,
                               struct thole_error *err);

/** Sends @signal to init, or to every process of the container with @all. */
THOLE_PUBLIC int thole_kill(const struct thole_context *context, const char *id, int signal,
                            bool all, struct thole_error *err);

/** Removes a stopped or merely created container; with @force also kills. Unknown + force: 0. */
THOLE_PUBLIC int thole_delete(const struct thole_context *context, const char *id, bool force,
                              struct thole_error *err);

THOLE_PUBLIC int thole_pause(const struct thole_context *context, const char *id,
                             struct thole_error *err);
THOLE_PUBLIC int thole_resume(const struct thole_context *context, const char *id,
                              struct thole_error *err);

enum thole_status {
    THOLE_STATUS_CREATING,
    THOLE_STATUS_CREATED,
    THOLE_STATUS_RUNNING,
    THOLE_STATUS_PAUSED,
    THOLE_STATUS_STOPPED,
    THOLE_STATUS_UNKNOWN, /* only in lists: its record or its init cannot be read */
};
/** "creating", "created", "running", "paused", "stopped", "unknown". */
THOLE_PUBLIC const char *thole_status_name(enum thole_status status);

/** Its size is fixed. */
struct thole_annotation {
    char *key;
    char *value;
};

/** One container as it is now. Released with thole_state_free(). */
struct thole_state {
    char *oci_version;
    char *id;
    pid_t pid; /* 0 when stopped */
    enum thole_status status;
    char *bundle;
    char *rootfs;
    char *created; /* RFC 3339, UTC, nanoseconds */
    uint32_t owner;
    struct thole_annotation *annotations;
    size_t annotation_count;
    char *systemd_scope; /* NULL: none */
    pid_t keeper;        /* process that holds its console, 0: there is none (any more) */
    bool exited;         /* its keeper saw how it ended ... */
    int exit_status;     /* ... and this is how: the exit code, or 128 + signal */
};

THOLE_PUBLIC int thole_state(const struct thole_context *context, const char *id,
                             struct thole_state **ret_state, struct thole_error *err);
THOLE_PUBLIC void thole_state_free(struct thole_state *state);
/** The JSON document of runtime-spec "State", with the members runc adds. */
THOLE_PUBLIC char *thole_state_json(const struct thole_state *state);

/** All containers, sorted by id; entries that vanish meanwhile are left out. malloc'ed array. */
THOLE_PUBLIC int thole_list(const struct thole_context *context, struct thole_state ***ret_states,
                            size_t *ret_count, struct thole_error *err);

/** Pids of a container's processes as the caller sees them; malloc'ed. */
THOLE_PUBLIC int thole_pids(const struct thole_context *context, const char *id, pid_t **ret_pids,
                            size_t *ret_count, struct thole_error *err);

/** What the kernel counts for a running container: runc's "stats" event as JSON on one line. */
THOLE_PUBLIC int thole_stats(const struct thole_context *context, const char *id, char **ret_json,
                             struct thole_error *err);

/** A number that no file of the container's cgroups tells. */
#define THOLE_USAGE_UNKNOWN UINT64_MAX

/** What a container uses: the numbers of thole_stats() that tables show. Its size is fixed. */
struct thole_usage {
    uint64_t cpu; /* nanoseconds */
    uint64_t cpu_system;
    uint64_t cpu_user;
    uint64_t memory; /* bytes */
    uint64_t swap;
    uint64_t kernel_memory;
    uint64_t io_read; /* bytes of block devices */
    uint64_t io_written;
    uint64_t io_operations;
};

THOLE_PUBLIC int thole_usage(const struct thole_context *context, const char *id,
                             struct thole_usage *ret_usage, struct thole_error *err);

/**
 * Reads "memory.max" or any other file of the container's cgroup: in the v1 hierarchy of the
 * controller that its name begins with, else in the unified one. @ret_text is malloc'ed.
 */
THOLE_PUBLIC int thole_cgroup_read(const struct thole_context *context, const char *id,
                                   const char *file, char **ret_text, struct thole_error *err);

/** Writes @value to such a file, in one go. */
THOLE_PUBLIC int thole_cgroup_write(const struct thole_context *context, const char *id,
                                    const char *file, const char *value, struct thole_error *err);

/** Takes each event as JSON on one line; a negative result ends the stream without an error. */
struct thole_event_sink {
    int (*write)(void *userdata, const char *json);
    void *userdata;
    void *reserved[THOLE_RESERVED];
};

/**
 * Gives @sink a "stats" event every @interval milliseconds and an "oom" event whenever the
 * container runs out of memory. Returns 0 when the container has stopped.
 */
THOLE_PUBLIC int thole_events(const struct thole_context *context, const char *id,
                              unsigned interval, const struct thole_event_sink *sink,
                              struct thole_error *err);

/** A state root of this machine. Its size is fixed. */
struct thole_root {
    char *path;
    const char *origin; /* "thole", "lxc", "configured", "docker", "containerd"; static storage */
};

/**
 * The state roots that exist: the caller's thole_default_root(), those of the lxc-* commands
 * (beneath /run/thole-lxc), those in /etc/thole/roots (a path a line), and those that Docker and
 * containerd give to runtimes. malloc'ed; release with thole_roots_free().
 */
THOLE_PUBLIC int thole_roots(struct thole_root **ret_roots, size_t *ret_count,
                             struct thole_error *err);
THOLE_PUBLIC void thole_roots_free(struct thole_root *roots, size_t count);

/**
 * What happens to a container, from "starting" to "stopped", when its record is gone. The way back
 * from "frozen" is "thawed", "running"; a start that fails is "aborting", "stopping", "stopped".
 */
enum thole_change {
    THOLE_CHANGE_STOPPED,
    THOLE_CHANGE_STARTING,
    THOLE_CHANGE_RUNNING,
    THOLE_CHANGE_EXITED,
    THOLE_CHANGE_STOPPING,
    THOLE_CHANGE_ABORTING,
    THOLE_CHANGE_FREEZING,
    THOLE_CHANGE_FROZEN,
    THOLE_CHANGE_THAWED,
};
/** "stopped", "starting", "running", ... */
THOLE_PUBLIC const char *thole_change_name(enum thole_change change);

/** One change of one container, valid during the call that tells it. */
struct thole_watch_event {
    const char *root;
    const char *id;
    enum thole_change change;
    int status; /* of THOLE_CHANGE_EXITED: as thole_run(), -1: nobody knows it */
};

/** Whose changes are told, and to whom. */
struct thole_watch_request {
    char *const *roots; /* NULL: the state roots of thole_roots(), and those that come */
    size_t root_count;
    const char *id; /* NULL: all containers */
    int timeout;    /* milliseconds, -1: none */
    /** Called once, when changes are seen from then on, and none has been told; may be NULL. */
    int (*ready)(void *userdata);
    int (*changed)(void *userdata, const struct thole_watch_event *event);
    void *userdata;
    void *reserved[THOLE_RESERVED];
};

/**
 * Tells what happens to containers from now on, without a daemon: everything that it needs is in
 * the calling process. A negative result of @ready or @changed ends it with 0; 1: the time is up.
 */
THOLE_PUBLIC int thole_watch(const struct thole_watch_request *request, struct thole_error *err);

/** What an update changes. */
struct thole_update {
    const char *resources;       /* linux.resources as JSON */
    const char *l3_cache_schema; /* lines for resctrl's schemata, NULL: as they are */
    const char *mem_bw_schema;
    bool devices_on_top; /* device rules come behind those that hold: of the last update without
                          * this flag, or the configuration, and of later updates with it */
    void *reserved[THOLE_RESERVED];
};

/** Applies @update; all or nothing. */
THOLE_PUBLIC int thole_update(const struct thole_context *context, const char *id,
                              const struct thole_update *update, struct thole_error *err);

/**
 * Makes @mounts, a JSON list as in a configuration's /mounts, in a container that runs: all of them
 * or, after an error, none. Binds, tmpfs and what else names no files of the host. They are gone
 * when the container is started anew.
 */
THOLE_PUBLIC int thole_mounts_add(const struct thole_context *context, const char *id,
                                  const char *mounts, struct thole_error *err);

/** Takes away what is mounted on the destinations of @mounts, of which no other member counts. The
 * last one goes first; after an error the rest stays. */
THOLE_PUBLIC int thole_mounts_remove(const struct thole_context *context, const char *id,
                                     const char *mounts, struct thole_error *err);

/** The plan of a bundle without doing anything; @facts_file NULL: this host. */
THOLE_PUBLIC int thole_plan(const struct thole_context *context,
                            const struct thole_create_request *request, const char *facts_file,
                            bool json, char **ret_text, struct thole_error *err);

/** This host's facts as JSON, as `thole plan --facts` reads them. */
THOLE_PUBLIC int thole_host_facts(char **ret_json, struct thole_error *err);

/** Its size is fixed. */
struct thole_finding {
    bool error; /* false: a note */
    char *where;
    char *text;
    unsigned line;   /* in the file, from 1 on, of the member's name or the element of a list; */
    unsigned column; /* of what is missing, that of the last one on the way. In bytes */
};

/** Reads and checks a bundle's configuration; lists all findings (malloc'ed array and strings). */
THOLE_PUBLIC int thole_validate(const struct thole_context *context,
                                const struct thole_create_request *request,
                                struct thole_finding **ret_findings, size_t *ret_count,
                                struct thole_error *err);

/** The features document of runtime-spec "Features"; needs no privilege. */
THOLE_PUBLIC int thole_features(char **ret_json, struct thole_error *err);

/** A default configuration as `thole spec` writes it; @args is NULL for a shell on a terminal. */
THOLE_PUBLIC int thole_default_config(bool rootless, char *const *args, char **ret_json,
                                      struct thole_error *err);

/** What is built in: "+SECCOMP -SELINUX ..."; static storage. */
THOLE_PUBLIC const char *thole_build_features(void);
/** Version of libseccomp in use, or NULL. */
THOLE_PUBLIC const char *thole_seccomp_version(void);
/** The name of the native system call @number, malloc'ed, or NULL if nobody knows. */
THOLE_PUBLIC char *thole_syscall_name(unsigned number);

/**
 * For programs that run containers: continue from an executable that nothing inside a container can
 * write to. Call first in main(); returns only when that is the case already or on error.
 */
THOLE_PUBLIC int thole_seal_executable(char *const argv[], struct thole_error *err);

#ifdef __cplusplus
}
#endif

#endif
