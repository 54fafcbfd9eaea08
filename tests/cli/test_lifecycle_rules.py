# SPDX-License-Identifier: Apache-2.0
"""The life cycle's own rules, whoever drives it (runtime-spec runtime.md, "Lifecycle").

run, run --detach, create and start: every failure on the way ends in the same state. A hook that
fails is an error; the container is undone (step 12) and its poststop hooks run (step 13), of which
a failing one is a warning.
"""
import os

import pytest

from harness import traces

STAGES = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart")
DRIVERS = ("run", "detached", "create_start")


def hook(script):
    return {"path": "/bin/sh", "args": ["sh", "-c", script]}


def drive(thole, driver, made, name):
    """The commands of the driver, up to the first that fails: its result."""
    options = ["--bundle", made.path, name]
    if driver != "create_start":
        return thole("run", *(["--detach"] if driver == "detached" else []), *options)
    result = thole("create", *options)
    return result if result.code != 0 else thole("start", name)


def assert_undone(thole, name):
    thole("state", name).failed("does not exist")
    assert not [path for path in traces.own_cgroups() if path.endswith("/" + name)]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("stage", STAGES)
def test_failing_hook(thole, bundle, folder, stage, driver):
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {stage: [hook("exit 0"), hook("echo why; exit 3")],
                            "poststop": [hook(f"cat > {folder}/poststop")]}
    name = thole.prepare(made)
    result = drive(thole, driver, made, name)
    result.failed(f"error running {stage} hook #1: exit status 3, output: why")
    assert_undone(thole, name)
    with open(folder + "/poststop", encoding="utf-8") as source:
        assert '"stopped"' in source.read()


@pytest.mark.parametrize("driver", DRIVERS)
def test_program_that_cannot_be_executed(thole, bundle, folder, driver):
    """Found only by execve: as a hook's failure, it undoes the container."""
    made = bundle("/bin/broken")
    with open(made.rootfs + "/bin/broken", "wb") as target:
        target.write(b"\x7fELF and no more")
    os.chmod(made.rootfs + "/bin/broken", 0o755)
    made.config["hooks"] = {"poststop": [hook(f"echo ran > {folder}/poststop")]}
    name = thole.prepare(made)
    drive(thole, driver, made, name).failed("/bin/broken")
    assert_undone(thole, name)
    assert os.path.exists(folder + "/poststop")


@pytest.mark.parametrize("driver", ["delete", "run", "failing_start"])
def test_failing_poststop_hooks(thole, bundle, folder, driver):
    """Each has a warning with its own number, and all run."""
    made = bundle("/bin/true" if driver == "run" else "/bin/sleep", "1000")
    made.config["hooks"] = {"poststop": [hook(f"echo 0 >> {folder}/log; exit 1"),
                                         hook(f"echo 1 >> {folder}/log"),
                                         hook(f"echo 2 >> {folder}/log; echo so; exit 2")]}
    if driver == "failing_start":
        made.config["hooks"]["poststart"] = [hook("exit 9")]
    name = thole.prepare(made)
    if driver == "run":
        result = thole("run", "--bundle", made.path, name).ok()
    else:
        thole("create", "--bundle", made.path, name).ok()
        result = (thole("delete", "--force", name).ok() if driver == "delete" else
                  thole("start", name).failed("poststart hook #0: exit status 9"))
    assert "/hooks/poststop/0: error running poststop hook #0: exit status 1" in result.err
    assert "/hooks/poststop/2: error running poststop hook #2: exit status 2, output: so" \
        in result.err
    assert "poststop hook #1" not in result.err
    with open(folder + "/log", encoding="ascii") as source:
        assert source.read() == "0\n1\n2\n"
    assert_undone(thole, name)


@pytest.mark.parametrize("cgroups", [True, False], ids=["cgroup", "no_cgroup"])
def test_kill_all_of_a_stopped_container(thole, bundle, cgroups):
    """There is nobody left: that is what was asked for. Without --all it is an error."""
    options = () if cgroups else ("--cgroup-manager", "disabled")
    container = thole.launch(bundle("/bin/sleep", "1000"), before=options)
    container("kill", "KILL").ok()
    container.wait_stopped()
    thole("kill", "--all", container.id, "KILL").ok()
    container("kill", "KILL").failed("not running")


def test_start_without_a_process(thole, bundle):
    """Refused, and the container is still created: an error leaves things as they were."""
    made = bundle("/bin/true")
    del made.config["process"]
    container = thole.create(made)
    for _ in range(2):
        container("start").failed("/process")
        assert container.status == "created"
    container.delete().ok()


def test_run_without_a_process(thole, bundle):
    made = bundle("/bin/true")
    del made.config["process"]
    name = thole.prepare(made)
    thole("run", "--bundle", made.path, name).failed("/process")
    assert_undone(thole, name)
