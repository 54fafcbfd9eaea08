# SPDX-License-Identifier: Apache-2.0
"""The golden plan cases as containers of this machine: what they name and this machine lacks is made,
replaced or left out, and told."""
import ctypes
import glob
import json
import os
import re
import signal
import socket
import subprocess

from harness import machine, traces
from harness.terminal import ConsoleSocket

FOLDER = os.path.join(machine.TOP, "tests/plan/cases")
CASES = sorted(os.path.basename(path) for path in glob.glob(FOLDER + "/*")
               if not os.path.basename(path).startswith("error-"))

# What the program needs of system calls to come up and to wait, beside those of a case's own filter.
WAITING = ["arch_prctl", "brk", "capset", "clock_nanosleep", "execve", "execveat", "exit_group", "fstat", "futex",
           "getrandom", "ioctl", "keyctl", "mmap", "mprotect", "munmap", "newfstatat", "pause", "prctl",
           "prlimit64", "readlink", "readlinkat", "rseq", "set_robust_list", "set_tid_address", "write"]

# What a machine may lack: the place and the words of the refusal. The member is then left out.
LACKING = ((r"/process/apparmorProfile", "AppArmor is not enabled"),
           (r"/process/selinuxLabel", "SELinux is not enabled"), (r"/linux/intelRdt", "resctrl"),
           (r"/linux/resources/.*", "controller"), (r"/linux/resources/.*", "cgroup v1 only"),
           (r"/annotations/run.oci.delegate-cgroup", "with cgroup v2 alone"),
           (r"/annotations/run.oci.systemd.force_cgroup_v1", "no cgroup v1 hierarchy"),
           (r"/linux/resources/blockIO/.*", "has no file"), (r"/linux/resources/blockIO/.*", "No such device"),
           (r"/linux/resources/cpu/.*", "has no file"),
           (r"/linux/resources/cpu/(cpus|realtime.*)", "Numerical result out of range|Invalid argument"),
           (r"/linux/resources/memory/swap", "needs memory.limit"),  # which has gone for one of these reasons
           (r"/linux/resources/memory/limit", "ended early"), (r"/linux/resources/memory/.*", "not supported"),
           (r"/linux/resources/hugepageLimits/.*", "page size"),
           (r"/linux/resources/unified/.*", "hierarchy|Invalid argument"),
           (r"/process/oomScoreAdj", "Permission denied"), (r"/process/rlimits/.*", "Operation not permitted"),
           (r"/process/scheduler", "Operation not permitted"), (r"/linux/memoryPolicy", "Invalid argument"),
           (r"/mounts/.*", "create mount point /proc/x: No such file"),
           (r"/mounts/.*", "Unknown parameter 'context'"),
           (r"/mounts/.*", "map the ids of /f: Operation not permitted"))  # a tmpfs of the user namespace

_NAMESPACES = {"mount": "mnt", "network": "net", "pid": "pid_for_children", "time": "time_for_children"}
_FLAGS = {"user": 0x10000000, "mount": 0x20000, "network": 0x40000000, "pid": 0x20000000, "ipc": 0x8000000,
          "uts": 0x4000000, "cgroup": 0x2000000, "time": 0x80}
_libc = ctypes.CDLL(None, use_errno=True)


class Holder:
    """A process with namespaces to join."""

    def __init__(self, kinds, linux):
        ready, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            machine.die_with_parent()
            flags = 0
            for kind in kinds:
                flags |= _FLAGS[kind]
            made = _libc.unshare(flags) == 0
            if "pid" in kinds and os.fork() == 0:  # a pid namespace begins with its first process
                machine.die_with_parent()
                signal.pause()
            os.write(told, b"1" if made else b"0")
            os.close(told)
            while True:
                signal.pause()
        os.close(told)
        assert os.read(ready, 1) == b"1", f"cannot make namespaces: {kinds}"
        os.close(ready)
        if "user" in kinds:
            for name, ids in (("uid_map", "uidMappings"), ("gid_map", "gidMappings")):
                lines = [f"{entry['containerID']} {entry['hostID']} {entry['size']}\n"
                         for entry in linux.get(ids, [])] or ["0 0 4294967295\n"]
                with open(f"/proc/{self.pid}/{name}", "w", encoding="ascii") as target:
                    target.write("".join(lines))

    def path(self, kind):
        return f"/proc/{self.pid}/ns/{_NAMESPACES.get(kind, kind)}"

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Golden:
    """One case: its configuration in a bundle, the options of create, and what was left out."""

    def __init__(self, name, bundle, folder, program):
        with open(f"{FOLDER}/{name}/config.json", encoding="utf-8") as source:
            bundle.config = json.load(source)
        with open(f"{FOLDER}/{name}/request", encoding="utf-8") as source:
            self.request = dict(line.partition(" ")[::2] for line in source.read().splitlines())
        self.bundle, self.folder = bundle, folder
        self.left_out, self.holder, self.sockets = [], None, []
        self.console = self.terminal = None
        self.said = ""
        self.options = []
        bundle.config.setdefault("linux", {})
        bundle.config["root"]["path"] = "rootfs"
        self._requests()
        self._process(program)
        self._mounts()
        self._hooks()
        self._namespaces()
        self._listeners()
        self._elsewhere()

    def leave_out(self, what, why):
        self.left_out.append(f"{what}: {why}")

    def _requests(self):
        linux = self.bundle.linux
        linux.pop("cgroupsPath", None)
        if self.request.get("manager") == "systemd":
            self.leave_out("the unit", "its manager is systemd, here it is cgroupfs")
        for word in ("no_pivot", "no_new_keyring"):
            if word in self.request:
                self.options.append("--" + word.replace("_", "-"))

    def _process(self, program):
        process = self.bundle.config.get("process")
        if process is None:
            return
        process["args"] = [program, "stay"]
        path = os.path.join(self.bundle.rootfs, process["cwd"].lstrip("/"))
        os.makedirs(path, exist_ok=True)

    def source(self, path):
        """A place of the test for what a case calls `path`; what is the kernel's own stays."""
        if re.match(r"/(proc|sys)(/|$)", path):
            return path
        path = re.sub(r"^/bundles/(\.\./bundles/)?web1(?=/|$)", self.bundle.path, path)
        if path == "/bundles":
            return os.path.dirname(self.bundle.path)
        if path.startswith(self.bundle.path):
            made = path
        elif path.startswith("/"):
            made = os.path.join(self.folder, "sources") + os.path.normpath(path)
        else:
            made = os.path.join(self.bundle.path, path)
        if os.path.lexists(made):
            return made
        os.makedirs(os.path.dirname(made), exist_ok=True)
        base = os.path.basename(made)
        if base.endswith("link"):
            os.symlink("/somewhere", made)
        elif "." in base or base in ("hosts", "hostname", "cpuinfo"):
            with open(made, "w", encoding="ascii") as target:
                target.write(base)
        else:
            os.makedirs(made)
        return made

    def _mounts(self):
        kept = []
        for mount in self.bundle.config.get("mounts", []):
            options = mount.get("options", [])
            kind = mount.get("type", "none")
            if kind == "ext4" or ("remount" in options and mount["destination"] in ("/a", "/b")):
                self.leave_out(mount["destination"], "needs a disk of its own")
                continue
            if kind == "bind" or {"bind", "rbind"} & set(options):
                mount["source"] = self.source(mount["source"])
            if kind == "overlay":
                mount["options"] = [self._overlay(option) for option in options]
            kept.append(mount)
        if "mounts" in self.bundle.config:
            self.bundle.config["mounts"] = kept

    def _overlay(self, option):
        key, _, paths = option.partition("=")
        return f"{key}=" + ":".join(self.source(path) for path in paths.split(":"))

    def _hooks(self):
        for hooks in self.bundle.config.get("hooks", {}).values():
            for hook in hooks:
                hook["path"] = "/bin/true"

    def _namespaces(self):
        linux = self.bundle.linux
        kinds = {entry["type"]: entry.get("path") for entry in linux.get("namespaces", [])}
        if kinds.get("user", "") is None and "uidMappings" not in linux:
            self.leave_out("the default mappings", "those are an ordinary user's")
            for ids in ("uidMappings", "gidMappings"):
                linux[ids] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        if linux.get("uidMappings"):
            owner = linux["uidMappings"][0]["hostID"]
            subprocess.run(["chown", "-hR", f"{owner}:{owner}", self.bundle.rootfs], check=True)
        joined = [entry for entry in linux.get("namespaces", []) if entry.get("path")]
        if not joined:
            return
        self.holder = Holder([entry["type"] for entry in joined], linux)
        for entry in joined:
            entry["path"] = self.holder.path(entry["type"])

    def _listen(self, name):
        path = os.path.join(self.folder, name)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        listener.listen(8)
        self.sockets.append(listener)
        return path

    def _listeners(self):
        config = self.bundle.config
        annotations = config.get("annotations", {})
        for key, name in (("run.oci.seccomp.receiver", "seccomp-receiver"), ("run.oci.pidfd_receiver", "pidfd")):
            if key in annotations:
                annotations[key] = self._listen(name)
        for key in ("run.oci.hooks.stdout", "run.oci.hooks.stderr"):
            if key in annotations:
                annotations[key] = os.path.join(self.folder, key)
        seccomp = self.bundle.linux.get("seccomp")
        if seccomp is not None:
            if "listenerPath" in seccomp:
                seccomp["listenerPath"] = self._listen("seccomp-listener")
            if seccomp.get("syscalls") is not None:
                seccomp["syscalls"].append({"names": WAITING, "action": "SCMP_ACT_ALLOW"})
        if config.get("process", {}).get("terminal"):
            if not config.get("mounts"):
                config["mounts"] = [{"destination": "/dev/pts", "type": "devpts", "source": "devpts"}]
            self.options += ["--console-socket", os.path.join(self.folder, "console")]
            self._open_console()

    def _open_console(self):
        if self.console is not None:  # a create that failed may have sent a terminal already
            self.console.socket.close()
            os.unlink(self.console.path)
        self.console = ConsoleSocket(os.path.join(self.folder, "console"))

    def receive_terminal(self):
        if self.console is not None:
            self.terminal = self.console.terminal()

    def output(self, process):
        """What the program has said so far."""
        if self.terminal is None:
            return process.output()
        if not self.said:
            self.terminal.expect("staying", 10)
            self.said = "staying" + self.terminal.expect("\n", 10)
        return self.said

    def _elsewhere(self):
        """Names of interfaces: those of a host."""
        linux = self.bundle.linux
        if linux.pop("netDevices", None):
            self.leave_out("/linux/netDevices", "would move interfaces of this host")
        for key in [key for key in linux.get("sysctl", {}) if "eth0" in key]:
            del linux["sysctl"][key]
            self.leave_out("/linux/sysctl/" + key, "needs an interface of this name")

    def without(self, error):
        """Leaves out the member that `error` ("POINTER: TEXT") says this machine has not enough for."""
        pointer, _, text = error.partition(": ")
        assert any(re.fullmatch(place, pointer) and re.search(words, text) for place, words in LACKING), error
        at, parts = self.bundle.config, pointer.strip("/").split("/")
        for part in parts[:-1]:
            at = at[int(part) if isinstance(at, list) else part.replace("~1", "/")]
        last = parts[-1].replace("~1", "/")
        if isinstance(at, list):
            del at[int(last)]
        else:
            del at[last]
        self.leave_out(pointer, text)
        if self.console is not None:
            self._open_console()

    def end(self):
        terminal = [self.terminal] if self.terminal is not None else []
        console = [self.console.socket] if self.console is not None else []
        for one in self.sockets + terminal + console:
            one.close()
        if self.holder:
            self.holder.end()
        assert not traces.mounts_of(self.folder)
