# SPDX-License-Identifier: Apache-2.0
"""Real socket and service units: a connection to the host's socket starts the container, whose program answers."""
import os
import socket
import subprocess

import pytest

pytestmark = [pytest.mark.needs(systemd=True), pytest.mark.needs(root=True)]
UNITS = "/run/systemd/system"


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def listening(thole, folder):
    """listening(NAME, SERVICE): the path of a socket whose connections start a service of these lines."""
    made = []

    def make(name, service):
        path = os.path.join(folder, "socket")
        made.append(name)
        for kind, text in (("socket", f"[Socket]\nListenStream={path}\nFileDescriptorName=web\n"),
                           ("service", "[Service]\n" + "\n".join(service) + "\n")):
            with open(f"{UNITS}/{name}.{kind}", "w", encoding="ascii") as target:
                target.write(text)
        systemctl("daemon-reload")
        started = systemctl("start", f"{name}.socket")
        assert started.returncode == 0, started.stderr
        return path

    yield make
    for name in made:
        systemctl("stop", f"{name}.socket", f"{name}.service")
        for kind in ("socket", "service"):
            os.unlink(f"{UNITS}/{name}.{kind}")
        systemctl("reset-failed", f"{name}.service")
    systemctl("daemon-reload")


def answer(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(120)
        client.connect(path)
        return client.recv(100).decode()


@pytest.mark.parametrize("words", ("", "--pass-fds 3", "--pass-fds mine=3"), ids=("all", "number", "name"))
def test_a_connection_starts_the_container(thole, bundle, probe, listening, words):
    """Each one a container of its own: it ends when it has answered."""
    made = bundle("/bin/sh", "-c", "exec /bin/probe accept 3 \"$LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES\"")
    probe(made)
    name = thole.prepare(made)
    path = listening(name, [
        f"ExecStart={thole.path} --root {thole.root} run --bundle {made.path} {words} {name}"])
    assert not os.path.exists(os.path.join(thole.root, name)), "nothing runs before"
    expected = f"1 1 {'mine' if 'mine' in words else 'web'}\n"
    assert [answer(path), answer(path)] == [expected, expected], systemctl("status", f"{name}.service").stdout
