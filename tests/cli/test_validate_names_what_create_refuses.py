# SPDX-License-Identifier: Apache-2.0
"""What `create` refuses because of the configuration, `validate` names: the same place, the same words.

One matrix is made from the tables of oci-spec (docs/config-support.md): every member with extremes of what
its row accepts. The others are all bad documents that other tests have.
"""
import copy
import json
import os
import re

import pytest

from harness.config_members import MAPS, put, rows
from harness.machine import TOP

# ---- every member with the extremes of what it accepts -----------------------------------------------

LONG = "x" * 100
STRINGS = ("", " ", ".", "a/b", "a\nb", "-1", "%d", "é", LONG, "/" + "y" * 5000)
VALUES = {
    "a string": STRINGS, "true or false": (False, True), "an object": ({},),
    "a list of strings": ([], [""], [" "], ["a", "a"], [LONG], ["/x" * 3000]),
    "a list of objects": ([], [{}]), "an object of strings": ({}, {" ": ""}, {LONG: LONG}, {"a.b": "1"}),
    "an object of objects": ({}, {" ": {}}, {LONG: {}}),
}
MAPPING = {"containerID": 0, "hostID": 0, "size": 1}
DEVICE = {"major": 8, "minor": 0}
# What an object has to have beside the member in question.
TEMPLATES = {
    "/process/rlimits/*": {"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
    "/process/scheduler": {"policy": "SCHED_OTHER"}, "/process/ioPriority": {"class": "IOPRIO_CLASS_BE"},
    "/process/user": {"uid": 0, "gid": 0}, "/mounts/*": {"destination": "/x", "type": "tmpfs"},
    "/mounts/*/uidMappings/*": MAPPING, "/mounts/*/gidMappings/*": MAPPING,
    "/linux/uidMappings/*": MAPPING, "/linux/gidMappings/*": MAPPING,
    **{f"/hooks/{stage}/*": {"path": "/bin/true"} for stage in (
        "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")},
    "/linux/resources/devices/*": {"allow": True}, "/linux/resources/blockIO/weightDevice/*": DEVICE,
    **{f"/linux/resources/blockIO/throttle{what}Device/*": {**DEVICE, "rate": 1} for what in (
        "ReadBps", "WriteBps", "ReadIOPS", "WriteIOPS")},
    "/linux/resources/hugepageLimits/*": {"pageSize": "2MB", "limit": 0},
    "/linux/resources/network/priorities/*": {"name": "lo", "priority": 1},
    "/linux/namespaces/*": {"type": "mount"}, "/linux/devices/*": {"path": "/dev/x", "type": "c", **DEVICE},
    "/linux/seccomp": {"defaultAction": "SCMP_ACT_ALLOW"},
    "/linux/seccomp/syscalls/*": {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"},
    "/linux/seccomp/syscalls/*/args/*": {"index": 0, "value": 0, "op": "SCMP_CMP_EQ"},
    "/linux/personality": {"domain": "LINUX"}, "/linux/memoryPolicy": {"mode": "MPOL_DEFAULT"},
}
# A place beneath which thole itself would act on the host.
NOT_HERE = ("/root/path", "/linux/cgroupsPath", "/linux")

# What only a machine can tell: the files and devices it has, its controllers, its kernel, the privileges.
HOST = (
    r"/linux/intelRdt: asked for, but no resctrl", r"/linux/netDevices/\S+: find network device",
    r"/linux/resources/.*: asked for, but .* not available", r"/linux/resources/cpu/realtime",
    r"/linux/resources/blockIO/.*(No such device|has no file)", r"/linux/resources/memory/.* ended early",
    r"/linux/resources/memory/.*: write ", r"/linux/resources/\S+: .* (huge page|page size)",
    r"/linux/timeOffsets: .*out of range",
    r"/mounts/0: mount .*(open filesystem .*: No such device|set option )", r".*: File name too long",
    r"/process/(apparmorProfile|selinuxLabel): asked for, but .* not enabled",
    r"/process/oomScoreAdj: set oom_score_adj .*Permission denied", r"/process/rlimits/.*not permitted",
    r"/process/args/0: exec", r"/process/terminal: cannot allocate tty",
    r"/process/scheduler: set the scheduler", r"/mounts/0: mount /y",
)


def values(kind, least, most, words):
    if kind == "a number":
        return sorted({least, most, 0 if least <= 0 <= most else least, min(most, 1), min(most, 2**31)})
    if kind == "a list of numbers":
        return [], [0, 0], [least], [most]
    if words and kind == "a string":
        return words
    if words:
        return [], words[:1], words[:2]
    return VALUES[kind]


MATRIX = [(pointer, value) for pointer, kind, least, most, words in rows() if pointer not in NOT_HERE
          for value in values(kind, least, most, words)]


def errors(thole, made):
    out = thole("validate", made.path).out
    return [line.removeprefix("error: ") for line in out.splitlines() if line.startswith("error: ")]


def refusal(result):
    """What create says is wrong: "POINTER: TEXT", or None where it succeeds."""
    if result.code == 0:
        return None
    lines = [line for line in result.err.splitlines() if not line.startswith(("thole: warning: ", "thole: hint: "))]
    assert len(lines) == 1, repr(result)
    return re.sub(r"^thole: create \S+: ", "", lines[0])


def disagreement(thole, made):
    """None if validate and create agree about a bundle."""
    name = thole.prepare(made)
    found = errors(thole, made)
    said = refusal(thole("create", "--bundle", made.path, name))
    if said is None:
        thole("delete", "--force", name).ok()
        return f"validate finds {found[0]}" if found else None
    if any(re.match(pattern, said, re.S) for pattern in HOST):
        return None
    if found:
        return None if said in found else f"create says {said}, validate {found[0]}"
    return f"validate lets pass what create refuses: {said}"


@pytest.mark.parametrize("section", sorted({"/".join(pointer.split("/")[1:3]) for pointer, _ in MATRIX}))
def test_extremes_of_any_member(thole, bundle, section):
    made = bundle("/bin/true")
    good = copy.deepcopy(made.config)
    wrong = []
    for pointer, value in MATRIX:
        if "/".join(pointer.split("/")[1:3]) != section:
            continue
        made.config = copy.deepcopy(good)
        real = put(made.config, pointer, copy.deepcopy(value), TEMPLATES)
        if pointer.startswith("/linux/timeOffsets"):
            made.namespace("time")
        complaint = disagreement(thole, made)
        if complaint:
            wrong.append(f"{real}={str(value)[:40]!r}: {complaint[:250]}")
    assert not wrong, "\n".join(wrong)


def test_the_matrix_covers_the_tables():
    assert len(MATRIX) > 700, "the tables of docs/config-support.md are not understood"


# ---- members that are there twice --------------------------------------------------------------------

with open(os.path.join(TOP, "tests/unit/data/config-complete.json"), encoding="utf-8") as source:
    COMPLETE = json.load(source)
# Whatever is in these has a note of its own: it is for another platform, or means nothing on Linux.
FOREIGN = ("/solaris", "/windows", "/vm", "/zos", "/freebsd", "/process/user/username", "/process/commandLine")


def paths(value, path=()):
    """The place of every member of an object."""
    for name, member in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(value, dict):
            yield (*path, name)
        if isinstance(member, (dict, list)):
            yield from paths(member, (*path, name))


def written(value, double, first, path=()):
    """JSON in which the member at the path `double` comes twice, first as `first`, if that is given."""
    if isinstance(value, list):
        return "[" + ", ".join(written(item, double, first, (*path, number))
                               for number, item in enumerate(value)) + "]"
    if not isinstance(value, dict):
        return json.dumps(value)
    pairs = []
    for name, member in value.items():
        pair = f"{json.dumps(name)}: {written(member, double, first, (*path, name))}"
        pairs += [f"{json.dumps(name)}: {first}" if first else pair] * ((*path, name) == double) + [pair]
    return "{" + ", ".join(pairs) + "}"


@pytest.mark.parametrize("first", [None, "null"])
def test_strict_tells_of_every_member_that_is_there_twice(thole, bundle, first):
    """Alike or not: the last one counts, and nobody may be left to think otherwise."""
    made = bundle("/bin/true")
    missing = []
    for path in paths(COMPLETE):
        pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
        if pointer.startswith(FOREIGN) or (first and pointer.startswith(MAPS)):  # null there is no entry
            continue
        with open(os.path.join(made.path, "config.json"), "w", encoding="utf-8") as target:
            target.write(written(COMPLETE, path, first))
        result = thole("validate", "--strict", made.path)
        if result.code == 0 or f"note: {pointer}: is there twice, the last one counts" not in result.out:
            missing.append(pointer)
    assert not missing
