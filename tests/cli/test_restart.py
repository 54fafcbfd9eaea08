# SPDX-License-Identifier: Apache-2.0
"""Containers that are started again: when, how often, after which delay, and what others see."""
import os
import signal
import threading
import time

import pytest

from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

ALWAYS = 13  # THOLE_RESTART_ALWAYS

# Each start appends a line to /work/starts; the Nth ends as ENDS[N] says, the last one stays.
SCRIPT = """
echo $$ >> /work/starts
n=$(wc -l < /work/starts)
case $n in
1) %s ;;
esac
exec sleep 1000
"""
ENDS = {"success": "exit 0", "failure": "exit 3", "reboot": "busybox reboot -f; sleep 10",
        "halt": "busybox halt -f; sleep 10"}
# What is started again, by policy.
AGAIN = {"no": set(), "reboot": {"reboot"}, "on-failure": {"reboot", "failure"},
         "always": {"reboot", "failure", "success"}, "halt": {"halt"}, "always,halt": set(ENDS)}


def container_that(bundle, ending):
    made = bundle("/bin/sh", "-c", SCRIPT % ENDS.get(ending, ending))
    made.capabilities("CAP_SYS_BOOT")
    return made


def starts(container):
    try:
        return len(container.bundle.read("work/starts").split())
    except FileNotFoundError:
        return 0


def keeper_of(container):
    """Pid of the parent of init."""
    with open(f"/proc/{container.pid}/stat", encoding="ascii") as source:
        return int(source.read().rpartition(")")[2].split()[1])


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as source:
            return source.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# ---- which ends ----

@pytest.mark.parametrize("ending", ENDS)
@pytest.mark.parametrize("policy", AGAIN)
def test_policy_and_end(thole, bundle, policy, ending):
    container = thole.launch(container_that(bundle, ending), "--attachable", "--restart", policy)
    if ending in AGAIN[policy]:
        until(lambda: starts(container) == 2, what="the second start")
        until(lambda: container.status == "running", what="running")
        return
    container.wait_stopped()
    time.sleep(0.5)
    assert starts(container) == 1 and container.status == "stopped"


def test_default_is_not_to_restart(thole, bundle):
    container = thole.launch(container_that(bundle, "failure"), "--attachable")
    container.wait_stopped()
    time.sleep(0.3)
    assert starts(container) == 1


def test_without_a_pid_namespace_a_signal_is_no_reboot(thole, bundle):
    made = container_that(bundle, "kill -HUP $$")
    made.without_namespace("pid")
    container = thole.launch(made, "--attachable", "--restart", "reboot")
    container.wait_stopped()
    time.sleep(0.3)
    assert starts(container) == 1


# ---- how often and when ----

def test_limit_counts_failures(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "echo x >> /work/starts; exit 1"),
                             "--attachable", "--restart", "on-failure:2")
    until(lambda: starts(container) == 3, what="the third start")
    container.wait_stopped()
    time.sleep(1)
    assert starts(container) == 3 and container.state()["exitStatus"] == 1


def test_limit_does_not_count_reboots(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x >> /work/starts; [ $(wc -l < /work/starts) -lt 4 ] && "
                  "busybox reboot -f; sleep 1000")
    made.capabilities("CAP_SYS_BOOT")
    container = thole.launch(made, "--attachable", "--restart", "on-failure:1")
    until(lambda: starts(container) == 4, what="the fourth start")


def test_delay_grows(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /proc/uptime >> /work/starts; exit 1")
    container = thole.launch(made, "--attachable", "--restart", "always")
    times = lambda: [float(line.split()[0]) for line in  # noqa: E731
                     made.read("work/starts").splitlines()]
    until(lambda: os.path.exists(made.rootfs + "/work/starts") and len(times()) >= 5, 20, "5 starts")
    gaps = [later - former for former, later in zip(times(), times()[1:])]
    for gap, least in zip(gaps, (0.1, 0.2, 0.4, 0.8)):
        assert gap >= least - 0.02, gaps
    container.delete("--force").ok()


def test_delay_of_the_callers_choice(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /proc/uptime >> /work/starts; exit 1")
    container = thole.launch(made, "--attachable", "--restart", "on-failure:3", "--restart-delay", "300ms")
    until(lambda: starts(container) == 8, what="four starts, of two words each")
    times = [float(line.split()[0]) for line in made.read("work/starts").splitlines()]
    gaps = [later - former for former, later in zip(times, times[1:])]
    assert all(gap >= 0.28 for gap in gaps), gaps
    container.wait_stopped()


# ---- the second time is like the first ----

def test_same_configuration(thole, bundle):
    made = container_that(bundle, "failure")
    made.config["hostname"] = "first"
    container = thole.launch(made, "--attachable", "--restart", "always")
    made.config["hostname"] = "second"
    made.write()
    until(lambda: starts(container) == 2, what="the second start")
    until(lambda: container.status == "running", what="running")
    assert container.exec("/bin/hostname").ok().out == "first\n"


def test_from_another_directory(thole, bundle, folder):
    """Relative paths of the request are those of the caller's directory."""
    made = container_that(bundle, "failure")
    name = thole.prepare(made)
    thole("run", "--detach", "--attachable", "--restart", "always", "--pid-file", "pid", "--bundle",
          os.path.relpath(made.path, folder), name, cwd=folder).ok()
    until(lambda: os.path.exists(made.rootfs + "/work/starts") and
          len(made.read("work/starts").split()) == 2, what="the second start")
    until(lambda: thole.state(name)["status"] == "running", what="running")
    with open(os.path.join(folder, "pid"), encoding="ascii") as source:
        assert int(source.read()) == thole.state(name)["pid"]


def test_hooks_run_each_time(thole, bundle, folder):
    made = container_that(bundle, "failure")
    stages = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    made.config["hooks"] = {stage: [{"path": "/bin/sh", "args": [
        "sh", "-c", f"echo {stage} >> {folder}/hooks"]}] for stage in stages}
    container = thole.launch(made, "--attachable", "--restart", "on-failure")
    until(lambda: starts(container) == 2 and container.status == "running", what="second start")
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
    with open(folder + "/hooks", encoding="ascii") as source:
        assert source.read().split() == [*stages, *stages]


def test_a_viewer_stays_and_types(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo started; read line; echo got $line; exit 5")
    container = thole.launch(made, "--attachable", "--restart", "on-failure:1")
    reading, writing = os.pipe()
    viewer = thole.start_process("attach", container.id, stdin=reading)
    os.write(writing, b"one\n")
    until(lambda: viewer.output().count("started") == 2, what="the second start")
    os.write(writing, b"two\n")
    result = viewer.wait()
    for fd in (reading, writing):
        os.close(fd)
    assert (result.code, result.out) == (5, "started\ngot one\nstarted\ngot two\n")


# ---- what others see ----

def test_states_in_between(thole, bundle):
    """running, stopped, perhaps creating, running: never that there is none, never a wrong pid."""
    made = bundle("/bin/sh", "-c", "echo x >> /work/starts; sleep 0.3; exit 1")
    container = thole.launch(made, "--attachable", "--restart", "always")
    seen = set()

    def look():
        result = thole("state", container.id)
        assert result.code == 0, repr(result)
        state = container.state()
        seen.add(state["status"])
        assert (state["status"] == "stopped") == (state["pid"] == 0) or \
            state["status"] == "creating", state
        return {"running", "stopped"} <= seen and starts(container) >= 3

    until(look, 30, "both states, and three starts")
    assert seen <= {"running", "stopped", "creating"}
    container.delete("--force").ok()


def test_name_is_never_free(thole, bundle):
    made = bundle("/bin/sh", "-c", "exit 1")
    container = thole.launch(made, "--attachable", "--restart", "always")
    other = bundle("/bin/true")
    other.write()
    end = time.monotonic() + 2
    while time.monotonic() < end:
        thole("create", "--bundle", other.path, container.id).failed("already exists")
    container.delete("--force").ok()


# ---- being told to end ----

@pytest.mark.parametrize("word", ["KILL", "TERM", "INT", "RTMIN+3"])
def test_killed_by_thole_it_stays_stopped(thole, bundle, word):
    container = thole.launch(bundle("/bin/sh", "-c", "echo x >> /work/starts; trap 'exit 9' TERM INT "
                                    "37; while :; do sleep 0.05; done"),
                             "--attachable", "--restart", "always")
    until(lambda: starts(container) == 1)
    time.sleep(0.1)
    container("kill", word).ok()
    container.wait_stopped()
    time.sleep(0.5)
    assert starts(container) == 1 and container.status == "stopped"


def test_other_signals_are_the_programs_business(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "echo x >> /work/starts; trap 'exit 9' USR1; "
                                    "while :; do sleep 0.05; done"),
                             "--attachable", "--restart", "always")
    until(lambda: starts(container) == 1)
    time.sleep(0.1)
    container("kill", "USR1").ok()
    until(lambda: starts(container) == 2, what="the second start")


def test_reboot_signal_still_reboots(thole, bundle):
    """lxc-stop -r: init is asked by a signal, and calls reboot(2)."""
    made = bundle("/bin/sh", "-c", "echo x >> /work/starts; trap 'busybox reboot -f' INT; "
                  "while :; do sleep 0.05; done")
    made.capabilities("CAP_SYS_BOOT")
    container = thole.launch(made, "--attachable", "--restart", "reboot")
    until(lambda: starts(container) == 1)
    time.sleep(0.1)
    container("kill", "INT").ok()
    until(lambda: starts(container) == 2, what="the second start")


def waiting(thole, bundle, *options):
    """A container in a long delay before its next start, and its keeper."""
    container = thole.launch(bundle("/bin/sh", "-c", "echo x >> /work/starts; sleep 0.2; exit 1"),
                             "--attachable", "--restart", "always", *options)
    keeper = keeper_of(container)
    until(lambda: starts(container) >= 5, 20, "five starts")
    container.wait_stopped()
    return container, keeper


def test_kill_in_the_delay_ends_it(thole, bundle):
    container, keeper = waiting(thole, bundle)
    before = starts(container)
    container("kill", "TERM").ok()
    until(lambda: not lives(keeper), 2, "the keeper's end")
    assert container.status == "stopped" and starts(container) == before


def test_delete_in_the_delay_ends_it(thole, bundle):
    container, keeper = waiting(thole, bundle)
    container.delete().ok()
    until(lambda: not lives(keeper), 2, "the keeper's end")
    thole("state", container.id).failed("does not exist")


def test_sigterm_to_the_keeper_forbids_the_next_start(thole, bundle):
    container, keeper = waiting(thole, bundle, "--rm")
    os.kill(keeper, signal.SIGTERM)
    until(lambda: not lives(keeper), 2, "the keeper's end")
    thole("state", container.id).failed("does not exist")


@pytest.mark.parametrize("command", ["exit 1", "sleep 0.02; exit 1", "sleep 1000"])
def test_delete_force_ends_it_for_ever(thole, bundle, command):
    """At any moment of its life."""
    for moment in range(5):
        container = thole.launch(bundle("/bin/sh", "-c", "echo x >> /work/starts; " + command),
                                 "--attachable", "--restart", "always")
        time.sleep(moment * 0.05)
        container.delete("--force").ok()
        thole("state", container.id).failed("does not exist")
        before = starts(container)
        time.sleep(0.1)
        assert starts(container) == before
        assert container.id not in os.listdir(thole.root)


def test_many_deletes_and_kills_at_once(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "exit 1"), "--attachable", "--restart",
                             "always")

    def worry():
        for _ in range(20):
            thole("kill", container.id, "KILL")

    threads = [threading.Thread(target=worry) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    container.delete("--force").ok()
    thole("state", container.id).failed("does not exist")


def test_removed_when_it_is_not_started_again(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "echo x >> /work/starts; exit 1"),
                             "--attachable", "--rm", "--restart", "on-failure:1")
    until(lambda: container.id not in os.listdir(thole.root), what="removal")
    assert starts(container) == 2


# ---- a start that fails ----

def test_start_that_fails_counts_as_a_failure(thole, bundle):
    made = bundle("/bin/prog")
    made.file("bin/prog", "#!/bin/sh\necho x >> /work/starts\nsleep 0.1\nrm /bin/prog\nexit 1\n",
              0o755)
    container = thole.launch(made, "--attachable", "--restart", "on-failure:3")
    until(lambda: starts(container) == 1)
    container.wait_stopped()
    time.sleep(0.3)
    made.file("bin/prog", "#!/bin/sh\necho x >> /work/starts\nexec sleep 1000\n", 0o755)
    until(lambda: starts(container) == 2 and container.status == "running", 10, "the next start")


def test_start_that_fails_leaves_it_stopped(thole, bundle):
    made = bundle("/bin/prog")
    made.file("bin/prog", "#!/bin/sh\nrm /bin/prog\nexec busybox reboot -f\n", 0o755)
    made.capabilities("CAP_SYS_BOOT")
    container = thole.launch(made, "--attachable", "--restart", "reboot")
    container.wait_stopped()
    time.sleep(0.3)
    assert container.status == "stopped"
    container.delete().ok()


@pytest.mark.parametrize("words, text", [
    (("--restart", "sometimes"), "no|reboot|on-failure[:N]|always"),
    (("--restart", "always:3"), "no|reboot|on-failure[:N]|always"),
    (("--restart", "on-failure:x"), "no|reboot|on-failure[:N]|always"),
    (("--restart", "always", "--restart-delay", "1h"), "a time from 1ms to 60m"),
])
def test_bad_policies(thole, bundle, words, text):
    thole.run(bundle("/bin/true"), "--detach", "--attachable", *words).failed(text)


def test_descriptors_cannot_be_passed_twice(monitored, bundle):
    monitored(bundle("/bin/true"), restart=ALWAYS, preserve_fds=1, fails="descriptor")


# ---- every caller, every kind of user namespace ----

def test_restart_with_terminals_for_everyone(case):
    made = case.bundle("/bin/sh", "-c", "echo x >> /tmp/starts; [ -e /dev/tty1 ] || exit 0; "
                       "[ $(wc -l < /tmp/starts) = 2 ] || exit 1; exec sleep 1000")
    container = case.runtime.launch(made, "--attachable", "--restart", "on-failure", "--consoles",
                                    "1")
    until(lambda: container.status == "running" and
          container.sh("wc -l < /tmp/starts").out == "2\n", what="the second start")
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
