# SPDX-License-Identifier: Apache-2.0
"""A failed look is not an answer: only ENOENT and ESRCH say "not there", all else is an error.

The matrix fails one system call after the other (strace, "fault injection") and asserts that a
command which succeeds has told or done the truth, and that one which fails has lost nothing.
"""
import json
import os
import resource
import shutil
import subprocess

import pytest

from harness import machine, traces
from harness.caller import Caller
from harness.runtime import Process, until

# What is failed, and how: each with an error that is not "not there".
LOOKS = (("openat", "EMFILE"), ("openat2", "EACCES"), ("open", "EIO"), ("read", "EIO"),
         ("pread64", "EIO"), ("statfs", "EIO"), ("fstatfs", "ENOMEM"), ("fstat", "ENOMEM"),
         ("newfstatat", "EIO"), ("faccessat", "EACCES"), ("access", "EIO"),
         ("readlink", "EACCES"), ("getdents64", "EIO"), ("pidfd_open", "EMFILE"),
         ("connect", "EACCES"), ("flock", "ENOLCK"))

class Injector:
    """Runs commands of which one call fails; remembers whether it came so far."""

    def __init__(self, thole):
        self.thole = thole
        self.log = os.path.join(thole.folder, "strace.log")

    def command(self, call, error, number, *words):
        return [shutil.which("strace"), "-qq", "-o", self.log, "-e", "trace=" + call, "-e",
                f"inject={call}:error={error}:when={number}", self.thole.path, "--root",
                self.thole.root, *map(str, words)]

    def __call__(self, call, error, number, *words, inside=False):
        command = self.command(call, error, number, *words)
        return Process([command[0], *["-f"] * inside, *command[1:]]).wait()

    def injected(self):
        with open(self.log, encoding="utf-8", errors="replace") as source:
            return [line for line in source if "(INJECTED)" in line]

    def each(self, words, looks=LOOKS):
        """(what was failed, result) of every call that `words()` makes; a fresh command each."""
        for call, error in looks:
            for number in range(1, 400):
                result = self(call, error, number, *words())
                failed = self.injected()
                if not failed:
                    break
                yield f"{call} {error} no. {number}: {failed[0].strip()}", result


@pytest.fixture
def injector(thole):
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    return Injector(thole)


def cgroups_exist(container):
    return any(path.endswith("/" + container.id) for path in traces.own_cgroups())


def alive(pid):
    return traces.lives(pid)


# ---- one call after the other --------------------------------------------------------------------

def test_state_tells_the_truth_or_fails(thole, sleeper, injector):
    container = sleeper()
    pid = container.pid
    count = 0
    for what, result in injector.each(lambda: ("state", container.id)):
        count += 1
        if result.code == 0:
            state = json.loads(result.out)
            assert (state["status"], state["pid"]) == ("running", pid), what
        else:
            assert result.err.strip() and "does not exist" not in result.err, what
    assert count > 10, "the matrix is empty"


def test_list_hides_nothing(thole, sleeper, injector):
    containers = [sleeper(), sleeper()]
    pids = {container.id: container.pid for container in containers}
    for what, result in injector.each(lambda: ("list", "--format", "json")):
        if result.code != 0:
            assert result.err.strip(), what
            continue
        entries = {entry["id"]: entry for entry in json.loads(result.out)}
        assert set(entries) == set(pids), what
        for name, entry in entries.items():
            if entry["status"] == "unknown":
                assert name in result.err, what
            else:
                assert (entry["status"], entry["pid"]) == ("running", pids[name]), what


@pytest.mark.parametrize("command", [("kill", "CONT"), ("kill", "--all", "CONT"), ("ps",),
                                     ("pause",)], ids="_".join)
def test_commands_lose_nothing(thole, sleeper, injector, command):
    """Whatever fails, the container runs on and is known; success means that it was done."""
    container = sleeper()
    pid = container.pid
    words = [word for word in command if word != "CONT"] + [container.id]
    words += ["CONT"] if "CONT" in command else []
    for what, result in injector.each(lambda: words):
        if result.code != 0:
            assert result.err.strip() and "does not exist" not in result.err, what
            assert "not running" not in result.err, what
        elif command == ("ps",):
            assert str(pid) in result.out, what
        elif command == ("pause",):
            assert container.status == "paused", what
        if container.status == "paused":
            container("resume").ok()
        assert (container.status, container.pid) == ("running", pid), what


@pytest.mark.parametrize("hooks", [False, True], ids=["plain", "poststop"])
def test_delete_removes_all_or_keeps_the_record(thole, bundle, injector, folder, hooks):
    """Never a process or cgroup that nothing lists any more, never a hook left out."""
    made = bundle("/bin/sleep", "1000")
    if hooks:
        made.config["hooks"] = {"poststop": [{"path": "/bin/sh", "args": [
            "sh", "-c", f"echo ran >> {folder}/hook"]}]}
    made.write()
    template = []

    def fresh():
        if not template or not os.path.isdir(os.path.join(thole.root, template[-1].id)):
            made.linux.pop("cgroupsPath", None)
            template.append(thole.launch(made))
            template[-1].init = template[-1].pid
        return "delete", "--force", template[-1].id

    for what, result in injector.each(fresh):
        container = template[-1]
        known = os.path.isdir(os.path.join(thole.root, container.id))
        if result.code == 0:
            assert not known, what
        else:
            assert result.err.strip() and "does not exist" not in result.err, what
        if not known:
            assert not alive(container.init) and not cgroups_exist(container), what
            if hooks:
                with open(folder + "/hook", encoding="ascii") as source:
                    assert "ran" in source.read(), what
                os.unlink(folder + "/hook")
        else:
            assert container.status == "running" or not alive(container.init), what
    for container in template:
        thole("delete", "--force", container.id).ok()


def test_start_starts_or_keeps_or_ends(thole, bundle, injector, folder):
    """Success: it runs and the poststart hook was run. Failure: created as before, or all gone."""
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"poststart": [{"path": "/bin/sh", "args": [
        "sh", "-c", f"echo ran > {folder}/hook"]}]}
    made.write()
    current = []

    def fresh():
        if current and not os.path.isdir(os.path.join(thole.root, current[-1].id)):
            current.clear()
        if current and current[-1].status != "created":
            current.pop().delete("--force").ok()
        if not current:
            made.linux.pop("cgroupsPath", None)
            current.append(thole.create(made))
            current[-1].init = current[-1].pid
        return "start", current[-1].id

    for what, result in injector.each(fresh):
        container = current[-1]
        known = os.path.isdir(os.path.join(thole.root, container.id))
        if result.code == 0:
            assert container.status == "running", what
            assert os.path.exists(folder + "/hook"), what
            os.unlink(folder + "/hook")
        elif known:
            assert container.status == "created" and alive(container.init), what
        else:
            assert not alive(container.init) and not cgroups_exist(container), what
    for container in current:
        container.delete("--force")


def memberships(pid):
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as source:
        return {line.split(":")[1]: line.strip().split(":")[2] for line in source}


def test_create_makes_all_or_nothing(thole, bundle, injector):
    """A hierarchy that cannot be looked at is not left out; what fails leaves no name behind."""
    made = bundle("/bin/sleep", "1000")
    names = []

    def fresh():
        names.append(thole.new_id())
        made.linux["cgroupsPath"] = "/thole-test/" + names[-1]
        made.write()
        return "create", "--bundle", made.path, names[-1]

    reference = thole(*fresh()).ok() and memberships(thole.state(names[0])["pid"])
    own = {key for key, path in reference.items() if path.endswith(names[0])}
    thole("delete", "--force", names[0]).ok()
    assert own
    for what, result in injector.each(fresh, looks=[
            look for look in LOOKS if look[0] not in ("openat2", "read", "open")]):
        if result.code != 0:
            assert result.err.strip(), what
            thole("state", names[-1]).failed("does not exist")
            continue
        state = thole.state(names[-1])
        assert state["status"] == "created", what
        inside = memberships(state["pid"])
        assert {key for key, path in inside.items() if path.endswith(names[-1])} == own, what
        thole("delete", "--force", names[-1]).ok()


# ---- state files ---------------------------------------------------------------------------------

def make_fifo(path):
    os.unlink(path)
    os.mkfifo(path)


def make_link(path):
    os.rename(path, path + ".elsewhere")
    os.symlink(path + ".elsewhere", path)


def make_directory(path):
    os.unlink(path)
    os.mkdir(path)


def truncate(path):
    os.truncate(path, os.path.getsize(path) // 2)


def write(data):
    def change(path):
        with open(path, "wb") as target:
            target.write(data)
    return change


DAMAGES = {
    "empty": write(b""),
    "garbage": write(b"\xff\x00\x01{{{{"),
    "half": truncate,
    "without_members": write(b"{}"),
    "huge": write(b"[" + b"1," * (5 * 1024 * 1024) + b"1]"),
    "fifo": make_fifo,
    "link": make_link,
    "directory": make_directory,
}


@pytest.fixture
def damaged(thole, sleeper):
    """damaged(file, damage): a running container one of whose state files is changed; repaired
    before the test ends."""
    repairs = []

    def make(name, damage):
        container = sleeper()
        container.init = container.pid
        path = os.path.join(thole.root, container.id, name)
        with open(path, "rb") as source:
            repairs.append((path, source.read()))
        damage(path)
        return container

    yield make
    for path, data in repairs:
        if os.path.isdir(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)
        with open(path, "wb") as target:
            target.write(data)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_record(thole, damaged, damage):
    """No command hangs, follows it or drops the running container; list shows that there is one."""
    container = damaged("state.json", DAMAGES[damage])
    for words in (["state"], ["start"], ["pause"], ["kill"], ["delete"], ["delete", "--force"],
                  ["ps"]):
        result = thole(*words, container.id, timeout=10).failed()
        assert "does not exist" not in result.err, repr(result)
    assert alive(container.init) and cgroups_exist(container)
    result = thole("list", "--format", "json", timeout=10).ok()
    (entry,) = json.loads(result.out)
    assert (entry["id"], entry["status"], entry["pid"]) == (container.id, "unknown", 0)
    assert container.id in result.err and "state.json" in result.err
    assert container.id in thole("list").ok().out
    assert thole("list", "--quiet").ok().out.split() == [container.id]


@pytest.mark.parametrize("damage", ["fifo", "link", "half", "directory"])
def test_damaged_configuration(thole, damaged, damage):
    """exec needs the saved configuration; deletion without hooks does not."""
    container = damaged("config.json", DAMAGES[damage])
    thole("exec", container.id, "/bin/true", timeout=10).failed("config.json")
    assert container.status == "running"


def test_poststop_hooks_that_cannot_be_read(thole, bundle):
    """Nothing is removed: the hooks would be lost."""
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"poststop": [{"path": "/bin/true"}]}
    container = thole.launch(made)
    path = os.path.join(thole.root, container.id, "config.json")
    os.rename(path, path + ".away")
    container.delete("--force").failed("config.json")
    assert os.path.isdir(os.path.join(thole.root, container.id))
    os.rename(path + ".away", path)
    container.delete("--force").ok()


def test_descriptors_run_out(thole, sleeper):
    """`ulimit -n`: at no limit does a running container get lost or called stopped."""
    container = sleeper()
    pid = container.pid
    for limit in range(3, 12):
        def limited(limit=limit):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        result = thole("state", container.id, preexec_fn=limited)
        if result.code == 0:
            assert json.loads(result.out)["status"] == "running", limit
        result = thole("delete", "--force", container.id, preexec_fn=limited)
        if result.code == 0:
            assert not alive(pid) and not cgroups_exist(container), limit
            break
        assert alive(pid) == (container.status == "running"), limit


def test_entries_without_a_record(thole, bundle):
    """The id of a create that was killed early is taken: list says so, delete --force frees it."""
    thole.run(bundle("/bin/true")).ok()
    os.mkdir(os.path.join(thole.root, "half"))
    result = thole("list", "--format", "json").ok()
    assert [(entry["id"], entry["status"]) for entry in json.loads(result.out)] == [
        ("half", "unknown")]
    thole("state", "half").failed("not completely created")
    thole("delete", "--force", "half").ok()
    assert thole("list", "--quiet").ok().out == ""


def test_delete_where_no_cgroups_are_mounted(thole, sleeper):
    """They could not be removed: the container is kept, to be deleted where it can be."""
    container = sleeper()
    mounts = sorted({mounted for mounted, _ in machine.controllers().values()}, reverse=True)
    script = ("mount --make-rprivate /; mount -t tmpfs none /sys/fs/cgroup; exec \"$@\"")
    assert mounts and all(mount.startswith("/sys/fs/cgroup") for mount in mounts)
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", thole.path, "--root", thole.root, "delete",
         "--force", container.id], capture_output=True, text=True, check=False)
    assert result.returncode != 0 and "cgroup" in result.stderr, result
    assert os.path.isdir(os.path.join(thole.root, container.id)) and cgroups_exist(container)
    container.delete("--force").ok()
    until(lambda: not cgroups_exist(container), what="the removal")


# ---- what a container must not get by a look that fails ------------------------------------------

def test_no_way_into_procfs(thole, bundle, injector):
    """A link of the image leads a mount there: nothing may be mounted, whichever look fails."""
    made = bundle("/bin/true")
    os.symlink("/proc/sys", made.rootfs + "/link")
    made.mount("/link", "tmpfs", "tmpfs")
    for number in range(1, 400):
        result = injector("fstatfs", "EIO", number, "run", "--bundle", made.path, thole.prepare(made),
                          inside=True)
        assert result.code != 0 and result.err.strip(), number
        if not injector.injected():
            break
    assert number > 3, "the matrix is empty"


@pytest.mark.parametrize("call, error", [("newfstatat", "EIO"), ("newfstatat", "ENOMEM"), ("ioctl", "EIO")])
def test_the_callers_terminal_stays_outside(thole, bundle, injector, call, error):
    made = bundle("/bin/stat", "-L", "-c", "device %t:%T of %d", "/proc/self/fd/0")
    seen = 0
    for number in range(1, 60):
        words = injector.command(call, error, number, "run", "--bundle", made.path, thole.prepare(made))
        caller = Caller(words)
        try:
            caller.wait()
            filesystem, _ = caller.device()
            text = caller.text["terminal"].decode()
        finally:
            caller.close()
        if "device " in text:
            seen += 1
            assert f" of {filesystem}\r" not in text, (number, text)
        if not injector.injected():
            break
    assert seen > 1, "the matrix is empty"


# ---- what a program is must not depend on a look that fails --------------------------------------

@pytest.mark.parametrize("call, error", [("prctl", "EPERM"), ("openat2", "EIO"),
                                         ("fstat", "ENOMEM")])
def test_capabilities_and_home_are_the_same_or_nothing_runs(thole, bundle, injector, call, error):
    made = bundle("/bin/sh", "-c", "echo $HOME; grep Cap /proc/self/status",
                  user={"uid": 1000, "gid": 1000})
    wanted = thole.run(made).ok().out
    assert wanted.startswith("/home/web\n")
    call = {"fstat": "newfstatat,fstat"}.get(call, call)
    for number in range(1, 100):
        result = injector(call, error, number, "run", "--bundle", made.path, thole.prepare(made),
                          inside=True)
        assert result.code != 0 or result.out == wanted, (number, result)
        if not injector.injected():
            break
    assert number > 3, "the matrix is empty"


# ---- what must have been done, and not only tried ------------------------------------------------

def test_nobody_enters_who_can_be_looked_into(sleeper, injector):
    """PR_SET_DUMPABLE is what hides an entering process from the container (CVE-2016-9962)."""
    container = sleeper()
    hidden = 0
    for number in range(1, 100):
        result = injector("prctl", "EPERM", number, "exec", container.id, "/bin/true", inside=True)
        if any("PR_SET_DUMPABLE" in line for line in injector.injected()):
            hidden += 1
            result.failed("undumpable")
        if not injector.injected():
            break
    assert hidden > 0, "the matrix is empty"


def test_output_that_is_lost_is_told(thole, sleeper):
    """A terminal's output that goes to a full disk."""
    container = sleeper()
    with open("/dev/full", "wb") as full:
        process = subprocess.run([thole.path, "--root", thole.root, "exec", "-t", container.id,
                                  "/bin/echo", "lost"], stdin=subprocess.DEVNULL, stdout=full,
                                 stderr=subprocess.PIPE, text=True, check=False)
    assert process.returncode == 255 and "write the output" in process.stderr, process


@pytest.mark.parametrize("words", [("events", "--interval", "10ms"), ("events", "--stats"),
                                   ("state",), ("ps",), ("list",)], ids=" ".join)
def test_what_cannot_be_printed_is_told(thole, sleeper, words):
    container = sleeper()
    words = [*words, container.id] if words != ("list",) else ["list"]
    with open("/dev/full", "wb") as full:
        process = subprocess.run([thole.path, "--root", thole.root, *words], stdout=full,
                                 stderr=subprocess.PIPE, text=True, timeout=20, check=False)
    assert process.returncode == 1 and "standard output: No space left" in process.stderr, process
