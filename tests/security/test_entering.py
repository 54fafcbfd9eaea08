# SPDX-License-Identifier: Apache-2.0
"""What enters a container is confined as the container is, tells it nothing, and leaves nothing."""
import json
import os
import shutil
import signal
import subprocess

import pytest

from harness import machine
from harness.held import inside
from harness.programs import compiled
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

ATTEMPT = "mkdir /tmp/x && echo made"
FULL = ["CAP_" + name for name in machine.CAPABILITIES]


def without_mkdir(made):
    made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    return made


# ---- the filter of the container holds, or nothing runs ----

def replace(path, what):
    os.rename(path, path + ".kept")
    if what == "directory":
        os.mkdir(path)
    elif what == "dangling link":
        os.symlink("nowhere", path)
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "empty":
        open(path, "wb").close()
    elif what == "shorter":  # one whole instruction less, and a header that says so
        with open(path + ".kept", "rb") as source:
            data = bytearray(source.read()[:-8])
        data[12:16] = (int.from_bytes(data[12:16], "little") - 1).to_bytes(4, "little")
        with open(path, "wb") as target:
            target.write(data)


@pytest.mark.parametrize("what", ["missing", "directory", "dangling link", "empty", "shorter"])
def test_without_its_filter_nothing_enters(thole, bundle, what):
    container = thole.launch(without_mkdir(bundle("/bin/sleep", "1000")))
    assert "made" not in container.sh(ATTEMPT).out
    replace(f"{thole.root}/{container.id}/seccomp.bpf", what)
    result = container.sh(ATTEMPT).failed()
    assert "made" not in result.out


@pytest.mark.needs(program="strace")
@pytest.mark.parametrize("error", ["EIO", "EACCES", "ENOMEM", "ENOENT", "EMFILE"])
@pytest.mark.parametrize("call", ["faccessat", "faccessat2", "openat"])
def test_a_filter_that_cannot_be_looked_at_is_not_left_out(thole, bundle, folder, call, error):
    container = thole.launch(without_mkdir(bundle("/bin/sleep", "1000")))
    result = subprocess.run(
        ["strace", "-f", "-o", folder + "/trace", "-P", "seccomp.bpf", "-e", f"inject={call}:error={error}", thole.path, "--root", thole.root, "exec",
         container.id, "/bin/sh", "-c", ATTEMPT], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False)
    assert "made" not in result.stdout
    if "(INJECTED)" in open(folder + "/trace", encoding="ascii").read():
        assert result.returncode != 0, "it ran, with what?"


@pytest.mark.parametrize("privileges", [True, False])
def test_a_start_container_hook_has_the_filter_and_no_capability_more(thole, bundle, privileges):
    made = without_mkdir(bundle("/bin/sleep", "1000", noNewPrivileges=privileges))
    made.config["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", (
        "mkdir /work/x; cat /proc/self/status > /work/hook; exit 0")]}]}
    container = thole.launch(made)
    assert not os.path.exists(made.rootfs + "/work/x")
    inside = made.read("/work/hook")
    assert "\nSeccomp:\t2\n" in inside
    assert machine.parse_capability_sets(inside) == machine.capability_sets(container.pid)


# ---- what the container can see of it ----

def test_the_command_line_of_the_host_is_not_visible(thole, bundle, held):
    """Secrets of --env and paths of the host stand there."""
    made = bundle("/bin/sleep", "1000")
    made.capabilities(*[name for name in FULL if machine.has_capability(name)])
    container = thole.launch(made)
    job = held(container, "--env", "TOKEN=hunter2", environment={**os.environ, "KEY": "hunter3"})
    for name in ("cmdline", "environ"):
        with open(f"/proc/{job.pid}/{name}", "rb") as source:
            text = source.read()
        for secret in (b"hunter", thole.root.encode()):
            assert secret not in text, name
    # The control: the runtime's own, which the host may read.
    with open(f"/proc/{job.runtime.pid}/cmdline", "rb") as source:
        assert b"hunter2" in source.read()


def test_a_created_init_shows_nothing_of_the_host(thole, bundle):
    container = thole.create(bundle("/bin/true"), env={**os.environ, "KEY": "hunter3"})
    for name in ("cmdline", "environ"):
        with open(f"/proc/{container.pid}/{name}", "rb") as source:
            text = source.read()
        assert b"hunter3" not in text and thole.root.encode() not in text


def test_the_environment_is_still_there_for_hooks_that_inherit_it(thole, bundle, folder):
    made = bundle("/bin/true")
    made.config["hooks"] = {stage: [{"path": "/bin/sh", "args": [
        "sh", "-c", f"echo $KEY > {folder}/{stage}"]}] for stage in
        ("prestart", "createRuntime", "createContainer")}
    thole.run(made, env={**os.environ, "KEY": "value"}).ok()
    for stage in made.config["hooks"]:
        with open(f"{folder}/{stage}", encoding="ascii") as source:
            assert source.read() == "value\n", stage


def calls_of(thole, folder, *words):
    """[(pid, call)] of the runtime and all that it starts, in order, up to the program."""
    subprocess.run(["strace", "-f", "-o", folder + "/trace", "-e",
                    "trace=setresuid,capset,prctl,execve", thole.path, "--root", thole.root,
                    *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    with open(folder + "/trace", encoding="utf-8", errors="replace") as source:
        calls = [line.split(None, 1) for line in source]
    end = next(i for i, (_, call) in enumerate(calls) if call.startswith('execve("/bin/true"'))
    program = calls[end][0]
    return program, [(pid, call) for pid, call in calls[:end]]


@pytest.mark.needs(program="strace")
@pytest.mark.parametrize("command", ["run", "exec"])
@pytest.mark.parametrize("own", [False, True], ids=["host", "own"])
def test_nobody_with_the_same_ids_may_look_into_it(thole, bundle, folder, command, own):
    """New ids bring back what fs.suid_dumpable says: it has to be undone before the program."""
    made = bundle("/bin/true" if command == "run" else "/bin/sleep",
                  *(["1000"] if command == "exec" else []), user={"uid": 1000, "gid": 1000})
    if own:
        made.user_namespace()
    name = thole.prepare(made)
    words = ["run", "--bundle", made.path, name]
    if command == "exec":
        thole.launch(made, id=name)
        words = ["exec", name, "/bin/true"]
    _, calls = calls_of(thole, folder, *words)
    names = [call for _, call in calls]
    last = max(i for i, call in enumerate(names) if call.startswith("setresuid(1000"))
    assert any("PR_SET_DUMPABLE, SUID_DUMP_DISABLE" in call for call in names[last:])


@pytest.mark.needs(program="strace")
def test_what_the_container_sees_of_an_exec_never_had_more_rights(thole, bundle, folder):
    """A tracer with CAP_SYS_PTRACE inside would get whatever it has: ids and capabilities are
    settled before it is born."""
    made = bundle("/bin/sleep", "1000")
    name = thole.launch(made).id
    program, calls = calls_of(thole, folder, "exec", "--user", "1000:1000", name, "/bin/true")
    changes = [(pid, call) for pid, call in calls if call.startswith(("setresuid", "capset"))]
    assert changes, "no control"
    assert all(pid != program for pid, _ in changes), changes


# ---- nor may it be looked into ----

def watched(bundle, user, *without):
    """A container of that user with all capabilities but those."""
    uid, gid = map(int, user.split(":"))
    made = bundle("/bin/sleep", "1000", user={"uid": uid, "gid": gid}, noNewPrivileges=False)
    made.capabilities(*[name for name in FULL if machine.has_capability(name) and name not in without])
    made.linux["maskedPaths"] = []
    os.chmod(made.rootfs + "/work", 0o777)
    return made


@pytest.mark.parametrize("user", ["0:0", "1000:1000"])
def test_a_held_exec_cannot_be_looked_into(thole, bundle, held, peek, user):
    """CVE-2016-9962: by the same user, with the same capabilities: of an ordinary one's program none."""
    container = thole.launch(watched(bundle, user, *(["CAP_SYS_PTRACE"] if user == "0:0" else FULL)))
    assert peek(container, container.pid, user), "no control: others of this user can be looked into"
    job = held(container, "--user", user)
    assert peek(container, job.pid, user) == []


@pytest.mark.needs(capability="CAP_SYS_PTRACE")
def test_a_held_exec_has_nothing_of_the_host(thole, bundle, held, peek):
    """CVE-2016-8649: root inside with CAP_SYS_PTRACE sees its descriptors: streams and one socket."""
    container = thole.launch(watched(bundle, "0:0"))
    job = held(container, "--user", "0:0")
    seen = peek(container, job.pid, "0:0")
    assert any(line.startswith("traced") for line in seen), "no control: it cannot be traced"
    assert not [line for line in seen if "directory" in line or line.startswith("writable exec")], seen
    assert len([line for line in seen if line.startswith("descriptor")]) == 4, seen


@pytest.mark.parametrize("user", ["0:0", "1000:1000"])
def test_an_init_in_a_shared_pid_namespace_cannot_be_looked_into(thole, bundle, peek, user):
    """Another container enters so as well: its init waits in sight of the first one's processes."""
    first = thole.launch(watched(bundle, user, *(["CAP_SYS_PTRACE"] if user == "0:0" else FULL)))
    assert peek(first, first.pid, user), "no control: others of this user can be looked into"
    made = watched(bundle, user, *(["CAP_SYS_PTRACE"] if user == "0:0" else FULL))
    made.namespace("pid", f"/proc/{first.pid}/ns/pid")
    assert peek(first, thole.create(made).pid, user) == []


def test_other_commands_send_nobody_into_sight(thole, bundle, folder, session_folder):
    """Those that ask and change a running container do so without a process in its pid namespace."""
    made = watched(bundle, "0:0")
    made.process["args"] = ["/bin/hostile", "watch"]
    shutil.copy(compiled(os.path.join(os.path.dirname(__file__), "hostile.c"), session_folder),
                made.rootfs + "/bin/hostile")
    container = thole.launch(made)
    until(lambda: os.path.exists(made.rootfs + "/work/report"), what="the watcher")
    with open(folder + "/mounts", "w", encoding="ascii") as target:
        json.dump([{"destination": "/later", "type": "tmpfs", "source": "tmpfs"}], target)

    def seen():
        return [line for line in made.read("/work/report").splitlines() if line.startswith("seen")]

    for _ in range(3):
        for words in (("mounts", "add", container.id, folder + "/mounts"),
                      ("mounts", "remove", container.id, folder + "/mounts"),
                      ("update", "--resources", machine.NO_CHANGE, container.id), ("pause", container.id),
                      ("resume", container.id), ("ps", container.id), ("events", "--stats", container.id),
                      ("kill", container.id, "CONT"), ("state", container.id)):
            thole(*words).ok()
            assert seen() == [], words
    job = thole.start_process("exec", container.id, "/bin/sleep", "1000")
    until(seen, what="that an exec is seen: the control")
    job.popen.kill()


# ---- an end before the program runs leaves nothing ----

@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_ending_a_hanging_exec_leaves_nothing_inside(thole, bundle, held, number):
    container = thole.launch(bundle("/bin/sleep", "1000"))
    job = held(container, script="touch /work/ran; sleep 1000")
    os.kill(job.runtime.pid, number)
    if number != signal.SIGKILL:
        job.close()
    job.runtime.popen.wait(10)
    until(lambda: len(list(inside(container))) == 1, what="the end of the process")


@pytest.mark.needs(program="strace")
def test_an_exec_ends_when_the_process_in_between_dies(thole, bundle, folder):
    """Its second message is the pid of the one it has made; the first is the terminal."""
    container = thole.launch(bundle("/bin/sleep", "1000"))
    result = subprocess.run(
        ["timeout", "20", "strace", "-f", "-o", folder + "/trace",
         "-e", "inject=sendmsg:signal=KILL:when=2", thole.path, "--root", thole.root, "exec", "-t",
         container.id, "/bin/sleep", "1000"], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False)
    assert "killed by SIGKILL" in open(folder + "/trace", encoding="ascii").read(), "no control"
    assert result.returncode == 255, (result.returncode, result.stderr)
    assert "ended" in result.stderr
    until(lambda: len(list(inside(container))) == 1, what="the end of the process")
