# SPDX-License-Identifier: Apache-2.0
"""Looks up each member of a plan in a container: in /proc, in its cgroups and in its files.

The tables at the end name every member; one that nothing here looks at is an error, so that a new row of
the plan needs a look, or a reason why there is nothing to be seen.
"""
import ctypes
import fcntl
import os
import re
import stat
import struct
import subprocess
import termios

from harness import machine

NOT_SEEN = {  # members that leave nothing to be seen in the container, or that a machine of its own has
    "bundle": "state tells it, below", "hooks": "tests/cli/test_hooks.py", "hookStdout": "test_hooks.py",
    "hookStderr": "test_hooks.py", "pidfdReceiver": "test_mount_extensions.py", "warnings": "text",
    "intelRdt": "needs resctrl", "netDevices": "left out", "mountLabel": "needs SELinux", "setupDev":
    "what it makes is in devices and links", "keeper": "tests/cli/test_annotations.py",
}


class Seen:
    """The container beside its plan."""

    def __init__(self, plan, state, output):
        self.plan, self.state, self.output = plan, state, output
        self.pid = state["pid"]
        self.created = set(plan.get("namespaces", {}).get("created", []))
        self.status = dict(line.split(":\t", 1) for line in self.read("status").splitlines() if ":\t" in line)
        self.uids, self.gids = self.map("uid_map"), self.map("gid_map")
        self.mounts = [line.split() for line in self.read("mountinfo").splitlines()]

    def read(self, name):
        with open(f"/proc/{self.pid}/{name}", encoding="utf-8", errors="replace") as source:
            return source.read()

    def map(self, name):
        return [tuple(map(int, line.split())) for line in self.read(name).splitlines()]

    def inside(self, path):
        """A path of the container, links followed in its root."""
        root = f"/proc/{self.pid}/root"
        parts, at = path.strip("/").split("/"), ""
        for part in parts[:-1]:
            at += "/" + part
            if os.path.islink(root + at):
                link = os.readlink(root + at)
                at = link if link.startswith("/") else os.path.normpath(os.path.dirname(at) + "/" + link)
        return root + at + "/" + parts[-1]

    def enter(self, *words):
        """Output of a command of the host in the container's namespaces but those of mounts and pids."""
        flags = [flag for flag, name in (("-U", "user"), ("-n", "net"), ("-i", "ipc"), ("-u", "uts"))
                 if os.stat(f"/proc/{self.pid}/ns/{name}").st_ino != os.stat(f"/proc/self/ns/{name}").st_ino]
        user = ["--preserve-credentials"] if "-U" in flags else []
        return subprocess.run(["nsenter", "-t", str(self.pid), *flags, *user, *words], check=True,
                              capture_output=True, text=True).stdout.strip()


def host_id(ids, number):
    for first, outside, count in ids:
        if first <= number < first + count:
            return outside + number - first
    return 65534


# ---- namespaces, ids, cgroup -------------------------------------------------------------------------

def check_namespaces(seen, planned):
    joined = {entry["type"][0] if isinstance(entry["type"], list) else entry["type"]: entry["path"]
              for entry in planned.get("joined", [])}
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"):
        has = os.stat(f"/proc/{seen.pid}/ns/{name}").st_ino
        own = os.stat(f"/proc/self/ns/{name}").st_ino
        if name in joined:
            assert has == os.stat(joined[name]).st_ino, name
        else:
            assert (has != own) == (name in seen.created), name
    offsets = {words[0]: words[1:] for words in map(str.split, seen.read("timens_offsets").splitlines())}
    wanted = {words[0]: words[1:] for words in
              map(str.split, planned.get("timeOffsets", "").splitlines())}
    for clock, value in offsets.items():
        assert value == wanted.get(clock, ["0", "0"]), clock


def check_user(seen, planned):
    for name, ids in (("uidMap", seen.uids), ("gidMap", seen.gids)):
        text = planned.get("map", {}).get(name)
        if text:
            assert ids == [tuple(map(int, line.split())) for line in text.splitlines()], name
    if planned.get("denySetgroups"):
        assert seen.read("setgroups").strip() == "deny"
    for name, ids in (("rootUid", seen.uids), ("rootGid", seen.gids)):
        if planned.get(name) is not None:
            assert host_id(ids, 0) == planned[name], name


def check_cgroup(seen, planned):
    lines = [line.split(":", 2) for line in seen.read("cgroup").splitlines()]
    for directory in planned.get("directories", []):
        names = set(directory["controllers"].split(",")) if directory.get("controllers") else set()
        beneath = "/" + planned["delegated"] if planned.get("delegated") else ""
        paths = [path for number, found, path in lines
                 if (number == "0" if directory["unified"] else names & set(found.split(",")))]
        assert directory["path"] + (beneath if directory["unified"] else "") in paths, (directory, lines)
    for write in planned.get("writes", []):
        check_write(planned["directories"][write["directory"]], write)
    check_device_rules(seen, planned)


def check_write(directory, write):
    path = directory["mountpoint"] + directory["path"] + "/" + write["file"]
    wanted = write["value"]
    if not os.path.exists(path):
        if write.get("fallbackFile"):
            path, wanted = os.path.join(os.path.dirname(path), write["fallbackFile"]), write["fallbackValue"]
        elif write.get("optional"):
            return
    with open(path, encoding="ascii") as source:
        has = source.read().strip()
    if has == wanted or wanted in has.splitlines() or \
            (write["file"] == "memory.oom_control" and f"oom_kill_disable {wanted}" in has.splitlines()):
        return
    if wanted in ("max", "-1"):  # v1 shows the largest number of pages
        assert int(has) >= 2**62 or int(has) == -1, (write, has)
    elif wanted.isdigit() and has.isdigit():
        page = os.sysconf("SC_PAGE_SIZE") if "memory" in write["file"] else 1
        assert int(has) == int(wanted) // page * page, (write, has)
    else:
        raise AssertionError((write, has))


def check_device_rules(seen, planned):
    """The last rule that matches, against the list that a v1 hierarchy keeps."""
    rules = planned.get("deviceRules", [])
    if not rules or "devices" not in machine.controllers() or machine.controllers()["devices"][1]:
        return
    with open(machine.cgroup_directory(seen.pid, "devices") + "/devices.list", encoding="ascii") as source:
        listed = source.read().split("\n")[:-1]
    allowed = re.compile(r"([acb]) (\d+|\*):(\d+|\*) ([rwm]+)")
    entries = [allowed.fullmatch(line).groups() for line in listed]
    numbers = {(rule["type"], rule.get("major", 250), rule.get("minor", 77)) for rule in rules}
    for kind, major, minor in numbers | {("c", 250, 77), ("b", 250, 77)}:
        for access in "rwm":
            wanted = False
            for rule in rules:
                if rule["type"] in ("a", kind) and rule.get("major", major) == major and \
                        rule.get("minor", minor) == minor and access in rule["access"]:
                    wanted = rule["allow"] in (True, "allow")
            has = any(entry[0] in ("a", kind) and entry[1] in ("*", str(major)) and
                      entry[2] in ("*", str(minor)) and access in entry[3] for entry in entries)
            if kind != "a":
                assert has == wanted, (kind, major, minor, access, listed)


# ---- root and mounts ---------------------------------------------------------------------------------

def options_of(line):
    """(flags, propagation, type, source, options of the file system) of a line of mountinfo."""
    dash = line.index("-")
    return set(line[5].split(",")), line[6:dash], line[dash + 1], line[dash + 2], \
        dict((option.split("=", 1) + [""])[:2] for option in line[dash + 3].split(","))


def check_propagation(line, words):
    found = {word.split(":")[0] for word in line[6:line.index("-")]}
    kind = next((word for word in words if word != "recursive"), "private")
    wanted = {"private": set(), "shared": {"shared"}, "slave": {"master"}, "unbindable": {"unbindable"}}[kind]
    # A slave of a mount that had no peers is private.
    assert found - {"propagate_from"} == wanted or (kind == "slave" and not found), (line, words)


def check_root(seen, planned):
    if planned.get("chrootOnly"):
        assert os.path.samefile(f"/proc/{seen.pid}/root", planned["source"])
        return
    line = next(line for line in seen.mounts if line[4] == "/")
    assert ("ro" in line[5].split(",")) == bool(planned.get("readonly")), line
    check_propagation(line, planned.get("propagation", []))


def check_attributes(line, mount):
    flags = options_of(line)[0]
    given, cleared = set(mount.get("set", [])), set(mount.get("clear", []))
    for name in ("ro", "nosuid", "nodev", "noexec", "nodiratime", "nosymfollow", "noatime"):
        if name in given | set(mount.get("recursiveSet", [])):
            assert name in flags, (name, line)
        elif name in cleared or (mount["kind"] == "filesystem" and not mount.get("bindOnEperm")):
            assert name not in flags, (name, line)
    if "strictatime" in given:
        assert not flags & {"noatime", "relatime"}, line


SIZES = {"k": 1024, "m": 1024**2, "g": 1024**3}


def number(text):
    return int(text[:-1]) * SIZES[text[-1].lower()] if text[-1].lower() in SIZES else int(text)


def check_parameters(seen, line, mount):
    options = options_of(line)[4]
    for parameter in mount.get("parameters", []):
        key, value = parameter["key"], parameter.get("value")
        if key in ("size", "nr_inodes") and mount["type"] == "tmpfs":
            assert number(options[key]) == number(value), line
        elif key == "mode" and mount["type"] == "tmpfs":
            assert stat.S_IMODE(os.stat(seen.inside(mount["target"])).st_mode) == int(value, 8), line
        elif key in ("uid", "gid") and mount["type"] in ("tmpfs", "devpts") and options.get(key):
            assert int(options[key]) == host_id(seen.uids if key == "uid" else seen.gids, int(value)), line
        elif key in ("ptmxmode", "mode"):
            assert int(options[key], 8) == int(value, 8), line
        elif key in ("lowerdir", "upperdir", "workdir"):
            assert options[key] == value, line


def mapped_owner(mount, seen, name, number_on_disk):
    """Whom an id-mapped mount shows as the owner of what `number_on_disk` owns."""
    ids = seen.uids if name == "uidMap" else seen.gids
    if not mount.get("idMapContainer"):
        ids = [tuple(map(int, line.split())) for line in mount["idMap"][name].splitlines()]
    return host_id(ids, number_on_disk)


def check_bind(seen, mount):
    has, source = os.stat(seen.inside(mount["target"])), os.stat(mount["source"])
    assert (has.st_dev, has.st_ino) == (source.st_dev, source.st_ino), mount
    if mount.get("idMap") or mount.get("idMapContainer"):
        assert (has.st_uid, has.st_gid) == (mapped_owner(mount, seen, "uidMap", source.st_uid),
                                            mapped_owner(mount, seen, "gidMap", source.st_gid)), mount


def final_mounts(planned):
    """{target: the mount that is seen there}, remounts and links applied."""
    final = {}
    for mount in planned:
        before = final.get(mount["target"])
        if mount["kind"] == "remount" and before is not None:
            given = set(mount.get("set", []))
            before["clear"] = sorted(set(before.get("clear", [])) | set(mount.get("clear", [])) - given)
            before["set"] = sorted(set(before.get("set", [])) - set(mount.get("clear", [])) | given)
        else:
            final.pop(mount["target"], None)  # the order is that of the last ones
            final[mount["target"]] = dict(mount)
    return final


def covered(target, final):
    """A later mount lies above it."""
    later = list(final)[list(final).index(target) + 1:]
    return any(target.startswith(other.rstrip("/") + "/") for other in later)


def check_mounts(seen, planned):
    final = final_mounts(planned)
    for target, mount in final.items():
        if covered(target, final):
            continue
        line = next((line for line in reversed(seen.mounts) if line[4] == target), None)
        if mount["kind"] == "symlink":
            assert os.readlink(seen.inside(target)) == mount["source"], target
            continue
        if mount.get("copySymlink") and os.path.islink(mount["source"]):
            assert os.readlink(seen.inside(target)) == os.readlink(mount["source"]), target
            continue
        if mount.get("sourceNofollow"):
            assert line is not None, target
            continue
        if line is None:
            assert mount.get("optional") or mount.get("mayFail"), f"{target} is not mounted"
            continue
        if mount["kind"] == "filesystem" and not mount.get("bindOnEperm"):
            assert options_of(line)[2] == mount["type"], line
            check_parameters(seen, line, mount)
        elif mount["kind"] == "bind":
            check_bind(seen, mount)
        check_attributes(line, mount)
        check_propagation(line, mount.get("propagation", []))
    check_nothing_else_is_mounted(seen, final)


def check_nothing_else_is_mounted(seen, final):
    expected = {"/", "/dev/console"} | set(final)
    expected |= {entry["path"] for key in ("maskedPaths", "readonlyPaths", "devices")
                 for entry in seen.plan.get(key, [])}
    whole = tuple(target + "/" for target, mount in final.items()
                  if mount.get("recursive") or mount.get("bindOnEperm"))
    if "mnt" not in seen.created:
        return
    extra = [line[4] for line in seen.mounts if line[4] not in expected and
             not (whole and line[4].startswith(whole))]
    assert not extra, extra


# ---- files -------------------------------------------------------------------------------------------

KINDS = {"c": stat.S_ISCHR, "b": stat.S_ISBLK, "p": stat.S_ISFIFO}


def check_devices(seen, planned):
    for device in planned:
        status = os.stat(seen.inside(device["path"]))
        assert KINDS[device["type"]](status.st_mode), device
        if device["type"] != "p":
            assert (os.major(status.st_rdev), os.minor(status.st_rdev)) == (device["major"], device["minor"])
        if not device.get("bind"):
            assert stat.S_IMODE(status.st_mode) == int(device["mode"], 8), device
            assert (status.st_uid, status.st_gid) == (host_id(seen.uids, device["uid"]),
                                                      host_id(seen.gids, device["gid"])), device


def check_links(seen, planned):
    for link in planned:
        if link["target"] == "/proc/kcore" and not os.path.lexists(seen.inside(link["path"])):
            continue
        assert os.readlink(seen.inside(link["path"])) == link["target"]


def check_masked(seen, planned):
    for entry in planned:
        path = seen.inside(entry["path"])
        if not os.path.lexists(path):
            continue
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            assert os.listdir(path) == [] and os.statvfs(path).f_flag & os.ST_RDONLY, entry
        else:
            assert stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(1, 3), entry


def check_readonly(seen, planned):
    for entry in planned:
        if os.path.lexists(seen.inside(entry["path"])):
            assert os.statvfs(seen.inside(entry["path"])).f_flag & os.ST_RDONLY, entry


def check_sysctls(seen, planned):
    for entry in planned:
        assert seen.enter("cat", "/proc/sys/" + entry["file"]).split() == entry["value"].split(), entry


def check_name(file):
    return lambda seen, planned: _equal(seen.enter("cat", "/proc/sys/kernel/" + file), planned)


def _equal(has, wanted):
    assert has == wanted


def check_loopback(seen, planned):
    assert ("UP" in seen.enter("busybox", "ifconfig", "lo")) == planned


def check_keyring(seen, planned):
    if "process" in seen.plan and "seccomp" not in seen.plan:
        assert (f";{seen.plan['id']}" in seen.output) == planned, seen.output


def check_seccomp(seen, planned):
    assert seen.status["Seccomp"] == ("2" if planned else "0")


# ---- the process -------------------------------------------------------------------------------------

def mask(names):
    return sum(1 << machine.CAPABILITIES.index(name.removeprefix("CAP_")) for name in names or [])


def after_execve(planned, root, kept):
    """capabilities(7), "Transformation of capabilities during execve()", of a program without any."""
    sets = {name: mask(planned.get(name)) for name in
            ("inheritable", "permitted", "bounding", "ambient")}
    permitted = sets["ambient"]
    if root:
        permitted |= sets["inheritable"] | sets["bounding"]
        permitted &= sets["permitted"] if kept else ~0
    return {"CapInh": sets["inheritable"], "CapPrm": permitted, "CapEff": permitted, "CapBnd": sets["bounding"],
            "CapAmb": sets["ambient"]}


def check_capabilities(seen, planned):
    has = machine.parse_capability_sets("\n".join(f"{key}:\t{value}" for key, value in seen.status.items()
                                                  if key.startswith("Cap")))
    process = seen.plan["process"]
    assert has == after_execve(planned, process["uid"] == 0, process.get("noNewPrivileges"))


LIMITS = {  # the words of /proc/PID/limits
    "AS": "address space", "CORE": "core file size", "CPU": "cpu time", "DATA": "data size", "FSIZE": "file size",
    "LOCKS": "file locks", "MEMLOCK": "locked memory", "MSGQUEUE": "msgqueue size", "NICE": "nice priority",
    "NOFILE": "open files", "NPROC": "processes", "RSS": "resident set", "RTPRIO": "realtime priority",
    "RTTIME": "realtime timeout", "SIGPENDING": "pending signals", "STACK": "stack size"}


def limits(text):
    """{name: [soft, hard]}"""
    found = {}
    for name, words in LIMITS.items():
        values = re.search(rf"^Max {words} +(\S+) +(\S+)", text, re.M).groups()
        found["RLIMIT_" + name] = [2**64 - 1 if value == "unlimited" else int(value) for value in values]
    return found


def check_rlimits(seen, planned):
    with open("/proc/self/limits", encoding="ascii") as source:
        wanted = limits(source.read())
    wanted.update({entry["type"]: [entry["soft"], entry["hard"]] for entry in planned})
    assert limits(seen.read("limits")) == wanted


def scheduling(pid):
    """policy, flags, nice, priority, runtime, deadline, period: sched_getattr(2)."""
    size = struct.calcsize("=IIQiIQQQ")
    buffer = ctypes.create_string_buffer(size)
    call = {"x86_64": 315, "aarch64": 275}[os.uname().machine]
    assert ctypes.CDLL(None).syscall(call, pid, buffer, size, 0) == 0
    return struct.unpack("=IIQiIQQQ", buffer.raw)[1:]


def check_scheduler(seen, planned):
    policy, flags, nice, priority, runtime, deadline, period = scheduling(seen.pid)
    if not planned.get("set"):
        assert (policy, priority) == (os.sched_getscheduler(0), 0)
        return
    assert (policy, flags, priority) == (planned.get("policy", 0), planned.get("flags", 0),
                                         planned.get("priority", 0))
    if policy in (0, 3):
        assert nice == planned.get("nice", 0)
    if policy == 6:
        assert (runtime, deadline, period) == (planned["runtime"], planned["deadline"],
                                               planned.get("period") or planned["deadline"])


def check_io_priority(seen, planned):
    call = {"x86_64": 252, "aarch64": 31}[os.uname().machine]
    assert ctypes.CDLL(None).syscall(call, 1, seen.pid) == planned


def check_memory_policy(seen, planned):
    policy = seen.read("numa_maps").splitlines()[0].split()[1]
    assert (policy != "default") == bool(planned.get("set")), policy


def check_environment(seen, planned):
    has = [word for word in seen.read("environ").split("\0") if word]
    homes = [word for word in has if word.startswith("HOME=")]
    if seen.plan["process"].get("setHome"):
        assert len(homes) == 1, has
        has.remove(homes[0])
    assert has == planned


def check_directory(seen, planned):
    assert os.path.samefile(f"/proc/{seen.pid}/cwd", seen.inside(planned) if planned != "/" else
                            f"/proc/{seen.pid}/root")


def check_terminal(seen, planned):
    fds = [os.stat(f"/proc/{seen.pid}/fd/{fd}") for fd in range(3)]
    assert all(stat.S_ISCHR(status.st_mode) and 136 <= os.major(status.st_rdev) < 144
               for status in fds) == bool(planned)
    if planned and seen.plan["process"].get("consoleRows"):
        fd = os.open(f"/proc/{seen.pid}/fd/0", os.O_RDONLY | os.O_NOCTTY)
        size = struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))[:2]
        os.close(fd)
        assert size == (seen.plan["process"]["consoleRows"], seen.plan["process"]["consoleColumns"])


def check_ids(status, ids):
    return lambda seen, planned: _equal([int(word) for word in seen.status[status].split()],
                                        [host_id(getattr(seen, ids), planned)] * 4)


def check_groups(seen, planned):
    if seen.plan["process"].get("setGroups"):
        assert sorted(map(int, seen.status["Groups"].split())) == sorted(
            host_id(seen.gids, group) for group in set(planned or []))


def check_oom(seen, planned):
    wanted = planned
    if not seen.plan["process"].get("oomScoreSet"):
        with open("/proc/self/oom_score_adj", encoding="ascii") as source:
            wanted = int(source.read())
    assert int(seen.read("oom_score_adj")) == wanted


def check_default_signals(seen, planned):
    assert int(seen.status["SigIgn"], 16) & planned == 0


PROCESS = {
    "args": lambda seen, planned: _equal(seen.read("cmdline").split("\0")[:-1], planned),
    "env": check_environment, "cwd": check_directory, "terminal": check_terminal,
    "uid": check_ids("Uid", "uids"), "gid": check_ids("Gid", "gids"), "groups": check_groups,
    "umask": lambda seen, planned: _equal(int(seen.status["Umask"], 8), int(planned, 8)),
    "capabilities": lambda seen, planned: check_capabilities(seen, planned or {}),
    "noNewPrivileges": lambda seen, planned: _equal(seen.status["NoNewPrivs"], str(int(planned or False))),
    "rlimits": lambda seen, planned: check_rlimits(seen, planned or []),
    "oomScoreAdj": lambda seen, planned: check_oom(seen, planned or 0),
    "scheduler": lambda seen, planned: check_scheduler(seen, planned or {}),
    "ioPriority": check_io_priority, "defaultSignals": check_default_signals,
    "personality": lambda seen, planned: _equal(int(seen.read("personality"), 16), planned),
    "memoryPolicy": lambda seen, planned: check_memory_policy(seen, planned or {}),
}
# Looked at even where the plan is silent: then nothing may be there.
ALWAYS = ("terminal", "groups", "capabilities", "noNewPrivileges", "rlimits", "oomScoreAdj", "scheduler",
          "memoryPolicy")
PROCESS_NOT_SEEN = {"setHome", "setGroups", "umaskSet", "oomScoreSet", "unprivileged", "cpuInitial", "cpuFinal",
                    "where", "programWhere", "consoleRows", "consoleColumns", "init", "initWaits", "apparmor",
                    "selinux", "warnings"}


def check_process(seen, planned):
    unknown = set(planned) - set(PROCESS) - PROCESS_NOT_SEEN
    assert not unknown, f"nothing looks at {unknown}"
    for name, check in PROCESS.items():
        if name in planned or name in ALWAYS:
            check(seen, planned.get(name))


PLAN = {
    "id": lambda seen, planned: _equal(seen.state["id"], planned),
    "ociVersion": lambda seen, planned: _equal(seen.state["ociVersion"], planned),
    "namespaces": check_namespaces, "user": check_user, "cgroup": check_cgroup, "root": check_root,
    "mounts": check_mounts, "devices": check_devices, "links": check_links, "maskedPaths": check_masked,
    "readonlyPaths": check_readonly, "sysctls": check_sysctls, "hostname": check_name("hostname"),
    "domainname": check_name("domainname"), "loopbackUp": check_loopback, "newKeyring": check_keyring,
    "seccomp": check_seccomp,
    "annotations": lambda seen, planned: _equal(seen.state["annotations"], {
        entry["key"]: entry["value"] for entry in planned}),
}


def check(seen):
    unknown = set(seen.plan) - set(PLAN) - set(NOT_SEEN) - {"process"}
    assert not unknown, f"nothing looks at {unknown}"
    for name, look in PLAN.items():
        if name in seen.plan:
            look(seen, seen.plan[name])
    if "seccomp" not in seen.plan:
        check_seccomp(seen, None)
    if "process" in seen.plan:
        check_process(seen, seen.plan["process"])
