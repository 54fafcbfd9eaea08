# SPDX-License-Identifier: Apache-2.0
"""checkpoint and restore that fail: one line says why, the container goes on, or nothing is left of the new one.

CRIU is a stand-in that fails, says nonsense, or sees its caller killed."""
import os
import shutil
import signal
import subprocess

import pytest

from harness.criu import SLEEP, StandIn, assert_nothing_left, assert_one_line, checkpoint, lines_of, restore, restored
from harness.runtime import until


@pytest.fixture
def criu(folder):
    return StandIn(folder)


# ---- what a caller asks for --------------------------------------------------------------------------------------

WRONG = [("--manage-cgroups-mode", "sort"), ("--network-lock", "iptable"), ("--empty-ns", "pid")]
WRONG_OF_CHECKPOINT = WRONG + [("--page-server", "no colon"), ("--page-server", ":1"), ("--page-server", "host:65536"),
                               ("--page-server", "host:"), ("--page-server", "host:port"), ("--status-fd", "one")]


@pytest.mark.any_layout
def test_words_that_are_none_of_checkpoint(sleeper, criu):
    container = sleeper()
    for option, word in WRONG_OF_CHECKPOINT:
        assert_one_line(checkpoint(container, criu, option, word), word)
    assert_one_line(checkpoint(container, criu, "--status-fd", "999"), "Bad file descriptor")
    assert container.status == "running" and not criu.was_asked


@pytest.mark.any_layout
def test_words_that_are_none_of_restore(thole, bundle, criu):
    criu.saved()
    made = bundle(*SLEEP)
    for option, word in WRONG:
        name, result = restore(thole, made, criu, option, word)
        assert_one_line(result, word)
        assert not os.path.exists(os.path.join(thole.root, name))
    assert not criu.was_asked


# ---- what CRIU says and does ------------------------------------------------------------------------------------

LOG = ["(00.000001) Version: 3.17.1", "(00.000002) Warn  (criu/x.c:1): not this", "Error (no text",
       "(00.000003) Error (criu/x.c:1): mnt: the first", "(00.000004) Error (criu/x.c:2): the second"]
FAILURES = {
    "log": ({"fails": {"text": "less"}, "log": LOG}, "criu: mnt: the first"),
    "log and no answer": ({"ends": True, "log": LOG}, "criu: mnt: the first"),
    "text": ({"fails": {"text": "words of its own"}, "log": LOG[:3]}, "criu: words of its own"),
    "number": ({"fails": {"errno": 17}}, "it failed without a word"),
    "nothing": ({"fails": {}}, "it failed without a word"),
    "end": ({"ends": True}, "criu ended without an answer"),
    "nonsense": ({"nonsense": "ffffff"}, "criu said what nobody understands"),
    "no type": ({"nonsense": "1001"}, "criu said what nobody understands"),
    "cut short": ({"nonsense": "080110012a05"}, "criu said what nobody understands"),
    "much": ({"nonsense": "08011001" + "280128" * 6000 + "01"}, "criu said what nobody understands"),
    "other type": ({"other_type": 3}, "criu answered something else"),
    "control characters": ({"fails": {"text": "a\nb\033[31mc"}}, "criu: a"),
}


@pytest.mark.any_layout
@pytest.mark.parametrize("case", FAILURES, ids=lambda name: name.replace(" ", "-"))
def test_failures(thole, sleeper, bundle, criu, case):
    """One line; the container of a checkpoint goes on, of a restoration nothing is left."""
    part, text = FAILURES[case]
    container = sleeper()
    result = checkpoint(container, criu, **part)
    assert_one_line(result, text)
    assert ("dump.log in the work directory has the rest" in result.err) == ("criu: " in result.err), result
    assert "\033" not in result.err
    assert container.status == "running"
    criu.saved()
    name, result = restore(thole, bundle(*SLEEP), criu, **part)
    assert_one_line(result, text)
    assert not os.path.exists(os.path.join(thole.root, name))
    container.delete("--force").ok()
    assert_nothing_left(thole, name)


@pytest.mark.any_layout
def test_a_kept_one_is_kept_on(sleeper, criu):
    container = sleeper("--attachable", "--restart", "always")
    pid = container.pid
    checkpoint(container, criu, fails={}).failed("criu: ")
    os.kill(pid, signal.SIGKILL)
    until(lambda: container.status == "running" and container.pid != pid, what="the next start")
    container.delete("--force").ok()


@pytest.mark.parametrize("part", [{"other_pid": 1}, {"does_nothing": True}], ids=["another", "none"])
def test_restored_is_what_was_spoken_of(thole, bundle, criu, part):
    criu.saved()
    name, result = restore(thole, bundle(*SLEEP), criu, **part)
    result.failed("criu restored process")
    assert_nothing_left(thole, name)


def test_privileges_that_are_not_restored_are_refused(thole, bundle, criu, folder):
    criu.saved()
    made = bundle(*SLEEP)
    name, result = restore(thole, made, criu, no_new_privileges=False, trace=folder + "/trace")
    assert_one_line(result, "/process/noNewPrivileges: this CRIU does not")
    assert lines_of(folder + "/trace")[-1] == "pre-resume"  # it is never told to go on
    assert_nothing_left(thole, name)
    made.process["noNewPrivileges"] = False
    restored(thole, made, criu, no_new_privileges=False)


@pytest.mark.parametrize("hook", ["prestart", "createRuntime", "poststart"])
def test_a_hook_that_fails_undoes_all(thole, bundle, criu, folder, hook):
    criu.saved()
    made = bundle(*SLEEP)
    made.config["hooks"] = {hook: [{"path": "/bin/false"}]}
    name, result = restore(thole, made, criu, trace=folder + "/trace")
    assert_one_line(result, f"error running {hook} hook #0")
    assert lines_of(folder + "/trace")[-1] == ("post-resume done" if hook == "poststart" else "setup-namespaces refused")
    assert_nothing_left(thole, name)


def test_a_poststop_hook_that_fails_is_a_warning(thole, bundle, criu):
    made = bundle(*SLEEP)
    made.config["hooks"] = {"poststop": [{"path": "/bin/false"}]}
    container = thole.launch(made)
    result = checkpoint(container, criu).ok()
    assert "warning: /hooks/poststop/0: " in result.err and result.err.count("\n") == 1
    assert_nothing_left(thole, container.id)


@pytest.mark.any_layout
def test_what_criu_leaves_in_the_images_is_removed(thole, bundle, criu):
    criu.saved()
    for name in (".criu.mounts", ".criu.kept/inner", "criu.of somebody else"):
        os.makedirs(os.path.join(criu.images, name))
    restore(thole, bundle(*SLEEP), criu, no_new_privileges=False)[1].failed("noNewPrivileges")
    assert set(os.listdir(criu.images)) == {"descriptors.json", "restore.log", ".criu.kept", "criu.of somebody else"}


STAGES = ("request", "setup-namespaces", "post-setup-namespaces", "post-restore", "pre-resume", "post-resume")


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_killed_one_leaves_can_be_deleted(thole, bundle, criu, stage):
    criu.saved()
    name, result = restore(thole, bundle(*SLEEP), criu, kill_caller=stage)
    assert result.code == -signal.SIGKILL
    assert os.path.exists(os.path.join(thole.root, name))
    thole("delete", "--force", name).ok()
    assert_nothing_left(thole, name)


def test_ctrl_c_ends_the_caller_and_criu_brings_it_to_an_end(thole, bundle, criu):
    """CRIU at work must not be interrupted: the processes would be left half-changed."""
    container = thole.launch(bundle(*SLEEP))
    result = thole("checkpoint", "--image-path", criu.images, container.id, env=criu.plays(interrupt_caller=True),
                   start_new_session=True)
    assert result.code == -signal.SIGINT
    container.wait_stopped()
    container.delete().ok()
    assert_nothing_left(thole, container.id)


BROKEN = {"missing": None, "broken": "[\"/dev/null\"", "no list": "{}", "empty": ""}


@pytest.mark.any_layout
@pytest.mark.parametrize("case", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_broken_descriptors(thole, bundle, criu, case):
    criu.saved(text=BROKEN[case] or "")
    if BROKEN[case] is None:
        os.unlink(criu.images + "/descriptors.json")
    name, result = restore(thole, bundle(*SLEEP), criu)
    assert_one_line(result, "descriptors.json")
    assert not criu.was_asked
    assert_nothing_left(thole, name)


@pytest.mark.any_layout
def test_no_images(thole, sleeper, bundle, criu, folder):
    name, result = restore(thole, bundle(*SLEEP), criu)
    assert_one_line(result, criu.images, "No such file")
    assert_nothing_left(thole, name)
    container = sleeper()
    criu.images = folder + "/no/images"
    assert_one_line(checkpoint(container, criu), criu.images, "No such file")
    assert container.status == "running" and not criu.was_asked


@pytest.mark.any_layout
def test_no_criu(thole, sleeper, bundle, criu):
    if shutil.which("criu", path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"):
        pytest.skip("needs a machine without CRIU: it is found where programs usually are, too")
    os.unlink(criu.directory + "/criu")
    container = sleeper()
    assert_one_line(checkpoint(container, criu), "there is no program criu in PATH")
    assert container.status == "running" and not os.path.exists(criu.images)
    criu.saved()
    name, result = restore(thole, bundle(*SLEEP), criu)
    assert_one_line(result, "there is no program criu in PATH")
    assert not os.path.exists(os.path.join(thole.root, name))


@pytest.mark.any_layout
@pytest.mark.parametrize("command", ["checkpoint", "restore"])
def test_an_ordinary_user_is_refused(thole_path, folder, command):
    program = shutil.copy(thole_path, folder)
    user = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "--root",
                           folder + "/none", command, "a"], capture_output=True, text=True, check=False, cwd="/")
    assert (user.returncode, user.stdout) == (1, "")
    assert f"{command} needs root: CRIU does" in user.stderr and user.stderr.count("\n") == 1
