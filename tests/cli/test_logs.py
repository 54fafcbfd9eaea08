# SPDX-License-Identifier: Apache-2.0
"""What `thole logs` shows is what the container said: whole, in order, bounded, and harmless."""
import calendar
import os
import re
import signal
import stat
import subprocess
import time

import pytest

from harness.caller import Caller
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

# A script says `step N` and goes on when the test has made the file /N.
STEP = "step() { until [ -e /$1 ]; do sleep 0.02; done; }; "
BOTH = "echo one; echo two >&2; printf three"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


def read(path):
    with open(path, encoding="ascii") as source:
        return source.read()


def kept_files(thole, container):
    folder = os.path.join(thole.root, container.id)
    return [path for path in (folder + "/log.1", folder + "/log") if os.path.exists(path)]


@pytest.fixture
def ended(thole, bundle):
    """ended(script, *options): a container whose keeper has gone after the script's end."""

    def make(script, *options, **process):
        container = thole.launch(bundle("/bin/sh", "-c", script, **process), "--attachable", *options)
        container.wait_stopped()
        console = os.path.join(thole.root, container.id, "console")
        until(lambda: not os.path.exists(console), what="the end of the keeper")
        return container

    return make


@pytest.fixture
def stepwise(thole, bundle):
    """stepwise((script, what the log says then), ...): the container, after the last one's end."""

    def make(*parts, times=None):
        times = [] if times is None else times
        script = "; ".join(f"{part}; step {number}" for number, (part, _) in enumerate(parts))
        made = bundle("/bin/sh", "-c", STEP + script)
        container = thole.launch(made, "--attachable")
        for number, (_, said) in enumerate(parts):
            until(lambda said=said: said in "".join(map(read, kept_files(thole, container))))
            times.append(time.time())
            made.file(str(number), "")
        container.wait_stopped()
        return container

    return make


# ---- what is there ----

def test_streams_stay_apart_and_unfinished_lines_unfinished(ended):
    logs = ended(BOTH)("logs").ok()
    assert (logs.out, logs.err) == ("one\nthree", "two\n")


def test_a_terminals_output_is_standard_output_as_the_pty_gave_it(ended):
    logs = ended(BOTH, terminal=True)("logs").ok()
    assert (logs.out, logs.err) == ("one\r\ntwo\r\nthree", "")


def test_while_it_runs_and_until_it_is_deleted(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "echo said; exec sleep 1000"), "--attachable")
    until(lambda: container("logs").ok().out == "said\n")
    container("kill", "KILL").ok()
    container.wait_stopped()
    assert container("logs").ok().out == "said\n"
    container("delete").ok()
    container("logs").failed("container does not exist")


def test_every_byte(thole, bundle, folder):
    """Binary, NUL and lines longer than a line of the file included."""
    data = os.urandom(200000) + b"\n\n" + bytes(range(256)) * 40
    made = bundle("/bin/cat", "/data")
    with open(made.file("data", ""), "wb") as target:
        target.write(data)
    container = thole.launch(made, "--attachable")
    container.wait_stopped()
    path = os.path.join(folder, "out")
    assert os.system(f"{thole.path} --root {thole.root} logs --follow {container.id} >{path}") == 0
    with open(path, "rb") as source:
        assert source.read() == data


def test_over_a_restart(ended):
    assert ended("echo started; exit 1", "--restart", "on-failure:2")("logs").ok().out == \
        "started\n" * 3


def test_the_file_is_the_runtimes_own(thole, ended):
    [path] = kept_files(thole, ended("echo secret"))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


# ---- its size ----

def lines_of(text):
    return [int(line) for line in text.split()]


@pytest.mark.parametrize("size", [16384, 20000, 65536])
@pytest.mark.parametrize("piece", ["$i", "$i$pad"], ids=["short", "long"])
def test_size_holds_and_the_end_is_kept(thole, ended, size, piece):
    container = ended("pad=$(printf '%0300d' 0); i=100000; "
                      f"while [ $i -lt 102000 ]; do echo {piece}; i=$((i+1)); done",
                      "--log-size", str(size))
    files = kept_files(thole, container)
    assert len(files) == 2 and sum(map(os.path.getsize, files)) <= size
    lines = [int(line[:6]) for line in container("logs").ok().out.splitlines()]
    assert lines == list(range(lines[0], 102000)) and lines[0] > 100000
    assert os.path.getsize(files[0]) > size / 2 - 512  # a file is filled before the next one begins


def test_no_log_is_kept_if_none_is_wanted(thole, ended):
    container = ended("echo lost", "--log-size", "0")
    assert kept_files(thole, container) == []
    container("logs").failed("keeps no log", "--log-size")


@pytest.mark.parametrize("words, text", [
    (("--attachable", "--log-size", "100"), "at least 16384"),
    (("--attachable", "--log-size", "much"), "option --log-size: \"much\" is not a size"),
    (("--log-size", "1m"), "attachable"),
])
def test_bad_sizes(thole, bundle, words, text):
    thole.run(bundle("/bin/true"), "--detach", *words).failed(text)


# ---- a part of it ----

def test_tail_counts_whole_lines_of_both_streams(stepwise):
    """A line that one stream has begun ends when the other one has said more: lines by their ends."""
    container = stepwise(("echo a", "F a"), ("printf b >&2", "P b"), ("echo c; echo d", "F d"),
                         ("echo bb >&2", "F bb"), ("echo e; printf f", "P f"))
    lines = [("out", "a\n"), ("out", "c\n"), ("out", "d\n"), ("err", "bbb\n"), ("out", "e\n"),
             ("out", "f")]
    for wanted in ("0", "1", "2", "3", "4", "5", "6", "7", "100", "all"):
        last = lines[max(0, len(lines) - int(wanted)):] if wanted != "all" else lines
        logs = container("logs", "--tail", wanted).ok()
        for stream in ("out", "err"):
            assert getattr(logs, stream) == "".join(text for name, text in last if name == stream)


def seconds(stamp):
    assert TIME.fullmatch(stamp)
    return calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) + float(stamp[19:29])


def test_timestamps_are_when_a_line_began(stepwise):
    times = [time.time()]
    container = stepwise(("printf o", "P o"), ("echo ne", "F ne"), ("echo two >&2", "F two"),
                         times=times)
    logs = container("logs", "--timestamps").ok()
    words = [line.split() for line in (logs.out + logs.err).splitlines()]
    assert [word for _, word in words] == ["one", "two"]
    one, two = (seconds(stamp) for stamp, _ in words)
    assert times[0] <= one <= times[1] and times[2] <= two <= times[3]


@pytest.fixture
def two_times(stepwise):
    """A container that said "early" and, a while later, "late"; and when it said so."""
    container = stepwise(("echo early", "early"), ("echo late", "late"))
    early, late = (line.split()[0] for line in
                   container("logs", "--timestamps").ok().out.splitlines())
    return container, early, late


def test_since_a_time(two_times):
    container, early, late = two_times
    for since, wanted in ((early, "early\nlate\n"), (late, "late\n"), ("1", "early\nlate\n"),
                          ("9999-12-31T23:59:59Z", ""), ("1h", "early\nlate\n"),
                          (late[:-1] + "+00:00", "late\n"),
                          ("2001-01-01T00:00:00+23:59", "early\nlate\n")):
        assert container("logs", "--since", since).ok().out == wanted, since


@pytest.mark.parametrize("since", ["yesterday", "2026-02-30T00:00:00Z", "2026-01-01",
                                   "2026-01-01T00:00:00", "2026-01-01T00:00:00+1:00", "-5m"])
def test_since_what(ended, since):
    ended("echo x")("logs", "--since", since).failed("option --since")


def test_tail_of_what(ended):
    ended("echo x")("logs", "--tail", "-1").failed("option --tail")


# ---- as it comes ----

def following(thole, container, *options):
    return thole.start_process("logs", "--follow", *options, container.id)


def test_follow_ends_with_the_container(thole, bundle):
    made = bundle("/bin/sh", "-c", STEP + "echo one; step go; echo two")
    container = thole.launch(made, "--attachable")
    process = following(thole, container)
    until(lambda: process.output() == "one\n")
    made.file("go", "")
    assert process.wait().ok().out == "one\ntwo\n"


@pytest.mark.parametrize("how", ["delete", "keeper"])
def test_follow_ends_when_nobody_keeps_any_more(thole, bundle, how):
    container = thole.launch(bundle("/bin/sh", "-c", "echo one; exec sleep 1000"), "--attachable")
    process = following(thole, container)
    until(lambda: process.output() == "one\n")
    if how == "delete":
        container.delete("--force").ok()
    else:
        with open(os.path.join(thole.root, container.id, "state.json"), encoding="ascii") as source:
            keeper = int(re.search(r'"keeper": *(\d+)', source.read())[1])
        os.kill(keeper, signal.SIGKILL)
    process.wait().ok()


def test_follow_goes_on_over_rotations(thole, bundle):
    """Whoever reads along sees more than the log holds, and all of it or a word that it is not so."""
    made = bundle("/bin/sh", "-c", STEP + "step go; i=10000; while [ $i -lt 13000 ]; do echo $i; "
                                          "i=$((i+1)); done")
    container = thole.launch(made, "--attachable", "--log-size", "16k", "--rm")
    process = following(thole, container)
    until(lambda: os.path.exists(f"/proc/{process.pid}") and "inotify" in " ".join(
        os.readlink(entry.path) for entry in os.scandir(f"/proc/{process.pid}/fd")
        if os.path.lexists(entry.path)))
    made.file("go", "")
    result = process.wait().ok()
    lines = lines_of(result.out)
    assert lines == sorted(set(lines)) and lines[-1] == 12999
    whole = lines == list(range(lines[0], 13000))
    assert whole or "some of the output is missing" in result.err


def test_follow_of_a_tail(thole, bundle):
    made = bundle("/bin/sh", "-c", STEP + "echo one; echo two; step go; echo three")
    container = thole.launch(made, "--attachable")
    until(lambda: container("logs").ok().out == "one\ntwo\n")
    process = following(thole, container, "--tail", "1")
    until(lambda: process.output() == "two\n")
    made.file("go", "")
    assert process.wait().ok().out == "two\nthree\n"


def test_a_reader_who_has_enough(thole, ended):
    container = ended("i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done")
    assert os.system(f"{thole.path} --root {thole.root} logs {container.id} | head -n 1 >/dev/null") == 0


def test_a_disk_that_is_full_is_an_error(thole, ended):
    container = ended("echo x")
    with open("/dev/full", "w", encoding="ascii") as full:
        command = [thole.path, "--root", thole.root, "logs", container.id]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 1 and "No space left" in result.stderr


# ---- it is data ----

# As the container writes it, and what a terminal gets of it.
HOSTILE = [
    (b"plain", "plain"),
    (b"tab\there", "tab\there"),
    (b"\x1b[31mred\x1b[0m", "^[[31mred^[[0m"),
    (b"\x1b]0;title\x07", "^[]0;title^G"),
    (b"back\x08\x08\x7f", "back^H^H^?"),
    (b"\rover", "^Mover"),
    (b"nul\x00", "nul^@"),
    ("gr\u00fc\u00dfe \u20ac \U0001f600".encode(), "gr\u00fc\u00dfe \u20ac \U0001f600"),
    (b"c1 \xc2\x9b31m \xc2\x90 \xc2\x85", "c1 ?31m ? ?"),
    (b"raw \x9b31m\xff\xfe", "raw ?31m??"),
    (b"overlong \xc0\x9b \xe0\x80\x9b", "overlong ?? ?"),
    (b"cut \xe2\x82", "cut ?"),
    (b"surrogate \xed\xa0\x80", "surrogate ?"),
]


@pytest.fixture
def hostile(thole, bundle):
    made = bundle("/bin/cat", "/data")
    with open(made.file("data", ""), "wb") as target:
        target.write(b"".join(text + b"\n" for text, _ in HOSTILE))
    container = thole.launch(made, "--attachable")
    container.wait_stopped()
    return container


def seen(thole, container, kinds, *options):
    one = Caller([thole.path, "--root", thole.root, "logs", *options, container.id], kinds=kinds)
    one.wait()
    text = one.text["terminal" if kinds[1] == "terminal" else 1]
    one.close()
    return text


def test_a_terminal_sees_control_characters_and_does_not_obey_them(thole, hostile):
    until(lambda: b"surrogate" in seen(thole, hostile, ("pipe", "pipe", "pipe")))
    lines = seen(thole, hostile, ("terminal",) * 3).decode(errors="replace").split("\r\n")
    assert lines == [shown for _, shown in HOSTILE] + [""]


@pytest.mark.parametrize("kinds, options", [(("terminal", "pipe", "terminal"), ()),
                                            (("terminal",) * 3, ("--raw",))], ids=["pipe", "raw"])
def test_every_byte_for_a_pipe_and_for_raw(thole, hostile, kinds, options):
    wanted = b"".join(text + b"\n" for text, _ in HOSTILE)
    if kinds[1] == "terminal":
        wanted = wanted.replace(b"\n", b"\r\n")
    until(lambda: seen(thole, hostile, kinds, *options) == wanted)


def test_a_character_in_two_pieces(thole, bundle):
    """The keeper reads it in two halves."""
    made = bundle("/bin/sh", "-c", STEP + "printf '\\342\\202'; step go; printf '\\254\\n'")
    container = thole.launch(made, "--attachable")
    until(lambda: os.path.getsize(os.path.join(thole.root, container.id, "log")) > 0)
    made.file("go", "")
    container.wait_stopped()
    until(lambda: seen(thole, container, ("terminal",) * 3).decode() == "\u20ac\r\n")


@pytest.mark.parametrize("name", ["log", "log.1"])
@pytest.mark.parametrize("what", ["link", "fifo", "folder"])
def test_what_is_no_file_is_not_read(thole, ended, folder, name, what):
    container = ended("echo x")
    path = os.path.join(thole.root, container.id, name)
    if os.path.exists(path):
        os.unlink(path)
    secret = folder + "/secret"
    with open(secret, "w", encoding="ascii") as target:
        target.write("2026-01-01T00:00:00.000000000Z stdout F secret\n")
    {"link": lambda: os.symlink(secret, path), "fifo": lambda: os.mkfifo(path),
     "folder": lambda: os.mkdir(path)}[what]()
    logs = container("logs").failed(name)
    assert "secret" not in logs.out


def test_a_line_that_no_keeper_wrote(thole, ended):
    container = ended("echo x")
    stamp = "2026-01-01T00:00:00.000000000Z "
    for line in ("nonsense", "x" * 10000, "t stdout F y", stamp + "stdout F", stamp + "stdout X y",
                 stamp + "stdfoo F y", stamp + "stdout Fy", "\0" * 60):
        with open(kept_files(thole, container)[0], "w", encoding="ascii") as target:
            target.write(line + "\n")
        container("logs").failed("no keeper has written")


# ---- where there is none ----

@pytest.mark.parametrize("how", ["create", "run"])
def test_without_a_keeper_it_says_who_has_the_output(thole, bundle, how):
    made = bundle("/bin/sleep", "1000")
    container = thole.create(made) if how == "create" else thole.launch(made)
    result = container("logs").failed("nobody keeps its output", "hint:", "--attachable")
    assert len(result.err.splitlines()) == 2


def test_of_no_container(thole):
    thole("logs", "nobody").failed("container does not exist")
