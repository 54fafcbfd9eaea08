# SPDX-License-Identifier: Apache-2.0
"""What is in a container before its program runs, held there so that it can be looked at."""
import os
import socket

from harness.runtime import until


def inside(container):
    """The pids of all that is in the pid namespace of the container, as the host numbers them."""
    space = os.readlink(f"/proc/{container.pid}/ns/pid")
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.readlink(f"/proc/{name}/ns/pid") == space:
                    yield int(name)
            except OSError:
                pass


class Held:
    """An exec that has made its process and cannot go on: nobody answers its pidfd socket."""

    def __init__(self, container, folder, *options, script="true", environment=None):
        path = folder + "/socket"
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(path)
        self.server.listen(0)
        self.fillers = []
        try:
            while True:
                one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                one.setblocking(False)
                one.connect(path)
                self.fillers.append(one)
        except BlockingIOError:
            one.close()
        before = set(inside(container))
        self.runtime = container.runtime.start_process(
            "exec", "--pidfd-socket", path, *options, container.id, "/bin/sh", "-c", script,
            env=environment)
        self.pid = until(lambda: self.new(container, before), what="the process inside")

    def new(self, container, before):
        return next((pid for pid in inside(container) if pid not in before), None)

    def close(self):
        for one in self.fillers:
            one.close()
        self.server.close()
