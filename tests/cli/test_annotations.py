# SPDX-License-Identifier: Apache-2.0
"""What docs/annotations.md offers to every container: it is planned, it is done, and bad values are refused."""
import json

import pytest

UUID = "c7a5fdbd-edaf-9455-926a-d65c16db1809"
BAD_UUIDS = ("", UUID[:-1], UUID + "0", UUID.replace("-", "_"), UUID[:-1] + "g", UUID[:-1] + "\n")
BAD_WORDS = ("", "l x", "lxc\n", "a=b", "ü", "x" * 65)

# annotation -> (the variable of init, a good value, bad ones)
VARIABLES = {
    "org.thole.container": ("container", "lxc-libvirt", BAD_WORDS),
    "org.thole.uuid": ("container_uuid", UUID, BAD_UUIDS),
    "org.thole.libvirt.name": ("LIBVIRT_LXC_NAME", "web 1", ("",)),
    "org.thole.libvirt.uuid": ("LIBVIRT_LXC_UUID", UUID.upper(), BAD_UUIDS),
    "org.thole.libvirt.cmdline": ("LIBVIRT_LXC_CMDLINE", "systemd.unit=rescue.target \"quoted\"", ("",)),
}
# annotation -> bad values
BAD = {name: bad for name, (_, _, bad) in VARIABLES.items()}


@pytest.fixture
def annotated(bundle):
    """annotated({name: value}, ARGUMENT...): a bundle with these annotations."""

    def make(annotations, *args, **members):
        made = bundle(*args, **members)
        made.config["annotations"] = annotations
        return made

    return make


def variables(text):
    return dict(line.split("=", 1) for line in text.splitlines())


@pytest.mark.parametrize("name, value", [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_value_is_refused(thole, annotated, name, value):
    """By whatever reads the configuration, with the place."""
    made = annotated({name: value}, "/bin/true")
    for result in (thole.run(made), thole.try_create(made), thole("plan", made.path)):
        result.failed(f"/annotations/{name}: ")
    validated = thole("validate", made.path)
    assert validated.code == 1 and validated.out.count("error: ") == 1
    assert validated.out.startswith(f"error: /annotations/{name}: ")


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_of_init(thole, annotated, name):
    variable, value, _ = VARIABLES[name]
    made = annotated({name: value}, "/usr/bin/env", env=["PATH=/bin"])
    made.write()
    plan = json.loads(thole("plan", "--json", made.path).ok().out)
    assert f"{variable}={value}" in plan["process"]["env"]
    told = variables(thole.run(made).ok().out)
    assert told.pop(variable) == value
    assert set(told) <= {"PATH", "HOME", "PWD", "SHLVL", "TERM"}


def test_all_of_them_replace_those_of_the_process(thole, annotated):
    made = annotated({name: value for name, (_, value, _) in VARIABLES.items()}, "/usr/bin/env",
                     env=["PATH=/bin"] + [f"{variable}=other" for variable, _, _ in VARIABLES.values()])
    told = variables(thole.run(made).ok().out)
    assert {name: told[name] for name, _, _ in VARIABLES.values()} == {
        name: value for name, value, _ in VARIABLES.values()}


def test_exec_has_them_with_the_environment_of_the_container(thole, annotated):
    container = thole.launch(annotated({"org.thole.container": "lxc"}, "/bin/sleep", "1000", env=["PATH=/bin"]))
    assert variables(container.exec("/usr/bin/env").ok().out)["container"] == "lxc"
    process = {"args": ["/usr/bin/env"], "cwd": "/", "env": ["PATH=/bin"]}
    container.bundle.file("process.json", json.dumps(process))
    told = container.exec(options=("--process", container.bundle.path + "/rootfs/process.json")).ok().out
    assert "container" not in variables(told)
