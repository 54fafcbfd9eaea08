# SPDX-License-Identifier: Apache-2.0
"""The inside of a container: the same under thole-lxc and under Debian's LXC, for the same configuration, but
for what docs/lxc-differences.md says. Both are started by lxc-start -F in the same run."""
import os
import re
import subprocess

import pytest

from harness.machine import layout

UNIFIED = layout() == "unified"

# what: a shell command whose output has to be the same
LOOKS = {
    "mounts": "cat /proc/self/mountinfo",
    "devices": "ls -l /dev",
    "environment": "tr '\\0' '\\n' </proc/1/environ | sort",
    "capabilities": "grep -E '^Cap' /proc/1/status",
    "privileges": "grep -E '^(Uid|Gid|Groups|NoNewPrivs|Seccomp):' /proc/1/status",
    "command": "tr '\\0' ' ' </proc/1/cmdline; readlink /proc/1/cwd; uname -n; uname -m",
    "namespaces": "for i in /proc/1/ns/*; do echo ${i##*/} $(readlink $i); done",
    "limits": "cat /proc/1/limits; cat /proc/1/oom_score_adj /proc/1/coredump_filter",
    "cgroups": "sort /proc/self/cgroup",
    "writable": "for i in /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward /proc/sys/vm/swappiness "
                "/sys/class/net/lo/mtu /sys/devices/virtual/net/lo/mtu /sys/kernel/mm/ksm/run /sys/module "
                "/dev /tmp /; do if test -d $i; then mkdir $i/thole-x && rmdir $i/thole-x; else ( : >>$i ); fi "
                "2>/dev/null && echo $i; done",
    "nodes": "mkdir -p /run/n; mount -t tmpfs -o dev none /run/n; for i in 'c 1 3' 'c 10 200' 'c 10 229' 'c 1 11' "
             "'b 7 0' 'c 5 1'; do mknod \"/run/n/$i\" $i && { ( : <\"/run/n/$i\" ); echo $i $?; }; done 2>&1 | "
             "sed 's,.*/run/n/,,'",
    "sysctl": "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax",
    "clock": "awk '{ print int($1 / 50000000) }' /proc/uptime",
    "files": "ls /mnt /opt /srv 2>&1; cat /mnt/file 2>&1",
}

COMMON = ["lxc.mount.auto = proc sys", "lxc.pty.max = 10"]

CONFIGS = {
    "minimal": COMMON,
    "common.conf": ["lxc.include = /usr/share/lxc/config/common.conf"],
    "debian.common.conf": ["lxc.include = /usr/share/lxc/config/debian.common.conf"],
    "nesting": ["lxc.include = /usr/share/lxc/config/common.conf",
                "lxc.include = /usr/share/lxc/config/nesting.conf"],
    "proc and sys writable": ["lxc.mount.auto = proc:rw sys:rw", "lxc.pty.max = 10"],
    "sys read-only": ["lxc.mount.auto = proc:mixed sys:ro", "lxc.pty.max = 10"],
    "mounted cgroups": [*COMMON, "lxc.mount.auto = cgroup:ro:force"],
    "capabilities kept": [*COMMON, "lxc.cap.keep = chown mknod sys_admin net_raw kill"],
    "another user": [*COMMON, "lxc.init.uid = 1000", "lxc.init.gid = 100", "lxc.init.cwd = /tmp",
                     "lxc.cap.keep = net_raw kill"],
    "environment": [*COMMON, "lxc.environment = A=1", "lxc.environment = B=two words", "lxc.environment = PATH"],
    "limits": [*COMMON, "lxc.prlimit.nofile = 100:200", "lxc.prlimit.core = 0", "lxc.proc.oom_score_adj = 100",
               "lxc.no_new_privs = 1"],
    "32 bits": [*COMMON, "lxc.arch = i686", "lxc.uts.name = narrow"],
    "sysctl": [*COMMON, "lxc.sysctl.net.ipv4.ip_forward = 1"],
    "some namespaces": [*COMMON, "lxc.namespace.clone = mnt pid"],
    "network none": ["lxc.mount.auto = proc", "lxc.pty.max = 10", "lxc.net.0.type = none"],
    "clocks": [*COMMON, "lxc.time.offset.boot = 100000000s"],
    "devices": [*COMMON, "lxc.cgroup.devices.deny = a", "lxc.cgroup.devices.allow = c 1:3 rwm",
                "lxc.cgroup.devices.allow = c *:* m", "lxc.cgroup.devices.allow = c 136:* rw",
                "lxc.cgroup.devices.allow = c 5:* rw", "lxc.cgroup.devices.allow = c 10:200 r"],
    "seccomp": [*COMMON, "lxc.seccomp.profile = {folder}/policy"],
    "mount entries": [*COMMON, "lxc.mount.entry = {folder}/source mnt none bind,ro 0 0",
                      "lxc.mount.entry = tmpfs opt tmpfs size=1m,mode=700,create=dir 0 0",
                      "lxc.mount.entry = {folder}/missing srv none bind,optional,create=dir 0 0",
                      "lxc.mount.entry = {folder}/source no/place none bind,optional 0 0",
                      "lxc.mount.entry = {folder}/source/file run/file none bind,create=file 0 0",
                      "lxc.mount.entry = tmp var/tmp none bind,relative 0 0"],
    "root read-only": [*COMMON, "lxc.rootfs.options = ro"],
}

# (configuration, look): why it need not be the same; both in docs/lxc-differences.md.
DIFFERENT = {
    ("network none", "mounts"): "settings of the host's network stay read-only",
    ("network none", "writable"): "settings of the host's network stay read-only",
    ("some namespaces", "mounts"): "settings of the host's network stay read-only",
    ("some namespaces", "writable"): "settings of the host's network stay read-only",
    ("mounted cgroups", "mounts"): "the directory of the hierarchies is read-only, too",
}
if UNIFIED:
    DIFFERENT["devices", "nodes"] = "limits of cgroup v1 hold on v2 as well"


def points(text):
    """{mount point: type, what is mounted, if it can be written to}; the topmost one of each point."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        dash = words.index("-")
        found[words[4]] = (words[dash + 1], words[3] if words[dash + 1] != "ext4" else "",
                           words[5].split(",")[0],
                           sorted(set(words[5].split(",")) & {"nosuid", "nodev", "noexec"}))
    return found


def known_mounts(found):
    """Without what differs in every container, for a reason: docs/lxc-differences.md."""
    for point in ("/proc/sys/kernel/random/boot_id", "/dev/ptmx", "/dev/console", "/proc/sysrq-trigger"):
        found.pop(point, None)
    for point, (kind, source, access, flags) in list(found.items()):
        if point.startswith("/dev/") and kind == "devpts":
            found[point] = (kind, "", access, [])
        if point in ("/proc/sys", "/sys"):
            found[point] = (kind, source, access, [])
    return found


def device(words):
    """(name, kind and permissions, numbers of a node); of a link only that it is one."""
    if words[0][0] == "l":
        return words[8], "l"
    return (words[9] if words[0][0] in "cb" else words[8]), (words[0], words[4:6] if words[0][0] in "cb" else [])


def normal(look, text, host):
    if look == "mounts":
        return known_mounts(points(text))
    if look == "devices":
        nodes = dict(device(line.split()) for line in text.splitlines()[1:])
        return {name: node for name, node in nodes.items() if name not in ("ptmx", "core", "console")}
    if look == "environment":
        found = set(text.splitlines()) - {"HOME=/", "HOME=/root", "HOME=/home/web"}
        return {line for line in found if not line.startswith("container_ttys=")}  # docs/lxc-differences.md
    if look == "namespaces":
        return {name: host[name] == link for name, link in (line.split() for line in text.splitlines())
                if name in host}
    if look == "cgroups":
        return re.sub(r"/\S*lxc\.payload\.\S*", "/PAYLOAD", text)
    return text


@pytest.fixture
def host():
    return {name: os.readlink(f"/proc/self/ns/{name}") for name in os.listdir("/proc/self/ns")}


@pytest.fixture
def seen(folder, busybox_rootfs):
    """seen(FACE, LINES): {look: output} of a container with this configuration."""
    os.chmod(folder, 0o755)
    os.makedirs(f"{folder}/source")
    with open(f"{folder}/source/file", "w", encoding="ascii") as target:
        target.write("content\n")
    with open(f"{folder}/policy", "w", encoding="ascii") as target:
        target.write("2\ndenylist\nmknod errno 1\nmknodat errno 1\n[all]\nsync kill\n")

    def look(face, lines):
        rootfs = busybox_rootfs(os.path.join(folder, "root-" + type(face).__name__))
        os.makedirs(f"{rootfs}/out", exist_ok=True)
        os.chmod(f"{rootfs}/out", 0o1777)
        for name in ("mnt", "srv", "run"):
            os.makedirs(f"{rootfs}/{name}", exist_ok=True)
        script = "".join(f"( {command} ) >/out/{name} 2>&1\n" for name, command in LOOKS.items())
        with open(f"{rootfs}/look", "w", encoding="ascii") as target:
            # The results leave a read-only root by a mount of their own.
            target.write("export PATH=/bin:/sbin:/usr/bin:/usr/sbin\n" + script + ": >/out/done\n")
        out = f"{folder}/out-{type(face).__name__}"
        os.makedirs(out)
        os.chmod(out, 0o777)
        if any("lxc.idmap" in line for line in lines):
            subprocess.run(["chown", "-hR", "100000:100000", rootfs, out], check=True)
        name = face.define([line.format(folder=folder) for line in lines] +
                           [f"lxc.mount.entry = {out} out none bind 0 0"], name="look" + face.new_name(),
                           rootfs=rootfs)
        result = face("start", "-n", name, "-F", "--", "/bin/sh", "/look")
        assert os.path.exists(f"{out}/done"), result
        found = {}
        for entry in LOOKS:
            with open(f"{out}/{entry}", encoding="utf-8", errors="replace") as source:
                found[entry] = source.read().replace(name, "NAME").replace(rootfs, "ROOT").replace(out, "OUT")
        return found

    return look


@pytest.mark.parametrize("config", sorted(CONFIGS))
def test_the_inside_is_the_same(lxc, debian, seen, host, config):
    ours, theirs = seen(lxc, CONFIGS[config]), seen(debian, CONFIGS[config])
    wrong = []
    for look in LOOKS:
        if (config, look) in DIFFERENT:
            continue
        a, b = normal(look, ours[look], host), normal(look, theirs[look], host)
        if a != b:
            wrong.append(f"{look}:\n  thole: {a}\n  LXC:   {b}")
    assert not wrong, "\n".join(wrong)


def test_the_shared_root_of_lxc_execute(lxc, thole_path, monkeypatch):
    """Without a configuration the host's files are there, but nothing of the host can be set up."""
    monkeypatch.setenv("THOLE_INIT", os.path.join(os.path.dirname(thole_path), "thole-init"))
    look = ("cat /etc/hostname; for i in /proc/sys/kernel/hostname /proc/sysrq-trigger; do test -e $i && ( : >>$i ) 2>&1; "
            "done; mkdir /sys/kernel/x; ls /tmp | wc -l; test -e /proc/2 && echo two; mknod /tmp/x b 254 0 && echo made; "
            "ls /dev | sort | tr '\\n' ' '; touch /dev/shm/x && echo shm")
    result = lxc("execute", "-n", lxc.new_name(), "--", "/bin/sh", "-c", look).ok()
    with open("/etc/hostname", encoding="utf-8") as hostname:
        assert hostname.read() in result.out
    assert "Read-only file system" in result.out + result.err
    assert "0\ntwo\n" in result.out and "shm" in result.out, result
    assert "full null" in result.out and "vda" not in result.out, result


def test_mapped_ids(lxc, seen, host):
    """LXC wants a line of /etc/subuid for that, also of root: there is nothing to compare with here."""
    found = seen(lxc, [*COMMON, "lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536"])
    assert not normal("namespaces", found["namespaces"], host)["user"]
    assert "CapEff:\t000001ffffffffff" in found["capabilities"]
    assert {"/proc/sys/net/ipv4/ip_forward", "/tmp", "/"} <= set(found["writable"].splitlines())
    assert not {"/proc/sys/vm/swappiness", "/sys/kernel/mm/ksm/run"} & set(found["writable"].splitlines())
    assert {"full", "null", "random", "tty", "urandom", "zero"} <= set(normal("devices", found["devices"], host))


LINKS = {"absolute": "{folder}/victim", "relative": "../../../../../../../../..{folder}/victim", "through proc":
         "/proc/1/root{folder}/victim"}


@pytest.mark.parametrize("kind", sorted(LINKS))
@pytest.mark.parametrize("where", ["target", "on the way"])
def test_links_in_the_root_lead_nowhere_else(lxc, folder, busybox_rootfs, kind, where):
    """A mount entry never touches what a container's link points to on the host."""
    os.makedirs(f"{folder}/victim/sub")
    rootfs = busybox_rootfs(f"{folder}/rootfs")
    os.symlink(LINKS[kind].format(folder=folder), f"{rootfs}/link")
    target = "link" if where == "target" else "link/sub"
    name = lxc.define(["lxc.mount.auto = proc", "lxc.pty.max = 10",
                       f"lxc.mount.entry = tmpfs {target} tmpfs create=dir 0 0",
                       f"lxc.mount.entry = tmpfs {rootfs}/{target}/new tmpfs create=dir,optional 0 0"], rootfs=rootfs)
    lxc("start", "-n", name, "-F", "--", "/bin/sh", "-c", f": >/{target}/file; : >/{target}/new/file")
    found = [os.path.join(at, entry) for at, _, entries in os.walk(f"{folder}/victim") for entry in entries]
    assert not found and os.listdir(f"{folder}/victim") == ["sub"] and os.listdir(f"{folder}/victim/sub") == []
