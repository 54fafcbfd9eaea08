# SPDX-License-Identifier: Apache-2.0
"""Standard streams, inherited descriptors, pid files, detaching, socket activation."""
import json
import os
import socket
import stat
import subprocess
import sys

import pytest

from harness.runtime import until

LIST_FDS = "ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> \\(.*\\)/\\1 \\2/p'"


def test_stdin_stdout_stderr(thole, bundle):
    result = thole.run(bundle("/bin/sh", "-c", "cat; echo err >&2"), stdin="from outside").ok()
    assert result.out == "from outside"
    assert result.err == "err\n"


def test_pipes_pass_through_untouched(thole_path, thole, bundle):
    """The container writes to the caller's own pipe; there is no copying process in between."""
    made = bundle("/bin/busybox", "readlink", "/proc/self/fd/1")
    made.linux["cgroupsPath"] = "/thole-test/" + thole.new_id()
    made.write()
    read_end, write_end = os.pipe()
    inode = os.fstat(write_end).st_ino
    subprocess.run([thole_path, "--root", thole.root, "run", "--bundle", made.path, thole.ids[-1]],
                   stdin=subprocess.DEVNULL, stdout=write_end, check=True)
    os.close(write_end)
    assert os.read(read_end, 100).decode() == f"pipe:[{inode}]\n"
    os.close(read_end)


def test_run_passes_signals_on(thole, bundle):
    _, process = thole.start_run(bundle(
        "/bin/sh", "-c", "trap 'echo hup; exit 7' HUP; echo up; while :; do sleep 0.05; done"))
    until(process.output, what="the trap")
    process.popen.send_signal(1)
    result = process.wait()
    assert (result.code, result.out) == (7, "up\nhup\n")


def test_run_keep(thole, bundle):
    name = thole.new_id()
    thole.run(bundle("/bin/true"), "--keep", id=name).ok()
    assert thole.state(name)["status"] == "stopped"
    thole("delete", name).ok()


def test_detach(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "echo out; echo err >&2; exec sleep 1000"))
    assert container.status == "running"
    until(container.output, what="output")
    assert container.output() == "out\n"
    assert container.process.errors() == "err\n"


@pytest.mark.parametrize("command", ["create", "run", "exec"])
def test_pid_file(thole, bundle, sleeper, folder, command):
    path = os.path.join(folder, "pid")
    if command == "create":
        container = thole.create(bundle("/bin/sleep", "1000"), "--pid-file", path)
    elif command == "run":
        container = thole.launch(bundle("/bin/sleep", "1000"), "--pid-file", path)
    else:
        container = sleeper()
        container.exec("/bin/sleep", "1000", options=("--detach", "--pid-file", path)).ok()
    with open(path, encoding="ascii") as source:
        text = source.read()
    assert text.isdigit(), "a decimal number without a line break"
    assert os.path.exists(f"/proc/{text}")
    assert (int(text) == container.pid) == (command != "exec")
    assert [name for name in os.listdir(folder) if "pid" in name] == ["pid"]


def test_pid_file_is_relative_to_the_caller(thole, bundle, folder):
    thole.launch(bundle("/bin/sleep", "1000"), "--pid-file", "here.pid", cwd=folder)
    assert os.path.exists(os.path.join(folder, "here.pid"))


def test_no_pid_file_when_create_fails(thole, bundle, folder):
    path = os.path.join(folder, "pid")
    made = bundle("/bin/true")
    made.mount("/x", "/no/such/source", "bind", ["bind"])
    thole.try_create(made, "--pid-file", path).failed()
    assert not os.path.exists(path)


def file_of_kind(kind, path):
    """What is to stay what it is, and a function that gives what has been written there (None: nothing does)."""
    if kind == "device":
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        return lambda: None
    if kind == "fifo":
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        return lambda: os.read(reader, 1 << 20).decode()
    with open(path + ".target" if kind == "link" else path, "w", encoding="ascii") as target:
        target.write("x" * 100000)
    if kind == "link":
        os.symlink(os.path.basename(path) + ".target", path)
    if kind == "mounted":
        subprocess.run(["mount", "--bind", path, path], check=True)

    def read():
        with open(path, encoding="ascii") as source:
            return source.read()
    return read


@pytest.mark.parametrize("option", ["--pid-file", "--timing"])
@pytest.mark.parametrize("kind", ["device", "fifo", "link", "mounted"])
@pytest.mark.parametrize("command", ["create", "run", "exec"])
def test_a_file_that_the_caller_names_stays_what_it_is(thole, bundle, sleeper, folder, command, kind, option):
    """As /dev/null, /dev/stdout and a file mounted into an engine's container: it is written to."""
    path = os.path.join(folder, "named")
    read = file_of_kind(kind, path)
    try:
        before = os.lstat(path)
        words = ["--pid-file", path] if option == "--pid-file" else ["--timing=" + path]
        made = bundle("/bin/sleep", "1000")
        if command == "exec":
            sleeper().exec("/bin/true", options=words).ok()
        else:
            (thole.create if command == "create" else thole.launch)(made, *words)
        after = os.lstat(path)
        assert (after.st_mode, after.st_ino, after.st_dev) == (before.st_mode, before.st_ino, before.st_dev)
        text = read()
        if text is not None:
            assert text.isdigit() if option == "--pid-file" else json.loads(text)
    finally:
        if kind == "mounted":
            subprocess.run(["umount", path], check=True)


def test_a_pid_file_that_nobody_reads(thole, bundle, folder):
    """A FIFO without a reader: an error, and nothing waits."""
    path = os.path.join(folder, "pid")
    os.mkfifo(path)
    thole.try_create(bundle("/bin/true"), "--pid-file", path).failed(path, "No such device or address")


def fds_inside(text):
    return {int(line.split()[0]): line.split(None, 1)[1] for line in text.splitlines() if line}


def shell_with_fds(thole, folder, redirections, *words, listen=0):
    """Runs the runtime from a shell that opens descriptors by their number first."""
    activation = f"LISTEN_PID=$$ LISTEN_FDS={listen}; export LISTEN_PID LISTEN_FDS; " * (listen > 0)
    command = activation + "exec \"$0\" \"$@\" " + redirections
    return subprocess.run(["sh", "-c", command, thole.path, "--root", thole.root, *map(str, words)],
                          cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)


def test_no_descriptor_leaks(thole, bundle, folder):
    made = bundle("/bin/sh", "-c", LIST_FDS)
    name = thole.prepare(made)
    result = shell_with_fds(thole, folder, "3>three 4>four 7>seven 9>nine", "run",
                            "--bundle", made.path, name)
    assert result.returncode == 0, result.stderr
    fds = fds_inside(result.stdout)
    fds.pop(3, None)  # the directory that ls itself has open
    assert sorted(fds) == [0, 1, 2], fds


def test_preserve_fds(thole, bundle, folder):
    made = bundle("/bin/sh", "-c", "echo hello >&3; echo world >&4; " + LIST_FDS)
    name = thole.prepare(made)
    result = shell_with_fds(thole, folder, "3>three 4>four 5>five", "run", "--preserve-fds", "2",
                            "--bundle", made.path, name)
    assert result.returncode == 0, result.stderr
    assert open(os.path.join(folder, "three"), encoding="ascii").read() == "hello\n"
    assert open(os.path.join(folder, "four"), encoding="ascii").read() == "world\n"
    assert not any(path.endswith("/five") for path in fds_inside(result.stdout).values())


PASSES_FDS = {"run": ("run",), "create": ("create",), "exec": ("exec", "--detach")}


@pytest.mark.parametrize("command", PASSES_FDS)
@pytest.mark.parametrize("listen, preserve, said", [
    (0, 3, "descriptor 4: Bad file"), (3, 0, "descriptor 4: Bad file"), (1, 1, "descriptor 4: Bad file"),
    (2**31 - 1, 2**31 + 1, "at most"), (2**31 - 1, 2**32 - 1, "at most"), (0, 2**32 - 1, "at most"),
    (0, 1025, "at most"), (2**31 - 1, 0, "at most")])
def test_descriptors_that_cannot_be_passed(thole, bundle, sleeper, folder, command, listen, preserve, said):
    """Neither closed ones, nor more than there can be, pass without a word."""
    if command == "exec":
        words = [sleeper().id, "/bin/true"]
    else:
        made = bundle("/bin/true")
        words = ["--bundle", made.path, thole.prepare(made)]
    result = shell_with_fds(thole, folder, "3>three 4>&- 5>five", *PASSES_FDS[command],
                            "--preserve-fds", preserve, *words, listen=listen)
    assert result.returncode != 0 and said in result.stderr, result


def test_exec_preserve_fds(thole, sleeper, folder):
    container = sleeper()
    result = shell_with_fds(thole, folder, "3>three 4>four", "exec", "--preserve-fds", "1",
                            container.id, "/bin/sh", "-c", "echo x >&3; " + LIST_FDS)
    assert result.returncode == 0, result.stderr
    assert open(os.path.join(folder, "three"), encoding="ascii").read() == "x\n"
    assert not any(path.endswith("/four") for path in fds_inside(result.stdout).values())


def test_listen_fds(thole, bundle, folder):
    made = bundle("/bin/sh", "-c", "echo $LISTEN_FDS $LISTEN_PID $$; echo hi >&3; " + LIST_FDS)
    name = thole.prepare(made)
    command = ("LISTEN_PID=$$ LISTEN_FDS=1; export LISTEN_PID LISTEN_FDS; "
               "exec \"$0\" \"$@\" 3>three 4>four")
    result = subprocess.run(
        ["sh", "-c", command, thole.path, "--root", thole.root, "run", "--bundle", made.path, name],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "1 1 1"
    assert open(os.path.join(folder, "three"), encoding="ascii").read() == "hi\n"
    assert not any(path.endswith("/four") for path in fds_inside(
        "\n".join(result.stdout.splitlines()[1:])).values())


def test_listen_fds_meant_for_another_process(thole, bundle, folder):
    made = bundle("/bin/sh", "-c", "echo \"[$LISTEN_FDS]\"; ls /proc/self/fd")
    name = thole.prepare(made)
    command = ("LISTEN_PID=1 LISTEN_FDS=1; export LISTEN_PID LISTEN_FDS; exec \"$0\" \"$@\" 3>three")
    result = subprocess.run(
        ["sh", "-c", command, thole.path, "--root", thole.root, "run", "--bundle", made.path, name],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "[]"


class NotifySocket:
    """The datagram socket of a service manager."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.socket.settimeout(10)

    def messages(self, wanted):
        """Text of the datagrams up to and with the wanted line; barriers are answered."""
        seen = []
        while not any(wanted in text for text in seen):
            text, fds, _, _ = socket.recv_fds(self.socket, 4096, 4)
            for fd in fds:
                os.close(fd)
            seen.append(text.decode())
        return seen


NOTIFY_SEND = ("/bin/sh", "-c", "probe notify \"$NOTIFY_SOCKET\" \"READY=1\"; exec sleep 1000")


def test_notify_socket(thole, bundle, folder, probe):
    server = NotifySocket(folder)
    made = bundle(*NOTIFY_SEND)
    probe(made)
    name = thole.prepare(made)
    thole("run", "--detach", "--bundle", made.path, name,
          env={**os.environ, "NOTIFY_SOCKET": server.path}).ok()
    seen = server.messages("MAINPID=")
    assert any("READY=1" in text for text in seen)
    assert f"MAINPID={thole.state(name)['pid']}" in "\n".join(seen)


def test_notify_socket_with_create_and_start(thole, bundle, folder, probe):
    server = NotifySocket(folder)
    made = bundle(*NOTIFY_SEND)
    probe(made)
    environment = {**os.environ, "NOTIFY_SOCKET": server.path}
    container = thole.create(made, env=environment)
    container("start", env=environment).ok()
    assert any("READY=1" in text for text in server.messages("READY=1"))


@pytest.mark.parametrize("terminal", [False, True])
def test_notify_socket_of_a_run_in_the_foreground(thole, bundle, folder, probe, terminal):
    """READY=1 comes from the process that a service manager has started, which NotifyAccess=main wants."""
    server = NotifySocket(folder)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    made = bundle(*NOTIFY_SEND, terminal=terminal)
    probe(made)
    name, process = thole.start_run(made, env={**os.environ, "NOTIFY_SOCKET": server.path})
    text, control, _, _ = server.socket.recvmsg(4096, socket.CMSG_SPACE(12))
    assert text == b"READY=1"
    assert int.from_bytes(control[0][2][:4], sys.byteorder) == process.pid
    thole("kill", name, "KILL").ok()
    assert process.wait().code == 137


def test_run_in_the_foreground_outlives_the_notify_socket(thole, bundle, folder, probe):
    server = NotifySocket(folder)
    made = bundle("/bin/sh", "-c", "probe notify \"$NOTIFY_SOCKET\" READY=1; sleep 0.2; exit 7")
    probe(made)
    server.socket.close()
    result = thole.run(made, env={**os.environ, "NOTIFY_SOCKET": server.path})
    assert result.code == 7 and "NOTIFY_SOCKET: Connection refused" in result.err, result
