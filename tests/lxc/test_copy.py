# SPDX-License-Identifier: Apache-2.0
"""lxc-copy: a copy is like its original in everything that a file can be, shares nothing that it should not, and
never leads out of the tree; what a configuration says of its own directory moves with it."""
import os
import re
import socket
import stat
import subprocess

import pytest


@pytest.fixture(name="container")
def fixture_container(lxc):
    """container(LINE..., name=): a container with a few files; its directory."""

    def make(*lines, name=None):
        name = name or lxc.new_name()
        directory = os.path.join(lxc.lxcpath, name)
        os.makedirs(directory + "/rootfs/etc")
        write(directory + "/rootfs/etc/hostname", "former\n")
        lxc.define(lines, name, rootfs=directory + "/rootfs")
        return directory

    return make


def write(path, text, mode=None):
    with open(path, "w", encoding="utf-8") as target:
        target.write(text)
    if mode is not None:
        os.chmod(path, mode)
    return path


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def name_of(directory):
    return os.path.basename(directory)


def copied(lxc, directory, *options):
    """The directory of a copy made with these options."""
    name = lxc.new_name()
    lxc("copy", "-n", name_of(directory), "-N", name, *options).ok()
    return os.path.join(lxc.lxcpath, name)


# ---- files ---------------------------------------------------------------------------------------------------

def fill(root, outside):
    """One of everything."""
    write(root + "/plain", "plain\n", 0o640)
    os.chown(root + "/plain", 1000, 100)
    write(root + "/set-id", "x", 0o755)
    os.chown(root + "/set-id", 7, 8)
    os.chmod(root + "/set-id", 0o6755)
    os.utime(root + "/plain", ns=(1_000_000_001, 2_000_000_002))
    os.makedirs(root + "/directory/below")
    os.chown(root + "/directory", 12, 13)
    os.chmod(root + "/directory", 0o1751)
    write(root + "/directory/first", "linked\n")
    os.link(root + "/directory/first", root + "/second")
    os.link(root + "/directory/first", root + "/directory/below/third")
    os.symlink("/etc/hostname", root + "/absolute")
    os.symlink("../../../../../../etc/hostname", root + "/up")
    os.symlink(outside, root + "/directory/out")
    os.lchown(root + "/absolute", 21, 22)
    os.link(root + "/absolute", root + "/absolute-again", follow_symlinks=False)
    os.mkfifo(root + "/fifo", 0o622)
    os.mknod(root + "/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(root + "/disk", stat.S_IFBLK | 0o660, os.makedev(240, 7))
    os.mknod(root + "/whiteout", stat.S_IFCHR, os.makedev(0, 0))
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(root + "/socket")
    with open(root + "/sparse", "wb") as target:
        target.seek(64 << 20)
        target.write(b"end")
        target.truncate(128 << 20)
    with open(root + "/big", "wb") as target:
        target.write(os.urandom(3 << 20))
    write(root + "/ \n\t*?\\ä", "odd name")
    write(root + "/closed", "closed", 0)
    os.makedirs(root + "/no-entry/in", 0o755)
    os.chmod(root + "/no-entry", 0)
    os.setxattr(root + "/plain", "user.note", b"said\0so")
    os.setxattr(root + "/directory", "trusted.overlay.opaque", b"y")
    os.setxattr(root + "/set-id", "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))
    os.setxattr(root + "/absolute", "trusted.note", b"of a link", follow_symlinks=False)
    acl = bytes.fromhex("02000000" "01000600ffffffff" "02000400e8030000" "04000400ffffffff" "10000600ffffffff"
                        "20000000ffffffff")
    os.setxattr(root + "/big", "system.posix_acl_access", acl)


def describe(root):
    """Everything that stat, readlink and getxattr say of each path, and which paths are one file."""
    seen, inodes = {}, {}
    for directory, folders, files in os.walk(root):
        for name in [".", *folders, *files] if directory == root else [*folders, *files]:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            key = os.path.relpath(path, root)
            entry = {"mode": status.st_mode, "uid": status.st_uid, "gid": status.st_gid, "mtime": status.st_mtime_ns,
                     "rdev": status.st_rdev, "links": status.st_nlink,
                     "xattr": {word: os.getxattr(path, word, follow_symlinks=False)
                               for word in os.listxattr(path, follow_symlinks=False)}}
            if stat.S_ISLNK(status.st_mode):
                entry["link"] = os.readlink(path)
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as source:
                    entry["data"] = source.read() if status.st_size < 64 << 20 else status.st_size
            if not stat.S_ISDIR(status.st_mode):
                inodes.setdefault((status.st_dev, status.st_ino), []).append(key)
            seen[key] = entry
    return seen, sorted(sorted(names) for names in inodes.values())


def test_a_copy_has_all_that_the_original_has(lxc, container, folder):
    outside = os.path.join(folder, "outside")
    os.mkdir(outside)
    write(outside + "/secret", "secret")
    directory = container()
    fill(directory + "/rootfs", outside)
    before = describe(directory + "/rootfs")
    copy = copied(lxc, directory, "-K")
    seen, same = describe(copy + "/rootfs")
    assert seen == before[0]
    assert same == before[1]
    assert describe(directory + "/rootfs")[0] == before[0]  # and the original is as it was
    assert not set(os.stat(path).st_ino for path in (copy + "/rootfs/plain", copy + "/rootfs/second")) & \
        set(os.stat(path).st_ino for path in (directory + "/rootfs/plain", directory + "/rootfs/second"))
    assert os.stat(copy + "/rootfs/sparse").st_blocks <= 64
    with open(copy + "/rootfs/sparse", "rb") as source:
        source.seek(64 << 20)
        assert source.read(3) == b"end"


def test_what_is_mounted_is_not_copied(lxc, container):
    directory = container()
    point = directory + "/rootfs/etc"
    subprocess.run(["mount", "-t", "tmpfs", "none", point], check=True)
    try:
        lxc("copy", name_of(directory), "-N", lxc.new_name()).failed("etc is a mount point")
    finally:
        subprocess.run(["umount", point], check=True)
    assert os.listdir(lxc.lxcpath) == [name_of(directory)]


def test_a_copy_in_its_own_original(lxc, container):
    directory = container()
    lxc("copy", name_of(directory), "-N", lxc.new_name(), "-p", directory + "/rootfs/in").failed("is to be a copy of")
    assert os.listdir(directory + "/rootfs/in") == []


def test_deep_trees(lxc, container):
    directory = container()
    here = os.open(directory + "/rootfs", os.O_PATH)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_PATH, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    copy = copied(lxc, directory)
    for made in (copy, directory):
        lxc("destroy", name_of(made)).ok()


# ---- the configuration ---------------------------------------------------------------------------------------

LINES = ["# kept", "", "lxc.include = /usr/share/lxc/config/common.conf", "lxc.net.0.type = veth",
         "lxc.net.0.hwaddr = 00:16:3e:11:22:33", "lxc.uts.name = former", "lxc.mount.entry = tmpfs tmp tmpfs rw 0 0"]


@pytest.fixture(name="typical")
def fixture_typical(container, folder):
    write(os.path.join(folder, "included.conf"), "lxc.arch = amd64\n")
    lines = [line.replace("/usr/share/lxc/config/common.conf", folder + "/included.conf") for line in LINES]
    return container(*lines)


def test_the_text_stays_but_for_what_has_to_differ(lxc, typical):
    copy = copied(lxc, typical)
    before, after = read(typical + "/config").splitlines(), read(copy + "/config").splitlines()
    changed = [(old, new) for old, new in zip(before, after) if old != new]
    assert len(before) == len(after)
    assert [old.split(" =")[0] for old, _ in changed] == ["lxc.rootfs.path", "lxc.net.0.hwaddr", "lxc.uts.name"]
    assert changed[0][1] == f"lxc.rootfs.path = dir:{copy}/rootfs"
    assert re.fullmatch("lxc.net.0.hwaddr = 00:16:3e(:[0-9a-f]{2}){3}", changed[1][1])
    assert changed[2][1] == "lxc.uts.name = " + name_of(copy)
    assert read(copy + "/rootfs/etc/hostname") == name_of(copy) + "\n"
    assert stat.S_IMODE(os.stat(copy + "/config").st_mode) == 0o640


def test_names_and_addresses_are_kept_when_asked(lxc, typical):
    copy = copied(lxc, typical, "-K", "-M")
    assert "lxc.net.0.hwaddr = 00:16:3e:11:22:33\nlxc.uts.name = former\n" in read(copy + "/config")
    assert read(copy + "/rootfs/etc/hostname") == "former\n"


@pytest.mark.parametrize("make", [lambda root: os.symlink("/etc/hostname", root + "/etc/hostname"),
                                  lambda root: os.mkfifo(root + "/etc/hostname"),
                                  lambda root: (os.rmdir(root + "/etc"), os.symlink("/etc", root + "/etc"))],
                         ids=["link", "fifo", "etc-is-a-link"])
@pytest.mark.parametrize("option", [[], ["-s"]], ids=["copy", "snapshot"])
def test_the_host_name_is_written_to_no_link(lxc, container, make, option):
    of_the_host = read("/etc/hostname") if os.path.exists("/etc/hostname") else None
    directory = container()
    os.remove(directory + "/rootfs/etc/hostname")
    make(directory + "/rootfs")
    copied(lxc, directory, *option)
    assert (read("/etc/hostname") if os.path.exists("/etc/hostname") else None) == of_the_host


@pytest.mark.parametrize("key, value", [
    ("lxc.mount.fstab", "{directory}/fstab"), ("lxc.mount", "{directory}/fstab"),
    ("lxc.hook.start", "{directory}/fstab with words"), ("lxc.hook.pre-start", "{directory}/fstab"),
    ("lxc.seccomp.profile", "{directory}/fstab")])
def test_files_beside_the_configuration_go_along(lxc, container, key, value):
    name = lxc.new_name()
    directory = os.path.join(lxc.lxcpath, name)
    container(f"{key} = " + value.format(directory=directory), name=name)
    write(directory + "/fstab", "# its own\n", 0o700)
    copy = copied(lxc, directory)
    assert f"{key} = " + value.format(directory=copy) in read(copy + "/config")
    assert read(copy + "/fstab") == "# its own\n"
    assert stat.S_IMODE(os.stat(copy + "/fstab").st_mode) == 0o700


def test_logs_get_places_of_their_own_and_data_stays_where_it_is(lxc, container):
    name = lxc.new_name()
    directory = os.path.join(lxc.lxcpath, name)
    container(f"lxc.console.logfile = {directory}/console.log", f"lxc.mount.entry = {directory}/data mnt none bind",
              name=name)
    write(directory + "/console.log", "said\n")
    copy = copied(lxc, directory)
    assert f"lxc.console.logfile = {copy}/console.log\n" in read(copy + "/config")
    assert f"lxc.mount.entry = {directory}/data mnt none bind\n" in read(copy + "/config")
    assert not os.path.exists(copy + "/console.log")


def test_another_directory_of_containers(lxc, container, folder):
    directory = container()
    lxc("copy", name_of(directory), "-N", name_of(directory), "-p", folder + "/other/path").ok()
    copy = os.path.join(folder, "other/path", name_of(directory))
    assert f"lxc.rootfs.path = dir:{copy}/rootfs\n" in read(copy + "/config")


def test_one_without_a_root(lxc):
    name = lxc.define(["lxc.uts.name = x"])
    copy = copied(lxc, os.path.join(lxc.lxcpath, name))
    assert os.listdir(copy) == ["config"]


# Lines of an fstab, or values of lxc.mount.entry, and what becomes of them in a copy and by a new name.
ENTRIES = [
    ("tmpfs {old}/rootfs/tmp tmpfs rw 0 0", "tmpfs {new}/rootfs/tmp tmpfs rw 0 0", "tmpfs {new}/rootfs/tmp tmpfs rw 0 0"),
    ("{old}/data {old}/rootfs/mnt none bind 0 0", "{old}/data {new}/rootfs/mnt none bind 0 0",
     "{new}/data {new}/rootfs/mnt none bind 0 0"),
    ("none mnt overlay lowerdir=/usr:{old}/low,upperdir={old}/delta0,workdir={old}/work0",
     "none mnt overlay lowerdir=/usr:{old}/low,upperdir={old}/delta0,workdir={old}/work0",
     "none mnt overlay lowerdir=/usr:{new}/low,upperdir={new}/delta0,workdir={new}/work0"),
    ("{old}2/data {old}/rootfs2/mnt none bind", "{old}2/data {old}/rootfs2/mnt none bind",
     "{old}2/data {new}/rootfs2/mnt none bind"),
    ("/usr{old}/x relative/path none ro,bind", "/usr{old}/x relative/path none ro,bind",
     "/usr{old}/x relative/path none ro,bind"),
]


@pytest.mark.parametrize("how", ["copy", "rename", "failed rename"])
@pytest.mark.parametrize("where", ["entries", "fstab", "fstab elsewhere"])
def test_mount_points_that_are_named_in_full(lxc, container, folder, where, how):
    """They are those of the new root; of a renamed container all its paths are. An fstab that lies elsewhere stays
    what it is: a copy gets one of its own."""
    directory, name = container(), lxc.new_name()
    new = os.path.join(lxc.lxcpath, name)
    lines = [row[0].format(old=directory) for row in ENTRIES]
    wanted = [row[1 if how == "copy" else 2].format(old=directory, new=new) for row in ENTRIES]
    fstab = os.path.join(folder if "elsewhere" in where else directory, "fstab")
    with open(directory + "/config", "a", encoding="utf-8") as target:
        if where == "entries":
            target.write("".join(f"lxc.mount.entry = {line}\n" for line in lines))
        else:
            write(fstab, "# ours\n" + "\n".join(lines) + "\n")
            target.write(f"lxc.mount.fstab = {fstab}\n")
        if how == "failed rename":
            target.write(f"lxc.hook.clone = {hook(folder, status=3)[0]}\n")
    before = read(directory + "/config")
    result = lxc("copy", name_of(directory), "-N", name, *([] if how == "copy" else ["-R"]))
    if how == "failed rename":
        result.failed("ended with status 3")
        assert read(directory + "/config") == before
        wanted, new = lines, directory
    else:
        result.ok()
    config = read(new + "/config")
    if where == "entries":
        assert re.findall("lxc.mount.entry = (.*)", config) == wanted
        return
    moved = where == "fstab" or how == "copy"
    assert re.findall("lxc.mount.fstab = (.*)", config) == [new + "/fstab" if moved else fstab]
    if moved:
        assert read(new + "/fstab").splitlines() == ["# ours", *wanted]
    if where != "fstab":
        assert read(fstab).splitlines() == ["# ours", *lines]


# ---- snapshots: shared files ---------------------------------------------------------------------------------

def test_a_layer_over_the_files(lxc, container):
    directory = container()
    os.chmod(directory + "/rootfs", 0o751)
    os.chown(directory + "/rootfs", 5, 6)
    copy = copied(lxc, directory, "-s")
    assert f"lxc.rootfs.path = overlay:{directory}/rootfs:{copy}/overlay/delta\n" in read(copy + "/config")
    delta = os.stat(copy + "/overlay/delta")
    assert (stat.S_IMODE(delta.st_mode), delta.st_uid, delta.st_gid) == (0o751, 5, 6)
    assert os.path.isdir(copy + "/overlay/work") and os.listdir(copy + "/rootfs") == []
    assert read(copy + "/overlay/delta/etc/hostname") == name_of(copy) + "\n"
    assert read(directory + "/rootfs/etc/hostname") == "former\n"
    assert read(directory + "/lxc_snapshots") == f"{lxc.lxcpath}\n{name_of(copy)}\n"
    assert read(copy + "/lxc_rdepends") == f"{lxc.lxcpath}\n{name_of(directory)}\n"


def test_who_depends_on_whom(lxc, container):
    """a <- b (layer) <- c (copy of the layer): a is needed by both, b by nobody."""
    a = container()
    b = copied(lxc, a, "-s")
    write(b + "/overlay/delta/changed", "in b\n")
    c = copied(lxc, b, "-s")
    assert f"overlay:{a}/rootfs:{c}/overlay/delta" in read(c + "/config")
    assert read(c + "/overlay/delta/changed") == "in b\n"
    lxc("destroy", name_of(a)).failed("has clones")
    lxc("destroy", name_of(b)).ok()
    lxc("destroy", name_of(a)).failed("has clones")
    assert os.path.exists(a + "/rootfs/etc/hostname")
    lxc("destroy", name_of(c)).ok()
    assert not os.path.exists(a + "/lxc_snapshots")
    lxc("destroy", name_of(a)).ok()


def test_a_copy_of_layers_without_sharing(lxc, container):
    a = container()
    b = copied(lxc, a, "-s")
    write(b + "/overlay/delta/changed", "in b\n")
    c = copied(lxc, b)
    assert read(c + "/overlay/delta/changed") == "in b\n"
    lxc("destroy", name_of(b)).ok()


def test_layers_that_are_all_its_own(lxc, folder):
    name = lxc.new_name()
    template = write(os.path.join(folder, "template"),
                     '#!/bin/sh\nfor w; do case $w in --rootfs=*) echo lower > ${w#*=}/file;; esac; done\n', 0o755)
    lxc("create", name, "-f", "/dev/null", "-t", template, "-B", "overlay").ok()
    directory = os.path.join(lxc.lxcpath, name)
    copy = copied(lxc, directory)
    assert read(copy + "/rootfs/file") == "lower\n"
    shared = copied(lxc, directory, "-s")
    assert f"overlay:{directory}/rootfs:" in read(shared + "/config")
    lxc("destroy", name).failed("has clones")
    lxc("destroy", name_of(shared)).ok()
    lxc("destroy", name).ok()
    assert read(copy + "/rootfs/file") == "lower\n"


def test_many_copies_at_once_are_all_noted(lxc, container):
    directory = container()
    names = [lxc.new_name() for _ in range(8)]
    for process in [lxc.start_process("copy", name_of(directory), "-N", name, "-s") for name in names]:
        process.wait().ok()
    assert sorted(read(directory + "/lxc_snapshots").split()[1::2]) == sorted(names)
    for process in [lxc.start_process("destroy", name) for name in names]:
        process.wait().ok()
    assert not os.path.exists(directory + "/lxc_snapshots")


# ---- hooks ---------------------------------------------------------------------------------------------------

def hook(folder, script="", status=0):
    log = os.path.join(folder, "hook.log")
    path = write(os.path.join(folder, "hook"),
                 f'#!/bin/sh\n{{ echo "$@"; env | grep ^LXC_ | sort; }} >> {log}\n{script}\nexit {status}\n', 0o755)
    return path, log


@pytest.mark.parametrize("option", [[], ["-s"]], ids=["copy", "snapshot"])
def test_clone_hook(lxc, container, folder, option):
    """It sees the files of the copy, layers included, and what it changes is changed in the copy alone."""
    path, log = hook(folder, 'cat "$LXC_ROOTFS_MOUNT/etc/former"; echo new > "$LXC_ROOTFS_MOUNT/etc/by-hook"')
    directory = container(f"lxc.hook.clone = {path}")
    write(directory + "/rootfs/etc/former", "former")
    name = lxc.new_name()
    result = lxc("copy", name_of(directory), "-N", name, *option, "--", "one", "two words").ok()
    assert result.out == "former"
    lines = read(log).splitlines()
    copy = os.path.join(lxc.lxcpath, name)
    assert lines[0] == f"{name} lxc clone one two words"
    for line in (f"LXC_NAME={name}", f"LXC_SRC_NAME={name_of(directory)}", f"LXC_CONFIG_FILE={copy}/config"):
        assert line in lines
    where = "overlay/delta" if option else "rootfs"
    assert read(f"{copy}/{where}/etc/by-hook") == "new\n"
    assert not os.path.exists(directory + "/rootfs/etc/by-hook")
    assert copy not in read("/proc/self/mounts")


@pytest.mark.parametrize("option", [[], ["-s"]], ids=["copy", "snapshot"])
def test_a_failure_leaves_nothing(lxc, container, folder, option):
    path, _ = hook(folder, status=3)
    directory = container(f"lxc.hook.clone = {path}")
    lxc("copy", name_of(directory), "-N", lxc.new_name(), *option).failed("lxc.hook.clone", "ended with status 3")
    assert os.listdir(lxc.lxcpath) == [name_of(directory)]
    assert sorted(os.listdir(directory)) == ["config", "rootfs"]


# ---- renaming ------------------------------------------------------------------------------------------------

def test_rename(lxc, typical):
    write(typical + "/fstab", "# its own\n")
    with open(typical + "/config", "a", encoding="utf-8") as target:
        target.write(f"lxc.mount.fstab = {typical}/fstab\n")
    inode, before = os.stat(typical + "/rootfs").st_ino, read(typical + "/config")
    name = lxc.new_name()
    lxc("copy", name_of(typical), "-N", name, "-R").ok()
    after = os.path.join(lxc.lxcpath, name)
    assert os.listdir(lxc.lxcpath) == [name]
    assert os.stat(after + "/rootfs").st_ino == inode  # not a byte was copied
    assert read(after + "/config") == before.replace(typical, after).replace("lxc.uts.name = former",
                                                                             "lxc.uts.name = " + name)
    assert read(after + "/rootfs/etc/hostname") == name + "\n"


def test_rename_of_a_clone(lxc, container):
    directory = container()
    copy, name = copied(lxc, directory, "-s"), lxc.new_name()
    lxc("copy", name_of(copy), "-N", name, "-R").ok()
    after = os.path.join(lxc.lxcpath, name)
    assert f"overlay:{directory}/rootfs:{after}/overlay/delta" in read(after + "/config")
    assert read(directory + "/lxc_snapshots") == f"{lxc.lxcpath}\n{name}\n"
    lxc("destroy", name).ok()
    lxc("destroy", name_of(directory)).ok()


@pytest.mark.parametrize("what", ["clones", "snapshots"])
def test_rename_of_one_that_others_need(lxc, container, what):
    directory = container()
    if what == "clones":
        copied(lxc, directory, "-s")
    else:
        lxc("snapshot", name_of(directory)).ok()
    lxc("copy", name_of(directory), "-N", lxc.new_name(), "-R").failed("has " + what)
    assert os.path.exists(directory + "/config")


def test_a_rename_that_fails_changes_nothing(lxc, container, folder):
    path, _ = hook(folder, status=3)
    directory = container(f"lxc.hook.clone = {path}", "lxc.uts.name = former")
    before = read(directory + "/config")
    lxc("copy", name_of(directory), "-N", lxc.new_name(), "-R").failed("ended with status 3")
    assert os.listdir(lxc.lxcpath) == [name_of(directory)]
    assert read(directory + "/config") == before


def test_rename_over_another(lxc, container):
    one, other = container(), container()
    before = read(other + "/config")
    lxc("copy", name_of(one), "-N", name_of(other), "-R").failed("exists")
    assert read(other + "/config") == before and os.path.exists(one + "/config")


# ---- command lines -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words, text", [
    ([], "You must provide a NEWNAME"),
    (["-R"], "You must provide a NEWNAME"),
    (["-N", "x", "-R", "-s"], "--rename"),
    (["-N", "x", "-R", "-e"], "--rename"),
    (["-N", "x", "-m", "bind=/x"], "--mount goes with --ephemeral"),
    (["-N", "x", "-t"], "--tmpfs goes with --ephemeral"),
    (["-N", "x", "-D"], "--keepdata goes with --ephemeral"),
    (["-N", "x", "-F"], "--foreground goes with --ephemeral"),
    (["-e", "-m", "bind=relative"], "--mount"),
    (["-e", "-m", "loop=/x"], "--mount"),
    (["-e", "-m", "bind=/x,bind=/y:/z:ro:more"], "--mount"),
    (["-e", "-m", "bind=/x:/"], "--mount"),
    (["-N", "x", "-B", "zfs"], "storage of type zfs is not supported"),
    (["-N", "a/b"], "cannot be the name"),
    (["-N", "../x"], "cannot be the name"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_wrong_command_lines(lxc, container, words, text):
    directory = container()
    lxc("copy", name_of(directory), *words).failed(text)
    assert os.listdir(lxc.lxcpath) == [name_of(directory)]


def test_what_is_not_there_or_there_already(lxc, container):
    one, other = container(), container()
    before = read(other + "/config")
    lxc("copy", lxc.new_name(), "-N", lxc.new_name()).failed("Container is not defined")
    lxc("copy", name_of(one), "-N", name_of(other)).failed("Container already exists")
    lxc("copy", name_of(one), "-N", name_of(one)).failed("Container already exists")
    assert read(other + "/config") == before


def test_the_old_command(lxc, container):
    directory, names = container(), [lxc.new_name() for _ in range(2)]
    result = lxc("clone", name_of(directory), names[0]).ok()
    assert result.out == f"Created container {names[0]} as copy of {name_of(directory)}\n"
    result = lxc("clone", "-o", name_of(directory), "-n", names[1], "-s", "-B", "overlayfs").ok()
    assert result.out == f"Created container {names[1]} as snapshot of {name_of(directory)}\n"
    lxc("clone", name_of(directory)).failed("lxc-clone ORIGINAL NEW")
