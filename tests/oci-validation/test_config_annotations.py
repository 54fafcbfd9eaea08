# SPDX-License-Identifier: Apache-2.0
"""config.md: annotations, what a runtime does not know, and what is not valid."""
import copy

import pytest

from sentences import sentence

ANNOTATIONS = ("config.md", "Annotations")


@sentence(*ANNOTATIONS, "annotations (object, OPTIONAL) contains arbitrary metadata for the container")
@sentence(*ANNOTATIONS, "Values MAY be an empty string")
@pytest.mark.parametrize("annotations", [
    {"com.example.gpu-cores": "2"}, {"com.example.empty": ""}, {"a": "1", "b": "line\nnext", "c": "ü"}])
def test_annotations(runtime, bundle, annotations):
    made = bundle()
    made.config["annotations"] = annotations
    assert runtime.create(made).state()["annotations"] == annotations


@sentence(*ANNOTATIONS, "If there are no annotations then this property MAY either be absent or an empty map")
@pytest.mark.parametrize("annotations", [{}, None])
def test_no_annotations(runtime, bundle, annotations):
    made = bundle()
    if annotations is not None:
        made.config["annotations"] = annotations
    assert not runtime.create(made).state().get("annotations")


@sentence(*ANNOTATIONS, "Annotations MUST be a key-value map", note="something else is refused")
@pytest.mark.parametrize("annotations", [["a"], "a", 1, True], ids=repr)
def test_annotations_are_a_map(runtime, bundle, annotations):
    made = bundle()
    made.config["annotations"] = annotations
    runtime.refuses(made)


@sentence(*ANNOTATIONS, "Keys MUST NOT be an empty string", note="an empty key is refused")
def test_empty_key(runtime, bundle):
    made = bundle()
    made.config["annotations"] = {"": "value"}
    runtime.refuses(made)


@sentence(*ANNOTATIONS, "Values MUST be strings", note="another value is refused")
@pytest.mark.parametrize("value", [1, True, ["a"], {"a": "b"}], ids=repr)
def test_values_are_strings(runtime, bundle, value):
    made = bundle()
    made.config["annotations"] = {"com.example.key": value}
    runtime.refuses(made)


@sentence(*ANNOTATIONS, "Runtimes MUST handle unknown annotation keys like any other unknown property")
@pytest.mark.parametrize("key", ["com.example.nobody.knows", "org.opencontainers.unknown", "x"])
def test_unknown_keys(runtime, bundle, key):
    made = bundle("/bin/echo", "runs")
    made.config["annotations"] = {key: "value"}
    assert runtime.run(made).ok().out == "runs\n"


NOVEL = {"aNovelProperty": {"nested": [1, "two", None]}}
PLACES = {
    "top": lambda config: config, "root": lambda config: config["root"],
    "process": lambda config: config["process"], "user": lambda config: config["process"]["user"],
    "capabilities": lambda config: config["process"]["capabilities"],
    "rlimit": lambda config: config["process"]["rlimits"][0],
    "mount": lambda config: config["mounts"][0],
    "linux": lambda config: config["linux"], "resources": lambda config: config["linux"]["resources"],
    "namespace": lambda config: config["linux"]["namespaces"][0],
    "device-rule": lambda config: config["linux"]["resources"]["devices"][0],
    "hooks": lambda config: config.setdefault("hooks", {}),
}


@sentence("config.md", "Extensibility", "Runtimes MAY log unknown properties but MUST otherwise ignore them")
@sentence("config.md", "Extensibility", "That includes not generating errors if they encounter an unknown "
          "property")
@pytest.mark.parametrize("place", PLACES)
def test_unknown_properties(runtime, bundle, place):
    made = bundle("/bin/echo", "runs")
    PLACES[place](made.config).update(copy.deepcopy(NOVEL))
    assert runtime.run(made).ok().out == "runs\n"


def at(*path, value):
    """A change of a configuration: the member at the path becomes the value."""
    def change(config):
        for name in path[:-1]:
            config = config[name]
        if isinstance(config, list) and path[-1] == "+":
            config.append(value)
        else:
            config[path[-1]] = value
    return change


INVALID = {
    "root-number": at("root", value=7), "root-path-list": at("root", "path", value=["rootfs"]),
    "readonly-text": at("root", "readonly", value="yes"),
    "mounts-object": at("mounts", value={}), "mount-text": at("mounts", "+", value="/vol"),
    "destination-number": at("mounts", 0, "destination", value=5),
    "options-text": at("mounts", 0, "options", value="ro"),
    "hostname-number": at("hostname", value=5),
    "namespace-type": at("linux", "namespaces", "+", value={"type": "imaginary"}),
    "propagation": at("linux", "rootfsPropagation", value="sideways"),
    "masked-text": at("linux", "maskedPaths", value="/proc/kcore"),
    "device-type": at("linux", "devices", value=[{"path": "/dev/x", "type": "z", "major": 1,
                                                  "minor": 3}]),
    "sysctl-number": at("linux", "sysctl", value={"net.ipv4.ip_forward": 1}),
    "sysctl-unknown": at("linux", "sysctl", value={"net.no_such_thing": "1"}),
    "seccomp-action": at("linux", "seccomp", value={"defaultAction": "SCMP_ACT_DANCE"}),
    "hooks-list": at("hooks", value=[]),
    "access": at("linux", "resources", "devices", "+", value={"allow": True, "access": "xyz"}),
}
INVALID_PROCESS = {
    "terminal-text": at("process", "terminal", value="yes"),
    "args-text": at("process", "args", value="/bin/true"),
    "args-number": at("process", "args", value=["/bin/echo", 5]),
    "env-object": at("process", "env", value={"A": "b"}),
    "uid-text": at("process", "user", "uid", value="root"),
    "uid-negative": at("process", "user", "uid", value=-1),
    "uid-large": at("process", "user", "uid", value=1 << 33),
    "groups-text": at("process", "user", "additionalGids", value="5"),
    "umask-negative": at("process", "user", "umask", value=-1),
    "oom-large": at("process", "oomScoreAdj", value=5000),
    "soft-text": at("process", "rlimits", 0, "soft", value="many"),
    "soft-above-hard": at("process", "rlimits", 0, "soft", value=1 << 40),
    "privileges-text": at("process", "noNewPrivileges", value="true"),
}


@sentence("config.md", "Valid values", "Runtimes MUST generate an error when invalid or unsupported values "
          "are encountered")
@pytest.mark.parametrize("name", [*INVALID, *INVALID_PROCESS])
def test_invalid_values(runtime, bundle, name):
    made = bundle()
    (INVALID.get(name) or INVALID_PROCESS[name])(made.config)
    runtime.refuses(made, late=name in INVALID_PROCESS)
