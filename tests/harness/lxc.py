# SPDX-License-Identifier: Apache-2.0
"""The lxc-* commands of thole and of the distribution, each on a directory of containers of its own."""
import itertools
import os
import subprocess

from harness import traces
from harness.runtime import TIMEOUT, Process

_serial = itertools.count(1)


class Commands:
    """lxc-* commands on one lxcpath. Names of containers bear the session's mark, so that their
    cgroups are found again."""

    def __init__(self, lxcpath):
        self.lxcpath = lxcpath
        self.processes = []
        os.makedirs(lxcpath)

    def new_name(self):
        return f"{traces.mark()}x{next(_serial)}"

    def words(self, command):
        raise NotImplementedError

    def start_process(self, command, *args, path=True, **options):
        """Starts a command and does not wait for it; path=False leaves out --lxcpath."""
        where = ["-P", self.lxcpath] if path else []
        process = Process(self.words(command) + where + [str(arg) for arg in args], **options)
        self.processes.append(process)
        return process

    def __call__(self, command, *args, timeout=TIMEOUT, **options):
        return self.start_process(command, *args, **options).wait(timeout)

    def define(self, config, name=None, rootfs=None):
        """A defined container: LXCPATH/NAME/config with the lines of config; its name."""
        name = name or self.new_name()
        directory = os.path.join(self.lxcpath, name)
        os.makedirs(directory, exist_ok=True)
        lines = [config] if isinstance(config, str) else list(config)
        if rootfs:
            lines.insert(0, f"lxc.rootfs.path = dir:{rootfs}")
        with open(os.path.join(directory, "config"), "w", encoding="utf-8") as target:
            target.write("\n".join(lines) + "\n")
        return name

    def end_processes(self):
        for process in self.processes:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()


class Face(Commands):
    """thole-lxc."""

    def __init__(self, program, lxcpath, thole):
        super().__init__(lxcpath)
        self.program, self.thole = program, thole

    def words(self, command):
        return [self.program, command]

    @property
    def root(self):
        """The state root of this lxcpath."""
        return "/run/thole-lxc/" + self.lxcpath.lstrip("/").replace(":", "::").replace("/", ":")

    def runtime(self, *words):
        """A command of thole itself on the same containers."""
        process = Process([self.thole, "--root", self.root, *words])
        return process.wait()

    def live(self):
        """Ids of the containers there are in the state root."""
        if not os.path.isdir(self.root):
            return []
        return [name for name in os.listdir(self.root) if not name.startswith(".")]

    def clean_up(self, folder):
        """Removes what the test left and returns a list of what it should not have left."""
        self.end_processes()
        complaints = []
        for name in self.live():
            result = self.runtime("delete", "--force", name)
            if result.code != 0:
                complaints.append(f"delete --force failed: {result!r}")
        complaints += traces.leftovers(self.root, folder)
        subprocess.run(["rm", "-rf", "--one-file-system", self.root], check=False)
        return complaints


class Debian(Commands):
    """The distribution's LXC."""

    before = ()  # words in front of every command

    def words(self, command):
        return [*self.before, "/usr/bin/lxc-" + command]

    def clean_up(self, folder):
        for name in os.listdir(self.lxcpath):
            self("stop", "-n", name, "-k")
        self.end_processes()
        return traces.leftovers("/nonexistent", folder)
