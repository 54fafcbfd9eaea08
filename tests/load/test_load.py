# SPDX-License-Identifier: Apache-2.0
"""Thole under load: many containers, many at once, many one after the other. Minutes, not seconds, and so
not a part of the usual tests: `make check-load`. Each test prints the figures that docs/load.md has.

THOLE_LOAD=N/M scales every number (1/10 is a look whether all of it works).
"""
import concurrent.futures
import json
import os
import re
import subprocess
import time

import pytest

from harness import machine, traces
from harness.programs import compiled_with
from harness.runtime import Process, until

UPPER, LOWER = (os.environ.get("THOLE_LOAD", "1/1") + "/1").split("/")[:2]


def scaled(number):
    return max(1, number * int(UPPER) // int(LOWER))


def say(**figures):
    print("\n    " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()), flush=True)


def milliseconds(action, rounds=20):
    """Median time of one call."""
    times = []
    for _ in range(rounds):
        begin = time.monotonic()
        action()
        times.append(time.monotonic() - begin)
    return round(sorted(times)[rounds // 2] * 1000, 1)


# ---- what the host has -------------------------------------------------------------------------------

def kilobytes(name):
    with open("/proc/meminfo", encoding="ascii") as source:
        return int(re.search(rf"^{name}: *(\d+)", source.read(), re.M).group(1))


def kept_by_processors():
    """Free pages in the lists of the processors, which MemFree and MemAvailable leave out. They grow up to an eighth
    of all memory while much is freed at once (Linux 6.7), and shrink in the background."""
    with open("/proc/zoneinfo", encoding="ascii") as source:
        pages = sum(int(count) for count in re.findall(r"^ +cpu: \d+\n +count: +(\d+)", source.read(), re.M))
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def keys():
    """(keys that there are, keys that root is charged with)"""
    with open("/proc/key-users", encoding="ascii") as source:
        own = int(re.search(r"^ *0: *(\d+)", source.read(), re.M).group(1))
    with open("/proc/keys", encoding="ascii") as source:
        return len(source.readlines()), own


def dying_cgroups():
    """cgroup v2's count of directories that are gone but still held by something."""
    where = machine.controllers().get("")
    if where is None:
        return 0
    with open(where[0] + "/cgroup.stat", encoding="ascii") as source:
        return int(re.search(r"nr_dying_descendants (\d+)", source.read()).group(1))


def cgroups():
    with open("/proc/cgroups", encoding="ascii") as source:
        return {line.split()[0]: int(line.split()[2]) for line in source if not line.startswith("#")}


class Host:
    """What leaks would show in, once the kernel has dropped what it only caches."""

    def __init__(self):
        os.sync()
        self.settle()
        self.keys, self.charged = keys()
        self.cgroups = cgroups()
        self.dying = dying_cgroups()
        self.unreclaimable = kilobytes("SUnreclaim")
        self.slab = kilobytes("Slab")
        self.available = kilobytes("MemAvailable") + kept_by_processors()
        self.descriptors = len(os.listdir("/proc/self/fd"))
        self.mounts = len(machine.mount_lines())

    @staticmethod
    def settle():
        """Keys, cgroups and namespaces are freed in the background."""
        before = None
        for _ in range(10):
            now = keys(), cgroups(), dying_cgroups()
            if now == before:
                return
            before = now
            time.sleep(1)


def compare(before, after, count):
    """Nothing may grow with the number of containers."""
    noise = max(50, count // 50)  # of the rest of the machine
    say(keys=f"{before.keys} -> {after.keys}", charged=f"{before.charged} -> {after.charged}",
        mounts=f"{before.mounts} -> {after.mounts}", dying_cgroups=f"{before.dying} -> {after.dying}",
        cgroups=f"{sum(before.cgroups.values())} -> {sum(after.cgroups.values())}",
        slab_kB=f"{before.slab} -> {after.slab}",
        unreclaimable_kB=f"{before.unreclaimable} -> {after.unreclaimable}",
        available_kB=f"{before.available} -> {after.available}")
    assert abs(after.mounts - before.mounts) < noise
    assert after.keys - before.keys < noise and after.charged - before.charged < noise
    assert after.dying - before.dying < noise
    for name, number in after.cgroups.items():
        # A memory cgroup that is gone is counted as long as the kernel caches a file that was read in it.
        assert number - before.cgroups[name] < (max(200, count // 10) if name == "memory" else noise), name
    # Less than half a kilobyte a container: a leaked structure of any use is larger.
    assert after.unreclaimable - before.unreclaimable < max(8192, count // 2)
    assert before.available - after.available < max(131072, count * 4)


# ---- many live ones ----------------------------------------------------------------------------------

def test_a_thousand_live_containers(thole, bundle):
    count = scaled(1000)
    made = bundle("/bin/sleep", "100000")
    names = [thole.new_id() for _ in range(count)]
    before = Host()

    def state():
        thole("state", names[0]).ok()

    def command():
        thole("exec", names[0], "/bin/true").ok()

    def launch(name):
        own = os.path.join(thole.folder, name + ".json")
        config = {**made.config, "linux": {**made.linux, "cgroupsPath": "/thole-test/" + name}}
        with open(own, "w", encoding="ascii") as target:
            json.dump(config, target)
        return thole("run", "--detach", "--bundle", made.path, "--config", own, name).ok()

    launch(names[0])
    alone = milliseconds(state), milliseconds(command)
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(launch, names[1:]))
    took = time.monotonic() - begin
    try:
        listed = json.loads(thole("list", "--format", "json").ok().out)
        assert {entry["id"] for entry in listed} == set(names)
        assert {entry["status"] for entry in listed} == {"running"}
        assert len({entry["pid"] for entry in listed}) == count
        beside = milliseconds(state), milliseconds(command)
        say(containers=count, started_in_s=round(took, 1), state_ms=f"{alone[0]} -> {beside[0]}",
            exec_ms=f"{alone[1]} -> {beside[1]}", list_ms=milliseconds(lambda: thole("list").ok(), 3),
            kB_each=round((before.available - kilobytes("MemAvailable")) / count))
        for name in (names[0], names[count // 2], names[-1]):
            assert thole("exec", name, "/bin/echo", name).ok().out == name + "\n"
    finally:
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda name: thole("delete", "--force", name), names))
    assert all(result.code == 0 for result in results)
    say(deleted_in_s=round(time.monotonic() - begin, 1))
    assert not traces.own_cgroups()
    compare(before, Host(), count)


# ---- many at once ------------------------------------------------------------------------------------

def test_three_hundred_by_eight(thole, bundle):
    """Create, start and delete, eight at a time."""
    count = scaled(304) // 8
    before = Host()

    def lives(number):
        made = bundles[number]
        for turn in range(count):
            made.linux.pop("cgroupsPath", None)
            name = thole.prepare(made, f"{names[number]}-{turn}")
            thole("create", "--bundle", made.path, name).ok()
            thole("start", name).ok()
            until(lambda: thole("delete", name).code == 0, what="the end")

    names, bundles = [thole.new_id() for _ in range(8)], [bundle("/bin/true") for _ in range(8)]
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lives, range(8)))
    say(lives=8 * count, took_s=round(time.monotonic() - begin, 1))
    compare(before, Host(), 8 * count)


def test_two_hundred_execs_at_once(thole, sleeper):
    """Each has its own output and status, and nothing of them is left inside."""
    count = scaled(200)
    container = sleeper()
    before = Host()
    begin = time.monotonic()
    running = [Process([thole.path, "--root", thole.root, "exec", container.id, "/bin/sh", "-c",
                        f"read line; echo {number} $line; exit {number % 256}"], stdin=f"to {number}\n")
               for number in range(count)]
    for number, process in enumerate(running):
        result = process.wait(120)
        assert (result.code, result.out, result.err) == (number % 256, f"{number} to {number}\n", ""), repr(result)
    say(execs=count, took_s=round(time.monotonic() - begin, 1))
    pids = json.loads(thole("ps", "--format", "json", container.id).ok().out)
    assert pids == [container.pid]
    assert container.status == "running"
    del running
    compare(before, Host(), count)


# ---- many one after the other ------------------------------------------------------------------------

def test_ten_thousand_in_a_row(thole, bundle):
    """By the command, as engines call it: nothing of them stays anywhere in the machine."""
    count = scaled(10000)
    made = bundle("/bin/true")
    name = thole.prepare(made)
    words = [thole.path, "--root", thole.root]

    def life():
        subprocess.run([*words, "create", "--bundle", made.path, name], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        subprocess.run([*words, "delete", "--force", name], check=True)

    for _ in range(scaled(200)):  # caches of the kernel and of this process fill
        life()
    before = Host()
    begin = time.monotonic()
    for _ in range(count):
        life()
    took = time.monotonic() - begin
    after = Host()
    assert after.descriptors == before.descriptors
    say(lives=count, took_s=round(took, 1), each_ms=round(took / count * 1000, 2))
    compare(before, after, count)


def test_ten_thousand_by_one_process(thole, bundle, session_folder):
    """By the library, in one process: neither its descriptors nor its memory grow."""
    if machine.find_library() is None:
        pytest.skip("needs libthole.so of a build tree: BUILDDIR")
    count = scaled(10000)
    made = bundle("/bin/true")
    name = thole.prepare(made)
    program = compiled_with(machine.find_library(), os.path.join(os.path.dirname(__file__), "caller.c"),
                            session_folder)
    before = Host()
    done = subprocess.run([program, thole.root, made.path, name, str(count + 101)], capture_output=True, text=True,
                          check=True)
    found = {line.split()[0]: [int(word) for word in line.split()[2::2]] for line in done.stdout.splitlines()}
    say(lives=count, descriptors=f"{found['warm'][0]} -> {found['end'][0]}",
        resident_kB=f"{found['warm'][1]} -> {found['end'][1]}")
    assert found["end"][0] == found["warm"][0]
    assert found["end"][1] - found["warm"][1] < 512
    compare(before, Host(), count)


# ---- pids come again, clocks jump --------------------------------------------------------------------

def test_pids_that_wrap(thole, bundle):
    """In a pid namespace with 400 numbers, so that each comes again and again: every container is its own."""
    release = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))
    if release < (6, 14):
        pytest.skip("needs Linux 6.14: pid_max of a pid namespace; before, it is that of the whole machine")
    count = scaled(1000)
    made = bundle("/bin/sh", "-c", "exit 7")
    kept = bundle("/bin/sleep", "100000")
    names = thole.prepare(made), thole.prepare(kept)
    script = r'''
        thole="$1 --root $2"; echo 400 >/proc/sys/kernel/pid_max || exit 3
        $thole run --detach --bundle "$4" "$6" </dev/null >/dev/null 2>&1 || exit 4
        kept=$($thole state "$6" | grep '"pid"'); i=0; last=0; wraps=0
        while [ $i -lt "$7" ]; do
            $thole run --bundle "$3" "$5" </dev/null; [ $? = 7 ] || { echo "no. $i"; exit 5; }
            true & [ $! -lt $last ] && wraps=$((wraps + 1)); last=$!; i=$((i + 1))
        done
        [ "$($thole state "$6" | grep '"pid"')" = "$kept" ] || exit 6
        $thole exec "$6" /bin/true || exit 7
        $thole delete --force "$6" || exit 8
        echo $wraps
    '''
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as source:
        before = source.read()
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script, "sh",
                           thole.path, thole.root, made.path, kept.path, *names, str(count)], text=True,
                          capture_output=True, check=False)
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as source:
        assert source.read() == before
    assert done.returncode == 0, done
    say(lives=count, pids_came_round=done.stdout.strip())
    assert int(done.stdout) >= count // 200


JUMPING = r'''
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int calls;
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec += (calls++ % 2 == 0 ? -1 : 1) * 10 * 365 * 86400L;
    return result;
}
time_t time(time_t *ret) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret != NULL)
        *ret = now.tv_sec;
    return now.tv_sec;
}
'''


def test_a_clock_that_jumps(thole, bundle, session_folder):
    """Ten years back and forth between two looks. The static program reads the clock where nothing can
    come in between; the library does not, and has the same code."""
    if machine.find_library() is None:
        pytest.skip("needs libthole.so of a build tree: BUILDDIR")
    shim = os.path.join(session_folder, "jumping.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", shim, "-"], input=JUMPING, text=True, check=True)
    program = compiled_with(machine.find_library(), os.path.join(os.path.dirname(__file__), "caller.c"),
                            session_folder)
    made = bundle("/bin/true")
    made.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",  # its cache looks at the age of files
                             "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
    name = thole.prepare(made)
    count = scaled(200)
    done = subprocess.run([program, thole.root, made.path, name, str(count)], capture_output=True, text=True,
                          check=False, env={**os.environ, "LD_PRELOAD": shim})
    assert done.returncode == 0, done
    say(lives=count)
