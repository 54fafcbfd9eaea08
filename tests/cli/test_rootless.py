# SPDX-License-Identifier: Apache-2.0
"""A runtime started by an ordinary user, in the configuration that `spec --rootless` writes."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness import machine
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


@pytest.mark.needs(controller="pids")
def test_limits_that_cannot_be_set_are_refused(rootless):
    def limit(config):
        config["linux"]["resources"] = {"pids": {"limit": 5}}
        config["linux"]["cgroupsPath"] = "/thole-test/rootless"
    rootless.configure("/bin/true", change=limit)
    result = rootless("run", "web")
    assert result.returncode == 1
    failure, hint = result.stderr.splitlines()
    assert "/linux/cgroupsPath: make cgroup /thole-test" in failure
    assert "systemd-run --user --scope" in hint
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


# ---- in one go, on a fresh system -----------------------------------------------------------------

# What root prepares in a mount namespace of the call's own, where /tmp and /run/user are empty;
# variables that the session sets; where the state of containers is then, seen from the user's files.
PREPARED = "mount -t tmpfs tmpfs /tmp; chmod 1777 /tmp; mkdir -p /run/user; mount -t tmpfs tmpfs /run/user; "
LOGIN = f"mkdir -m 700 /run/user/{NOBODY}; chown {NOBODY} /run/user/{NOBODY}; "
RUNTIME_DIRECTORIES = {
    "told by the session": ("", ["XDG_RUNTIME_DIR=run"], "run/thole"),
    "made at login, not told": (LOGIN, [], f"/run/user/{NOBODY}/thole"),
    "of somebody else, not told": (LOGIN + f"chown 1 /run/user/{NOBODY}; ", [], f"/tmp/thole-{NOBODY}/thole"),
    "none": ("", [], f"/tmp/thole-{NOBODY}/thole"),
}
GRANTS = {"no ranges": "", "ranges of ids": "nobody:200000:65536\n"}


class Fresh:
    """Calls a line of the shell as an ordinary user who has a root file system, thole, and no more."""

    def __init__(self, binary, folder):
        self.folder = pathlib.Path(folder)
        shutil.copy(binary, self.folder / "thole")
        make_rootfs(str(self.folder / "rootfs"))
        subprocess.run(["chown", "-hR", f"{NOBODY}:{NOBODY}", folder], check=True)

    def __call__(self, line, prepared="", variables=(), grants="", path="/usr/bin:/bin", enter=()):
        granted = self.folder.parent / (self.folder.name + ".grants")
        granted.write_text(grants, encoding="ascii")
        script = (f"{PREPARED} mount --bind {granted} /etc/subuid; mount --bind {granted} /etc/subgid; "
                  f'{prepared} exec "$@"')
        try:
            return subprocess.run(
                [*enter, "unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh",
                 "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env", "-i",
                 f"PATH={self.folder}:{path}", *variables, "/bin/sh", "-c", line],
                cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                check=False)
        finally:
            granted.unlink()


@pytest.fixture
def fresh(thole_path):
    with tempfile.TemporaryDirectory(prefix="thole-rootless-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o711)
        yield Fresh(thole_path, folder)


@pytest.mark.parametrize("where", RUNTIME_DIRECTORIES)
@pytest.mark.parametrize("grants", GRANTS)
def test_in_one_go(fresh, where, grants):
    """Two words and a container runs, whatever the session has told; nothing of it is left."""
    prepared, variables, state = RUNTIME_DIRECTORIES[where]
    done = fresh("thole spec --rootless sh -c 'echo $(id -u) $$ $(hostname); exit 3' && thole run first; "
                 f"echo $?; ls -A {state}; ls -ld {state} | cut -c1-10",
                 prepared, variables, GRANTS[grants])
    assert done.stderr == "", done
    assert done.stdout.splitlines() == ["0 1 thole", "3", "drwx------"]


@pytest.mark.parametrize("grants", GRANTS)
def test_ids_of_a_configuration_without_mappings(fresh, grants):
    """All ids that the user may have: ranges with newuidmap, else the one that is there anyway."""
    if grants == "ranges of ids" and not shutil.which("newuidmap"):
        pytest.skip("needs newuidmap (package uidmap)")
    done = fresh("""thole spec --rootless cat /proc/self/uid_map &&
        sed -i '/"uidMappings": \\[/,/\\],/d; /"gidMappings": \\[/,/\\],/d' config.json && thole run first""",
                 grants=GRANTS[grants])
    wanted = [["0", str(NOBODY), "1"]] + ([["1", "200000", "65536"]] if grants != "no ranges" else [])
    assert [line.split() for line in done.stdout.splitlines()] == wanted, done


@pytest.mark.parametrize("made", ["mkdir -m 700 {}; chown 1 {}", "mkdir -m 777 {}; chown nobody {}",
                                  "mkdir /tmp/it; ln -s it {}; chown -h nobody {}", "echo >{}; chown nobody {}"])
@pytest.mark.parametrize("command", ["run first", "list", "delete --force first", "kill first", "watch"])
def test_a_trap_in_tmp_is_not_walked_into(fresh, made, command):
    prepared = made.replace("{}", f"/tmp/thole-{NOBODY}") + "; "
    if command == "watch":
        command = "events --all"
    done = fresh(f"thole spec --rootless /bin/true && timeout 20 thole {command}; echo $?; ls -A /tmp/thole-{NOBODY}/",
                 prepared)
    assert done.stdout.splitlines()[:1] == ["1"], done
    assert f"/tmp/thole-{NOBODY} is not a directory of this user's alone" in done.stderr
    assert "XDG_RUNTIME_DIR" in done.stderr and "thole" not in done.stdout


@pytest.fixture
def delegated():
    """A cgroup of the user's in each hierarchy, and one in it that is entered: {directory: controllers}."""
    made = {}
    for name, (mounted, unified) in machine.controllers().items():
        made.setdefault(os.path.join(mounted, "thole-test", f"delegated-{os.getpid()}"), []).append(name)
    for own in made:
        os.makedirs(own + "/caller")
        for path in (own, own + "/caller"):
            for name in ("cpuset.cpus", "cpuset.mems"):
                if os.path.exists(f"{path}/tasks") and os.path.exists(f"{path}/{name}"):
                    for parent in (os.path.dirname(path), path):
                        fill_cpuset(parent, name)
            for name in ("", "cgroup.procs", "tasks", "cgroup.subtree_control", "cgroup.threads"):
                if os.path.exists(f"{path}/{name}"):
                    os.chown(f"{path}/{name}", NOBODY, NOBODY)
    yield made
    for own in made:
        os.rmdir(own + "/caller")
        os.rmdir(own)


def fill_cpuset(path, name):
    """A cpuset of v1 begins empty, and takes no process then."""
    with open(f"{path}/{name}", encoding="ascii") as current:
        if current.read().strip():
            return
    shutil.copyfile(f"{os.path.dirname(path)}/{name}", f"{path}/{name}")


@pytest.mark.needs(controller="pids")
def test_limits_in_a_delegated_tree(fresh, delegated):
    """Whoever has been given cgroups limits a container there, without a word more."""
    enter = ("sh", "-ec", "".join(f"echo $$ >{own}/caller/cgroup.procs; " for own in delegated) + 'exec "$@"',
             "sh")
    limit = """sed -i 's|"linux": {|&"resources": {"pids": {"limit": 7}},|' config.json"""
    done = fresh(f"thole spec --rootless sleep 1000 && {limit} && thole run --detach first >out 2>&1; cat out",
                 variables=["XDG_RUNTIME_DIR=run"], enter=enter)
    try:
        assert done.stdout == "", done
        own = next(own for own, names in delegated.items() if "pids" in names)
        found = [path for path in pathlib.Path(own).rglob("pids.max") if path.parent.name == "first"]
        assert [path.read_text(encoding="ascii") for path in found] == ["7\n"]
    finally:
        done = fresh("thole delete --force first; ls -A run/thole", variables=["XDG_RUNTIME_DIR=run"])
    assert (done.stdout, done.stderr) == ("", "")
