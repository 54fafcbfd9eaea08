# SPDX-License-Identifier: Apache-2.0
"""lxc-device: device nodes and interfaces of a running container."""
import os
import subprocess

import pytest


@pytest.fixture
def name(lxc, busybox_rootfs):
    rootfs = busybox_rootfs(os.path.join(lxc.lxcpath, ".rootfs"))
    name = lxc.define(["lxc.init.cmd = /bin/sleep 1000", "lxc.mount.auto = proc",
                       "lxc.net.0.type = empty", "lxc.cgroup.devices.deny = a",
                       "lxc.cgroup.devices.allow = c 1:3 rwm", "lxc.cgroup.devices.allow = c *:* m",
                       "lxc.cgroup2.devices.deny = a", "lxc.cgroup2.devices.allow = c 1:3 rwm",
                       "lxc.cgroup2.devices.allow = c *:* m"], rootfs=rootfs)
    lxc("start", name).ok()
    yield name
    lxc("stop", "-k", name)


def inside(lxc, name, *words):
    return lxc.runtime("exec", name, *words)


@pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="needs /dev/fuse on the host")
def test_a_node_comes_can_be_used_and_goes(lxc, name):
    number = os.stat("/dev/fuse").st_rdev
    use = ("sh", "-c", ": </made")
    inside(lxc, name, "mknod", "/made", "c", str(os.major(number)), str(os.minor(number))).ok()
    inside(lxc, name, "mknod", "/other", "c", "1", "11").ok()
    assert inside(lxc, name, *use).code != 0
    lxc("device", "-n", name, "add", "/dev/fuse", "/dev/added").ok()
    said = inside(lxc, name, "ls", "-l", "/dev/added").ok().out.split()
    assert said[4:6] == [f"{os.major(number)},", str(os.minor(number))] and said[0][0] == "c"
    inside(lxc, name, "sh", "-c", ": </dev/added").ok()
    inside(lxc, name, "sh", "-c", ": </dev/null").ok()  # what was allowed stays so
    inside(lxc, name, "mknod", "/third", "c", "1", "11").ok()  # also by rules of the configuration
    assert inside(lxc, name, "sh", "-c", ": </other").code != 0  # and the rest forbidden
    lxc("device", "-n", name, "del", "/dev/added").ok()
    assert inside(lxc, name, "ls", "/dev/added").code != 0
    assert inside(lxc, name, *use).code != 0
    inside(lxc, name, "sh", "-c", ": </dev/null").ok()


def test_what_is_there_already(lxc, name):
    lxc("device", name, "add", "/dev/null").ok()
    assert lxc("device", name, "add", "/dev/zero", "/dev/null").failed("is there already").code == 1


@pytest.mark.parametrize("links", [{"dev/out": "/tmp"}, {"dev/out": "../../../../../../tmp"}])
def test_links_inside_lead_nowhere_outside(lxc, name, links):
    mark = "node" + name[-6:]
    for link, target in links.items():
        inside(lxc, name, "ln", "-s", target, "/" + link).ok()
    lxc("device", name, "add", "/dev/null", f"/dev/out/{mark}").ok()
    assert inside(lxc, name, "ls", f"/tmp/{mark}").code == 0
    assert not os.path.exists(f"/tmp/{mark}")


def test_an_interface_goes_in_and_comes_back(lxc, name):
    device = "t" + name[-8:].replace("-", "")
    subprocess.run(["ip", "link", "add", device, "type", "veth", "peer", "name", device + "p"], check=True)
    try:
        lxc("device", name, "add", device, "eth7").ok()
        assert "eth7" in inside(lxc, name, "cat", "/proc/net/dev").ok().out
        assert not os.path.exists(f"/sys/class/net/{device}")
        lxc("device", name, "del", "eth7", device).ok()
        assert os.path.exists(f"/sys/class/net/{device}")
    finally:
        subprocess.run(["ip", "link", "del", device + "p"], check=False)


@pytest.mark.parametrize("words, reason", [
    ([], "add or del"), (["add"], "add or del"), (["bogus", "/dev/null"], "neither add nor del"),
    (["add", "/dev/nothing"], "/dev/nothing"), (["add", "/etc/passwd"], "neither a device nor an interface"),
    (["add", "nonic"], "nonic"), (["add", "/dev/null", "/no/folder/null"], "/no/folder/null"),
    (["del", "/dev/nothing"], "/dev/nothing"), (["del", "/etc/passwd"], "is no device")])
def test_refusals(lxc, name, words, reason):
    assert lxc("device", "-n", name, *words).failed(reason).code == 1


def test_not_running(lxc):
    result = lxc("device", "-n", "nothing", "add", "/dev/null").failed("Container nothing is not running")
    assert result.code == 1


def test_in_a_user_namespace_it_is_refused_with_the_way_out(lxc, busybox_rootfs):
    rootfs = busybox_rootfs(os.path.join(lxc.lxcpath, ".other"))
    subprocess.run(["chown", "-hR", "100000:100000", rootfs], check=True)
    name = lxc.define(["lxc.init.cmd = /bin/sleep 1000", "lxc.net.0.type = empty",
                       "lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536"], rootfs=rootfs)
    lxc("start", name).ok()
    result = lxc("device", name, "add", "/dev/full", "/dev/added")
    lxc("stop", "-k", name).ok()
    result.failed("user namespace", "lxc.mount.entry = /dev/added dev/added none bind,create=file")
