# SPDX-License-Identifier: Apache-2.0
"""The hooks of contrib/hooks, and the runtimes that they have to work with."""
import os
import shutil
import subprocess

import pytest

from harness import machine
from harness.runtime import Runtime

NAMES = ("audit", "lxcfs", "network", "resolv-conf", "seccomp-trace", "timezone")
RUNTIMES = ("thole", "crun", "runc")
V2_VIEW = os.path.join(machine.TOP, "tests/cli/v2-view")


def source(*words):
    """A path below contrib/hooks."""
    return os.path.join(machine.TOP, "contrib/hooks", *words)


def path(name):
    """The built hook, beside the runtime under test; skips where the build has none."""
    built = os.path.join(os.path.dirname(machine.find_runtime() or ""), "contrib/hooks", name, name)
    if not os.access(built, os.X_OK):
        pytest.skip(f"needs the hook {name}, which this build leaves out")
    return built


class ForeignRuntime(Runtime):
    """crun or runc, run so that this machine lets them: what they leave is not thole's fault."""

    def __init__(self, name, folder):
        super().__init__(shutil.which(name), folder)
        self.variables = {}
        if name == "crun" and machine.layout() != "unified":  # it refuses hybrid hosts
            self.prefix = [V2_VIEW]
        if not machine.has_capability("SYS_RESOURCE"):
            library = os.path.join(folder, "memlock.so")
            subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library,
                            os.path.join(machine.TOP, "tests/oci-validation/memlock.c"), "-ldl"],
                           check=True)
            self.variables["LD_PRELOAD"] = library

    def start_process(self, *args, **options):
        environment = {**(options.pop("env", None) or os.environ), **self.variables}
        return super().start_process(*args, env=environment, **options)


def runtime(name, folder):
    """The runtime of that name; skips where it is not installed."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if name == "thole":
        return Runtime(machine.find_runtime(), folder)
    if not shutil.which(name):
        pytest.skip(f"needs the program {name}")
    return ForeignRuntime(name, folder)


def hook(bundle, stage, *command):
    """Adds a hook with these words to the bundle."""
    entry = {"path": command[0], "args": list(command)}
    bundle.config.setdefault("hooks", {}).setdefault(stage, []).append(entry)
    return entry


def refused(runtime, bundle, text):
    """The container does not start, and the hook has said why in one line."""
    log = os.path.join(runtime.folder, "hook.err")  # crun does not pass on what a hook says
    bundle.config.setdefault("annotations", {})["run.oci.hooks.stderr"] = log
    result = runtime.run(bundle).failed()
    said = result.err
    if os.path.exists(log):
        with open(log, encoding="utf-8") as source:
            said += source.read()
    assert text in said, f"{text!r} is missing in {said!r}"
    assert result.out == ""
