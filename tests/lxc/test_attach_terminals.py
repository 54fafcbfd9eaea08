# SPDX-License-Identifier: Apache-2.0
"""lxc-attach and terminals: every combination of descriptors, a hostile program inside, and no byte lost."""
import hashlib
import os
import shutil
import time

import pytest

from harness import machine
from harness.caller import ALL, Caller, name_of
from harness.programs import compiled
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRICKS = ("terminals", "steal", "linger")
FULL = ["CAP_" + name for name in machine.CAPABILITIES]
MEGABYTE = 1 << 20
# THOLE_TEST_ROUNDS=100: as often as it takes to find what is lost once in a while.
ROUNDS = int(os.environ.get("THOLE_TEST_ROUNDS", "3"))


@pytest.fixture
def caller(lxc):
    """caller(container, words...): lxc-attach on a terminal of its own, closed at the end."""
    made = []

    def start(container, *words, **options):
        made.append(Caller([lxc.program, "attach", "-P", lxc.lxcpath, "-n", container.id, *words],
                           **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def sleeper(lxc, thole, bundle):
    """A running container of the state root of the lxcpath."""
    thole.root = lxc.root
    return thole.launch(bundle("/bin/sleep", "1000"))


# ---- which descriptors the program has ----

SHOW = ("exec 9>/work/seen.new; for f in 0 1 2; do if [ -t $f ]; then echo $f terminal >&9; "
        "else echo $f $(readlink /proc/$$/fd/$f | cut -c 1-5) >&9; fi; done; "
        "(: < /dev/tty) 2>/dev/null && echo has-tty >&9; mv /work/seen.new /work/seen; "
        "echo to-out; echo to-error >&2; exit 3")


@pytest.mark.parametrize("kinds", ALL, ids=name_of)
def test_every_combination_of_descriptors(sleeper, caller, kinds):
    """Each one that is a terminal becomes the container's; the others are passed on."""
    one = caller(sleeper, "--", "/bin/sh", "-c", SHOW, kinds=kinds)
    assert one.wait() == 3, one.text
    lines = sleeper.bundle.read("work/seen").splitlines()
    assert [line.split(None, 1)[1] for line in lines if line[0].isdigit()] == [
        {"terminal": "terminal", "pipe": "pipe:", "closed": "/dev/"}[kind] for kind in kinds]
    assert ("has-tty" in lines) == ("terminal" in kinds)
    for fd, word in ((1, b"to-out"), (2, b"to-error")):
        where = {"terminal": "terminal", "pipe": fd}.get(kinds[fd])
        assert where is None or word in one.text[where], one.text
    assert one.restored()


# ---- a hostile program ----

@pytest.fixture(scope="module")
def hostile(session_folder):
    return compiled(os.path.join(TOP, "tests/security/hostile.c"), session_folder)


@pytest.fixture
def victim(request, lxc, thole, bundle, hostile):
    """A running container with the program; its root has few capabilities, or all."""
    thole.root = lxc.root
    made = bundle("/bin/sleep", "1000", noNewPrivileges=False)
    if getattr(request, "param", "admin") == "admin":
        made.capabilities(*[name for name in FULL if machine.has_capability(name)])
        made.linux["maskedPaths"] = made.linux["readonlyPaths"] = []
        made.linux["resources"]["devices"] = [{"allow": True, "access": "rwm"}]
    shutil.copy(hostile, made.rootfs + "/bin/hostile")
    return thole.launch(made)


def report(container):
    try:
        return container.bundle.read("work/report").splitlines()
    except OSError:
        return []


def check(container, one):
    """Nothing was typed into the caller's terminal, and nobody inside ever held it."""
    time.sleep(0.6)  # what lingers inside goes on for half a second
    one.pump(0)
    waiting = one.waiting_input()
    assert waiting == b"", f"this would be run by the caller's shell: {waiting!r}"
    device, number = one.device()
    assert not [line for line in report(container) if line.endswith(f"terminal {device} {number}")]


# All combinations with a container that may do everything, some with what changes nothing about them.
SOME = [ALL[number] for number in (0, 1, 9, 13)]
CASES = [("admin", (), kinds) for kinds in ALL] + [("default", (), kinds) for kinds in SOME] + [
    ("admin", words, kinds) for words in (("-e",), ("-s", "MOUNT|PID")) for kinds in SOME]


@pytest.mark.parametrize("victim, words, kinds", CASES, indirect=["victim"], ids=[
    "-".join([victim, "".join(words) or "plain", name_of(kinds)]) for victim, words, kinds in CASES])
def test_nothing_reaches_the_callers_terminal(victim, caller, words, kinds):
    one = caller(victim, *words, "--", "/bin/hostile", *TRICKS, kinds=kinds)
    assert one.wait() in (0, 23), one.text
    until(lambda: "done: 1" in report(victim), what="the hostile program's end")
    check(victim, one)


@pytest.mark.parametrize("trick", ["flood", "keep", "close", "modes"])
def test_the_session_ends_in_time(victim, caller, trick):
    one = caller(victim, "--", "/bin/hostile", trick)
    began = time.monotonic()
    assert one.wait() == 23, one.text
    assert time.monotonic() - began < 5
    assert one.restored()
    check(victim, one)


def test_its_own_executable_cannot_be_written(lxc, victim, caller, folder):
    """CVE-2019-5736: /proc/self/exe of what is started inside is a sealed copy."""
    program = shutil.copy(lxc.program, folder + "/thole-lxc")
    with open(program, "rb") as source:
        before = hashlib.sha256(source.read()).digest()
    for name in ("bin/sh", "work/program"):
        path = os.path.join(victim.bundle.rootfs, name)
        if os.path.lexists(path):
            os.unlink(path)
        victim.bundle.file(name, "#!/proc/self/exe\n", 0o755)
    for words in ((), ("--", "/work/program")):
        one = Caller([program, "attach", "-P", lxc.lxcpath, "-n", victim.id, *words])
        one.wait()
        check(victim, one)
        one.close()
    with open(program, "rb") as source:
        assert hashlib.sha256(source.read()).digest() == before


# ---- bytes ----

def numbered(size):
    """Lines that are all different, so that a gap is seen."""
    text = "".join(f"{number:07d}\n" for number in range(size // 8))
    return text.encode()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_megabyte_out_of_the_shell_by_a_pipe(sleeper, caller, round_):
    """The shell reads its commands from a pipe and writes to another one."""
    sleeper.bundle.file("work/data", numbered(MEGABYTE).decode())
    one = caller(sleeper, kinds=("pipe", "pipe", "pipe"))
    one.feed(b"cat /work/data; exit 9\n", close=True)
    assert one.wait() == 9
    assert one.text[1] == numbered(MEGABYTE)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_megabyte_into_the_shell_by_a_pipe(sleeper, caller, round_):
    one = caller(sleeper, "--", "/bin/sh", "-c", "sha256sum; exit 9", kinds=("pipe", "pipe", "pipe"))
    data = numbered(MEGABYTE)
    for at in range(0, len(data), 65536):
        one.feed(data[at:at + 65536])
        one.pump(0)
    one.close_input()
    assert one.wait() == 9
    assert one.text[1].split()[0].decode() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_megabyte_out_of_the_shell_by_a_terminal(sleeper, caller, round_):
    sleeper.bundle.file("work/data", numbered(MEGABYTE).decode())
    sleeper.bundle.file("work/go", "stty -echo; echo begin; cat /work/data; exit 9\n")
    one = caller(sleeper)
    one.type(". /work/go\r")
    assert one.wait() == 9
    assert one.text["terminal"].rpartition(b"begin\r\n")[2].replace(b"\r", b"") == numbered(MEGABYTE)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_megabyte_into_the_shell_by_a_terminal(sleeper, caller, round_):
    """Typed in raw mode, as fast as it is taken; what is read is counted and added up inside."""
    one = caller(sleeper, "--", "/bin/sh", "-c",
                 f"stty raw -echo; echo go; head -c {MEGABYTE} | sha256sum; exit 9")
    one.expect("go")
    one.expect("\n")
    data = numbered(MEGABYTE)
    for at in range(0, len(data), 1024):
        one.type(data[at:at + 1024])
        one.pump(0)
    assert one.wait() == 9
    assert one.text["terminal"].split()[0].decode() == hashlib.sha256(data).hexdigest()
