# SPDX-License-Identifier: Apache-2.0
"""Every block of README.md is followed as it stands.

A block is known by its first line. A block without a test here, and a test without its block, fail.
"""
import configparser
import json
import os
import re
import shutil
import subprocess

import pexpect
import pytest

from harness import machine, traces

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
with open(os.path.join(TOP, "README.md"), encoding="utf-8") as readme:
    README = readme.read()
BLOCKS = {text.splitlines()[0].split("#")[0].strip(): (language, text)
          for language, text in FENCE.findall(README)}
FIRST, DEMO, STEPS = "sudo sh contrib/first-container", "mkdir -p demo/rootfs && cd demo", "rm config.json"
PODMAN = "podman --runtime /usr/bin/thole run --rm docker.io/library/alpine echo hi"
CONTAINERS_CONF, DAEMON_JSON = "[engine]", '{"runtimes": {"thole": {"path": "/usr/bin/thole"}}, "default-runtime": "thole"}'
BUILD = "autoreconf -fi"
TESTED = {FIRST, DEMO, STEPS, PODMAN, CONTAINERS_CONF, DAEMON_JSON, BUILD}


def commands(block):
    return [line.split(" #")[0].strip() for line in BLOCKS[block][1].splitlines()
            if line.strip() and not line.lstrip().startswith("#")]


def test_every_block_is_followed_by_a_test():
    assert set(BLOCKS) == TESTED
    assert not re.search(r"^    \S", README, re.MULTILINE), "a block without fences escapes the tests"


@pytest.fixture
def shell(thole, thole_path, folder):
    """An interactive shell in which sudo changes nothing and thole is the one under test."""
    tools = os.path.join(folder, "bin")
    os.mkdir(tools)
    for name, text in (("sudo", 'exec "$@"'), ("thole", f'exec {thole_path} --root {thole.root} "$@"')):
        with open(os.path.join(tools, name), "w", encoding="ascii") as script:
            script.write(f"#!/bin/sh\n{text}\n")
        os.chmod(script.name, 0o755)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PS1": "$ ", "TERM": "dumb"}
    child = pexpect.spawn("/bin/sh", cwd=folder, env=environment, encoding="utf-8", timeout=30)
    child.expect_exact("$ ")
    yield child
    child.close(force=True)


def say(shell, line, prompt="$ "):
    """Types a command; its output. A command that fails fails the test."""
    shell.sendline(line)
    shell.expect_exact(line)
    shell.expect_exact(prompt)
    output = shell.before
    if prompt == "$ ":
        shell.sendline("echo status=$?")
        shell.expect(r"status=(\d+)\r\n")
        status = shell.match.group(1)
        shell.expect_exact("$ ")
        assert status == "0", f"{line}: {status}: {output}"
    return output


def test_using_it(shell, thole, folder, rootfs_template):
    """A shell in a container, then the steps one by one, typed as they are written."""
    own = traces.mark() + "readme"
    thole.ids.append(own)
    for line in commands(DEMO) + commands(STEPS):
        line = line.replace("web1", own)
        inside = " run " in line or line.endswith(" sh")
        say(shell, line, "# " if inside else "$ ")
        if inside:
            say(shell, "exit")
        if line.startswith("mkdir"):
            subprocess.run(["cp", "-a", rootfs_template + "/.", os.path.join(folder, "demo/rootfs")],
                           check=True)
    assert not os.path.exists(os.path.join(thole.root, own)), "delete has left it"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_first_container():
    """The first line builds (here: what is built already) and runs; run-all is what runs this test."""
    build = os.environ.get("BUILDDIR")
    if not build or os.path.realpath(build) != os.path.join(TOP, "build"):
        pytest.skip("needs the build in build/, where the script builds")
    assert commands(FIRST) == ["sudo sh contrib/first-container", "sudo tests/run-all"]
    done = subprocess.run(["sh", "contrib/first-container"], cwd=TOP, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0 and "Hello from the container." in done.stdout, done
    assert os.access(os.path.join(TOP, "tests/run-all"), os.X_OK)


def test_podman_command_has_the_form_of_the_engine_tests():
    """tests/engines/podman gives it again and again, with an image of its own."""
    assert commands(PODMAN)[0].split()[1:4] == ["--runtime", "/usr/bin/thole", "run"]
    with open(os.path.join(TOP, "tests/engines/podman"), encoding="utf-8") as script:
        assert "--runtime" in script.read() or shutil.which("podman") is None


@pytest.mark.skipif(shutil.which("podman") is None, reason="needs podman")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_containers_conf(folder, thole_path):
    """Podman reads the settings, and takes thole for a runtime with JSON and without cgroups."""
    path = os.path.join(folder, "containers.conf")
    with open(path, "w", encoding="utf-8") as target:
        target.write(BLOCKS[CONTAINERS_CONF][1].replace("/usr/bin/thole", thole_path))
    done = subprocess.run(["podman", "--root", folder + "/storage", "--runroot", folder + "/run",
                           "--storage-driver", "vfs", "info", "--format",
                           "{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}"],
                          env={**os.environ, "CONTAINERS_CONF": path}, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.stdout.split() == ["thole", thole_path], done
    parser = configparser.ConfigParser()
    parser.read(path)
    assert {name for name in parser["engine"]} >= {"runtime_supports_json",
                                                   "runtime_supports_nocgroups"}


def test_daemon_json():
    language, text = BLOCKS[DAEMON_JSON]
    settings = json.loads(text)
    assert language == "json"
    assert settings["default-runtime"] in settings["runtimes"]


def test_building_names_what_there_is():
    """`make check` and the rest of this block run in CI; here: each target and file is there."""
    assert commands(BUILD) == ["autoreconf -fi", "./configure", "make", "make check",
                               "sudo make install"]
    build = os.environ.get("BUILDDIR") or os.path.join(TOP, "build")
    if not os.path.exists(os.path.join(build, "Makefile")):
        pytest.skip("needs a build tree")
    for target in ("all", "check", "install"):
        subprocess.run(["make", "-s", "-n", target], cwd=build, stdout=subprocess.DEVNULL, check=True)
