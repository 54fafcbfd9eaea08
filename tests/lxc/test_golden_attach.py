# SPDX-License-Identifier: Apache-2.0
"""lxc-attach beside Debian's, on containers that each has started: output and exit statuses are the same."""
import os

import pytest

pytestmark = pytest.mark.needs(root=True)

IDS = ("/bin/sh", "-c", "awk '/^[UG]id/{print $2}' /proc/self/status")
NAMESPACES = ("/bin/sh", "-c", "cd /proc/self/ns && for n in ipc mnt net uts; do "
              "test $(readlink $n) = $(readlink /proc/1/ns/$n) && echo $n; done; true")
CALLER = {"PATH": "/usr/bin:/bin", "LANG": "xx_YY", "MINE": "1"}
CASES = [
    ("--", "/bin/echo", "a b"), ("--", "/bin/hostname"), ("--", *IDS), ("-u", "1000", "--", *IDS),
    ("-g", "7", "--", *IDS), ("-u", "1000", "-g", "7", "--", *IDS), ("--", "/bin/sh", "-c", "exit 42"),
    ("--", "/bin/sh", "-c", "kill -TERM $$"), ("--", "/bin/sh", "-c", "kill -KILL $$"), ("--", "/no/such"),
    ("--", "no-such"), ("--", "/etc"), ("-u", "no-such-user", "--", "/bin/true"),
    ("-a", "i686", "--", "/bin/uname", "-m"),
    ("-a", "pdp11", "--", "/bin/true"), ("-s", "NOTHING", "--", "/bin/true"), ("-e", "--", "/bin/pwd"),
    ("-s", "MOUNT|PID", "--", "/bin/pwd"), ("--", *NAMESPACES), ("--clear-env", "-v", "A=b", "--", "/usr/bin/env"),
    ("--clear-env", "--keep-var", "MINE", "--", "/usr/bin/env"), ("--keep-env", "--", "/usr/bin/env"),
    ("--no-such-option",), ("-eNOTHING", "--", "/bin/true"),
]


def comparable(result):
    """Without what differs on purpose: HOME, and messages."""
    lines = [line for line in result.out.splitlines()
             if not line.startswith(("HOME=", "SHLVL=", "PWD=", "LC_CTYPE="))]
    return result.code, sorted(lines)


def test_as_debians(lxc, debian, busybox_rootfs, folder):
    os.chmod(folder, 0o755)
    faces = []
    for face in (lxc, debian):
        rootfs = busybox_rootfs(f"{folder}/rootfs-{len(faces)}")
        name = face.define(["lxc.uts.name = golden", "lxc.init.cmd = /bin/sleep 1000", "lxc.net.0.type = empty",
                            "lxc.mount.auto = proc"], rootfs=rootfs)
        face("start", "-n", name).ok()
        faces.append((face, name))
    differing = []
    for words in CASES:
        mine, theirs = (comparable(face("attach", "-n", name, *words, env=CALLER, cwd="/tmp"))
                        for face, name in faces)
        if mine != theirs:
            differing.append((words, mine, theirs))
    for face, name in faces:
        face("stop", "-n", name, "-k").ok()
        ended = face("attach", "-n", name, "--", "/bin/true")
        assert ended.code == 1 and ended.out == ""
    assert differing == []
