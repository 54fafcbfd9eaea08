# SPDX-License-Identifier: Apache-2.0
"""Every member of the configuration works for every caller and in every user namespace, or is refused
in one line that names it."""
import os
import subprocess

import pytest

from harness import machine
from harness.caller import Caller as Typist
from harness.callers import cases
from harness.runtime import until


def one_id_is_mapped(case):
    return case.caller.name == "narrow"

def not_the_hosts_root_inside(case):
    return case.caller.name != "root" or case.own


class Member:
    """What is set, what the program says of it then, and who is told in which words that it cannot be."""

    def __init__(self, change, script, said, refused=lambda case: False, words=()):
        self.change, self.script, self.said = change, script, said
        self.refused, self.words = refused, words


def process(**members):
    return lambda made: made.process.update(members)


def linux(**members):
    return lambda made: made.linux.update(members)


def user(**members):
    return lambda made: made.process["user"].update(members)


def mount(*args, **more):
    return lambda made: made.mount(*args, **more)


def sysctl(name, value):
    return lambda made: made.linux.update(sysctl={name: value})


def rlimit(soft, hard):
    return process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": soft, "hard": hard}])


def filtered(no_new_privileges):
    def change(made):
        made.process["noNewPrivileges"] = no_new_privileges
        made.linux["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    return change


def overlay(made):
    for name in ("lower", "upper", "inner"):
        os.makedirs(os.path.join(made.path, name), exist_ok=True)
    with open(made.path + "/lower/file", "w", encoding="ascii") as target:
        target.write("below\n")
    made.mount("/vol", "overlay", "overlay", [f"lowerdir={made.path}/lower", f"upperdir={made.path}/upper",
                                             f"workdir={made.path}/inner"])


def masked(made):
    made.linux["maskedPaths"] = ["/proc/kcore", "/etc/passwd", "/work"]
    made.file("/work/file")


MODES = "stat -c '%a %u %g' "
STATUS = "grep ^Seccomp: /proc/self/status; mkdir /x 2>&1 | grep -c 'not permitted'"

MEMBERS = {
    "rlimits": Member(rlimit(100, 200), "ulimit -n; ulimit -Hn", "100 200"),
    "user": Member(user(uid=1000, gid=50), "id -u; id -g; id -G", "1000 50 50",
                   one_id_is_mapped, ("/process/user",)),
    "user without groups": Member(user(uid=0, gid=0), "id -u; id -g", "0 0"),
    "additionalGids": Member(user(additionalGids=[5, 6]), "id -G", "0 5 6",
                             one_id_is_mapped, ("/process/user/additionalGids",)),
    "umask": Member(user(umask=0o027), "umask", "0027"),
    "oomScoreAdj": Member(process(oomScoreAdj=500), "cat /proc/self/oom_score_adj", "500"),
    "ioPriority": Member(process(ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 6}),
                         "ionice -p $$", "best-effort: prio 6"),
    "scheduler": Member(process(scheduler={"policy": "SCHED_BATCH", "nice": 5}),
                        "set -- $(cat /proc/$$/stat); echo ${19} ${41}", "5 3"),
    "capabilities": Member(lambda made: made.capabilities("CAP_CHOWN", "CAP_SETUID"),
                           "grep CapEff /proc/self/status", "CapEff: 0000000000000081"),
    "sysctl of ipc": Member(sysctl("kernel.shm_rmid_forced", "1"),
                            "cat /proc/sys/kernel/shm_rmid_forced", "1"),
    "sysctl of network": Member(sysctl("net.ipv4.ip_forward", "1"),
                                "cat /proc/sys/net/ipv4/ip_forward", "1"),
    "sysctl of uts": Member(sysctl("kernel.domainname", "here"),
                            "cat /proc/sys/kernel/domainname", "here", not_the_hosts_root_inside,
                            ("/linux/sysctl/kernel.domainname: ", "Permission denied")),
    "domainname": Member(lambda made: made.config.update(domainname="here"),
                         "cat /proc/sys/kernel/domainname", "here"),
    "hostname": Member(lambda made: made.config.update(hostname="there"), "hostname", "there"),
    "tmpfs": Member(mount("/vol", "tmpfs", "tmpfs", ["size=64k", "mode=1750", "noexec"]),
                    MODES + "/vol; df -k /vol | tail -n 1 | grep -wo 64 | head -n 1", "1750 0 0 64"),
    "tmpfs of an owner": Member(mount("/vol", "tmpfs", "tmpfs", ["uid=7", "gid=8"]),
                                "stat -c '%u %g' /vol", "7 8", one_id_is_mapped, ("/mounts/6", "uid")),
    "second proc": Member(mount("/vol", "proc", "proc", ["nosuid", "hidepid=2"]),
                          "cat /vol/1/comm; grep -c ' /vol proc.*hidepid' /proc/mounts", "sh 1"),
    "second sysfs": Member(mount("/vol", "sysfs", "sysfs", ["ro"]), "ls -d /vol/class/net/*",
                           "/vol/class/net/lo"),
    "second mqueue": Member(mount("/vol", "mqueue", "mqueue"), "touch /vol/queue && ls /vol /dev/mqueue",
                            "/dev/mqueue: queue /vol: queue"),
    "second devpts": Member(mount("/vol", "devpts", "devpts", ["newinstance", "ptmxmode=0644"]),
                            "stat -c %a /vol/ptmx", "644"),
    "devpts of a group": Member(mount("/vol", "devpts", "devpts", ["newinstance", "gid=5"]),
                                "echo up", "up", one_id_is_mapped, ("/mounts/6", "gid")),
    "overlay": Member(overlay, "cat /vol/file; echo new > /vol/file; cat /vol/file", "below new"),
    "maskedPaths": Member(masked, "wc -c < /etc/passwd; ls /work | wc -l; echo x > /work/x || echo no",
                          "0 0 no"),
    "readonlyPaths": Member(linux(readonlyPaths=["/etc", "/work"]),
                            "touch /etc/x || touch /work/x || echo no; touch /tmp/x && echo yes",
                            "no yes"),
    "readonly root": Member(lambda made: made.config["root"].update(readonly=True),
                            "touch /x || echo no; echo x > /dev/null && echo yes", "no yes"),
    "seccomp": Member(filtered(True), STATUS, "Seccomp: 2 1"),
    "seccomp without no_new_privs": Member(filtered(False), STATUS, "Seccomp: 2 1"),
    "personality": Member(linux(personality={"domain": "LINUX32"}), "uname -m", "i686"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_member(case, name):
    member = MEMBERS[name]
    made = case.bundle("/bin/sh", "-c", member.script)
    member.change(made)
    case.give(made)
    if member.refused(case):
        result = case.runtime.try_create(made).failed(*member.words)
        assert len(result.err.splitlines()) <= 2, result
    else:
        assert case.run(made).ok().out.split() == member.said.split()


@pytest.mark.parametrize("name", [name for name in MEMBERS
                                  if not name.startswith(("sysctl", "second", "tmpfs", "devpts"))])
def test_member_of_exec(case, name):
    """Whatever enters the container later has it, too."""
    member = MEMBERS[name]
    made = case.bundle("/bin/sleep", "1000")
    member.change(made)
    case.give(made)
    if member.refused(case):
        pytest.skip("needs a member that init takes: this one is refused, see test_member")
    assert case.runtime.launch(made).sh(member.script).out.split() == member.said.split()


@pytest.mark.parametrize("by", ["members", "option", "namespace"])
def test_id_mapped_mount(case, by):
    """The mapping of the mount's own members, of the option's value, or of the user namespace."""
    made = case.bundle("/bin/stat", "-c", "%u %g", "/vol")
    os.mkdir(made.path + "/shared")
    outside, inside = case.caller.uid, case.host_id(0)
    line = [{"containerID": outside, "hostID": inside, "size": 1}]
    value = f"idmap=uids={outside}-{inside}-1;gids={outside}-{inside}-1"
    entry = made.mount("/vol", made.path + "/shared", "bind", ["bind", value if by == "option" else "idmap"])
    if by == "members":
        entry.update(uidMappings=line, gidMappings=line)
    if by == "namespace" and not case.own:
        case.runtime.try_create(made).failed("/mounts/6: ", "uidMappings and gidMappings")
    elif case.caller.name != "root":
        case.runtime.try_create(made).failed("/mounts/6: ", "Operation not permitted", "hint: ")
    else:
        assert case.run(made).ok().out == "0 0\n"


HOOK_STAGES = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


def test_hooks(case):
    """All stages run, in order, each with the container's state."""
    made = case.bundle("/bin/true")
    os.mkdir(made.path + "/log")
    with open(made.path + "/log/log", "w", encoding="ascii") as log:
        os.fchmod(log.fileno(), 0o666)
    made.mount("/log", made.path + "/log", "bind", ["bind"])
    for stage in HOOK_STAGES:
        where = "" if stage == "startContainer" else made.path
        made.config.setdefault("hooks", {})[stage] = [
            {"path": "/bin/sh", "args": ["sh", "-c", f"echo {stage} $(grep -c '\"bundle\"') >> {where}/log/log"]}]
    case.give(made)
    case.run(made).ok()
    with open(made.path + "/log/log", encoding="ascii") as lines:
        assert lines.read().splitlines() == [f"{stage} 1" for stage in HOOK_STAGES]


def test_joined_mount_namespace(case):
    """The program is in the first container's root, which it can use."""
    first = case.sleeper()
    first.sh("echo found > /tmp/file").ok()
    made = case.bundle("/bin/cat", "/tmp/file")
    made.namespace("mount", f"/proc/{first.pid}/ns/mnt")
    made.config["mounts"] = []
    made.linux.pop("maskedPaths")
    made.linux.pop("readonlyPaths")
    made.config["root"]["path"] = "/"
    if case.users == "own":  # the mounts belong to a user namespace beside its own
        case.runtime.try_create(made).failed("/linux/namespaces/", "/ns/mnt")
    else:
        assert case.run(made).ok().out == "found\n"


def test_terminal_of_run_and_exec(case):
    script = "tty; stty size; read word; echo got=$word; exit 4"
    made = case.bundle("/bin/sh", "-c", script, terminal=True)
    name = case.runtime.prepare(made)
    other = case.sleeper()
    for words in (("run", "--bundle", made.path, name),
                  ("exec", "--tty", other.id, "/bin/sh", "-c", script)):
        typist = Typist([*case.words(), *words])
        try:
            typist.expect("/dev/pts/0")
            typist.expect("30 90")
            typist.type("word\r")
            typist.expect("got=word")
            assert typist.wait() == 4
        finally:
            typist.close()


def test_attach(case):
    made = case.bundle("/bin/sh", terminal=True)
    container = case.runtime.launch(made, "--attachable")
    typist = Typist([*case.words(), "attach", container.id])
    try:
        typist.type("echo $((6*7)); exit 9\r")
        typist.expect("42")
        assert typist.wait() == 9
    finally:
        typist.close()


@pytest.mark.parametrize("command", ["pause", "update"])
def test_cgroup_commands(case, command):
    """Where the caller may write no cgroup there is none, which both commands say."""
    container = case.sleeper()
    options = ("--pids-limit", "33") if command == "update" else ()
    if case.caller.name != "root":
        container(command, *options).failed("cgroup")
        assert container.status == "running"
        return
    reason = machine.missing({"controller": "pids"}) if command == "update" else None
    if reason:
        pytest.skip(reason)
    container(command, *options).ok()
    if command == "pause":
        assert container.status == "paused"
        container("resume").ok()
    else:
        assert container.cgroup_read("pids", "pids.max") == "33"
    assert container.sh("echo in").ok().out == "in\n"


def test_kill_all_without_a_cgroup(case):
    """Every process of the pid namespace gets it, not init alone."""
    made = case.bundle("/bin/sh", "-c", "trap 'echo init' USR1; (trap 'echo child; exit' USR1; echo up; "
                       "while :; do sleep 0.1; done) & echo up; while :; do sleep 0.1; done")
    name = case.runtime.prepare(made)
    process = case.runtime.start_process("--cgroup-manager", "disabled", "run", "--detach",
                                         "--bundle", made.path, name)
    process.wait().ok()
    until(lambda: process.output().count("up") == 2, what="both processes")
    case.runtime("kill", "--all", name, "USR1").ok()
    until(lambda: {"init", "child"} <= set(process.output().split()), what="the signal in both")


@cases("user", "own")
@pytest.mark.parametrize("lost", ["subuid", "newuidmap"])
def test_what_an_ordinary_user_lacks(case, lost):
    """One sentence, and a hint at what to do; nothing is left."""
    made = case.bundle("/bin/true")
    enter = case.runtime.prefix[:case.runtime.prefix.index("setpriv")]
    place = "/etc/subuid" if lost == "subuid" else "/usr/bin/newuidmap"
    subprocess.run([*enter, "mount", "--bind", "/dev/null", place], check=True)
    result = case.runtime.try_create(made).failed("/linux/uidMappings: ", "newuidmap", "hint: ")
    assert len(result.err.replace("newuidmap: ", "").splitlines()) <= 3, result
    assert os.listdir(case.runtime.root) == []
