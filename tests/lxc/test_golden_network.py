# SPDX-License-Identifier: Apache-2.0
"""The same lxc.net.* for Debian's LXC and for thole, one after the other in the same private network:
names, addresses, routes and proxy entries on both sides are the same."""
import json
import os
import re
import subprocess

import pytest

from harness import network as networks
from harness.network import View

BRIDGED = ["lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net.0.flags = up"]
ROUTED = [*BRIDGED, "lxc.net.0.veth.mode = router"]

CASES = {
    "a bridge, down": ["lxc.net.0.type = veth", "lxc.net.0.link = br0"],
    "no bridge": ["lxc.net.0.type = veth", "lxc.net.0.flags = up"],
    "the example of the manual": [
        *BRIDGED, "lxc.net.0.name = eth0", "lxc.net.0.hwaddr = 4a:49:43:49:79:bf",
        "lxc.net.0.ipv4.address = 10.2.3.5/24 10.2.3.255",
        "lxc.net.0.ipv6.address = 2003:db8:1:0:214:1234:fe0b:3597"],
    "a file of LXC 0.7": [
        "lxc.network.type = veth", "lxc.network.flags = up", "lxc.network.link = br0",
        "lxc.network.name = lan", "lxc.network.mtu = 1280", "lxc.network.hwaddr = 00:16:3e:01:02:03",
        "lxc.network.ipv4 = 10.9.0.77/24 10.9.0.255", "lxc.network.ipv6 = fd00:9::77/64"],
    "gateways, auto": [*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/24 10.9.0.255",
                       "lxc.net.0.ipv4.gateway = auto", "lxc.net.0.ipv6.address = fd00:9::9/64",
                       "lxc.net.0.ipv6.gateway = auto"],
    "gateways, dev": [*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/32",
                      "lxc.net.0.ipv6.address = fd00:9::9/128", "lxc.net.0.ipv4.gateway = dev",
                      "lxc.net.0.ipv6.gateway = dev"],
    "a pair": [*BRIDGED, "lxc.net.0.veth.pair = outside", "lxc.net.0.veth.n_rxqueues = 3",
               "lxc.net.0.veth.n_txqueues = 5", "lxc.net.0.veth.ipv4.route = 192.168.77.0/24",
               "lxc.net.0.veth.ipv6.route = fd77::/32"],
    "a router, auto": [*ROUTED, "lxc.net.0.l2proxy = 1", "lxc.net.0.ipv4.address = 10.9.0.9/32",
                       "lxc.net.0.ipv6.address = fd00:9::9/128", "lxc.net.0.ipv4.gateway = auto",
                       "lxc.net.0.ipv6.gateway = auto"],
    "a gateway elsewhere": [*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/32",
                            "lxc.net.0.ipv4.gateway = 10.7.0.1"],
    "a router": [*ROUTED, "lxc.net.0.ipv4.address = 10.9.0.9/32",
                 "lxc.net.0.ipv6.address = fd00:9::9/128", "lxc.net.0.ipv4.gateway = 10.9.0.1",
                 "lxc.net.0.ipv6.gateway = fd00:9::1"],
    "a device of the host, renamed": ["lxc.net.0.type = phys", "lxc.net.0.link = wire0",
                                      "lxc.net.0.name = lan", "lxc.net.0.mtu = 1400"],
    "macvlan, as the manual of 0.7 has it": [
        "lxc.network.type = macvlan", "lxc.network.flags = up", "lxc.network.link = wire0",
        "lxc.network.hwaddr = 4a:49:43:49:79:bd", "lxc.network.ipv4 = 10.2.3.4/24 10.2.3.255"],
    "three": [*BRIDGED, "lxc.net.5.type = veth", "lxc.net.5.link = br0", "lxc.net.5.name = lan",
              "lxc.net.3.type = macvlan", "lxc.net.3.link = wire0"],
    "nothing said": [],
}


@pytest.fixture(name="host")
def fixture_host(host):
    """The network of the test, which forwards as a router does."""
    for name in ("ipv4/conf/br0/forwarding", "ipv6/conf/all/forwarding", "ipv6/conf/br0/forwarding",
                 "ipv6/conf/br0/proxy_ndp"):
        networks.set_sysctl(name)
    return host


def normal(text, pair):
    """Without what is random or counted: the pair's name, numbers of interfaces, addresses that
    follow from random hardware addresses."""
    if pair:
        text = text.replace(pair, "PAIR")
    return text


def described(view, pair):
    """What is to be the same, as plain data."""
    links = {}
    for name, link in view.links().items():
        kind = link.get("linkinfo", {})
        links[normal(name, pair)] = {
            "kind": kind.get("info_kind"), "mode": kind.get("info_data", {}).get("mode"),
            "mtu": link["mtu"], "up": "UP" in link["flags"],
            "master": link.get("master"), "queues": (link["num_rx_queues"], link["num_tx_queues"]),
            "hwaddr": link["address"] if re.match("4a:49|00:16", link["address"]) else "random",
            "addresses": sorted(view.addresses(name))}
    return {"links": links, "lo": view.loopback_is_up(), "proxies": normalised(view.proxies(), pair),
            "routes": normalised(view.routes(), pair), "routes6": normalised(view.routes(6), pair)}


def normalised(lines, pair):
    return sorted(normal(line, pair) for line in lines)


def both_sides(host, pid):
    pairs = [name for name in host.links() if re.fullmatch("veth[A-Za-z0-9]{6}", name)]
    pair = pairs[0] if len(pairs) == 1 else None
    seen = {"host": described(host, pair), "inside": described(View(pid), pair)}
    if pair:
        seen["sysctls"] = [networks.sysctl(f"{family}/conf/{pair}/{name}") for family, name in (
            ("ipv4", "forwarding"), ("ipv6", "forwarding"), ("ipv4", "proxy_arp"),
            ("ipv6", "proxy_ndp"))]
    if len(pairs) > 1:
        for side in (seen["host"], seen["inside"]):
            side["links"] = sorted((re.sub("^veth.{6}$", "PAIR", name), str(link))
                                   for name, link in side["links"].items())
    return seen


def configuration(busybox_rootfs, folder, settings):
    rootfs = os.path.join(folder, "rootfs")
    if not os.path.exists(rootfs):
        busybox_rootfs(rootfs)
    return [*settings, "lxc.init.cmd = /bin/sleep 1000", "lxc.uts.name = golden"], rootfs


@pytest.mark.parametrize("case", CASES)
def test_the_same_network(case, host, debian, thole, lxc_path, bundle, busybox_rootfs, folder):
    settings = CASES[case]
    if "macvlan" in str(settings) and host.lacks("macvlan"):
        pytest.skip(host.lacks("macvlan"))
    old = any(line.startswith("lxc.network") for line in settings)
    lines, rootfs = configuration(busybox_rootfs, folder, settings)
    debian.before = host.words_for_lxc(folder)
    name = debian.define(lines, rootfs=rootfs)
    if old:
        file = os.path.join(debian.lxcpath, name, "config")
        debian("update-config", "-c", file, path=False).ok()
    debian("start", "-n", name).ok()
    theirs = both_sides(host, int(debian("info", "-n", name, "-p", "-H").ok().out))
    debian("stop", "-n", name, "-k").ok()

    config = os.path.join(folder, "config")
    with open(config, "w", encoding="ascii") as target:
        target.write("\n".join([f"lxc.rootfs.path = dir:{rootfs}", *lines]) + "\n")
    ours = made_by_thole(host, thole, lxc_path, bundle, config)
    theirs["inside"]["lo"] = True  # LXC brings it up only beside another interface with flags
    assert ours == theirs


def made_by_thole(host, thole, lxc_path, bundle, config):
    made = bundle()
    text = subprocess.run([lxc_path, "convert", config], capture_output=True, text=True, check=True)
    made.config = json.loads(text.stdout)
    made.process["terminal"] = False
    container = thole.launch(made)
    seen = both_sides(host, container.pid)
    container("delete", "--force").ok()
    return seen


# ---- what lxc-info and lxc-ls say of it ----

SHOWN = {
    "addresses": [*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/24 10.9.0.255",
                  "lxc.net.0.ipv4.address = 10.8.0.9/24 10.8.0.255",
                  "lxc.net.0.ipv6.address = fd00:9::9/64"],
    "two pairs": [*BRIDGED, "lxc.net.1.type = veth", "lxc.net.1.veth.pair = outside"],
    "empty": ["lxc.net.0.type = empty"],
    "none": ["lxc.net.0.type = none"],
}


def shown(face, name):
    """Lines of lxc-info on the network, without numbers, and columns of lxc-ls."""
    info = face("info", "-n", name).ok().out
    lines = [re.sub("veth[A-Za-z0-9]{6}$", "PAIR", re.sub(r"[\d.]+ (bytes|KiB)$", "N", line))
             for line in info.splitlines() if re.match("IP:|Link:| ", line)]
    columns = face("ls", "-f", "-F", "INTERFACE,IPV4,IPV6").ok().out.splitlines()
    return lines, face("info", "-n", name, "-i").ok().out, [line.split() for line in columns]


@pytest.mark.parametrize("case", SHOWN)
def test_the_same_is_shown(case, host, debian, lxc, busybox_rootfs, folder):
    lines, rootfs = configuration(busybox_rootfs, folder, SHOWN[case])
    debian.before = host.words_for_lxc(folder)
    told = []
    for face in (debian, lxc):
        name = face.define(lines, rootfs=rootfs)
        face("start", "-n", name).ok()
        told.append(shown(face, name))
        face("stop", "-n", name, "-k").ok()
    if case == "none":  # LXC lists the host's interfaces as the container's
        assert told[1][2][1] == ["lo", *(word for word in told[0][2][1] if "." in word or ":" in word)]
        told = [seen[:2] for seen in told]
    assert told[1] == told[0]
