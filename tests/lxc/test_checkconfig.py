# SPDX-License-Identifier: Apache-2.0
"""lxc-checkconfig, beside Debian's: sections, labels and words for kernels of many configurations."""
import gzip
import os
import shutil

import pytest

from harness.runtime import Process

OPTIONS = """NAMESPACES UTS_NS IPC_NS PID_NS USER_NS NET_NS DEVPTS_MULTIPLE_INSTANCES CGROUPS CGROUP_DEVICE
CGROUP_SCHED CGROUP_CPUACCT CPUSETS MEMCG VETH MACVLAN VLAN_8021Q BRIDGE NETFILTER_ADVANCED NF_NAT_IPV4
NF_NAT_IPV6 IP_NF_TARGET_MASQUERADE IP6_NF_TARGET_MASQUERADE NETFILTER_XT_TARGET_CHECKSUM
NETFILTER_XT_MATCH_COMMENT FUSE_FS CHECKPOINT_RESTORE FHANDLE EVENTFD EPOLL UNIX_DIAG INET_DIAG
PACKET_DIAG NETLINK_DIAG SMP""".split()


@pytest.fixture
def check(lxc_path):
    """check(CONFIG) -> (thole's answer, Debian's)."""
    if not shutil.which("lxc-checkconfig"):
        pytest.skip("needs the package lxc")
    if os.path.exists("/proc/modules"):
        pytest.skip("needs a kernel without modules: where there are some, LXC's answer depends on those that are loaded")

    def answers(config):
        env = {"PATH": os.environ["PATH"], **({"CONFIG": str(config)} if config else {})}
        both = [Process(words, env=env).wait() for words in ([lxc_path, "checkconfig"], ["lxc-checkconfig"])]
        return [(result.code, plain(result.out)) for result in both]

    return answers


def plain(text):
    """Without what tells the programs apart."""
    return [line for line in text.splitlines() if not line.startswith(("LXC version", "usage :"))]


@pytest.mark.parametrize("release, value", [
    ("", "y"), ("4.6.1", ""), ("4.7.0", "m"), ("4.19.0", "y"), ("5.0.0", ""), ("6.18.44", "m")])
def test_all_options_or_none(check, tmp_path, release, value):
    head = f"#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 {release} Kernel Configuration\n#\n"
    lines = [f"CONFIG_{option}={value}" if value else f"# CONFIG_{option} is not set" for option in OPTIONS]
    config = tmp_path / "config"
    config.write_text((head if release else "") + "\n".join(lines) + "\n")
    mine, theirs = check(config)
    assert mine == theirs


@pytest.mark.parametrize("bit", range(6))
def test_each_label_has_its_option(check, tmp_path, bit):
    """Every two options differ in one of the configurations: the bits of their numbers."""
    config = tmp_path / "config.gz"
    with gzip.open(config, "wt") as target:
        for number, option in enumerate(OPTIONS[:-1], 1):
            target.write(f"CONFIG_{option}{'' if number >> bit & 1 else '_MORE'}=y\n")
    mine, theirs = check(config)
    assert mine == theirs


def test_the_running_kernel(check):
    if not os.path.exists("/proc/config.gz"):
        pytest.skip("needs /proc/config.gz")
    mine, theirs = check(None)
    assert mine == theirs


def test_no_configuration(lxc_path, tmp_path):
    env = {"PATH": os.environ["PATH"], "CONFIG": str(tmp_path / "none")}
    Process([lxc_path, "checkconfig"], env=env).wait().failed("there is no kernel configuration")
    (tmp_path / "broken.gz").write_text("no gzip")
    env["CONFIG"] = str(tmp_path / "broken.gz")
    Process([lxc_path, "checkconfig"], env=env).wait().failed("gzip cannot read it")
