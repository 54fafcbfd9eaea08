# SPDX-License-Identifier: Apache-2.0
"""A network of the test's own: while it lasts, the test and what it starts are in a network namespace
that nobody else sees. A namespace is looked at by the JSON of ip(8)."""
import ctypes
import json
import os
import shutil
import subprocess

from harness import traces

CLONE_NEWNET = 0x40000000
RECORDS = "/run/thole-lxc-network"
_libc = ctypes.CDLL(None, use_errno=True)


def _call(name, *args):
    if getattr(_libc, name)(*args) < 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


class View:
    """One namespace: the host's (the test's own), or that of a process."""

    def __init__(self, pid=None):
        self.enter = ["nsenter", "-t", str(pid), "-n"] if pid else []

    def ip(self, *words):
        """What ip -j says, as Python has it."""
        result = subprocess.run(self.enter + ["ip", "-j", "-d", *words], capture_output=True,
                                text=True, check=False)
        assert result.returncode == 0, (words, result.stderr)
        return [entry for entry in json.loads(result.stdout or "[]") if entry]

    def change(self, *words):
        """ip(8) that changes something."""
        subprocess.run(self.enter + ["ip", *words], check=True)

    def links(self):
        """{name: link} without lo."""
        return {link["ifname"]: link for link in self.ip("link") if link["ifname"] != "lo"}

    def addresses(self, device):
        """["10.0.0.5/24 10.0.0.255", "fd00::5/64"] without link-local ones."""
        return [f"{one['local']}/{one['prefixlen']} {one.get('broadcast', '')}".strip()
                for entry in self.ip("addr", "show", "dev", device)
                for one in entry["addr_info"] if one["scope"] != "link"]

    def routes(self, family=4):
        """{"default via 10.0.0.1 dev eth0"} without the kernel's own."""
        found = set()
        for route in self.ip(f"-{family}", "route"):
            if route.get("protocol") != "kernel":
                gateway = f" via {route['gateway']}" if "gateway" in route else ""
                found.add(f"{route['dst']}{gateway} dev {route['dev']}")
        return found

    def proxies(self):
        """{"10.0.0.1 dev br0"}"""
        return {f"{one['dst']} dev {one['dev']}" for family in ("-4", "-6")
                for one in self.ip(family, "neigh", "show", "proxy")
                if (":" in one["dst"]) == (family == "-6")}

    def loopback_is_up(self):
        return "UP" in self.ip("link", "show", "dev", "lo")[0]["flags"]


def sysctl(name):
    with open("/proc/sys/net/" + name, encoding="ascii") as source:
        return source.read().strip()


def set_sysctl(name, value="1"):
    with open("/proc/sys/net/" + name, "w", encoding="ascii") as target:
        target.write(value)


class PrivateNetwork(View):
    """The test's own namespace, with a bridge br0 and a pair of devices, wire0 and wire1."""

    def __init__(self):
        super().__init__()
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _call("unshare", CLONE_NEWNET)
        self.change("link", "set", "lo", "up")
        self.change("link", "add", "wire0", "type", "veth", "peer", "name", "wire1")
        self.change("link", "set", "wire0", "up")
        self.change("link", "set", "wire1", "up")

    def add_bridge(self, *options):
        self.change("link", "add", "br0", "type", "bridge", *options)
        self.change("addr", "add", "10.9.0.1/24", "dev", "br0")
        self.change("addr", "add", "10.9.0.2/24", "dev", "br0")
        self.change("addr", "add", "fd00:9::1/64", "dev", "br0", "nodad")
        self.change("link", "set", "br0", "mtu", "1400", "up")

    def words_for_lxc(self, folder, *commands):
        """Words in front of a program that looks for interfaces in /sys: one of this namespace.
        Commands change more of its mount namespace."""
        new = os.path.join(folder, "sys")
        os.makedirs(new)
        places = " && ".join(f"mount --bind {new}/{place} /sys/{place}"
                             for place in ("class/net", "devices/virtual/net"))
        return ["unshare", "-m", "sh", "-c", f"mount --make-rprivate / && mount -t sysfs sysfs {new} "
                "&& " + " && ".join([places, *commands, 'exec "$@"']), "sh"]

    def lacks(self, kind):
        """Why the kernel makes no such interface, or None."""
        words = ["ip", "link", "add", "probe0"]
        if kind in ("macvlan", "ipvlan", "vlan"):
            words += ["link", "wire0"]
        words += ["type", kind] + (["id", "9"] if kind == "vlan" else [])
        if subprocess.run(words, capture_output=True, check=False).returncode != 0:
            return f"this kernel has no interfaces of the kind {kind}"
        self.change("link", "del", "probe0")
        return None

    def leave(self):
        """Back to where the test was; what it has left of records, which are removed."""
        _call("setns", self.before, CLONE_NEWNET)
        os.close(self.before)
        left = [name for name in (os.listdir(RECORDS) if os.path.isdir(RECORDS) else ())
                if traces.mark() in name]
        for name in left:
            subprocess.run(["umount", "-l", os.path.join(RECORDS, name, "namespace")],
                           capture_output=True, check=False)
            shutil.rmtree(os.path.join(RECORDS, name))
        return [f"record of a network: {name}" for name in sorted(left)]
