# SPDX-License-Identifier: Apache-2.0
"""lxc-monitor and lxc-wait: what happens, told when it happens."""
import json
import os
import re
import signal
import time

import pytest

from harness import machine
from harness.runtime import until

LIFE = ["STARTING", "RUNNING", "STOPPING", "STOPPED"]


def asleep(process):
    """Waits until a process waits for events."""
    def sleeps():
        assert process.popen.poll() is None, process.wait()
        with open(f"/proc/{process.pid}/wchan", encoding="ascii") as source:
            return "poll" in source.read()
    until(sleeps, what="that it waits")
    return process


def words(process, name):
    return re.findall(rf"'{re.escape(name)}' changed state to \[([A-Z]+)\]\n", process.output())


def expect(process, name, wanted):
    until(lambda: len(words(process, name)) >= len(wanted), what=f"{wanted} in {process.output()!r}")
    assert words(process, name) == wanted


def test_a_life(lxc, live, bundle):
    monitor = asleep(lxc.start_process("monitor"))
    container = live("/bin/sh", "-c", "sleep 0.3; exit 7")
    container.wait_stopped()
    container.delete().ok()
    expect(monitor, container.id, LIFE)
    if machine.tells_exit_statuses():
        assert [line.partition("' ")[2] for line in monitor.output().splitlines()] == [
            "changed state to [STARTING]", "changed state to [RUNNING]", "exited with status [7]",
            "changed state to [STOPPING]", "changed state to [STOPPED]"]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("end, status", [("exit 7", 7), ("kill -TERM $$", 143), ("poweroff -f; sleep 5", 130)])
def test_the_status_outlives_the_record(lxc, folder, busybox_rootfs, end, status, late):
    """A container that its monitor deletes: the same is told by who looks only when the record is gone. A halt is
    no SIGKILL, as the kernel has it."""
    rootfs = busybox_rootfs(os.path.join(folder, "rootfs"))
    script = f"sleep 0.5; trap - TERM; {end}"
    if "kill" in end:  # of pid 1 only a command beneath it can be ended so
        script = f"sleep 0.5; sh -c '{end}'; exit $?"
    name = lxc.define([f'lxc.init.cmd = /bin/sh -c "{script}"'], rootfs=rootfs)
    monitor = asleep(lxc.start_process("monitor"))
    lxc("start", "-n", name).ok()
    expect(monitor, name, ["STARTING", "RUNNING"])
    asleep(monitor)
    if late:
        os.kill(monitor.pid, signal.SIGSTOP)
        until(lambda: lxc.live() == [])
        os.kill(monitor.pid, signal.SIGCONT)
    expect(monitor, name, LIFE)
    assert f"'{name}' exited with status [{status}]\n" in monitor.output()


def test_freeze_and_unfreeze(lxc, live):
    container = live()
    monitor = asleep(lxc.start_process("monitor"))
    lxc("freeze", container.id).ok()
    lxc("unfreeze", container.id).ok()
    expect(monitor, container.id, ["FREEZING", "FROZEN", "THAWED", "RUNNING"])


@pytest.mark.parametrize("pattern,heard", [("{0}", True), (".*", True), ("{0}|other", True),
                                           ("other", False), ("{0}x", False), ("x{0}", False)])
def test_names_are_a_regular_expression(lxc, live, bundle, pattern, heard):
    """It means the whole name, by option or by word."""
    container = live()
    watchers = [asleep(lxc.start_process("monitor", *option, pattern.format(container.id)))
                for option in ([], ["-n"])]
    reference = asleep(lxc.start_process("monitor"))
    lxc("freeze", container.id).ok()
    expect(reference, container.id, ["FREEZING", "FROZEN"])
    for watcher in watchers:
        if heard:
            expect(watcher, container.id, ["FREEZING", "FROZEN"])
        else:
            assert watcher.output() == ""


def test_several_paths(lxc, live, folder, thole_path, bundle):
    """-P may be repeated; a path that is not there yet is waited for."""
    other = os.path.join(folder, "elsewhere")
    monitor = asleep(lxc.start_process("monitor", "-P", other))
    container = live()
    expect(monitor, container.id, LIFE[:2])


def test_json(lxc, live):
    monitor = asleep(lxc.start_process("monitor", "--format", "json"))
    container = live()
    until(lambda: monitor.output().count("\n") >= 2)
    assert [json.loads(line) for line in monitor.output().splitlines()] == [
        {"type": "state", "name": container.id, "root": lxc.root, "state": word}
        for word in LIFE[:2]]


def test_wrong_calls(lxc):
    lxc("monitor", "-n", "[").failed("regex")
    assert lxc("monitor", "-Q").ok().out == ""


def test_everybody_may_be_killed(lxc, live):
    """A monitor that is killed changes nothing for the others, nor for the container."""
    first, second = (asleep(lxc.start_process("monitor")) for _ in range(2))
    first.popen.send_signal(signal.SIGKILL)
    container = live()
    expect(second, container.id, LIFE[:2])
    os.kill(container.pid, signal.SIGKILL)
    expect(second, container.id, LIFE[:3])


# ---- lxc-wait ----

@pytest.mark.parametrize("state", ["STARTING", "RUNNING", "FREEZING", "FROZEN", "THAWED",
                                   "STOPPING", "STOPPED"])
def test_wait_for_every_state(lxc, live, bundle, state):
    """Also for those that are over in a moment: a wait from before the life began returns."""
    name = live.runtime.new_id()
    if state == "STOPPED":
        live.runtime.create(bundle("/bin/sleep", "1000"), id=name).start()
    waiting = asleep(lxc.start_process("wait", "-n", name, "-s", state, "-t", "30"))
    if state != "STOPPED":
        live.runtime.create(bundle("/bin/sleep", "1000"), id=name).start()
    if state not in ("STARTING", "RUNNING"):
        lxc("freeze", name).ok()
        lxc("unfreeze", name).ok()
        live.runtime("kill", name, "KILL").ok()
        until(lambda: live.runtime("delete", name).code == 0)
    waiting.wait().ok()


def test_wait_for_an_aborted_start(lxc, live, bundle):
    name = live.runtime.new_id()
    waiting = asleep(lxc.start_process("wait", "-n", name, "-s", "ABORTING", "-t", "30"))
    live.runtime.create(bundle("/bin/true"), id=name)
    live.runtime("delete", "--force", name).ok()
    waiting.wait().ok()


def test_wait_gives_up(lxc, live):
    container = live()
    before = time.monotonic()
    waited = lxc("wait", "-n", container.id, "-s", "STOPPED|FROZEN", "-t", "1")
    assert (waited.code, waited.out) == (1, "")
    waited.failed("STOPPED|FROZEN", "1 seconds")
    assert 0.9 < time.monotonic() - before < 10
    for timeout in ("x", "-2", "1.5"):
        lxc("wait", "-n", container.id, "-s", "STOPPED", "-t", timeout).failed("--timeout")


def test_wait_does_not_poll(lxc, live):
    container = live()
    waiting = asleep(lxc.start_process("wait", "-n", container.id, "-s", "STOPPED"))

    def wakings():
        with open(f"/proc/{waiting.pid}/status", encoding="ascii") as source:
            return [line for line in source if line.startswith("voluntary_ctxt_switches")]

    before = wakings()
    time.sleep(1)
    assert wakings() == before


def test_a_foreign_container_that_has_ended_is_stopped(lxc, live):
    """Nobody is at work on it: it is kept until somebody deletes it."""
    container = live("/bin/true")
    container.wait_stopped()
    lxc("wait", "-n", container.id, "-s", "STOPPED", "-t", "10").ok()
    assert lxc("info", container.id, "-s", "-H").ok().out == "STOPPED\n"
