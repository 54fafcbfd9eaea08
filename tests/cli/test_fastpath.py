# SPDX-License-Identifier: Apache-2.0
"""Shortcuts and the slower ways beside them: THOLE_NO_FASTPATH of developer builds."""
import os
import re
import shutil
import subprocess

import pytest


@pytest.fixture(name="trace")
def fixture_trace(thole, bundle, folder):
    """The system calls of a run, with THOLE_NO_FASTPATH as given."""
    if subprocess.run(["which", "strace"], capture_output=True, check=False).returncode:
        pytest.skip("needs the program strace")

    def run(forbidden):
        environment = {name: value for name, value in os.environ.items() if name != "THOLE_NO_FASTPATH"}
        if forbidden is not None:
            environment["THOLE_NO_FASTPATH"] = forbidden
        made = bundle("/bin/true")
        name = thole.prepare(made)
        log = os.path.join(folder, "strace")
        subprocess.run(["strace", "-f", "-qq", "-e", "trace=open_tree,memfd_create,execve,execveat,clone3",
                        "-o", log, thole.path, "--root", thole.root, "run", "--bundle", made.path, name],
                       stdin=subprocess.DEVNULL, check=True, env=environment)
        with open(log, encoding="utf-8", errors="replace") as source:
            return source.read()

    return run


def is_developer_build(trace):
    return "memfd_create(" in trace("readonly-clone")


def test_forbidden_clone_becomes_a_copy(trace):
    if os.geteuid() != 0:
        pytest.skip("needs root: the executable of others is out of reach, and not sealed")
    if not is_developer_build(trace):
        pytest.skip("needs a build with --enable-developer")
    calls = trace("readonly-clone,unwritable")
    assert "memfd_create(\"thole\"" in calls, calls
    assert "AT_EMPTY_PATH" in re.search(r"execveat\(.*", calls).group(0), calls


def test_forbidding_all_is_heard(trace):
    if not is_developer_build(trace):
        pytest.skip("needs a build with --enable-developer")
    assert "CLONE_INTO_CGROUP" not in trace("1")


def test_program_executes_at_most_twice(trace):
    """Itself and, where the file could be written to, the sealed view of it; then the container's."""
    assert len(re.findall(r"execve(?:at)?\(", trace(None))) <= 3


def test_program_that_nobody_can_ever_write_to_executes_once(trace, thole, folder):
    """A file system that the kernel can only read."""
    if shutil.which("mksquashfs") is None:
        pytest.skip("needs mksquashfs (package squashfs-tools)")
    image, place = os.path.join(folder, "image"), os.path.join(folder, "mounted")
    os.mkdir(place)
    subprocess.run(["mksquashfs", thole.path, image], check=True, capture_output=True)
    mounted = subprocess.run(["mount", "-o", "loop", "-t", "squashfs", image, place],
                             capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"needs loop devices and squashfs: {mounted.stderr.strip()}")
    try:
        thole.path = os.path.join(place, os.path.basename(thole.path))
        assert len(re.findall(r"execve(?:at)?\(", trace(None))) == 2
    finally:
        subprocess.run(["umount", "-l", place], check=True)
