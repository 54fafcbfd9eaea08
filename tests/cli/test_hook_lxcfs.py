# SPDX-License-Identifier: Apache-2.0
"""contrib/hooks/lxcfs: a container sees its limits in /proc and /sys, whichever runtime makes it."""
import os
import shutil
import subprocess

import pytest

from harness import mountinfo, oci_hooks
from harness.runtime import Process, until

MEMORY = 64 << 20
FILES = ("/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/stat",
         "/proc/swaps", "/proc/uptime", "/sys/devices/system/cpu/online")


class Lxcfs:
    """lxcfs in a mount namespace of its own, which the runtimes are run in: the host sees nothing."""

    def __init__(self, folder):
        self.mounted = os.path.join(folder, "lxcfs")
        os.mkdir(self.mounted)
        self.process = Process(
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
             f"mount -t tmpfs tmpfs /run; exec lxcfs -f -p /run/lxcfs.pid {self.mounted}"])
        until(self.is_ready, 60, "lxcfs")

    def is_ready(self):
        assert self.process.popen.poll() is None, self.process.errors()
        with open(f"/proc/{self.process.pid}/mountinfo", encoding="utf-8") as mounts:
            return self.mounted in mountinfo.parse(mounts.read())

    def prefix(self):
        return ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt"]

    def read(self, name):
        return subprocess.run([*self.prefix(), "cat", self.mounted + name], capture_output=True,
                              text=True, check=True).stdout

    def end(self):
        self.process.popen.terminate()
        self.process.wait()


@pytest.fixture
def lxcfs(folder):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if not shutil.which("lxcfs"):
        pytest.skip("needs the program lxcfs")
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        pytest.skip(f"needs /dev/fuse: {error.strerror}")
    running = Lxcfs(folder)
    yield running
    running.end()


@pytest.fixture(params=oci_hooks.RUNTIMES)
def runtime(request, lxcfs, folder):
    made = oci_hooks.runtime(request.param, folder)
    own = made.prefix
    made.prefix = lxcfs.prefix() + own
    yield made
    lxcfs.end()
    made.prefix = own
    complaints = made.clean_up()
    assert request.param != "thole" or not complaints, "\n".join(complaints)


@pytest.fixture
def asking(bundle, lxcfs):
    """asking(SCRIPT): a bundle with the hook, whose program is the script."""
    def make(script="cat /proc/self/mountinfo"):
        made = bundle("/bin/sh", "-c", script)
        oci_hooks.hook(made, "createContainer", oci_hooks.path("lxcfs"), "--lxcfs", lxcfs.mounted)
        return made

    return make


def covered(mounts):
    return {point for point, mount in mounts.items() if mount.type == "fuse.lxcfs"}


def test_every_file_of_lxcfs_is_there(runtime, asking):
    mounts = mountinfo.parse(runtime.run(asking()).ok().out)
    assert set(FILES) <= covered(mounts)
    for point in covered(mounts):
        assert {"ro", "nosuid", "nodev", "noexec"} <= mounts[point].options, point


@pytest.mark.needs(controller=["memory", "cpuset"])
def test_free_and_nproc_agree_with_the_limits(runtime, asking):
    """The host's procps and coreutils tell the limit of memory and processors."""
    if runtime.prefix[-1] == oci_hooks.V2_VIEW:
        pytest.skip("needs the memory controller in cgroup v2 for this runtime")
    made = asking("/usr/bin/free --kibi | sed -n 's/^Mem: *//p'; grep MemTotal /proc/meminfo; "
                  "/usr/bin/nproc; grep -c ^processor /proc/cpuinfo; "
                  "cat /sys/devices/system/cpu/online; /usr/bin/uptime -p")
    # busybox's free asks the kernel by system call.
    for name in ("/usr", "/lib", "/lib64"):
        if os.path.isdir(name):
            made.mount(name, os.path.realpath(name), "bind", ["rbind", "ro"])
    made.resources["memory"] = {"limit": MEMORY}
    made.resources["cpu"] = {"cpus": "0"}
    lines = runtime.run(made).ok().out.splitlines()
    assert int(lines[0].split()[0]) == MEMORY >> 10
    assert lines[1].split() == ["MemTotal:", str(MEMORY >> 10), "kB"]
    assert lines[2:5] == ["1", "1", "0"]
    assert lines[5] == "up 0 minutes"


def test_masked_files_stay_masked(runtime, asking):
    made = asking("cat /proc/meminfo; grep -c processor /proc/cpuinfo")
    made.linux["maskedPaths"].append("/proc/meminfo")
    processors = runtime.run(made).ok().out
    assert processors.strip().isdigit()


def test_a_read_only_proc_is_covered(runtime, asking):
    made = asking()
    proc = next(mount for mount in made.config["mounts"] if mount["destination"] == "/proc")
    proc["options"] = ["nosuid", "nodev", "noexec", "ro"]
    assert set(FILES) <= covered(mountinfo.parse(runtime.run(made).ok().out))


def test_in_a_user_namespace(runtime, asking):
    made = asking("cat /proc/self/mountinfo /proc/meminfo")
    made.user_namespace()
    printed = runtime.run(made).ok().out
    assert "MemTotal:" in printed
    mounts = mountinfo.parse("\n".join(line for line in printed.splitlines() if " - " in line))
    assert set(FILES) <= covered(mounts)


def test_files_of_the_image_are_left_alone(runtime, asking):
    """No /sys is mounted: the image has a link to the host's there, or files of its own."""
    made = asking()
    made.config["mounts"] = [mount for mount in made.config["mounts"] if mount["destination"] != "/sys"]
    made.linux["maskedPaths"] = []
    os.rmdir(made.rootfs + "/sys")
    os.symlink("../../../../../../../../sys", made.rootfs + "/sys")
    points = covered(mountinfo.parse(runtime.run(made).ok().out))
    assert set(FILES) - points == {"/sys/devices/system/cpu/online"}
    os.unlink(made.rootfs + "/sys")
    made.file("/sys/devices/system/cpu/online", "7\n")
    points = covered(mountinfo.parse(runtime.run(made).ok().out))
    assert set(FILES) - points == {"/sys/devices/system/cpu/online"}


def test_without_lxcfs_nothing_starts(runtime, asking, folder):
    made = asking("echo started")
    made.config["hooks"] = {}
    oci_hooks.hook(made, "createContainer", oci_hooks.path("lxcfs"), "--lxcfs", folder)
    oci_hooks.refused(runtime, made, f"hook lxcfs: {folder}: lxcfs is not mounted there")


def test_on_the_host_nothing_is_covered(runtime, asking, lxcfs):
    made = asking("echo started")
    made.config["hooks"]["createRuntime"] = made.config["hooks"].pop("createContainer")
    oci_hooks.refused(runtime, made, "hook lxcfs: the container has no /proc here")
    with open(f"/proc/{lxcfs.process.pid}/mountinfo", encoding="utf-8") as mounts:
        assert covered(mountinfo.parse(mounts.read())) == {lxcfs.mounted}


def test_mounts_that_would_be_seen_outside_are_refused(runtime, asking):
    made = asking("echo started")
    made.linux["rootfsPropagation"] = "shared"
    proc = next(mount for mount in made.config["mounts"] if mount["destination"] == "/proc")
    proc["options"] = ["shared"]
    oci_hooks.refused(runtime, made, "a mount there would be seen outside")
