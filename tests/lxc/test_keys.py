# SPDX-License-Identifier: Apache-2.0
"""Every key of lxc.conf: what it is for is seen from inside a container, or it is said where else it is seen, or
why it has no effect. A key that is new in the table fails until it is here."""
import itertools
import os
import re
import resource

import pytest

from harness.machine import TOP, capability_sets, layout
from harness.ordinary_user import ID_MAP

HERE = os.path.dirname(__file__)

# Settings of one container, each with a command inside and what it prints. Without a value: seen beside others.
SEEN = [
    ("lxc.uts.name", "keys", "uname -n", "keys"),
    ("lxc.init.cwd", "/tmp", "readlink /proc/1/cwd", "/tmp"),
    ("lxc.init.groups", "10,20", "grep ^Groups: /proc/1/status", "Groups: 10 20"),
    ("lxc.environment", "A=1 2", "tr '\\0' '\\n' </proc/1/environ | grep ^A=", "A=1 2"),
    ("lxc.environment.runtime", "B=2", "tr '\\0' '\\n' </proc/1/environ | grep ^B=", "B=2"),
    ("lxc.environment.hooks", "C=3", "tr '\\0' '\\n' </proc/1/environ | grep -c ^C=", "0"),
    ("lxc.no_new_privs", "1", "grep ^NoNewPrivs: /proc/1/status", "NoNewPrivs: 1"),
    ("lxc.cap.drop", "chown sys_time", "grep ^CapBnd: /proc/1/status",
     f"CapBnd: {capability_sets()['CapBnd'] & ~(1 << 0 | 1 << 25):016x}"),
    ("lxc.rootfs.options", "ro", "touch /file 2>/dev/null || echo read-only", "read-only"),
    ("lxc.rootfs.mount", "/where/it/is", "", ""),
    ("lxc.mount.entry", "tmpfs /where/it/is/mnt tmpfs size=64k,create=dir 0 0", "df -k /mnt | tail -n 1 | cut -c 1-30",
     "tmpfs 64"),
    ("lxc.mount.fstab", "{folder}/fstab", "cat /opt/hello", "hello"),
    ("lxc.autodev.tmpfs.size", "1024000", "grep -o ' /dev .*size=[0-9k]*' /proc/self/mountinfo | sed 's/.*size/size/'",
     "size=1000k"),
    ("lxc.tty.max", "2", "ls /dev/lxc", "console tty1 tty2"),
    ("lxc.tty.dir", "lxc", "readlink /dev/tty2", "lxc/tty2"),
    ("lxc.pty.max", "20", "grep ' /dev/pts ' /proc/self/mountinfo | sed 's/.*max=//'", "22"),
    ("lxc.time.offset.boot", "100000000s", "grep boot /proc/1/timens_offsets", "boottime 100000000 0"),
    ("lxc.time.offset.monotonic", "1500ms", "grep mono /proc/1/timens_offsets", "monotonic 1 500000000"),
    ("lxc.sysctl.kernel.msgmax", "4321", "cat /proc/sys/kernel/msgmax", "4321"),
    ("lxc.sysctl.kernel.domainname", "example", "cat /proc/sys/kernel/domainname", "example"),
    ("lxc.sysctl.fs.mqueue.msg_max", "7", "cat /proc/sys/fs/mqueue/msg_max", "7"),
    ("lxc.sysctl.net.ipv4.ip_forward", "1", "cat /proc/sys/net/ipv4/ip_forward", "1"),
    ("lxc.sysctl.net.ipv4.conf.lo.rp_filter", "2", "cat /proc/sys/net/ipv4/conf/lo/rp_filter", "2"),
    ("lxc.proc.oom_score_adj", "500", "cat /proc/1/oom_score_adj", "500"),
    ("lxc.proc.coredump_filter", "0x7f", "cat /proc/1/coredump_filter", "0000007f"),
    ("lxc.proc.timerslack_ns", "123456", "cat /proc/1/timerslack_ns", "123456"),
    ("lxc.init.cmd", "/bin/sh /look 'two words'", "tr '\\0' '|' </proc/1/cmdline", "/bin/sh|/look|two words|"),
]

# Row of /proc/PID/limits of each resource, and a divisor of what is written for what is shown.
LIMITS = {"as": "Max address space", "core": "Max core file size", "cpu": "Max cpu time", "data": "Max data size",
          "fsize": "Max file size", "locks": "Max file locks", "memlock": "Max locked memory",
          "msgqueue": "Max msgqueue size", "nice": "Max nice priority", "nofile": "Max open files",
          "nproc": "Max processes", "rss": "Max resident set", "rtprio": "Max realtime priority",
          "rttime": "Max realtime timeout", "sigpending": "Max pending signals", "stack": "Max stack size"}
LARGE = 1 << 40

# key: the file of this folder in which it is seen.
ELSEWHERE = {
    **dict.fromkeys(["lxc.include", "lxc.arch", "lxc.init.uid", "lxc.init.gid", "lxc.namespace.clone", "lxc.cap.keep",
                     "lxc.seccomp.profile", "lxc.cgroup.*"], "test_inside.py"),
    **dict.fromkeys(["lxc.group", "lxc.start.auto", "lxc.start.delay", "lxc.start.order"], "test_autostart.py"),
    **dict.fromkeys(["lxc.hook.pre-start", "lxc.hook.mount", "lxc.hook.autodev", "lxc.hook.start-host",
                     "lxc.hook.start", "lxc.hook.stop", "lxc.hook.post-stop", "lxc.hook.version"],
                    "test_hook_keys.py"),
    "lxc.execute.cmd": "test_execute.py",
    "lxc.ephemeral": "test_ephemeral.py",
    "lxc.rootfs.path": "test_start_stop.py",
    "lxc.rootfs.managed": "test_destroy.py",
    "lxc.console.path": "test_start_stop.py",
    "lxc.hook.clone": "test_copy.py",
    "lxc.hook.destroy": "test_destroy.py",
    "lxc.apparmor.profile": "test_system_container.py",
    "lxc.cgroup2.*": "test_device.py",
    **dict.fromkeys(["lxc.log.level", "lxc.apparmor.raw"], "test_config_file.py"),
    "lxc.net.*": "test_network.py",
}

# Seen in the OCI configuration only: what has them there is tested with OCI containers.
CONVERTED = {
    "console.conf": ["lxc.console.logfile", "lxc.console.size", "lxc.console.rotate", "lxc.console.buffer.size"],
    "start.conf": ["lxc.signal.halt", "lxc.signal.reboot", "lxc.signal.stop", "lxc.monitor.signal.pdeath",
                   "lxc.keyring.session", "lxc.log.file", "lxc.log.syslog"],
    "cgroup-dir.conf": ["lxc.cgroup.dir"],
    "cgroup-dir-container.conf": ["lxc.cgroup.dir.container"],
    "apparmor-nesting.conf": ["lxc.apparmor.allow_incomplete", "lxc.apparmor.allow_nesting"],
    "selinux.conf": ["lxc.selinux.context"],
    "seccomp-v2.conf": ["lxc.seccomp.allow_nesting", "lxc.seccomp.notify.proxy", "lxc.seccomp.notify.cookie"],
}

# Nothing to be seen: a note says so.
WITHOUT_EFFECT = {
    "lxc.monitor.unshare": "1", "lxc.console.buffer.logfile": "/log", "lxc.cgroup.dir.monitor": "a",
    "lxc.cgroup.dir.monitor.pivot": "a", "lxc.cgroup.dir.container.inner": "a", "lxc.cgroup.relative": "1",
    "lxc.selinux.context.keyring": "a",
}
# Tests of their own in this file, or one of an error.
HERE_TOO = {"lxc.mount.auto", "lxc.sched.core", "lxc.prlimit.*", "lxc.idmap", "lxc.namespace.keep",
            "lxc.namespace.share.*", "lxc.autodev", "lxc.hook.pre-mount"}


def table():
    with open(os.path.join(TOP, "src/lxc/config/keys_table.c"), encoding="ascii") as source:
        return re.findall(r'^    \{"(lxc\.[^"]+)"', source.read(), re.MULTILINE)


def row_of(key, rows):
    """The row of the table that a key in full is of: lxc.sysctl.kernel.msgmax -> lxc.sysctl.*"""
    return key if key in rows else next(row for row in rows if row.endswith("*") and key.startswith(row[:-1]))


def test_every_key_has_its_place():
    rows = table()
    places = [*(row_of(key, rows) for key, *_ in SEEN), *ELSEWHERE, *itertools.chain(*CONVERTED.values()),
              *WITHOUT_EFFECT, *HERE_TOO]
    assert {row for row in rows if not row.startswith("lxc.net.")} == set(places) - {"lxc.net.*"}
    named = [(key, place) for key, place in ELSEWHERE.items() if key != "lxc.net.*"]
    named += [(row, "test_network.py") for row in rows if row.startswith("lxc.net.")]
    named += [(key, "convert/" + place) for place, keys in CONVERTED.items() for key in keys]
    for key, place in named:
        with open(os.path.join(HERE, place), encoding="utf-8") as source:
            text = source.read()
        assert key.replace(".N.", ".0.").rstrip("*") in text or f'"{key.rpartition(".")[2]}"' in text or \
            key.replace("lxc.ephemeral", "def ephemeral") in text, (key, place)


def looked(lxc, folder, rootfs, lines, commands):
    """What the commands print in a container with these lines, blanks as one; it ends by itself."""
    out = os.path.join(folder, "out")
    os.makedirs(out, exist_ok=True)
    os.chmod(out, 0o777)
    os.makedirs(os.path.join(rootfs, "out"), exist_ok=True)
    with open(os.path.join(rootfs, "look"), "w", encoding="ascii") as target:
        target.write("export PATH=/bin:/sbin:/usr/bin:/usr/sbin\n" + "".join(
            f"( {command or ':'} ) >/out/{number} 2>&1\n" for number, command in enumerate(commands)))
    name = lxc.define([*lines, f"lxc.mount.entry = {out} out none bind 0 0"], rootfs=rootfs)
    result = lxc("start", "-n", name, "-F")
    assert os.path.exists(os.path.join(out, str(len(commands) - 1))), result
    found = []
    for number in range(len(commands)):
        with open(os.path.join(out, str(number)), encoding="utf-8") as source:
            found.append(" ".join(source.read().split()))
    return found


@pytest.fixture
def rootfs(folder, busybox_rootfs):
    os.chmod(folder, 0o755)
    return busybox_rootfs(os.path.join(folder, "rootfs"))


def test_what_is_seen_inside(lxc, folder, rootfs):
    os.makedirs(os.path.join(folder, "source"))
    os.makedirs(os.path.join(rootfs, "mnt"))
    os.makedirs(os.path.join(rootfs, "opt"))
    with open(os.path.join(folder, "source/hello"), "w", encoding="ascii") as target:
        target.write("hello\n")
    with open(os.path.join(folder, "fstab"), "w", encoding="ascii") as target:
        target.write(f"{folder}/source opt none bind,ro 0 0\n")
    lines = [f"{key} = {value.format(folder=folder)}" for key, value, *_ in SEEN]
    found = looked(lxc, folder, rootfs, ["lxc.mount.auto = proc", *lines], [command for *_, command, _ in SEEN])
    wrong = {key: (seen, wanted) for (key, *_, wanted), seen in zip(SEEN, found)
             if seen != wanted and not (key == "lxc.mount.entry" and seen.startswith(wanted))}
    assert not wrong, "\n".join(f"{key}: seen {seen!r}, wanted {wanted!r}" for key, (seen, wanted) in wrong.items())


def test_every_limit_of_resources(lxc, folder, rootfs):
    """Half of what the host allows, or a large number, as soft limit, and all of it as hard limit."""
    lines, wanted = ["lxc.mount.auto = proc", "lxc.init.cmd = /bin/sh /look"], []
    for name in LIMITS:
        number = getattr(resource, "RLIMIT_" + name.upper(), {"locks": 10}.get(name))
        hard = resource.prlimit(0, number)[1]
        hard = LARGE if hard == resource.RLIM_INFINITY else hard
        lines.append(f"lxc.prlimit.{name} = {hard // 2}:{hard}")
        wanted.append(f"{hard // 2} {hard}")
    found = looked(lxc, folder, rootfs, lines, [f"grep '^{row}' /proc/1/limits | cut -c 27-68" for row in LIMITS.values()])
    assert dict(zip(LIMITS, found)) == dict(zip(LIMITS, wanted))


def has_core_scheduling():
    """Whether a process can make a domain: it takes CONFIG_SCHED_CORE and two threads a core."""
    import ctypes
    pid = os.fork()
    if pid == 0:
        libc = ctypes.CDLL(None)
        os._exit(libc.prctl(62, 1, 0, 1, 0) != 0)
    return os.waitpid(pid, 0)[1] == 0


def test_core_scheduling(lxc, folder, rootfs):
    """A domain of its own, or where the machine has none one line that names the key."""
    name = lxc.define(["lxc.sched.core = 1", "lxc.init.cmd = /bin/sleep 1000"], rootfs=rootfs)
    result = lxc("start", "-n", name)
    if not has_core_scheduling():
        result.failed("lxc.sched.core")
        return
    result.ok()
    import ctypes
    cookies = []
    for pid in (os.getpid(), int(lxc("info", "-n", name, "-p", "-H").ok().out)):
        cookie = ctypes.c_ulong(0)
        assert ctypes.CDLL(None).prctl(62, 0, pid, 0, ctypes.byref(cookie)) == 0
        cookies.append(cookie.value)
    lxc("stop", "-k", "-n", name).ok()
    assert cookies[1] not in (0, cookies[0])


def namespaces(pid="self"):
    return {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in ("net", "ipc", "uts", "pid", "mnt", "user")}


def test_namespaces_and_ids(lxc, rootfs, busybox_rootfs, folder):
    """Those that are kept are the host's, those that are shared another container's, ids are mapped."""
    one = lxc.define(["lxc.namespace.keep = ipc", "lxc.init.cmd = /bin/sleep 1000"], rootfs=rootfs)
    lxc("start", "-n", one).ok()
    first = namespaces(lxc("info", "-n", one, "-p", "-H").ok().out.strip())
    own = namespaces()
    assert {name for name, link in first.items() if link == own[name]} == {"ipc", "user"}
    other = busybox_rootfs(os.path.join(folder, "other"))
    two = lxc.define([f"lxc.namespace.share.net = {one}", f"lxc.namespace.share.uts = {one}",
                      "lxc.init.cmd = /bin/sleep 1000"], rootfs=other)
    lxc("start", "-n", two).ok()
    second = namespaces(lxc("info", "-n", two, "-p", "-H").ok().out.strip())
    assert {name for name, link in second.items() if link == first[name]} == {"net", "uts", "user"}
    three = lxc.define([*ID_MAP, "lxc.init.cmd = /bin/sleep 1000"], rootfs=busybox_rootfs(os.path.join(folder, "third")))
    lxc("start", "-n", three).ok()
    pid = lxc("info", "-n", three, "-p", "-H").ok().out.strip()
    with open(f"/proc/{pid}/uid_map", encoding="ascii") as source:
        assert source.read().split() == ID_MAP[0].split()[3:]
    for name in (one, two, three):
        lxc("stop", "-k", "-n", name).ok()


def test_dev_of_the_root(lxc, folder, rootfs):
    """With lxc.autodev = 0 what the root has in /dev is there; else it is not."""
    with open(os.path.join(rootfs, "dev/own"), "w", encoding="ascii"):
        pass
    common = ["lxc.mount.auto = proc", "lxc.init.cmd = /bin/sh /look"]
    assert looked(lxc, folder, rootfs, [*common, "lxc.autodev = 0"], ["ls /dev/own"]) == ["/dev/own"]
    assert "No such file" in looked(lxc, folder, rootfs, common, ["ls /dev/own"])[0]


@pytest.mark.parametrize("key", sorted(WITHOUT_EFFECT))
def test_a_note_tells_of_what_has_no_effect(lxc, folder, key):
    path = os.path.join(folder, "config")
    with open(path, "w", encoding="ascii") as target:
        target.write(f"lxc.rootfs.path = dir:/\n{key} = {WITHOUT_EFFECT[key]}\n")
    assert f"{path}:2: {key}: " in lxc("convert", path).ok().err


# ---- lxc.mount.auto ------------------------------------------------------------------------------------------

# What is looked at: where it is mounted, and whether the mount can be written to.
SYSRQ = "ro" if os.path.exists("/proc/sysrq-trigger") else None
PROC = {"mixed": {"/proc": "rw", "/proc/sys": "ro", "/proc/sysrq-trigger": SYSRQ},
        "rw": {"/proc": "rw", "/proc/sys": None, "/proc/sysrq-trigger": None}}
SYS = {"mixed": {"/sys": "ro", "/sys/devices/virtual/net": "rw"},
       "ro": {"/sys": "ro", "/sys/devices/virtual/net": None}, "rw": {"/sys": "rw", "/sys/devices/virtual/net": None}}
UNIFIED = layout() == "unified"
CGROUP = "/sys/fs/cgroup" + ("" if UNIFIED else "/pids")
WORDS = {
    "proc": PROC["mixed"], **{f"proc:{mode}": wanted for mode, wanted in PROC.items()},
    "sys": SYS["mixed"], **{f"sys:{mode}": wanted for mode, wanted in SYS.items()},
    # With a cgroup namespace the container mounts those of v1 itself.
    **{f"{kind}{mode}": {CGROUP: ("ro" if mode == ":ro" else "rw") if UNIFIED else None}
       for kind in ("cgroup", "cgroup-full") for mode in ("", ":mixed", ":ro", ":rw")},
    "cgroup2": {CGROUP: "rw" if UNIFIED else None}, "cgroup2:ro": {CGROUP: "ro" if UNIFIED else None},
    **{f"cgroup{mode}:force": {CGROUP: "ro" if mode == ":ro" else "rw"} for mode in ("", ":mixed", ":ro", ":rw")},
    **{f"cgroup-full{mode}:force": {CGROUP: "rw" if mode == ":rw" or UNIFIED and mode != ":ro" else "ro"}
       for mode in ("", ":mixed", ":ro", ":rw")},
    "cgroup2:force": {CGROUP: "rw"}, "cgroup2:ro:force": {CGROUP: "ro"},
    "shmounts:{folder}": {"/dev/.lxc-mounts": "rw"}, "shmounts:{folder}:/opt": {"/opt": "rw"},
}


@pytest.mark.parametrize("word", sorted(WORDS))
def test_automatic_mounts(lxc, folder, rootfs, word):
    """/proc itself is mounted on /seen as well, so that mounts can be seen without it."""
    os.makedirs(os.path.join(rootfs, "opt"), exist_ok=True)
    lines = [f"lxc.mount.auto = sys {word.format(folder=folder)}" if word.startswith("cg") else
             f"lxc.mount.auto = {word.format(folder=folder)}",
             "lxc.mount.entry = proc seen proc create=dir 0 0", "lxc.init.cmd = /bin/sh /look"]
    mounts = looked(lxc, folder, rootfs, lines, ["cut -d' ' -f5,6 /seen/self/mountinfo"])[0].split()
    access = dict(zip(mounts[::2], (options.split(",")[0] for options in mounts[1::2])))
    assert {point: access.get(point) for point in WORDS[word]} == WORDS[word]


@pytest.mark.parametrize("word", ["proc:ro", "sys:full", "cgroup:any", "cgroup2:mixed", "shmounts:relative", "dev"])
def test_there_is_no_such_automatic_mount(lxc, rootfs, word):
    name = lxc.define([f"lxc.mount.auto = {word}", "lxc.init.cmd = /bin/true"], rootfs=rootfs)
    lxc("start", "-n", name).failed(f"config:2: lxc.mount.auto: there is no automatic mount \"{word}\"")


@pytest.mark.parametrize("unit, factor", [("", 10**9), ("s", 10**9), ("h", 3600 * 10**9), ("m", 60 * 10**9), ("ms", 10**6),
                                          ("us", 1000), ("ns", 1)])
def test_units_of_offsets(lxc, folder, unit, factor):
    path = os.path.join(folder, "config")
    with open(path, "w", encoding="ascii") as target:
        target.write(f"lxc.rootfs.path = dir:/\nlxc.time.offset.boot = -7{unit}\n")
    seconds, nanoseconds = divmod(-7 * factor, 10**9)
    said = lxc("convert", path).ok().out
    assert re.search(rf'"secs": {seconds},\s*"nanosecs": {nanoseconds}\b', said), said
