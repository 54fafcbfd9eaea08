# SPDX-License-Identifier: Apache-2.0
"""config.md: capabilities, privileges, OOM score, scheduling, security labels of the process."""
import ctypes
import os
import platform
import struct

import pytest

from harness import machine
from sentences import sentence

LINUX = ("config.md", "Linux Process")
SETS = {"effective": "CapEff", "bounding": "CapBnd", "inheritable": "CapInh", "permitted": "CapPrm",
        "ambient": "CapAmb"}
_LIBC = ctypes.CDLL(None, use_errno=True)
IOPRIO_GET = {"x86_64": 252, "aarch64": 31}
SCHED_GETATTR = {"x86_64": 315, "aarch64": 275}


def status(runtime, made):
    """/proc/self/status of the program as {name: text}."""
    lines = runtime.shell(made, "cat /proc/self/status").splitlines()
    return {line.split(":")[0]: line.split(":")[1].strip() for line in lines if ":" in line}


def sets(runtime, made):
    found = status(runtime, made)
    return {name: machine.capability_names(int(found[name], 16)) for name in SETS.values()}


@sentence(*LINUX, "capabilities (object, OPTIONAL) is an object containing arrays that specifies the sets")
@sentence(*LINUX, "Valid values are defined in the capabilities(7) man page, such as CAP_CHOWN")
def test_all_capabilities(runtime, bundle):
    """Every one that this machine can give, in every set that root has."""
    granted = machine.capability_names(machine.capability_sets()["CapBnd"])
    made = bundle()
    made.process["capabilities"] = {kind: sorted(granted) for kind in SETS if kind != "ambient"}
    found = sets(runtime, made)
    assert all(found[name] == granted for kind, name in SETS.items() if kind != "ambient")
    assert found["CapAmb"] == set()


BASE = {"bounding": ["CAP_KILL", "CAP_CHOWN", "CAP_FOWNER", "CAP_SETUID"],
        "permitted": ["CAP_KILL", "CAP_CHOWN", "CAP_FOWNER"], "effective": ["CAP_KILL", "CAP_CHOWN"],
        "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]}
USER = {"uid": 1000, "gid": 1000}


@pytest.mark.parametrize("kind, wanted", [
    pytest.param("effective", {"CAP_CHOWN"}, marks=sentence(
        *LINUX, "effective (array of strings, OPTIONAL) the effective field",
        note="as far as the execve of the program keeps it")),
    pytest.param("permitted", {"CAP_CHOWN"}, marks=sentence(
        *LINUX, "permitted (array of strings, OPTIONAL) the permitted field",
        note="as far as the execve of the program keeps it")),
    pytest.param("bounding", set(BASE["bounding"]), marks=sentence(
        *LINUX, "bounding (array of strings, OPTIONAL) the bounding field")),
    pytest.param("inheritable", {"CAP_CHOWN"}, marks=sentence(
        *LINUX, "inheritable (array of strings, OPTIONAL) the inheritable field")),
    pytest.param("ambient", {"CAP_CHOWN"}, marks=sentence(
        *LINUX, "ambient (array of strings, OPTIONAL) the ambient field"))])
def test_capability_set_of_a_user(runtime, bundle, kind, wanted):
    assert sets(runtime, bundle(capabilities=BASE, user=USER))[SETS[kind]] == wanted


@pytest.mark.parametrize("kind, wanted", [
    pytest.param("permitted", set(BASE["permitted"]), marks=sentence(
        *LINUX, "permitted (array of strings, OPTIONAL) the permitted field")),
    pytest.param("effective", set(BASE["permitted"]), marks=sentence(
        *LINUX, "effective (array of strings, OPTIONAL) the effective field")),
    pytest.param("bounding", set(BASE["bounding"]), marks=sentence(
        *LINUX, "bounding (array of strings, OPTIONAL) the bounding field")),
    pytest.param("inheritable", {"CAP_CHOWN"}, marks=sentence(
        *LINUX, "inheritable (array of strings, OPTIONAL) the inheritable field"))])
def test_capability_set_of_root(runtime, bundle, kind, wanted):
    """With no_new_privs an execve of root keeps the permitted set, and makes all of it effective."""
    assert sets(runtime, bundle(capabilities=BASE, noNewPrivileges=True))[SETS[kind]] == wanted


@sentence(*LINUX, "Any value which cannot be mapped to a relevant kernel interface, or cannot be granted "
          "otherwise MUST be logged as a warning", note="standard error or --log names the capability")
@sentence(*LINUX, "Runtimes SHOULD NOT fail if the container configuration requests capabilities that "
          "cannot be granted")
@pytest.mark.parametrize("name", ["CAP_BOGUS", pytest.param(
    "CAP_SYS_RESOURCE", marks=pytest.mark.skipif(
        machine.has_capability("SYS_RESOURCE"), reason="this machine grants every capability"))])
def test_capability_that_cannot_be_granted(runtime, bundle, folder, name):
    made = bundle("/bin/echo", "runs")
    runtime.run(made).ok()
    for names in made.process["capabilities"].values():
        names.append(name)
    result = runtime.run(made, before=["--log", folder + "/log"])
    assert result.ok().out == "runs\n"
    assert name in runtime.warned(result, folder + "/log")


@sentence(*LINUX, "noNewPrivileges (bool, OPTIONAL) setting noNewPrivileges to true prevents the process "
          "from gaining additional privileges")
@pytest.mark.parametrize("wanted", [True, False, None])
def test_no_new_privileges(runtime, bundle, probe, wanted):
    """A set-uid program does not gain the owner's rights."""
    made = bundle(user=USER)
    del made.process["noNewPrivileges"]
    if wanted is not None:
        made.process["noNewPrivileges"] = wanted
    assert status(runtime, made)["NoNewPrivs"] == str(int(bool(wanted)))
    made.process["args"] = [probe(made), "overwrite", "/secret", "1"]
    os.chmod(made.rootfs + "/bin/probe", 0o4755)
    made.file("/secret", mode=0o600)
    said = runtime.run(made).out
    assert said == ("Permission denied\n" if wanted else "opened for writing\n")


@sentence(*LINUX, "oomScoreAdj (int, OPTIONAL) adjusts the oom-killer score")
@sentence(*LINUX, "If oomScoreAdj is set, the runtime MUST set oom_score_adj to the given value")
@pytest.mark.parametrize("score", [1000, 321])
def test_oom_score(runtime, bundle, score):
    made = bundle("/bin/cat", "/proc/self/oom_score_adj", oomScoreAdj=score)
    assert int(runtime.run(made).ok().out) == score


@sentence(*LINUX, "If oomScoreAdj is not set, the runtime MUST NOT change the value of oom_score_adj")
def test_oom_score_of_the_caller(runtime, bundle):
    def raise_score():
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as target:
            target.write("432")

    made = bundle("/bin/cat", "/proc/self/oom_score_adj")
    assert int(runtime.run(made, preexec_fn=raise_score).ok().out) == 432


def scheduled(runtime, made, scheduler):
    """(policy, flags, nice, priority, runtime, deadline, period) of a running container."""
    made.process["scheduler"] = scheduler
    made.capabilities("CAP_SYS_NICE")
    made.process["args"] = ["/bin/sleep", "1000"]
    result = runtime.try_create(made)
    real_time = scheduler["policy"] in ("SCHED_FIFO", "SCHED_RR", "SCHED_DEADLINE")
    if result.code and real_time and "not permitted" in result.err:
        pytest.skip("this machine's cgroups grant no real-time policy (cpu.rt_runtime_us)")
    result.ok()
    runtime("start", runtime.ids[-1]).ok()
    buffer = ctypes.create_string_buffer(48)
    pid = runtime.state(runtime.ids[-1])["pid"]
    assert _LIBC.syscall(SCHED_GETATTR[platform.machine()], pid, buffer, 48, 0) == 0
    return struct.unpack("=IIQiIQQQ", buffer.raw)[1:]


@sentence(*LINUX, "scheduler (object, OPTIONAL) is an object describing the scheduler properties")
@sentence(*LINUX, "policy (string, REQUIRED) represents the scheduling policy")
@pytest.mark.parametrize("policy, number, more", [
    ("SCHED_OTHER", 0, {"nice": 4}), ("SCHED_FIFO", 1, {"priority": 5}),
    ("SCHED_RR", 2, {"priority": 5}), ("SCHED_BATCH", 3, {}), ("SCHED_IDLE", 5, {}),
    ("SCHED_DEADLINE", 6, {"runtime": 1000000, "deadline": 10000000, "period": 10000000})])
def test_scheduling_policy(runtime, bundle, policy, number, more):
    assert scheduled(runtime, bundle(), {"policy": policy, **more})[0] == number


@sentence(*LINUX, "policy (string, REQUIRED) represents the scheduling policy")
@pytest.mark.parametrize("scheduler", [{"nice": 3}, {"policy": "SCHED_BOGUS"}])
def test_scheduling_policy_is_required(runtime, bundle, scheduler):
    runtime.refuses(bundle(scheduler=scheduler), late=True)


@sentence(*LINUX, "nice (int32, OPTIONAL) is the nice value for the process, affecting its priority")
@sentence(*LINUX, "If not set, the runtime must use the value 0", note="nice of the caller does not stay")
@pytest.mark.parametrize("nice", [11, None])
def test_nice(runtime, bundle, nice):
    before = os.nice(0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, 7)
        members = {} if nice is None else {"nice": nice}
        assert scheduled(runtime, bundle(), {"policy": "SCHED_BATCH", **members})[2] == (nice or 0)
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


@sentence(*LINUX, "priority (int32, OPTIONAL) represents the static priority of the process")
def test_priority(runtime, bundle):
    assert scheduled(runtime, bundle(), {"policy": "SCHED_RR", "priority": 17})[3] == 17


@sentence(*LINUX, "flags (array of strings, OPTIONAL) is an array of strings representing scheduling flags")
@pytest.mark.parametrize("names, flags", [
    (["SCHED_FLAG_RESET_ON_FORK"], 1), ([], 0), pytest.param(None, 0, id="none")])
def test_scheduling_flags(runtime, bundle, names, flags):
    members = {} if names is None else {"flags": names}
    assert scheduled(runtime, bundle(), {"policy": "SCHED_BATCH", **members})[1] == flags


@sentence(*LINUX, "flags (array of strings, OPTIONAL) is an array of strings representing scheduling flags")
def test_unknown_scheduling_flag(runtime, bundle):
    scheduler = {"policy": "SCHED_BATCH", "flags": ["SCHED_FLAG_BOGUS"]}
    runtime.refuses(bundle(scheduler=scheduler), late=True)


DEADLINE = {"runtime": 2000000, "deadline": 11000000, "period": 12000000}


@pytest.mark.parametrize("member, place", [
    pytest.param("runtime", 4, marks=sentence(
        *LINUX, "runtime (uint64, OPTIONAL) represents the amount of time in nanoseconds")),
    pytest.param("deadline", 5, marks=sentence(
        *LINUX, "deadline (uint64, OPTIONAL) represents the absolute deadline for the process")),
    pytest.param("period", 6, marks=sentence(
        *LINUX, "period (uint64, OPTIONAL) represents the length of the period in nanoseconds"))])
def test_deadline(runtime, bundle, member, place):
    seen = scheduled(runtime, bundle(), {"policy": "SCHED_DEADLINE", **DEADLINE})
    assert seen[place] == DEADLINE[member]


def io_priority(pid):
    word = _LIBC.syscall(IOPRIO_GET[platform.machine()], 1, pid)
    return word >> 13, word & 7


@sentence(*LINUX, "ioPriority (object, OPTIONAL) configures the I/O priority settings")
@sentence(*LINUX, "The I/O priority settings will be automatically applied to the entire process group")
@sentence(*LINUX, "class (string, REQUIRED) specifies the I/O scheduling class")
@sentence(*LINUX, "priority (int, REQUIRED) specifies the priority level within the class")
@pytest.mark.parametrize("kind, number, level", [("IOPRIO_CLASS_RT", 1, 7), ("IOPRIO_CLASS_BE", 2, 0),
                                                 ("IOPRIO_CLASS_BE", 2, 6), ("IOPRIO_CLASS_IDLE", 3, 4)])
def test_io_priority(runtime, bundle, kind, number, level):
    made = bundle("/bin/sh", "-c", "sleep 1000 & wait",
                  ioPriority={"class": kind, "priority": level})
    pid = runtime.launch(made).pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        members = [pid, *map(int, children.read().split())]
    assert {io_priority(member) for member in members} == {(number, level)}


@pytest.mark.parametrize("value", [
    pytest.param({"priority": 4}, marks=sentence(*LINUX, "class (string, REQUIRED) specifies")),
    pytest.param({"class": "IOPRIO_CLASS_BOGUS", "priority": 4},
                 marks=sentence(*LINUX, "class (string, REQUIRED) specifies")),
    pytest.param({"class": "IOPRIO_CLASS_BE"},
                 marks=sentence(*LINUX, "priority (int, REQUIRED) specifies")),
    pytest.param({"class": "IOPRIO_CLASS_BE", "priority": 8}, marks=sentence(
        *LINUX, "The value should be an integer ranging from 0 (highest) to 7 (lowest)"))])
def test_io_priority_is_complete(runtime, bundle, value):
    runtime.refuses(bundle(ioPriority=value), late=True)


two_processors = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")


def affinity_of_exec(runtime, made):
    container = runtime.launch(made)
    return container.sh("awk '/Cpus_allowed_list/ {print $2}' /proc/self/status").ok().out.strip()


@two_processors
@sentence(*LINUX, "execCPUAffinity (object, OPTIONAL) specifies CPU affinity used to execute the process")
@sentence(*LINUX, "This setting is not applicable to the container's init process")
@sentence(*LINUX, "final (string, OPTIONAL) is a list of CPUs the process will be run on after")
@pytest.mark.parametrize("affinity", [{"final": "1"}, {"initial": "0", "final": "1"},
                                      {"initial": "1", "final": "0-1"}])
def test_final_affinity(runtime, bundle, affinity):
    made = bundle("/bin/sleep", "1000", execCPUAffinity=affinity)
    assert affinity_of_exec(runtime, made) == affinity["final"]
    pid = runtime.state(runtime.ids[-1])["pid"]
    assert os.sched_getaffinity(pid) == os.sched_getaffinity(0)


@two_processors
@sentence(*LINUX, "initial (string, OPTIONAL) is a list of CPUs a runtime parent process to be run on "
          "initially", note="without final, what the process has is what it was run on before")
@sentence(*LINUX, "If omitted or empty, runtime SHOULD NOT change process' CPU affinity after the process "
          "is moved to container's cgroup")
@pytest.mark.parametrize("more", [{}, {"final": ""}], ids=["omitted", "empty"])
def test_initial_affinity(runtime, bundle, more):
    made = bundle("/bin/sleep", "1000", execCPUAffinity={"initial": "1", **more})
    assert affinity_of_exec(runtime, made) == "1"


@sentence(*LINUX, "For example, 0-3,7 represents CPUs 0,1,2,3, and 7")
@pytest.mark.parametrize("word", ["x", "0-", "1-0", ",", "0;1"])
def test_malformed_affinity(runtime, bundle, word):
    made = bundle("/bin/sleep", "1000", execCPUAffinity={"final": word})
    result = runtime.try_create(made)
    if result.code == 0:  # it concerns exec alone, so that may be who tells
        runtime("start", runtime.ids[-1]).ok()
        runtime("exec", runtime.ids[-1], "/bin/true").failed()


@pytest.mark.needs(security_module="apparmor", file="/sys/kernel/security/apparmor/profiles")
@sentence(*LINUX, "apparmorProfile (string, OPTIONAL) specifies the name of the AppArmor profile")
def test_apparmor_profile(runtime, bundle):
    with open("/sys/kernel/security/apparmor/profiles", encoding="utf-8") as source:
        names = [line.split(" (")[0] for line in source if " (unconfined)" in line]
    if not names:
        pytest.skip("no profile is loaded that lets a program run")
    made = bundle("/bin/cat", "/proc/self/attr/current", apparmorProfile=names[0])
    assert runtime.run(made).ok().out.split(" (")[0] == names[0]
    made.process["apparmorProfile"] = "no-such-profile-anywhere"
    runtime.refuses(made, late=True)


@pytest.mark.skipif("apparmor" in machine.security_modules(), reason="AppArmor is on")
@sentence(*LINUX, "apparmorProfile (string, OPTIONAL) specifies the name of the AppArmor profile",
          note="where there is no AppArmor, a profile is refused")
def test_apparmor_profile_without_apparmor(runtime, bundle):
    runtime.refuses(bundle(apparmorProfile="some-profile"), late=True)


@pytest.mark.skipif("selinux" in machine.security_modules(), reason="SELinux is on")
@sentence(*LINUX, "selinuxLabel (string, OPTIONAL) specifies the SELinux label for the process",
          note="where there is no SELinux, a label is refused")
def test_selinux_label_without_selinux(runtime, bundle):
    runtime.refuses(bundle(selinuxLabel="system_u:system_r:container_t:s0:c1,c2"), late=True)


@pytest.mark.needs(security_module="selinux")
@sentence(*LINUX, "selinuxLabel (string, OPTIONAL) specifies the SELinux label for the process")
def test_selinux_label(runtime, bundle):
    label = "unconfined_u:unconfined_r:container_t:s0:c1,c2"
    made = bundle("/bin/sleep", "1000", selinuxLabel=label)
    made.linux["mountLabel"] = "unconfined_u:object_r:container_file_t:s0:c1,c2"
    for folder, _, names in os.walk(made.rootfs):
        for name in [""] + names:
            os.setxattr(os.path.join(folder, name), "security.selinux",
                        made.linux["mountLabel"].encode(), follow_symlinks=False)
    with open(f"/proc/{runtime.launch(made).pid}/attr/current", encoding="ascii") as source:
        assert source.read().rstrip("\0\n") == label
