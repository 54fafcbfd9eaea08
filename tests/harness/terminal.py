# SPDX-License-Identifier: Apache-2.0
"""The other end of a container's terminal: the --console-socket server, and pty reading."""
import array
import fcntl
import os
import select
import socket
import struct
import termios
import time

from harness import machine


class ConsoleSocket:
    """Listens like conmon: one connection, one message, one descriptor."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # A path longer than sun_path is bound through its directory.
        directory = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
        self.socket.bind(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
        os.close(directory)
        self.socket.listen(5)
        self.socket.settimeout(10 * machine.PATIENCE)
        self.connections = 0

    def receive(self):
        """(data, [descriptors], raw control message lengths) of the one message."""
        connection, _ = self.socket.accept()
        self.connections += 1
        connection.settimeout(10 * machine.PATIENCE)
        with connection:
            data, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16 * 4))
            fds = array.array("i")
            for level, kind, payload in control:
                assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
                fds.frombytes(payload[:len(payload) - len(payload) % fds.itemsize])
            assert connection.recv(100) == b"", "nothing follows the first message"
        return data, list(fds)

    def terminal(self):
        data, fds = self.receive()
        assert len(data) >= 1 and len(fds) == 1, (data, fds)
        return Terminal(fds[0])


class Terminal:
    """A pty master."""

    def __init__(self, fd):
        self.fd = fd
        self.text = ""

    def size(self):
        return struct.unpack("HHHH", fcntl.ioctl(self.fd, termios.TIOCGWINSZ, b"\0" * 8))[:2]

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def write(self, text):
        os.write(self.fd, text.encode())

    def expect(self, wanted, timeout=10):
        """Reads until the wanted text was seen; returns all text up to it and forgets that."""
        end = time.monotonic() + timeout * machine.PATIENCE
        while wanted not in self.text:
            left = end - time.monotonic()
            assert left > 0, f"{wanted!r} did not appear, only {self.text!r}"
            if select.select([self.fd], [], [], left)[0]:
                self.text += self._read()
        before, _, self.text = self.text.partition(wanted)
        return before

    def rest(self):
        """Everything up to the hang-up."""
        while True:
            try:
                piece = os.read(self.fd, 4096)
            except OSError:
                return self.text
            if not piece:
                return self.text
            self.text += piece.decode(errors="replace")

    def _read(self):
        try:
            piece = os.read(self.fd, 4096)
        except OSError:
            piece = b""
        assert piece, f"the terminal hung up after {self.text!r}"
        return piece.decode(errors="replace")

    def close(self):
        os.close(self.fd)
