# SPDX-License-Identifier: Apache-2.0
"""A Debian with systemd as a system container: from lxc-start to a login on lxc-console, and out again by
lxc-stop, by lxc-stop -r and by a reboot from inside. Its files are those of the guest that the tests run in
(tests/vm makes that with debootstrap), beneath a layer in memory."""
import os
import shutil
import time

import pytest

from harness.runtime import until

SHARE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../src/lxc/share"))
BOOT = 240  # seconds, on an emulated processor


@pytest.fixture(name="debian_root")
def fixture_debian_root():
    """Layers over the guest's root: (lower, upper)."""
    if not os.path.isdir("/run/systemd/system"):
        pytest.skip("needs a host that systemd has booted: tests/vm/run tests/lxc/test_system_container.py")
    if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        pytest.skip("needs cgroup v2")
    layers = "/run/thole-test-system"
    upper = layers + "/delta"
    units = upper + "/etc/systemd/system"
    os.makedirs(units)
    os.chmod(upper, 0o755)
    # What is the guest's own business: these very tests, and its network.
    os.symlink("/dev/null", units + "/thole-tests.service")
    with open("/etc/shadow", encoding="utf-8") as source:
        lines = [line if not line.startswith("root:") else "root::20000:0:99999:7:::\n" for line in source]
    with open(upper + "/etc/shadow", "w", encoding="utf-8") as target:
        target.writelines(lines)
    os.chmod(upper + "/etc/shadow", 0o640)
    with open(upper + "/etc/hostname", "w", encoding="utf-8") as target:
        target.write("system\n")
    yield "/", upper
    shutil.rmtree(layers)


@pytest.fixture(name="system")
def fixture_system(lxc, debian_root, tmp_path, monkeypatch):
    """The name of the container, defined with the configurations that thole ships."""
    share = tmp_path / "share"
    share.mkdir()
    (share / "config").symlink_to(SHARE)
    monkeypatch.setenv("THOLE_LXC_SHARE", str(share))
    lower, upper = debian_root
    return lxc.define([f"lxc.rootfs.path = overlay:{lower}:{upper}", f"lxc.include = {SHARE}/common.conf",
                       "lxc.uts.name = system",
                       "lxc.apparmor.profile = unconfined", "lxc.net.0.type = empty"])


def inside(lxc, name, *words):
    return lxc.runtime("exec", name, *words)


def boots(lxc, name, former=None):
    """Waits until systemd has nothing left to start, of another boot than the former one; this boot."""
    def settled():
        boot = inside(lxc, name, "/usr/bin/stat", "-c", "%Y", "/run/systemd/system")
        state = inside(lxc, name, "/usr/bin/systemctl", "is-system-running").out.strip()
        if boot.code != 0 or boot.out == former or state not in ("running", "degraded"):
            return None
        return boot.out
    try:
        return until(settled, timeout=BOOT, what="the end of its boot")
    except AssertionError as error:
        said = inside(lxc, name, "/bin/sh", "-c", "ps -ef; systemctl is-system-running; systemctl list-jobs --no-pager;"
                      " systemctl --failed --no-pager; journalctl -b --no-pager | tail -n 60")
        raise AssertionError(f"{error}\n{said!r}") from error


def logs_in(lxc, name, number, tty, *options):
    """lxc-console with these options leads to a login, and the keys lead off again."""
    pexpect = pytest.importorskip("pexpect")
    console = pexpect.spawn(lxc.program, ["console", "-P", lxc.lxcpath, "-n", name, *options], timeout=BOOT,
                            encoding="utf-8")
    console.expect(f"Connected to tty {number}")
    console.sendline("")
    console.expect("login:")
    console.sendline("root")
    console.expect("# ")
    console.sendline("echo $((6 * 7))-$(tty)")
    console.expect(f"42-{tty}\r")
    console.send("\x01q")
    console.expect(pexpect.EOF)
    console.close()
    assert console.exitstatus == 0


def test_from_start_to_stop(lxc, system):
    lxc("start", system, timeout=BOOT).ok()
    first = boots(lxc, system)
    assert inside(lxc, system, "/usr/bin/readlink", "/proc/1/exe").ok().out == "/usr/lib/systemd/systemd\n"
    failed = inside(lxc, system, "/usr/bin/systemctl", "list-units", "--failed", "--plain", "--no-legend").ok().out
    assert not failed.strip(), failed
    assert lxc("info", "-s", "-H", system).ok().out == "RUNNING\n"

    # A login on the console and on the first free terminal, each with what systemd finds there by itself.
    logs_in(lxc, system, 0, "/dev/lxc/console", "-t", "0")
    logs_in(lxc, system, 1, "/dev/pts/1")

    # Another boot: asked for from outside, then from inside.
    lxc("stop", "-r", "-t", BOOT, system, timeout=2 * BOOT).ok()
    second = boots(lxc, system, first)
    time.sleep(1)  # what tells boots apart has whole seconds
    inside(lxc, system, "/usr/bin/systemctl", "reboot")
    boots(lxc, system, second)
    assert lxc("info", "-s", "-H", system).ok().out == "RUNNING\n"

    # systemd shuts down by itself: nothing is killed.
    lxc("stop", "--nokill", "-t", BOOT, system, timeout=2 * BOOT).ok()
    assert lxc("info", "-s", "-H", system).ok().out == "STOPPED\n"
    assert system not in lxc.live()
