# SPDX-License-Identifier: Apache-2.0
"""What make install puts there: links and manual pages for every command, completion."""
import os
import re
import shutil
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def build(lxc_path):
    return os.path.dirname(lxc_path)


def commands(lxc_path):
    text = subprocess.run([lxc_path, "--help"], capture_output=True, text=True, check=True).stdout
    listed = text.partition("Commands:\n")[2].partition("\n\n")[0]
    return {"lxc-" + line.split()[0] for line in listed.splitlines()}


def test_every_command_has_its_row(lxc_path):
    """src/lxc/module.am lists the commands that --help lists."""
    with open(os.path.join(TOP, "src/lxc/module.am"), encoding="utf-8") as source:
        listed = re.search(r"thole_lxc_links = \\\n((?:\s+src/lxc/lxc-\S+(?: \\)?\n)+)", source.read())
    assert {os.path.basename(word) for word in listed.group(1).replace("\\", " ").split()} == \
        commands(lxc_path)


def test_manual_pages(lxc_path):
    """Every page is there, names its options, and is troff that groff takes without a warning."""
    if not shutil.which("groff"):
        pytest.skip("needs groff")
    for page in sorted(commands(lxc_path) | {"thole-lxc", "lxc.conf"}):
        text = subprocess.run([lxc_path, "generate-man", page], capture_output=True, text=True,
                              check=True).stdout
        shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=text, capture_output=True,
                               text=True, check=True)
        assert shown.stderr == "", page
        assert page in ("thole-lxc", "lxc.conf") or "\\-\\-version" in text, page
    assert subprocess.run([lxc_path, "generate-man", "lxc-nonsense"], capture_output=True,
                          check=False).returncode == 1


@pytest.mark.parametrize("where, pages", [(None, "libexec/thole/lxc/man"), ("/inst/bin", "share/man")])
def test_make_install(build, tmp_path, lxc_path, where, pages):
    """Links and pages: beside one another away from those of another LXC, or in the usual places."""
    variables = [f"DESTDIR={tmp_path}", "prefix=/inst"]
    if where:
        variables += [f"lxclinksdir={where}", "lxcmandir=${mandir}"]
    subprocess.run(["make", "-s", "install", *variables], cwd=build, check=True, capture_output=True)
    links = tmp_path / (where or "/inst/libexec/thole/lxc").lstrip("/")
    assert {name for name in os.listdir(links) if name.startswith("lxc-")} == commands(lxc_path)
    for name in commands(lxc_path):
        assert os.readlink(links / name) == "/inst/bin/thole-lxc"
        assert os.path.exists(tmp_path / "inst" / pages / "man1" / f"{name}.1")
    assert os.path.exists(tmp_path / "inst" / pages / "man5/lxc.conf.5")
    for script in ("bash-completion/completions/thole-lxc", "zsh/site-functions/_thole-lxc",
                   "fish/vendor_completions.d/thole-lxc.fish"):
        assert os.path.exists(tmp_path / "inst/share" / script)
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(tmp_path) for name in names]
    assert not [path for path in paths if os.lstat(path).st_mode & 0o6000 or
                "security.capability" in os.listxattr(path, follow_symlinks=False)], \
        "nothing has rights that its caller has not"
    subprocess.run(["make", "-s", "uninstall", *variables], cwd=build, check=True, capture_output=True)
    left = [os.path.join(folder, name) for folder, _, names in os.walk(tmp_path) for name in names]
    assert left == []
