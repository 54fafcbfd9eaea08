# SPDX-License-Identifier: Apache-2.0
"""Cgroups: limits in the hierarchy that has the controller, devices, freezer, placement."""
import json
import os
import time

import pytest

from harness import machine
from harness.runtime import until


def unified(controller):
    return machine.controllers()[controller][1]


def limited(thole, bundle, **resources):
    made = bundle("/bin/sleep", "1000")
    made.resources.update(resources)
    return thole.launch(made)


def test_every_hierarchy_holds_the_container(thole, sleeper):
    """Init sits below the path asked for, wherever a hierarchy is mounted."""
    container = sleeper()
    for controller in machine.controllers():
        path = machine.cgroup_path(container.pid, controller)
        assert path == "/thole-test/" + container.id, controller


def test_init_is_in_its_cgroup_when_create_returns(thole, bundle):
    container = thole.create(bundle("/bin/sleep", "1000"))
    for controller in machine.controllers():
        assert machine.cgroup_path(container.pid, controller) == "/thole-test/" + container.id


@pytest.mark.needs(controller="memory")
def test_memory(thole, bundle):
    container = limited(thole, bundle, memory={"limit": 64 << 20, "reservation": 32 << 20})
    names = ("memory.max", "memory.low") if unified("memory") else (
        "memory.limit_in_bytes", "memory.soft_limit_in_bytes")
    assert [int(container.cgroup_read("memory", name)) for name in names] == [64 << 20, 32 << 20]


@pytest.mark.needs(controller="memory")
def test_memory_limit_kills(thole, bundle):
    made = bundle("/bin/sh", "-c", "sh -c 'tail /dev/zero'; echo $?")
    made.resources["memory"] = {"limit": 32 << 20, "swap": 32 << 20}
    assert thole.run(made).out == "137\n"


@pytest.mark.needs(controller="memory")
def test_memory_without_limit(thole, bundle):
    container = limited(thole, bundle, memory={"limit": -1})
    if unified("memory"):
        assert container.cgroup_read("memory", "memory.max") == "max"
    else:
        assert int(container.cgroup_read("memory", "memory.limit_in_bytes")) > 1 << 60


@pytest.mark.needs(controller="pids")
@pytest.mark.parametrize("limit, text", [(20, "20"), (-1, "max")])
def test_pids(thole, bundle, limit, text):
    assert limited(thole, bundle, pids={"limit": limit}).cgroup_read("pids", "pids.max") == text


@pytest.mark.needs(controller="pids")
def test_pids_limit_holds(thole, bundle):
    made = bundle("/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 3 & done; echo end")
    made.resources["pids"] = {"limit": 5}
    result = thole.run(made)
    assert "can't fork" in result.err


@pytest.mark.needs(controller="cpu")
def test_cpu(thole, bundle):
    container = limited(thole, bundle, cpu={"shares": 2048, "quota": 50000, "period": 200000})
    if unified("cpu"):
        assert container.cgroup_read("cpu", "cpu.max") == "50000 200000"
        assert int(container.cgroup_read("cpu", "cpu.weight")) > 0
    else:
        assert container.cgroup_read("cpu", "cpu.shares") == "2048"
        assert container.cgroup_read("cpu", "cpu.cfs_quota_us") == "50000"
        assert container.cgroup_read("cpu", "cpu.cfs_period_us") == "200000"


@pytest.mark.needs(controller="cpu")
@pytest.mark.parametrize("cpu", [{"quota": 50000}, {"period": 50000}, {"quota": -1, "period": 50000},
                                 {"quota": 900000, "period": 1000000}, {"quota": 1000, "period": 1000}])
def test_cpu_quota_and_period_alone_and_extreme(thole, bundle, cpu):
    container = limited(thole, bundle, cpu=cpu)
    if unified("cpu"):
        quota, period = container.cgroup_read("cpu", "cpu.max").split()
    else:
        quota = container.cgroup_read("cpu", "cpu.cfs_quota_us").replace("-1", "max")
        period = container.cgroup_read("cpu", "cpu.cfs_period_us")
    if "quota" in cpu:
        assert quota == ("max" if cpu["quota"] < 0 else str(cpu["quota"]))
    if "period" in cpu:
        assert period == str(cpu["period"])


@pytest.mark.needs(controller="cpuset")
def test_cpuset(thole, bundle):
    container = limited(thole, bundle, cpu={"cpus": "0", "mems": "0"})
    assert container.cgroup_read("cpuset", "cpuset.cpus") == "0"
    assert container.cgroup_read("cpuset", "cpuset.mems") == "0"
    assert os.sched_getaffinity(container.pid) == {0}


@pytest.mark.needs(controller="cpuset")
def test_cpuset_that_does_not_exist(thole, bundle):
    made = bundle("/bin/true")
    made.resources["cpu"] = {"cpus": "5000"}
    thole.try_create(made).failed("cpuset")


@pytest.mark.needs(controller="blkio")
def test_block_io_v1(thole, bundle):
    container = limited(thole, bundle, blockIO={"throttleReadBpsDevice": [
        {"major": 254, "minor": 0, "rate": 1048576}]})
    assert container.cgroup_read("blkio", "blkio.throttle.read_bps_device") == "254:0 1048576"


@pytest.mark.needs(controller="hugetlb")
def test_hugepages(thole, bundle):
    if not os.path.exists("/sys/kernel/mm/hugepages/hugepages-2048kB"):
        pytest.skip("needs huge pages of 2 MB")
    container = limited(thole, bundle, hugepageLimits=[{"pageSize": "2MB", "limit": 4 << 20}])
    name = "hugetlb.2MB.max" if unified("hugetlb") else "hugetlb.2MB.limit_in_bytes"
    assert container.cgroup_read("hugetlb", name) == str(4 << 20)


@pytest.mark.needs(controller="")
def test_unified_file(thole, bundle):
    container = limited(thole, bundle, unified={"cgroup.max.depth": "7"})
    assert container.cgroup_read("", "cgroup.max.depth") == "7"


@pytest.mark.needs(controller="")
@pytest.mark.parametrize("key", ["no.such.file", "../cgroup.procs", "a/b"])
def test_bad_unified_file_is_refused(thole, bundle, key):
    made = bundle("/bin/true")
    made.resources["unified"] = {key: "1"}
    thole.try_create(made).failed()


@pytest.mark.needs(layout="unified")
@pytest.mark.skipif(machine.layout() == "unified" and "memory" in machine.controllers(),
                    reason="needs a cgroup v2 host without the memory controller; this one has it")
def test_limit_without_its_controller_is_refused(thole, bundle):
    made = bundle("/bin/true")
    made.resources["memory"] = {"limit": 64 << 20}
    thole.try_create(made).failed("memory")


def test_no_resources_at_all(thole, bundle):
    made = bundle("/bin/echo", "in")
    del made.linux["resources"]
    assert thole.run(made).ok().out == "in\n"


def spare_device():
    """(path, major, minor) of a character device that anyone privileged may open and nobody needs."""
    for path in ("/dev/fuse", "/dev/loop-control", "/dev/mem"):
        if os.path.exists(path):
            number = os.stat(path).st_rdev
            return path, os.major(number), os.minor(number)
    return None


DENY_ALL = {"allow": False, "access": "rwm"}
# name: (rules, how the device is opened, is that allowed); {} stands for the device itself
DEVICE_CASES = {
    "denied": ([DENY_ALL], "r", False),
    "allowed": ([DENY_ALL, {"allow": True, "access": "rwm"}], "r", True),
    "read only, reading": ([DENY_ALL, {"allow": True, "access": "rm"}], "r", True),
    "read only, writing": ([DENY_ALL, {"allow": True, "access": "rm"}], "w", False),
    "any minor": ([DENY_ALL, {"allow": True, "access": "rwm", "minor": None}], "r", True),
    "other minor": ([DENY_ALL, {"allow": True, "access": "rwm", "minor": 99}], "r", False),
    "other type": ([DENY_ALL, {"allow": True, "access": "rwm", "type": "b"}], "r", False),
    "last rule wins": ([DENY_ALL, {"allow": True, "access": "rwm"},
                        {"allow": False, "access": "rwm", "type": "c"}], "r", False),
    "all allowed": ([{"allow": True, "access": "rwm", "type": "a"}], "r", True),
    "all but one": ([{"allow": True, "access": "rwm", "type": "a"},
                     {"allow": False, "access": "rwm", "type": "c"}], "r", False),
    "all but writing": ([{"allow": True, "access": "rwm", "type": "a"},
                         {"allow": False, "access": "w", "type": "c"}], "w", False),
    "all but writing, reading": ([{"allow": True, "access": "rwm", "type": "a"},
                                  {"allow": False, "access": "w", "type": "c"}], "r", True),
}


@pytest.mark.parametrize("case", sorted(DEVICE_CASES))
def test_device_rules(thole, bundle, probe, case):
    found = spare_device()
    if found is None:
        pytest.skip("needs /dev/fuse, /dev/loop-control or /dev/mem")
    _, major, minor = found
    rules, access, allowed = DEVICE_CASES[case]
    made = bundle("/bin/probe", "mknod", "/work/node", "c", str(major), str(minor), access)
    made.capabilities("CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_SYS_ADMIN")
    made.resources["devices"] = []
    for rule in rules:
        if rule is not DENY_ALL and rule.get("type") != "a":
            rule = {"type": "c", "major": major, "minor": minor, **rule}
        made.resources["devices"].append(
            {key: value for key, value in rule.items() if value is not None})
    probe(made)
    # The root file system may be mounted nodev on the host: a tmpfs with devices is not.
    made.mount("/work", "tmpfs", "tmpfs", ["dev"])
    out = thole.run(made).ok().out
    assert ("open ok" in out) == allowed, out


def test_nodes_of_the_configuration_are_made_before_the_rules_hold(thole, bundle):
    found = spare_device()
    if found is None:
        pytest.skip("needs /dev/fuse, /dev/loop-control or /dev/mem")
    name, major, minor = found
    made = bundle("/bin/sh", "-c", f"test -c {name} && echo made; : <{name}")
    made.config["linux"]["devices"] = [{"path": name, "type": "c", "major": major, "minor": minor}]
    made.resources["devices"] = [DENY_ALL]
    result = thole.run(made).failed("Operation not permitted")
    assert result.out == "made\n", result


def privileged_rules(major, minor):
    """What Docker writes for --privileged: of its own list only the last rule counts."""
    return [DENY_ALL,
            {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "rwm"},
            {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
            {"allow": False, "type": "c", "major": major, "minor": minor, "access": "rwm"},
            {"allow": True, "type": "b", "access": "m"},
            {"allow": True, "access": "rwm"}]


@pytest.mark.parametrize("follows, allowed", [([], True), ([DENY_ALL], False)])
def test_a_rule_for_everything_resets_the_list(thole, bundle, probe, follows, allowed):
    found = spare_device()
    if found is None:
        pytest.skip("needs /dev/fuse, /dev/loop-control or /dev/mem")
    _, major, minor = found
    made = bundle("/bin/probe", "mknod", "/work/node", "c", str(major), str(minor), "rw")
    made.capabilities("CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_SYS_ADMIN")
    made.resources["devices"] = privileged_rules(major, minor) + follows
    probe(made)
    made.mount("/work", "tmpfs", "tmpfs", ["dev"])
    assert ("open ok" in thole.run(made).ok().out) == allowed


@pytest.mark.parametrize("kind, major, minor, opens", [
    ("c", 10, 200, None), ("c", 10, 666, False), ("b", 254, 7, False)])
def test_any_node_can_be_made_and_tunnels_opened(thole, bundle, probe, kind, major, minor, opens):
    made = bundle("/bin/probe", "mknod", "/work/node", kind, str(major), str(minor), "rw")
    made.capabilities("CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_SYS_ADMIN")
    made.resources["devices"] = [DENY_ALL]
    probe(made)
    made.mount("/work", "tmpfs", "tmpfs", ["dev"])
    out = thole.run(made).ok().out
    assert "mknod ok" in out
    if opens is None:  # without a driver the kernel finds no device, and no rule is in the way
        assert "open Operation not permitted" not in out, out
    else:
        assert "open Operation not permitted" in out, out


def test_default_devices_stay_usable(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x > /dev/null && head -c 1 /dev/zero | wc -c && "
                  "head -c 1 /dev/urandom | wc -c")
    made.resources["devices"] = [DENY_ALL]
    assert thole.run(made).ok().out.split() == ["1", "1"]


COUNTER = "i=0; while :; do i=$((i+1)); echo $i > /work/count; sleep 0.02; done"


def count(container):
    try:
        return int(container.bundle.read("/work/count") or 0)
    except (FileNotFoundError, ValueError):
        return 0


def test_pause_and_resume(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", COUNTER))
    until(lambda: count(container) > 3, what="counting")
    container("pause").ok()
    assert container.status == "paused"
    time.sleep(0.1)
    before = count(container)
    time.sleep(0.3)
    assert count(container) == before
    container("resume").ok()
    assert container.status == "running"
    until(lambda: count(container) > before, what="counting on")


def test_pause_twice_and_resume_twice(sleeper):
    container = sleeper()
    container("resume").failed()
    container("pause").ok()
    container("pause").failed()
    container("resume").ok()


def test_kill_of_a_paused_container(sleeper):
    container = sleeper()
    container("pause").ok()
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()


def test_delete_of_a_paused_container_needs_force(sleeper):
    container = sleeper()
    container("pause").ok()
    container.delete().failed("paused")
    assert container.status == "paused"
    container("resume").ok()


def test_delete_force_of_a_paused_container(sleeper):
    container = sleeper()
    container("pause").ok()
    container.delete("--force").ok()


def test_exec_into_a_paused_container_is_refused(sleeper):
    container = sleeper()
    container("pause").ok()
    container.exec("/bin/true").failed("paused")
    container("resume").ok()


def test_cgroup_that_holds_processes_is_refused(thole, bundle, sleeper):
    container = sleeper()
    second = bundle("/bin/true")
    second.linux["cgroupsPath"] = container.bundle.linux["cgroupsPath"]
    thole.try_create(second).failed()
    assert container.status == "running"


def test_cgroup_below_a_new_parent_is_removed(thole, bundle):
    made = bundle("/bin/true")
    name = thole.new_id()
    made.linux["cgroupsPath"] = f"/thole-test/{name}/deep/er"
    thole.run(made, id=name).ok()
    for where in {mounted for mounted, _ in machine.controllers().values()}:
        assert not os.path.exists(f"{where}/thole-test/{name}/deep/er")
        for left in (f"{where}/thole-test/{name}/deep", f"{where}/thole-test/{name}"):
            if os.path.isdir(left):
                os.rmdir(left)


@pytest.mark.needs(layout="unified")
def test_default_path(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    del made.linux["cgroupsPath"]
    made.write()
    thole("run", "--detach", "--bundle", made.path, name).ok()
    assert name in machine.cgroup_path(thole.state(name)["pid"], "")


@pytest.mark.parametrize("path", ["/thole-test/../../escape", "/thole-test/./x/../../.."])
def test_path_with_dots_stays_below_the_root(thole, bundle, path):
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    made.linux["cgroupsPath"] = path + "/" + name
    result = thole.try_create(made, id=name)
    if result.code == 0:
        pid = thole.state(name)["pid"]
        for controller in machine.controllers():
            assert ".." not in machine.cgroup_path(pid, controller)
        thole("delete", "--force", name).ok()
        for where in {mounted for mounted, _ in machine.controllers().values()}:
            for left in ("escape", "x"):
                if os.path.isdir(f"{where}/{left}"):
                    os.rmdir(f"{where}/{left}")


def test_sub_cgroups_made_inside_are_removed(thole, sleeper):
    container = sleeper()
    for controller in {"", "devices", "memory"} & set(machine.controllers()):
        os.makedirs(container.cgroup(controller) + "/made/by/payload", exist_ok=True)
    container.delete("--force").ok()


def test_processes_in_sub_cgroups_are_killed(thole, sleeper):
    container = sleeper()
    controller = "" if "" in machine.controllers() else "pids"
    sub = container.cgroup(controller) + "/sub"
    os.mkdir(sub)
    container.exec("/bin/sleep", "1000", options=("--detach",)).ok()
    with open(container.cgroup(controller) + "/cgroup.procs", encoding="ascii") as source:
        pids = [pid for pid in source.read().split() if int(pid) != container.pid]
    with open(sub + "/cgroup.procs", "w", encoding="ascii") as target:
        target.write(pids[0])
    container.delete("--force").ok()
    assert not os.path.exists("/proc/" + pids[0])


# ---- annotations ------------------------------------------------------------------------------


@pytest.mark.needs(layout="unified")
@pytest.mark.parametrize("namespace", [True, False])
@pytest.mark.parametrize("user_namespace", [True, False])
def test_delegated_child(thole, bundle, namespace, user_namespace):
    """The payload has a child for itself, with all controllers; the limits are above it."""
    made = bundle("/bin/sleep", "1000")
    made.config["annotations"] = {"run.oci.delegate-cgroup": "mine/all"}
    controllers = [name for name in machine.controllers() if name]
    if not namespace:
        made.without_namespace("cgroup")
    if user_namespace:
        made.user_namespace()
    container = thole.launch(made)
    path = machine.cgroup_path(container.pid, "")
    assert path == f"/thole-test/{container.id}/mine/all"
    directory = "/sys/fs/cgroup" + path
    with open(directory + "/cgroup.controllers", encoding="ascii") as source:
        assert sorted(source.read().split()) == sorted(controllers)
    owner = 100000 if user_namespace else 0
    assert [os.stat(directory + name).st_uid for name in ("", "/cgroup.procs", "/../../cgroup.procs")
            ] == [owner, owner, 0]
    out = container.sh("cat /proc/self/cgroup").ok().out
    assert f"0::{'/' if namespace else path}\n" in out
    container("pause").ok()
    container("resume").ok()
    # The payload moves on; processes that come later find it.
    os.mkdir(directory + "/below")
    with open(directory + "/below/cgroup.procs", "w", encoding="ascii") as target:
        target.write(str(container.pid))
    for name in controllers:
        with open(directory + "/cgroup.subtree_control", "w", encoding="ascii") as target:
            target.write("+" + name)
    assert f"0::{'' if namespace else path}/below\n" in container.sh("cat /proc/self/cgroup").ok().out
    container.delete("--force").ok()
    assert not os.path.exists(f"/sys/fs/cgroup/thole-test/{container.id}")


@pytest.mark.needs(layout="unified", controller="pids")
def test_limits_hold_above_the_delegated_child(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.config["annotations"] = {"run.oci.delegate-cgroup": "mine"}
    made.resources["pids"] = {"limit": 20}
    container = thole.launch(made)
    assert container.cgroup_read("", "pids.max") == "max"
    assert container.cgroup_read("", "../pids.max") == "20"
    container("update", "--pids-limit", "30").ok()
    assert container.cgroup_read("", "../pids.max") == "30"


def test_delegated_child_refused(thole, bundle):
    made = bundle("/bin/true")
    annotation = "run.oci.delegate-cgroup"
    made.config["annotations"] = {annotation: "a/../../b"}
    thole.try_create(made).failed("/annotations/" + annotation, "a/../../b")
    if machine.layout() != "unified":
        made.config["annotations"] = {annotation: "mine"}
        thole.try_create(made).failed("/annotations/" + annotation, "cgroup v2 alone")


@pytest.mark.parametrize("namespace", [True, False])
def test_forced_v1_systemd_hierarchy(thole, bundle, namespace):
    made = bundle("/bin/sh", "-c", "grep /sys/fs/cgroup /proc/self/mountinfo; ls /sys/fs/cgroup")
    made.config["mounts"] = [mount for mount in made.config["mounts"]
                             if mount["destination"] != "/sys/fs/cgroup"]
    made.mount("/sys/fs/cgroup", "cgroup", "cgroup", ["rw", "nosuid"])
    made.without_namespace("cgroup")
    if namespace:
        made.namespace("cgroup")
    made.config["annotations"] = {"run.oci.systemd.force_cgroup_v1": "/sys/fs/cgroup"}
    if "name=systemd" not in machine.controllers():
        thole.try_create(made).failed("/annotations/run.oci.systemd.force_cgroup_v1", "name=systemd")
        return
    lines = thole.run(made).ok().out.splitlines()
    assert lines[-1] == "systemd"
    assert [line.split()[4] for line in lines[:-1]] == ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd"]
    assert " - tmpfs " in lines[0] and "name=systemd" in lines[1]


MAKE_TUN = ("/bin/probe", "mknod", "/work/node", "c", "10", "200", "rw")


@pytest.fixture(name="denying")
def fixture_denying(bundle, probe):
    """denying(WORD, ARGUMENT...): all devices denied, but those that come by default unless WORD is "true"."""
    def make(word, *args):
        made = bundle(*args)
        made.capabilities("CAP_MKNOD", "CAP_SYS_ADMIN")
        made.resources["devices"] = [DENY_ALL]
        if word is not None:
            made.config["annotations"] = {"org.thole.devices.only": word}
        probe(made)
        made.mount("/work", "tmpfs", "tmpfs", ["dev"])
        return made
    return make


@pytest.mark.parametrize("word, allowed", [(None, True), ("false", True), ("true", False)])
def test_only_the_rules_of_the_configuration(thole, denying, word, allowed):
    out = thole.run(denying(word, *MAKE_TUN)).ok().out
    assert ("mknod ok" in out) == allowed, out


@pytest.mark.parametrize("word, allowed", [(None, True), ("true", False)])
def test_an_update_knows_whose_rules_there_are(thole, denying, folder, word, allowed):
    """The twin of the start: default devices come back with new rules, or stay away."""
    container = thole.launch(denying(word, "/bin/sleep", "1000"))
    rules = os.path.join(folder, "rules.json")
    with open(rules, "w", encoding="ascii") as target:
        json.dump({"devices": [DENY_ALL]}, target)
    thole("update", "--resources", rules, container.id).ok()
    out = container.exec(*MAKE_TUN).ok().out
    assert ("mknod ok" in out) == allowed, out
