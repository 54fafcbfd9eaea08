# SPDX-License-Identifier: Apache-2.0
"""The commit that --version prints is that of the sources: a checkout's by git, a release's by its file."""
import os
import subprocess

import pytest

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


def test_printed_alike(thole_path):
    """Both programs, and what engines read, name the one commit."""
    lxc_path = os.path.join(os.path.dirname(thole_path), "thole-lxc")
    if not os.path.exists(lxc_path):
        pytest.skip("needs thole-lxc, which needs libnl-route-3 to build")

    def line(*words):
        out = subprocess.run(words, text=True, capture_output=True, check=True).stdout
        return next(line for line in out.splitlines() if "commit" in line).strip().rstrip(",")

    commit = line(thole_path, "--version")
    assert commit.removeprefix("commit: ") not in ("", "unknown")
    assert line(lxc_path, "--version") == commit
    assert line(thole_path, "features") == f'"io.github.thole.commit": "{commit.removeprefix("commit: ")}"'
