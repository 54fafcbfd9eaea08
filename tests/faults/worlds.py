# SPDX-License-Identifier: Apache-2.0
"""Where the commands are traced: a folder, a runtime and a caller."""
import os
import subprocess
import time

import calls
from harness import bundle as bundles
from harness import callers, machine
from harness.caller import Caller
from harness.programs import compiled
from harness.runtime import Process, Result, Runtime

HERE = os.path.dirname(os.path.abspath(__file__))


class SystemdRuntime(Runtime):
    """Whose containers are in scopes of systemd."""

    def start_process(self, *args, **options):
        return super().start_process("--systemd-cgroup", *args, **options)


class World:
    """The folder, the runtime and the tracer that the commands of one caller share."""

    prefix = ""
    cgroups = True

    def __init__(self, folder, view):
        if view != "host":
            self.prefix = f"{view} {self.prefix}"
        self.systemd = view == "systemd"  # manages the cgroups
        os.mkdir(folder, 0o711)
        self.folder = folder
        self.helpers = set()
        self.runtime = self.make_runtime(machine.find_runtime())
        self.tracer = compiled(os.path.join(HERE, "tracer.c"), folder)
        self.numbers = calls.numbers()
        self.names = {number: name for name, number in self.numbers.items()}
        self.template = os.path.join(folder, "template")
        self.log = os.path.join(folder, "tracer.log")
        self.pid_file = os.path.join(folder, "pid", "file")
        self.bundles = 0
        self.caller = None   # whoever has the terminal
        self.process = None  # the tracer of a command that has none
        os.mkdir(os.path.dirname(self.pid_file))
        os.chmod(os.path.dirname(self.pid_file), 0o777)
        bundles.make_rootfs(self.template)

    def make_runtime(self, path):
        return SystemdRuntime(path, self.folder) if self.systemd else Runtime(path, self.folder)

    def cgroups_path(self, name):
        return f"system.slice:thole:{name}" if self.systemd else "/thole-test/" + name

    def bundle(self, config):
        self.bundles += 1
        return bundles.Bundle(os.path.join(self.folder, f"bundle{self.bundles}"), self.template,
                              config)

    def traced(self, command, words, target=None):
        """Runs the words of the command; returns its Result and the tracer's lines."""
        line = [self.tracer, "-o", self.log, "-b", self.runtime.path, "-g", str(command.grace)]
        for name, pid in command.also().items():
            line += ["-p", f"{name}={pid}"]
        if target:
            line += ["-i", target]
        line += [*self.runtime.prefix, self.runtime.path, "--root", self.runtime.root,
                 *(["--systemd-cgroup"] if self.systemd else []), *words]
        result = (self.on_terminal if command.terminal else self.on_pipes)(command, line)
        with open(self.log, encoding="ascii") as source:
            return result, source.read().splitlines()

    def on_pipes(self, command, line):
        self.process = process = Process(line)
        end = time.monotonic() + command.timeout
        while process.popen.poll() is None and time.monotonic() < end:
            command.during(process.output())
            time.sleep(0.001)
        return process.wait(0.1)

    def on_terminal(self, command, line):
        self.caller = Caller(line, ("terminal", "terminal", "pipe"))
        try:
            end = time.monotonic() + command.timeout
            while self.caller.pump(0.01):
                command.during(self.caller.text["terminal"])
                assert time.monotonic() < end, f"still running after {command.timeout} s"
            code = self.caller.wait()
            return Result(line, code, self.caller.text["terminal"].decode(errors="replace"),
                          self.caller.text.get(2, b"").decode(errors="replace"))
        finally:
            self.caller.close()

    def end_helpers(self):
        """Ends what is no part of a case."""


class UsersWorld(World):
    """The same of an ordinary user with subordinate ids."""

    prefix = "user "
    cgroups = False

    def make_runtime(self, path):
        self.who = callers.Caller("user", self.folder)
        self.helpers = {self.who.holder.pid}
        return callers.CalledRuntime(path, self.folder, self.who)

    def bundle(self, config):
        config["linux"]["resources"] = {}  # without a cgroup that is delegated there are none
        made = super().bundle(config)
        made.namespace("user")
        made.linux["uidMappings"] = self.who.mappings()
        made.linux["gidMappings"] = self.who.mappings()
        owner = self.who.host_id(0, True)
        subprocess.run(["chown", "-hR", f"{owner}:{owner}", made.path], check=True)
        return made

    def end_helpers(self):
        self.who.close()
