# SPDX-License-Identifier: Apache-2.0
"""Networks of containers that lxc-start starts, from the configuration to the end of lxc-stop."""
import os
import shutil
import subprocess

import pytest

from harness import network as networks
from harness.network import View
from harness.runtime import until


@pytest.fixture
def defined(lxc, busybox_rootfs, folder):
    """defined(LINES): the name of a defined container that sleeps."""

    def make(lines):
        rootfs = busybox_rootfs(os.path.join(folder, f"rootfs{len(os.listdir(lxc.lxcpath))}"))
        return lxc.define([*lines, "lxc.init.cmd = /bin/sleep 1000"], rootfs=rootfs)

    return make


def pid_of(lxc, name):
    return int(lxc("info", "-n", name, "-p", "-H").ok().out)


def test_from_start_to_stop(lxc, host, defined, folder):
    """A veth, a device of the host and scripts; after lxc-stop all is as it was."""
    log = os.path.join(folder, "log")
    before = set(host.links())
    name = defined(["lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net.0.flags = up",
                    "lxc.net.0.ipv4.address = 10.9.0.9/24", "lxc.net.0.ipv4.gateway = auto",
                    f"lxc.net.0.script.up = echo $LXC_NAME $LXC_CONFIG_FILE >>{log} #",
                    f"lxc.net.0.script.down = echo down >>{log} #",
                    "lxc.net.1.type = phys", "lxc.net.1.link = wire0", "lxc.net.1.name = lan"])
    lxc("start", "-n", name).ok()
    inside = View(pid_of(lxc, name))
    assert sorted(inside.links()) == ["eth0", "lan"]
    assert inside.addresses("eth0") == ["10.9.0.9/24 10.9.0.255"]
    assert inside.routes() == {"default via 10.9.0.1 dev eth0"}
    lxc("stop", "-n", name, "-k").ok()
    assert set(host.links()) == before
    with open(log, encoding="ascii") as source:
        assert source.read() == f"{name} {lxc.lxcpath}/{name}/config\ndown\n"


def test_the_error_of_a_start_is_the_line_of_the_configuration(lxc, host, defined):
    name = defined(["lxc.net.0.type = veth", "lxc.net.0.link = br7"])
    for words in ([], ["-F"]):
        failed = lxc("start", "-n", name, *words)
        assert failed.code == 1
        assert failed.err == (f"lxc-start: {name}: {lxc.lxcpath}/{name}/config:3: "
                              "lxc.net.0.link: there is no interface br7\n")
    assert not [link for link in host.links() if link.startswith("veth")]


def test_the_macvlan_of_the_old_manual(lxc, host, defined):
    """lxc.network.* of 0.7, on a link of the host."""
    if host.lacks("macvlan"):
        pytest.skip(host.lacks("macvlan"))
    name = defined(["lxc.utsname = macvlan", "lxc.network.type = macvlan",
                    "lxc.network.flags = up", "lxc.network.link = wire0",
                    "lxc.network.hwaddr = 4a:49:43:49:79:bd",
                    "lxc.network.ipv4 = 10.2.3.4/24",
                    "lxc.network.ipv6 = 2003:db8:1:0:214:1234:fe0b:3596"])
    lxc("start", "-n", name).ok()
    inside = View(pid_of(lxc, name))
    link = inside.links()["eth0"]
    assert link["linkinfo"]["info_kind"] == "macvlan"
    assert link["address"] == "4a:49:43:49:79:bd" and "UP" in link["flags"]
    assert set(inside.addresses("eth0")) == {"10.2.3.4/24 10.2.3.255",
                                             "2003:db8:1:0:214:1234:fe0b:3596/64"}
    lxc("stop", "-n", name, "-k").ok()


@pytest.mark.parametrize("lines, shared", [
    ([], False), (["lxc.net.0.type = empty"], False), (["lxc.net.0.type = none"], True)])
def test_the_namespace(lxc, host, defined, lines, shared):
    """Without interfaces: one of its own with nothing but a loopback device, or the host's."""
    name = defined(lines)
    lxc("start", "-n", name).ok()
    pid = pid_of(lxc, name)
    assert (os.readlink(f"/proc/{pid}/ns/net") == os.readlink("/proc/self/ns/net")) == shared
    if not shared:
        assert not View(pid).links() and View(pid).loopback_is_up()
    lxc("stop", "-n", name, "-k").ok()
    assert "br0" in host.links()


@pytest.mark.skipif(not os.path.exists("/usr/libexec/lxc/lxc-user-nic"),
                    reason="needs LXC's /usr/libexec/lxc/lxc-user-nic")
def test_an_ordinary_user_starts_a_container_on_a_bridge(host, lxc_path, busybox_rootfs, folder):
    """lxc-start of nobody, with its own id alone, and what lxc-usernet(5) allows."""
    home, nobody = os.path.join(folder, "home"), (65534, 65534)
    for name in ("home", "home/lxc", "home/lxc/web", "home/run", "etc"):
        os.mkdir(os.path.join(folder, name))
    rootfs = busybox_rootfs(os.path.join(home, "lxc/web/rootfs"))
    program = shutil.copy(lxc_path, home)
    write(os.path.join(folder, "etc/lxc-usernet"), "nobody veth br0 1\n")
    write(os.path.join(home, "lxc/web/config"), "\n".join([
        f"lxc.rootfs.path = dir:{rootfs}", "lxc.init.cmd = /bin/sleep 1000",
        "lxc.idmap = u 0 65534 1", "lxc.idmap = g 0 65534 1", "lxc.net.0.type = veth",
        "lxc.net.0.link = br0", "lxc.net.0.flags = up", "lxc.net.0.ipv4.address = 10.9.0.9/24",
        "lxc.net.0.ipv4.gateway = auto"]) + "\n")
    for directory, _, files in os.walk(home):
        for name in [directory, *(os.path.join(directory, file) for file in files)]:
            os.chown(name, *nobody, follow_symlinks=False)
    holder = subprocess.Popen([*host.words_for_lxc(
        folder, f"mount --bind {folder}/etc /etc/lxc", "mount -t tmpfs tmpfs /run",
        "mkdir -p /run/lxc", "touch /run/mounted"), "sleep", "1000"])

    def call(command, *words):
        return subprocess.run(
            ["nsenter", "-t", str(holder.pid), "-m", "setpriv", "--reuid", "nobody", "--regid",
             "nogroup", "--clear-groups", "env", f"HOME={home}", f"XDG_RUNTIME_DIR={home}/run",
             program, command, "-P", f"{home}/lxc", "-n", "web", *words],
            capture_output=True, text=True, check=False)

    try:
        until(lambda: os.path.exists(f"/proc/{holder.pid}/root/run/mounted"), what="the mounts")
        assert (result := call("start")).returncode == 0, result
        inside = View(int(call("info", "-p", "-H").stdout))
        assert inside.addresses("eth0") == ["10.9.0.9/24 10.9.0.255"]
        assert inside.routes() == {"default via 10.9.0.1 dev eth0"}
        assert [link["master"] for name, link in host.links().items()
                if name.startswith("veth65534")] == ["br0"]
        assert (result := call("stop", "-k")).returncode == 0, result
        until(lambda: not [name for name in host.links() if name.startswith("veth65534")],
              what="the pair to end with the namespace")
    finally:
        call("stop", "-k")
        holder.kill()
        holder.wait()


def write(path, text):
    with open(path, "w", encoding="ascii") as target:
        target.write(text)
