# SPDX-License-Identifier: Apache-2.0
"""No command waits behind a user's program, and what happens at once is safe all the same.

The lock of a container is held around its record only. While hooks run, "creating" and "deleting"
stand there together with the process that is at it, and decide for everybody else.
"""
import concurrent.futures
import fcntl
import os
import time

import pytest

from harness import machine, traces
from harness.runtime import until

SOON = 8  # seconds: what hangs would hang for ever
BEFORE_START = ("prestart", "createRuntime", "createContainer")
COMMANDS = ("state", "list", "start", "pause", "resume", "update", "kill", "delete", "force")


def words(command, name):
    return {"update": ["update", "--resources", machine.NO_CHANGE, name],
            "force": ["delete", "--force", name],
            "list": ["list"],
            "kill": ["kill", name, "CONT"]}.get(command, [command, name])


def hook(script):
    return {"path": "/bin/sh", "args": ["sh", "-c", script]}


def waiting_hook(folder):
    """Says that it runs and waits until it is let go (or its test has ended)."""
    return hook(f"touch {folder}/running; while [ -d {folder} ] && ! [ -e {folder}/go ]; do "
                "sleep 0.02; done")


def let_go(folder):
    with open(folder + "/go", "w", encoding="ascii"):
        pass


def until_running(folder):
    until(lambda: os.path.exists(folder + "/running"), what="the hook")


def gone(thole, name):
    thole("state", name).failed("does not exist")
    assert not [path for path in traces.own_cgroups() if path.endswith("/" + name)]


# ---- from outside, while a hook runs -------------------------------------------------------------

@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("stage", BEFORE_START)
def test_while_it_is_created(thole, bundle, folder, stage, command):
    """Status "creating": only delete --force does something, it ends the creation."""
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {stage: [waiting_hook(folder)]}
    name = thole.prepare(made)
    create = thole.start_process("create", "--bundle", made.path, name)
    until_running(folder)
    assert thole.state(name)["status"] == "creating"
    result = thole(*words(command, name), timeout=SOON)
    if command in ("start", "pause", "resume", "update", "delete"):
        result.failed("creat")
    else:
        result.ok()
    if command == "force":
        assert create.wait().code != 0
        gone(thole, name)
        let_go(folder)
        return
    let_go(folder)
    create.wait().ok()
    assert thole.state(name)["status"] == "created"
    thole("start", name).ok()
    thole("delete", "--force", name).ok()


@pytest.mark.parametrize("command", COMMANDS)
def test_while_startcontainer_hooks_run(thole, bundle, folder, command):
    """Still "created"; a second start is refused at once."""
    made = bundle("/bin/sleep", "1000")
    made.mount("/work", folder, "bind", ["rbind"])
    made.config["hooks"] = {"startContainer": [hook(
        "touch /work/running; while ! [ -e /work/go ]; do sleep 0.02; done")]}
    container = thole.create(made)
    start = thole.start_process("start", container.id)
    until_running(folder)
    assert container.status == "created"
    result = thole(*words(command, container.id), timeout=SOON)
    if command == "start":
        result.failed("already")
    if command == "pause":
        result.ok()
        container("resume").ok()
    if command in ("force", "delete"):
        result.ok()
        start.wait()
        gone(thole, container.id)
        return
    let_go(folder)
    start.wait().ok()
    assert container.status == "running"


@pytest.mark.parametrize("how", ["start", "run", "detached"])
@pytest.mark.parametrize("command", COMMANDS)
def test_while_poststart_hooks_run(thole, bundle, folder, how, command):
    """It is running, for every command."""
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"poststart": [waiting_hook(folder)]}
    name = thole.prepare(made)
    if how == "start":
        thole("create", "--bundle", made.path, name).ok()
        process = thole.start_process("start", name)
    else:
        process = thole.start_process("run", *(["--detach"] if how == "detached" else []),
                                      "--bundle", made.path, name)
    until_running(folder)
    assert thole.state(name)["status"] == "running"
    result = thole(*words(command, name), timeout=SOON)
    if command in ("start", "resume", "delete"):
        result.failed()
    else:
        result.ok()
    if command == "pause":
        assert thole.state(name)["status"] == "paused"
        thole("resume", name).ok()
    if command == "force":
        gone(thole, name)
    let_go(folder)
    if how == "run" and command != "force":
        thole("kill", name, "KILL").ok()
    process.wait()
    thole("delete", "--force", name).ok()


@pytest.mark.parametrize("command", COMMANDS)
def test_while_poststop_hooks_run(thole, bundle, folder, command):
    """It is stopped, and somebody else's to delete; each hook runs once."""
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"poststop": [hook(f"echo x >> {folder}/count"),
                                         waiting_hook(folder)]}
    container = thole.launch(made)
    delete = thole.start_process("delete", "--force", container.id)
    until_running(folder)
    assert container.status == "stopped"
    result = thole(*words(command, container.id), timeout=SOON)
    if command in ("state", "list"):
        result.ok()
    else:
        result.failed()
    let_go(folder)
    delete.wait().ok()
    gone(thole, container.id)
    with open(folder + "/count", encoding="ascii") as source:
        assert source.read() == "x\n"


def test_deleter_that_was_killed_is_followed(thole, bundle, folder):
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"poststop": [waiting_hook(folder)]}
    container = thole.launch(made)
    delete = thole.start_process("delete", "--force", container.id)
    until_running(folder)
    delete.popen.kill()
    delete.wait()
    let_go(folder)
    container.delete().ok()


@pytest.mark.parametrize("signalled", [False, True], ids=["end", "killed"])
def test_creator_that_was_killed(thole, bundle, folder, signalled):
    """What it left is no container that could be started, and delete needs no force."""
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"createRuntime": [waiting_hook(folder)]}
    name = thole.prepare(made)
    create = thole.start_process("create", "--bundle", made.path, name)
    until_running(folder)
    if not signalled:
        let_go(folder)
        create.wait().ok()
        thole("delete", name).ok()
        return
    create.popen.kill()
    create.wait()
    until(lambda: thole.state(name)["status"] == "stopped", what="the end of init")
    thole("start", name).failed()
    let_go(folder)
    thole("delete", name).ok()
    gone(thole, name)


# ---- from inside a hook --------------------------------------------------------------------------

@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("stage", ["prestart", "createRuntime", "poststart", "poststop"])
def test_hooks_may_ask_for_anything(thole, bundle, folder, stage, command):
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    line = " ".join([thole.path, "--root", thole.root, *words(command, name)])
    made.config["hooks"] = {stage: [hook(
        f"timeout {SOON} {line} > {folder}/out 2>&1; echo $? > {folder}/status")]}
    made.write()
    process = thole.start_process("run", "--detach", "--bundle", made.path, name)
    result = process.wait(2 * SOON)
    if stage == "poststop":
        result.ok()
        thole("delete", "--force", name, timeout=2 * SOON).ok()
    until(lambda: os.path.exists(folder + "/status") and os.path.getsize(folder + "/status"),
          what="the hook's end")
    with open(folder + "/status", encoding="ascii") as source:
        assert source.read().strip() != "124", f"{line} hung in {stage}"
    if command == "force" and stage != "poststop":
        gone(thole, name)
    if stage == "poststart" and command == "pause":
        thole("resume", name).ok()
    thole("delete", "--force", name).ok()
    gone(thole, name)


# ---- waiting for READY ---------------------------------------------------------------------------

def test_while_start_waits_for_ready(thole, bundle, folder):
    """NOTIFY_SOCKET: the container takes its time to be ready, other commands do not wait."""
    import socket
    path = os.path.join(folder, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        environment = dict(os.environ, NOTIFY_SOCKET=path)
        made = bundle("/bin/sleep", "1000")
        name = thole.prepare(made)
        thole("create", "--bundle", made.path, name, env=environment).ok()
        start = thole.start_process("start", name, env=environment)
        until(lambda: thole.state(name)["status"] == "running", what="the program")
        thole("pause", name, timeout=SOON).ok()
        thole("resume", name, timeout=SOON).ok()
        thole("delete", "--force", name, timeout=SOON).ok()
        start.wait(SOON)


# ---- at once -------------------------------------------------------------------------------------

def test_many_starts_at_once(thole, bundle):
    """One wins, the others say that it runs already; the program runs once."""
    for _ in range(5):
        made = bundle("/bin/sh", "-c", "echo ran; exec sleep 1000")
        container = thole.create(made)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: thole("start", container.id), range(8)))
        assert sorted(result.code for result in results) == [0] + [1] * 7
        for result in results:
            if result.code != 0:
                result.failed("already")
        assert container.status == "running"
        until(lambda: container.output() == "ran\n", what="the output")
        container.delete("--force").ok()


@pytest.mark.parametrize("hooks", [False, True], ids=["plain", "poststop"])
def test_many_deletes_at_once(thole, bundle, folder, hooks):
    """All is gone afterwards, and each poststop hook has run once."""
    made = bundle("/bin/sleep", "1000")
    if hooks:
        made.config["hooks"] = {"poststop": [hook(f"echo x >> {folder}/count; sleep 0.1")]}
    container = thole.launch(made)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: thole("delete", "--force", container.id), range(8)))
    assert any(result.code == 0 for result in results)
    if not hooks:
        assert all(result.code == 0 for result in results)
    gone(thole, container.id)
    if hooks:
        with open(folder + "/count", encoding="ascii") as source:
            assert source.read() == "x\n"


def test_a_deletion_that_waited_for_another(thole, bundle):
    """It says that there is no container, without a hint at what might be left of it."""
    container = thole.launch(bundle("/bin/true"))
    container.wait_stopped()
    directory = os.open(os.path.join(thole.root, container.id), os.O_RDONLY)
    number = os.fstat(directory).st_ino

    def waiting():
        with open("/proc/locks", encoding="ascii") as source:
            return sum("->" in line and f":{number} " in line for line in source)

    fcntl.flock(directory, fcntl.LOCK_EX)
    both = [thole.start_process("delete", container.id) for _ in range(2)]
    until(lambda: waiting() == 2, what="both of them")
    os.close(directory)
    first, second = sorted((process.wait() for process in both), key=lambda result: result.code)
    first.ok()
    assert second.failed("container does not exist").err.count("\n") == 1, second


def test_deletes_and_creates_at_once(thole, bundle):
    """delete --force of a half-made container never touches the one that takes its name."""
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    for round_number in range(12):
        create = thole.start_process("create", "--bundle", made.path, name)
        time.sleep(0.003 * round_number)
        thole("delete", "--force", name).ok()
        create.wait()
        thole("delete", "--force", name).ok()
        gone(thole, name)
        thole("create", "--bundle", made.path, name).ok()
        assert thole.state(name)["status"] == "created"
        thole("start", name).ok()
        thole("delete", "--force", name).ok()


# ---- the gate ------------------------------------------------------------------------------------

def test_connecting_to_the_gate_changes_nothing(thole, bundle):
    """Whoever goes away without a word, as a `start` that is killed does."""
    import socket
    container = thole.create(bundle("/bin/sleep", "1000"))
    gate = os.path.join(thole.root, container.id, "gate")
    for words_sent in (None, b"", b"x", b"\0" * 8):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(gate)
            if words_sent:
                client.send(words_sent)
        assert container.status == "created"
    container.start()
    assert container.status == "running"


def test_start_that_is_killed(thole, bundle):
    """At whatever moment: created or running, and in the end it runs: by the next start, unless init has heard the
    word of the one that was killed in the meantime."""
    for delay in range(12):
        container = thole.create(bundle("/bin/sh", "-c", "exec sleep 1000"))
        start = thole.start_process("start", container.id)
        time.sleep(0.0005 * delay)
        start.popen.kill()
        start.wait()
        status = until(lambda: container.status in ("created", "running") and container.status)
        if status == "created":
            result = container("start")
            assert result.code == 0 or result.failed("cannot start a", "already")
        until(lambda: container.status == "running", what="the program")
        container.delete("--force").ok()


# ---- helper processes ----------------------------------------------------------------------------

@pytest.mark.skipif(not os.path.exists("/usr/bin/strace"), reason="needs strace")
def test_helper_of_an_idmapped_mount(thole, bundle, folder):
    """Killed while the helper lives, the runtime takes it along: nothing is left in pause()."""
    made = bundle("/bin/sleep", "1000")
    made.mount("/vol", folder, "bind", ["bind", "idmap"])
    made.config["mounts"][-1].update(
        uidMappings=[{"containerID": 0, "hostID": 1000, "size": 10}],
        gidMappings=[{"containerID": 0, "hostID": 1000, "size": 10}])
    name = thole.prepare(made)
    # The first write to gid_map happens when the helper is there.
    command = ["strace", "-f", "-qq", "-o", folder + "/log", "-e", "trace=waitid,wait4,kill", "-e",
               "inject=kill:signal=KILL:when=1", thole.path, "--root", thole.root, "create",
               "--bundle", made.path, name]
    import subprocess
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   stdin=subprocess.DEVNULL, timeout=20)
    with open(folder + "/log", encoding="utf-8") as log:
        assert "kill(" in log.read(), "the helper was never ended"
    thole("delete", "--force", name, timeout=SOON).ok()
    until(lambda: not [pid for pid in traces.descendants()], what="the end of the helper")
    gone(thole, name)
