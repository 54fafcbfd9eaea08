# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of the LXC face: thole-lxc, and Debian's LXC beside it."""
import os
import shutil
import subprocess

import pytest

from harness import lxc as faces
from harness import network as networks
from harness.runtime import Runtime


@pytest.fixture(scope="session")
def lxc_path(thole_path):
    """Path of thole-lxc."""
    path = os.path.join(os.path.dirname(thole_path), "thole-lxc")
    if not os.path.exists(path):
        pytest.skip("needs thole-lxc, which needs libnl-route-3 to build")
    return path


@pytest.fixture
def lxc(lxc_path, thole_path, folder):
    """lxc(COMMAND, ARGUMENT...) -> Result, on an lxcpath of the test's own; see harness/lxc.py."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    face = faces.Face(lxc_path, os.path.join(folder, "lxc"), thole_path)
    yield face
    complaints = face.clean_up(folder)
    assert not complaints, "left behind:\n" + "\n".join(complaints)


@pytest.fixture
def debian(folder):
    """The same for the LXC of the distribution, on another lxcpath."""
    if os.geteuid() != 0 or not shutil.which("lxc-start"):
        pytest.skip("needs root and the package lxc")
    face = faces.Debian(os.path.join(folder, "debian"))
    yield face
    complaints = face.clean_up(folder)
    assert not complaints, "left behind:\n" + "\n".join(complaints)


@pytest.fixture
def busybox_rootfs(rootfs_template, folder):
    """busybox_rootfs(DIRECTORY): a busybox root file system there."""

    def make(directory):
        subprocess.run(["cp", "-a", rootfs_template, directory], check=True)
        return directory

    return make


@pytest.fixture
def live(lxc, thole_path, folder, bundle):
    """live(ARGUMENT..., **process): a running container of the lxcpath that has no configuration
    there; live.runtime makes others."""
    runtime = Runtime(thole_path, folder)
    runtime.root = lxc.root

    def make(*args, **process):
        return runtime.launch(bundle(*(args or ("/bin/sleep", "1000")), **process))

    make.runtime = runtime
    yield make
    lxc.end_processes()
    complaints = runtime.clean_up()
    assert not complaints, "left behind:\n" + "\n".join(complaints)


@pytest.fixture
def host():
    """The network of the test, with br0, instead of the host's."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    private = networks.PrivateNetwork()
    try:
        private.add_bridge()
        yield private
    finally:
        left = private.leave()
    assert not left, left
