# SPDX-License-Identifier: Apache-2.0
"""config.md: the process, its terminal, its user."""
import os

import pytest

from harness.terminal import ConsoleSocket
from sentences import sentence

PROCESS = ("config.md", "Process")
USER = ("config.md", "POSIX-platform User")


@sentence(*PROCESS, "process (object, OPTIONAL) specifies the container process")
def test_process(runtime, bundle):
    made = bundle("/bin/sh", "-c", "echo this program; exit 7")
    result = runtime.run(made)
    assert (result.code, result.out) == (7, "this program\n")


@sentence(*PROCESS, "This property is REQUIRED when start is called")
def test_process_is_required_by_start(runtime, bundle):
    made = bundle()
    runtime.run(made).ok()
    del made.config["process"]
    runtime.refuses(made, late=True)


class Console:
    """A container with a terminal whose script has written "end" to it."""

    def __init__(self, runtime, made, folder, script):
        socket = ConsoleSocket(os.path.join(folder, "console"))
        made.process["args"] = ["/bin/sh", "-c", script + "; echo end; exec sleep 1000"]
        runtime.launch(made, "--console-socket", socket.path)
        self.terminal = socket.terminal()
        self.lines = self.terminal.expect("end").split()


@sentence(*PROCESS, "terminal (bool, OPTIONAL) specifies whether a terminal is attached to the process, "
          "defaults to false")
@sentence(*PROCESS, "a pseudoterminal pair is allocated for the process and the pseudoterminal pty is "
          "duplicated on the process's standard streams")
def test_terminal(runtime, bundle, folder):
    script = "for fd in 0 1 2; do test -t $fd && stat -L -c %t:%T /proc/self/fd/$fd; done"
    seen = Console(runtime, bundle(terminal=True), folder, script).lines
    assert len(seen) == 3 and len(set(seen)) == 1, seen


@sentence(*PROCESS, "terminal (bool, OPTIONAL) specifies whether a terminal is attached to the process, "
          "defaults to false")
@pytest.mark.parametrize("wanted", [False, None])
def test_no_terminal(runtime, bundle, wanted):
    made = bundle()
    del made.process["terminal"]
    if wanted is not None:
        made.process["terminal"] = wanted
    script = "for fd in 0 1 2; do test -t $fd && echo $fd; done; ls /dev/console 2>/dev/null; true"
    assert runtime.shell(made, script) == ""


@sentence(*PROCESS, "consoleSize (object, OPTIONAL) specifies the console size in characters")
@sentence(*PROCESS, "height (uint, REQUIRED)")
@sentence(*PROCESS, "width (uint, REQUIRED)")
def test_console_size(runtime, bundle, folder):
    made = bundle(terminal=True, consoleSize={"height": 33, "width": 101})
    assert Console(runtime, made, folder, "stty size").lines == ["33", "101"]


@pytest.mark.parametrize("member", [
    pytest.param("height", marks=sentence(*PROCESS, "height (uint, REQUIRED)")),
    pytest.param("width", marks=sentence(*PROCESS, "width (uint, REQUIRED)"))])
def test_console_size_is_complete(runtime, bundle, folder, member):
    size = {"height": 33, "width": 101}
    del size[member]
    socket = ConsoleSocket(os.path.join(folder, "console"))
    made = bundle(terminal=True, consoleSize=size)
    runtime.try_create(made, "--console-socket", socket.path).failed()


@sentence(*PROCESS, "Runtimes MUST ignore consoleSize if terminal is false or unset")
@pytest.mark.parametrize("wanted", [False, None])
def test_console_size_without_terminal(runtime, bundle, wanted):
    made = bundle(consoleSize={"height": 33, "width": 101})
    if wanted is None:
        del made.process["terminal"]
    assert runtime.shell(made, "echo fine") == "fine\n"


@sentence(*PROCESS, "cwd (string, REQUIRED) is the working directory that will be set for the executable")
def test_cwd(runtime, bundle):
    made = bundle(cwd="/usr/bin")
    assert runtime.shell(made, "readlink /proc/self/cwd") == "/usr/bin\n"
    del made.process["cwd"]
    runtime.refuses(made, late=True)


@sentence(*PROCESS, "This value MUST be an absolute path", note="another cwd is refused")
@pytest.mark.parametrize("path", ["usr/bin", ".", ""])
def test_cwd_is_absolute(runtime, bundle, path):
    runtime.refuses(bundle(cwd=path), late=True)


@sentence(*PROCESS, "env (array of strings, OPTIONAL) with the same semantics as IEEE Std 1003.1-2008's "
          "environ", note="the program's environ has them, and nothing of the caller's")
def test_env(runtime, bundle):
    made = bundle("/bin/cat", "/proc/self/environ")
    made.process["env"] = ["PATH=/bin", "A=b=c d", "EMPTY=", "HOME=/root"]
    said = runtime.run(made, env={**os.environ, "OF_THE_CALLER": "1"}).ok().out
    assert said.split("\0")[:-1] == made.process["env"]


@sentence(*PROCESS, "args (array of strings, OPTIONAL) with similar semantics to IEEE Std 1003.1-2008 "
          "execvp's argv")
def test_args(runtime, bundle):
    made = bundle("cat", "/proc/self/cmdline", "/dev/null")
    made.process["env"] = ["PATH=/bin"]
    assert runtime.run(made).ok().out == "cat\0/proc/self/cmdline\0/dev/null\0"
    made.process["args"] = ["/bin/sh", "-c", 'for word; do echo "<$word>"; done', "sh", "", "a b", "$x"]
    assert runtime.run(made).ok().out == "<>\n<a b>\n<$x>\n"


ENTRY = sentence(*PROCESS, "at least one entry is REQUIRED (non-Windows), and that entry is used with the "
                 "same semantics as execvp's file")


@ENTRY
@pytest.mark.parametrize("args", [[], None])
def test_one_argument_is_required(runtime, bundle, args):
    made = bundle()
    del made.process["args"]
    if args is not None:
        made.process["args"] = args
    runtime.refuses(made, late=True)


@ENTRY
def test_program_is_found_as_by_execvp(runtime, bundle):
    """PATH of the container's environment for a bare name, in its order; a name with a slash as is."""
    made = bundle(cwd="/work")
    made.process["env"] = ["PATH=/empty:/second:/third:/bin"]
    for place in ("second", "third", "work"):
        made.file(f"/{place}/tool", f"#!/bin/sh\necho {place}\n", 0o755)
    made.process["args"] = ["tool"]
    assert runtime.run(made).ok().out == "second\n"
    made.process["args"] = ["./tool"]
    assert runtime.run(made).ok().out == "work\n"
    made.process["args"] = ["missing"]
    runtime.refuses(made, late=True)


@sentence(*USER, "uid (int, REQUIRED) specifies the user ID in the container namespace")
@sentence(*USER, "gid (int, REQUIRED) specifies the group ID in the container namespace")
@pytest.mark.parametrize("own", [False, True], ids=["host", "user-namespace"])
def test_user(runtime, bundle, own):
    made = bundle(user={"uid": 1234, "gid": 5678})
    if own:
        made.user_namespace()
    script = "grep -E '^[UG]id' /proc/self/status | tr -s '\\t' ' '"
    assert runtime.shell(made, script) == "Uid: 1234 1234 1234 1234\nGid: 5678 5678 5678 5678\n"


@pytest.mark.parametrize("member", [
    pytest.param("uid", marks=sentence(*USER, "uid (int, REQUIRED) specifies the user ID")),
    pytest.param("gid", marks=sentence(*USER, "gid (int, REQUIRED) specifies the group ID"))])
def test_user_is_complete(runtime, bundle, member):
    made = bundle(user={"uid": 5, "gid": 6})
    runtime.run(made).ok()
    del made.process["user"][member]
    runtime.refuses(made, late=True)


@sentence(*USER, "umask (int, OPTIONAL) specifies the umask of the user")
@pytest.mark.parametrize("mask", [0, 0o027, 0o777])
def test_umask(runtime, bundle, mask):
    made = bundle(user={"uid": 0, "gid": 0, "umask": mask})
    assert int(runtime.shell(made, "umask"), 8) == mask


@sentence(*USER, "additionalGids (array of ints, OPTIONAL) specifies additional group IDs")
@pytest.mark.parametrize("groups", [None, [], [7, 4000, 9]])
def test_additional_groups(runtime, bundle, groups):
    made = bundle("/bin/sh", "-c", "grep Groups: /proc/self/status")
    if groups is not None:
        made.process["user"]["additionalGids"] = groups
    said = runtime.run(made, extra_groups=[4321]).ok().out.split()[1:]
    assert sorted(set(map(int, said)) - {0}) == sorted(groups or [])
