# SPDX-License-Identifier: Apache-2.0
"""runtime.md: life cycle, errors, warnings."""
import json
import os

import pytest

from harness import machine, traces
from harness.runtime import until
from sentences import sentence

LIFE = ("runtime.md", "Lifecycle")
STAGES = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart")


def hook(script):
    """A hook that reads the state, as hooks do, and then runs the script."""
    return {"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null; " + script]}


def nothing_is_left(runtime, name, pid=None):
    """No such container, no cgroup of its name, no process."""
    runtime("state", name).failed()
    assert not [path for path in traces.own_cgroups() if path.endswith("/" + name)]
    assert pid is None or not os.path.exists(f"/proc/{pid}")


@sentence(*LIFE, "The container's runtime environment MUST be created according to the configuration in")
@sentence("runtime.md", "Create", "All of the properties configured in config.json except for process MUST be "
          "applied", note="after create: mounts, host name, namespaces, cgroup, sysctl, devices")
def test_create_makes_the_environment(runtime, bundle):
    made = bundle("/bin/sleep", "1000")
    made.config["hostname"] = "made-by-create"
    made.mount("/vol", "tmpfs", "tmpfs", ["size=64k"])
    made.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    made.linux["devices"] = [{"path": "/dev/extra", "type": "c", "major": 1, "minor": 3,
                              "fileMode": 0o640, "uid": 5, "gid": 6}]
    container = runtime.create(made)
    root = f"/proc/{container.pid}/root"
    mounts = {line[4]: line for line in machine.mount_lines(container.pid)}
    assert "size=64k" in mounts["/vol"][-1]
    device = os.stat(root + "/dev/extra")
    assert (device.st_rdev, device.st_uid, device.st_gid) == (os.makedev(1, 3), 5, 6)
    for kind in ("pid", "net", "ipc", "uts", "mnt"):
        assert os.readlink(f"/proc/{container.pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}")
    with open(f"/proc/{container.pid}/cgroup", encoding="utf-8") as source:
        assert made.linux["cgroupsPath"] in source.read()
    container.start()
    assert container.sh("hostname; cat /proc/sys/net/ipv4/ip_forward").ok().out == "made-by-create\n1\n"


BROKEN = {
    "mount": lambda made: made.mount("/vol", "none", "nosuchfs"),
    "source": lambda made: made.mount("/vol", "/no/such/source", "none", ["bind"]),
    "sysctl": lambda made: made.linux.update(sysctl={"net.no.such": "1"}),
    "namespace": lambda made: made.namespace("network", "/proc/self/ns/uts"),
    "device": lambda made: made.linux.update(devices=[
        {"path": "/etc/passwd", "type": "c", "major": 1, "minor": 3}]),
}


@sentence(*LIFE, "If the runtime is unable to create the environment specified in the config.json, it MUST "
          "generate an error")
@sentence("runtime.md", "Create", "If the runtime cannot apply a property as specified in the configuration, "
          "it MUST generate an error and a new container MUST NOT be created")
@sentence("runtime.md", "Errors", "Unless otherwise stated, generating an error MUST leave the state of the "
          "environment as if the operation were never attempted",
          note="no state, process, cgroup or mount is left of a create that failed")
@pytest.mark.parametrize("name", BROKEN)
def test_create_that_cannot_do_it(runtime, bundle, name):
    made = bundle("/bin/sleep", "1000")
    BROKEN[name](made)
    runtime.refuses(made)
    nothing_is_left(runtime, runtime.ids[-1])
    assert not traces.mounts_of(runtime.folder)
    assert not [pid for pid in traces.descendants() if "sleep 1000" in traces.command_line(pid)]
    assert not os.path.exists(os.path.join(runtime.root, runtime.ids[-1]))


@sentence(*LIFE, "While the resources requested in the config.json MUST be created, the user-specified program "
          "(from process) MUST NOT be run at this time")
@sentence("runtime.md", "Create", "process.args MUST NOT be applied until triggered by the start operation")
@sentence(*LIFE, "The runtime MUST run the user-specified program, as specified by process")
@sentence("runtime.md", "Start", "This operation MUST run the user-specified program as specified by process")
def test_the_program_runs_at_start(runtime, bundle, folder):
    made = bundle("/bin/sh", "-c", "echo $A $PWD $(id -u) >/out/ran; exec sleep 1000", cwd="/work",
                  user={"uid": 77, "gid": 88})
    made.process["env"].append("A=b")
    os.chmod(folder, 0o777)
    made.mount("/out", folder, "none", ["bind"])
    container = runtime.create(made)
    container.wait_status("created")
    assert not os.path.exists(folder + "/ran")
    with open(f"/proc/{container.pid}/cmdline", encoding="utf-8") as source:
        assert "sleep 1000" not in source.read()
    container.start()
    container.wait_status("running")
    until(lambda: os.path.exists(folder + "/ran") and os.path.getsize(folder + "/ran"))
    with open(folder + "/ran", encoding="ascii") as source:
        assert source.read() == "b /work 77\n"


@sentence(*LIFE, "Any updates to config.json after this step MUST NOT affect the container")
@sentence("runtime.md", "Create", "Any changes made to the config.json file after this operation will not have "
          "an effect on the container")
@pytest.mark.parametrize("change", ["other", "garbage", "removed"])
def test_changes_of_the_configuration(runtime, bundle, folder, change):
    made = bundle("/bin/sleep", "1234")
    container = runtime.create(made)
    path = os.path.join(made.path, "config.json")
    if change == "removed":
        os.unlink(path)
    else:
        made.process["args"] = ["/bin/sleep", "4321"]
        made.config["annotations"] = {"a": "b"}
        made.config["hooks"] = {"poststop": [hook(f"echo x >{folder}/hook")]}
        with open(path, "w", encoding="utf-8") as target:
            target.write("no JSON" if change == "garbage" else json.dumps(made.config))
    container.start()
    until(lambda: traces.command_line(container.pid) == "/bin/sleep 1234")
    assert not container.state().get("annotations")
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
    assert not os.path.exists(folder + "/hook")


@pytest.mark.parametrize("stage", [pytest.param(stage, marks=sentence(
    *LIFE, f"The {stage} hooks MUST be invoked by the runtime")) for stage in (*STAGES, "poststop")])
def test_hooks_are_invoked(runtime, bundle, folder, stage):
    """Once, and no other one."""
    made = bundle("/bin/sleep", "1000")
    made.file(folder + "/mark")
    made.mount(folder, folder, "none", ["bind"])
    made.config["hooks"] = {stage: [hook(f"echo {stage} >>{folder}/log")]}
    container = runtime.create(made)
    container.start()
    container("kill", "KILL").ok()
    container.wait_stopped()
    assert os.path.exists(folder + "/log") == (stage != "poststop")
    container.delete().ok()
    with open(folder + "/log", encoding="ascii") as log:
        assert log.read() == stage + "\n"


@pytest.mark.parametrize("stage", [pytest.param(stage, marks=[
    sentence(*LIFE, f"If any {stage} hook fails, the runtime MUST generate an error, stop the container, and "
             "continue the lifecycle at step 12"),
    sentence(*LIFE, "The container MUST be destroyed by undoing the steps performed during create phase"),
    sentence(*LIFE, "The poststop hooks MUST be invoked by the runtime")])
    for stage in STAGES])
def test_failing_hook(runtime, bundle, folder, stage):
    """An error, the end of the process, nothing of the container, and its poststop hooks ran."""
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {stage: [hook("exit 0"), hook("exit 3")],
                            "poststop": [hook(f"echo ran >>{folder}/log")]}
    result = runtime.try_create(made)
    name, pid = runtime.ids[-1], None
    if stage in ("startContainer", "poststart"):
        result.ok()
        pid = runtime.state(name)["pid"]
        result = runtime("start", name)
    result.failed()
    nothing_is_left(runtime, name, pid)
    with open(folder + "/log", encoding="ascii") as log:
        assert log.read() == "ran\n"


@sentence(*LIFE, "If any poststop hook fails, the runtime MUST log a warning, but the remaining hooks and "
          "lifecycle continue as if the hook had succeeded", note="standard error or --log tell of it")
def test_failing_poststop_hook(runtime, bundle, folder):
    made = bundle("/bin/true")
    made.config["hooks"] = {"poststop": [hook("exit 3"), hook(f"echo second >{folder}/second")]}
    container = runtime.create(made)
    result = runtime("--log", folder + "/log", "delete", container.id).ok()
    nothing_is_left(runtime, container.id)
    assert os.path.exists(folder + "/second")
    assert "poststop" in runtime.warned(result, folder + "/log").lower()


@sentence(*LIFE, "The container process exits")
@sentence(*LIFE, "This MAY happen due to erroring out, exiting, crashing or the runtime's kill operation")
@sentence(*LIFE, "Runtime's delete command is invoked with the unique identifier of the container")
@sentence(*LIFE, "The container MUST be destroyed by undoing the steps performed during create phase")
@pytest.mark.parametrize("end", ["exit 0", "exit 3", "kill"])
def test_every_end(runtime, bundle, end):
    container = runtime.create(bundle("/bin/sh", "-c", "sleep 1000" if end == "kill" else end))
    pid = container.pid
    container.start()
    if end == "kill":
        container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
    nothing_is_left(runtime, container.id, pid)


@sentence("runtime.md", "Warnings", "Unless otherwise stated, logging a warning does not change the flow of the "
          "operation; it MUST continue as if the warning had not been logged")
def test_a_warning_changes_nothing(runtime, bundle):
    """An unknown capability is one: the rest is as without it."""
    made = bundle("/bin/sh", "-c", "grep Cap /proc/self/status; ls -d /vol")
    made.mount("/vol", "tmpfs", "tmpfs")
    without = runtime.run(made).ok().out
    for names in made.process["capabilities"].values():
        names.insert(0, "CAP_BOGUS")
    assert runtime.run(made).ok().out == without
