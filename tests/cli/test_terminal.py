# SPDX-License-Identifier: Apache-2.0
"""Terminals: --console-socket, run -t and exec -t on a pty of the caller."""
import contextlib
import os
import stat

import pexpect
import pytest

from harness import traces
from harness.runtime import until
from harness.terminal import ConsoleSocket

pexpect = pytest.importorskip("pexpect", reason="needs the package python3-pexpect")


@pytest.fixture
def console(folder):
    return ConsoleSocket(os.path.join(folder, "console.sock"))


def spawn(thole, *args, **options):
    child = pexpect.spawn(thole.path, ["--root", thole.root, *args], encoding="utf-8", timeout=10,
                          echo=False, **options)
    child.delaybeforesend = None
    return child


def finish(child, status):
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == status, child


def test_create_sends_the_terminal(thole, bundle, console):
    made = bundle("/bin/sh", "-c", "tty; echo in=$(readlink /proc/self/fd/0); read line; "
                  "echo got=$line; exec sleep 1000", terminal=True)
    container = thole.create(made, "--console-socket", console.path)
    terminal = console.terminal()
    container.start()
    terminal.expect("/dev/pts/0")
    terminal.expect("in=/dev/pts/0")
    terminal.write("hello\n")
    terminal.expect("got=hello")
    terminal.close()


def test_detached_run_sends_the_terminal(thole, bundle, console):
    container = thole.launch(bundle("/bin/sh", terminal=True), "--console-socket", console.path)
    terminal = console.terminal()
    terminal.write("echo $((6*7)); exit\n")
    terminal.expect("42")
    container.wait_stopped()
    terminal.close()


def test_console_socket_with_a_long_path(thole, bundle, folder):
    deep = os.path.join(folder, "x" * 100)
    os.mkdir(deep)
    console = ConsoleSocket(os.path.join(deep, "c" * 60))
    thole.launch(bundle("/bin/cat", terminal=True), "--console-socket", console.path)
    terminal = console.terminal()
    terminal.write("ping\n")
    terminal.expect("ping")
    terminal.close()


def test_console_size(thole, bundle, console):
    made = bundle("/bin/sh", "-c", "stty size; exec sleep 1000", terminal=True)
    made.process["consoleSize"] = {"height": 33, "width": 77}
    container = thole.create(made, "--console-socket", console.path)
    terminal = console.terminal()
    assert terminal.size() == (33, 77)
    container.start()
    terminal.expect("33 77")
    terminal.close()


def test_resize_reaches_the_program(thole, bundle, console):
    made = bundle("/bin/sh", "-c", "trap 'echo size $(stty size)' WINCH; echo up; "
                  "while :; do sleep 0.05; done", terminal=True)
    thole.launch(made, "--console-socket", console.path)
    terminal = console.terminal()
    terminal.expect("up")
    terminal.resize(50, 120)
    terminal.expect("size 50 120")
    terminal.close()


def test_terminal_is_controlling_and_belongs_to_the_session(thole, bundle, console):
    made = bundle("/bin/sh", "-c", "ls -l /dev/console; cut -d' ' -f1,6,7 /proc/1/stat; "
                  "echo ok > /dev/tty; echo end; exec sleep 1000", terminal=True)
    container = thole.launch(made, "--console-socket", console.path)
    terminal = console.terminal()
    terminal.expect("ok")
    terminal.expect("end")
    console_node = os.stat(f"/proc/{container.pid}/root/dev/console")
    assert stat.S_ISCHR(console_node.st_mode)
    assert os.major(console_node.st_rdev) == 136, "a pty, from the container's own devpts"
    with open(f"/proc/{container.pid}/stat", encoding="ascii") as source:
        fields = source.read().rpartition(")")[2].split()
    assert int(fields[4]) != 0, "init has a controlling terminal"
    terminal.close()


def test_line_ends_come_out_once(thole, bundle):
    """Either the container's pty or the caller's adds the carriage return, not both, not none."""
    made = bundle("/usr/bin/printf", "a\\nb\\n", terminal=True)
    name = thole.prepare(made)
    child = spawn(thole, "run", "--bundle", made.path, name)
    assert child.read() == "a\r\nb\r\n"
    child.wait()


def test_terminal_belongs_to_the_user(thole, bundle, console):
    made = bundle("/bin/sh", "-c", "echo up; exec sleep 1000", terminal=True,
                  user={"uid": 1000, "gid": 1000})
    container = thole.launch(made, "--console-socket", console.path)
    terminal = console.terminal()
    terminal.expect("up")
    assert os.stat(f"/proc/{container.pid}/root/dev/pts/0").st_uid == 1000
    terminal.close()


def test_terminal_in_a_user_namespace(thole, bundle, console):
    made = bundle("/bin/sh", "-c", "tty; echo ok > /dev/tty; exec sleep 1000", terminal=True)
    made.user_namespace()
    thole.launch(made, "--console-socket", console.path)
    terminal = console.terminal()
    terminal.expect("/dev/pts/0")
    terminal.expect("ok")
    terminal.close()


def test_detached_terminal_needs_a_console_socket(thole, bundle):
    thole.try_create(bundle("/bin/true", terminal=True)).failed("console")


def test_console_socket_needs_a_terminal(thole, bundle, console):
    thole.try_create(bundle("/bin/true"), "--console-socket", console.path).failed("console")


def test_console_socket_that_nobody_listens_at(thole, bundle, folder):
    thole.try_create(bundle("/bin/true", terminal=True), "--console-socket",
                     os.path.join(folder, "nobody")).failed("nobody")


def test_run_on_a_terminal(thole, bundle):
    made = bundle("/bin/sh", "-c", "stty size; read line; echo got=$line; exit 5", terminal=True)
    name = thole.prepare(made)
    child = spawn(thole, "run", "--bundle", made.path, name, dimensions=(30, 90))
    child.expect("30 90")
    child.sendline("hello")
    child.expect("got=hello")
    finish(child, 5)


def test_run_on_a_terminal_follows_the_window(thole, bundle):
    made = bundle("/bin/sh", "-c", "trap 'echo size $(stty size)' WINCH; echo up; "
                  "while :; do sleep 0.05; done", terminal=True)
    name = thole.prepare(made)
    child = spawn(thole, "run", "--bundle", made.path, name, dimensions=(30, 90))
    child.expect("up")
    child.setwinsize(40, 100)
    child.expect("size 40 100")
    thole("kill", name, "KILL").ok()
    finish(child, 137)


def test_interrupt_key_reaches_the_program(thole, bundle):
    made = bundle("/bin/sh", "-c", "trap 'echo interrupted; exit 9' INT; echo up; "
                  "while :; do sleep 0.05; done", terminal=True)
    name = thole.prepare(made)
    child = spawn(thole, "run", "--bundle", made.path, name)
    child.expect("up")
    child.sendcontrol("c")
    child.expect("interrupted")
    finish(child, 9)


def test_terminal_modes_are_restored(thole, bundle):
    made = bundle("/bin/true", terminal=True)
    name = thole.prepare(made)
    script = f"stty -a > before; {thole.path} --root {thole.root} run --bundle {made.path} {name}; " \
             "stty -a > after; cmp before after && echo same"
    child = pexpect.spawn("/bin/sh", ["-c", script], encoding="utf-8", timeout=10,
                          cwd=thole.folder)
    child.expect("same")
    child.expect(pexpect.EOF)
    child.wait()


def test_no_output_is_lost_at_the_end(thole, bundle):
    made = bundle("/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done",
                  terminal=True)
    name = thole.prepare(made)
    child = spawn(thole, "run", "--bundle", made.path, name, maxread=65536)
    text = child.read()
    child.wait()
    assert text.split() == [word for i in range(20000) for word in ("line", str(i))]


def test_run_ends_although_a_background_job_keeps_the_terminal(thole, bundle):
    made = bundle("/bin/sh", "-c", "sleep 1000 & echo done", terminal=True)
    made.without_namespace("pid")
    name = thole.prepare(made)
    child = spawn(thole, "run", "--bundle", made.path, name)
    child.expect("done")
    finish(child, 0)


@pytest.mark.parametrize("how", ["-t", "--tty"])
def test_exec_on_a_terminal(thole, sleeper, how):
    container = sleeper()
    child = spawn(thole, "exec", how, container.id, "/bin/sh", "-c",
                  "tty; stty size; read x; echo got=$x; exit 4", dimensions=(20, 70))
    child.expect("/dev/pts/0")
    child.expect("20 70")
    child.sendline("word")
    child.expect("got=word")
    finish(child, 4)


@pytest.mark.flaky(reruns=1)
def test_exec_shell_with_job_control(thole, sleeper):
    container = sleeper()
    child = spawn(thole, "exec", "-t", container.id, "/bin/sh", "-i")
    child.expect("#")
    child.sendline("sh -c 'echo start''ed; exec sleep 1000'")
    child.expect("started")
    child.sendcontrol("z")
    child.expect("Stopped")
    child.expect("#")
    child.sendline("fg; echo fore''ground ended")
    child.expect("exec sleep 1000")
    # The shell prints the command before it hands the terminal over.
    until(lambda: child.sendcontrol("c") and child.expect(["#", pexpect.TIMEOUT], 0.2) == 0,
          what="the prompt after an interrupt")
    child.sendline("exit 3")
    # The interrupt may have come before the job had been continued: it is stopped still.
    if child.expect([pexpect.EOF, "You have stopped jobs"]) == 1:
        child.sendline("exit 3")
    finish(child, 3)


def test_exec_sends_the_terminal(thole, sleeper, console):
    container = sleeper()
    container.exec("/bin/sh", options=("-t", "--detach", "--console-socket", console.path)).ok()
    terminal = console.terminal()
    terminal.write("echo $((6*7)); exit\n")
    terminal.expect("42")
    terminal.close()


def test_output_of_a_terminal_through_a_closed_reader(thole, bundle, folder):
    """The reader goes away: the runtime must end with the container, not hang."""
    made = bundle("/bin/sh", "-c", "echo up; sleep 0.5; echo more; exit 0", terminal=True)
    name = thole.prepare(made)
    child = spawn(thole, "run", "--bundle", made.path, name)
    child.expect("up")
    try:
        child.close(force=False)
    except pexpect.ExceptionPexpect:
        pass  # the container has half a second to go
    until(lambda: not child.ptyproc.isalive(), what="the end of the runtime")
