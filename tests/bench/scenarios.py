# SPDX-License-Identifier: Apache-2.0
"""What is measured: one table. Who takes part in a scenario follows from the contestants' verbs."""
import dataclasses

PACES = {"idle": 0.04, "back to back": 0.0}  # seconds of pause before each measured command
ALL = ("unified", "hybrid")
UNIFIED = ("unified",)
LIFECYCLE = ("create", "state", "start", "kill", "settle", "delete")
TITLES = {  # of verbs whose name alone would not tell what is done
    "run": "run of a static program", "exec": "exec of a static program",
    "exec -t": "exec of a static program on a terminal",
    "launch": "lxc-start to RUNNING", "remove": "lxc-stop -k to STOPPED",
}


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One row of the table."""
    key: str
    method: str                     # of the class Measurement; "": comes with another scenario
    title: str = ""                 # what tells it from others with the same verbs
    verbs: tuple = ("run",)         # in the order in which they are called
    kind: str = "default"           # of the configuration: configs.KINDS
    layouts: tuple = UNIFIED
    rounds: tuple = (8, 40)         # quick, full
    paces: tuple = ("idle", "back to back")
    cold: bool = False              # what a runtime keeps for the next container goes before each
    live: tuple = (0,)              # live containers of the contestant, for each a series
    # Of each contestant at most so many; others start too slowly for more.
    live_limits: dict = dataclasses.field(default_factory=lambda: {"runc": 100, "lxc": 100})
    parallel: tuple = ()            # so many at once
    mounts: int = 0                 # so many more on the host
    beside: str = ""                # key of a scenario whose calls are made in the same rounds


TABLE = (
    Scenario("run", "take_turns", "default configuration", layouts=ALL),
    Scenario("run-host-cgroup", "take_turns", "host's cgroup namespace", kind="host-cgroup",
             beside="run-own-cgroup"),
    Scenario("run-own-cgroup", "", "default configuration, in the same rounds"),
    Scenario("run-mounts", "take_turns", "beside 500 more mounts of the host", mounts=500),
    Scenario("run-podman-warm", "take_turns", "Podman's configuration, filter cached",
             kind="podman", layouts=ALL, rounds=(8, 25)),
    Scenario("run-podman-cold", "take_turns", "Podman's configuration, no filter cached",
             kind="podman", cold=True, rounds=(8, 25)),
    Scenario("lifecycle", "take_turns", verbs=LIFECYCLE, layouts=ALL, rounds=(6, 25)),
    Scenario("attached", "take_turns", verbs=("list", "exec", "exec -t"), live=(1,), layouts=ALL,
             rounds=(6, 25)),
    Scenario("lxc-start", "take_turns", "in the background", verbs=("launch", "remove"), rounds=(6, 25)),
    Scenario("systemd", "with_systemd", "systemd manager", kind="systemd", rounds=(6, 25)),
    Scenario("systemd-lifecycle", "with_systemd", "systemd manager", kind="systemd",
             verbs=("create", "start", "kill", "settle", "delete"), rounds=(6, 25)),
    Scenario("systemd-exec", "with_systemd", "systemd manager", kind="systemd", verbs=("exec",),
             live=(1,), rounds=(6, 25)),
    Scenario("parallel", "in_parallel", parallel=(1, 8), rounds=(2, 7), paces=("back to back",)),
    Scenario("growth", "one_after_another", verbs=("run", "state", "exec", "list"),
             live=(1, 100, 1000), rounds=(4, 15)),
    Scenario("podman", "take_turns", verbs=("podman run",), layouts=ALL, rounds=(2, 10),
             paces=("back to back",)),
    Scenario("podman-image", "take_turns", verbs=("podman run image",), rounds=(2, 10),
             paces=("back to back",)),
    Scenario("counts", "count", verbs=("run", "exec", "state", "list"), live=(1,)),
    Scenario("memory", "find_memory_limit", verbs=("limited run",), layouts=ALL),
)


def title(scenario, verb):
    words = TITLES.get(verb, verb)
    return f"{words}, {scenario.title}" if scenario.title else words


def by_key(key):
    return next(scenario for scenario in TABLE if scenario.key == key)
