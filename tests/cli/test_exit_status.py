# SPDX-License-Identifier: Apache-2.0
"""Exit statuses of run and exec, and the words from which engines make 126 and 127."""
import re
import signal

import pytest

from harness.runtime import until

# What Podman looks for in the text of a failed create or start, ignoring case.
NOT_FOUND = re.compile("executable file not found in|no such file or directory|open executable",
                       re.IGNORECASE)
NOT_ALLOWED = re.compile("permission denied|operation not permitted", re.IGNORECASE)


@pytest.mark.parametrize("code", [0, 1, 2, 42, 126, 127, 255])
def test_run_returns_the_programs_status(thole, bundle, code):
    result = thole.run(bundle("/bin/sh", "-c", f"exit {code}"))
    assert result.code == code
    assert result.err == ""


@pytest.mark.parametrize("name", ["KILL", "TERM", "HUP", "USR1", "SEGV"])
def test_run_adds_128_to_a_signal(thole, bundle, name):
    number = signal.Signals["SIG" + name].value
    made = bundle("/bin/sh", "-c", f"sh -c 'kill -{name} $$'; exit $?")
    assert thole.run(made).code == 128 + number


def test_init_killed_from_inside_its_parent_namespace(thole, bundle):
    name, process = thole.start_run(bundle("/bin/sh", "-c", "echo up; exec sleep 1000"))
    until(process.output, what="the start")
    thole("kill", name, "KILL").ok()
    assert process.wait().code == 137


@pytest.mark.parametrize("code", [0, 3, 127, 255])
def test_exec_returns_the_programs_status(sleeper, code):
    assert sleeper().sh(f"exit {code}").code == code


def test_exec_adds_128_to_a_signal(sleeper):
    assert sleeper().sh("kill -KILL $$").code == 137


@pytest.mark.parametrize("program", ["/bin/nothing", "nothing", "/nowhere/nothing", "./nothing"])
def test_missing_program(thole, bundle, program):
    result = thole.run(bundle(program))
    result.failed(program)
    assert result.code == 1
    assert NOT_FOUND.search(result.err), result
    assert not NOT_ALLOWED.search(result.err), result


def test_program_that_may_not_be_executed(thole, bundle):
    made = bundle("/work/data")
    made.file("/work/data", "text", 0o644)
    result = thole.run(made).failed("/work/data")
    assert NOT_ALLOWED.search(result.err), result


def test_directory_as_program(thole, bundle):
    result = thole.run(bundle("/work")).failed("/work")
    assert NOT_ALLOWED.search(result.err) or "is a directory" in result.err.lower(), result


def test_program_in_a_bad_format(thole, bundle):
    made = bundle("/work/data")
    made.file("/work/data", "neither ELF nor script", 0o755)
    thole.run(made).failed("/work/data", "xec format error")


def test_script_without_its_interpreter(thole, bundle):
    made = bundle("/work/script")
    made.file("/work/script", "#!/no/such/interpreter\n", 0o755)
    result = thole.run(made).failed("/work/script")
    assert NOT_FOUND.search(result.err), result


def test_script_with_its_interpreter(thole, bundle):
    made = bundle("/work/script", "x y")
    made.file("/work/script", "#!/bin/sh\necho \"$0|$1|$#\"\n", 0o755)
    assert thole.run(made).ok().out == "/work/script|x y|1\n"


def test_path_of_the_container_is_searched(thole, bundle):
    made = bundle("mine")
    made.process["env"] = ["PATH=/nowhere:/work"]
    made.file("/work/mine", "#!/bin/sh\necho found\n", 0o755)
    assert thole.run(made).ok().out == "found\n"


@pytest.mark.parametrize("program, words", [("/bin/nothing", NOT_FOUND), ("/etc", NOT_ALLOWED),
                                            ("/etc/passwd", NOT_ALLOWED)])
def test_exec_that_fails_before_the_program(sleeper, program, words):
    result = sleeper().exec(program).failed(program)
    assert result.code == 255
    assert words.search(result.err), result


def test_error_is_one_line(thole, bundle):
    result = thole.run(bundle("/bin/nothing"))
    assert result.err.count("\n") == 1, result
    assert result.out == ""


def test_no_container_is_left_after_a_failed_run(thole, bundle):
    name = thole.new_id()
    thole.run(bundle("/bin/nothing"), id=name).failed()
    thole("state", name).failed("does not exist")


def test_no_container_is_left_after_a_failed_create(thole, bundle):
    name = thole.new_id()
    made = bundle("/bin/true")
    made.mount("/x", "/no/such/source", "bind", ["bind"])
    thole.try_create(made, id=name).failed("/no/such/source")
    thole("state", name).failed("does not exist")
