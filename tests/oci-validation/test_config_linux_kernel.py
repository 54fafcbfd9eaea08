# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: memory policy, sysctl, personality, propagation of the root, masked and read-only paths, labels."""
import ctypes
import os
import platform

import pytest

from harness import machine
from harness.runtime import Process
from sentences import sentence

POLICY = ("config-linux.md", "Memory policy")
SYSCTL = ("config-linux.md", "Sysctl")
PERSONALITY = ("config-linux.md", "Personality")
PROPAGATION = ("config-linux.md", "Rootfs Mount Propagation")
MASKED = ("config-linux.md", "Masked Paths")
READONLY = ("config-linux.md", "Readonly Paths")
LABEL = ("config-linux.md", "Mount Label")

# ---- memory policy -----------------------------------------------------------------------------

IS_POLICY = sentence(*POLICY, "memoryPolicy (object, OPTIONAL) sets the NUMA memory policy")
MODE = sentence(*POLICY, "mode (string, REQUIRED) -")
NODES = sentence(*POLICY, "nodes (string, OPTIONAL) - list of memory nodes from which nodemask is constructed")
FLAGS = sentence(*POLICY, "flags (array of strings, OPTIONAL) - list of flags to use with set_mempolicy(2)")
SET_MEMPOLICY = {"x86_64": 238, "aarch64": 237}[platform.machine()]
numa = pytest.mark.needs(file="/proc/self/numa_maps")

# mode: (nodes, what numa_maps says)
MODES = {"MPOL_DEFAULT": (None, "default"), "MPOL_BIND": ("0", "bind:0"),
         "MPOL_INTERLEAVE": ("0", "interleave:0"), "MPOL_WEIGHTED_INTERLEAVE": ("0", "weighted interleave:0"),
         "MPOL_PREFERRED": ("0", "prefer:0"), "MPOL_PREFERRED_MANY": ("0", "prefer (many):0"),
         "MPOL_LOCAL": (None, "local")}


def policed(made, **members):
    made.linux["memoryPolicy"] = members
    return made


def with_interleaving():
    """In the caller: a policy that a container would inherit."""
    mask = ctypes.c_ulong(1)
    ctypes.CDLL(None).syscall(SET_MEMPOLICY, 3, ctypes.byref(mask), 64)


@numa
@IS_POLICY
@MODE
@NODES
@pytest.mark.parametrize("mode", MODES)
def test_mode(runtime, bundle, mode):
    """Whatever policy the caller has."""
    nodes, wanted = MODES[mode]
    made = policed(bundle(), mode=mode, **({"nodes": nodes} if nodes else {}))
    made.process["args"] = ["/bin/cat", "/proc/self/numa_maps"]
    result = runtime.run(made, preexec_fn=with_interleaving)
    if result.code and mode in ("MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"):
        pytest.skip(f"this kernel has no {mode}")
    lines = result.ok().out.splitlines()
    assert lines and all(f" {wanted}" in line for line in lines if "vvar" not in line), lines


@numa
@FLAGS
@pytest.mark.parametrize("flag, wanted", [("MPOL_F_STATIC_NODES", "bind=static:0"),
                                          ("MPOL_F_RELATIVE_NODES", "bind=relative:0")])
def test_flags(runtime, bundle, flag, wanted):
    made = policed(bundle(), mode="MPOL_BIND", nodes="0", flags=[flag])
    assert wanted in runtime.shell(made, "cat /proc/self/numa_maps")


@FLAGS
@pytest.mark.needs(program="strace")
def test_numa_balancing(runtime, bundle, folder):
    """Only the system call tells, also where the kernel does not have it."""
    trace = os.path.join(folder, "trace")
    runtime.prefix = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=set_mempolicy"]
    runtime.run(policed(bundle("/bin/true"), mode="MPOL_BIND", nodes="0", flags=["MPOL_F_NUMA_BALANCING"]))
    with open(trace, encoding="utf-8") as source:
        calls = source.read()
    assert "NUMA_BALANCING" in calls or "0x2000" in calls, calls


@pytest.mark.parametrize("members", [
    pytest.param({"nodes": "0"}, id="no mode", marks=MODE),
    pytest.param({"mode": "MPOL_NOTHING"}, id="another mode", marks=MODE),
    pytest.param({"mode": "MPOL_BIND"}, id="no nodes", marks=NODES),
    pytest.param({"mode": "MPOL_INTERLEAVE"}, id="no nodes to interleave", marks=NODES),
    pytest.param({"mode": "MPOL_DEFAULT", "nodes": "0"}, id="nodes of the default", marks=NODES),
    pytest.param({"mode": "MPOL_LOCAL", "nodes": "0"}, id="nodes of the local policy", marks=NODES),
    pytest.param({"mode": "MPOL_BIND", "nodes": "0-"}, id="no list", marks=NODES),
    pytest.param({"mode": "MPOL_BIND", "nodes": "77"}, id="a node that is not there", marks=NODES),
    pytest.param({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NOTHING"]}, id="another flag",
                 marks=FLAGS),
    pytest.param({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES",
                                                               "MPOL_F_RELATIVE_NODES"]},
                 id="flags that exclude one another", marks=FLAGS)])
def test_policies_that_are_refused(runtime, bundle, members):
    runtime.refuses(policed(bundle(), **members), late=True)


# ---- sysctl and personality --------------------------------------------------------------------


@sentence(*SYSCTL, "sysctl (object, OPTIONAL) allows kernel parameters to be modified at runtime")
@pytest.mark.parametrize("name, value", [("net.ipv4.ip_forward", "1"), ("net.core.somaxconn", "256"),
                                         ("kernel.msgmax", "9000"), ("fs.mqueue.msg_max", "11")])
def test_sysctl(runtime, bundle, name, value):
    made = bundle()
    path = "/proc/sys/" + name.replace(".", "/")
    with open(path, encoding="ascii") as source:
        before = source.read()
    made.linux["sysctl"] = {name: value}
    assert runtime.shell(made, f"cat {path}") == value + "\n" != before
    with open(path, encoding="ascii") as source:
        assert source.read() == before


IS_PERSONALITY = sentence(*PERSONALITY, "personality (object, OPTIONAL) sets the Linux execution personality")
DOMAIN = sentence(*PERSONALITY, "domain (string, REQUIRED) - the execution domain")


@IS_PERSONALITY
@DOMAIN
@pytest.mark.skipif(platform.machine() != "x86_64", reason="needs a processor whose 32-bit name is known")
@pytest.mark.parametrize("domain, caller, name", [("LINUX32", "x86_64", "i686"), ("LINUX", "i686", "x86_64")])
def test_domain(runtime, bundle, domain, caller, name):
    made = bundle()
    made.linux["personality"] = {"domain": domain}
    runtime.prefix = ["setarch", caller]
    assert runtime.shell(made, "uname -m") == name + "\n"


@pytest.mark.parametrize("personality", [
    pytest.param({}, id="no domain", marks=DOMAIN),
    pytest.param({"domain": "SVR4"}, id="another domain", marks=DOMAIN),
    pytest.param({"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}, id="a flag", marks=sentence(
        *PERSONALITY, "flags (array of strings, OPTIONAL) - the additional flags to apply"))])
def test_personalities_that_are_refused(runtime, bundle, personality):
    made = bundle()
    made.linux["personality"] = personality
    runtime.refuses(made)


# ---- propagation -------------------------------------------------------------------------------


def root_of(pid):
    """(words of propagation) of the mount on /, the uppermost."""
    line = [words for words in machine.mount_lines(pid) if words[4] == "/"][-1]
    return line[6:line.index("-")]


def propagating(made, value):
    made.linux["rootfsPropagation"] = value
    made.process["args"] = ["/bin/sleep", "1000"]
    made.capabilities("CAP_SYS_ADMIN")
    return made


def shared_root(runtime):
    """The runtime sees a host whose mounts propagate, wherever the test runs."""
    runtime.prefix = ["unshare", "--mount", "--propagation", "shared"]


IS_PROPAGATION = sentence(*PROPAGATION, "rootfsPropagation (string, OPTIONAL) sets the rootfs's mount")


@IS_PROPAGATION
@sentence(*PROPAGATION, "shared: the rootfs mount belongs to a new peer group")
def test_shared(runtime, bundle):
    """A new one: no mount of the runtime is in it, and what is mounted below belongs to it."""
    shared_root(runtime)
    container = runtime.launch(propagating(bundle(), "shared"))
    groups = [word for word in root_of(container.pid) if word.startswith("shared:")]
    assert len(groups) == 1
    assert not any(groups[0] in words for words in machine.mount_lines())
    runtime.prefix = []
    assert container.exec("/bin/sh", "-c", "unshare -m true; mount -t tmpfs none /work && "
                          "grep ' /work ' /proc/self/mountinfo").ok().out.split()[6].startswith("shared:")


@IS_PROPAGATION
@pytest.mark.parametrize("value, arrives", [
    pytest.param("slave", True, marks=sentence(
        *PROPAGATION, "slave: the rootfs mount receives propagation events from the host")),
    pytest.param("private", False, marks=sentence(
        *PROPAGATION, "private: the rootfs mount doesn't receive mount propagation events from the host")),
    pytest.param("unbindable", False, marks=sentence(
        *PROPAGATION, "unbindable: the rootfs mount is a private mount that cannot be bind-mounted"))])
def test_what_the_host_mounts(runtime, bundle, folder, value, arrives):
    """Mounted in the bundle's root file system, which is a shared mount; and not the other way round."""
    made = propagating(bundle(), value)
    name = runtime.prepare(made)
    script = (f"mount --bind {made.rootfs} {made.rootfs}; mount --make-shared {made.rootfs}; "
              f"{runtime.path} --root {runtime.root} run --detach --bundle {made.path} {name} "
              f">{folder}/log 2>&1 </dev/null || exit 1; mkdir -p {made.rootfs}/work/host {made.rootfs}/work/in;"
              f"mount -t tmpfs from-host {made.rootfs}/work/host; "
              f"{runtime.path} --root {runtime.root} exec {name} mount -t tmpfs from-inside /work/in;"
              "cat /proc/self/mountinfo")
    process = Process(["unshare", "--mount", "--propagation", "private", "sh", "-c", script])
    runtime.processes.append(process)
    outside = process.wait().ok().out
    pid = runtime.state(name)["pid"]
    inside = "\n".join(" ".join(words) for words in machine.mount_lines(pid))
    assert "from-host" in outside and "from-inside" in inside
    assert ("from-host" in inside) == arrives
    assert "from-inside" not in outside
    assert ("unbindable" in root_of(pid)) == (value == "unbindable")


@IS_PROPAGATION
@pytest.mark.parametrize("value", ["nothing", "SHARED"])
def test_another_propagation_is_refused(runtime, bundle, value):
    runtime.refuses(propagating(bundle(), value))


# ---- masked and read-only paths ----------------------------------------------------------------


@sentence(*MASKED, "maskedPaths (array of strings, OPTIONAL) will mask over the provided paths inside")
@pytest.mark.parametrize("user", [0, 1000])
def test_masked(runtime, bundle, user):
    """A file, a folder, one in /proc, what a link leads to; what is not there does no harm."""
    made = bundle(user={"uid": user, "gid": user})
    made.file("secret/file", "text")
    made.file("alone", "text")
    os.symlink("/alone", made.rootfs + "/link")
    made.linux["maskedPaths"] = ["/secret", "/link", "/proc/version", "/proc/driver", "/missing/path"]
    script = "cat /alone /proc/version /secret/file 2>/dev/null; ls /secret /proc/driver 2>/dev/null; echo end"
    assert runtime.shell(made, script).replace("/secret:", "").replace("/proc/driver:", "").split() == ["end"]
    made.linux["maskedPaths"] = []
    assert "text" in runtime.shell(made, script)


@sentence(*MASKED, "The values MUST be absolute paths in the container namespace")
@pytest.mark.parametrize("path", ["secret", "./secret", ""])
def test_a_relative_masked_path_is_refused(runtime, bundle, path):
    made = bundle()
    made.file("secret/file", "text")
    made.linux["maskedPaths"] = [path]
    runtime.refuses(made)


@sentence(*MASKED, "The values MUST be absolute paths in the container namespace",
          note="they are looked up inside: a file of the host by that name is not meant")
def test_masked_paths_are_the_containers(runtime, bundle):
    made = bundle()
    made.file("up/file", "text")
    os.symlink("../../../../../up", made.rootfs + "/link")
    made.linux["maskedPaths"] = ["/link/file"]
    assert runtime.shell(made, "cat /up/file") == ""


@sentence(*READONLY, "readonlyPaths (array of strings, OPTIONAL) will set the provided paths as readonly")
def test_read_only(runtime, bundle):
    made = bundle()
    made.file("settings/file", "text")
    made.file("alone", "text")
    made.linux["readonlyPaths"] = ["/settings", "/alone", "/proc/sys", "/missing/path"]
    made.capabilities("CAP_DAC_OVERRIDE")
    script = ("for name in /settings/file /alone /proc/sys/kernel/domainname /settings/new; do "
              "(echo x >$name) 2>&1; done; cat /settings/file /alone; (echo x >/work/new) && echo end")
    out = runtime.shell(made, script)
    assert out.count("Read-only file system") == 4 and out.endswith("texttextend\n"), out


@sentence(*READONLY, "The values MUST be absolute paths in the container namespace")
@pytest.mark.parametrize("path", ["settings", "./settings", ""])
def test_a_relative_read_only_path_is_refused(runtime, bundle, path):
    made = bundle()
    made.file("settings/file", "text")
    made.linux["readonlyPaths"] = [path]
    runtime.refuses(made)


# ---- labels ------------------------------------------------------------------------------------


@pytest.mark.needs(security_module="selinux")
@sentence(*LABEL, "mountLabel (string, OPTIONAL) will set the Selinux context for the mounts")
def test_mount_label(runtime, bundle):
    label = "system_u:object_r:tmp_t:s0"
    made = bundle("/bin/sleep", "1000")
    made.linux["mountLabel"] = label
    container = runtime.launch(made)
    for path in ("/dev", "/dev/shm"):
        found = os.getxattr(f"/proc/{container.pid}/root{path}", "security.selinux").rstrip(b"\0")
        assert found.decode() == label, path
