# SPDX-License-Identifier: Apache-2.0
"""contrib/python: the bindings agree with thole.h, and run containers."""
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from harness import machine
from harness.machine import TOP
from harness.runtime import until

FOLDER = os.path.join(TOP, "contrib/python")
sys.path.insert(0, FOLDER)
thole = pytest.importorskip("thole")
from thole import _thole, library  # noqa: E402

STRUCTURES = [found for found in vars(_thole).values()
              if isinstance(found, type) and issubclass(found, _thole.ctypes.Structure)
              and found.__module__ == _thole.__name__]


@pytest.fixture(scope="module", autouse=True)
def shared_library():
    path = machine.find_library()
    if path is None:
        pytest.skip("needs libthole.so of a build tree: BUILDDIR")
    os.environ["THOLE_LIBRARY"] = path
    yield path
    del os.environ["THOLE_LIBRARY"]


@pytest.fixture
def runtime(thole):
    """The bindings with the state directory of the test, which has to be empty at its end."""
    return sys.modules["thole"].Runtime(root=thole.root)


@pytest.fixture
def launched(runtime, thole, bundle):
    """launched(args...): a running container of the bindings, and its bundle."""

    def make(*args, **options):
        made = bundle(*(args or ("/bin/sleep", "1000")))
        return runtime.launch(thole.prepare(made), made.path, **options)

    return make


# ---- the header -----------------------------------------------------------------------------------

def prototypes(text):
    """{function: what it returns and takes} of a _thole.py."""
    return dict(re.findall(r'^    "(\w+)": \(\n(.*?\n.*?)\n', text, re.MULTILINE))


def test_the_bindings_are_made_from_the_header():
    """What they have is what the header has; the header may be ahead."""
    fresh = subprocess.run([os.path.join(FOLDER, "make-bindings")], capture_output=True, text=True, check=True).stdout
    with open(_thole.__file__, encoding="utf-8") as kept:
        bound = prototypes(kept.read())
    newest = prototypes(fresh)
    assert set(bound) == set(_thole.FUNCTIONS)
    assert bound == {name: newest.get(name) for name in bound}, "call contrib/python/make-bindings"


@pytest.mark.needs(program="gcc")
def test_every_structure_is_what_a_compiler_makes_of_the_header(tmp_path):
    """Sizes and places of all members: a wrong one would corrupt memory."""
    lines = []
    for found in STRUCTURES:
        lines.append(f'printf("{found.__name__} %zu\\n", sizeof(struct {found.__name__}));')
        lines += [f'printf("{found.__name__}.{member} %zu %zu\\n", offsetof(struct {found.__name__}, {member}), '
                  f'sizeof(((struct {found.__name__} *)0)->{member}));' for member, _ in found._fields_]
    source = tmp_path / "layout.c"
    source.write_text("#include <stddef.h>\n#include <stdio.h>\n#include <thole.h>\nint main(void) {\n"
                      + "\n".join(lines) + "\nreturn 0;\n}\n", encoding="ascii")
    program = str(tmp_path / "layout")
    subprocess.run(["gcc", f"-I{TOP}/libcrun-like", "-o", program, str(source)], check=True)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    wanted = []
    for found in STRUCTURES:
        wanted.append(f"{found.__name__} {_thole.ctypes.sizeof(found)}")
        wanted += [f"{found.__name__}.{member} {getattr(found, member).offset} {getattr(found, member).size}"
                   for member, _ in found._fields_]
    assert len(STRUCTURES) > 15
    assert said == wanted


@pytest.mark.needs(program="gcc")
def test_numbers_of_the_header(tmp_path):
    names = [name for name, value in vars(_thole).items() if name.startswith("THOLE_") and isinstance(value, int)]
    source = tmp_path / "numbers.c"
    source.write_text("#include <stdio.h>\n#include <thole.h>\nint main(void) {\n" + "\n".join(
        f'printf("%llu\\n", (unsigned long long){name});' for name in names) + "\nreturn 0;\n}\n", encoding="ascii")
    program = str(tmp_path / "numbers")
    subprocess.run(["gcc", f"-I{TOP}/libcrun-like", "-o", program, str(source)], check=True)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    assert [int(one) for one in said] == [getattr(_thole, name) for name in names]


@pytest.mark.parametrize("name", _thole.FUNCTIONS)
def test_every_function_is_in_the_library(name):
    assert library.Library.function(name).__doc__ is not None


# What a program calls first in its main() is nothing for an interpreter.
NOT_FOR_PYTHON = {"thole_seal_executable"}


def test_every_function_is_wrapped():
    text = ""
    for name in os.listdir(os.path.dirname(_thole.__file__)):
        if name.endswith(".py") and name != "_thole.py":
            with open(os.path.join(os.path.dirname(_thole.__file__), name), encoding="utf-8") as source:
                text += source.read()
    assert {name for name in _thole.FUNCTIONS if f'"{name}"' not in text} == NOT_FOR_PYTHON


def test_types():
    if not shutil.which("mypy"):
        pytest.skip("needs mypy (package mypy)")
    done = subprocess.run(["mypy", "--strict", "--cache-dir", os.devnull, "thole"], cwd=FOLDER, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_public_name_says_what_it_is():
    for name in sys.modules["thole"].__all__:
        found = getattr(sys.modules["thole"], name)
        assert found.__doc__, name
        for member, value in vars(found).items() if isinstance(found, type) else ():
            assert member.startswith("_") or not callable(value) or value.__doc__, f"{name}.{member}"


# ---- containers -----------------------------------------------------------------------------------

@pytest.mark.parametrize("code", [0, 7])
def test_run_tells_the_status(runtime, thole, bundle, code):
    made = bundle("/bin/sh", "-c", f"exit {code}")
    assert runtime.run(thole.prepare(made), made.path) == code
    assert runtime.list() == []


def test_a_run_leaves_its_caller_as_it_was(runtime, thole, bundle):
    """While it waits it is the reaper of the container's orphans; those that come later are not for it."""
    made = bundle("/bin/true")
    assert not machine.is_subreaper()
    assert runtime.run(thole.prepare(made), made.path) == 0
    assert not machine.is_subreaper()


def test_a_life_in_steps(runtime, thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.config["annotations"] = {"a.key": "its value"}
    name = thole.prepare(made)
    with runtime.create(name, made.path) as container:
        assert container.state().status == "created"
        container.start()
        state = container.state()
        assert (state.status, state.id, state.bundle, state.owner) == ("running", name, made.path, 0)
        assert state.annotations["a.key"] == "its value" and state.exit_status is None
        assert container.pids() == [state.pid]
        container.pause()
        assert container.state().status == "paused"
        container.resume()
        assert [one.id for one in runtime.list()] == [name]
        container.kill(signal.SIGKILL)
        thole(*("delete", "--force", name)).ok()
    assert runtime.list() == []


def test_it_is_deleted_when_the_block_is_left_by_an_exception(runtime, launched):
    with pytest.raises(ZeroDivisionError):
        with launched():
            raise ZeroDivisionError
    assert runtime.list() == []


def test_exec(launched):
    with launched() as container:
        assert container.exec(["/bin/sh", "-c", "exit 4"]) == 4
        script = 'test "$A:$(pwd):$(id -u)" = "b:/tmp:1000"'
        assert container.exec(["/bin/sh", "-c", script], env={"A": "b"}, cwd="/tmp", user="1000") == 0
        assert container.exec(["/bin/sleep", "1000"], detach=True) == 0
        assert len(container.pids()) == 2
        with pytest.raises(sys.modules["thole"].NoProgramError) as raised:
            container.exec(["/no/such/program"])
        assert "/no/such/program" in raised.value.text
        with pytest.raises(TypeError, match="no member cdw"):
            container.exec(["/bin/true"], cdw="/")


def test_a_configuration_without_a_file(runtime, thole, bundle):
    made = bundle()
    name = thole.prepare(made)
    os.remove(os.path.join(made.path, "config.json"))
    config = sys.modules["thole"].default_config(["/bin/sh", "-c", "exit 5"])
    config["linux"]["cgroupsPath"] = made.linux["cgroupsPath"]
    assert runtime.run(name, made.path, config) == 5


@pytest.mark.needs(controller="pids")
def test_numbers_and_limits(launched):
    with launched() as container:
        assert container.stats()["pids"]["current"] == 1
        container.update({"pids": {"limit": 12}})
        assert container.cgroup_read("pids.max") == "12\n"
        container.cgroup_write("pids.max", "13")
        assert container.stats()["pids"]["limit"] == 13
        assert container.usage().cpu is None or container.usage().cpu > 0


def test_events_end_when_told_so(launched):
    with launched() as container:
        found = []
        container.events(lambda event: found.append(event) or len(found) < 2, interval=0.01)
        assert [event["type"] for event in found] == ["stats", "stats"]
        with pytest.raises(ZeroDivisionError):
            container.events(lambda event: 1 / 0, interval=0.01)


def test_logs(launched):
    """What was said last, and what follows until the end."""
    script = "echo one; echo two >&2; until test -e /go; do sleep 0.1; done; printf three"
    with launched("/bin/sh", "-c", script, attachable=True, monitor={"log_size": 65536}) as container:
        until(lambda: len(container.logs()) == 2)
        assert [(one.stream, one.data, one.begins, one.ends) for one in container.logs()] == [
            (1, b"one", True, True), (2, b"two", True, True)]
        last = container.logs(lines=1)
        assert [one.data for one in last] == [b"two"]
        assert container.logs(since=last[0].time)[-1] == last[0]
        assert container.exec(["/bin/touch", "/go"]) == 0
        said = []
        container.follow(said.append, lines=1)
        assert [one.data for one in said] == [b"two", b"three"] and not said[-1].ends
        seen = []
        container.follow(lambda one: bool(seen.append(one)))
        assert len(seen) == 1, "False ends it"


def test_what_the_function_raises_ends_logs(launched):
    with launched("/bin/sh", "-c", "echo one; sleep 1000", attachable=True, monitor={"log_size": 65536}) as container:
        with pytest.raises(ZeroDivisionError):
            container.follow(lambda _: 1 / 0)


def test_watch_tells_a_life(thole, bundle):
    """Of all containers of the roots; the life begins when changes are seen, and goes on when they are told."""
    made = bundle("/bin/sh", "-c", "until test -e /seen; do sleep 0.05; done; exit 3")
    told, started = [], []

    def changed(change):
        told.append(change)
        if change.change == "running":
            made.file("/seen", "")
        return change.change != "stopped"

    watch = sys.modules["thole"].watch
    assert watch(changed, roots=[thole.root], timeout=60, ready=lambda: started.append(thole.start_run(made))) is True
    assert started[0][1].wait().code == 3
    assert {(one.root, one.id) for one in told} == {(thole.root, told[0].id)}
    assert [one.change for one in told] == ["starting", "running", "exited", "stopping", "stopped"]
    status = 3 if machine.tells_exit_statuses() else None
    assert [one.exit_status for one in told] == [None, None, status, None, None]


def test_watch_ends_with_its_time_and_with_what_is_raised(thole):
    watch = sys.modules["thole"].watch
    os.makedirs(thole.root, exist_ok=True)
    assert watch(lambda change: None, id="nobody", roots=[thole.root], timeout=0.01) is False
    assert watch(lambda change: None, roots=[thole.root], timeout=60, ready=lambda: False) is True
    with pytest.raises(ZeroDivisionError):
        watch(lambda change: None, roots=[thole.root], timeout=60, ready=lambda: 1 / 0)


def test_roots(tmp_path):
    """thole's own is among them, once it exists."""
    program = ("import os, thole; root = thole.default_root(); before = [one.path for one in thole.roots()]; "
               "os.mkdir(root); print(root, root in before, thole.Root(root, 'thole') in thole.roots())")
    said = subprocess.run(["unshare", "--user", "--map-root-user", sys.executable, "-c", program], check=True, text=True,
                          stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": FOLDER, "USER": "somebody",
                                                       "XDG_RUNTIME_DIR": str(tmp_path)}).stdout
    assert said == f"{tmp_path}/thole False True\n"


def test_programs_of_the_keeper(runtime, thole, bundle, tmp_path):
    """They are lists of mappings; their order is that of the end."""
    note = tmp_path / "note"

    def program(word):
        return {"args": ["/bin/sh", "-c", f"echo {word} >>{note}"], "env": ["PATH=/bin:/usr/bin"]}
    made = bundle("/bin/true")
    with runtime.launch(thole.prepare(made), made.path, attachable=True, monitor={
            "stop": [program("stop"), program("again")], "end": [program("end")], "remove": True}):
        until(lambda: note.exists() and note.read_text() == "stop\nagain\nend\n")


def test_a_record_of_the_terminal(launched, tmp_path):
    with launched() as container:
        assert container.exec(["/bin/echo", "seen"], terminal=True, additional_gids=[17, 18], detach=False,
                              terminal_options={"record_file": tmp_path / "session.cast"}) == 0
    assert "seen" in (tmp_path / "session.cast").read_text()


def test_words_of_an_exec(launched):
    """Groups, personality, namespaces and confinements as thole.h has them, in words or in numbers."""
    with launched() as container:
        script = "test \"$(id -G)\" = '0 17 18' && test \"$(uname -m)\" != x86_64"
        assert container.exec(["/bin/sh", "-c", script], additional_gids=[17, 18], personality=8) == 0
        assert container.exec(["/bin/true"], namespaces="mnt|pid", keep="cgroup") == 0
        assert container.exec(["/bin/true"], keep=_thole.THOLE_KEEP_ALL) == 0
        with pytest.raises(sys.modules["thole"].UsageError, match="nonsense"):
            container.exec(["/bin/true"], keep="nonsense")


def test_attach_tells_its_terminal(launched):
    """Before its first byte; what the function raises waits until the container has ended."""
    with launched("/bin/cat", attachable=True) as container:
        told = []

        def connected(console):
            told.append(console)
            container.kill(signal.SIGKILL)
            raise ZeroDivisionError
        with pytest.raises(ZeroDivisionError):
            container.attach(no_stdin=True, connected=connected)
        assert told == [0]


def test_a_state_as_the_specification_has_it(launched):
    with launched() as container:
        assert container.document()["status"] == "running" and container.document()["pid"] == container.state().pid


def test_mounts_of_a_running_container(launched):
    with launched() as container:
        container.add_mounts([{"destination": "/mnt", "type": "tmpfs", "source": "tmpfs", "options": ["size=1m"]}])
        assert container.exec(["/bin/grep", "-q", " /mnt tmpfs", "/proc/mounts"]) == 0
        container.remove_mounts("/mnt")
        assert container.exec(["/bin/grep", "-q", " /mnt tmpfs", "/proc/mounts"]) == 1


def test_a_plan_and_what_is_wrong(runtime, bundle):
    made = bundle()
    made.write()
    assert runtime.validate(made.path) == []
    assert runtime.plan(made.path)["hostname"] == "runc"
    assert "runc" in runtime.plan_text(made.path) and not runtime.plan_text(made.path).startswith("{")
    made.process["rlimits"][0]["soft"] = 4096
    del made.config["root"]
    made.write()
    found = {one.where: one for one in runtime.validate(made.path)}
    soft = found["/process/rlimits/0/soft"]
    with open(os.path.join(made.path, "config.json"), encoding="utf-8") as config:
        line = config.read().split("\n")[soft.line - 1]
    assert soft.error and line[soft.column - 1:].startswith('"soft"')


def test_an_error_has_its_parts(runtime, thole, bundle):
    made = bundle()
    made.mount("/x", "tmpfs", "tmpfs", ["mod=1777"])
    with pytest.raises(sys.modules["thole"].HostError) as raised:
        runtime.create(thole.prepare(made), made.path)
    error = raised.value
    assert error.where == f"/mounts/{len(made.config['mounts']) - 1}" and error.code == errno.EINVAL
    assert str(error) == f"{error.where}: {error.text}: Invalid argument"


ERRORS = [("NotFoundError", lambda runtime: runtime.container("nobody").state()),
          ("UsageError", lambda runtime: runtime.container("../x").state()),
          ("HostError", lambda runtime: runtime.run("a", "/no/such/bundle"))]


@pytest.mark.parametrize("name, call", ERRORS, ids=[name for name, _ in ERRORS])
def test_kinds_of_errors(runtime, name, call):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with pytest.raises(getattr(sys.modules["thole"], name)) as raised:
        call(runtime)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert isinstance(raised.value, sys.modules["thole"].Error) and str(raised.value)


def test_what_the_library_says_is_told(thole, bundle):
    told = []
    runtime = sys.modules["thole"].Runtime(root=thole.root, cgroup_manager="disabled",
                                           log=lambda level, line: told.append((level, line)))
    made = bundle()
    made.resources["pids"] = {"limit": 10}
    assert runtime.run(thole.prepare(made), made.path) == 0
    assert told == [("warning", told[0][1])] and "/linux/resources" in told[0][1]


def test_the_end_of_an_attachable_container(launched):
    with launched("/bin/sh", "-c", "exit 6", attachable=True) as container:
        until(lambda: container.state().exit_status == 6)
        assert container.state().status == "stopped"
        with pytest.raises(sys.modules["thole"].StateError):
            container.attach(no_stdin=True)


def test_what_needs_no_container():
    assert sys.modules["thole"].features()["ociVersionMax"].startswith("1.")
    assert "hierarchies" in json.dumps(sys.modules["thole"].host_facts())
    assert "SECCOMP" in sys.modules["thole"].build_features()
    assert sys.modules["thole"].system_call_name(2 ** 31 - 1) is None
    assert sys.modules["thole"].default_init().startswith("/")
    version = sys.modules["thole"].seccomp_version()
    assert (version is None) == ("-SECCOMP" in sys.modules["thole"].build_features())
    assert version is None or sys.modules["thole"].system_call_name(0)
