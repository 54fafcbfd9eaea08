# SPDX-License-Identifier: Apache-2.0
"""The members of config.json, as docs/config-support.md lists them out of the tables of oci-spec/."""
import copy
import os
import re

from harness.machine import TOP

ROW = re.compile(r"^\| `(/[^`]+)` \| (a string|a list of strings|a list of numbers|a list of objects|"
                 r"a number|an object of strings|an object of objects|an object|true or false)"
                 r"(?: from (-?\d+) to (\d+))?(: [^|]*)?")
# Objects in which a star is a name.
MAPS = ("/annotations", "/linux/sysctl", "/linux/netDevices", "/linux/resources/rdma",
        "/linux/resources/unified")


def rows():
    """(pointer with stars, kind, least, most, accepted words) of each member."""
    with open(os.path.join(TOP, "docs/config-support.md"), encoding="utf-8") as source:
        text = source.read()
    last = "`/linux/memoryPolicy/flags`"
    for line in text[:text.index("\n", text.index(last))].splitlines():
        row = ROW.match(line)
        if row:
            pointer, kind, least, most, words = row.groups()
            yield (pointer, kind, None if least is None else int(least), None if most is None else int(most),
                   re.sub(r", required.*", "", words[2:]).strip().split(", ") if words else [])


def put(config, pointer, value, templates=None):
    """Sets a member, with an element for each star; returns the pointer it has then. `templates`: what
    else the objects on the way have, by their pointers with stars."""
    at, real, starred, parts = config, "", "", pointer.strip("/").split("/")
    for part, behind in zip(parts, parts[1:] + [None]):
        starred += "/" + part
        if part == "*":
            part = 0 if isinstance(at, list) else "key"
        real += f"/{part}"
        new = value if behind is None else [] if behind == "*" and real not in MAPS else \
            copy.deepcopy((templates or {}).get(starred, {}))
        if isinstance(at, list):
            at[:] = at[:1] or [None]
        if behind is None or isinstance(at, list) or part not in at or behind == "*":
            at[part] = new
        at = at[part]
    return real
