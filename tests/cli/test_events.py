# SPDX-License-Identifier: Apache-2.0
"""events: the members of statistics, agreement with the kernel, OOM events, and the end."""
import json
import os
import re
import time

import pytest

from harness import machine
from harness.runtime import until


def stats(container):
    result = container("events", "--stats").ok()
    event = json.loads(result.out)
    assert result.out.count("\n") == 1
    assert (event["type"], event["id"]) == ("stats", container.id)
    return event["data"]


def lines(process):
    return [json.loads(line) for line in process.output().splitlines()]


def test_members(sleeper):
    data = stats(sleeper())
    assert set(data) == {"cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt",
                         "network_interfaces"}
    assert {"usage", "throttling"} <= set(data["cpu"])
    assert {"usage", "swap", "kernel", "kernelTCP", "raw"} <= set(data["memory"])
    for name in ("ioServiceBytesRecursive", "ioServicedRecursive", "ioQueueRecursive",
                 "ioServiceTimeRecursive", "ioWaitTimeRecursive", "ioMergedRecursive",
                 "ioTimeRecursive", "sectorsRecursive"):
        assert isinstance(data["blkio"][name], list)


@pytest.mark.needs(controller="memory")
def test_memory(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.resources["memory"] = {"limit": 48 << 20}
    container = thole.launch(made)
    memory = stats(container)["memory"]
    assert memory["usage"]["limit"] == 48 << 20
    assert 0 < memory["usage"]["usage"] <= 48 << 20
    kernel = dict(line.split() for line in container.cgroup_read("memory", "memory.stat").splitlines())
    assert set(memory["raw"]) == set(kernel)


@pytest.mark.needs(controller="memory")
def test_no_limit_is_the_largest_number(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.resources["memory"] = {"limit": -1}
    assert stats(thole.launch(made))["memory"]["usage"]["limit"] > 1 << 60


@pytest.mark.needs(controller="pids")
def test_pids(thole, bundle):
    made = bundle("/bin/sh", "-c", "sleep 1000 & sleep 1000 & wait")
    made.resources["pids"] = {"limit": 77}
    container = thole.launch(made)
    until(lambda: stats(container)["pids"] == {"current": 3, "limit": 77}, what="three processes")


@pytest.mark.needs(controller="cpu")
def test_cpu_is_counted_and_throttled(thole, bundle):
    made = bundle("/bin/sh", "-c", "while :; do :; done")
    made.resources["cpu"] = {"quota": 5000, "period": 100000}
    container = thole.launch(made)
    first = stats(container)["cpu"]
    until(lambda: stats(container)["cpu"]["throttling"]["throttledPeriods"] > 2 and
          stats(container)["cpu"]["usage"]["total"] > first["usage"]["total"], what="throttling")
    cpu = stats(container)["cpu"]
    assert cpu["throttling"]["periods"] > 2 and cpu["throttling"]["throttledTime"] > 0
    # Nanoseconds: some milliseconds of it were used, and not hours.
    assert 1e6 < cpu["usage"]["total"] < 1e11


@pytest.mark.needs(controller="cpuset")
def test_cpuset(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.resources["cpu"] = {"cpus": "0", "mems": "0"}
    cpuset = stats(thole.launch(made))["cpuset"]
    assert (cpuset["cpus"], cpuset["mems"]) == ([0], [0])


@pytest.mark.needs(controller="hugetlb")
def test_huge_pages(thole, bundle):
    sizes = os.listdir("/sys/kernel/mm/hugepages")
    made = bundle("/bin/sleep", "1000")
    # A limit brings the controller into the container's cgroup where the host has it on v2.
    made.resources["hugepageLimits"] = [{"pageSize": "2MB", "limit": 2 << 20}]
    data = stats(thole.launch(made))["hugetlb"]
    assert len(data) == len(sizes)
    for size in data.values():
        assert size["usage"] == 0 and size["failcnt"] == 0


@pytest.mark.needs(layout="unified")
def test_pressure(sleeper):
    if not os.path.exists("/proc/pressure/cpu"):
        pytest.skip("needs a kernel with pressure stall information")
    psi = stats(sleeper())["cpu"]["psi"]
    assert set(psi["some"]) == {"avg10", "avg60", "avg300", "total"}


def test_stream_ends_with_the_container(thole, sleeper):
    container = sleeper()
    process = thole.start_process("events", "--interval=50ms", container.id)
    until(lambda: len(lines(process)) > 3, what="four lines")
    container("kill", "KILL").ok()
    process.wait(5).ok()
    assert {event["type"] for event in lines(process)} == {"stats"}


@pytest.mark.parametrize("form", [("--interval", "1h1m"), ("--interval=2h30m",), ("-interval=500s",)])
def test_the_interval_is_kept(thole, sleeper, form):
    container = sleeper()
    process = thole.start_process("events", *form, container.id)
    time.sleep(0.2)
    container("kill", "KILL").ok()
    process.wait(5).ok()
    assert process.output() == ""


def test_each_one_waits_for_the_interval(thole, sleeper):
    container = sleeper()
    begin = time.monotonic()
    process = thole.start_process("events", "--interval=300ms", container.id)
    until(lambda: len(process.output().splitlines()) >= 4)
    assert time.monotonic() - begin >= 4 * 0.3
    container("kill", "KILL").ok()
    process.wait(5).ok()


@pytest.mark.parametrize("text", ["0s", "5", "s", "5x", "-1s", "1.2.3s", "5s5", ".s"])
def test_bad_interval(sleeper, text):
    sleeper()("events", "--interval=" + text).failed("interval")


@pytest.mark.needs(controller="memory")
@pytest.mark.parametrize("victim", ["child", "init"])
def test_oom_event(thole, bundle, victim):
    hog = {"child": "sh -c 'tail /dev/zero'; sleep 1000", "init": "exec tail /dev/zero"}[victim]
    made = bundle("/bin/sh", "-c", "while ! [ -e /work/go ]; do sleep 0.02; done; " + hog)
    made.resources["memory"] = {"limit": 32 << 20, "swap": 32 << 20}
    container = thole.launch(made)
    process = thole.start_process("events", "--interval", "1h", container.id)
    until(lambda: is_watching(process.pid), what="the watch")
    made.file("/work/go")
    until(lambda: lines(process), what="an event")
    assert lines(process)[0] == {"type": "oom", "id": container.id}
    container.runtime("kill", container.id, "KILL")
    process.wait(5).ok()


def is_watching(pid):
    """It has its eventfd, or memory.events open."""
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass
    with open(f"/proc/{pid}/wchan", encoding="ascii") as source:
        waits = "poll" in source.read()
    return waits and any(re.search("eventfd|memory.events", link) for link in links)


def test_unknown_and_stopped(thole, bundle):
    thole("events", "--stats", "nobody").failed("does not exist")
    container = thole.launch(bundle("/bin/true"))
    container.wait_stopped()
    container("events", "--stats").failed("not running")
    container("events").failed("not running")
