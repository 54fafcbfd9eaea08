# SPDX-License-Identifier: Apache-2.0
"""Help, manuals and their examples: for every command, within 80 columns, in step with the tables."""
import os
import re
import shlex
import shutil
import subprocess

import pytest

from harness import machine

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.dirname(machine.find_runtime() or "")
THOLE = machine.find_runtime()
LXC = os.path.join(BUILD, "thole-lxc")


def text_of(*words):
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr


def commands(program):
    listed = text_of(program, "--help").split("Commands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+)", listed, re.MULTILINE)


ALL = [(THOLE, name) for name in commands(THOLE)] if THOLE else []
if os.path.exists(LXC):
    ALL += [(LXC, name) for name in commands(LXC)]
NAMES = [f"{os.path.basename(program)}-{name}" for program, name in ALL]
OWN = [name for program, name in ALL if program == THOLE]


@pytest.mark.parametrize("program, name", ALL + [(THOLE, None), (LXC, None)],
                         ids=NAMES + ["thole", "thole-lxc"])
def test_help_has_80_columns(program, name):
    if not os.path.exists(program):
        pytest.skip(f"needs {os.path.basename(program)}, which this build is without")
    shown = text_of(program, *([name] if name else []), "--help")
    assert len(shown.splitlines()) > 4
    assert [line for line in shown.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("program, name", ALL, ids=NAMES)
def test_every_command_has_a_manual(program, name):
    source = f"src/thole-{name}.1" if program == THOLE else f"src/lxc/lxc-{name}.1"
    assert os.path.exists(os.path.join(BUILD, source)), "src/module.am does not list it"


@pytest.mark.parametrize("name", OWN)
def test_manual_has_its_sections(name):
    page = text_of(THOLE, "generate-man", f"thole-{name}")
    sections = re.findall(r"^\.SH (.*)$", page, re.MULTILINE)
    wanted = ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]
    assert [section for section in sections if section in wanted] == wanted


@pytest.mark.skipif(not shutil.which("man"), reason="needs man (package man-db)")
@pytest.mark.parametrize("name", OWN)
def test_manual_is_good_troff(name):
    result = subprocess.run(["man", "--warnings=w", "-l", os.path.join(BUILD, f"src/thole-{name}.1")],
                            capture_output=True, text=True, check=False,
                            env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", OWN)
def test_options_of_the_examples_exist(name):
    shown = text_of(THOLE, "help", name)
    lines = re.findall(r"^  (.*\bthole .*)$", shown.split("\nExamples:\n")[1], re.MULTILINE)
    assert lines, "no example"
    for line in lines:
        words = shlex.split(line)
        own = words[words.index("thole") + 1:]
        assert name in own or "list" in own
        for option in [word for word in own if word.startswith("--")]:
            command = own[0]
            assert f"{option}\t" in text_of(THOLE, "complete", "--", "thole", command, option), line
