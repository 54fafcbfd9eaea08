# SPDX-License-Identifier: Apache-2.0
"""exec: options, process files, and what it takes over from the container."""
import json
import os

import pytest

from harness import machine
from harness.runtime import until


def process_file(folder, **members):
    path = os.path.join(folder, "process.json")
    document = {"args": ["/bin/true"], "cwd": "/", "user": {"uid": 0, "gid": 0},
                "env": ["PATH=/bin:/usr/bin"], **members}
    with open(path, "w", encoding="utf-8") as target:
        json.dump({key: value for key, value in document.items() if value is not None}, target)
    return path


def test_arguments_pass_untouched(sleeper):
    result = sleeper().exec("/usr/bin/printf", "[%s]", "a b", "", "-x", "--", "é").ok()
    assert result.out == "[a b][][-x][--][é]"


def test_options_of_the_program_are_its_own(sleeper):
    assert sleeper().exec("/bin/echo", "--cwd", "/x", "-t").ok().out == "--cwd /x -t\n"


def test_stdin(sleeper):
    assert sleeper().exec("/bin/cat", stdin="text").ok().out == "text"


def test_namespaces_are_the_containers(sleeper):
    container = sleeper()
    pid = container.pid
    out = container.sh("cd /proc/self/ns; for n in ipc mnt net pid uts; do readlink $n; done").ok().out
    assert out.split() == [os.readlink(f"/proc/{pid}/ns/{name}")
                           for name in ("ipc", "mnt", "net", "pid", "uts")]


def test_cgroup_is_the_containers(sleeper):
    container = sleeper()
    out = container.sh("cat /proc/self/cgroup; echo; cat /proc/1/cgroup").ok().out
    mine, inits = out.split("\n\n")
    assert mine.strip() == inits.strip()


def test_environment(sleeper):
    container = sleeper(env=["PATH=/bin", "ONE=1", "TWO=2"])
    result = container.exec("/bin/sh", "-c", "echo $ONE $TWO $THREE",
                            options=("--env", "TWO=zwei", "-e", "THREE=a b")).ok()
    assert result.out == "1 zwei a b\n"


def test_home_is_set(sleeper):
    container = sleeper()
    assert container.sh("echo $HOME").ok().out == "/root\n"
    assert container.sh("echo $HOME", options=("--user", "1000")).ok().out == "/home/web\n"


def test_cwd(sleeper):
    container = sleeper(cwd="/work")
    assert container.exec("/bin/pwd").ok().out == "/work\n"
    assert container.exec("/bin/pwd", options=("--cwd", "/etc")).ok().out == "/etc\n"


@pytest.mark.parametrize("text, ids", [("1000", "1000 0"), ("1000:50", "1000 50"), ("0:0", "0 0"),
                                       ("4294967294", "4294967294 0")])
def test_user(sleeper, text, ids):
    out = sleeper().sh("echo $(awk '/^Uid/{print $2}' /proc/self/status) "
                       "$(awk '/^Gid/{print $2}' /proc/self/status)", options=("--user", text)).ok().out
    assert out.strip() == ids


@pytest.mark.parametrize("text", ["4294967296", "-1", "1000:4294967296", "1000:-2", "1000:", ":5",
                                  "nosuchname", "0x10", "+1", "1 ", " 1", ""])
def test_bad_user(sleeper, text):
    sleeper().exec("/bin/true", options=("--user=" + text,)).failed()


def test_additional_groups(sleeper):
    out = sleeper().sh("awk '/^Groups/' /proc/self/status", options=("-g", "7", "-g", "8")).ok().out
    assert out.split()[1:] == ["7", "8"]


def test_capabilities_are_the_containers(sleeper):
    container = sleeper()
    inside = machine.parse_capability_sets(container.exec("/bin/cat", "/proc/self/status").ok().out)
    assert inside == machine.capability_sets(container.pid)


def test_added_capability(sleeper):
    container = sleeper()
    inside = machine.parse_capability_sets(
        container.exec("/bin/cat", "/proc/self/status", options=("--cap", "CAP_NET_RAW")).ok().out)
    for kind in ("CapBnd", "CapEff", "CapPrm"):
        assert "CAP_NET_RAW" in machine.capability_names(inside[kind])
        assert "CAP_KILL" in machine.capability_names(inside[kind])
    assert inside["CapInh"] == 0


def test_no_new_privileges(thole, bundle):
    container = thole.launch(bundle("/bin/sleep", "1000", noNewPrivileges=False))
    show = "awk '/^NoNewPrivs/{print $2}' /proc/self/status"
    assert container.sh(show).ok().out == "0\n"
    assert container.sh(show, options=("--no-new-privs",)).ok().out == "1\n"


def test_limits_and_oom_score_are_the_containers(sleeper):
    container = sleeper(oomScoreAdj=321)
    out = container.sh("ulimit -n; cat /proc/self/oom_score_adj").ok().out
    assert out.split() == ["1024", "321"]


def test_detached(sleeper, folder):
    container = sleeper()
    path = os.path.join(folder, "pid")
    container.sh("echo up > /work/up; exec sleep 1000",
                 options=("--detach", "--pid-file", path)).ok()
    until(lambda: os.path.exists(container.bundle.rootfs + "/work/up"), what="the program")
    with open(path, encoding="ascii") as source:
        pid = int(source.read())
    assert os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{container.pid}/ns/pid")


def test_program_stays_when_the_runtime_is_killed(thole, sleeper):
    container = sleeper()
    process = thole.start_process("exec", container.id, "/bin/sh", "-c",
                                  "echo up; exec sleep 1000")
    until(process.output, what="the program")
    process.popen.kill()
    process.popen.wait()
    assert container.status == "running"


def test_process_file(sleeper, folder):
    path = process_file(folder, args=["/bin/sh", "-c", "echo $A; pwd; id -u; umask"], cwd="/etc",
                        env=["PATH=/bin:/usr/bin", "A=x y"],
                        user={"uid": 1000, "gid": 1000, "umask": 0o27})
    container = sleeper()
    result = container.runtime("exec", "--process", path, container.id).ok()
    assert result.out == "x y\n/etc\n1000\n0027\n"


def test_process_file_capabilities(sleeper, folder):
    names = ["CAP_CHOWN", "CAP_KILL"]
    path = process_file(folder, args=["/bin/cat", "/proc/self/status"], capabilities={
        "bounding": names, "effective": ["CAP_KILL"], "permitted": names})
    container = sleeper()
    inside = machine.parse_capability_sets(
        container.runtime("exec", "-p", path, container.id).ok().out)
    assert machine.capability_names(inside["CapBnd"]) == set(names)
    assert machine.capability_names(inside["CapPrm"]) == set(names)
    assert machine.capability_names(inside["CapInh"]) == set()


def test_process_file_without_capabilities_takes_the_containers(sleeper, folder):
    path = process_file(folder, args=["/bin/cat", "/proc/self/status"])
    container = sleeper()
    inside = machine.parse_capability_sets(
        container.runtime("exec", "-p", path, container.id).ok().out)
    assert inside["CapBnd"] == machine.capability_sets(container.pid)["CapBnd"]


def test_process_file_limits(sleeper, folder):
    path = process_file(folder, args=["/bin/sh", "-c", "ulimit -Sn; ulimit -Hn"],
                        rlimits=[{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}])
    container = sleeper()
    assert container.runtime("exec", "-p", path, container.id).ok().out == "100\n200\n"


def test_process_file_home(sleeper, folder):
    path = process_file(folder, args=["/bin/sh", "-c", "echo $HOME"])
    container = sleeper()
    assert container.runtime("exec", "-p", path, container.id).ok().out == "/root\n"


def test_broken_process_file(sleeper, folder):
    container = sleeper()
    path = os.path.join(folder, "process.json")
    container.runtime("exec", "-p", path, container.id).failed()
    with open(path, "w", encoding="ascii") as target:
        target.write('{"args": ["/bin/true"], "cwd": "/", ')
    container.runtime("exec", "-p", path, container.id).failed()


@pytest.mark.parametrize("state", ["created", "stopped"])
def test_container_that_does_not_run(thole, bundle, sleeper, state):
    if state == "stopped":
        container = sleeper()
        container("kill", "KILL").ok()
        container.wait_stopped()
        container.exec("/bin/true").failed("not running")
    else:
        container = thole.create(bundle("/bin/sleep", "1000"))
        assert container.exec("/bin/echo", "in").ok().out == "in\n"


def test_init_that_moved_to_another_cgroup(thole, bundle):
    """The limits of the container hold for an exec although init sits in a child cgroup."""
    if machine.layout() != "unified":
        pytest.skip("needs the unified cgroup layout: init moves itself with a writable cgroup2")
    made = bundle("/bin/sh", "-c", "mkdir /sys/fs/cgroup/init && echo 1 > "
                  "/sys/fs/cgroup/init/cgroup.procs && echo moved; exec sleep 1000")
    made.mount("/sys/fs/cgroup", "cgroup", "cgroup", ["rw"])
    container = thole.launch(made)
    until(container.output, what="the move")
    base = "/thole-test/" + container.id
    result = container.runtime.start_process("exec", container.id, "/bin/sleep", "0.5")
    pids = until(lambda: machine_children(container, base), what="the exec in the cgroup")
    assert pids
    result.wait().ok()


def machine_children(container, base):
    """Pids in any cgroup beneath the container's other than init."""
    top, found = "/sys/fs/cgroup" + base, []
    for directory, _, _ in os.walk(top):
        with open(directory + "/cgroup.procs", encoding="ascii") as source:
            found += [int(pid) for pid in source.read().split()]
    return [pid for pid in found if pid != container.pid]


@pytest.mark.needs(layout="unified")
def test_exec_into_a_sub_cgroup(sleeper):
    container = sleeper()
    os.mkdir(container.cgroup("") + "/sub")
    result = container.sh("cat /proc/self/cgroup", options=("--cgroup", "sub"))
    assert "/sub\n" in result.ok().out
    container.sh("true", options=("--cgroup", "../..")).failed()


@pytest.mark.needs(layout="hybrid")
@pytest.mark.parametrize("word, moved", [("sub", "cpu pids"), ("cpu:sub", "cpu"), ("pids,cpu:/sub", "cpu pids"),
                                         ("memory:sub", None), ("cpu:../..", None), ("nothing:sub", None),
                                         ("cpu,nothing:sub", None), ("nothing,cpu:sub", None)])
def test_exec_into_a_sub_cgroup_of_some_controllers(sleeper, word, moved):
    """runc's form for v1: the other hierarchies keep the container's own cgroup."""
    container = sleeper()
    for controller in ("cpu", "pids"):
        os.mkdir(container.cgroup(controller) + "/sub")
    result = container.sh("cat /proc/self/cgroup", options=("--cgroup", word))
    if moved is None:
        result.failed("controller nothing" if "nothing" in word else "not allowed" if ".." in word else "sub")
        return
    lines = [line.split(":") for line in result.ok().out.splitlines()]
    assert sorted(controllers for _, controllers, path in lines if path.endswith("/sub")) == moved.split()


def test_user_namespace(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.user_namespace()
    container = thole.launch(made)
    result = container.sh("id -u; cat /proc/self/uid_map; echo x > /work/file; ls -n /work/file").ok()
    assert result.out.split()[0] == "0"
    assert os.stat(made.rootfs + "/work/file").st_uid == 100000
