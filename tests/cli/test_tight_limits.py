# SPDX-License-Identifier: Apache-2.0
"""Limits of the program are the program's alone: what is done before it runs needs more, and gets it."""
import resource

import pytest

from harness.callers import cases

# What each could hit: look-ups of passwd and the program, files, hooks, memory.
TITLES = {"NOFILE": "open files", "FSIZE": "file size", "NPROC": "processes", "STACK": "stack size",
          "MEMLOCK": "locked memory", "MSGQUEUE": "msgqueue size", "SIGPENDING": "pending signals"}
NONE = {kind: 65536 if kind == "STACK" else 0 for kind in TITLES}


def rlimits(limits):
    return [{"type": "RLIMIT_" + kind, "soft": value, "hard": value} for kind, value in limits.items()]


def limit_of(pid, title):
    """Soft and hard limit, as /proc has them."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as source:
        line, = (line for line in source if line.startswith("Max " + title + " "))
    return line[len("Max " + title):].split()[:2]


def entered(container):
    """The pid of a process that exec starts and leaves inside."""
    path = container.bundle.path + "/entered"
    container.exec("/bin/sleep", "1000", options=("--detach", "--pid-file", path)).ok()
    with open(path, encoding="ascii") as source:
        return int(source.read())


@pytest.mark.parametrize("limits", [NONE, *({"NOFILE": number} for number in (3, 12, 17))], ids=str)
@cases()
def test_init_and_exec(case, limits):
    container = case.sleeper(rlimits=rlimits(limits), env=["PATH=/bin"])
    for pid in (container.pid, entered(container)):
        assert {kind: limit_of(pid, TITLES[kind]) for kind in limits} == \
            {kind: [str(value)] * 2 for kind, value in limits.items()}


@pytest.mark.parametrize("uid", [0, 1000])
def test_with_hooks(thole, bundle, uid):
    """Of each kind, as root and as a user: status and output are the program's."""
    made = bundle("/bin/sh", "-c", "echo said; exit 3", rlimits=rlimits({"NOFILE": 10, "NPROC": 0, "STACK": 65536}),
                  user={"uid": uid, "gid": uid}, env=["PATH=/bin"])
    made.config["hooks"] = {stage: [{"path": "/bin/true"}] for stage in (
        "createRuntime", "createContainer", "startContainer", "poststart", "poststop")}
    result = thole.run(made)
    assert (result.code, result.out, result.err) == (3, "said\n", "")


def test_a_limit_between_is_exact(thole, bundle):
    """Soft and hard, above and below what the caller has."""
    def limited():
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))

    made = bundle("/bin/sh", "-c", "ulimit -Sn; ulimit -Hn")
    for soft, hard in ((100, 150), (100, 300), (250, 300), (200, 300), (300, 300)):
        made.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": soft, "hard": hard}]
        assert thole.run(made, preexec_fn=limited).ok().out.split() == [str(soft), str(hard)]
