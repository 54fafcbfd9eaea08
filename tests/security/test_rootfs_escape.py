# SPDX-License-Identifier: Apache-2.0
"""Known attacks through the image: symbolic links where the runtime mounts, makes or writes."""
import os
import shutil
import stat
import subprocess

import pytest


@pytest.fixture(params=["emptied", "pivot"])
def bundle(request, bundle):
    """Once for each way into the root: by pivot_root(2) the host is in sight while all is set up."""

    def make(*args, **process):
        made = bundle(*args, **process)
        if request.param == "pivot":
            made.config["hooks"] = {"createContainer": [{"path": "/bin/true"}]}
        return made

    return make


@pytest.fixture
def outside(folder):
    """A folder of the host that no container may touch, with one file in it."""
    path = os.path.join(folder, "outside")
    os.mkdir(path)
    file = os.path.join(path, "file")
    with open(file, "w", encoding="ascii") as target:
        target.write("untouched")
    before = os.lstat(file)
    yield path
    after = os.lstat(file)
    assert os.listdir(path) == ["file"], "something was made outside of the root file system"
    with open(file, encoding="ascii") as source:
        assert source.read() == "untouched"
    assert (after.st_mode, after.st_uid, after.st_ino) == (before.st_mode, before.st_uid, before.st_ino)


def replace_by_link(made, name, target):
    path = os.path.join(made.rootfs, name.lstrip("/"))
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)


def up(made, path):
    """A relative link target that climbs beyond the root of the container."""
    return "../" * 40 + path.lstrip("/")


@pytest.mark.parametrize("name", ["proc", "sys"])
@pytest.mark.parametrize("target", ["/tmp", "outside"])
def test_proc_or_sys_is_a_link(thole, bundle, outside, name, target):
    """CVE-2019-19921, CVE-2023-27561, CVE-2025-54867."""
    made = bundle("/bin/true")
    replace_by_link(made, name, up(made, outside) if target == "outside" else target)
    thole.run(made).failed("/" + name)


@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
@pytest.mark.parametrize("place", ["/proc", "/proc/self", "/proc/sys"])
def test_something_else_mounted_over_proc(thole, bundle, folder, kind, place):
    """CVE-2019-16884: label and sysctl writes must not land in a file of the attacker."""
    made = bundle("/bin/true")
    source = os.path.join(folder, "fake")
    os.makedirs(source + "/attr")
    if kind == "tmpfs":
        made.mount(place, "tmpfs", "tmpfs")
    else:
        made.mount(place, source, "bind", ["bind"])
    thole.try_create(made).failed(place)


@pytest.mark.parametrize("relative", [True, False])
def test_dev_is_a_link_to_the_host(thole, bundle, outside, relative):
    """CVE-2026-41579, CVE-2026-47766: nodes, links and ptmx are made in the container or nowhere."""
    decoy = os.path.join(outside, "file")
    made = bundle("/bin/true")
    replace_by_link(made, "dev", up(made, outside) if relative else outside)
    thole.run(made)
    assert os.path.exists(decoy)


def test_dev_is_a_link_and_nothing_is_mounted_there(thole, bundle, outside):
    made = bundle("/bin/true")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if not entry["destination"].startswith("/dev")]
    replace_by_link(made, "dev", up(made, outside))
    thole.run(made)


def test_ptmx_decoy(thole, bundle, outside):
    """dev/ptmx and the standard links point at host files already: those stay."""
    made = bundle("/bin/true")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if not entry["destination"].startswith("/dev")]
    for name in ("ptmx", "fd", "stdin", "null", "console"):
        os.symlink(up(made, outside + "/file"), f"{made.rootfs}/dev/{name}")
    thole.run(made)


@pytest.mark.parametrize("link", ["absolute", "relative", "through a parent"])
def test_mount_destination_stays_inside(thole, bundle, folder, outside, link):
    """CVE-2019-18837, CVE-2021-30465, CVE-2024-45310: also what is made for the mount."""
    source = os.path.join(folder, "source")
    os.mkdir(source)
    made = bundle("/bin/true")
    place = "/link/made/by/mount"
    if link == "absolute":
        os.symlink(outside, made.rootfs + "/link")
    elif link == "relative":
        os.symlink(up(made, outside), made.rootfs + "/link")
    else:
        place = "/../" * 10 + outside + "/made"
    made.mount(place, source, "bind", ["bind"])
    thole.run(made)


def test_file_mount_on_a_link_to_a_host_file(thole, bundle, folder, outside):
    source = os.path.join(folder, "source")
    with open(source, "w", encoding="ascii") as target:
        target.write("mounted")
    made = bundle("/bin/cat", "/victim")
    os.symlink(up(made, outside + "/file"), made.rootfs + "/victim")
    made.mount("/victim", source, "bind", ["bind"])
    assert thole.run(made).ok().out == "mounted"


def test_magic_link_as_destination(thole, bundle, folder):
    """/proc/self/root and /proc/1/cwd lead out of the root while the runtime sets it up."""
    made = bundle("/bin/true")
    os.makedirs(folder + "/source")
    for place in ("/proc/1/root/mnt", "/proc/self/root/mnt", "/proc/self/cwd/mnt"):
        made.config["mounts"] = made.config["mounts"][:6]
        made.mount(place, folder + "/source", "bind", ["bind"])
        thole.run(made).failed()


def test_cwd_is_a_link_to_the_host(thole, bundle, outside):
    made = bundle("/bin/ls", cwd="/link")
    os.symlink(up(made, outside), made.rootfs + "/link")
    assert "file" not in thole.run(made).out


def test_program_is_a_link_to_the_host(thole, bundle, folder):
    script = os.path.join(folder, "evil")
    with open(script, "w", encoding="ascii") as target:
        target.write("#!/bin/sh\necho from the host\n")
    os.chmod(script, 0o755)
    made = bundle("/program")
    os.symlink(up(made, script), made.rootfs + "/program")
    result = thole.run(made).failed()
    assert "from the host" not in result.out


def test_masked_path_when_dev_null_is_a_link(thole, bundle):
    """CVE-2025-31133: a link in place of /dev/null must not be bound over the masked path. What it
    would write to is a parameter of a network namespace made for this test."""
    made = bundle("/bin/sh", "-c", "echo 77 > /secret")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if not entry["destination"].startswith("/dev")]
    made.without_namespace("network")
    os.symlink("/proc/sys/net/ipv4/ip_default_ttl", made.rootfs + "/dev/null")
    made.file("/secret", "secret")
    made.linux["maskedPaths"] = ["/secret"]
    made.linux["readonlyPaths"] = []
    name = thole.prepare(made)
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", '"$@"; cat /proc/sys/net/ipv4/ip_default_ttl', "sh",
         thole.path, "--root", thole.root, "run", "--bundle", made.path, name],
        capture_output=True, text=True, check=True)
    assert done.stdout == "64\n", done


def test_masked_path_through_a_link(thole, bundle, outside):
    made = bundle("/bin/sh", "-c", "cat /link/file 2>/dev/null; echo end")
    os.symlink(up(made, outside), made.rootfs + "/link")
    made.linux["maskedPaths"] += ["/link/file"]
    assert thole.run(made).out in ("end\n", "")


def test_fake_dev_null_is_not_used(thole, bundle):
    """A regular file called /dev/null in the image is neither kept nor bound."""
    made = bundle("/bin/sh", "-c", "cat /secret /dev/null | wc -c; test -c /dev/null && echo device")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if not entry["destination"].startswith("/dev")]
    made.file("/dev/null", "decoy")
    made.file("/secret", "secret")
    made.linux["maskedPaths"] = ["/secret"]
    result = thole.run(made)
    if result.code == 0:
        assert result.out.split() == ["0", "device"]
    else:
        assert "/dev/null" in result.err


def test_tmpcopyup_follows_no_link_out(thole, bundle, outside):
    made = bundle("/bin/sh", "-c", "ls /data; cat /data/link/file 2>/dev/null; echo end")
    os.mkdir(made.rootfs + "/data")
    os.symlink(up(made, outside), made.rootfs + "/data/link")
    made.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    assert thole.run(made).ok().out.split() == ["link", "end"]


def test_console_is_bound_to_nothing_of_the_host(thole, bundle, outside):
    """CVE-2025-52565: /dev/console as a link, with a terminal."""
    pexpect = pytest.importorskip("pexpect", reason="needs the package python3-pexpect")
    made = bundle("/bin/sh", "-c", "echo written > /dev/console; echo end", terminal=True)
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if entry["destination"] != "/dev"]
    os.makedirs(made.rootfs + "/dev/pts", exist_ok=True)
    os.symlink(up(made, outside + "/file"), made.rootfs + "/dev/console")
    name = thole.prepare(made)
    child = pexpect.spawn(thole.path, ["--root", thole.root, "run", "--bundle", made.path, name],
                          encoding="utf-8", timeout=10)
    child.expect(pexpect.EOF)
    child.close()


def test_fifo_in_place_of_a_device_does_not_hang(thole, bundle):
    made = bundle("/bin/true")
    made.config["mounts"] = [entry for entry in made.config["mounts"]
                             if not entry["destination"].startswith("/dev")]
    os.mkfifo(made.rootfs + "/dev/null")
    result = thole.run(made, timeout=20)
    assert result.code == 0 or "/dev/null" in result.err
    assert stat.S_ISFIFO(os.lstat(made.rootfs + "/dev/null").st_mode) or result.code == 0
