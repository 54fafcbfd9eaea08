# SPDX-License-Identifier: Apache-2.0
"""lxc-console: terminals of a running container, the keys that leave it, and LXC's words."""
import json
import os

import pytest

from harness.caller import Caller
from harness.runtime import until

# Every terminal says which it is and echoes what is typed.
INIT = ("lxc.init.cmd = /bin/sh -c 'for t in console tty1 tty2; do "
        "(while read line; do echo $t has $line; done) </dev/$t >/dev/$t 2>&1 & done; "
        "while :; do sleep 1000; done'")


@pytest.fixture
def name(lxc, busybox_rootfs):
    rootfs = busybox_rootfs(os.path.join(lxc.lxcpath, ".rootfs"))
    name = lxc.define([INIT, "lxc.tty.max = 2", "lxc.mount.auto = proc", "lxc.net.0.type = empty"],
                      rootfs=rootfs)
    lxc("start", name).ok()
    yield name
    lxc("stop", "-k", name)


@pytest.fixture
def console(lxc):
    callers = []

    def connect(*words):
        caller = Caller([*lxc.words("console"), "-P", lxc.lxcpath, *words])
        callers.append(caller)
        return caller

    yield connect
    for caller in callers:
        caller.close()


@pytest.mark.parametrize("number, device", [("0", "console"), ("1", "tty1"), ("2", "tty2")])
def test_each_terminal(name, console, number, device):
    caller = console(name, "-t", number)
    caller.expect(f"Connected to tty {number}")
    caller.expect("Type <Ctrl+a q> to exit the console, <Ctrl+a Ctrl+a> to enter Ctrl+a itself")
    caller.type("hello\r")
    caller.expect(f"{device} has hello")
    caller.type("\x01q")
    assert caller.wait() == 0
    assert caller.restored()


def test_the_first_free_one(name, console):
    first, second = console(name), console(name)
    first.expect("Connected to tty")
    second.expect("Connected to tty")
    third = console(name)
    assert third.wait() == 1
    first.type("\x01q")
    assert first.wait() == 0
    again = console(name)
    again.expect("Connected to tty")
    again.type("\x01q")
    assert again.wait() == 0
    second.type("\x01q")
    assert second.wait() == 0


@pytest.mark.parametrize("word, key, letter", [("b", "\x02", "b"), ("^b", "\x02", "b"), ("^X", "\x18", "x")])
def test_another_escape(name, console, word, key, letter):
    caller = console(name, "-t", "1", "-e", word)
    caller.expect(f"Type <Ctrl+{letter} q> to exit")
    caller.type("\x01q")
    caller.type("\r")
    caller.expect("tty1 has \x01q")
    caller.type(key + "q")
    assert caller.wait() == 0


def test_the_doubled_key_is_itself(name, console):
    caller = console(name, "-t", "1")
    caller.expect("Connected to tty 1")
    caller.type("a\x01\x01b\r")
    caller.expect("tty1 has a\x01b")
    caller.type("\x01q")
    assert caller.wait() == 0


def test_the_container_goes_on_and_so_does_the_terminal(name, lxc, console):
    for word in ("one", "two"):
        caller = console(name, "-t", "1")
        caller.expect("Connected to tty 1")
        caller.type(word + "\r")
        caller.expect(f"tty1 has {word}")
        caller.type("\x01q")
        assert caller.wait() == 0
    assert json.loads(lxc.runtime("state", name).ok().out)["status"] == "running"


def test_ends_with_the_container(name, lxc, console):
    caller = console(name, "-t", "1")
    caller.expect("Connected to tty 1")
    lxc("stop", "-k", name).ok()
    assert caller.wait() == 0
    until(lambda: name not in lxc.live())


@pytest.mark.parametrize("words, reason", [
    (["-t", "x"], "\"x\" is not the number of a terminal"), (["-t", "-1"], "-1"), (["-t", "9"], "9"),
    (["-e", "xy"], "\"xy\" is not a letter")])
def test_refusals(name, lxc, words, reason):
    assert lxc("console", name, *words).failed(reason).code == 1


def test_not_running(lxc):
    assert lxc("console", "nothing").failed("nothing is not running").code == 1
