# SPDX-License-Identifier: Apache-2.0
"""The commit that --version prints is that of the sources: a checkout's by git, a release's by its file."""
import os
import re
import subprocess

import pytest

from harness import machine

COMMIT = os.path.join(os.path.dirname(__file__), "../../packaging/commit")


def commit_of(top):
    result = subprocess.run([COMMIT, top], text=True, capture_output=True, check=False)
    return result.returncode, result.stdout.strip()


@pytest.fixture(name="checkout")
def make_checkout(tmp_path):
    def git(*words):
        return subprocess.run(["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", *words],
                              text=True, capture_output=True, check=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "file").write_text("as committed", encoding="ascii")
    git("add", "file")
    git("commit", "-q", "-m", "first")
    return tmp_path, git


def test_checkout(checkout):
    top, git = checkout
    assert commit_of(top) == (0, git("rev-parse", "--short=12", "HEAD"))
    git("tag", "-a", "-m", "a release", "v1")
    assert commit_of(top) == (0, "v1")
    (top / "file").write_text("as changed since", encoding="ascii")
    assert commit_of(top) == (0, "v1-dirty")


def test_release(tmp_path):
    """It has a file, and is not taken for a part of the checkout that it was unpacked in."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "release").mkdir()
    (tmp_path / "release/COMMIT").write_text("v1-3-gabc\n", encoding="ascii")
    assert commit_of(tmp_path / "release") == (0, "v1-3-gabc")


def test_neither(tmp_path):
    assert commit_of(tmp_path) == (1, "unknown")


def line(*words):
    out = subprocess.run(words, text=True, capture_output=True, check=True).stdout
    return next(line for line in out.splitlines() if "commit" in line).strip().rstrip(",")


def test_what_engines_read(thole_path):
    commit = line(thole_path, "--version")
    assert commit.removeprefix("commit: ") not in ("", "unknown")
    assert line(thole_path, "features") == f'"io.github.thole.commit": "{commit.removeprefix("commit: ")}"'


HOOKS = sorted(entry.name for entry in os.scandir(os.path.join(machine.TOP, "contrib/hooks")) if entry.is_dir())


@pytest.mark.parametrize("program", ["thole-lxc", "thole-virsh", "thole-init", *(f"contrib/hooks/{name}/{name}"
                                                                                  for name in HOOKS)])
def test_printed_alike(thole_path, program):
    """Every program that is installed names itself, and the one commit."""
    path = os.path.join(os.path.dirname(thole_path), program)
    if not os.path.exists(path):
        pytest.skip(f"needs {program}, which configure left out of this build")
    assert line(path, "--version") == line(thole_path, "--version")
    said = subprocess.run([path, "--version"], text=True, capture_output=True, check=True).stdout
    assert said.startswith(os.path.basename(program) + " ") and said.count("\n") == 2


def test_called_as_virsh_it_says_what_virsh_says(thole_path, tmp_path):
    path = os.path.join(os.path.dirname(thole_path), "thole-virsh")
    if not os.path.exists(path):
        pytest.skip("needs thole-virsh, which configure left out of this build")
    (tmp_path / "virsh").symlink_to(path)
    for option in ("-v", "--version"):
        said = subprocess.run([tmp_path / "virsh", option], text=True, capture_output=True, check=True).stdout
        assert re.fullmatch(r"\d+\.\d+\.\d+\n", said)
    assert line(tmp_path / "virsh", "-V") == line(thole_path, "--version")
