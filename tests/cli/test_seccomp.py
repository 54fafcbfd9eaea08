# SPDX-License-Identifier: Apache-2.0
"""Seccomp: actions, arguments, flags, unknown names, and the notify listener."""
import array
import errno
import fcntl
import json
import os
import platform
import shutil
import socket
import struct

import pytest

from harness.runtime import until

ARCHITECTURE = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}[platform.machine()]
GETPPID = {"x86_64": 110, "aarch64": 173}[platform.machine()]
MKDIRAT = {"x86_64": 83, "aarch64": 34}[platform.machine()]  # what busybox mkdir calls


def filtered(made, *rules, default="SCMP_ACT_ALLOW", **more):
    made.linux["seccomp"] = {"defaultAction": default, "architectures": [ARCHITECTURE],
                             "syscalls": list(rules), **more}
    return made


def rule(action, *names, **more):
    return {"names": list(names), "action": action, **more}


MKDIR = ("mkdir", "mkdirat")
ATTEMPT = ("/bin/sh", "-c", "mkdir /work/x; echo $?; grep '^Seccomp:' /proc/self/status")


def mode_rule(*conditions):
    """Refuses mkdir by conditions on its mode: where there is no mkdir, busybox calls mkdirat."""
    name, index = ("mkdir", 1) if platform.machine() == "x86_64" else ("mkdirat", 2)
    return rule("SCMP_ACT_ERRNO", name, args=[{"index": index, **condition} for condition in conditions])


def test_no_filter(thole, bundle):
    assert "Seccomp:\t0" in thole.run(bundle(*ATTEMPT)).ok().out


@pytest.mark.parametrize("privileges", [True, False])
@pytest.mark.parametrize("number", [None, 38, 13])
def test_errno(thole, bundle, privileges, number):
    more = {} if number is None else {"errnoRet": number}
    made = filtered(bundle(*ATTEMPT, noNewPrivileges=privileges),
                    rule("SCMP_ACT_ERRNO", *MKDIR, **more))
    result = thole.run(made).ok()
    assert result.out.splitlines() == ["1", "Seccomp:\t2"]
    assert os.strerror(number or errno.EPERM) in result.err


@pytest.mark.parametrize("action, status", [("SCMP_ACT_KILL", 159), ("SCMP_ACT_KILL_PROCESS", 159),
                                            ("SCMP_ACT_KILL_THREAD", 159), ("SCMP_ACT_TRAP", 159)])
def test_kill(thole, bundle, action, status):
    made = filtered(bundle("/bin/sh", "-c", "sh -c 'mkdir /work/x; true'; mkdir /work/y; echo $?"),
                    rule(action, *MKDIR))
    assert thole.run(made).ok().out.split() == [str(status)]


@pytest.mark.parametrize("action", ["SCMP_ACT_LOG", "SCMP_ACT_ALLOW"])
def test_allowed(thole, bundle, action):
    made = filtered(bundle(*ATTEMPT), rule(action, *MKDIR))
    assert thole.run(made).ok().out.splitlines()[0] == "0"


def test_arguments(thole, bundle):
    """mkdir with mode 0777 (busybox's) is refused, with another one it is not."""
    refused = mode_rule({"value": 0o777, "op": "SCMP_CMP_EQ"})
    assert thole.run(filtered(bundle(*ATTEMPT), refused)).ok().out.splitlines()[0] == "1"
    other = mode_rule({"value": 1, "op": "SCMP_CMP_EQ"})
    assert thole.run(filtered(bundle(*ATTEMPT), other)).ok().out.splitlines()[0] == "0"


def test_masked_equal(thole, bundle):
    refused = mode_rule({"value": 0o700, "valueTwo": 0o700, "op": "SCMP_CMP_MASKED_EQ"})
    assert thole.run(filtered(bundle(*ATTEMPT), refused)).ok().out.splitlines()[0] == "1"


def test_two_conditions_on_one_argument_are_alternatives(thole, bundle):
    refused = mode_rule({"value": 5, "op": "SCMP_CMP_EQ"}, {"value": 0o777, "op": "SCMP_CMP_EQ"})
    assert thole.run(filtered(bundle(*ATTEMPT), refused)).ok().out.splitlines()[0] == "1"


def test_unknown_names_are_skipped(thole, bundle):
    made = filtered(bundle(*ATTEMPT), rule("SCMP_ACT_ERRNO", "no_such_call", *MKDIR))
    assert thole.run(made).ok().out.splitlines()[0] == "1"


@pytest.mark.parametrize("flags", [[], ["SECCOMP_FILTER_FLAG_LOG"],
                                   ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
                                   ["SECCOMP_FILTER_FLAG_TSYNC"]])
def test_flags(thole, bundle, flags):
    made = filtered(bundle(*ATTEMPT), rule("SCMP_ACT_ERRNO", *MKDIR), flags=flags)
    assert thole.run(made).ok().out.splitlines()[0] == "1"


@pytest.mark.parametrize("broken", [
    {"defaultAction": "SCMP_ACT_NOTHING"}, {"architectures": ["SCMP_ARCH_NOTHING"]},
    {"flags": ["SECCOMP_FILTER_FLAG_NOTHING"]},
    {"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTHING"}]},
    {"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO",
                   "args": [{"index": 9, "value": 1, "op": "SCMP_CMP_EQ"}]}]},
    {"listenerMetadata": "alone"}])
def test_bad_filter_is_refused(thole, bundle, broken):
    made = filtered(bundle("/bin/true"))
    made.linux["seccomp"].update(broken)
    thole.try_create(made).failed()


def test_exec_has_the_filter(thole, bundle):
    container = thole.launch(filtered(bundle("/bin/sleep", "1000"),
                                      rule("SCMP_ACT_ERRNO", *MKDIR)))
    result = container.sh("mkdir /work/x; echo $?; grep '^Seccomp:' /proc/self/status").ok()
    assert result.out.splitlines() == ["1", "Seccomp:\t2"]


@pytest.mark.parametrize("rules", [0, 30])
def test_exec_refuses_the_filter_of_another_container(thole, bundle, rules):
    """A shorter one would allow more, a longer one is wrong as well."""
    own, other = [thole.launch(filtered(bundle("/bin/sleep", "1000"),
                                        *[rule("SCMP_ACT_ERRNO", *MKDIR, args=[
                                            {"index": 3, "value": value, "op": "SCMP_CMP_EQ"}])
                                          for value in range(count)]))
                  for count in (15, rules)]
    place = os.path.join(thole.root, "{}", "seccomp.bpf")
    shutil.copy(place.format(other.id), place.format(own.id))
    own.exec("/bin/true").failed("the saved seccomp filter has")


def test_call_newer_than_the_profile_does_not_exist(thole, bundle, probe):
    """A profile that allows by name answers ENOSYS, not EPERM, for calls it cannot know."""
    made = bundle("/bin/probe", "syscall", "600")
    probe(made)
    names = ["read", "write", "exit", "exit_group", "execve", "brk", "mmap", "munmap", "fstat",
             "newfstatat", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64",
             "readlink", "readlinkat", "getrandom", "mprotect", "uname", "close", "ioctl", "fcntl",
             "openat", "prctl", "capget", "capset", "setuid", "setgid", "setgroups", "chdir",
             "getcwd", "futex", "rt_sigprocmask", "rt_sigaction", "sendmsg", "recvmsg", "sendto",
             "recvfrom", "poll", "ppoll", "statx", "close_range", "execveat", "lseek", "pread64",
             "getdents64", "fstatfs", "statfs", "getpid", "gettid", "umask", "sigaltstack"]
    filtered(made, rule("SCMP_ACT_ALLOW", *names), default="SCMP_ACT_ERRNO")
    assert thole.run(made).ok().out == os.strerror(errno.ENOSYS) + "\n"
    made.process["args"] = ["/bin/probe", "syscall", str(GETPPID)]
    assert thole.run(made).ok().out == os.strerror(errno.EPERM) + "\n", "old calls get EPERM"


class Listener:
    """Receives the notify descriptor and answers notifications: see seccomp_unotify(2)."""

    IOCTL_RECEIVE, IOCTL_SEND = 0xC0502100, 0xC0182101

    def __init__(self, folder):
        self.path = os.path.join(folder, "listener.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(4)
        self.socket.settimeout(10)
        self.fd = -1

    def accept(self):
        """The document that comes with the descriptor."""
        connection, _ = self.socket.accept()
        connection.settimeout(10)
        with connection:
            data, control, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(4 * 4))
            fds = array.array("i")
            for _, _, payload in control:
                fds.frombytes(payload[:len(payload) - len(payload) % 4])
            assert len(fds) == 1
            self.fd = fds[0]
            while True:
                more = connection.recv(65536)
                if not more:
                    break
                data += more
        return json.loads(data)

    def answer(self, error):
        """Waits for one notification and makes the call fail with the error; returns its number."""
        buffer = bytearray(80)
        fcntl.ioctl(self.fd, self.IOCTL_RECEIVE, buffer)
        identity, _, _, number = struct.unpack_from("QIIi", buffer)
        fcntl.ioctl(self.fd, self.IOCTL_SEND, struct.pack("QqiI", identity, 0, -error, 0))
        return number


def test_notify(thole, bundle, folder):
    listener = Listener(folder)
    made = filtered(bundle("/bin/sh", "-c", "mkdir /work/x; exec sleep 1000"),
                    rule("SCMP_ACT_NOTIFY", *MKDIR), listenerPath=listener.path,
                    listenerMetadata="some text")
    made.config["annotations"] = {"org.example": "1"}
    container = thole.launch(made)
    document = listener.accept()
    assert document["fds"] == ["seccompFd"]
    assert document["metadata"] == "some text"
    assert document["pid"] == container.pid
    assert document["ociVersion"]
    assert document["state"]["id"] == container.id
    assert document["state"]["bundle"] == made.path
    assert listener.answer(errno.ENOMEDIUM) == MKDIRAT
    until(container.process.errors, what="the answer's effect")
    assert os.strerror(errno.ENOMEDIUM) in container.process.errors()


def test_notify_needs_a_listener(thole, bundle):
    thole.try_create(filtered(bundle("/bin/true"), rule("SCMP_ACT_NOTIFY", *MKDIR))).failed()


def test_notify_with_nobody_listening(thole, bundle, folder):
    made = filtered(bundle("/bin/true"), rule("SCMP_ACT_NOTIFY", *MKDIR),
                    listenerPath=os.path.join(folder, "nobody"))
    thole.run(made).failed("nobody")
