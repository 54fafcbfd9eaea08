# SPDX-License-Identifier: Apache-2.0
"""lxc-copy -e: a copy for one use. It runs on layers of its own, and goes when it stops; nothing of it reaches
the original, the host or the next one."""
import os
import re

import pytest

from harness.runtime import until

MEMORY = "/dev/shm"


@pytest.fixture(name="origin")
def fixture_origin(lxc, busybox_rootfs):
    """The directory of a container with a busybox root, whose program sleeps."""
    name = lxc.new_name()
    directory = os.path.join(lxc.lxcpath, name)
    os.makedirs(directory)
    busybox_rootfs(directory + "/rootfs")
    lxc.define(["lxc.init.cmd = /bin/sleep 1000", "lxc.uts.name = " + name, "lxc.net.0.type = empty",
                "lxc.signal.halt = SIGKILL"], name, rootfs=directory + "/rootfs")
    with open(directory + "/rootfs/state", "w", encoding="utf-8") as target:
        target.write("original\n")
    return directory


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def layers_in_memory():
    return [name for place in ("/run", MEMORY) if os.path.isdir(place + "/thole-layers-0")
            for name in os.listdir(place + "/thole-layers-0")]


def ephemeral(lxc, origin, *words, name=None):
    """Starts one; its name."""
    name = name or lxc.new_name()
    result = lxc("copy", os.path.basename(origin), "-N", name, "-e", *words).ok()
    assert result.out.startswith(f"Created {name} as clone of {os.path.basename(origin)}\n")
    return name


def inside(lxc, name, script):
    return lxc.runtime("exec", name, "/bin/sh", "-c", script).ok().out


def gone(lxc, name):
    return not os.path.exists(os.path.join(lxc.lxcpath, name)) and name not in lxc.live()


@pytest.mark.parametrize("words", [[], ["-t"]], ids=["disk", "memory"])
def test_its_life(lxc, origin, words):
    before = layers_in_memory()
    name = ephemeral(lxc, origin, *words)
    script = "cat /state; echo changed > /state; echo > /new; cat /state"
    assert inside(lxc, name, script) == "original\nchanged\n"
    assert read(origin + "/lxc_snapshots") == f"{lxc.lxcpath}\n{name}\n"
    lxc("destroy", os.path.basename(origin)).failed("has clones")
    assert (layers_in_memory() != before) == (words == ["-t"])
    lxc("stop", "-k", name).ok()
    until(lambda: gone(lxc, name), what="the container's end")
    assert sorted(os.listdir(origin)) == ["config", "rootfs"]
    assert read(origin + "/rootfs/state") == "original\n" and not os.path.exists(origin + "/rootfs/new")
    assert layers_in_memory() == before


def test_a_name_of_its_own(lxc, origin):
    result = lxc("copy", os.path.basename(origin), "-e").ok()
    name = re.fullmatch(rf"Created ({os.path.basename(origin)}_\w{{6}}) as clone of .*\n", result.out)[1]
    assert name in lxc.live()
    lxc("stop", "-k", name).ok()
    until(lambda: gone(lxc, name), what="the container's end")


def test_the_original_runs(lxc, origin):
    lxc("start", os.path.basename(origin)).ok()
    name = ephemeral(lxc, origin)
    assert inside(lxc, name, "cat /state") == "original\n"
    for each in (name, os.path.basename(origin)):
        lxc("stop", "-k", each).ok()
    until(lambda: gone(lxc, name), what="the container's end")


def test_a_command_in_the_foreground(lxc, origin):
    name = lxc.new_name()
    result = lxc("copy", os.path.basename(origin), "-N", name, "-e", "-F", "--", "/bin/sh", "-c",
                 "cat /state; exit 7")
    assert result.code == 7 and "original" in result.out, result
    until(lambda: gone(lxc, name), what="the container's end")


def test_one_that_ends_by_itself_is_gone(lxc, origin):
    name = ephemeral(lxc, origin, "--", "/bin/true")
    until(lambda: gone(lxc, name), what="the container's end")


def test_kept_data(lxc, origin):
    name = ephemeral(lxc, origin, "-D", "--", "/bin/sh", "-c", "echo kept > /state; sleep 1000")
    lxc("stop", "-k", name).ok()
    assert read(os.path.join(lxc.lxcpath, name, "overlay/delta/state")) == "kept\n"
    lxc("start", name).ok()
    assert inside(lxc, name, "cat /state") == "kept\n"
    lxc("stop", "-k", name).ok()
    lxc("destroy", name).ok()


def test_one_that_does_not_start_leaves_nothing(lxc, origin):
    name = lxc.new_name()
    lxc("copy", os.path.basename(origin), "-N", name, "-e", "--", "/nonexistent").failed("/nonexistent")
    until(lambda: gone(lxc, name), what="the container's end")
    assert sorted(os.listdir(origin)) == ["config", "rootfs"]


def test_mounts(lxc, origin, folder):
    source = os.path.join(folder, "with blank")
    os.makedirs(source + "/sub")
    for name in ("file", "sub/file"):
        with open(os.path.join(source, name), "w", encoding="utf-8") as target:
            target.write("of the host\n")
    os.chmod(source, 0o751)
    name = ephemeral(lxc, origin, "-m", f"bind={source}:/bound,overlay={source}:/layered", "-m",
                     f"bind={source}:/read:ro", "-m", f"bind={source}/file:/etc/one:ro", "-m", f"overlay={source}")
    script = """
        cat /bound/file /layered/sub/file /etc/one
        echo layered > /layered/file; cat /layered/file
        stat -c %a /layered
        ( echo x > /read/file ) 2>/dev/null || echo read-only
        ( echo x > /etc/one ) 2>/dev/null || echo read-only
        ls """ + f"'{source}'; echo here > '{source}/here'; echo bound > /bound/bound"
    assert inside(lxc, name, script).split("\n")[:-1] == [
        *["of the host"] * 3, "layered", "751", "read-only", "read-only", "file", "sub"]
    assert sorted(os.listdir(source)) == ["bound", "file", "sub"]
    assert read(source + "/file") == "of the host\n"
    lxc("stop", "-k", name).ok()
    until(lambda: gone(lxc, name), what="the container's end")
    assert sorted(os.listdir(source)) == ["bound", "file", "sub"]


def test_a_mount_of_what_is_not_there(lxc, origin):
    name = lxc.new_name()
    lxc("copy", os.path.basename(origin), "-N", name, "-e", "-m", "bind=/nonexistent").failed("/nonexistent")
    assert gone(lxc, name)
