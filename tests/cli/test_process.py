# SPDX-License-Identifier: Apache-2.0
"""Everything in /process, read back inside the container or from /proc of the host."""
import ctypes
import json
import os
import platform
import re
import resource
import signal

import pytest

from harness import machine
from harness.runtime import until

_LIBC = ctypes.CDLL(None, use_errno=True)


def status_of(thole, made, *names):
    """The lines of /proc/self/status with these names, as {name: rest of the line}."""
    made.process["args"] = ["/bin/cat", "/proc/self/status"]
    lines = dict(line.split(":", 1) for line in thole.run(made).ok().out.splitlines())
    return {name: lines[name].strip() for name in names}


def test_environment_is_exactly_the_given_one(thole, bundle):
    made = bundle("/usr/bin/env", env=["PATH=/usr/bin", "HOME=/here", "A=1", "EMPTY=", "U=ä b"])
    out = thole.run(made, env={**os.environ, "OUTSIDE": "1"}).ok().out
    assert sorted(out.splitlines()) == ["A=1", "EMPTY=", "HOME=/here", "PATH=/usr/bin", "U=ä b"]


def test_last_of_two_equal_variables_wins(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo $A", env=["PATH=/bin", "A=1", "A=2"])
    assert thole.run(made).ok().out == "2\n"


@pytest.mark.parametrize("uid, home", [(0, "/root"), (1000, "/home/web"), (1234, "/")])
def test_home_comes_from_the_containers_passwd(thole, bundle, uid, home):
    made = bundle("/bin/sh", "-c", "echo $HOME", user={"uid": uid, "gid": uid})
    assert thole.run(made).ok().out == home + "\n"


def test_cwd(thole, bundle):
    assert thole.run(bundle("/bin/pwd", cwd="/home")).ok().out == "/home\n"


def test_missing_cwd_is_made(thole, bundle):
    made = bundle("/bin/pwd", cwd="/made/just/now")
    assert thole.run(made).ok().out == "/made/just/now\n"
    assert os.stat(made.rootfs + "/made/just").st_mode & 0o7777 == 0o755


def test_relative_cwd_is_refused(thole, bundle):
    thole.try_create(bundle("/bin/true", cwd="relative")).failed("cwd")


def test_user_and_groups(thole, bundle):
    made = bundle(user={"uid": 1000, "gid": 50, "additionalGids": [7, 8, 4294967294]})
    seen = status_of(thole, made, "Uid", "Gid", "Groups")
    assert seen["Uid"].split() == ["1000"] * 4
    assert seen["Gid"].split() == ["50"] * 4
    assert {"7", "8", "4294967294"} <= set(seen["Groups"].split()) <= {"7", "8", "50", "4294967294"}


def test_no_groups_of_the_caller_remain(thole, bundle):
    made = bundle("/bin/grep", "^Groups:", "/proc/self/status")
    result = thole.run(made, preexec_fn=lambda: os.setgroups([0, 4711])).ok()
    assert set(result.out.split()[1:]) <= {"0"}


def test_names_in_passwd_are_not_looked_up(thole, bundle):
    made = bundle(user={"uid": 1000, "gid": 1000})
    made.file("/etc/passwd", "1000:x:0:0::/:/bin/sh\n")
    assert status_of(thole, made, "Uid")["Uid"].split() == ["1000"] * 4


@pytest.mark.parametrize("mask", [0o22, 0o77, 0o0])
def test_umask(thole, bundle, mask):
    made = bundle(user={"uid": 0, "gid": 0, "umask": mask})
    assert int(status_of(thole, made, "Umask")["Umask"], 8) == mask


def test_umask_of_the_caller_does_not_show(thole, bundle):
    made = bundle("/bin/sh", "-c", "umask; stat -c %a /dev /dev/null /dev/pts/ptmx")
    out = thole.run(made, preexec_fn=lambda: os.umask(0o077)).ok().out
    assert out.split() == ["0022", "755", "666", "666"]


ALL_SETS = {"bounding": "CapBnd", "effective": "CapEff", "inheritable": "CapInh",
            "permitted": "CapPrm", "ambient": "CapAmb"}


def capabilities_of(thole, made):
    made.process["args"] = ["/bin/cat", "/proc/self/status"]
    return {name: machine.capability_names(mask) for name, mask in
            machine.parse_capability_sets(thole.run(made).ok().out).items()}


def test_capability_sets(thole, bundle):
    made = bundle()
    made.process["capabilities"] = {
        "bounding": ["CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW", "CAP_SETUID"],
        "permitted": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL", "CAP_CHOWN"]}
    seen = capabilities_of(thole, made)
    assert seen["CapBnd"] == {"CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW", "CAP_SETUID"}
    assert seen["CapInh"] == seen["CapAmb"] == set()
    # Root gains all of its bounding set at execve(2) unless no_new_privs or a securebit is set.
    assert {"CAP_KILL", "CAP_CHOWN"} <= seen["CapEff"] <= seen["CapBnd"]


def test_ambient_capabilities_survive_for_a_user(thole, bundle):
    made = bundle(user={"uid": 1000, "gid": 1000})
    made.process["capabilities"] = {kind: ["CAP_NET_RAW"] for kind in ALL_SETS}
    seen = capabilities_of(thole, made)
    assert all(seen[name] == {"CAP_NET_RAW"} for name in ALL_SETS.values()), seen


def test_a_user_without_ambient_capabilities_has_none(thole, bundle):
    made = bundle(user={"uid": 1000, "gid": 1000})
    made.capabilities("CAP_KILL", "CAP_NET_RAW")
    seen = capabilities_of(thole, made)
    assert seen["CapEff"] == seen["CapPrm"] == seen["CapAmb"] == set()
    assert seen["CapBnd"] == {"CAP_KILL", "CAP_NET_RAW"}


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("own_user_namespace", [False, True])
@pytest.mark.parametrize("written", ["absent", "no set", "empty sets"])
def test_no_capabilities_at_all(thole, bundle, folder, written, own_user_namespace, uid):
    """What a configuration does not ask for is not given, to init and to exec: root has none either."""
    made = bundle("/bin/sh", "-c", "cat /proc/self/status; exec sleep 1000", user={"uid": uid, "gid": uid})
    del made.process["capabilities"]
    if written != "absent":
        made.process["capabilities"] = {} if written == "no set" else {kind: [] for kind in ALL_SETS}
    if own_user_namespace:
        made.user_namespace()
    container = thole.launch(made)
    file = os.path.join(folder, "process.json")
    with open(file, "w", encoding="ascii") as target:
        json.dump({"args": ["/bin/cat", "/proc/self/status"], "cwd": "/", "user": {"uid": uid, "gid": uid}}, target)
    until(lambda: "nonvoluntary" in container.output())
    for text in (container.output(), container.exec("cat", "/proc/self/status").ok().out,
                 thole("exec", "--process", file, container.id).ok().out):
        sets = machine.parse_capability_sets(text)
        assert set(sets) == set(ALL_SETS.values()) and not any(sets.values()), sets
    assert machine.capability_names(machine.parse_capability_sets(
        container.exec("cat", "/proc/self/status", options=["--cap", "CAP_KILL"]).ok().out)["CapBnd"]) == \
        {"CAP_KILL"}


def test_every_capability_of_the_machine(thole, bundle):
    made = bundle()
    mine = machine.capability_names(machine.capability_sets()["CapBnd"])
    made.capabilities(*sorted(mine))
    assert capabilities_of(thole, made)["CapEff"] == mine


@pytest.mark.skipif(machine.has_capability("SYS_RESOURCE"), reason="this machine grants everything")
def test_capability_that_cannot_be_granted_is_left_out(thole, bundle):
    made = bundle()
    made.capabilities("CAP_KILL", "CAP_SYS_RESOURCE")
    assert capabilities_of(thole, made)["CapBnd"] == {"CAP_KILL"}


def test_unknown_capability_is_left_out(thole, bundle):
    made = bundle()
    made.capabilities("CAP_KILL", "CAP_TELEPORT")
    assert capabilities_of(thole, made)["CapBnd"] == {"CAP_KILL"}


@pytest.mark.parametrize("wanted", [True, False])
def test_no_new_privileges(thole, bundle, wanted):
    made = bundle(noNewPrivileges=wanted)
    assert status_of(thole, made, "NoNewPrivs")["NoNewPrivs"] == str(int(wanted))


def test_rlimits(thole, bundle):
    made = bundle("/bin/cat", "/proc/self/limits", rlimits=[
        {"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200},
        {"type": "RLIMIT_CORE", "soft": 0, "hard": 4096},
        {"type": "RLIMIT_STACK", "soft": 1048576, "hard": 2097152},
        {"type": "RLIMIT_CPU", "soft": 300, "hard": 400}])
    out = thole.run(made).ok().out
    for name, soft, hard in (("Max open files", 100, 200), ("Max core file size", 0, 4096),
                             ("Max stack size", 1048576, 2097152), ("Max cpu time", 300, 400)):
        assert re.search(rf"^{name} +{soft} +{hard} ", out, re.MULTILINE), out


def test_rlimit_without_end(thole, bundle):
    made = bundle("/bin/sh", "-c", "ulimit -c", rlimits=[
        {"type": "RLIMIT_CORE", "soft": 2**64 - 1, "hard": 2**64 - 1}])
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("needs an unlimited hard RLIMIT_CORE")
    assert thole.run(made).ok().out == "unlimited\n"


@pytest.mark.parametrize("limits", [
    [{"type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1}],
    [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1}, {"type": "RLIMIT_NOFILE", "soft": 2, "hard": 2}],
    [{"type": "RLIMIT_NOFILE", "soft": 200, "hard": 100}]])
def test_bad_rlimits_are_refused(thole, bundle, limits):
    thole.try_create(bundle("/bin/true", rlimits=limits)).failed()


@pytest.mark.needs(capability="SYS_RESOURCE")
def test_hard_limit_is_raised(thole, bundle):
    made = bundle("/bin/sh", "-c", "ulimit -Hn", rlimits=[
        {"type": "RLIMIT_NOFILE", "soft": 1048577, "hard": 1048577}])
    assert thole.run(made).ok().out == "1048577\n"


@pytest.mark.parametrize("score", [0, 100, 1000])
def test_oom_score(thole, bundle, score):
    with open("/proc/self/oom_score_adj", encoding="ascii") as source:
        if int(source.read()) > score and not machine.has_capability("SYS_RESOURCE"):
            pytest.skip("needs CAP_SYS_RESOURCE to lower oom_score_adj")
    made = bundle("/bin/cat", "/proc/self/oom_score_adj", oomScoreAdj=score)
    assert thole.run(made).ok().out == f"{score}\n"


@pytest.mark.parametrize("score", [1001, -1001])
def test_oom_score_out_of_range(thole, bundle, score):
    thole.try_create(bundle("/bin/true", oomScoreAdj=score)).failed("oomScoreAdj")


def test_hostname_and_domainname(thole, bundle):
    made = bundle("/bin/sh", "-c", "hostname; cat /proc/sys/kernel/domainname; echo $HOSTNAME")
    made.config["hostname"] = "web1"
    made.config["domainname"] = "example.org"
    assert thole.run(made).ok().out.splitlines()[:2] == ["web1", "example.org"]


@pytest.mark.parametrize("name", ["hostname", "domainname"])
def test_hostname_needs_an_own_uts_namespace(thole, bundle, name):
    made = bundle("/bin/true")
    made.without_namespace("uts")
    made.config.pop("hostname")
    made.config[name] = "web1"
    thole.try_create(made).failed()
    assert platform.node() != "web1"


def test_personality(thole, bundle):
    made = bundle("/bin/uname", "-m")
    made.linux["personality"] = {"domain": "LINUX32"}
    assert thole.run(made).ok().out.strip() in ("i686", "armv8l", "ppc", "s390")


def test_unknown_personality_is_refused(thole, bundle):
    made = bundle("/bin/true")
    made.linux["personality"] = {"domain": "SOLARIS"}
    thole.try_create(made).failed("SOLARIS")


@pytest.mark.parametrize("policy, number, more", [
    ("SCHED_BATCH", 3, {}), ("SCHED_IDLE", 5, {}), ("SCHED_OTHER", 0, {"nice": 7}),
    ("SCHED_FIFO", 1, {"priority": 3}), ("SCHED_RR", 2, {"priority": 4})])
def test_scheduler(thole, bundle, policy, number, more):
    made = bundle("/bin/sleep", "1000", scheduler={"policy": policy, **more})
    made.process["capabilities"] = {kind: ["CAP_SYS_NICE"]
                                    for kind in ("bounding", "effective", "permitted")}
    result = thole.try_create(made)
    if result.code and policy in ("SCHED_FIFO", "SCHED_RR") and "not permitted" in result.err:
        pytest.skip("needs a cgroup that grants real-time policies (cpu.rt_runtime_us)")
    result.ok()
    name = thole.ids[-1]
    thole("start", name).ok()
    pid = thole.state(name)["pid"]
    assert os.sched_getscheduler(pid) == number
    if "nice" in more:
        assert os.getpriority(os.PRIO_PROCESS, pid) == 7
    if "priority" in more:
        assert os.sched_getparam(pid).sched_priority == more["priority"]


@pytest.mark.parametrize("scheduler", [
    {"policy": "SCHED_NONE"}, {"policy": "SCHED_OTHER", "priority": 5},
    {"policy": "SCHED_FIFO", "priority": 100}, {"policy": "SCHED_OTHER", "nice": 40},
    {"policy": "SCHED_FIFO", "priority": 1, "runtime": 5},
    {"policy": "SCHED_DEADLINE", "runtime": 10, "deadline": 5, "period": 1}])
def test_bad_scheduler_is_refused(thole, bundle, scheduler):
    thole.try_create(bundle("/bin/true", scheduler=scheduler)).failed("scheduler")


@pytest.mark.parametrize("kind, number", [("IOPRIO_CLASS_BE", 2), ("IOPRIO_CLASS_IDLE", 3),
                                          ("IOPRIO_CLASS_RT", 1)])
def test_io_priority(thole, bundle, kind, number):
    made = bundle("/bin/sleep", "1000", ioPriority={"class": kind, "priority": 6})
    container = thole.launch(made)
    word = _LIBC.syscall({"x86_64": 252, "aarch64": 31}[platform.machine()], 1, container.pid)
    assert (word >> 13, word & 7) == (number, 6)


def test_bad_io_priority_is_refused(thole, bundle):
    made = bundle("/bin/true", ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 8})
    thole.try_create(made).failed("ioPriority")


def test_signals_have_their_defaults(thole, bundle):
    """What the caller ignores or blocks is not passed on."""
    def disturb():
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGHUP})

    made = bundle("/bin/cat", "/proc/self/status")
    out = thole.run(made, preexec_fn=disturb).ok().out
    lines = dict(line.split(":\t", 1) for line in out.splitlines() if ":\t" in line)
    assert int(lines["SigBlk"], 16) == 0
    assert int(lines["SigIgn"], 16) & ~(1 << 12) == 0, "at most SIGPIPE, which Python ignores"


def test_cpu_affinity_of_the_caller_does_not_show(thole, bundle):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two processors")
    made = bundle("/bin/sleep", "1000")
    first = min(os.sched_getaffinity(0))
    container = thole.launch(made, preexec_fn=lambda: os.sched_setaffinity(0, {first}))
    assert len(os.sched_getaffinity(container.pid)) >= 2


@pytest.mark.parametrize("affinity", [{"initial": "0", "final": "0"}, {"final": "0"}])
def test_exec_cpu_affinity(thole, bundle, affinity):
    made = bundle("/bin/sleep", "1000", execCPUAffinity=affinity)
    container = thole.launch(made)
    out = container.sh("grep Cpus_allowed_list /proc/self/status").ok().out
    assert out.split()[1] == "0"


@pytest.mark.needs(file="/proc/self/numa_maps")
def test_memory_policy(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /proc/self/numa_maps")
    made.linux["memoryPolicy"] = {"mode": "MPOL_INTERLEAVE", "nodes": "0"}
    assert "interleave:0" in thole.run(made).ok().out


SYSCTLS = {"kernel.msgmax": "9000", "kernel.shmmni": "4000", "kernel.sem": "250\t32000\t32\t128",
           "fs.mqueue.msg_max": "11", "net.ipv4.ip_forward": "1",
           "net.ipv4.ip_local_port_range": "2000\t3000", "kernel.domainname": "example.net"}


@pytest.mark.parametrize("key", sorted(SYSCTLS))
def test_sysctl(thole, bundle, key):
    path = "/proc/sys/" + key.replace(".", "/")
    with open(path, encoding="ascii") as source:
        before = source.read()
    made = bundle("/bin/cat", path)
    made.linux["sysctl"] = {key: SYSCTLS[key].replace("\t", " ")}
    assert thole.run(made).ok().out.split() == SYSCTLS[key].split()
    with open(path, encoding="ascii") as source:
        assert source.read() == before, "the host keeps its value"


def test_sysctl_with_slashes(thole, bundle):
    made = bundle("/bin/cat", "/proc/sys/net/ipv4/conf/lo/forwarding")
    made.linux["sysctl"] = {"net/ipv4/conf/lo/forwarding": "1"}
    assert thole.run(made).ok().out == "1\n"


def value_on_the_host(key):
    """What changes nothing, if it is written all the same."""
    path = "/proc/sys/" + key.replace(".", "/")
    if not key or not os.path.isfile(path):
        return "1"
    with open(path, encoding="ascii") as source:
        return source.read().strip()


@pytest.mark.parametrize("key", ["kernel.core_pattern", "vm.swappiness", "kernel.panic",
                                 "fs.file-max", "kernel.hostname", "net/../kernel/core_pattern",
                                 "net.ipv4.nothing", "", "kernel", "user.max_user_namespaces"])
def test_sysctl_of_the_host_is_refused(thole, bundle, key):
    made = bundle("/bin/true")
    made.linux["sysctl"] = {key: value_on_the_host(key)}
    thole.try_create(made).failed()


@pytest.mark.parametrize("key, namespace", [("kernel.msgmax", "ipc"), ("net.ipv4.ip_forward",
                                                                       "network")])
def test_sysctl_needs_the_namespace(thole, bundle, key, namespace):
    made = bundle("/bin/true")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if entry["type"] not in ("sysfs", "mqueue")]
    made.without_namespace(namespace)
    made.linux["sysctl"] = {key: value_on_the_host(key)}
    thole.try_create(made).failed()


def test_program_has_no_parent_death_signal(thole, bundle):
    """Containers outlive the runtime and its caller."""
    container = thole.launch(bundle("/bin/sh", "-c", "echo up; exec sleep 1000"))
    until(container.output, what="output")
    assert container.status == "running"
