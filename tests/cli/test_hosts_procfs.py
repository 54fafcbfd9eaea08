# SPDX-License-Identifier: Apache-2.0
"""The procfs that a caller sees need not have everything: units with ProcSubset=pid and ProtectProc=invisible
have one of processes alone, or without those of others."""
import json

import pytest

from harness import machine
from harness.runtime import until

OPTIONS = ["subset=pid", "hidepid=invisible", "hidepid=ptraceable", "subset=pid,hidepid=invisible"]


@pytest.fixture(params=OPTIONS)
def narrow(thole, request):
    """The runtime, where /proc is mounted with such an option."""
    thole.prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                    'mount -t proc -o "$0" proc /proc; exec "$@"', request.param]
    yield thole
    thole.prefix = []


@pytest.fixture(params=[False, True], ids=["", "user namespace"])
def made(bundle, request):
    found = bundle("/bin/sh", "-c", "cat /proc/sys/net/ipv4/ip_forward; grep CapBnd /proc/self/status; exec sleep 1000")
    found.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "7000"}
    found.process["capabilities"]["bounding"] = sorted(
        machine.capability_names(machine.capability_sets()["CapBnd"]))
    if request.param:
        found.user_namespace()
    return found


def test_the_whole_life(narrow, made):
    """With all capabilities, up to the last one that the kernel has, and kernel parameters."""
    container = narrow.create(made)
    container.start()
    assert container.exec("/bin/cat", "/proc/sys/kernel/msgmax").ok().out == "7000\n"
    until(lambda: "CapBnd" in container.output(), what="what the program sees")
    assert container.output() == f"1\nCapBnd:\t{machine.capability_sets()['CapBnd']:016x}\n"
    assert json.loads(narrow("ps", "--format", "json", container.id).ok().out) == [container.pid]
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()


def test_facts_are_the_same(thole, narrow):
    """What the plan goes by, but for the pid."""
    seen = narrow("features").ok().out
    narrow.prefix = []
    assert seen == thole("features").ok().out
