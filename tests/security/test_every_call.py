# SPDX-License-Identifier: Apache-2.0
"""Rules that hold for every system call of the runtime, whatever it is made for: how paths of the image are
looked up, how files of the kernel are written to, and what is executed. strace(1) is the witness."""
import glob
import os
import re
import subprocess

import pytest

from harness.terminal import ConsoleSocket

pytestmark = [pytest.mark.needs(root=True), pytest.mark.needs(program="strace")]

# A descriptor and the path that is looked up from there, as `strace -y` prints them.
LOOKED_UP = re.compile(r'(\d+|AT_FDCWD)<([^>]*)>, "((?:[^"\\]|\\.)*)"')
PLAIN = re.compile(r'^(\w+)\("((?:[^"\\]|\\.)*)"')
# These never follow a link in the last component: their manual pages.
FOLLOW_NO_LINK = {"mkdirat", "mknodat", "symlinkat", "unlinkat", "readlinkat", "renameat", "renameat2"}


class Trace:
    """The calls of each process, in order."""

    def __init__(self, folder):
        self.of = {}
        for path in glob.glob(folder + "/trace.*"):
            with open(path, encoding="utf-8", errors="replace") as source:
                self.of[int(path.rpartition(".")[2])] = source.read().splitlines()

    def all(self):
        return [line for lines in self.of.values() for line in lines]

    def init(self, program):
        """What the process did that became the program, until then."""
        for lines in self.of.values():
            for number, line in enumerate(lines):
                if line.startswith(f'execve("{program}"') and line.endswith("= 0"):
                    return lines[:number]
        raise AssertionError(f"nobody executed {program}")


@pytest.fixture
def traced(thole, folder):
    """traced(words...): the Trace of that command, which has to succeed."""
    def call(*words):
        log = os.path.join(folder, f"strace{len(os.listdir(folder))}")
        os.mkdir(log)
        done = subprocess.run(
            ["strace", "-ff", "-y", "-qq", "-s", "300", "-o", log + "/trace", "-e",
             "trace=%file,pivot_root,setns,clone,clone3,fchdir,execveat,connect", thole.path, "--root",
             thole.root, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        return Trace(log)
    return call


def everything(bundle, folder, kind):
    """A bundle whose container takes every way into the image: what is made and what is there, through links,
    for mounts, devices, masks, names of users and the working directory."""
    made = bundle("/bin/uname", user={"uid": 1000, "gid": 1000}, cwd="/new/place", oomScoreAdj=900)
    for name in ("there", "data/below", "lower"):
        os.makedirs(f"{made.rootfs}/{name}")
    for name, target in (("link", "/there"), ("dangling", "made/through/a/link"), ("linked-dev", "dev"),
                         ("data/link", "/etc")):
        os.symlink(target, f"{made.rootfs}/{name}")
    made.file("secret", "x")
    for place in ("/there", "/link/below", "/dangling", "/made/by/mount", "/../../up"):
        made.mount(place, "tmpfs", "tmpfs", ["size=64k"])
    made.mount("/file/new", made.path + "/config.json", "bind", ["bind", "ro"])
    made.mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    made.linux["devices"] = [{"path": path, "type": "c", "major": 1, "minor": 3, "fileMode": 0o600, "uid": 1000}
                             for path in ("/dev/own", "/linked-dev/second", "/other/third")]
    made.linux["maskedPaths"] += ["/secret", "/link/below", "/lower"]
    made.linux["readonlyPaths"] += ["/data/below"]
    made.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    # With that, pivot_root(2) is the way in: up to it the names of descriptors are those of the host.
    made.config["hooks"] = {"createContainer": [{"path": "/bin/true"}]}
    if kind == "user namespace":
        made.user_namespace()
    if kind == "terminal":
        made.process["terminal"] = True
    if kind == "time namespace":
        made.namespace("time")
        made.linux["timeOffsets"] = {"boottime": {"secs": 1000}}
    return made


def words_of(thole, made, kind, folder):
    """How it is started, and what has to stay open meanwhile."""
    words = ["run", "--bundle", made.path]
    console = ConsoleSocket(folder + "/console") if kind == "terminal" else None
    if console:
        words = ["run", "--detach", "--bundle", made.path, "--console-socket", console.path]
    return [*words, thole.prepare(made)], console


KINDS = ["plain", "terminal", "user namespace", "time namespace"]


# ---- paths of the image -------------------------------------------------------------------------------

def strays(line, rootfs):
    """Whether the call looks something up in the image that is neither resolved in the root by openat2(2) nor one
    name in an open directory of which no link is followed."""
    name = line.partition("(")[0]
    plain = PLAIN.match(line)
    if plain and plain.group(2).startswith(rootfs + "/"):
        return True
    for fd, directory, path in LOOKED_UP.findall(line.rpartition(" = ")[0]):
        if fd == "AT_FDCWD":
            if os.path.join(directory, path).startswith(rootfs + "/"):
                return True
        elif path and (directory == rootfs or directory.startswith(rootfs + "/")):
            one_name = "/" not in path and path != ".."
            follows = path != "." and name not in FOLLOW_NO_LINK and "NOFOLLOW" not in line
            if not ("RESOLVE_IN_ROOT" in line and name == "openat2") and not (one_name and not follows):
                return True
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_paths_of_the_image_are_resolved_in_the_root(thole, bundle, folder, traced, kind):
    made = everything(bundle, folder, kind)
    words, _console = words_of(thole, made, kind, folder)
    init = traced(*words).init("/bin/uname")
    before = init[:next(number for number, line in enumerate(init) if line.startswith("pivot_root("))]
    resolved = [line for line in before if "RESOLVE_IN_ROOT" in line and made.rootfs in line]
    assert len(resolved) > 30, "the trace shows little"
    assert [line for line in before if strays(line, made.rootfs)] == []


# ---- files of the kernel ------------------------------------------------------------------------------

OPENED = re.compile(r"= \d+<(/proc(?:/[^>]*)?)>$")
WRITTEN = {"plain": {"sys/net/ipv4/ip_forward", "oom_score_adj"},
           "terminal": {"sys/net/ipv4/ip_forward", "oom_score_adj"},
           "user namespace": {"sys/net/ipv4/ip_forward", "oom_score_adj", "uid_map", "gid_map"},
           "time namespace": {"sys/net/ipv4/ip_forward", "oom_score_adj", "timens_offsets"},
           "exec": {"oom_score_adj"}}


def written(trace):
    """{file of procfs: the call that opened it for writing}."""
    found = {}
    for line in trace.all():
        opened = OPENED.search(line)
        if opened and re.search(r"O_WRONLY|O_RDWR", line):
            found[re.sub(r"^/proc/\d*/?", "", opened.group(1))] = line
    return found


@pytest.mark.parametrize("kind", WRITTEN)
def test_files_of_the_kernel_are_written_through_one_procfs(thole, bundle, folder, traced, kind):
    """Opened before anything of the container is made, and left by no link and no mount."""
    made = everything(bundle, folder, kind)
    if kind == "exec":
        made.process["args"] = ["/bin/sleep", "1000"]
        trace = traced("exec", thole.launch(made).id, "/bin/true")
    else:
        words, _console = words_of(thole, made, kind, folder)
        trace = traced(*words)
    seen = written(trace)
    assert set(seen) == WRITTEN[kind]
    for line in seen.values():
        assert line.startswith("openat2("), line
        assert re.match(r"openat2\(\d+</proc(/sys)?>, ", line), line
        assert "RESOLVE_BENEATH" in line and "RESOLVE_NO_XDEV" in line and "RESOLVE_NO_MAGICLINKS" in line, line
    procfs = [(pid, number) for pid, lines in trace.of.items() for number, line in enumerate(lines)
              if line.endswith("</proc>")]
    runtime = next(pid for pid, lines in trace.of.items() if lines[0].startswith(f'execve("{thole.path}"'))
    first_clone = next(number for number, line in enumerate(trace.of[runtime]) if line.startswith("clone"))
    assert procfs and all(pid == runtime and number < first_clone for pid, number in procfs), procfs


# ---- what is executed, and what is read inside --------------------------------------------------------

EXECUTED = re.compile(r'^execve(?:at)?\((?:\d+<[^>]*>, )?"([^"]*)".* = 0$')
OPENED_INSIDE = re.compile(r"^open(?:at|at2)?\(.*= \d+<([^>]*)>$")
# All that the runtime opens of a container that it has entered: names of users, the terminal, directories.
READ_INSIDE = {"/", "/new", "/new/place", "/etc/passwd", "/etc/group", "/dev/pts", "/dev/pts/ptmx", "/dev/pts/0"}
COMMANDS = {"run": (), "run with a terminal": (), "exec": (), "exec -t": ("--tty",),
            "exec by name": ("--user", "web:staff")}
OF_THE_IMAGE = ("/bin/uname", "/bin/pwd")  # the program and a startContainer hook


def inside(lines):
    """What a process does in the container: from the call that brings it there, or from its birth, until it
    executes the program."""
    end = next((number for number, line in enumerate(lines)
                if EXECUTED.match(line) and EXECUTED.match(line).group(1) in OF_THE_IMAGE), None)
    enters = [number for number, line in enumerate(lines) if line.startswith(("pivot_root(", "setns("))]
    return lines[enters[-1] if enters else 0:end] if enters or end is not None else []


@pytest.mark.parametrize("command", COMMANDS)
def test_of_the_image_the_program_alone_is_executed(thole, bundle, folder, traced, command):
    """No shell, loader, library or name service: up to the program, files of the image are data at most."""
    kind = "terminal" if "terminal" in command else "plain"
    made = everything(bundle, folder, kind)
    made.config["hooks"]["startContainer"] = [{"path": "/bin/pwd"}]
    wanted = {"/bin/uname"}
    if command.startswith("exec"):
        made.process["args"] = ["/bin/sleep", "1000"]
        trace = traced("exec", *COMMANDS[command], thole.launch(made).id, "/bin/uname")
    else:
        wanted |= {"/bin/pwd", "/bin/true"}  # the latter is the host's: a createContainer hook
        words, _console = words_of(thole, made, kind, folder)
        trace = traced(*words)
    executed = {EXECUTED.match(line).group(1) for line in trace.all() if EXECUTED.match(line)}
    assert executed - {thole.path, ""} == wanted  # a sealed runtime has no name
    seen = [line for lines in trace.of.values() for line in inside(lines)]
    assert len(seen) > 10, "the trace shows little"
    assert {match.group(1) for match in map(OPENED_INSIDE.match, seen) if match} <= READ_INSIDE
    assert [line for line in seen if line.startswith("connect(")] == []
