# SPDX-License-Identifier: Apache-2.0
"""What a process of a container is, told from outside; and what a command may not leave behind."""
import difflib
import os
import re
import time

from harness import machine, traces

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
STATUS = re.compile(r"^(Umask|Uid|Gid|Groups|NoNewPrivs|Seccomp|Seccomp_filters|Cap...|SigBlk"
                    r"|SigIgn|Cpus_allowed|NSpid|NSsid):\s*(.*)$", re.MULTILINE)
LIMITS = ("pids.max", "memory.limit_in_bytes", "cpu.shares", "devices.list", "hugetlb.2MB.max")


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as source:
        return source.read()


def _fds(pid):
    """(number, what it is), without what differs from one file of the kind to the next."""
    found = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        link = os.readlink(f"/proc/{pid}/fd/{number}")
        kind = re.sub(r"/pts/\d+( \(deleted\))?|:\[\d+\]|/var/tmp/\S+|/tmp/\S+|#\d+"
                      r"|\d+ \(deleted\)", "", link)
        found.append((min(int(number), 3), kind))
    return sorted(found)


def _mounts(pid):
    """Without the numbers of mounts, devices and peer groups, and without their order."""
    lines = []
    for fields in machine.mount_lines(pid):
        line = " ".join(re.sub(r":\d+$", "", field) for field in fields[3:])
        lines.append(re.sub(r"^\S+ /dev/console \S+", "PTY /dev/console", line))
    return sorted(lines)


def _limits(pid):
    found = []
    for name, (where, _) in sorted(machine.controllers().items()):
        folder = where + machine.cgroup_path(pid, name)
        for file in LIMITS:
            if os.path.exists(os.path.join(folder, file)):
                found.append((file, _read(os.path.join(folder, file))))
    return found


def facts(pid, name):
    """All that matters of a process of the container `name`; two that are alike are equal."""
    process = f"/proc/{pid}"
    status = dict(STATUS.findall(_read(process + "/status")))
    status["NSpid"] = status["NSpid"].split()[1:]   # as the container sees it
    status["NSsid"] = status["NSsid"].split()[1:]
    found = {
        "status": status,
        "limits": _read(process + "/limits"),
        "oom": _read(process + "/oom_score_adj"),
        "cgroups": _read(process + "/cgroup"),
        "cgroup limits": _limits(pid),
        "own namespaces": [kind for kind in NAMESPACES if os.readlink(f"{process}/ns/{kind}")
                           != os.readlink(f"/proc/self/ns/{kind}")],
        "ids": [_read(f"{process}/{kind}_map") for kind in ("uid", "gid")],
        "setgroups": _read(process + "/setgroups"),
        "mounts": _mounts(pid),
        "root": os.readlink(process + "/root"),
        "cwd": os.readlink(process + "/cwd"),
        "environment": _read(process + "/environ").strip("\0").replace("\0", "\n"),
        "arguments": _read(process + "/cmdline").strip("\0").replace("\0", "\n"),
        "personality": _read(process + "/personality"),
        "descriptors": _fds(pid),
    }
    return {key: eval(repr(value).replace(name, "NAME")) for key, value in found.items()}


def _lines(value):
    if isinstance(value, dict):
        value = sorted(value.items())
    return [str(item) for item in value] if isinstance(value, list) else str(value).splitlines()


def differences(got, wanted):
    """Lines for each fact that is not as wanted."""
    lines = []
    for key in wanted:
        if got.get(key) == wanted[key]:
            continue
        here, there = _lines(got.get(key)), _lines(wanted[key])
        lines += [f"{key}: {line}" for line in difflib.unified_diff(there, here, n=0, lineterm="")
                  if not line.startswith(("---", "+++", "@@"))]
    return lines


# ---- what is left -------------------------------------------------------------------------------

def children(pid):
    """Living processes beneath that one."""
    found = [pid]
    for one in found:
        try:
            found += [int(word) for word in _read(f"/proc/{one}/task/{one}/children").split()]
        except OSError:
            pass
    return [one for one in found[1:] if alive(one)]


def alive(pid):
    try:
        return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def waits(pid):
    """Whether it sleeps in poll(2)."""
    try:
        return "poll" in _read(f"/proc/{pid}/wchan")
    except OSError:
        return False


def parent(pid):
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1]


def processes():
    """All that are not the tests' own."""
    return [pid for pid in children(traces.keeper()) if pid != os.getpid()]


def cgroups(name):
    found = {os.path.join(where, path) for where, _ in machine.controllers().values()
             for path in (f"thole-test/{name}", f"system.slice/thole-{name}.scope")}
    return sorted(path for path in found if os.path.isdir(path))


def keyrings(name):
    """Those called as the container that are in use: the kernel collects the others."""
    lines = [line for line in _read("/proc/keys").splitlines() if f" {name}: " in line]
    return [line for line in lines if int(line.split()[2]) > 1]


def leftovers(runtime, name, expected=(), patience=3):
    """One line for each thing of the container that is there; `expected` are pids that may be."""
    end = time.monotonic() + patience
    while True:
        lines = [f"process {pid} ({traces.command_line(pid)}) is left" for pid in processes()
                 if pid not in expected]
        lines += [f"cgroup {path} is left" for path in cgroups(name)]
        lines += [f"keyring {line} is left" for line in keyrings(name)]
        lines += [f"mount {path} is left" for path in traces.mounts_of(runtime.folder)]
        if os.path.lexists(os.path.join(runtime.root, name)):
            lines.append(f"state directory {name} is left")
        if not lines or time.monotonic() > end:
            return lines
        time.sleep(0.002)
