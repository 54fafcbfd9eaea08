# SPDX-License-Identifier: Apache-2.0
"""What was asked for and cannot be had: the program does not run, or it runs with all of it. Each system call
that gives a container something of what its configuration says fails, one after the other."""
import os
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.needs(root=True), pytest.mark.needs(program="strace")]

# What is given, and by which calls.
GIVEN = {
    "namespaces": ("clone3", "setns", "unshare"),
    "ids": ("setresuid", "setresgid", "setgroups"),
    "capabilities": ("capset",),
    "the filter": ("seccomp",),
    "limits": ("prlimit64",),
    "mounts, masks and what is read-only": ("mount_setattr", "move_mount", "open_tree"),
    "names": ("sethostname",),
    "a session": ("setsid",),
}

# All that a program can tell of it; what differs from one container to the next is left out.
SHOW = r"""
grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)' /proc/self/status
cat /proc/self/limits; hostname; umask
sed -E 's/^[0-9]+ [0-9]+ [0-9:]+ //; s/ (shared|master):[0-9]+//; s#/var/tmp/[^ ]*##g' /proc/self/mountinfo
for n in ipc mnt net pid uts; do [ $(readlink /proc/self/ns/$n) = $(eval echo \$HOST_$n) ] && echo "the host's $n"; done
head -c 1 /proc/keys | wc -c; ls /sys/firmware | wc -l; touch /proc/sys/kernel/domainname 2>&1; mkdir /work/x 2>&1
cut -d' ' -f6 /proc/self/stat | grep -c '^0$'
echo end"""


@pytest.fixture
def asking(bundle):
    """asking(args...): a bundle that asks for something of everything."""
    def make(*args):
        made = bundle(*args, user={"uid": 1000, "gid": 1000, "additionalGids": [7]},
                      rlimits=[{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 99}])
        made.process["env"] += [f"HOST_{kind}={os.readlink('/proc/self/ns/' + kind)}"
                                for kind in ("ipc", "mnt", "net", "pid", "uts")]
        made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
        os.chmod(made.rootfs + "/work", 0o777)
        return made
    return make


@pytest.fixture
def failing(thole, folder):
    """failing(call, number, words...): (result, whether that call was made), with EPERM for the N-th of each
    process."""
    def call(name, number, *words):
        log = folder + "/strace"
        done = subprocess.run(
            [shutil.which("strace"), "-f", "-qq", "-o", log, "-e", "trace=" + name, "-e",
             f"inject={name}:error=EPERM:when={number}", thole.path, "--root", thole.root, *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        with open(log, encoding="utf-8", errors="replace") as source:
            return done, "(INJECTED)" in source.read()
    return call


@pytest.mark.parametrize("what", GIVEN)
@pytest.mark.parametrize("command", ["run", "exec"])
def test_all_of_it_or_nothing(thole, asking, failing, command, what):
    made = asking("/bin/sh", "-c", SHOW)
    words = lambda: ["run", "--bundle", made.path, thole.prepare(made)]  # noqa: E731
    if command == "exec":
        made.process["args"] = ["/bin/sleep", "1000"]
        name = thole.launch(made).id
        words = lambda: ["exec", name, "/bin/sh", "-c", SHOW]  # noqa: E731
    wanted = thole(*words()).ok().out
    assert wanted.endswith("end\n")
    tried = 0
    for call in GIVEN[what]:
        for number in range(1, 200):
            done, was_made = failing(call, number, *words())
            if not was_made:
                break
            tried += 1
            assert done.returncode != 0 or done.stdout == wanted, (call, number, done)
            assert done.returncode == 0 or "end\n" not in done.stdout, (call, number, done)
    if command == "run" or what not in ("mounts, masks and what is read-only", "names"):
        assert tried > 0, "the matrix is empty"
