# SPDX-License-Identifier: Apache-2.0
"""Every resource in the kernel's own file, and that limits bite: docs/cgroups.md is the table."""
import json
import os
import random
import signal
import time

import pytest

from harness import machine
from harness.runtime import until

DENY_ALL = {"allow": False, "access": "rwm"}


@pytest.fixture(params=["cgroupfs", "systemd"])
def limited(request, thole, bundle):
    """limited(args..., resource=value): a running container under either cgroup manager."""
    if request.param == "systemd":
        reason = machine.missing({"systemd": True})
        if reason:
            pytest.skip(reason)

    def make(*args, command="launch", **resources):
        made = bundle(*(args or ("/bin/sleep", "1000")))
        made.resources.update(resources)
        name = thole.new_id()
        if request.param == "systemd":
            made.linux["cgroupsPath"] = f"system.slice:thole:{name}"
        return getattr(thole, command)(made, id=name, before=("--cgroup-manager", request.param))

    return make


def unified(controller):
    return machine.controllers()[controller][1]


def controller_of(v1, v2):
    """The name of the controller that this machine has for the resource."""
    names = machine.controllers()
    for name in (v1, v2):
        if name in names:
            return name
    pytest.skip(machine.missing({"controller": v2 or v1}))
    return None


QUOTA = {"cpu": {"quota": 30000, "period": 60000}}
# id: (resources, v1 controller, [(v1 file, content)], v2 controller, [(v2 file, content)])
RESOURCES = {
    "memory.limit": ({"memory": {"limit": 64 << 20}},
                     "memory", [("memory.limit_in_bytes", "67108864")],
                     "memory", [("memory.max", "67108864")]),
    "memory.limit -1": ({"memory": {"limit": -1}},
                        "memory", [("memory.limit_in_bytes", "9223372036854771712")],
                        "memory", [("memory.max", "max"), ("memory.swap.max", "max")]),
    "memory.reservation": ({"memory": {"reservation": 16 << 20}},
                           "memory", [("memory.soft_limit_in_bytes", "16777216")],
                           "memory", [("memory.low", "16777216")]),
    "memory.swap": ({"memory": {"limit": 64 << 20, "swap": 96 << 20}},
                    "memory", [("memory.memsw.limit_in_bytes", "100663296")],
                    "memory", [("memory.swap.max", "33554432")]),
    "memory.swap equal": ({"memory": {"limit": 64 << 20, "swap": 64 << 20}},
                          "memory", [("memory.memsw.limit_in_bytes", "67108864")],
                          "memory", [("memory.swap.max", "0")]),
    "memory.swap -1": ({"memory": {"limit": 64 << 20, "swap": -1}},
                       "memory", [("memory.memsw.limit_in_bytes", "9223372036854771712")],
                       "memory", [("memory.swap.max", "max")]),
    "memory.swappiness": ({"memory": {"swappiness": 7}},
                          "memory", [("memory.swappiness", "7")], None, []),
    "memory.kernelTCP": ({"memory": {"kernelTCP": 8 << 20}},
                         "memory", [("memory.kmem.tcp.limit_in_bytes", "8388608")], None, []),
    "memory.disableOOMKiller": ({"memory": {"disableOOMKiller": True}}, "memory",
                                [("memory.oom_control", "oom_kill_disable 1")], None, []),
    "cpu.shares": ({"cpu": {"shares": 512}}, "cpu", [("cpu.shares", "512")],
                   "cpu", [("cpu.weight", "59")]),
    "cpu.quota": (QUOTA, "cpu", [("cpu.cfs_quota_us", "30000"), ("cpu.cfs_period_us", "60000")],
                  "cpu", [("cpu.max", "30000 60000")]),
    "cpu.burst": ({"cpu": {"quota": 30000, "burst": 20000}},
                  "cpu", [("cpu.cfs_burst_us", "20000")], "cpu", [("cpu.max.burst", "20000")]),
    "cpu.idle": ({"cpu": {"idle": 1}}, "cpu", [("cpu.idle", "1")], "cpu", [("cpu.idle", "1")]),
    "cpu.realtime": ({"cpu": {"realtimePeriod": 1000000, "realtimeRuntime": 1000}}, "cpu",
                     [("cpu.rt_period_us", "1000000"), ("cpu.rt_runtime_us", "1000")], None, []),
    "cpu.cpus": ({"cpu": {"cpus": "1"}}, "cpuset", [("cpuset.cpus", "1")],
                 "cpuset", [("cpuset.cpus", "1")]),
    "cpu.mems": ({"cpu": {"mems": "0"}}, "cpuset", [("cpuset.mems", "0")],
                 "cpuset", [("cpuset.mems", "0")]),
    "pids.limit": ({"pids": {"limit": 23}}, "pids", [("pids.max", "23")],
                   "pids", [("pids.max", "23")]),
    "pids.limit -1": ({"pids": {"limit": -1}}, "pids", [("pids.max", "max")],
                      "pids", [("pids.max", "max")]),
    "blockIO.weight": ({"blockIO": {"weight": 300}},
                       "blkio", [("blkio.bfq.weight|blkio.weight", "300")],
                       "io", [("io.bfq.weight|io.weight", "default 300|default 2930")]),
    "blockIO.throttleReadBpsDevice": (
        {"blockIO": {"throttleReadBpsDevice": ["DISK", 1048576]}},
        "blkio", [("blkio.throttle.read_bps_device", "DISK 1048576")],
        "io", [("io.max", "DISK rbps=1048576 wbps=max riops=max wiops=max")]),
    "blockIO.throttleWriteBpsDevice": (
        {"blockIO": {"throttleWriteBpsDevice": ["DISK", 1048576]}},
        "blkio", [("blkio.throttle.write_bps_device", "DISK 1048576")],
        "io", [("io.max", "DISK rbps=max wbps=1048576 riops=max wiops=max")]),
    "blockIO.throttleReadIOPSDevice": (
        {"blockIO": {"throttleReadIOPSDevice": ["DISK", 50]}},
        "blkio", [("blkio.throttle.read_iops_device", "DISK 50")],
        "io", [("io.max", "DISK rbps=max wbps=max riops=50 wiops=max")]),
    "blockIO.throttleWriteIOPSDevice": (
        {"blockIO": {"throttleWriteIOPSDevice": ["DISK", 50]}},
        "blkio", [("blkio.throttle.write_iops_device", "DISK 50")],
        "io", [("io.max", "DISK rbps=max wbps=max riops=max wiops=50")]),
    "hugepageLimits": ({"hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}]}, "hugetlb",
                       [("hugetlb.2MB.limit_in_bytes", "4194304"),
                        ("hugetlb.2MB.rsvd.limit_in_bytes", "4194304")], "hugetlb",
                       [("hugetlb.2MB.max", "4194304"), ("hugetlb.2MB.rsvd.max", "4194304")]),
    "network.classID": ({"network": {"classID": 1048577}},
                        "net_cls", [("net_cls.classid", "1048577")], None, []),
    "network.priorities": ({"network": {"priorities": [{"name": "lo", "priority": 5}]}},
                           "net_prio", [("net_prio.ifpriomap", "lo 5")], None, []),
    "unified": ({"unified": {"memory.high": "50331648"}}, None, [],
                "memory", [("memory.high", "50331648")]),
    "unified without controller": ({"unified": {"cgroup.max.depth": "9"}}, None, [],
                                   "", [("cgroup.max.depth", "9")]),
}


def a_disk():
    """"MAJOR:MINOR" of a whole disk."""
    for name in sorted(os.listdir("/sys/block")):
        if not name.startswith(("loop", "ram", "zram")):
            with open(f"/sys/block/{name}/dev", encoding="ascii") as source:
                return source.read().strip()
    pytest.skip("needs a disk")
    return None


def with_disk(resources, disk):
    block = resources.get("blockIO", {})
    for key, value in block.items():
        if key.startswith("throttle"):
            major, minor = map(int, disk.split(":"))
            return {"blockIO": {key: [{"major": major, "minor": minor, "rate": value[1]}]}}
    return resources


@pytest.mark.parametrize("name", RESOURCES)
def test_file(limited, name):
    resources, v1, v1_files, v2, v2_files = RESOURCES[name]
    if v1 == "blkio" and not unified(controller_of("blkio", "io")):
        v2 = None
    controller = controller_of(v1, v2) if v1 is not None else v2
    reason = machine.missing({"controller": controller})
    if reason:
        pytest.skip(reason)
    files = v2_files if unified(controller) else v1_files
    if not files:  # the version of cgroups that is here has no counterpart
        with pytest.raises(AssertionError, match="asked for, but"):
            limited(**resources)
        return
    plain = limited()
    disk = a_disk() if name.startswith("blockIO.throttle") else ""
    for alternatives, _ in files:
        if not any(os.path.exists(f"{plain.cgroup(controller)}/{file}")
                   for file in alternatives.split("|")):
            pytest.skip(f"this kernel has no {alternatives}")
    container = limited(**with_disk(resources, disk))
    for alternatives, contents in files:
        found = {container.cgroup_read(controller, file) for file in alternatives.split("|")
                 if os.path.exists(f"{container.cgroup(controller)}/{file}")}
        wanted = contents.replace("DISK", disk).split("|")
        assert any(want in text.splitlines() for text in found for want in wanted), found


@pytest.mark.needs(controller="memory")
def test_memory_limit_kills(limited):
    """The process dies of signal 9, the kernel counts it, and events tells it."""
    container = limited("/bin/sh", "-c", "while ! [ -e /work/go ]; do sleep 0.02; done; "
                        "sh -c 'tail /dev/zero'; echo $? >/work/status; sleep 1000",
                        memory={"limit": 24 << 20, "swap": 24 << 20})
    name = "memory.events" if unified("memory") else "memory.oom_control"
    events = container.runtime.start_process("events", "--interval", "1h", container.id)
    time.sleep(0.5)
    container.bundle.file("/work/go")
    until(lambda: os.path.exists(container.bundle.rootfs + "/work/status"), 60, "the end of the hog")
    until(lambda: container.bundle.read("/work/status") == "137\n", what="exit status 137")
    until(events.output, what="an event")
    assert json.loads(events.output().splitlines()[0]) == {"type": "oom", "id": container.id}
    lines = dict(line.split() for line in container.cgroup_read("memory", name).splitlines())
    assert int(lines["oom_kill"]) >= 1
    container("kill", "KILL").ok()
    events.wait().ok()


@pytest.mark.needs(controller="memory")
def test_memory_limit_kills_init(thole, bundle):
    made = bundle("/usr/bin/tail", "/dev/zero")
    made.resources["memory"] = {"limit": 24 << 20, "swap": 24 << 20}
    assert thole.run(made).code == 137


@pytest.mark.needs(controller="pids")
def test_fork_bomb_is_stopped(limited):
    container = limited("/bin/sh", "-c", "f() { f & f & }; f; sleep 1000", pids={"limit": 16})
    most = 0
    for _ in range(100):
        most = max(most, int(container.cgroup_read("pids", "pids.current")))
        time.sleep(0.01)
    assert most <= 16
    events = dict(line.split() for line in container.cgroup_read("pids", "pids.events").splitlines())
    assert int(events["max"]) >= 1


@pytest.mark.needs(controller="pids")
@pytest.mark.parametrize("limit", [1, 2])
def test_smallest_pids_limit(limited, limit):
    """Init has its place even where there is only one."""
    container = limited("/bin/sleep", "1000", pids={"limit": limit})
    assert container.cgroup_read("pids", "pids.current") == "1"
    assert container.cgroup_read("pids", "pids.max") == str(limit)


@pytest.mark.needs(controller="pids")
@pytest.mark.parametrize("version, held", [
    ("1.0.0", "max"), ("1.2.1", "max"), ("1.3.0-rc.1", "0"), ("1.3.0", "0"), ("1.10.0", "0")])
def test_what_a_pids_limit_of_zero_means_depends_on_the_version(thole, bundle, version, held):
    """Also in an update, whose document has no version of its own."""
    made = bundle("/bin/true")
    made.config["ociVersion"] = version
    made.resources["pids"] = {"limit": 0}
    created = thole.try_create(made).ok()
    assert ("/linux/resources/pids/limit: 0 is a limit" in created.err) == (held == "0")
    running = bundle("/bin/sleep", "1000")
    running.config["ociVersion"] = version
    container = thole.launch(running)
    container("update", "--pids-limit", "0").ok()
    assert container.cgroup_read("pids", "pids.max") == held


@pytest.mark.needs(controller="cpu")
def test_cpu_quota_throttles(limited):
    container = limited("/bin/sh", "-c", "while :; do :; done", cpu={"quota": 20000, "period": 100000})

    def used():
        data = json.loads(container("events", "--stats").ok().out)["data"]["cpu"]
        return data["usage"]["total"] / 1e9, data["throttling"]["throttledPeriods"]

    begin, (before, _) = time.monotonic(), used()
    time.sleep(3)
    (after, throttled), end = used(), time.monotonic()
    assert 0.02 < (after - before) / (end - begin) < 0.3
    assert throttled > 5


def test_device_rules_deny(limited, bundle, probe):
    container = limited("/bin/sleep", "1000", devices=[
        DENY_ALL, {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "wm"}])
    probe(container.bundle)
    with open(f"/proc/{container.pid}/root/dev/null", "w", encoding="ascii") as null:
        null.write("the default devices stay")
    for number, access, allowed in (("1 11", "w", True), ("1 11", "r", False), ("1 1", "r", False)):
        script = f"mkdir -p /tmp/d && /bin/probe mknod /dev/node c {number} {access}; rm -f /dev/node"
        out = container.exec("/bin/sh", "-c", script, options=("--cap", "CAP_MKNOD", "--cap",
                                                              "CAP_SYS_RAWIO")).out
        assert ("open ok" in out) == allowed, (number, access, out)


def test_many_by_eight(thole, bundle):
    """300 times create, start and delete (60 on an emulated processor), eight at a time; the fixture looks for
    what is left."""
    made = bundle("/bin/true")
    count = int(38 / machine.PATIENCE)
    script = (f'i=0; while [ $i -lt {count} ]; do i=$((i+1)); id=$1-$i; '
              '"$2" --root "$3" create --bundle "$4" "$id" && "$2" --root "$3" start "$id" || exit 1; '
              'until "$2" --root "$3" delete "$id" 2>/dev/null; do sleep 0.01; done; done')
    names = [thole.new_id() for _ in range(8)]
    folders = []
    from harness.runtime import Process
    for name in names:
        thole.ids += [f"{name}-{number}" for number in range(1, count + 1)]
        other = bundle("/bin/true")
        other.config.update(made.config)
        other.linux.pop("cgroupsPath", None)
        other.write()
        folders.append(other.path)
    running = [Process(["/bin/sh", "-c", script, "sh", name, thole.path, thole.root, folder])
               for name, folder in zip(names, folders)]
    for process in running:
        process.wait(300).ok()


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_step(thole, bundle, seed):
    """kill -9 of create, start, update, pause or delete: delete --force clears everything."""
    source = random.Random(seed)
    for _ in range(5):
        made = bundle("/bin/sleep", "1000")
        made.resources["pids"] = {"limit": 50}
        if machine.missing({"controller": "pids"}):
            del made.resources["pids"]
        name = thole.prepare(made)
        steps = [("create", "--bundle", made.path, name), ("start", name), ("pause", name),
                 ("resume", name), ("kill", name, "KILL"), ("delete", name)]
        last = source.randrange(len(steps))
        for number, step in enumerate(steps[:last + 1]):
            process = thole.start_process(*step)
            if number == last:
                time.sleep(source.random() * 0.02)
                process.popen.send_signal(signal.SIGKILL)
            process.wait()
        thole("delete", "--force", name).ok()
