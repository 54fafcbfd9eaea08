# SPDX-License-Identifier: Apache-2.0
"""What `plan` prints is what the container has: every golden case is run as far as this machine can, and
compared with the plan of it. A skip says what had to be left out; all the rest of the case has held.
"""
import json
import re

import pytest

from harness import golden, planned
from harness.runtime import until


def said(result):
    """The error of plan or create: "POINTER: TEXT"."""
    lines = [line for line in result.err.splitlines()
             if not line.startswith(("thole: hint: ", "thole: warning: "))]
    return re.sub(r"^thole: (plan|create \S+): ", "", lines[0])


def start(thole, case, name):
    """Plan, create and start, without what this machine lacks: (plan, process of create)."""
    for _ in range(60):
        thole.prepare(case.bundle, name)
        wanted = thole("plan", "--json", "--id", name,
                       *[word for word in case.options if word.startswith("--no-")], case.bundle.path)
        if wanted.code != 0:
            case.without(said(wanted))
            continue
        process = thole.start_process("create", "--bundle", case.bundle.path, *case.options, name)
        created = process.wait()
        if created.code == 0:
            case.receive_terminal()
            return json.loads(wanted.out), process
        case.without(said(created))
    raise AssertionError(case.left_out)


@pytest.mark.parametrize("name", golden.CASES)
def test_golden(thole, bundle, folder, probe, name):
    made = bundle()
    case = golden.Golden(name, made, folder, probe(made))
    identity = thole.new_id()
    try:
        plan, process = start(thole, case, identity)
        if "process" in plan:
            thole("start", identity).ok()
            until(lambda: "staying" in case.output(process) or thole.state(identity)["status"] == "stopped",
                  what="the program")
        assert thole.state(identity)["status"] != "stopped", case.output(process)
        seen = planned.Seen(plan, thole.state(identity), case.output(process))
        planned.check(seen)
    finally:
        thole("delete", "--force", identity)
        case.end()
    if case.left_out:
        pytest.skip("needs another host for a part, the rest of the plan held: " + "; ".join(case.left_out))
