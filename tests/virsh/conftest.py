# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of the libvirt face: thole-virsh."""
import os
import subprocess

import pytest

from harness.virsh import Virsh


@pytest.fixture(scope="session")
def virsh_path(thole_path):
    """Path of thole-virsh."""
    path = os.path.join(os.path.dirname(thole_path), "thole-virsh")
    if not os.path.exists(path):
        pytest.skip("needs thole-virsh, which needs libxml2 and libnl-route-3 to build")
    return path


@pytest.fixture
def virsh(virsh_path, thole_path, folder):
    """virsh(COMMAND, ARGUMENT...) -> Result, on definitions of the test's own; see
    harness/virsh.py."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    face = Virsh(virsh_path, os.path.join(folder, "virsh"), thole_path)
    yield face
    complaints = face.clean_up(folder)
    assert not complaints, "left behind:\n" + "\n".join(complaints)


@pytest.fixture
def root(rootfs_template, folder):
    """A busybox root file system of the test's own."""
    path = os.path.join(folder, "root")
    subprocess.run(["cp", "-a", rootfs_template, path], check=True)
    return path
