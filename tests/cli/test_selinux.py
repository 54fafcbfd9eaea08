# SPDX-License-Identifier: Apache-2.0
"""SELinux: labels of processes, mounts and keyrings, with container_t of the reference policy.

Containers answer in files of theirs: the policy does not let them write to the tests' output.
"""
import ctypes
import json
import os

import pytest

from harness import machine

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
