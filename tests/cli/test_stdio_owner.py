# SPDX-License-Identifier: Apache-2.0
"""The container's user can open its own standard streams; nothing else of the caller's is given away."""
import json
import os
import socket
import stat
import subprocess

import pytest

from harness.caller import Caller
from harness.runtime import until

pytestmark = pytest.mark.any_layout

USER = 1000
HOST = 100000  # of root in a user namespace of the container's own
STREAMS = ("stdin", "stdout", "stderr")
COMMANDS = ("run", "run --detach", "create", "exec", "exec --process")


def open_again(fd):
    """What is inherited can be used by anyone: here it is opened by its name."""
    return f"exec 3<>/dev/{STREAMS[fd]} && echo opened > /work/answer; echo done > /work/end"


class Job:
    """The command that runs a script as USER in a container, `own` says in which user namespace."""

    def __init__(self, thole, bundle, folder, command, script, own):
        is_exec = command.startswith("exec")
        self.thole = thole
        self.made = bundle("/bin/sh", "-c", "exec sleep 1000" if is_exec else script)
        if not is_exec:
            self.made.process["user"] = {"uid": USER, "gid": USER}
        if own:
            self.made.user_namespace(host=HOST)
        os.chmod(self.made.rootfs + "/work", 0o777)
        self.name = thole.prepare(self.made)
        self.words = [*command.split()[:2], "--bundle", self.made.path, self.name]
        if command == "exec":
            self.words = ["exec", "--user", f"{USER}:{USER}", self.name, "/bin/sh", "-c", script]
        elif is_exec:
            path = os.path.join(folder, "process.json")
            with open(path, "w", encoding="ascii") as target:
                json.dump({"args": ["/bin/sh", "-c", script], "cwd": "/", "env": ["PATH=/bin"],
                           "user": {"uid": USER, "gid": USER}}, target)
            self.words = ["exec", "--process", path, self.name]
        if is_exec:
            thole("run", "--detach", "--bundle", self.made.path, self.name).ok()

    def run(self, **streams):
        given = {**dict.fromkeys(STREAMS, subprocess.DEVNULL), **streams}
        subprocess.run([self.thole.path, "--root", self.thole.root, *self.words], check=True,
                       timeout=60, **given)
        return self.finish()

    def finish(self):
        """Whether the stream could be opened."""
        if self.words[0] == "create":
            self.thole("start", self.name).ok()
        until(lambda: os.path.exists(self.made.rootfs + "/work/end"), what="the script's end")
        return os.path.exists(self.made.rootfs + "/work/answer")


@pytest.mark.parametrize("own", [False, True], ids=["host", "own"])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind, fd", [("pipe", 0), ("pipe", 1), ("pipe", 2), ("fifo", 1),
                                      ("file", 1), ("file", 2), ("memory", 1)])
def test_a_stream_is_the_users(thole, bundle, folder, kind, fd, command, own):
    job = Job(thole, bundle, folder, command, open_again(fd), own)
    if kind == "pipe":
        reading, writing = os.pipe()
    elif kind == "memory":
        reading = writing = os.memfd_create("stream")
        os.fchmod(writing, 0o600)
    else:
        if kind == "fifo":
            os.mkfifo(folder + "/stream", 0o600)
        reading = writing = os.open(folder + "/stream", os.O_RDWR | os.O_CREAT, 0o600)
    given = reading if fd == 0 else writing
    assert job.run(**{STREAMS[fd]: given}), "permission denied"
    assert os.fstat(given).st_uid == USER + (HOST if own else 0)
    for end in {reading, writing}:
        os.close(end)


@pytest.mark.parametrize("own", [False, True], ids=["host", "own"])
@pytest.mark.parametrize("command", ["run", "exec", "exec --process"])
def test_a_terminal_is_the_users_and_the_callers_stays_the_callers(thole, bundle, folder, command,
                                                                   own):
    job = Job(thole, bundle, folder, command, open_again(1), own)
    caller = Caller([thole.path, "--root", thole.root, *job.words])
    before = os.fstat(caller.slave).st_uid
    assert caller.wait() == 0, caller.text
    assert job.finish(), "permission denied"
    assert os.fstat(caller.slave).st_uid == before
    caller.close()


@pytest.mark.parametrize("own", [False, True], ids=["host", "own"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_socket_is_the_users(thole, bundle, folder, command, own):
    job = Job(thole, bundle, folder, command, "echo done > /work/end", own)
    ours, theirs = socket.socketpair()
    job.run(stdout=theirs.fileno())
    assert os.fstat(theirs.fileno()).st_uid == USER + (HOST if own else 0)
    ours.close()
    theirs.close()


def not_to_be_given(folder):
    """name: a descriptor that the container's user gets but must not come to own."""
    def file(name, flags, owner=0):
        path = os.path.join(folder, name)
        made = os.open(path, flags | os.O_CREAT, 0o600)
        os.fchown(made, owner, owner)
        return made

    yield "input file", file("input", os.O_RDONLY)
    yield "somebody else's file", file("other", os.O_RDWR, 1234)
    shared = file("shared", os.O_RDWR)
    os.link(folder + "/shared", folder + "/second")
    yield "file with two names", shared
    # Nodes of the test's own: those of the host would suffer.
    for name, minor in (("null", 3), ("zero", 5)):
        os.mknod(f"{folder}/{name}", stat.S_IFCHR | 0o600, os.makedev(1, minor))
        yield name, os.open(f"{folder}/{name}", os.O_RDWR)
    yield "directory", os.open(folder, os.O_RDONLY)
    yield "no file at all", os.eventfd(0)


@pytest.mark.parametrize("own", [False, True], ids=["host", "own"])
@pytest.mark.parametrize("command", COMMANDS)
def test_what_others_share_stays_theirs(thole, bundle, folder, command, own):
    for name, fd in not_to_be_given(folder):
        job = Job(thole, bundle, folder, command, "echo done > /work/end", own)
        before = os.fstat(fd)
        job.run(stdin=fd)
        after = os.fstat(fd)
        assert (after.st_uid, after.st_gid, after.st_mode) == \
            (before.st_uid, before.st_gid, before.st_mode), name
        os.close(fd)


@pytest.mark.parametrize("own", [False, True], ids=["host", "own"])
def test_a_stream_that_a_terminal_stands_for_stays_the_callers(thole, bundle, folder, own):
    """With -t the program has a terminal; the pipes outside are the runtime's business."""
    job = Job(thole, bundle, folder, "exec", "echo done > /work/end", own)
    job.words.insert(1, "--tty")
    reading, writing = os.pipe()
    job.run(stdout=writing)
    assert os.fstat(writing).st_uid == 0
    os.close(reading)
    os.close(writing)
