# SPDX-License-Identifier: Apache-2.0
"""What all hooks of contrib/hooks have: help, a manual page, a README, an example; errors of one line."""
import json
import os
import shutil
import subprocess

import pytest

from harness import oci_hooks

STATE = {"ociVersion": "1.0.2", "id": "some", "status": "creating", "pid": 1, "bundle": "/nowhere"}


def called(name, *arguments, state=None):
    text = state if isinstance(state, str) else json.dumps(STATE if state is None else state)
    return subprocess.run([oci_hooks.path(name), *arguments], input=text, capture_output=True,
                          text=True, timeout=60, check=False)


def test_every_hook_is_tested():
    """A folder of contrib/hooks is a hook, and has all of its files."""
    folders = {name for name in os.listdir(oci_hooks.source())
               if os.path.isdir(oci_hooks.source(name))}
    assert folders == set(oci_hooks.NAMES)
    with open(oci_hooks.source("README.md"), encoding="utf-8") as source:
        index = source.read()
    for name in folders:
        assert f"({name}/README.md)" in index
        for file in ("README.md", f"{name}.json.in", f"thole-hook-{name}.8"):
            assert os.path.exists(oci_hooks.source(name, file)), file


@pytest.mark.parametrize("name", oci_hooks.NAMES)
def test_help_and_manual_page_have_the_same_options(name):
    shown = called(name, "--help")
    assert shown.returncode == 0 and shown.stderr == ""
    options = {word for word in shown.stdout.split() if word.startswith("--")}
    with open(oci_hooks.source(name, f"thole-hook-{name}.8"), encoding="utf-8") as source:
        page = source.read().replace("\\-", "-")
    assert {"--help", "--version"} <= options
    for option in options:
        assert option in page, option


@pytest.mark.parametrize("name", oci_hooks.NAMES)
def test_manual_page_is_troff(name):
    if not shutil.which("groff"):
        pytest.skip("needs the program groff")
    shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z",
                            oci_hooks.source(name, f"thole-hook-{name}.8")], capture_output=True,
                           text=True, check=True)
    assert shown.stderr == ""


@pytest.mark.parametrize("name", oci_hooks.NAMES)
def test_example_waits_for_its_annotation(name):
    """oci-hooks(5): the built example is complete JSON, and no container gets the hook unasked."""
    with open(oci_hooks.path(name) + ".json", encoding="utf-8") as source:
        example = json.load(source)
    assert example["version"] == "1.0.0" and example["stages"]
    assert os.path.basename(example["hook"]["path"]) == name
    assert example["hook"]["path"].startswith("/") and "@" not in example["hook"]["path"]
    assert example.get("hook").get("args", [name])[0] == name
    assert example["when"] == {"annotations": {rf"^org\.thole\.hook\.{name}$": "^true$"}}


BAD_STATES = {
    "empty": ("", "the state"),
    "no JSON": ("{", "the state"),
    "an array": ("[]", "the state"),
    "no id": ({**STATE, "id": None}, "/id"),
    "an id that is a path": ({**STATE, "id": "../../etc/passwd"}, "/id"),
    "an id that is hidden": ({**STATE, "id": ".."}, "/id"),
    "no bundle": ({**STATE, "bundle": None}, "/bundle"),
    "a relative bundle": ({**STATE, "bundle": "b"}, "/bundle"),
    "deep nesting": ("[" * 100000, "the state"),
}


@pytest.mark.parametrize("name", oci_hooks.NAMES)
@pytest.mark.parametrize("case", BAD_STATES)
def test_a_bad_state_is_refused_in_one_line(name, case):
    state, where = BAD_STATES[case]
    result = called(name, state=state)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith(f"hook {name}: ") and where in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", oci_hooks.NAMES)
def test_an_unknown_option_is_refused(name):
    for arguments in (("--nonsense",), ("nonsense",), ("",)):
        result = called(name, *arguments)
        assert result.returncode == 1 and "no such option" in result.stderr
