# SPDX-License-Identifier: Apache-2.0
"""An ordinary user starts, enters, freezes and stops a container with ranges of ids, in a subtree of
cgroup v2 that is delegated; without delegation one sentence says what to run."""
import os
import shutil
import subprocess

import pytest

from harness import machine, traces

USER, FIRST = 65534, 200000
SUDO = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]


class Person:
    def __init__(self, folder, program, busybox_rootfs):
        self.home = os.path.join(folder, "home")
        for name in ("lxc/web", "run"):
            os.makedirs(os.path.join(self.home, name))
        self.program = shutil.copy(program, self.home)
        self.grants = os.path.join(folder, "grants")
        with open(self.grants, "w", encoding="ascii") as target:
            target.write(f"nobody:{FIRST}:65536\n")
        rootfs = busybox_rootfs(os.path.join(self.home, "lxc/web/rootfs"))
        with open(os.path.join(self.home, "lxc/web/config"), "w", encoding="ascii") as target:
            target.write(f"lxc.rootfs.path = dir:{rootfs}\nlxc.init.cmd = /bin/sleep 1000\n"
                         f"lxc.idmap = u 0 {FIRST} 65536\nlxc.idmap = g 0 {FIRST} 65536\n"
                         "lxc.net.0.type = empty\nlxc.mount.auto = proc\n")
        subprocess.run(["chown", "-hR", f"{USER}:{USER}", self.home], check=True)
        subprocess.run(["chown", "-hR", f"{FIRST}:{FIRST}", rootfs], check=True)
        self.cgroup = f"/sys/fs/cgroup/{traces.mark()}user"
        self.inside = os.path.join(self.cgroup, "session")

    def delegate(self):
        """As systemd does: the user has the directory around the one he is in."""
        os.makedirs(self.inside)
        for name in ("", "/cgroup.procs", "/session", "/session/cgroup.procs"):
            os.chown(self.cgroup + name, USER, USER)

    def __call__(self, command, *words, delegated=True):
        script = (f"mount --bind {self.grants} /etc/subuid; mount --bind {self.grants} /etc/subgid; "
                  + (f"echo $$ >{self.inside}/cgroup.procs; " if delegated else "")
                  + 'exec "$@"')
        return subprocess.run(
            ["unshare", "-m", "--propagation", "private", "sh", "-ec", script, "sh", *SUDO, "env",
             f"HOME={self.home}", f"XDG_RUNTIME_DIR={self.home}/run", self.program, command, "-P",
             f"{self.home}/lxc", "-n", "web", *words],
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)

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
