# SPDX-License-Identifier: Apache-2.0
"""CVE-2019-16884, CVE-2023-28642, CVE-2025-52881: a label reaches the kernel whatever the container has at
/proc. Needs AppArmor or SELinux, which the guests of tests/vm have."""
import os
import subprocess

import pytest

from harness import machine
from harness.runtime import until

pytestmark = pytest.mark.needs(root=True)

PROFILE = "profile NAME flags=(attach_disconnected,mediate_deleted) {\n  file,\n  capability,\n  mount,\n" \
    "  umount,\n  signal,\n  ptrace,\n}\n"

# As the profiles of engines are: its processes look into one another, and into nobody else.
CONFINED = PROFILE.replace("ptrace,", "ptrace peer=NAME,")

# Files that a label could be written to by mistake, in a tmpfs over /proc.
FALSE_PROC = ("mount -t tmpfs false /proc && for p in self thread-self 1; do "
              "mkdir -p /proc/$p/attr/apparmor && for f in exec current apparmor/exec; do "
              ": > /proc/$p/attr/$f; done; done")


@pytest.fixture
def labelled(bundle, request):
    """labelled(args..., text=PROFILE): a bundle with a label of the module at work; .label is what the kernel
    says."""
    modules = machine.security_modules()
    if "apparmor" not in modules:
        pytest.skip("needs the security module apparmor, which is off here")
    name = f"thole-test-{os.getpid()}-false-proc"

    def parser(option, text):
        subprocess.run(["apparmor_parser", option, "--skip-cache"], input=text.replace("NAME", name), text=True,
                       capture_output=True, check=True)

    def make(*args, text=PROFILE, **process):
        parser("--replace", text)
        request.addfinalizer(lambda: parser("--remove", text))
        made = bundle(*args, apparmorProfile=name, noNewPrivileges=False, **process)
        made.label = f"{name} (enforce)"
        made.capabilities("CAP_SYS_ADMIN")
        made.linux["maskedPaths"] = made.linux["readonlyPaths"] = []
        return made

    return make


def label_of(pid):
    with open(f"/proc/{pid}/attr/current", encoding="ascii") as source:
        return source.read().strip()


def test_label_through_a_false_proc(thole, labelled):
    """Root inside covers its own /proc: what enters has the label all the same."""
    made = labelled("/bin/sleep", "1000")
    container = thole.launch(made)
    assert label_of(container.pid) == made.label
    container.sh(FALSE_PROC).ok()
    space = os.readlink(f"/proc/{container.pid}/ns/pid")
    job = thole.start_process("exec", container.id, "/bin/sleep", "1001")

    def entered():
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and int(name) != container.pid and \
                        os.readlink(f"/proc/{name}/ns/pid") == space and \
                        open(f"/proc/{name}/comm", encoding="ascii").read() == "sleep\n":
                    return int(name)
            except OSError:
                continue
        return None

    assert label_of(until(entered, what="the second process")) == made.label
    assert container.sh("cat /proc/*/attr/exec /proc/*/attr/apparmor/exec").ok().out == ""
    job.popen.kill()


@pytest.mark.parametrize("place", ["/proc/self/attr", "/proc/thread-self/attr", "/proc/self", "/proc"])
def test_no_container_with_a_false_proc(thole, labelled, folder, place):
    made = labelled("/bin/true")
    os.makedirs(folder + "/false/apparmor")
    for name in ("exec", "current", "apparmor/exec"):
        open(f"{folder}/false/{name}", "w", encoding="ascii").close()
    made.mount(place, folder + "/false", "bind", ["bind"])
    thole.run(made).failed(place)
    assert all(os.path.getsize(f"{folder}/false/{name}") == 0 for name in ("exec", "apparmor/exec"))


@pytest.mark.needs(capability="CAP_SYS_PTRACE")
@pytest.mark.parametrize("text", [PROFILE, CONFINED], ids=["control", "confined"])
def test_what_has_a_label_to_write_cannot_be_looked_into(thole, labelled, held, peek, text):
    """It has the host's /proc until then. The control is a profile that lets its processes look everywhere."""
    made = labelled("/bin/sleep", "1000", text=text)
    made.capabilities(*["CAP_" + name for name in machine.CAPABILITIES if machine.has_capability(name)])
    os.chmod(made.rootfs + "/work", 0o777)
    container = thole.launch(made)
    assert peek(container, container.pid, "0:0"), "no control: others of this profile can be looked into"
    seen = peek(container, held(container).pid, "0:0")
    assert bool(seen) == (text == PROFILE), seen
