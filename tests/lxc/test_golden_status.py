# SPDX-License-Identifier: Apache-2.0
"""lxc-info, lxc-ls, lxc-wait, lxc-freeze, lxc-unfreeze, lxc-cgroup, lxc-monitor and lxc-top of the
distribution and of thole, with the same words on the same containers: output and exit status are the
same, but for what has a reason in DIFFERENT. Of error messages only their being there is compared.

Containers: hot runs and has a veth, ice is frozen, cold is stopped, none is not defined."""
import os
import re

import pytest

from harness import machine, traces
from harness.runtime import until

CONFIG = ["lxc.uts.name = golden", "lxc.init.cmd = /bin/sleep 1000", "lxc.group = web db",
          "lxc.start.auto = 1", "lxc.environment = A=b", "lxc.apparmor.profile = unchanged"]
VETH = ["lxc.net.0.type = veth", "lxc.net.0.flags = up", "lxc.net.0.ipv4.address = 10.97.3.2/24",
        "lxc.net.0.ipv6.address = fd00:97::2/64"]

# Words of a call -> why thole's answer is another one on purpose (docs/lxc-differences.md).
DIFFERENT = {
    "unfreeze cold": "nothing was thawed",
    "ls -1 --filter [": "what is no regular expression is told",
    "monitor -n [": "what is no regular expression is told",
    "wait cold -s RUNNING -t 1": "that the time is up is told, as for one that runs",
    "wait none -s RUNNING -t 1": "that the time is up is told, as for one that runs",
    "top -b": "works without a terminal",
}

CASES = [line.strip() for line in """
info hot
info hot -H
info hot -s
info hot -s -H
info hot -p
info hot -p -H
info hot -i
info hot -i -H
info hot -s -p
info hot -S
info hot -sH -p
info ice
info ice -s -H
info cold
info cold -s
info cold -s -H
info cold -p
info cold -p -H
info cold -i
info cold -S
info none
info none -s
info none -p -H
info -n hot
info --name=hot --state
info --name hot --pid --no-humanize
info hot -c lxc.uts.name
info hot -c lxc.uts.name -H
info hot -c lxc.uts.name -c lxc.start.auto
info hot -c lxc.group
info hot -c lxc.environment
info hot -c lxc.net.0.type
info hot -c lxc.nonsense
info hot -c lxc.nonsense -H
info cold -c lxc.uts.name
info cold -c lxc.arch
info cold -c lxc.tty.max
info cold -c lxc.uts.name -s
info
info -x
info hot --nonsense
ls
ls -1
ls -f
ls --fancy
ls --line
ls --active
ls --running
ls --frozen
ls --stopped
ls --defined
ls -1 --active
ls -1 --running
ls -1 --frozen
ls -1 --stopped
ls -1 --defined
ls -1 --active --stopped
ls -1 --frozen --running
ls -f --frozen
ls -f --stopped
ls -f -F name
ls -f -F NAME,STATE
ls -f -F state,name,pid
ls -f -F ipv4,ipv6,interface
ls -f -F autostart,groups,unprivileged
ls -f -F nonsense
ls -f -F name,nonsense
ls -F name,state
ls -1 -g web
ls -1 -g web,db
ls -1 -g db
ls -1 -g nonsense
ls -1 --filter hot
ls -1 --filter .*hot$
ls -1 --filter nothing
ls -1 --filter [
ls -1 .*ice
ls --nonsense
wait hot -s RUNNING
wait hot -s RUNNING|STOPPED
wait hot -s STOPPED -t 1
wait hot -s STOPPED|FROZEN -t 1
wait ice -s FROZEN
wait ice -s RUNNING -t 1
wait cold -s STOPPED
wait cold -s RUNNING -t 1
wait none -s STOPPED
wait none -s RUNNING -t 1
wait hot -s running
wait hot -s NONSENSE
wait hot -s RUNNING|NONSENSE
wait hot
wait
freeze ice
freeze cold
freeze none
freeze
unfreeze hot
unfreeze cold
unfreeze none
unfreeze
cgroup hot memory.limit_in_bytes
cgroup hot pids.max
cgroup hot pids.max 77
cgroup hot pids.max nonsense
cgroup hot nonsense.file
cgroup hot nonsense
cgroup hot
cgroup cold pids.max
cgroup none pids.max
cgroup
monitor --nonsense
monitor -n [
top --nonsense
top
top -b
top -s x
""".splitlines() if line.strip()]


class Side:
    """One of the two, with its containers."""

    def __init__(self, face, letter, rootfs):
        self.face = face
        self.letter = letter
        self.names = {word: f"{traces.mark()}{letter}{word}" for word in ("hot", "ice", "cold", "none")}
        self.link = f"g{letter}{os.getpid()}"[:15]
        for word in ("hot", "ice", "cold"):
            lines = CONFIG + (VETH + [f"lxc.net.0.veth.pair = {self.link}"] if word == "hot"
                              else ["lxc.net.0.type = empty"])
            face.define(lines, name=self.names[word], rootfs=rootfs)
        for word in ("hot", "ice"):
            face("start", "-n", self.names[word]).ok()
        face("freeze", "-n", self.names["ice"]).ok()

    def plain(self, text):
        """What both have in common: names, paths, numbers that are of the moment."""
        for word, name in self.names.items():
            text = text.replace(name, f"<{word}>")
        text = text.replace(self.link, "<link>").replace(self.face.lxcpath, "<path>")
        text = re.sub(r"(?m)^(PID: +|[A-Za-z ]+ use: +| (?:TX|RX|Total) bytes: +)[\d.]+( \w+)?$",
                      r"\1<number>", text)
        text = re.sub(r"(?m)^\d+$", "<number>", text)
        return re.sub(r"\b\d{3,} *(?= |$)", "<pid> ", text)

    def answer(self, case):
        words = [self.names.get(word, word) for word in case.split()]
        words = [word.replace("--name=hot", "--name=" + self.names["hot"]) for word in words]
        if words[1:2] and words[1] in self.names.values():
            words.insert(1, "-n")
        if case == "top -b":
            process = self.face.start_process(*words)
            until(lambda: process.popen.poll() is not None or process.output())
            process.popen.kill()
            return process.wait().code, self.plain(process.output().splitlines()[0]
                                                   if process.output() else ""), False
        done = self.face(*words)
        return done.code, self.plain(done.out), done.err != ""




@pytest.fixture
def sides(lxc, debian, busybox_rootfs, folder):
    rootfs = busybox_rootfs(os.path.join(folder, "rootfs"))
    os.chmod(folder, 0o711)
    both = Side(lxc, "t", rootfs), Side(debian, "d", rootfs)
    yield both
    for side in both:
        for word in ("hot", "ice"):
            side.face("stop", "-n", side.names[word], "-k")
    for side in both:
        side.face.end_processes()
        side.face("monitor", "-Q")


def without_usage(answer):
    """Numbers that thole has of cgroup v2, too: docs/lxc-differences.md."""
    code, out, err = answer
    return code, re.sub(r"(?m)^(CPU|BlkIO|Memory|KMem) use:.*\n", "", out), err


def test_same_answers(sides):
    ours, theirs = sides
    findings = []
    for case in CASES:
        mine, reference = ours.answer(case), theirs.answer(case)
        if machine.layout() == "unified":
            mine, reference = without_usage(mine), without_usage(reference)
        if (mine == reference) == (case in DIFFERENT):
            findings.append(f"{case}\n   thole {mine}\n   lxc   {reference}"
                            + ("\n   is listed as different" if case in DIFFERENT else ""))
    assert not findings, f"{len(findings)} of {len(CASES)} calls:\n" + "\n".join(findings)


def listening_monitor(side):
    """A running lxc-monitor that has told of something: the distribution's takes a while to listen."""
    monitor = side.face.start_process("monitor", "-n", side.names["hot"])

    def heard():
        side.face("freeze", "-n", side.names["hot"]).ok()
        side.face("unfreeze", "-n", side.names["hot"]).ok()
        return monitor.output()
    until(heard)
    return monitor


def test_monitors_tell_the_same(sides):
    """The lines of a freeze, a thaw and an end, but for those that the distribution says twice."""
    told = []
    for side in sides:
        monitor = listening_monitor(side)
        until(lambda process=monitor: process.output().endswith("[RUNNING]\n"))
        before = len(monitor.output())
        for word in ("freeze", "unfreeze"):
            side.face(word, "-n", side.names["hot"]).ok()
        side.face("stop", "-k", "-n", side.names["hot"]).ok()
        until(lambda process=monitor: "[STOPPED]" in process.output())
        lines = side.plain(monitor.output()[before:]).splitlines()
        told.append([line for i, line in enumerate(lines)
                     if "exited" not in line and line not in lines[:i]])
    assert told[0] == told[1]
