# SPDX-License-Identifier: Apache-2.0
"""Who may call the runtime, and whose user namespace the container is in.

root; foreign: uid 0 of a namespace that somebody else made; user: an ordinary one with subordinate
ids; narrow: what `unshare --user --map-root-user` makes of an ordinary user, with one id alone.
"""
import os
import shutil
import subprocess

import pytest

from harness.runtime import Runtime, until

NOBODY = 65534
RANGE = 65536
FOREIGN_ROOT = 300000  # what uid 0 of the foreign namespace is on the host
SUBIDS = 400000        # the subordinate ids of nobody, in a mount namespace of the test's own
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


class Caller:
    """A process that holds the namespaces of a caller, and the words that enter them."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.holder = None
        self.prefix = []
        self.uid = {"root": 0, "foreign": FOREIGN_ROOT}.get(name, NOBODY)
        self.own_root = {"root": 100000, "foreign": 1000}.get(name, 0)
        if name == "foreign":
            self._hold("unshare", "--user", "--mount")
            self._map()
            self.prefix = self._enter("--user", "--mount")
        if name == "narrow":
            self._hold(*AS_NOBODY, "unshare", "--user", "--map-root-user", "--mount")
            self.prefix = self._enter("--user", "--mount")
        if name == "user":
            self._hold("unshare", "--mount")
            self._grant()
            self.prefix = [*self._enter("--mount"), *AS_NOBODY]

    def _hold(self, *words):
        self.holder = subprocess.Popen([*words, "sleep", "infinity"])
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
        size = 1 if self.name == "narrow" else 10000
        return [{"containerID": 0, "hostID": self.own_root, "size": size}]

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


CASES = [("root", "same"), ("root", "own"), ("root", "joined"),
         ("foreign", "same"), ("foreign", "own"), ("foreign", "joined"),
         ("user", "own"), ("user", "joined"),
         ("narrow", "same"), ("narrow", "own"), ("narrow", "joined")]


def cases(caller=None, users=None):
    """Only those rows of the matrix."""
    chosen = [row for row in CASES if caller in (None, row[0]) and users in (None, row[1])]
    return pytest.mark.parametrize("case", chosen, ids="-".join, indirect=True)


class Case:
    """Makes containers for one row: in the caller's user namespace, one of their own, or joined."""

    def __init__(self, runtime, make_bundle, users):
        self.runtime, self.make_bundle, self.users = runtime, make_bundle, users
        self.caller = runtime.caller
        self.first = None  # whose user namespace is joined

    @property
    def own(self):
        return self.users != "same"

    def host_id(self, container_id):
        return self.caller.host_id(container_id, self.own)

    def bundle(self, *args, users=None, **process):
        made = self.make_bundle(*args, **process)
        users = users or self.users
        if users != "same":
            made.namespace("user")
            made.linux["uidMappings"] = self.caller.mappings()
            made.linux["gidMappings"] = self.caller.mappings()
        if users == "joined":
            if self.first is None:
                self.first = self.sleeper(users="own")
            made.namespace("user", f"/proc/{self.first.pid}/ns/user")
        if self.caller.name == "narrow":  # as `spec --rootless` has it
            for entry in made.config["mounts"]:
                entry["options"] = [word for word in entry.get("options", []) if word != "gid=5"]
        return self.give(made, users)

    def give(self, made, users=None):
        """The bundle belongs to the container's root."""
        owner = self.caller.host_id(0, (users or self.users) != "same")
        subprocess.run(["chown", "-hR", f"{owner}:{owner}", made.path], check=True)
        return made

    def sleeper(self, users=None, **process):
        return self.runtime.launch(self.bundle("/bin/sleep", "1000", users=users, **process))

    def words(self):
        """What starts the runtime as that caller."""
        return ["/usr/bin/env", *self.runtime.prefix, self.runtime.path, "--root", self.runtime.root]

    def run(self, made, *options):
        return self.runtime.run(made, *options)
