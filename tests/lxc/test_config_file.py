# SPDX-License-Identifier: Apache-2.0
"""lxc.conf(5) of every age: every key and old name of the tables, lists and clearing, includes, errors that
name file, line and key, and what lxc-info -c prints of it, as Debian's does."""
import os
import subprocess

import pytest

from harness import lxc_config

KEYS = lxc_config.keys()
OLD = lxc_config.old_names()
LIST, FLAG, NUMBER = "list", "flag", "number"


def sample(key):
    """A value that every check of the parser accepts."""
    return {FLAG: "1", NUMBER: "7"}.get(key.kind, "some value")


def names(keys):
    return [key.name for key in keys]


@pytest.fixture
def conf(tmp_path):
    """conf(TEXT, ARGUMENT...) -> the settings of a file with that text."""

    def read(text, *args, name="config"):
        path = tmp_path / name
        path.write_text(text)
        return lxc_config.read(str(path), *args)

    return read


@pytest.mark.parametrize("key", KEYS, ids=names(KEYS))
def test_every_key(conf, key):
    """A list keeps every value, another key the last; an empty value clears it; the place is kept."""
    if key.name == "lxc.include":
        pytest.skip("it is no setting: see the tests of includes")
    name, first, second = key.full, sample(key), "0" if key.kind == FLAG else sample(key) + "1"
    if key.kind == NUMBER:
        second = "8"
    read = conf(f"{name} = {first}\n{name}={second}\n").ok()
    kept = [first, second] if key.list else [second]
    assert read.values(name) == kept
    assert read.items[-1].where.endswith(f"/config:2: {name}")
    assert read.items[0].index == (3 if ".N." in key.name else 0)
    assert read.items[0].detail == ("net.x_y" if key.name.endswith("*") else "")
    assert conf(f"{name} = {first}\n{name} =\n").ok().items == []
    assert conf(f"{name} = {first}\n{name} = ''\n{name} = {second}\n").ok().values(name) == [second]


@pytest.mark.parametrize("key", [key for key in KEYS if key.kind in (FLAG, NUMBER)],
                         ids=lambda key: key.name)
@pytest.mark.parametrize("value", ["yes", "1x", "-", "0x1", "1 2"])
def test_flags_and_numbers_are_checked(conf, key, value):
    wrong = conf(f"# first\n{key.full} = {value}\n")
    assert wrong.code == 1 and f"/config:2: {key.full}: \"{value}\" is n" in wrong.err


@pytest.mark.parametrize("key", KEYS, ids=names(KEYS))
def test_a_typo_in_a_key_is_told(conf, key):
    """Two letters of the last word changed places: the key that was meant is named, at its line."""
    head, _, last = key.full.replace(".net.x_y", ".*").rstrip(".*").rpartition(".")
    for at in range(len(last) - 1):
        typo = f"{head}.{last[:at]}{last[at + 1]}{last[at]}{last[at + 2:]}"
        typo += ".x" if key.name.endswith("*") else ""
        meant = f"{head}.{last}" + (".x" if key.name.endswith("*") else "")
        wrong = conf(f"\n{typo} = 1\n")
        if wrong.code == 0:  # the letters are the same
            continue
        assert f"/config:2: {typo}: there is no such key: did you mean {meant}?\n" in wrong.err


@pytest.mark.parametrize("old", OLD, ids=names(OLD))
def test_every_old_name(conf, old):
    """An old file says the same as one with today's names, and a note tells it."""
    start = "lxc.network.type = veth\n" if old.name.startswith("lxc.network") else ""
    written = old.name + ("nofile" if old.name == "lxc.limit." else
                          "link" if old.name == "lxc.network." else "")
    value = "" if old.name in ("lxc.network", "lxc.limit") else \
        "lvm" if old.name == "lxc.rootfs.backend" else "1"
    read = conf(f"{start}{written} = {value}\n").ok()
    today = old.today.replace(".N.", ".0.") + written[len(old.name):] if old.today else None
    expected = conf(f"{start}{today} = {value}\n").ok().pairs() if today else []
    assert read.pairs() == expected
    if old.name != "lxc.rootfs.backend":
        assert any(f": {written}: " in note for note in read.notes)


def test_old_interfaces_are_counted_by_their_type(conf):
    read = conf("""lxc.network.type = veth
lxc.network.ipv4 = 10.0.0.2/24
lxc.network.ipv4.gateway = auto
lxc.network.type = macvlan
lxc.network.ipv6 = fd00::2/64
lxc.network.0.mtu = 1400
lxc.network.link = eth0
lxc.net.5.type = empty
lxc.network.type = phys
lxc.network.script.up = /up
""").ok()
    assert read.pairs() == [
        ("lxc.net.0.type", "veth"), ("lxc.net.0.ipv4.address", "10.0.0.2/24"),
        ("lxc.net.0.ipv4.gateway", "auto"), ("lxc.net.1.type", "macvlan"),
        ("lxc.net.1.ipv6.address", "fd00::2/64"), ("lxc.net.0.mtu", "1400"),
        ("lxc.net.1.link", "eth0"), ("lxc.net.5.type", "empty"), ("lxc.net.6.type", "phys"),
        ("lxc.net.6.script.up", "/up")]
    assert conf("lxc.network.type = veth\nlxc.network =\nlxc.net.0.type = phys\n").ok().pairs() == \
        [("lxc.net.0.type", "phys")]
    assert conf("lxc.network.type = veth\nlxc.network.type =\nlxc.network.type = vlan\n").ok().pairs() \
        == [("lxc.net.0.type", "vlan")]
    assert "config:1: lxc.network.link: there is no lxc.network.type before it" in \
        conf("lxc.network.link = br0\n").err


@pytest.mark.parametrize("lines", [["lxc.rootfs.backend = overlayfs", "lxc.rootfs = /a:/b"],
                                   ["lxc.rootfs = /a:/b", "lxc.rootfs.backend = overlayfs"]])
def test_the_old_type_of_the_root(conf, lines):
    assert conf("\n".join(lines)).ok().pairs() == [("lxc.rootfs.path", "overlayfs:/a:/b")]


@pytest.mark.parametrize("group, gone", [
    ("lxc.net", ["lxc.net.0.type", "lxc.net.0.veth.pair", "lxc.net.10.type"]),
    ("lxc.net.0", ["lxc.net.0.type", "lxc.net.0.veth.pair"]),
    ("lxc.hook", ["lxc.hook.start", "lxc.hook.stop"]),
    ("lxc.cgroup2", ["lxc.cgroup2.memory.max", "lxc.cgroup2.pids.max"]),
    ("lxc.cgroup", ["lxc.cgroup.cpu.shares"]),
    ("lxc.prlimit", ["lxc.prlimit.core"]), ("lxc.sysctl", ["lxc.sysctl.a.b"]),
    ("lxc.cgroup2.memory.max", ["lxc.cgroup2.memory.max"]),
    ("lxc.namespace.share", ["lxc.namespace.share.net"]),
])
def test_an_empty_value_clears_what_begins_so(conf, group, gone):
    everything = ["lxc.uts.name", "lxc.net.0.type", "lxc.net.0.veth.pair", "lxc.net.10.type",
                  "lxc.hook.start", "lxc.hook.stop", "lxc.cgroup2.memory.max", "lxc.cgroup2.pids.max",
                  "lxc.cgroup.cpu.shares", "lxc.cgroup.dir", "lxc.prlimit.core", "lxc.sysctl.a.b",
                  "lxc.namespace.share.net"]
    text = "".join(f"{name} = x\n" for name in everything)
    left = [name for name, _ in conf(text + f"{group} =\n").ok().pairs()]
    assert left == [name for name in everything if name not in gone]


@pytest.mark.parametrize("line, value", [
    ("lxc.uts.name=web", "web"), ("  lxc.uts.name \t=\t web  \r", "web"), ("lxc.uts.name = 'a b'", "a b"),
    ("lxc.uts.name = \"a b\"", "a b"), ("lxc.uts.name = 'a\"", "'a\""), ("lxc.uts.name = a = b", "a = b"),
    ("lxc.uts.name = # no comment", "# no comment"), ("lxc.uts.name = '", "'"),
])
def test_spellings_of_a_line(conf, line, value):
    assert conf(line).ok().values("lxc.uts.name") == [value]
    assert conf("", "-s", line).ok().values("lxc.uts.name") == [value]


@pytest.mark.parametrize("line, message", [
    ("lxc.uts.name web", ": lxc.uts.name web: there is no \"=\" in the line"),
    ("lxc.uts.name = a\0b", ": lxc.uts.name: there is a zero byte in the line"),
    ("lxc.nonsense.at.all = 1", ": lxc.nonsense.at.all: there is no such key\n"),
    ("lxc.net = veth", ": lxc.net: only an empty value is allowed"),
    ("lxc.net.x.type = veth", ": lxc.net.x.type: there is no such key"),
    ("lxc.net.4294967296.type = veth", ": lxc.net.4294967296.type: there is no such key"),
    ("lxc.prlimit = 5", ": lxc.prlimit: only an empty value is allowed"),
    ("lxc. = 5", ": lxc.: there is no such key"),
    ("lxc.nonsense =", ": lxc.nonsense: there is no such key"),
])
def test_wrong_lines(conf, line, message):
    wrong = conf("# a comment\n\nlxc.arch = x86_64\n" + line + "\n")
    assert wrong.code == 1 and "/config:4" + message in wrong.err and wrong.err.count("\n") == 1


def test_foreign_lines_are_noted(conf):
    read = conf("uts.name = web\nlxc.arch = x86_64\nLXC.arch = x\n").ok()
    assert [note.partition("config:")[2] for note in read.notes] == [
        "1: uts.name: ignored: it does not begin with lxc.",
        "3: LXC.arch: ignored: it does not begin with lxc."]


def test_defines_win_over_files(conf):
    read = conf("lxc.arch = x86_64\nlxc.cap.drop = a\n", "-s", "lxc.arch=i686", "-s", "lxc.cap.drop=b")
    assert read.pairs() == [("lxc.arch", "i686"), ("lxc.cap.drop", "a"), ("lxc.cap.drop", "b")]
    assert read.items[0].where == "-s lxc.arch"
    assert conf("", "-s", "arch=i686").err == "\"arch=i686\" is not lxc.KEY=VALUE\n"


# --- includes ---

def test_includes(conf, tmp_path):
    """A file, a path from the including file's directory, a directory's *.conf by name: where they stand."""
    os.makedirs(tmp_path / "sub/d.conf.d")
    (tmp_path / "sub/one").write_text("lxc.group = one\nlxc.include = d.conf.d\nlxc.group = end\n")
    for name in ("20.conf", "10.conf", "ignored", ".hidden.conf"):
        (tmp_path / "sub/d.conf.d" / name).write_text(f"lxc.group = {name}\n")
    read = conf(f"lxc.group = a\nlxc.include = sub/one\nlxc.include = {tmp_path}/sub/d.conf.d/20.conf\n"
                "lxc.group = b\nlxc.include =\n").ok()
    assert read.values("lxc.group") == ["a", "one", "10.conf", "20.conf", "end", "20.conf", "b"]
    assert read.items[1].where == f"{tmp_path}/sub/one:1: lxc.group"


def test_includes_that_are_missing(conf):
    assert "config:1: lxc.include: look at /nonexistent/x: No such file" in \
        conf("lxc.include = /nonexistent/x\n").err
    noted = conf("lxc.include = /nonexistent/x.d/\n").ok()
    assert "lxc.include: there is no directory /nonexistent/x.d/" in noted.notes[0]


def test_includes_in_a_circle(conf, tmp_path):
    (tmp_path / "b").write_text("lxc.include = config\n")
    assert f"{tmp_path}/b:1: lxc.include: {tmp_path}/config includes itself" in \
        conf("lxc.include = b\n").err
    os.symlink(tmp_path / "config", tmp_path / "link")
    assert "includes itself" in conf("lxc.include = link\n").err


@pytest.mark.parametrize("files, code", [(17, 0), (18, 1)])
def test_depth_of_includes(conf, tmp_path, files, code):
    for number in range(1, files):
        (tmp_path / str(number)).write_text(f"lxc.include = {number + 1}\n")
    (tmp_path / str(files)).write_text("lxc.arch = x\n")
    read = conf("lxc.include = 2\n", name="1")
    assert read.code == code and ("more than 16 files include one another" in read.err) == bool(code)


# --- what is printed of it, beside Debian's lxc-info -c ---

RICH = """lxc.uts.name = c1
lxc.arch = x86_64
lxc.prlimit.nofile = 10:20
lxc.prlimit.core = 5
lxc.sysctl.net.ipv4.ip_forward = 1
lxc.proc.oom_score_adj = 10
lxc.cgroup.memory.limit_in_bytes = 1M
lxc.cgroup.devices.allow = a
lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup2.memory.max = 1M
lxc.cgroup2.memory.high = 1M
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.mount.auto = proc:mixed sys:ro
lxc.mount.auto = cgroup
lxc.mount.entry = a b none bind 0 0
lxc.mount.entry = c d none bind 0 0
lxc.cap.drop = mac_admin sys_time
lxc.cap.drop = sys_module
lxc.group = a b
lxc.group = c
lxc.net.0.type = veth
lxc.net.0.flags = up
lxc.net.0.link = br0
lxc.net.0.mtu = 1500
lxc.net.0.ipv4.address = 10.2.3.4/24
lxc.net.0.ipv4.address = 10.2.3.5/24
lxc.net.0.ipv4.gateway = auto
lxc.net.0.script.up = /a
lxc.net.0.script.up = /b
lxc.net.1.type = macvlan
lxc.net.1.macvlan.mode = bridge
lxc.environment = A=b
lxc.hook.start = /bin/x
lxc.hook.start = /bin/y
lxc.log.level = INFO
lxc.namespace.clone = mnt pid
lxc.namespace.share.net = 1
lxc.init.groups = 5,6
lxc.init.groups = 7
lxc.autodev.tmpfs.size = 9
lxc.apparmor.raw = x,
lxc.apparmor.raw = y,
"""
# Keys that Debian's 5.0.2 does not have, and those of which it prints not what was set; see
# docs/lxc-differences.md.
NEWER = {"lxc.environment.runtime", "lxc.environment.hooks", "lxc.console.buffer.logfile"}
OTHERWISE = {"lxc.rootfs.mount", "lxc.time.offset.boot", "lxc.time.offset.monotonic",
             "lxc.namespace.share.net", "lxc.cap.keep", "lxc.cgroup.dir", "lxc.cgroup.dir.container",
             "lxc.cgroup.dir.monitor", "lxc.cgroup.dir.monitor.pivot",
             "lxc.cgroup.dir.container.inner"}
GROUPS = ["lxc.net", "lxc.net.0", "lxc.net.7.type", "lxc.hook", "lxc.prlimit", "lxc.cgroup", "lxc.cgroup2",
          "lxc.sysctl", "lxc.proc", "lxc.cgroup.devices.allow", "lxc.cgroup2.memory.max",
          "lxc.prlimit.nofile", "lxc.net.1.macvlan.mode", "lxc.net.1.veth.pair", "lxc.net.1.type",
          "lxc.nonsense", "lxc.utsname"]


@pytest.mark.parametrize("text", ["lxc.uts.name = c1\n", RICH], ids=["defaults", "rich"])
def test_values_are_printed_as_debian_prints_them(conf, debian, text):
    name = debian.define(text.splitlines())
    wanted = [key.full.replace("share.net.x_y", "share.net").replace(".net.x_y", ".nofile").replace(
        ".3.", ".0.") for key in KEYS]
    wanted = [key for key in wanted + GROUPS
              if key not in NEWER and not (text != RICH and key in OTHERWISE)]
    arguments = [word for key in wanted for word in ("-c", key)]
    mine = conf(text, *arguments).ok().out
    differing = []
    for key in wanted:
        answer = debian("info", "-n", name, "-H", "-c", key)
        theirs = answer.out + answer.err
        single = conf(text, "-c", key).ok().out
        if single != theirs and key not in OTHERWISE:
            differing.append((key, single, theirs))
    assert differing == [] and mine


# --- the text of files ---

@pytest.fixture
def changed(tmp_path):
    """changed(TEXT, VERB, WORD...) -> the text after lxc_configuration_text_VERB()."""

    def change(text, *words):
        path = tmp_path / "text"
        path.write_text(text)
        return subprocess.run([lxc_config.program(), "text", str(path), *words], check=True,
                              capture_output=True, text=True).stdout

    return change


TEXT = """# lxc.uts.name = in a comment
lxc.include = /usr/share/lxc/config/common.conf

lxc.utsname = old
lxc.cap.drop = a
 lxc.network.type = veth
lxc.network.hwaddr = 1
lxc.network.type = veth
lxc.network.hwaddr = 2
lxc.uts.name = new
something else"""


def test_text_append(changed):
    assert changed(TEXT, "append", "lxc.arch", "i686") == TEXT + "\nlxc.arch = i686\n"
    assert changed("", "append", "lxc.arch", "i686") == "lxc.arch = i686\n"


def test_text_replace(changed):
    """The first line of a key in any spelling gets the value, other ones go, all else stays."""
    after = changed(TEXT, "replace", "lxc.uts.name", "web")
    assert after == TEXT.replace("utsname = old", "utsname = web").replace(
        "lxc.uts.name = new\n", "") + "\n"
    after = changed(TEXT, "replace", "lxc.net.1.hwaddr", "9")
    assert after == TEXT.replace("hwaddr = 2", "hwaddr = 9") + "\n"
    assert changed(TEXT, "replace", "lxc.arch", "i686") == TEXT + "\nlxc.arch = i686\n"
    assert changed("lxc.rootfs = /a\nlxc.rootfs.backend = lvm\n", "replace", "lxc.rootfs.path", "/b") == \
        "lxc.rootfs = /b\n"


def test_text_remove(changed):
    assert changed(TEXT, "remove", "lxc.cap.drop") == TEXT.replace("lxc.cap.drop = a\n", "") + "\n"
    after = changed(TEXT, "remove", "lxc.net.")
    assert "network" not in after and after.count("\n") == TEXT.count("\n") - 3
    assert changed(TEXT, "remove", "lxc.net.0.hwaddr") == TEXT.replace(
        "lxc.network.hwaddr = 1\n", "") + "\n"
