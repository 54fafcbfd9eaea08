# SPDX-License-Identifier: Apache-2.0
"""checkpoint and restore: processes go on as they were, in a container that is what it was."""
import json
import os
import re
import socket
import subprocess

import pytest

from harness import machine, traces
from harness.runtime import Container, until
from harness.terminal import ConsoleSocket

pytestmark = pytest.mark.needs(criu=True)

# Counts in memory alone, and says how far it has come.
COUNTER = "i=0; while true; do i=$((i+1)); echo $i >/work/count.new; mv /work/count.new /work/count; sleep 0.1; done"


# The files of the tests' own are opened in a way in which CRIU cannot open them again.
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Images:
    """A directory of images, and what the commands need to name it."""

    def __init__(self, folder, name="images"):
        self.path = os.path.join(folder, name)
        self.options = ("--image-path", self.path)

    def log(self, name):
        with open(os.path.join(self.path, name), encoding="utf-8", errors="replace") as text:
            return "".join(line for line in text if "Error" in line or "Warn" in line)


@pytest.fixture(scope="session")
def keeps_no_new_privileges():
    """CRIU 3.17 does not know of them, and thole refuses to restore without."""
    version = subprocess.run(["criu", "--version"], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"Version: (\d+)", version)[1]) >= 4


@pytest.fixture
def ready(keeps_no_new_privileges):
    """A bundle without what this CRIU cannot keep."""

    def change(made):
        if not keeps_no_new_privileges:
            made.process["noNewPrivileges"] = False
        return made

    return change


@pytest.fixture
def images(folder):
    return Images(folder)


@pytest.fixture
def counter(thole, bundle, ready):
    """counter(change=FUNCTION): a running container that counts; the bundle can be changed before."""

    def make(change=None, options=(), **process):
        made = bundle("/bin/sh", "-c", COUNTER, **process)
        if change:
            change(made)
        container = thole.launch(ready(made), *options, **QUIET)
        until(lambda: count_of(made) > 2, what="the first counts")
        return container

    return make


def count_of(made):
    try:
        with open(made.rootfs + "/work/count", encoding="ascii") as text:
            return int(text.read())
    except FileNotFoundError:
        return 0


def checkpoint(container, images, *options):
    result = container.runtime("checkpoint", *images.options, *options, container.id)
    assert result.code == 0, f"{result!r}\n{images.log('dump.log')}"
    return result


def restore(container, images, *options, bundle=None, name=None, **popen):
    """`restore --detach`, which must succeed: the Container."""
    made = bundle or container.bundle
    name = name or container.id
    process = container.runtime.start_process("restore", "--detach", "--bundle", made.path, *images.options, *options,
                                              name, **popen)
    result = process.wait()
    assert result.code == 0, f"{result!r}\n{images.log('restore.log')}"
    return Container(container.runtime, name, process, made)


def goes_on(made, former):
    """It counts further from where it was, not from 1."""
    now = until(lambda: count_of(made) > former and count_of(made), what="a further count")
    assert now < former + 1000
    return now


def test_processes_go_on_where_they_were(thole, counter, images):
    container = counter()
    checkpoint(container, images)
    thole("state", container.id).failed("does not exist")
    former = count_of(container.bundle)
    again = restore(container, images)
    assert again.status == "running"
    goes_on(again.bundle, former)
    again.sh("echo $((6*7))").ok()
    again("kill", "KILL").ok()
    again.wait_stopped()
    again.delete().ok()


def test_leave_running(counter, images):
    container = counter()
    pid = container.pid
    checkpoint(container, images, "--leave-running")
    assert (container.status, container.pid) == ("running", pid)
    goes_on(container.bundle, count_of(container.bundle))
    container.delete("--force").ok()
    restore(container, images)


def test_a_checkpoint_can_be_restored_twice(counter, images):
    container = counter()
    checkpoint(container, images)
    for _ in range(2):
        again = restore(container, images)
        again.delete("--force").ok()


def test_paused(counter, images):
    container = counter()
    container("pause").ok()
    checkpoint(container, images)
    former = count_of(container.bundle)
    again = restore(container, images)
    assert again.status == "running"
    goes_on(again.bundle, former)


def test_pre_dump(counter, folder):
    first, second = Images(folder, "first"), Images(folder, "second")
    container = counter()
    result = checkpoint(container, first, "--pre-dump")
    assert result.err == ""
    assert container.status == "running"
    checkpoint(container, second, "--parent-path", "../first")
    assert os.readlink(second.path + "/parent") == "../first"
    former = count_of(container.bundle)
    goes_on(restore(container, second).bundle, former)


def test_created_and_stopped_ones_are_refused(thole, bundle, images):
    container = thole.create(bundle("/bin/true"))
    container.runtime("checkpoint", *images.options, container.id).failed("that is created")
    container.start()
    container.wait_stopped()
    container.runtime("checkpoint", *images.options, container.id).failed("that is stopped")
    assert not os.path.exists(images.path)


# ---- what the container is --------------------------------------------------------------------------------------

STATUS = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
          "Seccomp_filters")


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return {key: value.split() for key, value in (line.split(":", 1) for line in lines) if key in STATUS}


def mounts_of(pid):
    """{place: (what of which filesystem, attributes)}; device numbers of memory filesystems are new ones."""
    found = []
    for line in machine.mount_lines(pid):
        kind = line[line.index("-") + 1]
        found.append((line[4], line[3], kind, line[5]))
    return sorted(found)


def what_it_is(container):
    pid = container.pid
    return {
        "status": status_of(pid),
        "mounts": mounts_of(pid),
        "cgroup": open(f"/proc/{pid}/cgroup", encoding="ascii").read(),
        "limits": open(f"/proc/{pid}/limits", encoding="ascii").read(),
        "oom_score_adj": open(f"/proc/{pid}/oom_score_adj", encoding="ascii").read(),
        "namespaces": {name: os.readlink(f"/proc/{pid}/ns/{name}") == os.readlink(f"/proc/self/ns/{name}")
                       for name in os.listdir(f"/proc/{pid}/ns") if not name.startswith("time")},  # CRIU sets clocks
        "hostname": container.sh("hostname").ok().out,
        "root": container.sh("stat -c '%A %u %g %t,%T %n' /* /dev/*").ok().out,
        "environment": open(f"/proc/{pid}/environ", encoding="ascii").read(),
        "masked": container.sh("cat /proc/kcore | wc -c; ls /sys/firmware; echo 1 >/proc/sys/kernel/panic").err,
    }


def fully_confined(made):
    """Everything that a usual engine asks for."""
    made.config["hostname"] = "restored"
    made.process["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 6]}
    os.chmod(made.rootfs + "/work", 0o777)
    made.capabilities("CAP_CHOWN", "CAP_NET_BIND_SERVICE")
    made.process["noNewPrivileges"] = True
    made.process["oomScoreAdj"] = 500
    made.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 200, "hard": 300}]
    made.linux["maskedPaths"] = ["/proc/kcore", "/sys/firmware", "/proc/acpi"]
    made.linux["readonlyPaths"] = ["/proc/sys", "/proc/bus"]
    made.linux["resources"] = {"memory": {"limit": 64 * 1024 * 1024}, "pids": {"limit": 50},
                               "devices": [{"allow": False, "access": "rwm"}]}
    made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 42}]}


def test_a_confined_container_is_what_it_was(counter, images):
    container = counter(fully_confined)
    former = what_it_is(container)
    limits = {name: container.cgroup_read(controller, name)
              for controller, name in (("memory", "memory.max"), ("pids", "pids.max"))}
    checkpoint(container, images)
    again = restore(container, images)
    assert what_it_is(again) == former
    assert {name: again.cgroup_read(controller, name)
            for controller, name in (("memory", "memory.max"), ("pids", "pids.max"))} == limits
    # ... for those who come later, too, and those that are its own.
    again.sh("mkdir /work/new").failed("No message of desired type")  # errno 42
    again.sh("grep -q '^Seccomp:.*2' /proc/1/status && head -c 1 /dev/null").ok()


def test_forbidden_devices_stay_forbidden(counter, images):
    def change(made):
        made.capabilities("CAP_MKNOD")
        made.linux["resources"] = {"devices": [{"allow": False, "access": "rwm"},
                                               {"allow": True, "type": "c", "major": 1, "minor": 8, "access": "rm"}]}

    container = counter(change)
    checkpoint(container, images)
    again = restore(container, images)
    again.sh("mknod /work/random c 1 8 && head -c 1 /work/random >/dev/null").ok()
    again.sh("mknod /work/mem c 1 1 && cat /work/mem").failed("permitted")


def test_mounts_of_the_host_come_back(counter, images, folder):
    source = os.path.join(folder, "source")
    os.mkdir(source)
    for name, text in (("one", "first\n"), ("file", "a file\n")):
        with open(os.path.join(source, name), "w", encoding="ascii") as file:
            file.write(text)

    def change(made):
        made.mount("/mnt/directory", source, "bind", ["bind", "ro"])
        made.mount("/etc/of the host", source + "/file", "bind", ["bind"])
        made.mount("/tmp/memory", "tmpfs", "tmpfs", ["size=1m"])
        os.symlink("/mnt", made.rootfs + "/link")
        made.mount("/link/behind", source, "bind", ["rbind"])

    container = counter(change)
    container.sh("echo kept >/tmp/memory/file").ok()
    former = mounts_of(container.pid)
    checkpoint(container, images)
    again = restore(container, images)
    assert mounts_of(again.pid) == former
    assert again.sh("cat /mnt/directory/one '/etc/of the host' /tmp/memory/file /mnt/behind/one").ok().out == \
        "first\na file\nkept\nfirst\n"
    again.sh("echo no >/mnt/directory/one").failed("Read-only")


def test_another_bundle_and_name(thole, counter, bundle, images, folder):
    """The root file system may be a copy that lacks the mount points."""
    source = os.path.join(folder, "source")
    os.mkdir(source)
    container = counter(lambda made: made.mount("/deep/in/the/copy", source, "bind", ["bind"]))
    checkpoint(container, images)
    former = count_of(container.bundle)
    other = bundle("/bin/sh", "-c", COUNTER)
    other.config = json.loads(json.dumps(container.bundle.config))
    other.linux.pop("cgroupsPath")
    subprocess.run(["cp", "-a", container.bundle.rootfs + "/work/count", other.rootfs + "/work/"], check=True)
    name = thole.prepare(other)
    again = restore(container, images, bundle=other, name=name)
    goes_on(other, former)
    assert again.state()["bundle"] == other.path
    assert name in machine.cgroup_path(again.pid, "")
    assert again.sh("ls -d /deep/in/the/copy").ok()


def test_cgroups_of_its_own_come_back(counter, images):
    container = counter(lambda made: made.linux["resources"].update({"pids": {"limit": 50}}))
    directory = container.cgroup("")
    os.mkdir(directory + "/inner")
    with open(directory + "/inner/cgroup.procs", "w", encoding="ascii") as file:
        file.write(str(container.pid))
    path = machine.cgroup_path(container.pid, "")
    assert path.endswith("/inner")
    checkpoint(container, images)
    again = restore(container, images)
    assert machine.cgroup_path(again.pid, "") == path


@pytest.mark.parametrize("mode", ["ignore", "full", "strict", "props", "none"])
def test_manage_cgroups_mode(counter, images, mode):
    container = counter()
    path = machine.cgroup_path(container.pid, "")
    checkpoint(container, images, "--manage-cgroups-mode", mode)
    if mode == "strict":  # it wants to make them itself, and they are there
        result = container.runtime("restore", "--detach", "--bundle", container.bundle.path, *images.options,
                                   "--manage-cgroups-mode", mode, container.id)
        if result.code != 0:
            return
        again = Container(container.runtime, container.id, container.process, container.bundle)
    else:
        again = restore(container, images, "--manage-cgroups-mode", mode)
    assert machine.cgroup_path(again.pid, "") == path


def test_user_namespace(counter, images):
    def change(made):
        made.user_namespace()
        os.chmod(made.rootfs + "/work", 0o777)

    container = counter(change)
    former = status_of(container.pid)
    checkpoint(container, images)
    again = restore(container, images)
    assert status_of(again.pid) == former
    assert again.sh("id -u; cat /proc/self/uid_map").ok().out.split() == ["0", "0", "100000", "65536"]


# ---- what it has of others --------------------------------------------------------------------------------------

def test_standard_streams_are_the_restorers(thole, bundle, images, ready):
    made = bundle("/bin/sh", "-c", "read a; echo first $a; while read b; do echo then $b; done; echo end >&2")
    reader, writer = os.pipe()
    name, process = thole.start_run(ready(made), stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.close(reader)
    os.write(writer, b"one\n")
    assert process.popen.stdout.readline() == b"first one\n"
    container = Container(thole, name, process, made)
    checkpoint(container, images)
    process.popen.wait()
    with open(images.path + "/descriptors.json", encoding="ascii") as file:
        assert all(re.fullmatch(r"pipe:\[\d+\]", stream) for stream in json.load(file))
    again = thole.start_process("restore", "--bundle", made.path, *images.options, name, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = again.popen.communicate(b"two\nthree\n", timeout=60)
    os.close(writer)
    assert (out, err, again.popen.returncode) == (b"then two\nthen three\n", b"end\n", 0), \
        images.log("restore.log")
    thole("state", name).failed("does not exist")


def test_terminal(thole, bundle, images, folder, ready):
    made = bundle("/bin/sh", "-c", "stty size; read a; echo got $a; read a; echo then $a; exec sleep 1000",
                  terminal=True)
    console = ConsoleSocket(os.path.join(folder, "console.sock"))
    container = thole.launch(ready(made), "--console-socket", console.path, **QUIET)
    terminal = console.terminal()
    terminal.write("one\n")
    terminal.expect("got one")
    checkpoint(container, images)
    terminal.close()
    again = restore(container, images, "--console-socket", console.path)
    terminal = console.terminal()
    terminal.write("two\n")
    terminal.expect("then two")
    assert again.sh("tty </dev/console").ok().out == "/dev/console\n"
    terminal.close()


def test_network_namespace_that_was_joined(counter, images, folder):
    path = os.path.join(folder, "netns")
    open(path, "w", encoding="ascii").close()
    subprocess.run(["unshare", f"--net={path}", "ip", "link", "add", "kept0", "type", "dummy"], check=True)
    try:
        container = counter(lambda made: made.namespace("network", path))
        checkpoint(container, images)
        again = restore(container, images)
        assert os.stat(f"/proc/{again.pid}/ns/net").st_ino == os.stat(path).st_ino
        assert "kept0" in again.sh("ls /sys/class/net; cat /proc/net/dev").ok().out
    finally:
        subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("kind", ["ipc", "uts"])
def test_other_namespaces_that_were_joined(thole, counter, bundle, images, kind):
    holder = thole.launch(bundle("/bin/sleep", "1000"))
    path = f"/proc/{holder.pid}/ns/{kind}"
    container = counter(lambda made: made.namespace(kind, path))
    checkpoint(container, images)
    again = restore(container, images)
    assert os.readlink(f"/proc/{again.pid}/ns/{kind}") == os.readlink(path)


def test_a_pipe_within(thole, bundle, images, ready):
    made = bundle("/bin/sh", "-c", "while true; do echo beat; sleep 0.1; done | while read a; do echo $a >>/work/out; "
                  "done")
    container = thole.launch(ready(made), **QUIET)
    until(lambda: os.path.exists(made.rootfs + "/work/out"), what="output of the pipe")
    checkpoint(container, images)
    size = os.path.getsize(made.rootfs + "/work/out")
    restore(container, images)
    until(lambda: os.path.getsize(made.rootfs + "/work/out") > size, what="more of it")


# ---- hooks, events, keepers -------------------------------------------------------------------------------------

def test_hooks(thole, counter, images, folder):
    """Those of the host run; what runs inside ran before the checkpoint."""
    trace = os.path.join(folder, "trace")

    def change(made):
        made.config["hooks"] = {
            stage: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {stage} $(cat | wc -l) >>{trace}"]}]
            for stage in ("prestart", "createRuntime", "poststart", "poststop")}

    container = counter(change)
    os.unlink(trace)
    checkpoint(container, images)
    assert [line.split()[0] for line in open(trace, encoding="ascii")] == ["poststop"]
    os.unlink(trace)
    restore(container, images).delete("--force").ok()
    assert [line.split()[0] for line in open(trace, encoding="ascii")] == \
        ["prestart", "createRuntime", "poststart", "poststop"]


def test_a_hook_that_fails_undoes_all(thole, counter, images):
    container = counter()
    checkpoint(container, images)
    container.bundle.config["hooks"] = {"prestart": [{"path": "/bin/false"}]}
    container.bundle.write()
    thole("restore", "--detach", "--bundle", container.bundle.path, *images.options, container.id) \
        .failed("error running prestart hook #0")
    thole("state", container.id).failed("does not exist")


def test_pid_file(counter, images, folder):
    container = counter()
    checkpoint(container, images)
    again = restore(container, images, "--pid-file", os.path.join(folder, "pid"))
    with open(os.path.join(folder, "pid"), encoding="ascii") as file:
        assert int(file.read()) == again.pid


def test_a_kept_container_is_not_started_again(thole, counter, images):
    container = counter(options=("--attachable", "--restart", "always"))
    checkpoint(container, images)
    thole("state", container.id).failed("does not exist")
    again = restore(container, images)
    assert again.status == "running"


def test_privileges_that_criu_forgets_are_refused(thole, bundle, counter, images, keeps_no_new_privileges):
    if keeps_no_new_privileges:
        pytest.skip("this CRIU restores no_new_privs")
    container = counter()
    checkpoint(container, images)
    container.bundle.process["noNewPrivileges"] = True
    container.bundle.write()
    former = count_of(container.bundle)
    thole("restore", "--detach", "--bundle", container.bundle.path, *images.options, container.id) \
        .failed("/process/noNewPrivileges: this CRIU does not")
    thole("state", container.id).failed("does not exist")
    assert count_of(container.bundle) == former
    assert not [name for name in os.listdir(images.path) if name.startswith(".")]


# ---- what cannot be ---------------------------------------------------------------------------------------------

def test_broken_images_leave_nothing(thole, counter, images):
    container = counter()
    checkpoint(container, images)
    for name in ("inventory.img", "core-1.img"):
        path = os.path.join(images.path, name)
        with open(path, "rb") as file:
            good = file.read()
        with open(path, "wb") as file:
            file.write(b"nonsense")
        thole("restore", "--detach", "--bundle", container.bundle.path, *images.options, container.id) \
            .failed("criu: ")
        thole("state", container.id).failed("does not exist")
        assert not traces.leftovers(thole.root, thole.folder)
        with open(path, "wb") as file:
            file.write(good)
    restore(container, images)


def test_what_criu_cannot_save_is_said_and_it_runs_on(counter, images):
    """An open connection to somebody outside."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        talk = f"sleep 1000 | nc 127.0.0.1 {server.getsockname()[1]} & "

        def change(made):
            made.without_namespace("network")
            made.process["args"][-1] = talk + COUNTER

        container = counter(change)
        connection, _ = server.accept()
        with connection:
            result = container.runtime("checkpoint", *images.options, container.id)
            result.failed("criu: ")
            assert result.err.count("\n") <= 2
            assert container.status == "running"
            goes_on(container.bundle, count_of(container.bundle))
