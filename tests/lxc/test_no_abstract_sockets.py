# SPDX-License-Identifier: Apache-2.0
"""CVE-2020-15257: nobody who watches over an LXC container can be spoken to by an abstract name, which every
container with the host's network could do. LXC's own monitor listens at one: it is the control."""
import os
import subprocess

import pytest

from harness.runtime import until


@pytest.fixture
def alone():
    """A network namespace of its own: the words that enter it, and what listens there by such a name."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
    until(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
    enter = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]

    def sockets():
        listed = subprocess.run([*enter, "cat", "/proc/net/unix"], capture_output=True, text=True,
                                check=True).stdout
        return [line for line in listed.splitlines() if " @" in line]

    yield enter, sockets
    holder.kill()
    holder.wait()


def config(lxcpath, busybox_rootfs):
    rootfs = busybox_rootfs(os.path.join(lxcpath, ".rootfs"))
    return ["lxc.init.cmd = /bin/sleep 1000", "lxc.mount.auto = proc:mixed", "lxc.net.0.type = none",
            f"lxc.rootfs.path = dir:{rootfs}"]


@pytest.mark.parametrize("options", [(), ("-F",)], ids=["daemon", "foreground"])
def test_thole_has_none(lxc, busybox_rootfs, alone, options):
    enter, sockets = alone
    name = lxc.define(config(lxc.lxcpath, busybox_rootfs))
    lxc.words = lambda command: [*enter, lxc.program, command]
    started = lxc.start_process("start", "-n", name, *options)
    until(lambda: name in lxc.live() and "running" in lxc.runtime("state", name).out, what="the start")
    attached = lxc.start_process("attach", "-n", name, "--", "/bin/sleep", "1000")
    until(lambda: "1000" in lxc("attach", "-n", name, "--", "/bin/ps").out)
    assert sockets() == []
    attached.popen.kill()
    lxc("stop", "-k", "-n", name).ok()
    started.wait()


def test_control_has_one(debian, busybox_rootfs, alone):
    enter, sockets = alone
    name = debian.define(config(debian.lxcpath, busybox_rootfs))
    debian.before = enter
    if debian("start", "-n", name).code != 0:
        pytest.skip("LXC itself does not start such a container here")
    seen = sockets()
    debian("stop", "-k", "-n", name)
    assert any("/command" in line for line in seen), seen
