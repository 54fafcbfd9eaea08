# SPDX-License-Identifier: Apache-2.0
"""Each command on each kind of container: one of lxc-start, one of `thole run` with a keeper, one without, and one
that somebody has paused. What the kind makes senseless fails with one clear line and changes nothing."""
import os

import pytest

from harness.runtime import until

KINDS = ("lxc-start", "keeper", "no keeper", "paused")
NOT_DEFINED = "Container is not defined"
NO_MONITOR = "was not started by lxc-start"

# command: words, {kind: part of the error; None: it succeeds}, what it prints, state afterwards (None: as before)
COMMANDS = {
    "info": (["-s", "-H"], {}, "{state}\n", None),
    "info -p": (["-p", "-H"], {}, "{pid}\n", None),
    "info --format": (["--format", "json"], {}, '"pid":{pid}', None),
    "ls": (["-f", "-F", "name,state"], {}, "{state}", None),
    "attach": (["--", "/bin/echo", "inside"], {"paused": "it is frozen"}, "inside\n", None),
    "cgroup": (["cgroup.procs"], {}, "{pid}\n", None),
    "ps": (["--", "-o", "pid,comm"], {}, "sleep", None),
    "netstat": (["--", "-tln"], {}, "Active Internet connections", None),
    "freeze": ([], {}, "", "FROZEN"),
    "unfreeze": ([], {}, "", "RUNNING"),
    "wait": (["-s", "{state}", "-t", "0"], {}, "", None),
    "wait for another": (["-s", "STARTING", "-t", "0"], dict.fromkeys(KINDS, ""), "", None),
    "device": (["add", "/dev/zero", "/dev/zero2"], {}, "", None),
    "stop -r": (["-t", "1"], {"lxc-start": "did not reboot in time", "keeper": NO_MONITOR, "no keeper": NO_MONITOR,
                              "paused": NO_MONITOR}, "", None),
    "start": ([], {}, "", None),
    "execute": (["--", "/bin/true"], dict.fromkeys(KINDS, "already exists"), "", None),
    "destroy": ([], {**dict.fromkeys(KINDS, NOT_DEFINED), "lxc-start": "is running"}, "", None),
    "snapshot": ([], {**dict.fromkeys(KINDS, "does not exist"), "lxc-start": "is running"}, "", None),
    "copy": (["-N", "other"], {**dict.fromkeys(KINDS, NOT_DEFINED), "lxc-start": "is running"}, "", None),
    # The last ones: each ends it.
    "stop": (["-t", "1"], {}, "", "STOPPED"),
    "stop -k": ([], {}, "", "STOPPED"),
    "kill": (["KILL"], {}, "", "STOPPED"),
}
ENDING = ("stop", "stop -k", "kill")


@pytest.fixture(params=KINDS)
def make(lxc, live, bundle, folder, busybox_rootfs, request):
    """make(): the name of a new container of the kind make.kind."""

    def new():
        if make.kind == "lxc-start":
            name = lxc.new_name()
            lxc.define(["lxc.init.cmd = /bin/sleep 1000"], name=name,
                       rootfs=busybox_rootfs(os.path.join(folder, "root-" + name)))
            lxc("start", name).ok()
            return name
        container = live.runtime.launch(bundle("/bin/sleep", "1000"),
                                        *(["--attachable"] if make.kind == "keeper" else []))
        if make.kind == "paused":
            container("pause").ok()
        return container.id

    make = new
    make.kind = request.param
    return make


def state(lxc, name):
    return lxc("info", "-n", name, "-s", "-H").ok().out.strip()


def reset(lxc, make, name):
    """One that a command has frozen or thawed is again what it was."""
    if make.kind == "paused":
        lxc.runtime("pause", name)
    else:
        lxc.runtime("resume", name)


def check(lxc, make, name, command):
    words, errors, wanted, after = COMMANDS[command]
    first, *more = command.split()
    options = [word for word in more if word.startswith("-")] if first in ("stop",) else []
    before = state(lxc, name)
    known = {"state": before, "pid": lxc("info", "-n", name, "-p", "-H").ok().out.strip()}
    who = [name] if first == "ls" else ["-n", name]
    result = lxc(first, *who, *options, *(word.format(**known) for word in words))
    error = errors.get(make.kind)
    if error is None:
        assert result.code == 0, (command, result)
        assert wanted.format(**known) in result.out, (command, result)
    else:
        assert result.code != 0, (command, result)
        lines = [line for line in result.err.splitlines() if " hint: " not in line]
        assert len(lines) <= 1 and error in result.err, (command, result)
        after = None
    if first == "kill":  # which only sends the signal
        until(lambda: state(lxc, name) == after, what="its end")
    assert state(lxc, name) == (after or before), (command, result)


def test_commands(lxc, make):
    name = make()
    for command in COMMANDS:
        if command not in ENDING:
            check(lxc, make, name, command)
            reset(lxc, make, name)
    assert os.listdir(lxc.lxcpath) == ([name] if make.kind == "lxc-start" else [])


@pytest.mark.parametrize("command", ENDING)
def test_ends(lxc, make, command):
    check(lxc, make, make(), command)


def test_top(lxc, make):
    name = make()
    process = lxc.start_process("top", "-b", "-d", "0.2", "-n", name)
    until(lambda: f",{name}," in process.output(), what="its row")


def test_console(lxc, make):
    """Where nobody holds its terminal that is said."""
    name = make()
    process = lxc.start_process("console", "-n", name, "-t", "0")
    if make.kind in ("lxc-start", "keeper"):
        until(lambda: "Connected to tty 0" in process.output() + process.errors(), what="the console")
        return
    result = process.wait()
    assert result.code == 1 and len(result.err.splitlines()) <= 2, result
    assert "attachable" in result.err or "keeper" in result.err or "monitor" in result.err, result


def test_monitor(lxc, make):
    """It hears of what happens next, up to the end."""
    name = make()
    process = lxc.start_process("monitor", "-n", name)

    def waits():
        with open(f"/proc/{process.pid}/wchan", encoding="ascii") as source:
            return "poll" in source.read()
    until(waits, what="the monitor to listen")
    first, second = ("unfreeze", "freeze") if make.kind == "paused" else ("freeze", "unfreeze")
    for word in (first, second):
        lxc(word, "-n", name).ok()
        wanted = "FROZEN" if word == "freeze" else "RUNNING"
        until(lambda said=wanted: f"'{name}' changed state to [{said}]" in process.output(), what=wanted)
    lxc("stop", "-k", "-n", name).ok()
    lxc.runtime("delete", "--force", name)
    until(lambda: f"'{name}' changed state to [STOPPED]" in process.output(), what="the end")
