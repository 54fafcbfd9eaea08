# SPDX-License-Identifier: Apache-2.0
"""list and ps."""
import json

from harness.runtime import until


def listed(thole):
    return {entry["id"]: entry for entry in json.loads(thole("list", "--format", "json").ok().out)}


def test_list_of_nothing(thole, bundle):
    thole.run(bundle("/bin/true")).ok()
    assert json.loads(thole("list", "--format", "json").ok().out) in ([], None)
    assert thole("list", "--quiet").ok().out == ""


def test_list(thole, bundle, sleeper):
    running, created = sleeper(), thole.create(bundle("/bin/true"))
    entries = listed(thole)
    assert set(entries) == {running.id, created.id}
    assert entries[running.id]["status"] == "running"
    assert entries[running.id]["pid"] == running.pid
    assert entries[created.id]["status"] == "created"
    assert entries[running.id]["bundle"] == running.bundle.path
    assert set(thole("list", "--quiet").ok().out.split()) == {running.id, created.id}


def test_list_table(thole, sleeper):
    container = sleeper()
    lines = thole("list").ok().out.splitlines()
    assert lines[0].split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    assert lines[1].split()[:4] == [container.id, str(container.pid), "running",
                                    container.bundle.path]


def test_list_shows_stopped_and_paused(thole, sleeper):
    stopped, paused = sleeper(), sleeper()
    stopped("kill", "KILL").ok()
    stopped.wait_stopped()
    paused("pause").ok()
    entries = listed(thole)
    assert entries[stopped.id]["status"] == "stopped"
    assert entries[paused.id]["status"] == "paused"


def test_ps(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "sleep 1000 & sleep 1000 & echo up; wait"))
    until(container.output, what="the children")
    pids = json.loads(thole("ps", "--format", "json", container.id).ok().out)
    assert len(pids) == 3 and container.pid in pids
    table = thole("ps", container.id).ok().out.splitlines()
    assert len(table) == 4 and "PID" in table[0]
    for words in (["-eo", "pid,comm"], ["-eo pid,comm"]):
        table = thole("ps", "--format", "table", container.id, *words).ok().out.splitlines()
        assert table[0].split() == ["PID", "COMMAND"]
        assert {int(line.split()[0]) for line in table[1:]} == set(pids)
