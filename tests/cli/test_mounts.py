# SPDX-License-Identifier: Apache-2.0
"""Mounts: every family of options read back from /proc/self/mountinfo, propagation, copy-up."""
import os
import subprocess

import pytest

from harness import machine
from harness.mountinfo import table
from harness.runtime import until


def bind_with(thole, made, folder, *options, recursive=False):
    """The mount of a bound host folder with these options."""
    source = os.path.join(folder, "source")
    os.makedirs(source, exist_ok=True)
    made.mount("/mnt", source, "bind", ["rbind" if recursive else "bind", *options])
    return table(thole, made)["/mnt"]


def test_default_mounts(thole, bundle):
    mounted = table(thole, bundle())
    types = {"/proc": "proc", "/dev": "tmpfs", "/dev/pts": "devpts", "/dev/shm": "tmpfs",
             "/dev/mqueue": "mqueue", "/sys": "sysfs"}
    assert {point: mounted[point].type for point in types} == types
    assert {"nosuid", "noexec", "nodev", "ro"} <= mounted["/sys"].options
    assert "size=65536k" in mounted["/dev"].super_options
    assert {"mode=620", "gid=5", "ptmxmode=666"} <= mounted["/dev/pts"].super_options


def test_nothing_of_the_host_is_mounted(thole, bundle):
    mounted = table(thole, bundle())
    known = {"/", "/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys"}
    masked = {entry for entry in mounted if entry.startswith(("/proc/", "/sys/"))}
    assert set(mounted) - known - masked == set()


@pytest.mark.parametrize("option", ["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime",
                                    "relatime", "nosymfollow"])
def test_flag_is_set_on_a_bind_mount(thole, bundle, folder, option):
    assert option in bind_with(thole, bundle(), folder, option).options


@pytest.mark.parametrize("first, last", [("ro", "rw"), ("nosuid", "suid"), ("nodev", "dev"),
                                         ("noexec", "exec"), ("noatime", "atime"),
                                         ("nodiratime", "diratime"), ("nosymfollow", "symfollow")])
def test_last_flag_wins(thole, bundle, folder, first, last):
    assert first not in bind_with(thole, bundle(), folder, first, last).options


def test_strictatime(thole, bundle, folder):
    options = bind_with(thole, bundle(), folder, "strictatime").options
    assert not options & {"relatime", "noatime"}


def test_atime_flags_replace_each_other(thole, bundle, folder):
    options = bind_with(thole, bundle(), folder, "noatime", "relatime").options
    assert "relatime" in options and "noatime" not in options


@pytest.mark.parametrize("option, seen", [("sync", "sync"), ("dirsync", "dirsync"),
                                          ("lazytime", "lazytime")])
def test_superblock_flag(thole, bundle, option, seen):
    made = bundle()
    made.mount("/mnt", "tmpfs", "tmpfs", [option])
    assert seen in table(thole, made)["/mnt"].super_options


@pytest.mark.parametrize("option", ["async", "defaults", "loud", "silent", "noiversion", "nolazytime",
                                    "nomand", "norelatime", "nostrictatime", "rw", "suid", "dev",
                                    "exec", "atime", "diratime", "iversion"])
def test_option_is_accepted(thole, bundle, option):
    made = bundle()
    made.mount("/mnt", "tmpfs", "tmpfs", [option])
    assert table(thole, made)["/mnt"].type == "tmpfs"


def test_data_goes_to_the_file_system(thole, bundle):
    made = bundle()
    made.mount("/mnt", "tmpfs", "tmpfs", ["size=64k", "mode=1700", "uid=5", "nr_inodes=9"])
    assert {"size=64k", "mode=1700", "uid=5", "nr_inodes=9"} <= table(thole, made)["/mnt"].super_options


def test_unknown_data_is_refused(thole, bundle):
    made = bundle("/bin/true")
    made.mount("/mnt", "tmpfs", "tmpfs", ["sise=64k"])
    thole.try_create(made).failed("/mnt")


def test_unknown_option_of_a_bind_mount_is_refused(thole, bundle, folder):
    made = bundle("/bin/true")
    made.mount("/mnt", folder, "bind", ["bind", "nonsense"])
    thole.try_create(made).failed("nonsense")


def test_unknown_file_system_is_refused(thole, bundle):
    made = bundle("/bin/true")
    made.mount("/mnt", "none", "nosuchfs")
    thole.try_create(made).failed("nosuchfs", "/mnt")


def nested(folder):
    """A folder with a tmpfs mounted below it, made in a namespace that the runtime shares."""
    source = os.path.join(folder, "tree")
    os.makedirs(source + "/below")
    subprocess.run(["mount", "-t", "tmpfs", "nested", source + "/below"], check=True)
    return source


@pytest.fixture
def tree(folder):
    source = nested(folder)
    yield source
    subprocess.run(["umount", source + "/below"], check=True)


def test_bind_leaves_submounts_out(thole, bundle, tree):
    made = bundle()
    made.mount("/mnt", tree, "bind", ["bind"])
    assert "/mnt/below" not in table(thole, made)


def test_rbind_takes_submounts_along(thole, bundle, tree):
    made = bundle()
    made.mount("/mnt", tree, "bind", ["rbind"])
    assert table(thole, made)["/mnt/below"].type == "tmpfs"


@pytest.mark.parametrize("option", ["nosuid", "nodev", "noexec", "ro"])
def test_plain_flags_do_not_reach_submounts(thole, bundle, tree, option):
    made = bundle()
    made.mount("/mnt", tree, "bind", ["rbind", option])
    mounted = table(thole, made)
    assert option in mounted["/mnt"].options
    assert option not in mounted["/mnt/below"].options


@pytest.mark.parametrize("option", ["rro", "rnosuid", "rnodev", "rnoexec", "rnoatime", "rnodiratime",
                                    "rnosymfollow"])
def test_recursive_flags_reach_submounts(thole, bundle, tree, option):
    made = bundle()
    made.mount("/mnt", tree, "bind", ["rbind", option])
    mounted = table(thole, made)
    assert option[1:] in mounted["/mnt"].options
    assert option[1:] in mounted["/mnt/below"].options


@pytest.mark.parametrize("option", ["rrw", "rsuid", "rdev", "rexec", "ratime", "rrelatime",
                                    "rstrictatime", "rdiratime", "rnorelatime", "rnostrictatime",
                                    "rsymfollow"])
def test_recursive_clearing_flag_is_accepted(thole, bundle, tree, option):
    made = bundle()
    made.mount("/mnt", tree, "bind", ["rbind", option])
    assert "/mnt/below" in table(thole, made)


@pytest.mark.parametrize("option, wanted", [
    ("private", set()), ("rprivate", set()), ("slave", {"master"}), ("rslave", {"master"}),
    ("shared", {"shared"}), ("rshared", {"shared"}), ("unbindable", {"unbindable"}),
    ("runbindable", {"unbindable"})])
def test_propagation(thole, bundle, folder, option, wanted):
    """The source is a shared mount of the host, so a slave has a master to follow."""
    source = os.path.join(folder, "shared")
    os.mkdir(source)
    subprocess.run(["mount", "-t", "tmpfs", "--make-shared", "shared", source], check=True)
    try:
        made = bundle()
        if "unbindable" not in option:
            made.linux["rootfsPropagation"] = "rshared" if "shared" in option else "rslave"
        made.mount("/mnt", source, "bind", ["rbind", option])
        assert table(thole, made)["/mnt"].propagation & {"shared", "master", "unbindable"} >= wanted
    finally:
        subprocess.run(["umount", source], check=True)


@pytest.mark.parametrize("option, wanted", [
    ("private", set()), ("rprivate", set()), ("shared", {"shared"}), ("rshared", {"shared"}),
    ("unbindable", {"unbindable"}), ("runbindable", {"unbindable"})])
def test_root_propagation(thole, bundle, option, wanted):
    made = bundle()
    made.linux["rootfsPropagation"] = option
    assert table(thole, made)["/"].propagation & {"shared", "unbindable"} == wanted


def test_mounts_of_the_container_do_not_reach_the_host(thole, bundle):
    made = bundle("/bin/sh", "-c", "mount -t tmpfs x /mnt && echo mounted; exec sleep 1000")
    made.capabilities("CAP_SYS_ADMIN")
    os.mkdir(made.rootfs + "/mnt")
    container = thole.launch(made)
    until(container.output, what="the mount")
    assert container.output() == "mounted\n"
    assert not any(made.rootfs in line[4] for line in machine.mount_lines())


def test_slave_mounts_follow_the_host(thole, bundle, folder):
    source = os.path.join(folder, "shared")
    os.mkdir(source)
    subprocess.run(["mount", "-t", "tmpfs", "--make-shared", "shared", source], check=True)
    try:
        made = bundle("/bin/sleep", "1000")
        made.mount("/mnt", source, "bind", ["rbind", "rslave"])
        container = thole.launch(made)
        os.mkdir(source + "/later")
        subprocess.run(["mount", "-t", "tmpfs", "later", source + "/later"], check=True)
        assert " /mnt/later " in container.sh("cat /proc/self/mountinfo").ok().out
        container.delete("--force").ok()
    finally:
        subprocess.run(["umount", "-R", source], check=True)


def test_order_is_kept(thole, bundle):
    made = bundle("/bin/ls", "/mnt/b")
    made.mount("/mnt", "tmpfs", "tmpfs")
    made.mount("/mnt/b", "tmpfs", "tmpfs")
    os.makedirs(made.rootfs + "/mnt/b")
    made.file("/mnt/b/hidden")
    assert thole.run(made).ok().out == ""


def test_relative_source_is_taken_from_the_bundle(thole, bundle):
    made = bundle("/bin/cat", "/mnt/file")
    os.mkdir(made.path + "/volume")
    with open(made.path + "/volume/file", "w", encoding="ascii") as target:
        target.write("found")
    made.mount("/mnt", "volume", "bind", ["bind"])
    assert thole.run(made).ok().out == "found"


def test_file_on_a_missing_destination(thole, bundle, folder):
    source = os.path.join(folder, "file")
    with open(source, "w", encoding="ascii") as target:
        target.write("found")
    made = bundle("/bin/cat", "/new/place/file")
    made.mount("/new/place/file", source, "bind", ["bind"])
    assert thole.run(made).ok().out == "found"


def test_type_bind_without_option_binds(thole, bundle, folder):
    made = bundle()
    made.mount("/mnt", folder, "bind", [])
    assert table(thole, made)["/mnt"].type != "bind"


def test_destination_through_a_symlink_stays_inside(thole, bundle, folder):
    made = bundle("/bin/cat", "/inside/file")
    os.symlink("/inside", made.rootfs + "/link")
    os.mkdir(made.rootfs + "/inside")
    source = os.path.join(folder, "file")
    with open(source, "w", encoding="ascii") as target:
        target.write("found")
    made.mount("/link/file", source, "bind", ["bind"])
    assert thole.run(made).ok().out == "found"


def test_missing_source(thole, bundle):
    made = bundle("/bin/true")
    made.mount("/mnt", "/no/such/source", "bind", ["bind"])
    thole.try_create(made).failed("/no/such/source", "/mounts/")


def test_remount(thole, bundle):
    made = bundle()
    made.mount("/mnt", "tmpfs", "tmpfs", ["rw"])
    made.mount("/mnt", "tmpfs", "tmpfs", ["remount", "ro", "nosuid"])
    assert {"ro", "nosuid"} <= table(thole, made)["/mnt"].options


def test_tmpcopyup(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /data/one /data/sub/two; readlink /data/link; "
                  "stat -c '%a %u' /data/sub/two /data; echo x > /data/new; mount | grep -c ' /data '")
    made.file("/data/one", "1\n")
    two = made.file("/data/sub/two", "2\n", 0o644)
    os.chown(two, 1000, 1000)
    os.symlink("one", made.rootfs + "/data/link")
    os.chmod(made.rootfs + "/data", 0o751)
    made.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    assert thole.run(made).ok().out.splitlines() == ["1", "2", "one", "644 1000", "751 0", "1"]
    assert not os.path.exists(made.rootfs + "/data/new")


def test_tmpcopyup_on_readonly(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /data/one; echo x > /data/new || echo refused")
    made.file("/data/one", "1\n")
    made.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup", "ro"])
    assert thole.run(made).ok().out.splitlines() == ["1", "refused"]


def test_copy_symlink(thole, bundle, folder):
    link = os.path.join(folder, "link")
    os.symlink("/some/target", link)
    made = bundle("/bin/busybox", "readlink", "/place")
    made.mount("/place", link, "bind", ["bind", "copy-symlink"])
    assert thole.run(made).ok().out == "/some/target\n"


def test_locked_flags_of_the_source_stay_in_a_user_namespace(thole, bundle, folder):
    source = os.path.join(folder, "locked")
    os.mkdir(source)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid,nodev,noexec", "locked", source], check=True)
    try:
        made = bundle()
        made.user_namespace()
        made.mount("/mnt", source, "bind", ["rbind", "ro"])
        assert {"ro", "nosuid", "nodev", "noexec"} <= table(thole, made)["/mnt"].options
    finally:
        subprocess.run(["umount", source], check=True)


def test_id_mapped_bind(thole, bundle, folder):
    source = os.path.join(folder, "volume")
    os.mkdir(source)
    for owner in (0, 1000):
        path = os.path.join(source, str(owner))
        with open(path, "w", encoding="ascii"):
            os.chown(path, owner, owner)
    made = bundle("/bin/stat", "-c", "%n %u %g", "/mnt/0", "/mnt/1000")
    made.mount("/mnt", source, "bind", ["bind", "idmap"],
               uidMappings=[{"containerID": 0, "hostID": 5000, "size": 2000}],
               gidMappings=[{"containerID": 0, "hostID": 6000, "size": 2000}])
    assert thole.run(made).ok().out.split() == ["/mnt/0", "5000", "6000", "/mnt/1000", "6000", "7000"]


def test_id_mapped_with_the_containers_own_map(thole, bundle, folder):
    source = os.path.join(folder, "volume")
    os.mkdir(source)
    made = bundle("/bin/sh", "-c", "stat -c %u /mnt; touch /mnt/new; stat -c %u /mnt/new")
    made.user_namespace()
    made.mount("/mnt", source, "bind", ["bind", "idmap"])
    assert thole.run(made).ok().out.split() == ["0", "0"]
    assert os.stat(source + "/new").st_uid == 0


def test_one_sided_id_mapping_is_refused(thole, bundle, folder):
    made = bundle("/bin/true")
    made.mount("/mnt", folder, "bind", ["bind", "idmap"],
               uidMappings=[{"containerID": 0, "hostID": 5000, "size": 2000}])
    thole.try_create(made).failed()


@pytest.mark.parametrize("in_user_namespace", [False, True])
def test_cgroup_mount(thole, bundle, in_user_namespace):
    made = bundle()
    if in_user_namespace:
        made.user_namespace()
    made.namespace("cgroup")
    made.mount("/sys/fs/cgroup", "cgroup", "cgroup",
               ["nosuid", "noexec", "nodev", "relatime", "ro"])
    mounted = table(thole, made)
    if machine.layout() == "unified":
        assert mounted["/sys/fs/cgroup"].type == "cgroup2"
        assert "ro" in mounted["/sys/fs/cgroup"].options
    else:
        kinds = {entry.type for point, entry in mounted.items()
                 if point.startswith("/sys/fs/cgroup/")}
        assert "cgroup" in kinds
        for point, entry in mounted.items():
            if point.startswith("/sys/fs/cgroup/"):
                assert "ro" in entry.options, point


def test_cgroup_mount_shows_the_containers_own_cgroup(thole, bundle):
    made = bundle("/bin/sh", "-c", "f=$(find /sys/fs/cgroup -name cgroup.procs -maxdepth 2 | head -1);"
                  " grep -qx 1 $f && echo mine")
    made.namespace("cgroup")
    made.mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])
    assert thole.run(made).ok().out == "mine\n"


def test_sysfs_in_a_user_namespace_with_the_hosts_network(thole, bundle):
    made = bundle("/bin/sh", "-c", "ls /sys/class > /dev/null && mkdir /sys/x || echo refused")
    made.user_namespace()
    made.without_namespace("network")
    made.config["mounts"][-1] = {"destination": "/sys", "type": "sysfs", "source": "sysfs",
                                 "options": ["nosuid", "noexec", "nodev", "ro"]}
    assert thole.run(made).ok().out == "refused\n"


def test_no_pivot(thole, bundle):
    assert thole.run(bundle("/bin/ls", "/"), "--no-pivot").ok().out.split()[0] == "bin"
