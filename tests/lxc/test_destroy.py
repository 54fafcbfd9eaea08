# SPDX-License-Identifier: Apache-2.0
"""lxc-destroy: all of a container goes, nothing else does, and one that is still needed stays."""
import os
import stat
import subprocess

import pytest


@pytest.fixture(name="container")
def fixture_container(lxc):
    """container(LINE...): a container with some files; its directory."""

    def make(*lines):
        name = lxc.new_name()
        directory = os.path.join(lxc.lxcpath, name)
        os.makedirs(directory + "/rootfs/etc/deep/er")
        with open(directory + "/rootfs/etc/passwd", "w", encoding="utf-8") as target:
            target.write("root\n")
        lxc.define(lines, name, rootfs=directory + "/rootfs")
        return directory

    return make


def name_of(directory):
    return os.path.basename(directory)


def test_everything_goes(lxc, container):
    directory, other = container(), container()
    lxc("destroy", "-n", name_of(directory)).ok()
    assert os.listdir(lxc.lxcpath) == [name_of(other)]


def test_one_that_is_not_defined(lxc):
    lxc("destroy", lxc.new_name()).failed("Container is not defined")
    os.makedirs(os.path.join(lxc.lxcpath, "directory/of/somebody"))
    lxc("destroy", "directory").failed("Container is not defined")
    assert os.path.isdir(os.path.join(lxc.lxcpath, "directory/of/somebody"))


def hostile(root, outside):
    """A tree with everything that leads, or seems to lead, somewhere else."""
    os.symlink(outside, root + "/link")
    os.symlink("/", root + "/etc/root")
    os.symlink("link", root + "/loop")
    os.symlink("../../..", root + "/up")
    os.mkfifo(root + "/fifo")
    os.mknod(root + "/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(root + "/disk", stat.S_IFBLK | 0o600, os.makedev(240, 7))
    os.makedirs(root + "/closed/in")
    os.chmod(root + "/closed", 0)
    os.mkdir(root + "/ \n\t*?\\")
    os.link(outside + "/kept", root + "/hard")


def test_links_are_removed_not_followed(lxc, container, folder):
    outside = os.path.join(folder, "outside")
    os.mkdir(outside)
    with open(outside + "/kept", "w", encoding="utf-8") as target:
        target.write("kept")
    directory = container()
    hostile(directory + "/rootfs", outside)
    lxc("destroy", name_of(directory)).ok()
    assert not os.path.exists(directory)
    assert os.listdir(outside) == ["kept"]


def test_depth_costs_nothing(lxc, container):
    """Deeper than descriptors, than the stack, and than a path can be long."""
    directory = container()
    depth = 5000
    here = os.open(directory + "/rootfs", os.O_PATH)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_PATH, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    lxc("destroy", name_of(directory)).ok()
    assert not os.path.exists(directory)


@pytest.mark.parametrize("flag", ["+i", "+a"])
def test_immutable_files_go_as_well(lxc, container, flag):
    directory = container()
    os.symlink("x", directory + "/rootfs/etc/link")
    paths = [directory + "/rootfs/etc/passwd", directory + "/rootfs/etc/deep", directory + "/rootfs/etc"]
    if subprocess.run(["chattr", flag, *paths], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        pytest.skip("needs a filesystem with attributes, and the right to set them")
    lxc("destroy", name_of(directory)).ok()
    assert not os.path.exists(directory)


def test_what_is_mounted_in_it_stays(lxc, container, folder):
    outside, directory = os.path.join(folder, "outside"), container()
    os.mkdir(outside)
    open(outside + "/kept", "w", encoding="utf-8").close()
    point = directory + "/rootfs/etc/deep"
    subprocess.run(["mount", "--bind", outside, point], check=True)
    try:
        lxc("destroy", name_of(directory)).failed("etc/deep is a mount point: unmount it first")
        assert os.path.exists(directory + "/config")
    finally:
        subprocess.run(["umount", point], check=True)
    assert os.listdir(outside) == ["kept"]
    lxc("destroy", name_of(directory)).ok()


def test_a_root_elsewhere_goes_unless_it_is_not_managed(lxc, folder):
    for managed in (True, False):
        elsewhere = os.path.join(folder, f"elsewhere-{managed}")
        os.makedirs(elsewhere + "/etc")
        name = lxc.define([] if managed else ["lxc.rootfs.managed = 0"], rootfs=elsewhere)
        lxc("destroy", name).ok()
        assert os.path.exists(elsewhere) == (not managed)
        assert not os.path.exists(os.path.join(lxc.lxcpath, name))


def test_a_root_that_is_a_link(lxc, folder):
    elsewhere, name = os.path.join(folder, "elsewhere"), lxc.new_name()
    os.makedirs(elsewhere + "/etc")
    directory = os.path.join(lxc.lxcpath, name)
    os.mkdir(directory)
    os.symlink(elsewhere, directory + "/rootfs")
    lxc.define([], name, rootfs=directory + "/rootfs")
    lxc("destroy", name).ok()
    assert not os.path.exists(elsewhere) and not os.path.lexists(directory)


@pytest.mark.parametrize("root", ["/", "{lxcpath}", "{lxcpath}/..", "{directory}"])
def test_a_root_that_holds_the_containers_is_not_removed(lxc, container, root):
    other, name = container(), lxc.new_name()
    lxc.define(["lxc.rootfs.path = " + root.format(lxcpath=lxc.lxcpath, directory=os.path.join(lxc.lxcpath, name))],
               name)
    lxc("destroy", name).ok()
    assert os.listdir(lxc.lxcpath) == [name_of(other)]


def test_layers_below_stay(lxc, folder):
    lower, name = os.path.join(folder, "lower"), lxc.new_name()
    os.makedirs(lower + "/etc")
    directory = os.path.join(lxc.lxcpath, name)
    for layer in ("delta", "work"):
        os.makedirs(f"{directory}/overlay/{layer}")
    lxc.define([f"lxc.rootfs.path = overlay:{lower}:{directory}/overlay/delta"], name)
    lxc("destroy", name).ok()
    assert os.path.isdir(lower + "/etc") and not os.path.exists(directory)


def hook(folder, status=0):
    path, log = os.path.join(folder, "hook"), os.path.join(folder, "hook.log")
    with open(path, "w", encoding="utf-8") as target:
        target.write(f'#!/bin/sh\n{{ echo "$@"; env | grep ^LXC_ | sort; }} > {log}\nexit {status}\n')
    os.chmod(path, 0o755)
    return path, log


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


@pytest.mark.parametrize("version", [0, 1])
def test_hook(lxc, container, folder, version):
    path, log = hook(folder)
    directory = container(f"lxc.hook.destroy = {path} given", f"lxc.hook.version = {version}")
    lxc("destroy", name_of(directory)).ok()
    lines = read(log).splitlines()
    assert lines[0] == (f"given {name_of(directory)} lxc destroy" if version == 0 else "given")
    assert f"LXC_NAME={name_of(directory)}" in lines
    assert f"LXC_CONFIG_FILE={directory}/config" in lines
    assert f"LXC_ROOTFS_PATH={directory}/rootfs" in lines
    assert ("LXC_HOOK_TYPE=destroy" in lines) == (version == 1)


def test_a_hook_that_fails_keeps_the_container(lxc, container, folder):
    path, _ = hook(folder, 7)
    directory = container(f"lxc.hook.destroy = {path}")
    lxc("destroy", name_of(directory)).failed("lxc.hook.destroy", "ended with status 7")
    assert os.path.exists(directory + "/rootfs/etc/passwd")


def test_several_at_once(lxc, container):
    directory = container()
    for number in range(300):
        os.makedirs(f"{directory}/rootfs/many/{number}/deep")
    processes = [lxc.start_process("destroy", name_of(directory)) for _ in range(6)]
    results = [process.wait() for process in processes]
    assert sorted(result.code for result in results) == [0, 1, 1, 1, 1, 1]
    assert all("not defined" in result.err for result in results if result.code)
    assert not os.path.exists(directory)


def test_the_configuration_goes_last(lxc, container):
    """What cannot be removed entirely is still defined, and can be destroyed once more."""
    directory = container()
    os.mkdir(directory + "/mounted")
    subprocess.run(["mount", "-t", "tmpfs", "none", directory + "/mounted"], check=True)
    try:
        lxc("destroy", name_of(directory)).failed()
        assert os.path.exists(directory + "/config")
    finally:
        subprocess.run(["umount", directory + "/mounted"], check=True)
    lxc("destroy", name_of(directory)).ok()
