# SPDX-License-Identifier: Apache-2.0
"""Real configurations of every age, those that the distribution ships and twenty in the style of their time:
they are read, become an OCI configuration, and those that need no network of the host start."""
import glob
import json
import os
import re

import pytest

from harness import lxc_config
from harness.runtime import Process

HERE = os.path.dirname(os.path.abspath(__file__))
FACTS = os.path.join(HERE, "../plan/facts")
OWN = sorted(glob.glob(os.path.join(HERE, "configs/*.conf")))
SHIPPED = sorted(glob.glob("/usr/share/lxc/config/**/*.conf", recursive=True) +
                 glob.glob("/usr/share/doc/lxc/examples/lxc*.conf"))
SHARE = "/usr/share/lxc/config"


def names(paths):
    return [os.path.basename(path)[:-len(".conf")] for path in paths]


@pytest.fixture
def placed(folder, rootfs_template):
    """placed(PATH) -> the file with places of this test for ROOTFS, FSTAB, ..."""

    def place(path, rootfs=rootfs_template):
        os.makedirs(folder + "/upper", exist_ok=True)
        with open(folder + "/fstab", "w", encoding="ascii") as target:
            target.write("/etc etc none ro,bind 0 0\nnone tmp tmpfs size=1m 0 0\n")
        with open(path, encoding="ascii") as source:
            text = source.read()
        if "SHARE" in text and not os.path.isdir(SHARE):
            pytest.skip("needs the shared configurations of the package lxc")
        for word, value in (("ROOTFS", rootfs), ("UPPER", folder + "/upper"), ("LOG", folder + "/log"),
                            ("FSTAB", folder + "/fstab"), ("SHARE", SHARE)):
            text = text.replace(word, value)
        with open(folder + "/config", "w", encoding="ascii") as target:
            target.write(text)
        return folder + "/config"

    return place


def converted(lxc_path, path, facts):
    result = Process([lxc_path, "convert", path, "-n", "web", "-P", "/var/lib/lxc", "--facts",
                      os.path.join(FACTS, facts + ".json")]).wait().ok()
    return json.loads(result.out)


def test_there_are_twenty():
    assert len(OWN) == 20 and {name.partition("-")[0] for name in names(OWN)} == \
        {"0.7", "1.0", "2.0", "3.0", "5.0"}


@pytest.mark.parametrize("facts", ["v1-root", "v2-root"])
@pytest.mark.parametrize("path", OWN, ids=names(OWN))
def test_own_ones_are_read_and_converted(lxc_path, placed, path, facts):
    """Every line counts: the host name, the root file system, and each interface reach the result."""
    config = placed(path)
    settings = lxc_config.read(config).ok()
    with open(config, encoding="ascii") as source:
        lines = [line for line in source if line.startswith("lxc.")]
    assert len(settings.items) >= len([line for line in lines if not re.search(
        r"include|pivotdir|kmsg|backend|=\s*$", line)]) - len(re.findall("cap.keep = none", "".join(lines)))
    oci = converted(lxc_path, config, facts)
    assert oci["hostname"] == settings.values("lxc.uts.name")[-1]
    network = oci["annotations"].get("org.thole.lxc.net", "")
    types = [value for name, value in settings.pairs() if re.fullmatch(r"lxc\.net\.\d+\.type", name)]
    assert network.count(".type = ") == len(types) or set(types) <= {"none", "empty"}


@pytest.mark.parametrize("path", SHIPPED or [None], ids=names(SHIPPED) or ["none"])
def test_shipped_ones_are_read_and_converted(lxc_path, folder, path):
    if path is None:
        pytest.skip("needs the package lxc")
    lxc_config.read(path).ok()
    config = folder + "/config"
    with open(config, "w", encoding="ascii") as target:
        target.write(f"lxc.include = {path}\nlxc.rootfs.path = /srv\n")
        if "userns" in path:
            target.write("lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n")
    assert converted(lxc_path, config, "v2-root")["root"]["path"] == "/srv"


STARTABLE = [path for path in OWN if names([path])[0] in (
    "0.7-limits", "1.0-autostart", "1.0-gentoo", "2.0-limits", "2.0-desktop", "5.0-cgroup2",
    "1.0-unprivileged", "3.0-download", "5.0-debian")]

LIMITING = ("0.7-limits", "2.0-limits", "5.0-cgroup2")  # memory


@pytest.mark.needs(root=True)
@pytest.mark.parametrize("path", [
    pytest.param(path, id=name,
                 marks=pytest.mark.needs(controller="memory") if name in LIMITING else ())
    for path, name in zip(STARTABLE, names(STARTABLE))])
def test_they_start(lxc, busybox_rootfs, placed, folder, path):
    """With a program of busybox for init, and an empty network in place of the host's bridge."""
    rootfs = busybox_rootfs(folder + "/rootfs")
    os.chmod(folder, 0o755)
    name = lxc.new_name()
    network = ["-s", "lxc.net =", "-s", "lxc.net.0.type=empty"]
    lxc("start", "-n", name, "-f", placed(path, rootfs), "-s", "lxc.init.cmd=/bin/sleep 1000",
        *network).ok()
    assert "RUNNING" in lxc("info", "-n", name, "-s").ok().out
    assert lxc("attach", "-n", name, "--", "/bin/hostname").ok().out.strip() == \
        lxc_config.read(folder + "/config").values("lxc.uts.name")[-1]
    lxc("stop", "-n", name, "-k").ok()
