# SPDX-License-Identifier: Apache-2.0
"""lxc-execute: one command beneath a small init, with any configuration or none."""
import os

import pytest

from harness.caller import Caller
from harness.runtime import until


@pytest.fixture(autouse=True)
def init(thole_path):
    """It lies beside thole-lxc in a build folder."""
    if not os.path.exists(os.path.join(os.path.dirname(thole_path), "thole-init")):
        pytest.skip("needs thole-init, which needs the C library as an archive to build")


@pytest.fixture(params=["no configuration", "busybox"])
def anywhere(request, lxc, busybox_rootfs):
    """A name without a configuration, and one that is defined."""
    if request.param == "no configuration":
        return lxc.new_name()
    rootfs = busybox_rootfs(os.path.join(lxc.lxcpath, ".rootfs"))
    return lxc.define(["lxc.mount.auto = proc:mixed sys"], rootfs=rootfs)


def test_the_command_is_pid_2(lxc, anywhere):
    result = lxc("execute", "-n", anywhere, "--", "/bin/sh", "-c", "echo $$; cat /proc/1/comm").ok()
    assert result.out == "2\nthole-init\n"
    assert result.err == ""
    assert anywhere not in lxc.live()


@pytest.mark.parametrize("how, status", [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137),
                                         ("kill -TERM $$", 143)])
def test_the_status_is_the_commands(lxc, anywhere, how, status):
    assert lxc("execute", "-n", anywhere, "--", "/bin/sh", "-c", how).code == status


def test_what_cannot_be_executed_is_255(lxc, anywhere):
    result = lxc("execute", "-n", anywhere, "--", "/bin/nothing-there").failed("/bin/nothing-there")
    assert result.code == 255


def test_waits_for_what_the_command_left(lxc, anywhere):
    result = lxc("execute", "-n", anywhere, "--", "/bin/sh", "-c", "(sleep 0.3; echo later) & exit 4")
    assert (result.code, result.out) == (4, "later\n")


def test_user_and_group(lxc, anywhere):
    result = lxc("execute", "-n", anywhere, "-u", "1000", "-g", "1001", "--", "/bin/sh", "-c",
                 "id -u; id -g").ok()
    assert result.out == "1000\n1001\n"


def test_streams_are_the_callers(lxc, anywhere):
    result = lxc("execute", "-n", anywhere, "--", "/bin/sh", "-c", "cat; echo bad >&2",
                 stdin="given\n").ok()
    assert (result.out, result.err) == ("given\n", "bad\n")


def test_on_a_terminal(lxc, anywhere):
    caller = Caller([*lxc.words("execute"), "-P", lxc.lxcpath, "-n", anywhere, "--", "/bin/sh"])
    try:
        caller.type("echo a$((1+1))c; exit 5\r")
        caller.expect("a2c")
        assert caller.wait() == 5
    finally:
        caller.close()


def test_daemon(lxc, anywhere):
    lxc("execute", "-d", "-n", anywhere, "--", "/bin/sleep", "1000").ok()
    assert anywhere in lxc.live()
    lxc("stop", "-k", anywhere).ok()
    assert anywhere not in lxc.live()


def test_configured_command(lxc, busybox_rootfs):
    rootfs = busybox_rootfs(os.path.join(lxc.lxcpath, ".rootfs"))
    name = lxc.define(["lxc.execute.cmd = /bin/sh -c 'echo \"a b\"; exit 6'"], rootfs=rootfs)
    result = lxc("execute", name)
    assert (result.code, result.out) == (6, "a b\n")


def test_without_a_command(lxc):
    assert lxc("execute", "nothing").failed("no command").code == 1


def test_without_a_configuration_the_host_is_seen_but_kept(lxc):
    """Its files, but a /proc, /dev and /tmp of the container's own, and kernel settings to look at."""
    name = lxc.new_name()
    script = ("ls -d /proc/[0-9]* | wc -l; touch /tmp/inside && ls /tmp; "
              "(echo 1 >/proc/sys/vm/drop_caches) 2>/dev/null && echo written; "
              "(echo b >/proc/sysrq-trigger) 2>/dev/null && echo written; "
              "ls /dev | grep -c '[hs]d[a-z]\\|vd[a-z]'; cat /etc/hostname >/dev/null && echo host files")
    out = lxc("execute", "-n", name, "--", "/bin/sh", "-c", script).ok().out.splitlines()
    assert int(out[0]) < 8
    assert out[1:] == ["inside", "0", "host files"]
    assert not os.path.exists("/tmp/inside")


def test_one_that_runs_is_not_run_twice(lxc, anywhere):
    lxc("execute", "-d", "-n", anywhere, "--", "/bin/sleep", "1000").ok()
    result = lxc("execute", "-n", anywhere, "--", "/bin/true").failed("already")
    assert result.code == 1
    lxc("stop", "-k", anywhere).ok()


def test_stop_ends_it(lxc, anywhere):
    """The init makes SIGTERM of SIGPWR, as LXC's does."""
    process = lxc.start_process("execute", "-n", anywhere, "--", "/bin/sh", "-c",
                                "trap 'echo ended; exit 9' TERM; echo ready; "
                                "while :; do sleep 0.02; done")
    until(lambda: "ready" in process.output())
    lxc("stop", anywhere, timeout=20).ok()
    result = process.wait()
    assert (result.code, result.out) == (9, "ready\nended\n")
