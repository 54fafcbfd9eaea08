# SPDX-License-Identifier: Apache-2.0
"""What the engine tests share: a private image store, one busybox image, TAP output."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import bundle, machine, traces  # noqa: E402

SKIP = 77
IMAGE = "localhost/thole-test-busybox"
MANAGER = os.environ.get("THOLE_TEST_CGROUP_MANAGER", "cgroupfs")


class Skip(Exception):
    """A test cannot run here; the text says why."""


class Refused(Exception):
    """The engine said no."""


class Text(str):
    """Shown as it is, line by line."""

    __repr__ = str.__str__


def check(condition, shown=None):
    if not condition:
        raise AssertionError(repr(shown) if shown is not None else "the check failed")


class Result:
    def __init__(self, command, done):
        self.command, self.code = command, done.returncode
        self.out, self.err = done.stdout, done.stderr

    def __repr__(self):
        return f"{' '.join(self.command)}: exit status {self.code}, {self.out!r}, {self.err!r}"

    def ok(self):
        check(self.code == 0, self)
        return self


class Engine:
    """A command with a store of its own in a temporary folder beneath `parent`."""

    program = None
    second_tries = 2

    def __init__(self, runtime, parent="/var/tmp"):
        self.runtime = runtime
        self.base = tempfile.mkdtemp(prefix="thole-engine.", dir=parent)
        self.image = IMAGE
        self.names = []
        self.env = {**os.environ, "CONTAINERS_CONF": self._write_settings(),
                    "CONTAINERS_STORAGE_CONF": self._write_storage(),
                    "HOME": self.folder("home")}

    def _write_settings(self):
        """Hard limits may only be lowered where CAP_SYS_RESOURCE is missing."""
        return self.file("containers.conf", f"""[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
[engine]
cgroup_manager = "{MANAGER}"
events_logger = "file"
runtime = "{self.runtime}"
tmp_dir = "{self.base}/tmp"
[engine.runtimes]
""")

    def _write_storage(self):
        return self.file("storage.conf", f"""[storage]
driver = "vfs"
graphroot = "{self.base}/store"
runroot = "{self.base}/run"
""")

    def folder(self, name):
        path = os.path.join(self.base, name)
        os.makedirs(path, exist_ok=True)
        return path

    def file(self, name, text):
        path = os.path.join(self.base, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)
        return path

    def rootfs(self):
        path = os.path.join(self.base, "rootfs")
        if not os.path.isdir(path):
            os.mkdir(path)
            bundle.make_rootfs(path)
        return path

    def command(self, *args):
        return [self.program, *args]

    def __call__(self, *args, stdin="", timeout=60, **options):
        command = self.command(*args)
        try:
            done = subprocess.run(command, input=stdin, env=self.env, capture_output=True,
                                  text=True, timeout=timeout * machine.PATIENCE, check=False,
                                  **options)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{' '.join(command)}: no end after {timeout} s") from None
        return Result(command, done)

    def spawn(self, *args):
        """The command on a terminal of its own."""
        try:
            import pexpect
        except ImportError:
            raise Skip("needs the package python3-pexpect") from None
        command = self.command(*args)
        child = pexpect.spawn(command[0], command[1:], env=self.env, encoding="utf-8",
                              timeout=20 * machine.PATIENCE)

        def expect_end(status):
            child.expect(pexpect.EOF)
            child.close()
            check(child.exitstatus == status, f"exit status {child.exitstatus}, wanted {status}")

        child.expect_end = expect_end
        return child

    def needs_program(self, *names):
        if not any(shutil.which(name) for name in names):
            raise Skip(f"needs the program {names[0]}")

    @staticmethod
    def until(condition, timeout=15):
        end = time.monotonic() + timeout * machine.PATIENCE
        while True:
            value = condition()
            if value:
                return value
            check(time.monotonic() < end, "a condition did not come true in time")
            time.sleep(0.05)

    def state_directories(self):
        """Ids of this engine's containers that the runtime still knows."""
        known = subprocess.run([self.runtime, "list", "--format", "json"], capture_output=True,
                               text=True, check=False).stdout
        return [entry["id"] for entry in json.loads(known or "[]") or []
                if entry["bundle"].startswith(self.base)]

    def close(self):
        """Ends what a failed test left: monitors (told by their arguments), containers, mounts."""
        for pid in traces.processes():
            if self.base in traces.command_line(pid) and pid != os.getpid():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for name in self.state_directories():
            subprocess.run([self.runtime, "delete", "--force", name], timeout=20, check=False)
        for mount in sorted(traces.mounts_of(self.base), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", self.base], check=False)


def lxc_commands(engine, identity, pid, end, place=None):
    """The lxc-* commands on a running container of the engine that was never theirs, by its id and
    by the beginning of that. `end` stops and removes it; `place` is (the engine's own state root,
    where engines of a machine have it)."""
    program = os.path.join(os.path.dirname(engine.runtime), "thole-lxc")
    if not os.path.exists(program):
        raise Skip("needs thole-lxc")
    prefix = []
    if place:
        own, usual = place
        top = "/" + "/".join(usual.split("/")[1:3])
        if not os.path.isdir(top):
            raise Skip(f"needs {top}")
        script = (f"mount -t tmpfs tmpfs {top} && mkdir -p {usual} && mount --bind {own} {usual} && "
                  "exec \"$@\"")
        prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]

    def start(*words):
        return subprocess.Popen([*prefix, program, *words], stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.PIPE)

    def call(*words):
        process = start(*words)
        out, err = process.communicate(timeout=60 * machine.PATIENCE)
        check(process.returncode == 0, (words, process.returncode, out, err))
        return out

    for name in (identity, identity[:12]):
        check(call("info", "-s", "-H", name) == "RUNNING\n")
        check(call("info", "-p", "-H", name) == f"{pid}\n")
    table = {line.split()[0]: line.split()[1:] for line in call("ls", "-f", "-F",
                                                                "name,state,type").splitlines()}
    check(table.get(identity, [""])[0] == "RUNNING" and table[identity][1] in ("podman", "docker"),
          table)
    check(str(pid) in call("ps", "-n", identity, "--", "-o", "pid").split())
    check(call("cgroup", identity, "pids.max").strip() != "")
    monitor, waiting = start("monitor", "-n", identity), start("wait", "-n", identity, "-s", "STOPPED")
    time.sleep(0.5)
    call("freeze", identity[:12])
    check(call("info", "-s", "-H", identity) == "FROZEN\n")
    call("unfreeze", identity)
    check(call("info", "-s", "-H", identity) == "RUNNING\n")
    end()
    check(waiting.wait(30) == 0)
    engine.until(lambda: call("info", "-s", "-H", identity) == "STOPPED\n"
                 if identity in call("ls", "-1") else True)
    monitor.terminate()
    told = monitor.communicate()[0]
    for state in ("FREEZING", "FROZEN", "THAWED", "RUNNING", "STOPPING"):
        check(f"'{identity}' changed state to [{state}]\n" in told, told)


class Podman(Engine):
    program = "podman"
    is_user = False

    def command(self, *args):
        return ["podman", "--root", self.base + "/store", "--runroot", self.base + "/run",
                "--storage-driver", "vfs", "--tmpdir", self.base + "/tmp",
                "--cgroup-manager", MANAGER, "--events-backend", "file",
                "--runtime", self.runtime, *args]

    def prepare(self):
        archive = os.path.join(self.base, "rootfs.tar")
        subprocess.run(["tar", "-C", self.rootfs(), "-cf", archive, "."], check=True)
        self("import", archive, IMAGE).ok()

    def new_name(self):
        self.names.append(f"thole-engine-{os.getpid()}-{len(self.names)}")
        return self.names[-1]

    def forget(self):
        """After each test: its containers go."""
        while self.names:
            self("rm", "--force", "--time", "0", "--ignore", self.names.pop())

    def needs_cgroups(self):
        """Skips where none can be made."""

    def cgroup_value(self, name, controller, v1_file, v2_file):
        pid = int(self("inspect", "--format", "{{.State.Pid}}", name).ok().out)
        if controller not in machine.controllers():
            raise Skip(f"needs the {controller} controller")
        file = v2_file if machine.controllers()[controller][1] else v1_file
        with open(os.path.join(machine.cgroup_directory(pid, controller), file),
                  encoding="ascii") as source:
            return source.read().strip()


class UserPodman(Podman):
    """Podman of an ordinary user, who exists in a mount namespace alone: with ranges of subordinate
    ids, and a runtime directory."""

    user, uid, ranges = "thole-user", 6100, "610000:131072"
    is_user = True

    def __init__(self, runtime):
        self.holder = None
        reason = machine.missing({"program": ["newuidmap", "newgidmap", "setpriv"]})
        if reason:
            raise Skip(reason)
        super().__init__(runtime)
        os.chmod(self.base, 0o711)
        home, run = self.folder("home"), self.folder("xdg")
        self.holder = subprocess.Popen(["unshare", "--mount", "--propagation", "shared", "sleep",
                                        "infinity"])
        namespace = f"/proc/{self.holder.pid}/ns/mnt"
        self.until(lambda: os.readlink(namespace) != os.readlink("/proc/self/ns/mnt"))
        self.enter = ["nsenter", f"--mount={namespace}"]
        for name, line in (("passwd", f"{self.user}:x:{self.uid}:{self.uid}::{home}:/bin/sh"),
                           ("group", f"{self.user}:x:{self.uid}:"),
                           ("subuid", f"{self.user}:{self.ranges}"),
                           ("subgid", f"{self.user}:{self.ranges}")):
            self._add_line("/etc/" + name, line)
        self._belong_to_user(home, run, "/nowhere")

    def _belong_to_user(self, home, run, bus):
        self.env = {**self.env, "HOME": home, "XDG_RUNTIME_DIR": run, "USER": self.user,
                    "DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"}
        for path in ("home", "xdg", "store", "run", "tmp"):
            os.chown(self.folder(path), self.uid, self.uid)

    def _add_line(self, path, line):
        if not os.path.exists(path):
            raise Skip(f"needs {path}")
        with open(path, encoding="utf-8") as source:
            copy = self.file("etc" + path, source.read() + line + "\n")
        subprocess.run([*self.enter, "mount", "--bind", copy, path], check=True)

    def as_user(self, *command):
        return [*self.enter, "setpriv", f"--reuid={self.uid}", f"--regid={self.uid}",
                "--clear-groups", *command]

    def command(self, *args):
        return self.as_user(*super().command(*args))

    def folder(self, name):
        path = super().folder(name)
        if self.holder is not None:
            os.chown(path, self.uid, self.uid)
        return path

    def needs_cgroups(self):
        raise Skip("this user has no cgroups: no session, nothing is delegated")

    def state_directories(self):
        done = subprocess.run(self.command("unshare", self.runtime, "list", "--format", "json"),
                              env=self.env, capture_output=True, text=True, check=False)
        return [entry["id"] for entry in json.loads(done.stdout or "[]") or []]

    def close(self):
        if self.holder is None:
            return
        self("system", "migrate")
        names = self.state_directories()
        for name in names:
            subprocess.run(self.command("unshare", self.runtime, "delete", "--force", name),
                           env=self.env, timeout=20, check=False)
        self.holder.kill()
        self.holder.wait()
        self.state_directories = lambda: []
        super().close()


class SessionPodman(UserPodman):
    """Podman of an ordinary user of this machine who has a session: their systemd has cgroups to give."""

    user, uid = "web", 1000

    def __init__(self, runtime):
        run = f"/run/user/{self.uid}"
        reason = machine.missing({"program": ["newuidmap", "newgidmap", "setpriv"], "file": run + "/bus"})
        if reason:
            raise Skip(reason)
        self.holder = None
        Podman.__init__(self, runtime)
        os.chmod(self.base, 0o711)
        self.enter = []
        self.holder = subprocess.Popen(["sleep", "infinity"])
        self._belong_to_user(self.folder("home"), run, run + "/bus")

    def needs_cgroups(self):
        """There are some."""


def main(name, kind, tests, program=None):
    """Runs the tests and prints TAP; 77 if none could run."""
    patterns = sys.argv[1:] or [""]
    runtime = machine.find_runtime()
    reason = machine.missing({"root": True, "program": [program or name]})
    if reason is None and runtime is None:
        reason = "there is no runtime to test: build thole or set THOLE"
    if reason is None and not os.path.exists(bundle.BUSYBOX):
        reason = "needs the package busybox-static"
    if reason:
        print(f"1..0 # SKIP {name}: {reason}")
        return SKIP
    print(f"# {name} with {runtime}, cgroup manager {MANAGER}")
    try:
        engine = kind(runtime)
    except Skip as missing:
        print(f"1..0 # SKIP {name}: {missing}")
        return SKIP
    failed = 0
    try:
        engine.prepare()
        chosen = {title: test for title, test in tests(engine).items()
                  if any(pattern in title for pattern in patterns)}
        print(f"1..{len(chosen)}")
        for number, (title, test) in enumerate(chosen.items(), 1):
            failed += run_one(f"{number} - {name} {title}", test, engine)
    finally:
        engine.close()
    return 1 if failed else 0


def describe(problem):
    """What is worth reading of why a test failed."""
    text = str(problem)
    if type(problem).__module__.startswith("pexpect"):
        text = "\n".join(line for line in text.split("\n")
                         if line.startswith(("Timeout", "End", "before", "args")))
    elif not isinstance(problem, AssertionError):
        text = "".join(traceback.format_exception(problem))
    return "".join(f"#   {line}\n" for line in text.strip().split("\n"))


def attempt(test, engine):
    """None, or why it was skipped or failed."""
    try:
        test()
        return None
    except Exception as problem:  # a test may fail in any way
        return problem
    finally:
        try:
            engine.forget()
        except Exception as problem:
            print(f"# cleaning up failed: {problem}")


def run_one(title, test, engine):
    """On a busy machine an engine loses a race of its own now and then: two of its tests may be tried again,
    and are listed."""
    problem = attempt(test, engine)
    if problem is not None and not isinstance(problem, Skip) and engine.second_tries > 0:
        engine.second_tries -= 1
        print(f"# RERUN {title}\n{describe(problem)}", end="", flush=True)
        problem = attempt(test, engine)
    if problem is None or isinstance(problem, Skip):
        print(f"ok {title}" + (f" # SKIP {problem}" if problem is not None else ""), flush=True)
        return 0
    print(f"not ok {title}\n{describe(problem)}", end="", flush=True)
    return 1
