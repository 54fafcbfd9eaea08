# SPDX-License-Identifier: Apache-2.0
"""lxc-cgroup: files of a container's cgroup, wherever their controller is."""
import json
import os
import stat

import pytest

from harness import machine

FILES = [("memory", "memory.limit_in_bytes", "memory.max"), ("pids", "pids.max", "pids.max"),
         ("cpuset", "cpuset.cpus", "cpuset.cpus"), ("memory", "memory.usage_in_bytes", "memory.current")]


@pytest.mark.parametrize("controller,v1,v2", FILES)
def test_read(lxc, live, controller, v1, v2):
    """The content of the file, and one more line break, as LXC has it; v1 names work on v2."""
    if controller not in machine.controllers():
        pytest.skip(f"needs the controller {controller}")
    container = live()
    shown = lxc("cgroup", container.id, v1).ok()
    assert shown.out.endswith("\n\n") and shown.out.strip()
    if "usage" not in v1:
        names = (v1, v2)
        assert shown.out.strip() in [container.cgroup_read(controller, name) for name in names
                                     if exists(container, controller, name)]


def exists(container, controller, name):
    try:
        container.cgroup_read(controller, name)
        return True
    except FileNotFoundError:
        return False


@pytest.mark.needs(controller="pids")
def test_write(lxc, live):
    container = live()
    assert lxc("cgroup", container.id, "pids.max", "123").ok().out == ""
    assert container.cgroup_read("pids", "pids.max") == "123"
    lxc("cgroup", container.id, "pids.max", "nonsense").failed(
        "Failed to assign 'nonsense' value to 'pids.max'")


@pytest.mark.needs(controller="memory")
def test_a_limit_by_its_old_name(lxc, live):
    container = live()
    shown = lxc("cgroup", container.id, "memory.limit_in_bytes", str(64 << 20)).ok()
    if exists(container, "memory", "memory.max"):
        assert container.cgroup_read("memory", "memory.max") == str(64 << 20)
        assert "memory.max" in shown.err
    else:
        assert container.cgroup_read("memory", "memory.limit_in_bytes") == str(64 << 20)


def test_devices(lxc, live):
    """devices.deny and devices.allow take effect on v1 and on v2, and add up."""
    container = live()
    uses = {"5": "dd if=/dev/zero of=/dev/null count=1", "8": "dd if=/dev/random of=/dev/null count=1"}
    for minor, use in uses.items():
        container.sh(use).ok()
        lxc("cgroup", container.id, "devices.deny", f"c 1:{minor} rwm").ok()
    for use in uses.values():
        container.sh(use).failed("Operation not permitted")
    lxc("cgroup", container.id, "devices.allow", "c 1:5 rwm").ok()
    container.sh(uses["5"]).ok()
    container.sh(uses["8"]).failed("Operation not permitted")
    for rule in ("nonsense", "c 1", "x 1:3 rwm"):
        lxc("cgroup", container.id, "devices.allow", rule).failed("devices.allow")


def test_device_rules_come_on_top_of_an_update(lxc, live, folder):
    """Of its rules, not of those that it has replaced; the next update replaces all."""
    container = live()
    minors = ("229", "237")  # of no device that every container has
    for minor in minors:
        os.mknod(os.path.join(container.bundle.rootfs, minor), stat.S_IFCHR | 0o666, os.makedev(10, int(minor)))

    def update(*rules):
        path = os.path.join(folder, "resources.json")
        with open(path, "w", encoding="ascii") as target:
            json.dump({"devices": [{"allow": True, "access": "rwm"}, *rules]}, target)
        container.runtime("update", "--resources", path, container.id).ok()

    def refused():
        return [minor for minor in minors if "not permitted" in container.sh(f"exec </{minor}").err]

    update({"allow": False, "type": "c", "major": 10, "minor": 229, "access": "rw"})
    assert refused() == ["229"]
    lxc("cgroup", container.id, "devices.deny", "c 10:237 rw").ok()
    assert refused() == ["229", "237"]
    update()
    assert refused() == []


def test_wrong_calls(lxc, live):
    container = live()
    for name in ("nonsense.file", "pids", "../pids.max", "/etc/passwd", "pids.max/x"):
        shown = lxc("cgroup", container.id, name).failed("Failed to retrieve value")
        assert shown.out == ""
    lxc("cgroup", container.id).failed("Missing state object")
    stopped = lxc.define("lxc.uts.name = x")
    lxc("cgroup", stopped, "pids.max").failed("is not running")
