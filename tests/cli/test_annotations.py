# SPDX-License-Identifier: Apache-2.0
"""What docs/annotations.md offers to every container: it is planned, it is done, and bad values are refused."""
import json
import os
import re
import subprocess

import pytest

from harness.machine import TOP
from harness.runtime import until

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
BAD = {name: bad for name, (_, _, bad) in VARIABLES.items()} | {
    "org.thole.consoles": ("", "-1", "256", "two"),
    "org.thole.console.tty1": ("", "yes", "1"),
    "org.thole.consoles.directory": ("", "/lxc", "../lxc", "a/..", "x" * 65),
    "org.thole.restart": ("", "sometimes", "always:3", "no,reboot"),
    "org.thole.restart.delay": ("", "5", "0s", "61m"),
    "org.thole.devices.only": ("", "yes", "1"),
    "org.thole.audit": ("", "yes"),
    "org.thole.selinux.range": ("", "c1", "c1,c1024", "static"),
    "run.oci.timens_offset": ("", "monotonic", "monotonic 1", "realtime 1 0", "monotonic 1 0 0", "monotonic 1 -1",
                              "monotonic x 0", "monotonic 1 1000000000", "monotonic 1 0\n"),
    "run.oci.handler": ("krun", "wasm", ""),  # whatever they say
    "run.oci.seccomp.plugins": ("plugin.so",),
}
NAMED = re.compile(r"^\| `((?:org\.thole|run\.oci)\.[^=`]*)", re.M)
with open(os.path.join(TOP, "docs", "annotations.md"), encoding="utf-8") as document:
    DOCUMENTED = NAMED.findall(document.read())


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


def test_each_annotation_of_thole_has_bad_values_here():
    assert {name for name in DOCUMENTED if name.startswith("org.thole.")} == {
        name for name in BAD if name.startswith("org.thole.")}


def warnings(thole, made):
    """[(name, text)] of what is said about annotations; the container runs even so."""
    made.write()
    assert thole("validate", made.path).code == 0
    lines = thole("validate", "--strict", made.path).out.splitlines()
    told = [line.split("/annotations/")[1].split(": ", 1) for line in lines if "/annotations/" in line]
    planned = json.loads(thole("plan", "--json", made.path).ok().out).get("warnings", [])
    assert [": ".join(("/annotations/" + name, text)) for name, text in told] == [
        line for line in planned if "/annotations/" in line]
    return [tuple(pair) for pair in told]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_misspelt_name_is_told(thole, annotated, name):
    for misspelt in (name[:-1], name + "s"):
        if misspelt in DOCUMENTED:
            continue
        (told, text), = warnings(thole, annotated({misspelt: "true"}, "/bin/true"))
        assert told == misspelt and text.startswith("means nothing here: did you mean ")
        meant = text.removeprefix("means nothing here: did you mean ").removesuffix("?")
        assert meant == name or name[:-1] in meant


@pytest.mark.parametrize("name", DOCUMENTED)
def test_what_is_documented_means_something(thole, annotated, name):
    """Whatever becomes of this value."""
    made = annotated({name: "x"}, "/bin/true")
    made.write()
    assert "means nothing" not in thole("validate", "--strict", made.path).out


@pytest.mark.parametrize("name, said", (
    ("org.thole.nothing.like.it", "means nothing here"), ("run.oci.", "means nothing here"),
    ("org.thole.hook.anything", None), ("org.thole.lxc.anything", None), ("org.thole.virsh.anything", None),
    ("org.tholes", None), ("com.example.run.oci.handler", None)))
def test_only_names_of_the_runtimes_families_are_judged(thole, annotated, name, said):
    assert warnings(thole, annotated({name: "x"}, "/bin/true")) == ([(name, said)] if said else [])


@pytest.mark.needs(root=True)
@pytest.mark.parametrize("value, on", (("1", True), ("true", True), ("", True), ("0", False), (None, False)))
def test_switches_of_crun_are_on_unless_0(thole, annotated, value, on):
    """As with crun itself, measured with 1.8."""
    def asked(name):
        return {} if value is None else {name: value}

    unknown = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["nosuchcall"], "action": "SCMP_ACT_ERRNO"}]}
    made = annotated(asked("run.oci.seccomp_fail_unknown_syscall"), "/bin/true")
    made.linux["seccomp"] = unknown
    result = thole.run(made)
    if on:
        result.failed("/linux/seccomp/syscalls/0: ")
    else:
        result.ok()
    made = annotated(asked("run.oci.keep_original_groups"), "/usr/bin/id", "-G")
    thole.prefix = ["setpriv", "--groups", "7,8"]
    groups = thole.run(made).ok().out.split()
    assert set(groups) - {"0"} == ({"7", "8"} if on else set())


@pytest.mark.needs(root=True)
def test_an_offset_of_time(thole, annotated):
    offset = {"run.oci.timens_offset": "monotonic 86400 5"}
    made = annotated(offset, "/bin/cat", "/proc/self/timens_offsets")
    thole.run(made).failed("/annotations/run.oci.timens_offset: offsets can only be given to a new time namespace")
    made = annotated(offset, "/bin/cat", "/proc/self/timens_offsets")
    made.linux["namespaces"].append({"type": "time"})
    assert thole.run(made).ok().out.split()[:3] == ["monotonic", "86400", "5"]


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


# ---- what is asked of the keeper ----

def test_terminals(thole, annotated):
    made = annotated({"org.thole.consoles": "2", "org.thole.consoles.directory": "lxc"}, "/bin/sleep", "1000")
    container = thole.launch(made, "--attachable")
    told = container.sh("readlink /dev/tty1; readlink /dev/tty2; tty < /dev/lxc/tty2; tr '\\0' '\\n' < /proc/1/environ; "
                        "echo there > /dev/tty2; ls /dev/tty3").out.splitlines()
    assert told[:2] == ["lxc/tty1", "lxc/tty2"] and told[2].startswith("/dev/")
    assert "container_ttys=pts/0 pts/1" in told and "/dev/tty3" not in told
    container("kill", "KILL").ok()
    container.wait_stopped()


@pytest.mark.parametrize("kept", (False, True), ids=("alone", "keeper"))
def test_the_console_is_the_first_terminal(thole, annotated, kept):
    """What init writes there is seen where its console is; an image's own node makes way."""
    made = annotated({"org.thole.console.tty1": "true", **({"org.thole.consoles": "1"} if kept else {})},
                     "/bin/sh", "-c", "readlink /dev/tty1; ls /dev/tty2; echo first > /dev/tty1",
                     terminal=True)
    result = thole.run(made, *(("--attachable",) if kept else ())).ok()
    told = result.out.replace("\r", "").splitlines()
    assert told[0] == "console" and told[-1] == "first" and (told[1] == "/dev/tty2") == kept
    assert "has no effect" not in result.err


def test_without_a_console_there_is_no_link(thole, annotated):
    made = annotated({"org.thole.console.tty1": "true"}, "/bin/ls", "/dev")
    assert "tty1" not in thole.run(made).ok().out.split()


def test_attach_reaches_them(thole, annotated):
    """What is written there and read from there."""
    made = annotated({"org.thole.consoles": "2"}, "/bin/sh", "-c",
                     "read word < /dev/tty2; echo told $word > /dev/tty2; exec sleep 1000")
    container = thole.launch(made, "--attachable")
    viewer = container.runtime.start_process("attach", "--console", "2", container.id, stdin=subprocess.PIPE)
    viewer.popen.stdin.write(b"hello\n")
    viewer.popen.stdin.flush()
    until(lambda: "told hello" in viewer.output())
    container("kill", "KILL").ok()
    viewer.wait()


# The first start ends as a container's init does that SAYS, the second one stays.
SCRIPT = "echo $$ >> /work/starts; [ $(wc -l < /work/starts) = 2 ] && exec sleep 1000; {}; sleep 10"


@pytest.mark.parametrize("policy, ending", [
    ("reboot", "busybox reboot -f"), ("halt", "busybox halt -f"), ("always,halt", "exit 0"), ("failure:1", "exit 3")])
def test_started_again(thole, annotated, policy, ending):
    made = annotated({"org.thole.restart": policy, "org.thole.restart.delay": "1ms"}, "/bin/sh", "-c",
                     SCRIPT.format(ending))
    made.capabilities("CAP_SYS_BOOT")
    container = thole.launch(made, "--attachable")
    until(lambda: os.path.exists(made.rootfs + "/work/starts") and made.read("work/starts").count("\n") == 2)
    until(lambda: container.status == "running")
    container.delete("--force").ok()


@pytest.mark.parametrize("annotation, words", [("no", ()), ("failure", ("--restart", "no")),
                                               ("success", ("--restart", "reboot"))])
def test_the_callers_word_goes_first(thole, annotated, annotation, words):
    made = annotated({"org.thole.restart": annotation}, "/bin/sh", "-c", "echo x >> /work/starts; exit 1")
    container = thole.launch(made, "--attachable", *words, "--rm")
    until(lambda: not os.path.exists(os.path.join(thole.root, container.id)), what="its end")
    assert made.read("work/starts") == "x\n"


@pytest.mark.parametrize("name, value", [("org.thole.consoles", "1"), ("org.thole.restart", "always")])
def test_without_a_keeper_there_is_a_warning(thole, annotated, name, value):
    result = thole.run(annotated({name: value}, "/bin/echo", "ran")).ok()
    assert result.out == "ran\n" and f"/annotations/{name}: has no effect" in result.err


def test_the_plan_has_what_is_asked_of_the_keeper(thole, annotated):
    made = annotated({"org.thole.consoles": "3", "org.thole.consoles.directory": "lxc",
                      "org.thole.restart": "on-failure:4", "org.thole.restart.delay": "5s"}, "/bin/true")
    made.write()
    keeper = json.loads(thole("plan", "--json", made.path).ok().out)["keeper"]
    assert keeper.pop("where").startswith("/annotations/")
    assert keeper == {"consoles": 3, "consoleDirectory": "lxc", "restart": ["reboot", "failure"], "restartLimit": 4,
                      "restartDelay": 5000}


def test_what_is_started_again_is_given_no_descriptors(thole, annotated):
    made = annotated({"org.thole.restart": "always"}, "/bin/true")
    thole.run(made, "--detach", "--attachable", "--preserve-fds", "1").failed("descriptor")
