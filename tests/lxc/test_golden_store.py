# SPDX-License-Identifier: Apache-2.0
"""Stored containers beside the LXC of the distribution: the same commands on both, and then the same output, exit
status, files and settings. What differs on purpose is in docs/lxc-differences.md, and named here."""
import os
import re

import pytest

TEMPLATE = """#!/bin/sh
for word; do case $word in --path=*) path=${word#*=};; --rootfs=*) rootfs=${word#*=};; esac; done
mkdir -p $rootfs/etc; echo former > $rootfs/etc/hostname; echo data > $rootfs/data
echo "lxc.arch = x86_64" >> $path/config
"""
BASE = """# a comment
lxc.net.0.type = veth
lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx
lxc.uts.name = former
lxc.mount.entry = tmpfs tmp tmpfs rw 0 0
"""


class Side:
    """One of the two, with a directory of files for it."""

    def __init__(self, commands, folder, names):
        self.commands, self.folder, self.names = commands, folder, names
        os.makedirs(folder)
        self.file("template", TEMPLATE, 0o755)
        self.file("base", BASE)
        self.file("wrong", "lxc.nonsense = 1\n")
        self.file("comment", "said about it\n")
        self.file("hook", f"#!/bin/sh\n(echo $@; env | grep ^LXC_ | grep -v ROOTFS_MOUNT | sort) >> {folder}/hook.log\n",
                  0o755)

    def file(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)
        os.chmod(path, mode)

    def fill(self, word):
        return word.format(**self.names, folder=self.folder, lxcpath=self.commands.lxcpath)

    def __call__(self, command, *words):
        return self.commands(command, *[self.fill(word) for word in words])

    def plain(self, text):
        """Without what is a matter of where, when and by chance."""
        text = text.replace(self.commands.lxcpath, "LXCPATH").replace(self.folder, "FOLDER")
        text = re.sub(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", "TIME", text)
        return re.sub("00:16:3e(:[0-9a-f]{2}){3}", "ADDRESS", text)

    def settings(self, name):
        """The settings of a stored container, sorted: LXC moves those that it changes to the end."""
        path = os.path.join(self.commands.lxcpath, name, "config")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as source:
            lines = self.plain(source.read()).splitlines()
        return sorted(line for line in lines if line and not line.startswith("#"))

    def tree(self):
        found = []
        for directory, folders, files in os.walk(self.commands.lxcpath):
            for entry in folders + files:
                path = os.path.join(directory, entry)
                found.append((os.path.relpath(path, self.commands.lxcpath), oct(os.lstat(path).st_mode)))
        # The kernel's own directory in an overlay's is there once it has been mounted.
        return sorted(entry for entry in found if not entry[0].endswith("overlay/work/work"))

    def log(self):
        path = os.path.join(self.folder, "hook.log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as source:
            return self.plain(source.read())


@pytest.fixture(name="sides")
def fixture_sides(lxc, debian, folder):
    names = {letter: lxc.new_name() for letter in "abcdx"}
    return (Side(lxc, os.path.join(folder, "mine"), names), Side(debian, os.path.join(folder, "theirs"), names))


CREATE = ("create", "-n", "{a}", "-f", "{folder}/base", "-t", "{folder}/template")
# Files of walks that differ on purpose (docs/lxc-differences.md), and settings of one.
OTHER_FILES = {
    "create overlay": "the template fills the lower layer, not a mount of both; the work directory is there at once",
    "create elsewhere": "no empty directory rootfs is left in the container's own",
}
OTHER_SETTINGS = {"restore in place": "the host name is what it was"}
LAYERS = {"overlay"}  # 0770, not 0755: nobody but the container's root has business with its layers

# name: the commands, one after the other on both sides
WALKS = {
    "create": [CREATE],
    "create with parameters": [(*CREATE, "--", "--one", "two")],
    "create overlay": [(*CREATE, "-B", "overlay")],
    "create elsewhere": [(*CREATE, "--dir", "{folder}/root")],
    "create without root": [("create", "-n", "{a}", "-f", "{folder}/base", "-t", "none")],
    "create by a word": [("create", "{a}", "-f", "/dev/null", "-t", "none")],
    "create twice": [CREATE, CREATE],
    "create without template": [("create", "-n", "{a}", "-f", "/dev/null")],
    "create of nothing": [("create", "-f", "/dev/null", "-t", "none")],
    "create by an unknown template": [("create", "-n", "{a}", "-f", "/dev/null", "-t", "no-such-template")],
    "create by a failing template": [("create", "-n", "{a}", "-f", "/dev/null", "-t", "/bin/false")],
    "create on unknown storage": [(*CREATE, "-B", "no-such-storage")],
    "create with a wrong option": [(*CREATE, "--no-such-option")],
    "copy": [CREATE, ("copy", "-n", "{a}", "-N", "{b}")],
    "copy by a word": [CREATE, ("copy", "{a}", "-N", "{b}")],
    "copy keeping name and address": [CREATE, ("copy", "-n", "{a}", "-N", "{b}", "-K", "-M")],
    "copy over one": [CREATE, ("copy", "-n", "{a}", "-N", "{a}")],
    "copy of nothing": [("copy", "-n", "{x}", "-N", "{b}")],
    "copy without a name": [CREATE, ("copy", "-n", "{a}")],
    "snapshot clone": [CREATE, ("copy", "-n", "{a}", "-N", "{b}", "-s")],
    "two snapshot clones": [CREATE, ("copy", "-n", "{a}", "-N", "{b}", "-s"), ("copy", "-n", "{a}", "-N", "{c}", "-s"),
                            ("destroy", "-n", "{a}"), ("destroy", "-n", "{b}"), ("destroy", "-n", "{a}"),
                            ("destroy", "-n", "{c}"), ("destroy", "-n", "{a}")],
    "rename": [CREATE, ("copy", "-n", "{a}", "-N", "{b}", "-R")],
    "rename with clones": [CREATE, ("copy", "-n", "{a}", "-N", "{b}", "-s"), ("copy", "-n", "{a}", "-N", "{c}", "-R")],
    "copy on unknown storage": [CREATE, ("copy", "-n", "{a}", "-N", "{b}", "-B", "no-such-storage")],
    "snapshots": [CREATE, ("snapshot", "-n", "{a}", "-L"), ("snapshot", "-n", "{a}"),
                  ("snapshot", "-n", "{a}", "-c", "{folder}/comment"), ("snapshot", "-n", "{a}", "-L"),
                  ("snapshot", "-n", "{a}", "-L", "-C"), ("destroy", "-n", "{a}"),
                  ("snapshot", "-n", "{a}", "-r", "snap0", "-N", "{b}"), ("snapshot", "-n", "{a}", "-r", "snap1", "{c}"),
                  ("snapshot", "-n", "{a}", "-r", "snap9", "{d}"), ("snapshot", "-n", "{a}", "-d", "snap9"),
                  ("snapshot", "-n", "{a}", "-d", "snap0"), ("snapshot", "-n", "{a}"), ("snapshot", "-n", "{a}", "-L")],
    "restore in place": [CREATE, ("snapshot", "-n", "{a}"), ("snapshot", "-n", "{a}", "-r", "snap0"),
                         ("snapshot", "-n", "{a}", "-L")],
    "all snapshots": [CREATE, ("snapshot", "-n", "{a}"), ("snapshot", "-n", "{a}"), ("snapshot", "-n", "{a}", "-d", "ALL")],
    "destroy with snapshots": [CREATE, ("snapshot", "-n", "{a}"), ("destroy", "-n", "{a}", "-s")],
    "snapshots of nothing": [("snapshot", "-n", "{x}"), ("snapshot", "-n", "{x}", "-L"),
                             ("snapshot", "-n", "{x}", "-r", "snap0")],
    "destroy": [CREATE, ("destroy", "-n", "{a}")],
    "destroy of a root elsewhere": [(*CREATE, "--dir", "{folder}/root"), ("destroy", "{a}")],
    "destroy of nothing": [("destroy", "-n", "{x}"), ("destroy",)],
}


@pytest.mark.parametrize("walk", WALKS)
def test_walk(sides, walk):
    for step in WALKS[walk]:
        mine, theirs = (side(*step) for side in sides)
        assert mine.code == theirs.code, (step, mine, theirs)
        assert sides[0].plain(mine.out) == sides[1].plain(theirs.out), step
        if mine.code != 0:
            assert mine.err, f"{step}: no word of why"
    for name in sides[0].names.values():
        assert (sides[0].settings(name) == sides[1].settings(name)) or walk in OTHER_SETTINGS, name
    trees = [[entry for entry in side.tree() if os.path.basename(entry[0]) not in LAYERS] for side in sides]
    assert (trees[0] == trees[1]) == (walk not in OTHER_FILES), trees
    assert os.path.exists(os.path.join(sides[0].folder, "root")) == os.path.exists(os.path.join(sides[1].folder, "root"))


@pytest.mark.parametrize("option", [[], ["-s"]], ids=["copy", "snapshot"])
def test_hooks(sides, option):
    for side in sides:
        with open(os.path.join(side.folder, "base"), "a", encoding="utf-8") as target:
            target.write(f"lxc.hook.clone = {side.folder}/hook\nlxc.hook.destroy = {side.folder}/hook\n")
        side(*CREATE).ok()
        side("copy", "-n", "{a}", "-N", "{b}", *option, "--", "one", "two").ok()
        side("destroy", "-n", "{b}").ok()
        side("destroy", "-n", "{a}").ok()
    assert sides[0].log() == sides[1].log()


@pytest.mark.parametrize("words, texts", [
    (("destroy", "-n", "{x}"), ["Container is not defined"]),
    (CREATE, ["Container already exists"]),
    (("create", "-n", "{b}", "-f", "/dev/null"), ["A template must be specified"]),
    (("create", "-n", "{b}", "-f", "/dev/null", "-t", "no-such-template"), ['Template "no-such-template" not found']),
    (("create", "-n", "{b}", "-f", "/dev/null", "-t", "/bin/false"), ["Failed to create container"]),
    (("create", "-n", "{b}", "-f", "/dev/null", "-t", "none", "-B", "wrong"), ["wrong is not a valid backing storage type"]),
])
def test_words_of_errors(sides, words, texts):
    for side in sides:
        side(*CREATE).ok()
        result = side(*words)
        assert result.code == 1
        for text in texts:
            assert text in result.err, result
