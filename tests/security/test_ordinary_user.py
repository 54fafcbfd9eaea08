# SPDX-License-Identifier: Apache-2.0
"""As an ordinary user thole can do what that user can: nothing of root's containers and files."""
import json
import os
import shutil
import subprocess

import pytest

from harness.callers import cases

pytestmark = pytest.mark.needs(root=True)

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

COMMANDS = {
    "state": ("state", "ID"), "kill": ("kill", "ID", "KILL"), "delete": ("delete", "--force", "ID"),
    "exec": ("exec", "ID", "/bin/true"), "pause": ("pause", "ID"), "resume": ("resume", "ID"), "ps": ("ps", "ID"),
    "update": ("update", "--pids-limit", "7", "ID"), "events": ("events", "--stats", "ID"),
    "attach": ("attach", "ID"), "logs": ("logs", "ID"), "mounts": ("mounts", "add", "ID", "MOUNTS"),
    "start": ("start", "ID"),
}


@pytest.mark.parametrize("closed", [True, False], ids=["as it is made", "opened for all"])
@pytest.mark.parametrize("command", COMMANDS)
def test_containers_of_root_are_root_s(thole, bundle, folder, command, closed):
    """Whatever the mode of the state root is, nobody else's command has an effect or tells what is in it."""
    made = bundle("/bin/sleep", "1000", terminal=command in ("attach", "logs"))
    options = ("--attachable",) if made.process["terminal"] else ()
    container = thole.create(made) if command == "start" else thole.launch(made, *options)
    before = container.state()
    if not closed:
        os.chmod(thole.root, 0o755)
    mounts = folder + "/mounts.json"
    with open(mounts, "w", encoding="ascii") as target:
        json.dump([{"destination": "/later", "type": "tmpfs", "source": "tmpfs"}], target)
    own = shutil.copy(thole.path, folder + "/thole")
    words = [{"ID": container.id, "MOUNTS": mounts}.get(word, word) for word in COMMANDS[command]]
    done = subprocess.run([*AS_NOBODY, own, "--root", thole.root, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and done.stdout == "", done
    assert len(done.stderr.splitlines()) >= 1 and made.path not in done.stderr, done
    assert container.state() == before


@cases("user", "own")
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_what_the_user_cannot_read_the_container_cannot(case, folder, kind):
    """A bind gives no rights: root inside is that user."""
    path = folder + "/closed"
    if kind == "directory":
        os.mkdir(path)
    inner = path + "/secret" if kind == "directory" else path
    with open(inner, "w", encoding="ascii") as target:
        target.write("of root\n")
    os.chmod(path, 0o700 if kind == "directory" else 0o600)
    made = case.bundle("/bin/sh", "-c", "cat /vol/secret /vol 2>&1; ls -l /vol; echo end")
    made.mount("/vol", path, "bind", ["rbind"])
    result = case.run(made)
    assert "of root" not in result.out and "secret\n" not in result.out.replace("/vol/secret", ""), result
    assert result.code != 0 or result.out.endswith("end\n"), result


def test_packages_give_no_rights():
    """What make install leaves without setuid and file capabilities (tests/lxc/test_install.py) stays so."""
    if not os.path.isdir(os.path.join(TOP, "packaging")):
        pytest.skip("needs the whole tree: there are no packages here")
    said = subprocess.run(["grep", "-rnwE", "setcap|chmod [ug]?\\+s|chmod [2467][0-7]{3}|dpkg-statoverride",
                           "debian", "packaging"], cwd=TOP, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (1, "")
