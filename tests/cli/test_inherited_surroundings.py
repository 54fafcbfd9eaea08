# SPDX-License-Identifier: Apache-2.0
"""What a caller hands down without thinking of it changes nothing: signals, umask, limits."""
import os
import resource
import signal
import stat
import subprocess

import pytest

from harness import machine

IGNORED = {"preexec_fn": lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)}


def with_ignored_sigchld(thole, *args):
    return thole(*args, **IGNORED)


def test_ignored_sigchld_run_and_exec(thole, bundle, sleeper):
    """The status is the program's, and hooks are seen to succeed."""
    made = bundle("/bin/sh", "-c", "exit 7")
    hook = {"path": "/bin/sh", "args": ["sh", "-c", "exit 0"]}
    made.config["hooks"] = {stage: [hook] for stage in ("prestart", "createRuntime", "poststart",
                                                        "poststop")}
    name = thole.prepare(made)
    result = with_ignored_sigchld(thole, "run", "--bundle", made.path, name)
    assert result.code == 7, repr(result)
    assert result.err == ""
    assert with_ignored_sigchld(thole, "exec", sleeper().id, "/bin/sh", "-c", "exit 9").code == 9


def test_ignored_sigchld_keeper(thole, bundle):
    """The keeper sees the end of the program, tells its status and ends itself."""
    made = bundle("/bin/sh", "-c", "read line; exit 5")
    name = thole.prepare(made)
    with_ignored_sigchld(thole, "run", "--detach", "--attachable", "--bundle", made.path,
                         name).ok()
    assert thole("attach", name, stdin="\n").code == 5
    thole("delete", name).ok()


def test_signals_of_the_program_are_fresh(thole, bundle):
    """Bit masks of /proc/self/status: nothing is ignored or blocked, in the program and in hooks."""
    made = bundle("/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")
    made.config["hooks"] = {"poststart": [{"path": "/bin/sh", "args": [
        "sh", "-c", f"grep -E '^Sig(Blk|Ign)' /proc/self/status > {made.path}/hook"]}]}
    result = thole.run(made, **IGNORED).ok()
    with open(made.path + "/hook", encoding="ascii") as source:
        hook = source.read()
    for text in (result.out, hook):
        masks = [int(line.split()[1], 16) for line in text.splitlines()]
        assert len(masks) == 2 and not any(
            mask >> (number - 1) & 1 for mask in masks
            for number in (signal.SIGCHLD, signal.SIGXFSZ)), text


def test_no_signal_is_ignored_by_the_program(thole, bundle, sleeper):
    """Whatever the caller ignores, the signals without a name among it."""
    def ignore_all():
        for number in set(range(1, signal.SIGRTMAX + 1)) - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
            signal.signal(number, signal.SIG_IGN)

    words = ("/bin/grep", "SigIgn", "/proc/self/status")
    container = sleeper()
    made = bundle(*words)
    name = thole.prepare(made)
    for args in (("run", "--bundle", made.path, name), ("exec", container.id, *words)):
        assert thole(*args, preexec_fn=ignore_all).ok().out.split() == ["SigIgn:", "0" * 16], args


@pytest.mark.parametrize("command", ["run", "create"])
def test_file_size_limit_is_an_error_and_no_death(thole, bundle, command):
    made = bundle("/bin/true")
    name = thole.prepare(made)
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))}
    # The streams are pipes: a file could not take the message.
    result = subprocess.run([thole.path, "--root", thole.root, command, "--bundle", made.path,
                             name], capture_output=True, text=True, check=False, **limit)
    assert result.returncode == 1, result
    assert "File too large" in result.stderr, result
    thole("state", name).failed("does not exist")


def test_umask_that_denies_the_owner(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    thole("create", "--bundle", made.path, name, umask=0o777).ok()
    for path in (thole.root, os.path.join(thole.root, name)):
        assert stat.S_IMODE(os.stat(path).st_mode) & 0o700 == 0o700, path
    state = os.path.join(thole.root, name, "state.json")
    assert stat.S_IMODE(os.stat(state).st_mode) == 0o600
    thole("delete", "--force", name).ok()


@pytest.mark.parametrize("kilobytes", [16, 32, 128])
def test_small_stack(thole, bundle, sleeper, kilobytes):
    """Every command works with it; the container's program gets the limit that the caller has."""
    def limited():
        resource.setrlimit(resource.RLIMIT_STACK, (kilobytes * 1024, kilobytes * 1024))

    container = sleeper()
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    for words in (["list"], ["state", container.id], ["features"], ["plan", made.path],
                  ["create", "--bundle", made.path, name], ["start", name], ["pause", name],
                  ["resume", name], ["update", "--resources", machine.NO_CHANGE, name],
                  ["ps", "--format", "json", name],
                  ["kill", name, "KILL"], ["delete", "--force", name], ["--version"]):
        result = thole(*words, preexec_fn=limited)
        assert result.code == 0, repr(result)
