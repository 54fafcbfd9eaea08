# SPDX-License-Identifier: Apache-2.0
"""Calls the runtime under test, gives out unique container ids, and cleans up behind a test."""
import itertools
import json
import os
import subprocess
import tempfile
import time

from harness import machine, traces

TIMEOUT = 60
_serial = itertools.count(1)


class Result:
    """Exit status and output of one finished command."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    def __repr__(self):
        return (f"{' '.join(map(str, self.command))}\n  exit status {self.code}"
                f"\n  stdout: {self.out!r}\n  stderr: {self.err!r}")

    def ok(self):
        """This result, if the command succeeded; a failed assertion that shows it otherwise."""
        assert self.code == 0, repr(self)
        return self

    def failed(self, *texts):
        """This result, if the command failed and said all of the texts on stderr."""
        assert self.code != 0, f"should have failed: {self!r}"
        assert self.err.strip(), f"failed without a word: {self!r}"
        for text in texts:
            assert text in self.err, f"{text!r} is missing: {self!r}"
        return self


class Process:
    """A command that is still running; its output goes to files, so no pipe can fill up."""

    def __init__(self, command, stdin=subprocess.DEVNULL, **options):
        self.command = command
        self._out = tempfile.TemporaryFile()
        self._err = tempfile.TemporaryFile()
        if isinstance(stdin, (str, bytes)):
            source = tempfile.TemporaryFile()
            source.write(stdin.encode() if isinstance(stdin, str) else stdin)
            source.seek(0)
            stdin = source
        self.popen = subprocess.Popen(command, stdin=stdin,
                                      **{"stdout": self._out, "stderr": self._err, **options})
        self.pid = self.popen.pid

    def output(self):
        """What it wrote to stdout so far (also what a detached container writes later)."""
        return _contents(self._out)

    def errors(self):
        return _contents(self._err)

    def wait(self, timeout=TIMEOUT):
        try:
            code = self.popen.wait(timeout * machine.PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(
                f"still running after {timeout} s: {' '.join(map(str, self.command))}\n"
                f"stdout: {self.output()!r}\nstderr: {self.errors()!r}") from None
        return Result(self.command, code, self.output(), self.errors())


def _contents(file):
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")


def until(condition, timeout=10, what="the condition"):
    """Polls until the condition returns something true, and returns that."""
    end = time.monotonic() + timeout * machine.PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true within {timeout} s"
        time.sleep(0.005)


class Runtime:
    """The runtime with a state directory of its own."""

    def __init__(self, path, folder):
        self.path = path
        self.folder = folder
        self.root = os.path.join(folder, "state")
        self.ids = []
        self.processes = []
        self.prefix = []  # a command that runs the runtime as somebody else

    def new_id(self):
        name = f"{traces.mark()}{next(_serial)}"
        self.ids.append(name)
        return name

    def start_process(self, *args, root=True, **options):
        """Starts a command of the runtime and does not wait for it."""
        prefix = [*self.prefix, self.path] + (["--root", self.root] if root else [])
        process = Process(prefix + [str(arg) for arg in args], **options)
        self.processes.append(process)
        return process

    def __call__(self, *args, timeout=TIMEOUT, **options):
        return self.start_process(*args, **options).wait(timeout)

    def prepare(self, bundle, name=None):
        """Writes the bundle, and gives it a name and a cgroup path of its own; returns the name."""
        name = name or self.new_id()
        if name not in self.ids:
            self.ids.append(name)
        own = name if name.startswith(traces.mark()) else traces.mark() + name[:64]
        bundle.linux.setdefault("cgroupsPath", f"/thole-test/{own}")
        bundle.write()
        return name

    def run(self, bundle, *options, id=None, before=(), **popen):
        """`run` in the foreground; the container is gone when it returns."""
        name = self.prepare(bundle, id)
        return self(*before, "run", "--bundle", bundle.path, *options, name, **popen)

    def start_run(self, bundle, *options, id=None, before=(), **popen):
        """`run` in the foreground without waiting: (id, Process)."""
        name = self.prepare(bundle, id)
        return name, self.start_process(*before, "run", "--bundle", bundle.path, *options, name,
                                        **popen)

    def try_create(self, bundle, *options, id=None, before=(), **popen):
        name = self.prepare(bundle, id)
        return self(*before, "create", "--bundle", bundle.path, *options, name, **popen)

    def create(self, bundle, *options, id=None, before=(), **popen):
        """`create`, which must succeed: the Container."""
        name = self.prepare(bundle, id)
        process = self.start_process(*before, "create", "--bundle", bundle.path, *options, name,
                                     **popen)
        process.wait().ok()
        return Container(self, name, process, bundle)

    def launch(self, bundle, *options, id=None, before=(), **popen):
        """`run --detach`, which must succeed: the Container, running."""
        name = self.prepare(bundle, id)
        process = self.start_process(*before, "run", "--detach", "--bundle", bundle.path, *options,
                                     name, **popen)
        process.wait().ok()
        return Container(self, name, process, bundle)

    def state(self, name):
        result = self("state", name).ok()
        return json.loads(result.out)

    def clean_up(self):
        """Removes what the test left and returns a list of what it should not have left."""
        for process in self.processes:
            if process.popen.poll() is None:
                process.popen.kill()
                process.popen.wait()
        complaints = []
        left = [name for name in os.listdir(self.root) if not name.startswith(".")] \
            if os.path.isdir(self.root) else []
        for name in left:
            result = self("delete", "--force", name)
            if result.code != 0:
                complaints.append(f"delete --force failed: {result!r}")
        complaints += traces.leftovers(self.root, self.folder)
        return complaints


class Container:
    """One container by its id."""

    def __init__(self, runtime, name, process, bundle):
        self.runtime, self.id, self.process, self.bundle = runtime, name, process, bundle

    def __call__(self, command, *args, **options):
        """Any command that ends with the id and further words: container("kill", "TERM")."""
        return self.runtime(command, self.id, *args, **options)

    def state(self):
        return self.runtime.state(self.id)

    @property
    def status(self):
        return self.state()["status"]

    @property
    def pid(self):
        return self.state()["pid"]

    def output(self):
        return self.process.output()

    def start(self):
        self("start").ok()
        return self

    def exec(self, *args, options=(), **popen):
        return self.runtime("exec", *options, self.id, *args, **popen)

    def sh(self, script, options=(), **popen):
        return self.exec("/bin/sh", "-c", script, options=options, **popen)

    def delete(self, *options):
        return self.runtime("delete", *options, self.id)

    def wait_status(self, wanted, timeout=10):
        until(lambda: self.status == wanted, timeout, f"status {wanted} of {self.id}")

    def wait_stopped(self, timeout=10):
        self.wait_status("stopped", timeout)

    def kill_all(self, name):
        self.runtime("kill", "--all", self.id, name).ok()

    def cgroup(self, controller):
        """Directory of the container's cgroup in the hierarchy that has the controller."""
        return machine.cgroup_directory(self.pid, controller)

    def cgroup_read(self, controller, name):
        with open(os.path.join(self.cgroup(controller), name), encoding="ascii") as source:
            return source.read().strip()
