# SPDX-License-Identifier: Apache-2.0
"""What a run costs in system calls and page faults, of the runtime, its init and the program together. Counts,
unlike times, do not depend on what else the machine does; the limits have some air for other C libraries, deeper
paths (each component of the bundle's is a call) and what else a host may have to be asked."""
import os
import shutil
import statistics
import subprocess

import pytest

from harness import machine

SYSTEM_CALLS = 430  # 415 to 420 by the depth of the bundle
PAGE_FAULTS = 122  # 119 to 121 by the layout that address randomisation makes
RUNS = 15
TRUE = os.path.join(os.path.dirname(__file__), "../bench/true.c")
# Any value keeps a developer build from sealing itself before the C library starts.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "THOLE_NO_FASTPATH"}


@pytest.fixture(name="run_words")
def fixture_run_words(thole, bundle, folder):
    """The words of a `run` of a static program that does nothing, each time of another container."""
    if machine.layout() != "unified":
        pytest.skip("needs cgroup v2 alone: of v1 each hierarchy takes its own system calls")
    libraries = subprocess.run(["ldd", thole.path], capture_output=True, text=True, check=False)
    if "statically linked" not in libraries.stdout + libraries.stderr:
        pytest.skip("needs the static program")
    # As installed: what a linker has written lies in the page cache in smaller pieces.
    program = shutil.copy(thole.path, os.path.join(folder, "thole"))
    made = bundle("/bin/nothing")
    subprocess.run(["cc", "-O2", "-static", "-o", made.rootfs + "/bin/nothing", TRUE], check=True)
    return lambda: [program, "--root", thole.root, "run", "--bundle", made.path, thole.prepare(made)]


def system_calls(words, log):
    subprocess.run(["strace", "-f", "-qq", "-o", log, *words], check=True, env=ENVIRONMENT)
    with open(log, encoding="utf-8", errors="replace") as source:
        lines = [line.split(None, 1)[1] for line in source]
    return [line for line in lines if "(" in line and not line.startswith(("<", "+", "-"))]


def test_system_calls(run_words, folder):
    """What is waited for may be looked at once more, by chance: the least of a dozen runs counts."""
    if not shutil.which("strace"):
        pytest.skip("needs the program strace")
    log = os.path.join(folder, "strace")
    calls = min((system_calls(run_words(), log) for _ in range(12)), key=len)
    assert 100 < len(calls) <= SYSTEM_CALLS, "\n".join(calls)


def test_page_faults(run_words):
    faults = []
    for _ in range(RUNS):
        words = run_words()
        _, status, usage = os.wait4(os.posix_spawn(words[0], words, ENVIRONMENT), 0)
        assert status == 0
        faults.append(usage.ru_minflt)
    assert statistics.median(faults) <= PAGE_FAULTS, sorted(faults)
