# SPDX-License-Identifier: Apache-2.0
"""What the keeper of an attachable container does besides holding its console: every member of
struct thole_monitor, and what is left when the keeper is killed."""
import json
import os

import pytest

from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)


def exists(container):
    return os.path.exists(os.path.join(container.runtime.root, container.id))


def gone(container, timeout=10):
    until(lambda: not exists(container), timeout, f"the end of {container.id}")


# ---- the text of the configuration ----

def test_configuration_as_text(monitored, bundle, folder):
    made = bundle("/bin/hostname")
    made.config["hostname"] = "fromtext"
    container = monitored(made, config_text=os.path.join(folder, "text.json"))
    until(lambda: container.status == "stopped")
    assert container.state()["exitStatus"] == 0


def test_error_in_the_text_names_no_file(monitored, bundle, folder):
    made = bundle("/bin/true")
    made.config["root"]["path"] = 7
    result = monitored(made, config_text=os.path.join(folder, "text.json"), fails="/root/path")
    assert "config.json" not in result.err


# ---- remove ----

def test_removed_at_its_end(monitored, bundle):
    container = monitored(bundle("/bin/sleep", "1000"), remove=1)
    container("kill", "KILL").ok()
    gone(container)


def test_kept_without_remove(monitored, bundle):
    container = monitored(bundle("/bin/sh", "-c", "exit 7"), remove=0)
    until(lambda: "exitStatus" in container.state(), what="the exit status")
    assert container.state()["exitStatus"] == 7 and container.status == "stopped"


def test_removal_runs_the_poststop_hooks(monitored, bundle, folder):
    made = bundle("/bin/true")
    made.config["hooks"] = {"poststop": [{"path": "/bin/sh", "args": [
        "sh", "-c", f"cat > {folder}/stopped"]}]}
    gone(monitored(made, remove=1))
    with open(folder + "/stopped", encoding="ascii") as source:
        assert json.load(source)["status"] == "stopped"


@pytest.mark.parametrize("how, status", [("exit 0", 0), ("exit 255", 255), ("kill -9 $$", 137)])
def test_exit_status_in_the_state(thole, bundle, how, status):
    made = bundle("/bin/sh", "-c", how)
    made.without_namespace("pid")  # where it could not kill itself
    container = thole.launch(made, "--attachable")
    until(lambda: "exitStatus" in container.state(), what="the exit status")
    assert container.state()["exitStatus"] == status


def test_rm_on_the_command_line(thole, bundle):
    container = thole.launch(bundle("/bin/sleep", "1000"), "--attachable", "--rm")
    assert "exitStatus" not in container.state()
    container("kill", "KILL").ok()
    gone(container)


def test_monitor_needs_a_keeper(thole, bundle):
    thole.run(bundle("/bin/true"), "--detach", "--rm").failed("attachable")


def test_member_of_a_later_version_is_refused(monitored, bundle):
    monitored(bundle("/bin/true"), reserved=1, fails="does not know")
