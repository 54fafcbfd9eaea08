# SPDX-License-Identifier: Apache-2.0
"""A caller with a terminal of its own, and each of fds 0-2 a terminal, a pipe, or closed."""
import contextlib
import fcntl
import itertools
import os
import pty
import select
import signal
import struct
import termios
import time

from harness import machine

KINDS = ("terminal", "pipe", "closed")
ALL = list(itertools.product(KINDS, repeat=3))


def name_of(kinds):
    """"tpc" for terminal, pipe, closed."""
    return "".join(kind[0] for kind in kinds)


class Caller:
    """Runs a command on a new pty, as the foreground job of a session leader: a shell's child."""

    def __init__(self, command, kinds=("terminal",) * 3, size=(30, 90), environment=None):
        self.master, self.slave = pty.openpty()
        self.modes = termios.tcgetattr(self.slave)
        self.resize(*size)
        self.text = {"terminal": b"", 1: b"", 2: b""}
        self.readers = {self.master: "terminal"}
        self.input = None
        self.code = None
        ends = {}
        for fd, kind in enumerate(kinds):
            if kind == "terminal":
                ends[fd] = self.slave
            elif kind == "pipe":
                reading, writing = os.pipe()
                ends[fd] = reading if fd == 0 else writing
                if fd == 0:
                    self.input = writing
                else:
                    self.readers[reading] = fd
        reports, reporter = os.pipe()
        self.leader = os.fork()
        if self.leader == 0:
            self._lead(command, ends, environment, reporter)
        os.close(reporter)
        self.reports = os.fdopen(reports)
        self.pid = int(self.reports.readline())
        for fd in {end for end in ends.values() if end != self.slave}:
            os.close(fd)

    def _lead(self, command, ends, environment, reporter):
        """The shell: gives the terminal to its child's process group and waits for the end."""
        try:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            if self.input is not None:
                os.close(self.input)  # or the command's input would not end when the test says so
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            ready, go = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(go)
                os.close(reporter)
                os.read(ready, 1)
                self._become(command, ends, environment)
            os.setpgid(pid, pid)
            os.tcsetpgrp(self.slave, pid)
            for end in {end for end in ends.values() if end != self.slave}:
                os.close(end)
            os.write(reporter, f"{pid}\n".encode())
            os.write(go, b"x")
            status = os.waitpid(pid, 0)[1]
            os.write(reporter, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        except OSError as problem:
            os.write(reporter, f"{problem!r}\n".encode())
        finally:
            os._exit(99)

    def _become(self, command, ends, environment):
        try:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            moved = {fd: fcntl.fcntl(end, fcntl.F_DUPFD, 100) for fd, end in ends.items()}
            for fd in range(3):
                if fd in moved:
                    os.dup2(moved[fd], fd)
                else:
                    try:
                        os.close(fd)
                    except OSError:
                        pass
            os.closerange(3, 1000)
            os.execve(command[0], list(map(str, command)), environment or os.environ)
        finally:
            os._exit(99)

    def device(self):
        """(st_dev, st_rdev) of the terminal: what nobody inside may ever get hold of."""
        status = os.fstat(self.slave)
        return status.st_dev, status.st_rdev

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def no_output_processing(self):
        modes = termios.tcgetattr(self.slave)
        modes[1] &= ~termios.OPOST
        termios.tcsetattr(self.slave, termios.TCSANOW, modes)

    def type(self, text):
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def feed(self, data, close=False):
        os.write(self.input, data)
        if close:
            self.close_input()

    def close_input(self):
        if self.input is not None:
            os.close(self.input)
            self.input = None

    def waiting_input(self):
        """Bytes that the next reader of the terminal, the caller's shell, would get."""
        modes = termios.tcgetattr(self.slave)
        modes[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(self.slave, termios.TCSANOW, modes)
        count = struct.unpack("i", fcntl.ioctl(self.slave, termios.FIONREAD, b"\0" * 4))[0]
        return os.read(self.slave, count) if count else b""

    def pump(self, seconds=0.05):
        """Reads whatever comes; returns False once the command is gone."""
        if self.readers and select.select(list(self.readers), [], [], seconds)[0]:
            for fd in select.select(list(self.readers), [], [], 0)[0]:
                try:
                    piece = os.read(fd, 65536)
                except OSError:
                    piece = b""
                if piece:
                    self.text[self.readers[fd]] += piece
                else:
                    if fd != self.master:
                        os.close(fd)
                    del self.readers[fd]
        if self.code is None and select.select([self.reports], [], [], 0)[0]:
            self.code = int(self.reports.readline())
            os.waitpid(self.leader, 0)
        return self.code is None

    def expect(self, wanted, timeout=10):
        """Waits until the text stands on the terminal; forgets all up to it and returns it."""
        wanted = wanted.encode()
        end = time.monotonic() + timeout * machine.PATIENCE
        while wanted not in self.text["terminal"]:
            assert time.monotonic() < end, f"{wanted!r} did not appear: {self.text}"
            alive = self.pump()
            assert alive or wanted in self.text["terminal"] or self.readers, self.text
        before, _, self.text["terminal"] = self.text["terminal"].partition(wanted)
        return before.decode(errors="replace")

    def wait(self, timeout=20):
        """The exit status, negative for a signal; what was written is in .text."""
        end = time.monotonic() + timeout * machine.PATIENCE
        while self.pump():
            assert time.monotonic() < end, f"still running after {timeout} s: {self.text}"
        while self.readers and select.select(list(self.readers), [], [], 0)[0]:
            self.pump(0)
            if set(self.readers) == {self.master} and not select.select([self.master], [], [],
                                                                        0)[0]:
                break
        return self.code

    def restored(self):
        """Whether the terminal has the modes it had before."""
        return termios.tcgetattr(self.slave) == self.modes

    def close(self):
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.leader, 0)
            self.code = -signal.SIGKILL
        self.reports.close()
        self.close_input()
        for fd in [self.slave, self.master] + [fd for fd in self.readers if fd != self.master]:
            os.close(fd)
