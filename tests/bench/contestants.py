# SPDX-License-Identifier: Apache-2.0
"""Who takes part: each turns a verb ("run", "exec", ...) into the words of a command.

A slot is a number from which a contestant makes its container's id, bundle and cgroup; commands
with different slots can run at the same time.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import configs
import workplace
from harness import machine
from spawner import Failure

sys.path.insert(0, os.path.join(os.path.dirname(workplace.HERE), "engines"))

import engine  # noqa: E402

LIVE = 0  # the slot of a container that stays
BATCH = 8
LXC_CONFIG = """lxc.uts.name = bench
lxc.rootfs.path = dir:{rootfs}
lxc.net.0.type = empty
lxc.mount.auto = proc sys
lxc.init.cmd = {program}
lxc.pty.max = 64
lxc.apparmor.profile = unchanged
"""


class Contestant:
    """Verbs and kinds of configurations that it has; a name without a verb takes no part in it."""
    verbs = ()
    kinds = ("default",)
    layouts = ("unified", "hybrid", "legacy")
    baseline = False  # no runtime, but what runtimes are compared with
    path = None  # of the program
    environment = ()  # NAME=VALUE words for it

    def __init__(self, name, place):
        self.name, self.place = name, place

    def can(self, verb, kind="default"):
        return verb in self.verbs and kind in self.kinds and machine.layout() in self.layouts

    def words(self, verb, slot=LIVE, kind="default"):
        """The command for the verb."""
        raise NotImplementedError

    def exec_words(self, program, tty=False):
        """The command that executes a program, given with its arguments, in the live container."""
        raise NotImplementedError

    def forget_caches(self):
        """What it has kept for the next container goes."""

    def settle(self, slot):
        """Waits until the container in the slot has ended."""

    def launch(self, spawner, slots, kind="default"):
        """Starts containers that sleep."""

    def clear(self, spawner):
        """Removes all of its containers."""

    def close(self):
        """Removes what it keeps elsewhere than in the workplace."""

    def version(self):
        """(name, version) for the record, or None."""
        return None


class Nothing(Contestant):
    """A static program that does nothing, in no container: what the spawning itself costs."""
    verbs = ("run", "create", "state", "start", "kill", "delete", "list", "exec", "exec -t")
    kinds = tuple(configs.KINDS)
    baseline = True

    def words(self, verb, slot=LIVE, kind="default"):
        return self.exec_words([workplace.TRUE])

    def exec_words(self, program, tty=False):
        return [self.place.rootfs + program[0], *program[1:]]


class Floor(Contestant):
    """tests/bench/floor.c"""
    verbs = ("run",)
    kinds = ("default", "host-cgroup")
    layouts = ("unified",)
    baseline = True

    def words(self, verb, slot=LIVE, kind="default"):
        rules = "device-rules" if self.place.device_rules else "no-device-rules"
        return [self.place.program("floor"), kind, rules, self.place.rootfs,
                f"/sys/fs/cgroup{self.place.cgroup}/floor-{slot}", workplace.TRUE]


class Oci(Contestant):
    """An OCI runtime called by itself, with a state folder of its own."""
    verbs = (*Nothing.verbs, "limited run")
    kinds = tuple(configs.KINDS)

    def __init__(self, name, place, path, environment=()):
        super().__init__(name, place)
        self.path = path
        self.environment = environment
        self.folder = place.make_folder("contestants", name)
        self.root = os.path.join(place.state, name)
        self.made = set()

    def id(self, slot):
        return f"bench-{os.getpid()}-{slot}"

    def pid_file(self, slot):
        return os.path.join(self.folder, f"pid-{slot}")

    def bundle(self, slot, kind, program, memory_limit=None):
        path = os.path.join(self.folder, f"{kind}-{program}-{memory_limit or 'free'}-{slot}")
        if path not in self.made:
            os.makedirs(path, exist_ok=True)
            config = configs.make(self.place, kind, program,
                                  f"{self.place.cgroup}/{self.name}-{slot}")
            if memory_limit:
                config["linux"]["resources"]["memory"] = {"limit": memory_limit}
            workplace.write(path + "/config.json", json.dumps(config))
            self.made.add(path)
        return path

    def words(self, verb, slot=LIVE, kind="default", memory_limit=None):
        if verb in ("exec", "exec -t"):
            return self.exec_words([workplace.TRUE], verb == "exec -t")
        name = self.id(slot)
        made = {"run": "true", "limited run": "true", "launch": "sleep", "create": "sleep"}
        bundle = self.bundle(slot, kind, made[verb], memory_limit) if verb in made else None
        manager = ["--systemd-cgroup"] if kind == "systemd" else []
        return [*self.environment, self.path, "--root", self.root, *manager, *{
            "run": ("run", "--bundle", bundle, name),
            "limited run": ("run", "--bundle", bundle, name),
            "launch": ("run", "--detach", "--bundle", bundle, name),
            "create": ("create", "--bundle", bundle, "--pid-file", self.pid_file(slot), name),
            "kill": ("kill", name, "KILL"),
            "list": ("list",),
            "remove": ("delete", "--force", name),
        }.get(verb, (verb, name))]

    def exec_words(self, program, tty=False):
        options = ["--tty"] if tty else []
        return [*self.environment, self.path, "--root", self.root, "exec", *options,
                self.id(LIVE), *program]

    def forget_caches(self):
        workplace.forget([self.root + "/.seccomp", self.root + "/.cache/seccomp"])

    def settle(self, slot):
        pid = workplace.read(self.pid_file(slot))
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                    if stat.read().rpartition(")")[2].split()[0] == "Z":
                        return
            except OSError:
                return
            time.sleep(0.001)
        raise Failure(f"{self.name}: process {pid} does not end")

    def launch(self, spawner, slots, kind="default"):
        self._in_batches(spawner, "launch", slots, kind)

    def _in_batches(self, spawner, verb, slots, kind="default"):
        for first in range(0, len(slots), BATCH):
            commands = [self.words(verb, slot, kind) for slot in slots[first:first + BATCH]]
            spawner.many(commands, len(commands))

    def clear(self, spawner):
        if not os.path.isdir(self.root):
            return
        prefix = self.id("")
        slots = [name.removeprefix(prefix) for name in os.listdir(self.root)
                 if name.startswith(prefix)]
        self._in_batches(spawner, "remove", slots)

    def version(self):
        return self.name, said_version(self.path)


class Lxc(Contestant):
    """LXC's commands, on the same root file system with what its default profile mounts."""
    verbs = ("run", "state", "list", "exec", "exec -t", "launch", "remove")
    layouts = ("unified",)
    COMMANDS = {"run": ("lxc-start", "-F"), "launch": ("lxc-start", "-d"), "state": ("lxc-info",),
                "list": ("lxc-ls",), "remove": ("lxc-stop", "-k")}

    def __init__(self, name, place):
        super().__init__(name, place)
        self.store = place.make_folder("contestants", "lxc")
        self.live = []

    def id(self, slot, program):
        name = f"bench-{os.getpid()}-{slot}-{program}"
        folder = os.path.join(self.store, name)
        if not os.path.isdir(folder):
            os.mkdir(folder)
            workplace.write(folder + "/config", LXC_CONFIG.format(
                rootfs=self.place.rootfs, program=" ".join(configs.PROGRAMS[program])))
        return name

    def words(self, verb, slot=LIVE, kind="default"):
        if verb in ("exec", "exec -t"):
            return self.exec_words([workplace.TRUE])
        program, *options = self.COMMANDS[verb]
        words = [shutil.which(program), "-P", self.store]
        if verb != "list":
            words += ["-n", self.id(slot, "true" if verb == "run" else "sleep")]
        return words + options

    def exec_words(self, program, tty=False):
        return [shutil.which("lxc-attach"), "-P", self.store, "-n", self.id(LIVE, "sleep"), "--",
                *program]

    def launch(self, spawner, slots, kind="default"):
        for slot in slots:
            self.live.append(slot)
            spawner.one(self.words("launch", slot))

    def clear(self, spawner):
        while self.live:
            spawner.one(self.words("remove", self.live.pop()))

    def version(self):
        return self.name, said_version("lxc-start")


class TholeLxc(Lxc):
    """The same commands of thole-lxc, on the same configurations."""

    def __init__(self, name, place, program):
        super().__init__(name, place)
        self.program = program
        self.store = place.make_folder("contestants", "thole-lxc")

    def words(self, verb, slot=LIVE, kind="default"):
        words = super().words(verb, slot, kind)
        return [self.program, os.path.basename(words[0]).removeprefix("lxc-"), *words[1:]]

    def clear(self, spawner):
        super().clear(spawner)
        root = "/run/thole-lxc/" + self.store.lstrip("/").replace("/", ":")
        subprocess.run(["rm", "-rf", "--one-file-system", root], check=False)

    def version(self):
        return self.name, said_version(self.program)


class Podman(Contestant):
    """`podman run` with one of the runtimes: of a root file system, and of an image."""
    verbs = ("podman run", "podman run image")

    def __init__(self, runtime, place):
        super().__init__("podman+" + runtime.name, place)
        self.engine = engine.Podman(runtime.path, place.folder)
        self.has_image = False

    def words(self, verb, slot=LIVE, kind="default"):
        if verb == "podman run":
            return self._command("run", "--rm", "--pids-limit", "-1", "--rootfs",
                                 self.place.rootfs, workplace.TRUE)
        if not self.has_image:
            self.engine.prepare()
            self.has_image = True
        return self._command("run", "--rm", self.engine.image, "true")

    def _command(self, *words):
        settings = [f"{name}={self.engine.env[name]}"
                    for name in ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "HOME")]
        return ["/usr/bin/env", *settings, *self.engine.command(*words)]

    def exec_words(self, program, tty=False):
        return self._command("exec", *(["-it"] if tty else []), self.engine.names[LIVE], *program)

    def launch(self, spawner, slots, kind="default"):
        for _ in slots:
            spawner.one(self._command("run", "--detach", "--pids-limit", "-1", "--name",
                                      self.engine.new_name(), "--rootfs", self.place.rootfs,
                                      *configs.PROGRAMS["sleep"]))

    def clear(self, spawner):
        self.engine.forget()

    def close(self):
        self.engine.close()

    def version(self):
        return "podman", said_version("podman")


def clear_all(everyone, spawner):
    """Whatever has happened: no contestant keeps a container."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for one in everyone:
        try:
            one.clear(spawner)
        except Failure as failure:
            print(f"clearing up {one.name}: {failure}", file=sys.stderr)
        one.close()


def said_version(program):
    """The last word of the first line that --version prints."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.split("\n")[0].split() or ["unknown"])[-1]


def find_runtimes(named, note):
    """{name: path} of thole, crun and runc as far as they are there, and of those named; `note` is
    told who is missing."""
    found = {"thole": machine.find_runtime(), "crun": shutil.which("crun"),
             "runc": shutil.which("runc")}
    found.update(named)
    for name in [name for name, path in found.items() if not path]:
        note(f"{name} is not here")
    return {name: path for name, path in found.items() if path}


def with_and_without(name, place):
    """thole with the shortcut of that name (libcrun-like/base/fastpath.c), and without. The first
    lacks one that the variable switches off whatever its value is."""
    path = machine.find_runtime()
    return [Oci(prefix + name, place, path, (f"THOLE_NO_FASTPATH={forbidden}",))
            for prefix, forbidden in (("", "sealed-entry"), ("no-", name))]


def gather(place, runtimes, note):
    """All contestants but those that are not installed; `note` is told who that is."""
    everyone = [Oci(name, place, path) for name, path in runtimes.items()]
    if shutil.which("podman"):
        everyone += [Podman(one, place) for one in list(everyone)]
    else:
        note("podman is not installed")
    if shutil.which("lxc-start"):
        everyone.append(Lxc("lxc", place))
        beside = os.path.join(os.path.dirname(machine.find_runtime() or ""), "thole-lxc")
        if os.path.exists(beside):
            everyone.append(TholeLxc("thole-lxc", place, beside))
    else:
        note("lxc is not installed")
    return everyone + [Floor("floor", place), Nothing("spawn", place)]
