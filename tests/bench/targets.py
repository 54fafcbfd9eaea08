# SPDX-License-Identifier: Apache-2.0
"""The goals that thole has set itself, beside what was measured. For information: no verdict."""
import dataclasses
from typing import Callable

import figures as figures_module
import scenarios

WITHOUT_SPAWN = {"create": 0.6, "start": 0.6, "delete": 0.6, "state": 0.6, "list": 0.6}


@dataclasses.dataclass(frozen=True)
class Target:
    text: str
    limit: float
    measure: Callable       # of Figures: the number, None if it was not measured
    at_least: bool = False  # else at most
    unit: str = "x"
    of_time: bool = True    # emulated processors say nothing about it

    def met(self, value):
        return value >= self.limit if self.at_least else value <= self.limit


def _ratio(other, scenario, pace, verb="run", layout="unified", less_spawn=False):
    def measure(figures):
        entry = figures.one(layout=layout, scenario=scenario, verb=verb, pace=pace,
                            contestant="thole")
        return figures.compared(entry, other, less_spawn) if entry else None
    return measure


def _beside_better(pace):
    def measure(figures):
        ratios = [_ratio(other, "attached", pace, "exec", less_spawn=True)(figures)
                  for other in ("crun", "runc")]
        return max((ratio for ratio in ratios if ratio is not None), default=None)
    return measure


def _dearer_with_host_cgroup(pace):
    def measure(figures):
        values = [figures.median(layout="unified", scenario=scenario, pace=pace,
                                 contestant="thole") for scenario in ("run-host-cgroup", "run-own-cgroup")]
        return (values[0] - values[1]) / 1000 if None not in values else None
    return measure


def _throughput(width):
    def measure(figures):
        entry = figures.one(scenario="parallel", contestant="crun", parallel=width)
        return figures.compared(entry, "thole") if entry else None
    return measure


def _peak(figures):
    entry = figures.one(layout="unified", scenario="run", pace="idle", contestant="thole")
    other = figures.beside(entry, "crun") if entry else None
    return entry["peak_kb"] / other["peak_kb"] if other else None


def _memory_limit(figures):
    limits = {(entry["layout"], entry["contestant"]): entry["bytes"]
              for entry in figures.data["limits"]}
    mine, other = limits.get(("unified", "thole")), limits.get(("unified", "crun"))
    return mine / other if mine and other else None


def _growth(pace):
    def measure(figures):
        values = [figures.median(scenario="growth", verb="run", pace=pace, live=live,
                                 contestant="thole", whose="thole") for live in (1000, 1)]
        return values[0] / values[1] if None not in values else None
    return measure


def _of_each_pace(pace):
    yield Target(f"run, {pace}, of the floor", 1.3, _ratio("floor", "run", pace))
    yield Target(f"run, {pace}, of crun", 0.6, _ratio("crun", "run", pace))
    yield Target(f"run with the host's cgroup namespace, {pace}, more than without", 1.0,
                 _dearer_with_host_cgroup(pace), unit="ms")
    yield Target(f"run on hybrid cgroups, {pace}, of runc", 0.3,
                 _ratio("runc", "run", pace, layout="hybrid"))
    yield Target(f"run with Podman's configuration, filter cached, {pace}, of crun", 0.5,
                 _ratio("crun", "run-podman-warm", pace))
    yield Target(f"run with Podman's configuration, no filter cached, {pace}, of crun", 1.0,
                 _ratio("crun", "run-podman-cold", pace))
    for verb, limit in WITHOUT_SPAWN.items():
        scenario = "attached" if verb == "list" else "lifecycle"
        yield Target(f"{verb}, {pace}, less spawn, of crun", limit,
                     _ratio("crun", scenario, pace, verb, less_spawn=True))
    yield Target(f"exec, {pace}, less spawn, of the better of crun and runc", 0.5,
                 _beside_better(pace))
    yield Target(f"run beside 1,000 live containers, {pace}, of run beside one", 1.15,
                 _growth(pace))


TARGETS = (
    *(target for pace in scenarios.PACES for target in _of_each_pace(pace)),
    Target("throughput of 8 in parallel, of crun", 1.6, _throughput(8), at_least=True),
    Target("peak resident memory of run, of crun", 0.6, _peak, of_time=False),
    Target("smallest memory limit, of crun", 1.0, _memory_limit, of_time=False),
)


def judged(data):
    """(target, measured value or None) of each."""
    figures = figures_module.Figures(data)
    return [(target, target.measure(figures)) for target in TARGETS]
