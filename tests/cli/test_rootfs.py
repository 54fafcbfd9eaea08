# SPDX-License-Identifier: Apache-2.0
"""The root itself: read-only, masked and read-only paths, devices and links in /dev."""
import os
import stat

import pytest


def test_root_is_writable(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x > /work/file")
    thole.run(made).ok()
    assert made.read("/work/file") == "x\n"


def test_readonly_root(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x > /work/file || echo refused; echo x > /dev/shm/ok")
    made.config["root"]["readonly"] = True
    assert thole.run(made).ok().out == "refused\n"


def test_readonly_root_still_gets_missing_destinations(thole, bundle):
    made = bundle("/bin/ls", "-d", "/new/place")
    made.config["root"]["readonly"] = True
    made.mount("/new/place", "tmpfs", "tmpfs")
    assert thole.run(made).ok().out == "/new/place\n"


def test_absolute_root_path(thole, bundle):
    made = bundle("/bin/echo", "in")
    made.config["root"]["path"] = made.rootfs
    assert thole.run(made).ok().out == "in\n"


def test_missing_root(thole, bundle):
    made = bundle("/bin/true")
    made.config["root"]["path"] = "nowhere"
    thole.try_create(made).failed("nowhere")


def test_the_host_is_out_of_reach(thole, bundle):
    made = bundle("/bin/sh", "-c", "cd ../../../..; ls -d work; ls /proc/1/root/work > /dev/null; pwd")
    assert thole.run(made).ok().out.split() == ["work", "/"]


def test_masked_paths(thole, bundle):
    made = bundle("/bin/sh", "-c", "wc -c < /secret; ls /hidden; touch /hidden/x || echo refused")
    made.file("/secret", "secret")
    made.file("/hidden/file", "secret")
    made.linux["maskedPaths"] += ["/secret", "/hidden", "/not/there"]
    assert thole.run(made).ok().out.split() == ["0", "refused"]


def test_readonly_paths(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /fixed/file; echo x > /fixed/file || echo refused")
    made.file("/fixed/file", "text ")
    made.linux["readonlyPaths"] += ["/fixed", "/not/there"]
    assert thole.run(made).ok().out.split() == ["text", "refused"]


def test_what_is_mounted_beneath_a_readonly_path_is_readonly(thole, bundle):
    made = bundle("/bin/sh", "-c", "ls /fixed/inner; echo x > /fixed/inner/file || echo refused")
    made.mount("/fixed/inner", "tmpfs", "tmpfs", [])
    made.mount("/fixed/inner/below", "tmpfs", "tmpfs", [])
    made.linux["readonlyPaths"] += ["/fixed"]
    assert thole.run(made).ok().out.split() == ["below", "refused"]


def test_readonly_path_keeps_other_flags(thole, bundle):
    made = bundle("/bin/sh", "-c", "grep ' /vol ' /proc/self/mountinfo | tail -1")
    made.mount("/vol", "tmpfs", "tmpfs", ["nosuid", "nodev", "noexec"])
    made.linux["readonlyPaths"] += ["/vol"]
    options = thole.run(made).ok().out.split()[5].split(",")
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(options)


def test_default_proc_paths_cannot_be_written(thole, bundle):
    made = bundle("/bin/sh", "-c", "for f in /proc/sysrq-trigger /proc/sys/kernel/domainname; do "
                  "( echo x > $f ) 2>/dev/null || echo refused; done")
    assert thole.run(made).ok().out.split() == ["refused", "refused"]


DEFAULT_NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "tty": (5, 0), "random": (1, 8),
                 "urandom": (1, 9)}


def test_default_devices(thole, bundle):
    container = thole.launch(bundle("/bin/sleep", "1000"))
    base = f"/proc/{container.pid}/root/dev/"
    for name, numbers in DEFAULT_NODES.items():
        node = os.stat(base + name)
        assert stat.S_ISCHR(node.st_mode)
        assert (os.major(node.st_rdev), os.minor(node.st_rdev)) == numbers
        assert node.st_mode & 0o777 == 0o666
    links = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
             "stderr": "/proc/self/fd/2"}
    assert {name: os.readlink(base + name) for name in links} == links
    assert os.readlink(base + "ptmx") in ("pts/ptmx", "/dev/pts/ptmx")


def test_default_devices_work(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x > /dev/null && head -c 3 /dev/zero | wc -c; "
                  "head -c 5 /dev/urandom | wc -c; echo x > /dev/full || echo full")
    assert thole.run(made).ok().out.split() == ["3", "5", "full"]


def device(path, **more):
    return {"path": path, "type": "c", "major": 1, "minor": 7, **more}


def test_device_with_owner_and_mode(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.linux["devices"] = [device("/dev/mine", fileMode=0o640, uid=5, gid=6),
                             device("/devices/deep/node"),
                             {"path": "/dev/pipe", "type": "p"}]
    container = thole.launch(made)
    base = f"/proc/{container.pid}/root"
    node = os.stat(base + "/dev/mine")
    assert (node.st_mode & 0o7777, node.st_uid, node.st_gid) == (0o640, 5, 6)
    assert (os.major(node.st_rdev), os.minor(node.st_rdev)) == (1, 7)
    assert stat.S_ISCHR(os.stat(base + "/devices/deep/node").st_mode)
    assert stat.S_ISFIFO(os.stat(base + "/dev/pipe").st_mode)


GIVEN = {"fileMode": 0o640, "uid": 5, "gid": 6}


@pytest.mark.parametrize("place", ["root", "bind", "pipe"])
@pytest.mark.parametrize("given", [(), ("fileMode",), ("uid", "gid"), tuple(GIVEN)], ids=str)
def test_a_node_that_exists_gets_the_mode_and_owner_that_are_given(thole, bundle, folder, place,
                                                                   given):
    """What the configuration does not say stays as it is."""
    made = bundle("/bin/true")
    parent = folder if place == "bind" else made.rootfs
    path = os.path.join(parent, "node")
    if place == "pipe":
        os.mkfifo(path, 0o600)
    else:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 7))
    os.chmod(path, 0o600)
    os.chown(path, 7, 8)
    if place == "bind":
        made.mount("/devices", folder, "bind", ["bind"])
    entry = device("/devices/node" if place == "bind" else "/node")
    if place == "pipe":
        entry = {"path": "/node", "type": "p"}
    made.linux["devices"] = [{**entry, **{name: GIVEN[name] for name in given}}]
    thole.run(made).ok()
    node = os.stat(path)
    assert stat.S_IMODE(node.st_mode) == (0o640 if "fileMode" in given else 0o600)
    assert (node.st_uid, node.st_gid) == ((5, 6) if "uid" in given else (7, 8))


@pytest.mark.parametrize("kind, numbers", [(stat.S_IFCHR, (1, 8)), (stat.S_IFCHR, (2, 7)),
                                           (stat.S_IFBLK, (1, 7)), (stat.S_IFIFO, (0, 0)),
                                           (stat.S_IFREG, (0, 0))], ids=str)
def test_another_file_in_its_place_is_refused(thole, bundle, kind, numbers):
    made = bundle("/bin/true")
    os.mknod(made.rootfs + "/node", 0o600 | kind, os.makedev(*numbers))
    made.linux["devices"] = [device("/node")]
    thole.try_create(made).failed("/linux/devices/0", "a different file is there")


@pytest.mark.parametrize("kind, bits", [("c", stat.S_IFCHR), ("b", stat.S_IFBLK)])
def test_device_is_made_whatever_the_rules_allow(thole, bundle, kind, bits):
    """A device of the configuration has to exist, although the container may not use it."""
    made = bundle("/bin/sleep", "1000")
    made.linux["devices"] = [device("/dev/mine", type=kind, major=10, minor=666)]
    container = thole.launch(made)
    node = os.stat(f"/proc/{container.pid}/root/dev/mine")
    assert stat.S_IFMT(node.st_mode) == bits
    assert (os.major(node.st_rdev), os.minor(node.st_rdev)) == (10, 666)


def test_unbuffered_type_is_a_character_device(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.linux["devices"] = [device("/dev/mine", type="u")]
    container = thole.launch(made)
    assert stat.S_ISCHR(os.stat(f"/proc/{container.pid}/root/dev/mine").st_mode)


def test_device_in_a_user_namespace_is_bound(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x > /dev/full || echo full")
    made.user_namespace()
    made.linux["devices"] = [{"path": "/dev/full", "type": "c", "major": 1, "minor": 7}]
    assert thole.run(made).ok().out == "full\n"


@pytest.mark.parametrize("broken", [{"type": "x"}, {"path": "relative"}, {"major": None}])
def test_bad_device_is_refused(thole, bundle, broken):
    made = bundle("/bin/true")
    entry = {**device("/dev/mine"), **broken}
    made.linux["devices"] = [{key: value for key, value in entry.items() if value is not None}]
    thole.try_create(made).failed("/linux/devices/0")


def test_dev_bound_from_the_host_is_left_alone(thole, bundle, folder):
    source = os.path.join(folder, "dev")
    os.mkdir(source)
    made = bundle("/bin/ls", "/dev")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if not entry["destination"].startswith("/dev")]
    made.mount("/dev", source, "bind", ["bind"])
    result = thole.run(made).ok()
    assert result.out == ""
    assert "no default devices are made in /dev" in result.err, "not without a word"
    assert os.listdir(source) == []


def test_dev_without_a_mount(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x > /dev/null; ls -d /dev/null /dev/fd")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if not entry["destination"].startswith("/dev")]
    assert sorted(thole.run(made).ok().out.split()) == ["/dev/fd", "/dev/null"]
    assert not stat.S_ISREG(os.lstat(made.rootfs + "/dev/null").st_mode)


def test_other_devices_cannot_be_made(thole, bundle, probe):
    made = bundle("/bin/probe", "mknod", "/dev/disk", "b", "254", "0", "r")
    made.capabilities("CAP_MKNOD")
    probe(made)
    out = thole.run(made).ok().out
    assert out.splitlines()[0] in ("mknod Operation not permitted", "mknod ok")
    assert "open ok" not in out, "making or opening a block device has to fail"


@pytest.mark.parametrize("proc", [True, False])
def test_dev_core_is_there_with_what_it_points_to(thole, bundle, proc):
    """runtime-linux.md "Dev symbolic links": /dev/core only if /proc/kcore is there."""
    made = bundle("/bin/busybox", "readlink", "/dev/core")
    if not proc:
        made.config["mounts"] = [mount for mount in made.config["mounts"]
                                 if not mount["destination"].startswith("/proc")]
        made.linux.update(maskedPaths=[], readonlyPaths=[])
    wanted = "/proc/kcore\n" if proc and os.path.exists("/proc/kcore") else ""
    assert thole.run(made).out == wanted


@pytest.mark.parametrize("user_namespace", [False, True], ids=["", "user-namespace"])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("base", ["rootfs", "/"])
def test_exec_enters_what_is_mounted_on_the_root(thole, bundle, base, layers, user_namespace):
    """Also where the root is the host's own: nothing of that lies in the way of who joins."""
    made = bundle("/bin/sleep", "1000")
    made.file("/which", "mounted\n")
    made.config["root"]["path"] = base if base == "/" else made.rootfs
    for _ in range(layers):
        made.config["mounts"].insert(0, {"destination": "/", "type": "bind", "source": made.rootfs,
                                         "options": ["rbind"]})
    if user_namespace:
        made.user_namespace()
    container = thole.launch(made)
    assert container.exec("/bin/cat", "/which").ok().out == "mounted\n"
    assert len(set(container.exec("/bin/stat", "-L", "-c", "%d %i", "/", "/proc/1/root").ok().out.split("\n")[:2])) == 1
