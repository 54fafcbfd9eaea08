# SPDX-License-Identifier: Apache-2.0
"""Command lines of thole-lxc: links, options of getopt_long(3), help, and their exit statuses."""
import os
import shutil
import subprocess

import pytest

from harness.runtime import Process


@pytest.fixture
def linked(lxc_path, tmp_path):
    """linked(NAME, WORD...): calls thole-lxc through a link of that name."""

    def call(name, *words, **options):
        link = tmp_path / name
        if not link.is_symlink():
            os.symlink(lxc_path, link)
        return Process([str(link), *words], **options).wait()

    return call


def commands(lxc_path):
    text = subprocess.run([lxc_path, "--help"], capture_output=True, text=True, check=True).stdout
    listed = text.partition("Commands:\n")[2].partition("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines()]


def test_a_link_is_a_command(linked, lxc_path):
    by_link = linked("lxc-config", "lxc.lxcpath").ok()
    assert by_link.out == Process([lxc_path, "config", "lxc.lxcpath"]).wait().ok().out
    assert by_link.out == Process([lxc_path, "lxc-config", "lxc.lxcpath"]).wait().ok().out
    linked("lxc-nonsense").failed("there is no command")


def test_every_command_has_help(lxc_path):
    """-h and --usage: standard error and status 0; -? and nonsense: the same text and status 1."""
    names = commands(lxc_path)
    assert "config" in names
    for name in names:
        shown = Process([lxc_path, name, "-h"]).wait().ok()
        assert shown.out == "" and shown.err.startswith(f"Usage: lxc-{name}"), name
        assert all(len(line) <= 100 for line in shown.err.splitlines()), name
        assert Process([lxc_path, name, "--usage"]).wait().ok().err.startswith("Usage: "), name
        for word in ("-?", "--no-such-option"):
            wrong = Process([lxc_path, name, word]).wait()
            assert wrong.code == 1 and f"Usage: lxc-{name}" in wrong.err, (name, wrong)
        version = Process([lxc_path, name, "--version"]).wait().ok()
        assert version.out.strip().replace(".", "").isdigit(), name


def test_options_may_be_abbreviated_and_stand_anywhere(lxc_path):
    assert Process([lxc_path, "config", "--lis"]).wait().ok().out.startswith("lxc.default_config")
    assert Process([lxc_path, "config", "lxc.lxcpath", "--vers"]).wait().ok().out == \
        Process([lxc_path, "config", "--version"]).wait().ok().out


@pytest.mark.needs(root=True)
def test_the_configured_path(lxc_path, folder):
    """An ordinary user's path lies in the home directory; a configuration file of it wins."""
    home = os.path.join(folder, "home")
    os.makedirs(os.path.join(home, ".config/lxc"))
    program = shutil.copy(lxc_path, folder)  # the build directory may be closed to others

    def configured():
        return subprocess.run([program, "config", "lxc.lxcpath"], capture_output=True, text=True,
                              check=True, user=65534, group=65534, extra_groups=[],
                              env={"HOME": home}).stdout

    assert configured() == f"{home}/.local/share/lxc\n"
    with open(os.path.join(home, ".config/lxc/lxc.conf"), "w", encoding="ascii") as target:
        target.write("# mine\nlxc.lxcpath =  /srv/containers \n")
    assert configured() == "/srv/containers\n"
