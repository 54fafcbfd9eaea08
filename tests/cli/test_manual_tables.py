# SPDX-License-Identifier: Apache-2.0
"""thole-config(7) and thole-engines(7) are made from the tables, and have all that is in them."""
import glob
import json
import os
import re
import shutil
import subprocess

import pytest

from harness import recipe
from harness.machine import TOP

PAGES = ["config", "engines"]


def page(name):
    with open(os.path.join(TOP, f"docs/thole-{name}.7"), encoding="utf-8") as source:
        return source.read()


def plain(text):
    return text.replace("\\-", "-").replace("\\e", "\\").replace("\\&", "")


def labels(text, section):
    """What is explained in a section of the page."""
    return re.findall(r"^\.TP\n\.B (.*)$", plain(text).split(f".SH {section}\n")[1].split("\n.SH ")[0], re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_made_from_the_tables(name):
    made = subprocess.run([os.path.join(TOP, "docs/make-man"), name], capture_output=True, text=True, check=True).stdout
    assert page(name) == made, f"call docs/make-man {name} >docs/thole-{name}.7"


@pytest.mark.parametrize("name", PAGES)
def test_troff_takes_it(name):
    if not shutil.which("groff"):
        pytest.skip("needs groff")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", f"docs/thole-{name}.7"], cwd=TOP, capture_output=True,
                          text=True, check=True)
    assert done.stderr == "" and f"thole-{name}" in done.stdout


def test_every_mount_option_of_this_build_is_there(thole):
    there = labels(page("config"), "MOUNT OPTIONS")
    assert set(json.loads(thole("features").ok().out)["mountOptions"]) <= set(there)
    assert len(there) == len(set(there))
    empty = re.findall(r"^\.TP\n\.B .*\n\n", page("config"), re.MULTILINE)
    assert not empty, "an option of which nothing is said"


def test_every_annotation_of_the_code_is_there():
    there = {label.split("=")[0].removesuffix("NAME") for label in labels(page("config"), "ANNOTATIONS")}
    inside = set()
    for path in glob.glob(f"{TOP}/libcrun-like/**/*.[ch]", recursive=True):
        with open(path, encoding="utf-8") as source:
            inside |= set(re.findall(r'"((?:run\.oci|org\.systemd\.property|org\.thole)\.[\w.-]*\w[\w.-]*)"',
                                     source.read()))
    inside -= {"org.thole.virsh.uuid", "org.thole.selinux.label", "org.thole.selinux.mount-label"} # nobody asks by them
    inside = {name for name in inside if not name.endswith(".")}  # families: of the frontends, the hooks, systemd
    assert {"run.oci.hooks.stdout", "org.thole.selinux.range"} <= inside
    assert inside <= there
    assert there <= inside | {"org.systemd.property."}


def test_every_resource_is_there():
    with open(os.path.join(TOP, "docs/cgroups.md"), encoding="utf-8") as source:
        rows = re.search(r"^\| Row \|.*\n.*\n((?:\|.*\n)+)", source.read(), re.MULTILINE)[1]
    assert labels(page("config"), "RESOURCES") == [row.split("|")[1].strip() for row in rows.splitlines()]


def test_every_block_of_the_recipes_of_engines_is_there():
    text = re.sub(r"\s+", " ", plain(page("engines")))
    for name in ("podman-once", "podman-for-good", "docker", "buildah", "containerd", "containerd-cri", "systemd-unit"):
        for block in recipe.all_recipes()[name].blocks:
            assert re.sub(r"\s+", " ", block.text).strip() in text, name
