# SPDX-License-Identifier: Apache-2.0
"""Where the benchmark works: its folder, compiled programs, root file system and parent cgroup."""
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import bundle, machine  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
VIEW = os.path.join(machine.TOP, "tests", "cli", "v2-view")
SKIP = 77
TRUE = "/bin/static-true"
PROGRAMS = ("floor", "spawn", "true")
MS_BIND = 4096
MNT_DETACH = 2
# Made by LXC at the top of the hierarchy and left there.
FOREIGN_CGROUP = "lxc.pivot"


def provide(name, target):
    """The program of tests/bench/NAME.c: compiled, or the one in $THOLE_TEST_PROGRAMS, a folder of
    ready ones for machines without a compiler."""
    ready = os.environ.get("THOLE_TEST_PROGRAMS")
    if ready:
        shutil.copy(os.path.join(ready, name), target)
        return
    source = os.path.join(HERE, name + ".c")
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O2", "-static", "-o",
                    target, source], check=True)


class Workplace:
    """A context: everything in it is gone at its end, however that comes."""

    def __init__(self, device_rules=True):
        self.device_rules = device_rules
        # Short: Podman's folders lie beneath, and it allows 50 characters.
        self.folder = f"/var/tmp/bench.{os.getpid()}"
        # Where runtimes keep their state: in memory, as /run is on most machines.
        self.state = f"{_memory_folder()}/bench.{os.getpid()}"
        self.cgroup = "/thole-bench-" + str(os.getpid())
        self.foreign = [path for path in self._foreign_cgroups() if not os.path.exists(path)]

    def __enter__(self):
        os.mkdir(self.folder, 0o711)
        try:
            os.mkdir(self.state, 0o711)
            self.rootfs = os.path.join(self.folder, "rootfs")
            bundle.make_rootfs(self.rootfs)
            for name in PROGRAMS:
                provide(name, self.program(name))
            shutil.copy(self.program("true"), self.rootfs + TRUE)
            if machine.layout() == "unified":
                os.makedirs("/sys/fs/cgroup" + self.cgroup)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for where in self._mount_points():
            self.remove_cgroup(where + self.cgroup)
        for path in self.foreign:
            if os.path.isdir(path):
                self.remove_cgroup(path)
        subprocess.run(["rm", "-rf", "--one-file-system", self.folder, self.state], check=False)

    def program(self, name):
        """Path of one of the compiled programs."""
        return os.path.join(self.folder, name)

    def make_folder(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(path, exist_ok=True)
        return path

    def file(self, name, text=""):
        path = os.path.join(self.folder, name)
        write(path, text)
        return path

    @staticmethod
    def _mount_points():
        return sorted({where for where, _ in machine.controllers().values()})

    def _foreign_cgroups(self):
        return [os.path.join(where, FOREIGN_CGROUP) for where in self._mount_points()]

    @staticmethod
    def remove_cgroup(top):
        """Ends the processes in the cgroup and beneath, and removes it."""
        for directory, _, _ in os.walk(top, topdown=False):
            for _ in range(100):
                for pid in _processes(directory):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                try:
                    os.rmdir(directory)
                    break
                except OSError:
                    time.sleep(0.01)


def _memory_folder():
    """A folder on tmpfs, or /run whatever it is."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        found = {line.split()[1]: line.split()[2] for line in mounts}
    return next((path for path in ("/run", "/dev/shm") if found.get(path) == "tmpfs"), "/run")


def _processes(cgroup):
    try:
        with open(cgroup + "/cgroup.procs", encoding="ascii") as pids:
            return [int(pid) for pid in pids.read().split() if pid != "0"]
    except OSError:
        return []


@contextlib.contextmanager
def mounts(place, count):
    """So many mounts more in this mount namespace, as machines with many containers have them."""
    if not count:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    top = place.make_folder("mounts").encode()
    _must(libc.mount(b"bench", top, b"tmpfs", 0, None))
    try:
        for number in range(count - 1):
            path = top + b"/%d" % number
            os.mkdir(path)
            _must(libc.mount(path, path, None, MS_BIND, None))
        yield
    finally:
        _must(libc.umount2(top, MNT_DETACH))


def _must(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def enter_view():
    """Runs this program once more in a cgroup v2 view, unless it is in one."""
    if machine.layout() != "unified":
        os.execv(VIEW, [VIEW, sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]])


def write(path, text):
    with open(path, "w", encoding="utf-8") as target:
        target.write(text)


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def forget(folders):
    """Removes folders as far as they exist."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
