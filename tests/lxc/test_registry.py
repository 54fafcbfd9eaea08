# SPDX-License-Identifier: Apache-2.0
"""Containers of other runtimes and engines under the names of LXC's commands: the registry of state
roots, seen where /run and /etc are the test's own."""
import json
import os
import subprocess

import pytest

from harness.runtime import Process, Runtime, until


class Machine:
    """Private /run and /etc, in which several directories of the test are state roots."""

    def __init__(self, folder, program, lxcpath):
        self.folder, self.program, self.lxcpath = folder, program, lxcpath
        self.places = {}  # {path: directory of the test}
        self.roots = []   # lines of /etc/thole/roots
        self.processes = []

    def script(self):
        lines = ["mount -t tmpfs -o mode=755 tmpfs /run", "mkdir -p etc$$/upper etc$$/work",
                 "mount -t overlay -o lowerdir=/etc,upperdir=$PWD/etc$$/upper,workdir=$PWD/etc$$/work "
                 "overlay /etc", "mkdir -p /etc/thole /etc/lxc",
                 f"echo lxc.lxcpath = {self.lxcpath} > /etc/lxc/lxc.conf",
                 "printf '%s\\n' " + " ".join(f"'{line}'" for line in self.roots or ["#"])
                 + " > /etc/thole/roots"]
        for path, directory in self.places.items():
            lines.append(f"mkdir -p {path} && mount --bind {directory} {path}")
        return " && ".join(lines + ['exec "$@"'])

    def start(self, *words):
        process = Process(["unshare", "--mount", "sh", "-c", self.script(), "sh", *words],
                          cwd=self.folder)
        self.processes.append(process)
        return process

    def __call__(self, *words):
        return self.start(self.program, *words).wait()

    def end_processes(self):
        for process in self.processes:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()


@pytest.fixture
def machine(lxc, live, folder):
    """The containers of `live` are those of thole's default root."""
    live.runtime.root = os.path.join(folder, "own")
    os.makedirs(live.runtime.root)
    made = Machine(folder, lxc.program, lxc.lxcpath)
    made.places["/run/thole"] = live.runtime.root
    yield made
    made.end_processes()


@pytest.fixture
def elsewhere(machine, thole_path, folder, bundle):
    """elsewhere(ID): a running container in another state root."""
    runtime = Runtime(thole_path, folder)
    runtime.root = os.path.join(folder, "elsewhere")

    def make(name=None):
        return runtime.launch(bundle("/bin/sleep", "1000"), id=name)

    make.root = runtime.root
    yield make
    machine.end_processes()
    complaints = runtime.clean_up()
    assert not complaints, "left behind:\n" + "\n".join(complaints)


PLACES = {
    "docker": "/run/docker/runtime-thole/moby",
    "containerd": "/run/containerd/runc/k8s.io",
    "oci": "/srv-thole/state",
}


def place(machine, elsewhere, kind):
    os.makedirs(elsewhere.root, exist_ok=True)
    if kind == "oci":
        machine.roots += ["# a comment", "", f"{elsewhere.root}/"]
    else:
        machine.places[PLACES[kind]] = elsewhere.root


@pytest.mark.parametrize("kind", PLACES)
def test_roots_of_every_kind(machine, elsewhere, kind):
    """Found by the whole id and by its beginning, listed with its type, and frozen."""
    place(machine, elsewhere, kind)
    container = elsewhere()
    for name in (container.id, container.id[:-1]):
        assert machine("info", "-s", "-H", name).ok().out == "RUNNING\n"
    table = dict(line.split() for line in machine("ls", "-f", "-F", "name,type").ok().out.splitlines())
    assert table[container.id] == kind
    machine("freeze", container.id).ok()
    assert container.status == "paused"
    machine("unfreeze", container.id).ok()


def test_a_path_means_that_path(machine, lxc, elsewhere):
    """With -P of another lxcpath nothing else is found, and nothing else listed."""
    place(machine, elsewhere, "oci")
    container = elsewhere()
    other = os.path.join(machine.folder, "other")
    for command in ("info", "freeze", "stop"):
        assert machine(command, "-P", other, "-n", container.id).code != 0, command
    assert container.status == "running"
    assert machine("ls", "-P", other).ok().out == ""


def test_other_lxcpaths_are_not_the_configured_one(machine, elsewhere):
    """A container that runs for another lxcpath is not found by chance."""
    os.makedirs(elsewhere.root, exist_ok=True)
    machine.places["/run/thole-lxc/srv:lxc"] = elsewhere.root
    container = elsewhere()
    assert machine("info", container.id).code == 1
    assert machine("ls").ok().out == ""
    assert machine("info", "-P", "/srv/lxc", "-s", "-H", container.id).ok().out == "RUNNING\n"


def test_beginnings_of_ids(machine, elsewhere):
    """Four characters at least, of one container only; a whole id wins."""
    place(machine, elsewhere, "oci")
    first, second = elsewhere("abcd"), elsewhere("abcdef1")
    elsewhere("abcdef2")
    assert machine("info", "-p", "-H", "abcd").ok().out == f"{first.pid}\n"
    assert machine("info", "-p", "-H", "abcdef1").ok().out == f"{second.pid}\n"
    machine("info", "abcde").failed("beginning of the ids of 2 containers")
    assert machine("info", "abc").failed("doesn't exist").code == 1


def test_what_is_defined_comes_first(machine, lxc, elsewhere):
    place(machine, elsewhere, "oci")
    container = elsewhere()
    lxc.define("lxc.uts.name = x", name=container.id)
    assert machine("info", "-s", "-H", container.id).ok().out == "STOPPED\n"


def test_directories_of_another_runtime(machine, lxc, live):
    """What is no record of thole in an engine's root is passed over, and nothing is said of it."""
    foreign = os.path.join(machine.folder, "foreign")
    os.makedirs(os.path.join(foreign, "deadbeef"))
    with open(os.path.join(foreign, "deadbeef", "state.json"), "w", encoding="ascii") as target:
        json.dump({"id": "deadbeef", "init_process_pid": 1, "config": {}}, target)
    machine.places["/run/docker/runtime-runc/moby"] = foreign
    container = live()
    shown = machine("ls", "-1").ok()
    assert (shown.out, shown.err) == (container.id + "\n", "")


def test_a_monitor_follows_all_of_them(machine, live, elsewhere):
    """Those of engines and of the file as well as its own."""
    place(machine, elsewhere, "oci")
    monitor = machine.start(machine.program, "monitor")
    events = machine.start(os.environ["THOLE"], "events", "--all")

    def waits():
        with open(f"/proc/{monitor.pid}/wchan", encoding="ascii") as one, \
                open(f"/proc/{events.pid}/wchan", encoding="ascii") as other:
            return "poll" in one.read() and "poll" in other.read()
    until(waits, 30)
    own, other = live(), elsewhere()
    for container in (own, other):
        until(lambda name=container.id: f"'{name}' changed state to [RUNNING]" in monitor.output())
        until(lambda name=container.id: [json.loads(line)["data"]["state"]
                                         for line in events.output().splitlines()
                                         if json.loads(line)["id"] == name]
              == ["starting", "running"])
    own("delete", "--force").ok()


def test_a_wrong_file_of_roots(machine):
    """The line is named, and nothing is taken for an answer."""
    machine.roots = ["/fine", "relative/path"]
    for words in (["ls"], ["info", "somebody"], ["monitor"]):
        machine(*words).failed("/etc/thole/roots:2", "relative/path")


def test_an_ordinary_user(machine, lxc, live):
    """What he may not read is not his: he sees his own containers, and no error."""
    live()
    home = os.path.join(machine.folder, "home")
    os.makedirs(home)
    os.chown(home, 65534, 65534)
    script = (f"export HOME={home} XDG_RUNTIME_DIR={home}; exec setpriv --reuid=65534 "
              f"--regid=65534 --clear-groups {machine.folder}/thole-lxc ls")
    subprocess.run(["cp", machine.program, machine.folder], check=True)
    os.chmod(os.path.dirname(machine.folder), 0o711)
    shown = machine.start("sh", "-c", script).wait().ok()
    assert (shown.out, shown.err) == ("", "")
