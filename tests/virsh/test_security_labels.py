# SPDX-License-Identifier: Apache-2.0
"""seclabel: what a domain runs with, what its files have meanwhile, and what is refused where SELinux is off.

Domains answer in files of theirs: the policy does not let them write to the tests' output.
"""
import json
import os
import re
import subprocess

import pytest

from harness import machine
from harness.runtime import until

on = pytest.mark.needs(security_module="selinux")
ATTRIBUTE = "security.selinux"
KEPT = "trusted.thole.selinux"
STATIC = "<seclabel type='static' model='{}'{}><label>system_u:system_r:container_t:s0:c1,c2</label>{}</seclabel>"
SHELL = "<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>{}</initarg></os>"


def label_of(path):
    return os.getxattr(path, ATTRIBUTE, follow_symlinks=False).rstrip(b"\0").decode()


def all_of(top):
    for folder, _, names in os.walk(top):
        for name in [""] + names:
            yield os.path.join(folder, name).rstrip("/")


def labels_of(top):
    return {path: label_of(path) for path in all_of(top)}


def without_kept(top):
    return not any(KEPT in os.listxattr(path, follow_symlinks=False) for path in all_of(top))


# ---- where SELinux is off ----

REFUSED = {
    "<seclabel type='dynamic' model='selinux'/>": "SELinux is not enabled",
    "<seclabel type='dynamic' model='selinux' relabel='yes'><baselabel>a:b:c:s0</baselabel></seclabel>":
        "SELinux is not enabled",
    STATIC.format("selinux", "", ""): "SELinux is not enabled",
    STATIC.format("apparmor", "", ""): "AppArmor is not enabled",
    "<seclabel type='dynamic' model='apparmor'/>": "AppArmor is not enabled",
    "<seclabel type='dynamic' model='selinux' relabel='no'/>": "a static one can do without",
    "<seclabel relabel='no'/>": "a static one can do without",
    "<seclabel type='static' model='selinux'/>": "a static label names the label",
    "<seclabel type='static'><label>a:b:c:s0</label></seclabel>": "a static label names its model",
    "<seclabel type='static' model='smack'><label>a</label></seclabel>": 'no security model "smack"',
}
IGNORED = ["", "<seclabel/>", "<seclabel type='dynamic'/>", "<seclabel type='none'/>",
           "<seclabel type='none' model='selinux'/>", "<seclabel type='none' model='dac'/>",
           "<seclabel type='dynamic' model='dac' relabel='yes'/>"]


def needs_none():
    for module in ("selinux", "apparmor"):
        if module in machine.security_modules():
            pytest.skip(f"needs a host without {module}")


@pytest.mark.parametrize("element", REFUSED, ids=range(len(REFUSED)))
def test_refused(virsh, root, element):
    """One sentence at the start, with file, line and element; the definition stays."""
    needs_none()
    name = virsh.define(element, rootfs=root)
    result = virsh("start", name).failed(REFUSED[element])
    reason = [line for line in result.err.splitlines() if REFUSED[element] in line]
    assert len(reason) == 1 and re.search(r"\.xml:\d+: /domain/seclabel", reason[0]), result.err
    assert virsh.state(name) == "shut off"


@pytest.mark.needs(controller="memory")
@pytest.mark.parametrize("element", IGNORED)
def test_ignored(virsh, root, element):
    """As libvirt does: without a security driver nobody wants a label by default."""
    needs_none()
    name = virsh.start(element, rootfs=root)
    config = json.loads(virsh("domxml-to-native", "oci", name).ok().out)
    assert "selinuxLabel" not in config["process"] and "hooks" not in config
    assert not any("selinux" in key for key in config["annotations"])
    told = virsh("dominfo", name).ok().out
    assert "Security model: none\n" in told and "Security label" not in told
    if not element:
        assert "seclabel" not in virsh("dumpxml", name).ok().out


# ---- labels of files: the attribute can be set where no module looks at it ----

@pytest.fixture
def tree(tmp_path):
    top = tmp_path / "tree"
    (top / "bin").mkdir(parents=True)
    (top / "bin" / "sh").write_text("x")
    (top / "link").symlink_to("/etc/passwd")
    os.mkfifo(top / "pipe")
    try:
        for number, path in enumerate(all_of(top)):
            os.setxattr(path, ATTRIBUTE, f"system_u:object_r:kind{number}_t:s0".encode() + b"\0", follow_symlinks=False)
    except OSError as error:
        pytest.skip(f"needs SELinux's attribute on the tests' filesystem: {error}")
    return str(top)


DOMAINS = "system_u:object_r:container_file_t:s0:c3,c4"


def run_hook(virsh, word, *paths):
    """As thole runs it."""
    state = {"ociVersion": "1.0.0", "id": "x", "status": "created", "bundle": "/",
             "annotations": {"org.thole.selinux.mount-label": DOMAINS}}
    return subprocess.run([virsh.program, "-c", virsh.uri, "hook", word, "--", *paths], input=json.dumps(state),
                          capture_output=True, text=True, check=False)


def test_files_have_the_label_and_get_theirs_back(virsh, tree):
    """Also after a domain that did not come to its end, and for what it has made."""
    if "selinux" in machine.security_modules():
        pytest.skip("types that no policy knows: needs a host without SELinux")
    before = labels_of(tree)
    outside = os.listxattr("/etc/passwd")
    for _ in range(2):
        result = run_hook(virsh, "label", tree)
        assert result.returncode == 0, result.stderr
        assert set(labels_of(tree).values()) == {DOMAINS}
    made = os.path.join(tree, "bin", "new")
    with open(made, "w", encoding="ascii"):
        os.setxattr(made, ATTRIBUTE, DOMAINS.replace("system_u", "other_u").encode())
    result = run_hook(virsh, "label-back", tree)
    assert result.returncode == 0, result.stderr
    assert labels_of(tree) == {**before, made: before[os.path.join(tree, "bin")]}
    assert without_kept(tree) and os.listxattr("/etc/passwd") == outside


def test_what_was_not_reached_keeps_its_label(virsh, tree):
    """A start that failed half way."""
    if "selinux" in machine.security_modules():
        pytest.skip("types that no policy knows: needs a host without SELinux")
    before = labels_of(tree)
    assert run_hook(virsh, "label", os.path.join(tree, "bin")).returncode == 0
    assert run_hook(virsh, "label-back", tree).returncode == 0
    assert labels_of(tree) == before and without_kept(tree)


@pytest.mark.parametrize("path", ["/", "relative", "/no/such/place"])
def test_what_cannot_be_labelled(virsh, path):
    before = os.listxattr("/")
    assert run_hook(virsh, "label", path).returncode != 0
    assert os.listxattr("/") == before


# ---- where SELinux is on ----

def labels_in(text):
    return re.findall(r"<(label|imagelabel)>([^<]*)</", text)


def current(pid):
    with open(f"/proc/{pid}/attr/current", encoding="ascii") as label:
        return label.read().rstrip("\0\n")


@on
@pytest.mark.parametrize("element", ["", "<seclabel type='dynamic' model='selinux'/>", "<seclabel/>"])
def test_dynamic(virsh, root, element):
    """Shown while it runs; its files have it until the end."""
    before = labels_of(root)
    name = virsh.start(element, rootfs=root)
    label = current(virsh.pid(name))
    assert re.fullmatch(r"system_u:system_r:container_t:s0:c\d+,c\d+", label)
    image = label.replace(":system_r:container_t:", ":object_r:container_file_t:")
    live = virsh("dumpxml", name).ok().out
    assert "<seclabel type='dynamic' model='selinux' relabel='yes'>" in live
    assert labels_in(live) == [("label", label), ("imagelabel", image)]
    assert not labels_in(virsh("dumpxml", name, "--inactive").ok().out)
    assert set(labels_of(root).values()) == {image}
    told = virsh("dominfo", name).ok().out
    assert "Security model: selinux\n" in told and re.search(
        "^Security label: " + label + r" \((enforcing|permissive)\)$", told, re.M)
    answer = os.path.join(root, "answer")
    virsh("lxc-enter-namespace", name, "--", "/bin/sh", "-c", "cat /proc/self/attr/current >/answer").ok()
    with open(answer, encoding="ascii") as told:
        assert told.read().rstrip("\0\n") == label
    virsh("destroy", name).ok()
    virsh.until_off(name)
    after = {**before, answer: before[root]}
    until(lambda: labels_of(root) == after, what="the former labels")
    assert without_kept(root)


@on
def test_base_label(virsh, root):
    name = virsh.start("<seclabel type='dynamic' model='selinux'><baselabel>unconfined_u:unconfined_r:container_t:s0"
                       "</baselabel></seclabel>", rootfs=root)
    assert re.fullmatch(r"unconfined_u:unconfined_r:container_t:s0:c\d+,c\d+", current(virsh.pid(name)))


@on
@pytest.mark.parametrize("relabel", ["", " relabel='yes'", " relabel='no'"])
def test_static(virsh, root, relabel):
    image = "system_u:object_r:container_file_t:s0:c1,c2"
    yes = "yes" in relabel
    if not yes:
        for path in all_of(root):
            os.setxattr(path, ATTRIBUTE, image.encode(), follow_symlinks=False)
    before = labels_of(root)
    name = virsh.start(STATIC.format("selinux", relabel, f"<imagelabel>{image}</imagelabel>"), rootfs=root)
    assert current(virsh.pid(name)) == "system_u:system_r:container_t:s0:c1,c2"
    assert set(labels_of(root).values()) == {image}
    virsh("destroy", name).ok()
    virsh.until_off(name)
    until(lambda: labels_of(root) == before, what="the former labels")
    assert without_kept(root)


@on
def test_none(virsh, root):
    before = labels_of(root)
    name = virsh.start("<seclabel type='none' model='selinux'/>", rootfs=root)
    assert current(virsh.pid(name)) == current("self") and labels_of(root) == before
    assert not labels_in(virsh("dumpxml", name).ok().out)


@on
def test_two_domains_cannot_read_each_others_files(virsh, root, folder):
    """The directory of the first is bound into the second, which is root and owns everything."""
    with open("/sys/fs/selinux/enforce", encoding="ascii") as answer:
        if answer.read().strip() != "1":
            pytest.skip("needs SELinux enforcing; it is permissive here")
    roots = [os.path.join(folder, "first"), os.path.join(folder, "second")]
    for path in roots:
        subprocess.run(["cp", "-a", root, path], check=True)
        os.mkdir(path + "/others")
    names = [virsh.start(rootfs=path, devices=f"<filesystem type='mount'><source dir='{other}'/>"
                         "<target dir='/others'/></filesystem>")
             for path, other in zip(roots, reversed(roots))]

    for name in names:
        virsh("lxc-enter-namespace", name, "--", "/bin/sh", "-c", f"echo {name} >/own").ok()
    for name, path in zip(names, roots):
        virsh("lxc-enter-namespace", name, "--", "/bin/sh", "-c",
              "cat /own >/out; cat /others/own >/out2 2>/err; echo x >>/others/own; echo $? >/status")
        said = {}
        for word in ("out", "out2", "err", "status"):
            with open(f"{path}/{word}", encoding="ascii") as source:
                said[word] = source.read()
        assert said["out"] == name + "\n" and said["out2"] == "" and "Permission denied" in said["err"]
        assert said["status"] != "0\n"
