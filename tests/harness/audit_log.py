# SPDX-License-Identifier: Apache-2.0
"""The kernel's audit log: what a program sends to it, and what comes out of it."""
import re
import socket
import struct

import pytest

from harness.runtime import until

NETLINK_AUDIT = 9
AUDIT_GET = 1000
READLOG = 1  # the multicast group of readers
TYPES = {2500: "VIRT_CONTROL", 2501: "VIRT_RESOURCE", 2502: "VIRT_MACHINE_ID"}
STRACE = ("strace", "-xx", "-s", "9000", "-e", "trace=sendto", "-o")


def is_enabled():
    """Whether this kernel keeps a log at the moment; None: it cannot be asked."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT) as asked:
            asked.settimeout(10)
            asked.sendto(struct.pack("=IHHII", 16, AUDIT_GET, 1, 1, 0), (0, 0))
            answer = asked.recv(8192)
    except OSError:
        return None
    kind, = struct.unpack_from("=H", answer, 4)
    return struct.unpack_from("=I", answer, 20)[0] != 0 if kind == AUDIT_GET else None


def sent(path):
    """[(type, text)] of the records in the output of STRACE."""
    with open(path, encoding="ascii", errors="replace") as source:
        lines = [line for line in source if "nlmsg_type=0x9c" in line]
    found = []
    for line in lines:
        number = int(re.search(r"nlmsg_type=(0x9c[456])", line).group(1), 16)
        text = re.search(r'"((?:\\x[0-9a-f]{2})+)"\]', line).group(1)
        found.append((TYPES[number], bytes.fromhex(text.replace("\\x", "")).rstrip(b"\0").decode()))
    return found


def framed(records):
    """What auditd writes of records that were sent (linux/audit.h): for hosts whose log is off."""
    return [f"type={kind} msg=audit({1700000000 + serial}.000:{serial}): pid=7 uid=0 auid=4294967295 "
            f"ses=4294967295 msg='{text}'" for serial, (kind, text) in enumerate(records, 1)]


class Reader:
    """The records of the virtualization kinds from now on, as auditd would write them."""

    def __init__(self):
        if not is_enabled():
            pytest.skip("needs the kernel's audit log to be on: auditctl -e 1, a setting of the host")
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((0, READLOG))
        self.socket.setblocking(False)
        self.lines = []

    def close(self):
        self.socket.close()

    def read_until(self, text):
        """All lines so far; waits for one that holds the text."""
        until(lambda: any(text in line for line in self._more()), 60, f"a record with {text}")
        return self.lines

    def _more(self):
        while True:
            try:
                message = self.socket.recv(65536)
            except BlockingIOError:
                return self.lines
            kind, = struct.unpack_from("=H", message, 4)
            if kind in TYPES:
                self.lines.append(f"type={TYPES[kind]} msg=" + message[16:].rstrip(b"\0").decode())
