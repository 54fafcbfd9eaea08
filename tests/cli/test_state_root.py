# SPDX-License-Identifier: Apache-2.0
"""Where the state is kept: /run/thole for root, $XDG_RUNTIME_DIR/thole or one in /tmp for others."""
import os
import subprocess

import pytest

USER = 12345
CALLERS = {  # how the runtime is called: whose directory it takes
    "root": ([], {}, "/run"),
    "ordinary user": (["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"], {},
                      "own"),
    "uid 0 of a user namespace": (["unshare", "-Ur"], {}, "own"),
    "uid 0 of an ordinary user's namespace": (
        ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "unshare", "-Ur"], {},
        "own"),
    "root of a system that runs in a user namespace": (["unshare", "-Ur"], {"USER": "root"},
                                                       "/run"),
    "another uid of a user namespace": (["unshare", "-U", "--map-user=1000"], {"USER": "root"},
                                        "own"),
}


@pytest.fixture
def call(thole_path, folder):
    """call(who, *args, runtime_dir=True): the finished command, without the tests' own --root."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    own = os.path.join(folder, "runtime dir")
    os.mkdir(own)
    os.chmod(own, 0o777)

    def run(who, *args, runtime_dir=True):
        prefix, more, _ = CALLERS[who]
        env = {"PATH": os.environ["PATH"], **({"XDG_RUNTIME_DIR": own} if runtime_dir else {}),
               **more}
        return subprocess.run([*prefix, thole_path, *args], env=env, capture_output=True, text=True,
                              check=False, timeout=60)

    run.own = own
    return run


@pytest.mark.parametrize("who", CALLERS)
def test_default(call, who):
    wanted = {"own": call.own, "/run": "/run"}[CALLERS[who][2]] + "/thole"
    for command in ("--help", "version"):
        result = call(who, command)
        assert result.returncode == 0, result
        assert f" {wanted} " in result.stdout or f" {wanted}\n" in result.stdout, result


@pytest.mark.parametrize("who", CALLERS)
def test_without_a_runtime_dir_it_is_run_or_the_users_in_tmp(call, who):
    """test_rootless.py has what becomes of that directory."""
    uid = {"ordinary user": USER, "another uid of a user namespace": 1000}.get(who)
    wanted = f"/tmp/thole-{uid}/thole" if uid else "/run/thole"
    assert f"rundir: {wanted}\n" in call(who, "version", runtime_dir=False).stdout


@pytest.mark.parametrize("who", [who for who, row in CALLERS.items() if row[2] == "own"])
def test_own_directory_is_used(call, who):
    """Nothing of root's is touched, which an ordinary user could not read."""
    assert call(who, "list", "--quiet").returncode == 0
    os.mkdir(call.own + "/thole", 0o777)
    os.chmod(call.own + "/thole", 0o777)
    os.mkdir(call.own + "/thole/found", 0o777)
    assert "not completely created" in call(who, "state", "found").stderr


def test_directory_of_root_is_refused_with_a_way_out(call):
    if not os.path.isdir("/run/thole"):
        pytest.skip("needs the directory /run/thole, which root's first container makes")
    for command in (("list",), ("state", "web"), ("kill", "web"), ("delete", "--force", "web")):
        result = call("uid 0 of an ordinary user's namespace", *command, runtime_dir=False)
        assert result.returncode == 1, result
        assert "/run/thole: Permission denied" in result.stderr, result
        assert "not exist" not in result.stderr, result
