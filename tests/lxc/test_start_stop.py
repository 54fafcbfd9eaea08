# SPDX-License-Identifier: Apache-2.0
"""lxc-start and lxc-stop: options, what they wait for, why a start fails, exit codes."""
import json
import os
import signal
import subprocess
import time

import pytest

from harness.runtime import until

SLEEP = "lxc.init.cmd = /bin/sleep 1000"
# A process 1 that ends by the signal of its name, as an init does.
INIT = "/bin/sh -c 'trap \"exit 0\" {0}; while :; do sleep 0.02; done'"


@pytest.fixture
def container(lxc, busybox_rootfs):
    """container(LINE...): the name of a defined container on a busybox root."""
    rootfs = busybox_rootfs(os.path.join(lxc.lxcpath, ".rootfs"))

    def define(*lines, command=SLEEP):
        return lxc.define([command, "lxc.mount.auto = proc:mixed", "lxc.net.0.type = empty", *lines],
                          rootfs=rootfs)

    return define


def state(lxc, name):
    return json.loads(lxc.runtime("state", name).ok().out)


def gone(lxc, name):
    return name not in lxc.live()


# ---- lxc-start -----------------------------------------------------------------------------------

def test_start_returns_when_it_runs(lxc, container):
    name = container()
    result = lxc("start", "-n", name).ok()
    assert (result.out, result.err) == ("", "")
    assert state(lxc, name)["status"] == "running"
    lxc("stop", "-k", name).ok()
    assert gone(lxc, name)


def test_start_twice_is_told_and_no_failure(lxc, container):
    name = container()
    lxc("start", name).ok()
    again = lxc("start", name)
    assert again.code == 0 and "Container is already running" in again.err
    lxc("stop", "-k", name).ok()


def test_command_replaces_the_configured_one(lxc, container):
    name = container()
    lxc("start", name, "--", "/bin/sleep", "77").ok()
    with open(f"/proc/{state(lxc, name)['pid']}/cmdline", "rb") as words:
        assert words.read().split(b"\0")[:2] == [b"/bin/sleep", b"77"]
    lxc("stop", "-k", name).ok()


def test_pidfile_holds_init(lxc, container, folder):
    name = container()
    file = os.path.join(folder, "pid")
    lxc("start", name, "-p", file).ok()
    with open(file, encoding="ascii") as source:
        assert int(source.read()) == state(lxc, name)["pid"]
    lxc("stop", "-k", name).ok()


def test_define_and_rcfile(lxc, container, folder):
    name = container("lxc.uts.name = stored")
    other = os.path.join(folder, "other.conf")
    with open(os.path.join(lxc.lxcpath, name, "config"), encoding="ascii") as source:
        text = source.read().replace("stored", "from-file")
    with open(other, "w", encoding="ascii") as target:
        target.write(text)
    for words, wanted in (([], "stored"), (["-s", "lxc.uts.name=defined"], "defined"),
                          (["-f", other], "from-file"),
                          (["--rcfile", other, "--define", "lxc.uts.name = both"], "both")):
        lxc("start", name, *words).ok()
        said = lxc.runtime("exec", name, "hostname").ok().out
        lxc("stop", "-k", name).ok()
        assert said.strip() == wanted


@pytest.mark.parametrize("kind", ["net", "ipc", "uts", "pid"])
def test_namespaces_are_shared(lxc, container, kind):
    first, second = container(), container()
    lxc("start", first).ok()
    pid = state(lxc, first)["pid"]
    for whose in (first, pid):
        lxc("start", second, f"--share-{kind}", whose).ok()
        other = state(lxc, second)["pid"]
        same = {name: os.readlink(f"/proc/{pid}/ns/{name}") == os.readlink(f"/proc/{other}/ns/{name}")
                for name in ("net", "ipc", "uts", "pid", "mnt")}
        lxc("stop", "-k", second).ok()
        assert same == {name: name == kind for name in same}
    lxc("stop", "-k", first).ok()


def test_pre_start_hooks_know_the_container(lxc, container, folder):
    said = os.path.join(folder, "said")
    hook = os.path.join(folder, "hook")
    with open(hook, "w", encoding="ascii") as target:
        target.write(f"#!/bin/sh\necho $* $LXC_NAME $LXC_CONFIG_FILE $LXC_ROOTFS_PATH >>{said}\n")
    os.chmod(hook, 0o755)
    name = container(f"lxc.hook.pre-start = {hook} word", f"lxc.hook.pre-start = {hook}")
    lxc("start", name).ok()
    lxc("stop", "-k", name).ok()
    rest = [f"{name} lxc pre-start", name, f"{lxc.lxcpath}/{name}/config"]
    lines = open(said, encoding="ascii").read().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(" ".join(["word", *rest])) and lines[1].startswith(" ".join(rest))


FAILURES = [
    (["lxc.hook.pre-start = /bin/sh -c 'echo the reason; exit 3;' #"], "the reason", "pre-start"),
    (["lxc.hook.pre-start = /bin/false"], "exited with 1", "pre-start"),
    (["lxc.init.cmd = /bin/nothing-there"], "/bin/nothing-there", "no such file"),
    (["lxc.rootfs.path = dir:/nothing/there"], "/nothing/there", "No such file"),
    (["lxc.bogus = 1"], "lxc.bogus", "config:"),
    (["lxc.mount.entry = /nothing/there mnt none bind 0 0"], "/nothing/there", "o such file"),
]


@pytest.mark.parametrize("lines, reason, more", FAILURES, ids=[str(i) for i in range(len(FAILURES))])
@pytest.mark.parametrize("how", ["-d", "-F"])
def test_a_failed_start_says_why_in_one_line(lxc, container, lines, reason, more, how):
    name = container(*lines)
    result = lxc("start", how, name).failed(reason, more)
    assert result.code == 1
    assert len([line for line in result.err.splitlines() if " hint: " not in line]) == 1
    assert gone(lxc, name)


def test_without_a_configuration_nothing_starts(lxc):
    result = lxc("start", "undefined").failed("No container config specified")
    assert result.code == 1


def test_foreground_gives_output_and_status(lxc, container):
    name = container()
    result = lxc("start", "-F", name, "--", "/bin/sh", "-c", "echo said; exit 7")
    assert (result.code, result.out.strip()) == (7, "said")
    assert gone(lxc, name)


@pytest.mark.parametrize("size", [1, 100000])
def test_foreground_misses_nothing_however_short_it_runs(lxc, container, size):
    name = container("lxc.console.path = none")
    for _ in range(10):
        result = lxc("start", "-F", name, "--", "/bin/sh", "-c",
                     f"head -c {size} /dev/zero | tr '\\0' x; exit 3")
        assert (result.code, result.out) == (3, "x" * size)


def test_remains_of_a_killed_monitor_are_no_obstacle(lxc, container):
    name = container()
    lxc("start", name).ok()
    init = state(lxc, name)["pid"]
    monitor = int(open(f"/proc/{init}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[1])
    os.kill(monitor, signal.SIGKILL)
    os.kill(init, signal.SIGKILL)
    until(lambda: lxc.runtime("state", name).code != 0 or state(lxc, name)["status"] == "stopped")
    lxc("start", name).ok()
    lxc("stop", "-k", name).ok()


# ---- lxc-stop ------------------------------------------------------------------------------------

def test_stop_asks_by_sigpwr(lxc, container):
    name = container(command="lxc.init.cmd = " + INIT.format("PWR"))
    lxc("start", name).ok()
    begin = time.monotonic()
    lxc("stop", name).ok()
    assert time.monotonic() - begin < 20
    assert gone(lxc, name)


BLOCKS = """#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
int main(void) {
    sigset_t set;
    struct signalfd_siginfo got;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, 0);
    int fd = signalfd(-1, &set, 0);
    do
        read(fd, &got, sizeof(got));
    while (got.ssi_signo == SIGWINCH);
    return got.ssi_signo == (unsigned)SIGRTMIN + 3 ? 0 : 9;
}
"""


def test_stop_asks_who_blocks_rtmin_3_by_that_signal(lxc, container):
    """systemd does: SIGPWR would have it halt the machine some other way."""
    subprocess.run(["gcc", "-static", "-x", "c", "-", "-o", lxc.lxcpath + "/.rootfs/bin/blocks"],
                   input=BLOCKS, text=True, check=True)
    name = container(command="lxc.init.cmd = /bin/blocks")
    process = lxc.start_process("start", "-F", name)
    until(lambda: name in lxc.live() and lxc.runtime("state", name).code == 0
          and state(lxc, name)["status"] == "running")
    time.sleep(0.3)  # until it has blocked them
    lxc("stop", name, timeout=30).ok()
    assert process.wait(20).code == 0


@pytest.mark.parametrize("key, option", [("halt", []), ("stop", ["-k"])])
def test_configured_signals(lxc, container, key, option):
    name = container(f"lxc.signal.{key} = SIGUSR1", command="lxc.init.cmd = " + INIT.format("USR1"))
    lxc("start", name).ok()
    lxc("stop", *option, name, timeout=30).ok()
    assert gone(lxc, name)


def test_stop_kills_when_time_is_over(lxc, container):
    name = container()
    lxc("start", name).ok()
    begin = time.monotonic()
    lxc("stop", "-t", "1", name).ok()
    assert 0.9 < time.monotonic() - begin < 20
    assert gone(lxc, name)


def test_nokill_leaves_it_and_fails(lxc, container):
    name = container()
    lxc("start", name).ok()
    result = lxc("stop", "-t", "1", "--nokill", name).failed("did not stop within 1 seconds")
    assert result.code == 1
    assert state(lxc, name)["status"] == "running"
    lxc("stop", "-k", name).ok()


@pytest.mark.parametrize("words", [["-W"], ["-t", "0"]])
def test_nowait(lxc, container, words):
    name = container()
    lxc("start", name).ok()
    lxc("stop", *words, name, timeout=10).ok()
    assert state(lxc, name)["status"] == "running"
    lxc("stop", "-k", name).ok()


@pytest.mark.parametrize("words", [[], ["-k"], ["-r"], ["-W"], ["-k", "--nolock"]])
@pytest.mark.parametrize("defined", [True, False])
def test_not_running_is_2(lxc, container, words, defined):
    name = container() if defined else "undefined"
    result = lxc("stop", *words, name).failed(f"{name} is not running")
    assert result.code == 2


def test_a_frozen_container_stops(lxc, container):
    for words in (["-k"], []):
        name = container(command="lxc.init.cmd = " + INIT.format("PWR"))
        lxc("start", name).ok()
        lxc.runtime("pause", name).ok()
        lxc("stop", *words, name, timeout=30).ok()
        assert gone(lxc, name)


def test_shutdown_of_old(lxc, container):
    name = container(command="lxc.init.cmd = " + INIT.format("PWR"))
    lxc("start", name).ok()
    lxc("shutdown", "-n", name, "-w").ok()
    assert gone(lxc, name)
    lxc("start", name).ok()
    lxc("shutdown", "-n", name).ok()
    until(lambda: gone(lxc, name))


def test_foreign_containers_stop_by_sigterm(lxc, lxc_path, thole, bundle):
    """A container of thole create, by its id alone, or by lxcpath's state root."""
    made = bundle("/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.02; done")
    name = thole.prepare(made, lxc.new_name())
    lxc.runtime("run", "--detach", "--bundle", made.path, name).ok()
    lxc("stop", name, timeout=30).ok()
    until(lambda: lxc.runtime("state", name).code != 0 or state(lxc, name)["status"] == "stopped")
    lxc.runtime("delete", "--force", name)
