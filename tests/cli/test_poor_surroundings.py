# SPDX-License-Identifier: Apache-2.0
"""Where the caller or the state root gives too little: each command does all of its work, or says in one
line what is missing and loses nothing. A state root that is full, read-only or full of garbage; standard
descriptors that are closed; resource limits that are tiny; pids that come again.
"""
import itertools
import json
import os
import resource
import signal
import subprocess

import pytest

from harness import machine, traces
from harness.runtime import Process, Result, until

SOON = 20


def cgroups_of(name):
    return [path for path in traces.own_cgroups() if path.endswith("/" + name)]


def one_line(result):
    """It failed, and said why in one line, hints and warnings apart."""
    lines = [line for line in result.err.splitlines()
             if not line.startswith(("thole: hint: ", "thole: warning: "))]
    assert result.code > 0 and len(lines) == 1, repr(result)
    return lines[0]


def gone(name):
    assert not cgroups_of(name)
    assert not [pid for pid in traces.descendants() if name in traces.command_line(pid)]


# ---- a state root with little room ------------------------------------------------------------------

class Room:
    """A mount namespace where the state root is a tmpfs of its own."""

    def __init__(self, thole):
        self.thole = thole
        os.makedirs(thole.root, exist_ok=True)
        self.holder = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sleep", "1000"])
        until(lambda: os.stat(f"/proc/{self.holder.pid}/ns/mnt").st_ino != os.stat("/proc/self/ns/mnt").st_ino,
              what="the mount namespace")
        until(lambda: traces.command_line(self.holder.pid).startswith("sleep"), what="the holder")
        self.enter = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--"]
        self("mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "state", thole.root)
        thole.prefix = self.enter

    def __call__(self, *words):
        subprocess.run([*self.enter, *words], check=True, stdout=subprocess.DEVNULL)

    def remount(self, options):
        self("mount", "-o", "remount," + options, self.thole.root)

    def fill(self, left):
        """All but so many pages are taken."""
        self("sh", "-c", f'cd "$1" && rm -f .filler && ! dd if=/dev/zero of=.filler bs=4096 2>/dev/null; '
             f'size=$(stat -c %s .filler); truncate -s $((size - 4096 * {left})) .filler', "sh", self.thole.root)

    def empty(self):
        self("rm", "-f", self.thole.root + "/.filler")

    def names(self):
        listed = subprocess.run([*self.enter, "ls", self.thole.root], check=True, capture_output=True, text=True)
        return listed.stdout.split()

    def end(self):
        self.thole.prefix = []
        self.holder.kill()
        self.holder.wait()


@pytest.fixture
def room(thole):
    made = Room(thole)
    yield made
    made.end()


def create_or_nothing(thole, made, room, what):
    """Whether it could be created; else it left neither name nor process nor cgroup."""
    made.linux.pop("cgroupsPath", None)
    name = thole.prepare(made)
    result = thole("create", "--bundle", made.path, name, timeout=SOON)
    if result.code == 0:
        assert thole.state(name)["status"] == "created", what
        return name
    assert "No space left" in one_line(result) or "does not fit" in result.err, (what, repr(result))
    assert name not in room.names(), what
    gone(name)
    return None


def test_create_in_a_full_state_root(thole, bundle, room):
    """With every number of pages left, from none to enough."""
    made = bundle("/bin/sleep", "1000")
    made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                             "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
    refused = 0
    for left in range(20):
        room.fill(left)
        name = create_or_nothing(thole, made, room, f"{left} pages")
        if name:
            thole("delete", "--force", name).ok()
            break
        refused += 1
    room.empty()
    assert name and refused > 0


def test_create_without_a_free_inode(thole, bundle, room):
    made = bundle("/bin/sleep", "1000")
    refused = 0
    for inodes in range(1, 20):
        room.remount(f"nr_inodes={inodes}")
        name = create_or_nothing(thole, made, room, f"{inodes} inodes")
        if name:
            thole("delete", "--force", name).ok()
            break
        refused += 1
    assert name and refused > 0


COMMANDS = {  # what is asked of a running container, and its status afterwards
    "state": (["state"], "running"), "list": (["list"], "running"), "ps": (["ps", "--format", "json"], "running"),
    "exec": (["exec", "ID", "/bin/true"], "running"), "kill": (["kill", "ID", "CONT"], "running"),
    "pause": (["pause"], "paused"), "resume": (["resume"], "running"),
    "update": (["update", "--resources", machine.NO_CHANGE], "running"),
}


def words_of(command, name):
    words = COMMANDS[command][0]
    return [name if word == "ID" else word for word in words] if "ID" in words else \
        words if command == "list" else [*words, name]


def test_commands_in_a_full_state_root(thole, sleeper, room):
    """They need no room: all are done, the deletion too."""
    container = sleeper()
    room.fill(0)
    for command, (_, status) in COMMANDS.items():
        result = thole(*words_of(command, container.id), timeout=SOON)
        assert result.code == 0, repr(result)
        assert container.status == status, command
    container.delete("--force").ok()
    room.empty()
    assert room.names() == []


def test_start_in_a_full_state_root(thole, bundle, room):
    container = thole.create(bundle("/bin/sleep", "1000"))
    room.fill(0)
    result = container("start")
    if result.code != 0:
        one_line(result)
        assert container.status in ("created", "stopped"), repr(result)
    else:
        assert container.status == "running"
    container.delete("--force").ok()


def test_a_read_only_state_root(thole, bundle, sleeper, room):
    """What writes nothing there works; what does says so, and the container is kept."""
    container = sleeper()
    created = thole.create(bundle("/bin/sleep", "1000"))
    pid = container.pid
    room.remount("ro")
    for command, (_, status) in COMMANDS.items():
        result = thole(*words_of(command, container.id), timeout=SOON)
        assert result.code == 0 and container.status == status or "Read-only" in one_line(result), command
    made = bundle("/bin/true")
    name = thole.prepare(made)
    assert "Read-only file system" in one_line(thole("create", "--bundle", made.path, name))
    gone(name)
    for one in (container, created):
        assert "Read-only file system" in one_line(one.delete("--force"))
        assert one.id in room.names()
        assert one.status in ("running", "created", "stopped")
    assert container.status == "stopped" or traces.lives(pid)
    room.remount("rw")
    for one in (container, created):
        one.delete("--force").ok()
        gone(one.id)


GARBAGE = {
    "file": lambda path: open(path, "w", encoding="ascii").close(),
    "fifo": os.mkfifo,
    "link to nothing": lambda path: os.symlink("/nowhere", path),
    "link to a folder": lambda path: os.symlink(os.path.dirname(os.path.dirname(path)) + "/outside", path),
    "loop": lambda path: os.symlink(path, path),
    "folder without rights": lambda path: os.mkdir(path, 0),
    "folder of folders": lambda path: os.makedirs(path + "/state.json/config.json"),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_in_the_state_root(thole, bundle, sleeper, folder, kind):
    """Under the name of a container: no command hangs, follows it, or forgets the containers beside it."""
    os.makedirs(folder + "/outside/kept")
    container = sleeper()
    path = os.path.join(thole.root, "garbage")
    GARBAGE[kind](path)
    try:
        made = bundle("/bin/true")
        made.write()
        for words in (["state"], ["start"], ["kill"], ["pause"], ["exec", "garbage", "/bin/true"],
                      ["create", "--bundle", made.path], ["run", "--bundle", made.path]):
            command = words if "garbage" in words else [*words, "garbage"]
            one_line(thole(*command, timeout=SOON))
        listed = thole("list", "--format", "json", timeout=SOON)
        assert container.id in [entry["id"] for entry in json.loads(listed.out)], repr(listed)
        assert container.status == "running"
        deleted = thole("delete", "--force", "garbage", timeout=SOON)
        assert deleted.code == 0 or one_line(deleted)
        assert os.path.isdir(folder + "/outside/kept")
    finally:
        subprocess.run(["rm", "-rf", path], check=True)


@pytest.mark.parametrize("name", [b"a b", b"\xff\xfe", b"a\nb", b"-", b"x" * 255, b"..."])
def test_names_in_the_state_root_that_are_no_ids(thole, sleeper, name):
    container = sleeper()
    path = os.path.join(thole.root.encode(), name)
    os.mkdir(path)
    try:
        listed = thole("list", "--format", "json", timeout=SOON)
        assert container.id in [entry["id"] for entry in json.loads(listed.out)], repr(listed)
        assert container.id in thole("list", "--quiet").ok().out.split("\n")
    finally:
        os.rmdir(path)


def test_the_state_root_is_a_file(thole, bundle):
    made = bundle("/bin/true")
    name = thole.prepare(made)
    GARBAGE["file"](thole.root)
    for words in (["list"], ["state", name], ["create", "--bundle", made.path, name], ["delete", name],
                  ["delete", "--force", name], ["kill", name]):
        assert "Not a directory" in one_line(thole(*words, timeout=SOON))
    os.unlink(thole.root)


# ---- standard descriptors that are closed ------------------------------------------------------------

CLOSED = [fds for count in (1, 2, 3) for fds in itertools.combinations(range(3), count)]


def call_without(thole, fds, *words):
    """The exit status of a command that has these descriptors not at all, and what it said."""
    def close():
        for fd in fds:
            os.close(fd)

    return Process([thole.path, "--root", thole.root, *words], preexec_fn=close).wait(SOON)


@pytest.mark.parametrize("fds", CLOSED, ids=lambda fds: "".join(map(str, fds)))
def test_without_standard_descriptors(thole, bundle, fds):
    """The whole life: no file that is opened takes their place, for thole or for the program."""
    made = bundle("/bin/sh", "-c", "for fd in 0 1 2; do readlink /proc/self/fd/$fd; done >/work/out; sleep 1000")
    name = thole.prepare(made)
    for words in (["create", "--bundle", made.path, name], ["start", name], ["state", name], ["list"],
                  ["exec", name, "/bin/sh", "-c", "echo said; echo wrong >&2"], ["pause", name], ["resume", name],
                  ["kill", name, "CONT"]):
        result = call_without(thole, fds, *words)
        assert result.code == 0, repr(result)
    until(lambda: os.path.getsize(made.rootfs + "/work/out") > 0, what="the program's report")
    found = made.read("/work/out").split()
    for fd in set(fds) - {1}:
        assert found[fd] == "/dev/null", found
    state = os.path.join(thole.root, name, "state.json")
    with open(state, encoding="ascii") as source:
        assert json.load(source)["id"] == name
    with open(os.path.join(thole.root, name, "config.json"), encoding="ascii") as source, \
            open(os.path.join(made.path, "config.json"), encoding="ascii") as given:
        assert source.read() == given.read()
    assert call_without(thole, fds, "delete", "--force", name).code == 0
    assert call_without(thole, fds, "state", name).code != 0


# ---- limits ------------------------------------------------------------------------------------------

MEGABYTE = 1 << 20
LIMITS = {
    "AS": (0, 2 * MEGABYTE, 8 * MEGABYTE), "CORE": (0,), "DATA": (0, MEGABYTE), "FSIZE": (0, 1), "MEMLOCK": (0,),
    "MSGQUEUE": (0,), "NICE": (0,), "NOFILE": (0, 3, 5, 6, 8, 10, 12, 14, 16, 18, 20), "NPROC": (0,), "RSS": (0,),
    "RTPRIO": (0,), "RTTIME": (1,), "SIGPENDING": (0,), "STACK": (4096, 65536),
}
# Under these the kernel itself kills a program that is too large, before or while it runs.
KILLING = {"AS", "DATA", "STACK"}


def done_under(thole, limit, *words):
    """The result of a command under a limit. Its streams are pipes: a file could be too large."""
    number = getattr(resource, "RLIMIT_" + limit[0])
    pipes = os.pipe2(os.O_NONBLOCK), os.pipe2(os.O_NONBLOCK)
    with subprocess.Popen([thole.path, "--root", thole.root, *words], stdin=subprocess.DEVNULL, stdout=pipes[0][1],
                          stderr=pipes[1][1], preexec_fn=lambda: resource.setrlimit(
                              number, (limit[1], resource.getrlimit(number)[1]))) as process:
        code = process.wait(SOON)
    texts = []
    for reading, writing in pipes:
        os.write(writing, b"\n")  # or there would be nothing to read; a container may still hold it
        texts.append(os.read(reading, 65536).decode().removesuffix("\n"))
        os.close(reading)
        os.close(writing)
    result = Result(words, code, *texts)
    killed = result.code in (-signal.SIGSEGV, -signal.SIGKILL)
    if result.code != 0 and not (limit[0] in KILLING and (killed or not result.err)):
        one_line(result)
    return result


ALL_LIMITS = pytest.mark.parametrize(
    "limit", [(name, value) for name, values in LIMITS.items() for value in values],
    ids=lambda limit: f"{limit[0]}-{limit[1]}")


@ALL_LIMITS
def test_create_and_start_under_a_tiny_limit(thole, bundle, limit):
    """Each is done or refused: nothing is left of the first, and the second loses nothing."""
    made = bundle("/bin/sleep", "1000", rlimits=[])
    name = thole.prepare(made)
    result = done_under(thole, limit, "create", "--bundle", made.path, name)
    if result.code == 0:
        assert thole.state(name)["status"] == "created"
    elif result.code > 0:
        assert not os.path.exists(os.path.join(thole.root, name)), repr(result)
        gone(name)
    thole("delete", "--force", name)

    made.linux.pop("cgroupsPath")
    container = thole.create(made)
    pid = container.pid
    result = done_under(thole, limit, "start", container.id)
    if result.code == 0:
        assert container.status == "running"
    else:
        assert container.status == "created" and traces.lives(pid), repr(result)
    container.delete("--force").ok()


@ALL_LIMITS
def test_exec_and_delete_under_a_tiny_limit(thole, sleeper, limit):
    """Each is done or refused, and none loses the container."""
    container = sleeper(rlimits=[])
    result = done_under(thole, limit, "exec", container.id, "/bin/echo", "said")
    assert result.code != 0 or result.out == "said\n", repr(result)
    assert container.status == "running"
    pid = container.pid
    result = done_under(thole, limit, "delete", "--force", container.id)
    if result.code == 0:
        assert not traces.lives(pid) and not cgroups_of(container.id), repr(result)
    else:
        assert container.status == ("running" if traces.lives(pid) else "stopped"), repr(result)
        container.delete("--force").ok()


# ---- pids that come again ----------------------------------------------------------------------------

def test_a_pid_that_comes_again(thole, bundle):
    """Somebody else has init's number by now: the container is stopped, and nobody touches that one."""
    script = r'''
        thole="$1 --root $2"; bundle=$3; name=$4
        $thole run --detach --bundle "$bundle" "$name" </dev/null >/dev/null 2>&1 || exit 3
        pid=$($thole state "$name" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
        kill -KILL "$pid"
        while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
        echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid
        sleep 1000 & other=$!
        [ "$other" = "$pid" ] || { echo "not again: $pid $other"; kill -KILL $other; exit 4; }
        $thole state "$name" | grep -q '"status": *"stopped"' || { echo "not stopped"; exit 5; }
        $thole kill "$name" KILL 2>/dev/null && { echo "killed"; exit 6; }
        $thole exec "$name" /bin/true 2>/dev/null && { echo "entered"; exit 7; }
        $thole delete "$name" || exit 8
        kill -0 "$other" || { echo "the other is gone"; exit 9; }
        kill -KILL "$other"
        echo good
    '''
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as source:
        before = source.read()
    for _ in range(5):  # another process of the namespace may come in between
        done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script, "sh",
                               thole.path, thole.root, made.path, name], capture_output=True, text=True, timeout=60,
                              check=False)
        if done.returncode != 4:
            break
        thole("delete", "--force", name)
    assert done.stdout == "good\n", done
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as source:
        assert source.read() == before
