# SPDX-License-Identifier: Apache-2.0
"""Known attacks on the runtime's own process: descriptors, its executable, capabilities, ids."""
import hashlib
import json
import os
import shutil
import subprocess
import time

import pytest

from harness import machine


def digest(path):
    with open(path, "rb") as source:
        return hashlib.sha256(source.read()).hexdigest()


@pytest.mark.parametrize("number", range(3, 21))
def test_cwd_is_a_descriptor_of_the_runtime(thole, bundle, number):
    """CVE-2024-21626."""
    made = bundle("/bin/ls", "..", cwd=f"/proc/self/fd/{number}")
    thole.run(made).failed()


@pytest.mark.parametrize("number", [3, 5, 7, 8, 10, 12])
def test_exec_cwd_is_a_descriptor_of_the_runtime(sleeper, number):
    sleeper().exec("/bin/ls", options=("--cwd", f"/proc/self/fd/{number}")).failed()


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
def test_executable_cannot_be_overwritten(thole, bundle, probe, folder, how):
    """CVE-2019-5736: an image whose program is the runtime's own executable."""
    copy = os.path.join(folder, "runtime-copy")
    shutil.copy(thole.path, copy)
    before = digest(copy)
    thole.path = copy
    made = bundle("/bin/sh", "-c", "while :; do for p in /proc/[0-9]*/exe; do "
                  "probe overwrite $p 50 | grep -q opened && echo opened > /work/won; done; done",
                  noNewPrivileges=False)
    made.capabilities(*sorted(machine.capability_names(machine.capability_sets()["CapBnd"])))
    made.linux["maskedPaths"], made.linux["readonlyPaths"] = [], []
    probe(made)
    made.file("/work/self", "#!/proc/self/exe\n", 0o755)
    container = thole.launch(made)
    if how == "exec":
        for _ in range(15):
            container.exec("/work/self")
            container.exec("/proc/self/exe", "--version")
    else:
        time.sleep(0.3)
        again = bundle("/proc/self/exe", "--version")
        again.namespace("pid", f"/proc/{container.pid}/ns/pid")
        for _ in range(10):
            thole.run(again)
    container.delete("--force").ok()
    won = os.path.exists(made.rootfs + "/work/won")
    assert digest(copy) == before, "the runtime's file was changed"
    # /bin/busybox itself runs there too, and a running file gives ETXTBSY: nothing was opened.
    assert not won, "the runtime's file was open for writing"


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


@pytest.mark.slow
def test_exec_is_not_dumpable_before_the_program(thole, bundle):
    """CVE-2016-9962: nobody in the container reads the descriptors of a half-made process."""
    made = bundle("/bin/sh", "-c", "while :; do for p in /proc/[0-9]*; do "
                  "ls -l $p/fd 2>/dev/null | grep -E ' /(sys|var|run)/|thole' >> /work/leak; done; done")
    made.capabilities()
    container = thole.launch(made)
    for _ in range(100):
        container.exec("/bin/true").ok()
    leak = made.rootfs + "/work/leak"
    assert not os.path.exists(leak) or made.read("/work/leak") == "", made.read("/work/leak")


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


@pytest.mark.parametrize("value", ["1\n/proc/sys/kernel/core_pattern=x", "1+kernel.core_pattern=x",
                                   "1 kernel.core_pattern=x"])
def test_sysctl_value_injects_nothing(thole, bundle, value):
    """CVE-2022-0811."""
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as source:
        before = source.read()
    made = bundle("/bin/true")
    made.linux["sysctl"] = {"kernel.shm_rmid_forced": value}
    thole.run(made)
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as source:
        assert source.read() == before


def test_sysctl_written_to_the_real_proc(thole, bundle, folder):
    """CVE-2025-52881: a fake /proc/sys of the attacker gets nothing; the kernel gets it or nobody."""
    fake = os.path.join(folder, "fake")
    os.makedirs(fake + "/net/ipv4")
    with open(fake + "/net/ipv4/ip_forward", "w", encoding="ascii") as target:
        target.write("decoy")
    made = bundle("/bin/true")
    made.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    made.mount("/proc/sys", fake, "bind", ["bind"])
    thole.run(made)
    with open(fake + "/net/ipv4/ip_forward", encoding="ascii") as source:
        assert source.read() == "decoy"


@pytest.mark.parametrize("size", [70000, 200000])
def test_long_paths_do_not_overflow(thole, bundle, size):
    """CVE-2021-43784."""
    made = bundle("/bin/true")
    made.namespace("ipc", "/" + "x" * size)
    thole.try_create(made).failed()


def test_many_id_mappings(thole, bundle):
    made = bundle("/bin/true")
    made.user_namespace()
    made.linux["uidMappings"] = [{"containerID": i, "hostID": 100000 + i, "size": 1}
                                 for i in range(5000)]
    thole.try_create(made).failed()


def test_no_abstract_socket(thole, bundle):
    """CVE-2020-15257: a container with the host's network finds none of the runtime's."""
    def abstract():
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as source:
            return {line.split()[-1] for line in source if line.split()[-1].startswith("@")}

    before = abstract()
    container = thole.create(bundle("/bin/sleep", "1000"))
    assert abstract() - before == set()
    container.start()
    assert abstract() - before == set()


def test_cgroup_is_read_only_without_a_cgroup_namespace(thole, bundle):
    """CVE-2023-25809."""
    made = bundle("/bin/sh", "-c", "d=$(find /sys/fs/cgroup -type d | tail -1); "
                  "mkdir $d/x 2>/dev/null || echo refused")
    made.user_namespace()
    made.without_namespace("cgroup")
    made.mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro"])
    assert thole.run(made).ok().out == "refused\n"


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


def test_gate_cannot_be_opened_by_others(thole, bundle):
    """Only root may start or stop somebody's container."""
    container = thole.create(bundle("/bin/sleep", "1000"))
    base = os.path.join(thole.root, container.id)
    for name in os.listdir(base):
        path = os.path.join(base, name)
        probe = subprocess.run(
            ["/usr/bin/python3", "-c",
             "import os, socket, sys\nos.setgid(65534); os.setuid(65534)\n"
             "try:\n os.stat(sys.argv[1])\nexcept PermissionError:\n sys.exit(0)\n"
             "try:\n open(sys.argv[1], 'r+')\nexcept OSError:\n pass\nelse:\n sys.exit(1)\n"
             "s = socket.socket(socket.AF_UNIX)\n"
             "try:\n s.connect(sys.argv[1])\nexcept OSError:\n sys.exit(0)\nsys.exit(1)", path],
            check=False)
        assert probe.returncode == 0, f"{name} can be opened by user 65534"
    assert container.status == "created"
