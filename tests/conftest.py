# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all tests on the real binary: see HACKING.md, "Tests on the binary"."""
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import bundle as bundles  # noqa: E402
from harness import callers, machine, traces  # noqa: E402
from harness.programs import compiled, compiled_with  # noqa: E402
from harness.runtime import Container, Process, Runtime  # noqa: E402

if machine.find_runtime():
    os.environ.setdefault("THOLE", machine.find_runtime())
traces.keep_orphans()


def pytest_report_header():
    runtime = machine.find_runtime()
    return [f"runtime: {runtime}", f"cgroup layout: {machine.layout()}, controllers: "
            + " ".join(sorted(name for name in machine.controllers() if name))]


def pytest_runtest_setup(item):
    for mark in item.iter_markers("needs"):
        reason = machine.missing(mark.kwargs)
        if reason:
            pytest.skip(reason)


def pytest_addoption(parser):
    parser.addoption("--cases", type=int, help="at most so many cases of each test function, spread evenly: "
                     "for machines that are slow")


def spread(items, cases):
    """The tests of --cases."""
    functions = {}
    for item in items:
        functions.setdefault(item.nodeid.partition("[")[0], []).append(item)
    chosen = {found[number * len(found) // cases] for found in functions.values() if len(found) > cases
              for number in range(cases)}
    return [item for item in items if item in chosen
            or len(functions[item.nodeid.partition("[")[0]]) <= cases]


def pytest_collection_modifyitems(config, items):
    """THOLE_TEST_PART=N/M: every M-th test from the N-th on, so that M sessions share the work."""
    chosen = spread(items, config.getoption("cases")) if config.getoption("cases") else items
    part, _, parts = os.environ.get("THOLE_TEST_PART", "").partition("/")
    if parts:
        chosen = chosen[int(part) - 1::int(parts)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


# A busy machine makes one test in thousands fail once. More that pass only when tried again are no accident.
SECOND_TRIES = 4


def pytest_sessionfinish(session, exitstatus):
    """Adds this session's counts to the file that tests/run-all sums up."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not reporter:
        return
    count = {name: len(reporter.stats.get(name, []))
             for name in ("passed", "failed", "error", "skipped", "rerun")}
    failed = count["failed"] + count["error"]
    if count["rerun"] - failed > SECOND_TRIES:
        reporter.write_line(f"more than {SECOND_TRIES} tests passed only when tried again", red=True)
        failed += 1
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    tally = os.environ.get("THOLE_TALLY")
    if tally:
        with open(tally, "a", encoding="ascii") as target:
            target.write(f"{count['passed']} {failed} {count['skipped']}\n")


def pytest_runtest_logreport(report):
    """THOLE_FAILURES=FILE gets each failure when it happens: a session may be given up before its end."""
    path = os.environ.get("THOLE_FAILURES")
    if path and (report.failed or report.outcome == "rerun"):
        with open(path, "a", encoding="utf-8") as target:
            target.write(f"\n{report.outcome}: {report.nodeid}\n{report.longreprtext}\n")


@pytest.fixture(scope="session")
def thole_path():
    """Path of the runtime under test."""
    path = machine.find_runtime()
    assert path, "no runtime to test: build thole first or set THOLE"
    return path


@pytest.fixture(scope="session")
def session_folder():
    """A folder that users other than root may pass through, removed at the end."""
    folder = tempfile.mkdtemp(prefix="thole-test.", dir="/var/tmp")
    os.chmod(folder, 0o711)
    yield folder
    subprocess.run(["rm", "-rf", "--one-file-system", folder], check=False)


@pytest.fixture(scope="session")
def rootfs_template(session_folder):
    """The busybox root file system that every bundle starts with a copy of."""
    if not os.path.exists(bundles.BUSYBOX):
        pytest.skip(f"needs {bundles.BUSYBOX} (package busybox-static)")
    path = os.path.join(session_folder, "template")
    bundles.make_rootfs(path)
    return path


@pytest.fixture(scope="session")
def probe_template(session_folder):
    """tests/harness/probe.c as a static program: what a container can only tell from inside."""
    return compiled(os.path.join(os.path.dirname(__file__), "harness", "probe.c"), session_folder)


@pytest.fixture
def folder(session_folder):
    """A folder for one test."""
    path = tempfile.mkdtemp(dir=session_folder)
    os.chmod(path, 0o711)
    yield path
    subprocess.run(["rm", "-rf", "--one-file-system", path], check=False)


@pytest.fixture
def thole(thole_path, folder):
    """The runtime; after the test no process, cgroup, mount or state may be left."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    runtime = Runtime(thole_path, folder)
    yield runtime
    complaints = runtime.clean_up()
    assert not complaints, "left behind:\n" + "\n".join(complaints)


@pytest.fixture
def bundle(folder, rootfs_template):
    """bundle(args..., member=value) makes a new bundle; keywords are members of process."""
    count = 0

    def make(*args, **process):
        nonlocal count
        count += 1
        config = bundles.default_config(args or ("/bin/true",), **process)
        return bundles.Bundle(os.path.join(folder, f"bundle{count}"), rootfs_template, config)

    return make


@pytest.fixture
def sleeper(thole, bundle):
    """sleeper(**process): a running container whose init sleeps."""

    def make(*options, **process):
        return thole.launch(bundle("/bin/sleep", "1000", **process), *options)

    return make


@pytest.fixture(scope="session")
def monitored_program(session_folder):
    """tests/harness/monitored.c: thole_run() with any struct thole_monitor."""
    library = machine.find_library()
    if library is None:
        pytest.skip("needs libthole.so of a build tree: BUILDDIR")
    return compiled_with(library, os.path.join(os.path.dirname(__file__), "harness/monitored.c"),
                         session_folder)


@pytest.fixture
def monitored(thole, monitored_program):
    """monitored(bundle, member=value): the Container; with fails=TEXT none, for that reason."""

    def start(made, fails=None, **members):
        name = thole.prepare(made)
        if "config_text" in members:  # in another place, where only the program finds it
            os.rename(os.path.join(made.path, "config.json"), members["config_text"])
        words = [f"{key}={value}" for key, values in members.items()
                 for value in (values if isinstance(values, list) else [values])]
        process = Process([monitored_program, thole.root, name, made.path, *words])
        thole.processes.append(process)
        result = process.wait()
        if fails is not None:
            return result.failed(fails)
        result.ok()
        return Container(thole, name, process, made)

    return start


@pytest.fixture(params=callers.CASES, ids="-".join)
def case(request, thole_path, folder, bundle):
    """A harness.callers.Case for every caller and every kind of user namespace."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    caller = callers.Caller(request.param[0], folder)
    runtime = callers.CalledRuntime(thole_path, folder, caller)
    yield callers.Case(runtime, bundle, request.param[1])
    complaints = runtime.clean_up()
    assert not complaints, "left behind:\n" + "\n".join(complaints)


@pytest.fixture
def probe(probe_template):
    """probe(bundle): puts the probe into the bundle as /bin/probe."""

    def install(target):
        shutil.copy(probe_template, os.path.join(target.rootfs, "bin/probe"))
        return "/bin/probe"

    return install


@pytest.fixture(scope="session", autouse=True)
def parent_cgroup_removed():
    """The tests' common parent cgroup goes when the session ends, if it is empty."""
    yield
    if os.environ.get("THOLE_TEST_PART"):  # the other sessions go on
        return
    for where in {mounted for mounted, _ in machine.controllers().values()}:
        try:
            os.rmdir(os.path.join(where, "thole-test"))
        except OSError:
            pass
