# SPDX-License-Identifier: Apache-2.0
"""lxc-unshare and lxc-usernsexec: commands in namespaces without a container around them."""
import os

import pytest

from harness.runtime import Process

NOBODY = 65534


@pytest.fixture
def call(lxc):
    """call(COMMAND, ARGUMENT...): without an lxcpath, which these commands have no use for."""
    return lambda *args, **options: lxc(*args, path=False, **options)


def link(name):
    return os.readlink(f"/proc/self/ns/{name}")


# ---- lxc-unshare ---------------------------------------------------------------------------------

WORDS = {"MOUNT": "mnt", "PID": "pid", "UTSNAME": "uts", "IPC": "ipc", "NETWORK": "net",
         "CGROUP": "cgroup", "USER": "user"}


@pytest.mark.parametrize("word", list(WORDS) + list(WORDS.values()))
def test_exactly_these_namespaces_are_new(call, word):
    name = WORDS.get(word, word)
    said = call("unshare", "-s", word, "--", "/bin/sh", "-c",
                "for i in cgroup ipc mnt net pid user uts; do echo $i $(readlink /proc/$$/ns/$i); done"
                if name != "pid" else
                "for i in cgroup ipc mnt net pid user uts; do echo $i $(readlink /proc/self/ns/$i); done")
    now = dict(line.split() for line in said.ok().out.splitlines())
    assert {kind for kind in now if now[kind] != link(kind)} == {name}


def test_several_at_once(call):
    said = call("unshare", "-s", "PID|UTSNAME|MOUNT", "-H", "elsewhere", "-M", "--", "/bin/sh", "-c",
                "hostname; echo $$; ls -d /proc/[0-9]* | wc -l")
    name, pid, count = said.ok().out.split()
    assert (name, pid) == ("elsewhere", "1") and int(count) < 6


def test_mounts_inside_stay_inside(call, folder):
    call("unshare", "-s", "MOUNT", "--", "mount", "-t", "tmpfs", "none", folder).ok()
    assert folder not in open("/proc/self/mountinfo", encoding="ascii").read()


def test_the_status_is_the_commands(call):
    assert call("unshare", "-s", "UTSNAME", "--", "/bin/sh", "-c", "exit 7").code == 7
    assert call("unshare", "-s", "UTSNAME", "--", "/bin/sh", "-c", "kill -9 $$").code == 137


def test_daemon_does_not_wait(call, folder):
    pipe = os.path.join(folder, "pipe")
    os.mkfifo(pipe)
    call("unshare", "-s", "UTSNAME", "-d", "--", "/bin/sh", "-c", f"echo here >{pipe}", timeout=10).ok()
    with open(pipe, encoding="ascii") as end:
        assert end.read() == "here\n"


@pytest.mark.parametrize("user, wanted", [("0", "0 0"), ("1000", "1000 1000"), ("nobody", "65534 65534")])
@pytest.mark.parametrize("caller", [0, NOBODY])
def test_user_is_who_the_caller_becomes(lxc_path, user, wanted, caller):
    words = [lxc_path, "unshare", "-s", "USER|UTSNAME", "-u", user, "--", "/bin/sh", "-c",
             "echo $(id -u) $(id -g)"]
    if caller:
        words = ["setpriv", f"--reuid={caller}", f"--regid={caller}", "--clear-groups", *words]
    result = Process(words, env={**os.environ, "HOME": "/"}).wait()
    assert result.ok().out.strip() == wanted


@pytest.mark.parametrize("words, reason", [
    (["-s", "MOUNT", "-H", "x", "--", "true"], "-H needs -s UTSNAME"),
    (["-s", "MOUNT", "-i", "x", "--", "true"], "-i needs -s NETWORK"),
    (["-s", "PID", "-M", "--", "true"], "-M needs -s MOUNT"),
    (["-s", "PID", "-u", "0", "--", "true"], "-u needs -s USER"),
    (["-s", "USER", "-u", "nobody-of-that-name", "--", "true"], "nobody-of-that-name"),
    (["-s", "BOGUS", "--", "true"], "BOGUS"),
    (["-s", "MOUNT"], "A command to execute in the new namespace is required"),
    (["--", "true"], "A namespace to execute command is required"),
    (["-s", "MOUNT", "--", "no-such-command"], "no-such-command")])
def test_refusals(call, debian, words, reason):
    result = call("unshare", *words).failed(reason)
    assert result.code == 1
    if "-u" not in words:  # LXC leaves a process behind there
        assert debian("unshare", *words, path=False).code == 1


# ---- lxc-usernsexec ------------------------------------------------------------------------------

def test_maps_are_what_was_asked_for(call):
    said = call("usernsexec", "-m", "u:0:100000:1000", "-m", "g:0:200000:2000", "-m", "b:5000:300000:1",
                "--", "/bin/sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map; id -u; id -g; id -G")
    lines = [line.split() for line in said.ok().out.splitlines()]
    assert lines == [["0", "100000", "1000"], ["5000", "300000", "1"], ["0", "200000", "2000"],
                     ["5000", "300000", "1"], ["0"], ["0"], ["0"]]


def test_own_mount_namespace(call):
    said = call("usernsexec", "-m", "b:0:100000:1", "--", "readlink", "/proc/self/ns/mnt").ok()
    assert said.out.strip() != link("mnt")


def test_user_and_group(call):
    said = call("usernsexec", "-m", "b:0:100000:65536", "-u", "5", "-g", "6", "--", "id", "-u").ok()
    assert said.out == "5\n"


def test_own_ids_as_well(call):
    said = call("usernsexec", "-m", "b:0:100000:10", "-s", "--", "cat", "/proc/self/uid_map").ok()
    assert [line.split() for line in said.out.splitlines()] == [["0", "100000", "10"],
                                                                ["10", "0", "1"]]


def test_ids_that_were_granted(lxc_path, folder):
    grants = os.path.join(folder, "grants")
    with open(grants, "w", encoding="ascii") as target:
        target.write("somebody:1:1\nroot:100000:65536\nroot:300000:10\n")
    script = (f"mount --bind {grants} /etc/subuid && mount --bind {grants} /etc/subgid && "
              f"exec {lxc_path} usernsexec -- cat /proc/self/uid_map")
    result = Process(["unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script]).wait()
    assert [line.split() for line in result.ok().out.splitlines()] == [
        ["0", "100000", "65536"], ["65536", "300000", "10"]]


@pytest.mark.parametrize("how, status", [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_status_of_usernsexec(call, how, status):
    assert call("usernsexec", "-m", "b:0:100000:1", "--", "/bin/sh", "-c", how).code == status


def test_a_shell_without_a_command(call):
    said = call("usernsexec", "-m", "b:0:100000:1", stdin="id -u\n").ok()
    assert said.out == "0\n"


@pytest.mark.parametrize("words, reason", [
    (["-m", "b:0:100000", "--", "true"], "b:0:100000"), (["-m", "x:0:1:1", "--", "true"], "x:0:1:1"),
    (["-m", "b:0:x:10", "--", "true"], "b:0:x:10"), (["-m", "b:0:1:0", "--", "true"], "b:0:1:0"),
    (["-m", "b:5:100000:10", "--", "true"], "become group 0"),
    (["-m", "b:0:100000:1", "--", "no-such-command"], "no-such-command")])
def test_refusals_of_usernsexec(call, debian, words, reason):
    result = call("usernsexec", *words).failed(reason)
    assert result.code == debian("usernsexec", *words, path=False).code == 1


def test_nothing_granted_says_what_to_do(lxc_path):
    script = ("mount --bind /dev/null /etc/subuid && mount --bind /dev/null /etc/subgid && "
              f"exec {lxc_path} usernsexec -- true")
    result = Process(["unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script]).wait()
    result.failed("/etc/subuid grants no ids to root", "usermod --add-subuids")
