# SPDX-License-Identifier: Apache-2.0
"""A directory that the runtime takes for resctrl: resctrl.c. Test modules import the fixture from here."""
import os
import shlex

import pytest

from harness.programs import compiled

SCHEMATA = "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n"
FILES = {"schemata": SCHEMATA, "tasks": "", "cpus": "3\n", "mode": "shareable\n",
         "info/L3/cbm_mask": "7ff\n", "info/L3/min_cbm_bits": "1\n", "info/L3/num_closids": "16\n",
         "info/L3/shareable_bits": "0\n", "info/MB/bandwidth_gran": "10\n", "info/MB/delay_linear": "1\n",
         "info/MB/min_bandwidth": "10\n", "info/MB/num_closids": "8\n", "info/L3_MON/num_rmids": "64\n",
         "info/L3_MON/mon_features": "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n",
         "info/last_cmd_status": "ok\n"}
_takes = {}  # {runtime: does it take the stand-in for resctrl}


class Resctrl:
    """What the runtime finds in /sys/fs/resctrl, from outside."""

    def __init__(self, folder, program):
        self.places = os.path.join(folder, "sys-fs")
        self.top = os.path.join(self.places, "resctrl")
        for name in ("cgroup", "resctrl/mon_groups"):
            os.makedirs(os.path.join(self.places, name))
        for name, text in FILES.items():
            self.write(name, text)
        script = (f"cd {shlex.quote(self.places)}; mount --rbind /sys/fs/cgroup cgroup; "
                  "mount --rbind . /sys/fs; umount -l cgroup; cd /; exec \"$@\"")
        self.prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh", program]

    def write(self, name, text):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as target:
            target.write(text)

    def read(self, name):
        with open(os.path.join(self.top, name), encoding="ascii") as source:
            return source.read()

    def has(self, name):
        return os.path.isdir(os.path.join(self.top, name))

    def group(self, name, schemata=SCHEMATA):
        """Makes one, as an administrator does."""
        for folder in (name, f"{name}/mon_groups"):
            os.mkdir(os.path.join(self.top, folder))
        self.write(f"{name}/schemata", schemata)
        self.write(f"{name}/tasks", "")
        return name

    def is_full(self):
        """From now on there is no room for another group."""
        with open(self.top + ".full", "w", encoding="ascii"):
            pass

    def log(self, name=""):
        """["GROUP/FILE text"], or the texts that were written to the file."""
        try:
            with open(self.top + ".log", encoding="ascii") as source:
                lines = source.read().splitlines()
        except FileNotFoundError:
            lines = []
        return [line.removeprefix(name + " ") for line in lines if line.startswith(name + " ")] if name else lines

    def tree(self):
        """{path: contents} of everything."""
        return {os.path.join(where, name): self.read(os.path.join(where, name))
                for where, _, files in os.walk(self.top) for name in files} | {
                    where: None for where, _, _ in os.walk(self.top)}


@pytest.fixture(scope="session")
def resctrl_program(session_folder):
    return compiled(os.path.join(os.path.dirname(__file__), "resctrl.c"), session_folder)


@pytest.fixture
def resctrl(runtime, bundle, folder, resctrl_program):
    """The stand-in; the runtime is started in sight of it."""
    made = Resctrl(folder, resctrl_program)
    runtime.prefix = made.prefix
    if runtime.path not in _takes:
        asking = bundle("/bin/true")
        asking.linux["intelRdt"] = {"closID": made.group("tried")}
        result = runtime.run(asking)
        _takes[runtime.path] = bool(made.log("tried/tasks"))
        assert _takes[runtime.path] or os.path.basename(runtime.path) != "thole", result
        made = Resctrl(os.path.join(folder, "another"), resctrl_program)
        runtime.prefix = made.prefix
    if not _takes[runtime.path]:
        pytest.skip("this runtime does not take the stand-in for resctrl, and no machine here has the real one")
    yield made
    for name in list(runtime.ids):
        if os.path.isdir(os.path.join(runtime.root, name)):
            runtime("delete", "--force", name)
    runtime.prefix = []
