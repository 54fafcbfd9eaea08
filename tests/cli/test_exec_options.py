# SPDX-License-Identifier: Apache-2.0
"""exec: what cannot be had is an error with status 255, or a warning, as other runtimes have it."""
import os
import socket

import pytest

from harness import machine
from harness.runtime import until


@pytest.mark.parametrize("options", [("--user", "nosuchname"), ("--user", "4294967296"),
                                     ("--env", "NOVALUE"), ("--env", "=x"), ("--cwd", "relative")])
def test_what_is_not_valid_ends_with_255(sleeper, options):
    assert sleeper().exec("/bin/true", options=options).failed().code == 255


def test_a_missing_working_directory_is_not_made(sleeper):
    container = sleeper()
    result = container.exec("/bin/true", options=("--cwd", "/missing/one")).failed("/missing/one")
    assert result.code == 255
    assert not os.path.exists(container.bundle.rootfs + "/missing")


def test_an_unknown_capability_is_warned_of(sleeper):
    result = sleeper().exec("/bin/echo", "ran", options=("--cap", "CAP_NONSENSE")).ok()
    assert result.out == "ran\n"
    assert result.err.count("CAP_NONSENSE") == 1


@pytest.mark.parametrize("inheritable", [False, True])
def test_an_added_capability_is_ambient_if_it_is_inheritable(thole, bundle, inheritable):
    made = bundle("/bin/sleep", "1000")
    if inheritable:
        for kind in ("inheritable", "bounding"):
            made.process["capabilities"].setdefault(kind, []).append("CAP_NET_RAW")
    container = thole.launch(made)
    inside = machine.parse_capability_sets(container.exec(
        "/bin/cat", "/proc/self/status",
        options=("--user", "1000", "--cap", "CAP_NET_RAW")).ok().out)
    names = machine.capability_names(inside["CapAmb"])
    assert names == ({"CAP_NET_RAW"} if inheritable else set())


KINDS = ("device", "fifo", "directory", "socket", "sparse", "link to a device")


@pytest.mark.parametrize("kind", KINDS)
def test_a_passwd_that_is_no_small_file_is_not_read(thole, bundle, kind):
    """Neither for --user nor for HOME: opening a device has effects, and a pipe never ends."""
    made = bundle("/bin/sleep", "1000")
    path = made.rootfs + "/etc/passwd"
    os.unlink(path)
    if kind == "device":
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            old = os.getcwd()
            os.chdir(made.rootfs + "/etc")
            server.bind("passwd")
            os.chdir(old)
    elif kind == "sparse":
        with open(path, "wb") as target:
            target.truncate(1 << 40)
    else:
        os.symlink("/dev/zero", path)
    container = thole.launch(made)
    assert container.sh("echo $HOME").ok().out == "/\n"
    container.exec("/bin/true", options=("--user", "web")).failed("/etc/passwd")


@pytest.mark.parametrize("text", ["\x1b]0;owned\x07", "\x1b[2J", "two\nlines", "\xc2\x9b2J"])
def test_nothing_of_an_image_commands_the_terminal(sleeper, text):
    for result in (sleeper().exec("/bin/" + text), sleeper().exec("/bin/true", options=("--cwd", "/" + text))):
        err = result.failed().err
        assert not any(char < " " and char != "\n" or "\x7f" <= char < "\xa0" for char in err), repr(err)
        assert len(err.splitlines()) <= 2  # the message and a hint
