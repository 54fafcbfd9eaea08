# SPDX-License-Identifier: Apache-2.0
"""Hooks: order, namespaces, state on stdin, environment, timeout, and what a failure leads to."""
import json
import os
import subprocess
import time

import pytest

STAGES = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


class Recorder:
    """Hooks that append what they see to a log on the host (or in the container)."""

    def __init__(self, bundle, folder):
        self.bundle, self.log = bundle, os.path.join(folder, "hooks.log")
        self.folder = folder
        bundle.config["hooks"] = {}

    def hook(self, stage, script, **members):
        path = "/bin/sh"
        self.bundle.config["hooks"].setdefault(stage, []).append(
            {"path": path, "args": ["sh", "-c", script], **members})

    def record(self, stage, label=None):
        """The hook writes its label, its stdin and its mount and pid namespace to files."""
        name = label or stage
        target = "/work" if stage == "startContainer" else self.folder
        self.hook(stage, f"echo {name} >> {target}/hooks.log; cat > {target}/{name}.json; "
                  f"readlink /proc/self/ns/mnt > {target}/{name}.mnt")

    def lines(self):
        with open(self.log, encoding="ascii") as source:
            return source.read().split()

    def state(self, stage):
        with open(self._where(stage) + ".json", encoding="utf-8") as source:
            return json.load(source)

    def mount_namespace(self, stage):
        with open(self._where(stage) + ".mnt", encoding="ascii") as source:
            return source.read().strip()

    def _where(self, stage):
        base = self.bundle.rootfs + "/work" if stage == "startContainer" else self.folder
        return os.path.join(base, stage)


@pytest.fixture
def recorder(bundle, folder):
    made = bundle("/bin/sleep", "1000")
    # createContainer hooks are found in the runtime namespace but run in the container's, before
    # pivot_root: the host's tree is still there. startContainer sees the same log by this mount.
    made.mount("/work/log", folder, "bind", ["rbind"])
    return Recorder(made, folder)


def test_order(thole, recorder):
    for stage in STAGES:
        if stage == "startContainer":
            recorder.hook(stage, "echo startContainer >> /work/log/hooks.log")
        else:
            recorder.record(stage)
    recorder.record("prestart", "prestart2")
    container = thole.create(recorder.bundle)
    assert recorder.lines() == ["prestart", "prestart2", "createRuntime", "createContainer"]
    container.start()
    container("kill", "KILL").ok()
    container.wait_stopped()
    assert recorder.lines()[4:] == ["startContainer", "poststart"]
    container.delete().ok()
    assert recorder.lines()[6:] == ["poststop"]


def test_state_on_stdin(thole, recorder):
    recorder.bundle.config["annotations"] = {"org.example.key": "value"}
    for stage in STAGES:
        recorder.record(stage)
    container = thole.launch(recorder.bundle)
    pid = container.pid
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
    wanted = {"prestart": "creating", "createRuntime": "creating", "createContainer": "creating",
              "startContainer": "created", "poststart": "running", "poststop": "stopped"}
    for stage in STAGES:
        state = recorder.state(stage)
        assert state["id"] == container.id, stage
        assert state["bundle"] == recorder.bundle.path, stage
        assert state["annotations"] == {"org.example.key": "value"}, stage
        assert state["ociVersion"], stage
        assert state["status"] == wanted[stage], stage
    for stage in ("prestart", "createRuntime", "poststart"):
        assert recorder.state(stage)["pid"] == pid, stage
    for stage in ("createContainer", "startContainer"):
        assert recorder.state(stage)["pid"] == 1, stage


def test_namespaces(thole, recorder):
    for stage in STAGES:
        recorder.record(stage)
    container = thole.launch(recorder.bundle)
    inside = os.readlink(f"/proc/{container.pid}/ns/mnt")
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
    host = os.readlink("/proc/self/ns/mnt")
    for stage in STAGES:
        wanted = inside if stage in ("createContainer", "startContainer") else host
        assert recorder.mount_namespace(stage) == wanted, stage


def test_mounts_exist_for_create_hooks(thole, recorder):
    rootfs = recorder.bundle.rootfs
    recorder.hook("createContainer", f"grep -q ' {rootfs}/proc proc ' /proc/self/mounts && "
                  f"echo mounted > {recorder.folder}/seen")
    thole.run(with_args(recorder.bundle, "/bin/true")).ok()
    assert os.path.exists(recorder.folder + "/seen")


def with_args(bundle, *args):
    bundle.process["args"] = list(args)
    return bundle


def test_create_runtime_hook_finds_namespaces_and_cgroup(thole, recorder):
    recorder.hook("createRuntime",
                  "pid=$(sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p'); "
                  f"readlink /proc/$pid/ns/net > {recorder.folder}/net; "
                  f"cat /proc/$pid/cgroup > {recorder.folder}/cgroup")
    container = thole.launch(recorder.bundle)
    with open(recorder.folder + "/net", encoding="ascii") as source:
        assert source.read().strip() == os.readlink(f"/proc/{container.pid}/ns/net")
    with open(recorder.folder + "/cgroup", encoding="ascii") as source, \
            open(f"/proc/{container.pid}/cgroup", encoding="ascii") as now:
        assert source.read() == now.read()


def test_environment_given(thole, recorder):
    recorder.hook("prestart", f"/usr/bin/env | sort > {recorder.folder}/env",
                  env=["PATH=/usr/bin:/bin", "ONE=1"])
    thole.run(with_args(recorder.bundle, "/bin/true"), env={**os.environ, "OUTSIDE": "1"}).ok()
    with open(recorder.folder + "/env", encoding="ascii") as source:
        names = {line.split("=")[0] for line in source.read().splitlines()}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"ONE", "PATH"}


def test_environment_inherited(thole, recorder):
    recorder.hook("prestart", f"echo $OUTSIDE > {recorder.folder}/env")
    thole.run(with_args(recorder.bundle, "/bin/true"), env={**os.environ, "OUTSIDE": "yes"}).ok()
    with open(recorder.folder + "/env", encoding="ascii") as source:
        assert source.read() == "yes\n"


def test_environment_may_be_nearly_empty(thole, recorder):
    recorder.hook("poststop", f"echo ran > {recorder.folder}/ran")
    container = thole.create(recorder.bundle)
    container("delete", env={"XDG_RUNTIME_DIR": ""}).ok()
    assert os.path.exists(recorder.folder + "/ran")


@pytest.mark.parametrize("stage", ["prestart", "createRuntime", "createContainer"])
def test_failure_during_create(thole, recorder, stage):
    recorder.hook(stage, "echo broken >&2; exit 3")
    recorder.record("poststop")
    name = thole.new_id()
    result = thole.try_create(recorder.bundle, id=name).failed()
    assert stage in result.err or "hook #0" in result.err, result
    thole("state", name).failed("does not exist")


@pytest.mark.parametrize("stage, command", [("createRuntime", "create"), ("createRuntime", "run"),
                                            ("createContainer", "create"), ("poststart", "run"),
                                            ("poststart", "run --detach")])
def test_every_poststop_hook_runs_after_a_failed_start(thole, recorder, stage, command):
    recorder.hook(stage, "exit 3")
    recorder.record("poststop", "first")
    recorder.hook("poststop", "exit 4")
    recorder.record("poststop", "last")
    name = thole.prepare(recorder.bundle)
    result = thole(*command.split(), "--bundle", recorder.bundle.path, name).failed(stage)
    assert recorder.lines() == ["first", "last"]
    assert "/hooks/poststop/1" in result.err and "exit status 4" in result.err
    thole("state", name).failed("does not exist")


def test_failure_of_start_container_hook(thole, recorder):
    recorder.hook("startContainer", "exit 3")
    container = thole.create(recorder.bundle)
    container("start").failed()
    container.delete("--force").ok()


def test_failure_of_poststart_hook_ends_the_container(thole, recorder):
    recorder.hook("poststart", "exit 3")
    container = thole.create(recorder.bundle)
    container("start").failed()
    container.delete("--force").ok()


def test_failure_of_poststop_hook_only_warns(thole, recorder):
    recorder.hook("poststop", "exit 3")
    recorder.record("poststop")
    container = thole.create(recorder.bundle)
    container.delete("--force").ok()
    assert recorder.lines() == ["poststop"]


def test_missing_hook_program(thole, recorder):
    recorder.bundle.config["hooks"]["prestart"] = [{"path": "/no/such/hook"}]
    thole.try_create(recorder.bundle).failed("/no/such/hook")


@pytest.mark.parametrize("program", ["exec sleep 60", "trap '' TERM HUP INT; exec sleep 60"])
def test_timeout(thole, recorder, program):
    recorder.hook("prestart", program, timeout=1)
    begin = time.monotonic()
    thole.try_create(recorder.bundle).failed()
    assert time.monotonic() - begin < 10


def test_timeout_not_reached(thole, recorder):
    recorder.hook("prestart", "sleep 0.2", timeout=30)
    recorder.record("prestart")
    thole.create(recorder.bundle)
    assert recorder.lines() == ["prestart"]


def test_first_argument_defaults_to_the_path(thole, recorder):
    script = os.path.join(recorder.folder, "hook")
    with open(script, "w", encoding="ascii") as target:
        target.write(f"#!/bin/sh\necho \"$0 $#\" > {recorder.folder}/args\n")
    os.chmod(script, 0o755)
    recorder.bundle.config["hooks"]["prestart"] = [{"path": script}]
    thole.create(recorder.bundle)
    with open(recorder.folder + "/args", encoding="ascii") as source:
        assert source.read() == f"{script} 0\n"


def test_a_hook_that_does_not_read_its_stdin(thole, recorder):
    recorder.bundle.config["annotations"] = {f"key{i}": "x" * 1000 for i in range(200)}
    recorder.bundle.config["hooks"]["prestart"] = [{"path": "/bin/true"}]
    thole.create(recorder.bundle)


@pytest.mark.parametrize("stage", ["prestart", "createRuntime", "createContainer", "poststart",
                                   "poststop"])
def test_hooks_get_no_descriptors(thole, recorder, stage):
    """A shell opens them: Python would have closed its own before."""
    recorder.hook(stage, f"ls /proc/self/fd > {recorder.folder}/fds")
    recorder.bundle.process["args"] = ["/bin/true"]
    name = thole.prepare(recorder.bundle)
    subprocess.run(["sh", "-c", "exec \"$0\" \"$@\" 3>three 4>four 5>five 7>seven", thole.path, "--root",
                    thole.root, "run", "--preserve-fds", "3", "--bundle", recorder.bundle.path,
                    name], cwd=recorder.folder, stdin=subprocess.DEVNULL, check=True)
    with open(recorder.folder + "/fds", encoding="ascii") as source:
        assert set(source.read().split()) == {"0", "1", "2", "3"}, "3 is the directory ls reads"


def test_hooks_start_in_the_bundle(thole, bundle, folder):
    """Wherever the caller is; startContainer hooks in the container's working directory."""
    stages = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
    made = bundle("/bin/sh", "-c", "cat /work/where", cwd="/work")
    script = os.path.join(made.path, "hook")
    with open(script, "w", encoding="ascii") as target:
        target.write(f"#!/bin/sh\necho $1 $(pwd) >> {folder}/where\n")
    os.chmod(script, 0o755)
    made.config["hooks"] = {stage: [{"path": script, "args": ["hook", stage]}] for stage in stages}
    made.config["hooks"]["startContainer"] = [{"path": "/bin/sh",
                                               "args": ["sh", "-c", "pwd > /work/where"]}]
    assert thole.run(made, cwd="/").ok().out == "/work\n"
    with open(f"{folder}/where", encoding="ascii") as lines:
        assert lines.read().split("\n")[:-1] == [f"{stage} {made.path}" for stage in stages]
