# SPDX-License-Identifier: Apache-2.0
"""What a reader must know of the machine to judge a result."""
import os
import shlex
import sys
import time


def _first(path, prefix):
    try:
        with open(path, encoding="utf-8") as lines:
            return next(line for line in lines if line.startswith(prefix))
    except (OSError, StopIteration):
        return prefix + ":unknown"


def load():
    return f"{os.getloadavg()[0]:.2f}"


def _command():
    """This program's, without the folders of files; in a guest the one that was called outside."""
    if os.environ.get("THOLE_BENCH_COMMAND"):
        return os.environ["THOLE_BENCH_COMMAND"]
    words = [os.path.relpath(sys.argv[0])] + [
        "=".join(map(os.path.basename, word.split("="))) for word in sys.argv[1:]]
    return shlex.join(words)


def gather(load_before, versions):
    """A dict for the results; the load average is taken once more."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "command": _command(),
        "processor": _first("/proc/cpuinfo", "model name").split(":", 1)[1].strip(),
        "processors": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        "kernel": os.uname().release,
        "system": _first("/etc/os-release", "PRETTY_NAME").split("=")[-1].strip().strip('"'),
        "load_before": load_before,
        "load_after": load(),
        "versions": versions,
    }
