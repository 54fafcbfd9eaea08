# SPDX-License-Identifier: Apache-2.0
"""Wrong config.json, several hundred ways: refused in one line that names the place, without a trace.

Every case is made from a valid document in a fixed order. `create` must fail with exactly one line
on stderr and leave its state root empty; `validate` must fail and say the same words.
"""
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

THOLE = shutil.which(os.environ.get("THOLE", "thole"))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "unit", "data")
with open(os.path.join(DATA, "config-complete.json"), encoding="utf-8") as source:
    COMPLETE = json.load(source)
# Good for the tables, which is what that file is for, but nothing that can be planned.
COMPLETE["process"]["user"]["gid"] = 1
del COMPLETE["process"]["scheduler"]["priority"]
COMPLETE["linux"]["seccomp"]["syscalls"].append({"names": ["execve", "capset"], "action": "SCMP_ACT_ALLOW"})
TEXT = json.dumps(COMPLETE, indent=1)

pytestmark = [pytest.mark.any_layout,
              pytest.mark.skipif(THOLE is None, reason="no thole: set THOLE or put it into PATH")]


def escape(name):
    return str(name).replace("~", "~0").replace("/", "~1")


def members(value, path=()):
    """Yields (path, value) of everything in a document, outer before inner."""
    if path:
        yield path, value
    if isinstance(value, dict):
        for name in value:
            yield from members(value[name], path + (name,))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from members(element, path + (index,))


def changed(path, value):
    """The complete document with one member replaced."""
    document = copy.deepcopy(COMPLETE)
    at = document
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return document


def removed(path):
    document = copy.deepcopy(COMPLETE)
    at = document
    for name in path[:-1]:
        at = at[name]
    del at[path[-1]]
    return document


def pointer(path):
    return "".join("/" + escape(name) for name in path)


class Case:
    """A config.json and what the error line has to contain: a pointer, or line and column."""

    def __init__(self, name, text, where=None):
        self.name, self.where = name, where
        self.text = text if isinstance(text, (str, bytes)) else json.dumps(text)


def truncations():
    for index in range(60):
        cut = len(TEXT) * index // 60
        yield Case(f"cut-at-{cut}", TEXT[:cut], "/" if cut == 0 else None)


def syntax_errors():
    for name, text in (
            ("trailing-comma", TEXT[:-2] + ",\n}"), ("garbage-behind", TEXT + "x"),
            ("second-document", TEXT + TEXT), ("comment", "// comment\n" + TEXT),
            ("byte-order-mark", "\ufeff" + TEXT), ("single-quotes", TEXT.replace('"', "'")),
            ("no-quotes", "{ociVersion: 1}"), ("raw-control", TEXT.replace("rootfs", "root\x01")),
            ("lone-surrogate", TEXT.replace("rootfs", "\\ud800")), ("bracket", "{]"),
            ("equals", TEXT.replace(":", "=", 1)), ("capital-true", TEXT.replace("true", "True", 1)),
            ("leading-zero", TEXT.replace(": 25", ": 025")), ("hexadecimal", '{"a": 0x10}')):
        yield Case(name, text)


def wrong_types():
    """Each member once as something it cannot be."""
    for path, value in members(COMPLETE):
        if isinstance(value, str):
            wrong = 12345
        elif isinstance(value, list):
            wrong = {"a": "b"}
        else:
            wrong = ["text"]
        yield Case("type-of" + pointer(path), changed(path, wrong), pointer(path))


def wrong_numbers():
    """Each number beyond 64 bits, each second one with a fraction or an exponent."""
    numbers = [path for path, value in members(COMPLETE)
               if isinstance(value, int) and not isinstance(value, bool)]
    for index, path in enumerate(numbers):
        for number in (2 ** 70, -2 ** 70, (1.5, 1e300)[index % 2]):
            yield Case(f"number{pointer(path)}={number}", changed(path, number), pointer(path))


def negative_sizes():
    memory = ("limit", "reservation", "swap", "kernel", "kernelTCP", "swappiness")
    for path in [("linux", "resources", "memory", name) for name in memory] + [
            ("linux", "resources", "pids", "limit"), ("linux", "resources", "cpu", "shares"),
            ("linux", "resources", "cpu", "quota"), ("linux", "resources", "cpu", "period"),
            ("linux", "resources", "hugepageLimits", 0, "limit"),
            ("linux", "resources", "blockIO", "weight"), ("linux", "uidMappings", 0, "size"),
            ("process", "rlimits", 0, "soft"), ("process", "user", "uid"),
            ("process", "user", "gid"), ("process", "user", "additionalGids", 0),
            ("process", "consoleSize", "height"), ("hooks", "poststop", 0, "timeout")]:
        yield Case("negative" + pointer(path), changed(path, -5), pointer(path))


def missing_members():
    for path in (("ociVersion",), ("root",), ("root", "path"), ("process", "cwd"),
                 ("process", "args"), ("mounts", 0, "destination"),
                 ("process", "rlimits", 0, "type"), ("linux", "namespaces", 0, "type"),
                 ("linux", "seccomp", "defaultAction"), ("hooks", "prestart", 0, "path"),
                 ("linux", "devices", 0, "major"), ("linux", "uidMappings", 0, "size")):
        yield Case("without" + pointer(path), removed(path), pointer(path))
        yield Case("null" + pointer(path), changed(path, None), pointer(path))


def wrong_values():
    for where, value in (
            ("/ociVersion", "2.0.0"), ("/ociVersion", "one"), ("/root/path", ""),
            ("/process/cwd", "home"), ("/process/cwd", ""), ("/process/args", []),
            ("/process/env/0", "NOVALUE"), ("/process/rlimits/0/type", "RLIMIT_FOO"),
            ("/process/scheduler/policy", "fast"), ("/process/ioPriority/class", "best"),
            ("/process/oomScoreAdj", 2000), ("/process/scheduler/nice", 40),
            ("/mounts/0/destination", ""), ("/hooks/prestart/0/path", "relative"),
            ("/hooks/prestart/0/timeout", 0), ("/linux/namespaces/0/type", "net"),
            ("/linux/namespaces/1/path", "relative"), ("/linux/rootfsPropagation", "loud"),
            ("/linux/maskedPaths/0", "relative"), ("/linux/readonlyPaths/0", ""),
            ("/linux/devices/0/type", "x"), ("/linux/devices/0/path", "dev/x"),
            ("/linux/personality/domain", "BSD"), ("/linux/memoryPolicy/mode", "MINE"),
            ("/linux/seccomp/defaultAction", "SCMP_ACT_MAYBE"),
            ("/linux/seccomp/architectures/0", "SCMP_ARCH_Z80"),
            ("/linux/seccomp/syscalls/0/args/0/op", "SCMP_CMP_ODD"),
            ("/linux/seccomp/syscalls/0/names", []), ("/linux/netDevices", {"a/b": {}}),
            ("/linux/resources/hugepageLimits/0/pageSize", "2mb"),
            ("/linux/resources/devices/0/access", "x"), ("/annotations", {"": "x"}),
            ("/linux/resources/unified", {"../cgroup.procs": "1"}), ("/linux/sysctl", {"": "1"})):
        path = [int(name) if name.isdigit() else name for name in where.split("/")[1:]]
        suffix = pointer(list(value)[:1]) if isinstance(value, dict) else ""
        yield Case(f"value{where}={json.dumps(value)}", changed(path, value), where + suffix)
    rlimit = COMPLETE["process"]["rlimits"][0]
    yield Case("rlimit-twice", changed(("process", "rlimits"), [rlimit, rlimit]),
               "/process/rlimits/1/type")
    yield Case("namespace-twice", changed(("linux", "namespaces", 7), {"type": "pid"}),
               "/linux/namespaces/7/type")
    yield Case("soft-above-hard", changed(("process", "rlimits", 0, "hard"), 1),
               "/process/rlimits/0/soft")


def wrong_characters():
    for path in (("hostname",), ("process", "args", 0), ("root", "path"), ("mounts", 0, "source"),
                 ("linux", "cgroupsPath"), ("annotations", "com.example.key")):
        text = json.dumps(changed(path, "MARK"))
        yield Case("nul" + pointer(path), text.replace("MARK", "a\\u0000b"), pointer(path))
        for number, piece in enumerate((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xc3")):
            yield Case(f"utf8-{number}{pointer(path)}",
                       text.encode().replace(b"MARK", piece), pointer(path))


def absurd_sizes():
    megabytes = "x" * 10_000_000
    for path in (("hostname",), ("process", "args", 0), ("root", "path"), ("linux", "mountLabel"),
                 ("process", "env", 0), ("annotations", "com.example.key")):
        yield Case("huge" + pointer(path), changed(path, megabytes), pointer(path))
    yield Case("huge-unknown", {**COMPLETE, "future": megabytes}, "/future")
    for opening in ("[", '{"a":'):
        nested = f'{{"future": {opening * 100000}'
        yield Case(f"nested-{opening[0]}", nested, "/future")
        yield Case(f"nested-known-{opening[0]}", f'{{"process": {{"args": {opening * 100000}',
                   "/process/args")
    yield Case("many-args", changed(("process", "args"), ["x"] * 200_000), "/process/args")
    yield Case("many-mounts", changed(("mounts",), [{"destination": "/x"}] * 150_000), "/mounts")
    yield Case("too-long", TEXT + " " * 20_000_000, "/")
    for name, text in (("empty", ""), ("blank", " \n\n"), ("null", "null"), ("list", "[]"),
                       ("string", '"config"'), ("number", "1"), ("nothing-in-it", "{}")):
        yield Case(name, text, "/")


CASES = [case for make in (truncations, syntax_errors, wrong_types, wrong_numbers, negative_sizes,
                           missing_members, wrong_values, wrong_characters, absurd_sizes)
         for case in make()]
assert len(CASES) >= 200 and len({case.name for case in CASES}) == len(CASES)


def names_place(line, where):
    """The line tells where: the pointer asked for, or line and column."""
    if where is not None:
        return re.search(r"(^|\s)" + re.escape(where), line) is not None
    return re.search(r"(^|\s)/\S*: .*\b\d+:\d+\b", line) is not None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused(case):
    with tempfile.TemporaryDirectory(prefix="thole-bad.") as folder:
        root = os.path.join(folder, "state")
        bundle = os.path.join(folder, "bundle")
        os.makedirs(os.path.join(bundle, "rootfs"))
        with open(os.path.join(bundle, "config.json"), "wb") as target:
            target.write(case.text if isinstance(case.text, bytes) else case.text.encode())

        create = subprocess.run([THOLE, "--root", root, "create", "--bundle", bundle, "bad"],
                                capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        lines = create.stderr.decode(errors="replace").splitlines()
        assert create.returncode > 0, lines
        assert create.stdout == b""
        assert len(lines) == 1, lines
        assert names_place(lines[0], case.where), lines[0]
        assert not os.path.exists(root) or os.listdir(root) == []

        validate = subprocess.run([THOLE, "validate", bundle], capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=60)
        output = (validate.stdout + validate.stderr).decode(errors="replace")
        assert validate.returncode > 0, output
        assert any(names_place(line, case.where) for line in output.splitlines()), output
        assert lines[0].removeprefix("thole: create bad: ") in output, (lines, output)


def test_good_document_is_valid():
    """What the cases are made from has no fault of its own, or they would prove nothing."""
    with tempfile.TemporaryDirectory(prefix="thole-good.") as bundle:
        os.mkdir(os.path.join(bundle, "rootfs"))
        with open(os.path.join(bundle, "config.json"), "w", encoding="ascii") as target:
            target.write(TEXT)
        validate = subprocess.run([THOLE, "validate", bundle], capture_output=True, text=True,
                                  check=False, timeout=60)
        assert validate.returncode == 0, validate.stdout + validate.stderr


JOURNAL = """
import os, socket, subprocess, sys
os.makedirs("/run/systemd/journal")
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
journal.settimeout(10)
subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL)
sys.stdout.buffer.write(journal.recv(4096))
"""


def test_an_id_adds_no_field_to_the_journal(thole):
    """Nor commands for the terminal on which it is read."""
    words = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /run && exec \"$@\"", "sh", sys.executable,
             "-c", JOURNAL, thole.path, "--root", thole.root, "--log", "journald:web", "state",
             "a\nPRIORITY=0\n\x1b[31mX"]
    record = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert [line.split("=")[0] for line in record.splitlines()] == ["PRIORITY", "SYSLOG_IDENTIFIER", "MESSAGE"]
    assert "\x1b" not in record
    thole("--log", "journald:web\nPRIORITY=0", "list").failed("--log: a name is a single line")
