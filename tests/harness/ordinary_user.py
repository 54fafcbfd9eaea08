# SPDX-License-Identifier: Apache-2.0
"""An ordinary user with ranges of ids, who has a home with containers and calls thole-lxc on them."""
import os
import shutil
import subprocess

UID = 65534
FIRST, COUNT = 200000, 65536
ID_MAP = [f"lxc.idmap = u 0 {FIRST} {COUNT}", f"lxc.idmap = g 0 {FIRST} {COUNT}"]


class OrdinaryUser:
    """nobody, whom /etc/subuid and /etc/subgid of a mount namespace grant FIRST and so on."""

    def __init__(self, folder, program, granted=True):
        self.home = os.path.join(folder, "home")
        self.lxcpath = os.path.join(self.home, "lxc")
        self.program = os.path.join(self.home, "thole-lxc")
        self.grants = os.path.join(folder, "grants")
        for directory in (self.home, self.lxcpath, os.path.join(self.home, "run")):
            os.mkdir(directory)
            os.chown(directory, UID, UID)
        shutil.copy(program, self.program)
        with open(self.grants, "w", encoding="ascii") as target:
            target.write(f"nobody:{FIRST}:{COUNT}\n" if granted else "")

    def write(self, path, *lines):
        """A file of the user's in his home, with these lines; its path."""
        path = os.path.join(self.home, path)
        with open(path, "w", encoding="utf-8") as target:
            target.write("".join(line + "\n" for line in lines))
        os.chown(path, UID, UID)
        return path

    def start(self, *words, before=""):
        """Starts a command of the user's; before: what root does in its mount namespace."""
        script = (f"mount --bind {self.grants} /etc/subuid; mount --bind {self.grants} /etc/subgid; "
                  f'{before} exec "$@"')
        return subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "sh", "-ec", script, "sh", "setpriv",
             f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "env", f"HOME={self.home}",
             f"XDG_RUNTIME_DIR={self.home}/run", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd="/")

    def start_command(self, command, *words, before=""):
        """Starts a command of thole-lxc, whose process it is in the end."""
        return self.start(self.program, command, "-P", self.lxcpath, *words, before=before)

    def __call__(self, command, *words, before=""):
        with self.start_command(command, *words, before=before) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)
