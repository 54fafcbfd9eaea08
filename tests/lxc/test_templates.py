# SPDX-License-Identifier: Apache-2.0
"""The templates that come with thole: busybox, local and oci. What an image says is done, what its layers say
stays within the root file system, and what has been changed on the way is refused."""
import io
import os
import shutil
import stat
import subprocess
import tarfile

import pytest

from harness import oci_layout
from harness.oci_layout import INDEX, Layout, entry, layer
from harness.runtime import until

SOURCE = os.path.join(os.path.dirname(__file__), "../../src/lxc/templates")


@pytest.fixture(name="create")
def fixture_create(lxc):
    """create(TEMPLATE, WORD...) -> (result, directory)."""

    def make(template, *words, options=()):
        name = lxc.new_name()
        path = os.path.realpath(os.path.join(SOURCE, "lxc-" + template))
        result = lxc("create", name, "-f", "/dev/null", "-t", path, *options, "--", *words)
        return result, os.path.join(lxc.lxcpath, name)

    return make


@pytest.fixture(name="layout")
def fixture_layout(folder):
    for program in ("jq", "tar"):
        if not shutil.which(program):
            pytest.skip("needs the program " + program)
    return Layout(os.path.join(folder, "layout"))


@pytest.fixture(name="unpacked")
def fixture_unpacked(create, layout):
    """unpacked(LAYER..., members of the image's config): the directory of a container made of that image."""

    def make(*layers, **config):
        layout.image(list(layers), **config)
        result, directory = create("oci", "-u", f"oci:{layout.path}:latest")
        result.ok()
        return directory

    return make


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def settings(directory):
    """The configuration's settings after the header, in order."""
    return [tuple(line.split(" = ", 1)) for line in read(directory + "/config").splitlines()
            if line.startswith("lxc.") and " = " in line]


def tree(root):
    return sorted(os.path.relpath(os.path.join(directory, name), root)
                  for directory, folders, files in os.walk(root) for name in folders + files)


# ---- all of them ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("template", ["busybox", "local", "oci"])
def test_help_and_wrong_options(create, lxc, template):
    result, _ = create(template, "--help")
    assert result.ok().out.startswith(f"Template {template}")
    result, _ = create(template, "--nonsense=1")
    result.failed("there is no option --nonsense")
    result, _ = create(template, "word")
    result.failed("there is no option word")
    assert os.listdir(lxc.lxcpath) == []


# ---- busybox -------------------------------------------------------------------------------------------------

def test_busybox(create):
    result, directory = create("busybox")
    result.ok()
    root = directory + "/rootfs"
    assert os.readlink(root + "/bin/sh") == "busybox"
    assert os.readlink(root + "/sbin/init") == "../bin/busybox"
    assert subprocess.run(["chroot", root, "/bin/echo", "works"], capture_output=True, check=True).stdout == b"works\n"
    assert stat.S_IMODE(os.stat(root + "/tmp").st_mode) == 0o1777
    assert read(root + "/etc/hostname") == os.path.basename(directory) + "\n"
    assert not [line for line in read(root + "/etc/shadow").splitlines() if line.split(":")[1] not in ("*", "!")]
    assert ("lxc.signal.halt", "SIGUSR1") in settings(directory)
    assert len([key for key, _ in settings(directory) if key == "lxc.rootfs.path"]) == 1


def test_busybox_of_another_place(create, folder):
    program = shutil.copy(shutil.which("busybox"), os.path.join(folder, "bb"))
    result, directory = create("busybox", f"--busybox-path={program}")
    result.ok()
    assert os.path.exists(directory + "/rootfs/bin/busybox")
    result, _ = create("busybox", "--busybox-path", "/nonexistent")
    result.failed("there is no busybox")


# ---- local ---------------------------------------------------------------------------------------------------

def archive(path, *entries):
    with open(path, "wb") as target:
        target.write(layer(*entries))
    return path


def test_local(create, folder, lxc):
    files = archive(os.path.join(folder, "files.tar"), entry("./etc/"), entry("./etc/issue", "I am LXC_NAME\n"),
                    entry("./etc/plain", "LXC_NAME\n", mode=0o600), entry("./dev/"),
                    entry("./dev/null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3))
    metadata = archive(os.path.join(folder, "meta.tar"), entry("config", "lxc.include = LXC_TEMPLATE_CONFIG/common.conf\n"
                                                               "lxc.arch = x86_64\n"),
                       entry("templates", "/etc/issue\n"), entry("create-message", "made LXC_NAME\n"))
    result, directory = create("local", "-m", metadata, "-f", files)
    name = os.path.basename(directory)
    assert result.ok().out == f"made {name}\n"
    assert settings(directory) == [("lxc.rootfs.path", f"dir:{directory}/rootfs"),
                                   ("lxc.include", "/usr/share/lxc/config/common.conf"), ("lxc.arch", "x86_64"),
                                   ("lxc.uts.name", name)]
    assert read(directory + "/rootfs/etc/issue") == f"I am {name}\n"
    assert read(directory + "/rootfs/etc/plain") == "LXC_NAME\n"
    assert stat.S_ISCHR(os.stat(directory + "/rootfs/dev/null").st_mode)
    assert sorted(os.listdir(directory)) == ["config", "rootfs"]
    result, other = create("local", "-f", files, "--no-dev")
    result.ok()
    assert os.listdir(other + "/rootfs/dev") == ["pts"]
    create("local", "-f", "/nonexistent")[0].failed("/nonexistent")
    create("local")[0].failed("--fstree is required")


def test_local_fills_in_no_files_of_the_host(create, folder):
    outside = os.path.join(folder, "outside")
    with open(outside, "w", encoding="utf-8") as target:
        target.write("LXC_NAME\n")
    files = archive(os.path.join(folder, "files.tar"), entry("etc/"), entry("etc/link", link=outside),
                    entry("out", link=folder))
    metadata = archive(os.path.join(folder, "meta.tar"), entry("config", ""),
                       entry("templates", f"/etc/link\n/out/outside\n/../../../../{outside}\n"))
    create("local", "-m", metadata, "-f", files)[0].ok()
    assert read(outside) == "LXC_NAME\n"


# ---- oci: the configuration ----------------------------------------------------------------------------------

PASSWD = layer(entry("etc/"), entry("etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:33:34::/srv:/bin/sh\n"),
               entry("etc/group", "root:x:0:\nweb:x:34:\nmore:x:50:root,web\nother:x:51:root\nlast:x:52:web\n"))


@pytest.mark.parametrize("user, wanted", [
    ("", {}), ("33", {"uid": "33", "gid": "34"}), ("7", {"uid": "7"}), ("7:8", {"uid": "7", "gid": "8"}),
    ("web", {"uid": "33", "gid": "34", "groups": "50,52"}), ("web:more", {"uid": "33", "gid": "50", "groups": "50,52"}),
    ("33:web", {"uid": "33", "gid": "34"}), ("root", {"uid": "0", "gid": "0", "groups": "50,51"}),
])
def test_user(unpacked, user, wanted):
    found = {key[len("lxc.init."):]: value for key, value in settings(unpacked(PASSWD, User=user, Cmd=["/x"]))
             if key in ("lxc.init.uid", "lxc.init.gid", "lxc.init.groups")}
    assert found == wanted


@pytest.mark.parametrize("user, text", [("nobody-here", "no user nobody-here"), ("web:none", "no group none")])
def test_users_that_are_not_there(create, layout, user, text):
    layout.image([PASSWD], User=user)
    create("oci", "-u", "oci:" + layout.path)[0].failed(text)


def test_users_are_not_those_of_the_host(create, layout):
    layout.image([layer(entry("etc/"), entry("etc/passwd", link="/etc/passwd"), entry("etc/group", link="/etc/group"))],
                 User="daemon")
    create("oci", "-u", "oci:" + layout.path)[0].failed("the image has no /etc/passwd")


COMMANDS = [
    (["/bin/app"], None), (["/bin/app", "-v"], ["x y", "z"]), (None, ["/bin/sh", "-c", "echo 'it''s' \"$HOME\" \\ #;"]),
    (["/bin/a b"], ["", "end"]), (["/bin/app"], ["ä", "*", "a=b", "--", "tab\there"]), (["/bin/app"], [""]),
]


@pytest.mark.parametrize("entrypoint, cmd", COMMANDS, ids=str)
def test_command(lxc, unpacked, entrypoint, cmd):
    directory = unpacked(layer(entry("bin/")), Entrypoint=entrypoint, Cmd=cmd, WorkingDir="/srv/a b",
                         Env=["PATH=/bin", "A=1 2", "B=x=y", "EMPTY=", "Q='\"\\"], StopSignal="SIGQUIT")
    config = oci_config(lxc, directory)
    assert config["process"]["args"] == (entrypoint or []) + (cmd or [])
    assert config["process"]["cwd"] == "/srv/a b"
    for word in ("PATH=/bin", "A=1 2", "B=x=y", "EMPTY=", "Q='\"\\"):
        assert word in config["process"]["env"]
    assert ("lxc.signal.halt", "SIGQUIT") in settings(directory)
    assert dict(settings(directory))["lxc.execute.cmd"] == dict(settings(directory))["lxc.init.cmd"]


def oci_config(lxc, directory):
    """What thole-lxc convert makes of the container."""
    import json
    return json.loads(lxc("convert", os.path.basename(directory)).ok().out)


@pytest.mark.parametrize("given, wanted", [(None, "SIGTERM"), ("SIGINT", "SIGINT"), ("USR1", "SIGUSR1"), ("37", "37"),
                                           ("SIGRTMIN+3", "SIGRTMIN+3")])
def test_stop_signal(unpacked, given, wanted):
    assert ("lxc.signal.halt", wanted) in settings(unpacked(PASSWD, **({"StopSignal": given} if given else {})))


def test_what_a_line_cannot_hold(create, layout, lxc):
    """A line break would begin another setting."""
    layout.image([PASSWD], Env=["A=1\nlxc.hook.start = /bin/evil", "B=2"])
    result, directory = create("oci", "-u", "oci:" + layout.path)
    result.ok()
    assert ("lxc.environment", "B=2") in settings(directory)
    assert "lxc.hook.start" not in dict(settings(directory))
    for number, config in enumerate(({"Cmd": ["/x", "a\nlxc.hook.start = /bin/evil"]},
                                     {"WorkingDir": "/x\nlxc.hook.start = /bin/evil"},
                                     {"StopSignal": "TERM\nlxc.hook.start = /bin/evil"})):
        layout.image([PASSWD], tag=str(number), **config)
        create("oci", "-u", f"oci:{layout.path}:{number}")[0].failed()
    assert os.listdir(lxc.lxcpath) == [os.path.basename(directory)]


# ---- oci: which image ----------------------------------------------------------------------------------------

def test_tags_and_machines(create, layout):
    first = layout.image([layer(entry("first", "1"))], tag="first")
    layout.image([layer(entry("second", "2"))], tag="second")
    foreign = layout.image([layer(entry("foreign", "3"))], tag="foreign", architecture="mips64le")
    layout.add(layout.blob({"schemaVersion": 2, "mediaType": INDEX, "manifests":
                            [foreign["descriptor"], first["descriptor"]]}, INDEX), "both")
    for tag, name in (("first", "first"), ("second", "second"), ("both", "first")):
        result, directory = create("oci", "-u", f"oci:{layout.path}:{tag}")
        result.ok()
        assert [word for word in os.listdir(directory + "/rootfs") if word not in ("dev", "proc", "sys")] == [name]
    create("oci", "-u", f"oci:{layout.path}:none")[0].failed("with the tag none")
    create("oci", "-u", f"oci:{layout.path}")[0].failed("not exactly one image")
    create("oci", "-u", f"oci:{layout.path}:foreign")[0].failed("made for mips64le")
    create("oci", "-u", "oci:/nonexistent:x")[0].failed("no OCI image layout")
    create("oci")[0].failed("--url is required")


# ---- oci: layers ---------------------------------------------------------------------------------------------

def test_what_a_layer_can_hold(unpacked):
    directory = unpacked(
        layer(entry("bin/"), entry("bin/tool", "tool", mode=0o4755, uid=3, gid=4), entry("bin/again", link="bin/tool",
                                                                                          kind=tarfile.LNKTYPE),
              entry("tmp/", mode=0o1777), entry("link", link="bin/tool"), entry("fifo", kind=tarfile.FIFOTYPE),
              entry("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
              entry("capable", "x", pax_headers={"SCHILY.xattr.user.note": "said"})),
        layer(entry("bin/"), entry("bin/more", "more"), entry("link", "now a file")))
    root = directory + "/rootfs"
    tool = os.stat(root + "/bin/tool")
    assert (stat.S_IMODE(tool.st_mode), tool.st_uid, tool.st_gid, tool.st_nlink) == (0o4755, 3, 4, 2)
    assert tool.st_mtime == 1_000_000_000
    assert os.stat(root + "/bin/again").st_ino == tool.st_ino
    assert stat.S_IMODE(os.stat(root + "/tmp").st_mode) == 0o1777
    assert read(root + "/link") == "now a file" and read(root + "/bin/tool") == "tool"
    assert read(root + "/bin/more") == "more"
    assert stat.S_ISFIFO(os.stat(root + "/fifo").st_mode) and stat.S_ISCHR(os.stat(root + "/null").st_mode)
    assert os.getxattr(root + "/capable", "user.note") == b"said"


@pytest.mark.parametrize("compressed", [True, False])
def test_whiteouts(create, layout, compressed):
    layout.image([
        layer(entry("gone", "x"), entry("kept", "x"), entry("dir/"), entry("dir/gone", "x"), entry("dir/kept", "x"),
              entry("tree/"), entry("tree/below/"), entry("tree/below/file", "x"), entry("opaque/"),
              entry("opaque/old", "x"), entry("opaque/deep/"), entry("opaque/deep/old", "x"), entry("again", "old")),
        layer(entry(".wh.gone"), entry("dir/"), entry("dir/.wh.gone"), entry(".wh.tree"), entry(".wh.never-there"),
              entry("opaque/"), entry("opaque/new", "x"), entry("opaque/.wh..wh..opq"),
              entry("again", "new"), entry(".wh.again"))], compressed=compressed)
    result, directory = create("oci", "-u", "oci:" + layout.path)
    result.ok()
    assert [name for name in tree(directory + "/rootfs") if name not in ("dev", "proc", "sys")] == [
        "again", "dir", "dir/kept", "kept", "opaque", "opaque/new"]
    assert read(directory + "/rootfs/again") == "new"


def test_a_directory_in_place_of_a_link_and_the_other_way_round(unpacked):
    directory = unpacked(layer(entry("lib", link="usr/lib"), entry("usr/"), entry("usr/lib/"), entry("usr/lib/a", "a"),
                               entry("etc/"), entry("etc/x", "x")),
                         layer(entry("lib/"), entry("lib/b", "b"), entry("etc", link="usr")))
    root = directory + "/rootfs"
    assert os.path.isdir(root + "/lib") and not os.path.islink(root + "/lib")
    assert os.listdir(root + "/lib") == ["b"] and os.listdir(root + "/usr/lib") == ["a"]
    assert os.readlink(root + "/etc") == "usr"


def hostile(outside):
    """Layers that lead out, by name: each has to fail, or to stay in the root file system."""
    return {
        "dots": [layer(entry("../" * 12 + outside + "/evil", "evil"))],
        "dots-within": [layer(entry("a/"), entry("a/../../../../../../../../../.." + outside + "/evil", "evil"))],
        "absolute": [layer(entry(outside + "/evil", "evil"))],
        "link-then-file": [layer(entry("out", link=outside), entry("out/evil", "evil"))],
        "link-in-a-lower-layer": [layer(entry("out", link=outside)), layer(entry("out/evil", "evil"))],
        "link-in-a-lower-layer-directory": [layer(entry("out", link=outside)),
                                            layer(entry("out/"), entry("out/evil", "evil"))],
        "relative-link-in-a-lower-layer": [layer(entry("out", link="../" * 12 + outside.lstrip("/"))),
                                           layer(entry("out/evil", "evil"))],
        "whiteout-through-a-link": [layer(entry("out", link=outside)), layer(entry("out/.wh.kept"))],
        "opaque-through-a-link": [layer(entry("out", link=outside)), layer(entry("out/.wh..wh..opq"))],
        "whiteout-of-dots": [layer(entry("a/"), entry("a/.wh..."))],
        "whiteout-of-a-dot": [layer(entry("a/"), entry("a/.wh.."))],
        "whiteout-of-nothing": [layer(entry("a/"), entry("a/.wh."))],
        "hard-link": [layer(entry("evil", link=outside + "/kept", kind=tarfile.LNKTYPE)),
                      layer(entry("evil", "evil"))],
        "hard-link-then-write": [layer(entry("evil", link=outside + "/kept", kind=tarfile.LNKTYPE),
                                       entry("evil", "evil"))],
    }


@pytest.mark.parametrize("name", hostile("/x"))
def test_nothing_leads_out(create, layout, lxc, folder, name):
    outside = os.path.join(folder, "outside")
    os.mkdir(outside)
    with open(outside + "/kept", "w", encoding="utf-8") as target:
        target.write("kept")
    layout.image(hostile(outside)[name])
    result, directory = create("oci", "-u", "oci:" + layout.path)
    assert os.listdir(outside) == ["kept"] and read(outside + "/kept") == "kept"
    assert os.stat(outside + "/kept").st_nlink == 1
    if result.code != 0:
        assert os.listdir(lxc.lxcpath) == []
    else:
        assert not os.path.islink(directory + "/rootfs/evil")


# ---- oci: what has been changed ------------------------------------------------------------------------------

def flip(path):
    with open(path, "r+b") as target:
        byte = target.read(1)
        target.seek(0)
        target.write(bytes([byte[0] ^ 1]))


CHANGES = {
    "manifest": (lambda made: flip(made.layout.blob_path(made.manifest["descriptor"])), "has other contents"),
    "config": (lambda made: flip(made.layout.blob_path(made.manifest["config"])), "has other contents"),
    "layer": (lambda made: flip(made.layout.blob_path(made.manifest["layers"][0])), "has other contents"),
    "size": (lambda made: open(made.layout.blob_path(made.manifest["layers"][0]), "ab").write(b"x"), "not the size"),
    "missing": (lambda made: os.remove(made.layout.blob_path(made.manifest["layers"][0])), "is missing"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_blobs(create, layout, lxc, what):
    class Made:
        pass
    made = Made()
    made.layout, made.manifest = layout, layout.image([PASSWD])
    change, text = CHANGES[what]
    change(made)
    create("oci", "-u", "oci:" + layout.path)[0].failed(text)
    assert os.listdir(lxc.lxcpath) == []


@pytest.mark.parametrize("digest", ["sha256:../../../../etc/passwd", "sha256:", "md5:" + "0" * 32, "sha256:xyz",
                                    "../sha256:" + "0" * 64])
def test_digests_are_no_paths(create, layout, digest):
    descriptor = dict(layout.image([PASSWD])["descriptor"], digest=digest)
    layout.manifests = []
    layout.add(descriptor, "latest")
    create("oci", "-u", "oci:" + layout.path)[0].failed("digest")


def test_the_configuration_knows_its_layers(create, layout):
    """A layer that is what the manifest says, but not what the configuration says."""
    manifest = layout.image([PASSWD])
    other = layout.image([layer(entry("other", "x"))], tag="other")
    mixed = {"schemaVersion": 2, "config": manifest["config"], "layers": other["layers"]}
    layout.add(layout.blob(mixed, oci_layout.MANIFEST), "mixed")
    create("oci", "-u", f"oci:{layout.path}:mixed")[0].failed("other contents than the image's configuration says")


def test_other_sources_need_skopeo(create, layout, folder):
    """With skopeo: any transport of its own, here a directory."""
    layout.image([layer(entry("file", "from skopeo"))])
    if not shutil.which("skopeo"):
        create("oci", "-u", "docker://example.org/none")[0].failed("without skopeo")
        return
    copied = os.path.join(folder, "copied")
    subprocess.run(["skopeo", "copy", "--quiet", "--insecure-policy", f"oci:{layout.path}:latest", "dir:" + copied], check=True)
    result, directory = create("oci", "-u", "dir:" + copied)
    result.ok()
    assert read(directory + "/rootfs/file") == "from skopeo"
    create("oci", "-u", "dir:/nonexistent")[0].failed("skopeo cannot copy")


# ---- started -------------------------------------------------------------------------------------------------

def test_busybox_boots_and_halts(create, lxc):
    """Its init starts what it should, and ends by the signal that its configuration names."""
    result, directory = create("busybox")
    result.ok()
    name = os.path.basename(directory)
    lxc("start", name).ok()
    until(lambda: "syslogd" in lxc.runtime("exec", name, "/bin/ps").ok().out, what="syslogd")
    assert lxc.runtime("exec", name, "/bin/hostname").ok().out == name + "\n"
    lxc("stop", "--nokill", "-t", "20", name).ok()
    assert lxc("info", "-s", "-H", name).ok().out == "STOPPED\n"


def test_an_image_runs(lxc, layout, create, rootfs_template, thole_path, monkeypatch):
    """Entrypoint, command, user, directory and environment are those of the image, and so is the exit status."""
    init = os.path.join(os.path.dirname(thole_path), "thole-init")
    if not os.path.exists(init):
        pytest.skip("needs thole-init, which needs the C library as an archive to build")
    monkeypatch.setenv("THOLE_INIT", init)
    archive_bytes = io.BytesIO()
    with tarfile.open(fileobj=archive_bytes, mode="w") as target:
        target.add(rootfs_template, arcname=".")
    script = layer(entry("etc/"), entry("etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n"),
                   entry("etc/group", "web:x:34:\nmore:x:50:web\n"))
    layout.image([archive_bytes.getvalue(), script], User="web", WorkingDir="/srv/new", Env=["A=1 2"],
                 Entrypoint=["/bin/sh", "-c", 'id -u; id -G; pwd; echo "$A" "$@"; exit 9', "name"], Cmd=["x  y", ""])
    result, directory = create("oci", "-u", "oci:" + layout.path)
    result.ok()
    result = lxc("execute", os.path.basename(directory))
    assert result.out.splitlines() == ["33", "34 50", "/srv/new", "1 2 x  y "], result
    assert result.code == 9
