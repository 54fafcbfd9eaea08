# SPDX-License-Identifier: Apache-2.0
"""lxc-info, lxc-ls, lxc-freeze and lxc-unfreeze, lxc-wait: what a container does, in LXC's words."""


def state(lxc, name):
    return lxc("info", "-n", name, "-s", "-H").ok().out


def test_words_for_each_state(lxc, live, bundle):
    """No record is STOPPED, created STARTING, running RUNNING, paused FROZEN."""
    defined = lxc.define("lxc.uts.name = x")
    assert state(lxc, defined) == "STOPPED\n"
    created = live.runtime.create(bundle("/bin/sleep", "1000"))
    assert state(lxc, created.id) == "STARTING\n"
    created.start()
    assert state(lxc, created.id) == "RUNNING\n"
    created("pause").ok()
    assert state(lxc, created.id) == "FROZEN\n"


def test_info_prints_labels_in_columns(lxc, live):
    container = live()
    shown = lxc("info", container.id).ok().out.splitlines()
    assert shown[:3] == [f"Name:           {container.id}", "State:          RUNNING",
                         f"PID:            {container.pid}"]
    assert lxc("info", "-n", container.id, "-p", "-H").ok().out == f"{container.pid}\n"
    assert lxc("info", "-n", container.id, "-p").ok().out == f"PID:            {container.pid}\n"


def test_info_of_nothing(lxc):
    name = lxc.new_name()
    shown = lxc("info", name)
    assert (shown.code, shown.out, shown.err) == (1, "", f"{name} doesn't exist\n")
    assert lxc("info").failed("No container name specified", "could not parse command line").code == 1


def test_ls_has_what_is_defined_and_what_runs(lxc, live):
    """A container that is both appears once."""
    names = [lxc.define("lxc.uts.name = x"), live().id, live().id]
    lxc.define("lxc.uts.name = x", name=names[1])
    assert lxc("ls", "-1").ok().out.split() == sorted(names)


def test_freeze_and_unfreeze(lxc, live):
    """What is so already is not an error; what does not run is."""
    container = live()
    for word, status in (("freeze", "paused"), ("unfreeze", "running")):
        for _ in range(2):
            lxc(word, container.id).ok()
            assert container.status == status
    name = lxc.define("lxc.uts.name = x")
    lxc("freeze", name).failed("is not running")
    lxc("unfreeze", lxc.new_name()).failed("is not running")


def test_wait_for_one_of_several_states(lxc, live):
    container = live()
    lxc("wait", "-n", container.id, "-s", "RUNNING").ok()
    lxc("wait", "-n", container.id, "-s", "FROZEN|RUNNING").ok()
    assert lxc("wait", "-n", container.id, "-s", "STOPPED|FROZEN", "-t", "0").code == 1
    lxc("wait", "-n", lxc.new_name(), "-s", "STOPPED").ok()
    lxc("wait", "-n", container.id, "-s", "running").failed("invalid state 'running'")
    lxc("wait", "-n", container.id).failed("Missing option --state")


def test_wait_sees_the_change(lxc, live):
    container = live()
    waiting = lxc.start_process("wait", "-n", container.id, "-s", "STOPPED", "-t", "30")
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
    waiting.wait().ok()
