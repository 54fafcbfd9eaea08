# SPDX-License-Identifier: Apache-2.0
"""What thole.h declares, in the words of ctypes. Made by make-bindings: do not edit."""
# mypy: disable-error-code="misc"
import ctypes
from typing import Any, Dict, List, Tuple

THOLE_ERROR_NONE = 0
THOLE_ERROR_USAGE = 1
THOLE_ERROR_CONFIG = 2
THOLE_ERROR_UNSUPPORTED = 3
THOLE_ERROR_HOST = 4
THOLE_ERROR_STATE = 5
THOLE_ERROR_NOT_FOUND = 6
THOLE_ERROR_PAYLOAD = 7
THOLE_ERROR_NO_PROGRAM = 8
THOLE_ERROR_BAD_PROGRAM = 9
THOLE_ERROR_BUG = 10
THOLE_AUDIT_DEFAULT = 0
THOLE_AUDIT_OFF = 1
THOLE_AUDIT_ON = 2
THOLE_AUDIT_MUST = 3
THOLE_RESTART_DEFAULT = 0
THOLE_RESTART_REBOOT = 1
THOLE_RESTART_HALT = 2
THOLE_RESTART_SUCCESS = 4
THOLE_RESTART_FAILURE = 8
THOLE_RESTART_ALWAYS = 13
THOLE_RESTART_NEVER = 16
THOLE_LOG_ERROR = 0
THOLE_LOG_WARNING = 1
THOLE_LOG_INFO = 2
THOLE_LOG_DEBUG = 3
THOLE_RESERVED = 8
THOLE_CGROUP_FILES = 0
THOLE_CGROUP_SYSTEMD = 1
THOLE_CGROUP_DISABLED = 2
THOLE_KEEP_CGROUP = 1
THOLE_KEEP_CAPABILITIES = 2
THOLE_KEEP_LSM = 4
THOLE_KEEP_ALL = 7
THOLE_STATUS_CREATING = 0
THOLE_STATUS_CREATED = 1
THOLE_STATUS_RUNNING = 2
THOLE_STATUS_PAUSED = 3
THOLE_STATUS_STOPPED = 4
THOLE_STATUS_UNKNOWN = 5
THOLE_CHANGE_STOPPED = 0
THOLE_CHANGE_STARTING = 1
THOLE_CHANGE_RUNNING = 2
THOLE_CHANGE_EXITED = 3
THOLE_CHANGE_STOPPING = 4
THOLE_CHANGE_ABORTING = 5
THOLE_CHANGE_FREEZING = 6
THOLE_CHANGE_FROZEN = 7
THOLE_CHANGE_THAWED = 8
THOLE_USAGE_UNKNOWN = 2**64 - 1


class thole_error(ctypes.Structure):
    """Owned by the caller and written in place: reporting an error allocates nothing. The struct
    holds no pointers, so a child process sends it whole over its sync socket."""
    _fields_ = [
        ("code", ctypes.c_int),
        ("kind", ctypes.c_uint),
        ("where", ctypes.c_char * 256),
        ("text", ctypes.c_char * 1024),
        ("hint", ctypes.c_char * 320),
    ]


class thole_log(ctypes.Structure):
    """@write receives one line without a line break. A NULL @write drops everything."""
    _fields_ = [
        ("level", ctypes.c_uint),
        ("write", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint, ctypes.c_char_p)),
        ("userdata", ctypes.c_void_p),
    ]


class thole_context(ctypes.Structure):
    """What all calls have in common."""
    _fields_ = [
        ("root", ctypes.c_char_p),
        ("cgroup_manager", ctypes.c_uint),
        ("ignore_cgroup_permissions", ctypes.c_bool),
        ("audit", ctypes.c_uint),
        ("log", thole_log),
        ("phases", ctypes.c_void_p),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_create_request(ctypes.Structure):
    """thole_create_request"""
    _fields_ = [
        ("id", ctypes.c_char_p),
        ("bundle", ctypes.c_char_p),
        ("config", ctypes.c_char_p),
        ("config_text", ctypes.c_char_p),
        ("console_socket", ctypes.c_char_p),
        ("pid_file", ctypes.c_char_p),
        ("pidfd_socket", ctypes.c_char_p),
        ("preserve_fds", ctypes.c_uint),
        ("listen_fds", ctypes.c_uint),
        ("listen_fdnames", ctypes.c_char_p),
        ("notify_socket", ctypes.c_char_p),
        ("no_pivot", ctypes.c_bool),
        ("no_new_keyring", ctypes.c_bool),
        ("raw", ctypes.c_bool),
        ("init", ctypes.c_char_p),
        ("init_waits", ctypes.c_bool),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_terminal_options(ctypes.Structure):
    """What the relay between a pty and the caller's terminal does besides carrying bytes."""
    _fields_ = [
        ("detach_keys", ctypes.c_char_p),
        ("detach_doubled", ctypes.c_bool),
        ("log_file", ctypes.c_char_p),
        ("record_file", ctypes.c_char_p),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_program(ctypes.Structure):
    """A program that is run beside a container. Its size is fixed."""
    _fields_ = [
        ("args", ctypes.POINTER(ctypes.c_char_p)),
        ("env", ctypes.POINTER(ctypes.c_char_p)),
        ("timeout", ctypes.c_uint),
    ]


class thole_monitor(ctypes.Structure):
    """What the keeper of an attachable container does besides holding its console. Where consoles,
    console_directory, restart or restart_delay is 0, the annotation of that name counts
    (docs/annotations.md)."""
    _fields_ = [
        ("consoles", ctypes.c_uint),
        ("console_directory", ctypes.c_char_p),
        ("console_buffer", ctypes.c_uint64),
        ("console_log", ctypes.c_char_p),
        ("console_log_size", ctypes.c_uint64),
        ("console_log_rotate", ctypes.c_bool),
        ("log_size", ctypes.c_uint64),
        ("restart", ctypes.c_uint),
        ("restart_limit", ctypes.c_uint),
        ("restart_delay", ctypes.c_uint),
        ("death_signal", ctypes.c_int),
        ("remove", ctypes.c_bool),
        ("stop", ctypes.POINTER(thole_program)),
        ("stop_count", ctypes.c_size_t),
        ("end", ctypes.POINTER(thole_program)),
        ("end_count", ctypes.c_size_t),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_run_request(ctypes.Structure):
    """thole_run_request"""
    _fields_ = [
        ("create", thole_create_request),
        ("detach", ctypes.c_bool),
        ("attachable", ctypes.c_bool),
        ("keep", ctypes.c_bool),
        ("subreaper", ctypes.c_bool),
        ("terminal_options", thole_terminal_options),
        ("monitor", ctypes.POINTER(thole_monitor)),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_exec_request(ctypes.Structure):
    """One more process for a running container: the request of exec and of everything like it."""
    _fields_ = [
        ("id", ctypes.c_char_p),
        ("process_file", ctypes.c_char_p),
        ("args", ctypes.POINTER(ctypes.c_char_p)),
        ("cwd", ctypes.c_char_p),
        ("cwd_or_root", ctypes.c_bool),
        ("env", ctypes.POINTER(ctypes.c_char_p)),
        ("clear_env", ctypes.c_bool),
        ("user", ctypes.c_char_p),
        ("user_groups", ctypes.c_bool),
        ("personality", ctypes.POINTER(ctypes.c_ulong)),
        ("capabilities", ctypes.POINTER(ctypes.c_char_p)),
        ("additional_gids", ctypes.POINTER(ctypes.c_uint32)),
        ("additional_gid_count", ctypes.c_size_t),
        ("namespaces", ctypes.c_ulong),
        ("keep", ctypes.c_uint),
        ("remount_sys_proc", ctypes.c_bool),
        ("terminal", ctypes.c_bool),
        ("detach", ctypes.c_bool),
        ("no_new_privileges", ctypes.c_bool),
        ("ignore_paused", ctypes.c_bool),
        ("raw", ctypes.c_bool),
        ("force", ctypes.c_bool),
        ("term", ctypes.c_char_p),
        ("terminal_options", thole_terminal_options),
        ("selinux", ctypes.c_char_p),
        ("apparmor", ctypes.c_char_p),
        ("cgroup", ctypes.c_char_p),
        ("console_socket", ctypes.c_char_p),
        ("pid_file", ctypes.c_char_p),
        ("pidfd_socket", ctypes.c_char_p),
        ("preserve_fds", ctypes.c_uint),
        ("listen_fds", ctypes.c_uint),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_attach_request(ctypes.Structure):
    """thole_attach_request"""
    _fields_ = [
        ("id", ctypes.c_char_p),
        ("no_stdin", ctypes.c_bool),
        ("console", ctypes.c_int),
        ("connected", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)),
        ("userdata", ctypes.c_void_p),
        ("terminal_options", thole_terminal_options),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_output(ctypes.Structure):
    """A piece of what a container said, valid during the call that tells it. Its size is fixed."""
    _fields_ = [
        ("time", ctypes.c_char_p),
        ("stream", ctypes.c_int),
        ("bytes", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("begins", ctypes.c_bool),
        ("ends", ctypes.c_bool),
    ]


class thole_logs_request(ctypes.Structure):
    """thole_logs_request"""
    _fields_ = [
        ("id", ctypes.c_char_p),
        ("follow", ctypes.c_bool),
        ("last", ctypes.c_bool),
        ("lines", ctypes.c_uint64),
        ("since", ctypes.c_char_p),
        ("write", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(thole_output))),
        ("userdata", ctypes.c_void_p),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_criu_options(ctypes.Structure):
    """What checkpoints and restorations ask of CRIU (criu(8)) alike."""
    _fields_ = [
        ("image_path", ctypes.c_char_p),
        ("work_path", ctypes.c_char_p),
        ("parent_path", ctypes.c_char_p),
        ("manage_cgroups", ctypes.c_char_p),
        ("network_lock", ctypes.c_char_p),
        ("page_server", ctypes.c_char_p),
        ("status_fd", ctypes.c_uint),
        ("empty_namespaces", ctypes.c_ulong),
        ("lsm_profile", ctypes.c_char_p),
        ("lsm_mount_context", ctypes.c_char_p),
        ("tcp_established", ctypes.c_bool),
        ("tcp_close", ctypes.c_bool),
        ("tcp_skip_in_flight", ctypes.c_bool),
        ("ext_unix_sk", ctypes.c_bool),
        ("shell_job", ctypes.c_bool),
        ("file_locks", ctypes.c_bool),
        ("link_remap", ctypes.c_bool),
        ("auto_dedup", ctypes.c_bool),
        ("lazy_pages", ctypes.c_bool),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_checkpoint_request(ctypes.Structure):
    """thole_checkpoint_request"""
    _fields_ = [
        ("id", ctypes.c_char_p),
        ("options", thole_criu_options),
        ("leave_running", ctypes.c_bool),
        ("pre_dump", ctypes.c_bool),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_restore_request(ctypes.Structure):
    """thole_restore_request"""
    _fields_ = [
        ("run", thole_run_request),
        ("options", thole_criu_options),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_annotation(ctypes.Structure):
    """Its size is fixed."""
    _fields_ = [
        ("key", ctypes.c_char_p),
        ("value", ctypes.c_char_p),
    ]


class thole_state(ctypes.Structure):
    """One container as it is now. Released with thole_state_free()."""
    _fields_ = [
        ("oci_version", ctypes.c_char_p),
        ("id", ctypes.c_char_p),
        ("pid", ctypes.c_int),
        ("status", ctypes.c_uint),
        ("bundle", ctypes.c_char_p),
        ("rootfs", ctypes.c_char_p),
        ("created", ctypes.c_char_p),
        ("owner", ctypes.c_uint32),
        ("annotations", ctypes.POINTER(thole_annotation)),
        ("annotation_count", ctypes.c_size_t),
        ("systemd_scope", ctypes.c_char_p),
        ("keeper", ctypes.c_int),
        ("exited", ctypes.c_bool),
        ("exit_status", ctypes.c_int),
    ]


class thole_usage(ctypes.Structure):
    """What a container uses: the numbers of thole_stats() that tables show. Its size is fixed."""
    _fields_ = [
        ("cpu", ctypes.c_uint64),
        ("cpu_system", ctypes.c_uint64),
        ("cpu_user", ctypes.c_uint64),
        ("memory", ctypes.c_uint64),
        ("swap", ctypes.c_uint64),
        ("kernel_memory", ctypes.c_uint64),
        ("io_read", ctypes.c_uint64),
        ("io_written", ctypes.c_uint64),
        ("io_operations", ctypes.c_uint64),
    ]


class thole_event_sink(ctypes.Structure):
    """Takes each event as JSON on one line; a negative result ends the stream without an error."""
    _fields_ = [
        ("write", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)),
        ("userdata", ctypes.c_void_p),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_root(ctypes.Structure):
    """A state root of this machine. Its size is fixed."""
    _fields_ = [
        ("path", ctypes.c_char_p),
        ("origin", ctypes.c_char_p),
    ]


class thole_watch_event(ctypes.Structure):
    """One change of one container, valid during the call that tells it."""
    _fields_ = [
        ("root", ctypes.c_char_p),
        ("id", ctypes.c_char_p),
        ("change", ctypes.c_uint),
        ("status", ctypes.c_int),
    ]


class thole_watch_request(ctypes.Structure):
    """Whose changes are told, and to whom."""
    _fields_ = [
        ("roots", ctypes.POINTER(ctypes.c_char_p)),
        ("root_count", ctypes.c_size_t),
        ("id", ctypes.c_char_p),
        ("timeout", ctypes.c_int),
        ("ready", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)),
        ("changed", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(thole_watch_event))),
        ("userdata", ctypes.c_void_p),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_update(ctypes.Structure):
    """What an update changes."""
    _fields_ = [
        ("resources", ctypes.c_char_p),
        ("l3_cache_schema", ctypes.c_char_p),
        ("mem_bw_schema", ctypes.c_char_p),
        ("devices_on_top", ctypes.c_bool),
        ("reserved", ctypes.c_void_p * 8),
    ]


class thole_finding(ctypes.Structure):
    """Its size is fixed."""
    _fields_ = [
        ("error", ctypes.c_bool),
        ("where", ctypes.c_char_p),
        ("text", ctypes.c_char_p),
        ("line", ctypes.c_uint),
        ("column", ctypes.c_uint),
    ]


# name: (what it returns, what it takes, what it does)
FUNCTIONS: Dict[str, Tuple[Any, List[Any], str]] = {
    "thole_error_format": (
        ctypes.c_char_p,
        [ctypes.POINTER(thole_error), ctypes.c_char_p, ctypes.c_size_t],
        'Writes "where: text: strerror(code)" to @buffer, cut to @size; returns @buffer.',
    ),
    "thole_default_root": (
        ctypes.c_void_p,
        [],
        '"/run/thole", or $XDG_RUNTIME_DIR/thole for an ordinary user and for uid 0 of a user namespace whose USER is not root (malloc\'ed); an ordinary user without that variable has /run/user/UID/thole or /tmp/thole-UID/thole. NULL: that cannot be told.',
    ),
    "thole_default_init": (
        ctypes.c_char_p,
        [],
        'The init that comes with thole, or THOLE_INIT of the environment; borrowed.',
    ),
    "thole_create": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_create_request), ctypes.POINTER(thole_error)],
        'Everything up to the start of the user\'s program (runtime-spec "Create").',
    ),
    "thole_start": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(thole_error)],
        "Starts the program of a created container; its execve failure is this call's error.",
    ),
    "thole_run": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_run_request), ctypes.POINTER(ctypes.c_int), ctypes.POINTER(thole_error)],
        "create and start; in the foreground also waits, forwarding signals and the terminal, and deletes. @ret_status is the program's exit code or 128 + signal, 0 when detached.",
    ),
    "thole_exec": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_exec_request), ctypes.POINTER(ctypes.c_int), ctypes.POINTER(thole_error)],
        "Runs one more program in a running container. @ret_status as thole_run(). The program never holds the caller's terminal: each of fds 0 to 2 that is one becomes a new pty instead, or /dev/null when it is detached: then the caller has to wait(2) for it, as its parent, or init cannot end either (pid_namespaces(7)). docs/attach.md has the whole story.",
    ),
    "thole_namespaces_parse": (
        ctypes.c_int,
        [ctypes.c_char_p, ctypes.POINTER(ctypes.c_ulong), ctypes.POINTER(thole_error)],
        '"mnt|pid", "MOUNT|PID" (as lxc-attach has it) -> CLONE_NEW* bits, or -1.',
    ),
    "thole_keep_parse": (
        ctypes.c_int,
        [ctypes.c_char_p, ctypes.POINTER(ctypes.c_uint), ctypes.POINTER(thole_error)],
        '"cgroup|lsm", "all" -> THOLE_KEEP_* bits, or -1.',
    ),
    "thole_attach": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_attach_request), ctypes.POINTER(ctypes.c_int), ctypes.POINTER(thole_error)],
        "Connects the caller's terminal, or its fds 0 to 2, with the console of a container started by run with attachable. Returns when the container ends, with @ret_status as thole_run(), or when the detach keys are typed: then it is 0.",
    ),
    "thole_logs": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_logs_request), ctypes.POINTER(thole_error)],
        'Tells what the keeper of an attachable container (thole_monitor.log_size) has kept of what its console said, oldest first, while it runs and until it is deleted.',
    ),
    "thole_checkpoint": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_checkpoint_request), ctypes.POINTER(thole_error)],
        'Has CRIU write the processes of a running container to disk. Unless they are to go on, they are gone then, and the container is deleted: thole_restore() makes it again. For root only.',
    ),
    "thole_restore": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_restore_request), ctypes.POINTER(ctypes.c_int), ctypes.POINTER(thole_error)],
        'Makes a container of a bundle whose processes go on as they were at a checkpoint; otherwise as thole_run(). For root only.',
    ),
    "thole_kill": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.c_int, ctypes.c_bool, ctypes.POINTER(thole_error)],
        'Sends @signal to init, or to every process of the container with @all.',
    ),
    "thole_delete": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.c_bool, ctypes.POINTER(thole_error)],
        'Removes a stopped or merely created container; with @force also kills. Unknown + force: 0.',
    ),
    "thole_pause": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.POINTER(thole_error)],
        '',
    ),
    "thole_resume": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.POINTER(thole_error)],
        '',
    ),
    "thole_status_name": (
        ctypes.c_char_p,
        [ctypes.c_uint],
        '"creating", "created", "running", "paused", "stopped", "unknown".',
    ),
    "thole_state": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.POINTER(ctypes.POINTER(thole_state)), ctypes.POINTER(thole_error)],
        '',
    ),
    "thole_state_free": (
        None,
        [ctypes.POINTER(thole_state)],
        '',
    ),
    "thole_state_json": (
        ctypes.c_void_p,
        [ctypes.POINTER(thole_state)],
        'The JSON document of runtime-spec "State", with the members runc adds.',
    ),
    "thole_list": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(ctypes.POINTER(ctypes.POINTER(thole_state))), ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(thole_error)],
        "All containers, sorted by id; entries that vanish meanwhile are left out. malloc'ed array.",
    ),
    "thole_pids": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.POINTER(ctypes.POINTER(ctypes.c_int)), ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(thole_error)],
        "Pids of a container's processes as the caller sees them; malloc'ed.",
    ),
    "thole_stats": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(thole_error)],
        'What the kernel counts for a running container: runc\'s "stats" event as JSON on one line.',
    ),
    "thole_usage": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.POINTER(thole_usage), ctypes.POINTER(thole_error)],
        '',
    ),
    "thole_cgroup_read": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(thole_error)],
        'Reads "memory.max" or any other file of the container\'s cgroup: in the v1 hierarchy of the controller that its name begins with, else in the unified one. @ret_text is malloc\'ed.',
    ),
    "thole_cgroup_write": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(thole_error)],
        'Writes @value to such a file, in one go.',
    ),
    "thole_events": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.c_uint, ctypes.POINTER(thole_event_sink), ctypes.POINTER(thole_error)],
        'Gives @sink a "stats" event every @interval milliseconds and an "oom" event whenever the container runs out of memory. Returns 0 when the container has stopped.',
    ),
    "thole_roots": (
        ctypes.c_int,
        [ctypes.POINTER(ctypes.POINTER(thole_root)), ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(thole_error)],
        "The state roots that exist: the caller's thole_default_root(), those of the lxc-* commands (beneath /run/thole-lxc), those in /etc/thole/roots (a path a line), and those that Docker and containerd give to runtimes. malloc'ed; release with thole_roots_free().",
    ),
    "thole_roots_free": (
        None,
        [ctypes.POINTER(thole_root), ctypes.c_size_t],
        '',
    ),
    "thole_change_name": (
        ctypes.c_char_p,
        [ctypes.c_uint],
        '"stopped", "starting", "running", ...',
    ),
    "thole_watch": (
        ctypes.c_int,
        [ctypes.POINTER(thole_watch_request), ctypes.POINTER(thole_error)],
        'Tells what happens to containers from now on, without a daemon: everything that it needs is in the calling process. A negative result of @ready or @changed ends it with 0; 1: the time is up.',
    ),
    "thole_update": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.POINTER(thole_update), ctypes.POINTER(thole_error)],
        'Applies @update; all or nothing.',
    ),
    "thole_mounts_add": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(thole_error)],
        "Makes @mounts, a JSON list as in a configuration's /mounts, in a container that runs: all of them or, after an error, none. Binds, tmpfs and what else names no files of the host. They are gone when the container is started anew.",
    ),
    "thole_mounts_remove": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(thole_error)],
        'Takes away what is mounted on the destinations of @mounts, of which no other member counts. The last one goes first; after an error the rest stays.',
    ),
    "thole_plan": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_create_request), ctypes.c_char_p, ctypes.c_bool, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(thole_error)],
        'The plan of a bundle without doing anything; @facts_file NULL: this host.',
    ),
    "thole_host_facts": (
        ctypes.c_int,
        [ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(thole_error)],
        "This host's facts as JSON, as `thole plan --facts` reads them.",
    ),
    "thole_validate": (
        ctypes.c_int,
        [ctypes.POINTER(thole_context), ctypes.POINTER(thole_create_request), ctypes.POINTER(ctypes.POINTER(thole_finding)), ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(thole_error)],
        "Reads and checks a bundle's configuration; lists all findings (malloc'ed array and strings).",
    ),
    "thole_features": (
        ctypes.c_int,
        [ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(thole_error)],
        'The features document of runtime-spec "Features"; needs no privilege.',
    ),
    "thole_default_config": (
        ctypes.c_int,
        [ctypes.c_bool, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(thole_error)],
        'A default configuration as `thole spec` writes it; @args is NULL for a shell on a terminal.',
    ),
    "thole_build_features": (
        ctypes.c_char_p,
        [],
        'What is built in: "+SECCOMP -SELINUX ..."; static storage.',
    ),
    "thole_seccomp_version": (
        ctypes.c_char_p,
        [],
        'Version of libseccomp in use, or NULL.',
    ),
    "thole_syscall_name": (
        ctypes.c_void_p,
        [ctypes.c_uint],
        "The name of the native system call @number, malloc'ed, or NULL if nobody knows.",
    ),
    "thole_seal_executable": (
        ctypes.c_int,
        [ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(thole_error)],
        'For programs that run containers: continue from an executable that nothing inside a container can write to. Call first in main(); returns only when that is the case already or on error.',
    ),
}
