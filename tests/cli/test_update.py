# SPDX-License-Identifier: Apache-2.0
"""update: each option in the kernel's file, from a file or standard input, and all or nothing."""
import json
import os
import random

import pytest

from harness import machine
from harness.runtime import until


def unified(controller):
    return machine.controllers()[controller][1]


# (option, value, controller, v1 file, v1 content, v2 file, v2 content)
OPTIONS = [
    ("--memory", "64m", "memory", "memory.limit_in_bytes", "67108864", "memory.max", "67108864"),
    ("--memory", "33554432", "memory", "memory.limit_in_bytes", "33554432", "memory.max", "33554432"),
    ("--memory-reservation", "16M", "memory", "memory.soft_limit_in_bytes", "16777216",
     "memory.low", "16777216"),
    ("--cpu-share", "2048", "cpu", "cpu.shares", "2048", "cpu.weight", "174"),
    ("--cpu-quota", "30000", "cpu", "cpu.cfs_quota_us", "30000", "cpu.max", "30000 100000"),
    ("--cpu-quota", "-1", "cpu", "cpu.cfs_quota_us", "-1", "cpu.max", "max 100000"),
    ("--cpu-period", "50000", "cpu", "cpu.cfs_period_us", "50000", "cpu.max", "max 50000"),
    ("--cpuset-cpus", "0", "cpuset", "cpuset.cpus", "0", "cpuset.cpus", "0"),
    ("--cpuset-mems", "0", "cpuset", "cpuset.mems", "0", "cpuset.mems", "0"),
    ("--pids-limit", "33", "pids", "pids.max", "33", "pids.max", "33"),
    ("--pids-limit", "-1", "pids", "pids.max", "max", "pids.max", "max"),
]


@pytest.mark.parametrize("row", OPTIONS, ids=lambda row: row[0][2:] + "=" + row[1])
def test_option(sleeper, row):
    option, value, controller, *files = row
    reason = machine.missing({"controller": controller})
    if reason:
        pytest.skip(reason)
    container = sleeper()
    container("update", option, value).ok()
    name, content = files[2:] if unified(controller) else files[:2]
    assert container.cgroup_read(controller, name) == content
    # The form with an equal sign, before the id.
    container.runtime("update", f"{option}={value}", container.id).ok()


def file_there(container, controller, name):
    try:
        return container.cgroup_read(controller, name)
    except FileNotFoundError:
        return None


# Files that a kernel may be built without.
OPTIONAL = [
    ("--memory-swap", "128m", "memory", "memory.memsw.limit_in_bytes", "134217728",
     "memory.swap.max", "67108864"),
    ("--blkio-weight", "500", "blkio", "blkio.bfq.weight", "500", "io.weight", "default 4950"),
    ("--cpu-idle", "1", "cpu", "cpu.idle", "1", "cpu.idle", "1"),
    ("--cpu-burst", "10000", "cpu", "cpu.cfs_burst_us", "10000", "cpu.max.burst", "10000"),
    ("--cpu-rt-runtime", "1000", "cpu", "cpu.rt_runtime_us", "1000", None, None),
]


@pytest.mark.parametrize("row", OPTIONAL, ids=lambda row: row[0][2:])
def test_option_that_a_kernel_may_lack(thole, bundle, row):
    option, value, controller, *files = row
    if controller == "blkio" and "io" in machine.controllers():
        controller = "io"
    reason = machine.missing({"controller": controller})
    if reason:
        pytest.skip(reason)
    name, content = files[2:] if unified(controller) else files[:2]
    made = bundle("/bin/sleep", "1000")
    if controller == "memory":
        made.resources["memory"] = {"limit": 64 << 20}
    if controller == "cpu":
        made.resources["cpu"] = {"quota": 50000}
    container = thole.launch(made)
    if name is None or file_there(container, controller, name) is None:
        container("update", option, value).failed()
        return
    container("update", option, value).ok()
    assert container.cgroup_read(controller, name) == content


@pytest.mark.needs(controller="pids")
@pytest.mark.parametrize("how", ["file", "joined", "stdin", "joined stdin", "short"])
def test_resources_as_json(sleeper, folder, how):
    container = sleeper()
    text = json.dumps({"pids": {"limit": 21}})
    path = folder + "/resources.json"
    with open(path, "w", encoding="ascii") as target:
        target.write(text)
    words = {"file": ["--resources", path], "joined": ["--resources=" + path],
             "stdin": ["--resources", "-"], "joined stdin": ["--resources=-"],
             "short": ["-r", path]}[how]
    container.runtime("update", *words, container.id, stdin=text).ok()
    assert container.cgroup_read("pids", "pids.max") == "21"


@pytest.mark.needs(controller="pids")
def test_with_resources_other_options_are_ignored(sleeper):
    container = sleeper()
    container.runtime("update", "-r", "-", "--pids-limit", "9", container.id,
                      stdin='{"pids":{"limit":31}}').ok()
    assert container.cgroup_read("pids", "pids.max") == "31"


@pytest.mark.parametrize("words", [
    ("--memory", "much"), ("--memory", ""), ("--memory", "1x"), ("--memory", "-5"),
    ("--pids-limit", "many"), ("--cpu-quota", "1.5"), ("--cpu-share", "-3"),
    ("--memory", "99999999999g"), ("--cpuset-cpus", "5000")])
def test_bad_values(sleeper, words):
    result = sleeper()("update", *words)
    if words[1]:
        result.failed()


@pytest.mark.needs(controller="cpu")
def test_half_of_the_bandwidth_keeps_the_other(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.resources["cpu"] = {"quota": 50000, "period": 200000}
    container = thole.launch(made)

    def bandwidth():
        if unified("cpu"):
            return container.cgroup_read("cpu", "cpu.max")
        return (container.cgroup_read("cpu", "cpu.cfs_quota_us") + " "
                + container.cgroup_read("cpu", "cpu.cfs_period_us"))

    container("update", "--cpu-period", "150000").ok()
    assert bandwidth() == "50000 150000"
    container("update", "--cpu-quota", "70000").ok()
    assert bandwidth() == "70000 150000"
    container("update", "--cpu-quota", "500000", "--cpu-period", "1000000").ok()
    assert bandwidth() == "500000 1000000"
    container("update", "--cpu-quota", "2000", "--cpu-period", "1000").ok()
    assert bandwidth() == "2000 1000"


@pytest.mark.needs(controller="memory")
def test_check_before_update(thole, bundle):
    """With it a limit below what is in use is refused, without killing anybody."""
    made = bundle("/bin/sh", "-c", "head -c 20000000 /dev/zero >/tmp/some; exec sleep 1000")
    made.mount("/tmp", "tmpfs", "tmpfs", ["size=32m"])
    made.resources["memory"] = {"limit": 100 << 20}
    container = thole.launch(made)
    usage = "memory.current" if unified("memory") else "memory.usage_in_bytes"
    until(lambda: int(container.cgroup_read("memory", usage)) > 15 << 20, what="use of memory")
    container("update", "-r", "-", stdin=json.dumps(
        {"memory": {"limit": 4 << 20, "checkBeforeUpdate": True}})).failed(
            "checkBeforeUpdate" if unified("memory") else "busy")
    name = "memory.max" if unified("memory") else "memory.limit_in_bytes"
    assert container.cgroup_read("memory", name) == str(100 << 20)
    assert container.status == "running"


FILES = {
    "memory": (("memory.limit_in_bytes", "memory.soft_limit_in_bytes"), ("memory.max", "memory.low")),
    "cpu": (("cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us"), ("cpu.weight", "cpu.max")),
    "pids": (("pids.max",), ("pids.max",)),
    "cpuset": (("cpuset.cpus",), ("cpuset.cpus",)),
}


def contents(container):
    return {(controller, name): container.cgroup_read(controller, name)
            for controller, names in FILES.items() if controller in machine.controllers()
            for name in names[unified(controller)]}


def weight(shares):
    """The formula of both incumbents, by way of floating point."""
    import math
    logarithm = math.log2(shares)
    return math.ceil(10 ** ((logarithm ** 2 + 125 * logarithm) / 612 - 7 / 34) - 1e-9)


def expect(files, wanted):
    """What the files hold after an update to `wanted`."""
    memory, cpu = wanted["memory"], wanted["cpu"]
    new = {
        ("memory", "memory.limit_in_bytes"): memory["limit"],
        ("memory", "memory.max"): memory["limit"],
        ("memory", "memory.soft_limit_in_bytes"): memory["reservation"],
        ("memory", "memory.low"): memory["reservation"],
        ("cpu", "cpu.shares"): cpu["shares"],
        ("cpu", "cpu.weight"): weight(cpu["shares"]),
        ("cpu", "cpu.cfs_quota_us"): cpu["quota"],
        ("cpu", "cpu.cfs_period_us"): cpu["period"],
        ("cpu", "cpu.max"): f"{cpu['quota']} {cpu['period']}",
        ("pids", "pids.max"): wanted["pids"]["limit"],
        ("cpuset", "cpuset.cpus"): cpu["cpus"],
    }
    return {key: str(new[key]) for key in files}


def random_resources(source):
    period = source.randrange(1000, 1000001)
    return {
        "memory": {"limit": source.randrange(8, 200) << 20,
                   "reservation": source.randrange(1, 100) << 20},
        "cpu": {"shares": source.randrange(2, 262145), "period": period,
                "quota": source.randrange(1000, 2 * period + 1000), "cpus": source.choice(["0"])},
        "pids": {"limit": source.randrange(10, 10000)},
    }


@pytest.mark.needs(controller=["memory", "cpu", "pids", "cpuset"])
def test_random_updates_under_load(thole, bundle):
    """The files always hold the last success, though every fifth update fails at its last value: 200 updates,
    fewer on an emulated processor."""
    made = bundle("/bin/sh", "-c", "while :; do head -c 300000 /dev/zero | tail -c 300000 >/dev/null;"
                  " done")
    container = thole.launch(made)
    source = random.Random(20)
    held = contents(container)
    for number in range(int(200 / machine.PATIENCE)):
        wanted = random_resources(source)
        spoilt = number % 5 == 4
        if spoilt:
            wanted["cpu"]["mems"] = "999"
        result = container("update", "--resources", "-", stdin=json.dumps(wanted))
        if spoilt:
            result.failed("999")
        else:
            result.ok()
            held = expect(held, wanted)
        assert contents(container) == held, (number, wanted)
        thole.processes[:] = [container.process]  # each of the others holds two files open
    assert container.status == "running"


def test_not_running(thole, bundle):
    thole("update", "--pids-limit", "5", "nobody").failed("does not exist")
    container = thole.launch(bundle("/bin/true"))
    container.wait_stopped()
    container("update", "--pids-limit", "5").failed("not running")


@pytest.mark.needs(controller="pids")
def test_created_and_paused_can_be_updated(thole, bundle, sleeper):
    container = thole.create(bundle("/bin/sleep", "1000"))
    container("update", "--pids-limit", "55").ok()
    assert container.cgroup_read("pids", "pids.max") == "55"
    container = sleeper()
    container("pause").ok()
    container("update", "--pids-limit", "56").ok()
    assert container.cgroup_read("pids", "pids.max") == "56"


def test_device_rules(thole, bundle):
    """A later rule list replaces the former one; without one, devices stay as they were."""
    made = bundle("/bin/sleep", "1000")
    container = thole.launch(made)
    assert container.sh("echo x >/dev/null").code == 0
    container("update", "-r", "-", stdin=json.dumps({"devices": [
        {"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 10, "minor": 229,
                                            "access": "rwm"}]})).ok()
    assert container.sh("echo x >/dev/null").code == 0


@pytest.mark.parametrize("option", ["--l3-cache-schema", "--mem-bw-schema"])
@pytest.mark.needs(controller="pids")
def test_rdt_without_resctrl(sleeper, option):
    """Nothing else is changed either."""
    with open("/proc/filesystems", encoding="ascii") as names:
        if "resctrl" in names.read() and os.path.ismount("/sys/fs/resctrl"):
            pytest.skip("needs a machine without resctrl mounted")
    container = sleeper()
    before = container.cgroup_read("pids", "pids.max")
    container.runtime("update", option, "MB:0=20", "--pids-limit", "77", container.id).failed(
        "Intel RDT", "no resctrl file system is mounted")
    assert container.cgroup_read("pids", "pids.max") == before


@pytest.mark.parametrize("option", ["--l3-cache-schema", "--mem-bw-schema"])
def test_a_limit_beside_a_schema_needs_a_cgroup(thole, bundle, option):
    container = thole.launch(bundle("/bin/sleep", "1000"), before=("--cgroup-manager", "disabled"))
    container.runtime("update", option, "MB:0=20", "--pids-limit", "77", container.id).failed(
        "in no cgroup that could have limits")
