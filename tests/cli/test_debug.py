# SPDX-License-Identifier: Apache-2.0
"""--debug tells each step, when it was done, and which member of the configuration asked for it."""
import json
import os
import re

import pytest

from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

STEP = re.compile(r"(?:(/\S*): )?([^:]+): at (\d+\.\d{3}) ms, took (\d+\.\d{3}) ms, (thole|container)")


class Step:
    def __init__(self, match):
        self.where, self.name, at, took, self.process = match.groups()
        self.at, self.took = float(at), float(took)

    def __repr__(self):
        return f"{self.where} {self.name} {self.at} {self.took} {self.process}"


def steps_of(lines):
    """The steps among the debug lines; their times have to be possible."""
    steps = [Step(match) for match in map(STEP.fullmatch, lines) if match]
    for process in ("thole", "container"):
        own = [step for step in steps if step.process == process]
        assert [step.at for step in own] == sorted(step.at for step in own)
        for before, step in zip(own, own[1:]):
            assert abs(step.at - step.took - before.at) < 0.002, (before, step)
    return steps


def text_lines(text):
    return [line.removeprefix("thole: debug: ") for line in text.splitlines()
            if line.startswith("thole: debug: ")]


def names(steps, process):
    return [step.name for step in steps if step.process == process]


def has_in_order(steps, process, wanted):
    rest = iter(names(steps, process))
    assert all(name in rest for name in wanted), (wanted, steps)


CREATION = ["configuration", "plan", "record", "seccomp filter", "cgroup", "clone"]
INSIDE = ["namespaces", "root", "mounts", "devices", "masked and read-only paths", "process"]
PLACES = {"seccomp filter": "/linux/seccomp", "cgroup": "/linux/cgroupsPath",
          "namespaces": "/linux/namespaces", "mounts": "/mounts", "devices": "/linux/devices",
          "process": "/process", "masked and read-only paths": "/linux/maskedPaths"}


def check_creation(steps, made):
    has_in_order(steps, "thole", CREATION)
    has_in_order(steps, "container", INSIDE)
    for step in steps:
        assert PLACES.get(step.name, step.where) == step.where, step
    mounts = {step.where: step.name for step in steps
              if step.where and step.where.startswith("/mounts/")}
    assert mounts == {f"/mounts/{number}": mount["destination"]
                      for number, mount in enumerate(made.config["mounts"])}


def test_run(thole, bundle):
    made = bundle("/bin/echo", "said")
    result = thole.run(made, before=("--debug",)).ok()
    assert result.out == "said\n"
    steps = steps_of(text_lines(result.err))
    check_creation(steps, made)
    has_in_order(steps, "thole", [*CREATION, "start", "program", "processes and cgroup", "deletion"])


def test_create_start_delete(thole, bundle):
    made = bundle("/bin/true")
    container = thole.create(made, before=("--debug",))
    check_creation(steps_of(text_lines(container.process.errors())), made)
    steps = steps_of(text_lines(thole("--debug", "start", container.id).ok().err))
    has_in_order(steps, "thole", ["record", "start"])
    assert [step.where for step in steps if step.name == "start"] == ["/process"]
    container.wait_stopped()
    steps = steps_of(text_lines(thole("--debug", "delete", container.id).ok().err))
    has_in_order(steps, "thole", ["record", "processes and cgroup", "deletion"])


def test_hooks_of_the_end(thole, bundle):
    made = bundle("/bin/true")
    made.config["hooks"] = {"poststop": [{"path": "/bin/true"}]}
    steps = steps_of(text_lines(thole.run(made, before=("--debug",)).ok().err))
    assert [step.where for step in steps if step.name == "hooks"][-1] == "/hooks/poststop"


def test_exec(thole, sleeper):
    container = sleeper()
    steps = steps_of(text_lines(thole("--debug", "exec", container.id, "/bin/true").ok().err))
    has_in_order(steps, "thole", ["record and plan", "start", "program"])
    has_in_order(steps, "container", ["birth", "namespaces"])


@pytest.mark.parametrize("detach", [True, False])
def test_with_a_keeper(thole, bundle, folder, detach):
    made = bundle("/bin/true")
    path = os.path.join(folder, "log")
    name = thole.prepare(made)
    thole("--debug", "--log", path, "run", *(["--detach"] if detach else []), "--attachable",
          "--bundle", made.path, name).ok()
    with open(path, encoding="utf-8") as log:
        messages = re.findall(r'level=debug msg="(.*)"', log.read())
    check_creation([Step(match) for match in map(STEP.fullmatch, messages) if match], made)


def test_json(thole, bundle, folder):
    made = bundle("/bin/true")
    path = os.path.join(folder, "log")
    thole.run(made, before=("--debug", "--log", path, "--log-format", "json")).ok()
    with open(path, encoding="utf-8") as log:
        records = [json.loads(line) for line in log]
    assert {record["level"] for record in records} == {"debug"}
    check_creation(steps_of([record["msg"] for record in records]), made)


def test_a_failure_has_the_steps_up_to_it(thole, bundle):
    made = bundle("/bin/true")
    made.mount("/good", "tmpfs", "tmpfs", [])
    made.mount("/bad", "tmpfs", "tmpfs", ["size=nonsense"])
    result = thole.run(made, before=("--debug",)).failed("/mounts/")
    steps = steps_of(text_lines(result.err))
    last = len(made.config["mounts"]) - 1
    places = [step.where for step in steps]
    assert f"/mounts/{last - 1}" in places and f"/mounts/{last}" not in places
    assert "mounts" not in names(steps, "container")
    assert f"thole: run {thole.ids[-1]}: /mounts/{last}: " in result.err


def test_a_step_is_told_before_the_next_one_ends(thole, bundle):
    """Whoever waits for a program sees all that was done until then."""
    name, process = thole.start_run(bundle("/bin/sleep", "1000"), before=("--debug",))
    until(lambda: "start: at" in process.errors())
    steps = steps_of(text_lines(process.errors()))
    has_in_order(steps, "thole", [*CREATION, "start"])
    thole("kill", name, "KILL").ok()
    process.wait()


def test_many_mounts(thole, bundle):
    """More than are remembered: nothing breaks."""
    made = bundle("/bin/true")
    for number in range(600):
        made.mount(f"/m{number}", "tmpfs", "tmpfs", [])
    result = thole.run(made, before=("--debug",)).ok()
    assert len(steps_of(text_lines(result.err))) > 400


def test_beside_timing(thole, bundle):
    """The table has phases alone, whatever the log is told."""
    made = bundle("/bin/true")
    name = thole.prepare(made)
    result = thole("--debug", "run", "--timing", "--bundle", made.path, name).ok()
    table = [line.split(None, 3)[2:] for line in result.err.splitlines()
             if not line.startswith("thole:")]
    assert ["container", "mounts"] in table and ["container", "/proc"] not in table
    check_creation(steps_of(text_lines(result.err)), made)


@pytest.mark.parametrize("options", [(), ("--log-level", "warning"), ("--log-format", "json")])
def test_without_it_nothing_is_told(thole, bundle, options):
    assert thole.run(bundle("/bin/true"), before=options).ok().err == ""
