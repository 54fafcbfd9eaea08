# SPDX-License-Identifier: Apache-2.0
"""QEMU guests of other architectures and with other kernels, without systemd: guest-init is their first program.

The root file system is unpacked by mmdebstrap and not configured, so that nothing of it runs here: it can be
of any architecture."""
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

import roots

CACHE = os.environ.get("THOLE_VM_CACHE", "/var/cache/thole-vm")
INIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest-init")
PACKAGES = ("python3 python3-pytest python3-pexpect python3-jsonschema busybox-static dash mawk sed grep tar mount "
            "coreutils findutils util-linux iproute2 procps strace hostname libseccomp2 libcap2 libyajl2 libcmocka0 "
            "libselinux1 libapparmor1 uidmap").split()
MODULES = ("virtio_pci", "virtio_mmio", "virtio_blk", "ext4")
# program, what follows it, console, the kernel's package
MACHINES = {
    "amd64": ("qemu-system-x86_64", "-cpu max,-cx16,-la57,-erms,-fsrm", "ttyS0", "linux-image-cloud-amd64"),
    "arm64": ("qemu-system-aarch64", "-M virt -cpu cortex-a72", "ttyAMA0", "linux-image-arm64"),
    "riscv64": ("qemu-system-riscv64", "-M virt -cpu rv64", "ttyS0", "linux-image-riscv64"),
}
ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost guest\n",
}
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64", "usr/bin/sh": "dash", "usr/bin/awk": "mawk"}


def complete(tree):
    """Adds to an unpacked root what maintainer scripts would have made."""
    for path, target in LINKS.items():
        if not os.path.lexists(os.path.join(tree, path)):
            os.symlink(target, os.path.join(tree, path))
    if not os.path.exists(os.path.join(tree, "bin/sh")):
        os.symlink("dash", os.path.join(tree, "bin/sh"))
    for name, text in ACCOUNTS.items():
        with open(os.path.join(tree, "etc", name), "w", encoding="ascii") as file:
            file.write(text)
    for folder in ("dev", "proc", "sys", "run", "tmp", "srv", "root", "var/tmp"):
        os.makedirs(os.path.join(tree, folder), exist_ok=True)
    shutil.copy(INIT, os.path.join(tree, "guest-init"))


def module_files(tree, release):
    """The modules that find the disk, those first that others need."""
    subprocess.run(["depmod", "-b", tree, release], check=True)
    files = []
    for module in MODULES:
        said = subprocess.run(["modprobe", "-d", tree, "-S", release, "--show-depends", module], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
        files += re.findall(r"^insmod (\S+)", said, re.MULTILINE)
    return list(dict.fromkeys(files))  # what is built in has no file


def make_ramdisk(tree, release, path):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as ramdisk:
        for folder in ("bin", "dev", "proc", "root", "modules"):
            os.mkdir(os.path.join(ramdisk, folder))
        shutil.copy(os.path.join(tree, "bin/busybox"), os.path.join(ramdisk, "bin"))
        shutil.copy(INIT, os.path.join(ramdisk, "init"))
        for number, file in enumerate(module_files(tree, release)):
            to = os.path.join(ramdisk, "modules", f"{number:03}.ko")
            if file.endswith(".xz"):
                with open(to, "wb") as out:
                    subprocess.run(["xz", "-dc", file], stdout=out, check=True)
            else:
                shutil.copy(file, to)
        subprocess.run(f"find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 >{path}", shell=True, cwd=ramdisk, check=True)


def image(suite, architecture, mirror=roots.DEBIAN, kernel=None, components="main"):
    """The folder with kernel, initrd and root.img of a guest; made now if it is not there yet."""
    program, _, _, usual = MACHINES[architecture]
    for needed in (program, "mmdebstrap", "mke2fs", "depmod", "busybox"):
        if not shutil.which(needed):
            raise roots.Missing(f"needs {needed}")
    kernel = kernel or usual
    made_by = hashlib.sha256()
    for name in (INIT, __file__):
        with open(name, "rb") as file:
            made_by.update(file.read())
    version = made_by.hexdigest()[:8]
    path = os.path.join(CACHE, f"platform-{suite}-{architecture}-{kernel}-{version}")
    if os.path.exists(os.path.join(path, "made")):
        return path
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    tree = os.path.join(path, "tree")
    roots.debootstrap(suite, tree, PACKAGES + [kernel], mirror, [architecture], components, variant="extract")
    complete(tree)
    release = os.listdir(os.path.join(tree, "lib/modules"))[0]
    make_ramdisk(tree, release, os.path.join(path, "initrd"))
    images = (glob.glob(os.path.join(tree, "boot/vmlinu[xz]-*")) +
              glob.glob(os.path.join(tree, "lib/modules/*/vmlinu[xz]")))  # where Debian 14 has it
    shutil.move(images[0], os.path.join(path, "kernel"))
    disk = os.path.join(path, "root.img")
    with open(disk, "wb") as file:
        file.truncate(2 << 30)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, disk], check=True)
    shutil.rmtree(tree)
    with open(os.path.join(path, "made"), "w", encoding="ascii") as note:
        note.write(release + "\n")
    return path


def boot(folder, architecture, share, timeout=1500):
    """Boots the guest with a copy of @share in /srv, where ./guest-tests is run. Returns its exit status and
    what it said."""
    program, options, console, _ = MACHINES[architecture]
    with tempfile.TemporaryDirectory(prefix="thole-guest.", dir="/var/tmp") as work:
        disk, said = os.path.join(work, "share.tar"), os.path.join(work, "console")
        subprocess.run(["tar", "-C", share, "-cf", disk, "."], check=True)
        command = [program, *options.split(), "-accel", "tcg", "-smp", "2", "-m", "1536", "-display", "none",
                   "-no-reboot", "-nic", "none", "-serial", "file:" + said,
                   "-kernel", os.path.join(folder, "kernel"), "-initrd", os.path.join(folder, "initrd"),
                   "-drive", f"file={folder}/root.img,if=virtio,format=raw,snapshot=on",
                   "-drive", f"file={disk},if=virtio,format=raw,readonly=on",
                   "-append", f"console={console} quiet panic=1 mitigations=off init_on_alloc=0"]
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            pass
        with open(said, encoding="utf-8", errors="replace") as file:
            text = file.read().replace("\r", "")
    lines = re.findall(r"guest: (.*)", text)
    status = re.search(r"^exit status: (\d+)$", "\n".join(line.removeprefix("guest ") for line in lines), re.MULTILINE)
    if not status:
        return 1, "the guest has not come to an end; its console:\n" + "\n".join(text.splitlines()[-30:])
    return int(status[1]), "\n".join(lines)
