# SPDX-License-Identifier: Apache-2.0
"""run --init: a small init is the container's first process, and the program its child."""
import json
import os
import signal
import stat

import pytest

from harness.caller import Caller
from harness.runtime import until


@pytest.fixture(scope="session")
def init(thole_path):
    path = os.path.join(os.path.dirname(thole_path), "thole-init")
    if not os.path.exists(path):
        pytest.skip("needs thole-init, which needs the C library as an archive to build")
    return f"--init={path}"


def test_the_program_is_pid_2(thole, bundle, init):
    made = bundle("sh", "-c", "echo $$ $0 $1; cat /proc/1/comm; tr '\\0' ' ' </proc/1/cmdline",
                  "zero", "one")
    said = thole.run(made, init).ok().out.splitlines()
    assert said[:2] == ["2 zero one", "thole-init"]
    assert said[2].startswith("thole-init -- /bin/sh -c echo ")


def test_default_file_comes_from_the_environment(thole, bundle, init):
    environment = {**os.environ, "THOLE_INIT": init.split("=")[1]}
    assert thole.run(bundle("sh", "-c", "echo $$"), "--init", env=environment).ok().out == "2\n"


@pytest.mark.parametrize("how, status", [
    ("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -KILL $$", 137), ("kill -TERM $$", 143),
    ("kill -SEGV $$", 139)])
def test_the_programs_status(thole, bundle, init, how, status):
    assert thole.run(bundle("/bin/sh", "-c", how), init).code == status


def test_ends_with_the_program_and_not_with_its_children(thole, bundle, init):
    assert thole.run(bundle("/bin/sh", "-c", "sleep 1000 & exit 3"), init, timeout=20).code == 3


def test_orphans_are_reaped(thole, bundle, init):
    script = ("for i in 1 2 3 4 5; do (sleep 0 & sleep 0 &) ; done; sleep 0.3; "
              "grep -l '^State:.Z' /proc/[0-9]*/status; echo none left")
    assert thole.run(bundle("/bin/sh", "-c", script), init).ok().out == "none left\n"


FORWARDED = [name for name in ("HUP", "INT", "QUIT", "USR1", "USR2", "WINCH", "CONT", "TSTP", "TTIN",
                               "TTOU", "URG", "IO", "ALRM", "PIPE")]


@pytest.mark.parametrize("name", FORWARDED + ["RTMIN+3"])
def test_signals_are_passed_on(thole, bundle, init, name):
    number = signal.SIGRTMIN + 3 if "+" in name else getattr(signal, "SIG" + name)
    script = f"trap 'echo got it; exit 4' {int(number)}; echo ready; while :; do sleep 0.02; done"
    made = bundle("/bin/sh", "-c", script)
    container = thole.launch(made, init)
    until(lambda: "ready" in container.output())
    container("kill", str(int(number))).ok()
    container.wait_stopped()
    assert container.output() == "ready\ngot it\n"
    container.delete().ok()


@pytest.mark.parametrize("name", ["TERM", "PWR"])
def test_term_and_pwr_end_everything_within_the_grace(thole, bundle, init, name):
    """Who handles SIGTERM ends by itself, who ignores it is killed."""
    script = ("(trap 'echo child ends; exit' TERM; while :; do sleep 0.02; done) & "
              "trap '' TERM; echo ready; while :; do sleep 0.02; done")
    container = thole.launch(bundle("/bin/sh", "-c", script), init)
    until(lambda: "ready" in container.output())
    container("kill", name).ok()
    container.wait_stopped()
    assert container.output() == "ready\nchild ends\n"
    container.delete().ok()


def test_a_shared_pid_namespace_is_left_alone(thole, bundle, init, sleeper):
    """SIGTERM to everybody would be to the whole machine: it goes to the program's group."""
    bystander = sleeper()
    made = bundle("/bin/sh", "-c", "echo ready; exec sleep 1000")
    made.namespace("pid", f"/proc/{bystander.pid}/ns/pid")
    container = thole.launch(made, init)
    until(lambda: "ready" in container.output())
    container("kill", "TERM").ok()
    container.wait_stopped()
    assert bystander.status == "running"
    container.delete("--force").ok()


def test_a_program_that_is_missing_is_told_before_the_start(thole, bundle, init):
    thole.run(bundle("nothing-there"), init).failed("nothing-there", "not found in $PATH")


def test_an_init_that_is_missing_is_told(thole, bundle):
    thole.run(bundle("/bin/true"), "--init=/nowhere/init").failed("open the init /nowhere/init")


def test_the_hosts_file_cannot_be_written(thole, bundle, init):
    """/proc/1/exe is a sealed copy; the file outside stays as it was, whoever tries."""
    path = init.split("=")[1]
    before = (os.stat(path).st_mtime_ns, os.stat(path).st_size)
    script = ("readlink /proc/1/exe; (echo x >/proc/1/exe) 2>/dev/null && echo written; "
              "(echo x >>/proc/1/exe) 2>/dev/null && echo written; "
              "chmod 777 /proc/1/exe 2>/dev/null; truncate -s 0 /proc/1/exe 2>/dev/null; echo end")
    made = bundle("/bin/sh", "-c", script)
    made.capabilities("CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SYS_PTRACE")
    out = thole.run(made, init).ok().out.splitlines()
    assert out == ["/memfd:init (deleted)", "end"]
    assert (os.stat(path).st_mtime_ns, os.stat(path).st_size) == before


def test_nothing_of_it_stays_open(thole, bundle, init):
    made = bundle("/bin/sh", "-c", "ls /proc/1/fd; echo; ls /proc/self/fd")
    made.capabilities("CAP_SYS_PTRACE")
    init_fds, own = thole.run(made, init).ok().out.split("\n\n")
    assert init_fds.split() == ["0", "1", "2"]
    assert own.split()[:3] == ["0", "1", "2"] and len(own.split()) == 4  # ls reads one directory


def test_for_an_ordinary_user(thole, bundle, init):
    made = bundle("/bin/sh", "-c", "id -u; id -g; grep Cap /proc/1/status; kill -9 $$",
                  user={"uid": 1000, "gid": 1000})
    result = thole.run(made, init)
    assert result.code == 137
    assert result.out.splitlines()[:2] == ["1000", "1000"]


def test_in_every_user_namespace_and_for_every_caller(case, init):
    made = case.bundle("/bin/sh", "-c", "echo $$; exit 5")
    result = case.run(made, init)
    assert (result.code, result.out) == (5, "2\n")


def test_what_is_typed_comes_to_the_program_once(thole, bundle, init):
    made = bundle("/bin/sh", "-c", "trap 'n=$((n+1)); echo int $n' INT; echo ready; "
                  "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.05; done; echo end $n", terminal=True)
    name = thole.prepare(made)
    caller = Caller([thole.path, "--root", thole.root, "run", "--bundle", made.path, init, name])
    try:
        caller.expect("ready")
        caller.type("\x03")
        caller.expect("end 1")
        assert caller.wait() == 0
    finally:
        caller.close()


def test_plan_says_it(thole, bundle, init):
    made = bundle("/bin/true")
    made.write()
    path = init.split("=")[1]
    plan = json.loads(thole("plan", "--json", init, made.path).ok().out)
    assert plan["process"]["init"] == path
    assert path in thole("plan", init, made.path).ok().out
    assert "init" not in json.loads(thole("plan", "--json", made.path).ok().out)["process"]


def test_it_is_static_and_small(init):
    path = init.split("=")[1]
    with open(path, "rb") as source:
        assert b"/ld-" not in source.read()
    assert os.stat(path).st_size < 1 << 20
    assert stat.S_IMODE(os.stat(path).st_mode) & 0o6000 == 0
