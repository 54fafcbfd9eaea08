# SPDX-License-Identifier: Apache-2.0
"""thole-virsh, on definitions of the test's own."""
import itertools
import os
import subprocess
import xml.etree.ElementTree as ElementTree

from harness import traces
from harness.runtime import TIMEOUT, Process, until

_serial = itertools.count(1)

INIT = "<os><type>exe</type><init>/bin/sleep</init><initarg>1000</initarg></os>"


class Virsh:
    """virsh(COMMAND, ARGUMENT...) -> Result. Names of domains bear the session's mark, so that their
    cgroups are found again."""

    def __init__(self, program, directory, thole):
        self.program, self.directory, self.thole = program, directory, thole
        self.files = os.path.join(directory, "given")
        self.processes = []
        os.makedirs(self.files)
        self.definitions = os.path.join(directory, "definitions")
        self.environment = dict(os.environ, LIBVIRT_DEFAULT_URI=self.uri)

    @property
    def uri(self):
        return f"lxc:///?directory={self.definitions}"

    @property
    def live(self):
        return "/run/thole-virsh/" + self.definitions.lstrip("/").replace(":", "::").replace("/", ":")

    @property
    def root(self):
        return os.path.join(self.live, "state")

    def new_name(self):
        return f"{traces.mark()}v{next(_serial)}"

    def start_process(self, *words, **options):
        process = Process([self.program, *map(str, words)], env=self.environment, **options)
        self.processes.append(process)
        return process

    def __call__(self, *words, timeout=TIMEOUT, **options):
        return self.start_process(*words, **options).wait(timeout)

    def runtime(self, *words):
        """A command of thole itself on the same containers."""
        return Process([self.thole, "--root", self.root, *words]).wait()

    def file(self, text):
        path = os.path.join(self.files, f"{next(_serial)}.xml")
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)
        return path

    def xml(self, name, *parts, init=INIT, rootfs=None, devices="", memory="65536",
            attributes="type='lxc'"):
        """The text of a domain."""
        root = f"<filesystem type='mount'><source dir='{rootfs}'/><target dir='/'/></filesystem>" \
            if rootfs else ""
        return (f"<domain {attributes}>\n<name>{name}</name>\n<memory>{memory}</memory>\n{init}\n"
                + "\n".join(parts) + f"\n<devices>{root}{devices}</devices>\n</domain>\n")

    def define(self, *parts, name=None, **members):
        """A defined domain; its name."""
        name = name or self.new_name()
        self("define", self.file(self.xml(name, *parts, **members))).ok()
        return name

    def start(self, *parts, **members):
        name = self.define(*parts, **members)
        self("start", name).ok()
        return name

    def state(self, name):
        return self("domstate", name).ok().out.split("\n")[0]

    def pid(self, name):
        import json
        return json.loads(self.runtime("state", name).ok().out)["pid"]

    def keeper(self, name):
        """The processes that keep the domain."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as source:
                    words = source.read().split("\0")
                with open(f"/proc/{pid}/comm", encoding="ascii") as source:
                    comm = source.read()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if comm == "thole-keeper\n" and name in words:
                found.append(int(pid))
        return found

    def until_off(self, name):
        until(lambda: self("-q", "list", "--all", "--name", "--state-shutoff").out.split().count(name))

    def clean_up(self, folder):
        """Removes what the test left and returns a list of what it should not have left."""
        for process in self.processes:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()
        complaints = []
        names = os.listdir(self.root) if os.path.isdir(self.root) else []
        for name in names:
            if not name.startswith("."):
                result = self.runtime("delete", "--force", name)
                if result.code != 0:
                    complaints.append(f"delete --force failed: {result!r}")
        complaints += traces.leftovers(self.root, folder)
        subprocess.run(["rm", "-rf", "--one-file-system", self.live], check=False)
        return complaints


def canonical(text):
    """A document without what blanks between elements there are: what has to be equal."""
    return ElementTree.canonicalize(text, strip_text=True)
