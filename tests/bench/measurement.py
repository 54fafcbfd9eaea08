# SPDX-License-Identifier: Apache-2.0
"""Measures the scenarios; each method fills lists of plain dicts, which report.py reads."""
import os
import random
import statistics
import sys
import time

import counting
import scenarios
import systemd_job
import workplace
from harness import machine
from spawner import Failure, Sample

WARM_UP = 2
PER_BATCH = 5       # runs of each of the parallel ones in a batch
LIMIT_STEP = 16384  # bytes; the accuracy of the smallest memory limit
LIMIT_MOST = 64 << 20


class Measurement:
    """Of one cgroup layout."""

    def __init__(self, place, spawner, everyone, options):
        """options: quick, rounds and live_max of the command line."""
        self.place, self.spawner, self.everyone = place, spawner, everyone
        self.options = options
        self.layout = machine.layout()
        self.random = random.Random(0)
        self.series, self.counts, self.limits, self.notes = [], [], [], []

    def note(self, text):
        for one in self.everyone:
            text = text.replace(one.path or one.name, one.name)
        text = f"{self.layout}: {text}"
        if text not in self.notes:
            self.notes.append(text)
            print(f"  {text}", file=sys.stderr)

    def take(self, scenario):
        """Measures one scenario, if it is made for this layout."""
        if self.layout not in scenario.layouts or not scenario.method:
            return
        began = time.monotonic()
        print(f"{self.layout}: {scenario.key} ...", file=sys.stderr, flush=True)
        with workplace.mounts(self.place, scenario.mounts):
            getattr(self, scenario.method)(scenario)
        print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr)

    def _rounds_of(self, scenario):
        return self.options.rounds or scenario.rounds[0 if self.options.quick else 1]

    def _fit(self, scenario):
        """Those who take part: they have the first verb, and one call of each has worked."""
        return [one for one in self.everyone
                if one.can(scenario.verbs[0], scenario.kind) and self._works(one, scenario)]

    def _works(self, one, scenario):
        try:
            self._make_live(one, scenario.live[0], kind=scenario.kind)
            for verb in scenario.verbs:
                self._call(one, scenario, verb)
            return True
        except Failure as failure:
            self.note(f"{scenario.key}: without {one.name}: {failure}")
            return False
        finally:
            self._clear(one)

    def _clear(self, one):
        try:
            one.clear(self.spawner)
        except Failure as failure:
            self.note(f"clearing up: {failure}")

    def _call(self, one, scenario, verb, pause=0.0):
        """The Sample of one call, None of one that is not measured or that the contestant lacks."""
        if verb == "settle":
            one.settle(self._slot(scenario))
            return None
        if not one.can(verb, scenario.kind):
            return None
        if scenario.cold:
            one.forget_caches()
        words = one.words(verb, self._slot(scenario, verb), scenario.kind)
        return self.spawner.one(words, pause, tty=verb == "exec -t")

    @staticmethod
    def _slot(scenario, verb=None):
        """Beside live containers `run` needs a slot of its own."""
        return 1_000_000 if verb == "run" and scenario.live[0] else 0

    def _make_live(self, one, count, already=0, kind="default"):
        if count > already and one.can("exec"):
            one.launch(self.spawner, range(already, count), kind)

    def take_turns(self, scenario):
        """Every round calls each contestant once, in an order drawn anew, verb by verb."""
        fit = self._fit(scenario)
        try:
            for one in fit:
                self._make_live(one, scenario.live[0], kind=scenario.kind)
            for pace in scenario.paces:
                self._rounds(scenario, fit, pace, scenario.live[0])
        finally:
            for one in fit:
                self._clear(one)

    def _rounds(self, scenario, fit, pace, live, whose=None):
        """Appends the series of one pace; `whose`: the only one who has live containers."""
        taken = {}
        called = [scenario, *([scenarios.by_key(scenario.beside)] if scenario.beside else [])]
        for number in range(WARM_UP + self._rounds_of(scenario)):
            for verb in scenario.verbs:
                for one in self.random.sample(fit, len(fit)):
                    for each in self.random.sample(called, len(called)):
                        sample = self._call(one, each, verb, scenarios.PACES[pace])
                        if sample and number >= WARM_UP:
                            taken.setdefault((each.key, verb, one.name), []).append(sample)
        for each in called:
            for verb in scenario.verbs:
                for one in [one for one in fit if (each.key, verb, one.name) in taken]:
                    self._append(each, verb, pace, one.name, taken[each.key, verb, one.name],
                                 live=live, whose=whose)

    def _append(self, scenario, verb, pace, name, samples, **more):
        self.series.append({
            "layout": self.layout, "scenario": scenario.key, "verb": verb, "pace": pace,
            "contestant": name, "us": [round(sample.us, 1) for sample in samples],
            "peak_kb": max(sample.peak_kb for sample in samples),
            "faults": sorted(sample.faults for sample in samples)[len(samples) // 2], **more})

    def with_systemd(self, scenario):
        """In turns, and what systemd itself takes for a scope, which all of them wait for."""
        reason = machine.missing({"systemd": True})
        if reason:
            self.note(f"{scenario.key}: {reason}")
            return
        self.take_turns(scenario)
        for verb in set(scenario.verbs) & {"run", "create"}:
            for pace in scenario.paces:
                samples = [Sample(us, 0, 0) for us in systemd_job.measure(
                    WARM_UP + self._rounds_of(scenario), scenarios.PACES[pace])[WARM_UP:]]
                self._append(scenario, verb, pace, "systemd's job", samples)

    def one_after_another(self, scenario):
        """Each contestant with more and more live containers, beside those that have none."""
        fit = self._fit(scenario)
        baselines = [one for one in fit if one.baseline]
        for one in [one for one in fit if not one.baseline]:
            try:
                already = 0
                for live in [count for count in scenario.live if count <= self.options.live_max]:
                    if live > scenario.live_limits.get(one.name, live):
                        self.note(f"{scenario.key}: {one.name} not with {live} live containers: "
                                  "starting them takes too long")
                        continue
                    self._make_live(one, live, already)
                    already = live
                    for pace in scenario.paces:
                        self._rounds(scenario, [one, *baselines], pace, live, whose=one.name)
            except Failure as failure:
                self.note(f"{scenario.key}: {one.name} with {live} live containers: {failure}")
            finally:
                self._clear(one)

    def in_parallel(self, scenario):
        """Batches of so many at once; a sample is the time of a batch divided by its runs."""
        fit = self._fit(scenario)
        for width in scenario.parallel:
            taken = {one.name: [] for one in fit}
            for _ in range(self._rounds_of(scenario)):
                for one in self.random.sample(fit, len(fit)):
                    commands = [one.words("run", slot) for slot in range(width)]
                    count = width * PER_BATCH
                    batch = self.spawner.many(commands, count)
                    taken[one.name].append(batch._replace(us=batch.us / count,
                                                          faults=batch.faults // count))
            for name, samples in taken.items():
                self._append(scenario, "run", scenario.paces[0], name, samples, parallel=width)

    def count(self, scenario):
        """System calls and instructions: numbers that do not depend on the machine's mood."""
        for one in [one for one in self._fit(scenario) if not one.environment]:
            try:
                self._make_live(one, scenario.live[0])
                for verb in scenario.verbs:
                    if one.can(verb):
                        words = one.words(verb, self._slot(scenario, verb))
                        self.counts.append({"layout": self.layout, "verb": verb,
                                            "contestant": one.name,
                                            **counting.count(words, self.place, self.note)})
            except Failure as failure:
                self.note(f"{scenario.key}: {one.name}: {failure}")
            finally:
                self._clear(one)

    def find_memory_limit(self, scenario):
        """The smallest limit with which a container starts three times in a row, and what the
        runtime's processes, the container and the kernel on their behalf take together."""
        if "memory" not in machine.controllers():
            self.note("memory: no memory controller in this layout, so no smallest limit")
            return
        for one in [one for one in self._fit(scenario) if not one.environment]:
            limit = self._smallest_limit(one)
            if limit:
                self.limits.append({"layout": self.layout, "contestant": one.name, "bytes": limit,
                                    "all_bytes": self._peak_of_all(one)})

    def _smallest_limit(self, one):
        low, high = 0, LIMIT_MOST // LIMIT_STEP
        if not self._starts_with(one, LIMIT_MOST):
            self.note(f"memory: {one.name} does not start with {LIMIT_MOST >> 20} MB")
            return None
        while high - low > 1:
            middle = (low + high) // 2
            if self._starts_with(one, middle * LIMIT_STEP):
                high = middle
            else:
                low = middle
        return high * LIMIT_STEP

    def _peak_of_all(self, one):
        """Bytes charged to a cgroup in which everything happens; None with version 2, where such a
        cgroup cannot have both processes and limited children."""
        where, unified = machine.controllers()["memory"]
        if unified:
            return None
        cgroup = where + self.place.cgroup
        os.makedirs(cgroup, exist_ok=True)
        peaks = []
        for _ in range(3):
            workplace.write(cgroup + "/memory.max_usage_in_bytes", "0")
            self.spawner.one(["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"',
                              cgroup + "/cgroup.procs", *one.words("run")])
            peaks.append(int(workplace.read(cgroup + "/memory.max_usage_in_bytes")))
        return statistics.median(peaks)

    def _starts_with(self, one, limit):
        try:
            for _ in range(3):
                self.spawner.one(one.words("limited run", memory_limit=limit))
            return True
        except Failure:
            self._clear(one)
            return False
