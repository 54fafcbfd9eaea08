# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: namespaces, the maps of a user namespace, clocks."""
import contextlib
import ctypes
import os
import socket
import subprocess

import pytest

from harness.runtime import until
from sentences import sentence

NAMESPACES = ("config-linux.md", "Namespaces")
MAPPINGS = ("config-linux.md", "User namespace mappings")
CLOCKS = ("config-linux.md", "Offset for Time Namespace")

# type: the name in /proc/PID/ns
FILES = {"pid": "pid", "network": "net", "mount": "mnt", "ipc": "ipc", "uts": "uts", "user": "user",
         "cgroup": "cgroup", "time": "time"}
KINDS = sorted(FILES)
needs_time = pytest.mark.needs(file="/proc/self/ns/time")


def link(kind, pid="self"):
    return os.readlink(f"/proc/{pid}/ns/{FILES[kind]}")


def asks_for(made, kind, path=None):
    """The bundle with this namespace, and what it must have or may not have beside it."""
    if kind == "user" and path is None:
        made.user_namespace()
    made.namespace(kind, path)
    if kind == "uts" and path:
        del made.config["hostname"]


@contextlib.contextmanager
def holder(*options):
    """Pid of a process in new namespaces."""
    with subprocess.Popen(["unshare", *options, "sh", "-c", "echo in; exec sleep 1000"],
                          stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.read(3) == b"in\n"
            yield process.pid
        finally:
            process.kill()


def sees_only_itself(runtime, made):
    assert runtime.shell(made, "echo /proc/[0-9]*").split() == ["/proc/1"]


def has_its_own_network(runtime, made):
    """Abstract sockets belong to a network: one of the test's is not seen."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind("\0thole-sentences")
        with open("/proc/net/unix", encoding="utf-8") as sockets:
            assert "thole-sentences" in sockets.read()
        assert runtime.shell(made, "grep -c thole-sentences /proc/net/unix; true") == "0\n"


def has_its_own_mounts(runtime, made):
    made.capabilities("CAP_SYS_ADMIN")
    made.process["args"] = ["/bin/sleep", "1000"]
    container = runtime.launch(made)
    container.exec("/bin/mount", "-t", "tmpfs", "inside", "/work").ok()
    assert " inside " in mountinfo(container.pid)
    assert " inside " not in mountinfo("self")


def mountinfo(pid):
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as mounts:
        return mounts.read()


def has_its_own_ipc(runtime, made):
    libc = ctypes.CDLL(None, use_errno=True)
    key = 0x7401e
    identity = libc.shmget(key, 4096, 0o1600)
    assert identity >= 0, os.strerror(ctypes.get_errno())
    try:
        with open("/proc/sysvipc/shm", encoding="ascii") as segments:
            assert str(key) in segments.read()
        assert str(key) not in runtime.shell(made, "cat /proc/sysvipc/shm")
    finally:
        libc.shmctl(identity, 0, None)


def has_its_own_names(runtime, made):
    before = os.uname().nodename, read("/proc/sys/kernel/domainname")
    made.config["hostname"] = "inside"
    made.capabilities("CAP_SYS_ADMIN")
    made.process["args"] = ["/bin/sleep", "1000"]
    made.linux["readonlyPaths"] = []
    container = runtime.launch(made)
    assert link("uts", container.pid) != link("uts"), "else the next lines would rename the host"
    script = ("uname -n; hostname other; echo domain >/proc/sys/kernel/domainname;"
              "uname -n; cat /proc/sys/kernel/domainname")
    made.file("work/script", script)
    assert container.exec("/bin/sh", "/work/script").ok().out == "inside\nother\ndomain\n"
    assert (os.uname().nodename, read("/proc/sys/kernel/domainname")) == before


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def has_remapped_ids(runtime, made):
    made.user_namespace(host=100000)
    made.process["args"] = ["/bin/sh", "-c", "id -u; exec sleep 1000"]
    made.process["user"] = {"uid": 7, "gid": 8}
    container = runtime.launch(made)
    until(container.output, what="the id inside")
    entry = os.stat(f"/proc/{container.pid}")
    assert (entry.st_uid, entry.st_gid) == (100007, 100008)
    status = read(f"/proc/{container.pid}/root/proc/1/status")
    assert "Uid:\t100007" in status
    assert container.output() == "7\n"


def sees_its_cgroup_as_the_root(runtime, made):
    paths = {line.split(":")[2] for line in runtime.shell(made, "cat /proc/self/cgroup").split()}
    assert paths == {"/"}


def has_its_own_clocks(runtime, made):
    made.linux["timeOffsets"] = {"boottime": {"secs": 500000000}}
    assert float(runtime.shell(made, "cat /proc/uptime").split()[0]) > 500000000


@pytest.mark.parametrize("kind, holds", [
    pytest.param(kind, holds, id=kind, marks=[
        sentence(*NAMESPACES, words), sentence(*NAMESPACES, "type (string, REQUIRED)"),
        sentence(*NAMESPACES, "The following namespace types SHOULD be supported"), *marks])
    for kind, holds, words, *marks in (
        ("pid", sees_only_itself, "pid processes inside the container will only be able to see"),
        ("network", has_its_own_network, "network the container will have its own network stack"),
        ("mount", has_its_own_mounts, "mount the container will have an isolated mount table"),
        ("ipc", has_its_own_ipc, "ipc processes inside the container will only be able to"),
        ("uts", has_its_own_names, "uts the container will be able to have its own hostname"),
        ("user", has_remapped_ids, "user the container will be able to remap user and group IDs"),
        ("cgroup", sees_its_cgroup_as_the_root, "cgroup the container will have an isolated view"),
        ("time", has_its_own_clocks, "time the container will be able to have its own clocks",
         needs_time))])
def test_what_a_namespace_isolates(runtime, bundle, kind, holds):
    made = bundle("/bin/true")
    asks_for(made, kind)
    holds(runtime, made)


@sentence(*NAMESPACES, "path (string, OPTIONAL) - namespace file")
@sentence(*NAMESPACES, "The runtime MUST place the container process in the namespace associated")
@pytest.mark.parametrize("kind", [pytest.param("time", marks=needs_time)]
                         + [kind for kind in KINDS if kind not in ("user", "mount", "time")])
def test_a_path_is_joined(runtime, bundle, kind):
    option = {"network": "--net"}.get(kind, "--" + kind)
    with holder(*(["--fork", "--kill-child"] if kind == "pid" else []), option) as pid:
        if kind == "pid":
            pid = until(lambda: children(pid), what="the child of unshare")[0]
        made = bundle("/bin/sleep", "1000")
        asks_for(made, kind, f"/proc/{pid}/ns/{FILES[kind]}")
        container = runtime.launch(made)
        assert link(kind, container.pid) == link(kind, pid) != link(kind)
        container.delete("--force").ok()


def children(pid):
    return read(f"/proc/{pid}/task/{pid}/children").split()


@sentence(*NAMESPACES, "The runtime MUST place the container process in the namespace associated")
def test_the_path_of_a_user_namespace_is_joined(runtime, bundle):
    with holder("--user", "--map-root-user") as pid:
        made = bundle("/bin/sleep", "1000")
        for mount in made.config["mounts"]:
            mount["options"] = [word for word in mount.get("options", []) if not word.startswith("gid=")]
        asks_for(made, "user", f"/proc/{pid}/ns/user")
        made.linux["uidMappings"] = made.linux["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1}]
        container = runtime.launch(made)
        assert link("user", container.pid) == link("user", pid) != link("user")


@sentence(*NAMESPACES, "The runtime MUST place the container process in the namespace associated")
def test_the_path_of_a_mount_namespace_is_joined(runtime, bundle):
    with holder("--mount", "--propagation", "private") as pid:
        made = bundle("/bin/sleep", "1000")
        made.config["mounts"] = []
        made.linux["maskedPaths"] = made.linux["readonlyPaths"] = []
        asks_for(made, "mount", f"/proc/{pid}/ns/mnt")
        subprocess.run(["nsenter", "-t", str(pid), "-m", "mount", "-t", "proc", "proc", made.rootfs + "/proc"],
                       check=True)
        container = runtime.launch(made)
        assert link("mount", container.pid) == link("mount", pid) != link("mount")


@sentence(*NAMESPACES, "This value MUST be an absolute path in the runtime mount namespace",
          note="a relative path is refused, also one that would lead to a namespace")
def test_a_relative_path_is_refused(runtime, bundle):
    made = bundle("/bin/true")
    asks_for(made, "uts", "uts")
    name = runtime.prepare(made)
    with holder("--uts") as pid:
        runtime("create", "--bundle", made.path, name, cwd=f"/proc/{pid}/ns").failed()


@sentence(*NAMESPACES, "The runtime MUST generate an error if path is not associated with a namespace")
@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=needs_time if kind == "time" else []) for kind in KINDS])
def test_a_path_of_another_type_is_an_error(runtime, bundle, kind):
    made = bundle("/bin/true")
    other = KINDS[KINDS.index(kind) - 1]
    with holder("--uts", "--ipc", "--net", "--mount", "--cgroup") as pid:
        asks_for(made, kind, f"/proc/{pid}/ns/{FILES[other]}")
        runtime.refuses(made)


@sentence(*NAMESPACES, "The runtime MUST generate an error if path is not associated with a namespace")
@pytest.mark.parametrize("what", ["a file", "a folder", "nothing"])
def test_a_path_of_no_namespace_is_an_error(runtime, bundle, what):
    made = bundle("/bin/true")
    asks_for(made, "ipc", {"a file": made.rootfs + "/bin/busybox", "a folder": made.rootfs,
                           "nothing": made.rootfs + "/nothing"}[what])
    runtime.refuses(made)


@sentence(*NAMESPACES, "If path is not specified, the runtime MUST create a new container namespace")
@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=needs_time if kind == "time" else []) for kind in KINDS])
def test_without_a_path_the_namespace_is_new(runtime, bundle, kind):
    """New: neither the runtime's nor that of another container of the same bundle."""
    made = bundle("/bin/sleep", "1000")
    asks_for(made, kind)
    first, second = runtime.launch(made), None
    del made.linux["cgroupsPath"]
    second = runtime.launch(made)
    assert len({link(kind), link(kind, first.pid), link(kind, second.pid)}) == 3


@sentence(*NAMESPACES, "If a namespace type is not specified in the namespaces array, the container MUST")
@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=needs_time if kind == "time" else []) for kind in KINDS])
def test_what_is_not_listed_is_inherited(runtime, bundle, folder, kind):
    """In namespaces of the runtime's own, so that what a mistake would change is not the host's."""
    made = bundle("/bin/sleep", "1000")
    made.without_namespace(kind)
    if kind == "uts":
        del made.config["hostname"]
    if kind == "mount":
        made.config["mounts"] = []
        made.linux["maskedPaths"] = made.linux["readonlyPaths"] = []
    seen = os.path.join(folder, "seen")
    runtime.prefix = ["unshare", "--mount", "--propagation", "private", "--uts", "--ipc", "sh", "-c",
                      f'readlink /proc/self/ns/{FILES[kind]} >{seen}; '
                      f'mount -t proc proc {made.rootfs}/proc; exec "$@"', "sh"]
    container = runtime.launch(made)
    runtime.prefix = []
    assert link(kind, container.pid) == read(seen).strip()
    if kind == "mount":
        container("kill", "KILL").ok()


@sentence(*NAMESPACES, "If a namespaces field contains duplicated namespaces with same type")
@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=needs_time if kind == "time" else []) for kind in KINDS])
def test_duplicates_are_an_error(runtime, bundle, kind):
    made = bundle("/bin/true")
    asks_for(made, kind)
    made.linux["namespaces"].append({"type": kind})
    runtime.refuses(made)


# ---- user namespace mappings -------------------------------------------------------------------

MAPS = {"uidMappings": [(0, 100000, 900), (2000, 300000, 5)],
        "gidMappings": [(0, 110000, 800), (1900, 310000, 7)]}


def mapped(made):
    made.user_namespace(host=100000)
    for member, rows in MAPS.items():
        made.linux[member] = [{"containerID": inside, "hostID": host, "size": size}
                              for inside, host, size in rows]
    subprocess.run(["chown", "-hR", "100000:110000", made.rootfs], check=True)
    return made


@pytest.mark.parametrize("member, file", [
    pytest.param(member, file, marks=sentence(*MAPPINGS, f"{member} (array of objects, OPTIONAL)"))
    for member, file in (("uidMappings", "uid_map"), ("gidMappings", "gid_map"))])
@sentence(*MAPPINGS, "containerID (uint32, REQUIRED)")
@sentence(*MAPPINGS, "hostID (uint32, REQUIRED)")
@sentence(*MAPPINGS, "size (uint32, REQUIRED)")
def test_maps_are_the_kernels_maps(runtime, bundle, member, file):
    made = mapped(bundle("/bin/cat", f"/proc/self/{file}"))
    seen = [tuple(map(int, line.split())) for line in runtime.run(made).ok().out.splitlines()]
    assert seen == MAPS[member]


@pytest.mark.parametrize("missing", [
    pytest.param(name, marks=sentence(*MAPPINGS, f"{name} (uint32, REQUIRED)"))
    for name in ("containerID", "hostID", "size")])
def test_a_map_without_a_required_member_is_refused(runtime, bundle, missing):
    made = mapped(bundle("/bin/true"))
    del made.linux["uidMappings"][0][missing]
    runtime.refuses(made)


@sentence(*MAPPINGS, "The runtime SHOULD NOT modify the ownership of referenced filesystems")
def test_owners_of_files_stay(runtime, bundle, folder):
    made = bundle("/bin/ls", "/source")
    made.namespace("user")
    made.linux["uidMappings"] = made.linux["gidMappings"] = [
        {"containerID": 0, "hostID": 100000, "size": 65536}]
    source = os.path.join(folder, "source")
    os.makedirs(os.path.join(made.rootfs, "source"))
    os.makedirs(os.path.join(source, "below"))
    made.mount("/source", source, "bind", ["rbind"])
    before = owners(made.rootfs), owners(source)
    assert runtime.run(made).ok().out == "below\n"
    assert (owners(made.rootfs), owners(source)) == before


def owners(top):
    found = {}
    for where, folders, files in os.walk(top):
        for name in folders + files:
            entry = os.lstat(os.path.join(where, name))
            found[os.path.join(where, name)] = (entry.st_uid, entry.st_gid)
    return found


# ---- clocks ------------------------------------------------------------------------------------


@needs_time
@sentence(*CLOCKS, "timeOffsets (object, OPTIONAL) sets the offset for Time Namespace")
@sentence(*CLOCKS, "secs (int64, OPTIONAL)")
@sentence(*CLOCKS, "nanosecs (uint32, OPTIONAL)")
def test_offsets_of_both_clocks(runtime, bundle):
    made = bundle("/bin/true")
    made.namespace("time")
    made.linux["timeOffsets"] = {"monotonic": {"secs": 5, "nanosecs": 7},
                                 "boottime": {"secs": 1000000, "nanosecs": 11}}
    seen = runtime.shell(made, "cat /proc/self/timens_offsets").split()
    assert seen == ["monotonic", "5", "7", "boottime", "1000000", "11"]


@needs_time
@sentence(*CLOCKS, "secs (int64, OPTIONAL)", note="also below zero")
def test_a_clock_goes_back(runtime, bundle):
    made = bundle("/bin/true")
    made.namespace("time")
    made.linux["timeOffsets"] = {"boottime": {"secs": -1}}
    seen = runtime.shell(made, "cat /proc/self/timens_offsets").split()
    assert seen[3:] == ["boottime", "-1", "0"]
