# SPDX-License-Identifier: Apache-2.0
"""What systemd itself takes to start a scope: from the call to the end of its job."""
import os
import signal
import socket
import struct
import time

from harness import systemd

BUS = "/run/dbus/system_bus_socket"
GREETING = b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"
RULE = "type='signal',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'"


def call(serial, member, signature="", body=b"", interface=systemd.MANAGER + ".Manager",
         destination=systemd.MANAGER, path="/org/freedesktop/systemd1"):
    return systemd.message(systemd.CALL, serial, member=member, signature=signature, body=body,
                           interface=interface, destination=destination, path=path)


def scope(unit, pid):
    """Arguments of StartTransientUnit: what every runtime asks for, and no more."""
    body = systemd.pad(systemd.string(unit), 4) + systemd.string("fail")
    properties = b""
    for name, sort, value in (("Delegate", "b", struct.pack("<I", 1)),
                              ("PIDs", "au", struct.pack("<II", 4, pid))):
        properties = systemd.pad(properties, 8) + systemd.string(name)
        properties += bytes([len(sort)]) + sort.encode() + b"\0"
        properties = systemd.pad(properties, 4) + value
    body = systemd.pad(systemd.pad(body, 4) + struct.pack("<I", len(properties)), 8) + properties
    return systemd.pad(systemd.pad(body, 4) + struct.pack("<I", 0), 8)


def one(connection, serial):
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    unit = f"bench-job-{pid}.scope"
    words = call(serial, "StartTransientUnit", "ssa(sv)a(sa(sv))", scope(unit, pid))
    began, seen = time.monotonic(), b""
    connection.sendall(words)
    while b"JobRemoved" not in seen or unit.encode() not in seen.split(b"JobRemoved", 1)[1]:
        seen += connection.recv(65536)
    taken = time.monotonic() - began
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return taken * 1e6


def measure(count, pause):
    """Microseconds, `count` of them."""
    taken = []
    bus = {"interface": "org.freedesktop.DBus", "destination": "org.freedesktop.DBus",
           "path": "/org/freedesktop/DBus"}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(BUS)
        connection.sendall(GREETING + call(1, "Hello", **bus) +
                           call(2, "AddMatch", "s", systemd.string(RULE), **bus))
        for serial in range(3, 3 + count):
            time.sleep(pause)
            taken.append(one(connection, serial))
    return taken
