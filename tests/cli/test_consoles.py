# SPDX-License-Identifier: Apache-2.0
"""Terminals of a container besides its console, the last output, and the log of the console."""
import os
import stat
import time

import pytest

from harness.caller import Caller
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)


@pytest.fixture
def attach(thole):
    """attach(container, words...): a Caller of `thole attach`, closed at the end."""
    made = []

    def start(container, *words):
        made.append(Caller([thole.path, "--root", thole.root, "attach", *words, container.id]))
        return made[-1]

    yield start
    for one in made:
        one.close()


# A login on each terminal that comes back when it has ended, as from init's inittab.
LOGINS = """
n=1
while [ $n -le %d ]; do
    ( while :; do setsid sh /login tty$n </dev/tty$n >/dev/tty$n 2>&1; done ) &
    n=$((n+1))
done
echo main; exec sleep 1000
"""
LOGIN = """
echo login on $1
stty size
while read line; do echo $1 got $line; [ "$line" != out ] || exit; done
"""


def with_logins(bundle, count, **process):
    made = bundle("/bin/sh", "-c", LOGINS % count, **process)
    made.file("login", LOGIN)
    return made


# ---- what is there ----

@pytest.mark.parametrize("terminal", [True, False], ids=["pty", "pipes"])
def test_each_terminal_is_one_of_its_own(thole, bundle, attach, terminal):
    container = thole.launch(with_logins(bundle, 3, terminal=terminal), "--attachable",
                             "--consoles", "3")
    viewers = [attach(container, "--console", str(n)) for n in (1, 2, 3)]
    for n, viewer in enumerate(viewers, 1):
        viewer.expect(f"login on tty{n}")
    for n, viewer in enumerate(viewers, 1):
        viewer.type(f"hello {n}\r")
    for n, viewer in enumerate(viewers, 1):
        viewer.expect(f"tty{n} got hello {n}")
        text = viewer.text["terminal"].decode()
        assert all(f"hello {other}" not in text for other in (1, 2, 3) if other != n)
    main = attach(container)
    main.expect("main")
    assert "login" not in main.text["terminal"].decode()


def test_no_more_than_asked_for(thole, bundle):
    container = thole.launch(bundle("/bin/sleep", "1000", terminal=True), "--attachable",
                             "--consoles", "2")
    assert container.sh("cd /dev; ls -d tty? pts/*").ok().out.split() == \
        ["pts/0", "pts/1", "pts/2", "pts/ptmx", "tty1", "tty2"]
    assert container.sh("for n in 1 2; do stat -c %t:%T /dev/tty$n /dev/pts/$n; done"
                        ).ok().out.split() == ["88:1"] * 2 + ["88:2"] * 2
    assert container.sh("grep -z ^container_ttys= /proc/1/environ").ok().out == \
        "container_ttys=pts/1 pts/2\0"  # systemd's interface: there login programs are started
    plain = thole.launch(bundle("/bin/sleep", "1000", terminal=True), "--attachable")
    assert "container_ttys" not in plain.sh("cat /proc/1/environ").ok().out
    assert plain.sh("ls /dev/tty?; ls /dev/pts").out.split() == ["0", "ptmx"]


def test_a_directory_with_links(monitored, bundle):
    container = monitored(bundle("/bin/sleep", "1000", terminal=True), consoles=2,
                          console_directory="lxc")
    assert container.sh("cd /dev; for n in tty1 tty2 console; do readlink $n; done; ls lxc").ok().out.split() == \
        ["lxc/tty1", "lxc/tty2", "lxc/console", "console", "tty1", "tty2"]
    assert container.sh("stat -c %t:%T /dev/lxc/* ").ok().out.split() == ["88:0", "88:1", "88:2"]
    assert container.sh("echo works > /dev/console").code == 0


@pytest.mark.parametrize("directory", ["/abs", "../x", "", "x/../../y"])
def test_directories_outside_of_dev(monitored, bundle, directory):
    monitored(bundle("/bin/true"), consoles=1, console_directory=directory, fails="no directory")


@pytest.mark.parametrize("hostile", ["/etc/victim", "../../../../../../etc/victim", "/victim"])
def test_links_of_the_image_lead_nowhere(thole, bundle, folder, hostile):
    """With the image's own /dev: what lies in the way is looked up inside the root only."""
    made = bundle("/bin/sleep", "1000")
    made.config["mounts"] = [one for one in made.config["mounts"] if one["destination"] != "/dev"]
    os.symlink(hostile, made.rootfs + "/dev/tty1")
    outside = os.path.join(folder, "victim")
    with open(outside, "w", encoding="ascii") as target:
        target.write("untouched")
    container = thole.launch(made, "--attachable", "--consoles", "1")
    assert not os.path.exists("/etc/victim") and not os.path.exists("/victim")
    assert container.sh("stat -Lc %t:%T /dev/tty1").ok().out == "88:0\n"


def test_nodes_of_the_image_make_way_for_links(monitored, bundle):
    made = bundle("/bin/sleep", "1000")
    made.config["mounts"] = [one for one in made.config["mounts"] if one["destination"] != "/dev"]
    os.mknod(made.rootfs + "/dev/tty1", stat.S_IFCHR | 0o600, os.makedev(4, 1))
    container = monitored(made, consoles=1, console_directory="lxc")
    assert container.sh("readlink /dev/tty1; stat -Lc %t:%T /dev/tty1").ok().out.split() == \
        ["lxc/tty1", "88:0"]


def test_in_a_user_namespace(thole, bundle, attach):
    made = with_logins(bundle, 1, terminal=True)
    made.user_namespace()
    container = thole.launch(made, "--attachable", "--consoles", "1")
    one = attach(container, "--console", "1")
    one.expect("login on tty1")
    one.type("inside\r")
    one.expect("tty1 got inside")


def test_device_rules_do_not_stand_in_the_way(thole, bundle):
    made = bundle("/bin/sleep", "1000")
    made.resources["devices"] = [{"allow": False, "access": "rwm"}]
    container = thole.launch(made, "--attachable", "--consoles", "2")
    assert container.sh("echo ok > /dev/tty2").code == 0


def test_they_need_devpts_and_mounts(thole, bundle):
    made = bundle("/bin/true")
    made.config["mounts"] = [one for one in made.config["mounts"]
                             if one["destination"] != "/dev/pts"]
    thole.run(made, "--detach", "--attachable", "--consoles", "1").failed("/dev/pts")
    made = bundle("/bin/true")
    made.without_namespace("mount")
    made.linux["maskedPaths"] = made.linux["readonlyPaths"] = []
    made.config["mounts"] = []
    thole.run(made, "--detach", "--attachable", "--consoles", "1").failed("mount namespace")
    thole.run(bundle("/bin/true"), "--detach", "--attachable", "--consoles", "256").failed("255")
    thole.run(bundle("/bin/true"), "--detach", "--consoles", "1").failed("attachable")


# ---- who gets which ----

def test_the_first_free_one(thole, bundle, attach):
    container = thole.launch(with_logins(bundle, 2), "--attachable", "--consoles", "2")
    first = attach(container, "--console", "free")
    first.expect("login on tty1")
    second = attach(container, "--console", "free")
    second.expect("login on tty2")
    thole("attach", "--console", "free", container.id).failed("all 2 terminals", "in use")
    first.type("\x10\x11")
    assert first.wait() == 0
    third = attach(container, "--console", "free")
    third.expect("login on tty1")


def test_one_that_only_looks_on_leaves_it_free(thole, bundle, attach):
    container = thole.launch(with_logins(bundle, 1), "--attachable", "--consoles", "1")
    attach(container, "--no-stdin", "--console", "1").expect("login on tty1")
    attach(container, "--console", "free").expect("login on tty1")


@pytest.mark.parametrize("word, text", [("3", "no terminal 3: there are 2"), ("x", "not a number")])
def test_one_that_there_is_not(thole, bundle, word, text):
    container = thole.launch(bundle("/bin/sleep", "1000"), "--attachable", "--consoles", "2")
    thole("attach", "--console", word, container.id).failed(text)


def test_a_container_without_terminals(thole, sleeper):
    container = sleeper("--attachable")
    thole("attach", "--console", "1", container.id).failed("no terminals besides its console")
    thole("attach", "--console", "free", container.id).failed("no terminals besides its console")


# ---- their life ----

def test_a_login_that_ends_and_comes_back(thole, bundle, attach):
    container = thole.launch(with_logins(bundle, 1), "--attachable", "--consoles", "1")
    one = attach(container, "--console", "1")
    one.expect("login on tty1")
    one.type("out\r")
    one.expect("tty1 got out")
    one.expect("login on tty1")


def test_window_size(thole, bundle, attach):
    container = thole.launch(with_logins(bundle, 1), "--attachable", "--consoles", "1")
    one = attach(container, "--console", "1")
    one.expect("login on tty1")
    one.resize(41, 113)
    one.type("out\r")
    one.expect("41 113")


def test_idle_terminals_cost_nothing(thole, bundle):
    """The keeper sleeps: nobody looks every now and then whether someone has come."""
    container = thole.launch(bundle("/bin/sleep", "1000", terminal=True), "--attachable",
                             "--consoles", "4")
    with open(f"/proc/{container.pid}/stat", encoding="ascii") as source:
        keeper = source.read().rpartition(")")[2].split()[1]

    def switches():
        with open(f"/proc/{keeper}/status", encoding="ascii") as source:
            return int(source.read().split("voluntary_ctxt_switches:")[1].split()[0])

    time.sleep(0.3)
    before = switches()
    time.sleep(1)
    assert switches() - before <= 2


def test_all_viewers_are_told_the_end(thole, bundle, attach):
    container = thole.launch(with_logins(bundle, 2), "--attachable", "--consoles", "2")
    viewers = [attach(container, "--console", str(n)) for n in range(3)]
    for viewer, text in zip(viewers, ("main", "login", "login")):
        viewer.expect(text)
    container("kill", "KILL").ok()
    assert [viewer.wait() for viewer in viewers] == [137] * 3


def test_terminals_over_a_restart(thole, bundle, attach):
    made = with_logins(bundle, 1)
    made.process["args"][2] = "echo x >> /work/starts; " + made.process["args"][2].replace(
        "exec sleep 1000", "while [ ! -e /work/reboot ]; do sleep 0.05; done; rm /work/reboot; "
        "busybox reboot -f")
    made.capabilities("CAP_SYS_BOOT")
    container = thole.launch(made, "--attachable", "--consoles", "1", "--restart", "reboot")
    one = attach(container, "--console", "1")
    one.expect("login on tty1")
    with open(made.rootfs + "/work/reboot", "x", encoding="ascii"):
        pass  # in one step: the container removes it at once
    until(lambda: made.read("work/starts").split() == ["x", "x"], what="the second start")
    one.expect("login on tty1")
    one.expect("30 90")
    one.type("again\r")
    one.expect("tty1 got again")


# ---- the last output ----

@pytest.mark.parametrize("size", [4096, 20000, 1 << 20])
def test_size_of_the_replay(monitored, bundle, thole, size):
    made = bundle("/bin/sh", "-c", "i=0; while [ $i -lt 40000 ]; do echo line $i; i=$((i+1)); done; "
                  "touch /work/done; read x")
    container = monitored(made, console_buffer=size)
    until(lambda: os.path.exists(made.rootfs + "/work/done"), 30, "the output")
    out = thole("attach", container.id, stdin="x\n").out
    total = sum(len(f"line {i}\n") for i in range(40000))
    assert out.splitlines()[-1] == "line 39999"
    assert min(size, total) - 20 <= len(out) <= size


# ---- the log ----

def log_of(monitored, made, thole, folder, **members):
    path = os.path.join(folder, "console.log")
    container = monitored(made, console_log=path, **members)
    container.wait_stopped()
    until(lambda: not os.path.exists(os.path.join(thole.root, container.id, "console")))
    thole("delete", container.id).ok()
    return path


def read(path):
    with open(path, encoding="ascii") as source:
        return source.read()


@pytest.mark.parametrize("terminal", [True, False], ids=["pty", "pipes"])
def test_log_without_a_viewer(monitored, bundle, thole, folder, terminal):
    made = bundle("/bin/sh", "-c", "for i in 1 2 3; do echo out $i; done; sleep 0.1; echo oops >&2",
                  terminal=terminal)
    path = log_of(monitored, made, thole, folder)
    until(lambda: "oops" in read(path))
    assert read(path).split() == "out 1 out 2 out 3 oops".split()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


def test_log_is_appended_to(monitored, bundle, thole, folder):
    for _ in range(2):
        path = log_of(monitored, bundle("/bin/echo", "once"), thole, folder)
    until(lambda: read(path) == "once\nonce\n")


COUNTING = ("/bin/sh", "-c", "i=1000; while [ $i -lt 1100 ]; do echo $i; i=$((i+1)); done")
COUNTED = "".join(f"{i}\n" for i in range(1000, 1100))


@pytest.mark.parametrize("rotate", [0, 1])
@pytest.mark.parametrize("size", [0, 60, 200, 499, 500, 10000])
def test_size_and_rotation(monitored, bundle, thole, folder, size, rotate):
    path = log_of(monitored, bundle(*COUNTING), thole, folder, console_log_size=size,
                  console_log_rotate=rotate)
    last = read(path)
    if size in (0, 500, 10000):
        assert last == COUNTED and not os.path.exists(path + ".1")
        return
    assert 0 < len(last) <= size and COUNTED.endswith(last)
    assert os.path.exists(path + ".1") == bool(rotate)
    if rotate:
        assert len(read(path + ".1")) == size and COUNTED.endswith(read(path + ".1") + last)


def test_log_over_a_restart(thole, bundle, folder):
    made = bundle("/bin/sh", "-c", "echo started; exit 1")
    path = folder + "/log"
    container = thole.launch(made, "--attachable", "--restart", "on-failure:2", "--console-log",
                             path, "--console-log-size", "1k", "--console-log-rotate")
    until(lambda: read(path) == "started\n" * 3)
    container.wait_stopped()


def test_log_relative_to_the_caller(thole, bundle, folder):
    made = bundle(*COUNTING)
    name = thole.prepare(made)
    thole("run", "--detach", "--attachable", "--console-log", "here", "--console-log-size", "300",
          "--console-log-rotate", "--bundle", made.path, name, cwd=folder).ok()
    until(lambda: os.path.exists(folder + "/here.1") and read(folder + "/here").endswith("1099\n"))
    until(lambda: thole.state(name)["status"] == "stopped")


def test_log_into_a_fifo_that_nobody_reads(monitored, bundle, folder):
    os.mkfifo(folder + "/fifo")
    monitored(bundle("/bin/true"), console_log=folder + "/fifo", fails="fifo")


def test_log_that_is_full_holds_nothing_up(monitored, bundle, folder):
    container = monitored(bundle(*COUNTING), console_log="/dev/full", log=folder + "/keeper.log")
    until(lambda: container.state().get("exitStatus") == 0)
    until(lambda: os.path.exists(folder + "/keeper.log") and
          "log of the console is not complete: No space left" in read(folder + "/keeper.log"))


@pytest.mark.parametrize("words, text", [
    (("--console-log", "/no/such/folder/log"), "/no/such/folder/log"),
    (("--console-log-size", "1k"), "console log"),
    (("--console-log-rotate",), "console log"),
    (("--console-log", "log", "--console-log-size", "many"), "not a size"),
])
def test_bad_logs(thole, bundle, folder, words, text):
    thole.run(bundle("/bin/true"), "--detach", "--attachable", *words, cwd=folder).failed(text)
