# SPDX-License-Identifier: Apache-2.0
"""lxc-ps, lxc-top, and the old names: lxc-kill, lxc-netstat, lxc-version."""
import json
import os
import re
import subprocess

import pytest

from harness.runtime import until
from harness.terminal import Terminal

TOP_HEADER = ("time_ms,container,cpu_nanos,cpu_sys_userhz,cpu_user_userhz,blkio_bytes,blkio_iops,"
              "mem_used_bytes,memsw_used_bytes,kernel_mem_used_bytes")


# ---- lxc-ps ----

def test_ps_names_the_container_of_each_process(lxc, live):
    first, second = live(), live()
    shown = lxc("ps", "--lxc", "--", "-o", "pid,comm").ok().out.splitlines()
    assert shown[0].startswith("CONTAINER ") and shown[0].split() == ["CONTAINER", "PID", "COMMAND"]
    assert sorted(line.split() for line in shown[1:]) == sorted(
        [container.id, str(container.pid), "sleep"] for container in (first, second))


def test_ps_of_some(lxc, live):
    first, second, third = live(), live(), live()
    shown = lxc("ps", "-n", f"{first.id},{third.id}", "--", "-o", "pid").ok().out
    assert first.id in shown and third.id in shown and second.id not in shown
    assert lxc("ps", "-n", "nobody").ok().out.split() == ["CONTAINER", "PID", "TTY", "TIME", "CMD"]


def test_ps_of_everything(lxc, live):
    """Without --lxc and --name it is ps with one more column, empty for the host's processes."""
    container = live()
    shown = lxc("ps", "--", "-e", "-o", "pid,comm").ok().out.splitlines()
    rows = {re.split(r"\s+", line.rstrip())[-2]: line for line in shown[1:]}
    assert rows[str(container.pid)].startswith(container.id + "  ")
    assert rows["1"].startswith(" " * len(container.id))


def test_ps_needs_pids(lxc, live):
    live()
    lxc("ps", "--lxc", "--", "-o", "comm").failed("PID")


# ---- lxc-top ----

def batch(lxc, *words, count=1):
    process = lxc.start_process("top", "-b", "-d", "0.2", *words)
    until(lambda: process.output().count("\n") > count, what=f"lines, got {process.output()!r}")
    process.popen.kill()
    process.popen.wait()
    return process.output().splitlines()


@pytest.mark.needs(controller="memory")
def test_top_in_batches_without_a_terminal(lxc, live):
    """Rows come again and again, the heading once; all numbers are numbers."""
    containers = sorted(live().id for _ in range(2))
    lines = batch(lxc, count=5)
    assert lines[0] == TOP_HEADER
    assert [line.split(",")[1] for line in lines[1:5]] == containers * 2
    for line in lines[1:5]:
        cells = line.split(",")
        assert len(cells) == len(TOP_HEADER.split(","))
        assert all(cell.isdigit() for i, cell in enumerate(cells) if i != 1), line
        assert int(cells[7]) > 4096 and int(cells[2]) > 0


def test_top_as_json(lxc, live):
    container = live()
    rows = [json.loads(line) for line in batch(lxc, "--format", "json", count=1)]
    assert rows[0]["container"] == container.id
    assert list(rows[0]) == TOP_HEADER.split(",")
    lxc("top", "--format", "json").failed("--batch")


SORTS = {"c": "cpu_nanos", "b": "blkio_bytes", "m": "mem_used_bytes", "s": "memsw_used_bytes",
         "k": "kernel_mem_used_bytes", "n": "container"}


def test_top_sorts(lxc, live):
    """Numbers from the largest on, names from a to z; both the other way round with -r."""
    live("/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exec sleep 1000")
    live()
    for key, column in SORTS.items():
        for reverse in (False, True):
            lines = batch(lxc, "-s", key, *(["-r"] if reverse else []), count=2)
            cells = [line.split(",")[TOP_HEADER.split(",").index(column)] for line in lines[1:3]]
            values = cells if key == "n" else [int(cell) for cell in cells]
            assert values == sorted(values, reverse=(key != "n") != reverse), (key, reverse)


def test_top_wants_a_terminal(lxc):
    assert lxc("top").failed("stdin is not a tty", "--batch").code == 1
    lxc("top", "-b", "-s", "x").failed("--sort")
    for delay in ("0", "-1", "x", "nan"):
        lxc("top", "-b", "-d", delay).failed("--delay")


def test_top_on_a_terminal(lxc, live):
    """The table is drawn, keys change its order, q ends it."""
    container = live()
    master, slave = os.openpty()
    terminal = Terminal(master)
    terminal.resize(24, 160)
    process = subprocess.Popen([*lxc.words("top"), "-P", lxc.lxcpath, "-d", "0.2"], stdin=slave,
                               stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    try:
        terminal.expect("Total(Read/Write)")
        terminal.expect(container.id[:18])
        terminal.expect("TOTAL 1 of 1")
        terminal.write("r")
        terminal.expect("reversed")
        terminal.write("q")
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        terminal.close()


# ---- old names ----

def test_kill(lxc, live):
    """SIGKILL, or the signal that is named."""
    container = live("/bin/sh", "-c", "trap 'exit 3' USR1; while :; do sleep 0.05; done")
    lxc("kill", "-n", container.id, "nonsense").failed("there is no signal")
    until(lambda: container.pid)
    lxc("kill", "-n", container.id, "USR1").ok()
    container.wait_stopped()
    other = live()
    lxc("kill", other.id).ok()
    other.wait_stopped()
    lxc("kill", other.id).failed("not running")


def test_netstat(lxc, live):
    """The container's sockets and no others."""
    container = live("/bin/sh", "-c", "exec nc -l -p 4711")
    def listening():
        return ":4711" in lxc("netstat", "-n", container.id, "--", "-tln").ok().out
    until(listening, what="the listening socket")
    lxc("netstat", "--", "-tln").failed("No container name specified")
    lxc("netstat", "-n", lxc.define("lxc.uts.name = x")).failed("is not running")


def test_version(lxc):
    assert lxc("version", path=False).ok().out == \
        "lxc version: " + lxc("ls", "--version", path=False).ok().out
