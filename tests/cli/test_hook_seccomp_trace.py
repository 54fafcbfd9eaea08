# SPDX-License-Identifier: Apache-2.0
"""contrib/hooks/seccomp-trace: the profile that a run leaves starts what it was made from."""
import json
import os

import pytest

from harness import oci_hooks
from harness.runtime import until

# Forks, pipes, signals, a file; the second word decides whether it calls mkdir.
SCRIPT = "trap 'echo trapped' USR1; kill -USR1 $$; ls / | grep -c . >/tmp/count; (exit 3); " \
    "[ -z \"$0\" ] || mkdir /tmp/made; echo done"


@pytest.fixture(params=oci_hooks.RUNTIMES)
def runtime(request, folder):
    made = oci_hooks.runtime(request.param, folder)
    made.name = request.param
    yield made
    complaints = made.clean_up()
    assert request.param != "thole" or not complaints, "\n".join(complaints)


def profile_of(output, name):
    """The profile, which the tracer writes when the container's last process has ended."""
    path = os.path.join(output, name + ".json")
    until(lambda: os.path.exists(path), 60, "the profile")
    with open(path, encoding="ascii") as source:
        return json.load(source)


def traced(runtime, made, output, *options):
    """The profile of a run of the bundle."""
    made.config["hooks"] = {}
    oci_hooks.hook(made, "createRuntime", oci_hooks.path("seccomp-trace"), "--output", output, *options)
    name = runtime.new_id()
    result = runtime.run(made, id=name).ok()
    del made.config["hooks"]
    return result, profile_of(output, name)


@pytest.mark.parametrize("privileges", (True, False), ids=("no-new-privileges", "privileges"))
def test_round_trip(runtime, bundle, folder, privileges):
    made = bundle("/bin/sh", "-c", SCRIPT, "", noNewPrivileges=privileges)
    made.process["user"] = {"uid": 1000, "gid": 1000}
    before, profile = traced(runtime, made, folder + "/profiles", "--runtime", runtime.name)
    assert before.out == "trapped\ndone\n"
    names = profile["syscalls"][0]["names"]
    assert {"execve", "write", "exit_group", "getdents64"} <= set(names) and "mkdir" not in names
    assert names == sorted(set(names))
    made.linux["seccomp"] = profile
    assert runtime.run(made).ok().out == before.out
    # The profile is in force: what was not called is not there.
    made.process["args"][-1] = "make"
    result = runtime.run(made)
    assert "Function not implemented" in result.err and not os.path.exists(made.rootfs + "/tmp/made")


def test_for_any_runtime(runtime, bundle, folder):
    """Without --runtime the profile of one is good for the others."""
    made = bundle("/bin/ls", "/")
    first = oci_hooks.runtime("thole", folder)
    before, profile = traced(first, made, folder + "/profiles")
    made.linux["seccomp"] = profile
    assert runtime.run(made).ok().out == before.out


def test_what_the_run_does_not_call_is_not_allowed(thole, bundle, folder):
    """thole's own calls are few: a program that just ends leaves a short profile."""
    made = bundle("/bin/true")
    _, profile = traced(thole, made, folder + "/profiles", "--runtime", "thole")
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO" and profile["defaultErrnoRet"] == 38
    assert profile["architectures"] and len(profile["syscalls"][0]["names"]) < 40
    assert not {"mount", "ptrace", "clone", "socket"} & set(profile["syscalls"][0]["names"])


def test_start_container_hooks_are_in_the_profile(thole, bundle, folder):
    made = bundle("/bin/true")
    made.config["hooks"] = {}
    output = folder + "/profiles"
    oci_hooks.hook(made, "startContainer", "/bin/mkdir", "/tmp/by-hook")
    oci_hooks.hook(made, "createRuntime", oci_hooks.path("seccomp-trace"), "--output", output)
    name = thole.new_id()
    thole.run(made, id=name).ok()
    assert "mkdir" in profile_of(output, name)["syscalls"][0]["names"]


def test_signals_reach_a_traced_container(thole, bundle, folder):
    """What is stopped under the tracer goes on when it is told to, and ends by its own trap."""
    made = bundle("/bin/sh", "-c", "trap 'echo term; exit 7' TERM; echo ready; while :; do sleep 1; done")
    oci_hooks.hook(made, "createRuntime", oci_hooks.path("seccomp-trace"), "--output", folder + "/profiles")
    container = thole.launch(made)
    until(lambda: "ready" in container.output(), 60, "the program")
    for signal, state in (("STOP", "Tt"), ("CONT", "SR")):
        container("kill", signal).ok()
        until(lambda wanted=state: process_state(container.pid) in wanted, 60, signal)
    container("kill", "TERM").ok()
    container.wait_stopped(60)
    assert container.output() == "ready\nterm\n"
    assert "rt_sigaction" in profile_of(folder + "/profiles", container.id)["syscalls"][0]["names"]
    container.delete().ok()


def process_state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("change, complaint", [
    ({"--runtime": "youki"}, "hook seccomp-trace: --runtime youki: it is thole, crun or runc"),
    ({"--output": "/nowhere/at/all"}, "hook seccomp-trace: /nowhere/at/all: No such file or directory"),
], ids=("runtime", "output"))
def test_what_cannot_be_is_refused(thole, bundle, change, complaint):
    made = bundle("/bin/true")
    words = [word for pair in change.items() for word in pair]
    oci_hooks.hook(made, "createRuntime", oci_hooks.path("seccomp-trace"), *words)
    oci_hooks.refused(thole, made, complaint)


def test_in_the_container_it_is_refused(thole, bundle, folder):
    made = bundle("/bin/true")
    oci_hooks.hook(made, "createContainer", oci_hooks.path("seccomp-trace"), "--output", folder)
    oci_hooks.refused(thole, made, "this is a createRuntime hook")
