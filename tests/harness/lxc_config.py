# SPDX-License-Identifier: Apache-2.0
"""What src/lxc/config/ makes of lxc.conf(5), through tests/unit/lxc_configuration.c."""
import collections
import functools
import os
import subprocess

Item = collections.namedtuple("Item", "name index detail value where")
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Key:
    """A row of the table of keys."""

    def __init__(self, name, kind, several):
        self.name, self.list = name, several != "0"
        self.kind = ("text", "flag", "number")[int(kind)]
        # a name that the row stands for
        self.full = name.replace(".N.", ".3.").replace("*", "net.x_y")


class OldName:
    def __init__(self, name, today):
        self.name, self.today = name, today


class Configuration:
    """The settings of a file, or what was wrong with it."""

    def __init__(self, result):
        self.code, self.out, self.err = result.returncode, result.stdout, result.stderr
        lines = [line for line in self.out.split("\n") if line.count("|") >= 1]
        self.notes = [line[len("NOTE|"):] for line in lines if line.startswith("NOTE|")]
        self.items = []
        for line in lines:
            if not line.startswith("NOTE|"):
                name, index, detail, value, where = line.split("|", 4)
                self.items.append(Item(name, int(index), detail, value, where))

    def ok(self):
        assert self.code == 0, self.err
        return self

    def pairs(self):
        return [(item.name, item.value) for item in self.items]

    def values(self, name):
        return [item.value for item in self.items if item.name == name]


@functools.cache
def program():
    """Path of the program; it is built if it is not there."""
    build = os.environ.get("BUILDDIR") or next(
        folder for folder in (TOP, os.path.join(TOP, "build"))
        if os.path.exists(os.path.join(folder, "config.status")))
    path = os.path.join(build, "tests", "unit", "lxc_configuration")
    subprocess.run(["make", "-s", "-C", build, "tests/unit/lxc_configuration"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


def read(path, *args):
    return Configuration(subprocess.run([program(), "read", path, *args], capture_output=True,
                                        text=True, check=False))


def _table(which):
    listed = subprocess.run([program(), which], capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in listed.splitlines()]


def keys():
    return [Key(*row[:3]) for row in _table("keys")]


def old_names():
    return [OldName(*row) for row in _table("old")]
