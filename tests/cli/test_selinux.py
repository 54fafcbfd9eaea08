# SPDX-License-Identifier: Apache-2.0
"""SELinux: labels of processes, mounts and keyrings, with container_t of the reference policy.

Containers answer in files of theirs: the policy does not let them write to the tests' output.
"""
import ctypes
import json
import os
import signal

import pytest

from harness import machine
from harness.runtime import until

pytestmark = [pytest.mark.needs(root=True)]
on = pytest.mark.needs(security_module="selinux")

PROCESS = "unconfined_u:unconfined_r:container_t:s0:c1,c2"
OTHER = "unconfined_u:unconfined_r:container_t:s0:c3,c4"
FILES = "unconfined_u:object_r:container_file_t:s0:c1,c2"
ATTRIBUTE = "security.selinux"
KEYCTL_GET_SECURITY = 17
SYS_KEYCTL = 250  # x86-64


def label_of(path):
    return os.getxattr(path, ATTRIBUTE, follow_symlinks=False).rstrip(b"\0").decode()


def label_tree(top, label):
    for folder, _, names in os.walk(top):
        for name in [""] + names:
            os.setxattr(os.path.join(folder, name), ATTRIBUTE, label.encode(),
                        follow_symlinks=False)


@pytest.fixture
def labelled(bundle):
    """labelled(args...): a bundle with PROCESS and FILES as its labels."""

    def make(*args, label=PROCESS, files=FILES, **process):
        made = bundle(*args, selinuxLabel=label, **process)
        made.linux["mountLabel"] = files
        label_tree(made.rootfs, files)
        return made

    return make


@on
@pytest.mark.parametrize("no_new_privileges", [True, False])
def test_process_label(thole, labelled, no_new_privileges):
    """With noNewPrivileges the policy has to bound or allow the transition."""
    made = labelled("/bin/sh", "-c", "cat /proc/self/attr/current >/out",
                    noNewPrivileges=no_new_privileges)
    result = thole.run(made)
    if no_new_privileges and result.code != 0:
        pytest.skip("this policy has no nnp_transition for it: " + result.err.strip())
    result.ok()
    assert made.read("/out").rstrip("\0") == PROCESS
    assert label_of(made.rootfs + "/out").endswith(":container_file_t:s0:c1,c2")


@on
def test_policy_is_enforced(thole, labelled):
    """Two containers of the same type are kept apart by their categories."""
    with open("/sys/fs/selinux/enforce", encoding="ascii") as answer:
        if answer.read().strip() != "1":
            pytest.skip("needs SELinux enforcing; it is permissive here")
    made = labelled("/bin/sh", "-c", "cat /own >/out; cat /others >/out2 2>/err",
                    noNewPrivileges=False)
    made.file("/own", "mine\n")
    path = made.file("/others", "secret\n")
    label_tree(made.rootfs, FILES)
    os.setxattr(path, ATTRIBUTE, FILES.replace("c1,c2", "c3,c4").encode())
    assert thole.run(made).code == 1
    assert made.read("/out") == "mine\n" and made.read("/out2") == ""
    assert "Permission denied" in made.read("/err")


@on
def test_mount_label(thole, labelled):
    made = labelled("/bin/sleep", "1000", noNewPrivileges=False)
    made.mount("/scratch", "tmpfs", "tmpfs", ["mode=1777"])
    container = thole.launch(made)
    root = f"/proc/{container.pid}/root"
    for path in ("/scratch", "/dev", "/dev/shm", "/dev/null"):
        assert label_of(root + path) == FILES, path
    container.sh("echo x >/scratch/file").ok()
    assert label_of(root + "/scratch/file") == FILES


@on
@pytest.mark.parametrize("kind", ["context", "fscontext", "rootcontext"])
def test_mount_context_type(thole, labelled, kind):
    """The kernel takes no defcontext for tmpfs."""
    made = labelled("/bin/sleep", "1000", noNewPrivileges=False)
    made.config["annotations"] = {"run.oci.mount_context_type": kind}
    made.mount("/scratch", "tmpfs", "tmpfs", ["mode=1777"])
    container = thole.launch(made)
    options = next(line for line in machine.mount_lines(container.pid) if line[4] == "/scratch")
    assert any(option.startswith(f"{kind}=") for option in options[-1].replace('"', "").split(",")), \
        options


@on
def test_exec_labels(thole, labelled):
    made = labelled("/bin/sleep", "1000", files=FILES.replace(":c1,c2", ""), noNewPrivileges=False)
    container = thole.launch(made)
    container.sh("cat /proc/self/attr/current >/out").ok()
    container.sh("cat /proc/self/attr/current >/other", options=("--process-label", OTHER)).ok()
    assert made.read("/out").rstrip("\0") == PROCESS
    assert made.read("/other").rstrip("\0") == OTHER


@on
def test_keyring_label(thole, labelled):
    """The session keyring has the label of the processes, the payload's own keys do not."""
    container = thole.launch(labelled("/bin/sleep", "1000", noNewPrivileges=False))
    with open("/proc/keys", encoding="utf-8", errors="replace") as keys:
        found = [line.split()[0] for line in keys if container.id in line]
    assert found, "no keyring of the container in /proc/keys"
    text = ctypes.create_string_buffer(256)
    length = ctypes.CDLL(None, use_errno=True).syscall(
        SYS_KEYCTL, KEYCTL_GET_SECURITY, int(found[0], 16), text, len(text))
    assert length > 0, os.strerror(ctypes.get_errno())
    assert text.value.decode() == PROCESS
    with open(f"/proc/{container.pid}/attr/keycreate", encoding="ascii") as attribute:
        assert attribute.read().rstrip("\0\n") == ""


@on
def test_unknown_label(thole, labelled):
    made = labelled("/bin/true", label="nobody_u:nobody_r:no_such_t:s0")
    thole.run(made).failed("/process/selinuxLabel: SELinux label nobody_u:nobody_r:no_such_t:s0")


@on
def test_unknown_mount_label(thole, labelled):
    made = labelled("/bin/true")
    made.linux["mountLabel"] = "nobody_u:object_r:no_such_t:s0"
    thole.run(made).failed("/linux/mountLabel: SELinux label nobody_u:object_r:no_such_t:s0")


@on
def test_facts(thole, labelled):
    """What libselinux says is what the kernel says."""
    facts = json.loads(thole("plan", "--print-facts").ok().out)
    with open("/sys/fs/selinux/enforce", encoding="ascii") as enforce:
        assert facts["selinux_enforcing"] == (enforce.read() == "1")
    with open("/sys/fs/selinux/mls", encoding="ascii") as levels:
        assert facts["selinux_mls"] == (levels.read() == "1")
    assert facts["selinux"]


# ---- a range of categories for each container ----

RANGE = "org.thole.selinux.range"
PLACE = "/annotations/" + RANGE
REGISTRY = "/run/thole-selinux"
OFF = PLACE + ": asked for, but SELinux is not enabled on this host"


def file_label(made):
    """Of what all containers may read."""
    label_tree(made.rootfs, FILES.replace(":c1,c2", ""))
    return made


@pytest.fixture
def ranged(thole, bundle):
    """ranged(wish): a running container with the annotation."""

    def launch(*options, wish="dynamic", args=("/bin/sleep", "1000"), **process):
        made = file_label(bundle(*args, noNewPrivileges=False, **process))
        made.config["annotations"] = {RANGE: wish}
        return thole.launch(made, *options)

    return launch


def told(container):
    """Its range, and the labels, of which state tells."""
    annotations = container.state()["annotations"]
    return [annotations[name] for name in (RANGE, "org.thole.selinux.label", "org.thole.selinux.mount-label")]


def owners(categories):
    with open(f"{REGISTRY}/{categories}", encoding="ascii") as lines:
        return [int(line.split()[0]) for line in lines]


@on
def test_dynamic_labels(ranged):
    """Init, an exec, mounts and files that it makes have the range that nobody else has."""
    first, second = ranged(), ranged()
    assert told(first)[0] != told(second)[0]
    for container in (first, second):
        categories, process, mount = told(container)
        assert process == "system_u:system_r:container_t:s0:" + categories
        assert mount == "system_u:object_r:container_file_t:s0:" + categories
        with open(f"/proc/{container.pid}/attr/current", encoding="ascii") as label:
            assert label.read().rstrip("\0\n") == process
        container.sh("cat /proc/self/attr/current >/out").ok()
        assert container.bundle.read("/out").rstrip("\0") == process
        assert label_of(container.bundle.rootfs + "/out").endswith(":container_file_t:s0:" + categories)
        assert label_of(f"/proc/{container.pid}/root/dev/shm") == mount
        assert container.pid in owners(categories)
        container.delete("--force").ok()
        assert not os.path.exists(f"{REGISTRY}/{categories}")


@on
def test_dynamic_ranges_are_enforced(thole, bundle, ranged):
    """Neither reads what the other one has written; each its own."""
    with open("/sys/fs/selinux/enforce", encoding="ascii") as answer:
        if answer.read().strip() != "1":
            pytest.skip("needs SELinux enforcing; it is permissive here")
    first = ranged()
    first.sh("echo secret >/own; cat /own >/copy").ok()
    assert first.bundle.read("/copy") == "secret\n"
    made = file_label(bundle("/bin/sh", "-c", "echo mine >/own; cat /own >/out; cat /others/own >/out2 2>/err",
                             noNewPrivileges=False))
    os.setxattr(first.bundle.rootfs + "/own", ATTRIBUTE, told(first)[2].encode())
    made.config["annotations"] = {RANGE: "dynamic"}
    made.mount("/others", first.bundle.rootfs, "bind", ["bind"])
    assert thole.run(made).code == 1
    assert made.read("/out") == "mine\n" and made.read("/out2") == ""
    assert "Permission denied" in made.read("/err")


@on
def test_range_that_is_given(ranged):
    container = ranged(wish="c700,c800")
    assert told(container)[0] == "c700,c800" and container.pid in owners("c700,c800")


@on
def test_own_labels_are_the_base(thole, bundle):
    made = file_label(bundle("/bin/sh", "-c", "cat /proc/self/attr/current >/out",
                             selinuxLabel="unconfined_u:unconfined_r:container_t:s0-s0:c0.c1023",
                             noNewPrivileges=False))
    made.config["annotations"] = {RANGE: "c5,c6"}
    thole.run(made).ok()
    assert made.read("/out").rstrip("\0") == "unconfined_u:unconfined_r:container_t:s0:c5,c6"
    assert not os.path.exists(REGISTRY + "/c5,c6")


@on
def test_range_stays_over_restarts(ranged):
    container = ranged("--attachable", "--restart", "always",
                       args=("/bin/sh", "-c", "cat /proc/self/attr/current >>/work/labels; echo >>/work/labels; "
                             "[ $(wc -l </work/labels) -lt 3 ] || sleep 1000; exit 1"))
    path = os.path.join(container.bundle.rootfs, "work/labels")
    until(lambda: os.path.exists(path) and len(open(path, encoding="ascii").read().splitlines()) >= 3,
          what="the third start")
    labels = set(open(path, encoding="ascii").read().replace("\0", "").split())
    assert labels == {told(container)[1]}


@on
def test_killed_container_has_no_range(ranged):
    """Whoever comes next may have it: nobody whom the registry names is alive."""
    container = ranged()
    os.kill(container.pid, signal.SIGKILL)
    categories = told(container)[0]
    container.wait_stopped()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in owners(categories))


@pytest.fixture
def elsewhere(thole, tmp_path):
    """elsewhere(bundle, facts...): its plan on a machine with these facts."""

    def plan(made, **facts):
        made.write()
        all_facts = {**json.loads(thole("plan", "--print-facts").ok().out), **facts}
        (tmp_path / "facts.json").write_text(json.dumps(all_facts))
        return thole("plan", made.path, "--facts", str(tmp_path / "facts.json"))

    return plan


@pytest.mark.parametrize("wish", ["dynamic", "c1,c2"])
def test_range_needs_selinux(thole, bundle, elsewhere, wish):
    """One sentence, from every command that plans, and nothing is chosen."""
    made = bundle("/bin/true")
    made.config["annotations"] = {RANGE: wish}
    elsewhere(made, selinux=False, selinux_mls=False).failed(OFF)
    elsewhere(made, selinux=True, selinux_mls=False).failed(
        PLACE + ": asked for, but the loaded policy has no categories")
    elsewhere(made, selinux=True, selinux_mls=True).ok()
    if "selinux" in machine.security_modules():
        pytest.skip("the commands themselves: needs a host without SELinux")
    before = os.path.exists(REGISTRY)
    for attempt in (thole.try_create(made), thole.run(made), thole.run(made, "--detach", "--attachable")):
        attempt.failed(OFF)
        assert len(attempt.err.splitlines()) == 1
    assert os.path.exists(REGISTRY) == before


@pytest.mark.parametrize("wish", ["", "Dynamic", "c1", "c2,c1", "c1,c1", "c1,c1024", "c01,c2", "s0:c1,c2", "c1.c2",
                                  "../c1,c2", "c1,c2,c3", "c1,c2\n"])
def test_what_is_no_range(thole, bundle, wish):
    made = bundle("/bin/true")
    made.config["annotations"] = {RANGE: wish}
    thole.try_create(made).failed(PLACE + ": ", " is neither dynamic nor a range of two categories, as c1,c2")


def test_features(thole):
    """Enabled means that thole can do it, not that this kernel does."""
    linux = json.loads(thole("features").ok().out)["linux"]
    assert linux["selinux"] == {"enabled": True} and linux["apparmor"] == {"enabled": True}


def test_selinux_is_off(thole, bundle, sleeper):
    if "selinux" in machine.security_modules():
        pytest.skip("needs a host without SELinux")
    made = bundle("/bin/true", selinuxLabel=PROCESS)
    thole.try_create(made).failed("/process/selinuxLabel", "SELinux")
    sleeper().exec("/bin/true", options=("--process-label", PROCESS)).failed("SELinux")
