#!/usr/bin/python3 -IS
# SPDX-License-Identifier: Apache-2.0
"""Speaks CRIU's protocol (https://criu.org/RPC) in its place: `criu swrk FD`, and changes nothing of the machine.

CRIU_STAND_IN_ASKED names the file that gets what it was asked for, as JSON. CRIU_STAND_IN_PART is a JSON object:
what it plays, see the functions that look at `part`. A dump kills the process, a restoration makes one that sleeps.
"""
import array
import json
import os
import signal
import socket
import struct
import sys

TYPES = {1: "dump", 2: "restore", 13: "pre-dump"}
NOTIFY = 6
FIELDS = {
    1: "images_dir_fd", 2: "pid", 3: "leave_running", 4: "ext_unix_sk", 5: "tcp_established", 6: "evasive_devices",
    7: "shell_job", 8: "file_locks", 9: "log_level", 10: "log_file", 11: "ps", 12: "notify_scripts", 13: "root",
    14: "parent_img", 15: "track_mem", 16: "auto_dedup", 17: "work_dir_fd", 18: "link_remap", 25: "cg_root",
    26: "rst_sibling", 27: "inherit_fd", 34: "manage_cgroups_mode", 37: "external", 38: "empty_ns", 39: "join_ns",
    44: "freeze_cgroup", 46: "tcp_skip_in_flight", 48: "lazy_pages", 49: "status_fd", 50: "orphan_pts_master",
    51: "config_file", 52: "tcp_close", 53: "lsm_profile", 63: "lsm_mount_context", 64: "network_lock",
}
REPEATED = ("cg_root", "inherit_fd", "external", "join_ns")
INNER = {"ps": ("address", "port"), "cg_root": ("ctrl", "path"), "inherit_fd": ("key", "fd"),
         "join_ns": ("ns", "ns_file")}

CLONE_NEWNS, CLONE_PARENT, CLONE_NEWUTS = 0x20000, 0x8000, 0x4000000
CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 0x8000000, 0x20000000, 0x40000000
CLONE, PIVOT_ROOT = 0, 1
CALLS = {"x86_64": (56, 155), "aarch64": (220, 41), "riscv64": (220, 41), "armv7l": (120, 218),
         "ppc64le": (120, 203), "i686": (120, 217)}  # by architecture
MNT_DETACH = 2
PR_SET_NO_NEW_PRIVS = 38


# ---- protocol buffers -------------------------------------------------------------------------------------------

def take_number(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return number, at


def decode(data):
    """[(field number, int or bytes)]."""
    fields, at = [], 0
    while at < len(data):
        tag, at = take_number(data, at)
        value, at = take_number(data, at)
        if tag & 7 == 2:
            assert at + value <= len(data)
            value, at = data[at:at + value], at + value
        else:
            assert tag & 7 == 0, f"a field of the kind {tag & 7}"
        fields.append((tag >> 3, value))
    return fields


def encode(*fields):
    """The message of pairs (field number, int, str or bytes)."""

    def number(value):
        digits = bytearray()
        while value > 0x7f:
            digits.append(value & 0x7f | 0x80)
            value >>= 7
        return bytes(digits) + bytes([value])

    message = b""
    for field, value in fields:
        if isinstance(value, int):
            message += number(field << 3) + number(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            message += number(field << 3 | 2) + number(len(value)) + value
    return message


def plain(name, value):
    if name in INNER:
        return {INNER[name][number - 1]: plain("", inner) for number, inner in decode(value)}
    return value.decode() if isinstance(value, bytes) else value


def options_of(message):
    options = {}
    for number, value in decode(message):
        name = FIELDS.get(number, str(number))
        if name in REPEATED:
            options.setdefault(name, []).append(plain(name, value))
        else:
            assert name not in options, f"{name} is said twice"
            options[name] = plain(name, value)
    return options


# ---- what it was asked ------------------------------------------------------------------------------------------

def link(path):
    try:
        return os.readlink(path)
    except OSError as error:
        return error.strerror


def write_asked(kind, options, peer, open_at_first):
    """Descriptors are told by what they are: the directories are the caller's, the others are inherited."""
    asked = dict(options, type=TYPES.get(kind, kind), words=sys.argv[1:])
    for name in ("images_dir_fd", "work_dir_fd"):
        asked[name] = link(f"/proc/{peer}/fd/{options[name]}")
    asked["inherit_fd"] = {item["key"]: link(f"/proc/self/fd/{item['fd']}") for item in options.get("inherit_fd", [])}
    images = os.stat(f"/proc/{peer}/fd/{options['images_dir_fd']}")
    asked["images"] = {"gid": images.st_gid, "mode": images.st_mode & 0o7777}
    asked["open"] = [fd for fd in open_at_first if fd > 2 and fd != int(sys.argv[2])]
    with open(os.environ["CRIU_STAND_IN_ASKED"], "w", encoding="utf-8") as target:
        json.dump(asked, target)


def write_log(part, options, peer):
    directory = os.open(f"/proc/{peer}/fd/{options['work_dir_fd']}", os.O_DIRECTORY)
    file = os.open(options["log_file"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=directory)
    os.write(file, "".join(line + "\n" for line in part.get("log", [])).encode())


# ---- a restoration ----------------------------------------------------------------------------------------------

def call(name, *arguments):
    """A function of the C library."""
    import ctypes  # pylint: disable=import-outside-toplevel # takes long, and most parts do without
    result = getattr(ctypes.PyDLL(None, use_errno=True), name)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), name)
    return result


def system_call(number, *arguments):
    return call("syscall", CALLS[os.uname().machine][number], *arguments)


def become(part, options, terminal):
    """In the new process: a root of its own, and nothing to do."""
    if terminal is not None:
        os.setsid()
        for fd in range(3):
            os.dup2(terminal, fd)
        os.write(terminal, b"restored\n")
    if "root" in options:
        os.chdir(options["root"])
        system_call(PIVOT_ROOT, b".", b".")
        call("umount2", b".", MNT_DETACH)
        os.chdir("/")
        call("mount", b"proc", b"/proc", b"proc", 0, None)
    if part.get("no_new_privileges", True):
        call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.execv("/bin/sleep", ["sleep", "1000"])


def make_process(part, options, terminal):
    """A child of the caller's, as options.rst_sibling has it. When this returns it sleeps."""
    ready, other = os.pipe()  # both go with execve
    flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET
    pid = system_call(CLONE, flags | CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        try:
            become(part, options, terminal)
        except OSError as error:
            os.write(other, str(error).encode())
        finally:
            os._exit(99)
    os.close(other)
    failure = os.read(ready, 1000)
    assert not failure, failure
    return pid


def cgroup_mount(controller):
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for _, path, kind, words, *_ in (line.split() for line in mounts):
            if kind == "cgroup" and controller and controller in words.split(",") or \
                    kind == "cgroup2" and not controller:
                return path
    raise FileNotFoundError(f"no hierarchy of {controller!r}")


def enter_cgroups(options, pid):
    if options["manage_cgroups_mode"] == 0:
        return
    for root in options.get("cg_root", []):
        with open(f"{cgroup_mount(root.get('ctrl', ''))}{root['path']}/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write(str(pid))


class Talk:
    """The socket, the one behind it, and the stages so far."""

    def __init__(self, part, fd):
        self.part = part
        self.socket = socket.socket(fileno=fd)
        self.peer = struct.unpack("iII", self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]

    def request(self):
        fields = dict(decode(self.socket.recv(65536)))
        return fields[1], fields

    def note(self, text):
        if "trace" in self.part:
            with open(self.part["trace"], "a", encoding="ascii") as trace:
                trace.write(text + "\n")

    def kill_caller(self, when):
        """As if it was killed then; this process ends, and what it has made so far stays."""
        if self.part.get("kill_caller") == when:
            os.kill(self.peer, signal.SIGKILL)
            sys.exit(0)

    def interrupt_caller(self):
        """Ctrl-C on the caller's terminal."""
        if self.part.get("interrupt_caller"):
            os.killpg(os.getpgid(self.peer), signal.SIGINT)

    def stage(self, name, pid, fd=None):
        """True if the caller wants it to go on."""
        self.note(name)
        for path in self.part.get("reads", []) if name == "pre-resume" else []:
            with open(path, encoding="ascii") as source:
                self.note(f"{os.path.basename(path)} {' '.join(source.read().split())}")
        notify = encode((1, NOTIFY), (2, 1), (5, encode((1, name), (2, pid))))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.socket.sendmsg([notify], rights)
        kind, fields = self.request()
        assert kind == NOTIFY
        self.note(f"{name} {'done' if fields[3] else 'refused'}")
        self.kill_caller(name)
        return bool(fields[3])

    def end(self, kind, success, *more):
        try:
            self.socket.send(encode((1, kind), (2, int(success)), *more))
        except BrokenPipeError:  # who has refused a stage knows enough
            pass


STAGES = ("setup-namespaces", "post-setup-namespaces", "orphan-pts-master", "post-restore", "pre-resume", "post-resume")


def restore(talk, part, options):
    master, terminal = os.openpty() if part.get("terminal") else (None, None)
    pid = make_process(part, options, terminal)
    enter_cgroups(options, pid)
    for name in STAGES:
        if name == "orphan-pts-master" and master is None:
            continue
        if not talk.stage(name, pid, master if name == "orphan-pts-master" else None):
            os.kill(pid, signal.SIGKILL)
            return talk.end(2, False)
    return talk.end(2, True, (4, encode((1, pid + part.get("other_pid", 0)))))


# ---- a dump, and failures ---------------------------------------------------------------------------------------

def dump(talk, kind, options):
    if kind == 1 and not options["leave_running"]:
        os.kill(options["pid"], signal.SIGKILL)
    talk.end(kind, True)


def fail(talk, kind, part):
    """Members of `part` that spoil the answer; True: one did."""
    if "ends" in part:
        return True
    if "nonsense" in part:
        talk.socket.send(bytes.fromhex(part["nonsense"]))
        return True
    if "does_nothing" in part:
        talk.end(kind, True)
        return True
    if "other_type" in part:
        talk.end(part["other_type"], True)
        return True
    if "fails" in part:
        talk.end(kind, False, *((number, part["fails"][name]) for name, number in (("errno", 7), ("text", 9))
                                if name in part["fails"]))
        return True
    return False


def open_descriptors():
    listed = [int(name) for name in os.listdir("/proc/self/fd")]
    return sorted(fd for fd in listed if os.path.lexists(f"/proc/self/fd/{fd}"))


def main():
    part = json.loads(os.environ["CRIU_STAND_IN_PART"])
    open_at_first = open_descriptors()
    talk = Talk(part, int(sys.argv[2]))
    kind, fields = talk.request()
    options = options_of(fields[2])
    write_asked(kind, options, talk.peer, open_at_first)
    write_log(part, options, talk.peer)
    talk.kill_caller("request")
    talk.interrupt_caller()
    if fail(talk, kind, part):
        return
    if kind == 2:
        restore(talk, part, options)
    else:
        dump(talk, kind, options)


main()
