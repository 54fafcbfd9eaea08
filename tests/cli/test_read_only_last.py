# SPDX-License-Identifier: Apache-2.0
"""What forbids writing takes effect when everything beneath it is made, and then it holds."""
import os
import resource
import subprocess

import pytest

from harness.caller import Caller

pytestmark = pytest.mark.any_layout


def forbid_tmpfs(made, folder):
    made.mount("/area", "tmpfs", "tmpfs", ["ro"])
    return "/area"


def forbid_copied_tmpfs(made, folder):
    made.file("/area/old", "old\n")
    made.mount("/area", "tmpfs", "tmpfs", ["ro", "tmpcopyup"])
    return "/area"


def forbid_bind(*options):
    def forbid(made, folder):
        source = os.path.join(folder, "source")
        os.makedirs(source)
        if "user" in {entry["type"] for entry in made.linux["namespaces"]}:
            os.chown(source, 100000, 100000)
        made.mount("/area", source, "bind", list(options))
        return "/area"
    return forbid


def forbid_root(made, folder):
    made.config["root"]["readonly"] = True
    return ""


def forbid_dev(made, folder):
    next(entry for entry in made.config["mounts"] if entry["destination"] == "/dev")[
        "options"].append("ro")
    return "/dev"


def forbid_path(path, area):
    def forbid(made, folder):
        os.makedirs(made.rootfs + "/area", exist_ok=True)
        made.linux["readonlyPaths"].append(path)
        return area
    return forbid


FORBIDS = {
    "tmpfs": forbid_tmpfs, "tmpfs-copied": forbid_copied_tmpfs, "bind": forbid_bind("bind", "ro"),
    "rbind": forbid_bind("rbind", "ro"), "rbind-rro": forbid_bind("rbind", "rro"),
    "root": forbid_root, "dev": forbid_dev, "path": forbid_path("/area", "/area"),
    "path-root": forbid_path("/", ""), "path-dev": forbid_path("/dev", "/dev"),
}


def make_mount(made, folder, area):
    made.mount(area + "/new/deep", "tmpfs", "tmpfs")
    return area + "/new/deep"


def make_file(made, folder, area):
    source = os.path.join(folder, "file")
    with open(source, "w", encoding="ascii"):
        pass
    made.mount(area + "/new/file", source, "bind", ["bind"])
    return area + "/new/file"


def make_through_a_link(made, folder, area):
    os.symlink(area or "/", made.rootfs + "/link")
    made.mount("/link/new", "tmpfs", "tmpfs")
    return area + "/new"


def make_device(made, folder, area):
    made.linux["devices"] = [{"path": area + "/fifo", "type": "p", "fileMode": 0o600}]
    return area + "/fifo"


def make_working_directory(made, folder, area):
    made.process["cwd"] = area + "/new/place"
    return area + "/new/place"


MAKES = {"mount": make_mount, "file": make_file, "link": make_through_a_link,
         "device": make_device, "cwd": make_working_directory}


@pytest.mark.parametrize("forbids, makes, way",
                         [(forbids, makes, way) for forbids in FORBIDS for makes in MAKES
                          for way in ("", "userns")]
                         + [(forbids, "mount", "--no-pivot") for forbids in FORBIDS])
def test_made_first_then_read_only(thole, bundle, folder, forbids, makes, way):
    made = bundle()
    if way == "userns":
        made.user_namespace()
    area = FORBIDS[forbids](made, folder)
    thing = MAKES[makes](made, folder, area)
    if way == "userns":
        subprocess.run(["chown", "-hR", "100000:100000", made.rootfs], check=True)
    made.process["args"] = ["/bin/sh", "-c", f"ls -d {thing}; touch {area}/written && echo written"]
    result = thole.run(made, *[way] if way.startswith("-") else [])
    assert result.out == thing + "\n", result
    assert "Read-only file system" in result.err, result


def test_what_is_mounted_beneath_stays_writable(thole, bundle, folder):
    """A recursive flag is for the source's tree, not for later mounts in it."""
    made = bundle("/bin/sh", "-c", "touch /area/new/deep/x && ls /area/new/deep")
    forbid_bind("rbind", "rro")(made, folder)
    make_mount(made, folder, "/area")
    assert thole.run(made).ok().out == "x\n"


@pytest.mark.parametrize("forbids", ["dev", "path-dev", "root", "path-root"])
def test_console_and_links_of_dev(thole, bundle, folder, forbids):
    made = bundle("/bin/sh", "-c", "ls -1d /dev/console /dev/fd /dev/null; touch /dev/x || echo refused",
                  terminal=True)
    if forbids in ("root", "path-root"):  # /dev is a folder of the root file system
        made.config["mounts"] = [entry for entry in made.config["mounts"]
                                 if entry["destination"] != "/dev"]
    FORBIDS[forbids](made, folder)
    name = thole.prepare(made)
    caller = Caller([thole.path, "--root", thole.root, "run", "--bundle", made.path, name])
    try:
        assert caller.wait() == 0
        text = caller.text["terminal"].decode()
        assert "/dev/console\r\n/dev/fd\r\n/dev/null\r\n" in text, text
        assert text.endswith("refused\r\n"), text
    finally:
        caller.close()


@pytest.mark.parametrize("mode", [0o700, 0o1777, 0o2755])
@pytest.mark.parametrize("options", [[], ["ro"], ["ro", "tmpcopyup"]], ids=" ".join)
def test_tmpfs_takes_over_the_mode_of_its_directory(thole, bundle, options, mode):
    made = bundle("/bin/stat", "-c", "%a", "/area")
    os.mkdir(made.rootfs + "/area")
    os.chmod(made.rootfs + "/area", mode)
    made.mount("/area", "tmpfs", "tmpfs", options)
    assert thole.run(made).ok().out == f"{mode:o}\n"


def test_read_only_tmpfs_keeps_the_mode_asked_for(thole, bundle):
    made = bundle("/bin/stat", "-c", "%a", "/tmp")
    made.mount("/tmp", "tmpfs", "tmpfs", ["ro", "mode=0750"])
    assert thole.run(made).ok().out == "750\n"


def test_more_read_only_mounts_than_are_kept_open(thole, bundle, folder):
    made = bundle("/bin/sh", "-c", "for i in /many/*; do touch $i/x && echo $i; done")
    source = os.path.join(folder, "source")
    os.mkdir(source)
    for number in range(300):
        made.mount(f"/many/{number}", source, "bind", ["bind", "ro"])
    assert thole.run(made, before=(), preexec_fn=few_files).out == ""


def test_many_wait_for_what_is_made_beneath(thole, bundle, folder):
    """However many come before: each gets a mount point, and none can be written to in the end."""
    made = bundle("/bin/sh", "-c", "ls -d /many/*/new | wc -l; touch /many/*/x && echo written")
    for number in range(100):
        source = os.path.join(folder, str(number))
        os.mkdir(source)
        made.mount(f"/many/{number}", source, "bind", ["bind", "ro"])
    for number in range(100):
        made.mount(f"/many/{number}/new", "tmpfs", "tmpfs", ["ro"])
    assert thole.run(made).out == "100\n"


def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))


@pytest.mark.parametrize("path", ["/", "//", "/proc/.."])
def test_root_cannot_be_masked(thole, bundle, path):
    made = bundle("/bin/true")
    made.linux["maskedPaths"] = ["/proc/kcore", path]
    thole.run(made).failed("/linux/maskedPaths/1")


def test_root_cannot_be_masked_through_a_link(thole, bundle):
    made = bundle("/bin/true")
    os.symlink("/", made.rootfs + "/all")
    made.linux["maskedPaths"] = ["/all"]
    thole.run(made).failed("/linux/maskedPaths/0")


def test_root_is_read_only_through_a_link(thole, bundle):
    made = bundle("/bin/touch", "/new")
    os.symlink("/", made.rootfs + "/all")
    made.linux["readonlyPaths"] = ["/all"]
    thole.run(made).failed("Read-only file system")
