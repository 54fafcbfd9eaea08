# SPDX-License-Identifier: Apache-2.0
"""lxc-autostart: which containers, in which order, and what becomes of them."""
import json
import os
import time

import pytest

BASE = ["lxc.mount.auto = proc", "lxc.net.0.type = empty",
        "lxc.init.cmd = /bin/sh -c 'trap \"exit 0\" PWR; while :; do sleep 0.02; done'"]
CONTAINERS = {
    "a1": ["lxc.start.auto = 1", "lxc.start.order = 5"],
    "a2": ["lxc.start.auto = 1", "lxc.start.order = 1", "lxc.start.delay = 1"],
    "a3": ["lxc.start.auto = 1", "lxc.group = onboot"],
    "a4": ["lxc.start.auto = 0"],
    "a5": ["lxc.start.auto = 1", "lxc.group = web", "lxc.group = onboot", "lxc.start.order = 2"],
    "bad": ["lxc.start.auto = 1", "lxc.group = bad", "lxc.init.cmd = /nothing"],
}


@pytest.fixture
def family(lxc, debian, busybox_rootfs):
    """The same containers for both; names are this session's."""
    names = {}
    for face in (lxc, debian):
        rootfs = busybox_rootfs(os.path.join(face.lxcpath, ".rootfs"))
        mark = lxc.new_name() if not names else None
        for short, lines in CONTAINERS.items():
            names.setdefault(short, f"{mark}-{short}")
            more = ["lxc.apparmor.profile = unchanged"] if face is debian else []
            face.define([*BASE, *lines, *more], name=names[short], rootfs=rootfs)
    yield names
    for face in (lxc, debian):
        for name in names.values():
            face("stop", "-k", name)


def running(lxc):
    return sorted(lxc.live())


LISTS = [[], ["-a"], ["-A"], ["-a", "-A"], ["-g", "onboot"], ["-g", "onboot,"], ["-g", "web,onboot"],
         ["-g", "nosuch"], ["-s"], ["-k"], ["-r"], ["-a", "-s"], ["-g", "bad", "-g", "onboot"]]


def test_lists_are_those_of_lxc(lxc, debian, family):
    for words in LISTS:
        ours, theirs = lxc("autostart", "-L", *words), debian("autostart", "-L", *words)
        assert (ours.code, ours.out) == (theirs.code, theirs.out), words
    for face in (lxc, debian):
        for short in ("a1", "a2"):
            face("start", family[short], "--", "/bin/sleep", "1000").ok()
    for words in LISTS:
        ours, theirs = lxc("autostart", "-L", *words), debian("autostart", "-L", *words)
        assert (ours.code, ours.out) == (theirs.code, theirs.out), words


def test_a_leading_empty_group_does_not_end_the_list(lxc, family):
    """The manual's "-g ,onboot"; LXC 5.0 forgets what follows."""
    listed = lxc("autostart", "-L", "-g", ",onboot").ok().out.split("\n")
    assert [line.split("-")[-1] for line in listed if line] == ["a2 1", "a1 0", "a3 0", "a5 0"]


def test_json(lxc, family):
    listed = json.loads(lxc("autostart", "-L", "--format", "json").ok().out)
    assert listed == [{"name": family["a2"], "order": 1, "delay": 1},
                      {"name": family["a1"], "order": 5, "delay": 0}]
    assert json.loads(lxc("autostart", "-L", "-g", "no", "--format", "json").ok().out) == []


def test_start_sleeps_and_stop_waits(lxc, family):
    begin = time.monotonic()
    lxc("autostart").ok()
    assert time.monotonic() - begin >= 1
    assert running(lxc) == sorted([family["a1"], family["a2"]])
    lxc("autostart", "-s").ok()
    assert running(lxc) == []


def test_kill_all(lxc, family):
    lxc("start", family["a3"]).ok()
    lxc("start", family["a4"]).ok()
    lxc("autostart", "-k", "-a").ok()
    assert running(lxc) == [family["a4"]]
    lxc("autostart", "-k", "-a", "-A").ok()
    assert running(lxc) == []


def test_some_failed_is_2_and_all_is_1(lxc, family):
    result = lxc("autostart", "-g", "bad,onboot").failed(family["bad"], "/nothing")
    assert result.code == 2
    assert running(lxc) == sorted([family["a3"], family["a5"]])
    assert lxc("autostart", "-g", "bad").failed("/nothing").code == 1


def test_an_unreadable_configuration_is_told_and_the_others_start(lxc, family):
    lxc.define(["lxc.start.auto = maybe"], name=family["a1"])
    result = lxc("autostart").failed(family["a1"], "maybe")
    assert result.code == 2
    assert running(lxc) == [family["a2"]]


def test_no_containers_is_no_failure(lxc):
    assert lxc("autostart").ok().out == ""


def test_one_action_at_a_time(lxc):
    assert lxc("autostart", "-k", "-s").failed("only one of").code == 1
