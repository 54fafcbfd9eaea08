# SPDX-License-Identifier: Apache-2.0
"""config.md: resource limits."""
import resource

import pytest

from sentences import sentence

LIMITS = ("config.md", "POSIX process")

# getrlimit(2), and how /proc/PID/limits calls it; a value below what is usual.
KNOWN = {
    "RLIMIT_AS": ("Max address space", 1 << 45), "RLIMIT_CORE": ("Max core file size", 4096),
    "RLIMIT_CPU": ("Max cpu time", 7000), "RLIMIT_DATA": ("Max data size", 1 << 44),
    "RLIMIT_FSIZE": ("Max file size", 1 << 43), "RLIMIT_LOCKS": ("Max file locks", 900),
    "RLIMIT_MEMLOCK": ("Max locked memory", 40960),
    "RLIMIT_MSGQUEUE": ("Max msgqueue size", 400000), "RLIMIT_NICE": ("Max nice priority", 0),
    "RLIMIT_NOFILE": ("Max open files", 512), "RLIMIT_NPROC": ("Max processes", 700),
    "RLIMIT_RSS": ("Max resident set", 1 << 42), "RLIMIT_RTPRIO": ("Max realtime priority", 0),
    "RLIMIT_RTTIME": ("Max realtime timeout", 5000000),
    "RLIMIT_SIGPENDING": ("Max pending signals", 600), "RLIMIT_STACK": ("Max stack size", 4 << 20),
}


def limits_inside(runtime, made):
    """{name of /proc/PID/limits: (soft, hard)} of the program; None: unlimited."""
    lines = runtime.shell(made, "cat /proc/self/limits").splitlines()[1:]
    values = {line[:26].strip(): line[26:].split()[:2] for line in lines}
    return {name: tuple(None if word == "unlimited" else int(word) for word in pair)
            for name, pair in values.items()}


@sentence(*LIMITS, "rlimits (array of objects, OPTIONAL) allows setting resource limits for the process")
@sentence(*LIMITS, "type (string, REQUIRED) the platform resource being limited")
@sentence(*LIMITS, "Linux: valid values are defined in the getrlimit(2) man page")
@sentence(*LIMITS, "For each entry in rlimits, a getrlimit(3) on type MUST succeed",
          note="read from /proc/self/limits inside")
@sentence(*LIMITS, "soft (uint64, REQUIRED) the value of the limit enforced for the corresponding resource")
@sentence(*LIMITS, "rlim.rlim_cur MUST match the configured value")
@sentence(*LIMITS, "hard (uint64, REQUIRED) the ceiling for the soft limit that could be set by an "
          "unprivileged process")
@sentence(*LIMITS, "rlim.rlim_max MUST match the configured value")
def test_every_limit(runtime, bundle):
    wanted, entries = {}, []
    for kind, (name, value) in KNOWN.items():
        own = getattr(resource, kind, None)
        most = resource.getrlimit(own)[1] if own is not None else resource.RLIM_INFINITY
        hard = value if most == resource.RLIM_INFINITY else min(value, most)
        soft = hard - hard // 4
        wanted[name] = (soft, hard)
        entries.append({"type": kind, "soft": soft, "hard": hard})
    assert limits_inside(runtime, bundle(rlimits=entries)) == wanted


@sentence(*LIMITS, "rlimits (array of objects, OPTIONAL) allows setting resource limits for the process")
def test_one_limit_alone(runtime, bundle):
    usual = limits_inside(runtime, bundle(rlimits=[]))
    limited = bundle(rlimits=[{"type": "RLIMIT_FSIZE", "soft": 5 << 20, "hard": 6 << 20}])
    assert limits_inside(runtime, limited) == {**usual, "Max file size": (5 << 20, 6 << 20)}


@sentence(*LIMITS, "soft (uint64, REQUIRED) the value of the limit enforced for the corresponding resource")
def test_the_soft_limit_is_enforced(runtime, bundle):
    made = bundle(rlimits=[{"type": "RLIMIT_FSIZE", "soft": 4096, "hard": 8192}])
    runtime.shell(made, "head -c 9000 /dev/zero >/big 2>/dev/null; true")
    assert len(made.read("/big")) == 4096


@sentence(*LIMITS, "The runtime MUST generate an error for any values which cannot be mapped to a relevant "
          "kernel interface")
@pytest.mark.parametrize("kind", ["RLIMIT_BOGUS", "NOFILE", "rlimit_nofile", "RLIMIT_NOFILES", ""])
def test_unknown_type(runtime, bundle, kind):
    runtime.refuses(bundle(rlimits=[{"type": kind, "soft": 5, "hard": 5}]), late=True)


@pytest.mark.parametrize("member", [
    pytest.param("type", marks=sentence(*LIMITS, "type (string, REQUIRED) the platform resource")),
    pytest.param("soft", marks=sentence(*LIMITS, "soft (uint64, REQUIRED) the value of the limit")),
    pytest.param("hard", marks=sentence(*LIMITS, "hard (uint64, REQUIRED) the ceiling for"))])
def test_entry_is_complete(runtime, bundle, member):
    entry = {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}
    del entry[member]
    runtime.refuses(bundle(rlimits=[entry]), late=True)


@sentence(*LIMITS, "If rlimits contains duplicated entries with same type, the runtime MUST generate an error")
@pytest.mark.parametrize("soft", [100, 200], ids=["equal", "different"])
def test_duplicates(runtime, bundle, soft):
    made = bundle(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 300},
                           {"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
                           {"type": "RLIMIT_NOFILE", "soft": soft, "hard": 300}])
    runtime.refuses(made, late=True)
