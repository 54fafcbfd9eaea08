# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: where a container's cgroup is, what it is fit for, whose it is, and the files of unified."""
import contextlib
import os

import pytest

from harness import bundle as bundles
from harness import machine
from harness import traces
from harness.runtime import Container
from sentences import sentence

GROUPS = ("config-linux.md", "Control groups")
PATH = ("config-linux.md", "Cgroups Path")
OWNER = ("config-linux.md", "Cgroup ownership")
UNIFIED = ("config-linux.md", "Unified")
EXAMPLE = ("config-linux.md", "Example")


def hierarchies():
    """{mount point: a controller of it, "" without any} of all cgroup hierarchies."""
    return {where: name for name, (where, _) in sorted(machine.controllers().items())}


def places(container):
    """The container's path in every hierarchy that it has a cgroup of its own in."""
    return {where: machine.cgroup_path(container.pid, name) for where, name in hierarchies().items()}


def sleeping(runtime, bundle, path, **options):
    made = bundle("/bin/sleep", "1000")
    made.linux["cgroupsPath"] = path
    return runtime.launch(made, **options)


def own_path(name):
    return f"/thole-test/{traces.mark()}{name}"


# ---- fit for purpose ---------------------------------------------------------------------------


def checked(result, what):
    """A runtime MAY check; if it does, it MUST say so with an error."""
    if result.code == 0:
        pytest.skip(f"this runtime does not check whether the cgroup is {what}, which is a MAY")
    result.failed()


@sentence(*GROUPS, "and MUST generate an error if such a check fails",
          note="a cgroup that holds processes: create")
def test_a_cgroup_with_processes(runtime, bundle):
    first = sleeping(runtime, bundle, own_path("full"))
    made = bundle("/bin/true")
    made.linux["cgroupsPath"] = first.bundle.linux["cgroupsPath"]
    checked(runtime.try_create(made), "empty")
    assert first.status == "running"


@sentence(*GROUPS, "and MUST generate an error if such a check fails",
          note="a frozen cgroup: exec")
def test_a_frozen_cgroup(runtime, bundle):
    container = sleeping(runtime, bundle, own_path("frozen"))
    if "freezer" in machine.controllers():
        file, frozen, thawed = container.cgroup("freezer") + "/freezer.state", "FROZEN", "THAWED"
    else:
        file, frozen, thawed = container.cgroup("") + "/cgroup.freeze", "1", "0"
    write(file, frozen)
    try:
        process = runtime.start_process("exec", container.id, "/bin/true")
        try:
            result = process.wait(5)
        except AssertionError:
            pytest.skip("this runtime does not check whether the cgroup is frozen, which is a MAY")
        checked(result, "frozen")
    finally:
        write(file, thawed)


def write(path, text):
    with open(path, "w", encoding="ascii") as target:
        target.write(text)


# ---- cgroupsPath -------------------------------------------------------------------------------


@sentence(*PATH, "cgroupsPath (string, OPTIONAL) path to the cgroups")
@sentence(*PATH, "In the case of an absolute path (starting with /), the runtime MUST take the path")
def test_an_absolute_path_is_below_the_mount_point(runtime, bundle):
    path = own_path("deep/er")
    container = sleeping(runtime, bundle, path)
    for where, seen in places(container).items():
        if hierarchies()[where] and not hierarchies()[where].startswith("name="):
            assert seen == path, where
            assert str(container.pid) in pids(where + path)
    assert path in places(container).values()
    discard(container)


def discard(container):
    """Deletes it with the parents of its cgroup, which are not the runtime's to remove."""
    container.delete("--force").ok()
    for directory in traces.own_cgroups():
        os.rmdir(directory)


def pids(directory):
    with open(directory + "/cgroup.procs", encoding="ascii") as source:
        return source.read().split()


@sentence(*PATH, "The value of cgroupsPath MUST be either an absolute path or a relative path",
          note="both are taken")
@pytest.mark.parametrize("path", ["/thole-test/{}", "thole-test/{}", "{}"])
def test_absolute_and_relative_paths(runtime, bundle, path):
    path = path.format(traces.mark() + "either")
    container = sleeping(runtime, bundle, path)
    assert any(seen.endswith(path) for seen in places(container).values())


@sentence(*PATH, "If the value is specified, the runtime MUST consistently attach to the same place")
@pytest.mark.parametrize("path", ["/thole-test/{}", "thole-test/{}", "{}"])
def test_one_value_is_one_place(runtime, bundle, folder, path):
    """Of two containers with other names, from other folders, by callers in other cgroups."""
    path = path.format(traces.mark() + "same")
    first = sleeping(runtime, bundle, path)
    place = places(first)
    first.delete("--force").ok()
    with elsewhere(runtime):
        second = sleeping(runtime, bundle, path, cwd=folder)
        found = places(second)
        second.delete("--force").ok()
    assert found == place


@contextlib.contextmanager
def elsewhere(runtime):
    """The runtime is called from a cgroup of its own in every hierarchy."""
    made = [where + own_path("caller") for where in hierarchies() if "cpuset" not in where]
    for directory in made:
        os.makedirs(directory)
    enter = "; ".join(f"echo $$ >{directory}/cgroup.procs" for directory in made)
    runtime.prefix = ["sh", "-ec", enter + '; exec "$@"', "sh"]
    try:
        yield
    finally:
        runtime.prefix = []
        for directory in made:
            os.rmdir(directory)


@sentence(*PATH, "Runtimes MAY consider certain cgroupsPath values to be invalid, and MUST generate",
          note="what it takes lies below the mount point")
@pytest.mark.parametrize("path", [
    "/../../{}", "/thole-test/../../../{}", "../{}", "/thole-test/{}\n", "/thole-test//{}/./x",
    pytest.param("/thole-test/{}/" + "a" * 300, id="a long name"),
    pytest.param("/thole-test/{}" + ("/" + "a" * 200) * 25, id="a long path")])
def test_odd_paths(runtime, bundle, path):
    path = path.format(traces.mark() + "odd")
    made = bundle("/bin/sleep", "1000")
    made.linux["cgroupsPath"] = path
    result = runtime.try_create(made)
    if result.code != 0:
        result.failed()
        runtime("state", runtime.ids[-1]).failed()
    else:
        assert len(path) < 300, "the kernel has no such name"
        pid = str(runtime.state(runtime.ids[-1])["pid"])
        assert any(pid in pids(directory) for directory in traces.own_cgroups())
        discard(Container(runtime, runtime.ids[-1], None, made))


# ---- whose the cgroup is -----------------------------------------------------------------------

DELEGATE = "/sys/kernel/cgroup/delegate"
FALL_BACK = {"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"}
HOST_UID = 100007  # of uid 7 in the container


def owned(bundle, options=("rw",), namespace=True, source="cgroup", destination="/sys/fs/cgroup"):
    """A bundle whose cgroup should be its user's: each keyword takes one of the conditions away."""
    made = bundle("/bin/sleep", "1000", user={"uid": 7, "gid": 7})
    made.user_namespace(host=100000)
    made.without_namespace("cgroup")
    if namespace:
        made.namespace("cgroup")
    if options is not None:
        mount = bundles.cgroup_mount()
        mount.update(options=["nosuid", "noexec", "nodev", *options], source=source,
                     destination=destination)
        made.config["mounts"].append(mount)
        os.makedirs(made.rootfs + destination, exist_ok=True)
    return made


def owned_by_the_user(directory):
    """Names in the directory ("" is itself) that do not belong to root."""
    names = ["", *os.listdir(directory)]
    return {name for name in names if os.stat(os.path.join(directory, name)).st_uid == HOST_UID}


def delegable(directory):
    with open(DELEGATE, encoding="ascii") as names:
        return {name for name in names.read().split() if os.path.exists(os.path.join(directory, name))}


unified = pytest.mark.needs(layout="unified")


@unified
@sentence(*OWNER, "Runtimes SHOULD change the cgroup ownership if and only if the cgroup filesystem is")
@sentence(*OWNER, "A runtime that changes the cgroup ownership SHOULD only change the ownership of")
@sentence(*OWNER, "The runtime SHOULD NOT change the ownership of any other files")
def test_the_cgroup_is_the_users(runtime, bundle):
    directory = runtime.launch(owned(bundle)).cgroup("")
    assert owned_by_the_user(directory) == {""} | delegable(directory)
    assert owned_by_the_user(os.path.dirname(directory)) == {os.path.basename(directory)}


@unified
@pytest.mark.parametrize("taken", [
    pytest.param({"namespace": False}, id="no cgroup namespace", marks=sentence(
        *OWNER, "A runtime SHOULD NOT change the ownership of a container cgroup unless it will also")),
    pytest.param({"options": ("ro",)}, id="read only", marks=sentence(
        *OWNER, "Runtimes SHOULD change the cgroup ownership if and only if the cgroup filesystem is")),
    pytest.param({"source": "other"}, id="another source", marks=sentence(
        *OWNER, "Runtimes SHOULD change the cgroup ownership if and only if the cgroup filesystem is")),
    pytest.param({"destination": "/work/cgroup"}, id="elsewhere", marks=sentence(
        *OWNER, "Runtimes SHOULD change the cgroup ownership if and only if the cgroup filesystem is")),
    pytest.param({"options": None}, id="no mount", marks=sentence(
        *OWNER, "If the configuration does not specify such a mount, the runtime SHOULD NOT"))])
def test_the_cgroup_stays_roots(runtime, bundle, taken):
    assert owned_by_the_user(runtime.launch(owned(bundle, **taken)).cgroup("")) == set()


@sentence(*OWNER, "Runtimes SHOULD NOT change the ownership of container cgroups when cgroups v1 is in use")
def test_cgroups_of_v1_stay_roots(runtime, bundle):
    if machine.layout() == "unified":
        pytest.skip("needs cgroup v1, this layout is unified")
    container = runtime.launch(owned(bundle))
    found = [where + path for where, path in places(container).items() if path != "/"]
    assert found
    for directory in found:
        assert owned_by_the_user(directory) == set(), directory


@unified
@sentence(*OWNER, "Runtimes MUST NOT fail in this scenario, and SHOULD change the ownership of the listed")
def test_files_of_the_list_that_are_not_there(runtime, bundle, folder):
    """A list with a name that no cgroup has, in front of those that are there."""
    names = os.path.join(folder, "delegate")
    write(names, "cgroup.nothing\nmemory.nothing\ncgroup.procs\n")
    runtime.prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                      f'mount --bind {names} {DELEGATE}; exec "$@"', "sh"]
    directory = runtime.launch(owned(bundle)).cgroup("")
    assert owned_by_the_user(directory) == {"", "cgroup.procs"}


@unified
@sentence(*OWNER, "If the /sys/kernel/cgroup/delegate file does not exist, the runtime MUST fall back")
def test_without_the_list(runtime, bundle):
    runtime.prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                      f'mount -t tmpfs none {os.path.dirname(DELEGATE)}; exec "$@"', "sh"]
    directory = runtime.launch(owned(bundle)).cgroup("")
    assert owned_by_the_user(directory) == {""} | FALL_BACK


# ---- unified -----------------------------------------------------------------------------------

needs_unified = pytest.mark.needs(controller="")


def with_unified(made, **values):
    made.process["args"] = ["/bin/sleep", "1000"]
    made.resources["unified"] = values
    return made


@needs_unified
@sentence(*UNIFIED, "unified (object, OPTIONAL) allows cgroup v2 parameters to be to be set and modified")
@sentence(*UNIFIED, "Configuration unknown to the runtime MUST still be written to the relevant file")
@pytest.mark.parametrize("name, value", [("cgroup.max.depth", "9"), ("cgroup.max.descendants", "8"),
                                         ("cgroup.pressure", "0")])
def test_files_without_a_controller(runtime, bundle, name, value):
    container = runtime.launch(with_unified(bundle(), **{name: value}))
    if not os.path.exists(container.cgroup("") + "/" + name):
        pytest.skip(f"this kernel has no {name}")
    assert container.cgroup_read("", name) == value


FILES = {"hugetlb": ("hugetlb.2MB.max", "4194304"), "memory": ("memory.high", "50331648"),
         "pids": ("pids.max", "23"), "cpu": ("cpu.weight", "77"), "cpuset": ("cpuset.cpus", "0")}


@needs_unified
@sentence(*UNIFIED, "The OCI runtime MUST ensure that the needed cgroup controllers are enabled")
@pytest.mark.parametrize("controller", sorted(FILES))
def test_controllers_are_enabled(runtime, bundle, controller):
    """Below parents that are made for it and have no controller yet."""
    if not machine.controllers().get(controller, ("", False))[1]:
        pytest.skip(f"needs the {controller} controller in the unified hierarchy")
    name, value = FILES[controller]
    made = with_unified(bundle(), **{name: value})
    made.linux["cgroupsPath"] = own_path("a/b/c")
    container = runtime.launch(made)
    assert container.cgroup_read("", name) == value
    discard(container)


@needs_unified
@sentence(*UNIFIED, "The runtime MUST generate an error when the configuration refers to a cgroup controller")
@pytest.mark.parametrize("name", ["nothing.max", "memory.max", "rdma.max", "cpu.weight", "cgroup.nothing"])
def test_a_controller_that_is_not_there_is_an_error(runtime, bundle, name):
    if machine.controllers().get(name.split(".")[0], ("", False))[1]:
        pytest.skip(f"this unified hierarchy has the controller of {name}")
    runtime.refuses(with_unified(bundle(), **{name: "100"}))


@needs_unified
@sentence(*UNIFIED, "unified (object, OPTIONAL) allows cgroup v2 parameters to be to be set and modified",
          note="a key names a file of the container's cgroup")
@pytest.mark.parametrize("name", ["../cgroup.max.depth", "/tmp/x", "", "."])
def test_a_key_that_is_no_file_of_the_cgroup_is_an_error(runtime, bundle, name):
    runtime.refuses(with_unified(bundle(), **{name: "9"}))


@unified
@sentence(*EXAMPLE, "If the conversion is not possible the runtime MUST generate an error")
@pytest.mark.parametrize("resources", [
    pytest.param({"memory": {"swappiness": 7}}, marks=pytest.mark.needs(controller="memory")),
    pytest.param({"memory": {"kernelTCP": 1 << 20}}, marks=pytest.mark.needs(controller="memory")),
    pytest.param({"memory": {"disableOOMKiller": True}}, marks=pytest.mark.needs(controller="memory")),
    pytest.param({"cpu": {"realtimeRuntime": 1000}}, marks=pytest.mark.needs(controller="cpu")),
    {"network": {"classID": 7}}, {"network": {"priorities": [{"name": "lo", "priority": 7}]}}],
    ids=["swappiness", "kernelTCP", "disableOOMKiller", "realtimeRuntime", "classID", "priorities"])
def test_what_v2_has_no_file_for_is_an_error(runtime, bundle, resources):
    made = bundle("/bin/true")
    made.resources.update(resources)
    runtime.refuses(made)
