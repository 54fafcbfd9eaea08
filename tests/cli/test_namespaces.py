# SPDX-License-Identifier: Apache-2.0
"""Namespaces: new, joined by path, inherited; user namespaces; the time namespace."""
import os
import subprocess

import pytest

from harness.runtime import until

FILES = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt",
         "cgroup": "cgroup", "user": "user", "time": "time"}


def link(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{FILES[kind]}")


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts", "cgroup", "time"])
def test_new_or_inherited(thole, bundle, kind):
    with_it, without = bundle("/bin/sleep", "1000"), bundle("/bin/sleep", "1000")
    with_it.namespace(kind)
    without.without_namespace(kind)
    if kind == "uts":
        del without.config["hostname"]
    if kind == "network":
        without.config["mounts"] = [entry for entry in without.config["mounts"]
                                    if entry["type"] != "sysfs"]
    if kind == "ipc":
        without.config["mounts"] = [entry for entry in without.config["mounts"]
                                    if entry["type"] != "mqueue"]
    host = link("self", kind)
    assert link(thole.launch(with_it).pid, kind) != host
    assert link(thole.launch(without).pid, kind) == host


def test_new_pid_namespace_makes_init_number_one(thole, bundle):
    assert thole.run(bundle("/bin/sh", "-c", "echo $$")).ok().out == "1\n"


@pytest.mark.parametrize("kind", ["pid", "network", "ipc", "uts", "cgroup", "time"])
def test_joined_by_path(thole, bundle, kind):
    first = bundle("/bin/sleep", "1000")
    first.namespace(kind)
    pid = thole.launch(first).pid
    second = bundle("/bin/sleep", "1000")
    second.namespace(kind, f"/proc/{pid}/ns/{FILES[kind]}")
    if kind == "uts":
        del second.config["hostname"]
    joined = thole.launch(second)
    assert link(joined.pid, kind) == link(pid, kind)


def test_joined_network_namespace_made_by_ip(thole, bundle):
    name = "thole-test-net"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        pytest.skip("needs a working `ip netns` (package iproute2)")
    try:
        made = bundle("/bin/sleep", "1000")
        made.namespace("network", f"/run/netns/{name}")
        container = thole.launch(made)
        assert os.stat(f"/proc/{container.pid}/ns/net").st_ino == os.stat(f"/run/netns/{name}").st_ino
        container.delete("--force").ok()
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def test_path_of_the_wrong_type(thole, bundle):
    made = bundle("/bin/true")
    made.namespace("ipc", "/proc/self/ns/uts")
    thole.try_create(made).failed()


@pytest.mark.parametrize("path", ["/no/such/file", "/etc/passwd", "relative"])
def test_path_that_is_no_namespace(thole, bundle, path):
    made = bundle("/bin/true")
    made.namespace("ipc", path)
    thole.try_create(made).failed(path)


def test_duplicates_are_refused(thole, bundle):
    made = bundle("/bin/true")
    made.linux["namespaces"].append({"type": "ipc"})
    thole.try_create(made).failed()


def test_unknown_type_is_refused(thole, bundle):
    made = bundle("/bin/true")
    made.linux["namespaces"].append({"type": "galaxy"})
    thole.try_create(made).failed("galaxy")


def test_loopback_is_up(thole, bundle):
    out = thole.run(bundle("/bin/sh", "-c", "ip addr show lo")).ok().out
    assert "LOOPBACK,UP" in out and "127.0.0.1/8" in out


def test_user_namespace(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map; id -u; "
                  "touch /work/mine; ls -ln /work/mine")
    made.user_namespace(host=200000, size=1000)
    words = thole.run(made).ok().out.split()
    assert words[:6] == ["0", "200000", "1000"] * 2
    assert words[6] == "0"
    assert os.stat(made.rootfs + "/work/mine").st_uid == 200000


def test_user_namespace_with_several_ranges(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo $(cat /proc/self/uid_map)", user={"uid": 1500, "gid": 0})
    made.user_namespace(host=200000, size=1000)
    made.linux["uidMappings"].append({"containerID": 1500, "hostID": 300000, "size": 5})
    assert thole.run(made).ok().out.split() == ["0", "200000", "1000", "1500", "300000", "5"]


def test_user_namespace_gets_device_nodes(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x > /dev/null; head -c 4 /dev/zero | wc -c; ls /dev")
    made.user_namespace()
    out = thole.run(made).ok().out.split()
    assert out[0] == "4"
    assert {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "fd", "stdin"} <= set(out[1:])


def test_user_namespace_without_mappings_or_joined_user(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.user_namespace()
    container = thole.launch(made)
    joined = bundle("/bin/sh", "-c", "cat /proc/self/uid_map")
    joined.user_namespace()
    del joined.linux["uidMappings"], joined.linux["gidMappings"]
    joined.namespace("user", f"/proc/{container.pid}/ns/user")
    assert thole.run(joined).ok().out.split() == ["0", "100000", "65536"]
    joined.process["args"] = ["/bin/sh", "-c", "ulimit -Sn; ulimit -Hn"]
    joined.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
    assert thole.run(joined).ok().out.split() == ["100", "200"]


def test_user_outside_the_mappings(thole, bundle):
    made = bundle("/bin/true", user={"uid": 70000, "gid": 0})
    made.user_namespace()
    thole.try_create(made).failed()


def test_mappings_without_user_namespace_are_refused(thole, bundle):
    made = bundle("/bin/true")
    made.linux["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 10}]
    made.linux["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 10}]
    thole.try_create(made).failed()


@pytest.mark.needs(file="/proc/self/timens_offsets")
def test_time_offsets(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /proc/uptime; cat /proc/self/timens_offsets")
    made.namespace("time")
    made.linux["timeOffsets"] = {"boottime": {"secs": 1000000}, "monotonic": {"secs": 5,
                                                                              "nanosecs": 7}}
    result = thole.run(made).ok()
    assert float(result.out.split()[0]) > 1000000
    words = result.out.split()[2:]
    assert words == ["monotonic", "5", "7", "boottime", "1000000", "0"]


@pytest.mark.needs(file="/proc/self/timens_offsets")
def test_time_namespace_together_with_a_user_namespace(thole, bundle):
    made = bundle("/bin/cat", "/proc/uptime")
    made.user_namespace()
    made.namespace("time")
    made.linux["timeOffsets"] = {"boottime": {"secs": 1000000}}
    assert float(thole.run(made).ok().out.split()[0]) > 1000000


@pytest.mark.needs(file="/proc/self/timens_offsets")
def test_exec_enters_the_time_namespace(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.namespace("time")
    made.linux["timeOffsets"] = {"boottime": {"secs": 1000000}}
    container = thole.launch(made)
    assert float(container.sh("cat /proc/uptime").ok().out.split()[0]) > 1000000


def test_time_offsets_without_the_namespace_are_refused(thole, bundle):
    made = bundle("/bin/true")
    made.linux["timeOffsets"] = {"boottime": {"secs": 10}}
    thole.try_create(made).failed()


def test_init_of_a_shared_pid_namespace_is_not_number_one(thole, bundle):
    first = thole.launch(bundle("/bin/sleep", "1000"))
    made = bundle("/bin/sh", "-c", "echo $$; exec sleep 1000")
    made.namespace("pid", f"/proc/{first.pid}/ns/pid")
    second = thole.launch(made)
    until(second.output, what="output")
    assert int(second.output()) > 1
    second("kill", "KILL").ok()
    second.wait_stopped()
    assert first.status == "running"


MOUNT_CHANGES = {
    "/root/readonly": lambda made: made.config["root"].update(readonly=True),
    "/mounts": lambda made: made.mount("/work", "made", kind="tmpfs"),
    "/linux/maskedPaths": lambda made: made.linux.update(maskedPaths=["/work"]),
    "/linux/readonlyPaths": lambda made: made.linux.update(readonlyPaths=["/work"]),
    "/linux/rootfsPropagation": lambda made: made.linux.update(rootfsPropagation="private"),
}


@pytest.mark.parametrize("where", [None, *MOUNT_CHANGES])
@pytest.mark.parametrize("namespace", ["host", "joined"])
def test_nothing_changes_the_mounts_of_others(thole, bundle, namespace, where):
    """Without a mount namespace of its own a container runs with a plain root, and what would need a
    mount is an error with its place: never left out."""
    made = bundle("/bin/echo", "runs")
    made.config["mounts"] = []
    made.linux.update(maskedPaths=[], readonlyPaths=[])
    made.without_namespace("mount")
    holder = subprocess.Popen(["unshare", "--mount", "sleep", "1000"])
    try:
        until(lambda: link(holder.pid, "mount") != link("self", "mount"), what="the namespace")
        mounts = f"/proc/{'self' if namespace == 'host' else holder.pid}/mounts"
        if namespace == "joined":
            made.namespace("mount", f"/proc/{holder.pid}/ns/mnt")
        if where is None:
            assert thole.run(made).ok().out == "runs\n"
        else:
            MOUNT_CHANGES[where](made)
            thole.run(made).failed(f": {where}: would change mounts of others")
        with open(mounts, encoding="utf-8") as lines:
            assert made.path not in lines.read()
    finally:
        holder.kill()
        holder.wait()
