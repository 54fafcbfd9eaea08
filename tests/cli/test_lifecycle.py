# SPDX-License-Identifier: Apache-2.0
"""Life cycle: create, start, state, kill, delete, and what each refuses (runtime-spec runtime.md)."""
import os
import re
import signal

import pytest

from harness import traces
from harness.runtime import until


def test_states_from_create_to_delete(thole, bundle):
    container = thole.create(bundle("/bin/sleep", "1000"))
    assert container.status == "created"
    pid = container.pid
    assert pid > 0
    container.start()
    assert container.status == "running"
    assert container.pid == pid
    container("kill", "KILL").ok()
    container.wait_stopped()
    assert container.state().get("pid", 0) == 0
    container.delete().ok()
    thole("state", container.id).failed("does not exist")


def test_state_document(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.config["annotations"] = {"org.example.one": "1", "two": "with \"quotes\" and \n"}
    container = thole.launch(made)
    state = container.state()
    assert state["id"] == container.id
    assert state["status"] == "running"
    assert state["bundle"] == made.path
    assert state["rootfs"] == made.rootfs
    assert state["annotations"] == made.config["annotations"]
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", state["ociVersion"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", state["created"])
    assert os.readlink(f"/proc/{state['pid']}/exe").endswith("/bin/busybox")


def test_the_program_does_not_run_before_start(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo ran > /work/ran; sleep 1000")
    container = thole.create(made)
    assert not os.path.exists(made.rootfs + "/work/ran")
    container.start()
    until(lambda: os.path.exists(made.rootfs + "/work/ran"), what="the program")


def test_changes_of_config_after_create_have_no_effect(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo first; sleep 1000")
    container = thole.create(made)
    made.process["args"] = ["/bin/sh", "-c", "echo second"]
    made.config["hostname"] = "changed"
    made.write()
    container.start()
    until(container.output, what="the program's output")
    assert container.output() == "first\n"


def test_start_needs_a_created_container(thole, bundle):
    container = thole.launch(bundle("/bin/sleep", "1000"))
    container("start").failed()
    assert container.status == "running"
    container("kill", "KILL").ok()
    container.wait_stopped()
    container("start").failed()


@pytest.mark.parametrize("command", ["state", "start", "kill", "delete", "pause", "resume", "ps"])
def test_unknown_container(thole, command):
    thole(command, "thole-test-nobody").failed("container does not exist")


def test_id_is_unique(thole, bundle):
    container = thole.create(bundle("/bin/sleep", "1000"))
    pid = container.pid
    second = bundle("/bin/true")
    thole.try_create(second, id=container.id).failed("exists")
    thole.run(second, id=container.id).failed("exists")
    assert container.pid == pid
    assert container.status == "created"


@pytest.mark.parametrize("name", ["", ".", "..", ".a", "a/b", "a b", "../x", "a\nb", "ä", "x" * 1025])
def test_bad_ids_are_refused(thole, bundle, name):
    made = bundle("/bin/true")
    made.write()
    thole("create", "--bundle", made.path, name).failed("invalid container id")
    assert not os.path.isdir(thole.root) or os.listdir(thole.root) == []


@pytest.mark.parametrize("name", ["a", "0", "A_b+c-d.e", "x" * 128])
def test_good_ids(thole, bundle, name):
    made = bundle("/bin/true")
    thole.run(made, id=name).ok()


def test_create_takes_the_current_directory_as_bundle(thole, bundle):
    made = bundle("/bin/echo", "here")
    made.write()
    name = thole.new_id()
    assert thole("run", name, cwd=made.path).ok().out == "here\n"


def test_relative_bundle(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.write()
    name = thole.new_id()
    thole("create", "--bundle", os.path.basename(made.path), name,
          cwd=os.path.dirname(made.path)).ok()
    assert thole.state(name)["bundle"] == made.path


def test_delete_running_is_refused(thole, bundle):
    container = thole.launch(bundle("/bin/sleep", "1000"))
    container.delete().failed()
    assert container.status == "running"
    container.delete("--force").ok()
    thole("state", container.id).failed("does not exist")


def test_delete_created_needs_no_force(thole, bundle):
    container = thole.create(bundle("/bin/sleep", "1000"))
    pid = container.pid
    container.delete().ok()
    until(lambda: not os.path.exists(f"/proc/{pid}"), what="the end of init")


def test_delete_twice(thole, bundle):
    container = thole.create(bundle("/bin/true"))
    container.delete().ok()
    container.delete().failed("does not exist")


def test_delete_force_of_an_unknown_container(thole):
    thole("delete", "--force", "thole-test-nobody").ok()


def test_an_id_can_be_used_again(thole, bundle):
    container = thole.create(bundle("/bin/true"))
    container.delete().ok()
    thole.create(container.bundle, id=container.id).delete().ok()


@pytest.mark.parametrize("word", ["TERM", "SIGTERM", "term", "15"])
def test_kill_takes_names_and_numbers(thole, bundle, word):
    container = thole.launch(bundle(
        "/bin/sh", "-c", "trap 'echo got TERM; exit 0' TERM; echo ready; while :; do sleep 0.1; done"))
    until(lambda: "ready" in container.output(), what="the trap")
    container("kill", word).ok()
    container.wait_stopped()
    assert "got TERM" in container.output()


def test_kill_defaults_to_term(thole, bundle):
    container = thole.launch(bundle(
        "/bin/sh", "-c", "trap 'echo got TERM; exit 0' TERM; echo ready; while :; do sleep 0.1; done"))
    until(lambda: "ready" in container.output(), what="the trap")
    container("kill").ok()
    container.wait_stopped()
    assert "got TERM" in container.output()


@pytest.mark.parametrize("word", ["NOPE", "SIG", "0x9", "-1", "1000", ""])
def test_kill_refuses_what_is_no_signal(sleeper, word):
    container = sleeper()
    container("kill", word).failed()
    assert container.status == "running"


def test_kill_of_a_created_container(thole, bundle):
    container = thole.create(bundle("/bin/sleep", "1000"))
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()


def test_kill_of_a_stopped_container(sleeper):
    container = sleeper()
    container("kill", "KILL").ok()
    container.wait_stopped()
    container("kill", "TERM").failed("container not running", "no such process")


def test_kill_all_reaches_every_process(thole, bundle):
    container = thole.launch(bundle(
        "/bin/sh", "-c", "sleep 1000 & sleep 1000 & sleep 1000 & echo ready; wait"))
    until(lambda: "ready" in container.output(), what="the children")
    container.kill_all("KILL")
    container.wait_stopped()
    assert not traces.descendants()


def test_kill_all_signals_children_too(thole, bundle):
    container = thole.launch(bundle(
        "/bin/sh", "-c",
        "sh -c 'trap \"echo child >> /work/got; exit\" USR1; echo up > /work/up; "
        "while :; do sleep 0.05; done' & "
        "trap 'echo init >> /work/got' USR1; while :; do sleep 0.05; done"))
    until(lambda: os.path.exists(container.bundle.rootfs + "/work/up"), what="the child")
    container.kill_all("USR1")
    until(lambda: os.path.exists(container.bundle.rootfs + "/work/got")
          and len(container.bundle.read("/work/got").split()) == 2, what="both signals")


def test_kill_without_pid_namespace_ends_every_process(thole, bundle):
    made = bundle("/bin/sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait")
    made.without_namespace("pid")
    container = thole.launch(made)
    until(lambda: "ready" in container.output(), what="the children")
    container("kill", "KILL").ok()
    container.wait_stopped()
    until(lambda: not traces.descendants(), what="the end of all processes")


def test_init_killed_from_outside_is_stopped(sleeper):
    container = sleeper()
    os.kill(container.pid, signal.SIGKILL)
    container.wait_stopped()
    container.delete().ok()


def test_zombie_init_counts_as_stopped(sleeper):
    container = sleeper()
    with traces.keeper_asleep():
        os.kill(container.pid, signal.SIGKILL)
        container.wait_stopped()
        container.exec("/bin/true").failed()
        container.delete().ok()


def test_two_state_directories_do_not_see_each_other(thole, bundle, folder):
    container = thole.create(bundle("/bin/true"))
    other = os.path.join(folder, "other")
    result = thole("--root", other, "state", container.id, root=False)
    result.failed("does not exist")


def test_state_directory_is_private(thole, bundle):
    container = thole.create(bundle("/bin/true"))
    for path in (thole.root, os.path.join(thole.root, container.id)):
        assert os.stat(path).st_mode & 0o066 == 0, f"{path} can be read by others"
