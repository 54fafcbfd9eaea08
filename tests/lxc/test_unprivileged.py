# SPDX-License-Identifier: Apache-2.0
"""An ordinary user starts, enters, freezes and stops a container with ranges of ids, in a subtree of
cgroup v2 that is delegated; without delegation one sentence says what to run."""
import os
import shutil
import subprocess

import pytest

from harness import machine, traces
from harness.ordinary_user import FIRST, ID_MAP, UID, OrdinaryUser
from harness.runtime import until


class Person(OrdinaryUser):
    """With a container "web", and a subtree of cgroup v2."""

    def __init__(self, folder, program, busybox_rootfs):
        super().__init__(folder, program)
        os.mkdir(os.path.join(self.lxcpath, "web"))
        os.chown(os.path.join(self.lxcpath, "web"), UID, UID)
        rootfs = busybox_rootfs(os.path.join(self.lxcpath, "web/rootfs"))
        self.write("lxc/web/config", f"lxc.rootfs.path = dir:{rootfs}", "lxc.init.cmd = /bin/sleep 1000",
                   *ID_MAP, "lxc.net.0.type = empty", "lxc.mount.auto = proc")
        subprocess.run(["chown", "-hR", f"{FIRST}:{FIRST}", rootfs], check=True)
        self.cgroup = f"/sys/fs/cgroup/{traces.mark()}user"
        self.inside = os.path.join(self.cgroup, "session")

    def delegate(self):
        """As systemd does: the user has the directory around the one he is in."""
        os.makedirs(self.inside)
        for name in ("", "/cgroup.procs", "/session", "/session/cgroup.procs"):
            os.chown(self.cgroup + name, UID, UID)

    def __call__(self, command, *words, delegated=True, name="web"):
        before = f"echo $$ >{self.inside}/cgroup.procs;" if delegated else ""
        return super().__call__(command, "-n", name, *words, before=before)

    def clear(self):
        self("stop", "-k", delegated=False)
        if os.path.isdir(self.cgroup):
            subprocess.run(["find", self.cgroup, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"],
                           check=False)


@pytest.fixture
def person(lxc_path, folder, busybox_rootfs):
    if os.geteuid() != 0 or machine.layout() != "unified" or not shutil.which("newuidmap"):
        pytest.skip("needs root, cgroup v2 alone (tests/cli/v2-view) and the package uidmap")
    made = Person(folder, lxc_path, busybox_rootfs)
    yield made
    made.clear()


def test_from_start_to_stop_in_a_delegated_subtree(person):
    person.delegate()
    result = person("start")
    assert (result.returncode, result.stderr) == (0, ""), result
    pid = person("info", "-p", "-H").stdout.strip()
    with open(f"/proc/{pid}/uid_map", encoding="ascii") as source:
        assert source.read().split() == ["0", str(FIRST), "65536"]
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as source:
        assert os.path.basename(person.cgroup) in source.read()
    assert (said := person("attach", "--", "/usr/bin/id", "-u")).stdout == "0\n", said
    assert person("freeze").returncode == 0
    assert person("info", "-s", "-H").stdout == "FROZEN\n"
    assert person("unfreeze").returncode == 0
    assert (result := person("stop", "-k")).returncode == 0, result
    assert person("info", "-s", "-H").stdout == "STOPPED\n"


def test_without_delegation_it_says_what_to_run(person):
    result = person("start", delegated=False)
    assert result.returncode == 0, result
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert "systemd-run --user --scope -p Delegate=yes lxc-start -n web" in lines[0]
    assert person("stop", "-k", delegated=False).returncode == 0
    limited = person("start", "-s", "lxc.cgroup2.pids.max=10", delegated=False)
    assert limited.returncode == 1
    assert "systemd-run --user --scope -p Delegate=yes" in limited.stderr


def test_a_copy_starts(person):
    """With what ran in the original, by ids of the container, and goes with its end if it is for one use."""
    person.delegate()
    for words in (["-N", "copy"], ["-N", "copy", "-e", "-B", "dir"]):
        assert (result := person("copy", *words)).returncode == 0, result
        if "-e" not in words:
            assert (result := person("start", name="copy")).returncode == 0, result
        assert person("attach", "--", "/bin/cat", "/proc/self/uid_map", name="copy").stdout.split()[1] == str(FIRST)
        assert (result := person("stop", "-k", name="copy")).returncode == 0, result
        if "-e" not in words:
            assert (result := person("destroy", name="copy")).returncode == 0, result
        until(lambda: os.listdir(person.lxcpath) == ["web"], what=f"the end of the copy: {words}")
