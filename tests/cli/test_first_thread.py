# SPDX-License-Identifier: Apache-2.0
"""A container runs as long as any thread of its init does: the first one may end before the others, and for a
moment it does so whenever another thread executes a program."""
import json
import os
import shutil

import pytest

from harness.programs import compiled
from harness.runtime import until


@pytest.fixture(scope="module")
def program(session_folder):
    return compiled(os.path.join(os.path.dirname(__file__), "threads.c"), session_folder)


@pytest.fixture
def made(bundle, program):
    found = bundle("/bin/threads")
    shutil.copy(program, found.rootfs + "/bin/threads")
    return found


def first_thread_has_ended(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as source:
        return source.read().rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def container(thole, made):
    found = thole.launch(made)
    pid = found.pid
    until(lambda: found.output() == "ready\n" and first_thread_has_ended(pid), what="the end of the first thread")
    return found


def test_it_runs(thole, container):
    assert container.status == "running" and container.pid > 0
    listed = json.loads(thole("list", "--format", "json").ok().out)
    assert [(entry["id"], entry["status"]) for entry in listed] == [(container.id, "running")]
    container.delete().failed("not stopped: running")
    container("pause").ok()
    assert container.status == "paused"
    container("resume").ok()
    container.exec("/bin/true").failed("No such process")
    assert container.status == "running"


@pytest.mark.parametrize("signal", ["USR1", "KILL"])
def test_it_can_be_ended(container, signal):
    container("kill", signal).ok()
    container.wait_stopped()
    container.delete().ok()


def test_it_can_be_deleted(container):
    container.delete("--force").ok()


def test_its_status_is_that_of_the_last_thread(thole, made):
    name = thole.prepare(made)
    process = thole.start_process("run", "--bundle", made.path, name)
    until(lambda: process.output() == "ready\n", what="the other thread")
    thole("kill", name, "USR1").ok()
    assert process.wait().code == 7


def test_it_never_seems_to_have_stopped(thole, made):
    """While threads execute themselves, one after the other."""
    made.process["args"] += ["exec", "800"]
    container = thole.launch(made)
    seen = []
    while container.output() != "ready\n":
        seen.append(container.status)
    assert set(seen) == {"running"} and len(seen) > 3
