# SPDX-License-Identifier: Apache-2.0
"""lxc-snapshot: numbered copies that stay what they are, and the way back to one."""
import os
import re

import pytest

STAMP = r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d"


@pytest.fixture(name="directory")
def fixture_directory(lxc):
    """The directory of a container."""
    name = lxc.new_name()
    directory = os.path.join(lxc.lxcpath, name)
    os.makedirs(directory + "/rootfs/etc")
    write(directory + "/rootfs/etc/hostname", "former\n")
    write(directory + "/rootfs/state", "first\n")
    lxc.define(["# kept", "lxc.uts.name = former", "lxc.net.0.type = veth", "lxc.net.0.hwaddr = 00:16:3e:11:22:33"],
               name, rootfs=directory + "/rootfs")
    return directory


def write(path, text):
    with open(path, "w", encoding="utf-8") as target:
        target.write(text)
    return path


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def snapshot(lxc, directory, *words):
    return lxc("snapshot", "-n", os.path.basename(directory), *words)


def test_what_one_consists_of(lxc, directory, folder):
    comment = write(os.path.join(folder, "comment"), "before the\nupgrade\n")
    assert snapshot(lxc, directory, "-L").ok().out == "No snapshots\n"
    snapshot(lxc, directory).ok()
    snapshot(lxc, directory, "-c", comment).ok()
    snaps = directory + "/snaps"
    assert sorted(os.listdir(snaps)) == ["snap0", "snap1"]
    assert sorted(os.listdir(snaps + "/snap0")) == ["config", "rootfs", "ts"]
    assert sorted(os.listdir(snaps + "/snap1")) == ["comment", "config", "rootfs", "ts"]
    assert re.fullmatch(STAMP, read(snaps + "/snap0/ts"))
    assert read(snaps + "/snap0/config") == read(directory + "/config").replace(directory, snaps + "/snap0")
    assert read(snaps + "/snap0/rootfs/etc/hostname") == "former\n"
    lines = f"snap0 \\({snaps}\\) {STAMP}\nsnap1 \\({snaps}\\) {STAMP}\n"
    assert re.fullmatch(lines, snapshot(lxc, directory, "-L").ok().out)
    assert re.fullmatch(lines + "before the\nupgrade\n", snapshot(lxc, directory, "-L", "-C").ok().out)


def test_the_lowest_number_that_is_free(lxc, directory):
    for _ in range(3):
        snapshot(lxc, directory).ok()
    snapshot(lxc, directory, "-d", "snap1").ok()
    snapshot(lxc, directory).ok()
    assert sorted(os.listdir(directory + "/snaps")) == ["snap0", "snap1", "snap2"]


def test_numbers_are_in_order(lxc, directory):
    for _ in range(11):
        snapshot(lxc, directory).ok()
    names = [line.split()[0] for line in snapshot(lxc, directory, "-L").ok().out.splitlines()]
    assert names == [f"snap{number}" for number in range(11)]


def test_several_at_once(lxc, directory):
    processes = [lxc.start_process("snapshot", os.path.basename(directory)) for _ in range(5)]
    for process in processes:
        process.wait().ok()
    assert sorted(os.listdir(directory + "/snaps")) == [f"snap{number}" for number in range(5)]


@pytest.mark.parametrize("words", [["-N", "{name}"], ["{name}"]], ids=["option", "argument"])
def test_restored_under_another_name(lxc, directory, words):
    snapshot(lxc, directory).ok()
    name = lxc.new_name()
    snapshot(lxc, directory, "-r", "snap0", *[word.format(name=name) for word in words]).ok()
    made = os.path.join(lxc.lxcpath, name)
    config = read(made + "/config")
    assert f"lxc.rootfs.path = dir:{made}/rootfs\n# kept\nlxc.uts.name = {name}\n" in config
    assert "00:16:3e:11:22:33" not in config
    assert read(made + "/rootfs/etc/hostname") == name + "\n"
    assert not os.path.exists(made + "/ts")
    assert os.listdir(directory + "/snaps") == ["snap0"]


def test_restored_in_its_place(lxc, directory):
    snapshot(lxc, directory).ok()
    before = read(directory + "/config")
    write(directory + "/rootfs/state", "second\n")
    write(directory + "/rootfs/later", "")
    write(directory + "/config", before + "lxc.uts.name = changed\n")
    snapshot(lxc, directory).ok()
    snapshot(lxc, directory, "-r", "snap0").ok()
    assert read(directory + "/config") == before
    assert read(directory + "/rootfs/state") == "first\n"
    assert not os.path.exists(directory + "/rootfs/later")
    assert sorted(os.listdir(directory + "/snaps")) == ["snap0", "snap1"]
    assert os.listdir(lxc.lxcpath) == [os.path.basename(directory)]
    snapshot(lxc, directory, "-r", "snap1").ok()
    assert read(directory + "/rootfs/state") == "second\n"


def test_one_that_clones_need_is_not_replaced(lxc, directory):
    snapshot(lxc, directory).ok()
    name = lxc.new_name()
    lxc("copy", os.path.basename(directory), "-N", name, "-s").ok()
    write(directory + "/rootfs/state", "second\n")
    snapshot(lxc, directory, "-r", "snap0").failed("has clones")
    assert read(directory + "/rootfs/state") == "second\n"
    assert os.listdir(directory + "/snaps") == ["snap0"]
    assert sorted(os.listdir(lxc.lxcpath)) == sorted([os.path.basename(directory), name])


def test_of_layers(lxc, directory):
    """Only the upper layer is copied, and the lower one is kept for it."""
    name = lxc.new_name()
    lxc("copy", os.path.basename(directory), "-N", name, "-s").ok()
    copy = os.path.join(lxc.lxcpath, name)
    write(copy + "/overlay/delta/mine", "1\n")
    snapshot(lxc, copy).ok()
    taken = copy + "/snaps/snap0"
    assert f"overlay:{directory}/rootfs:{taken}/overlay/delta\n" in read(taken + "/config")
    assert read(taken + "/overlay/delta/mine") == "1\n"
    write(copy + "/overlay/delta/mine", "2\n")
    snapshot(lxc, copy, "-r", "snap0").ok()
    assert read(copy + "/overlay/delta/mine") == "1\n"
    assert sorted(read(directory + "/lxc_snapshots").split()[1::2]) == sorted([name, "snap0"])
    lxc("destroy", "-s", name).ok()
    assert not os.path.exists(directory + "/lxc_snapshots")


def test_destroyed(lxc, directory):
    for _ in range(3):
        snapshot(lxc, directory).ok()
    snapshot(lxc, directory, "-d", "snap0").ok()
    assert sorted(os.listdir(directory + "/snaps")) == ["snap1", "snap2"]
    lxc("destroy", os.path.basename(directory)).failed("has snapshots")
    snapshot(lxc, directory, "-d", "ALL").ok()
    assert not os.path.exists(directory + "/snaps")
    snapshot(lxc, directory, "-d", "ALL").ok()
    snapshot(lxc, directory).ok()
    lxc("destroy", "-s", os.path.basename(directory)).ok()
    assert os.listdir(lxc.lxcpath) == []


@pytest.mark.parametrize("words, text", [
    (["-r", "snap7"], "has no snapshot snap7"),
    (["-d", "snap7"], "has no snapshot snap7"),
    (["-r", "../../x"], "cannot be the name"),
    (["-c", "/nonexistent"], "/nonexistent"),
    (["-L", "-r", "snap0"], "one of"),
])
def test_what_goes_wrong(lxc, directory, words, text):
    snapshot(lxc, directory).ok()
    snapshot(lxc, directory, *words).failed(text)
    assert os.listdir(directory + "/snaps") == ["snap0"]


@pytest.mark.parametrize("words", [[], ["-L"], ["-r", "snap0"], ["-d", "ALL"]])
def test_one_that_does_not_exist(lxc, words):
    name = lxc.new_name()
    lxc("snapshot", name, *words).failed(f"{name} does not exist")
