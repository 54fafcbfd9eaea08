# SPDX-License-Identifier: Apache-2.0
"""The systemd cgroup manager: units, their properties, and that nothing of them is left."""
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from harness import machine
from harness.runtime import until

pytestmark = [pytest.mark.needs(systemd=True), pytest.mark.needs(layout="unified")]

DENY_ALL = {"allow": False, "access": "rwm"}
NO_BUS = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}


def show(unit, *names):
    """{property: text} of systemctl show."""
    out = subprocess.run(["systemctl", "show", unit] + ["--property=" + name for name in names],
                         capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in out.splitlines())


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def start(thole, bundle):
    """start(bundle=None, slice=..., command=...): a container in a scope, and the scope's name."""

    def make(made=None, slice="system.slice", command="launch"):
        made = made or bundle("/bin/sleep", "1000")
        name = thole.new_id()
        made.linux["cgroupsPath"] = f"{slice}:thole:{name}"
        container = getattr(thole, command)(made, id=name, before=("--systemd-cgroup",))
        container.scope = f"thole-{name}.scope"
        return container

    return make


def test_scope(start):
    container = start(command="create")
    path = machine.cgroup_path(container.pid, "")
    assert path == f"/system.slice/{container.scope}"
    assert show(container.scope, "ActiveState", "Delegate", "Slice", "Transient") == {
        "ActiveState": "active", "Delegate": "yes", "Slice": "system.slice", "Transient": "yes"}
    # The process that kept the scope alive has gone.
    with open(f"/sys/fs/cgroup{path}/cgroup.procs", encoding="ascii") as source:
        assert source.read().split() == [str(container.pid)]
    container.start()
    assert container.status == "running"
    container.delete("--force").ok()
    assert not os.path.exists("/sys/fs/cgroup" + path)
    assert show(container.scope, "LoadState") == {"LoadState": "not-found"}


def test_foreground_run_leaves_nothing(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /proc/self/cgroup; exit 7")
    made.without_namespace("cgroup")
    name = thole.new_id()
    made.linux["cgroupsPath"] = f":thole:{name}"
    result = thole.run(made, id=name, before=("--systemd-cgroup",))
    assert (result.code, result.out) == (7, f"0::/system.slice/thole-{name}.scope\n")
    assert show(f"thole-{name}.scope", "LoadState") == {"LoadState": "not-found"}


@pytest.mark.parametrize("path, wanted", [
    ("thole-deep.slice:a:NAME", "/thole.slice/thole-deep.slice/a-NAME.scope"),
    ("-:b:NAME", "/b-NAME.scope"), ("-.slice:b:NAME", "/b-NAME.scope"),
    (":c:NAME", "/system.slice/c-NAME.scope"), ("system.slice:NAME", "/system.slice/NAME.scope"),
    (None, "/system.slice/thole-NAME.scope")])
def test_names(thole, bundle, path, wanted):
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    del made.linux["cgroupsPath"]
    if path:
        made.linux["cgroupsPath"] = path.replace("NAME", name)
    made.write()
    thole("--cgroup-manager", "systemd", "run", "--detach", "--bundle", made.path, name).ok()
    found = machine.cgroup_path(thole.state(name)["pid"], "")
    assert found == wanted.replace("NAME", name)
    thole("delete", "--force", name).ok()
    assert not os.path.exists("/sys/fs/cgroup" + found)


@pytest.mark.parametrize("path", ["/a/b", "x:y:z", "a.slice:b:c:d", "system.slice:a:"])
def test_bad_names(thole, bundle, path):
    made = bundle("/bin/true")
    made.linux["cgroupsPath"] = path
    thole.try_create(made, before=("--systemd-cgroup",)).failed("/linux/cgroupsPath")


# resources, kernel file, its content, property, its text
LIMITS = [
    ({"memory": {"limit": 64 << 20}}, "memory.max", "67108864", "MemoryMax", "67108864"),
    ({"memory": {"reservation": 32 << 20}}, "memory.low", "33554432", "MemoryLow", "33554432"),
    ({"pids": {"limit": 44}}, "pids.max", "44", "TasksMax", "44"),
    ({"pids": {"limit": -1}}, "pids.max", "max", "TasksMax", "infinity"),
    ({"pids": {"limit": 1}}, "pids.max", "1", "TasksMax", "1"),
    ({"cpu": {"shares": 2048}}, "cpu.weight", "174", "CPUWeight", "174"),
    ({"cpu": {"quota": 12345, "period": 100000}}, "cpu.max", "12345 100000", "CPUQuotaPerSecUSec",
     "130ms"),
    ({"cpu": {"quota": -1}}, "cpu.max", "max 100000", "CPUQuotaPerSecUSec", "infinity"),
    ({"cpu": {"cpus": "1"}}, "cpuset.cpus", "1", "AllowedCPUs", "1"),
    ({"cpu": {"mems": "0"}}, "cpuset.mems", "0", "AllowedMemoryNodes", "0"),
    ({"cpu": {"idle": 1}}, "cpu.idle", "1", "CPUWeight", "idle"),
    ({"blockIO": {"weight": 500}}, "io.weight", "default 4950", "IOWeight", "4950"),
    ({"unified": {"memory.high": "50331648"}}, "memory.high", "50331648", "MemoryHigh", "50331648"),
    ({"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}, "hugetlb.2MB.max", "4194304",
     None, None),
]


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: json.dumps(row[0]))
def test_limits(start, bundle, row):
    resources, name, content, unit_property, text = row
    made = bundle("/bin/sleep", "1000")
    made.resources.update(resources)
    if name == "io.weight" and not os.path.exists("/sys/fs/cgroup/system.slice/io.weight"):
        pytest.skip("needs a kernel with io.weight")
    container = start(made)
    assert container.cgroup_read("", name) == content
    if unit_property:
        assert show(container.scope, unit_property) == {unit_property: text}
    # systemd puts in force what it knows, once more.
    assert systemctl("daemon-reload").returncode == 0
    if unit_property != "CPUQuotaPerSecUSec":
        assert container.cgroup_read("", name) == content


def test_memory_limit_kills(start, bundle):
    made = bundle("/bin/sh", "-c", "tail /dev/zero")
    made.resources["memory"] = {"limit": 32 << 20, "swap": 32 << 20}
    container = start(made)
    container.wait_stopped(60)
    container.delete().ok()
    assert show(container.scope, "LoadState") == {"LoadState": "not-found"}


def test_devices_survive_a_reload(start, bundle, probe):
    """The rules hold, and systemd putting its own in force again takes nothing away."""
    made = bundle("/bin/sleep", "1000")
    probe(made)
    made.capabilities("CAP_MKNOD")
    made.mount("/work", "tmpfs", "tmpfs", ["dev"])
    made.resources["devices"] = [DENY_ALL, {"allow": True, "type": "c", "major": 1, "minor": 11,
                                            "access": "rwm"},
                                 {"allow": True, "type": "c", "major": 4, "access": "rm"}]
    container = start(made)
    assert show(container.scope, "DevicePolicy") == {"DevicePolicy": "strict"}
    for _ in range(2):
        for device, access, allowed in (("1 11", "w", True), ("4 65", "w", False),
                                        ("10 237", "r", False), ("1 3", "w", True)):
            out = container.sh(f"rm -f /work/node; /bin/probe mknod /work/node c {device} {access}")
            assert ("open ok" in out.out) == allowed, (device, access, out)
        assert systemctl("daemon-reload").returncode == 0


def test_annotations(start, bundle):
    made = bundle("/bin/sleep", "1000")
    prefix = "org.systemd.property."
    made.config["annotations"] = {
        prefix + "TimeoutStopUSec": "uint64 7000000", prefix + "KillSignal": "10",
        prefix + "CollectMode": "'inactive-or-failed'", prefix + "After": "['dbus.service']",
        prefix + "RuntimeMaxSec": "3600", prefix + "DefaultDependencies": "true",
        prefix + "Description": "'a container of its own'"}
    container = start(made)
    found = show(container.scope, "TimeoutStopUSec", "KillSignal", "CollectMode", "After",
                 "RuntimeMaxUSec", "DefaultDependencies", "Description")
    assert found.pop("After").find("dbus.service") >= 0
    assert found == {"TimeoutStopUSec": "7s", "KillSignal": "10",
                     "CollectMode": "inactive-or-failed", "RuntimeMaxUSec": "1h",
                     "DefaultDependencies": "yes", "Description": "a container of its own"}


@pytest.mark.parametrize("name, value, text", [
    ("NoSuchProperty", "true", "NoSuchProperty"), ("KillSignal", "nonsense", "nonsense"),
    ("KillSignal", "'10", "'10"), ("Kill-Signal", "10", "Kill-Signal"), ("X", "1", "X"),
    ("After", "['a', b]", "['a', b]"), ("TimeoutStopUSec", "uint64 -1", "uint64 -1")])
def test_bad_annotations(thole, bundle, name, value, text):
    made = bundle("/bin/true")
    made.config["annotations"] = {"org.systemd.property." + name: value}
    made.linux["cgroupsPath"] = "system.slice:thole:" + thole.new_id()
    thole.try_create(made, before=("--systemd-cgroup",)).failed(text)


def test_update(start, folder):
    container = start()
    container("update", "--memory", "80m", "--pids-limit", "66", "--cpu-quota", "33333").ok()
    files = {"memory.max": str(80 << 20), "pids.max": "66", "cpu.max": "33333 100000"}
    assert {name: container.cgroup_read("", name) for name in files} == files
    assert show(container.scope, "MemoryMax", "TasksMax", "CPUQuotaPerSecUSec") == {
        "MemoryMax": str(80 << 20), "TasksMax": "66", "CPUQuotaPerSecUSec": "340ms"}
    container("update", "-r", "-", stdin=json.dumps(
        {"memory": {"limit": 90 << 20}, "cpu": {"cpus": "999"}})).failed("999")
    assert {name: container.cgroup_read("", name) for name in files} == files
    assert systemctl("daemon-reload").returncode == 0
    assert container.cgroup_read("", "memory.max") == files["memory.max"]
    # Without systemd's answer nothing changes either.
    container("update", "--memory", "70m", env=NO_BUS).failed("D-Bus")
    assert container.cgroup_read("", "memory.max") == files["memory.max"]


def test_pause_events_ps(start):
    container = start()
    container("pause").ok()
    assert container.status == "paused"
    container("resume").ok()
    assert json.loads(container("events", "--stats").ok().out)["data"]["pids"]["current"] == 1
    assert json.loads(container.runtime("ps", "--format", "json", container.id).ok().out) == [
        container.pid]


def test_no_bus_for_everyday_commands(start):
    container = start()
    container("state", env=NO_BUS).ok()
    container.runtime("list", env=NO_BUS).ok()
    container.exec("/bin/true", env=NO_BUS).ok()
    container("pause", env=NO_BUS).ok()
    container("resume", env=NO_BUS).ok()
    container("events", "--stats", env=NO_BUS).ok()
    container("kill", "KILL", env=NO_BUS).ok()
    container.wait_stopped()


def test_create_without_bus(thole, bundle):
    made = bundle("/bin/true")
    made.linux["cgroupsPath"] = "system.slice:thole:" + thole.new_id()
    thole.try_create(made, before=("--systemd-cgroup",), env=NO_BUS).failed("D-Bus")


def test_silent_systemd_is_given_up(thole, bundle, folder):
    """A bus that takes the call and never answers."""
    path = folder + "/bus"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        made = bundle("/bin/true")
        made.linux["cgroupsPath"] = "system.slice:thole:" + thole.new_id()
        begin = time.monotonic()
        env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=" + path}
        thole.try_create(made, before=("--systemd-cgroup",), env=env).failed("D-Bus", "30 seconds")
        assert time.monotonic() - begin < 45


def test_name_in_use(start, thole, bundle):
    container = start()
    made = bundle("/bin/true")
    made.linux["cgroupsPath"] = f"system.slice:thole:{container.id}"
    thole.try_create(made, before=("--systemd-cgroup",)).failed(container.scope, "exists")
    assert container.status == "running"


def test_failed_unit_makes_way(start, thole, bundle):
    """A scope whose container was killed for memory stays loaded as failed."""
    made = bundle("/bin/sh", "-c", "tail /dev/zero")
    made.resources["memory"] = {"limit": 16 << 20, "swap": 16 << 20}
    first = start(made)
    first.wait_stopped(60)
    until(lambda: show(first.scope, "ActiveState")["ActiveState"] in ("failed", "inactive"))
    second = bundle("/bin/sleep", "1000")
    second.linux["cgroupsPath"] = f"system.slice:thole:{first.id}"
    thole.launch(second, before=("--systemd-cgroup",))("kill", "KILL").ok()
    first.delete().ok()


def test_stopped_by_systemd(start):
    container = start()
    assert systemctl("stop", "--no-block", container.scope).returncode == 0
    container("kill", "KILL")
    container.wait_stopped()
    container.delete().ok()


def test_slice_unit(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    name = thole.new_id().replace("-", "_")
    thole.ids.append(name)
    made.linux["cgroupsPath"] = f":ignored:{name}.slice"
    made.resources["pids"] = {"limit": 40}
    container = thole.launch(made, id=name, before=("--systemd-cgroup",))
    assert machine.cgroup_path(container.pid, "") == f"/{name}.slice"
    assert show(f"{name}.slice", "TasksMax", "ActiveState") == {
        "TasksMax": "40", "ActiveState": "active"}
    container.delete("--force").ok()
    assert show(f"{name}.slice", "ActiveState") == {"ActiveState": "inactive"}


def test_subgroup(start, bundle):
    made = bundle("/bin/sleep", "1000")
    made.config["annotations"] = {"run.oci.systemd.subgroup": "container"}
    made.resources["memory"] = {"limit": 64 << 20}
    container = start(made)
    path = machine.cgroup_path(container.pid, "")
    assert path == f"/system.slice/{container.scope}/container"
    assert container.cgroup_read("", "memory.max") == str(64 << 20)
    container.delete("--force").ok()
    assert not os.path.exists("/sys/fs/cgroup/system.slice/" + container.scope)


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3])
def test_killed_create(thole, bundle, delay):
    made = bundle("/bin/sleep", "1000")
    name = thole.new_id()
    made.linux["cgroupsPath"] = f"system.slice:thole:{name}"
    thole.prepare(made, name)
    process = thole.start_process("--systemd-cgroup", "create", "--bundle", made.path, name)
    time.sleep(delay)
    process.popen.send_signal(signal.SIGKILL)
    process.popen.wait()
    thole("delete", "--force", name).ok()
    until(lambda: show(f"thole-{name}.scope", "ActiveState")["ActiveState"] == "inactive",
          what="the end of the scope")


def test_thirty_in_parallel_by_eight(thole, bundle):
    running, names = [], []
    for _ in range(30):
        made = bundle("/bin/true")
        name = thole.new_id()
        names.append(name)
        made.linux["cgroupsPath"] = f"system.slice:thole:{name}"
        running.append(thole.start_run(made, id=name, before=("--systemd-cgroup",))[1])
        while sum(process.popen.poll() is None for process in running) >= 8:
            time.sleep(0.02)
    for process in running:
        process.wait(120).ok()
    listed = systemctl("list-units", "--all", "--no-legend", "thole-thole-test*").stdout
    assert not any(name in listed for name in names), listed


# ---- the user's own systemd -------------------------------------------------------------------

USER = 1000


def as_user(*words):
    """A command under the user's systemd: its cgroup is one that the user may change."""
    return subprocess.run(
        ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "env",
         f"XDG_RUNTIME_DIR=/run/user/{USER}", "systemd-run", "--user", "--pipe", "--wait", "-q",
         *words], capture_output=True, text=True, timeout=120, check=False)


def test_rootless(thole_path, bundle, session_folder):
    if not os.path.exists(f"/run/user/{USER}/bus"):
        pytest.skip(f"needs a systemd of user {USER}")
    made = bundle("/bin/sh", "-c", "cat /proc/self/cgroup")
    made.namespace("user")
    made.without_namespace("network")
    identity = [{"containerID": 0, "hostID": USER, "size": 1}]
    made.linux.update(uidMappings=identity, gidMappings=identity,
                      resources={"memory": {"limit": 64 << 20}, "pids": {"limit": 30}})
    made.config["mounts"] = [mount for mount in made.config["mounts"]
                             if mount.get("type") not in ("sysfs", "mqueue", "devpts", "cgroup")]
    name = f"thole-test-rootless-{os.getpid()}"
    made.linux["cgroupsPath"] = f"user.slice:thole:{name}"
    made.process["args"] = ["/bin/sleep", "1000"]
    made.write()
    subprocess.run(["chown", "-R", f"{USER}:{USER}", made.path], check=True)
    # The container keeps what it gets as output: a pipe would never end.
    result = as_user("/bin/sh", "-c", 'exec "$@" </dev/null >/dev/null 2>"$0"', made.path + "/errors",
                     thole_path, "--systemd-cgroup", "run", "--detach", "--bundle", made.path, name)
    try:
        with open(made.path + "/errors", encoding="utf-8") as errors:
            assert result.returncode == 0, errors.read()
        state = json.loads(as_user(thole_path, "state", name).stdout)
        path = machine.cgroup_path(state["pid"], "")
        assert path.endswith(f"/user@{USER}.service/user.slice/thole-{name}.scope")
        with open(f"/sys/fs/cgroup{path}/memory.max", encoding="ascii") as source:
            assert source.read() == f"{64 << 20}\n"
    finally:
        gone = as_user(thole_path, "delete", "--force", name)
    assert gone.returncode == 0, gone
    assert not os.path.exists("/sys/fs/cgroup" + path)
