# SPDX-License-Identifier: Apache-2.0
"""Image files that a start attaches to block devices: they are there while the domain is, across its reboots,
and given back at its end, whatever that is."""
import os
import shutil
import signal
import subprocess

import pytest

from harness.runtime import until

NBD = "/sys/block/nbd0"


def loop_devices(image):
    """Paths of the loop devices that the image is attached to."""
    listed = subprocess.run(["losetup", "--noheadings", "--output", "NAME", "--associated", image],
                            capture_output=True, text=True, check=True)
    return listed.stdout.split()


def servers(image):
    """The pids of qemu-nbd that serve the image."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as source:
                words = source.read().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if "qemu-nbd" in words[0] and image in words:
            found.append(int(pid))
    return found


def disk(driver):
    return lambda image: (f"<disk type='file'>{driver}<source file='{image}'/><target dev='xda'/></disk>")


def filesystem(driver):
    return lambda image: (f"<filesystem type='file'>{driver}<source file='{image}'/><target dir='/image'/>"
                          "</filesystem>")


# What is defined, whether QEMU makes the image, how its text is read inside, and who has it.
KINDS = {
    "disk, loop": (disk("<driver name='loop' type='raw'/>"), None, "cat /dev/xda", loop_devices),
    "disk, nbd": (disk("<driver name='nbd' type='qcow2'/>"), "qcow2", "cat /dev/xda", servers),
    "filesystem, nbd": (filesystem("<driver type='nbd' format='qcow2'/>"), "qcow2", "cat /image/file", servers),
    "filesystem, nbd, raw": (filesystem("<driver type='nbd'/>"), "raw", "cat /image/file", servers),
}


@pytest.fixture
def image(folder):
    """image(FORMAT): an ext4 with a file in it, where FORMAT is None with the text at its beginning."""

    def make(kind):
        path, tree = os.path.join(folder, "image"), os.path.join(folder, "tree")
        os.makedirs(tree)
        with open(os.path.join(tree, "file"), "w", encoding="ascii") as target:
            target.write("in the image\n")
        with open(path, "wb") as target:
            target.truncate(4 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-d", tree, path], check=True)
        with open(path, "r+b") as target: # the first KiB of an ext4 is anybody's
            target.write(b"in the image\n")
        if kind == "qcow2":
            subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", path, path + ".part"], check=True)
            os.rename(path + ".part", path)
        return path

    yield make


@pytest.fixture(params=KINDS)
def kind(request):
    needed = "/dev/loop-control"
    if KINDS[request.param][1]:
        needed = NBD
        if not shutil.which("qemu-nbd"):
            pytest.skip("needs the program qemu-nbd (package qemu-utils)")
    if not os.path.exists(needed):
        pytest.skip(f"needs {needed} (modprobe)")
    return request.param


class Attached:
    """A domain that has the image, for one test."""

    def __init__(self, virsh, kind, image, root):
        self.virsh = virsh
        element, made, self.script, self.holders = KINDS[kind]
        self.image = image(made)
        self.init = ("<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>"
                     "trap 'exit 0' TERM; trap 'busybox reboot -f' HUP; while :; do sleep 0.1; done"
                     "</initarg></os>")
        self.name = virsh.define("<on_reboot>restart</on_reboot>", rootfs=root, init=self.init,
                                 devices=element(self.image))

    def start(self):
        self.virsh("start", self.name).ok()
        return self

    def text(self):
        said = self.virsh("lxc-enter-namespace", self.name, "--", "/bin/sh", "-c", self.script + " | head -n 1").ok()
        return said.out

    def is_there(self):
        return self.text() == "in the image\n" and len(self.holders(self.image)) == 1

    def is_given_back(self):
        return not self.holders(self.image) \
            and not [name for name in os.listdir(self.virsh.live) if "images" in name]

    def until_given_back(self):
        until(self.is_given_back, 60, "the end of what holds the image")


@pytest.fixture
def attached(virsh, kind, image, root):
    made = Attached(virsh, kind, image, root)
    yield made
    virsh("destroy", made.name)
    for pid in servers(made.image):
        os.kill(pid, signal.SIGKILL)
    for device in loop_devices(made.image):
        subprocess.run(["losetup", "--detach", device], check=False)


ENDS = {
    "destroy": lambda one: one.virsh("destroy", one.name).ok(),
    "shutdown": lambda one: one.virsh("shutdown", one.name).ok(),
    "init is killed": lambda one: os.kill(one.virsh.pid(one.name), signal.SIGKILL),
    "thole deletes it": lambda one: one.virsh.runtime("delete", "--force", one.name).ok(),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_image_is_there_and_given_back(attached, end):
    assert attached.start().is_there()
    ENDS[end](attached)
    if end != "destroy": # which waits for it
        attached.until_given_back()
    assert attached.is_given_back()
    attached.start()
    assert attached.is_there()


def test_what_is_written_is_in_the_image(attached):
    attached.start()
    script = attached.script.replace("cat ", "echo changed >")
    attached.virsh("lxc-enter-namespace", attached.name, "--", "/bin/sh", "-c", script).ok()
    attached.virsh("destroy", attached.name).ok()
    attached.until_given_back()
    assert attached.start().text() == "changed\n"


def test_it_stays_across_a_reboot(attached):
    attached.start()
    before, first = attached.holders(attached.image), attached.virsh.pid(attached.name)
    attached.virsh("reboot", attached.name, "--mode", "signal").ok()
    until(lambda: attached.virsh.pid(attached.name) not in (0, first)
          and attached.virsh.state(attached.name) == "running", 60, "the second init")
    assert attached.is_there() and attached.holders(attached.image) == before


@pytest.mark.parametrize("then", ["destroy", "start"])
def test_a_monitor_that_is_killed_leaves_it_to_the_next(attached, then):
    attached.start()
    os.kill(int(attached.virsh("-q", "domid", attached.name).ok().out), signal.SIGKILL)
    until(lambda: attached.virsh.state(attached.name) == "shut off", 60, "the end of init")
    assert attached.holders(attached.image)
    attached.virsh(then, attached.name).ok()
    if then == "start":
        assert attached.is_there()
        attached.virsh("destroy", attached.name).ok()
    attached.until_given_back()


def test_a_start_that_fails_gives_it_back(attached):
    document = attached.virsh("dumpxml", attached.name).ok().out
    attached.virsh("define", attached.virsh.file(document.replace("/bin/sh", "/nothing"))).ok()
    attached.virsh("start", attached.name).failed("/nothing")
    assert attached.is_given_back()


@pytest.mark.needs(program="strace")
def test_a_start_that_is_killed_leaves_it_to_the_next(attached):
    """When the images are attached, and there is no container yet."""
    killed = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "trace=socketpair",
                             "-e", "inject=socketpair:signal=KILL:when=1", attached.virsh.program, "start",
                             attached.name], env=attached.virsh.environment, check=False)
    assert killed.returncode == -signal.SIGKILL and attached.holders(attached.image)
    assert attached.virsh.state(attached.name) == "shut off"
    assert attached.start().is_there()
    attached.virsh("destroy", attached.name).ok()
    attached.until_given_back()


def test_two_at_once_have_a_device_each(virsh, image, root, kind):
    """None is in the other's way."""
    element, made, script, holders = KINDS[kind]
    first = image(made)
    shutil.copy(first, first + ".other")
    names = {path: virsh.define(rootfs=root, devices=element(path)) for path in (first, first + ".other")}
    for start in [virsh.start_process("start", name) for name in names.values()]:
        start.wait().ok()
    for path, name in names.items():
        assert len(holders(path)) == 1
        assert virsh("lxc-enter-namespace", name, "--", "/bin/sh", "-c", script + " | head -n 1").ok().out \
            == "in the image\n"
    for name in names.values():
        virsh("destroy", name).ok()
    until(lambda: not any(holders(path) for path in names), 60, "the end of what holds the images")


# ---- what the machine lacks ----

@pytest.mark.parametrize("element", ["<driver type='nbd' format='qcow2'/>", "<driver type='nbd'/>"])
def test_without_qemu_nbd(virsh, root, folder, element):
    name = virsh.define(rootfs=root, devices=filesystem(element)("/some/image"))
    virsh.environment["PATH"] = folder
    said = virsh("start", name).failed("/domain/devices/filesystem").err.splitlines()
    assert said[0] == f"error: Failed to start domain '{name}'"
    assert said[1].endswith("filesystem: the driver nbd needs the program qemu-nbd, which is not installed")
    assert len(said) == 2 and not [path for path in os.listdir(virsh.live) if path.startswith(name)]


def test_without_the_kernels_part(virsh, root, folder):
    if os.path.exists(NBD):
        pytest.skip("needs a kernel without nbd")
    program = os.path.join(folder, "qemu-nbd")
    with open(program, "w", encoding="ascii") as target:
        target.write("#!/bin/sh\nexit 1\n")
    os.chmod(program, 0o755)
    name = virsh.define(rootfs=root, devices=disk("<driver name='nbd'/>")("/some/image"))
    virsh.environment["PATH"] = folder
    said = virsh("start", name).failed("/domain/devices/disk").err.splitlines()
    assert said[1].endswith("disk: the driver nbd needs /dev/nbd*, which the kernel does not have: "
                            "\"modprobe nbd\" may help")


@pytest.mark.parametrize("element, said", [
    (disk("<driver type='qcow2'/>")("/some/image"), "a loop device has no other format than raw"),
    (disk("")("image"), "the source is the absolute path of an image"),
    (disk("")("/no/such/image"), "attach /no/such/image to a loop device (/dev/loop-control): No such file"),
])
def test_what_cannot_be_attached(virsh, root, element, said):
    name = virsh.define(rootfs=root, devices=element)
    virsh("start", name).failed(said)
    assert not [path for path in os.listdir(virsh.live) if path.startswith(name)]


def test_a_configuration_that_is_only_printed_attaches_nothing(virsh, root):
    for element in (disk(""), disk("<driver name='nbd'/>"), filesystem("<driver type='nbd'/>")):
        name = virsh.define(rootfs=root, devices=element("/some/image"))
        virsh("domxml-to-native", "oci", name).failed("the image is attached at the start")
