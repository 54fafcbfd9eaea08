# SPDX-License-Identifier: Apache-2.0
"""The walk of LXC's manual on a container of the busybox template, from create to destroy."""
import json
import os
import subprocess

import pytest

from harness.caller import Caller
from harness.runtime import until


@pytest.fixture
def container(lxc, folder):
    """A created container with busybox's init, without a network."""
    base = os.path.join(folder, "base.conf")
    with open(base, "w", encoding="ascii") as target:
        target.write("lxc.net.0.type = empty\n")
    name = lxc.new_name()
    lxc("create", "-n", name, "-t", "busybox", "-f", base).ok()
    yield name
    lxc("stop", "-k", "-n", name)
    lxc("destroy", "-n", name)


def pid(lxc, name):
    out = lxc("info", "-n", name, "-p", "-H").ok().out.strip()
    return int(out) if out else 0


def state(lxc, name):
    return lxc("info", "-n", name, "-s", "-H").ok().out.strip()


def run_inside(lxc, name, *words):
    return lxc.runtime("exec", name, *words)


def test_start_to_stop(lxc, container):
    assert lxc("ls").ok().out.split() == [container]
    assert state(lxc, container) == "STOPPED"
    lxc("start", "-n", container).ok()
    lxc("wait", "-n", container, "-s", "RUNNING", "-t", "10").ok()
    assert state(lxc, container) == "RUNNING"
    assert pid(lxc, container) > 1
    until(lambda: "init" in run_inside(lxc, container, "ps").out)
    lxc("stop", "-n", container).ok()
    lxc("wait", "-n", container, "-s", "STOPPED", "-t", "10").ok()
    assert (state(lxc, container), pid(lxc, container)) == ("STOPPED", 0)


def test_freeze_and_thaw(lxc, container):
    lxc("start", container).ok()
    lxc("freeze", container).ok()
    assert state(lxc, container) == "FROZEN"
    lxc("wait", container, "-s", "FROZEN", "-t", "5").ok()
    lxc("unfreeze", container).ok()
    assert state(lxc, container) == "RUNNING"


def test_login_on_a_console(lxc, container):
    """The template has a getty of busybox on tty1."""
    lxc("start", container).ok()
    caller = Caller([*lxc.words("console"), "-P", lxc.lxcpath, "-n", container, "-t", "0"])
    try:
        caller.expect("Connected to tty 0")
        caller.type("\r")
        caller.expect("Please press Enter to activate this console", timeout=20)
        caller.type("\r")
        caller.expect("#")
        caller.type("echo $((40+2))\r")
        caller.expect("42")
        caller.type("\x01q")
        assert caller.wait() == 0
    finally:
        caller.close()
    assert state(lxc, container) == "RUNNING"


@pytest.mark.parametrize("how", ["stop -r", "inside"])
def test_reboot(lxc, container, how):
    lxc("start", container).ok()
    first = pid(lxc, container)
    for _ in range(2):
        before = pid(lxc, container)
        until(lambda: "init" in run_inside(lxc, container, "ps").out)
        if how == "inside":
            run_inside(lxc, container, "reboot")
            until(lambda: pid(lxc, container) not in (0, before), timeout=20)
        else:
            lxc("stop", "-r", container, timeout=30).ok()
        assert pid(lxc, container) not in (0, before)
    assert pid(lxc, container) != first
    until(lambda: state(lxc, container) == "RUNNING")


def test_poweroff_from_inside(lxc, container):
    lxc("start", container).ok()
    until(lambda: "init" in run_inside(lxc, container, "ps").out)
    run_inside(lxc, container, "poweroff")
    until(lambda: state(lxc, container) == "STOPPED", timeout=20)
    assert lxc.live() == []


def test_copy_snapshot_destroy(lxc, container):
    copy = lxc.new_name()
    lxc("copy", "-n", container, "-N", copy).ok()
    lxc("start", copy).ok()
    assert run_inside(lxc, copy, "hostname").ok().out.strip() == copy
    lxc("stop", "-k", copy).ok()
    lxc("snapshot", "-n", copy).ok()
    assert "snap0" in lxc("snapshot", "-n", copy, "-L").ok().out
    lxc("snapshot", "-n", copy, "-d", "snap0").ok()
    lxc("destroy", "-n", copy).ok()
    assert lxc("ls").ok().out.split() == [container]


def test_attach(lxc, container):
    lxc("start", container).ok()
    assert lxc("attach", container, "--", "/bin/hostname").ok().out.strip() == container
    assert lxc("attach", container, "--", "/bin/sh", "-c", "exit 7").code == 7
    assert lxc("attach", container, "-s", "UTSNAME|NETWORK", "-e", "--", "hostname").ok().out.strip() == container
    assert lxc("attach", container, "--clear-env", "-v", "A=b", "--", "/bin/sh", "-c", "echo $A").ok().out == "b\n"


def test_cgroup_ps_top_monitor(lxc, container):
    monitor = lxc.start_process("monitor", "-n", container)
    until(lambda: os.path.isdir(f"/proc/{monitor.pid}/fd"))
    lxc("start", container).ok()
    assert lxc("cgroup", container, "cgroup.procs").ok().out.split()[0] == str(pid(lxc, container))
    assert "init" in lxc("ps", "-n", container).ok().out
    top = lxc.start_process("top", "-b", "-d", "0.2")
    until(lambda: f",{container}," in top.output())
    lxc("stop", "-k", container).ok()
    until(lambda: f"'{container}' changed state to [STOPPED]" in monitor.output())
    words = [line.split("[")[1].rstrip("]") for line in monitor.output().splitlines()
             if "changed state" in line]
    assert words[-2:] == ["STOPPING", "STOPPED"] and "RUNNING" in words


# ---- the manual of 0.7: a root with read-only binds from an fstab file ---------------------------

def test_fstab_and_old_names(lxc, folder, busybox_rootfs):
    rootfs = busybox_rootfs(os.path.join(folder, "root"))
    fstab = os.path.join(folder, "fstab")
    with open(fstab, "w", encoding="ascii") as target:
        target.write(f"/usr {rootfs}/home none ro,bind 0 0\nproc {rootfs}/proc proc nodev,noexec 0 0\n")
    name = lxc.define([f"lxc.utsname = old-{os.getpid()}", f"lxc.mount = {fstab}",
                       f"lxc.rootfs = {rootfs}", "lxc.tty = 1", "lxc.network.type = empty"])
    lxc("start", "-n", name, "--", "/bin/sleep", "1000").ok()
    assert run_inside(lxc, name, "hostname").ok().out.strip() == f"old-{os.getpid()}"
    assert run_inside(lxc, name, "touch", "/home/x").code != 0
    assert "bin" in run_inside(lxc, name, "ls", "/home").ok().out
    lxc("stop", "-k", "-n", name).ok()


def test_macvlan(lxc, folder, busybox_rootfs):
    """The macvlan example of the 0.7 manual, with today's names."""
    rootfs = busybox_rootfs(os.path.join(folder, "root"))
    link = "w" + str(os.getpid())
    subprocess.run(["ip", "link", "add", link, "type", "veth", "peer", "name", link + "p"], check=True)
    subprocess.run(["ip", "link", "set", link, "up"], check=True)
    try:
        name = lxc.define(["lxc.network.type = macvlan", f"lxc.network.link = {link}",
                           "lxc.network.flags = up", "lxc.network.hwaddr = 4a:49:43:49:79:bd",
                           "lxc.network.ipv4 = 10.2.3.5/24", f"lxc.rootfs = {rootfs}",
                           "lxc.mount.auto = proc"])
        lxc("start", name, "--", "/bin/sleep", "1000").ok()
        said = run_inside(lxc, name, "ifconfig", "eth0")
        lxc("stop", "-k", name).ok()
        assert "4A:49:43:49:79:BD" in said.ok().out.upper() and "10.2.3.5" in said.out
    finally:
        subprocess.run(["ip", "link", "del", link], check=False)


def test_thole_sees_it_too(lxc, container):
    lxc("start", container).ok()
    listed = json.loads(lxc.runtime("list", "--format", "json").ok().out)
    assert [entry["id"] for entry in listed] == [container]
    lxc("stop", "-k", container).ok()
