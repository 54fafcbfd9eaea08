# SPDX-License-Identifier: Apache-2.0
"""Each flag of a bind mount: asked for, cleared or left out, and its source has it or not."""
import itertools
import os
import subprocess

import pytest

pytestmark = pytest.mark.any_layout

OPPOSITES = {"ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec",
             "nosymfollow": "symfollow"}
OTHERS = {"ro": "nodev", "nosuid": "nodev", "nodev": "nosuid", "noexec": "nodev",
          "nosymfollow": "nodev"}
RECURSIVE = {flag: "r" + flag for flag in OPPOSITES}
# What the options say about the flag: itself, its opposite, another one only, or none at all.
SAID = ("asked", "cleared", "silent", "bare")
# Whose flags they are: the host's for root, for a container in a user namespace, and locked by the
# kernel, for a runtime in a user namespace that somebody else made.
WHERE = ("root", "userns", "locked")


def expected(said, source_has, where):
    """Whether the mount has the flag; None: an error. docs/mounts.md has the same table."""
    if said == "asked":
        return True
    if said == "cleared":
        return None if where == "locked" and source_has else False
    if said == "silent" and where == "root":
        return False
    return source_has


@pytest.fixture
def source(folder):
    path = os.path.join(folder, "tree", "flags")
    os.makedirs(path)

    def make(*flags):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "flags", path], check=True)
        if flags:
            subprocess.run(["mount", "-o", "remount,bind," + ",".join(flags), path], check=True)
        return path
    yield make
    subprocess.run(["umount", path], check=True)


def run_in(thole, where, made):
    """A runtime that is root on the host, or root in a user namespace made by somebody else."""
    if where == "userns":
        made.user_namespace()
    if where != "locked":
        return thole.run(made)
    made.config["mounts"][2]["options"].remove("gid=5")  # only one id has a meaning there
    name = thole.prepare(made)
    command = ["unshare", "--user", "--map-root-user", "--mount", thole.path, "--root", thole.root,
               "--cgroup-manager", "disabled", "run", "--bundle", made.path, name]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=60)
    return type("Result", (), {"code": done.returncode, "out": done.stdout, "err": done.stderr})()


@pytest.mark.parametrize("said, source_has, where, flag", itertools.product(
    SAID, (True, False), WHERE, OPPOSITES))
def test_flag(thole, bundle, source, said, source_has, where, flag):
    options = {"asked": [flag], "cleared": [OPPOSITES[flag]], "silent": [OTHERS[flag]],
               "bare": []}[said]
    made = bundle("/bin/grep", " /mnt ", "/proc/self/mountinfo")
    made.mount("/mnt", source(*([flag] if source_has else [])), "bind", ["bind", *options])
    wanted = expected(said, source_has, where)
    if flag == "nosymfollow" and wanted is None:
        wanted = False  # the kernel locks all of them but this
    result = run_in(thole, where, made)
    if wanted is None:
        assert result.code != 0 and "/mounts/6: set mount options of /mnt" in result.err, result.err
        return
    assert result.code == 0, result.err
    assert (flag in result.out.split()[5].split(",")) == wanted, result.out


@pytest.mark.parametrize("where", ["root", "userns"])
@pytest.mark.parametrize("source_has, option, wanted", [
    ("noatime", "nosuid", "noatime"), ("noatime", "relatime", "relatime"),
    ("relatime", "noatime", "noatime"), ("noatime,nodiratime", "nosuid", "nodiratime")])
def test_access_time_stays_unless_it_is_named(thole, bundle, source, source_has, option, wanted,
                                              where):
    made = bundle("/bin/grep", " /mnt ", "/proc/self/mountinfo")
    made.mount("/mnt", source(source_has), "bind", ["bind", option])
    result = run_in(thole, where, made).ok()
    assert wanted in result.out.split()[5].split(",")


@pytest.mark.parametrize("flag", OPPOSITES)
def test_recursive_flag_holds_for_the_top_as_well(thole, bundle, source, flag):
    made = bundle("/bin/grep", " /mnt", "/proc/self/mountinfo")
    made.mount("/mnt", os.path.dirname(source()), "bind", ["rbind", RECURSIVE[flag], OTHERS[flag]])
    lines = thole.run(made).ok().out.splitlines()
    assert len(lines) == 2 and all(flag in line.split()[5].split(",") for line in lines), lines


@pytest.mark.parametrize("words", [["rbind", "bind"], ["bind", "rbind"]], ids="-".join)
def test_recursion_stays_whatever_follows(thole, bundle, source, words):
    made = bundle("/bin/sh", "-c", "grep -c ' /mnt' /proc/self/mountinfo")
    made.mount("/mnt", os.path.dirname(source()), "bind", words)
    assert thole.run(made).ok().out == "2\n"


@pytest.mark.parametrize("dangling", [False, True])
def test_link_at_the_destination_is_covered_itself(thole, bundle, folder, dangling):
    """dest-nofollow: the mount lies on the link; what the link points to is left alone."""
    made = bundle("/bin/sh", "-c", "readlink /etc/link; cat /etc/target; grep -c ' /etc/link '"
                  " /proc/self/mountinfo")
    made.file("/etc/target", "target\n")
    os.symlink("missing" if dangling else "target", made.rootfs + "/etc/link")
    os.symlink("elsewhere", folder + "/new")
    made.mount("/etc/link", folder + "/new", "bind", ["bind", "src-nofollow", "dest-nofollow"])
    assert thole.run(made).ok().out == "elsewhere\ntarget\n1\n"


@pytest.mark.parametrize("kind", ["file", "directory", "missing"])
def test_nofollow_without_a_link(thole, bundle, folder, kind):
    made = bundle("/bin/grep", "-c", " /new/place ", "/proc/self/mountinfo")
    if kind == "file":
        made.file("/new/place")
        open(folder + "/source", "w", encoding="ascii").close()
    else:
        os.mkdir(folder + "/source")
    if kind == "directory":
        os.makedirs(made.rootfs + "/new/place")
    made.mount("/new/place", folder + "/source", "bind", ["bind", "dest-nofollow"])
    assert thole.run(made).ok().out == "1\n"
