# SPDX-License-Identifier: Apache-2.0
"""The configurations that are measured."""
import json
import os

import workplace
from harness import bundle, machine

PODMAN_CONFIG = os.path.join(workplace.HERE, "podman-config.json")
PROGRAMS = {"true": [workplace.TRUE], "sleep": ["/bin/sleep", "1000000"]}


def _default(place, program):
    """What `spec` writes."""
    config = bundle.default_config(program)
    config["mounts"].append(bundle.cgroup_mount())
    config["root"]["path"] = place.rootfs
    return config


def _host_cgroup(place, program):
    """The same without a cgroup namespace."""
    config = _default(place, program)
    config["linux"]["namespaces"] = [entry for entry in config["linux"]["namespaces"]
                                     if entry["type"] != "cgroup"]
    return config


def _podman(place, program):
    """What Podman 4.3 gave its runtime for `podman run`, with the seccomp profile of Debian's
    containers-common; without a limit of processes, for which some layouts have no controller."""
    text = workplace.read(PODMAN_CONFIG)
    files = place.make_folder("podman-files")
    place.make_folder("podman-files", "shm")
    for name in ("hosts", "hostname", ".containerenv"):
        place.file("podman-files/" + name)
    config = json.loads(text.replace("@ROOTFS@", place.rootfs).replace("@FILES@", files))
    config["process"]["args"] = program
    if machine.layout() != "unified":
        config["linux"]["namespaces"] = [entry for entry in config["linux"]["namespaces"]
                                         if entry["type"] != "cgroup"]
    return config


def _systemd(place, program):
    """The default, in a scope of systemd's."""
    return _default(place, program)


KINDS = {"default": _default, "host-cgroup": _host_cgroup, "podman": _podman, "systemd": _systemd}


def make(place, kind, program, cgroup):
    """A configuration as a dict; `program` is a key of PROGRAMS."""
    config = KINDS[kind](place, PROGRAMS[program])
    config["linux"]["cgroupsPath"] = cgroup
    if kind == "systemd":
        config["linux"]["cgroupsPath"] = "system.slice:bench:" + os.path.basename(cgroup)
    if not place.device_rules:
        del config["linux"]["resources"]["devices"]
    return config
