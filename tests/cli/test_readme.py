# SPDX-License-Identifier: Apache-2.0
"""What of README.md needs a person at a terminal, or the whole tree, is followed as it stands.

The other blocks are recipes: test_recipes.py. A block without a test here or there, and a test without its
block, fail.
"""
import os
import re
import subprocess

import pexpect
import pytest

from harness import recipe, traces
from harness.machine import TOP

BLOCKS = {text.splitlines()[0].split("#")[0].strip(): text
          for _, text in recipe.read(os.path.join(TOP, "README.md"), {})}
FIRST, SHELL, BUILD = "sudo sh contrib/first-container", "thole spec", "autoreconf -fi"


def commands(block):
    return [line.split(" #")[0].strip() for line in BLOCKS[block].splitlines()
            if line.strip() and not line.lstrip().startswith("#")]


def test_every_block_is_followed_by_a_test():
    assert set(BLOCKS) == {FIRST, SHELL, BUILD}
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as readme:
        text = recipe.MARKED.sub("", readme.read())
    assert not re.search(r"^    \S", text, re.MULTILINE), "a block without fences escapes the tests"


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


def test_a_shell_on_the_terminal(shell, thole, folder, rootfs_template):
    own = traces.mark() + "readme"
    thole.ids.append(own)
    subprocess.run(["cp", "-a", rootfs_template, os.path.join(folder, "rootfs")], check=True)
    spec, run = commands(SHELL)
    say(shell, spec)
    say(shell, run.replace("web1", own), "# ")
    say(shell, "exit")
    assert not os.path.exists(os.path.join(thole.root, own)), "it is still there"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
class TestFirstContainer:
    """The first line builds (here: what is built already) and runs; run-all is what runs this test."""

    @staticmethod
    def call(**options):
        build = os.environ.get("BUILDDIR")
        if not build or os.path.realpath(build) != os.path.join(TOP, "build"):
            pytest.skip("needs the build in build/, where the script builds")
        before = set(os.listdir("/var/tmp"))
        done = subprocess.run(["sh", "contrib/first-container"], cwd=TOP, capture_output=True, text=True,
                              timeout=300, check=False, stdin=subprocess.DEVNULL, **options)
        left = {name for name in set(os.listdir("/var/tmp")) - before if name.startswith("first-container.")}
        assert not left
        return done

    def test_it_greets_in_a_dozen_lines(self):
        assert commands(FIRST) == ["sudo sh contrib/first-container", "sudo tests/run-all"]
        assert os.access(os.path.join(TOP, "tests/run-all"), os.X_OK)
        done = self.call()
        assert (done.returncode, done.stderr) == (0, ""), done
        lines = done.stdout.splitlines()
        assert len(lines) <= 12
        steps = [line for line in lines if line.startswith("first-container: ")]
        assert len(steps) == 4 and all(line.endswith(" ... done") for line in steps)
        assert "Hello from the container. I am root, process 1, on host thole." in lines

    def test_an_error_keeps_its_output(self, folder):
        """The build fails: a program named make that comes first in PATH says why."""
        with open(os.path.join(folder, "make"), "w", encoding="ascii") as script:
            script.write("#!/bin/sh\necho there is no cheese\necho and no wine >&2\nexit 4\n")
        os.chmod(script.name, 0o755)
        done = self.call(env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
        assert done.returncode == 4
        assert done.stderr == "there is no cheese\nand no wine\n"
        assert done.stdout.splitlines()[-1].endswith(" ... failed") and "Hello" not in done.stdout


def test_building_names_what_there_is():
    """`make check` and the rest of this block run in CI; here: each target and file is there."""
    assert commands(BUILD) == ["autoreconf -fi", "./configure", "make", "make check",
                               "sudo make install"]
    build = os.environ.get("BUILDDIR") or os.path.join(TOP, "build")
    if not os.path.exists(os.path.join(build, "Makefile")):
        pytest.skip("needs a build tree")
    for target in ("all", "check", "install"):
        subprocess.run(["make", "-s", "-n", target], cwd=build, stdout=subprocess.DEVNULL, check=True)
