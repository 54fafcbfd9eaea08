# SPDX-License-Identifier: Apache-2.0
"""Run OCI containers: libthole for Python.

    import thole

    runtime = thole.Runtime()
    with runtime.launch("web1", bundle="/srv/web1") as container:
        container.exec(["/bin/true"])
        print(container.state().pid, container.stats()["pids"])

Whatever fails raises an Error, with the place in the configuration in `where`.
"""
from .errors import (BadProgramError, BugError, ConfigError, Error, HostError, NoProgramError, NotFoundError,
                     PayloadError, StateError, UnsupportedError, UsageError)
from .records import Finding, State, Usage
from .runtime import Container, Runtime, default_config, features, host_facts

__all__ = ["BadProgramError", "BugError", "ConfigError", "Container", "Error", "Finding", "HostError",
           "NoProgramError", "NotFoundError", "PayloadError", "Runtime", "State", "StateError",
           "UnsupportedError", "Usage", "UsageError", "default_config", "features", "host_facts"]
