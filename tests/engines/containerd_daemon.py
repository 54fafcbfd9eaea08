# SPDX-License-Identifier: Apache-2.0
"""A containerd with folders, a mount and a network namespace of its own, for ctr and for CRI."""
import glob
import json
import os
import subprocess
import tarfile
import tempfile

import engine
from engine import check
from harness import machine, oci_layout


class Containerd(engine.Engine):
    """`namespace` is containerd's; images, tasks and cgroups of this test lie in it."""

    program = "ctr"
    namespace = "thole-test-ctr"
    settings = 'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'

    def __init__(self, runtime):
        super().__init__(runtime)
        self.socket = os.path.join(self.base, "containerd.sock")
        self.states = os.path.join(self.base, "runtime")
        self.log = os.path.join(self.base, "daemon.log")
        self.sandboxes = tempfile.mkdtemp(prefix="te.", dir="/run")  # the shims' sockets: short names
        self.holder = self.daemon = None

    def command(self, *args):
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "ctr", "--address", self.socket,
                "--namespace", self.namespace, *args]

    def start(self):
        """The shims live in their daemon's namespaces: what they mount ends with the holder."""
        self.holder = subprocess.Popen(["unshare", "--mount", "--net", "--propagation", "private",
                                        "sleep", "infinity"])
        namespaces = [f"/proc/{self.holder.pid}/ns/{kind}" for kind in ("mnt", "net")]
        self.until(lambda: all(os.readlink(one) != os.readlink("/proc/self/ns/" + os.path.basename(one))
                               for one in namespaces))
        enter = ["nsenter", "--mount=" + namespaces[0], "--net=" + namespaces[1]]
        # Whatever the version, its shims' sockets go to /run/containerd.
        subprocess.run([*enter, "sh", "-c", "mkdir -p /run/containerd && mount --bind \"$1\" /run/containerd"
                        " && ip link set lo up", "sh", self.sandboxes], check=True)
        settings = self.file("containerd.toml", f"""version = 2
root = "{self.folder('root')}"
state = "{self.folder('state')}"
oom_score = 0
{self.settings}
[grpc]
address = "{self.socket}"
""")
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen([*enter, "containerd", "--config", settings], stdout=log,
                                           stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        self.until(self._answers, timeout=60)

    def _answers(self):
        if self.daemon.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise AssertionError("containerd has ended: " + log.read()[-1500:])
        return os.path.exists(self.socket) and self("version").code == 0

    def prepare(self):
        self.start()
        self.add_image(self.image + ":latest", Cmd=["sh"])

    def add_image(self, name, **config):
        """From an image layout that is made here: no registry is asked."""
        path = os.path.join(self.base, "layout-" + os.path.basename(name))
        layout = oci_layout.Layout(path)
        archive = os.path.join(self.base, "rootfs.tar")
        subprocess.run(["tar", "-C", self.rootfs(), "-cf", archive, "."], check=True)
        with open(archive, "rb") as source:
            layout.image([source.read()], tag=name, compressed=False,
                         Env=["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], **config)
        with tarfile.open(path + ".tar", "w") as packed:
            packed.add(path, arcname=".")
        self("images", "import", "--no-unpack", path + ".tar").ok()  # who runs it unpacks it
        check(name in self("images", "ls", "-q").ok().out)

    def runtime_states(self):
        """What the runtime knows of this daemon's containers."""
        found = []
        for root in glob.glob(f"{self.states}/*"):
            listed = subprocess.run([self.runtime, "--root", root, "list", "--format", "json"],
                                    capture_output=True, text=True, check=True).stdout
            found += json.loads(listed) or []
        return found

    def state_directories(self):
        return []  # forget() and the daemon remove them

    def cgroup_value(self, pid, controller, v1_file, v2_file):
        if controller not in machine.controllers():
            raise engine.Skip(f"needs the {controller} controller")
        unified = machine.controllers()[controller][1]
        path = os.path.join(machine.cgroup_directory(pid, controller), v2_file if unified else v1_file)
        with open(path, encoding="ascii") as source:
            return source.read().strip()

    def close(self):
        if self.daemon is not None:
            for entry in self.runtime_states():
                subprocess.run([self.runtime, "--root", f"{self.states}/{self.namespace}", "delete",
                                "--force", entry["id"]], timeout=20, check=False)
            self.daemon.terminate()
            self.daemon.wait(30)
        super().close()  # the shims too: their arguments name the socket
        if self.holder is not None:
            self.holder.kill()
            self.holder.wait()
        subprocess.run(["rm", "-rf", "--one-file-system", self.sandboxes, self.base], check=False)
        self.remove_cgroups("/" + self.namespace)

    @staticmethod
    def remove_cgroups(path):
        for where in {mounted for mounted, _ in machine.controllers().values()}:
            for folder, _, _ in os.walk(where + path, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass
