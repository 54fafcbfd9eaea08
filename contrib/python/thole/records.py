# SPDX-License-Identifier: Apache-2.0
"""What the library tells, as plain values."""
from dataclasses import dataclass
from typing import Dict, Optional


@dataclass(frozen=True)
class State:
    """One container as it is now. `pid` is 0 when it is stopped; `status` is "creating", "created", "running",
    "paused", "stopped" or, in lists, "unknown". `exit_status` is None where no keeper saw the end."""

    id: str
    pid: int
    status: str
    bundle: str
    rootfs: str
    created: str
    owner: int
    oci_version: str
    annotations: Dict[str, str]
    systemd_scope: Optional[str]
    keeper: int
    exit_status: Optional[int]


@dataclass(frozen=True)
class Usage:
    """What a container uses: nanoseconds, bytes and operations; None is a number that nobody knows."""

    cpu: Optional[int]
    cpu_system: Optional[int]
    cpu_user: Optional[int]
    memory: Optional[int]
    swap: Optional[int]
    kernel_memory: Optional[int]
    io_read: Optional[int]
    io_written: Optional[int]
    io_operations: Optional[int]


@dataclass(frozen=True)
class Finding:
    """Something about a configuration: an error, or a note if `error` is false; its place in the file counts from 1,
    columns in bytes."""

    error: bool
    where: str
    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Root:
    """A state directory; `origin` is "thole", "lxc", "configured", "docker" or "containerd"."""

    path: str
    origin: str


@dataclass(frozen=True)
class Change:
    """What happened to a container: `change` is "starting", "running", "exited", "stopping", "stopped", "aborting",
    "freezing", "frozen" or "thawed"; `exit_status` of "exited", None where nobody knows it."""

    root: str
    id: str
    change: str
    exit_status: Optional[int]


@dataclass(frozen=True)
class Output:
    """A piece of what a container said, and when; `stream` 2 is standard error. A line of a stream is what lies between
    a piece that `begins` and one that `ends` it; its line break is not in `data`."""

    time: str
    stream: int
    data: bytes
    begins: bool
    ends: bool
