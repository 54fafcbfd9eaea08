# SPDX-License-Identifier: Apache-2.0
"""What this machine is: its cgroup layout, privileges, and where the runtime under test lies."""
import ctypes
import functools
import os
import shutil

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# How many times as long as elsewhere the tests wait for something: an emulated processor is slow.
PATIENCE = float(os.environ.get("THOLE_TEST_PATIENCE", "1"))

# For `update --resources` where no controller is needed.
NO_CHANGE = os.path.join(TOP, "tests/harness/no-change.json")

_LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37

# capabilities(7); the index is the number.
CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()


def find_runtime():
    """The runtime under test: $THOLE, or the binary in $BUILDDIR, the top or its build folder."""
    if os.environ.get("THOLE"):
        return os.path.abspath(os.environ["THOLE"])
    build = os.environ.get("BUILDDIR")
    for folder in ([build] if build else []) + [TOP, os.path.join(TOP, "build")]:
        for name in ("thole", "src/thole"):
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return os.path.abspath(path)
    return None


def find_library():
    """libthole.so of the same build tree; None without one."""
    runtime = find_runtime()
    path = os.path.join(os.path.dirname(runtime or ""), "libcrun-like/.libs/libthole.so")
    return path if os.path.exists(path) else None


def tells_exit_statuses():
    """Linux 6.15 tells the exit status of a process to everybody who has a pidfd of it."""
    return tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (6, 15)


def become_subreaper():
    """Orphaned containers become children of this process, as they do of conmon."""
    if _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def is_subreaper():
    """True if this process is what become_subreaper() makes."""
    answer = ctypes.c_int(-1)
    if _LIBC.prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_GET_CHILD_SUBREAPER)")
    return answer.value == 1


def die_with_parent():
    """SIGKILL for this process when its parent ends."""
    if _LIBC.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def capability_sets(pid="self"):
    """{"CapInh": mask, ...} as /proc/PID/status has them."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        return parse_capability_sets(status.read())


def parse_capability_sets(text):
    return {line.split(":")[0]: int(line.split()[1], 16)
            for line in text.splitlines() if line.startswith("Cap") and ":" in line}


def capability_names(mask):
    return {"CAP_" + name for number, name in enumerate(CAPABILITIES) if mask >> number & 1}


def has_capability(name):
    number = CAPABILITIES.index(name.removeprefix("CAP_"))
    return bool(capability_sets()["CapEff"] >> number & 1)


def mount_lines(pid="self"):
    """Lines of mountinfo, each split at blanks: see proc_pid_mountinfo(5)."""
    try:
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8", errors="replace") as mounts:
            return [line.split() for line in mounts]
    except OSError:
        return []


@functools.lru_cache(maxsize=None)
def controllers():
    """{controller: (mount point, is it cgroup2)} of what is mounted beneath /sys/fs/cgroup."""
    found = {}
    for line in mount_lines():
        where, kind, options = line[4], line[line.index("-") + 1], line[-1]
        if not where.startswith("/sys/fs/cgroup"):
            continue
        if kind == "cgroup2":
            found[""] = (where, True)
            with open(where + "/cgroup.controllers", encoding="ascii") as names:
                for name in names.read().split():
                    found[name] = (where, True)
        elif kind == "cgroup":
            for name in options.split(","):
                if name not in ("rw", "ro", "xattr", "clone_children", "noprefix") \
                        and not name.startswith("release_agent="):
                    found[name] = (where, False)
    return found


def layout():
    """"unified" (v2 only), "hybrid" (v1 and v2), "legacy" (v1 only)."""
    mounted = controllers()
    if mounted.get("", ("", False))[0] == "/sys/fs/cgroup":
        return "unified"
    return "hybrid" if "" in mounted else "legacy"


def cgroup_path(pid, controller):
    """Path of the process in the hierarchy of the controller ("" is cgroup2), from its root."""
    unified = controllers()[controller][1]
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as lines:
        for line in lines:
            number, names, path = line.rstrip("\n").split(":", 2)
            if (number == "0") if unified else (controller in names.split(",")):
                return path
    raise LookupError(f"process {pid} has no cgroup for {controller!r}")


def cgroup_directory(pid, controller):
    """Directory on this host that limits the process with the controller."""
    return controllers()[controller][0] + cgroup_path(pid, controller)


def security_modules():
    """Those of "selinux" and "apparmor" that are at work."""
    found = []
    if os.path.exists("/sys/fs/selinux/enforce"):
        found.append("selinux")
    try:
        with open("/sys/module/apparmor/parameters/enabled", encoding="ascii") as answer:
            if answer.read().strip() == "Y":
                found.append("apparmor")
    except OSError:
        pass
    return found


def missing(what):
    """Why a test that needs all of `what` (a dict) cannot run here, or None."""
    for kind, wanted in what.items():
        for value in wanted if isinstance(wanted, (list, tuple)) else [wanted]:
            reason = _missing_one(kind, value)
            if reason:
                return reason
    return None


def _missing_one(kind, value):
    if kind == "root":
        return "needs root" if value and os.geteuid() != 0 else None
    if kind == "controller":
        names = controllers()
        return None if value in names else (
            f"needs the {value or 'cgroup2'} controller; this {layout()} layout has "
            + " ".join(sorted(name for name in names if name)))
    if kind == "layout":
        return None if layout() == value else f"needs the {value} cgroup layout, this is {layout()}"
    if kind == "capability":
        return None if has_capability(value) else f"needs {value}, which this machine withholds"
    if kind == "systemd":
        return None if os.path.isdir("/run/systemd/system") else "needs systemd as process 1"
    if kind == "security_module":
        return None if value in security_modules() else f"needs the security module {value}, " \
            "which is off here"
    if kind == "program":
        return None if shutil.which(value) else f"needs the program {value}"
    if kind == "criu":
        if not shutil.which("criu"):
            return "needs the program criu"
        return None if os.uname().nodename == "thole-guest" else \
            "needs the guest of tests/vm: CRIU changes the cgroups of the whole machine"
    if kind == "file":
        return None if os.path.exists(value) else f"needs {value}, which this kernel does not have"
    raise ValueError(f"unknown need {kind}")
