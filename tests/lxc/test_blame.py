# SPDX-License-Identifier: Apache-2.0
"""What the library or the kernel refuses, a start that fails tells by the line of lxc.conf that asked for it."""
import os

import pytest

# what: the line that is to blame, others that it needs
LINES = {
    "a limit of resources": ["lxc.prlimit.nofile = 4000000000"],
    "a parameter of the kernel": ["lxc.sysctl.kernel.nonsense = 1"],
    "the second parameter": ["lxc.sysctl.kernel.nonsense = 1", "lxc.sysctl.kernel.msgmax = 8192"],
    "the command": ["lxc.init.cmd = /does/not/exist"],
    "the working directory": ["lxc.init.cwd = /bin/busybox"],
    "a mount": ["lxc.mount.entry = /does/not/exist mnt none bind 0 0"],
    "the second mount": ["lxc.mount.entry = none opt nonsense create=dir 0 0",
                         "lxc.mount.entry = tmpfs mnt tmpfs create=dir 0 0"],
    "an automatic mount": ["lxc.mount.auto = shmounts:/does/not/exist"],
    "a directory": ["lxc.rootfs.path = dir:/does/not/exist"],
    "layers": ["lxc.rootfs.path = overlay:/does/not/exist:{folder}/upper"],
    "a cgroup of v1": ["lxc.cgroup.cpuset.cpus = 4000"],
    "a cgroup of v2": ["lxc.cgroup2.cgroup.max.depth = nonsense"],
    "a hook on the host": ["lxc.hook.start-host = /bin/false"],
    "a hook in between": ["lxc.hook.mount = /bin/false"],
    "a hook inside": ["lxc.hook.start = /bin/false", "lxc.hook.mount = /bin/true"],
    "a namespace": ["lxc.namespace.share.net = 2147483647"],
    "the host name": ["lxc.uts.name = " + 70 * "x"],
    "a clock before the start": ["lxc.time.offset.monotonic = -9000000h"],
    "a file of the process": ["lxc.proc.nonsense = 1"],
    "a user who is not mapped": ["lxc.init.uid = 5000", "lxc.idmap = u 0 100000 1000", "lxc.idmap = g 0 100000 1000"],
}


@pytest.mark.parametrize("what", sorted(LINES))
def test_the_line_is_named(lxc, folder, busybox_rootfs, what):
    os.makedirs(os.path.join(folder, "upper"))
    rootfs = busybox_rootfs(os.path.join(folder, "rootfs"))
    bad, *others = (line.format(folder=folder) for line in LINES[what])
    before = ["# The first line", "lxc.init.cmd = /bin/true", *others, "", bad]
    name = lxc.define(before, rootfs=None if "rootfs.path" in bad else rootfs)
    config = os.path.join(lxc.lxcpath, name, "config")
    with open(config, encoding="utf-8") as source:
        number = source.read().splitlines().index(bad) + 1
    result = lxc("start", "-n", name)
    assert result.code == 1
    said = result.err.splitlines()[0]
    assert f"{config}:{number}: {bad.split(' = ')[0]}: " in said, said
    assert lxc.live() == []


def test_a_line_of_an_fstab(lxc, folder, busybox_rootfs):
    fstab = os.path.join(folder, "fstab")
    with open(fstab, "w", encoding="ascii") as target:
        target.write("# none\ntmpfs mnt tmpfs create=dir 0 0\n/does/not/exist opt none bind 0 0\n")
    name = lxc.define([f"lxc.mount.fstab = {fstab}", "lxc.init.cmd = /bin/true"],
                      rootfs=busybox_rootfs(os.path.join(folder, "rootfs")))
    assert f"{fstab}:3: " in lxc("start", "-n", name).failed("/does/not/exist").err


def test_a_definition_on_the_command_line(lxc, folder, busybox_rootfs):
    name = lxc.define("lxc.init.cmd = /bin/true", rootfs=busybox_rootfs(os.path.join(folder, "rootfs")))
    lxc("start", "-n", name, "-s", "lxc.sysctl.kernel.nonsense=1").failed("-s lxc.sysctl.kernel.nonsense: ")
