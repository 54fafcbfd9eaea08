# SPDX-License-Identifier: Apache-2.0
"""Where /proc/self/cgroup says that a process is, it finds itself below /sys/fs/cgroup."""
import json
import os

import pytest

from harness.bundle import cgroup_mount

# One line for each hierarchy: "ID:CONTROLLERS:PATH", then mountinfo of all cgroup filesystems, then
# each directory in which this process is listed.
LOOK = ("cat /proc/self/cgroup; echo; grep -E ' - cgroup2? ' /proc/self/mountinfo; echo;"
        "find /sys/fs/cgroup -name cgroup.procs -exec grep -lx $$ {} + 2>/dev/null; echo;"
        "mkdir $(dirname $(find /sys/fs/cgroup -name cgroup.procs -exec grep -lx $$ {} + | head -1))"
        "/below 2>/dev/null && echo writable")


def mounted_below(mounts, controllers):
    """(mount point, root) of the hierarchy with these controllers, "" being v2."""
    for line in mounts:
        words = line.split()
        dash = words.index("-")
        kind, options = words[dash + 1], words[dash + 3].split(",")
        wanted = controllers.split(",")
        if (kind == "cgroup2") if not controllers else all(name in options for name in wanted):
            return words[4], words[3]
    return None


@pytest.mark.parametrize("access", ["ro", "rw"])
@pytest.mark.parametrize("in_user_namespace", [False, True], ids=["", "userns"])
@pytest.mark.parametrize("own", [False, True], ids=["host-cgroupns", "own-cgroupns"])
def test_path_of_proc_self_cgroup_exists(thole, bundle, own, in_user_namespace, access):
    made = bundle("/bin/sh", "-c", LOOK)
    made.without_namespace("cgroup")
    if own:
        made.namespace("cgroup")
    if in_user_namespace:
        made.user_namespace()
    entry = cgroup_mount()
    entry["options"][-1] = access
    made.config["mounts"].append(entry)
    lines, mounts, found, writable = [part.split("\n") for part in
                                      thole.run(made).out.split("\n\n")[:3]] + [None]
    checked = 0
    for line in lines:
        _, controllers, path = line.split(":", 2)
        mounted = mounted_below(mounts, controllers)
        if mounted is None:
            continue
        point, root = mounted
        if not controllers:  # v2: as it stands there; v1: as mountinfo says where that lies
            root = "/"
        inside = os.path.normpath(point + "/" + os.path.relpath(path, root))
        assert inside + "/cgroup.procs" in found, (line, mounted, found)
        checked += 1
    assert checked == len([line for line in lines if mounted_below(mounts, line.split(":")[1])]) > 0
    assert mounted_below(mounts, ""), "the v2 hierarchy is not mounted"


@pytest.mark.parametrize("access", ["ro", "rw"])
@pytest.mark.parametrize("own", [False, True], ids=["host-cgroupns", "own-cgroupns"])
def test_access_is_what_is_asked_for(thole, bundle, own, access):
    made = bundle("/bin/sh", "-c", "grep -E ' - cgroup2? ' /proc/self/mountinfo")
    made.without_namespace("cgroup")
    if own:
        made.namespace("cgroup")
    entry = cgroup_mount()
    entry["options"][-1] = access
    made.config["mounts"].append(entry)
    lines = thole.run(made).ok().out.splitlines()
    assert lines and all(line.split()[5].split(",")[0] == access for line in lines)


def test_host_namespace_sees_the_whole_hierarchy(thole, bundle):
    made = bundle("/bin/sh", "-c", "test -d /sys/fs/cgroup/unified && cd /sys/fs/cgroup/unified"
                  " || cd /sys/fs/cgroup; ls -d */ | sort")
    made.without_namespace("cgroup")
    made.config["mounts"].append(cgroup_mount())
    assert "thole-test/" in thole.run(made).ok().out.split()


def test_unknown_options_are_reported(thole, bundle):
    made = bundle("/bin/true")
    entry = cgroup_mount()
    entry["options"] += ["nonsense", "size=1m"]
    made.config["mounts"].append(entry)
    result = thole.run(made).ok()
    for word in ("nonsense", "size"):
        assert f"/mounts/6: option {word} has no effect on a cgroup mount" in result.err
    assert "option ro" not in result.err
    found = json.dumps(thole("plan", made.path).ok().out)
    assert "nonsense" in found
