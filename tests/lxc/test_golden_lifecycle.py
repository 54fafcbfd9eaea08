# SPDX-License-Identifier: Apache-2.0
"""The commands around a container's life beside those of Debian's LXC 5.0: standard output and exit
codes in the same situations. What differs is named here, with its row in docs/lxc-differences.md."""
import glob
import os

import pytest


BASE = ["lxc.mount.auto = proc:mixed", "lxc.net.0.type = empty", "lxc.apparmor.profile = unchanged"]
DIFFERENCES = os.path.join(os.path.dirname(__file__), "../../docs/lxc-differences.md")


class Pair:
    """The same named container on both sides, in the same situation."""

    def __init__(self, ours, theirs, make_rootfs):
        self.faces = (ours, theirs)
        self.name = ours.new_name()
        for face in self.faces:
            rootfs = make_rootfs(os.path.join(face.lxcpath, ".rootfs"))
            face.define([*BASE, "lxc.init.cmd = /bin/sleep 1000"], name=self.name, rootfs=rootfs)

    def both(self, command, *words):
        return [face(command, *[word.replace("NAME", self.name) for word in words], timeout=90)
                for face in self.faces]

    def prepare(self, situation):
        if situation in ("running", "frozen"):
            for result in self.both("start", "NAME"):
                result.ok()
        if situation == "frozen":
            for result in self.both("freeze", "NAME"):
                result.ok()

    def clear(self):
        for face in self.faces:
            face("unfreeze", self.name)
            face("stop", "-k", self.name)
        # LXC leaves that of a monitor whose start failed.
        for left in glob.glob(f"/sys/fs/cgroup/*/lxc.monitor.{self.name}*"):
            try:
                os.rmdir(left)
            except OSError:
                pass


@pytest.fixture
def pair(lxc, debian, busybox_rootfs):
    made = Pair(lxc, debian, busybox_rootfs)
    yield made
    made.clear()


SAME = [
    # situation, command, words
    ("stopped", "start", ["NAME"]), ("running", "start", ["NAME"]), ("running", "start", ["-F", "NAME"]),
    ("stopped", "start", ["-d", "-C", "NAME"]), ("stopped", "start", ["nothing-defined"]),
    ("stopped", "start", []), ("stopped", "start", ["NAME", "-s", "lxc.bogus = 1"]),
    ("stopped", "start", ["NAME", "-s", "nonsense"]), ("stopped", "start", ["NAME", "-f", "/nothing"]),
    ("stopped", "start", ["NAME", "--bogus"]),
    ("stopped", "start", ["NAME", "-s", "lxc.rootfs.path = /nothing"]),
    ("stopped", "start", ["NAME", "-s", "lxc.hook.pre-start = /bin/false"]),
    ("stopped", "start", ["--help"]), ("stopped", "start", ["-?"]), ("stopped", "start", ["--usage"]),
    ("stopped", "stop", ["NAME"]), ("stopped", "stop", ["-k", "NAME"]), ("stopped", "stop", ["-r", "NAME"]),
    ("stopped", "stop", ["nothing-defined"]), ("stopped", "stop", []),
    ("running", "stop", ["-k", "NAME"]), ("running", "stop", ["-t", "1", "NAME"]),
    ("running", "stop", ["-W", "NAME"]), ("running", "stop", ["-t", "0", "NAME"]),
    ("running", "stop", ["-k", "-r", "NAME"]), ("running", "stop", ["-k", "--nokill", "NAME"]),
    ("running", "stop", ["-k", "-t", "3", "NAME"]), ("running", "stop", ["--nolock", "NAME"]),
    ("running", "stop", ["-k", "--nolock", "NAME"]), ("running", "stop", ["-t", "x", "NAME"]),
    ("frozen", "stop", ["-k", "NAME"]), ("stopped", "stop", ["--help"]),
    ("stopped", "execute", ["NAME", "--", "/bin/true"]), ("stopped", "execute", ["NAME", "--", "/bin/false"]),
    ("stopped", "execute", ["NAME", "--", "/bin/sh", "-c", "exit 7"]),
    ("stopped", "execute", ["NAME", "--", "/bin/sh", "-c", "kill -9 $$"]),
    ("stopped", "execute", ["NAME", "--", "/bin/sh", "-c", "kill -TERM $$"]),
    ("stopped", "execute", ["NAME", "--", "/bin/sh", "-c", "echo out; echo err >&2"]),
    ("stopped", "execute", ["NAME", "--", "/nothing"]), ("stopped", "execute", ["NAME", "-f", "/nothing", "--", "x"]),
    ("stopped", "execute", ["NAME", "-s", "lxc.bogus=1", "--", "/bin/true"]),
    ("stopped", "execute", ["NAME", "-u", "1000", "-g", "1001", "--", "/usr/bin/id", "-u"]),
    ("stopped", "execute", ["NAME", "-u", "x", "--", "/bin/true"]), ("stopped", "execute", []),
    ("running", "execute", ["NAME", "--", "/bin/true"]),
    ("stopped", "console", ["NAME"]), ("stopped", "console", ["nothing"]), ("running", "console", ["NAME", "-t", "9"]),
    ("running", "console", ["NAME", "-t", "x"]), ("stopped", "console", []),
    ("stopped", "device", ["NAME", "add", "/dev/null"]), ("running", "device", ["NAME"]),
    ("running", "device", ["NAME", "bogus", "/dev/null"]), ("running", "device", ["NAME", "add", "/dev/nothing"]),
    ("running", "device", ["NAME", "add", "/etc/passwd"]),
    ("stopped", "autostart", ["-L"]), ("stopped", "autostart", ["-L", "-a", "-A"]),
    ("running", "autostart", ["-L", "-a", "-A", "-s"]), ("stopped", "autostart", ["-t", "x"]),
]


@pytest.mark.parametrize("wanted", ["stopped", "running", "frozen"])
def test_output_and_exit_code_are_those_of_lxc(pair, wanted):
    """What LXC says anything about is told by thole, too."""
    wrong = []
    now = "stopped"
    for situation, command, words in SAME:
        if situation != wanted:
            continue
        if now != situation:
            pair.prepare(situation)
        ours, theirs = pair.both(command, *words)
        if (ours.code, ours.out) != (theirs.code, theirs.out) or (theirs.err.strip() and
                                                                  not ours.err.strip()):
            wrong.append(f"{ours!r}\n{theirs!r}")
        now = situation
        if command in ("start", "stop", "autostart") and theirs.code == 0 and situation != "stopped":
            pair.clear()
            now = "stopped"
        elif command == "start" and theirs.code == 0:
            pair.clear()
    assert not wrong, "\n\n".join(wrong)


# What is said may be scripts' business: these words are in both.
SAID = [("running", "start", ["NAME"], "Container is already running"),
        ("stopped", "start", ["nothing-defined"], "No container config specified"),
        ("stopped", "stop", ["NAME"], "NAME is not running"),
        ("stopped", "console", ["NAME"], "NAME is not running"),
        ("stopped", "device", ["NAME", "add", "/dev/null"], "Container NAME is not running"),
        ("running", "stop", ["-k", "-r", "NAME"], "-k can't be used with -r"),
        ("running", "stop", ["-k", "--nokill", "NAME"], "-k can't be used with --nokill"),
        ("running", "stop", ["-k", "-t", "3", "NAME"], "-k doesn't allow timeouts"),
        ("running", "stop", ["--nolock", "NAME"], "--nolock may only be used with -k"),
        ("stopped", "stop", [], "No container name specified")]


@pytest.mark.parametrize("wanted", ["stopped", "running"])
def test_words_are_those_of_lxc(pair, wanted):
    pair.prepare(wanted)
    for situation, command, words, said in SAID:
        for result in pair.both(command, *words) if situation == wanted else ():
            assert said.replace("NAME", pair.name) in result.err, repr(result)


# situation, command, words, our exit code, theirs, the row of the table
DIFFERENT = [
    ("stopped", "start", ["-F", "NAME", "--", "/bin/sh", "-c", "exit 3"], 3, 0, "the exit status is init's"),
    ("running", "stop", ["-t", "1", "--nokill", "NAME"], 1, 1, "lxc-stop"),
    ("stopped", "execute", ["NAME"], 1, 139, "it crashes"),
    ("stopped", "autostart", ["-k", "-s"], 1, 0, "only one of"),
]


@pytest.mark.parametrize("situation, command, words, ours, theirs, row", DIFFERENT,
                         ids=[row for *_, row in DIFFERENT])
def test_differences_are_those_listed(pair, situation, command, words, ours, theirs, row):
    pair.prepare(situation)
    assert [result.code for result in pair.both(command, *words)] == [ours, theirs]
    with open(DIFFERENCES, encoding="utf-8") as source:
        assert row in source.read()
