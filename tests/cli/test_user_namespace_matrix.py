# SPDX-License-Identifier: Apache-2.0
"""Whatever works for root works, or says why not, for every caller and in every user namespace."""
import json
import os
import subprocess

import pytest

from harness.callers import NOBODY, RANGE, SUBIDS, cases
from harness.runtime import until

FILES = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "time": "time",
         "cgroup": "cgroup"}


def test_run(case):
    made = case.bundle("/bin/sh", "-c", "id -u; touch /work/mine; exit 7")
    result = case.run(made)
    assert (result.code, result.out) == (7, "0\n"), result
    assert os.stat(made.rootfs + "/work/mine").st_uid == case.host_id(0)


# A new user namespace has no rights over one beside it, which is where the first container's
# namespaces belong: these the kernel refuses, and the place is named.
NOT_A_SIBLINGS = {"pid": ("/mounts/0", "proc"), "ipc": ("/mounts/4", "mqueue"),
                  "cgroup": ("/linux/namespaces/", "/ns/cgroup")}


def test_hooks_find_the_namespaces(case, folder):
    """By the pid they are told: what networks for ordinary users are made with works so."""
    made = case.bundle("/bin/sleep", "1000")
    seen = os.path.join(folder, "seen")
    with open(seen, "w", encoding="ascii"):
        os.chmod(seen, 0o666)
    script = ("pid=$(sed -n 's/.*\"pid\": *\\([0-9]*\\).*/\\1/p'); "
              f"for kind in net mnt user; do readlink /proc/$pid/ns/$kind; done >{seen} 2>&1")
    made.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", script]}]}
    container = case.runtime.launch(made)
    with open(seen, encoding="ascii") as source:
        assert source.read().split() == [os.readlink(f"/proc/{container.pid}/ns/{kind}")
                                         for kind in ("net", "mnt", "user")]


@pytest.mark.parametrize("kind", FILES)
def test_joined_by_path(case, kind):
    """The process is in that namespace, and what the runtime knows of it is its own number."""
    first = case.bundle("/bin/sleep", "1000")
    first.namespace(kind)
    first = case.runtime.launch(first)
    second = case.bundle("/bin/sleep", "1000")
    second.namespace(kind, f"/proc/{first.pid}/ns/{FILES[kind]}")
    if kind == "uts":
        del second.config["hostname"]
    if case.users == "own" and (case.caller.name == "user" or kind in NOT_A_SIBLINGS):
        words = ("/linux/namespaces/",) if case.caller.name == "user" else NOT_A_SIBLINGS[kind]
        case.runtime.try_create(second).failed(*words)
        return
    joined = case.runtime.launch(second)
    there = f"/ns/{FILES[kind]}"
    assert os.readlink(f"/proc/{joined.pid}{there}") == os.readlink(f"/proc/{first.pid}{there}")
    with open(f"/proc/{joined.pid}/cmdline", encoding="ascii") as words:
        assert words.read() == "/bin/sleep\0001000\0"
    joined("kill", "KILL").ok()
    joined.wait_stopped()
    assert first.status == "running"


@pytest.mark.parametrize("options", [["bind"], ["rbind", "ro"], ["rbind", "rslave"]],
                         ids="-".join)
def test_bind_below_a_directory_of_the_callers(case, folder, options):
    """Only the caller may pass through it, which the container's root may be a stranger to."""
    closed = os.path.join(folder, "closed")
    os.makedirs(closed + "/share")
    with open(closed + "/share/file", "w", encoding="ascii") as target:
        target.write("found\n")
    os.chmod(closed, 0o700)
    os.chown(closed, case.caller.uid, case.caller.uid)
    made = case.bundle("/bin/cat", "/vol/file")
    made.mount("/vol", closed + "/share", "bind", options)
    assert case.run(made).ok().out == "found\n"


def test_more_binds_than_descriptors(case, folder):
    source = os.path.join(folder, "source")
    with open(source, "w", encoding="ascii") as target:
        target.write("x\n")
    made = case.bundle("/bin/sh", "-c", "cat /many/* | wc -l", rlimits=[])
    for number in range(400):
        made.mount(f"/many/{number}", source, "bind", ["bind", "ro"])
    name = case.runtime.prepare(made)
    case.runtime.prefix = ["prlimit", "--nofile=256:256", *case.runtime.prefix]
    result = case.runtime("run", "--bundle", made.path, name)
    assert result.ok().out == "400\n"


def test_exec_kill_delete(case):
    container = case.sleeper()
    inside = container.exec("/bin/sh", "-c", "id -u; readlink /proc/self/ns/user; exit 4")
    assert inside.code == 4, inside
    uid, users = inside.out.split()
    assert uid == "0" and users == os.readlink(f"/proc/{container.pid}/ns/user")
    container("kill", "TERM").ok()
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()


@cases(users="joined")
def test_other_mappings_than_the_joined_ones_are_refused(case):
    made = case.bundle("/bin/true")
    assert case.run(made).ok()
    made.linux["uidMappings"] = [{**line, "hostID": line["hostID"] + 1}
                                 for line in made.linux["uidMappings"]]
    case.runtime.try_create(made).failed("/linux/uidMappings: ", "joined")
    made.linux["uidMappings"] = case.caller.mappings()
    made.linux["gidMappings"].append({"containerID": 70000, "hostID": 600000, "size": 1})
    case.runtime.try_create(made).failed("/linux/gidMappings: ", "joined")
    del made.linux["uidMappings"], made.linux["gidMappings"]
    assert case.run(made).ok()


@cases(users="own")
def test_new_user_namespace_without_mappings(case):
    """An ordinary user gets what subuid(5) grants; root has to say what is mapped."""
    made = case.bundle("/bin/cat", "/proc/self/uid_map")
    del made.linux["uidMappings"], made.linux["gidMappings"]
    if case.caller.name == "user":
        assert case.run(made).ok().out.split() == ["0", str(NOBODY), "1", "1", str(SUBIDS),
                                                   str(RANGE)]
    else:
        case.runtime.try_create(made).failed("/linux/uidMappings: missing")


@cases("user", "own")
def test_ids_that_the_user_was_not_granted(case):
    made = case.bundle("/bin/true")
    made.linux["uidMappings"][1]["hostID"] = SUBIDS + RANGE
    result = case.runtime.try_create(made).failed("/linux/uidMappings: newuidmap refused")
    assert os.listdir(case.runtime.root) == [], result


def node(path, number, **more):
    return {"path": path, "type": "c", "major": 1, "minor": number, **more}


def test_device_gets_mode_and_owner(case):
    """Where a node can be made at all, it has them; else the host's own is bound as it is."""
    made = case.bundle("/bin/stat", "-c", "%a %u %g %t:%T %n", "/dev/mine", "/dev/deep/zero",
                       "/dev/plain")
    made.linux["devices"] = [node("/dev/mine", 3, fileMode=0o640, uid=5, gid=6),
                             node("/dev/deep/zero", 5, fileMode=0o600), node("/dev/plain", 7)]
    made.resources.pop("devices", None)
    lines = case.run(made).ok().out.splitlines()
    numbers = [line.split()[3] for line in lines]
    assert numbers == ["1:3", "1:5", "1:7"]
    if case.caller.name == "root":
        assert [line.split()[:3] for line in lines] == [["640", "5", "6"], ["600", "0", "0"],
                                                        ["666", "0", "0"]]


def test_device_works(case):
    made = case.bundle("/bin/sh", "-c", "echo x > /dev/mine && head -c 3 /dev/deep/zero | wc -c; "
                       "echo $(ls /); pwd")
    made.linux["devices"] = [node("/dev/mine", 3, fileMode=0o666), node("/dev/deep/zero", 5)]
    made.resources.pop("devices", None)
    words = case.run(made).ok().out.split()
    assert words[0] == "3" and words[-1] == "/"
    assert {"bin", "dev", "proc"} < set(words), "the nodes' own directory is still in the way"


def test_device_that_nobody_has(case):
    made = case.bundle("/bin/stat", "-c", "%t:%T", "/dev/odd")
    made.linux["devices"] = [{"path": "/dev/odd", "type": "c", "major": 240, "minor": 7}]
    made.resources.pop("devices", None)
    if case.caller.name == "root":
        assert case.run(made).ok().out == "f0:7\n"
    else:
        case.runtime.try_create(made).failed("/linux/devices/0: ", "240:7")


def test_ps_without_a_cgroup(case):
    """The processes of the pid namespace, those of namespaces inside it too, and no other."""
    made = case.bundle("/bin/sh", "-c", "sleep 1001 & exec sleep 1002")
    name = case.runtime.prepare(made)
    case.runtime("--cgroup-manager", "disabled", "run", "--detach", "--bundle", made.path,
                 name).ok()

    def commands():
        for pid in json.loads(case.runtime("ps", "--format", "json", name).ok().out):
            with open(f"/proc/{pid}/cmdline", encoding="ascii") as words:
                yield words.read().split("\0")[1]
    until(lambda: sorted(commands()) == ["1001", "1002"], what="two processes")
    table = case.runtime("ps", name).ok().out
    assert "sleep 1001" in table and "sleep 1002" in table and len(table.splitlines()) == 3


def test_ps_of_what_cannot_be_told_apart(case):
    made = case.bundle("/bin/sleep", "1000")
    made.without_namespace("pid")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if entry["destination"] != "/proc"]
    made.mount("/proc", "/proc", "bind", ["rbind"])
    name = case.runtime.prepare(made)
    case.runtime("--cgroup-manager", "disabled", "run", "--detach", "--bundle", made.path,
                 name).ok()
    case.runtime("ps", name).failed("neither a cgroup nor a pid namespace")
