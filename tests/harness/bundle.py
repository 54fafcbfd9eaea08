# SPDX-License-Identifier: Apache-2.0
"""Bundles: a busybox root file system and a config.json made from a Python dict."""
import copy
import json
import os
import shutil
import subprocess

from harness import machine

BUSYBOX = "/bin/busybox"
FOLDERS = ("bin", "dev", "etc", "home", "proc", "root", "run", "sbin", "sys", "tmp", "usr/bin",
           "usr/sbin", "var/tmp", "work")
PASSWD = "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n"
GROUP = "root:x:0:\nstaff:x:50:web\nweb:x:1000:\n"

NAMESPACES = ("pid", "network", "ipc", "uts", "mount")
DEFAULT_CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
MASKED = ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
          "/proc/scsi"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def make_rootfs(path):
    """A root file system of Debian's static busybox with a link for every applet."""
    for folder in FOLDERS:
        os.makedirs(os.path.join(path, folder))
    os.chmod(os.path.join(path, "tmp"), 0o1777)
    os.chmod(os.path.join(path, "var/tmp"), 0o1777)
    shutil.copy(BUSYBOX, os.path.join(path, "bin/busybox"))
    applets = subprocess.run([BUSYBOX, "--list-full"], capture_output=True, text=True,
                             check=True).stdout.split()
    for applet in applets:
        link = os.path.join(path, applet)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink("/bin/busybox", link)
    for name, text in (("passwd", PASSWD), ("group", GROUP)):
        with open(os.path.join(path, "etc", name), "w", encoding="ascii") as target:
            target.write(text)


def copy_rootfs(source, target):
    """A copy whose symbolic links are the template's own, for nobody can change one: making some
    hundred of them is a tenth of a second, most of what a short test takes."""
    os.mkdir(target)
    with os.scandir(source) as entries:
        for entry in entries:
            made = os.path.join(target, entry.name)
            if entry.is_symlink():
                os.link(entry.path, made, follow_symlinks=False)
            elif entry.is_dir():
                copy_rootfs(entry.path, made)
            else:
                shutil.copy2(entry.path, made)
    shutil.copystat(source, target)


def default_mounts():
    return [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
         "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs",
         "options": ["nosuid", "noexec", "nodev", "ro"]},
    ]


def cgroup_mount():
    return {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
            "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}


def default_config(args, **process):
    """What `spec` writes, with the arguments given; keywords replace members of process."""
    capabilities = {kind: list(DEFAULT_CAPABILITIES)
                    for kind in ("bounding", "effective", "permitted")}
    namespaces = list(NAMESPACES)
    if machine.layout() == "unified":
        namespaces.append("cgroup")
    config = {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": list(args),
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    "TERM=xterm"],
            "cwd": "/",
            "capabilities": capabilities,
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": False},
        "hostname": "runc",
        "mounts": default_mounts(),
        "linux": {
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": [{"type": name} for name in namespaces],
            "maskedPaths": list(MASKED),
            "readonlyPaths": list(READONLY),
        },
    }
    config["process"].update(process)
    return config


class Bundle:
    """A bundle folder. Change .config as you like: it is written when a runtime is started."""

    def __init__(self, path, template, config):
        self.path = path
        self.config = config
        self.rootfs = os.path.join(path, "rootfs")
        os.makedirs(path)
        copy_rootfs(template, self.rootfs)

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    @property
    def resources(self):
        return self.config["linux"]["resources"]

    def mount(self, destination, source=None, kind=None, options=(), **more):
        """Appends a mount and returns its dict."""
        entry = {"destination": destination, "options": list(options), **more}
        if source is not None:
            entry["source"] = source
        if kind is not None:
            entry["type"] = kind
        self.config["mounts"].append(entry)
        return entry

    def without_namespace(self, *names):
        self.linux["namespaces"] = [item for item in self.linux["namespaces"]
                                    if item["type"] not in names]

    def namespace(self, name, path=None):
        """Asks for a namespace, a new one or the one at the path."""
        self.without_namespace(name)
        self.linux["namespaces"].append({"type": name, **({"path": path} if path else {})})

    def user_namespace(self, host=100000, size=65536):
        """A user namespace whose root is `host`; the root file system is given to it."""
        self.namespace("user")
        mapping = [{"containerID": 0, "hostID": host, "size": size}]
        self.linux["uidMappings"] = copy.deepcopy(mapping)
        self.linux["gidMappings"] = copy.deepcopy(mapping)
        subprocess.run(["find", self.rootfs, "!", "-type", "l", "-exec", "chown", f"{host}:{host}", "{}", "+"],
                       check=True)

    def capabilities(self, *names):
        """Exactly these in every set but the inheritable and ambient ones."""
        self.process["capabilities"] = {kind: list(names)
                                        for kind in ("bounding", "effective", "permitted")}

    def file(self, name, text="", mode=0o644):
        """Writes a file into the root file system and returns its path on the host."""
        path = os.path.join(self.rootfs, name.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(os.path.join(self.rootfs, name.lstrip("/")), encoding="utf-8") as source:
            return source.read()

    def write(self):
        with open(os.path.join(self.path, "config.json"), "w", encoding="utf-8") as target:
            json.dump(self.config, target, indent=1)
