# SPDX-License-Identifier: Apache-2.0
"""A runtime started by an ordinary user, in the configuration that `spec --rootless` writes."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness.bundle import make_rootfs

NOBODY = 65534


def namespaces_for_everybody():
    try:
        return subprocess.run(["unshare", "--user", "true"], user=NOBODY, check=False,
                              stderr=subprocess.DEVNULL).returncode == 0
    except (OSError, ValueError):
        return False


pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not namespaces_for_everybody(),
                                reason="needs root, and user namespaces for ordinary users")


class Rootless:
    """thole as the user nobody, with a bundle of its own."""

    def __init__(self, binary, folder):
        self.folder = pathlib.Path(folder)
        self.binary = self.folder / "thole"
        shutil.copy(binary, self.binary)
        make_rootfs(str(self.folder / "rootfs"))
        self("spec", "--rootless").check_returncode()

    def __call__(self, *args):
        # The output goes to files: a created container holds a pipe open as long as it lives.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            result = subprocess.run([self.binary, *args], cwd=self.folder, user=NOBODY,
                                    group=NOBODY, extra_groups=[], stdin=subprocess.DEVNULL,
                                    stdout=out, stderr=err, timeout=60, check=False,
                                    env={"XDG_RUNTIME_DIR": str(self.folder / "run")})
            out.seek(0)
            err.seek(0)
            result.stdout, result.stderr = out.read(), err.read()
            return result

    def configure(self, *args, change=lambda config: None):
        path = self.folder / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        config["process"].update(terminal=False, args=args, rlimits=[])
        change(config)
        path.write_text(json.dumps(config), encoding="utf-8")


@pytest.fixture
def rootless(thole_path):
    with tempfile.TemporaryDirectory(prefix="thole-rootless-", dir="/var/tmp") as folder:
        os.chown(folder, NOBODY, NOBODY)
        yield Rootless(thole_path, folder)


def test_run(rootless):
    rootless.configure("/bin/sh", "-c", "id -u; cat /proc/self/uid_map; exit 7")
    result = rootless("run", "web")
    assert result.returncode == 7, result.stderr
    assert result.stdout.split() == ["0", "0", str(NOBODY), "1"]
    assert os.listdir(rootless.folder / "run/thole") == []


def test_life(rootless):
    rootless.configure("/bin/sleep", "1000")
    for command in (("create", "web"), ("start", "web")):
        result = rootless(*command)
        assert result.returncode == 0, result.stderr
    try:
        inside = rootless("exec", "web", "/bin/sh", "-c", "hostname; exit 4")
        assert inside.returncode == 4, inside.stderr
        assert json.loads(rootless("state", "web").stdout)["status"] == "running"
        assert rootless("exec", "--tty", "web", "/bin/sh", "-c", "test -t 0").returncode == 0
    finally:
        assert rootless("delete", "--force", "web").returncode == 0
    assert os.listdir(rootless.folder / "run/thole") == []


def test_limits_that_cannot_be_set_are_refused(rootless):
    def limit(config):
        config["linux"]["resources"] = {"pids": {"limit": 5}}
        config["linux"]["cgroupsPath"] = "/thole-test/rootless"
    rootless.configure("/bin/true", change=limit)
    result = rootless("run", "web")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    states = rootless.folder / "run/thole"
    assert not states.exists() or os.listdir(states) == []


def test_user_namespace_is_needed(rootless):
    def without(config):
        config["linux"]["namespaces"] = [entry for entry in config["linux"]["namespaces"]
                                         if entry["type"] != "user"]
    rootless.configure("/bin/true", change=without)
    result = rootless("run", "web")
    assert result.returncode == 1
    assert "user namespace" in result.stderr
