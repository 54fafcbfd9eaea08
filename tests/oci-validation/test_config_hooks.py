# SPDX-License-Identifier: Apache-2.0
"""config.md: hooks: when they run, where, with what, in which order."""
import json
import os
import time

import pytest

from harness.runtime import until
from sentences import sentence

HOOKS = ("config.md", "POSIX-platform Hooks")
STAGES = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
IN_CREATE = STAGES[:3]
ON_HOST = ("prestart", "createRuntime", "poststart", "poststop")
HEADINGS = {"prestart": "Prestart", "createRuntime": "CreateRuntime Hooks",
            "createContainer": "CreateContainer Hooks", "startContainer": "StartContainer Hooks",
            "poststart": "Poststart", "poststop": "Poststop"}
KINDS = ("mnt", "net", "uts", "ipc")


def of(stage, words):
    """The sentence under the heading of the stage."""
    return sentence("config.md", HEADINGS[stage], words)


class Hooked:
    """A bundle whose hooks write into a folder that is at one place on the host and inside."""

    def __init__(self, runtime, made, folder):
        self.runtime, self.made = runtime, made
        self.place = os.path.join(folder, "seen")
        os.mkdir(self.place)
        os.makedirs(made.rootfs + self.place)
        made.mount(self.place, self.place, "none", ["bind"])
        made.config["hooks"] = {}
        made.process["args"] = ["/bin/sh", "-c", f"echo program >>{self.place}/log; exec sleep 1000"]

    def add(self, stage, script, **members):
        """A hook that runs the script with the container's state in $state; /bin/sh is there on the
        host and inside."""
        self.made.config["hooks"].setdefault(stage, []).append(
            {"path": "/bin/sh", "args": ["sh", "-c", "state=$(cat); " + script], **members})

    def note(self, stage, label=None):
        """A hook that notes that it ran, and what it was told."""
        label = label or stage
        self.add(stage, f"echo \"$state\" >{self.place}/{label}.json; echo {label} >>{self.place}/log")

    def read(self, name):
        with open(os.path.join(self.place, name), encoding="utf-8") as source:
            return source.read()

    def log(self):
        return self.read("log").split() if os.path.exists(self.place + "/log") else []

    def live(self):
        """From create to delete; returns the Container."""
        container = self.runtime.create(self.made)
        container.start()
        self.end(container)
        return container

    def end(self, container):
        until(lambda: "program" in self.log())  # `start` need not wait for it
        container("kill", "KILL").ok()
        container.wait_stopped()
        container.delete().ok()


@pytest.fixture
def hooked(runtime, bundle, folder):
    return Hooked(runtime, bundle(), folder)


@sentence(*HOOKS, "hooks (object, OPTIONAL) MAY contain any of the following properties")
@pytest.mark.parametrize("stage", [pytest.param(stage, marks=sentence(
    *HOOKS, f"is an array of {stage} hooks")) for stage in STAGES])
def test_hooks_of_each_stage_run(hooked, stage):
    hooked.note(stage, "one")
    hooked.note(stage, "two")
    hooked.live()
    assert [line for line in hooked.log() if line != "program"] == ["one", "two"]


@sentence(*HOOKS, "Hooks MUST be called in the listed order")
@pytest.mark.parametrize("stage", STAGES)
def test_listed_order(hooked, stage):
    hooked.note(stage, "1")
    hooked.add(stage, f"sleep 0.1; echo 2 >>{hooked.place}/log")
    hooked.note(stage, "3")
    hooked.live()
    assert [line for line in hooked.log() if line != "program"] == ["1", "2", "3"]


@of("prestart", "The prestart hooks MUST be called before the createRuntime hooks")
@of("createContainer", "The createContainer hooks MUST be called after the createRuntime hooks")
def test_order_in_create(hooked):
    for stage in reversed(IN_CREATE):
        hooked.add(stage, f"sleep 0.05; echo {stage} >>{hooked.place}/log")
        hooked.add(stage, f"echo {stage} >>{hooked.place}/log")
    hooked.runtime.create(hooked.made)
    assert hooked.log() == [stage for stage in IN_CREATE for _ in range(2)]


@of("startContainer", "The startContainer hooks MUST be called before the user-specified process is "
    "executed as part of the start operation")
def test_start_container_before_the_program(hooked):
    hooked.add("startContainer", f"sleep 0.2; echo startContainer >>{hooked.place}/log")
    container = hooked.runtime.create(hooked.made)
    assert not hooked.log()
    container.start()
    until(lambda: len(hooked.log()) == 2)
    assert hooked.log() == ["startContainer", "program"]


@sentence(*HOOKS, "The state of the container MUST be passed to hooks over stdin")
@pytest.mark.parametrize("stage", STAGES)
def test_state(hooked, stage):
    """By its members and not only in its form: what the stage can know is true."""
    hooked.made.config["annotations"] = {"com.example.key": "value"}
    hooked.note(stage)
    container = hooked.runtime.create(hooked.made)
    pid = container.pid
    container.start()
    hooked.end(container)
    state = json.loads(hooked.read(stage + ".json"))
    assert state["id"] == container.id
    assert state["bundle"] == hooked.made.path
    assert state["annotations"] == {"com.example.key": "value"}
    assert state["ociVersion"].count(".") >= 2
    wanted = {"startContainer": ("created", 1), "poststart": ("running", pid),
              "poststop": ("stopped", None)}.get(stage, ("creating", pid))
    if stage == "createContainer":  # whose namespaces it has is a matter of the next test
        wanted = ("creating", state["pid"])
        assert state["pid"] in (1, pid)
    assert state["status"] == wanted[0]
    assert wanted[1] is None or state["pid"] == wanted[1]


def namespaces(script_place, label):
    return "".join(f"readlink /proc/self/ns/{kind} >>{script_place}/{label}.ns; " for kind in KINDS)


@pytest.mark.parametrize("stage", [pytest.param(stage, marks=[
    of(stage, f"The {stage} hooks MUST be executed in the "
       + ("runtime namespace" if stage in ON_HOST else "container namespace")),
    sentence(*HOOKS, f"The {stage} hooks MUST be executed in the "
             + ("runtime namespace" if stage in ON_HOST else "container namespace"))])
    for stage in STAGES])
def test_namespaces(hooked, stage):
    """Mounts, network, host name and IPC are those of the tests, or those of the container."""
    hooked.add(stage, namespaces(hooked.place, stage))
    container = hooked.runtime.create(hooked.made)
    inside = [os.readlink(f"/proc/{container.pid}/ns/{kind}") for kind in KINDS]
    outside = [os.readlink(f"/proc/self/ns/{kind}") for kind in KINDS]
    container.start()
    hooked.end(container)
    assert not set(inside) & set(outside)
    assert hooked.read(stage + ".ns").split() == (outside if stage in ON_HOST else inside)


@pytest.mark.parametrize("stage", [pytest.param(stage, marks=[
    of(stage, f"The {stage} hooks' path MUST resolve in the "
       + ("container namespace" if stage == "startContainer" else "runtime namespace")),
    sentence(*HOOKS, "The value of path MUST resolve in the "
             + ("container namespace" if stage == "startContainer" else "runtime namespace"))])
    for stage in STAGES])
def test_where_the_path_resolves(hooked, folder, stage):
    """One path names a program on the host and another one inside."""
    path = os.path.join(folder, "program")
    with open(path, "w", encoding="ascii") as target:
        target.write(f"#!/bin/sh\ncat >/dev/null; echo host >>{hooked.place}/log\n")
    os.chmod(path, 0o755)
    hooked.made.file(path, f"#!/bin/sh\ncat >/dev/null; echo container >>{hooked.place}/log\n", 0o755)
    hooked.made.config["hooks"] = {stage: [{"path": path}]}
    hooked.live()
    assert [line for line in hooked.log() if line != "program"] == [
        "container" if stage == "startContainer" else "host"]


PATH = sentence(*HOOKS, "path (string, REQUIRED) with similar semantics to IEEE Std 1003.1-2008 execv's path")


@PATH
@pytest.mark.parametrize("stage", STAGES)
def test_path_is_required(hooked, stage):
    hooked.made.config["hooks"] = {stage: [{"args": ["/bin/true"]}]}
    hooked.runtime.refuses(hooked.made)


@sentence(*HOOKS, "This specification extends the IEEE standard in that path MUST be absolute",
          note="another path is refused")
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("path", ["true", "bin/true", ""])
def test_path_is_absolute(hooked, stage, path):
    hooked.made.config["hooks"] = {stage: [{"path": path}]}
    hooked.runtime.refuses(hooked.made)



@PATH
@sentence(*HOOKS, "args (array of strings, OPTIONAL) with the same semantics as IEEE Std 1003.1-2008 "
          "execv's argv")
@pytest.mark.parametrize("stage", STAGES)
def test_args(hooked, stage):
    """path is the program and args[0] its name: busybox becomes what that is."""
    script = f'cat >/dev/null; for word in "$0" "$@"; do echo "<$word>"; done >{hooked.place}/arguments'
    hooked.made.config["hooks"] = {stage: [
        {"path": "/bin/busybox", "args": ["sh", "-c", script, "zero", "", "a b", "$x"]}]}
    hooked.live()
    assert hooked.read("arguments") == "<zero>\n<>\n<a b>\n<$x>\n"


@sentence(*HOOKS, "env (array of strings, OPTIONAL) with the same semantics as IEEE Std 1003.1-2008's environ")
@pytest.mark.parametrize("stage", STAGES)
def test_env(hooked, stage):
    env = ["PATH=/usr/bin:/bin", "A=b=c d", "EMPTY="]
    hooked.add(stage, f"cat /proc/self/environ >{hooked.place}/environment", env=env)
    hooked.live()
    seen = set(hooked.read("environment").split("\0")[:-1])
    assert {word for word in seen if not word.startswith(("PWD=", "OLDPWD=", "SHLVL=", "_="))} == set(env)


@sentence(*HOOKS, "timeout (int, OPTIONAL) is the number of seconds before aborting the hook")
@pytest.mark.parametrize("stage", IN_CREATE)
def test_timeout(hooked, stage):
    hooked.add(stage, "exec sleep 30", timeout=1)
    start = time.monotonic()
    hooked.runtime.refuses(hooked.made)
    assert 0.9 < time.monotonic() - start < 20


@sentence(*HOOKS, "timeout (int, OPTIONAL) is the number of seconds before aborting the hook")
def test_timeout_not_reached(hooked):
    hooked.add("prestart", f"sleep 0.2; echo done >>{hooked.place}/log", timeout=30)
    hooked.live()
    assert "done" in hooked.log()


@sentence(*HOOKS, "If set, timeout MUST be greater than zero", note="another timeout is refused")
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("timeout", [0, -1])
def test_timeout_is_positive(hooked, stage, timeout):
    hooked.add(stage, "true", timeout=timeout)
    hooked.runtime.refuses(hooked.made)


READ_PID = "pid=$(echo \"$state\" | sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p'); "
PIVOT = ("hooks MUST be called as part of the create operation after the runtime environment has been "
         "created (according to the configuration in config.json) but before the pivot_root or any "
         "equivalent operation has been executed")


@pytest.mark.parametrize("stage", [pytest.param(stage, marks=of(stage, f"The {stage} {PIVOT}"))
                                   for stage in IN_CREATE])
def test_between_the_environment_and_pivot_root(hooked, stage):
    """The container's namespaces and mounts are there; its process still has the host's root."""
    os.makedirs(hooked.made.rootfs + "/extra")
    hooked.made.mount("/extra", "tmpfs", "tmpfs")
    mark = os.path.join(os.path.dirname(hooked.place), "mark")
    with open(mark, "w", encoding="ascii"):
        pass
    if stage == "createContainer":
        script = f"test -e {mark} && cat /proc/self/mountinfo"
        namespace = "readlink /proc/self/ns/mnt"
    else:
        script = f"test -e /proc/$pid/root{mark} && cat /proc/$pid/mountinfo"
        namespace = "readlink /proc/$pid/ns/mnt"
    hooked.add(stage, f"{READ_PID}{{ {script}; }} >{hooked.place}/mounts; "
               f"{namespace} >{hooked.place}/namespace")
    container = hooked.runtime.create(hooked.made)
    mounts = [line.split()[4] for line in hooked.read("mounts").splitlines()]
    assert mounts, "the host's tree was not to be seen"
    assert hooked.made.rootfs + "/extra" in mounts
    assert hooked.read("namespace").strip() == os.readlink(f"/proc/{container.pid}/ns/mnt")


@of("poststart", "The poststart hooks MUST be called after the user-specified process is executed but "
    "before the start operation returns")
def test_poststart(hooked):
    """The program of the container is what its process is when the hook runs."""
    hooked.made.process["args"] = ["/bin/sleep", "1000"]
    hooked.add("poststart", READ_PID + f"tr '\\0' ' ' </proc/$pid/cmdline >{hooked.place}/program; "
               f"sleep 0.2; echo poststart >>{hooked.place}/log")
    container = hooked.runtime.create(hooked.made)
    assert not hooked.log()
    container.start()
    assert hooked.log() == ["poststart"]
    assert hooked.read("program") == "/bin/sleep 1000 "


@of("poststop", "The poststop hooks MUST be called after the container is deleted but before the delete "
    "operation returns")
def test_poststop(hooked):
    """Nothing is left of the container's process and cgroups when the hook runs."""
    hooked.add("poststop", f"sleep 0.1; test -d /proc/$(cat {hooked.place}/pid) && echo alive "
               f">>{hooked.place}/log; find /sys/fs/cgroup -name $(cat {hooked.place}/id) "
               f">>{hooked.place}/log; echo poststop >>{hooked.place}/log")
    container = hooked.runtime.create(hooked.made)
    for name, value in (("pid", container.pid), ("id", container.id)):
        with open(os.path.join(hooked.place, name), "w", encoding="ascii") as target:
            target.write(str(value))
    container.start()
    container("kill", "KILL").ok()
    container.wait_stopped()
    assert hooked.log() in ([], ["program"])
    container.delete().ok()
    assert [line for line in hooked.log() if line != "program"] == ["poststop"]
