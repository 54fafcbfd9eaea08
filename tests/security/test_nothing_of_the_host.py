# SPDX-License-Identifier: Apache-2.0
"""Whatever way a process comes into a container: nothing of the caller's and nothing of the host's is in it,
before its program runs and in the program. A row is a way; all is asked of each."""
import os
import shutil
import stat

import pytest

from harness import machine
from harness.held import Held, inside
from harness.programs import compiled
from harness.runtime import until
from harness.terminal import ConsoleSocket

pytestmark = pytest.mark.needs(root=True)

HOSTILE = os.path.join(os.path.dirname(__file__), "hostile.c")
FULL = ["CAP_" + name for name in machine.CAPABILITIES]
SECRETS = (b"hunter2", b"hunter3")  # of a command line, and of an environment


class Calling:
    """The runtime as somebody calls it who has much open: directories, a secret file, a pipe."""

    def __init__(self, thole, bundle, folder):
        self.thole, self.make_bundle, self.folder = thole, bundle, folder
        with open(folder + "/secret", "w", encoding="ascii") as target:
            target.write("of the host\n")
        self.environment = {**os.environ, "KEY": "hunter3"}
        self.opened = {self.identity(path) for path in ("/", folder + "/secret", thole.root)}
        self.first = None
        self.console = None
        self.held = None

    def open_much(self):
        """From now on the runtime inherits descriptors above the standard ones."""
        os.makedirs(self.thole.root, mode=0o700, exist_ok=True)
        self.opened.add(self.identity(self.thole.root))
        self.thole.prefix = ["sh", "-c", 'exec "$@" 3</ 4<"$0/secret" 5<>"$0/secret" 7<"$0/state"', self.folder]

    @staticmethod
    def identity(path):
        status = os.stat(path) if os.path.exists(path) else None
        return status and (status.st_dev, status.st_ino)

    def bundle(self, *args, **process):
        made = self.make_bundle(*(args or ("/bin/sleep", "1000")), noNewPrivileges=False, **process)
        made.capabilities(*[name for name in FULL if machine.has_capability(name)])
        made.linux["maskedPaths"] = made.linux["readonlyPaths"] = []
        return made

    def pod(self):
        """A container whose pid namespace the next one joins."""
        self.first = self.thole.launch(self.bundle())
        return self.first

    def listen(self):
        self.console = ConsoleSocket(self.folder + "/console")
        return "--console-socket", self.console.path

    def close(self):
        if self.held:
            self.held.close()


@pytest.fixture
def calling(thole, bundle, folder):
    one = Calling(thole, bundle, folder)
    yield one
    one.close()


# ---- before the program runs --------------------------------------------------------------------------

def created(calling, *options, change=lambda made: None, **process):
    made = calling.bundle(**process)
    change(made)
    calling.open_much()
    return [calling.thole.create(made, *options, env=calling.environment).pid]


def joins_pids(calling):
    pod = calling.pod()
    return lambda made: made.namespace("pid", f"/proc/{pod.pid}/ns/pid")


def with_a_hook(made):
    made.config["hooks"] = {"startContainer": [{"path": "/bin/true"}]}


def entered(calling, *options, change=lambda made: None):
    made = calling.bundle()
    change(made)
    container = calling.thole.launch(made)
    calling.open_much()
    calling.held = Held(container, calling.folder, *options, "--env", "TOKEN=hunter2",
                        environment=calling.environment)
    return [pid for pid in inside(container) if pid != container.pid]


def hook_that_stays(made):
    made.config["hooks"] = {"startContainer": [
        {"path": "/bin/sh", "args": ["sh", "-c", "touch /work/hook; exec sleep 1000"]}]}


def in_a_hook(calling):
    """While a startContainer hook runs: that and init."""
    made = calling.bundle()
    hook_that_stays(made)
    container = calling.thole.create(made)
    calling.open_much()
    calling.thole.start_process("start", container.id, env=calling.environment)
    until(lambda: os.path.exists(made.rootfs + "/work/hook"), what="the hook")
    return list(inside(container))


WAITING = {
    "create": created,
    "create with a terminal": lambda calling: created(calling, *calling.listen(), terminal=True),
    "create as an ordinary user": lambda calling: created(calling, user={"uid": 1000, "gid": 1000}),
    "create in a user namespace": lambda calling: created(calling, change=lambda made: made.user_namespace()),
    "create in the pid namespace of another": lambda calling: created(calling, change=joins_pids(calling)),
    "create with a hook": lambda calling: created(calling, change=with_a_hook),
    "exec": entered,
    "exec -t": lambda calling: entered(calling, "--tty"),
    "exec -d": lambda calling: entered(calling, "--detach"),
    "exec as an ordinary user": lambda calling: entered(calling, "--user", "1000:1000"),
    "exec in a user namespace": lambda calling: entered(calling, change=lambda made: made.user_namespace()),
    "startContainer hook": in_a_hook,
}


def of_the_host(pid, calling):
    """What is in the process that should not be, one line each."""
    for name in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", "rb") as source:
            text = source.read()
        for secret in (*SECRETS, calling.thole.root.encode(), calling.folder.encode()):
            if secret in text:
                yield f"{name} has {secret}"
    descriptors = f"/proc/{pid}/fd"
    for name in os.listdir(descriptors):
        status = os.stat(f"{descriptors}/{name}")
        target = os.readlink(f"{descriptors}/{name}")
        if stat.S_ISDIR(status.st_mode):
            yield f"descriptor {name} is a directory: {target}"
        if (status.st_dev, status.st_ino) in calling.opened:
            yield f"descriptor {name} is the caller's: {target}"
        if int(name) > 2 and not (stat.S_ISSOCK(status.st_mode) or target.startswith(("/memfd:", "anon_inode:"))):
            yield f"descriptor {name} is {target}"
    host = os.stat("/")
    for name in ("cwd", "root"):
        status = os.stat(f"/proc/{pid}/{name}")
        if (status.st_dev, status.st_ino) == (host.st_dev, host.st_ino):
            yield f"its {name} is the host's root"


@pytest.mark.parametrize("way", WAITING)
def test_nothing_is_in_what_waits(calling, way):
    """Descriptors, directories, command line, environment: whoever is inside might look at any time."""
    pids = WAITING[way](calling)
    assert pids
    for pid in pids:
        assert list(of_the_host(pid, calling)) == [], way


# ---- in the program -----------------------------------------------------------------------------------

LOOK = ("ls /proc/self/fd > /work/fds; tr '\\0' '\\n' < /proc/self/environ > /work/environ; "
        "readlink /proc/self/cwd > /work/cwd; touch /work/done; ")


def run(calling, made):
    calling.thole.run(made, env=calling.environment).ok()


def launch(calling, made, *options):
    made.process["args"][-1] += "exec sleep 1000"
    calling.thole.launch(made, *options, env=calling.environment)


def attachable(calling, made):
    made.process["terminal"] = True
    launch(calling, made, "--attachable")


def create_and_start(calling, made):
    calling.thole.create(made, env=calling.environment).start()


def execute(*options):
    def way(calling, made):
        script = made.process["args"][-1]
        made.process["args"] = ["/bin/sleep", "1000"]
        prefix, calling.thole.prefix = calling.thole.prefix, []
        container = calling.thole.launch(made)
        calling.thole.prefix = prefix
        container.sh(script, options=options, env=calling.environment).ok()
    return way


def hook(calling, made):
    script = made.process["args"][-1]
    made.process["args"] = ["/bin/true"]
    made.config["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", script]}]}
    run(calling, made)


PROGRAMS = {
    "run": run,
    "run -d": launch,
    "run -d --attachable": attachable,
    "create, start": create_and_start,
    "exec": execute(),
    "exec -t": execute("--tty"),
    "exec -d": execute("--detach"),
    "startContainer hook": hook,
}


@pytest.mark.parametrize("way", PROGRAMS)
def test_the_program_has_its_streams_alone(calling, way):
    """Of a caller who has 3, 4, 5 and 7 open: the directory that ls reads is the first one free. A shell
    looks: other programs may close what they find open."""
    made = calling.bundle("/bin/sh", "-c", LOOK)
    calling.open_much()
    PROGRAMS[way](calling, made)
    until(lambda: os.path.exists(made.rootfs + "/work/done"), what="the program")
    assert made.read("/work/fds").split() == ["0", "1", "2", "3"]
    assert "hunter" not in made.read("/work/environ")
    assert made.read("/work/cwd") == "/\n"


# ---- at any moment in between -------------------------------------------------------------------------

def caught(container):
    """What a hostile program inside has seen of the processes that it stopped as soon as they were there."""
    with open(container.bundle.rootfs + "/work/report", encoding="utf-8") as source:
        return [line for line in source.read().splitlines() if line.startswith("caught ")]


@pytest.mark.parametrize("way", ["exec", "exec -t", "create in the pid namespace of another"])
def test_a_command_line_is_gone_from_the_first_moment(calling, session_folder, way):
    """Root inside stops each new process of its pid namespace at once, and reads what it can of it then."""
    made = calling.bundle("/bin/hostile", "catch")
    shutil.copy(compiled(HOSTILE, session_folder), made.rootfs + "/bin/hostile")
    pod = calling.thole.launch(made)
    until(lambda: os.path.exists(made.rootfs + "/work/report"), what="the hostile program")
    for _ in range(200):  # some come and go while the hostile program is not running
        if way.startswith("exec"):
            options = ("--tty",) if way == "exec -t" else ()
            pod.exec("/bin/true", options=options, env=calling.environment).ok()
        else:
            other = calling.bundle("/bin/true")
            other.namespace("pid", f"/proc/{pod.pid}/ns/pid")
            calling.thole.create(other, env=calling.environment).delete("--force").ok()
        if len(caught(pod)) >= 40:
            break
    assert caught(pod), "no control"
    seen = "\n".join(caught(pod))
    assert "hunter" not in seen and calling.folder not in seen, seen
