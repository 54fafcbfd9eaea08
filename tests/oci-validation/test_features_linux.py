# SPDX-License-Identifier: Apache-2.0
"""features-linux.md: what the structure promises for Linux. A name of a list is recognized if the runtime takes
it in a configuration, or refuses it for what the host lacks; what nobody recognizes is refused."""
import copy
import os
import re

import pytest

from features_document import features  # noqa: F401
from harness import machine
from sentences import sentence

NAMESPACES = {"cgroup", "ipc", "mount", "network", "pid", "user", "uts", "time"}


def linux(heading, *fragments):
    return [sentence("features-linux.md", heading, words) for words in fragments]


# ---- lists of names ----------------------------------------------------------------------------


def with_namespace(made, name):
    if name == "user":
        made.user_namespace()
    made.namespace(name)


def with_capability(made, name):
    made.process["capabilities"] = {kind: name.split() for kind in ("bounding", "effective", "permitted")}


def seccomp(made, **members):
    made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["getpgid"], "action": "SCMP_ACT_ERRNO"}], **members}


def with_action(made, name):
    seccomp(made, syscalls=[{"names": ["lookup_dcookie"], "action": name}])
    if name == "SCMP_ACT_NOTIFY":
        made.linux["seccomp"]["listenerPath"] = "/nothing"


def with_operator(made, name):
    seccomp(made, syscalls=[{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "args": [
        {"index": 0, "value": 1, "valueTwo": 1, "op": name}]}])


def with_architecture(made, name):
    seccomp(made, architectures=[name])


def with_flag(made, name):
    seccomp(made, flags=[name])


def with_mode(made, name):
    made.linux["memoryPolicy"] = {"mode": name}
    if name not in ("MPOL_DEFAULT", "MPOL_LOCAL"):
        made.linux["memoryPolicy"]["nodes"] = "0"


def with_policy_flag(made, name):
    made.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": [name]}


# id: (sentences, path of the list, what asks for a name of it, a name that nobody knows)
LISTS = {
    "namespaces": (linux("Namespaces", "namespaces (array of strings, OPTIONAL) The recognized names",
                         "The runtime MUST recognize the elements in this array as the type of"),
                   ("linux", "namespaces"), with_namespace, "nothing"),
    "capabilities": (linux("Capabilities", "capabilities (array of strings, OPTIONAL) The recognized names",
                           "The runtime MUST recognize the elements in this array in the process.capabilities"),
                     ("linux", "capabilities"), with_capability, None),
    "actions": (linux("Seccomp", "actions (array of strings, OPTIONAL) The recognized names of the seccomp",
                      "MUST recognize the elements in this array in the [syscalls[].action"),
                ("linux", "seccomp", "actions"), with_action, "SCMP_ACT_NOTHING"),
    "operators": (linux("Seccomp", "operators (array of strings, OPTIONAL) The recognized names of the seccomp",
                        "MUST recognize the elements in this array in the [syscalls[].args[].op"),
                  ("linux", "seccomp", "operators"), with_operator, "SCMP_CMP_NOTHING"),
    "archs": (linux("Seccomp", "archs (array of strings, OPTIONAL) The recognized names of the seccomp",
                    "MUST recognize the elements in this array in the architectures property"),
              ("linux", "seccomp", "archs"), with_architecture, "SCMP_ARCH_NOTHING"),
    "knownFlags": (linux("Seccomp", "knownFlags (array of strings, OPTIONAL) The recognized names of the",
                         "MUST recognize the elements in this array in the flags property"),
                   ("linux", "seccomp", "knownFlags"), with_flag, "SECCOMP_FILTER_FLAG_NOTHING"),
    "supportedFlags": (linux("Seccomp", "supportedFlags (array of strings, OPTIONAL) The recognized and",
                             "MUST recognize and support the elements in this array in the flags property"),
                       ("linux", "seccomp", "supportedFlags"), with_flag, "SECCOMP_FILTER_FLAG_NOTHING"),
    "modes": (linux("MemoryPolicy", "modes (array of strings, OPTIONAL).",
                    "The runtime MUST recognize the elements in this array as the mode of linux.memoryPolicy"),
              ("linux", "memoryPolicy", "modes"), with_mode, "MPOL_NOTHING"),
    "flags": (linux("MemoryPolicy", "flags (array of strings, OPTIONAL).",
                    "The runtime MUST recognize the elements in this in the flags property"),
              ("linux", "memoryPolicy", "flags"), with_policy_flag, "MPOL_F_NOTHING"),
}
# What a host may lack: the kernel's word is then in the error, and not the name alone.
LACKING = re.compile("invalid argument|not supported|no such file|operation not permitted|lacks|kernel|listener|"
                     "connect|byte order|endian|architecture|NEW_LISTENER|NOTIFY", re.IGNORECASE)


@pytest.mark.parametrize("path, ask, unknown", [
    pytest.param(*row, id=name, marks=marks) for name, (marks, *row) in LISTS.items()])
def test_names_are_recognized(runtime, bundle, features, path, ask, unknown):
    """Each is taken, or refused for another reason than a name that nobody knows."""
    names = features.required(*path)
    assert names
    strict = path[-1] in ("supportedFlags", "operators")
    made = bundle("/bin/true")
    said = refusal(runtime, made, ask, unknown) if unknown else ""
    if path[-1] == "capabilities" and not refusal(runtime, made, ask, " ".join(names)):
        return
    refused = {}
    for name in names:
        error = refusal(runtime, made, ask, name)
        if error and (strict or not LACKING.search(error) or error == said.replace(unknown or "-", name)):
            refused[name] = error
    assert refused == {}


def refusal(runtime, made, ask, name):
    """What the runtime says when it refuses the name, without the container's own; "" if it does not."""
    before = copy.deepcopy(made.config)
    ask(made, name)
    result = runtime.run(made)
    made.config = before
    return result.err.replace(runtime.ids[-1], "ID") if result.code else ""


@pytest.mark.parametrize("path", [pytest.param(LISTS[name][1], id=name, marks=LISTS[name][0][0])
                                  for name in ("namespaces", "actions", "operators", "knownFlags", "modes")])
def test_names_that_nobody_knows_are_refused(runtime, bundle, features, path):
    """Else the test above would say nothing."""
    features.required(*path)
    ask, unknown = LISTS[path[-1]][2:]
    assert refusal(runtime, bundle("/bin/true"), ask, unknown)


# ---- what is implemented -----------------------------------------------------------------------


@pytest.mark.parametrize("path", [
    pytest.param(path, id=".".join(path), marks=linux(heading, words)) for path, heading, words in (
        (("cgroup",), "Cgroup", "cgroup (object, OPTIONAL) represents the runtime's implementation status"),
        (("seccomp",), "Seccomp", "seccomp (object, OPTIONAL) represents the runtime's implementation status"),
        (("apparmor",), "AppArmor", "apparmor (object, OPTIONAL) represents the runtime's implementation"),
        (("selinux",), "SELinux", "selinux (object, OPTIONAL) represents the runtime's implementation status"),
        (("memoryPolicy",), "MemoryPolicy", "memoryPolicy (object, OPTIONAL) represents the runtime's"),
        (("intelRdt",), "Intel RDT", "intelRdt (object, OPTIONAL) represents the runtime's implementation"),
        (("mountExtensions",), "MountExtensions", "mountExtensions (object, OPTIONAL) represents whether"),
        (("mountExtensions", "idmap"), "MountExtensions", "idmap (object, OPTIONAL) represents whether"),
        (("netDevices",), "NetDevices", "netDevices (object, OPTIONAL) represents the runtime's"))])
def test_objects(features, path):
    assert isinstance(features.required("linux", *path), dict) and features.get("linux", *path)


def runs(runtime, made):
    made.process["args"] = ["/bin/true"]
    return runtime.run(made).code == 0


def uses_seccomp(runtime, made):
    seccomp(made)
    return "Seccomp:\t2" in runtime.shell(made, "grep ^Seccomp: /proc/self/status")


def uses_network_devices(runtime, made):
    """It looks for the device: without one of that name there is no container."""
    made.linux["netDevices"] = {"nothing9": {}}
    return not runs(runtime, made)


def uses_resctrl(runtime, made):
    """Without resctrl it is an error."""
    if os.path.exists("/sys/fs/resctrl/schemata"):
        pytest.skip("resctrl is there: test_config_linux_rdt tries it")
    made.linux["intelRdt"] = {"closID": "thole-test", "schemata": ["L3:0=f"]}
    return not runs(runtime, made)


def uses_maps_of_mounts(runtime, made):
    """Files of the host's root are another's inside."""
    made.mount("/work", made.rootfs + "/etc", "bind", ["bind"],
               uidMappings=[{"containerID": 0, "hostID": 5000, "size": 10}],
               gidMappings=[{"containerID": 0, "hostID": 6000, "size": 10}])
    made.process["args"] = ["/bin/stat", "-c", "%u:%g", "/work/passwd"]
    return runtime.run(made).out == "5000:6000\n"


def uses_version(unified):
    def check(runtime, made):
        if machine.layout() == "hybrid" and unified or (machine.layout() == "unified") != unified:
            pytest.skip(f"needs the {'unified' if unified else 'legacy or hybrid'} cgroup layout, this is "
                        f"{machine.layout()}")
        made.process["args"] = ["/bin/sleep", "1000"]
        container = runtime.launch(made)
        name = "" if unified else "devices"
        return machine.cgroup_path(container.pid, name) == made.linux["cgroupsPath"]
    return check


def uses_systemd(runtime, made):
    reason = machine.missing({"systemd": True})
    if reason:
        pytest.skip(reason)
    name = runtime.new_id()
    made.linux["cgroupsPath"] = f"system.slice:thole:{name}"
    made.process["args"] = ["/bin/sleep", "1000"]
    container = runtime.launch(made, id=name, before=("--systemd-cgroup",))
    return f"thole-{name}.scope" in machine.cgroup_path(container.pid, sorted(machine.controllers())[-1])


def uses_label(member, module):
    """A profile or label that does not exist is an error where the module is at work."""
    def check(runtime, made):
        reason = machine.missing({"security_module": module})
        if reason:
            pytest.skip(reason)
        made.process[member] = "thole-test-nothing"
        return not runs(runtime, made)
    return check


def uses_rdma(runtime, made):
    reason = machine.missing({"controller": "rdma"})
    if reason:
        pytest.skip(reason)
    made.resources["rdma"] = {"nothing0": {"hcaHandles": 3}}
    return not runs(runtime, made)


# id: (sentences, path of the flag, how it is tried)
FLAGS = {
    "cgroup v1": (linux("Cgroup", "v1 (bool, OPTIONAL)"), ("cgroup", "v1"), uses_version(False)),
    "cgroup v2": (linux("Cgroup", "v2 (bool, OPTIONAL)"), ("cgroup", "v2"), uses_version(True)),
    "systemd": (linux("Cgroup", "systemd (bool, OPTIONAL)"), ("cgroup", "systemd"), uses_systemd),
    "rdma": (linux("Cgroup", "rdma (bool, OPTIONAL)"), ("cgroup", "rdma"), uses_rdma),
    "seccomp": (linux("Seccomp", "enabled (bool, OPTIONAL)"), ("seccomp", "enabled"), uses_seccomp),
    "apparmor": (linux("AppArmor", "enabled (bool, OPTIONAL)"), ("apparmor", "enabled"),
                 uses_label("apparmorProfile", "apparmor")),
    "selinux": (linux("SELinux", "enabled (bool, OPTIONAL)"), ("selinux", "enabled"),
                uses_label("selinuxLabel", "selinux")),
    "intelRdt": (linux("Intel RDT", "enabled (bool, OPTIONAL)"), ("intelRdt", "enabled"), uses_resctrl),
    "idmap": (linux("MountExtensions", "enabled (bool, OPTIONAL)",
                    "In such cases, runtimes MUST still set this value to true"),
              ("mountExtensions", "idmap", "enabled"), uses_maps_of_mounts),
    "netDevices": (linux("NetDevices", "enabled (bool, OPTIONAL)"), ("netDevices", "enabled"),
                   uses_network_devices),
}


@pytest.mark.parametrize("path, used", [
    pytest.param(*row, id=name, marks=marks) for name, (marks, *row) in FLAGS.items()])
def test_what_is_said_is_so(runtime, bundle, features, path, used):
    """In both directions: what is not enabled is not done either."""
    said = features.required("linux", *path)
    assert used(runtime, bundle()) == said
