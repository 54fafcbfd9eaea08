# SPDX-License-Identifier: Apache-2.0
"""runtime.md: the five operations; runtime-linux.md: descriptors and links."""
import os
import socket

import pytest

from harness import machine, traces
from harness.runtime import until
from sentences import sentence

OPERATIONS = ("runtime.md", "Operations")
LINUX = ("runtime-linux.md", "Dev symbolic links")


@sentence(*OPERATIONS, "Unless otherwise stated, runtimes MUST support the following operations")
def test_five_operations(runtime, bundle):
    made = bundle("/bin/sleep", "1000")
    name = runtime.prepare(made)
    runtime("create", "--bundle", made.path, name).ok()
    runtime("state", name).ok()
    runtime("start", name).ok()
    runtime("kill", name, "KILL").ok()
    until(lambda: runtime.state(name)["status"] == "stopped")
    runtime("delete", name).ok()


@pytest.mark.parametrize("operation", [
    pytest.param("state", marks=sentence(
        "runtime.md", "Query State", "MUST generate an error if it is not provided the ID of a container")),
    pytest.param("create", marks=sentence(
        "runtime.md", "Create", "MUST generate an error if it is not provided a path to the bundle and the "
        "container ID")),
    pytest.param("start", marks=sentence(
        "runtime.md", "Start", "This operation MUST generate an error if it is not provided the container ID")),
    pytest.param("kill", marks=sentence(
        "runtime.md", "Kill", "This operation MUST generate an error if it is not provided the container ID")),
    pytest.param("delete", marks=sentence(
        "runtime.md", "Delete", "This operation MUST generate an error if it is not provided the container ID"))])
def test_id_is_required(runtime, bundle, operation):
    """There is one container, and one bundle where `create` looks: the id alone is missing."""
    made = bundle("/bin/sleep", "1000")
    container = runtime.launch(made)
    runtime(operation, cwd=made.path).failed()
    assert container.status == "running"


@sentence("runtime.md", "Create", "MUST generate an error if it is not provided a path to the bundle and the "
          "container ID", note="the current directory is the default of the bundle, and is none here")
def test_bundle_is_required(runtime, folder):
    runtime("create", runtime.new_id(), cwd=folder).failed()
    runtime("create", "--bundle", folder + "/missing", runtime.new_id()).failed()


@sentence("runtime.md", "Query State", "Attempting to query a container that does not exist MUST generate an "
          "error")
def test_state_of_no_container(runtime):
    runtime("state", runtime.new_id()).failed()


@sentence("runtime.md", "Query State", "This operation MUST return the state of a container as specified in the "
          "State section")
def test_state_has_every_member(runtime, bundle):
    made = bundle()
    container = runtime.create(made)
    state = container.state()
    assert {"ociVersion", "id", "status", "pid", "bundle"} <= set(state)
    assert (state["id"], state["status"], state["bundle"]) == (container.id, "created", made.path)


@sentence("runtime.md", "Create", "If the ID provided is not unique across all containers within the scope of "
          "the runtime, or is not valid in any other way, the implementation MUST generate an error and a new "
          "container MUST NOT be created")
@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "/abs"])
def test_invalid_id(runtime, bundle, name):
    made = bundle("/bin/sleep", "1000")
    runtime.prepare(made)
    runtime("create", "--bundle", made.path, name).failed()
    assert not [pid for pid in traces.descendants() if "sleep 1000" in traces.command_line(pid)]
    assert not traces.own_cgroups()


@sentence("runtime.md", "Create", "If the ID provided is not unique across all containers within the scope of "
          "the runtime, or is not valid in any other way, the implementation MUST generate an error and a new "
          "container MUST NOT be created")
def test_id_in_use(runtime, bundle):
    container = runtime.create(bundle("/bin/sleep", "1234"))
    pid = container.pid
    runtime.try_create(bundle("/bin/sleep", "4321"), id=container.id).failed()
    assert container.pid == pid
    container.start()
    until(lambda: traces.command_line(pid) == "/bin/sleep 1234")


@sentence("runtime.md", "Create", "This operation MUST create a new container")
def test_create(runtime, bundle):
    first, second = runtime.create(bundle()), runtime.create(bundle())
    assert first.status == second.status == "created"
    assert first.pid != second.pid
    assert os.readlink(f"/proc/{first.pid}/ns/mnt") != os.readlink(f"/proc/{second.pid}/ns/mnt")


def stopped(runtime, bundle):
    container = runtime.launch(bundle("/bin/true"))
    container.wait_stopped()
    return container


@sentence("runtime.md", "Start", "Attempting to start a container that is not created MUST have no effect on "
          "the container and MUST generate an error")
@pytest.mark.parametrize("status", ["running", "stopped", "none"])
def test_start_of_what_is_not_created(runtime, bundle, folder, status):
    if status == "none":
        runtime("start", runtime.new_id()).failed()
        return
    made = bundle("/bin/sh", "-c", "echo x >>/out/starts; " + (
        "exec sleep 1000" if status == "running" else "exit 0"))
    made.mount("/out", folder, "none", ["bind"])
    container = runtime.launch(made)
    until(lambda: os.path.exists(folder + "/starts"))
    container.wait_status(status)
    before = container.state()
    container("start").failed()
    assert container.state() == before
    with open(folder + "/starts", encoding="ascii") as source:
        assert source.read() == "x\n"


@sentence("runtime.md", "Start", "This operation MUST generate an error if process was not set")
def test_start_without_process(runtime, bundle):
    made = bundle()
    del made.config["process"]
    runtime.refuses(made, late=True)


@sentence("runtime.md", "Kill", "Attempting to send a signal to a container that is neither created nor running "
          "MUST have no effect on the container and MUST generate an error")
@pytest.mark.parametrize("signal", ["KILL", "TERM", "USR1"])
def test_kill_of_a_stopped_container(runtime, bundle, signal):
    container = stopped(runtime, bundle)
    before = container.state()
    container("kill", signal).failed()
    assert container.state() == before
    runtime("kill", runtime.new_id(), signal).failed()


@sentence("runtime.md", "Kill", "This operation MUST send the specified signal to the container process")
@pytest.mark.parametrize("signal", ["USR1", "HUP", "WINCH", "36", "12", "SIGINT"])
def test_kill_sends_the_signal(runtime, bundle, folder, signal):
    """Every signal has a handler that notes its number: exactly the one that was meant arrives."""
    numbers = {"USR1": 10, "HUP": 1, "WINCH": 28, "36": 36, "12": 12, "SIGINT": 2}
    traps = "".join(f"trap 'echo {number} >>/out/signals' {number}; " for number in numbers.values())
    made = bundle("/bin/sh", "-c", traps + "echo ready >/out/ready; while :; do sleep 0.02; done")
    made.mount("/out", folder, "none", ["bind"])
    container = runtime.launch(made)
    until(lambda: os.path.exists(folder + "/ready"))
    container("kill", signal).ok()
    until(lambda: os.path.exists(folder + "/signals") and os.path.getsize(folder + "/signals"))
    with open(folder + "/signals", encoding="ascii") as source:
        assert source.read().split() == [str(numbers[signal])]


@sentence("runtime.md", "Kill", "This operation MUST send the specified signal to the container process")
def test_kill_of_a_created_container(runtime, bundle):
    container = runtime.create(bundle("/bin/sleep", "1000"))
    container("kill", "KILL").ok()
    container.wait_stopped()


@sentence("runtime.md", "Delete", "Attempting to delete a container that is not stopped MUST have no effect on "
          "the container and MUST generate an error")
def test_delete_of_a_running_container(runtime, bundle):
    container = runtime.launch(bundle("/bin/sleep", "1000"))
    before = container.state()
    container.delete().failed()
    assert container.state() == before and before["status"] == "running"
    container.exec("/bin/true").ok()


@sentence("runtime.md", "Delete", "Deleting a container MUST delete the resources that were created during the "
          "create step", note="state, process, cgroups, mounts")
def test_delete_removes_what_create_made(runtime, bundle):
    container = runtime.create(bundle("/bin/true"))
    assert [path for path in traces.own_cgroups() if path.endswith("/" + container.id)]
    container.start()
    container.wait_stopped()
    container.delete().ok()
    container("state").failed()
    assert not [path for path in traces.own_cgroups() if path.endswith("/" + container.id)]
    assert not os.path.exists(os.path.join(runtime.root, container.id))
    assert not traces.mounts_of(runtime.folder)


@sentence("runtime.md", "Delete", "Note that resources associated with the container, but not created by this "
          "container, MUST NOT be deleted", note="bundle, volume, parent cgroup, the namespace of another one")
def test_delete_keeps_what_is_not_the_containers(runtime, bundle, folder):
    other = runtime.launch(bundle("/bin/sleep", "1000"))
    controller = "pids" if "pids" in machine.controllers() else ""
    parent = os.path.join(machine.controllers()[controller][0], "thole-test", traces.mark() + "parent")
    os.makedirs(parent)
    try:
        made = bundle("/bin/sh", "-c", "echo kept >/vol/file; echo kept >/kept")
        made.linux["cgroupsPath"] = f"/thole-test/{traces.mark()}parent/one"
        made.namespace("network", f"/proc/{other.pid}/ns/net")
        made.mount("/vol", folder, "none", ["bind"])
        container = runtime.launch(made)
        container.wait_stopped()
        container.delete().ok()
        assert os.path.isdir(parent) and not os.path.exists(parent + "/one")
        assert made.read("/kept") == "kept\n" and os.path.exists(made.path + "/config.json")
        with open(folder + "/file", encoding="ascii") as source:
            assert source.read() == "kept\n"
        assert other.status == "running"
        other.exec("/bin/true").ok()
    finally:
        for path in [found for found in traces.own_cgroups() if found.endswith("-parent")]:
            os.rmdir(path)


@sentence("runtime.md", "Delete", "Once a container is deleted its ID MAY be used by a subsequent container")
def test_id_of_a_deleted_container(runtime, bundle):
    container = stopped(runtime, bundle)
    container.delete().ok()
    assert runtime.create(bundle("/bin/true"), id=container.id).status == "created"


@sentence("runtime-linux.md", "File descriptors", "By default, only the stdin, stdout and stderr file "
          "descriptors are kept open for the application by the runtime")
def test_descriptors(runtime, bundle, probe, folder):
    """The caller has a file, a pipe and a socket open, and lets its children have them."""
    made = bundle()
    made.process["args"] = [probe(made), "fds"]
    ours, theirs = socket.socketpair()
    with open(folder + "/file", "w", encoding="ascii") as file, ours, theirs:
        pipe = os.pipe()
        fds = (file.fileno(), theirs.fileno(), *pipe)
        said = runtime.run(made, pass_fds=fds).ok().out
        for fd in pipe:
            os.close(fd)
    assert [line.split()[0] for line in said.splitlines()] == ["0", "1", "2"]


@sentence(*LINUX, "runtimes MUST create the following symlinks if the source file exists after processing mounts")
@pytest.mark.parametrize("link, target", [
    pytest.param(link, target, marks=sentence(*LINUX, f"{target} | {link}")) for link, target in (
        ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"), ("/dev/stderr", "/proc/self/fd/2"))])
def test_links(runtime, bundle, link, target):
    container = runtime.create(bundle("/bin/sleep", "1000"))
    assert os.readlink(f"/proc/{container.pid}/root{link}") == target
