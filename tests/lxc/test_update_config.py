# SPDX-License-Identifier: Apache-2.0
"""lxc-update-config and lxc-config, beside Debian's."""
import os
import shutil
import subprocess

import pytest

from harness import lxc_config
from harness.runtime import Process

OLD_FILE = """lxc.utsname = beta
  lxc.tty=4
lxc.pts = 1024
lxc.devttydir = lxc
lxc.network.type = veth
lxc.network.flags = up
lxc.network.ipv4 = 10.2.3.5/24
lxc.network.ipv4.gateway = auto
lxc.network.ipv6 = 2003::1/64
lxc.network.script.up = /bin/x
lxc.network.type = macvlan
lxc.network.link = eth0
lxc.network.macvlan.mode = bridge
lxc.rootfs = /a/b
lxc.rootfs.backend = dir
lxc.rootfs.mount = /x
lxc.mount = /var/lib/fstab
lxc.mount.entry = a b none bind 0 0
lxc.id_map = u 0 1 2
lxc.aa_profile = unconfined
lxc.aa_allow_incomplete = 1
lxc.se_context = x
lxc.seccomp = /x
lxc.console = none
lxc.haltsignal = SIGPWR
lxc.rebootsignal = SIGINT
lxc.stopsignal = SIGKILL
lxc.syslog = daemon
lxc.loglevel = 1
lxc.logfile = /x
lxc.init_cmd = /sbin/init
lxc.init_uid = 0
lxc.init_gid = 0
lxc.pivotdir = x
lxc.kmsg = 0
lxc.cgroup.memory.limit_in_bytes = 1
lxc.network.0.mtu = 5
lxc.include = /usr/share/lxc/config/ubuntu.common.conf
lxc.console.logfile = x
lxc.tty.dir = lxc

# a comment
foo = bar
"""


@pytest.fixture
def update(lxc_path, tmp_path):
    """update(TEXT) -> (text after lxc-update-config, path of the file)."""

    def change(text, name="config"):
        path = tmp_path / name
        path.write_text(text)
        Process([lxc_path, "update-config", "-c", str(path)]).wait().ok()
        return path.read_text(), path

    return change


def test_the_same_text_as_debians(update, tmp_path):
    if not shutil.which("lxc-update-config"):
        pytest.skip("needs the package lxc")
    theirs = tmp_path / "theirs"
    theirs.write_text(OLD_FILE)
    subprocess.run(["/usr/bin/lxc-update-config", "-c", str(theirs)], check=True)
    mine, path = update(OLD_FILE)
    assert mine == theirs.read_text()
    assert (path.parent / "config.backup").read_text() == OLD_FILE
    assert (path.parent / "theirs.backup").read_text() == OLD_FILE


def test_the_meaning_stays(update):
    """The settings before and after are the same, and nothing is left to update."""
    before = OLD_FILE + "lxc.limit.nofile = 5\n"
    after, path = update(before)
    old = path.parent / "old"
    old.write_text(before)
    new_settings = lxc_config.read(str(path)).ok()
    assert sorted(new_settings.pairs()) == sorted(lxc_config.read(str(old)).ok().pairs())
    assert [note for note in new_settings.notes if "today" in note or "no effect" in note] == []
    assert update(after)[0] == after


def test_comments_and_foreign_lines_stay(update):
    text = "# lxc.utsname = a\nfoo lxc.utsname bar\n\n\tlxc.cgroup.x.y = 1\n"
    assert update(text)[0] == text


def test_a_link_and_the_owner_stay(lxc_path, tmp_path):
    (tmp_path / "real").write_text("lxc.utsname = a\n")
    os.chmod(tmp_path / "real", 0o640)
    if os.geteuid() == 0:
        os.chown(tmp_path / "real", 12345, 12345)
    os.symlink("real", tmp_path / "config")
    before = os.stat(tmp_path / "real")
    Process([lxc_path, "update-config", "--config", str(tmp_path / "config")]).wait().ok()
    after = os.stat(tmp_path / "config")
    assert os.path.islink(tmp_path / "config")
    assert (after.st_ino, after.st_uid, after.st_mode) == (before.st_ino, before.st_uid, before.st_mode)
    assert (tmp_path / "real").read_text() == "lxc.uts.name = a\n"


def test_bad_calls(lxc_path, tmp_path):
    missing = Process([lxc_path, "update-config", "-c", str(tmp_path / "none")]).wait()
    missing.failed("No such file")
    assert Process([lxc_path, "update-config"]).wait().ok().err.startswith("Usage: ")


@pytest.mark.parametrize("words", [
    [], ["-l"], ["lxc.lxcpath"], ["lxc."], ["lxc.bdev"], ["lxc.bdev.lvm.thin_pool"], ["lxc.cgroup.use"],
    ["lxc.cgroup.pattern"], ["nonsense"], [""], ["lxc.lxcpath", "and", "more"],
    ["lxc.bdev.rbd.rbdpool"]], ids=lambda words: " ".join(words) or "none")
def test_lxc_config_as_debians(lxc_path, words):
    if not shutil.which("lxc-config"):
        pytest.skip("needs the package lxc")
    mine, theirs = Process([lxc_path, "config", *words]).wait(), \
        Process(["lxc-config", *words]).wait()
    assert (mine.out, mine.err, mine.code) == (theirs.out, theirs.err, theirs.code)
