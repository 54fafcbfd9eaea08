# SPDX-License-Identifier: Apache-2.0
"""features.md: the Features structure, whose promises are tried with containers."""
import json
import re

import pytest

from features_document import features  # noqa: F401
from sentences import sentence

TOP = ("features.md", "Features Structure")
VERSION = ("features.md", "Specification version")
OPTIONS = ("features.md", "Mount Options")

# The members that version 1.3 of the specification defines; a value that is no object has None.
DEFINED = {
    "ociVersionMin": None, "ociVersionMax": None, "hooks": None, "mountOptions": None, "annotations": None,
    "potentiallyUnsafeConfigAnnotations": None,
    "linux": {
        "namespaces": None, "capabilities": None,
        "cgroup": {"v1": None, "v2": None, "systemd": None, "systemdUser": None, "rdma": None},
        "seccomp": {"enabled": None, "actions": None, "operators": None, "archs": None, "knownFlags": None,
                    "supportedFlags": None},
        "apparmor": {"enabled": None}, "selinux": {"enabled": None},
        "memoryPolicy": {"modes": None, "flags": None},
        "intelRdt": {"enabled": None, "schemata": None, "monitoring": None},
        "mountExtensions": {"idmap": {"enabled": None}}, "netDevices": {"enabled": None},
    },
}
# Members by the version that brought them: an older structure may not have them.
SINCE = {("linux", "memoryPolicy"): (1, 3), ("linux", "intelRdt"): (1, 2), ("linux", "netDevices"): (1, 3),
         ("linux", "mountExtensions"): (1, 2), ("potentiallyUnsafeConfigAnnotations",): (1, 2)}


def number(version):
    """(1, 2, 0, stable?) of "1.2.0-rc.1": it comes before "1.2.0"."""
    numbers, _, rest = version.partition("-")
    return (*map(int, numbers.split(".")), not rest)


def members(structure, defined, path=()):
    """The paths of members that are not defined."""
    found = []
    for key, value in structure.items():
        where = (*path, key)
        if key not in defined:
            found.append(where)
        elif defined[key] is not None and value is not None:
            found += members(value, defined[key], where)
    return found


def paths(structure, path=()):
    for key, value in structure.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from paths(value, (*path, key))


@sentence(*TOP, "the content of the Features structure SHOULD be determined on the compilation time",
          note="other users, without /sys, /proc/sys and cgroups, with another environment")
@pytest.mark.parametrize("place", [
    ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
     'mount -t tmpfs none /sys; mount -t tmpfs none /etc; exec "$@"', "sh"],
    ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", "--bounding-set", "-all"],
    ["env", "-i"], ["unshare", "--net", "--user"]], ids=["no /sys", "ordinary user", "no environment", "namespaces"])
def test_the_same_everywhere(runtime, features, place):
    runtime.prefix = place
    assert json.loads(runtime("features", root=False).ok().out) == features.document


@sentence(*TOP, "The null value MUST NOT be confused with an empty value",
          note="what is given has the type of its definition, empty or not; what is unknown is absent or null")
def test_types(features):
    lists = {"hooks", "mountOptions", "potentiallyUnsafeConfigAnnotations", "namespaces", "capabilities",
             "actions", "operators", "archs", "knownFlags", "supportedFlags", "modes"}
    for path in paths(features.document):
        value = features.get(*path)
        if value is None or path[0] == "annotations":
            continue
        if path[-1] in lists or path[-2:] == ("memoryPolicy", "flags"):
            assert isinstance(value, list) and all(isinstance(word, str) for word in value), path
        elif path[-1] in ("ociVersionMin", "ociVersionMax"):
            assert isinstance(value, str), path
        elif path[:2] == ("linux", path[-1]) or path[-1] in ("linux", "idmap"):
            assert isinstance(value, dict), path
        else:
            assert isinstance(value, bool), path


MIN = sentence(*VERSION, "ociVersionMin (string, REQUIRED) The minimum recognized version")
MAX = sentence(*VERSION, "ociVersionMax (string, REQUIRED) The maximum recognized version")


@pytest.mark.parametrize("member", [pytest.param("ociVersionMin", marks=MIN),
                                    pytest.param("ociVersionMax", marks=MAX)])
@sentence(*VERSION, "The runtime MUST accept this value as the ociVersion property of config.json")
def test_versions_are_accepted(runtime, bundle, features, member):
    version = features.document[member]
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.+-]+)?", version), version
    made = bundle("/bin/echo", "in")
    made.config["ociVersion"] = version
    assert runtime.run(made).ok().out == "in\n"


@sentence(*VERSION, "The value MUST NOT be less than the value of the ociVersionMin property")
def test_order_of_versions(features):
    assert number(features.document["ociVersionMax"]) >= number(features.document["ociVersionMin"])


@sentence(*VERSION, "The Features structure MUST NOT contain properties that are not defined in this version")
def test_only_members_of_the_version(features):
    assert members(features.document, DEFINED) == []
    newest = number(features.document["ociVersionMax"])
    early = [path for path, since in SINCE.items()
             if features.get(*path) is not None and newest < (*since, 0)]
    assert early == [], newest


HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


@sentence("features.md", "Hooks", "hooks (array of strings, OPTIONAL) The recognized names of the hooks")
@sentence("features.md", "Hooks", "The runtime MUST support the elements in this array as the hooks property")
def test_hooks(runtime, bundle, features, folder):
    """Each of the list runs, in the order of a container's life."""
    names = features.required("hooks")
    assert set(names) <= set(HOOKS)
    made = bundle("/bin/sh", "-c", "echo program >>/work/log")
    log = made.file("work/log")
    write = '#!/bin/sh\necho $1 >>{}\n'
    made.file("hook", write.format("/work/log"), 0o755)
    outside = made.file("hook-outside", write.format(log), 0o755)
    made.config["hooks"] = {
        name: [{"path": "/hook" if name == "startContainer" else outside, "args": ["hook", name]}]
        for name in names}
    runtime.run(made).ok()
    assert sorted(made.read("work/log").split()) == sorted([*names, "program"])


@sentence(*OPTIONS, "mountOptions (array of strings, OPTIONAL) The recognized names of the mount options")
@sentence(*OPTIONS, "The runtime MUST recognize the elements in this array as the options of mounts")
def test_mount_options(runtime, bundle, features):
    """Each on a tmpfs: what is not recognized becomes data of tmpfs, which refuses what it does not know.
    Options for binds alone are tried with a bind."""
    names = features.required("mountOptions")
    assert names
    if runtime.run(with_options(bundle(), names)).code == 0:
        return
    refused = {}
    for name in names:
        result = runtime.run(with_options(bundle(), [name]))
        if result.code:
            refused[name] = result.err
    assert refused == {}


def with_options(made, names):
    """The bundle with one mount for each option."""
    for index, name in enumerate(names):
        if name.endswith("idmap"):
            ids = [{"containerID": 0, "hostID": 5000, "size": 10}]
            made.mount(f"/work/{index}", made.rootfs + "/tmp", "bind", ["bind", name], uidMappings=ids,
                       gidMappings=ids)
        elif name == "x-loop":
            continue  # needs an image and loop devices: tests/lxc/test_image_roots.py
        elif name in ("bind", "rbind"):
            made.mount(f"/work/{index}", made.rootfs + "/tmp", "bind", [name])
        else:
            made.mount(f"/work/{index}", "tmpfs", "tmpfs", ["nosuid"] if name == "remount" else [name])
            if name == "remount":
                made.mount(f"/work/{index}", "tmpfs", "tmpfs", ["remount", "nosuid"])
    return made


@sentence(*OPTIONS, "Linux: this array SHOULD NOT contain filesystem-specific mount options")
def test_no_options_of_filesystems(features):
    """Data of the filesystems of Linux, which are no flags: mount(8)."""
    data = {"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "huge", "mpol", "newinstance", "ptmxmode",
            "max", "hidepid", "subset", "lowerdir", "upperdir", "workdir", "context", "data", "errors",
            "discard", "subvol", "usrquota", "grpquota", "memory_localevents", "nsdelegate"}
    assert data.isdisjoint(name.split("=")[0] for name in features.required("mountOptions"))


@sentence("features.md", "Platform-specific features", "linux (object, OPTIONAL) Linux-specific features")
def test_linux(features):
    assert isinstance(features.document.get("linux"), dict)


@sentence("features.md", "Annotations", "annotations (object, OPTIONAL) contains arbitrary metadata")
@sentence("features.md", "Annotations", "Annotations MUST be a key-value map that follows the same convention")
def test_annotations(features):
    annotations = features.get("annotations")
    assert isinstance(annotations, dict)
    for key, value in annotations.items():
        assert key and isinstance(value, str), (key, value)
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", key, re.IGNORECASE), f"{key} is no reverse domain"


@sentence("features.md", "Unsafe annotations in config.json",
          "potentiallyUnsafeConfigAnnotations (array of strings, OPTIONAL) contains values of annotations")
def test_unsafe_annotations(features):
    """Names, or prefixes that end with a dot; those of systemd's properties are known to all."""
    names = features.required("potentiallyUnsafeConfigAnnotations")
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in names)
    assert len(set(names)) == len(names)
    assert any("org.systemd.property.x".startswith(name) for name in names if name.endswith("."))
