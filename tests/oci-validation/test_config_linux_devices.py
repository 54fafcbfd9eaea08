# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: devices, default devices, the list of allowed devices."""
import os
import stat

import pytest

from harness.terminal import ConsoleSocket
from sentences import sentence

DEVICES = ("config-linux.md", "Devices")
DEFAULT = ("config-linux.md", "Default Devices")
ALLOWED = ("config-linux.md", "Allowed Device list")

NULL = {"path": "/dev/other-null", "type": "c", "major": 1, "minor": 3}


def with_device(made, **members):
    """The bundle with a second /dev/null, or what the members make of it; None takes one away."""
    entry = {key: value for key, value in {**NULL, **members}.items() if value is not None}
    made.linux.setdefault("devices", []).append(entry)
    return made


def node(container, path):
    return os.stat(f"/proc/{container.pid}/root{path}")


def launched(runtime, made):
    made.process["args"] = ["/bin/sleep", "1000"]
    return runtime.launch(made)


@sentence(*DEVICES, "devices (array of objects, OPTIONAL) lists devices that MUST be available")
def test_a_device_can_be_used(runtime, bundle):
    made = with_device(with_device(bundle(), path="/dev/other-zero", minor=5))
    script = "echo gone >/dev/other-null; head -c 3 /dev/other-zero | od -An -tx1"
    assert runtime.shell(made, script).split() == ["00", "00", "00"]


@sentence(*DEVICES, "type (string, REQUIRED) - type of device")
@pytest.mark.parametrize("kind, is_kind, number", [
    ("c", stat.S_ISCHR, (1, 3)), ("u", stat.S_ISCHR, (1, 3)), ("b", stat.S_ISBLK, (7, 200)),
    ("p", stat.S_ISFIFO, None)])
def test_types(runtime, bundle, kind, is_kind, number):
    major, minor = number or (None, None)
    made = with_device(bundle(), path="/dev/made", type=kind, major=major, minor=minor)
    entry = node(launched(runtime, made), "/dev/made")
    assert is_kind(entry.st_mode)
    if number:
        assert (os.major(entry.st_rdev), os.minor(entry.st_rdev)) == number


@sentence(*DEVICES, "type (string, REQUIRED) - type of device")
@pytest.mark.parametrize("kind", [None, "x", ""])
def test_no_or_another_type_is_refused(runtime, bundle, kind):
    runtime.refuses(with_device(bundle(), type=kind))


@sentence(*DEVICES, "path (string, REQUIRED) - full path to device inside container",
          note="below /dev, elsewhere, and in folders that have to be made")
@pytest.mark.parametrize("path", ["/dev/a", "/dev/deep/er/a", "/opt/new/a", "/a"])
def test_paths(runtime, bundle, path):
    made = with_device(bundle(), path=path)
    assert node(launched(runtime, made), path).st_rdev == os.makedev(1, 3)


@sentence(*DEVICES, "path (string, REQUIRED) - full path to device inside container")
def test_no_path_is_refused(runtime, bundle):
    runtime.refuses(with_device(bundle(), path=None))


@sentence(*DEVICES, "If a file already exists at path that does not match the requested device")
@pytest.mark.parametrize("there", ["a file", "another device", "another type", "a fifo", "a folder"])
def test_another_file_at_the_path_is_an_error(runtime, bundle, there):
    made = bundle()
    path = os.path.join(made.rootfs, "opt/node")
    os.makedirs(os.path.dirname(path))
    if there == "a file":
        made.file("opt/node", "text")
    elif there == "a folder":
        os.mkdir(path)
    else:
        kind, number = {"another device": (stat.S_IFCHR, (1, 5)), "a fifo": (stat.S_IFIFO, (0, 0)),
                        "another type": (stat.S_IFBLK, (1, 3))}[there]
        os.mknod(path, kind | 0o600, os.makedev(*number))
    before = os.lstat(path)
    runtime.refuses(with_device(made, path="/opt/node"))
    after = os.lstat(path)
    assert (after.st_mode, after.st_rdev, after.st_ino) == (before.st_mode, before.st_rdev, before.st_ino)


@sentence(*DEVICES, "If a file already exists at path that does not match the requested device",
          note="one that matches is no error")
def test_the_device_itself_at_the_path_is_used(runtime, bundle):
    made = bundle()
    os.makedirs(os.path.join(made.rootfs, "opt"))
    os.mknod(os.path.join(made.rootfs, "opt/node"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
    with_device(made, path="/opt/node")
    assert node(launched(runtime, made), "/opt/node").st_rdev == os.makedev(1, 3)


@sentence(*DEVICES, "major, minor (int64, REQUIRED unless type is p)")
@pytest.mark.parametrize("numbers", [(1, 5), (7, 200), (259, 300)])
def test_numbers(runtime, bundle, numbers):
    made = with_device(bundle(), type="b", major=numbers[0], minor=numbers[1])
    entry = node(launched(runtime, made), NULL["path"])
    assert (os.major(entry.st_rdev), os.minor(entry.st_rdev)) == numbers


@sentence(*DEVICES, "major, minor (int64, REQUIRED unless type is p)")
@pytest.mark.parametrize("kind", ["c", "u", "b"])
@pytest.mark.parametrize("missing", ["major", "minor"])
def test_a_device_without_a_number_is_refused(runtime, bundle, kind, missing):
    runtime.refuses(with_device(bundle(), type=kind, **{missing: None}))


@sentence(*DEVICES, "fileMode (uint32, OPTIONAL) - file mode for the device")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o777, 0])
def test_file_mode(runtime, bundle, mode):
    entry = node(launched(runtime, with_device(bundle(), fileMode=mode)),
                 NULL["path"])
    assert stat.S_IMODE(entry.st_mode) == mode


@pytest.mark.parametrize("mapped", [False, True], ids=["host", "user namespace"])
@pytest.mark.parametrize("member, read", [
    pytest.param("uid", lambda entry: entry.st_uid,
                 marks=sentence(*DEVICES, "uid (uint32, OPTIONAL) - id of device owner")),
    pytest.param("gid", lambda entry: entry.st_gid,
                 marks=sentence(*DEVICES, "gid (uint32, OPTIONAL) - id of device group"))])
def test_owner(runtime, bundle, mapped, member, read):
    """In the container's namespace: on the host the number is the one that it maps to."""
    made = with_device(bundle(), **{member: 1234})
    if mapped:
        made.user_namespace(host=100000)
    assert read(node(launched(runtime, made), NULL["path"])) == 1234 + 100000 * mapped


# ---- default devices ---------------------------------------------------------------------------

DEFAULTS = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9),
            "tty": (5, 0)}
supplies = sentence(*DEFAULT, "In addition to any devices configured with this setting")


@supplies
@pytest.mark.parametrize("where", ["a tmpfs", "the root file system", "a user namespace"])
def test_default_devices(runtime, bundle, where):
    made = with_device(bundle())
    if where == "the root file system":
        made.config["mounts"] = [entry for entry in made.config["mounts"]
                                 if not entry["destination"].startswith("/dev")]
    if where == "a user namespace":
        made.user_namespace()
    container = launched(runtime, made)
    for name, numbers in DEFAULTS.items():
        entry = node(container, "/dev/" + name)
        assert stat.S_ISCHR(entry.st_mode), name
        assert (os.major(entry.st_rdev), os.minor(entry.st_rdev)) == numbers, name
        assert stat.S_IMODE(entry.st_mode) == 0o666, name


@supplies
def test_default_devices_are_open_to_the_containers_user(runtime, bundle):
    """Whatever the list of allowed devices says: it denies everything here."""
    made = bundle(user={"uid": 1000, "gid": 1000})
    script = ("echo x >/dev/null; for name in zero random urandom full; do head -c 1 /dev/$name | wc -c;"
              " done; echo x 2>&1 >/dev/full | grep -c 'No space'")
    assert runtime.shell(made, script).split() == ["1"] * 5


@supplies
@sentence(*DEFAULT, "A bind-mount or symlink of the container's /dev/pts/ptmx")
def test_ptmx_is_the_containers_own(runtime, bundle):
    """A new pty appears in the container's /dev/pts."""
    container = launched(runtime, bundle())
    names = container.exec("/bin/sh", "-c", "exec 3</dev/ptmx; ls /dev/pts").ok().out.split()
    inside = node(container, "/dev/ptmx")
    assert (os.major(inside.st_rdev), os.minor(inside.st_rdev)) == (5, 2)
    assert inside.st_dev == node(container, "/dev/pts/ptmx").st_dev
    assert "0" in names and len(names) == 2, names


@supplies
@sentence(*DEFAULT, "/dev/console is set up if terminal is enabled in the config by bind mounting")
def test_console_is_the_terminal(runtime, bundle, folder):
    made = bundle("/bin/sh", "-c", "stat -c %t:%T /dev/console $(tty); echo hello >/dev/console; read x",
                  terminal=True)
    console = ConsoleSocket(os.path.join(folder, "console"))
    container = runtime.create(made, "--console-socket", console.path)
    terminal = console.terminal()
    container.start()
    before = terminal.expect("hello").split()
    assert before[0] == before[1] and before[0].startswith("88:"), before
    with open(f"/proc/{container.pid}/mountinfo", encoding="utf-8") as mounts:
        assert any(line.split()[4] == "/dev/console" for line in mounts)
    terminal.write("\n")


@supplies
def test_no_console_without_a_terminal(runtime, bundle):
    container = launched(runtime, bundle())
    assert not os.path.exists(f"/proc/{container.pid}/root/dev/console")


# ---- the list of allowed devices ---------------------------------------------------------------

NOTHING = {"allow": False, "access": "rwm"}
CHARACTER, BLOCK = ("c", 10, 229), ("b", 7, 0)  # /dev/fuse, /dev/loop0


def rule(allow=True, access="rwm", **members):
    return {"allow": allow, "access": access, **members}


def opens(runtime, made, rules, device, access):
    """Whether the device can be opened under the rules: EPERM is the only other answer."""
    kind, major, minor = device
    made.resources["devices"] = rules
    made.mount("/work", "tmpfs", "tmpfs", ["dev"])
    made.capabilities("CAP_MKNOD", "CAP_SYS_RAWIO")
    sign = {"r": "<", "w": ">", "rw": "<>"}[access]
    out = runtime.shell(made, f"mknod /work/node {kind} {major} {minor} || exit 1; "
                              f"(: {sign}/work/node) 2>&1 && echo opened; true")
    assert out == "opened\n" or "Operation not permitted" in out, out
    return out == "opened\n"


fuse = pytest.mark.needs(file="/dev/fuse")
loop = pytest.mark.needs(file="/sys/block/loop0")
FUSE = {"type": "c", "major": 10, "minor": 229}
IS_LIST = sentence(*ALLOWED, "devices (array of objects, OPTIONAL) configures the allowed device list")
ORDER = sentence(*ALLOWED, "The runtime MUST apply entries in the listed order")
ALLOW = sentence(*ALLOWED, "allow (boolean, REQUIRED)")
TYPE = sentence(*ALLOWED, "type (string, OPTIONAL) - type of device: a (all), c (char), or b (block)")
NUMBER = sentence(*ALLOWED, "major, minor (int64, OPTIONAL)")
ACCESS = sentence(*ALLOWED, "access (string, OPTIONAL) - cgroup permissions for device")

# id: (sentences, rules, device, access, whether it opens)
RULES = {
    "denied": ([IS_LIST, ALLOW], [NOTHING], CHARACTER, "r", False),
    "allowed": ([IS_LIST, ALLOW], [NOTHING, rule(**FUSE)], CHARACTER, "rw", True),
    "denied after allowed": ([ORDER], [NOTHING, rule(**FUSE), rule(False, **FUSE)], CHARACTER, "r", False),
    "allowed after denied": ([ORDER], [NOTHING, rule(False, **FUSE), rule(**FUSE)], CHARACTER, "r", True),
    "everything denied last": ([ORDER], [rule(**FUSE), NOTHING], CHARACTER, "r", False),
    "part denied after": ([ORDER], [NOTHING, rule(**FUSE), rule(False, "w", **FUSE)],
                          CHARACTER, "w", False),
    "part left": ([ORDER], [NOTHING, rule(**FUSE), rule(False, "w", **FUSE)],
                  CHARACTER, "r", True),
    "type a": ([TYPE], [NOTHING, rule(type="a")], CHARACTER, "rw", True),
    "type unset": ([TYPE], [NOTHING, rule()], CHARACTER, "rw", True),
    "type c, a character device": ([TYPE], [NOTHING, rule(type="c")], CHARACTER, "r", True),
    "type c, a block device": ([TYPE], [NOTHING, rule(type="c")], BLOCK, "r", False),
    "type b, a block device": ([TYPE], [NOTHING, rule(type="b")], BLOCK, "r", True),
    "type b, a character device": ([TYPE], [NOTHING, rule(type="b")], CHARACTER, "r", False),
    "major alone": ([NUMBER], [NOTHING, rule(type="c", major=10)], CHARACTER, "r", True),
    "minor alone": ([NUMBER], [NOTHING, rule(type="c", minor=229)], CHARACTER, "r", True),
    "another major": ([NUMBER], [NOTHING, rule(type="c", major=11)], CHARACTER, "r", False),
    "another minor": ([NUMBER], [NOTHING, rule(type="c", major=10, minor=1)], CHARACTER, "r", False),
    "r, reading": ([ACCESS], [NOTHING, rule(**FUSE, access="r")], CHARACTER, "r", True),
    "r, writing": ([ACCESS], [NOTHING, rule(**FUSE, access="r")], CHARACTER, "w", False),
    "w, writing": ([ACCESS], [NOTHING, rule(**FUSE, access="w")], CHARACTER, "w", True),
    "w, reading": ([ACCESS], [NOTHING, rule(**FUSE, access="w")], CHARACTER, "r", False),
    "m, reading": ([ACCESS], [NOTHING, rule(**FUSE, access="m")], CHARACTER, "r", False),
}


@pytest.mark.parametrize("rules, device, access, allowed", [
    pytest.param(*row, id=name, marks=[*marks, loop if row[1] is BLOCK else fuse])
    for name, (marks, *row) in RULES.items()])
def test_rules(runtime, bundle, rules, device, access, allowed):
    assert opens(runtime, bundle(), rules, device, access) == allowed


@pytest.mark.parametrize("broken", [
    pytest.param({"access": "rwm"}, marks=ALLOW, id="no allow"),
    pytest.param({"allow": True, "type": "x", "access": "rwm"}, marks=TYPE, id="another type"),
    pytest.param({"allow": True, "type": "c", "access": "rwx"}, marks=ACCESS, id="another access")])
def test_rules_that_are_refused(runtime, bundle, broken):
    made = bundle()
    made.resources["devices"] = [NOTHING, broken]
    runtime.refuses(made)
