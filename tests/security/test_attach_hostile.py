# SPDX-License-Identifier: Apache-2.0
"""A hostile program inside does all it can to the terminal and the process of who enters.

The control is plain nsenter(1), which hands the caller's terminal in: it must fall to the same
program, or these tests would prove nothing.
"""
import os
import shutil
import time

import pytest

from harness import machine
from harness.caller import ALL, Caller, name_of
from harness.programs import compiled
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

TRICKS = ("terminals", "steal", "linger")
FULL = ["CAP_" + name for name in machine.CAPABILITIES]


@pytest.fixture(scope="session")
def hostile(session_folder):
    return compiled(os.path.join(os.path.dirname(__file__), "hostile.c"), session_folder)


@pytest.fixture(params=["default", "admin"])
def victim(request, thole, bundle, hostile):
    """victim(*init): a running container with the program; its root has all capabilities or few."""

    def make(*args, options=(), **process):
        made = bundle(*(args or ("/bin/sleep", "1000")), noNewPrivileges=False, **process)
        if request.param == "admin":
            made.capabilities(*[name for name in FULL if machine.has_capability(name)])
            made.linux["maskedPaths"] = made.linux["readonlyPaths"] = []
            made.linux["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
        shutil.copy(hostile, made.rootfs + "/bin/hostile")
        return thole.launch(made, *options)

    make.kind = request.param
    return make


@pytest.fixture
def caller(thole):
    made = []

    def start(*command, **options):
        made.append(Caller(command, **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


def entered(thole, *words):
    return (thole.path, "--root", thole.root, *words)


def seen(container):
    try:
        return container.bundle.read("work/report").splitlines()
    except OSError:
        return []


def until_done(container, timeout=10):
    until(lambda: "done: 1" in seen(container), timeout, "the hostile program's end")


def check(container, one):
    """Nothing was typed into the caller's terminal, and nobody inside ever held it."""
    time.sleep(0.6)  # what lingers inside goes on for half a second
    one.pump(0)
    waiting = one.waiting_input()
    assert waiting == b"", f"this would be run by the caller's shell: {waiting!r}"
    device, number = one.device()
    held = [line for line in seen(container) if line.endswith(f"terminal {device} {number}")]
    assert not held, held


def test_control_falls(victim, caller):
    """nsenter: the same program, the same container, and the caller's shell is given commands."""
    if victim.kind == "default":
        pytest.skip("nsenter keeps the caller's capabilities whatever the container has")
    with open("/proc/sys/dev/tty/legacy_tiocsti", encoding="ascii") as source:
        if source.read().strip() != "1":
            pytest.skip("dev.tty.legacy_tiocsti is 0: the kernel itself refuses the injection")
    container = victim()
    one = caller("/usr/bin/nsenter", "--target", container.pid, "--mount", "--pid", "--net",
                 "--ipc", "--uts", "/bin/hostile", *TRICKS)
    one.wait()
    until_done(container)
    time.sleep(0.6)
    assert b"touch /tmp/thole-injected\n" in one.waiting_input()
    device, number = one.device()
    assert any(line.endswith(f"terminal {device} {number}") for line in seen(container))


@pytest.mark.parametrize("kinds", ALL, ids=name_of)
@pytest.mark.parametrize("how", ["exec", "exec -t", "attach"])
def test_nothing_reaches_the_callers_terminal(thole, victim, caller, how, kinds):
    if how == "attach":
        container = victim("/bin/sh", "-c", "read x; hostile " + " ".join(TRICKS) + "; exit 23",
                           terminal=True, options=("--attachable",))
        one = caller(*entered(thole, "attach", container.id), kinds=kinds)
        if kinds[0] == "terminal":
            one.type("\r")
        elif kinds[0] == "pipe":
            one.feed(b"\n", close=True)
    else:
        container = victim()
        one = caller(*entered(thole, *how.split(), container.id, "/bin/hostile", *TRICKS),
                     kinds=kinds)
    assert one.wait() in (0, 23), one.text
    until_done(container)
    check(container, one)
    assert one.restored() or one.waiting_input() == b""


@pytest.mark.parametrize("kinds", ALL, ids=name_of)
def test_run_in_the_foreground(thole, bundle, hostile, caller, kinds):
    made = bundle("/bin/hostile", *TRICKS, noNewPrivileges=False)
    made.capabilities(*[name for name in FULL if machine.has_capability(name)])
    shutil.copy(hostile, made.rootfs + "/bin/hostile")
    name = thole.prepare(made)
    one = caller(*entered(thole, "run", "--bundle", made.path, name), kinds=kinds)
    assert one.wait() == 23, one.text

    class Ended:
        bundle = made

    check(Ended, one)


@pytest.mark.parametrize("trick", ["flood", "keep", "stop", "close", "modes"])
@pytest.mark.parametrize("how", ["exec", "exec -t"])
def test_session_survives(thole, victim, caller, how, trick):
    """It ends in time, with the right status, and the terminal is as it was."""
    container = victim()
    one = caller(*entered(thole, *how.split(), container.id, "/bin/hostile", trick))
    began = time.monotonic()
    if trick == "stop":
        # The whole process group has stopped itself, as ^Z would do: it can be continued inside.
        until(lambda: seen(container) or stopped_inside(container), what="the stop")
        while one.pump():
            for pid in stopped_inside(container):
                os.kill(pid, 18)
            assert time.monotonic() - began < 10
    assert one.wait() == 23, one.text
    assert time.monotonic() - began < 5
    assert one.restored()
    check(container, one)


def stopped_inside(container):
    namespace = os.readlink(f"/proc/{container.pid}/ns/pid")
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.readlink(f"/proc/{name}/ns/pid") == namespace:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as source:
                    if source.read().rpartition(")")[2].split()[0] in "Tt":
                        found.append(int(name))
        except OSError:
            continue
    return found


def test_program_that_stops_itself_can_be_left(thole, victim, caller):
    container = victim()
    one = caller(*entered(thole, "exec", container.id, "/bin/hostile", "stop-itself"))
    until(lambda: stopped_inside(container), what="the stop")
    until(lambda: not one.restored(), what="raw mode: until then ^Q is the terminal's own")
    one.type("\x10\x11")
    assert one.wait() == 0 and one.restored()
    container.kill_all("KILL")


def test_entering_process_is_watched(thole, victim, caller):
    """Every phase of an exec under the eyes of root inside, who may even ptrace."""
    container = victim("/bin/hostile", "watch")
    until(lambda: any(line.startswith("watching") for line in seen(container)), what="the watcher")
    outside = {(os.stat(path).st_dev, os.stat(path).st_ino) for path in ("/", "/proc", "/dev/pts",
               "/sys/fs/cgroup", thole.root, f"{thole.root}/{container.id}")}
    last = None
    for number in range(40):
        kinds = ALL[number % 27]
        if last:
            last.close()
        last = Caller(entered(thole, "exec", *(("-t",) if number % 2 else ()), container.id,
                              "/bin/true"), kinds=kinds)
        last.wait(30)
        device, rdev = last.device()
        lines = seen(container)
        assert not [line for line in lines if line.endswith(f"terminal {device} {rdev}")]
        assert last.waiting_input() == b""
    last.close()
    lines = seen(container)
    assert any(line.startswith("seen") for line in lines), "the watcher must have seen somebody"
    assert not [line for line in lines if line.startswith("writable executable")]
    for line in lines:
        if "directory" in line:
            device, inode = map(int, line.rsplit(None, 2)[1:])
            assert (device, inode) not in outside, line
            assert "cgroup" not in line, line
    if victim.kind == "default":
        # Without CAP_SYS_PTRACE not even the rest can be looked at before the program runs.
        for line in lines:
            assert not line.startswith(("stolen directory", "directory /proc", "directory /sys")), \
                line
    container.kill_all("KILL")


# ---- a container that is not what it seems ----

def test_mounts_over_proc_and_dev_pts(thole, victim, caller):
    container = victim()
    if victim.kind == "admin":
        container.sh("mount -t tmpfs x /proc; mkdir -p /proc/self/attr /proc/self/fd /proc/sys; "
                     "mount -t tmpfs y /dev/pts; ln -s /work/report /dev/pts/ptmx; "
                     "mkdir /proc/thread-self; echo > /proc/self/attr/exec").ok()
    one = caller(*entered(thole, "exec", "-t", container.id, "/bin/sh", "-c",
                          "test -t 0 && echo ter''minal; exit 4"))
    assert one.wait() == 4, one.text
    assert b"terminal" in one.text["terminal"]
    check(container, one)


@pytest.mark.parametrize("link", ["/dev/pts/0", "/work/file", "/proc/1/fd/0", "/dev/null",
                                  "../../../../../../dev/ptmx"])
def test_replaced_ptmx(thole, victim, caller, link):
    container = victim()
    if victim.kind == "admin":
        container.sh(f"umount /dev/pts; rm -rf /dev/pts/* /dev/ptmx; ln -s {link} /dev/ptmx; "
                     f"ln -s {link} /dev/pts/ptmx; : > /work/file").ok()
    else:
        container.sh(f"rm -f /dev/ptmx; ln -s {link} /dev/ptmx").ok()
    one = caller(*entered(thole, "exec", container.id, "/bin/sh", "-c",
                          "test -t 0 && echo ter''minal; exit 4"))
    assert one.wait() == 4, one.text
    assert b"terminal" in one.text["terminal"]
    check(container, one)


def test_replaced_dev_pts_directory(thole, victim, caller):
    container = victim()
    container.sh("umount /dev/pts 2>/dev/null; mv /dev/pts /dev/other 2>/dev/null; "
                 "ln -s /proc/1/root/dev/other /dev/pts")
    one = caller(*entered(thole, "exec", "-t", container.id, "/bin/true"))
    assert one.wait() == 0, one.text
    check(container, one)


@pytest.mark.parametrize("words", [("/bin/true",), ("/work/program",), ()])
@pytest.mark.parametrize("kinds", [("terminal",) * 3, ("pipe",) * 3], ids=name_of)
def test_replaced_shell_and_executables(thole, victim, caller, folder, kinds, words):
    """CVE-2019-5736: whatever is executed inside, the runtime's own file cannot be written."""
    copy = os.path.join(folder, "runtime-copy")
    shutil.copy(thole.path, copy)
    with open(copy, "rb") as source:
        before = source.read()
    container = victim()
    for name in ("bin/sh", "bin/true", "work/program"):
        path = os.path.join(container.bundle.rootfs, name)
        if os.path.lexists(path):
            os.unlink(path)
        container.bundle.file(name, "#!/proc/self/exe\n", 0o755)
    one = caller(copy, "--root", thole.root, "exec", container.id, *words, kinds=kinds)
    one.close_input()
    one.wait()
    check(container, one)
    with open(copy, "rb") as source:
        assert source.read() == before


def test_replaced_loader(thole, victim, caller, hostile):
    """A library or loader of the image never runs in the runtime: the runtime is in already."""
    container = victim()
    for name in ("lib64/ld-linux-x86-64.so.2", "lib/x86_64-linux-gnu/libc.so.6",
                 "lib/libnss_files.so.2", "etc/ld.so.preload"):
        container.bundle.file(name, "#!/bin/hostile terminals\n", 0o755)
    one = caller(*entered(thole, "exec", "--user", "web", container.id, "/bin/sh", "-c", "exit 4"))
    assert one.wait() == 4, one.text
    assert not seen(container)
