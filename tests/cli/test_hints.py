# SPDX-License-Identifier: Apache-2.0
"""The commonest mistakes get a second line that says what to do, wherever stderr goes."""
import json
import os
import re
import resource

import pytest


def text_of(result):
    """The hint of a failed command whose stderr is a pipe: its last line."""
    lines = result.failed().err.splitlines()
    assert lines[-1].startswith("thole: hint: "), repr(result)
    return lines[-1].removeprefix("thole: hint: ")


COMMAND_LINES = [
    (["rnu"], "did you mean run?"),
    (["creat"], "did you mean create?"),
    (["help", "strat"], "did you mean start?"),
    (["frobnicate"], '"thole help" lists the commands'),
    (["--rooot", "/x", "list"], "did you mean --root?"),
    (["run", "--bundel", "x", "a"], "did you mean --bundle?"),
    (["list", "--fromat=json"], "did you mean --format?"),
    (["run", "--xyzzy"], '"thole help run" lists the options'),
    (["list", "--log-level", "debug"], "thole --log-level ... list"),
    (["delete", "--root", "/x", "a"], "thole --root ... delete"),
    (["--bundle", "x", "run"], "--bundle ..."),
    (["--force", "delete", "a"], "thole delete --force ..."),
]


@pytest.mark.parametrize("words, hint", COMMAND_LINES, ids=[" ".join(row[0]) for row in COMMAND_LINES])
def test_command_line(thole, words, hint):
    assert hint in text_of(thole(*words, root=False))


def test_every_option_is_known_again_with_one_letter_too_many(thole):
    """From the help of each command: the option misspelt at its end leads back to itself."""
    listed = thole("help", root=False).ok().out.split("Commands:\n")[1].split("\n\n")[0]
    for command in re.findall(r"^  ([a-z]+)", listed, re.MULTILINE):
        shown = thole("help", command, root=False).ok().out.split("Options:\n")[1]
        for line in re.findall(r"^  -.*$", shown, re.MULTILINE):
            option = next((word for word in line.replace("[", " ").replace(",", " ").split()
                           if word.startswith("--")), None)
            if option and len(option) > 4 and option != "--help":
                assert text_of(thole(command, option + "q", root=False)) == f"did you mean {option}?"


@pytest.mark.parametrize("limit", [4, 6, 9, 14])
def test_too_few_open_files(thole, bundle, limit):
    """Wherever that ends a start: in the runtime or in init."""
    made = bundle("/bin/true", rlimits=[])
    name = thole.prepare(made)
    assert "ulimit -n" in text_of(thole("run", "--bundle", made.path, name, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (limit, limit))))


def test_no_config_json(thole, folder):
    assert "thole spec" in text_of(thole("run", "--bundle", folder, "a"))


@pytest.mark.skipif(os.path.exists("/config.json"), reason="needs a root directory without config.json")
def test_no_config_json_in_the_root_directory(thole):
    assert "open /config.json" in thole("run", "a", cwd="/").failed().err


@pytest.mark.parametrize("where, wrong, right", [(("process",), "agrs", "args"), (("root",), "paht", "path"),
                                                 ((), "ociVersoin", "ociVersion")])
def test_misspelt_member_that_is_required(thole, bundle, where, wrong, right):
    made = bundle()
    section = made.config
    for name in where:
        section = section[name]
    section[wrong] = section.pop(right)
    pointer = "/" + "/".join((*where, right))
    wanted = f"{pointer}: is required, but missing: did you mean it by {wrong}?"
    assert wanted in thole.run(made).failed().err
    assert wanted in thole("validate", made.path).out


def test_program_that_cannot_be_executed(thole, bundle):
    made = bundle("/bin")
    assert "directory" in text_of(thole.run(made))
    made = bundle("/etc/passwd")
    os.chmod(os.path.join(made.rootfs, "etc/passwd"), 0o644)
    assert "chmod +x" in text_of(thole.run(made))
    made = bundle("/vol/program")
    made.mount("/vol", "tmpfs", "tmpfs", ["noexec", "mode=755", "tmpcopyup"])
    os.makedirs(os.path.join(made.rootfs, "vol"))
    with open(os.path.join(made.rootfs, "vol/program"), "w", encoding="ascii") as program:
        program.write("#!/bin/sh\n")
    os.chmod(program.name, 0o755)
    assert "noexec" in text_of(thole.run(made))


def test_program_that_is_nowhere(thole, bundle):
    made = bundle("frobnicate", env=["PATH=/one:/two"])
    assert "/one:/two" in text_of(thole.run(made))


def test_rootfs_that_is_a_link(thole, bundle):
    made = bundle()
    os.symlink("rootfs", os.path.join(made.path, "link"))
    made.config["root"]["path"] = "link"
    assert "symbolic link" in text_of(thole.run(made))


@pytest.mark.parametrize("where, wrong, right", [
    ((), "processs", "process"), ((), "mount", "mounts"), (("process",), "arg", "args"), (("linux",), "namespace", "namespaces"),
    (("root",), "raedonly", "readonly"),
])
def test_misspelt_member(thole, bundle, where, wrong, right):
    """Unknown members are ignored, but one that is nearly a known one is told of."""
    made = bundle()
    made.config["linux"].setdefault("namespaces", [])
    section = made.config
    for name in where:
        section = section[name]
    section[wrong] = section.get(right, True)
    pointer = "/" + "/".join((*where, wrong))
    wanted = f"{pointer}: unknown member, ignored: did you mean {right}?"
    assert wanted in thole.run(made).ok().err
    assert wanted in thole("validate", made.path).out


def test_another_member_is_not_told_of(thole, bundle):
    made = bundle()
    made.config["vendorExtension"] = {"cwd": "/"}
    assert thole.run(made).ok().err == ""


def test_process_misspelt(thole, bundle):
    made = bundle()
    made.config["processs"] = made.config.pop("process")
    result = thole.run(made).failed("no process to start")
    assert "/processs: unknown member, ignored: did you mean process?" in result.err


def test_delete_of_a_running_one(thole, sleeper):
    assert "--force" in text_of(sleeper()("delete"))


def test_id_too_long(thole, bundle):
    thole.prepare(bundle(), "a" * 255)
    result = thole("create", "--bundle", bundle().path, "a" * 256)
    result.failed("it has 256 characters, the limit is 255")


def test_create_with_a_terminal_and_nobody_to_hold_it(thole, bundle):
    assert "thole run" in text_of(thole.try_create(bundle(terminal=True)))


def test_switched_off(thole):
    assert thole("--no-hints", "rnu", root=False).failed().err == "thole: unknown command rnu\n"


def test_json_has_it_as_a_member(thole, folder):
    log = os.path.join(folder, "log")
    result = thole("--log-format", "json", "rnu", root=False)
    assert json.loads(result.failed().err)["hint"] == "did you mean run?"
    thole("--log", log, "--log-format", "json", "rnu", root=False).failed("hint: did you mean run?")
    with open(log, encoding="utf-8") as source:
        record = json.loads(source.read())
    assert (record["level"], record["hint"]) == ("error", "did you mean run?")
    thole("--no-hints", "--log", log, "--log-format", "json", "rnu", root=False).failed()
    with open(log, encoding="utf-8") as source:
        assert "hint" not in json.loads(source.readlines()[-1])


def test_documented(thole):
    assert "--no-hints" in thole("help", root=False).ok().out
    page = thole("generate-man", "thole", root=False).ok().out
    assert "hint:" in page and r"\-\-no\-hints" in page
