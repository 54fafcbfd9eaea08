# SPDX-License-Identifier: Apache-2.0
"""Who may call the runtime: root, uid 0 of a namespace that somebody else made, an ordinary user."""
import os
import shutil
import subprocess

from harness.runtime import Runtime, until

NOBODY = 65534
RANGE = 65536
FOREIGN_ROOT = 300000  # what uid 0 of the foreign namespace is on the host
SUBIDS = 400000        # the subordinate ids of nobody, in a mount namespace of the test's own


class Caller:
    """A process that holds the namespaces of a caller, and the words that enter them."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.holder = None
        self.prefix = []
        self.uid = {"root": 0, "foreign": FOREIGN_ROOT, "user": NOBODY}[name]
        self.own_root = {"root": 100000, "foreign": 1000, "user": 0}[name]
        if name == "foreign":
            self._hold("--user", "--mount")
            self._map()
            self.prefix = self._enter("--user", "--mount")
        if name == "user":
            self._hold("--mount")
            self._grant()
            self.prefix = [*self._enter("--mount"), "setpriv", f"--reuid={NOBODY}",
                           f"--regid={NOBODY}", "--clear-groups"]

    def _hold(self, *kinds):
        self.holder = subprocess.Popen(["unshare", *kinds, "sleep", "1000"])
        until(lambda: self._command() == "sleep", what="namespaces of the caller")

    def _command(self):
        with open(f"/proc/{self.holder.pid}/comm", encoding="ascii") as source:
            return source.read().strip()

    def _enter(self, *kinds):
        return ["nsenter", "--target", str(self.holder.pid), *kinds]

    def _map(self):
        for kind in ("uid_map", "gid_map"):
            with open(f"/proc/{self.holder.pid}/{kind}", "w", encoding="ascii") as target:
                target.write(f"0 {FOREIGN_ROOT} {RANGE}\n")

    def _grant(self):
        """Subordinate ids for nobody, in the holder's mounts alone."""
        for kind in ("subuid", "subgid"):
            path = os.path.join(self.folder, kind)
            with open(path, "w", encoding="ascii") as target:
                target.write(f"nobody:{SUBIDS}:{RANGE}\n")
            subprocess.run([*self._enter("--mount"), "mount", "--bind", path, f"/etc/{kind}"],
                           check=True)

    def mappings(self):
        """For a user namespace of the container's own, as config.json has it."""
        if self.name == "user":
            return [{"containerID": 0, "hostID": NOBODY, "size": 1},
                    {"containerID": 1, "hostID": SUBIDS, "size": RANGE - 1}]
        return [{"containerID": 0, "hostID": self.own_root, "size": 10000}]

    def host_id(self, container_id, own):
        """The host's number of a container's id; `own`: in a user namespace of its own."""
        if self.name == "user":
            return SUBIDS + container_id - 1 if container_id > 0 else NOBODY
        return self.uid + (self.own_root if own else 0) + container_id

    def close(self):
        if self.holder:
            self.holder.kill()
            self.holder.wait()


class CalledRuntime(Runtime):
    """The runtime as that caller calls it."""

    def __init__(self, path, folder, caller):
        own = os.path.join(folder, "thole")
        shutil.copy(path, own)
        super().__init__(own, folder)
        self.caller = caller
        self.prefix = caller.prefix
        os.mkdir(self.root, 0o700)
        os.chown(self.root, caller.uid, caller.uid)

    def clean_up(self):
        complaints = []
        for name in os.listdir(self.root):
            if not name.startswith(".") and self("delete", "--force", name).code != 0:
                complaints.append(f"delete --force {name} failed")
        self.caller.close()
        self.prefix = []
        return complaints + super().clean_up()
