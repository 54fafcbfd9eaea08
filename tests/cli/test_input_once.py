# SPDX-License-Identifier: Apache-2.0
"""One program from the command line to the container's init, and every input read once."""
import json
import os
import re
import shutil
import subprocess

import pytest

from harness import systemd
from harness.runtime import until


@pytest.fixture(name="trace")
def fixture_trace(thole, folder):
    """trace(words...): [(call, text)] of execve, execveat and openat, which must succeed."""
    if shutil.which("strace") is None:
        pytest.skip("needs the program strace")

    def trace(*words, meanwhile=None, input=None, **options):
        log = os.path.join(folder, "strace")
        command = ["strace", "-f", "-qq", "-s", "300", "-e",
                   "trace=execve,execveat,open,openat,openat2", "-o", log, thole.path, "--root",
                   thole.root, *words]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.PIPE,
                              **options) as process:
            process.stdin.write(input or b"")
            process.stdin.close()
            if meanwhile:
                meanwhile()  # strace waits for a container that was only created
            assert process.wait(60) == 0, command
        with open(log, encoding="utf-8", errors="replace") as source:
            return re.findall(r"^\d+ +(\w+)\((.*)(?:\) += \d+| <unfinished \.\.\.>)", source.read(),
                              re.MULTILINE)

    return trace


def programs(calls):
    """The programs that were executed, "" for a descriptor."""
    return [re.match(r'(?:\d+, )?"([^"]*)"', text).group(1) for call, text in calls if call.startswith("exec")]


def readings(calls, name):
    return [text for call, text in calls if call.startswith("open") and f'{name}"' in text
            and "O_WRONLY" not in text and "O_PATH" not in text]


@pytest.fixture(name="manager")
def fixture_manager(folder):
    """Options for a call with the systemd manager: this machine's, or one of the test's own."""
    if os.path.isdir("/run/systemd/system"):
        yield {}
        return
    own = systemd.Manager(os.path.join(folder, "bus"))
    yield {"env": {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": own.address}}
    own.close()
    assert not own.mistakes, own.mistakes


@pytest.fixture(name="profile")
def fixture_profile(bundle):
    def make(*args):
        made = bundle(*args)
        made.linux["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO",
                          "args": [{"index": 1, "value": 7, "op": "SCMP_CMP_EQ"}]}]}
        return made

    return make


@pytest.mark.parametrize("cgroups", ["cgroupfs", pytest.param(
    "systemd", marks=pytest.mark.needs(layout="unified"))])
@pytest.mark.parametrize("cache", ["cold", "warm"])
@pytest.mark.parametrize("command", ["run", "create"])
@pytest.mark.parametrize("source", ["a file", "a pipe"])
def test_one_program_reads_the_configuration_once(request, trace, thole, profile, command, cache,
                                                  cgroups, source):
    options = request.getfixturevalue("manager") if cgroups == "systemd" else {}
    if cache == "warm":
        thole.run(profile("/bin/true")).ok()
    made = profile("/bin/true")
    name = thole.prepare(made)
    if cgroups == "systemd":
        made.linux["cgroupsPath"] = f"tholetest.slice:thole:{name}"
        made.write()
    words = ["--cgroup-manager", cgroups, command, "--bundle", made.path]
    if source == "a pipe":
        words += ["--config", "/dev/stdin"]
        options = {**options, "input": json.dumps(made.config).encode()}
        os.remove(os.path.join(made.path, "config.json"))
    if command == "create":
        options = {**options, "meanwhile": lambda: delete(thole, name, options.get("env"))}
    assert_cache(thole, cache)
    calls = trace(*words, name, **options)
    executed = programs(calls)
    own = [program for program in executed if program != "/bin/true"]
    assert own[0] == thole.path and own[1:] in ([], [""]), executed
    assert executed == own + (["/bin/true"] if command == "run" else []), executed
    assert len(readings(calls, "/dev/stdin" if source == "a pipe" else "config.json")) == 1, calls


def delete(thole, name, env):
    until(lambda: '"status": "created"' in thole("state", name).out, what="the container")
    thole("delete", "--force", name, env=env).ok()


def assert_cache(thole, wanted):
    """A test that finds the cache in another state than it says would tell nothing."""
    found = [name for _, _, names in os.walk(thole.root) for name in names
             if name.startswith("seccomp-")]
    assert bool(found) == (wanted == "warm"), found


@pytest.mark.parametrize("words", [["--version"], ["version"], ["features"], ["list"], ["help"],
                                   ["plan", "BUNDLE"], ["validate", "BUNDLE"], ["state", "ID"],
                                   ["update", "--resources", "FILE", "ID"], ["kill", "ID", "0"],
                                   ["pause", "ID"]],
                         ids=" ".join)
def test_every_command_answers_in_the_one_program(trace, thole, profile, folder, words):
    container = thole.launch(profile("/bin/sleep", "1000"))
    resources = os.path.join(folder, "resources.json")
    with open(resources, "w", encoding="ascii") as target:
        target.write("{}")
    values = {"ID": container.id, "BUNDLE": container.bundle.path, "FILE": resources}
    words = [values.get(word, word) for word in words]
    assert programs(trace(*words)) == [thole.path]
    if words[0] == "pause":
        thole("resume", container.id).ok()


def test_the_static_program_answers_alone(thole, folder):
    """Nothing has to lie beside it."""
    copy = os.path.join(folder, "alone")
    shutil.copy(thole.path, copy)
    for words in (["--version"], ["features"], ["list"]):
        done = subprocess.run([copy, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and done.stdout, done
