# SPDX-License-Identifier: Apache-2.0
"""mounts add and remove: a running container gets mounts, all or none, and nothing leads out of it."""
import json
import os
import shutil

import pytest

from harness import machine
from harness.programs import compiled
from harness.runtime import until

HOSTILE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "security/hostile.c")
ROUNDS = int(os.environ.get("THOLE_TEST_ROUNDS", "3")) * 14

KINDS = {"own mounts": lambda made: None, "user namespace": lambda made: made.user_namespace()}


@pytest.fixture(name="change")
def fixture_change(thole):
    """change(action, container, mounts): the result of the command."""
    def change(action, container, *mounts):
        return thole("mounts", action, container.id, "-", stdin=json.dumps(mounts))
    return change


@pytest.fixture(name="running", params=KINDS)
def fixture_running(request, thole, bundle):
    made = bundle("/bin/sleep", "1000")
    KINDS[request.param](made)
    return thole.launch(made)


@pytest.fixture(name="source")
def fixture_source(folder):
    path = os.path.join(folder, "source")
    os.mkdir(path)
    os.chmod(path, 0o777)
    with open(os.path.join(path, "file"), "w", encoding="ascii") as target:
        target.write("of the host\n")
    return path


def bind(source, destination, *options):
    return {"destination": destination, "type": "bind", "source": source, "options": ["rbind", *options]}


def tmpfs(destination, *options):
    return {"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": list(options)}


def mounted(container):
    """Mount points inside, as a new process sees them."""
    lines = container.exec("/bin/cat", "/proc/self/mountinfo").ok().out.splitlines()
    return [line.split()[4] for line in lines]


def of_init(container):
    with open(f"/proc/{container.state()['pid']}/mountinfo", encoding="ascii") as lines:
        return [line.split()[4] for line in lines]


def test_added_and_removed(running, change, source):
    before = mounted(running)
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        outside = file.read()
    change("add", running, bind(source, "/new/bind"), tmpfs("/new/tmp", "size=64k", "mode=0700")).ok()
    assert mounted(running) == before + ["/new/bind", "/new/tmp"]
    assert of_init(running) == before + ["/new/bind", "/new/tmp"]
    assert running.exec("/bin/cat", "/new/bind/file").ok().out == "of the host\n"
    assert running.exec("/bin/stat", "-c", "%a", "/new/tmp").ok().out == "700\n"
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        assert file.read() == outside
    change("remove", running, {"destination": "/new/bind"}, {"destination": "/new/tmp"}).ok()
    assert mounted(running) == before
    assert os.listdir(source) == ["file"]


def test_the_last_one_is_removed_first(running, change):
    """What lies beneath would take it along."""
    before = mounted(running)
    mounts = tmpfs("/new"), tmpfs("/new/deeper")
    change("add", running, *mounts).ok()
    change("remove", running, *mounts).ok()
    assert mounted(running) == before


def test_a_file_is_bound(running, change, source):
    change("add", running, bind(source + "/file", "/etc/new")).ok()
    assert running.exec("/bin/cat", "/etc/new").ok().out == "of the host\n"
    change("remove", running, {"destination": "/etc/new"}).ok()
    assert running.exec("/bin/cat", "/etc/new").ok().out == ""


@pytest.mark.parametrize("options, refused", [(["ro"], "Read-only"), (["rro"], "Read-only"), ([], None)], ids=str)
def test_options_hold(running, change, source, options, refused):
    change("add", running, bind(source, "/new", *options)).ok()
    result = running.exec("/bin/touch", "/new/made")
    if refused:
        assert result.code != 0 and refused in result.err
    else:
        result.ok()
    assert os.path.exists(source + "/made") == (refused is None)


def test_ids_are_mapped(thole, bundle, change, source):
    container = thole.launch(bundle("/bin/sleep", "1000"))
    mapping = [{"containerID": 0, "hostID": 777, "size": 10}]
    entry = {**bind(source, "/new"), "uidMappings": mapping, "gidMappings": mapping}
    result = change("add", container, entry)
    if "does not support id-mapped mounts" in result.err:
        pytest.skip("needs a file system below /var/tmp that can be id-mapped")
    result.ok()
    assert container.exec("/bin/stat", "-c", "%u", "/new/file").ok().out == "777\n"


def test_paused_and_created_containers_get_them_too(thole, bundle, change):
    container = thole.launch(bundle("/bin/sleep", "1000"))
    container("pause").ok()
    change("add", container, tmpfs("/new")).ok()
    container("resume").ok()
    assert "/new" in mounted(container)


def test_all_or_nothing(running, change, source):
    before = mounted(running)
    result = change("add", running, tmpfs("/one"), bind(source, "/two"), tmpfs("/three", "size=nonsense"))
    assert result.code == 1 and "/2: mount tmpfs on /three" in result.err
    assert mounted(running) == before
    change("add", running, tmpfs("/one"), bind(source + "/missing", "/two")).failed(
        "/1: open mount source")
    assert mounted(running) == before


REFUSED = {
    "the root": (tmpfs("/"), "/0: the root of a running container"),
    "the root by another name": (tmpfs("/a/../.."), "/0: the root of a running container"),
    "proc": ({"destination": "/new", "type": "proc", "source": "proc"}, "the type proc is not for a running container"),
    "on proc": (bind("/proc", "/proc"), "/proc of a running container stays"),
    "beneath proc": (bind("/etc", "/proc/sys"), "nothing but proc can be mounted on /proc/sys"),
    "an overlay": ({"destination": "/new", "type": "overlay", "options": ["lowerdir=/etc:/usr"]},
                   "the type overlay is not for a running container"),
    "a device": ({"destination": "/new", "type": "ext4", "source": "/dev/null"}, "the type ext4 is not for a running container"),
    "cgroups": ({"destination": "/new", "type": "cgroup", "source": "cgroup"},
                "the type cgroup is not for a running container"),
    "a copied link": (bind("/etc", "/new", "copy-symlink"), "copy-symlink has no meaning"),
    "a loop device": (tmpfs("/new", "x-loop"), "x-loop is not for a running container"),
    "long options": (tmpfs("/new", "mpol=" + "x" * 300), "more than 255 bytes"),
    "no list": ("x", "/0: must be an object, not a string"),
    "an unknown option": (bind("/etc", "/new", "nonsense"), "/0/options/1"),
    "no source": ({"destination": "/new", "type": "bind"}, "needs a source"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(sleeper, change, name):
    container = sleeper()
    before = mounted(container)
    entry, words = REFUSED[name]
    change("add", container, entry).failed(words)
    assert mounted(container) == before


@pytest.mark.skipif(machine.missing({"security_module": "selinux"}) is None, reason="needs a host without SELinux")
def test_what_create_warns_of_is_told_again(thole, bundle, change):
    """The plan of later mounts has its warnings, as that of the container had."""
    made = bundle("/bin/sleep", "1000")
    made.linux["mountLabel"] = "system_u:object_r:container_file_t:s0"
    container = thole.launch(made)
    assert "/linux/mountLabel: not set" in change("add", container, tmpfs("/new")).ok().err


def test_a_read_only_root_needs_a_mount_point(thole, bundle, change):
    """When a container is made the root becomes read-only last; now it is too late for that."""
    made = bundle("/bin/sleep", "1000")
    made.config["root"]["readonly"] = True
    container = thole.launch(made)
    result = change("add", container, tmpfs("/new")).failed("create mount point /new: Read-only file system")
    assert "hint: a mount point cannot be made" in result.err
    change("add", container, tmpfs("/work")).ok()
    assert "/work" in mounted(container)


def test_only_a_list_is_one(sleeper, thole):
    container = sleeper()
    thole("mounts", "add", container.id, "-", stdin="{}").failed("must be a list of objects, not an object")
    thole("mounts", "change", container.id, "-", stdin="[]").failed('"change" is neither add nor remove')
    thole("mounts", "add", "nobody", "-", stdin="[]").failed("does not exist")


@pytest.mark.parametrize("action", ["add", "remove"])
def test_stopped(thole, bundle, change, action):
    container = thole.launch(bundle("/bin/true"))
    container.wait_stopped()
    change(action, container, tmpfs("/new")).failed("cannot change the mounts of a container that is stopped")


def test_without_own_mounts(thole, bundle, change):
    made = bundle("/bin/sleep", "1000")
    made.config["linux"]["namespaces"] = [entry for entry in made.config["linux"]["namespaces"]
                                          if entry["type"] != "mount"]
    made.config["mounts"] = []
    for member in ("maskedPaths", "readonlyPaths"):
        made.config["linux"].pop(member, None)
    container = thole.launch(made)
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        before = file.read()
    for action in ("add", "remove"):
        change(action, container, tmpfs("/var/tmp")).failed("no mounts of its own")
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        assert file.read() == before


# ---- the container is the adversary ----

def test_links_lead_nowhere_else(running, change, folder):
    outside = os.path.join(folder, "outside")
    os.mkdir(outside)
    running.exec("/bin/ln", "-s", "../../../../../../.." + outside, "/link").ok()
    change("add", running, tmpfs("/link/new")).ok()
    assert os.listdir(outside) == []
    assert outside + "/new" in mounted(running)


@pytest.mark.parametrize("hidden", ["/proc/keys", "/proc/irq", "/sys/kernel"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_hides_parts_of_proc_and_sys_stays(thole, bundle, change, kind, hidden):
    """The way is the container's: it may lead to the mounts that hide files from it."""
    made = bundle("/bin/sleep", "1000")
    made.linux["maskedPaths"] = [hidden]
    KINDS[kind](made)
    container = thole.launch(made)
    assert hidden in mounted(container)
    container.exec("/bin/ln", "-s", os.path.dirname(hidden), "/way").ok()
    for path in (hidden, "/way/" + os.path.basename(hidden)):
        change("remove", container, {"destination": path}).failed("what is mounted within /proc and /sys stays")
    assert hidden in mounted(container)


def test_nothing_is_mounted_over_proc_through_a_link(running, change, source):
    running.exec("/bin/ln", "-s", "/proc/sys", "/way").ok()
    before = mounted(running)
    change("add", running, bind(source, "/way")).failed("leads into a procfs")
    change("add", running, tmpfs("/way/kernel")).failed("leads into a procfs")
    assert mounted(running) == before


@pytest.mark.parametrize("option", ["ro", "rro"])
def test_a_read_only_mount_is_never_writable(thole, bundle, change, source, session_folder, option):
    """A program that tries to open a file of it all the time finds no moment for that."""
    made = bundle("/bin/hostile", "write")
    shutil.copy(compiled(HOSTILE, session_folder), made.rootfs + "/bin/hostile")
    container = thole.launch(made)
    os.chmod(source + "/file", 0o666)
    for _ in range(ROUNDS):
        change("add", container, bind(source, "/new", option)).ok()
        change("remove", container, {"destination": "/new"}).ok()
    assert made.read("/work/report") == "watching: 1\n"
    change("add", container, bind(source, "/new")).ok()
    until(lambda: "writable" in made.read("/work/report"), what="the control")


def test_what_is_no_mount_cannot_be_removed(running, change):
    before = mounted(running)
    change("remove", running, {"destination": "/etc"}).failed("nothing is mounted on /etc")
    change("remove", running, {"destination": "/missing"}).failed("/0: ")
    assert mounted(running) == before


def test_a_link_to_a_mount_is_none(running, change):
    """The container could have a mount taken away that was not meant."""
    change("add", running, tmpfs("/new")).ok()
    running.exec("/bin/ln", "-s", "/new", "/link").ok()
    change("remove", running, {"destination": "/link"}).failed("nothing is mounted on /link")
    assert "/new" in mounted(running)


def test_sources_are_the_hosts(running, change, source):
    """A path that exists inside as well means the host's file, and a relative one is the bundle's."""
    running.exec("/bin/mkdir", "-p", source).ok()
    change("add", running, bind(source, "/new")).ok()
    assert running.exec("/bin/ls", "/new").ok().out == "file\n"
    change("add", running, bind("rootfs/etc", "/other")).ok()
    assert "/other" in mounted(running)


