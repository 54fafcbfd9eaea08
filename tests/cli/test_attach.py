# SPDX-License-Identifier: Apache-2.0
"""The attach engine: what exec joins and keeps, sessions, `run --attachable` and `attach`."""
import ctypes
import json
import os
import re
import select
import signal
import stat
import time

import pytest

from harness import machine
from harness.caller import ALL, Caller, name_of
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)


@pytest.fixture
def caller(thole):
    """caller(command, words...): a Caller of the runtime, closed at the end."""
    made = []

    def start(*words, **options):
        made.append(Caller([thole.path, "--root", thole.root, *words], **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def shell(thole, bundle, caller):
    """A container run with --attachable on a terminal: an interactive shell."""
    made = bundle("/bin/sh", terminal=True)
    made.process["env"].append("PS1=$ ")
    return thole.launch(made, "--attachable")


# ---- a command or a shell ----

def run_shell(container, *options, **environment):
    return container.runtime("exec", *options, container.id, stdin="echo $0; exit 6\n",
                             **environment)


def test_without_a_command_the_users_shell_is_run(sleeper):
    container = sleeper()
    container.bundle.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/:/bin/ash\n")
    result = run_shell(container)
    assert (result.code, result.out) == (6, "/bin/sh\n")
    assert run_shell(container, "--user", "web").out == "/bin/ash\n"


def test_shell_from_getent(sleeper):
    container = sleeper()
    container.bundle.file("bin/getent", "#!/bin/sh\n[ \"$1\" = passwd ] && "
                          "echo \"who:x:$2:$2::/:/bin/ash\"\n", 0o755)
    assert run_shell(container, "--user", "4242").out == "/bin/ash\n"


@pytest.mark.parametrize("script", ["exit 2", "echo 'who:x:1:1::/:/bin/ash'", "echo :::::::",
                                    "echo who:x:$2:1::/:/no/such/shell", "cat /dev/zero",
                                    "while :; do echo; done", "kill -STOP $$", "exec sleep 1000"])
def test_getent_that_is_of_no_use(sleeper, script):
    container = sleeper()
    container.bundle.file("bin/getent", "#!/bin/sh\n" + script + "\n", 0o755)
    began = time.monotonic()
    assert run_shell(container, "--user", "4242").out == "/bin/sh\n"
    assert time.monotonic() - began < 6


@pytest.mark.parametrize("target", ["../../../../../../etc/passwd", "/dev/zero", "passwd"])
def test_passwd_that_is_not_a_file(sleeper, target):
    container = sleeper()
    path = container.bundle.rootfs + "/etc/passwd"
    os.unlink(path)
    os.symlink(target, path)
    assert run_shell(container).out == "/bin/sh\n"


# ---- environment ----

def test_nothing_of_the_callers_environment(sleeper):
    container = sleeper()
    result = container.exec("/usr/bin/env", env={**os.environ, "SECRET": "x", "TERM": "vt52",
                                                 "HOME": "/host", "LD_PRELOAD": ""}).ok()
    assert "SECRET" not in result.out and "/host" not in result.out and "vt52" not in result.out


def test_term_of_the_caller_on_a_terminal(sleeper, caller):
    container = sleeper()
    show = ("/bin/sh", "-c", "echo \"<$TERM>\"")
    environment = {**os.environ, "TERM": "vt220"}
    one = caller("exec", container.id, *show, environment=environment)
    one.expect("<vt220>")
    one = caller("exec", "--env", "TERM=mine", container.id, *show, environment=environment)
    one.expect("<mine>")
    one = caller("exec", container.id, *show, environment={**environment, "TERM": "../../x"})
    one.expect("<xterm>")


def test_home_of_the_user(sleeper):
    container = sleeper(env=["PATH=/bin", "HOME=/root"])
    assert container.sh("echo $HOME", options=("--user", "web")).ok().out == "/home/web\n"
    assert container.sh("echo $HOME", options=("--user", "web", "-e", "HOME=/x")).ok().out == "/x\n"
    assert container.sh("echo $HOME").ok().out == "/root\n"


# ---- namespaces and privileges ----

def test_some_of_the_namespaces(sleeper):
    container = sleeper()
    show = "cd /proc/self/ns; for n in ipc mnt net pid uts; do readlink $n; done"
    out = container.exec("/bin/sh", "-c", show, options=("--namespaces", "net|UTSNAME")).ok().out
    for name, link in zip(("ipc", "mnt", "net", "pid", "uts"), out.split()):
        owner = container.pid if name in ("net", "uts") else "self"
        assert link == os.readlink(f"/proc/{owner}/ns/{name}"), name


def test_working_directory_without_the_containers_mounts(sleeper, folder):
    container = sleeper(cwd="/work")
    out = container.exec("/bin/pwd", options=("--namespaces", "net"), cwd=folder).ok().out
    assert out == folder + "\n"
    container.exec("/bin/pwd", options=("--namespaces", "net", "--cwd", folder + "/none")).failed()
    assert not os.path.exists(folder + "/none")


def test_remounted_proc_and_sys(sleeper):
    container = sleeper()
    options = ("--namespaces", "pid|net", "--remount-sys-proc")
    out = container.exec("/bin/sh", "-c", "cat /proc/1/comm; ls /sys/class/net",
                         options=options).ok().out
    assert out.split() == ["sleep", "lo"]
    assert os.path.exists(f"/proc/{os.getpid()}/comm"), "the host's own /proc is as it was"


@pytest.mark.parametrize("words", ["", "pid|", "|pid", "pid|nothing", "all"])
def test_namespaces_that_do_not_exist(sleeper, words):
    sleeper().exec("/bin/true", options=(f"--namespaces={words}",)).failed("--namespaces"
                                                                           if not words else "")


def status(container, *options):
    text = container.exec("/bin/cat", "/proc/self/status", options=options).ok().out
    return dict(line.split(":\t") for line in text.splitlines() if ":\t" in line)


def test_kept_capabilities(sleeper):
    container = sleeper()
    inside = status(container, "--keep", "capabilities")
    assert inside["CapEff"] == f"{machine.capability_sets()['CapEff']:016x}"
    assert inside["CapBnd"] == f"{machine.capability_sets()['CapBnd']:016x}"
    assert inside["NoNewPrivs"] == "0"
    assert status(container)["NoNewPrivs"] == "1"
    assert status(container, "--keep", "cgroup|lsm")["NoNewPrivs"] == "1"


def test_kept_cgroup(sleeper):
    container = sleeper()
    with open("/proc/self/cgroup", encoding="ascii") as source:
        own = source.read()
    assert container.exec("/bin/cat", "/proc/self/cgroup", options=("--keep", "cgroup")).out == own
    assert container.exec("/bin/cat", "/proc/self/cgroup").out != own
    container.exec("/bin/true", options=("--keep", "all", "--cgroup", "x")).failed("cgroup")


def test_kept_lsm_leaves_the_filter_out(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    container = thole.launch(made)
    container.exec("/bin/mkdir", "/work/a").failed()
    container.exec("/bin/mkdir", "/work/b", options=("--keep", "lsm")).ok()
    assert status(container)["Seccomp"] == "2"
    assert status(container, "--keep", "all")["Seccomp"] == "0"


@pytest.mark.parametrize("word", ["", "nothing", "cgroup|x"])
def test_privileges_that_do_not_exist(sleeper, word):
    sleeper().exec("/bin/true", options=(f"--keep={word}",)).failed()


def test_personality_of_the_container(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.linux["personality"] = {"domain": "LINUX32"}
    assert thole.launch(made).exec("/bin/uname", "-m").ok().out == "i686\n"


def test_umask_of_the_container(thole, bundle):
    container = thole.launch(bundle("/bin/sleep", "1000", user={"uid": 0, "gid": 0, "umask": 0o27,
                                                                "additionalGids": [7, 9]}))
    assert container.sh("umask; awk '/^Groups/' /proc/self/status").ok().out.split() == [
        "0027", "Groups:", "7", "9"]


def test_session_keyring_of_the_container(thole, bundle):
    made = bundle("/bin/sh", "-c", "cat /proc/keys > /work/keys; exec sleep 1000")
    made.linux["maskedPaths"] = []
    container = thole.launch(made)
    until(lambda: os.path.exists(made.rootfs + "/work/keys") and made.read("work/keys"),
          what="the list of keys")

    def keyrings(text):
        return [line.split()[0] for line in text.splitlines() if container.id in line]

    assert len(keyrings(made.read("work/keys"))) == 1, made.read("work/keys")
    assert keyrings(container.exec("/bin/cat", "/proc/keys").ok().out) == keyrings(
        made.read("work/keys"))


def test_container_without_a_mount_namespace(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.without_namespace("mount")
    made.config["mounts"] = []
    made.linux.update(maskedPaths=[], readonlyPaths=[])
    made.file("here", "inside")
    container = thole.launch(made)
    assert container.exec("/bin/cat", "/here").ok().out == "inside"


# ---- the terminal rule ----

SHOW = ("exec 9>/work/seen.new; for f in 0 1 2; do if [ -t $f ]; then echo $f terminal >&9; "
        "else echo $f $(readlink /proc/$$/fd/$f | cut -c 1-5) >&9; fi; done; "
        "(: < /dev/tty) 2>/dev/null && echo has-tty >&9; mv /work/seen.new /work/seen; "
        "echo to-out; echo to-error >&2; exit 3")


def seen_by(made):
    lines = made.read("work/seen").splitlines()
    return [line.split(None, 1)[1] for line in lines if line[0].isdigit()], "has-tty" in lines


@pytest.mark.parametrize("kinds", ALL, ids=name_of)
@pytest.mark.parametrize("how", ["exec", "run"])
def test_every_combination_of_descriptors(thole, bundle, sleeper, caller, how, kinds):
    if how == "exec":
        container = sleeper()
        made = container.bundle
        one = caller("exec", container.id, "/bin/sh", "-c", SHOW, kinds=kinds)
    else:
        made = bundle("/bin/sh", "-c", SHOW)
        name = thole.prepare(made)
        one = caller("run", "--bundle", made.path, name, kinds=kinds)
    assert one.wait() == 3, one.text
    fds, has_tty = seen_by(made)
    assert fds == [{"terminal": "terminal", "pipe": "pipe:", "closed": "/dev/"}[kind]
                   for kind in kinds]
    assert has_tty == ("terminal" in kinds)
    for fd, word in ((1, b"to-out"), (2, b"to-error")):
        where = {"terminal": "terminal", "pipe": fd}.get(kinds[fd])
        assert where is None or word in one.text[where], one.text
    assert one.restored()


@pytest.mark.parametrize("kinds", ALL, ids=name_of)
def test_detached_processes_get_no_terminal(sleeper, caller, kinds):
    container = sleeper()
    one = caller("exec", "--detach", container.id, "/bin/sh", "-c", SHOW, kinds=kinds)
    assert one.wait() == 0, one.text
    until(lambda: os.path.exists(container.bundle.rootfs + "/work/seen"), what="the result")
    fds, has_tty = seen_by(container.bundle)
    assert fds == ["pipe:" if kind == "pipe" else "/dev/" for kind in kinds] and not has_tty


@pytest.fixture
def typing(folder):
    """A command behind which the kernel seems to let nobody, or everybody, type into terminals."""
    def words(value):
        path = os.path.join(folder, "legacy_tiocsti")
        with open(path, "w", encoding="ascii") as target:
            target.write(value + "\n")
        return ["/bin/unshare", "-m", "/bin/sh", "-c",
                f"mount --bind {path} /proc/sys/dev/tty/legacy_tiocsti && exec \"$@\"", "sh"]
    if not os.path.exists("/proc/sys/dev/tty/legacy_tiocsti"):
        pytest.skip("needs Linux 6.2, which has the sysctl dev.tty.legacy_tiocsti")
    return words


BACKGROUND = {"create": ["create"], "run": ["run", "--detach"]}


@pytest.mark.parametrize("kinds", ALL, ids=name_of)
@pytest.mark.parametrize("allowed", ["by-sysctl", "by-option", "no"])
@pytest.mark.parametrize("command", BACKGROUND)
def test_terminal_of_a_container_in_the_background(thole, bundle, typing, command, allowed, kinds):
    """Handed over where it is harmless or asked for, else refused; what it writes is never lost."""
    made = bundle("/bin/sh", "-c", SHOW)
    name = thole.prepare(made)
    option = ["--raw"] if allowed == "by-option" else []
    one = Caller([*typing("0" if allowed == "by-sysctl" else "1"), thole.path, "--root", thole.root,
                  *BACKGROUND[command], *option, "--bundle", made.path, name], kinds=kinds)
    try:
        code = one.wait()
        if allowed == "no" and "terminal" in kinds[1:]:
            said = b"".join(one.text.values())
            assert code == 1 and not os.path.exists(made.rootfs + "/work/seen")
            assert kinds[2] == "closed" or (b"is a terminal" in said and b"hint: redirect" in said)
            thole("state", name).failed("does not exist")
            return
        assert code == 0, one.text
        if command == "create":
            thole("start", name).ok()
        until(lambda: thole.state(name)["status"] == "stopped", what="the end")
        one.pump()
        terminal = "/null" if allowed == "no" else "terminal"
        fds, has_tty = seen_by(made)
        fds = [fd.replace("/dev/", "/null") for fd in fds]  # as its own mount namespace names it
        assert not has_tty and fds == [
            {"terminal": terminal, "pipe": "pipe:", "closed": "/null"}[kind] for kind in kinds]
        for fd, word in ((1, b"to-out"), (2, b"to-error")):
            where = {"terminal": "terminal", "pipe": fd}.get(kinds[fd])
            assert where is None or word in one.text[where], one.text
    finally:
        one.close()


def test_raw_is_for_the_background(thole, bundle):
    thole.run(bundle("/bin/true"), "--raw").failed("in the background")
    made = bundle("/bin/true")
    made.config["process"]["terminal"] = True
    thole.try_create(made, "--raw", "--console-socket", "/nowhere").failed("in the background")


@pytest.mark.parametrize("value", ["0", "1"])
def test_passed_descriptor_that_is_a_terminal(thole, sleeper, typing, value):
    """Refused where the kernel lets the program type into it."""
    container = sleeper()
    script = f"exec {thole.path} --root {thole.root} exec --preserve-fds 1 {container.id} " \
             "/bin/true 3<&0"
    one = Caller([*typing(value), "/bin/sh", "-c", script])
    code = one.wait()
    refused = b"descriptor 3 is a terminal" in one.text["terminal"]
    assert (code, refused) == ((255, True) if value == "1" else (0, False)), one.text
    one.close()


def test_raw_is_refused_where_input_can_be_injected(sleeper, caller):
    with open("/proc/sys/dev/tty/legacy_tiocsti", encoding="ascii") as source:
        if source.read().strip() != "1":
            pytest.skip("needs dev.tty.legacy_tiocsti=1: here, with 0, --raw is harmless and not refused")
    container = sleeper()
    one = caller("exec", "--raw", container.id, "/bin/true")
    assert one.wait() == 255 and b"--force" in one.text["terminal"]
    one = caller("exec", "--raw", "--force", container.id, "/bin/sh", "-c",
                 "stat -L -c %t,%T /proc/self/fd/0; stty size; exit 4")
    assert one.wait() == 4
    minor = os.minor(one.device()[1])
    assert f",{minor:x}".encode() in one.text["terminal"] and b"30 90" in one.text["terminal"]


def test_raw_with_a_terminal_of_its_own(sleeper):
    sleeper().exec("/bin/true", options=("--raw", "--force", "--tty")).failed("terminal")


# ---- sessions ----

def test_detach_keys_leave_the_program_running(sleeper, caller):
    container = sleeper()
    one = caller("exec", container.id, "/bin/sh", "-c",
                 "echo up; sleep 0.3; echo more; touch /work/done; sleep 0.2; touch /work/later")
    one.expect("up")
    one.type("\x10\x11")
    assert one.wait() == 0
    assert one.restored()
    until(lambda: os.path.exists(container.bundle.rootfs + "/work/later"), what="the program's end")


@pytest.mark.parametrize("option, typed, leaves", [
    ("~,.", "~.", True), ("~,.", "~~.", True), ("~,.", "~x~.", True), ("ctrl-a,d", "\x01d", True),
    ("ctrl-]", "\x1d", True), ("none", "\x10\x11", False), ("a,a,b", "aaab", True),
    ("~,.", "~x.", False)])
def test_other_detach_keys(sleeper, caller, option, typed, leaves):
    container = sleeper()
    one = caller("exec", "--detach-keys", option, container.id, "/bin/sh", "-c",
                 "stty raw -echo; echo up; dd bs=1 count=3 of=/work/got 2>/dev/null; exit 5")
    one.expect("up")
    one.type(typed)
    if leaves:
        assert one.wait() == 0
    else:
        one.type("zzz")
        assert one.wait() == 5
        expected = (typed + "zzz").encode()[:3]
        assert container.bundle.read("work/got").encode() == expected


@pytest.mark.parametrize("option", ["ctrl-", "ab", "ctrl-p,", ",", "ctrl-pq", "ctrl-1", "a" * 40])
def test_bad_detach_keys(sleeper, option):
    sleeper().exec("/bin/true", options=("--detach-keys", option)).failed("detach keys")


def test_log_and_recording(sleeper, caller, folder):
    container = sleeper()
    log, record = os.path.join(folder, "log"), os.path.join(folder, "record")
    for _ in range(2):
        one = caller("exec", "--log", log, "--record", record, container.id, "/usr/bin/printf",
                     r"\303\244 \033[1m" + '"' + r"x\n\377\\e\342\202")
        assert one.wait() == 0
    with open(log, "rb") as source:
        assert source.read() == b"\xc3\xa4 \x1b[1m\"x\r\n\xff\\e\xe2\x82" * 2
    with open(record, encoding="utf-8") as source:
        header, *events = [json.loads(line) for line in source]
    assert (header["version"], header["width"], header["height"]) == (2, 90, 30)
    assert "".join(event[2] for event in events if event[1] == "o") == 'ä \x1b[1m"x\r\n\ufffd\\e'
    assert stat.S_IMODE(os.stat(record).st_mode) == 0o600


def test_recording_follows_the_window(sleeper, caller, folder):
    container = sleeper()
    record = os.path.join(folder, "record")
    one = caller("exec", "--record", record, container.id, "/bin/sh", "-c",
                 "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.02; done")
    one.expect("up")
    one.resize(40, 100)
    one.expect("40 100")
    one.wait()
    with open(record, encoding="utf-8") as source:
        assert any(json.loads(line)[1:] == ["r", "100x40"] for line in list(source)[1:])


def test_log_that_cannot_be_opened(sleeper, caller, folder):
    sleeper().exec("/bin/true", options=("--log", folder + "/none/log")).failed("none/log")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGHUP])
def test_terminal_is_restored_after_any_death(sleeper, caller, number):
    container = sleeper()
    one = caller("exec", container.id, "/bin/sh", "-c",
                 "echo up; while :; do sleep 0.02; done")
    one.expect("up")
    assert not one.restored()
    os.kill(one.pid, number)
    one.wait()
    until(one.restored, 2, "the former modes")


def test_stop_and_continue(sleeper, caller):
    container = sleeper()
    one = caller("exec", container.id, "/bin/sh", "-c", "echo up; read x; echo got=$x")
    one.expect("up")
    os.kill(one.pid, signal.SIGTSTP)
    until(one.restored, 2, "the former modes while it is stopped")
    os.kill(one.pid, signal.SIGCONT)
    until(lambda: not one.restored(), 2, "raw mode again")
    one.type("word\r")
    one.expect("got=word")
    assert one.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_exec_that_waits_for_a_paused_container_can_be_ended(sleeper, caller, number):
    container = sleeper()
    container("pause").ok()
    one = caller("exec", "--ignore-paused", container.id, "/bin/sleep", "1000")
    time.sleep(0.2)
    os.kill(one.pid, number)
    assert one.wait(5) == -number and one.restored()
    container("resume").ok()
    until(lambda: len(container.runtime("ps", "--format", "json", container.id).ok().out.split(",")) == 1,
          what="the end of what it had started")


# ---- attach ----

def test_attach_to_a_terminal(shell, caller):
    one = caller("attach", shell.id)
    one.expect("$ ")
    one.type("stty size; tty; echo $((6*7))\r")
    one.expect("30 90")
    one.expect("/dev/pts/0")
    one.expect("42")
    one.type("exit 9\r")
    assert one.wait() == 9
    assert one.restored()
    shell.wait_stopped()
    assert not os.path.exists(f"{shell.runtime.root}/{shell.id}/console")


def test_run_attachable_returns_at_once_with_closed_streams(thole, shell):
    """$(thole run --detach --attachable ...) must not hang: Process waits for its files only."""
    assert shell.status == "running"
    path = f"{thole.root}/{shell.id}/console"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_detach_and_come_back(shell, caller):
    one = caller("attach", shell.id)
    one.type("A=kept; printf 'scr''een\\n'\r")
    one.expect("screen")
    one.type("\x10\x11")
    assert one.wait() == 0 and one.restored()
    two = caller("attach", shell.id, size=(50, 120))
    two.expect("screen")
    two.type("echo $A; stty size\r")
    two.expect("kept")
    two.expect("50 120")


def test_viewers_and_writers(shell, caller):
    writers = [caller("attach", shell.id, size=(20 + n, 70 + n)) for n in range(3)]
    viewer = caller("attach", "--no-stdin", shell.id, size=(11, 44))
    for one in (*writers, viewer):
        one.expect("$ ")
    for n, one in enumerate(writers):
        one.type(f"echo from-{n}-$((1000+{n})) $(stty size)\r")
        for other in [*writers, viewer]:
            other.expect(f"from-{n}-100{n} {20 + n} {70 + n}")
    viewer.type("echo never\r")
    writers[1].resize(33, 88)
    writers[1].type("stty size\r")
    assert "never" not in viewer.expect("33 88").replace("echo never", "")
    for one in (*writers, viewer):
        one.type("")
    writers[2].type("exit 0\r")
    assert [one.wait() for one in [*writers, viewer]] == [0] * 4


def test_signal_ends_attach_only(shell, caller):
    one = caller("attach", shell.id)
    one.expect("$ ")
    os.kill(one.pid, signal.SIGTERM)
    assert one.wait() == 1 and one.restored()
    assert shell.status == "running"
    one = caller("attach", shell.id)
    one.expect("$ ")
    os.kill(one.pid, signal.SIGKILL)
    one.wait()
    until(one.restored, 2, "the former modes")
    assert shell.status == "running"


def test_attach_to_pipes(thole, bundle):
    container = thole.launch(bundle("/bin/sh", "-c", "echo early; echo oops >&2; cat; exit 4"),
                             "--attachable")
    result = container.runtime("attach", container.id, stdin="some input\n")
    assert (result.code, result.out, result.err) == (4, "early\nsome input\n", "oops\n")


def test_output_before_attach_is_replayed_from_a_line_on(thole, bundle):
    container = thole.launch(bundle(
        "/bin/sh", "-c", "i=0; while [ $i -lt 60000 ]; do echo line $i; i=$((i+1)); done; "
        "touch /work/done; read x"), "--attachable")
    until(lambda: os.path.exists(container.bundle.rootfs + "/work/done"), 30, "the output")
    result = container.runtime("attach", container.id, stdin="x\n")
    lines = result.out.splitlines()
    first = int(re.fullmatch(r"line (\d+)", lines[0]).group(1))
    assert lines == [f"line {i}" for i in range(first, 60000)] and len(lines) > 10000


def test_container_is_not_held_up_by_a_stuck_viewer(shell, caller, thole):
    stuck = caller("attach", shell.id)
    stuck.expect("$ ")
    os.kill(stuck.pid, signal.SIGSTOP)
    other = caller("attach", shell.id)
    other.type("i=0; while [ $i -lt 200000 ]; do echo $i; i=$((i+1)); done; echo fin''ished\r")
    other.expect("finished", 180)
    os.kill(stuck.pid, signal.SIGCONT)
    stuck.expect("finished", 180)


def test_output_is_whole_for_an_attached_viewer(thole, bundle, caller):
    made = bundle("/bin/sh", "-c", "read x; i=0; while [ $i -lt 100000 ]; do echo $i; "
                  "i=$((i+1)); done", terminal=True)
    container = thole.launch(made, "--attachable")
    one = caller("attach", container.id)
    one.type("\r")
    assert one.wait(60) == 0
    assert one.text["terminal"].decode().split() == [str(i) for i in range(100000)]


def test_console_of_an_engine(sleeper, thole):
    thole("attach", sleeper().id).failed("belongs to the engine")


@pytest.mark.parametrize("state", ["stopped", "none"])
def test_nothing_to_attach_to(thole, sleeper, state):
    if state == "none":
        thole("attach", "nosuch").failed("does not exist")
        return
    container = sleeper("--attachable")
    container("kill", "KILL").ok()
    container.wait_stopped()
    thole("attach", container.id).failed("not running")


def test_attachable_that_cannot_start(thole, bundle):
    made = bundle("/bin/nosuch")
    name = thole.prepare(made)
    thole("run", "--detach", "--attachable", "--bundle", made.path, name).failed("nosuch")
    assert not os.path.exists(f"{thole.root}/{name}")


def test_keeper_that_was_killed(thole, bundle):
    container = thole.launch(bundle("/bin/sleep", "1000"), "--attachable")
    with open(f"/proc/{container.pid}/stat", encoding="ascii") as source:
        keeper = int(source.read().split()[3])
    os.kill(keeper, signal.SIGKILL)
    until(lambda: thole("attach", container.id).code != 0, what="an error")
    thole("attach", container.id).failed("gone")
    container("kill", "KILL").ok()


def test_keeper_reaps_the_containers_orphans(thole, bundle):
    made = bundle("/bin/sh", "-c", "(sleep 0.2 & ) ; exec sleep 1000")
    made.without_namespace("pid")
    container = thole.launch(made, "--attachable")
    with open(f"/proc/{container.pid}/stat", encoding="ascii") as source:
        keeper = source.read().split()[3]
    children = f"/proc/{keeper}/task/{keeper}/children"
    until(lambda: len(open(children, encoding="ascii").read().split()) == 1, what="one child left")


@pytest.mark.parametrize("ending", ["exit", "signal"])
def test_detach_from_run_and_attach(thole, bundle, caller, ending):
    made = bundle("/bin/sh", terminal=True)
    name = thole.prepare(made)
    one = caller("run", "--bundle", made.path, name)
    one.type("echo fir''st\r")
    one.expect("first")
    one.type("\x10\x11")
    one.expect(f'thole: info: {name} keeps running: "thole attach {name}" comes back to it\r\n')
    assert one.wait() == 0
    two = caller("attach", name)
    two.type("echo sec''ond\r")
    two.expect("second")
    if ending == "exit":
        two.type("exit 7\r")
    else:
        thole("kill", name, "KILL").ok()
    if machine.tells_exit_statuses():
        assert two.wait() == (7 if ending == "exit" else 137)
    else:
        assert two.wait() == 1
        two.expect("its exit status is not known")
    until(lambda: thole.state(name)["status"] == "stopped", what="the end")


def children_of_the_tests():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as source:
        return {int(pid) for pid in source.read().split()}


def test_status_that_nobody_has_told(thole, bundle, caller):
    """A program whose new parent does not wait for it: an error, never a status that was made up."""
    subreaper = ctypes.CDLL(None).prctl
    earlier = children_of_the_tests()
    made = bundle("/bin/sh", terminal=True)
    name = thole.prepare(made)
    leaders = set()
    subreaper(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    try:
        one = caller("run", "--bundle", made.path, name)
        leaders.add(one.leader)
        one.expect("# ")
        one.type("\x10\x11")
        assert one.wait() == 0
        two = caller("attach", name)
        leaders.add(two.leader)
        two.type("echo sec''ond; exit 7\r")
        two.expect("second")
        two.expect("the program has ended, but its exit status is not known", 30)
        assert two.wait() == 1
    finally:
        subreaper(36, 0, 0, 0, 0)
        thole("delete", "--force", name)
        for pid in children_of_the_tests() - earlier - leaders:
            os.waitpid(pid, 0)


def test_no_hint_of_the_way_back(thole, bundle, thole_path):
    """--no-hints leaves it out, and nothing else."""
    made = bundle("/bin/sh", terminal=True)
    name = thole.prepare(made)
    one = Caller([thole_path, "--root", thole.root, "--no-hints", "run", "--bundle", made.path, name])
    one.type("echo fir''st\r")
    one.expect("first")
    one.type("\x10\x11")
    assert one.wait() == 0
    assert "thole" not in one.text["terminal"].decode()
    one.close()


def test_others_may_not_attach(thole, shell):
    pid = os.fork()
    if pid == 0:
        os.setgid(1000)
        os.setuid(1000)
        try:
            os.listdir(f"{thole.root}/{shell.id}")
        except PermissionError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.parametrize("how", ["run", "exec"])
def test_sigterm_ends_a_session_on_a_terminal_that_nobody_reads(thole, bundle, sleeper, caller, how):
    """What the program wrote waits for its reader no longer than a second."""
    script = "trap 'kill $!; exit 9' TERM; yes & echo > /work/up; wait"
    if how == "exec":
        container = sleeper()
        made = container.bundle
        one = caller("exec", "-t", container.id, "/bin/sh", "-c", script)
    else:
        made = bundle("/bin/sh", "-c", script, terminal=True)
        one = caller("run", "--bundle", made.path, thole.prepare(made))
    until(lambda: os.path.exists(made.rootfs + "/work/up"), what="the program")
    time.sleep(0.5)  # all buffers are full by then
    os.kill(one.pid, signal.SIGTERM)
    until(lambda: select.select([one.reports], [], [], 0)[0], 5, "the end of the caller")
    assert one.wait() == 9 and one.restored()
