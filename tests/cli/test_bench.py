# SPDX-License-Identifier: Apache-2.0
"""The benchmark works at all, computes its ratios rightly and tidies up; nothing about times."""
import glob
import importlib.machinery
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from harness import machine, traces

RUN = os.path.join(machine.TOP, "tests", "bench", "run")
OTHERS = [word for name in ("crun", "runc", "lxc", "thole-lxc", "podman+thole")
          for word in ("--without", name)]
MACHINE = {"date": "2026-01-01", "command": "run", "processor": "any", "processors": 1,
           "memory_mb": 1, "kernel": "6", "system": "any", "load_before": "0", "load_after": "0",
           "versions": {"thole": "1"}}


def bench(*words):
    return [sys.executable, RUN, *words]


def leftovers():
    """Processes of this test; folders and cgroups of benchmarks that have ended."""
    mounted = {where for where, _ in machine.controllers().values()}
    folders = ["/var/tmp/bench.", "/run/bench.", "/dev/shm/bench."]
    cgroups = [where + "/thole-bench-" for where in mounted]
    found = [(path, path.rpartition(mark)[2]) for mark, places in ((".", folders), ("-", cgroups))
             for place in places for path in glob.glob(place + "*")]
    return [path for path, pid in found if not os.path.exists("/proc/" + pid)] + [
        traces.command_line(pid) for pid in traces.descendants()]


def sleepers():
    return [pid for pid in traces.descendants()
            if traces.command_line(pid) == "/bin/sleep 1000000"]


def series(contestant, us, **more):
    return {"layout": "unified", "scenario": "lifecycle", "verb": "start", "pace": "idle",
            "contestant": contestant, "us": us, "peak_kb": 1000, "faults": 10, "live": 0,
            "whose": None, **more}


@pytest.mark.needs(root=True, program=["cc", "busybox"])
def test_one_round(thole_path, folder):
    layout, file = machine.layout(), os.path.join(folder, "results.json")
    done = subprocess.run(
        bench("--rounds", "1", "--only", "run", "--only", "lifecycle", "--layout", layout, *OTHERS,
              "--json", file),
        env={**os.environ, "THOLE": thole_path}, capture_output=True, text=True, timeout=120,
        check=False)
    assert done.returncode == 0, done.stderr
    with open(file, encoding="utf-8") as source:
        measured = json.load(source)["series"]
    wanted = {"thole", "spawn"} | ({"floor"} if layout == "unified" else set())
    assert {entry["contestant"] for entry in measured if entry["verb"] == "run"} == wanted
    assert {entry["verb"] for entry in measured} == {"run", "create", "state", "start", "kill",
                                                     "delete"}
    assert all(0 < us < 60e6 for entry in measured for us in entry["us"])
    assert not leftovers()


@pytest.mark.needs(root=True, program=["cc", "busybox"])
def test_interrupted(thole_path, folder):
    with open(os.path.join(folder, "log"), "w+", encoding="utf-8") as log:
        running = subprocess.Popen(
            bench("--only", "lifecycle", "--only", "growth", "--live-max", "100", "--layout",
                  machine.layout(), *OTHERS),
            env={**os.environ, "THOLE": thole_path}, stdout=log, stderr=log,
            start_new_session=True)
        end = time.monotonic() + 60
        while not sleepers():
            assert time.monotonic() < end and running.poll() is None, "no container has started"
            time.sleep(0.001)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(60) == 130
    assert not leftovers()


def test_ratios(folder):
    """thole takes 2 ms, crun 4, an empty program 1: a half, and a third less the spawn."""
    results = {"machine": MACHINE, "counts": [], "limits": [], "notes": ["a note"], "series": [
        series("thole", [2500, 2000, 1000]), series("crun", [4000, 3000, 5000]),
        series("spawn", [1000, 900, 1100])]}
    file, page = os.path.join(folder, "results.json"), os.path.join(folder, "page.md")
    with open(file, "w", encoding="utf-8") as target:
        json.dump(results, target)
    done = subprocess.run(bench("--from", file, "--markdown", page), capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    with open(page, encoding="utf-8") as source:
        lines = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in source]
    rows = {line[0]: line[1:] for line in lines}
    assert rows["thole"] == ["idle", "2.00", "1.50 - 2.25", "1.00", "0.50", "1.00", "1.00", "0.33",
                             "1000", "10"]
    assert rows["start, idle, less spawn, of crun"] == ["at most 0.6 x", "0.33 x", "met"]
    assert rows["delete, idle, less spawn, of crun"][1] == "not measured"
    assert ["- a note"] in lines


def test_samples_are_charged_to_the_outermost_system_call(monkeypatch):
    profile = os.path.join(os.path.dirname(RUN), "profile")
    monkeypatch.syspath_prepend(os.path.dirname(RUN))
    loader = importlib.machinery.SourceFileLoader("profile", profile)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("profile", loader))
    loader.exec_module(module)
    cases = {
        "pivot_root": ["chroot_fs_refs", "__do_sys_pivot_root", "do_syscall_64", "main"],
        "openat": ["asm_exc_page_fault", "strncpy_from_user", "__x64_sys_openat", "entry_x", "f"],
        "asm_exc_page_fault": ["clear_page", "handle_mm_fault", "asm_exc_page_fault", "main"],
        "kernel": ["__fput", "task_work_run", "do_syscall_64", "close", "main"],
        "user": ["strlen", "main"],
    }
    assert {name: module.call_of(stack) for name, stack in cases.items()} == {
        name: name for name in cases}
    made = module.table([("thole", 1, {"openat": 3.4}), ("floor", 1, {"openat": 1, "user": 7.6})])
    assert made.rows == [["in user space", "0", "8"], ["openat", "3", "1"], ["all", "3", "9"]]


def test_document_keeps_its_text(folder):
    results = {"machine": MACHINE, "counts": [], "limits": [], "notes": [],
               "series": [series("thole", [1000]), series("spawn", [500])]}
    file, page = os.path.join(folder, "results.json"), os.path.join(folder, "page.md")
    with open(file, "w", encoding="utf-8") as target:
        json.dump(results, target)
    with open(page, "w", encoding="utf-8") as target:
        target.write("before\n<!-- run begin -->\nold\n<!-- run end -->\nafter\n")
    for _ in range(2):
        subprocess.run(bench("--from", file, "--markdown", page), capture_output=True, check=True)
    with open(page, encoding="utf-8") as source:
        text = source.read()
    assert text.startswith("before\n<!-- run begin -->\n")
    assert text.endswith("\n<!-- run end -->\nafter\n")
    assert text.count("| thole | idle | 1.00 |") == 1 and "old" not in text
