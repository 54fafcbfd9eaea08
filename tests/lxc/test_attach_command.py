# SPDX-License-Identifier: Apache-2.0
"""lxc-attach: every option in all spellings, the environment, users, exit statuses."""
import json
import os
import signal
import subprocess

import pytest

from harness import machine
from harness.caller import Caller
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

SH = ("/bin/sh", "-c")


class Running:
    """A container of the state root of an lxcpath, as lxc-start and engines leave it there."""

    def __init__(self, lxc, container):
        self.lxc, self.container, self.name = lxc, container, container.id

    def attach(self, *words, **options):
        return self.lxc("attach", "-n", self.name, *words, **options)

    def sh(self, script, *options, **more):
        return self.attach(*options, "--", *SH, script, **more)


@pytest.fixture
def running(lxc, thole, bundle):
    """running(**process): a container that lxc-attach finds by its name."""
    thole.root = lxc.root

    def make(*change, annotations=None, **process):
        made = bundle("/bin/sleep", "1000", **process)
        if annotations:
            made.config["annotations"] = annotations
        for one in change:
            one(made)
        return Running(lxc, thole.launch(made))

    return make


def own_environment(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


# ---- where it runs, as whom ----

def test_all_namespaces_and_the_cgroup(running):
    one = running()
    out = one.sh("cd /proc/self/ns; for n in cgroup ipc mnt net pid uts; do readlink $n; done").ok().out
    assert out.split() == [os.readlink(f"/proc/{one.container.pid}/ns/{name}")
                           for name in ("cgroup", "ipc", "mnt", "net", "pid", "uts")]
    with open(f"/proc/{one.container.pid}/cgroup", encoding="ascii") as source:
        cgroups = source.read()
    job = one.lxc.start_process("attach", "-n", one.name, "--", "/bin/sleep", "1000")
    pids = until(lambda: [pid for pid in json.loads(
        one.container.runtime("ps", "--format", "json", one.name).ok().out)
                          if pid != one.container.pid] or job.popen.poll(), what="the program")
    assert isinstance(pids, list), job.wait()
    inside = pids[0]
    with open(f"/proc/{inside}/cgroup", encoding="ascii") as source:
        assert source.read() == cgroups
    os.kill(inside, signal.SIGKILL)
    assert job.wait().code == 128 + signal.SIGKILL


@pytest.mark.parametrize("words, ids", [
    ((), "0 0 "), (("-u", "1000"), "1000 0 "), (("-u1000",), "1000 0 "), (("--uid=1000",), "1000 0 "),
    (("--uid", "1000", "--gid", "7"), "1000 7 "), (("-g", "7"), "0 7 "), (("-g7",), "0 7 "),
    (("-u", "web"), "1000 1000 50 51 "), (("-u", "web", "-g", "crew"), "1000 50 50 51 "),
    (("-u", "1000", "-g", "crew"), "1000 50 50 51 "), (("-g", "crew"), "0 50 "),
    (("--uid=4242",), "4242 0 "),
])
def test_users_and_groups(running, words, ids):
    """By number or name, with the supplementary groups of the container's own group(5)."""
    one = running(user={"uid": 5, "gid": 6, "additionalGids": [9]})
    one.container.bundle.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/:/bin/ash\n")
    one.container.bundle.file("etc/group", "root:x:0:\nweb:x:1000:\ncrew:x:50:other,web\nmore:x:51:web\n"
                                           "bad:x:no:web\nless:x:52:webs,we\nshort:x\n")
    expected = ids.split()
    if "-u" in words and "1000" in words or words in (("-u1000",), ("--uid=1000",)):
        expected += [] if "50" in expected else ["50", "51"]
    if words == ("--uid", "1000", "--gid", "7"):
        expected = ["1000", "7", "50", "51"]
    out = one.sh("awk '/^Uid/{u=$2} /^Gid/{g=$2} /^Groups/{$1=\"\"; r=$0} END{print u, g, r}' "
                 "/proc/self/status", *words).ok().out
    assert out.split() == expected


@pytest.mark.parametrize("words, text", [
    (("-u", "nobody-here"), "no entry for nobody-here in /etc/passwd"), (("-u", "1:2"), "is not a user"),
    (("-g", "nothing"), "no entry for nothing in /etc/group"), (("-u", "-5"), "invalid user id"),
    (("-u", "4294967296"), "invalid user id"),
])
def test_users_that_are_none(running, words, text):
    result = running().attach(*words, "--", "/bin/true")
    assert result.failed(text).code == 1


def test_a_container_without_user_0(running):
    """Its own user is the one to be."""
    def change(made):
        made.user_namespace()
        made.linux["uidMappings"] = [{"containerID": 1000, "hostID": 101000, "size": 10}]
        made.linux["gidMappings"] = [{"containerID": 1000, "hostID": 101000, "size": 10}]
        made.config["mounts"] = [{"destination": "/proc", "type": "proc", "source": "proc"}]
        made.config["linux"].pop("resources", None)
        subprocess.run(["chown", "-R", "101000:101000", made.rootfs], check=True)

    one = running(change, user={"uid": 1000, "gid": 1000})
    assert one.sh("awk '/^[UG]id/{print $2}' /proc/self/status").ok().out == "1000\n1000\n"


def test_working_directory(running, folder):
    """The caller's, where the container has it, else the root."""
    one = running(cwd="/work")
    assert one.attach("--", "/bin/pwd", cwd="/etc").ok().out == "/etc\n"
    assert one.attach("--", "/bin/pwd", cwd=folder).ok().out == "/\n"
    assert not os.path.exists(one.container.bundle.rootfs + folder)
    os.makedirs(one.container.bundle.rootfs + folder)
    assert one.attach("--", "/bin/pwd", cwd=folder).ok().out == folder + "\n"


def test_the_users_shell(running):
    one = running()
    one.container.bundle.file("etc/passwd", "root:x:0:0::/root:/bin/ash\nweb:x:1000:1000::/:/bin/sh\n")
    assert one.attach(stdin="echo $0; exit 7").out == "/bin/ash\n"
    assert one.attach("-u", "web", stdin="echo $0; exit 7").out == "/bin/sh\n"
    assert one.attach("-u", "1000", stdin="exit 7").code == 7


@pytest.mark.parametrize("words", [("-a", "i686"), ("-ai686",), ("--arch=linux32",), ("--arch", "x86"),
                                   ("--ar", "i386")])
def test_architecture(running, words):
    one = running()
    assert one.attach(*words, "--", "/bin/uname", "-m").ok().out == "i686\n"
    assert one.attach("--", "/bin/uname", "-m").ok().out == os.uname().machine + "\n"


def test_architecture_beside_the_containers(running):
    def narrow(made):
        made.linux["personality"] = {"domain": "LINUX32"}

    one = running(narrow)
    assert one.attach("--", "/bin/uname", "-m").ok().out == "i686\n"
    assert one.attach("-a", "x86_64", "--", "/bin/uname", "-m").ok().out == os.uname().machine + "\n"
    wrong = one.attach("-a", "pdp11", "--", "/bin/true").failed('"pdp11" is not an architecture')
    assert wrong.code == 1


# ---- namespaces and privileges ----

def privileges(result):
    """The words of -e that hold for the process."""
    status = dict(line.split(":\t") for line in result.ok().out.splitlines() if ":\t" in line)
    held = set()
    if status["CapBnd"] == f"{machine.capability_sets()['CapBnd']:016x}":
        held.add("CAP")
    if status["Seccomp"] == "0":
        held.add("LSM")
    with open("/proc/self/cgroup", encoding="ascii") as source:
        if result.out.endswith(source.read()):
            held.add("CGROUP")
    return held


def confined(made):
    made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}


ALL = {"CAP", "CGROUP", "LSM"}


@pytest.mark.parametrize("words, held", [
    ((), set()), (("-e",), ALL), (("--elevated-privileges",), ALL), (("-eCAP",), {"CAP"}),
    (("-ecap|LSM",), {"CAP", "LSM"}), (("--elevated-privileges=CGROUP",), {"CGROUP"}),
    (("--elev=LSM|CGROUP",), {"LSM", "CGROUP"}), (("-s", "PID"), ALL), (("-sPID|MOUNT",), ALL),
    (("--namespaces=PID", "-eCAP"), {"CAP"}), (("-eCAP", "-s", "PID"), ALL), (("-e", "-eLSM"), {"LSM"}),
    (("-s", "PID", "-e"), ALL), (("-eCAP", "-s", "PID", "-eLSM"), {"LSM"}),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_elevated_privileges(running, words, held):
    """-e with its list, and -s that implies all of it, in the order of the command line."""
    one = running(confined)
    result = one.sh("cat /proc/self/status /proc/self/cgroup", *words)
    assert privileges(result) == held


@pytest.mark.parametrize("words", ["MOUNT", "mnt", "PID|NETWORK", "pid|net|uts", "UTSNAME|IPC", "USER",
                                   "CGROUP", "time", "Network", "MOUNT|PID|UTSNAME|IPC|NETWORK"])
def test_some_namespaces(running, words):
    names = {"mount": "mnt", "network": "net", "utsname": "uts"}
    wanted = {names.get(word, word) for word in words.lower().split("|")}
    one = running()
    job = one.lxc.start_process("attach", "-n", one.name, f"-s{words}", "--", "/bin/sleep", "1000")
    inside = until(lambda: program_of(job.pid, "sleep") or job.popen.poll(), what="the program")
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "uts"):
        owner = one.container.pid if name in wanted else "self"
        assert os.readlink(f"/proc/{inside}/ns/{name}") == os.readlink(f"/proc/{owner}/ns/{name}"), name
    os.kill(inside, signal.SIGKILL)
    assert job.wait().code == 137


def program_of(pid, name):
    """The child of a process that has become the program of that name."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as source:
        children = source.read().split()
    for child in children:
        try:
            with open(f"/proc/{child}/comm", encoding="ascii") as source:
                if source.read() == name + "\n":
                    return int(child)
        except OSError:
            continue
    return None


@pytest.mark.parametrize("words, text", [
    (("-s", "NOTHING"), "no namespace"), (("-s", "PID|"), "no namespace"), (("-eNOTHING",), "is not one of"),
    (("--elevated-privileges=CAP|",), "is not one of"), (("-e", "-c", "x"), "--context"),
    (("--keep-env", "--clear-env"), "contradict"), (("-v", "NOVALUE"), "NAME=VALUE"),
    (("--raw-pty", "-u"), None), (("--no-such",), None), (("-f", "/nonexistent"), "/nonexistent"),
])
def test_bad_options(running, words, text):
    result = running().attach(*words, "--", "/bin/true").failed()
    assert result.code == 1 and (text is None or text in result.err), result


def test_remounted_proc_and_sys(running):
    """-R counts without the mount namespace only."""
    one = running()
    show = "cat /proc/1/comm; ls /sys/class/net"
    assert one.sh(show, "-s", "PID|NETWORK", "-R").ok().out.split() == ["sleep", "lo"]
    assert one.sh(show, "--namespaces=PID|NETWORK", "--remount-sys-proc").ok().out.split() == ["sleep", "lo"]
    assert one.sh("cat /proc/1/comm", "-s", "PID|NETWORK").ok().out != "sleep\n"
    assert one.sh("cat /proc/1/comm", "-R").ok().out == "sleep\n"
    assert one.sh("cat /proc/1/comm", "-R", "-s", "MOUNT|PID").ok().out == "sleep\n"


@pytest.mark.parametrize("words", [("-c", "no-such-profile"), ("--context=no-such-profile",)])
def test_context(running, words):
    """A label that the host's security module does not know is an error before anything runs."""
    result = running().attach(*words, "--", "/bin/true").failed()
    assert result.code == 1 and ("apparmor" in result.err.lower() or "selinux" in result.err.lower())


# ---- environment ----

HOST = {"PATH": "/host/bin:/usr/bin:/bin", "HOME": "/home/host", "USER": "host", "LOGNAME": "host",
        "SHELL": "/bin/hostsh", "LANG": "xx_YY", "MINE": "1", "SSH_AUTH_SOCK": "/x", "XDG_RUNTIME_DIR": "/y",
        "LD_LIBRARY_PATH": "/lib", "HISTFILE": "/z"}
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LXC = {"org.thole.lxc.lxcpath": "/x"}


def environment(one, *words):
    out = one.attach(*words, "--", "/usr/bin/env", env=HOST).ok().out
    return {key: value for key, value in own_environment(out).items() if key not in ("PWD", "SHLVL")}


def test_default_environment(running):
    """The caller's, without what is about the host."""
    one = running(annotations=LXC, env=["container=lxc", "FROM_CONFIG=1"])
    assert environment(one) == {"LANG": "xx_YY", "MINE": "1", "container": "lxc", "FROM_CONFIG": "1",
                                "PATH": DEFAULT_PATH, "HOME": "/root", "USER": "root", "LOGNAME": "root"}
    one.container.bundle.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/srv:/bin/sh\n")
    inside = environment(one, "-u", "web")
    assert (inside["HOME"], inside["USER"], inside["LOGNAME"]) == ("/srv", "web", "web")
    assert "USER" not in environment(one, "-u", "1000")


def test_the_path_of_an_image_stays(running):
    one = running(env=["PATH=/opt/bin:/bin:/usr/bin", "container=podman"])
    inside = environment(one)
    assert inside["PATH"] == "/opt/bin:/bin:/usr/bin" and inside["container"] == "lxc"


def test_keep_env(running):
    one = running(annotations=LXC, env=["container=lxc"])
    inside = environment(one, "--keep-env")
    assert inside == {**HOST, "container": "lxc"}


@pytest.mark.parametrize("words, more", [
    ((), {}), (("--keep-var", "MINE"), {"MINE": "1"}), (("--keep-var=MINE", "--keep-var=NONE"), {"MINE": "1"}),
    (("--keep-var", "PATH"), {"PATH": HOST["PATH"]}), (("-v", "MINE=2", "--keep-var", "MINE"), {"MINE": "2"}),
    (("-vA=b=c", "--set-var=D="), {"A": "b=c", "D": ""}), (("--set-var", "container=x"), {"container": "x"}),
])
def test_clear_env(running, words, more):
    one = running(annotations=LXC, env=["container=lxc", "FROM_CONFIG=1"])
    assert environment(one, "--clear-env", *words) == {"container": "lxc", "PATH": DEFAULT_PATH,
                                                       "HOME": "/root", **more}


@pytest.mark.parametrize("mode", [[], ["--keep-env"], ["--clear-env"]], ids=str)
def test_the_environment_of_the_configuration(running, lxc, folder, mode):
    """lxc.environment of the stored file or of -f comes after the caller's, and -v after that."""
    one = running(annotations=LXC)
    lxc.define(["lxc.environment = LANG=stored", "lxc.environment.runtime = MINE=stored",
                "lxc.environment.hooks = HOOK=1", "lxc.environment = SHELL"], name=one.name)
    inside = environment(one, *mode, "-v", "MINE=option")
    assert (inside["LANG"], inside["MINE"], inside["SHELL"]) == ("stored", "option", "/bin/hostsh")
    assert "HOOK" not in inside
    with open(folder + "/rc", "w", encoding="ascii") as target:
        target.write("lxc.environment = LANG=rc\n")
    for spelling in (["-f", folder + "/rc"], ["--rcfile=" + folder + "/rc"]):
        assert environment(one, *mode, *spelling)["LANG"] == "rc"


def test_a_variable_that_cannot_be_inherited(running, lxc):
    one = running()
    lxc.define(["", "lxc.environment = NOWHERE"], name=one.name)
    one.attach("--", "/bin/true").failed("config:2: lxc.environment: NOWHERE is not set")


def test_programs_of_the_container_are_found(running):
    """With a PATH that is the host's alone."""
    one = running(annotations=LXC)
    one.container.bundle.file("usr/sbin/only-here", "#!/bin/sh\necho found\n", 0o755)
    assert one.attach("--", "only-here", env={"PATH": "/nowhere"}).ok().out == "found\n"


# ---- exit statuses ----

@pytest.mark.parametrize("script, code", [("exit 0", 0), ("exit 1", 1), ("exit 42", 42), ("exit 255", 255),
                                          ("kill -TERM $$", 143), ("kill -KILL $$", 137),
                                          ("kill -SEGV $$", 139)])
def test_status_of_the_program(running, script, code):
    assert running().sh(script).code == code


@pytest.mark.parametrize("name, content, mode, code", [
    ("/no/such", None, 0, 127), ("no-such", None, 0, 127), ("/work", None, 0, 126), ("/work/a", "x", 0o644, 126),
    ("/work/a", "\x7fELF nonsense", 0o755, 126), ("/work/a", "#!/no/interpreter\n", 0o755, 127)])
def test_status_of_what_cannot_be_executed(running, name, content, mode, code):
    one = running()
    if content is not None:
        one.container.bundle.file(name.lstrip("/"), content, mode)
    result = one.attach("--", name)
    assert result.code == code and result.err.count("\n") <= 2 and name in result.err, result


def test_a_container_that_does_not_run(lxc, running):
    result = lxc("attach", "-n", "nothing", "--", "/bin/true")
    assert result.code == 1 and result.err == "lxc-attach: nothing: there is no container of that name\n"
    name = lxc.define("lxc.uts.name = x")
    result = lxc("attach", "-n", name)
    assert result.code == 1 and result.err == f"lxc-attach: {name}: it is not running\n"
    one = running()
    os.kill(one.container.pid, signal.SIGKILL)
    until(lambda: one.container.status == "stopped", what="the end")
    assert one.attach("--", "/bin/true").failed("it is not running").code == 1


@pytest.mark.needs(controller="freezer")
def test_a_frozen_container(running):
    """One clear line, and no waiting."""
    one = running()
    one.container("pause").ok()
    result = one.attach("--", "/bin/true", timeout=5)
    assert result.code == 1
    assert result.err == (f"lxc-attach: {one.name}: it is frozen\n"
                          "lxc-attach: hint: lxc-unfreeze lets it go on\n")
    one.container("resume").ok()
    one.attach("--", "/bin/true").ok()


def test_words_of_the_command(running):
    """The name may be the first word; options behind it are the command's only after --."""
    one = running()
    assert one.lxc("attach", one.name, "--", "/bin/echo", "-l", "a b").ok().out == "-l a b\n"
    assert one.lxc("attach", one.name, "/bin/echo", "x").ok().out == "x\n"
    assert one.lxc("attach", "/bin/echo", "x", "-n", one.name).ok().out == "x\n"


# ---- the terminal ----

@pytest.fixture
def caller(lxc):
    made = []

    def start(*words, **options):
        made.append(Caller([lxc.program, "attach", "-P", lxc.lxcpath, *words], **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_a_terminal_of_the_container(running, caller):
    one = running()
    job = caller("-n", one.name, "--", *SH, "tty; stty size; exit 5")
    assert job.wait() == 5
    assert job.text["terminal"].split() == [b"/dev/pts/0", b"30", b"90"]
    assert job.restored()


@pytest.mark.parametrize("words", [("-L", "LOG"), ("-LLOG",), ("--pty-log=LOG",)])
def test_pty_log(running, caller, folder, words):
    """What the terminal shows is appended; without a terminal there is nothing to be."""
    one = running()
    log = folder + "/log"
    words = [word.replace("LOG", log) for word in words]
    for text in ("first", "second"):
        assert caller("-n", one.name, *words, "--", "/bin/echo", text).wait() == 0
    with open(log, encoding="ascii") as source:
        assert source.read().split() == ["first", "second"]
    assert os.stat(log).st_mode & 0o777 == 0o640
    one.attach(*words, "--", "/bin/echo", "third").ok()
    with open(log, encoding="ascii") as source:
        assert "third" not in source.read()


def typing_is_allowed():
    try:
        with open("/proc/sys/dev/tty/legacy_tiocsti", encoding="ascii") as source:
            return source.read().strip() == "1"
    except FileNotFoundError:
        return True


def test_raw_pty(running, caller):
    """The caller's own terminal goes in where nothing can be typed into it, or with --force."""
    one = running()
    job = caller("-n", one.name, "--raw-pty", "--", *SH, "test -t 0 && exit 3")
    code = job.wait()
    if typing_is_allowed():
        assert code == 1 and b"type into a terminal" in job.text["terminal"]
    else:
        assert code == 3
    job = caller("-n", one.name, "--raw-pty", "--force", "--", *SH, "test -t 0 && exit 3")
    assert job.wait() == 3, job.text


def test_a_background_job_keeps_nobody_waiting(running, caller):
    """#4507 of LXC: the terminal stays open inside."""
    one = running()
    job = caller("-n", one.name, "--", *SH, "sleep 1000 & exit 4")
    assert job.wait(timeout=10) == 4
    one.container.kill_all("KILL")
