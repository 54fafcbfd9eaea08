# SPDX-License-Identifier: Apache-2.0
"""An ordinary user whose configuration maps ids makes, copies, renames, snapshots and destroys containers: their
files belong to the mapped ids and are the same in a copy, the rest is his own, and nothing is left."""
import os
import shutil
import stat
import tarfile

import pytest

from harness.ordinary_user import COUNT, FIRST, ID_MAP, UID, OrdinaryUser
from harness.runtime import until

TEMPLATES = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../src/lxc/templates"))


@pytest.fixture(name="user")
def fixture_user(lxc_path, folder):
    if os.geteuid() != 0 or not shutil.which("newuidmap"):
        pytest.skip("needs root and the package uidmap")
    made = OrdinaryUser(folder, lxc_path)
    made.write("base.conf", *ID_MAP, "lxc.net.0.type = empty")
    for name in os.listdir(TEMPLATES):
        shutil.copy(os.path.join(TEMPLATES, name), made.home)
    return made


def succeed(result):
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def tree(root):
    """{path: (uid and gid inside, mode, contents)} of all there is."""
    found = {}
    for directory, folders, files in os.walk(root):
        for name in [".", *folders, *files]:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            contents = None
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as source:
                    contents = source.read()
            found[os.path.normpath(os.path.relpath(path, root))] = (
                status.st_uid - FIRST, status.st_gid - FIRST, status.st_mode, status.st_nlink, contents)
    return found


def image(folder):
    """An archive with files of several owners, some of which nobody else may read, and one with a
    configuration."""
    root = os.path.join(folder, "image")
    os.makedirs(root + "/etc/private")
    os.makedirs(root + "/bin")
    for path, uid, mode in (("etc/hostname", 0, 0o644), ("etc/shadow", 0, 0o600), ("etc/private/key", 33, 0o400),
                            ("bin/tool", 0, 0o4755)):
        with open(os.path.join(root, path), "w", encoding="ascii") as target:
            target.write(path + "\n")
        os.chown(os.path.join(root, path), uid, uid)
        os.chmod(os.path.join(root, path), mode)
    os.link(root + "/bin/tool", root + "/bin/link")
    os.symlink("/etc/shadow", root + "/etc/alias")
    os.chown(root + "/etc/private", 33, 33)
    os.chmod(root + "/etc/private", 0o700)
    with tarfile.open(os.path.join(folder, "root.tar"), "w") as archive:
        archive.add(root, arcname=".")
    with open(os.path.join(folder, "config"), "w", encoding="ascii") as target:
        target.write("lxc.arch = amd64\n")
    with open(os.path.join(folder, "fstab"), "w", encoding="ascii") as target:
        target.write("proc proc proc rw 0 0\n")
    with tarfile.open(os.path.join(folder, "meta.tar"), "w") as archive:
        for name in ("config", "fstab"):
            archive.add(os.path.join(folder, name), arcname=name)
    return ["-m", os.path.join(folder, "meta.tar"), "-f", os.path.join(folder, "root.tar")]


@pytest.fixture(params=["busybox", "local"])
def container(user, folder, request):
    """A container of this template; its directory."""
    words = [] if request.param == "busybox" else image(folder)
    succeed(user("create", "-n", "web", "-f", user.home + "/base.conf", "-t",
                 f"{user.home}/lxc-{request.param}", "--", *words))
    return os.path.join(user.lxcpath, "web")


def check_owners(directory):
    """The files are the container's; what is beside them is the user's to change."""
    assert all(0 <= uid < COUNT and 0 <= gid < COUNT for uid, gid, *_ in tree(directory + "/rootfs").values())
    assert os.stat(directory).st_gid == UID and stat.S_IMODE(os.stat(directory).st_mode) == 0o770
    assert os.stat(directory + "/config").st_uid == UID


def test_create_and_destroy(user, container):
    check_owners(container)
    files = tree(container + "/rootfs")
    assert files["."][:2] == (0, 0)
    if "etc/private/key" in files:
        assert files["etc/private/key"][:2] == (33, 33) and files["bin/tool"][2] & stat.S_ISUID
    assert succeed(user("ls", "-1")) == "web\n"
    succeed(user("destroy", "-n", "web"))
    assert os.listdir(user.lxcpath) == []


def test_copy(user, container):
    succeed(user("copy", "-n", "web", "-N", "copy"))
    copy = os.path.join(user.lxcpath, "copy")
    check_owners(copy)
    before, after = tree(container + "/rootfs"), tree(copy + "/rootfs")
    assert after["etc/hostname"][4] == b"copy\n" and after["etc/hostname"][:3] == before["etc/hostname"][:3]
    del before["etc/hostname"], after["etc/hostname"]
    assert after == before
    for name in ("copy", "web"):
        succeed(user("destroy", "-n", name))
    assert os.listdir(user.lxcpath) == []


def test_copy_with_layers(user, container):
    """The layer is the container's root's, and goes with the copy."""
    succeed(user("copy", "-n", "web", "-N", "copy", "-s"))
    layer = os.stat(os.path.join(user.lxcpath, "copy/overlay/delta"))
    assert (layer.st_uid, layer.st_gid) == (FIRST, FIRST)
    assert "has clones" in user("destroy", "-n", "web").stderr
    succeed(user("destroy", "-n", "copy"))
    succeed(user("destroy", "-n", "web"))
    assert os.listdir(user.lxcpath) == []


def test_rename(user, container):
    before = tree(container + "/rootfs")
    succeed(user("copy", "-n", "web", "-N", "other", "-R"))
    other = os.path.join(user.lxcpath, "other")
    check_owners(other)
    after = tree(other + "/rootfs")
    assert after.pop("etc/hostname")[4] == b"other\n"
    del before["etc/hostname"]
    assert after == before
    succeed(user("destroy", "-n", "other"))
    assert os.listdir(user.lxcpath) == []


def test_snapshots(user, container):
    """Taken, listed, brought back in place and under a new name, and gone."""
    before = tree(container + "/rootfs")
    succeed(user("snapshot", "-n", "web"))
    assert succeed(user("snapshot", "-n", "web", "-L")).startswith("snap0 ")
    os.unlink(container + "/rootfs/etc/hostname")
    succeed(user("snapshot", "-n", "web", "-r", "snap0"))
    assert tree(container + "/rootfs") == before
    succeed(user("snapshot", "-n", "web", "-r", "snap0", "-N", "other"))
    check_owners(os.path.join(user.lxcpath, "other"))
    succeed(user("snapshot", "-n", "web", "-d", "snap0"))
    assert not os.path.exists(container + "/snaps")
    succeed(user("snapshot", "-n", "web"))
    for words in (["other"], ["web", "-s"]):
        succeed(user("destroy", "-n", *words))
    assert os.listdir(user.lxcpath) == []


def test_clone_hooks_see_the_files_as_their_owner(user, container):
    hook = user.write("hook", "#!/bin/sh", f"id -u >{user.home}/said; stat -c %u $LXC_ROOTFS_MOUNT >>{user.home}/said",
                      "touch $LXC_ROOTFS_MOUNT/seen")
    os.chmod(hook, 0o755)
    os.chmod(user.home, 0o777)
    with open(container + "/config", "a", encoding="ascii") as target:
        target.write(f"lxc.hook.clone = {hook}\n")
    succeed(user("copy", "-n", "web", "-N", "copy"))
    with open(user.home + "/said", encoding="ascii") as source:
        assert source.read() == "0\n0\n"
    assert os.stat(os.path.join(user.lxcpath, "copy/rootfs/seen")).st_uid == FIRST


def half_way(user, *end):
    """A template that makes files of two ids and then does this; its path."""
    path = user.write("template", "#!/bin/sh",
                      'for word; do case $word in --rootfs=*) rootfs=${word#*=};; esac; done',
                      "mkdir -m 700 $rootfs/deep; echo x >$rootfs/deep/file; chown 33 $rootfs/deep/file", *end)
    os.chmod(path, 0o755)
    return ["-n", "web", "-f", user.home + "/base.conf", "-t", path]


def test_nothing_is_left_if_the_template_fails(user):
    result = user("create", *half_way(user, "exit 3"))
    assert result.returncode == 1 and "status 3" in result.stderr
    assert os.listdir(user.lxcpath) == []


def test_what_a_killed_command_left_goes_with_the_next(user):
    made = os.path.join(user.lxcpath, "web/rootfs/deep/file")
    process = user.start_command("create", *half_way(user, "while [ -e $rootfs/deep/file ]; do sleep 0.1; done"))
    until(lambda: os.path.exists(made) and os.stat(made).st_uid == FIRST + 33)
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()
    assert os.path.exists(made)
    succeed(user("create", "-n", "web", "-f", user.home + "/base.conf", "-t", f"{user.home}/lxc-busybox"))
    assert not os.path.exists(made)
    succeed(user("destroy", "-n", "web"))
    assert os.listdir(user.lxcpath) == []


def test_files_that_nobody_granted(user, container):
    """What belongs to somebody else stays, with an error, and the container with it."""
    os.makedirs(container + "/rootfs/foreign")
    with open(container + "/rootfs/foreign/file", "w", encoding="ascii") as target:
        target.write("root's\n")
    result = user("destroy", "-n", "web")
    assert result.returncode == 1 and result.stderr.count("\n") == 1 and "foreign" in result.stderr
    assert succeed(user("ls", "-1")) == "web\n"
    shutil.rmtree(container + "/rootfs/foreign")
    succeed(user("destroy", "-n", "web"))
    assert os.listdir(user.lxcpath) == []


def test_without_ranges_it_says_what_to_do(lxc_path, folder):
    """And leaves nothing; the same for ids that are not among those that were granted."""
    if os.geteuid() != 0 or not shutil.which("newuidmap"):
        pytest.skip("needs root and the package uidmap")
    user = OrdinaryUser(folder, lxc_path, granted=False)
    user.write("base.conf", *ID_MAP)
    shutil.copy(os.path.join(TEMPLATES, "lxc-busybox"), user.home)
    result = user("create", "-n", "web", "-f", user.home + "/base.conf", "-t", f"{user.home}/lxc-busybox")
    assert result.returncode == 1 and "/etc/subuid and /etc/subgid" in result.stderr
    assert os.listdir(user.lxcpath) == []


def test_root_makes_one_with_mapped_ids(lxc, folder):
    """As root the same files belong to the same ids, and can be destroyed."""
    base = os.path.join(folder, "base.conf")
    with open(base, "w", encoding="ascii") as target:
        target.write("".join(line + "\n" for line in ID_MAP))
    name = lxc.new_name()
    lxc("create", "-n", name, "-f", base, "-t", os.path.join(TEMPLATES, "lxc-busybox")).ok()
    rootfs = os.path.join(lxc.lxcpath, name, "rootfs")
    assert {entry[:2] for entry in tree(rootfs).values()} == {(0, 0)}
    copy = lxc.new_name()
    lxc("copy", "-n", name, "-N", copy).ok()
    assert {entry[:2] for entry in tree(os.path.join(lxc.lxcpath, copy, "rootfs")).values()} == {(0, 0)}
    for each in (name, copy):
        lxc("destroy", "-n", each).ok()
    assert os.listdir(lxc.lxcpath) == []
