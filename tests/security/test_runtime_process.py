# SPDX-License-Identifier: Apache-2.0
"""Known attacks on the runtime's own process: descriptors, its executable, capabilities, ids."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from harness import callers, machine
from harness.programs import compiled
from harness.runtime import until


HOSTILE = os.path.join(os.path.dirname(__file__), "hostile.c")


def digest(path):
    with open(path, "rb") as source:
        return hashlib.sha256(source.read()).hexdigest()


@pytest.mark.parametrize("number", range(3, 21))
def test_cwd_is_a_descriptor_of_the_runtime(thole, bundle, number):
    """CVE-2024-21626."""
    made = bundle("/bin/ls", "..", cwd=f"/proc/self/fd/{number}")
    thole.run(made).failed()


@pytest.mark.parametrize("pids", ["own", "host's"])
def test_exec_cwd_is_a_descriptor_of_the_runtime(thole, bundle, pids):
    """With a pid namespace of its own there is not even a /proc/self for whoever enters."""
    made = bundle("/bin/sleep", "1000")
    if pids != "own":
        made.without_namespace("pid")
    container = thole.launch(made)
    for number in range(3, 21):
        container.exec("/bin/ls", options=("--cwd", f"/proc/self/fd/{number}")).failed()


def test_program_sees_its_own_descriptors_only(thole, bundle, probe):
    made = bundle("/bin/probe", "fds")
    probe(made)
    seen = thole.run(made).ok().out.splitlines()
    assert [line.split()[0] for line in seen] == ["0", "1", "2"], seen


def test_exec_sees_its_own_descriptors_only(thole, bundle, probe):
    made = bundle("/bin/sleep", "1000")
    probe(made)
    seen = thole.launch(made).exec("/bin/probe", "fds").ok().out.splitlines()
    assert [line.split()[0] for line in seen] == ["0", "1", "2"], seen


def test_waiting_init_holds_nothing_of_the_host(thole, bundle):
    """A created container may be looked at by others of its pid namespace before it starts."""
    container = thole.create(bundle("/bin/sleep", "1000"))
    base = f"/proc/{container.pid}/fd"
    for name in os.listdir(base):
        target = os.readlink(f"{base}/{name}")
        assert int(name) <= 2 or not target.startswith(("/proc", "/sys", "/var/tmp", "/run")), target


@pytest.mark.parametrize("how", ["run", "exec"])
def test_executable_cannot_be_overwritten(thole, bundle, session_folder, folder, how):
    """CVE-2019-5736: an image whose program is the runtime's own executable. Root inside, which has all
    capabilities, keeps every /proc/PID/exe open and asks for writing until the file no longer runs."""
    copy = os.path.join(folder, "runtime-copy")
    shutil.copy(thole.path, copy)
    before = digest(copy)
    thole.path = copy
    made = bundle("/bin/hostile", "overwrite", noNewPrivileges=False)
    made.capabilities(*sorted(machine.capability_names(machine.capability_sets()["CapBnd"])))
    made.linux["maskedPaths"], made.linux["readonlyPaths"] = [], []
    shutil.copy(compiled(HOSTILE, session_folder), made.rootfs + "/bin/hostile")
    made.file("/work/self", "#!/proc/self/exe\n", 0o755)
    container = thole.launch(made)
    until(lambda: os.path.exists(made.rootfs + "/work/report"), what="the hostile program")
    if how == "exec":
        for _ in range(10):
            container.exec("/work/self")
            container.exec("/proc/self/exe", "--version")
    else:
        again = bundle("/proc/self/exe", "--version")
        again.namespace("pid", f"/proc/{container.pid}/ns/pid")
        for _ in range(10):
            thole.run(again)
    report = made.read("/work/report")
    assert "looked at" in report, "no control: the hostile program has seen nobody"
    container.delete("--force").ok()
    assert digest(copy) == before, "the runtime's file was changed"
    assert "writable" not in report, report


@pytest.mark.parametrize("how", ["the mount", "a file system"])
def test_executable_on_a_mount_that_turns_writable(thole, bundle, folder, how):
    """What a container keeps open of the runtime stays closed to it, whatever the host does later."""
    place = os.path.join(folder, "mounted")
    os.mkdir(place)
    copy = os.path.join(place, "runtime-copy")
    flags = {"the mount": ("--bind", place), "a file system": ("-t", "tmpfs", "none")}[how]
    bind = ["-o", "remount,bind" if how == "the mount" else "remount"]
    subprocess.run(["mount", *flags, place], check=True)
    try:
        shutil.copy(thole.path, copy)
        subprocess.run(["mount", *bind, "-o", "ro", place], check=True)
        original, thole.path = thole.path, copy
        container = thole.create(bundle("/bin/true"))
        kept = os.open(f"/proc/{container.pid}/exe", os.O_PATH)
        thole.path = original
        container.delete("--force").ok()
        subprocess.run(["mount", *bind, "-o", "rw", place], check=True)
        os.close(os.open(copy, os.O_WRONLY))  # that is what "writable" means here
        with pytest.raises(OSError):  # a sealed copy in memory can be opened, and not written to
            os.write(os.open(f"/proc/self/fd/{kept}", os.O_WRONLY), b"x")
        os.close(kept)
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_exec_adds_nothing_inheritable(sleeper):
    """CVE-2022-29162, CVE-2022-27650, CVE-2025-27612."""
    container = sleeper()
    out = container.exec("/bin/cat", "/proc/self/status", options=("--cap", "CAP_NET_RAW")).ok().out
    sets = machine.parse_capability_sets(out)
    assert sets["CapInh"] == 0 and sets["CapAmb"] == 0


def test_default_sets_have_nothing_inheritable(thole, bundle):
    """CVE-2022-24769."""
    out = thole.run(bundle("/bin/cat", "/proc/self/status")).ok().out
    sets = machine.parse_capability_sets(out)
    assert sets["CapInh"] == 0 and sets["CapAmb"] == 0


@pytest.mark.parametrize("text, uid", [("1", "1"), ("1:2", "1"), ("01", "1"), ("1000", "1000")])
def test_user_is_never_root_by_mistake(sleeper, text, uid):
    """CVE-2026-30892."""
    result = sleeper().exec("/usr/bin/id", "-u", options=("--user", text))
    assert (result.code != 0 and text == "01") or result.out.strip() == uid, result


@pytest.mark.parametrize("text", ["4294967296", "-1", "4294967297", "18446744073709551616", "1e0",
                                  " 1", "1 ", "x", "1:x", "1:4294967296"])
def test_user_that_overflows_is_refused(sleeper, text):
    """CVE-2024-40635, CVE-2026-46680."""
    sleeper().exec("/usr/bin/id", "-u", options=("--user=" + text,)).failed()


@pytest.mark.parametrize("uid", [4294967296, -1, 1.5, "0", 1 << 70])
def test_user_in_a_process_file_that_overflows(sleeper, folder, uid):
    path = os.path.join(folder, "process.json")
    with open(path, "w", encoding="ascii") as target:
        json.dump({"args": ["/usr/bin/id", "-u"], "cwd": "/", "user": {"uid": uid, "gid": 0}}, target)
    container = sleeper()
    container.runtime("exec", "--process", path, container.id).failed()


def test_numeric_name_in_passwd(sleeper):
    """CVE-2016-3697."""
    container = sleeper()
    with open(container.bundle.rootfs + "/etc/passwd", "w", encoding="ascii") as target:
        target.write("1000:x:0:0::/:/bin/sh\nroot:x:0:0::/:/bin/sh\n")
    out = container.exec("/usr/bin/id", "-u", options=("--user", "1000")).ok().out
    assert out == "1000\n"


@pytest.mark.parametrize("separator", ["+", "\n", " ", ",", ";", "\0"], ids=repr)
def test_sysctl_value_injects_nothing(thole, bundle, separator):
    """CVE-2022-0811. All of it happens in the container's own network namespace."""
    made = bundle("/bin/cat", "/proc/sys/net/ipv4/ip_nonlocal_bind")
    made.linux["sysctl"] = {"net.ipv4.ip_default_ttl": f"70{separator}net/ipv4/ip_nonlocal_bind=1"}
    result = thole.run(made)
    assert result.code != 0 or result.out == "0\n", result


def test_sysctl_written_to_the_real_proc(thole, bundle, folder):
    """CVE-2025-52881: a fake /proc/sys of the attacker gets nothing; the kernel gets it or nobody."""
    fake = os.path.join(folder, "fake")
    os.makedirs(fake + "/net/ipv4")
    with open(fake + "/net/ipv4/ip_forward", "w", encoding="ascii") as target:
        target.write("decoy")
    made = bundle("/bin/true")
    made.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    made.linux["readonlyPaths"] = []
    made.mount("/proc/sys", fake, "bind", ["bind"])
    thole.run(made)
    with open(fake + "/net/ipv4/ip_forward", encoding="ascii") as source:
        assert source.read() == "decoy"


def test_a_covered_proc_gets_nothing(thole, bundle, folder):
    """CVE-2025-52881: what is mounted over a file of the runtime's own /proc is not written to."""
    os.makedirs(folder + "/fake/ipv4")
    decoy = folder + "/fake/ipv4/ip_forward"
    with open(decoy, "w", encoding="ascii") as target:
        target.write("decoy")
    made = bundle("/bin/true")
    made.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    thole.prefix = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /proc/sys/net && exec "$@"',
                    folder + "/fake"]
    thole.run(made).failed("/linux/sysctl")
    with open(decoy, encoding="ascii") as source:
        assert source.read() == "decoy"


@pytest.mark.parametrize("size", [70000, 200000])
def test_long_paths_do_not_overflow(thole, bundle, size):
    """CVE-2021-43784."""
    made = bundle("/bin/true")
    made.namespace("ipc", "/" + "x" * size)
    thole.try_create(made).failed()


@pytest.mark.parametrize("count", [1, 5, 6, 100, 200, 340, 341, 5000])
def test_id_map_is_whole_or_refused(thole, bundle, count):
    """CVE-2021-43784: no length is cut on the way to the kernel."""
    made = bundle("/bin/cat", "/proc/self/uid_map")
    made.user_namespace()
    lines = [(number, 100000 + 2 * number, 1) for number in range(count)]
    made.linux["uidMappings"] = [{"containerID": line[0], "hostID": line[1], "size": line[2]}
                                 for line in lines]
    result = thole.run(made)
    if result.code == 0:
        assert [tuple(map(int, line.split())) for line in result.out.splitlines()] == lines
    else:
        assert count > 200 and "/linux/uidMappings" in result.err, result


@pytest.fixture
def alone(thole):
    """A network namespace for the runtime alone: a function that lists the abstract sockets in it."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
    until(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
    enter = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
    thole.prefix = enter

    def sockets():
        listed = subprocess.run([*enter, "cat", "/proc/net/unix"], capture_output=True, text=True,
                                check=True)
        return [line for line in listed.stdout.splitlines() if " @" in line]

    yield sockets
    holder.kill()
    holder.wait()
    thole.prefix = []


def in_the_hosts_network(made):
    made.without_namespace("network")
    return made


def test_no_abstract_socket(thole, bundle, alone):
    """CVE-2020-15257: a container with the host's network finds none of the runtime's."""
    container = thole.create(in_the_hosts_network(bundle("/bin/sleep", "1000")))
    assert alone() == []
    container.start()
    assert alone() == []
    held = thole.start_process("exec", container.id, "/bin/sleep", "1000")
    until(lambda: "1000" in container.sh("ps | grep -c 'sleep 1000'; echo 1000").out)
    assert alone() == []
    held.popen.kill()


def test_no_abstract_socket_of_a_keeper(thole, bundle, alone):
    made = in_the_hosts_network(bundle("/bin/sh", "-c", "sleep 1000", terminal=True))
    container = thole.launch(made, "--attachable", "--consoles", "2")
    assert alone() == []
    viewer = thole.start_process("attach", container.id)
    time.sleep(0.2)
    assert alone() == [] and viewer.popen.poll() is None
    viewer.popen.kill()


def mounts_of_cgroups(out):
    """(place, flags) of every mount at /sys/fs/cgroup or below it."""
    return [(line.split()[4], line.split()[5].split(",")) for line in out.splitlines()
            if line.split()[4].startswith("/sys/fs/cgroup")]


@callers.cases(users="own")
@pytest.mark.parametrize("how", ["rbind of /sys", "cgroup"])
def test_cgroup_tree_of_the_host_is_read_only(case, how):
    """CVE-2023-25809: without a cgroup namespace, whoever calls and whatever the mount does not say."""
    made = case.bundle("/bin/cat", "/proc/self/mountinfo")
    made.without_namespace("cgroup")
    if how == "cgroup":
        made.mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev"])
        if case.caller.name == "root":
            made.config["mounts"][-1]["options"].append("ro")  # root may have it writable
    else:
        made.config["mounts"] = [entry for entry in made.config["mounts"]
                                 if entry["destination"] != "/sys"]
        made.mount("/sys", "/sys", "none", ["rbind", "nosuid", "noexec", "nodev", "ro"])
    seen = mounts_of_cgroups(case.run(made).ok().out)
    assert seen, "no control: the container sees no cgroups"
    assert not [place for place, flags in seen if "ro" not in flags], seen


def test_terminal_of_the_caller_gets_no_keystrokes(thole, bundle, probe):
    """CVE-2016-10124: TIOCSTI inside reaches the container's own pty at most."""
    pexpect = pytest.importorskip("pexpect", reason="needs the package python3-pexpect")
    made = bundle("/bin/sleep", "1000")
    made.capabilities("CAP_SYS_ADMIN")
    probe(made)
    container = thole.launch(made)
    script = (f"{thole.path} --root {thole.root} exec -t {container.id} /bin/probe type 'echo IN''JECTED\n';"
              f"{thole.path} --root {thole.root} exec {container.id} /bin/probe type 'echo IN''JECTED\n';"
              "read -t 1 line; echo \"line=[$line]\"")
    child = pexpect.spawn("/bin/bash", ["-c", script], encoding="utf-8", timeout=15)
    child.expect(r"line=\[(.*)\]")
    assert child.match.group(1) == ""
    child.expect(pexpect.EOF)
    child.close()


def test_library_of_the_container_is_not_loaded(thole, bundle, folder):
    """CVE-2019-14271: after entering the container the runtime opens no library or NSS file."""
    if subprocess.run(["which", "strace"], capture_output=True, check=False).returncode:
        pytest.skip("needs the program strace")
    made = bundle("/bin/true", user={"uid": 1000, "gid": 1000})
    name = thole.prepare(made)
    log = os.path.join(folder, "strace")
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,pivot_root,setns,execve",
                    "-o", log, thole.path, "--root", thole.root, "run", "--bundle", made.path, name],
                   stdin=subprocess.DEVNULL, check=True)
    with open(log, encoding="utf-8", errors="replace") as source:
        lines = source.read().split("\n")
    entered = next(index for index, line in enumerate(lines)
                   if "pivot_root(" in line or "setns(" in line)
    init = lines[entered].split()[0]
    for line in lines[entered:]:
        if line.split() and line.split()[0] == init and "execve(\"/bin/true\"" not in line:
            assert ".so" not in line and "nsswitch" not in line, line


def test_state_directory_cannot_be_the_root(thole, bundle):
    made = bundle("/bin/true")
    made.write()
    thole("--root", "/", "create", "--bundle", made.path, "thole-test-root", root=False).failed()
    assert not os.path.exists("/thole-test-root")


def test_id_cannot_leave_the_state_directory(thole, folder):
    victim = os.path.join(folder, "victim")
    os.mkdir(victim)
    thole("delete", "--force", "../victim")
    assert os.path.isdir(victim)


OPENED_BY_NOBODY = """import os, socket, sys
os.setgid(65534); os.setuid(65534)
os.stat(sys.argv[1])
for use in (lambda path: open(path), lambda path: open(path, "r+"),
            lambda path: socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(path)):
    try:
        use(sys.argv[1])
    except PermissionError:
        continue
    except OSError:  # of another kind: an opened one is not a socket, or the other way round
        pass
    sys.exit("can be opened")
"""


@pytest.mark.parametrize("kind, names", [("created", {"gate", "state.json", "config.json"}),
                                         ("attachable", {"console", "state.json", "config.json", "exit", "log"})])
def test_gate_cannot_be_opened_by_others(thole, bundle, kind, names):
    """Only root may start somebody's container, read what it is or type into it, also where a state
    root is not closed to others."""
    made = bundle("/bin/sleep", "1000", terminal=kind == "attachable")
    container = thole.create(made) if kind == "created" else thole.launch(made, "--attachable")
    os.chmod(thole.root, 0o711)
    base = os.path.join(thole.root, container.id)
    assert set(os.listdir(base)) == names
    for name in names:
        probe = subprocess.run([sys.executable, "-c", OPENED_BY_NOBODY, os.path.join(base, name)],
                               capture_output=True, text=True, check=False)
        assert probe.returncode == 0, f"{name}: {probe.stderr}"
    assert container.status == ("created" if kind == "created" else "running")


@pytest.mark.parametrize("command", ["list", "run", "exec"])
def test_a_setuid_thole_does_nothing(thole, bundle, folder, command):
    """Its caller would say what root runs. The control is another program with the same bit."""
    def as_nobody(path, *words):
        copy = shutil.copy(path, os.path.join(folder, "setuid"))
        os.chown(copy, 0, 0)
        os.chmod(copy, 0o4755)
        return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    assert " euid=0(root)" in as_nobody("/usr/bin/id").stdout
    made = bundle("/bin/id")
    words = {"list": ["list"], "run": ["run", "--bundle", made.path, thole.prepare(made)],
             "exec": ["exec", "x", "/bin/id"]}[command]
    done = as_nobody(thole.path, "--root", folder + "/state", *words)
    assert done.returncode == 1 and "must not be setuid" in done.stderr, done
    assert done.stdout == "" and not os.path.exists(folder + "/state")


@pytest.mark.needs(program="setcap")
@pytest.mark.parametrize("command", ["list", "exec", "delete"])
def test_a_thole_with_file_capabilities_does_nothing(thole, folder, command):
    """They are rights that its caller has not, as setuid is. What a caller has and passes on is the caller's."""
    os.makedirs(thole.root, mode=0o700)
    copy = shutil.copy(thole.path, os.path.join(folder, "capable"))
    words = {"list": ["list"], "exec": ["exec", "x", "/bin/id"], "delete": ["delete", "x"]}[command]

    def as_nobody(*options):
        return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *options, copy,
                               "--root", thole.root, *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)

    lent = [f"--{kind}=+dac_override,+sys_admin" for kind in ("inh-caps", "ambient-caps")]
    assert "Permission denied" not in as_nobody(*lent).stderr, "no control: with them the state root can be read"
    assert "Permission denied" in as_nobody().stderr
    subprocess.run(["setcap", "cap_dac_override,cap_sys_admin+ep", copy], check=True)
    done = as_nobody()  # exec has lost them in its sealed copy, and can as little as without
    assert done.returncode in (1, 255) and done.stdout == "", done
    assert "must not have file capabilities" in done.stderr or "Permission denied" in done.stderr, done
    assert os.listdir(thole.root) == []
