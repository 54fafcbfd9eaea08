# SPDX-License-Identifier: Apache-2.0
"""events --all: the changes of state of all containers, told without a daemon."""
import contextlib
import json
import os
import shutil
import signal
import subprocess

import pytest

from harness import machine, traces
from harness.runtime import until

LIFE = ["starting", "running", "exited", "stopping", "stopped"]


class Watcher:
    """A running events --all."""

    def __init__(self, thole, **options):
        self.process = thole.start_process("events", "--all", **options)
        # It watches the state root, or the way there, when it waits.
        until(lambda: self.sleeps_in("poll"), what="that the watcher waits")

    def sleeps_in(self, word):
        assert self.process.popen.poll() is None, self.process.wait()
        with open(f"/proc/{self.process.pid}/wchan", encoding="ascii") as source:
            return word in source.read()

    def reads(self):
        """How many it has made."""
        with open(f"/proc/{self.process.pid}/io", encoding="ascii") as source:
            return int(dict(line.split(": ") for line in source)["syscr"])

    def events(self, name=None):
        lines = [json.loads(line) for line in self.process.output().splitlines()]
        return [line for line in lines if name in (None, line["id"])]

    def words(self, name=None):
        return [event["data"]["state"] for event in self.events(name)]

    def expect(self, name, words):
        until(lambda: len(self.words(name)) >= len(words), what=f"{words}, got {self.words(name)}")
        assert self.words(name) == words


@pytest.fixture
def watcher(thole):
    os.makedirs(thole.root, exist_ok=True)
    return Watcher(thole)


def test_a_life_in_all_its_stations(thole, bundle, watcher):
    """create, start, pause, resume, kill, delete: each is told when it happens, none before."""
    container = thole.create(bundle("/bin/sleep", "1000"))
    watcher.expect(container.id, ["starting"])
    container.start()
    watcher.expect(container.id, ["starting", "running"])
    container("pause").ok()
    watcher.expect(container.id, ["starting", "running", "freezing", "frozen"])
    container("resume").ok()
    so_far = ["starting", "running", "freezing", "frozen", "thawed", "running"]
    watcher.expect(container.id, so_far)
    container("kill", "KILL").ok()
    watcher.expect(container.id, so_far + ["exited", "stopping"])
    container.delete().ok()
    watcher.expect(container.id, so_far + ["exited", "stopping", "stopped"])


def test_the_shape_of_a_line(thole, bundle, watcher):
    container = thole.launch(bundle("/bin/sleep", "1000"))
    watcher.expect(container.id, ["starting", "running"])
    assert watcher.events()[0] == {"type": "state", "id": container.id, "root": thole.root,
                                   "data": {"state": "starting"}}


@pytest.mark.parametrize("way", ["run", "detached", "attachable"])
def test_every_way_of_running(thole, bundle, watcher, way):
    """The stations are the same; the exit status is among them where it is known."""
    made = bundle("/bin/sh", "-c", "until test -e /seen; do sleep 0.05; done; exit 7")
    made.write()
    name = thole.new_id()
    options = {"run": [], "detached": ["--detach"], "attachable": ["--detach", "--attachable"]}[way]
    process = thole.start_process("run", *options, "--bundle", made.path, name)
    watcher.expect(name, LIFE[:2])
    made.file("/seen", "")
    assert process.wait().code == (7 if way == "run" else 0)
    if way != "run":
        until(lambda: thole("delete", name).code == 0)
    watcher.expect(name, LIFE)
    exited = watcher.events(name)[2]["data"]
    if machine.tells_exit_statuses():
        assert exited == {"state": "exited", "exitStatus": 7}


def test_short_lives_in_a_row(thole, bundle, watcher):
    """What is over before the watcher is scheduled has a start and an end, and nothing that it did
    not do; what is in between comes in order."""
    made = bundle("/bin/true")
    names = [thole.new_id() for _ in range(20)]
    for name in names:
        thole.run(made, id=name).ok()
    for name in names:
        until(lambda wanted=name: "stopped" in watcher.words(wanted), what=f"the end of {name}")
        assert watcher.words(name) in (LIFE, ["starting", "stopped"])


def test_a_life_that_nobody_saw_is_told_as_it_was(thole, bundle, watcher):
    """Not as a start that failed, though the watcher was stopped from its start to its end."""
    container = thole.create(bundle("/bin/true"))
    watcher.expect(container.id, ["starting"])
    os.kill(watcher.process.pid, signal.SIGSTOP)
    container.start()
    container.wait_stopped()
    os.kill(watcher.process.pid, signal.SIGCONT)
    watcher.expect(container.id, LIFE[:4])


def test_a_start_that_fails_is_aborted(thole, bundle, watcher):
    """Its program, or its creation, or nobody ever starts it."""
    made = bundle("/bin/script")
    with open(os.path.join(made.rootfs, "bin/script"), "w", encoding="ascii") as script:
        script.write("#!/bin/no-such-interpreter\n")
    os.chmod(script.name, 0o755)
    missing = thole.create(made)
    missing("start").failed()
    watcher.expect(missing.id, ["starting", "aborting", "stopping", "stopped"])
    never = thole.create(bundle("/bin/true"))
    watcher.expect(never.id, ["starting"])
    never("delete", "--force").ok()
    watcher.expect(never.id, ["starting", "aborting", "stopping", "stopped"])


def test_the_past_is_not_told(thole, bundle, sleeper):
    """What there is already says nothing until it changes."""
    container = sleeper()
    frozen = sleeper()
    frozen("pause").ok()
    watcher = Watcher(thole)
    container("pause").ok()
    watcher.expect(container.id, ["freezing", "frozen"])
    frozen("kill", "KILL").ok()
    until(lambda: "stopping" in watcher.words(frozen.id), what="that it stops")
    words = watcher.words(frozen.id)
    # On cgroup v2 it may be seen to thaw for its end.
    assert words in (["exited", "stopping"], ["thawed", "running", "exited", "stopping"])


def test_a_root_that_comes_later(thole, bundle):
    """The state root is made by the first container, and again after it was removed."""
    watcher = Watcher(thole)
    for _ in range(2):
        shutil.rmtree(thole.root, ignore_errors=True)
        name = thole.new_id()
        thole.run(bundle("/bin/sleep", "0.3"), id=name).ok()
        watcher.expect(name, LIFE)


def test_many_containers_are_told_apart(thole, bundle, sleeper, watcher):
    containers = [sleeper() for _ in range(5)]
    for container in containers:
        container("kill", "KILL").ok()
    for container in containers:
        watcher.expect(container.id, LIFE[:4])


def test_it_survives_the_death_of_everybody(thole, bundle, watcher):
    """init, its keeper, and another watcher are killed: what happened is told, the rest goes on."""
    other = Watcher(thole)
    other.process.popen.send_signal(signal.SIGKILL)
    container = thole.launch(bundle("/bin/sleep", "1000"), "--attachable")
    keeper = int(subprocess.run(["ps", "-o", "ppid=", "-p", str(container.pid)], check=True,
                                capture_output=True, text=True).stdout)
    os.kill(keeper, signal.SIGKILL)
    os.kill(container.pid, signal.SIGKILL)
    watcher.expect(container.id, LIFE[:4])
    container.delete().ok()
    watcher.expect(container.id, LIFE)


def test_nothing_stays_behind_a_watcher(thole, sleeper):
    """Its descriptors are its own, and there are no more of them with containers that have ended."""
    watcher = Watcher(thole)

    def descriptors():
        return len(os.listdir(f"/proc/{watcher.process.pid}/fd"))

    before = descriptors()
    container = sleeper()
    watcher.expect(container.id, LIFE[:2])
    assert descriptors() > before
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
    watcher.expect(container.id, LIFE)
    assert descriptors() == before


def test_it_waits_asleep(thole, sleeper, watcher):
    """No polling: with a container that lives nothing wakes the watcher up."""
    container = sleeper()
    watcher.expect(container.id, LIFE[:2])

    def wakings():
        with open(f"/proc/{watcher.process.pid}/status", encoding="ascii") as source:
            return [line for line in source if line.startswith("voluntary_ctxt_switches")]

    before = wakings()
    subprocess.run(["sleep", "1"], check=True)
    assert wakings() == before


def test_what_could_not_be_looked_at_is_told_later(thole, bundle, watcher):
    """Nothing is told of a record that nobody can read, the watcher sleeps, and looks again."""
    container = thole.launch(bundle("/bin/sleep", "1000"))
    watcher.expect(container.id, LIFE[:2])
    path = os.path.join(thole.root, container.id, "state.json")
    with open(path, "r+", encoding="ascii") as record:  # a change of which inotify tells nothing
        pid, text = container.pid, record.read()
        record.truncate(10)
        os.kill(pid, signal.SIGKILL)
        before = watcher.reads()
        subprocess.run(["sleep", "1"], check=True)
        reads, words = watcher.reads() - before, watcher.words(container.id)
        record.seek(0)
        record.write(text)
    assert reads < 100 and words == LIFE[:2]
    watcher.expect(container.id, LIFE[:4])


def test_what_else_is_in_a_root(thole, bundle, watcher):
    """Files, hidden directories and records that nobody can read are no containers' changes."""
    os.makedirs(os.path.join(thole.root, ".hidden"))
    os.makedirs(os.path.join(thole.root, "foreign"))
    with open(os.path.join(thole.root, "foreign", "state.json"), "w", encoding="ascii") as target:
        target.write("{}")
    thole.run(bundle("/bin/sleep", "0.3"), id=(name := thole.new_id())).ok()
    watcher.expect(name, LIFE)
    assert {event["id"] for event in watcher.events()} <= {name, "foreign"}
    assert watcher.words("foreign") in ([], ["starting"])
    shutil.rmtree(os.path.join(thole.root, "foreign"))


def test_wrong_command_lines(thole):
    thole("events").failed("a container, or --all")
    for words in (["--all", "some"], ["--all", "--stats"], ["--all", "--interval", "1s"]):
        thole("events", *words).failed("--all is for")


def test_what_an_engine_keeps_from_a_user_is_no_error(thole):
    """/run/docker is root's alone: a user's own containers are followed all the same."""
    script = "mount -t tmpfs -o mode=755 none /run && mkdir -m 700 /run/docker /run/own && " \
        "chown 12345:12345 /run/own && " \
        "exec setpriv --reuid 12345 --regid 12345 --clear-groups \"$@\""
    process = subprocess.Popen(["unshare", "-m", "sh", "-c", script, "sh", thole.path, "events", "--all"],
                               env={**os.environ, "XDG_RUNTIME_DIR": "/run/own"}, stderr=subprocess.PIPE)

    def waits():
        assert process.poll() is None, process.stderr.read()
        with open(f"/proc/{process.pid}/wchan", encoding="ascii") as source:
            waiting = "poll" in source.read()
        with open(f"/proc/{process.pid}/comm", encoding="ascii") as source:
            return waiting and source.read().strip() == "thole"

    until(waits, what="that it waits for events")
    process.terminate()
    assert process.communicate()[1] == b""


# ---- whoever is told may look at any moment -------------------------------------------------------------

class Held:
    """A command of the runtime that stops at its N-th call of a kind until it is told to go on."""

    def __init__(self, thole, log, call, number, *words):
        self.log = log
        open(log, "w", encoding="ascii").close()
        thole.prefix = ["strace", "-qq", "-o", log, "-e", f"trace={call}", "-e",
                        f"inject={call}:signal=STOP:when={number}"]
        self.process = thole.start_process(*words)
        thole.prefix = []

    def calls(self):
        with open(self.log, encoding="utf-8", errors="replace") as source:
            return source.read()

    def is_stopped(self):
        return "--- stopped by SIGSTOP ---" in self.calls()

    def waits(self):
        """Asleep in poll(2), and not in a stop."""
        assert self.process.popen.poll() is None, self.process.wait()
        for pid in traces.children(self.process.pid):  # strace has others, which come and go
            with contextlib.suppress(OSError), open(f"/proc/{pid}/wchan", encoding="ascii") as source:
                if "poll" in source.read():
                    return True
        return False

    def go_on(self):
        for pid in traces.children(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def end(self):
        for pid in traces.children(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.popen.wait()


def words_of(process, name):
    events = [json.loads(line) for line in process.output().splitlines()]
    return [event["data"]["state"] for event in events if event["id"] == name]


@pytest.mark.needs(program="strace")
@pytest.mark.parametrize("call", ["openat", "close"])
def test_a_creation_may_end_between_any_two_calls_of_a_look(thole, bundle, folder, call):
    """The watcher looks at a container that is being created, stops at one of its calls, and goes on when its
    creator has finished and ended: it never takes that for the end of the container."""
    os.makedirs(thole.root, exist_ok=True)
    idle = Held(thole, folder + "/idle", call, 60000, "events", "--all")
    until(idle.waits, what="that the watcher waits")
    first = idle.calls().count(call + "(") + 1
    idle.end()
    stopped = 0
    for number in range(first, first + 60):
        watcher = Held(thole, f"{folder}/watcher{number}", call, number, "events", "--all")
        until(watcher.waits, what="that the watcher waits")
        made = bundle("/bin/sleep", "1000")
        name = thole.prepare(made)
        creator = Held(thole, f"{folder}/creator{number}", "clone3", 1, "create", "--bundle", made.path, name)
        until(creator.is_stopped, what="a container that is being created")
        until(lambda: watcher.is_stopped() or words_of(watcher.process, name) and watcher.waits(),  # noqa: B023
              what="the watcher's look")
        stopped += watcher.is_stopped()
        creator.go_on()
        creator.process.wait().ok()
        for word, command in (("starting", ("start", name)), ("running", ("kill", name, "KILL")),
                              ("stopping", ("delete", name)), ("stopped", None)):
            until(lambda: watcher.go_on() or word in words_of(watcher.process, name), what=word)  # noqa: B023
            if command:
                until(lambda: thole(*command).code == 0, what=command)  # noqa: B023
        assert words_of(watcher.process, name) == LIFE, number
        watcher.end()
        if number >= first + stopped:
            break
    assert stopped > 3, "the matrix is empty"
