# SPDX-License-Identifier: Apache-2.0
"""Finds what a container left behind: processes, cgroups, mounts, files."""
import contextlib
import os
import signal
import time

from harness import machine

_keeper = None


def processes():
    """Pids of all processes there are."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def keep_orphans():
    """Splits this process in two: the parent stays behind as the keeper, the child returns.

    The keeper is the subreaper of all that follows, as conmon and containerd's shim are: containers
    whose runtime has ended become its children, and it collects their zombies at once. Without it a
    pid namespace whose processes were started by exec could never end.
    """
    global _keeper
    _keeper = os.getpid()
    if not os.path.exists(f"/proc/self/task/{_keeper}/children"):
        raise SystemExit("the tests need a kernel with CONFIG_PROC_CHILDREN: nothing else tells what is left")
    child = os.fork()
    if child == 0:
        machine.die_with_parent()
        keeper()
        signal.signal(signal.SIGTERM, _interrupt)
        return
    machine.become_subreaper()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pid, status = os.wait()
        if pid == child:
            for left in below(os.getpid()):
                os.kill(left, signal.SIGKILL)
            os._exit(os.waitstatus_to_exitcode(status) % 256)


def _interrupt(_number, _frame):
    raise KeyboardInterrupt


def keeper():
    """Pid of the keeper. Without it this process ends: whose children the rest are is unknown."""
    if os.getppid() != _keeper:
        os._exit(1)
    return _keeper


def children(pid):
    """Pids of its children, those that have ended and are not collected yet included."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as source:
                found += [int(word) for word in source.read().split()]
    except OSError:  # it is gone
        pass
    return found


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def below(top):
    """Living processes whose ancestor is `top`, parents before children."""
    for _ in range(2):  # the children of one that ends meanwhile go to another parent
        found = [top]
        for pid in found:
            found += children(pid)
        living = [pid for pid in found[1:] if lives(pid)]
        if living or len(found) == 1:
            break
    return living


def descendants():
    """Living processes of the tests but for the test process itself."""
    return [pid for pid in below(keeper()) if pid != os.getpid()]


@contextlib.contextmanager
def keeper_asleep():
    """Within it nobody collects zombies of orphans."""
    os.kill(keeper(), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(keeper(), signal.SIGCONT)


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as source:
            return source.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def mark():
    """What only the names of this test session's containers and cgroups begin with."""
    return f"thole-test-{os.getpid()}-"


def directories(top):
    """All beneath `top`, parents first. The number of links tells which have none: reading a cgroup
    means listing all of its files."""
    found = [top]
    for path in found:
        try:
            if os.stat(path).st_nlink != 2:
                found += [entry.path for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
        except OSError:  # it is gone
            pass
    return found


def own_cgroups():
    """Cgroup directories that this session's tests made, deepest first: whatever else a host has,
    also by the name of a container, is none of the tests' business."""
    own = mark()
    return [path for where in sorted({mounted for mounted, _ in machine.controllers().values()})
            for path in reversed(directories(where)) if own in path]


def mounts_of(folder):
    return [line[4] for line in machine.mount_lines() if line[4].startswith(folder + "/")]


def leftovers(root, folder):
    """One line for each thing that is still there; all of it is then removed."""
    complaints = []
    end = time.monotonic() + 3 * machine.PATIENCE
    while descendants() and time.monotonic() < end:
        time.sleep(0.005)
    for pid in descendants():
        complaints.append(f"process {pid} is left: {command_line(pid)}")
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    while descendants():
        time.sleep(0.005)
    for directory in own_cgroups():
        complaints.append(f"cgroup is left: {directory}")
        try:
            os.rmdir(directory)
        except OSError:
            pass
    for mount in mounts_of(folder):
        complaints.append(f"mount is left: {mount}")
        os.system(f"umount -l '{mount}'")
    if os.path.isdir(root):
        # A name with a dot in front is no container: the cache of compiled seccomp filters.
        complaints += [f"state directory is left: {root}/{name}" for name in os.listdir(root)
                       if not name.startswith(".")]
    return complaints
