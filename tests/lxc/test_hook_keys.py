# SPDX-License-Identifier: Apache-2.0
"""lxc.hook.*: each is run where LXC runs it, with the arguments and the LXC_ variables that LXC gives it; both are
driven in one run."""
import os
import re

import pytest

HOOKS = ["pre-start", "mount", "autodev", "start-host", "start", "stop", "post-stop"]
SCRIPT = """#!/bin/sh
{ echo "$@"; env | grep '^LXC_' | sort; if test -d {inside}; then echo sees the host; fi; } >>"{out}/$0.txt"
"""
# Variables that LXC sets to something else, or that it alone sets; docs/lxc-differences.md.
DIFFERENT = {"LXC_ROOTFS_MOUNT", "LXC_CONSOLE", "LXC_PID"}


class Ran:
    """What the hooks of a container said: the order they ran in, and of each its arguments and variables."""

    def __init__(self, out, name, rootfs):
        self.arguments, self.variables, self.sees_host = {}, {}, {}
        files = sorted((os.path.getmtime(os.path.join(out, entry)), entry) for entry in os.listdir(out))
        self.order = [entry[:-len(".txt")] for _, entry in files]
        for hook in self.order:
            with open(os.path.join(out, hook + ".txt"), encoding="utf-8") as source:
                lines = source.read().replace(name, "NAME").replace(rootfs, "ROOT")
                lines = lines.replace(os.path.dirname(out), "").replace("/lxc/", "/debian/").splitlines()
            self.arguments[hook] = lines[0]
            self.variables[hook] = dict(line.split("=", 1) for line in lines[1:] if "=" in line)
            self.sees_host[hook] = "sees the host" in lines


@pytest.fixture
def run_hooks(folder, busybox_rootfs):
    os.chmod(folder, 0o755)

    def run(face, version, hooks, lines=()):
        base = os.path.join(folder, type(face).__name__)
        rootfs = busybox_rootfs(base + "-root")
        out = base + "-out"
        os.makedirs(out)
        os.chmod(out, 0o777)
        config = ["lxc.mount.auto = proc", "lxc.pty.max = 10", f"lxc.hook.version = {version}", *lines]
        for hook in hooks:
            inside = hook == "start"
            script = f"{rootfs if inside else base}-{hook}" if not inside else f"{rootfs}/hook-start"
            text = SCRIPT.replace("{out}", "/out" if inside else out).replace("$0", hook)
            with open(script, "w", encoding="ascii") as target:
                target.write(text.replace("{inside}", folder))
            os.chmod(script, 0o755)
            config.append(f"lxc.hook.{hook} = {'/hook-start' if inside else script}")
        config.append(f"lxc.mount.entry = {out} out none bind,create=dir 0 0")
        name = face.define(config, name="hooks" + face.new_name(), rootfs=rootfs)
        result = face("start", "-n", name, "-F", "--", "/bin/sh", "-c", "sleep 0.1; exit 0")
        return result, Ran(out, name, rootfs)

    return run


def plain(text):
    """Without numbers of processes and descriptors, which both name in their own way."""
    return re.sub(r"/proc/\w+/fd/\d+", "FD", text)


@pytest.mark.parametrize("version", [0, 1])
def test_hooks_are_told_the_same(lxc, debian, run_hooks, version):
    result, ours = run_hooks(lxc, version, HOOKS)
    theirs = run_hooks(debian, version, HOOKS)[1]
    result.ok()
    assert set(ours.order) == set(theirs.order) == set(HOOKS)
    assert ours.sees_host == theirs.sees_host
    # OCI has the hooks of the host's side first; with LXC start-host comes before or after start.
    assert ours.order == ["pre-start", "start-host", "mount", "autodev", "start", "stop", "post-stop"]
    assert [hook for hook in theirs.order if hook != "start-host"] == \
        [hook for hook in ours.order if hook != "start-host"]
    for hook in HOOKS:
        assert plain(ours.arguments[hook]) == plain(theirs.arguments[hook])
        for key, value in theirs.variables[hook].items():
            if key not in DIFFERENT:
                assert plain(ours.variables[hook].get(key, "not set")) == plain(value), (hook, key)
    assert int(ours.variables["start-host"]["LXC_PID"]) > 1


@pytest.mark.parametrize("hook", ["pre-start", "mount", "autodev", "start-host", "start"])
def test_a_hook_that_fails_ends_the_start(lxc, debian, busybox_rootfs, folder, hook):
    for face in (lxc, debian):
        rootfs = busybox_rootfs(os.path.join(folder, type(face).__name__))
        name = face.define(["lxc.mount.auto = proc", "lxc.pty.max = 10", f"lxc.hook.{hook} = /bin/false"],
                           rootfs=rootfs)
        face("start", "-n", name, "-F", "--", "/bin/true").failed()
    assert lxc.live() == []
