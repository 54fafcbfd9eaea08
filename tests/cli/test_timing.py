# SPDX-License-Identifier: Apache-2.0
"""--timing: where the time of run, create and exec goes."""
import json
import os

import pytest


def phases(path):
    with open(path, encoding="utf-8") as source:
        events = json.load(source)["traceEvents"]
    names = {event["pid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    return [(names[event["pid"]], event["name"], event["ts"], event["dur"])
            for event in events if event["ph"] == "X"]


def test_table_of_a_run(thole, bundle):
    made = bundle("/bin/echo", "said")
    name = thole.prepare(made)
    result = thole("run", "--timing", "--bundle", made.path, name).ok()
    assert result.out == "said\n"
    rows = [line.split(None, 3) for line in result.err.splitlines()[1:]]
    assert ["thole", "clone"] in [row[2:] for row in rows], result.err
    assert ["container", "mounts"] in [row[2:] for row in rows], result.err
    assert all(int(row[0]) >= int(row[1]) >= 0 for row in rows), result.err


@pytest.mark.parametrize("command", ["run", "create"])
def test_trace_events(thole, bundle, folder, command):
    made = bundle("/bin/true")
    name = thole.prepare(made)
    path = os.path.join(folder, "timing.json")
    assert thole(command, "--timing=" + path, "--bundle", made.path, name).ok().err == ""
    found = phases(path)
    assert {process for process, _, _, _ in found} == {"thole", "container"}
    for wanted in ("thole", "container"):
        own = [(begin, length) for process, _, begin, length in found if process == wanted]
        for (begin, length), (following, _) in zip(own, own[1:]):
            assert abs(begin + length - following) < 0.01, found
    if command == "create":
        thole("delete", "--force", name).ok()


def test_exec(sleeper, folder):
    path = os.path.join(folder, "timing.json")
    sleeper().exec("/bin/true", options=("--timing=" + path,)).ok()
    assert {name for _, name, _, _ in phases(path)} >= {"record and plan", "start", "program"}


def test_failure_is_measured_too(thole, bundle):
    made = bundle("/no/such/program")
    name = thole.prepare(made)
    result = thole("run", "--timing", "--bundle", made.path, name).failed("/no/such/program")
    assert "clone" in result.err


def test_without_the_option_nothing_is_told(thole, bundle):
    assert thole.run(bundle("/bin/true")).ok().err == ""
