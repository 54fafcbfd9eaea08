# SPDX-License-Identifier: Apache-2.0
"""Shortcuts and the slower ways beside them: THOLE_NO_FASTPATH of developer builds."""
import os
import re
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


def test_forbidding_all_leaves_the_static_program(trace, thole):
    if not is_developer_build(trace):
        pytest.skip("needs a build with --enable-developer")
    assert "CLONE_INTO_CGROUP" not in trace("1")
    if not os.path.exists(os.path.join(os.path.dirname(thole.path), "thole-shared")):
        pytest.skip("this build has no static program")
    assert re.search(r"execveat?\((\d+, \"\"|\"[^\"]*thole-shared\")", trace("1"))


def test_static_program_executes_at_most_twice(trace, thole):
    """Itself and, where the file could be written to, the sealed view of it; then the container's."""
    if not os.path.exists(os.path.join(os.path.dirname(thole.path), "thole-shared")):
        pytest.skip("this build has no static program")
    assert len(re.findall(r"execve(?:at)?\(", trace(None))) <= 3


def test_static_program_without_its_twin_says_so(thole, folder):
    if not os.path.exists(os.path.join(os.path.dirname(thole.path), "thole-shared")):
        pytest.skip("this build has no static program")
    copy = os.path.join(folder, "alone")
    with open(thole.path, "rb") as source, open(copy, "wb") as target:
        target.write(source.read())
    os.chmod(copy, 0o755)
    installed = subprocess.run([copy, "--version"], capture_output=True, text=True, check=False)
    if installed.returncode == 0:
        pytest.skip("needs a host without an installed thole-shared, which takes over here")
    assert "thole-shared" in installed.stderr, installed.stderr


def test_a_twin_of_somebody_else_is_not_executed(thole, folder):
    if not os.path.exists(os.path.join(os.path.dirname(thole.path), "thole-shared")):
        pytest.skip("this build has no static program")
    if os.geteuid() != 0:
        pytest.skip("needs root to give a file away")
    copy = os.path.join(folder, "thole")
    twin = os.path.join(folder, "thole-shared")
    for source_path, target_path in ((thole.path, copy), ("/bin/true", twin)):
        with open(source_path, "rb") as source, open(target_path, "wb") as target:
            target.write(source.read())
        os.chmod(target_path, 0o755)
    executed = subprocess.run([copy, "--version"], capture_output=True, text=True, check=False)
    assert executed.stdout.startswith("true "), executed
    os.chown(twin, 65534, 65534)
    planted = subprocess.run([copy, "--version"], capture_output=True, text=True, check=False)
    assert not planted.stdout.startswith("true "), planted
