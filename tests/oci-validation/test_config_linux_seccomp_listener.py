# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: the listener of SCMP_ACT_NOTIFY, and the container process state that it is sent."""
import array
import errno
import fcntl
import json
import os
import platform
import socket
import struct

import pytest

from harness.runtime import until
from sentences import sentence

SECCOMP = ("config-linux.md", "Seccomp")
STATE = ("config-linux.md", "The Container Process State")
ARCHITECTURE = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}[platform.machine()]
CALLS = ("mkdir", "mkdirat")
IOCTL_RECEIVE, IOCTL_SEND = 0xC0502100, 0xC0182101  # seccomp_unotify(2)

PATH = sentence(*SECCOMP, "listenerPath (string, OPTIONAL) - specifies the path of UNIX domain socket")
METADATA = sentence(*SECCOMP, "listenerMetadata (string, OPTIONAL) - specifies an opaque data to pass")


class Received:
    """What came over one connection until its end."""

    def __init__(self, connection):
        self.parts = []  # (bytes, descriptors) of each message
        with connection:
            connection.settimeout(10)
            while True:
                data, control, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(16 * 4))
                fds = array.array("i")
                for level, kind, payload in control:
                    assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
                    fds.frombytes(payload[:len(payload) - len(payload) % 4])
                if not data:
                    break
                self.parts.append((data, list(fds)))
        self.text = b"".join(data for data, _ in self.parts).decode()
        self.fds = [fd for _, fds in self.parts for fd in fds]

    @property
    def document(self):
        return json.loads(self.text)

    def answer(self, number):
        """Waits for a notification, and lets the call fail with the error."""
        buffer = bytearray(80)
        fcntl.ioctl(self.fds[0], IOCTL_RECEIVE, buffer)
        identity = struct.unpack_from("Q", buffer)[0]
        fcntl.ioctl(self.fds[0], IOCTL_SEND, struct.pack("QqiI", identity, 0, -number, 0))


class Agent:
    """Listens at the path."""

    def __init__(self, folder, kind=socket.SOCK_STREAM):
        self.path = os.path.join(folder, "agent")
        self.socket = socket.socket(socket.AF_UNIX, kind)
        self.socket.bind(self.path)
        if kind != socket.SOCK_DGRAM:
            self.socket.listen(8)
        self.socket.settimeout(10)

    def receive(self):
        return Received(self.socket.accept()[0])

    def has_another(self):
        self.socket.settimeout(0.2)
        try:
            self.socket.accept()[0].close()
        except TimeoutError:
            return False
        return True


@pytest.fixture
def agent(folder):
    return Agent(folder)


@pytest.fixture
def notifying(bundle):
    """notifying(agent, member=value): a bundle whose program waits, and then makes a folder."""

    def make(agent, action="SCMP_ACT_NOTIFY", **members):
        made = bundle("/bin/sh", "-c", "while ! [ -e /work/go ]; do sleep 0.05; done; mkdir /work/new; sleep 1000")
        made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": [ARCHITECTURE],
                                 "syscalls": [{"names": list(CALLS), "action": action}],
                                 "listenerPath": agent.path, **members}
        return made

    return make


@PATH
@sentence(*SECCOMP, "seccompFd (string, REQUIRED) is the seccomp file descriptor returned by the seccomp")
@sentence(*STATE, "fds (array, OPTIONAL) is a string array containing the names of the file descriptors")
def test_the_descriptor_is_the_filters_listener(runtime, notifying, agent):
    """By its name in fds, and because what is answered over it is what the program gets."""
    made = notifying(agent)
    container = runtime.launch(made)
    received = agent.receive()
    index = received.document["fds"].index("seccompFd")
    assert len(received.fds) == len(received.document["fds"])
    assert os.readlink(f"/proc/self/fd/{received.fds[index]}") == "anon_inode:seccomp notify"
    made.file("work/go")
    received.answer(errno.ENOMEDIUM)
    until(lambda: os.strerror(errno.ENOMEDIUM) in container.process.errors(), what="the answer")


@sentence(*SECCOMP, "The runtime MUST send exactly one container process state per connection")
@sentence(*SECCOMP, "The connection MUST NOT be reused and it MUST be closed after sending a seccomp state")
def test_one_state_on_each_connection(runtime, notifying, agent):
    """Of the container and of exec: Received reads on until the connection is closed."""
    container = runtime.launch(notifying(agent))
    first = agent.receive()
    assert first.document["pid"] == container.pid
    assert not agent.has_another()
    agent.socket.settimeout(10)
    container.exec("/bin/true").ok()
    second = agent.receive()
    assert second.document["pid"] not in (container.pid, None)
    assert second.document["state"]["pid"] == container.pid
    assert not agent.has_another()


@sentence(*SECCOMP, "This socket MUST use AF_UNIX domain and SOCK_STREAM type")
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_SEQPACKET], ids=["datagrams", "packets"])
def test_another_kind_of_socket_is_an_error(runtime, notifying, folder, kind):
    runtime.refuses(notifying(Agent(folder, kind)), late=True)


@sentence(*SECCOMP, "If sending to this socket fails, the runtime MUST generate an error")
@pytest.mark.parametrize("case", ["no socket", "nobody listens", "a file", "no path"])
def test_a_state_that_cannot_be_sent_is_an_error(runtime, notifying, agent, case):
    made = notifying(agent)
    agent.socket.close()
    if case != "nobody listens":
        os.unlink(agent.path)
    if case == "a file":
        with open(agent.path, "w", encoding="ascii"):
            pass
    if case == "no path":
        del made.linux["seccomp"]["listenerPath"]
    runtime.refuses(made, late=True)


@sentence(*SECCOMP, "If the SCMP_ACT_NOTIFY action is not used this value is ignored")
def test_the_path_is_ignored_without_notify(runtime, notifying, agent):
    runtime.launch(notifying(agent, action="SCMP_ACT_ERRNO"))
    assert not agent.has_another()
    agent.socket.close()
    os.unlink(agent.path)
    runtime.launch(notifying(agent, action="SCMP_ACT_ERRNO"))


@METADATA
@sentence(*STATE, "metadata (string, OPTIONAL) opaque metadata")
@pytest.mark.parametrize("text", ["MKNOD=/dev/null;x", "\"quoted\" and \\ and\nlines é", None])
def test_metadata(runtime, notifying, agent, text):
    runtime.launch(notifying(agent, **({"listenerMetadata": text} if text else {})))
    assert agent.receive().document.get("metadata") == text


@sentence(*SECCOMP, "flags (array of strings, OPTIONAL) - list of flags to use with seccomp(2)")
@pytest.mark.needs(program="strace")
def test_the_flag_of_a_listener(runtime, notifying, agent, folder):
    trace = os.path.join(folder, "trace")
    runtime.prefix = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=seccomp"]
    made = notifying(agent, flags=["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"])
    made.process["args"] = ["/bin/true"]
    _, process = runtime.start_run(made)
    agent.receive()
    process.wait().ok()
    with open(trace, encoding="utf-8") as source:
        flags = source.read()
    assert "WAIT_KILLABLE_RECV" in flags or "|0x20" in flags, flags


# ---- the document ------------------------------------------------------------------------------


@sentence(*STATE, "The container runtime MUST send the container process state over the UNIX socket")
@sentence(*STATE, "If more than one sendmsg(2) is used, the file descriptors MUST be sent only in the first")
def test_json_with_descriptors_in_front(runtime, notifying, agent):
    """Metadata that no socket takes at once: the descriptors come with the first byte alone."""
    made = notifying(agent, listenerMetadata="m" * 600000)
    made.process["args"] = ["/bin/true"]
    _, process = runtime.start_run(made)
    received = agent.receive()
    process.wait().ok()
    assert len(received.document["metadata"]) == 600000
    assert len(received.parts[0][1]) == 1
    assert all(not fds for _, fds in received.parts[1:])


@sentence(*STATE, "ociVersion (string, REQUIRED) is version of the Open Container Initiative Runtime")
def test_version(runtime, notifying, agent):
    runtime.launch(notifying(agent))
    document = agent.receive().document
    assert document["ociVersion"].split(".")[0] == "1"
    assert document["ociVersion"] == document["state"]["ociVersion"]


@sentence(*STATE, "pid (int, REQUIRED) is the container process ID, as seen by the runtime")
def test_pid(runtime, notifying, agent):
    container = runtime.launch(notifying(agent))
    assert agent.receive().document["pid"] == container.pid


@sentence(*STATE, "state (state, REQUIRED) is the state of the container")
def test_state(runtime, notifying, agent):
    made = notifying(agent)
    made.config["annotations"] = {"org.example.key": "value"}
    container = runtime.launch(made)
    state = agent.receive().document["state"]
    assert state["id"] == container.id
    assert state["status"] == "creating"
    assert state["pid"] == container.pid
    assert os.path.samefile(state["bundle"], made.path)
    assert state["annotations"]["org.example.key"] == "value"
