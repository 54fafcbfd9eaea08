# SPDX-License-Identifier: Apache-2.0
"""The command line: every spelling that callers of runc and crun use, and what is refused."""
import json
import os
import subprocess

import pytest

pytestmark = pytest.mark.any_layout

NOBODY = "thole-test-nobody"

# What has to be in the help of each command.
OPTIONS = {
    "create": "bundle config console-socket no-new-keyring no-pivot pid-file pidfd-socket "
              "preserve-fds",
    "delete": "force regex",
    "exec": "additional-gids apparmor cap cgroup console-socket cwd detach env ignore-paused "
            "no-new-privs pid-file pidfd-socket preserve-fds process process-label raw tty user",
    "features": "",
    "help": "",
    "kill": "all regex",
    "list": "format quiet",
    "pause": "",
    "plan": "facts json print-facts",
    "ps": "format",
    "resume": "",
    "run": "bundle config console-socket detach keep no-new-keyring no-pivot no-subreaper "
           "pid-file pidfd-socket preserve-fds",
    "spec": "bundle file rootless",
    "start": "",
    "state": "",
    "update": "blkio-weight cpu-burst cpu-idle cpu-period cpu-quota cpu-rt-period cpu-rt-runtime "
              "cpu-share cpuset-cpus cpuset-mems kernel-memory kernel-memory-tcp memory "
              "memory-reservation memory-swap pids-limit resources",
    "validate": "strict",
    "version": "",
}
SHORT = {"create": "bf", "delete": "fr", "exec": "cdegptu", "kill": "ar", "list": "fq", "ps": "f",
         "run": "bdf", "spec": "bf", "update": "r"}
NEEDS_ID = ["create", "delete", "exec", "kill", "pause", "ps", "resume", "run", "start", "state",
            "update"]


@pytest.fixture
def call(thole_path, tmp_path):
    """call(words...) runs thole in an empty folder; it needs no privilege."""

    def run(*words, **options):
        return subprocess.run([thole_path, *map(str, words)], cwd=tmp_path, text=True,
                              capture_output=True, timeout=60, check=False, **options)

    return run


@pytest.fixture
def with_root(call, tmp_path):
    """call() with an empty state directory."""
    (tmp_path / "state").mkdir()
    return lambda *words, **options: call("--root", tmp_path / "state", *words, **options)


def refused(result, *texts, code=1):
    """The call failed with the status, one line (and its hint) on stderr with all texts, and nothing
    on stdout."""
    assert result.returncode == code, result
    assert result.stdout == "", result
    assert result.stderr.startswith("thole: "), result
    lines = result.stderr.splitlines(keepends=True)
    assert all(line.startswith("thole: hint: ") for line in lines[1:2]), result
    assert len(lines) <= 2 and result.stderr.endswith("\n"), result
    for text in texts:
        assert text in result.stderr, result


def accepted(result):
    assert result.returncode == 0, result
    assert result.stderr == "", result
    return result


@pytest.mark.parametrize("words", [
    ("--bundle", "here"), ("--bundle=here",), ("-b", "here"), ("-b=here",), ("-bhere",),
    ("-bundle", "here"), ("-bundle=here",),
], ids=" ".join)
def test_spellings_of_a_value(call, tmp_path, words):
    (tmp_path / "here").mkdir()
    accepted(call("spec", *words))
    assert (tmp_path / "here/config.json").exists()


@pytest.mark.parametrize("word,wanted", [
    ("--rootless", True), ("-rootless", True), ("--rootless=true", True), ("--rootless=1", True),
    ("--rootless=T", True), ("--rootless=false", False), ("--rootless=0", False),
    ("--rootless=f", False), ("--rootless=no", False), ("-rootless=false", False),
])
def test_flag_with_a_value(call, tmp_path, word, wanted):
    accepted(call("spec", word))
    config = json.loads((tmp_path / "config.json").read_text())
    assert ({"type": "user"} in config["linux"]["namespaces"]) is wanted


def test_a_flag_takes_no_word(call):
    """The next word after a flag is an argument, not its value."""
    refused(call("list", "--quiet", "false"), "wrong number of arguments")


def test_bad_value_of_a_flag(call):
    refused(call("spec", "--rootless=maybe"), "--rootless", "maybe")


@pytest.mark.parametrize("words", [
    ("delete", NOBODY, "--force"), ("delete", NOBODY, "-f"), ("delete", "-fr", NOBODY),
    ("delete", "-rf", NOBODY), ("delete", "--regex", NOBODY, "--force"), ("list", "-qf", "json"),
    ("list", "-qfjson"), ("kill", "-r", NOBODY, "KILL"), ("kill", "-ra", NOBODY),
], ids=" ".join)
def test_order_and_bundles_of_options(with_root, words):
    accepted(with_root(*words))


@pytest.mark.parametrize("words,text", [
    (("kill", NOBODY, "--all"), "--all"),
    (("exec", NOBODY, "ls", "--nope"), "container does not exist"),
    (("exec", "-d", NOBODY, "ls", "-Z"), "container does not exist"),
    (("ps", NOBODY, "--nope"), "container does not exist"),
    (("state", "--", NOBODY), "container does not exist"),
    (("delete", "--", "-f"), "container does not exist"),
], ids=str)
def test_where_options_end(with_root, words, text):
    result = with_root(*words)
    assert result.returncode != 0 and text in result.stderr, result
    assert "unknown option" not in result.stderr


@pytest.mark.parametrize("command", OPTIONS)
@pytest.mark.parametrize("option", ["--nope", "--nope=1", "-Z", "-Znope"])
def test_unknown_option(call, command, option):
    refused(call(command, option, "x"), "unknown option", option.split("=")[0])


@pytest.mark.parametrize("option", ["--nope", "-Z"])
def test_unknown_global_option(call, option):
    refused(call(option, "list"), "unknown option", option)


@pytest.mark.parametrize("words", [
    ("--root",), ("--log",), ("create", "x", "--bundle"), ("create", "x", "-b"),
    ("exec", "-t", "--process"), ("update", "x", "--memory"), ("spec", "-bundle"),
], ids=" ".join)
def test_missing_value(call, words):
    refused(call(*words), "requires an argument")


@pytest.mark.parametrize("words", [
    ("--root=", "list"), ("--root", "", "list"), ("--root=/", "list"), ("--root=//", "list"),
    ("--root=/tmp/..", "list"),
], ids=" ".join)
def test_bad_root(call, words):
    refused(call(*words), "--root")


@pytest.mark.parametrize("words,option", [
    (("--log-format", "xml", "list"), "--log-format"),
    (("--log-level", "loud", "list"), "--log-level"),
    (("--cgroup-manager=cgroup", "list"), "--cgroup-manager"),
    (("--rootless=maybe", "list"), "--rootless"),
    (("list", "--format", "xml"), "--format"),
    (("create", "x", "--preserve-fds", "many"), "--preserve-fds"),
    (("create", "x", "--preserve-fds=-1"), "--preserve-fds"),
    (("exec", "-g", "staff", "x", "ls"), "--additional-gids"),
    (("update", "x", "--memory", "12q"), "--memory"),
    (("update", "x", "--memory=9999999999t"), "--memory"),
    (("update", "x", "--memory=m"), "--memory"),
    (("update", "x", "--cpu-quota", "much"), "--cpu-quota"),
], ids=" ".join)
def test_bad_value(call, words, option):
    refused(call(*words), option)


@pytest.mark.parametrize("words", [
    ("--rootless", "true"), ("--rootless=true",), ("--rootless=false",), ("--rootless", "auto"),
    ("--criu", "/usr/sbin/criu"), ("--systemd-cgroup",), ("--systemd-cgroup=false",),
    ("--cgroup-manager", "disabled"), ("--cgroup-manager=systemd",), ("--log-format=",),
    ("--log-format", "json"), ("--log-level", "debug"), ("--debug",), ("-debug",),
    ("--log-format=json", "--log", "log"),
], ids=" ".join)
def test_global_options(with_root, words):
    assert with_root(*words, "list", "-q").returncode == 0


def test_root_is_made_absolute_and_not_created(call, tmp_path):
    result = accepted(call("--root", "one/../two//./three", "version"))
    assert f"\nrundir: {tmp_path}/two/three\n" in result.stdout
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("command", OPTIONS)
@pytest.mark.parametrize("words", ["{} --help", "{} -h", "{} -?", "{} -help", "{} --usage",
                                   "help {}"])
def test_help_of_a_command(call, command, words):
    out = accepted(call(*words.format(command).split())).stdout
    assert f"Usage: thole [GLOBAL OPTION]... {command}" in out
    for option in OPTIONS[command].split():
        assert f"--{option}" in out
    for letter in SHORT.get(command, ""):
        assert f"  -{letter}, --" in out


@pytest.mark.parametrize("words", ["--help", "-h", "-?", "-help", "help", "--usage"])
def test_help(call, words):
    out = accepted(call(words)).stdout
    for command in OPTIONS:
        assert f"\n  {command} " in out
    for option in ("root", "log", "log-format", "log-level", "debug", "systemd-cgroup",
                   "cgroup-manager", "rootless", "version"):
        assert f"--{option}" in out
    assert "generate-man" not in out


def test_no_command(call):
    result = call()
    assert result.returncode == 1 and result.stdout == ""
    assert "Usage: thole" in result.stderr


@pytest.mark.parametrize("words", ["nope", "help nope", "generate-man nope"])
def test_unknown_command(call, words):
    refused(call(*words.split()))


def test_what_podman_asks_about_checkpoints(call):
    """Whether there are any, and whether mounts can get another SELinux label."""
    assert call("checkpoint", "--help").returncode == 0
    result = call("restore", "--lsm-mount-context")
    assert result.returncode == 1 and "requires an argument" in result.stderr


@pytest.mark.parametrize("command", NEEDS_ID)
def test_missing_id(call, command):
    refused(call(command), "wrong number of arguments", "ID")


@pytest.mark.parametrize("words", [
    ("create", "a", "b"), ("start", "a", "b"), ("state", "a", "b"), ("kill", "a", "9", "b"),
    ("delete", "a", "b"), ("list", "a"), ("features", "a"), ("plan", "a", "b"),
], ids=" ".join)
def test_too_many_arguments(call, words):
    refused(call(*words), "wrong number of arguments")


@pytest.mark.parametrize("words", [
    ("exec", "--process", "file", "x", "ls"),
    ("exec", "--cgroup", "a", "--cgroup", "b", "x", "ls"),
], ids=" ".join)
def test_exec_usage(call, words):
    """Words that do not go together: no program has run, which is 255 for exec."""
    refused(call(*words), code=255)


def test_exec_that_starts_nothing_returns_255(with_root):
    result = with_root("exec", NOBODY, "ls")
    assert result.returncode == 255
    assert "container does not exist" in result.stderr


@pytest.mark.parametrize("words", [
    ("--memory", "512m"), ("--memory=1G",), ("--memory", "-1"), ("--memory-swap=-1",),
    ("--memory", "1073741824"), ("--cpu-quota", "-1"), ("--cpuset-cpus=0-3",),
    ("--pids-limit=-1",), ("--resources=/dev/null",), ("-r", "-"), ("--resources=-",),
], ids=" ".join)
def test_update_reads_its_values(with_root, words):
    refused(with_root("update", NOBODY, *words, stdin=subprocess.DEVNULL),
            "container does not exist")


@pytest.mark.parametrize("command", ["kill", "delete"])
def test_bad_regular_expression(with_root, command):
    refused(with_root(command, "--regex", "("), "regular expression")


@pytest.mark.needs(root=True)
def test_regular_expressions_choose_containers(thole, bundle):
    names = [thole.new_id() for _ in range(3)]
    for name in names:
        thole.create(bundle("/bin/true"), id=name)
    assert thole("list", "-q").ok().out.split() == sorted(names)
    thole("delete", "--regex", f"^({names[0]}|{names[1]})$").ok()
    assert thole("list", "-q").ok().out.split() == [names[2]]
