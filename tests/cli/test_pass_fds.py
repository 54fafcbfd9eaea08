# SPDX-License-Identifier: Apache-2.0
"""Socket activation: descriptors that the caller names are the container's 3, 4, ..., with the variables of
sd_listen_fds(3). A stand-in for systemd listens, and has the container started by the first connection."""
import os
import select
import shutil
import socket
import subprocess

import pytest

from harness.runtime import Process, until


@pytest.fixture
def files(folder):
    """files(N): descriptors of N files that say their number, none of them 3."""
    opened = []

    def make(count):
        for number in range(count):
            path = os.path.join(folder, f"file{number}")
            with open(path, "w", encoding="ascii") as target:
                target.write(f"file {number}\n")
            opened.append(os.open(path, os.O_RDONLY))
        return opened

    yield make
    for fd in opened:
        os.close(fd)


SHOW = "echo $LISTEN_FDS,$LISTEN_PID,$LISTEN_FDNAMES; cat <&3; cat <&4; exec /bin/probe fds"


@pytest.mark.parametrize("command", ("run", "create"))
def test_in_the_order_that_is_asked_for(thole, bundle, files, probe, command):
    """And nothing else comes in."""
    first, second, third = files(3)
    made = bundle("/bin/sh", "-c", SHOW)
    probe(made)
    words = ("--pass-fds", f"{third},{first}")
    opened = (first, second, third)
    if command == "run":
        out = thole.run(made, *words, pass_fds=opened).ok().out
    else:
        container = thole.create(made, *words, pass_fds=opened)
        container.start()
        container.wait_stopped()
        out = container.output()
    told = out.splitlines()
    assert told[:3] == ["2,1,", "file 2", "file 0"]
    assert [line.split()[0] for line in told[3:]] == ["0", "1", "2", "3", "4"]


def test_they_may_be_swapped(thole, bundle, files):
    """3 and 4 of the caller are 4 and 3 inside."""
    one, two = files(2)
    made = bundle("/bin/sh", "-c", "cat <&3; cat <&4")
    name = thole.prepare(made)
    script = f"exec {thole.path} --root {thole.root} run --bundle {made.path} --pass-fds 4,3 {name} 3<&{one} 4<&{two}"
    done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, pass_fds=(one, two), check=True)
    assert done.stdout == "file 1\nfile 0\n"


NAMES = "echo $LISTEN_FDNAMES"


@pytest.mark.parametrize("words, own, names", [
    ("web={0},admin={1}", None, "web:admin"), ("web={0},{1}", None, "web:unknown"), ("{0},{1}", None, ""),
    ("3,4", "one.socket:two.socket", "one.socket:two.socket"), ("4,3", "one.socket:two.socket", "two.socket:one.socket"),
    ("mine=4,3", "one.socket:two.socket", "mine:one.socket"), ("3,4", "one.socket", "one.socket:unknown")])
def test_names(thole, bundle, files, words, own, names):
    """Given ones, else those with which a service manager gave them to the caller."""
    one, two = files(2)
    made = bundle("/bin/sh", "-c", NAMES)
    name = thole.prepare(made)
    activated = f"export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES={own};" if own else ""
    script = (f"{activated} exec {thole.path} --root {thole.root} run --bundle {made.path} --pass-fds "
              f"{words.format(one, two)} {name} 3<&{one} 4<&{two}")
    done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, pass_fds=(one, two), check=True)
    assert done.stdout == names + "\n"


def test_names_for_another_process_are_not_ours(thole, bundle, files):
    one, two = files(2)
    result = thole.run(bundle("/bin/sh", "-c", NAMES), "--pass-fds", f"{one},{two}", pass_fds=(one, two),
                       env={**os.environ, "LISTEN_PID": "1", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"}).ok()
    assert result.out == "\n"


@pytest.mark.parametrize("words, text", [
    ("", "--pass-fds"), ("x", "Unable to parse FD number 'x'"),
    ("-1", "Unable to parse FD number '-1'"), ("0,", "Unable to parse FD number ''"), ("=0", "no name"),
    ("a:b=0", "no name"), ("a b=0", "no name"), ("987", "pass descriptor 987"),
    (",".join(["0"] * 257), "more than 256 descriptors")])
def test_what_cannot_be_passed(thole, bundle, words, text):
    thole.run(bundle("/bin/true"), "--pass-fds", words).failed(text)


def test_one_way_at_a_time(thole, bundle):
    thole.run(bundle("/bin/true"), "--pass-fds", "0", "--preserve-fds", "1").failed("--preserve-fds")


@pytest.mark.parametrize("mode", ((), ("--detach", "--attachable", "--rm")), ids=("foreground", "keeper"))
def test_a_stand_in_for_systemd(thole, bundle, folder, probe, mode):
    """It listens; the first connection has the container started, whose program accepts and answers it."""
    made = bundle("/bin/answer")
    probe(made)
    made.file("bin/answer", "#!/bin/sh\nexec /bin/probe accept 3 \"$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES\"\n", 0o755)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, "socket"))
    listener.listen()
    client = socket.socket(socket.AF_UNIX)
    client.connect(os.path.join(folder, "socket"))
    assert select.select([listener], [], [], 0)[0], "what systemd waits for"
    name, process = thole.start_run(made, *mode, "--pass-fds", f"web={listener.fileno()}",
                                    pass_fds=(listener.fileno(),))
    client.settimeout(20)
    assert client.recv(100) == b"1 1 web\n"
    process.wait().ok()
    until(lambda: not os.path.exists(os.path.join(thole.root, name)), what="its end")
    client.close()
    listener.close()


@pytest.mark.parametrize("words", ((), ("--pass-fds", "3"), ("--pass-fds", "mine=3")), ids=("all", "number", "name"))
def test_systemd_socket_activate(thole, bundle, folder, probe, words):
    """systemd's own tool, which becomes the command with the first connection."""
    if not shutil.which("systemd-socket-activate"):
        pytest.skip("needs systemd-socket-activate")
    made = bundle("/bin/sh", "-c", "exec /bin/probe accept 3 \"$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES\"")
    probe(made)
    path = os.path.join(folder, "socket")
    name = thole.prepare(made)
    activation = Process(["systemd-socket-activate", "--listen", path, "--fdname", "web", thole.path, "--root",
                          thole.root, "run", "--bundle", made.path, *words, name])
    until(lambda: os.path.exists(path))
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        until(lambda: client.connect_ex(path) == 0)  # it listens a moment after the file is there
        assert client.recv(100).decode() == f"1 1 {'mine' if 'mine=3' in words else 'web'}\n", activation.errors()
    activation.wait().ok()
