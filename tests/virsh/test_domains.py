# SPDX-License-Identifier: Apache-2.0
"""Domains that use every element: each comes back as it was defined, converts, and runs where the machine
can."""
import glob
import json
import os
import re
import subprocess

import pytest

from harness import network as networks
from harness.runtime import until
from harness.virsh import canonical

FILES = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "domains", "*.xml")))
NAMES = [os.path.basename(path)[3:-4] for path in FILES]


def block_device():
    """Some block device that has a node, or None."""
    for name in sorted(os.listdir("/sys/block")):
        if os.path.exists(f"/dev/{name}"):
            return f"/dev/{name}"
    return None


@pytest.fixture
def host():
    private = networks.PrivateNetwork()
    try:
        private.add_bridge()
        subprocess.run(["ip", "link", "add", "nic0", "type", "veth", "peer", "name", "nic1"], check=True)
        yield private
        subprocess.run(["ip", "link", "delete", "nic1"], check=False)
    finally:
        left = private.leave()
    assert not left, left


@pytest.fixture
def given(virsh, root, folder):
    """given(NAME): (the document with what this machine has, the name of the domain)."""

    def make(which):
        [path] = [path for path in FILES if path.endswith(f"-{which}.xml")]
        with open(path, encoding="utf-8") as source:
            text = source.read()
        name = virsh.new_name()
        shared = os.path.join(folder, "shared")
        os.makedirs(shared, exist_ok=True)
        image = os.path.join(folder, "image")
        if "@IMAGE@" in text and not os.path.exists(image):
            with open(image, "wb") as target:
                target.truncate(1 << 20)
            subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        for word, value in (("NAME", name), ("ROOT", root), ("SHARED", shared), ("IMAGE", image),
                            ("BLOCK", block_device() or "/dev/sda"), ("BRIDGE", "br0"),
                            ("NIC", "nic0"), ("PID", str(os.getpid()))):
            text = text.replace(f"@{word}@", value)
        return text, name

    return make


@pytest.mark.parametrize("which", NAMES)
def test_what_is_defined_is_dumped(virsh, given, which):
    text, name = given(which)
    virsh("define", virsh.file(text)).ok()
    assert canonical(virsh("dumpxml", name).ok().out) == canonical(text)
    virsh("define", virsh.file(virsh("dumpxml", name).ok().out)).ok()
    assert canonical(virsh("dumpxml", name, "--inactive").ok().out) == canonical(text)


def test_every_row_is_used_by_some_domain(virsh):
    """Elements and attributes of the table that land somewhere."""
    used = set()
    for path in FILES:
        with open(path, encoding="utf-8") as source:
            open_names = []
            for close, name, attributes, alone in re.findall(
                    r"<(/?)([\w:]+)((?:\s+[\w:]+='[^']*')*)\s*(/?)>", source.read()):
                if close:
                    open_names.pop()
                    continue
                place = "/".join([*open_names, name][1:])
                used.add(place)
                used |= {f"{place}@{key}" for key in re.findall(r"\s([\w:]+)=", attributes)}
                if not alone:
                    open_names.append(name)
    rows = [line.split("\t") for line in virsh("elements").ok().out.splitlines()]
    stars = {re.sub(r"^features/capabilities/\w+", "features/capabilities/*", place) for place in used}
    missing = [row[0] for row in rows if row[1] == "used" and row[0] not in stars]
    assert not missing


def convert(virsh, text):
    result = virsh("domxml-to-native", "oci", "--xml", virsh.file(text)).ok()
    return json.loads(result.out), result.err


# What does not start everywhere -> why not, where it does not.
LOOP = "a loop device and a block device of this machine's own"
UNSTARTABLE = {
    "image-block": LOOP, "image-file": LOOP, "image-nbd": "qemu-nbd", "disk-files": "qemu-nbd",
    "usb-and-vlans": "a USB device",
    "block-io-weights": "an I/O scheduler with weights", "labels": "SELinux",
    "block-io": "a block device that can be throttled", "swap": "accounting of swap",
    "disks": "a block device with a node", "hostdevs": "a block device with a node",
    "host-root": "a test that may run on the host's root",
    "interface-direct": "macvlan on a bridge", "partition": "a cgroup that is there before and stays",
}


@pytest.mark.parametrize("which", [name for name in NAMES if name not in UNSTARTABLE])
def test_it_runs(virsh, given, host, which):
    text, name = given(which)
    virsh("define", virsh.file(text)).ok()
    virsh("start", name).ok()
    assert virsh.state(name) == "running"
    until(lambda: open(f"/proc/{virsh.pid(name)}/comm", encoding="ascii").read() == "sleep\n")
    virsh("destroy", name).ok()
    virsh.until_off(name)


def test_why_some_do_not_run():
    if os.geteuid() == 0:
        pytest.skip("not started here, for want of: "
                    + "; ".join(f"{name}: {why}" for name, why in UNSTARTABLE.items()))


# ---- where things land ----

def env(pid):
    with open(f"/proc/{pid}/environ", encoding="utf-8") as source:
        return dict(line.split("=", 1) for line in source.read().split("\0") if line)


def test_the_environment_of_init(virsh, given):
    text, name = given("init")
    virsh("create", virsh.file(text)).ok()
    pid = virsh.pid(name)
    until(lambda: open(f"/proc/{pid}/comm", encoding="ascii").read() == "sleep\n")
    uuid = virsh("-q", "domuuid", name).ok().out.strip()
    told = env(pid)
    expected = {"container": "lxc-libvirt", "container_uuid": uuid, "LIBVIRT_LXC_UUID": uuid,
                "LIBVIRT_LXC_NAME": name, "TERM": "linux", "COLOUR": "red and blue", "EMPTY": "",
                "LIBVIRT_LXC_CMDLINE": 'systemd.unit=rescue.target "quoted"'}
    assert {key: told.get(key) for key in expected} == expected
    assert os.readlink(f"/proc/{pid}/cwd") == "/tmp"
    with open(f"/proc/{pid}/status", encoding="ascii") as source:
        status = source.read()
    assert re.search(r"^Uid:\t1000\t", status, re.M) and re.search(r"^Gid:\t1001\t", status, re.M)


@pytest.mark.parametrize("which, has, lacks", [
    ("smallest", ["CHOWN", "SYS_ADMIN"], ["MKNOD", "AUDIT_CONTROL", "MAC_ADMIN", "SYS_MODULE",
                                          "SYS_TIME"]),
    ("capabilities-default", ["MKNOD", "CHOWN"], ["SYS_CHROOT", "SYS_TIME"]),
    ("capabilities-deny", ["CHOWN", "KILL"], ["MKNOD", "SETUID", "SYS_ADMIN"]),
    ("capabilities-allow", ["MKNOD", "SYS_TIME"], ["SYS_BOOT"])])
def test_capabilities(virsh, given, which, has, lacks):
    config, _ = convert(virsh, given(which)[0])
    bounding = config["process"]["capabilities"]["bounding"]
    assert {f"CAP_{word}" for word in has} <= set(bounding)
    assert not {f"CAP_{word}" for word in lacks} & set(bounding)


def test_resources(virsh, given):
    resources = convert(virsh, given("memory")[0])[0]["linux"]["resources"]
    assert resources["memory"] == {"limit": 60 << 20, "reservation": 40000 << 10}
    resources = convert(virsh, given("swap")[0])[0]["linux"]["resources"]
    assert resources["memory"] == {"limit": 60000 << 10, "swap": 128 << 20}
    resources = convert(virsh, given("processors")[0])[0]["linux"]["resources"]
    assert resources["cpu"] == {"shares": 512, "period": 100000, "quota": -1, "cpus": "0"}
    resources = convert(virsh, given("processors-global")[0])[0]["linux"]["resources"]
    assert resources["cpu"] == {"period": 50000, "quota": 25000}
    assert convert(virsh, given("numa")[0])[0]["linux"]["resources"]["cpu"]["mems"] == "0"
    text, name = given("partition")
    assert convert(virsh, text)[0]["linux"]["cgroupsPath"].startswith(f"/{name}.partition/{name}.")


def test_filesystems(virsh, given, root, folder):
    text, name = given("filesystems")
    with open(os.path.join(folder, "shared", "file"), "w", encoding="ascii") as target:
        target.write("here\n")
    virsh("create", virsh.file(text)).ok()

    def inside(script):
        return virsh("lxc-enter-namespace", name, "--", "/bin/sh", "-c", script)

    assert inside("cat /shared/file").ok().out == "here\n"
    assert inside("echo x >/shared/file").code != 0
    assert inside("ls /etc-again").ok().out == inside("ls /etc").ok().out
    sizes = inside("df -k /memory /more").ok().out
    assert len(re.findall(r"^tmpfs\s+1024 ", sizes, re.M)) == 2
    for place in ("/memory", "/more"): # as libvirt mounts them
        assert inside(f"grep -E '^tmpfs {place} tmpfs r[wo],nosuid,nodev' /proc/mounts").code == 0, place
    assert inside("(: >>/proc/sys/kernel/hostname) 2>/dev/null").code != 0
    assert inside("grep -E '^sysfs /sys sysfs ro,' /proc/mounts").code == 0
    assert inside("readlink /dev/stdin; readlink /dev/ptmx").ok().out \
        == "/proc/self/fd/0\npts/ptmx\n"


def test_consoles(virsh, given):
    text, name = given("consoles")
    virsh("create", virsh.file(text)).ok()
    assert virsh("lxc-enter-namespace", name, "--", "/bin/sh", "-c",
                 "ls /dev/console /dev/tty1 /dev/tty2 /dev/tty3").ok().out.count("/dev/") == 4
    assert virsh("lxc-enter-namespace", name, "--", "/bin/readlink", "/dev/tty1").ok().out == "console\n"
    assert virsh("lxc-enter-namespace", name, "--", "/bin/sh", "-c", "ls /dev/tty4").code != 0
    assert env(virsh.pid(name))["container_ttys"] == "pts/1 pts/2"
    virsh("console", name).failed("Cannot run interactive console without a controlling TTY")


def test_an_interface(virsh, given, host):
    text, name = given("interface-bridge")
    virsh("create", virsh.file(text)).ok()
    inside = networks.View(virsh.pid(name))
    [link] = inside.links().values()
    assert link["ifname"] == "eth7" and link["address"] == "52:54:00:aa:bb:01" and link["mtu"] == 1400
    assert [one.split()[0] for one in inside.addresses("eth7")] == ["10.99.0.2/24", "fd00:99::2/64"]
    assert inside.routes() == {"default via 10.99.0.1 dev eth7", "10.97.4.0/22 via 10.99.0.3 dev eth7",
                               "10.96.0.0/15 via 10.99.0.3 dev eth7"}
    assert inside.routes(6) == {"fd00:98::/48 via fd00:99::1 dev eth7"}
    metrics = {route["dst"]: route.get("metric") for family in ("-4", "-6") for route in inside.ip(family, "route")}
    assert metrics["10.97.4.0/22"] == 7 and metrics["10.96.0.0/15"] is None and metrics["fd00:98::/48"] == 2048
    virsh("destroy", name).ok()
    until(lambda: not any("veth" in name for name in host.links()))


ROUTED = "<ip address='10.99.0.2' prefix='24'/><route gateway='10.99.0.1' %s/>"


@pytest.mark.parametrize("attributes, settings", [
    ("", "ipv4.gateway = 10.99.0.1"),
    ("address='0.0.0.0'", "ipv4.gateway = 10.99.0.1"),
    ("family='ipv4' prefix='0' metric='3'", "ipv4.route = 0.0.0.0/0 10.99.0.1 3"),
    ("address='10.0.0.0'", "ipv4.route = 10.0.0.0 10.99.0.1"), # the prefix is that of its class
    ("address='10.97.0.0' prefix='16'", "ipv4.route = 10.97.0.0/16 10.99.0.1"),
    ("address='10.97.0.0' netmask='255.255.0.0' metric='1'", "ipv4.route = 10.97.0.0/16 10.99.0.1 1"),
    ("address='10.97.0.1' netmask='255.255.255.255'", "ipv4.route = 10.97.0.1/32 10.99.0.1")])
def test_routes(virsh, attributes, settings):
    device = f"<interface type='bridge'><source bridge='br0'/>{ROUTED % attributes}</interface>"
    config, said = convert(virsh, virsh.xml(virsh.new_name(), devices=device))
    assert f"\nlxc.net.0.{settings}\n" in config["annotations"]["org.thole.lxc.net"] and said == ""


@pytest.mark.parametrize("attributes, said", [
    ("address='10.97.0.0' prefix='33'", "a prefix has up to 32 bits"),
    ("address='10.97.0.0' netmask='255.0.255.0'", '"255.0.255.0" is not the mask of an IPv4 network'),
    ("address='10.97.0.0' netmask='x'", '"x" is not the mask of an IPv4 network'),
    ("address='10.97.0.x' prefix='8'", '"10.97.0.x/8 10.99.0.1" is not a route NETWORK[/PREFIX] GATEWAY [METRIC]'),
    ("address='10.97.0.0' prefix='16' metric='4294967296'", "is not a route NETWORK[/PREFIX] GATEWAY [METRIC]"),
    ("family='ipv6' address='fd00::' prefix='16'", '"fd00::/16 10.99.0.1" is not a route'),
    ("family='ipx'", '"ipx" is not ipv4 or ipv6')])
def test_routes_that_are_none(virsh, attributes, said):
    device = f"<interface type='bridge'><source bridge='br0'/>{ROUTED % attributes}</interface>"
    path = virsh.file(virsh.xml(virsh.new_name(), devices=device))
    virsh("domxml-to-native", "oci", "--xml", path).failed(said)


def test_a_link_that_is_down_has_no_routes(virsh):
    route = ROUTED % "address='10.97.0.0' prefix='16'"
    device = f"<interface type='bridge'><source bridge='br0'/><link state='down'/>{route}</interface>"
    path = virsh.file(virsh.xml(virsh.new_name(), devices=device))
    virsh("domxml-to-native", "oci", "--xml", path).failed("an interface that is down has no routes")


def test_an_interface_of_the_host_comes_back(virsh, given, host):
    text, name = given("hostdev-net")
    virsh("create", virsh.file(text)).ok()
    assert list(networks.View(virsh.pid(name)).links()) == ["nic0"]
    virsh("destroy", name).ok()
    until(lambda: "nic0" in host.links())


def test_namespaces(virsh, given):
    text, name = given("shared-namespaces")
    virsh("create", virsh.file(text)).ok()
    for kind in ("net", "ipc", "uts"):
        assert os.readlink(f"/proc/{virsh.pid(name)}/ns/{kind}") == os.readlink(f"/proc/self/ns/{kind}")
    text, name = given("privnet")
    virsh("create", virsh.file(text)).ok()
    assert os.readlink(f"/proc/{virsh.pid(name)}/ns/net") != os.readlink("/proc/self/ns/net")
    text, name = given("smallest")
    virsh("create", virsh.file(text)).ok()
    assert os.readlink(f"/proc/{virsh.pid(name)}/ns/net") == os.readlink("/proc/self/ns/net")
