# SPDX-License-Identifier: Apache-2.0
"""`thole top` shows what containers really use: as a table, as JSON, and live on a terminal."""
import json
import os
import re
import signal
import subprocess

import pytest

from harness import machine
from harness.caller import Caller
from harness.runtime import Runtime, until

pytestmark = pytest.mark.needs(root=True)
NUMBERS = {"cpuPercent", "cpuNanoseconds", "memoryBytes", "swapBytes", "pids", "ioReadBytes",
           "ioWrittenBytes"}


def look(thole, *options):
    """{id: row} of one look."""
    document = json.loads(thole("top", "--format", "json", "--delay", "100ms", *options).ok().out)
    assert set(document) == {"time", "containers"}
    return {row["id"]: row for row in document["containers"]}


@pytest.fixture
def two(thole, bundle, sleeper):
    """One that does nothing, one that takes a CPU and has two more processes and 8 MB of files."""
    idle = sleeper()
    made = bundle("/bin/sh", "-c", "dd if=/dev/zero of=/fill/it bs=1M count=8 2>/dev/null; "
                                   "sleep 1000 & sleep 1000 & touch /fill/ready; "
                                   "while :; do :; done")
    made.mount("/fill", "tmpfs", "tmpfs", ["size=16m"])
    busy = thole.launch(made)
    until(lambda: os.path.exists(f"/proc/{busy.pid}/root/fill/ready"))
    return idle, busy


# ---- what it says ----

def test_it_says_what_is(thole, two):
    idle, busy = two
    rows = look(thole)
    assert set(rows) == {idle.id, busy.id}
    for container in two:
        row = rows[container.id]
        assert set(row) == {"root", "id", "status", "pid"} | NUMBERS
        assert (row["root"], row["status"], row["pid"]) == (thole.root, "running", container.pid)
    assert rows[idle.id]["pids"] == 1 and rows[busy.id]["pids"] == 3


@pytest.mark.needs(controller="memory")
def test_memory_is_that_of_the_cgroup(thole, two):
    rows = look(thole)
    idle, busy = (rows[container.id]["memoryBytes"] for container in two)
    assert busy >= idle + 8 * 1024 * 1024
    name = "memory.usage_in_bytes" if "v1" in machine.layout() or machine.layout() == "hybrid" \
        else "memory.current"
    assert abs(busy - int(two[1].cgroup_read("memory", name))) < 1024 * 1024


@pytest.mark.needs(controller="cpu")
def test_cpu_is_the_share_since_the_look_before(thole, two):
    idle, busy = two

    def spins():
        rows = look(thole)
        return rows[busy.id]["cpuPercent"] > 1 and rows[idle.id]["cpuPercent"] < 1 and rows
    rows = until(spins, timeout=30)
    assert rows[busy.id]["cpuNanoseconds"] > rows[idle.id]["cpuNanoseconds"]
    assert rows[busy.id]["cpuPercent"] <= 150  # one thread, and what a look takes


def test_what_nobody_knows_is_null(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    container = thole.launch(made, before=("--cgroup-manager", "disabled"))
    row = look(thole)[container.id]
    assert {name for name in NUMBERS if row[name] is None} == NUMBERS - {"pids"} and row["pids"] == 1
    line = next(line for line in thole("top", "--delay", "10ms").ok().out.splitlines()
                if line.startswith(container.id))
    assert line.split()[1:] == ["running", "-", "-", "1", "-", "-"]


@pytest.mark.parametrize("status", ["created", "running", "paused", "stopped"])
def test_which_containers(thole, bundle, status):
    made = bundle("/bin/sleep", "1000")
    container = thole.create(made) if status == "created" else thole.launch(made)
    if status == "paused":
        result = container("pause")
        if result.code:
            pytest.skip("no freezer: " + result.err)
    if status == "stopped":
        container("kill", "KILL").ok()
        container.wait_stopped()
    rows = look(thole)
    assert [row["status"] for row in rows.values()] == ([] if status == "stopped" else [status])


def test_a_record_that_cannot_be_read_is_shown(thole, two):
    path = os.path.join(thole.root, two[0].id, "state.json")
    with open(path, "r+", encoding="ascii") as record:
        kept = record.read()
        record.seek(0)
        record.write("}")
        record.flush()
        try:
            rows = look(thole)
        finally:
            record.seek(0)
            record.write(kept)
    assert rows[two[0].id]["status"] == "unknown" and rows[two[0].id]["pids"] is None
    assert rows[two[1].id]["status"] == "running"


def test_no_container(thole, tmp_path):
    thole.root = str(tmp_path)
    assert look(thole) == {}
    lines = thole("top", "--delay", "10ms").ok().out.splitlines()
    assert [line.split() for line in lines] == [["ID", "STATUS", "CPU%", "MEMORY", "PIDS", "READ",
                                                 "WRITTEN"]]


def test_all_roots(thole_path, thole, folder, bundle, sleeper):
    """Without --root: the caller's own, here beneath XDG_RUNTIME_DIR, beside the others."""
    other = os.path.join(folder, "run")
    os.mkdir(other)
    runtime = Runtime(thole_path, folder)
    runtime.root = other + "/thole"
    made = runtime.launch(bundle("/bin/sleep", "1000"))
    try:
        here = sleeper()
        environment = {**os.environ, "XDG_RUNTIME_DIR": other, "USER": "somebody"}
        command = ["unshare", "--user", "--map-root-user", thole_path, "top", "--format", "json",
                   "--delay", "10ms"]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        roots = {row["id"]: row["root"] for row in json.loads(result.stdout)["containers"]}
        assert roots.get(made.id) == runtime.root and here.id not in roots
    finally:
        runtime.clean_up()


# ---- the order ----

ORDERS = [("name", lambda row: row["id"], False), ("memory", lambda row: row["memoryBytes"], True),
          ("pids", lambda row: row["pids"], True), ("cpu", lambda row: row["cpuPercent"], True),
          ("io", lambda row: (row["ioReadBytes"] or 0) + (row["ioWrittenBytes"] or 0), True)]


def test_order(thole, two, sleeper):
    sleeper()
    for order, key, down in ORDERS:
        for reverse in (False, True):
            options = ["--sort", order] + (["--reverse"] if reverse else [])
            rows = list(look(thole, *options).values())
            keys = [-1 if key(row) is None else key(row) for row in rows]
            assert len(rows) == 3 and keys == sorted(keys, reverse=down != reverse), (order, reverse)


def test_cpu_is_the_usual_order(thole, two):
    def busy_first():
        return list(look(thole)) == [two[1].id, two[0].id]
    until(busy_first, timeout=30)


# ---- how often ----

@pytest.mark.parametrize("form", ["table", "json"])
def test_batch(thole, two, form):
    out = thole("top", "--batch=3", "--delay", "20ms", "--format", form).ok().out
    if form == "json":
        documents = [json.loads(line) for line in out.splitlines()]
        assert [len(document["containers"]) for document in documents] == [2, 2, 2]
        times = [document["time"] for document in documents]
        assert times == sorted(times) and len(set(times)) == 3
    else:
        tables = out.split("\n\n")
        assert [len(table.splitlines()) for table in tables] == [3, 3, 3]


def test_batch_without_end(thole, two):
    process = thole.start_process("top", "--batch", "--delay", "10ms", "--format", "json")
    until(lambda: process.output().count("\n") > 5)
    process.popen.terminate()
    process.popen.wait()


@pytest.mark.parametrize("words", [("--sort", "x"), ("--delay", "0"), ("--delay", "x"),
                                   ("--delay", "-1"), ("--batch=x",), ("--format", "xml")])
def test_bad_words(thole, words):
    thole("top", *words).failed(words[0].partition("=")[0])


def test_containers_that_come_and_go(thole, bundle):
    """Whoever ends while it is looked at is left out, and is no error."""
    os.makedirs(thole.root)
    process = thole.start_process("top", "--batch", "--delay", "10ms", "--format", "json")
    for _ in range(8):
        thole.run(bundle("/bin/true")).ok()
    assert process.popen.poll() is None, process.errors()
    process.popen.terminate()
    process.popen.wait()
    assert process.errors() == ""


# ---- live ----

@pytest.fixture
def live(thole):
    made = []

    def start(*options, rows=24, **environment):
        one = Caller([thole.path, "--root", thole.root, "top", "--delay", "100ms", *options],
                     size=(rows, 120), environment={**os.environ, "TERM": "xterm", **environment})
        made.append(one)
        return one

    yield start
    for one in made:
        one.close()


def test_live(thole, two, live):
    screen = live()
    screen.expect("\033[?1049h")
    screen.expect("2 containers, by cpu")
    for key, text in (("m", "by memory"), ("p", "by pids"), ("i", "by io"), ("n", "by name"),
                      ("r", "by name (reversed)"), ("r", "by name;"), ("c", "by cpu")):
        screen.type(key)
        screen.expect(text)
        screen.expect(two[0].id)
    screen.resize(10, 60)
    screen.type("q")
    screen.expect("\033[?1049l")
    assert screen.wait() == 0 and screen.restored()


def test_new_and_ended_containers_appear_and_vanish(thole, sleeper, live):
    os.makedirs(thole.root)
    screen = live()
    screen.expect("0 containers")
    container = sleeper()
    screen.expect("1 containers")
    screen.expect(container.id)
    container.delete("--force").ok()
    screen.expect("0 containers")
    screen.type("q")
    assert screen.wait() == 0


def test_the_terminal_is_put_back_after_a_signal(two, live):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        screen = live()
        screen.expect("2 containers")
        os.kill(screen.pid, number)
        assert screen.wait() == 0 and screen.restored(), number
        assert b"\033[?1049l" in screen.text["terminal"], number


def test_only_what_fits_is_drawn(thole, bundle, live):
    """A terminal of four rows: nothing scrolls."""
    for _ in range(4):
        thole.launch(bundle("/bin/sleep", "1000"))
    screen = live(rows=4)
    screen.expect("4 containers")
    frame = screen.expect("\033[J")
    assert frame.count("\r\n") == 3


@pytest.mark.parametrize("terminal", ["", "dumb"])
def test_a_terminal_that_knows_nothing(live, terminal):
    screen = live(TERM=terminal)
    assert screen.wait() == 1 and b"--batch" in screen.text["terminal"]


def test_nothing_but_text_without_a_terminal(thole, two):
    out = thole("top", "--delay", "10ms").ok().out
    assert "\033" not in out and len(out.splitlines()) == 3
    heading = out.splitlines()[0].split()
    assert heading == ["ID", "STATUS", "CPU%", "MEMORY", "PIDS", "READ", "WRITTEN"]
    assert re.fullmatch(r"[0-9.]+|-", out.splitlines()[1].split()[2])
