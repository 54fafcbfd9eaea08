# SPDX-License-Identifier: Apache-2.0
"""Sessions under load: every byte both ways, whole screens, and a thousand execs at once."""
import os
import random
import re
import shutil
import subprocess
import threading
import time

import pytest

from harness.caller import Caller
from harness.programs import compiled
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

WRITES, MOST = 100000, 160
KINDS = {"pty": ("terminal",) * 3, "pipes": ("pipe",) * 3,
         "mixed": ("pipe", "terminal", "terminal")}


@pytest.fixture(scope="session")
def streams(session_folder):
    return compiled(os.path.join(os.path.dirname(__file__), "streams.c"), session_folder)


def write_in_pieces(fd, data, most, close):
    at = 0
    while at < len(data):
        at += os.write(fd, data[at:at + random.randint(1, most)])
        if random.random() < 0.0005:
            time.sleep(0.003)
    if close:
        os.close(fd)


def read_slowly(fd, size, pieces):
    got = 0
    while got < size:
        try:
            piece = os.read(fd, random.randint(1, 8192))
        except OSError:
            return
        if not piece:
            return
        pieces.append(piece)
        got += len(piece)
        if random.random() < 0.002:
            time.sleep(random.random() * 0.005)


def exchange(one, incoming, outgoing, storm=True):
    """Feeds and reads the caller's ends at the same time; returns all that came out."""
    output = one.master if "terminal" in one.readers.values() and 1 not in \
        one.readers.values() else next(fd for fd, what in one.readers.items() if what == 1)
    assert os.read(output, 1) == b"R"
    pieces = []
    fd = one.master if one.input is None else one.input
    os.write(fd, b"G")
    threads = [threading.Thread(target=write_in_pieces, args=(fd, incoming, MOST, False)),
               threading.Thread(target=read_slowly, args=(output, len(outgoing), pieces))]
    for thread in threads:
        thread.start()
    count = 0
    while any(thread.is_alive() for thread in threads):
        if storm:
            one.resize(20 + count % 30, 70 + count % 50)
        count += 1
        time.sleep(0.0007)
    return b"".join(pieces)


# "exec -t" makes all three a terminal: with "mixed" its input would be lines from a pipe.
@pytest.mark.parametrize("how, kinds", [(how, kinds) for how in ("exec", "exec -t", "attach") for kinds in KINDS
                                        if (how, kinds) != ("exec -t", "mixed")])
def test_every_byte_arrives(thole, bundle, sleeper, streams, how, kinds):
    """100,000 writes of random size each way, both sides slow now and then, SIGWINCH all along."""
    size = WRITES * MOST // 2
    incoming, outgoing = os.urandom(size), os.urandom(size)
    keys = ("--detach-keys", "none")
    made = bundle("/bin/streams", str(MOST), terminal=kinds == "pty") if how == "attach" else None
    container = None if made else sleeper()
    rootfs = (made or container.bundle).rootfs
    shutil.copy(streams, rootfs + "/bin/streams")
    for name, data in (("in", incoming), ("out", outgoing)):
        with open(f"{rootfs}/work/{name}", "wb") as target:
            target.write(data)
    if made:
        container = thole.launch(made, "--attachable")
        words = ("attach", *keys, container.id)
    else:
        words = (*how.split(), *keys, container.id, "/bin/streams", str(MOST))
    one = Caller([thole.path, "--root", thole.root, *words], kinds=KINDS[kinds])
    if kinds == "mixed":
        one.no_output_processing()  # which is the caller's own affair where it types nothing
    try:
        got = exchange(one, incoming, outgoing)
        assert len(got) == size and got == outgoing
        assert one.wait(30) == 0
    finally:
        one.close()


# ---- whole screens ----

SIZES = [(24, 80), (50, 132)]


def draw(command, steps, size, environment, grown=None):
    """The screen (a list of lines) after the steps: [(text to wait for, keys to type)]."""
    pyte = pytest.importorskip("pyte", reason="needs the package python3-pyte")

    class Screen(pyte.Screen):
        def select_graphic_rendition(self, *attributes, private=False):
            if not private:  # pyte 0.8 does not know these sequences
                super().select_graphic_rendition(*attributes)

    screen = Screen(size[1], size[0])
    stream = pyte.ByteStream(screen)
    one = Caller(command, size=size, environment=environment)

    def feed(condition):
        end = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < end, "\n".join(screen.display)
            one.pump(0.02)
            stream.feed(one.text["terminal"])
            one.text["terminal"] = b""

    def settle():
        quiet = time.monotonic() + 0.5
        while time.monotonic() < quiet:
            one.pump(0.02)
            if one.text["terminal"]:
                quiet = time.monotonic() + 0.5
            stream.feed(one.text["terminal"])
            one.text["terminal"] = b""

    try:
        for wanted, keys in steps:
            feed(lambda: any(re.search(wanted, line) for line in screen.display))
            one.type(keys)
        settle()
        if grown:
            screen.resize(*grown)
            one.resize(*grown)
            settle()
        return [line.rstrip() for line in screen.display], (screen.cursor.y, screen.cursor.x)
    finally:
        one.close()


@pytest.fixture
def debian(thole, bundle):
    """A container that sees this machine's programs, and their environment."""
    made = bundle("/bin/sleep", "1000")
    for name in ("/usr", "/lib", "/lib64", "/etc/terminfo", "/etc/alternatives"):
        if os.path.isdir(name):
            made.mount(name, name, "bind", ["rbind", "ro"])
    with open(made.rootfs + "/work/text", "w", encoding="utf-8") as target:
        target.write("".join(f"{n:4}  {'äöü€' * (n % 9)} {'x' * (n * 7 % 60)}\n"
                             for n in range(200)))
    return thole.launch(made)


VIM = ["/usr/bin/vim", "-n", "-u", "NONE", "-N", "--cmd", "set encoding=utf-8 ruler"]
PROGRAMS = {
    "vim": (VIM, [(r"   0", ":split\r"), (r"20", "15jyyp:set nu\r"), (r"\b1 ", "/66\r"),
                  (r"66 ", "zz")]),
}


@pytest.mark.flaky(reruns=1)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("how", ["exec", "exec -t"])
def test_screens_are_drawn_as_without_a_container(thole, debian, how, program, size):
    """The same program and keys, once on a terminal of its own and once through the relay."""
    if not os.path.exists(f"/usr/bin/{program}"):
        pytest.skip(f"needs the program {program}")
    command, steps = PROGRAMS[program]

    def words(folder_of_text):
        if program != "vim":
            return command
        return ["/usr/bin/env", "-C", folder_of_text, *command, "text"]

    environment = {"TERM": "xterm", "PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8",
                   "PS1": "# "}
    settings = [word for name in ("LC_ALL", "PS1") for word in
                ("-e", f"{name}={environment[name]}")]
    grown = SIZES[1] if size == SIZES[0] else SIZES[0]
    for resized in (None, grown):
        plain = draw(words(debian.bundle.rootfs + "/work"), steps, size, environment, resized)
        inside = draw([thole.path, "--root", thole.root, *how.split(), *settings, debian.id,
                       *words("/work")],
                      steps, size, environment, resized)
        assert inside == plain


@pytest.mark.flaky(reruns=1)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.needs(file="/usr/bin/htop")
def test_htop(thole, debian, size):
    environment = {**os.environ, "TERM": "xterm"}
    lines, _ = draw([thole.path, "--root", thole.root, "exec", "-e", "LC_ALL=C.UTF-8", debian.id,
                     "/usr/bin/htop"], [(r"PID\s+USER", "")], size, environment)
    assert lines[-1].startswith("F1Help") and "F10Quit" in lines[-1]
    heads = [n for n, line in enumerate(lines) if re.search(r"PID\s+USER.*Command", line)]
    assert len(heads) == 1
    assert re.search(r"\b1 root .*sleep", "\n".join(lines))


@pytest.mark.flaky(reruns=1)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.needs(file="/usr/bin/tmux")
def test_tmux(thole, debian, size):
    """Two panes side by side over a status line, also after the window has changed its size."""
    environment = {**os.environ, "TERM": "xterm"}
    with open(debian.bundle.rootfs + "/work/tmux.conf", "w", encoding="utf-8") as target:
        target.write("set -g assume-paste-time 0\n")  # keys this fast are otherwise no commands
    settings = [word for text in ("LC_ALL=C.UTF-8", "PS1=# ", "SHELL=/bin/sh", "TMUX_TMPDIR=/work")
                for word in ("-e", text)]
    steps = [(r"^# ", "echo le''ft\r"), (r"^left", "\x02%"), (r"^left *│", "echo ri''ght\r"),
             (r"│right", "")]
    grown = SIZES[1] if size == SIZES[0] else SIZES[0]
    for resized in (None, grown):
        name = "-Lgrown" if resized else "-Lsame"
        lines, _ = draw([thole.path, "--root", thole.root, "exec", *settings, debian.id,
                         "/usr/bin/tmux", "-u", name, "-f/work/tmux.conf", "new-session"],
                        steps, size, environment, resized)
        rows, columns = resized or size
        assert len(lines) == rows and lines[-1].startswith("[0] 0:sh")
        border = columns // 2
        assert {line[border:border + 1] for line in lines[:-1]} == {"│"}, lines
        assert any(line.startswith("left") and line[4:border].isspace() for line in lines), lines
        assert any(line[border + 1:] == "right" for line in lines), lines


# ---- many at once ----

ROWS, EACH = 10, 100


def test_a_thousand_execs_while_the_container_is_paused_and_killed(thole, sleeper):
    container = sleeper()
    results, stop = [], threading.Event()

    def row(number):
        for step in range(EACH):
            wanted = (number * EACH + step) % 100 + 1
            result = subprocess.run([thole.path, "--root", thole.root, "exec", container.id,
                                     "/bin/sh", "-c", f"echo {wanted}; exit {wanted}"],
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                    timeout=60, check=False)
            results.append((wanted, result))

    threads = [threading.Thread(target=row, args=(number,)) for number in range(ROWS)]
    for thread in threads:
        thread.start()
    while len(results) < ROWS * EACH * 2 // 3 and any(t.is_alive() for t in threads):
        container("pause").ok()
        time.sleep(0.02)
        container("resume").ok()
        time.sleep(0.05)
    container("kill", "KILL").ok()
    for thread in threads:
        thread.join()
    stop.set()
    assert len(results) == ROWS * EACH
    good = 0
    for wanted, result in results:
        if result.returncode == wanted:
            assert (result.stdout, result.stderr) == (f"{wanted}\n", "")
            good += 1
        elif result.returncode == 137:
            assert result.stderr == "", "killed with the container"
        else:
            assert result.returncode == 255, result
            assert len(result.stderr.splitlines()) == 1, result
            assert re.search("paused|not running|ended before it was ready|is gone|No such process",
                             result.stderr), result
    assert good > 100
    until(lambda: container.status == "stopped", what="the end")
