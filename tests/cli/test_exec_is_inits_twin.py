# SPDX-License-Identifier: Apache-2.0
"""Every member of process, and of linux that concerns one, holds for exec as it does for init."""
import json
import os

import pytest

from harness.callers import cases
from harness.runtime import until
from harness.terminal import ConsoleSocket

# What is asked for, and what the kernel or the program then shows of it.
PROCESS = {
    "user": {"user": {"uid": 1000, "gid": 1000, "additionalGids": [7, 8], "umask": 0o27}},
    "capabilities": {"capabilities": {kind: ["CAP_KILL", "CAP_CHOWN"] for kind in (
        "bounding", "effective", "permitted", "inheritable", "ambient")}},
    "ambient of a user": {"user": {"uid": 1000, "gid": 1000}, "capabilities": {
        kind: ["CAP_CHOWN"] for kind in
        ("bounding", "effective", "permitted", "inheritable", "ambient")}},
    "no_new_privs": {"noNewPrivileges": True},
    "privileges": {"noNewPrivileges": False},
    "rlimits": {"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 99},
                            {"type": "RLIMIT_CORE", "soft": 1, "hard": 2}]},
    "oomScoreAdj": {"oomScoreAdj": 321},
    "env": {"env": ["PATH=/bin", "A=b c", "HOME=/nowhere"]},
    "home": {"env": ["PATH=/bin"], "user": {"uid": 1000, "gid": 1000}},
    "cwd": {"cwd": "/etc"},
    "scheduler": {"scheduler": {"policy": "SCHED_BATCH", "nice": 5}},
    "reset on fork": {"scheduler": {"policy": "SCHED_OTHER", "nice": 4,
                                    "flags": ["SCHED_FLAG_RESET_ON_FORK"]}},
    "ioPriority": {"ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 6}},
}
LINUX = {
    "personality": {"personality": {"domain": "LINUX32"}},
    "memoryPolicy": {"memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0"}},
    "seccomp": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}},
}
# Dynamic lines left out: what is there to be compared of /proc/self/status and others.
SHOW = r"""
grep -E '^(Umask|Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:|Cpus_allowed|Mems_allowed|SigBlk|SigIgn)' /proc/self/status
cat /proc/self/oom_score_adj /proc/self/limits /proc/self/cgroup
cut -d' ' -f18,19,40,41 /proc/self/stat
ionice; pwd; env | sort | grep -v -E '^(SHLVL|_)='
grep -o 'bind[^ ]*' /proc/self/numa_maps | sort -u
cat /proc/self/personality 2>/dev/null; uname -m
mkdir /tmp/x 2>&1; rmdir /tmp/x 2>/dev/null
for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done
echo end
"""


def run_inside(made, name):
    """Where init leaves what it shows; it stays for the execs."""
    return ["/bin/sh", "-c", f"({SHOW}) > /work/{name} 2>&1; touch /work/done; exec sleep 1000"]


def exec_with_file(container, folder, process, *options):
    path = folder + "/process.json"
    with open(path, "w", encoding="ascii") as target:
        json.dump(process, target)
    return container.runtime("exec", *options, "--process", path, container.id)


def compare(runtime, made, folder):
    """What init shows and what two execs do."""
    container = runtime.launch(made)
    until(lambda: os.path.exists(made.rootfs + "/work/done"), what="init's word")
    wanted = made.read("/work/init")
    assert "end" in wanted
    script = f"({SHOW}) 2>&1"
    assert container.exec("/bin/sh", "-c", script).ok().out == wanted
    process = {**made.process, "args": ["/bin/sh", "-c", script]}
    assert exec_with_file(container, folder, process).ok().out == wanted


SPACES = ["host", "own", "joined"]


def settle(thole, bundle, made, space):
    """Puts the container into the host's user namespace, one of its own, or somebody's."""
    if space != "host":
        made.user_namespace()
    if space == "joined":
        holder = bundle("/bin/sleep", "1000")
        holder.user_namespace()
        made.namespace("user", f"/proc/{thole.launch(holder).pid}/ns/user")
        for name in ("uidMappings", "gidMappings"):
            del made.linux[name]


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("member", [*PROCESS, *LINUX])
def test_member(thole, bundle, folder, member, space):
    made = bundle()
    made.process.update(PROCESS.get(member, {}))
    made.linux.update(LINUX.get(member, {}))
    made.process["args"] = run_inside(made, "init")
    settle(thole, bundle, made, space)
    os.chmod(made.rootfs + "/work", 0o777)
    os.chmod(made.rootfs + "/tmp", 0o1777)
    compare(thole, made, folder)


@cases("foreign")
@pytest.mark.parametrize("member", [*PROCESS, *LINUX])
def test_member_where_somebody_else_made_the_user_namespace(case, folder, member):
    made = case.bundle()
    made.process.update(PROCESS.get(member, {}))
    made.linux.update(LINUX.get(member, {}))
    made.process["args"] = run_inside(made, "init")
    os.chmod(made.rootfs + "/work", 0o777)
    os.chmod(made.rootfs + "/tmp", 0o1777)
    compare(case.runtime, made, folder)


AFFINITIES = [{"initial": "0"}, {"final": "0"}, {"initial": "0-1", "final": "0"}]


def check_affinity(container, made, folder, affinity):
    """Not for init, by the specification; for exec by the configuration's word or the file's own."""
    show = ["/bin/grep", "Cpus_allowed_list", "/proc/self/status"]
    with open(f"/proc/{container.pid}/status", encoding="ascii") as status:
        assert "Cpus_allowed_list:\t0\n" not in status.read()
    assert container.exec(*show).ok().out == "Cpus_allowed_list:\t0\n"
    for own in ({}, {"execCPUAffinity": affinity}):
        process = {name: value for name, value in made.process.items() if name != "execCPUAffinity"}
        result = exec_with_file(container, folder, {**process, **own, "args": show})
        assert result.ok().out == "Cpus_allowed_list:\t0\n", own


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("affinity", AFFINITIES, ids=" ".join)
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")
def test_cpu_affinity(thole, bundle, folder, affinity, space):
    made = bundle("/bin/sleep", "1000", execCPUAffinity=affinity)
    settle(thole, bundle, made, space)
    check_affinity(thole.launch(made), made, folder, affinity)


@cases("foreign")
@pytest.mark.parametrize("affinity", AFFINITIES, ids=" ".join)
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")
def test_cpu_affinity_where_somebody_else_made_the_user_namespace(case, folder, affinity):
    made = case.bundle()
    made.process.update(execCPUAffinity=affinity, args=["/bin/sleep", "1000"])
    check_affinity(case.runtime.launch(made), made, folder, affinity)


@pytest.mark.parametrize("space", SPACES)
def test_console_size(thole, bundle, folder, space):
    """That of the configuration is its first process's; a process file has one of its own."""
    made = bundle("/bin/sleep", "1000", terminal=True, consoleSize={"height": 33, "width": 77})
    settle(thole, bundle, made, space)
    console = ConsoleSocket(folder + "/console")
    container = thole.launch(made, "--console-socket", console.path)
    words = ["exec", "--detach", "--tty", "--console-socket", console.path]
    sizes = [console.terminal()]
    container.runtime(*words, container.id, "/bin/sleep", "1000").ok()
    sizes.append(console.terminal())
    exec_with_file(container, folder, {**made.process, "consoleSize": {"height": 44, "width": 88}},
                   *words[1:]).ok()
    sizes.append(console.terminal())
    assert [terminal.size() for terminal in sizes] == [(33, 77), (0, 0), (44, 88)]
    for terminal in sizes:
        terminal.close()
