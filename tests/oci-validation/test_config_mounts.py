# SPDX-License-Identifier: Apache-2.0
"""config.md: the members of a mount."""
import os
import subprocess

import pytest

from harness.mountinfo import table
from sentences import sentence

MOUNTS = ("config.md", "Mounts")
POSIX = ("config.md", "POSIX-platform Mounts")
OPTIONS = ("config.md", "Linux mount options")
MAPPED = [{"containerID": 0, "hostID": 5000, "size": 2000}]
OTHER = [{"containerID": 0, "hostID": 8000, "size": 2000}]


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as target:
        target.write(text)
    return path


@sentence(*MOUNTS, "mounts (array of objects, OPTIONAL) specifies additional mounts beyond root")
def test_mounts_are_added(runtime, bundle):
    made = bundle()
    made.file("/vol/hidden")
    without = table(runtime, made)
    assert "/vol" not in without and "/" in without
    made.mount("/vol", "tmpfs", "tmpfs")
    mounted = table(runtime, made)
    assert set(mounted) - set(without) == {"/vol"}
    assert mounted["/vol"].type == "tmpfs"


@sentence(*MOUNTS, "The runtime MUST mount entries in the listed order")
@pytest.mark.parametrize("outer_first", [True, False])
def test_listed_order(runtime, bundle, folder, outer_first):
    outer, inner = os.path.join(folder, "outer"), os.path.join(folder, "inner")
    put(outer + "/sub/name", "outer")
    put(inner + "/name", "inner")
    made = bundle()
    entries = [("/vol", outer), ("/vol/sub", inner)]
    for destination, source in entries if outer_first else reversed(entries):
        made.mount(destination, source, "bind", ["bind"])
    assert runtime.shell(made, "cat /vol/sub/name") == ("inner" if outer_first else "outer")


@sentence(*MOUNTS, "destination (string, REQUIRED) Destination of mount point: path inside container")
def test_destination(runtime, bundle, folder):
    put(folder + "/source/name", "found")
    made = bundle()
    entry = made.mount("/new/place", folder + "/source", "bind", ["bind"])
    assert runtime.shell(made, "cat /new/place/name") == "found"
    del entry["destination"]
    runtime.refuses(made)


@sentence(*MOUNTS, 'it MAY be a relative path, in which case it MUST be interpreted as relative to "/"')
def test_relative_destination(runtime, bundle):
    made = bundle(cwd="/tmp")
    made.mount("new/place", "tmpfs", "tmpfs")
    mounted = table(runtime, made)
    assert "/new/place" in mounted and "/tmp/new/place" not in mounted


@sentence(*MOUNTS, "source (string, OPTIONAL) A device name, but can also be a file or directory name "
          "for bind mounts or a dummy")
def test_source(runtime, bundle, folder):
    made = bundle()
    made.mount("/directory", os.path.dirname(put(folder + "/source/name", "in it")), "none", ["bind"])
    made.mount("/a/file", put(folder + "/file", "itself"), "none", ["bind"])
    made.mount("/dummy", "any word", "tmpfs")
    made.mount("/without", None, "tmpfs")
    mounted = table(runtime, made)
    assert mounted["/dummy"].type == mounted["/without"].type == "tmpfs"
    assert runtime.shell(made, "cat /directory/name /a/file") == "in ititself"


@sentence(*MOUNTS, "Path values for bind mounts are either absolute or relative to the bundle")
def test_relative_source(runtime, bundle):
    made = bundle()
    put(made.path + "/volume/name", "found")
    made.mount("/vol", "volume", "none", ["bind"])
    assert runtime.shell(made, "cat /vol/name") == "found"


@sentence(*MOUNTS, "A mount is a bind mount if it has either bind or rbind in the options")
@sentence(*POSIX, "For bind mounts (when options include either bind or rbind), the type is a dummy")
@pytest.mark.parametrize("kind", ["none", "tmpfs", None])
@pytest.mark.parametrize("word", ["bind", "rbind"])
def test_bind_is_told_by_the_options(runtime, bundle, folder, word, kind):
    put(folder + "/source/name", "found")
    made = bundle()
    made.mount("/vol", folder + "/source", kind, [word])
    assert runtime.shell(made, "cat /vol/name") == "found"


@sentence(*MOUNTS, "options (array of strings, OPTIONAL) Mount options of the filesystem to be used")
def test_options(runtime, bundle):
    made = bundle()
    made.mount("/plain", "tmpfs", "tmpfs")
    made.mount("/vol", "tmpfs", "tmpfs", ["noexec", "ro", "size=64k"])
    mounted = table(runtime, made)
    assert {"noexec", "ro"} <= mounted["/vol"].options and "size=64k" in mounted["/vol"].super_options
    assert not {"noexec", "ro"} & mounted["/plain"].options
    assert "size=64k" not in mounted["/plain"].super_options


@sentence(*POSIX, "type (string, OPTIONAL) The type of the filesystem to be mounted")
@sentence(*POSIX, "Linux: filesystem types supported by the kernel as listed in /proc/filesystems")
@pytest.mark.parametrize("kind", ["tmpfs", "ramfs", "proc", "devpts", "mqueue"])
def test_type(runtime, bundle, kind):
    made = bundle()
    made.mount("/vol", "dummy", kind)
    assert table(runtime, made)["/vol"].type == kind


@sentence(*POSIX, "Linux: filesystem types supported by the kernel as listed in /proc/filesystems")
def test_unknown_type(runtime, bundle):
    made = bundle()
    made.mount("/vol", "dummy", "nosuchfs")
    runtime.refuses(made)


@pytest.fixture
def volume(folder):
    """A folder with a file that uid 10 and gid 20 own."""
    path = put(folder + "/volume/name", "")
    os.chown(path, 10, 20)
    return folder + "/volume"


OWNER = "stat -c '%u %g' /vol/name"


@sentence(*POSIX, "uidMappings (array of type LinuxIDMapping, OPTIONAL) The mapping to convert UIDs from "
          "the source file system to the destination mount point")
@sentence(*POSIX, "gidMappings (array of type LinuxIDMapping, OPTIONAL) The mapping to convert GIDs")
@sentence(*POSIX, "The format is the same as user namespace mappings")
@sentence(*OPTIONS, "idmap | SHOULD | Indicates that the mount MUST have an idmapping applied")
@sentence(*OPTIONS, "ridmap | SHOULD | Indicates that the mount MUST have an idmapping applied")
@pytest.mark.parametrize("word", ["idmap", "ridmap"])
def test_id_mappings(runtime, bundle, volume, word):
    made = bundle()
    made.mount("/vol", volume, "bind", ["rbind", word], uidMappings=MAPPED, gidMappings=OTHER)
    assert runtime.shell(made, OWNER) == "5010 8020\n"
    assert os.stat(volume + "/name").st_uid == 10


@sentence(*OPTIONS, "ridmap | SHOULD | Indicates that the mount MUST have an idmapping applied, and the "
          "mapping is applied recursively")
@pytest.mark.parametrize("word", ["idmap", pytest.param("ridmap")])
def test_recursive_id_mapping(runtime, bundle, volume, word):
    os.mkdir(volume + "/below")
    subprocess.run(["mount", "-t", "tmpfs", "below", volume + "/below"], check=True)
    try:
        os.chown(put(volume + "/below/name", ""), 10, 20)
        made = bundle()
        made.mount("/vol", volume, "bind", ["rbind", word], uidMappings=MAPPED, gidMappings=OTHER)
        said = runtime.shell(made, "stat -c '%u %g' /vol/below/name")
        assert said == ("5010 8020\n" if word == "ridmap" else "10 20\n")
    finally:
        subprocess.run(["umount", volume + "/below"], check=True)


@sentence(*POSIX, "If specified, it MUST be specified along with gidMappings", note="or is refused")
@sentence(*POSIX, "If specified, it MUST be specified along with uidMappings", note="or is refused")
@pytest.mark.parametrize("member", ["uidMappings", "gidMappings"])
def test_one_sided_mapping(runtime, bundle, volume, member):
    made = bundle()
    made.mount("/vol", volume, "bind", ["bind", "idmap"], **{member: MAPPED})
    runtime.refuses(made)


@sentence(*OPTIONS, "If uidMappings or gidMappings are specified for the mount, the runtime MUST use "
          "those values for the mount's mapping")
def test_mapping_of_the_mount_goes_before_that_of_the_container(runtime, bundle, volume):
    """The container's own ids begin at 100000: of 10 and 20 that are shown as 100030 and 100050."""
    made = bundle()
    made.user_namespace()
    made.mount("/vol", volume, "bind", ["bind", "idmap"],
               uidMappings=[{"containerID": 0, "hostID": 100020, "size": 2000}],
               gidMappings=[{"containerID": 0, "hostID": 100030, "size": 2000}])
    assert runtime.shell(made, OWNER) == "30 50\n"


@sentence(*OPTIONS, "If they are not specified, the runtime MAY use the container's user namespace "
          "mapping, otherwise an error MUST be returned")
def test_mapping_of_the_container_or_an_error(runtime, bundle, volume):
    made = bundle("/bin/sh", "-c", OWNER)
    made.user_namespace()
    made.mount("/vol", volume, "bind", ["bind", "idmap"])
    result = runtime.run(made)
    assert result.code != 0 or result.out == "10 20\n", result


@sentence(*OPTIONS, "If there are no uidMappings and gidMappings specified and the container isn't using "
          "user namespaces, an error MUST be returned")
@pytest.mark.parametrize("word", ["idmap", "ridmap"])
def test_no_mapping_at_all(runtime, bundle, volume, word):
    made = bundle()
    made.mount("/vol", volume, "bind", ["rbind", word])
    runtime.refuses(made)


@sentence(*OPTIONS, "This SHOULD be implemented using mount_setattr(MOUNT_ATTR_IDMAP)")
@sentence(*POSIX, "This SHOULD be implemented using mount_setattr(MOUNT_ATTR_IDMAP)")
@sentence(*OPTIONS, "This option SHOULD NOT be passed to the underlying mount(2) call")
@pytest.mark.needs(program="strace")
@pytest.mark.parametrize("word", ["idmap", "ridmap"])
def test_how_a_mapping_is_made(runtime, bundle, volume, folder, word):
    made = bundle()
    made.mount("/vol", volume, "bind", ["rbind", word], uidMappings=MAPPED, gidMappings=MAPPED)
    assert runtime.shell(made, OWNER) == "5010 5020\n"
    runtime.prefix = ["strace", "-f", "-qq", "-o", folder + "/calls", "-e",
                      "trace=mount,fsconfig,mount_setattr"]
    if runtime.run(made).code != 0:
        pytest.skip("the runtime does not work while it is traced")
    with open(folder + "/calls", encoding="utf-8", errors="replace") as source:
        calls = source.read().splitlines()
    assert any("mount_setattr(" in call and "MOUNT_ATTR_IDMAP" in call for call in calls)
    assert not [call for call in calls if '"' + word in call or "," + word in call]
