# SPDX-License-Identifier: Apache-2.0
"""What configurations of LXC become: convert/NAME.conf -> NAME.json, and NAME.notes of what has no effect.

The host is given, as facts of tests/plan: `# facts: NAME` in a file, else v2-root. THOLE_WRITE_GOLDEN=1 writes
the files anew; look at the difference."""
import glob
import os
import re
import shlex

import pytest

from harness.runtime import Process

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "convert")
FACTS = os.path.join(HERE, "../plan/facts")
NAMES = sorted(name[:-len(".conf")] for name in os.listdir(CASES) if name.endswith(".conf"))


def read(name):
    path = os.path.join(CASES, name)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as source:
        return source.read()


def setting(text, word, otherwise=""):
    found = re.search(rf"^# {word}: (.*)$", text, re.MULTILINE)
    return found.group(1) if found else otherwise


def facts_of(name):
    return os.path.join(FACTS, setting(read(name + ".conf"), "facts", "v2-root") + ".json")


@pytest.fixture
def convert(lxc_path):
    def call(name, *words, facts=None):
        text = read(name + ".conf")
        command = shlex.split(setting(text, "command"))
        return Process([lxc_path, "convert", f"./{name}.conf", "-n", "web", "-P", "/var/lib/lxc",
                        "--facts", facts or facts_of(name), *shlex.split(setting(text, "options")),
                        *words, *(["--"] if command else []), *command], cwd=CASES).wait()

    return call


def compare(path, text):
    if os.environ.get("THOLE_WRITE_GOLDEN"):
        with open(os.path.join(CASES, path), "w", encoding="utf-8") as target:
            target.write(text)
    assert text == read(path)


@pytest.mark.parametrize("name", NAMES)
def test_golden(convert, name):
    result = convert(name).ok()
    compare(name + ".json", result.out)
    if result.err or read(name + ".notes"):
        compare(name + ".notes", result.err)


@pytest.mark.parametrize("name", NAMES)
def test_the_result_can_be_planned(thole_path, folder, name):
    """thole takes what comes out, for the same host, without a word of warning."""
    config = read(name + ".json")
    path = os.path.join(folder, "config.json")
    with open(path, "w", encoding="utf-8") as target:
        target.write(config)
    result = Process([thole_path, "plan", "--facts", facts_of(name), "-f", path, folder]).wait().ok()
    assert "warnings" not in result.out + result.err, result


# Keys that only commands read, or that say what happens anyway.
WITHOUT_EFFECT = re.compile(
    r"lxc\.(log\.|hook\.(clone|destroy) |rootfs\.managed|seccomp\.allow_nesting|"
    r"apparmor\.(allow_incomplete|profile = generated)|execute\.cmd = /bin/not)")
# (file, line): what another line takes back, or what is noted with another line
ELSEWHERE = {
    ("capabilities-keep", "lxc.cap.keep = chown"), ("capabilities-keep", "lxc.cap.keep = none"),
    ("cgroup-both-on-v1", "lxc.cgroup2.devices.allow = c 5:* rw"),
    ("cgroup-both-on-v2", "lxc.cgroup.devices.allow = c 1:3 rwm"),
    ("rootfs-options", "lxc.rootfs.mount = /usr/lib/x86_64-linux-gnu/lxc/rootfs"),
}


def everything(lxc_path, name, text, folder):
    """All that a conversion says of a configuration with this text."""
    path = os.path.join(folder, "changed.conf")
    with open(path, "w", encoding="utf-8") as target:
        target.write(text)
    command = shlex.split(setting(text, "command"))
    words = [lxc_path, "convert", path, "-n", "web", "--facts", facts_of(name),
             *shlex.split(setting(text, "options"))]
    rest = ["--", *command] if command else []
    results = [Process([*words, *more, *rest], cwd=CASES).wait() for more in ([], ["--monitor"])]
    # Of a note the place is not the point: a line less shifts them.
    return [(result.code, result.out, re.sub(r"conf:\d+", "conf", result.err)) for result in results]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_counts(lxc_path, folder, name):
    """A line less changes the configuration, the monitor's part or the notes."""
    lines = read(name + ".conf").splitlines(keepends=True)
    whole = everything(lxc_path, name, "".join(lines), folder)
    for index, line in enumerate(lines):
        known = WITHOUT_EFFECT.match(line) or (name, line.strip()) in ELSEWHERE
        if line.startswith("lxc.") and not known:
            without = everything(lxc_path, name, "".join(lines[:index] + lines[index + 1:]), folder)
            assert without != whole, line


ERRORS = {
    "lxc.no_new_privs = 2": "lxc.no_new_privs",
    "lxc.init.cmd = 'open": "quote is not closed",
    "lxc.init.cwd = srv": "not an absolute path",
    "lxc.init.uid = root": "not a number",
    "lxc.init.groups = 1,web": "\"web\" is not a group id",
    "lxc.environment = THOLE_IS_NOT_SET": "THOLE_IS_NOT_SET is not set",
    "lxc.arch = pdp11": "not an architecture",
    "lxc.prlimit.nofile = many": "is not one or two limits",
    "lxc.prlimit.files = 1": "no resource limit \"files\"",
    "lxc.proc.oom_score_adj = 2000": "from -1000 to 1000",
    "lxc.proc.../mem = 1": "not the name of a file",
    "lxc.cap.drop = sys_modul": "no capability \"sys_modul\"",
    "lxc.namespace.clone = pid network": "no namespace \"network\"",
    "lxc.namespace.keep = mnt": "would change the host's mounts",
    "lxc.namespace.share.network = 1": "no namespace \"network\"",
    "lxc.idmap = u 0 100000": "is not u, g or b",
    "lxc.idmap = u 0 100000 -1": "is not u, g or b",
    "lxc.rootfs.path = srv": "not an absolute path",
    "lxc.rootfs.path = tape:/srv": "no storage type",
    "lxc.rootfs.path = nbd:/srv/image": "mount it and name the directory",
    "lxc.rootfs.path = overlay:/srv": "overlay:LOWER:UPPER",
    "lxc.rootfs.options = idmap=container": "mapped ids",
    "lxc.mount.auto = proc:ro": "no automatic mount \"proc:ro\"",
    "lxc.mount.auto = sysfs": "no automatic mount \"sysfs\"",
    "lxc.mount.entry = /a b": "needs a source",
    "lxc.mount.entry = /a / none bind": "on the root itself",
    "lxc.mount.entry = /a b none bind,create=link": "only dir and file",
    "lxc.mount.entry = /a b none bind,idmap=/proc/1/ns/user": "only be mapped as the container's",
    "lxc.mount.fstab = /nonexistent": "/nonexistent",
    "lxc.cgroup2.devices.allow = d 1:3 rwm": "not a device rule",
    "lxc.cgroup2.devices.allow = c 1:3 x": "not a device rule",
    "lxc.cgroup2.devices.deny = c null rwm": "not a device rule",
    "lxc.cgroup.memory.limit_in_bytes = lots": "is no value for memory.limit_in_bytes",
    "lxc.cgroup2.io.max = 8:0 bytes=1": "is no value for io.max",
    "lxc.cgroup.dir = ../../system": "must not contain ..",
    "lxc.seccomp.profile = /nonexistent": "/nonexistent",
    "lxc.time.offset.boot = 3 days": "is not a whole number",
    "lxc.signal.halt = SIGNOTHING": "no signal \"SIGNOTHING\"",
    "lxc.monitor.signal.pdeath = SIGNOTHING": "no signal",
    "lxc.net.0.type = tokenring": "is none of none, empty",
    "lxc.hook.version = 2": "from 0 to 1",
    "lxc.hook.pre-mount = /bin/true": "use lxc.hook.pre-start or lxc.hook.mount",
    "lxc.console.size = big": "auto or a number",
    "lxc.tty.max = 4097": "from 0 to 4096",
    "lxc.tty.dir = ../etc": "not the name of a directory",
}


@pytest.mark.parametrize("line", sorted(ERRORS))
def test_errors_name_the_place(lxc_path, folder, line):
    path = os.path.join(folder, "wrong.conf")
    with open(path, "w", encoding="utf-8") as target:
        target.write("lxc.uts.name = web\n" + line + "\n")
    result = Process([lxc_path, "convert", path, "-n", "web", "--facts",
                      os.path.join(FACTS, "v2-root.json")]).wait()
    result.failed(ERRORS[line])
    if "namespace.keep" not in line:
        result.failed(f"{path}:2")


@pytest.mark.parametrize("host", sorted(name[:-len(".json")] for name in os.listdir(FACTS)))
def test_every_host_is_understood(convert, host):
    """What is a fact to a plan is one to a conversion, which reads those it needs by a table of its own."""
    assert '"ociVersion"' in convert("minimal", facts=os.path.join(FACTS, host + ".json")).ok().out


def test_what_is_not_utf_8_is_named(lxc_path, folder):
    path = os.path.join(folder, "wrong.conf")
    for line in (b"lxc.environment = NAME=gr\xfcn", b"lxc.mount.fstab = " + path.encode() + b".fstab",
                 b"lxc.seccomp.profile = " + path.encode() + b".policy"):
        for name, text in ((path, b"lxc.rootfs.path = /srv\n" + line + b"\n"), (path + ".fstab", b"/gr\xfcn a none bind\n"),
                           (path + ".policy", b"2\ndenylist\nmk\xfcdir\n")):
            with open(name, "wb") as target:
                target.write(text)
        Process([lxc_path, "convert", path, "-n", "web"]).wait().failed(path)


@pytest.mark.parametrize("first, second", [
    ("lxc.namespace.clone = pid", "lxc.namespace.keep = net"), ("lxc.cap.drop = kill", "lxc.cap.keep = kill"),
    ("lxc.cgroup.dir = a", "lxc.cgroup.dir.container = b")])
def test_settings_that_exclude_one_another(lxc_path, folder, first, second):
    path = os.path.join(folder, "wrong.conf")
    with open(path, "w", encoding="utf-8") as target:
        target.write(f"{first}\n{second}\n")
    Process([lxc_path, "convert", path, "-n", "web"]).wait().failed("excludes")


POLICY_ERRORS = {
    "3\ndenylist\n": "version of a policy",
    "": "needs a version",
    "2\n": "needs a version and a kind",
    "2\nlist\n": "allowlist or denylist",
    "2\ndenylist errno\n": "allowlist or denylist",
    "2\ndenylist errno many\n": "allowlist or denylist",
    "1\ndenylist\n": "version 1 is an allowlist",
    "1\nallowlist\nread\n": "not the number of a system call",
    "2\ndenylist\n[pdp11]\n": "no section",
    "2\ndenylist\nmkdir refuse\n": "is not a system call",
    "2\ndenylist\nmkdir errno 5 7\n": "is not a system call",
    "2\ndenylist\nmkdir errno 5000\n": "is not a system call",
    "2\ndenylist\nmkdir kill [6,1,==]\n": "[INDEX,VALUE,OPERATOR]",
    "2\ndenylist\nmkdir kill [0,1,=]\n": "[INDEX,VALUE,OPERATOR]",
    "2\ndenylist\nmkdir kill [0,1,==\n": "[INDEX,VALUE,OPERATOR]",
    "2\ndenylist\nmkdir kill [0,1,SCMP_CMP_MASKED_EQ]\n": "[INDEX,VALUE,OPERATOR]",
    "2\ndenylist\nmkdir kill [0,1,==][1,1,==][2,1,==][3,1,==][4,1,==][5,1,==][0,2,==]\n":
        "[INDEX,VALUE,OPERATOR]",
}


@pytest.mark.parametrize("policy", sorted(POLICY_ERRORS))
def test_errors_of_policies_name_their_line(lxc_path, folder, policy):
    for name, text in (("policy", policy), ("wrong.conf", f"lxc.seccomp.profile = {folder}/policy\n")):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as target:
            target.write(text)
    result = Process([lxc_path, "convert", f"{folder}/wrong.conf", "-n", "web"]).wait()
    result.failed(POLICY_ERRORS[policy], f"{folder}/policy")


SHIPPED = sorted(glob.glob("/usr/share/lxc/config/*.conf")) or [None]


@pytest.mark.parametrize("facts", ["hybrid-root", "v2-apparmor"])
@pytest.mark.parametrize("shipped", SHIPPED)
def test_configurations_that_lxc_ships_can_be_planned(lxc_path, thole_path, folder, shipped, facts):
    if shipped is None:
        pytest.skip("needs the package lxc")
    lines = ["lxc.rootfs.path = /srv/web/rootfs", f"lxc.include = {shipped}"]
    if "userns" in shipped:
        lines += ["lxc.idmap = b 0 100000 65536"]
    path, facts = os.path.join(folder, "web.conf"), os.path.join(FACTS, facts + ".json")
    with open(path, "w", encoding="utf-8") as target:
        target.write("\n".join(lines) + "\n")
    config = Process([lxc_path, "convert", path, "-n", "web", "--facts", facts]).wait().ok().out
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as target:
        target.write(config)
    result = Process([thole_path, "plan", "--facts", facts, folder]).wait().ok()
    assert "warnings" not in result.out, result
