# SPDX-License-Identifier: Apache-2.0
"""A mount with the destination "/" is the root of the container from then on: an overlay of layers, a tmpfs, a
tree from elsewhere. What is mounted later lies in it, and nothing is seen of what it covers."""
import os
import subprocess

import pytest

LISTED = "cat /proc/self/mounts | head -n 2; ls /; echo written > /etc/note && cat /etc/note"


@pytest.fixture(name="layered")
def fixture_layered(bundle, folder):
    """layered(COMMAND, **members of process): a bundle whose root is an empty directory beneath an overlay."""

    def make(command, **process):
        made = bundle("/bin/sh", "-c", command, **process)
        lower, upper, work = (os.path.join(folder, name) for name in ("lower", "upper", "work"))
        os.rename(made.rootfs, lower)
        for directory in (made.rootfs, upper, work):
            os.mkdir(directory)
        os.chmod(lower, 0o755)
        made.config["mounts"].insert(0, {
            "destination": "/", "type": "overlay", "source": "overlay",
            "options": [f"lowerdir={lower}", f"upperdir={upper}", f"workdir={work}"]})
        made.lower, made.upper = lower, upper
        return made

    return make


@pytest.mark.parametrize("options", [[], ["--no-pivot"]], ids=["pivot", "no-pivot"])
def test_an_overlay_is_the_root(thole, layered, options):
    made = layered(LISTED)
    lines = thole.run(made, *options).ok().out.splitlines()
    assert lines[0].startswith("overlay / overlay rw,"), lines
    assert lines[1].startswith("proc /proc proc "), lines
    assert lines[-1] == "written"
    with open(os.path.join(made.upper, "etc/note"), encoding="utf-8") as note:
        assert note.read() == "written\n"
    assert not os.path.exists(os.path.join(made.lower, "etc/note"))
    assert os.listdir(made.rootfs) == []  # mount points were made in the overlay, not beneath it


def test_readonly_is_for_the_root_there_is(thole, layered):
    made = layered("cat /proc/self/mounts | head -n 1; touch /etc/note")
    made.config["root"]["readonly"] = True
    result = thole.run(made)
    assert result.out.startswith("overlay / overlay ro,"), result
    assert result.code != 0 and "Read-only" in result.err
    assert not os.path.exists(os.path.join(made.upper, "etc/note"))


def test_in_a_user_namespace(thole, layered):
    made = layered("cat /etc/note; id -u; echo more > /etc/more")
    made.user_namespace()
    with open(os.path.join(made.lower, "etc/note"), "w", encoding="utf-8") as note:
        note.write("below\n")
    subprocess.run(["chown", "-R", "100000:100000", made.lower, made.upper, os.path.dirname(made.upper) + "/work"],
                   check=True)
    assert thole.run(made).ok().out.split() == ["below", "0"]
    assert os.stat(os.path.join(made.upper, "etc/more")).st_uid == 100000


def test_a_tree_from_elsewhere_is_the_root(thole, bundle, folder):
    made = bundle("/bin/sh", "-c", "ls /; test -e /proc/self/exe")
    elsewhere = os.path.join(folder, "elsewhere")
    os.rename(made.rootfs, elsewhere)
    os.mkdir(made.rootfs)
    made.config["mounts"].insert(0, {"destination": "/", "type": "bind", "source": elsewhere, "options": ["bind"]})
    assert "bin" in thole.run(made).ok().out.split()


def test_exec_finds_the_same_root(thole, layered):
    container = thole.launch(layered("sleep 100"))
    assert container.exec("/bin/cat", "/proc/self/mounts").ok().out.startswith("overlay / overlay")
