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
from .host import (build_features, default_config, default_init, default_root, features, host_facts, roots,
                   seccomp_version, system_call_name, watch)
from .records import Change, Finding, Output, Root, State, Usage
from .runtime import Container, Runtime

__all__ = ["BadProgramError", "BugError", "Change", "ConfigError", "Container", "Error", "Finding", "HostError",
           "NoProgramError", "NotFoundError", "Output", "PayloadError", "Root", "Runtime", "State", "StateError",
           "UnsupportedError", "Usage", "UsageError", "build_features", "default_config", "default_init",
           "default_root", "features", "host_facts", "roots", "seccomp_version", "system_call_name", "watch"]
