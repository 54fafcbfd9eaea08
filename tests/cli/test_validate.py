# SPDX-License-Identifier: Apache-2.0
"""validate, plan and create tell the same story: the same place and the same words for what is wrong,
and a note for what has no effect."""
import copy
import glob
import json
import os
import re

import pytest

from harness.config_members import put, rows
from harness.machine import TOP

pytestmark = pytest.mark.any_layout

CASES = os.path.join(TOP, "tests/plan/cases")


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


# ---- every member of the tables with a bad value ----------------------------------------------------

WRONG_TYPE = {"a string": 7, "true or false": "yes", "a number": "1", "an object": [],
              "a list of strings": [7], "a list of numbers": ["1"], "a list of objects": [[]],
              "an object of strings": {"key": 7}, "an object of objects": {"key": []}}
BEHIND = {"a list of strings": "/0", "a list of numbers": "/0", "a list of objects": "/0",
          "an object of strings": "/key", "an object of objects": "/key"}


def bad_values():
    """(pointer with stars, value, what the pointer of the error ends with) out of the tables."""
    for pointer, kind, least, most, words in rows():
        yield pointer, WRONG_TYPE[kind], BEHIND.get(kind, "")
        if kind == "a number":
            yield pointer, least - 1, ""
            yield pointer, most + 1, ""
            yield pointer, 1.5, ""
        if words and kind == "a string":
            yield pointer, "nonsense", ""


def errors(thole, made, *command):
    """The errors that a command names for a bundle, each "POINTER: TEXT"."""
    result = thole(*command, made.path)
    lines = [line.removeprefix("error: ") for line in result.out.splitlines()
             if line.startswith("error: ")] if "validate" in command else \
        [re.sub(r"^thole: (plan|create \S+): ", "", line) for line in result.err.splitlines()
         if not line.startswith("thole: warning: ")]
    assert bool(lines) == bool(result.code), result
    return lines


def tell(thole, made, place):
    """What validate, plan and create say first has to be the same, and to begin with the place."""
    name = thole.prepare(made, None)
    wanted = errors(thole, made, "validate")[0]
    assert wanted.startswith(place), wanted
    assert errors(thole, made, "plan", "--id", name)[0] == wanted
    created = thole("create", "--bundle", made.path, name).failed()
    assert f" {name}: {wanted}\n" in created.err


BAD_VALUES = [bad for bad in bad_values() if bad[0] != "/linux"]  # where tests put their cgroup


@pytest.mark.parametrize("section", sorted({bad[0].split("/")[1] for bad in BAD_VALUES}))
def test_a_bad_value_of_any_member(thole, bundle, section):
    made = bundle("/bin/true")
    good = copy.deepcopy(made.config)
    for pointer, value, behind in BAD_VALUES:
        if pointer.split("/")[1] != section:
            continue
        made.config = copy.deepcopy(good)
        real = put(made.config, pointer, value)
        if pointer.startswith("/process/consoleSize"):
            made.process["terminal"] = True
        tell(thole, made, real + behind + ": ")


def test_the_bad_values_cover_the_tables():
    assert len(BAD_VALUES) > 400, "the tables of docs/config-support.md are not understood"


# ---- what only a plan finds -------------------------------------------------------------------------

# Refused for what the host of the case lacks, or the command line asks: nothing is wrong with these.
HOSTS = {
    "apparmor-off", "cgroup-delegated-on-hybrid", "cgroup-mount-forced-v1", "cgroup-mount-none",
    "controller-missing", "exec-args", "exec-capability", "exec-user", "exec-user-name",
    "huge-page-size", "memory-controller-missing", "memory-kernel-tcp-on-v2", "memory-oom-killer-on-v2",
    "memory-swappiness-on-v2", "rdt", "realtime-on-v2", "rootless-groups",
    "rootless-no-user-namespace", "selinux-off", "time-namespace", "unified-controller",
    "unified-on-v1",
}
ERRORS = sorted(os.path.basename(path)[len("error-"):]
                for path in glob.glob(f"{CASES}/error-*"))


@pytest.mark.parametrize("name", ERRORS)
def test_validate_finds_what_a_plan_refuses(thole, bundle, name):
    folder = f"{CASES}/error-{name}"
    made = bundle("/bin/true")
    made.config = json.loads(read(f"{folder}/config.json"))
    made.config.get("root", {})["path"] = "rootfs"
    made.write()
    manager = ["--systemd-cgroup"] if "manager systemd" in read(f"{folder}/request") else []
    found = errors(thole, made, *manager, "validate")
    wanted = read(f"{folder}/plan.txt").splitlines()[0][len("error: "):]
    if name in HOSTS:
        assert wanted not in found
    else:
        assert found[0] == wanted
        assert errors(thole, made, *manager, "plan", "--id", "web1")[0] == wanted
        created = thole(*manager, "create", "--bundle", made.path, "web1").failed()
        assert f" web1: {wanted}\n" in created.err


def member(pointer, value):
    return lambda made: put(made.config, pointer, value)


def mount(**more):
    return lambda made: made.config["mounts"].append({"destination": "/x", **more})


def mappings(count=1, step=1, size=1):
    return [{"containerID": i * step, "hostID": i * step, "size": size} for i in range(count)]


def user_namespace(**more):
    def change(made):
        made.user_namespace()
        made.linux.update(more)
    return change


def without(kind):
    def change(made):
        made.linux["namespaces"] = [entry for entry in made.linux["namespaces"]
                                    if entry["type"] != kind]
    return change


REFUSED = {
    "/hostname": without("uts"),
    "/linux/timeOffsets": member("/linux/timeOffsets", {"monotonic": {"secs": 1}}),
    "/linux/uidMappings": member("/linux", {"uidMappings": mappings(), "gidMappings": mappings(),
                                            "namespaces": [{"type": "mount"}, {"type": "uts"}]}),
    "/linux/uidMappings: the kernel takes at most 340": user_namespace(
        uidMappings=mappings(341), gidMappings=mappings(341)),
    "/linux/uidMappings: the kernel takes 4095 bytes": user_namespace(
        uidMappings=mappings(340, 10000000), gidMappings=mappings(340, 10000000)),
    "/linux/sysctl/kernel.panic": member("/linux/sysctl", {"kernel.panic": "1"}),
    "/linux/sysctl/kernel.domainname": lambda made: made.config.update(
        domainname="a", linux={**made.linux, "sysctl": {"kernel.domainname": "b"}}),
    "/linux/resources/cpu/burst": member("/linux/resources/cpu", {"quota": 1000, "burst": 2000}),
    "/linux/resources/blockIO/weightDevice/0": member(
        "/linux/resources/blockIO/weightDevice", [{"major": 8, "minor": 0}]),
    "/mounts/6: an id-mapped": mount(source="/tmp", options=["bind", "idmap"]),
    "/mounts/6/uidMappings/1": mount(source="/tmp", options=["bind"], gidMappings=mappings(2),
                                     uidMappings=mappings(2, 1, 2)),
    "/mounts/6/gidMappings: the kernel takes at most 340": mount(
        source="/tmp", options=["bind"], uidMappings=mappings(), gidMappings=mappings(341)),
    "/mounts/6/options/1/uidMappings/1": mount(
        source="/tmp", options=["bind", "idmap=uids=0-0-2#1-5-2;gids=0-0-1"]),
    "/linux/memoryPolicy/nodes: this mode needs": member("/linux/memoryPolicy",
                                                         {"mode": "MPOL_BIND"}),
    "/linux/memoryPolicy/nodes: this mode takes": member("/linux/memoryPolicy",
                                                         {"mode": "MPOL_LOCAL", "nodes": "0"}),
    "/process/consoleSize": member("/process", {"terminal": True, "consoleSize": {"height": 1},
                                                "cwd": "/", "args": ["/bin/true"]}),
    "/root/path": member("/root/path", "nowhere"),
    "/linux/seccomp/architectures": member("/linux/seccomp", {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_S390X"],
        "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}),
}
REFUSED["/linux/seccomp: forbids execve"] = member("/linux/seccomp", {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["execve", "execveat"], "action": "SCMP_ACT_ERRNO"}]})
REFUSED["/linux/seccomp: forbids capset"] = lambda made: (made.process.update(noNewPrivileges=False), member(
    "/linux/seccomp", {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["execve", "write", "exit_group"], "action": "SCMP_ACT_ALLOW"}]})(made))
# These need the host's files or the compiler of filters, which a plan does not look at.
NOT_PLANNED = {"/root/path", "/linux/seccomp/architectures", "/linux/seccomp: forbids execve",
               "/linux/seccomp: forbids capset"}


@pytest.mark.parametrize("place", REFUSED)
def test_what_create_refuses(thole, bundle, place):
    made = bundle("/bin/true")
    REFUSED[place](made)
    if place not in NOT_PLANNED:
        tell(thole, made, place)
        return
    name = thole.prepare(made, None)
    wanted = errors(thole, made, "validate")[0]
    assert wanted.startswith(place)
    thole("create", "--bundle", made.path, name).failed(wanted)


def test_all_errors_are_listed(thole, bundle):
    made = bundle("/bin/true")
    made.config["domainname"] = "a"
    without("uts")(made)
    made.config["mounts"] += [{"destination": "/a", "type": "bind"}, {"destination": "/b"}]
    made.linux["sysctl"] = {"kernel.panic": "1", "vm.swappiness": "1"}
    made.linux["resources"].update(cpu={"quota": 1000, "burst": 2000}, memory={"limit": 2, "swap": 1})
    made.process["user"] = {"uid": 2**32 - 1, "gid": 0}
    made.process["scheduler"] = {"policy": "SCHED_FIFO"}
    made.write()
    assert [line.split(": ")[0] for line in errors(thole, made, "validate")] == [
        "/hostname", "/domainname", "/linux/resources/memory/swap", "/linux/resources/cpu/burst",
        "/mounts/6", "/mounts/7", "/linux/sysctl/kernel.panic", "/linux/sysctl/vm.swappiness",
        "/process/user/uid", "/process/scheduler"]


# ---- what has no effect -----------------------------------------------------------------------------

SECCOMP = {"defaultAction": "SCMP_ACT_ALLOW"}
NO_EFFECT = {
    "/mounts/6/destination": lambda made: made.config["mounts"].append(
        {"destination": "relative/path", "type": "tmpfs", "source": "tmpfs"}),
    "/mounts/6": mount(source="/tmp", options=["bind", "tmpcopyup"]),
    "/linux/devices/0": member("/linux/devices", 2 * [{"path": "/dev/a", "type": "c", "major": 1,
                                                       "minor": 3}]),
    "/linux/seccomp/syscalls/0": member("/linux/seccomp", {**SECCOMP, "syscalls": [
        {"names": ["nonsense", "mkdir"], "action": "SCMP_ACT_ERRNO"}]}),
    "/linux/seccomp/syscalls/0/errnoRet": member("/linux/seccomp", {**SECCOMP, "syscalls": [
        {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4096}]}),
    "/linux/seccomp/defaultErrnoRet": member("/linux/seccomp", {
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 5000}),
    "/linux/resources/memory/useHierarchy": member("/linux/resources/memory",
                                                   {"useHierarchy": False}),
    "/linux/timeOffsets/realtime": member("/linux/timeOffsets", {"realtime": {"secs": 1}}),
    "/process/capabilities/ambient": member("/process/capabilities/ambient", ["CAP_KILL"]),
    "/process/capabilities/bounding/0": member("/process/capabilities/bounding", ["CAP_NONSENSE"]),
    "/process/consoleSize": member("/process/consoleSize", {"height": 70000}),
    "/process/scheduler/nice": member("/process/scheduler", {
        "policy": "SCHED_DEADLINE", "runtime": 10**7, "deadline": 10**8, "nice": 5}),
    "/process/unknown": member("/process/unknown", 1),
    "/windows": member("/windows", {}),
}


@pytest.mark.parametrize("place", NO_EFFECT)
def test_what_has_no_effect_is_a_note(thole, bundle, place):
    made = bundle("/bin/true")
    NO_EFFECT[place](made)
    made.write()
    notes = thole("validate", made.path).ok().out.splitlines()
    assert [line for line in notes if line.startswith(f"note: {place}: ")], notes
    assert not [line for line in notes if line.startswith("error: ")]
    assert thole("validate", "--strict", made.path).code == 1
    thole("plan", "--id", "x", made.path).ok()


@pytest.mark.parametrize("twice, place", [
    ('"hostname": "a", "hostname": "b"', "/hostname"),
    ('"annotations": {"a": "1", "b": "2", "a": "3"}', "/annotations/a")])
def test_members_that_are_there_twice(thole, bundle, twice, place):
    made = bundle("/bin/true")
    del made.config["hostname"]
    made.write()
    path = os.path.join(made.path, "config.json")
    text = read(path)
    with open(path, "w", encoding="utf-8") as target:
        target.write("{" + twice + "," + text[text.index("{") + 1:])
    assert f"note: {place}: is there twice" in thole("validate", made.path).ok().out


def test_an_ordinary_configuration_has_no_finding(thole, bundle):
    made = bundle("/bin/true")
    made.write()
    assert thole("validate", "--strict", made.path).ok().out == ""


def test_no_copy_up_is_planned_for_a_bind(thole, bundle):
    made = bundle("/bin/true")
    made.mount("/x", "/tmp", "bind", ["bind", "tmpcopyup"])
    made.write()
    assert "copyUp" not in thole("plan", "--id", "x", made.path).ok().out


# ---- what is no error -------------------------------------------------------------------------------

def test_a_domainname_and_the_same_parameter_go_together(thole, bundle):
    made = bundle("/bin/cat", "/proc/sys/kernel/domainname")
    made.config["domainname"] = "example"
    made.linux["sysctl"] = {"kernel.domainname": "example"}
    assert thole.run(made).ok().out == "example\n"


# ---- errors that come later have their place --------------------------------------------------------

LATER = {
    "/process/args/0": member("/process/args", ["/nowhere"]),
    "/root/path": member("/root/path", "nowhere"),
    "/linux/seccomp/listenerPath": member("/linux/seccomp", {
        **SECCOMP, "listenerPath": "/nowhere",
        "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}),
}


@pytest.mark.parametrize("place", LATER)
def test_an_error_of_the_start_names_its_place(thole, bundle, place):
    made = bundle("/bin/true")
    LATER[place](made)
    assert f": {place}: " in thole.run(made).failed().err


@pytest.mark.needs(controller="memory")
def test_a_memory_limit_too_small_for_the_start_is_named(thole, bundle):
    made = bundle("/bin/true")
    made.resources["memory"] = {"limit": 4096}
    assert ": /linux/resources/memory/limit: the container's init" in thole.run(made).failed().err


def test_features_lists_architectures_that_can_be_filtered(thole, bundle):
    archs = json.loads(thole("features").ok().out)["linux"]["seccomp"]["archs"]
    assert "SCMP_ARCH_X86_64" in archs or os.uname().machine != "x86_64"
    made = bundle("/bin/true")
    made.linux["seccomp"] = {**SECCOMP, "architectures": archs, "syscalls": [
        {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
    assert thole.run(made).ok()


@pytest.mark.parametrize("when", ["initial", "final"])
@pytest.mark.parametrize("cpus", ["0-", "1-0", "-1", "99999", "0--1", "0,,1", "+0", "0 1", "0-8192",
                                  "18446744073709551616", "0-1-2"])
def test_a_list_of_cpus_is_judged_before_anything_runs(thole, bundle, sleeper, folder, cpus, when):
    place = f"/process/execCPUAffinity/{when}: must be a list of CPUs"
    made = bundle("/bin/true", execCPUAffinity={when: cpus})
    thole.try_create(made).failed(place)
    assert place in thole("validate", made.path).out
    path = os.path.join(folder, "process.json")
    with open(path, "w", encoding="ascii") as target:
        json.dump(made.config["process"], target)
    sleeper().exec(options=("--process", path)).failed(place.removeprefix("/process"))


@pytest.mark.parametrize("cpus", ["0", "0-0", "0,0", " 0 , 0 - 0", "0,"])
def test_a_good_list_of_cpus_holds(thole, bundle, cpus):
    container = thole.launch(bundle("/bin/sleep", "1000", execCPUAffinity={"final": cpus}))
    out = container.exec("/bin/grep", "Cpus_allowed_list", "/proc/self/status").ok().out
    assert out.split()[1] == "0"
