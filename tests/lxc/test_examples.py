# SPDX-License-Identifier: Apache-2.0
"""The example of the 0.7 manual for one application: a root file system of empty directories, those of the host
mounted on them read-only by an fstab file, and files of its own."""
import os

import pytest


@pytest.fixture(name="application")
def fixture_application(lxc, folder):
    """The name of a container like that, of a configuration as LXC 0.7 had it."""
    name = lxc.new_name()
    directory = os.path.join(lxc.lxcpath, name)
    root = directory + "/rootfs"
    host = [path for path in ("/bin", "/lib", "/lib64", "/usr", "/sbin") if os.path.isdir(path)]
    for path in (*host, "/etc", "/root", "/tmp", "/proc", "/dev", "/home/application"):
        os.makedirs(root + path)
    with open(root + "/home/application/state", "w", encoding="utf-8") as target:
        target.write("of the application\n")
    with open(directory + "/fstab", "w", encoding="utf-8") as target:
        # Targets with the root file system's path, and relative to it: both are in use.
        for number, path in enumerate(host):
            target.write(f"{path} {root + path if number % 2 else path[1:]} none ro,bind 0 0\n")
        target.write(f"tmpfs {root}/tmp tmpfs size=1m 0 0\nproc proc proc defaults 0 0\n")
    lxc.define(["lxc.utsname = beta", "lxc.network.type = empty", f"lxc.mount = {directory}/fstab",
                f"lxc.rootfs = {root}", "lxc.cap.drop = sys_time"], name)
    return name


def inside(lxc, name, script):
    return lxc.runtime("exec", name, "/bin/sh", "-c", script)


def test_an_application_over_the_hosts_programs(lxc, application):
    lxc("start", application, "--", "/bin/sleep", "1000").ok()
    script = "hostname; cat /home/application/state; echo new > /home/application/state; echo > /tmp/file && ls /tmp"
    assert inside(lxc, application, script).ok().out == "beta\nof the application\nfile\n"
    for path in ("/usr/written", "/bin/written", "/lib/written"):
        assert "ead-only file system" in inside(lxc, application, f"echo > {path}").failed().err
        assert not os.path.exists(path)
    with open(os.path.join(lxc.lxcpath, application, "rootfs/home/application/state"), encoding="utf-8") as source:
        assert source.read() == "new\n"
    lxc("stop", "-k", application).ok()


@pytest.mark.parametrize("option", [[], ["-s"]], ids=["copy", "snapshot"])
def test_a_copy_runs_like_it(lxc, application, option):
    """Mount points that its fstab names in full are those of the copy."""
    name = lxc.new_name()
    lxc("copy", application, "-N", name, *option).ok()
    with open(os.path.join(lxc.lxcpath, name, "config"), encoding="utf-8") as source:
        assert f"lxc.mount = {lxc.lxcpath}/{name}/fstab\n" in source.read()
    lxc("start", name, "--", "/bin/sleep", "1000").ok()
    assert inside(lxc, name, "cat /home/application/state; echo > /tmp/file && ls /tmp").ok().out == \
        "of the application\nfile\n"
    lxc("stop", "-k", name).ok()
