# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: resources, each in the kernel's own file of the running container."""
import json
import os

import pytest

from harness import machine
from harness import traces
from harness.runtime import until
from sentences import sentence


def linux(heading, *fragments):
    return [sentence("config-linux.md", heading, words) for words in fragments]


def a_disk():
    """(major, minor) of a device that the kernel limits the traffic of, or None."""
    for name in sorted(os.listdir("/sys/block")):
        if not name.startswith(("loop", "ram", "zram")):
            with open(f"/sys/block/{name}/dev", encoding="ascii") as source:
                return tuple(map(int, source.read().split(":")))
    return None


MAJOR, MINOR = a_disk() or (0, 0)
DISK = f"{MAJOR}:{MINOR}"


def on_disk(**members):
    return [{"major": MAJOR, "minor": MINOR, **members}]


def rates(**values):
    """A line of io.max."""
    return DISK + "".join(f" {key}={values.get(key, 'max')}" for key in ("rbps", "wbps", "riops", "wiops"))


NUMBERS = "major, minor (int64, REQUIRED)"
MEMORY = "memory (object, OPTIONAL) represents the cgroup subsystem memory"
CPU = "cpu (object, OPTIONAL) represents the cgroup subsystems cpu and cpusets"
BLOCK = "blockIO (object, OPTIONAL) represents the cgroup subsystem blkio"
PER_DEVICE = "weightDevice (array of objects, OPTIONAL) - an array of per-device bandwidth weights"
BPS = "throttleReadBpsDevice, throttleWriteBpsDevice (array of objects, OPTIONAL)"
IOPS = "throttleReadIOPSDevice, throttleWriteIOPSDevice (array of objects, OPTIONAL)"
BPS_RATE = "rate (uint64, REQUIRED) - bandwidth rate limit in bytes per second"
IOPS_RATE = "rate (uint64, REQUIRED) - IO rate limit for the device"
PAGES = "hugepageLimits (array of objects, OPTIONAL) represents the hugetlb controller"
NETWORK = "network (object, OPTIONAL) represents the cgroup subsystems net_cls and net_prio"
PRIORITIES = "priorities (array of objects, OPTIONAL) - specifies a list of objects"

# id: (sentences, resources, {controller of v1: {file: line}}, {controller of v2: {file: line}})
# An empty table: that version has no such file. "a|b": the file that the kernel has, its line by "|" too.
ROWS = {
    "memory.limit": (linux("Memory", MEMORY, "limit (int64, OPTIONAL) - sets limit of memory usage"),
                     {"memory": {"limit": 64 << 20}},
                     {"memory": {"memory.limit_in_bytes": "67108864"}},
                     {"memory": {"memory.max": "67108864"}}),
    "memory.limit -1": (linux("Memory", "limit (int64, OPTIONAL) - sets limit of memory usage",
                              "Values for memory specify the limit in bytes, or -1 for unlimited memory"),
                        {"memory": {"limit": -1}},
                        {"memory": {"memory.limit_in_bytes": "9223372036854771712"}},
                        {"memory": {"memory.max": "max"}}),
    "memory.reservation": (linux("Memory", "reservation (int64, OPTIONAL) - sets soft limit of memory usage"),
                           {"memory": {"reservation": 16 << 20}},
                           {"memory": {"memory.soft_limit_in_bytes": "16777216"}},
                           {"memory": {"memory.low": "16777216"}}),
    "memory.swap": (linux("Memory", "swap (int64, OPTIONAL) - sets limit of memory+Swap usage"),
                    {"memory": {"limit": 64 << 20, "swap": 96 << 20}},
                    {"memory": {"memory.memsw.limit_in_bytes": "100663296"}},
                    {"memory": {"memory.swap.max": "33554432"}}),
    "memory.swap -1": (linux("Memory", "swap (int64, OPTIONAL) - sets limit of memory+Swap usage"),
                       {"memory": {"limit": 64 << 20, "swap": -1}},
                       {"memory": {"memory.limit_in_bytes": "67108864",
                                   "memory.memsw.limit_in_bytes": "9223372036854771712"}},
                       {"memory": {"memory.max": "67108864", "memory.swap.max": "max"}}),
    "memory.kernelTCP": (linux("Memory", "kernelTCP (int64, OPTIONAL, NOT RECOMMENDED)"),
                         {"memory": {"kernelTCP": 8 << 20}},
                         {"memory": {"memory.kmem.tcp.limit_in_bytes": "8388608"}}, {}),
    "memory.swappiness": (linux("Memory", "swappiness (uint64, OPTIONAL) - sets swappiness parameter"),
                          {"memory": {"swappiness": 7}}, {"memory": {"memory.swappiness": "7"}}, {}),
    "memory.disableOOMKiller": (linux("Memory", "disableOOMKiller (bool, OPTIONAL) - enables or disables"),
                                {"memory": {"disableOOMKiller": True}},
                                {"memory": {"memory.oom_control": "oom_kill_disable 1"}}, {}),
    "cpu.shares": (linux("CPU", CPU, "shares (uint64, OPTIONAL) - specifies a relative share of CPU time"),
                   {"cpu": {"shares": 512}}, {"cpu": {"cpu.shares": "512"}},
                   {"cpu": {"cpu.weight": "59|20|21"}}),
    "cpu.quota": (linux("CPU", "quota (int64, OPTIONAL) - specifies the total amount of time"),
                  {"cpu": {"quota": 30000}}, {"cpu": {"cpu.cfs_quota_us": "30000"}},
                  {"cpu": {"cpu.max": "30000 100000"}}),
    "cpu.period": (linux("CPU", "period (uint64, OPTIONAL) - specifies a period of time in microseconds"),
                   {"cpu": {"quota": 30000, "period": 60000}}, {"cpu": {"cpu.cfs_period_us": "60000"}},
                   {"cpu": {"cpu.max": "30000 60000"}}),
    "cpu.burst": (linux("CPU", "burst (uint64, OPTIONAL) - specifies the maximum amount of accumulated time"),
                  {"cpu": {"quota": 30000, "burst": 20000}}, {"cpu": {"cpu.cfs_burst_us": "20000"}},
                  {"cpu": {"cpu.max.burst": "20000"}}),
    "cpu.realtimeRuntime": (linux("CPU", "realtimeRuntime (int64, OPTIONAL) - specifies a period of time"),
                            {"cpu": {"realtimePeriod": 500000, "realtimeRuntime": 1000}},
                            {"cpu": {"cpu.rt_runtime_us": "1000"}}, {}),
    "cpu.realtimePeriod": (linux("CPU", "realtimePeriod (uint64, OPTIONAL) - same as period but applies"),
                           {"cpu": {"realtimePeriod": 500000}},
                           {"cpu": {"cpu.rt_period_us": "500000"}}, {}),
    "cpu.cpus": (linux("CPU", CPU, "cpus (string, OPTIONAL) - list of CPUs the container will run on"),
                 {"cpu": {"cpus": "0"}}, {"cpuset": {"cpuset.cpus": "0"}},
                 {"cpuset": {"cpuset.cpus": "0"}}),
    "cpu.mems": (linux("CPU", "mems (string, OPTIONAL) - list of memory nodes the container will run on"),
                 {"cpu": {"mems": "0"}}, {"cpuset": {"cpuset.mems": "0"}},
                 {"cpuset": {"cpuset.mems": "0"}}),
    "cpu.idle": (linux("CPU", "idle (int64, OPTIONAL) - cgroups are configured with minimum weight"),
                 {"cpu": {"idle": 1}}, {"cpu": {"cpu.idle": "1"}}, {"cpu": {"cpu.idle": "1"}}),
    "blockIO.weight": (linux("Block IO", BLOCK, "weight (uint16, OPTIONAL) - specifies per-cgroup weight"),
                       {"blockIO": {"weight": 300}},
                       {"blkio": {"blkio.bfq.weight|blkio.weight": "300"}},
                       {"io": {"io.bfq.weight|io.weight": "default 300|default 2930"}}),
    "blockIO.weightDevice": (
        linux("Block IO", PER_DEVICE, NUMBERS, "weight (uint16, OPTIONAL) - bandwidth weight for the device"),
        {"blockIO": {"weightDevice": on_disk(weight=300)}},
        {"blkio": {"blkio.bfq.weight_device|blkio.weight_device": f"{DISK} 300"}},
        {"io": {"io.bfq.weight|io.weight": f"{DISK} 300|{DISK} 2930"}}),
    "blockIO.throttleReadBpsDevice": (
        linux("Block IO", BPS, NUMBERS, BPS_RATE),
        {"blockIO": {"throttleReadBpsDevice": on_disk(rate=1048576)}},
        {"blkio": {"blkio.throttle.read_bps_device": f"{DISK} 1048576"}},
        {"io": {"io.max": rates(rbps=1048576)}}),
    "blockIO.throttleWriteBpsDevice": (
        linux("Block IO", BPS, NUMBERS, BPS_RATE),
        {"blockIO": {"throttleWriteBpsDevice": on_disk(rate=2097152)}},
        {"blkio": {"blkio.throttle.write_bps_device": f"{DISK} 2097152"}},
        {"io": {"io.max": rates(wbps=2097152)}}),
    "blockIO.throttleReadIOPSDevice": (
        linux("Block IO", IOPS, NUMBERS, IOPS_RATE),
        {"blockIO": {"throttleReadIOPSDevice": on_disk(rate=50)}},
        {"blkio": {"blkio.throttle.read_iops_device": f"{DISK} 50"}},
        {"io": {"io.max": rates(riops=50)}}),
    "blockIO.throttleWriteIOPSDevice": (
        linux("Block IO", IOPS, NUMBERS, IOPS_RATE),
        {"blockIO": {"throttleWriteIOPSDevice": on_disk(rate=60)}},
        {"blkio": {"blkio.throttle.write_iops_device": f"{DISK} 60"}},
        {"io": {"io.max": rates(wiops=60)}}),
    "hugepageLimits": (
        linux("Huge page limits", PAGES, "pageSize (string, REQUIRED) - hugepage size",
              "limit (uint64, REQUIRED) - limit in bytes of hugepagesize HugeTLB reservations"),
        {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}]},
        {"hugetlb": {"hugetlb.2MB.rsvd.limit_in_bytes": "4194304"}},
        {"hugetlb": {"hugetlb.2MB.rsvd.max": "4194304"}}),
    "network.classID": (linux("Network", NETWORK, "classID (uint32, OPTIONAL) - is the network class"),
                        {"network": {"classID": 1048577}}, {"net_cls": {"net_cls.classid": "1048577"}}, {}),
    "network.priorities": (
        linux("Network", NETWORK, PRIORITIES, "name (string, REQUIRED) - interface name in runtime network",
              "priority (uint32, REQUIRED) - priority applied to the interface"),
        {"network": {"priorities": [{"name": "lo", "priority": 5}]}},
        {"net_prio": {"net_prio.ifpriomap": "lo 5"}}, {}),
    "pids.limit": (linux("PIDs", "pids (object, OPTIONAL) represents the cgroup subsystem pids",
                         "limit (int64, OPTIONAL) - specifies the maximum number of tasks in the cgroup"),
                   {"pids": {"limit": 23}}, {"pids": {"pids.max": "23"}}, {"pids": {"pids.max": "23"}}),
    "pids.limit -1": (linux("PIDs", "limit (int64, OPTIONAL) - specifies the maximum number of tasks"),
                      {"pids": {"limit": -1}}, {"pids": {"pids.max": "max"}}, {"pids": {"pids.max": "max"}}),
}


def files_here(v1, v2):
    """(controller, {file: line}) of the version that this machine has the controller in; skips if none."""
    here = machine.controllers()
    for table, version in ((v2, True), (v1, False)):
        for controller, files in table.items():
            if here.get(controller, ("", None))[1] is version:
                return controller, files
    for controller in v1:
        if here.get(controller, ("", None))[1] is True or (not v2 and machine.layout() == "unified"):
            pytest.skip(f"cgroup v2 has no file for it, and {controller} is in no v1 hierarchy here")
    pytest.skip(machine.missing({"controller": sorted({**v1, **v2})}))
    return None


def disk_has_weights(controller):
    with open(f"/sys/dev/block/{DISK}/queue/scheduler", encoding="ascii") as schedulers:
        if "[bfq]" in schedulers.read():
            return True
    try:
        with open("/sys/fs/cgroup/io.cost.qos", encoding="ascii") as devices:
            return controller == "io" and f"{DISK} enable=1" in devices.read()
    except FileNotFoundError:
        return False


def lines(container, controller, name):
    with open(os.path.join(container.cgroup(controller), name), encoding="ascii") as source:
        return [line.strip() for line in source]


_plain = {}  # {controller: {file: its lines}}


def unlimited(runtime, bundle, controller):
    """{file: lines} of a container without limits, which one container tells for all tests."""
    if controller not in _plain:
        container = runtime.launch(bundle("/bin/sleep", "1000"))
        _plain[controller] = {}
        for name in os.listdir(container.cgroup(controller)):
            try:
                _plain[controller][name] = lines(container, controller, name)
            except OSError:  # a directory, or a file that is only written
                pass
    return _plain[controller]


def existing(plain, alternatives):
    for name in alternatives.split("|"):
        if name in plain:
            return name
    return pytest.skip(f"this kernel has no {alternatives.replace('|', ' and no ')}")


@pytest.mark.parametrize("resources, v1, v2", [
    pytest.param(*row, id=name, marks=marks) for name, (marks, *row) in ROWS.items()])
def test_limit(runtime, bundle, resources, v1, v2):
    """The file has the value, and had another one without the configuration."""
    if DISK == "0:0" and DISK in repr(v1):
        pytest.skip("needs a disk")
    controller, files = files_here(v1, v2)
    if "weightDevice" in repr(resources) and not disk_has_weights(controller):
        pytest.skip("needs a disk with the scheduler BFQ, or on cgroup v2 one that io.cost.qos names")
    before = unlimited(runtime, bundle, controller)
    files = {existing(before, name): wanted.split("|") for name, wanted in files.items()}
    made = bundle("/bin/sleep", "1000")
    made.resources.update(resources)
    if "realtimeRuntime" in repr(resources):  # no other parent than the root has any to give
        made.linux["cgroupsPath"] = f"/{traces.mark()}realtime"
    container = runtime.launch(made)
    for name, wanted in files.items():
        assert any(line in wanted for line in lines(container, controller, name)), (
            name, lines(container, controller, name))
    limited = {name for name in files if lines(container, controller, name) != before[name]}
    only_one = "-1" in repr(resources) or "mems" in repr(resources)  # node 0 may be the only one
    assert limited or only_one, "the value is what it would be anyway"


@pytest.mark.needs(controller="cpuset")
@pytest.mark.parametrize("member, status", [
    pytest.param("cpus", "Cpus_allowed_list", marks=linux("CPU", "cpus (string, OPTIONAL)")),
    pytest.param("mems", "Mems_allowed_list", marks=linux("CPU", "mems (string, OPTIONAL)"))])
def test_what_the_process_may_use(runtime, bundle, member, status):
    made = bundle("/bin/true")
    made.resources["cpu"] = {member: "0"}
    assert runtime.shell(made, f"grep {status} /proc/self/status").split() == [status + ":", "0"]


def refused_where(runtime, made, **needs):
    reason = machine.missing(needs)
    if reason:
        pytest.skip(reason)
    runtime.refuses(made)


@pytest.mark.parametrize("resources, controller", [
    pytest.param({"cpu": {"quota": 20000, "period": 100000, "burst": 30000}}, "cpu", id="burst above quota",
                 marks=linux("CPU", "quota (int64, OPTIONAL) - specifies the total amount of time",
                             "burst (uint64, OPTIONAL) - specifies the maximum amount")),
    pytest.param({"cpu": {"cpus": "777"}}, "cpuset", id="a CPU that is not there",
                 marks=linux("CPU", "cpus (string, OPTIONAL)")),
    pytest.param({"cpu": {"mems": "77"}}, "cpuset", id="a node that is not there",
                 marks=linux("CPU", "mems (string, OPTIONAL)")),
    pytest.param({"cpu": {"cpus": "0-"}}, "cpuset", id="no list of CPUs",
                 marks=linux("CPU", "cpus (string, OPTIONAL)")),
    pytest.param({"cpu": {"mems": "no"}}, "cpuset", id="no list of nodes",
                 marks=linux("CPU", "mems (string, OPTIONAL)")),
    pytest.param({"cpu": {"idle": 2}}, "cpu", id="idle 2", marks=linux("CPU", "idle (int64, OPTIONAL)")),
    pytest.param({"memory": {"limit": 64 << 20, "swappiness": 101}}, "memory", id="swappiness 101",
                 marks=linux("Memory", "swappiness (uint64, OPTIONAL)")),
    pytest.param({"hugepageLimits": [{"pageSize": "3MB", "limit": 4 << 20}]}, "hugetlb", id="3MB",
                 marks=linux("Huge page limits", "pageSize (string, REQUIRED)")),
    pytest.param({"hugepageLimits": [{"limit": 4 << 20}]}, "hugetlb", id="no page size",
                 marks=linux("Huge page limits", "pageSize (string, REQUIRED)")),
    pytest.param({"hugepageLimits": [{"pageSize": "2MB"}]}, "hugetlb", id="no limit of pages",
                 marks=linux("Huge page limits", "limit (uint64, REQUIRED)")),
    pytest.param({"rdma": {"none0": {}}}, "rdma", id="rdma, an empty entry",
                 marks=linux("RDMA", "You MUST specify at least one of the hcaHandles or hcaObjects")),
    pytest.param({"rdma": {"none0": {"hcaHandles": 3}}}, "rdma", id="rdma, no such device",
                 marks=linux("RDMA", "rdma (object, OPTIONAL) represents the cgroup subsystem rdma")),
])
def test_refused(runtime, bundle, resources, controller):
    made = bundle("/bin/true")
    made.resources.update(resources)
    refused_where(runtime, made, controller=controller)


def block_controller():
    return "io" if "io" in machine.controllers() else "blkio"


@pytest.mark.parametrize("block", [
    pytest.param({"weightDevice": on_disk()}, id="neither weight", marks=linux(
        "Block IO", "You MUST specify at least one of weight or leafWeight in a given entry")),
    pytest.param({"weightDevice": [{"weight": 300}]}, id="weight without a device", marks=linux(
        "Block IO", NUMBERS)),
    pytest.param({"throttleReadBpsDevice": [{"major": MAJOR, "rate": 1}]}, id="bytes without a minor",
                 marks=linux("Block IO", NUMBERS)),
    pytest.param({"throttleReadBpsDevice": on_disk()}, id="bytes without a rate",
                 marks=linux("Block IO", BPS_RATE)),
    pytest.param({"throttleWriteIOPSDevice": on_disk()}, id="operations without a rate",
                 marks=linux("Block IO", IOPS_RATE))])
def test_block_io_refused(runtime, bundle, block):
    made = bundle("/bin/true")
    made.resources["blockIO"] = block
    refused_where(runtime, made, controller=block_controller())


@pytest.mark.needs(controller="pids")
@pytest.mark.parametrize("dummy", [pytest.param(0, marks=linux(
    "PIDs", "0 is a valid limit value for the pids cgroup controller"))], ids=["0"])
def test_a_limit_of_zero_is_a_limit(runtime, bundle, dummy):
    """The created container has its place; nothing more can be started in it."""
    made = bundle("/bin/true")
    made.config["ociVersion"] = "1.3.0"
    made.resources["pids"] = {"limit": dummy}
    assert runtime.create(made).cgroup_read("pids", "pids.max") == "0"


def rdma_device():
    """Name of an RDMA device, which only hardware or the modules rdma_rxe and siw make."""
    folder = "/sys/class/infiniband"
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return names[0] if names else pytest.skip("needs an RDMA device")


@pytest.mark.needs(controller="rdma")
@pytest.mark.parametrize("limits, line", [
    pytest.param({"hcaHandles": 3}, "hca_handle=3 hca_object=max", marks=linux(
        "RDMA", "rdma (object, OPTIONAL) represents the cgroup subsystem rdma",
        "hcaHandles (uint32, OPTIONAL) - specifies the maximum number of hca_handles")),
    pytest.param({"hcaObjects": 9}, "hca_handle=max hca_object=9", marks=linux(
        "RDMA", "hcaObjects (uint32, OPTIONAL) - specifies the maximum number of hca_objects"))])
def test_rdma(runtime, bundle, limits, line):
    device = rdma_device()
    made = bundle("/bin/sleep", "1000")
    made.resources["rdma"] = {device: limits}
    container = runtime.launch(made)
    assert f"{device} {line}" in lines(container, "rdma", "rdma.max")


HOG = "dd if=/dev/zero of=/dev/shm/hog bs=1M count=24 2>/dev/null; echo full >/work/full; exec sleep 1000"


@pytest.mark.needs(controller="memory")
@pytest.mark.parametrize("member", [pytest.param("checkBeforeUpdate", marks=linux(
    "Memory", "checkBeforeUpdate (bool, OPTIONAL) - enables container memory usage check",
    "If enabled (true), runtime MAY check if a new memory limit is lower than the current usage"))])
def test_a_limit_below_the_usage_is_refused(runtime, bundle, folder, member):
    """The container keeps its limit and lives on, where cgroup v2 would have it killed."""
    made = bundle("/bin/sh", "-c", HOG)
    made.resources["memory"] = {"limit": 128 << 20}
    container = runtime.launch(made)
    until(lambda: os.path.exists(made.rootfs + "/work/full"), what="24 MB in use")
    wanted = os.path.join(folder, "wanted.json")
    with open(wanted, "w", encoding="ascii") as target:
        json.dump({"memory": {"limit": 8 << 20, member: True}}, target)
    result = container("update", "--resources", wanted)
    result.failed()
    assert container.status == "running"
    name = "memory.max" if machine.controllers()["memory"][1] else "memory.limit_in_bytes"
    assert container.cgroup_read("memory", name) == str(128 << 20)
