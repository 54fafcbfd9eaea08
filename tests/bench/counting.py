# SPDX-License-Identifier: Apache-2.0
"""System calls and instructions of one command with all that it starts."""
import os
import re
import shutil
import subprocess

TIMEOUT = 60
TOLD_APART = ("execve", "execveat", "clone", "clone3", "vfork", "fork")


def count(words, place, note):
    """{"system_calls": N, "by_name": {...}, "instructions": N}; what is unknown is missing."""
    result = {}
    for name, counter in (("system calls", _system_calls), ("instructions", _instructions)):
        try:
            result.update(counter(words, place))
        except (LookupError, subprocess.TimeoutExpired, ValueError) as problem:
            note(f"{name}: {problem}")
    return result


def _run(words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=TIMEOUT, check=False)


def _system_calls(words, place):
    if not shutil.which("strace"):
        raise LookupError("strace is not installed")
    table = os.path.join(place.folder, "strace")
    done = _run(["strace", "-f", "-c", "-o", table, *words])
    if done.returncode != 0:
        raise LookupError(f"strace of {words[0]}: {done.stderr.strip()}")
    names = {}
    with open(table, encoding="ascii", errors="replace") as lines:
        for line in lines:
            fields = line.split()
            if len(fields) in (5, 6) and fields[3].isdigit():
                names[fields[-1]] = int(fields[3])
    total = names.pop("total")
    return {"system_calls": total, "by_name": names,
            "execs": sum(names.get(name, 0) for name in TOLD_APART[:2]),
            "processes": sum(names.get(name, 0) for name in TOLD_APART[2:])}


def _instructions(words, place):
    """By the processor's counter; where there is none by callgrind, which only follows commands
    that make no container: it lacks the system calls for that."""
    if shutil.which("perf"):
        done = _run(["perf", "stat", "-x", ",", "-e", "instructions:u", *words])
        for line in done.stderr.split("\n"):
            fields = line.split(",")
            if len(fields) > 2 and "instructions" in line and fields[0].isdigit():
                return {"instructions": int(fields[0])}
    if not shutil.which("valgrind"):
        raise LookupError("this machine counts none for perf, and valgrind is not installed")
    if not {"list", "state"} & set(words):
        raise LookupError("this machine counts none for perf, and valgrind cannot follow a "
                          "container's start")
    done = _run(["valgrind", "--tool=callgrind",
                 f"--callgrind-out-file={place.folder}/callgrind.%p", *words])
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise LookupError(f"valgrind cannot run {os.path.basename(words[0])}")
    return {"instructions": int(found.group(1))}
