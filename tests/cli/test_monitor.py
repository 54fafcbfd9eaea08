# SPDX-License-Identifier: Apache-2.0
"""What the keeper of an attachable container does besides holding its console: every member of
struct thole_monitor, and what is left when the keeper is killed."""
import json
import os
import signal
import time

import pytest

from harness.caller import Caller
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


# ---- programs at the end ----

def written(path):
    try:
        with open(path, encoding="utf-8") as source:
            return source.read()
    except FileNotFoundError:
        return ""


def keeper_of(container):
    """Pid of the parent of init."""
    with open(f"/proc/{container.pid}/stat", encoding="ascii") as source:
        return int(source.read().rpartition(")")[2].split()[1])


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as source:
            return source.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


NAMESPACES = {"LXC_MNT_NS": "mnt", "LXC_PID_NS": "pid", "LXC_UTS_NS": "uts", "LXC_IPC_NS": "ipc",
              "LXC_NET_NS": "net"}


def test_stop_programs_hold_the_namespaces(monitored, bundle, folder):
    script = f"env > {folder}/env; for n in $LXC_MNT_NS $LXC_PID_NS $LXC_UTS_NS $LXC_IPC_NS " \
        f"$LXC_NET_NS; do readlink $n; done > {folder}/links; cat > {folder}/document"
    container = monitored(bundle("/bin/sleep", "1000"), stop=script)
    pid = container.pid
    links = {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in NAMESPACES.values()}
    container("kill", "KILL").ok()
    until(lambda: written(folder + "/document"), what="the program's end")
    environment = dict(line.split("=", 1) for line in written(folder + "/env").splitlines())
    assert environment["LXC_TARGET"] == "stop" and environment["LXC_PID"] == str(pid)
    assert environment["OWN"] == "kept" and "LXC_USER_NS" not in environment
    assert set(NAMESPACES) <= set(environment)
    assert written(folder + "/links").split() == [links[name] for name in NAMESPACES.values()]
    document = json.loads(written(folder + "/document"))
    assert (document["id"], document["status"]) == (container.id, "stopped")


def test_stop_program_enters_the_network(monitored, bundle, folder):
    """What network-down does: the interfaces are there still."""
    script = f"nsenter --net=$LXC_NET_NS cat /proc/net/dev > {folder}/devices 2>&1"
    made = bundle("/bin/sh", "-c", "exit 0")
    monitored(made, stop=script)
    until(lambda: "lo:" in written(folder + "/devices"), what="the program's output")


def test_stop_programs_in_order_before_poststop_and_end(monitored, bundle, folder):
    made = bundle("/bin/true")
    made.config["hooks"] = {"poststop": [{"path": "/bin/sh", "args": [
        "sh", "-c", f"echo poststop >> {folder}/order"]}]}
    show = f"ls {folder}/state | grep -q . && echo there || echo gone"
    container = monitored(made, remove=1, stop=[f"echo one >> {folder}/order",
                                                f"echo two >> {folder}/order"],
                          end=[f"echo three >> {folder}/order", f"({show}) >> {folder}/order"])
    until(lambda: len(written(folder + "/order").split()) == 5, what="five lines")
    assert written(folder + "/order").split() == ["one", "two", "poststop", "three", "gone"]
    gone(container)


def test_programs_without_an_own_namespace(monitored, bundle, folder):
    made = bundle("/bin/true")
    made.without_namespace("network", "ipc")
    monitored(made, stop=f"env > {folder}/env; echo > {folder}/done")
    until(lambda: written(folder + "/done"))
    assert "LXC_NET_NS" not in written(folder + "/env") and "LXC_UTS_NS" in written(folder + "/env")


def test_target_is_reboot_when_it_starts_again(monitored, bundle, folder):
    made = bundle("/bin/sh", "-c", "echo x >> /work/starts; [ $(wc -l < /work/starts) = 3 ] || "
                  "busybox reboot -f; exit 0")
    made.capabilities("CAP_SYS_BOOT")
    monitored(made, restart=1, stop=f"echo $LXC_TARGET $LXC_PID >> {folder}/targets",
              end=f"echo $LXC_TARGET end >> {folder}/targets")
    until(lambda: len(written(folder + "/targets").splitlines()) == 4, what="four lines")
    words = [line.split() for line in written(folder + "/targets").splitlines()]
    assert [word for word, _ in words] == ["reboot", "reboot", "stop", "stop"]
    assert len({pid for _, pid in words[:3]}) == 3 and words[3][1] == "end"


@pytest.mark.parametrize("member", ["stop", "end"])
def test_failure_of_a_program_is_logged_and_the_next_runs(monitored, bundle, folder, member):
    log = folder + "/keeper.log"
    monitored(bundle("/bin/true"), log=log, **{member: ["echo out; echo why >&2; exit 4",
                                                        f"echo next > {folder}/next"]})
    until(lambda: written(folder + "/next"))
    assert f"error running {member} hook #0: exit status 4, output: out" in written(log)
    assert "why" in written(log)


@pytest.mark.parametrize("member", ["stop", "end"])
def test_timeout_of_a_program(monitored, bundle, folder, member):
    log = folder + "/keeper.log"
    container = monitored(bundle("/bin/sleep", "1000"), log=log, remove=1,
                          **{member: "exec sleep 1000", member + "_timeout": 1})
    keeper = keeper_of(container)
    container("kill", "KILL").ok()
    began = time.monotonic()
    until(lambda: is_gone(keeper), what="the keeper's end")
    assert 0.9 < time.monotonic() - began < 5
    assert "timed out after 1 s" in written(log)


def test_stop_programs_run_after_delete_force(monitored, bundle, folder):
    """What they undo lies outside of the container."""
    container = monitored(bundle("/bin/sleep", "1000"), restart=13,
                          stop=f"echo $LXC_TARGET >> {folder}/stopped",
                          end=f"echo end >> {folder}/stopped")
    container.delete("--force").ok()
    until(lambda: "end" in written(folder + "/stopped"))
    assert written(folder + "/stopped").split() == ["stop", "end"]


def test_programs_have_nothing_of_the_keepers(monitored, bundle, folder):
    monitored(bundle("/bin/true"), console_log=folder + "/log",
              stop=f"ls -l /proc/self/fd > {folder}/fds; echo > {folder}/done")
    until(lambda: written(folder + "/done"))
    numbers = {line.split("->")[1].strip().split(":")[0]
               for line in written(folder + "/fds").splitlines() if "->" in line}
    allowed = {"mnt", "pid", "uts", "ipc", "net", "cgroup"}
    assert {name for name in numbers if not name.startswith("/")} <= allowed, numbers
    assert all("console" not in name and "state" not in name for name in numbers if "memfd" not in name)


# ---- the keeper's death ----

@pytest.mark.parametrize("number, word", [(9, "stopped"), (0, "running")])
def test_death_signal(monitored, bundle, number, word):
    container = monitored(bundle("/bin/sleep", "1000"), death_signal=number)
    os.kill(keeper_of(container), signal.SIGKILL)
    time.sleep(0.3)
    assert container.status == word


def test_death_signal_that_init_handles(monitored, bundle):
    made = bundle("/bin/sh", "-c", "trap 'touch /work/told' TERM; while :; do sleep 0.05; done")
    container = monitored(made, death_signal=15)
    time.sleep(0.2)
    os.kill(keeper_of(container), signal.SIGKILL)
    until(lambda: os.path.exists(made.rootfs + "/work/told"), what="SIGTERM")
    assert container.status == "running"


def test_death_signal_of_another_user(monitored, bundle):
    container = monitored(bundle("/bin/sleep", "1000", user={"uid": 1000, "gid": 1000}),
                          death_signal=9)
    os.kill(keeper_of(container), signal.SIGKILL)
    container.wait_stopped()


def test_death_signal_over_a_restart(monitored, bundle):
    made = bundle("/bin/sh", "-c", "echo x >> /work/starts; [ $(wc -l < /work/starts) = 2 ] || exit 1;"
                  " exec sleep 1000")
    container = monitored(made, restart=13, death_signal=9)
    until(lambda: len(written(made.rootfs + "/work/starts").split()) == 2 and
          container.status == "running")
    os.kill(keeper_of(container), signal.SIGKILL)
    container.wait_stopped()
    time.sleep(0.3)
    assert len(written(made.rootfs + "/work/starts").split()) == 2


@pytest.mark.parametrize("number", [-1, 65, 1000])
def test_death_signals_that_there_are_not(monitored, bundle, number):
    monitored(bundle("/bin/true"), death_signal=number, fails="is no signal")


def test_container_without_its_keeper(thole, bundle):
    """Every command understands it still."""
    container = thole.launch(bundle("/bin/sleep", "1000", terminal=True), "--attachable", "--rm",
                             "--consoles", "2", "--restart", "always")
    os.kill(keeper_of(container), signal.SIGKILL)
    until(lambda: container.status == "running")
    container.exec("/bin/true").ok()
    container("pause").ok()
    assert container.status == "paused"
    container("resume").ok()
    container("ps").ok()
    thole("attach", container.id).failed("is gone")
    assert container.id in thole("list").ok().out
    container("kill", "KILL").ok()
    container.wait_stopped()
    assert "exitStatus" not in container.state()
    thole("attach", container.id).failed("stopped")
    container.delete().ok()
    assert container.id not in thole("list").ok().out


def test_sigterm_to_the_keeper_is_passed_on(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x >> /work/starts; trap 'exit 6' TERM; while :; do sleep 0.05; done")
    container = thole.launch(made, "--attachable", "--restart", "always")
    until(lambda: written(made.rootfs + "/work/starts"))
    time.sleep(0.1)
    os.kill(keeper_of(container), signal.SIGTERM)
    container.wait_stopped()
    until(lambda: container.state().get("exitStatus") == 6)
    time.sleep(0.3)
    assert written(made.rootfs + "/work/starts") == "x\n"


@pytest.mark.parametrize("moment", range(12))
def test_keeper_killed_in_the_middle_of_a_restart(thole, bundle, moment):
    """Whatever is left has a state that is true, and can be deleted."""
    made = bundle("/bin/sh", "-c", "sleep 0.05; exit 1")
    made.config["hooks"] = {stage: [{"path": "/bin/sleep", "args": ["sleep", "0.03"]}]
                            for stage in ("createRuntime", "poststop")}
    container = thole.launch(made, "--attachable", "--restart", "always")
    keeper = json.loads(written(os.path.join(thole.root, container.id, "state.json")))["keeper"]
    time.sleep(0.05 + moment * 0.02)
    os.kill(keeper, signal.SIGKILL)
    until(lambda: is_gone(keeper))
    state = container.state()
    assert state["status"] in ("running", "stopped", "creating")
    if state["status"] == "running" and not os.path.exists(f"/proc/{state['pid']}"):
        assert container.status == "stopped", "the program ended since: nothing else makes its pid vanish"
    until(lambda: container.status == "stopped")
    assert container.delete().code == 0
    assert container.id not in os.listdir(thole.root)


def test_killed_caller_takes_the_half_made_container_along(thole, bundle):
    """Until it has started, what `run` began ends with it."""
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "2"]}]}
    name = thole.prepare(made)
    process = thole.start_process("run", "--detach", "--attachable", "--restart", "always",
                                  "--bundle", made.path, name)
    until(lambda: os.path.exists(os.path.join(thole.root, name, "state.json")))
    process.popen.kill()
    process.popen.wait()
    time.sleep(0.5)
    thole("delete", "--force", name).ok()
    assert name not in os.listdir(thole.root)


# ---- in the foreground ----

def test_foreground_passes_output_and_status_on(thole, bundle):
    """However short the program: nobody has to be in time."""
    made = bundle("/bin/sh", "-c", "cat; echo out; echo err >&2; exit 7")
    for _ in range(30):
        result = thole.run(made, "--attachable", stdin="given\n")
        assert (result.code, result.out, result.err) == (7, "given\nout\n", "err\n")
        assert not [name for name in os.listdir(thole.root) if not name.startswith(".")]


def test_foreground_misses_nothing_of_a_flood(thole, bundle):
    made = bundle("/bin/sh", "-c", "i=0; while [ $i -lt 100000 ]; do echo $i; i=$((i+1)); done")
    assert thole.run(made, "--attachable").ok().out.split() == [str(i) for i in range(100000)]


def test_foreground_of_programs_that_do_not_read(thole, bundle):
    made = bundle("/bin/sh", "-c", "exit 3")
    for _ in range(40):
        assert thole.run(made, "--attachable").code == 3
        assert thole.run(made, "--attachable", stdin="x\n" * 1000).code == 3


def test_foreground_and_keep(thole, bundle):
    name, process = thole.start_run(bundle("/bin/sh", "-c", "exit 3"), "--attachable", "--keep")
    assert process.wait().code == 3
    assert (thole.state(name)["status"], thole.state(name)["exitStatus"]) == ("stopped", 3)


def test_foreground_with_restarts(thole, bundle):
    made = bundle("/bin/sh", "-c", "echo x >> /work/starts; echo start $(wc -l < /work/starts); exit 4")
    result = thole.run(made, "--attachable", "--restart", "on-failure:2")
    assert (result.code, result.out) == (4, "start 1\nstart 2\nstart 3\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_foreground_passes_signals_on_and_they_are_the_end(thole, bundle, number):
    made = bundle("/bin/sh", "-c", "echo x >> /work/starts; trap 'exit 9' TERM INT; echo ready; "
                  "while :; do sleep 0.05; done")
    _, process = thole.start_run(made, "--attachable", "--restart", "always")
    until(lambda: "ready" in process.output())
    process.popen.send_signal(number)
    assert process.wait().code == 9
    assert made.read("work/starts") == "x\n"


def test_foreground_usr1_reaches_the_program(thole, bundle):
    made = bundle("/bin/sh", "-c", "trap 'exit 8' USR1; echo ready; while :; do sleep 0.05; done")
    _, process = thole.start_run(made, "--attachable")
    until(lambda: "ready" in process.output())
    process.popen.send_signal(signal.SIGUSR1)
    assert process.wait().code == 8


def test_foreground_on_a_terminal(thole, bundle):
    made = bundle("/bin/sh", terminal=True)
    made.process["env"].append("PS1=$ ")
    name = thole.prepare(made)
    one = Caller([thole.path, "--root", thole.root, "run", "--attachable", "--bundle", made.path,
                  name])
    one.expect("$ ")
    one.type("stty size\r")
    one.expect("30 90")
    one.type("\x10\x11")
    assert one.wait() == 0 and one.restored()
    one.expect(f"thole attach {name}")
    two = Caller([thole.path, "--root", thole.root, "attach", name])
    two.type("exit 5\r")
    assert two.wait() == 5
    until(lambda: name not in os.listdir(thole.root))
    one.close()
    two.close()


def test_foreground_that_cannot_start(thole, bundle):
    made = bundle("/no/such")
    thole.run(made, "--attachable").failed("/no/such")


def test_foreground_whose_caller_is_killed(thole, bundle):
    name, process = thole.start_run(bundle("/bin/sleep", "1000"), "--attachable")
    until(lambda: os.path.exists(os.path.join(thole.root, name, "console")) and
          thole.state(name)["status"] == "running")
    time.sleep(0.1)
    process.popen.kill()
    process.popen.wait()
    time.sleep(0.2)
    assert thole.state(name)["status"] == "running"
    thole("kill", name, "KILL").ok()
    until(lambda: name not in os.listdir(thole.root))


# ---- its memory ----

def test_resident_memory(thole, bundle):
    """What only the start needed is given back: the plan, the configuration, pages of the program.
    At most half of what the monitor of LXC 5.0 has, 2.9 MB."""
    if "ASAN_OPTIONS" in os.environ:
        pytest.skip("needs a program without sanitizers, which keep memory of their own")
    container = thole.launch(bundle("/bin/sleep", "1000", terminal=True), "--attachable",
                             "--consoles", "4", "--restart", "always")
    status = written(f"/proc/{keeper_of(container)}/status")
    size = {line.split(":")[0]: int(line.split()[1]) for line in status.splitlines() if "kB" in line}
    assert size["VmRSS"] <= 1470 and size["RssAnon"] <= 400, status
