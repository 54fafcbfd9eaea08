# SPDX-License-Identifier: Apache-2.0
"""lxc.rootfs.path = loop:FILE, and overlays of several layers: what is inside is the root, nothing is left of it on
the host however the container ends, and other storage is refused in one line."""
import os
import shutil
import subprocess

import pytest

from harness.runtime import until


@pytest.fixture
def image(folder, busybox_rootfs):
    """image(TYPE): a file with a busybox root file system."""
    if not os.path.exists("/dev/loop-control"):
        pytest.skip("needs /dev/loop-control")
    rootfs = busybox_rootfs(os.path.join(folder, "source"))
    with open(os.path.join(rootfs, "mark"), "w", encoding="ascii") as target:
        target.write("inside\n")

    def make(kind="ext4"):
        path = os.path.join(folder, "image." + kind)
        program = {"ext4": "mke2fs", "squashfs": "mksquashfs"}[kind]
        if not shutil.which(program):
            pytest.skip("needs " + program)
        words = {"ext4": ["mke2fs", "-q", "-t", "ext4", "-d", rootfs, path, "24M"],
                 "squashfs": ["mksquashfs", rootfs, path, "-quiet", "-no-progress"]}[kind]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        return path

    return make


def attached(path):
    return subprocess.run(["losetup", "-j", path], check=True, capture_output=True, text=True).stdout


def start(lxc, path, *lines):
    name = lxc.define([f"lxc.rootfs.path = loop:{path}", "lxc.mount.auto = proc", "lxc.init.cmd = /bin/sleep 1000", *lines])
    lxc("start", "-n", name).ok()
    return name


@pytest.mark.parametrize("kind", ["ext4", "squashfs"])
def test_the_root_is_the_image(lxc, image, kind):
    """What is written is in the image, if its kind of filesystem can be written to."""
    path = image(kind)
    name = start(lxc, path)
    assert attached(path)
    assert lxc("attach", name, "--", "/bin/cat", "/mark").ok().out == "inside\n"
    written = lxc("attach", name, "--", "/bin/sh", "-c", "echo new >/new").code == 0
    assert written == (kind == "ext4")
    lxc("stop", "-k", name).ok()
    until(lambda: not attached(path), what="the device to be free")
    name = start(lxc, path)
    assert (lxc("attach", name, "--", "/bin/cat", "/new").code == 0) == written
    lxc("stop", "-k", name).ok()
    until(lambda: not attached(path), what="the device to be free")


def test_a_reboot_attaches_it_anew(lxc, image):
    path = image()
    name = start(lxc, path)
    first = lxc("info", "-n", name, "-p", "-H").ok().out
    lxc("attach", name, "--", "/bin/sh", "-c", "echo kept >/kept").ok()
    lxc("attach", name, "--", "/bin/busybox", "reboot", "-f")
    until(lambda: lxc("info", "-n", name, "-p", "-H").ok().out not in ("", first), timeout=20, what="another init")
    assert lxc("attach", name, "--", "/bin/cat", "/kept").ok().out == "kept\n"
    lxc("stop", "-k", name).ok()
    until(lambda: not attached(path), what="the device to be free")


@pytest.mark.parametrize("how", ["a failed start", "init killed", "the monitor killed", "deleted"])
def test_nothing_is_left(lxc, image, how):
    path = image()
    if how == "a failed start":
        name = lxc.define([f"lxc.rootfs.path = loop:{path}", "lxc.init.cmd = /does/not/exist"])
        lxc("start", "-n", name).failed("/does/not/exist")
    else:
        name = start(lxc, path)
        pid = int(lxc("info", "-n", name, "-p", "-H").ok().out)
        with open(f"/proc/{pid}/status", encoding="ascii") as source:
            keeper = next(int(line.split()[1]) for line in source if line.startswith("PPid:"))
        if how == "deleted":
            lxc.runtime("delete", "--force", name).ok()
        else:
            os.kill(pid if how == "init killed" else keeper, 9)
    until(lambda: not attached(path), what="the device to be free")


def test_what_is_no_image(lxc, folder):
    path = os.path.join(folder, "file")
    name = lxc.define([f"lxc.rootfs.path = loop:{path}", "lxc.init.cmd = /bin/true"])
    config = os.path.join(lxc.lxcpath, name, "config")
    lxc("start", "-n", name).failed(f"{config}:1: lxc.rootfs.path: ", "No such file")
    with open(path, "wb") as target:
        target.truncate(1 << 20)
    lxc("start", "-n", name).failed(f"{config}:1: lxc.rootfs.path: ", "no filesystem of a known type")


def test_store_commands(lxc, image):
    """A rename leaves the image where it is, a copy is refused, it goes with its container."""
    path = image()
    name = lxc.define([f"lxc.rootfs.path = loop:{path}"])
    lxc("copy", "-n", name, "-N", "other").failed("cannot be copied")
    assert os.listdir(lxc.lxcpath) == [name]
    lxc("copy", "-n", name, "-N", "other", "-R").ok()
    with open(os.path.join(lxc.lxcpath, "other/config"), encoding="ascii") as source:
        assert f"lxc.rootfs.path = loop:{path}\n" in source.read()
    lxc("destroy", "-n", "other").ok()
    assert not os.path.exists(path) and os.listdir(lxc.lxcpath) == []


@pytest.mark.parametrize("word", ["nbd", "lvm", "zfs", "rbd", "aufs"])
def test_other_storage_is_refused(lxc, word):
    name = lxc.define([f"lxc.rootfs.path = {word}:/dev/x", "lxc.init.cmd = /bin/true"])
    result = lxc("start", "-n", name).failed(f"storage of type {word} is not supported", "dir:PATH")
    assert len(result.err.splitlines()) == 1


def test_several_lower_layers(lxc, folder, busybox_rootfs):
    """The first is the topmost; what is written is in the upper layer alone."""
    layers = []
    for number in range(3):
        layer = busybox_rootfs(f"{folder}/low{number}") if number == 2 else f"{folder}/low{number}"
        os.makedirs(layer, exist_ok=True)
        for name in (f"own{number}", "shared"):
            with open(os.path.join(layer, name), "w", encoding="ascii") as target:
                target.write(f"{number}\n")
        layers.append(layer)
    os.makedirs(folder + "/upper")
    name = lxc.define([f"lxc.rootfs.path = overlay:{':'.join(layers)}:{folder}/upper", "lxc.mount.auto = proc",
                       "lxc.init.cmd = /bin/sleep 1000"])
    lxc("start", "-n", name).ok()
    said = lxc("attach", name, "--", "/bin/sh", "-c", "cat /own0 /own1 /own2 /shared; echo new >/own1")
    assert said.ok().out == "0\n1\n2\n0\n"
    lxc("stop", "-k", name).ok()
    with open(folder + "/upper/own1", encoding="ascii") as source:
        assert source.read() == "new\n"
    with open(layers[1] + "/own1", encoding="ascii") as source:
        assert source.read() == "1\n"
