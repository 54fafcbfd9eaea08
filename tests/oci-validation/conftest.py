# SPDX-License-Identifier: Apache-2.0
"""The runtime under test, by the command line of OCI runtimes alone; what the tests tell of sentences.

RUNTIME=crun (a name or a path) runs the tests against another runtime; without it against thole of
$BUILDDIR. SENTENCES_REPORT names a file that gets a JSON list of every test with its sentences and,
unless tests are only collected, its outcome.
"""
import json
import os
import shutil
import subprocess

import pytest

from harness import machine
from harness.runtime import Runtime

HERE = os.path.dirname(os.path.abspath(__file__))
OTHER = os.environ.get("RUNTIME", "thole") != "thole"
if OTHER:
    os.environ["THOLE"] = (shutil.which(os.environ["RUNTIME"])
                           or os.path.abspath(os.environ["RUNTIME"]))


class OciRuntime(Runtime):
    """create, start, state, kill, delete, run and exec, as every runtime has them."""

    def refuses(self, made, late=False):
        """`create` of the bundle fails and leaves no container; returns the Result.

        `late`: what belongs to the process may be applied by `start`, and so be refused there.
        """
        result = self.try_create(made)
        name = self.ids[-1]
        if result.code == 0 and late:
            return self("start", name).failed()
        result.failed()
        self("state", name).failed()
        return result

    def warned(self, result, log):
        """What the command said on standard error and in the file of --log, if there is one."""
        if not os.path.exists(log):
            return result.err
        with open(log, encoding="utf-8") as source:
            return result.err + source.read()

    def shell(self, made, script):
        """What the script printed as the program of the bundle, in a run that succeeded."""
        made.process["args"] = ["/bin/sh", "-c", script]
        return self.run(made).ok().out


@pytest.fixture(scope="session", autouse=True)
def memory_to_lock(session_folder):
    """Other runtimes need a limit that this machine may not let them raise: memlock.c."""
    if OTHER and not machine.has_capability("SYS_RESOURCE"):
        library = os.path.join(session_folder, "memlock.so")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library,
                        os.path.join(HERE, "memlock.c"), "-ldl"], check=True)
        os.environ["LD_PRELOAD"] = library


@pytest.fixture
def runtime(thole_path, folder):
    """The runtime under test; what thole leaves behind after a test is an error of the test."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    made = OciRuntime(thole_path, folder)
    yield made
    complaints = made.clean_up()
    assert OTHER or not complaints, "left behind:\n" + "\n".join(complaints)


_report = {}


def _entry(item):
    return _report.setdefault(item.nodeid, {
        "test": item.nodeid, "outcome": None, "reason": "",
        "sentences": [[*mark.args, mark.kwargs["note"]]
                      for mark in item.iter_markers("sentence")]})


def pytest_configure(config):
    config.addinivalue_line("markers", "sentence(document, heading, words, note): see sentences.py")


def pytest_itemcollected(item):
    _entry(item)


def pytest_deselected(items):
    for item in items:
        _report.pop(item.nodeid, None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    entry = _entry(item)
    if report.skipped and hasattr(report, "wasxfail"):
        entry["outcome"], entry["reason"] = "failed", report.wasxfail
    elif report.skipped:
        entry["outcome"] = "skipped"
        entry["reason"] = report.longrepr[2].removeprefix("Skipped: ")
    elif report.failed:
        entry["outcome"] = "failed"
        entry["reason"] = ""
    elif report.when == "call":
        entry["outcome"] = "passed"


def pytest_sessionfinish():
    if os.environ.get("SENTENCES_REPORT"):
        with open(os.environ["SENTENCES_REPORT"], "w", encoding="utf-8") as target:
            json.dump(list(_report.values()), target)
