# SPDX-License-Identifier: Apache-2.0
"""lxc.net.*: every key is set, made by the hook that a container has, and looked at from both sides.
All of it happens in a network namespace of the test's own."""
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import time

import pytest

from harness import network as networks
from harness.network import View, sysctl
from harness.runtime import until

VETH = "lxc.net.0.type = veth"
BRIDGED = [VETH, "lxc.net.0.link = br0", "lxc.net.0.flags = up"]
ROUTED = [VETH, "lxc.net.0.veth.mode = router", "lxc.net.0.link = br0", "lxc.net.0.flags = up"]


@pytest.fixture
def bundled(bundle, lxc_path):
    """bundled(SETTINGS): a bundle whose hooks make and undo such a network."""

    def make(settings, *args):
        made = bundle(*(args or ("/bin/sleep", "1000")))
        made.config["annotations"] = {"org.thole.lxc.net": "\n".join(settings) + "\n",
                                      "org.thole.lxc.lxcpath": made.path}
        hook = {"path": lxc_path, "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LXC_NAME=web"]}
        made.config["hooks"] = {
            "createRuntime": [{**hook, "args": ["thole-lxc", "hook", "network-up"]}],
            "poststop": [{**hook, "args": ["thole-lxc", "hook", "network-down"]}]}
        return made

    return make


@pytest.fixture
def started(thole, bundled):
    """started(SETTINGS): a running container with such a network."""
    return lambda settings: thole.launch(bundled(settings))


def end(container):
    container("delete", "--force").ok()


class Both:
    """A running container from both sides."""

    def __init__(self, host, container):
        self.host, self.inside = host, View(container.pid)
        self.pair = next((name for name in host.links() if name.startswith("veth")), None)

    def link(self, name="eth0"):
        return self.inside.links()[name]

    def peer(self):
        return self.host.links()[self.pair]

    def data(self, name="eth0"):
        return self.link(name)["linkinfo"].get("info_data", {})


# Key and value -> settings around it, and what has to be true of Both then.
MATRIX = {
    "type=veth": (BRIDGED, lambda b: b.link()["linkinfo"]["info_kind"] == "veth"),
    "flags=up": (BRIDGED, lambda b: "UP" in b.link()["flags"] and "UP" in b.peer()["flags"]),
    "flags unset": ([VETH], lambda b: "UP" not in b.link()["flags"]),
    "link": (BRIDGED, lambda b: b.peer()["master"] == "br0"),
    "link unset": ([VETH], lambda b: "master" not in b.peer()),
    "name": ([*BRIDGED, "lxc.net.0.name = lan.7"], lambda b: list(b.inside.links()) == ["lan.7"]),
    "name unset": ([VETH, "lxc.net.1.type = veth"],
                   lambda b: list(b.inside.links()) == ["eth0", "eth1"]),
    "mtu": ([*BRIDGED, "lxc.net.0.mtu = 1300"],
            lambda b: b.link()["mtu"] == 1300 == b.peer()["mtu"]),
    "mtu unset": (BRIDGED, lambda b: b.link()["mtu"] == 1400 == b.peer()["mtu"]),
    "hwaddr": ([*BRIDGED, "lxc.net.0.hwaddr = 4a:49:43:49:79:Bf"],
               lambda b: b.link()["address"] == "4a:49:43:49:79:bf"),
    "hwaddr=x": ([*BRIDGED, "lxc.net.0.hwaddr = x2:xx:3e:xx:Xx:x1"],
                 lambda b: re.fullmatch(".2:..:3e:..:..:.1", b.link()["address"])),
    "the host's hardware address": (BRIDGED, lambda b: b.peer()["address"].startswith("fe:")),
    "ipv4.address": ([*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/24",
                      "lxc.net.0.ipv4.address = 10.9.0.10/24 10.9.0.200"],
                     lambda b: b.inside.addresses("eth0") ==
                     ["10.9.0.9/24 10.9.0.255", "10.9.0.10/24 10.9.0.200"]),
    "ipv4.address/32": ([*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/32"],
                        lambda b: b.inside.addresses("eth0") == ["10.9.0.9/32"]),
    "ipv4.address without prefix": (
        [*BRIDGED, "lxc.net.0.ipv4.address = 192.168.9.9", "lxc.net.0.ipv4.address = 172.16.9.9",
         "lxc.net.0.ipv4.address = 10.9.0.9"],
        lambda b: set(b.inside.addresses("eth0")) ==
        {"192.168.9.9/24 192.168.9.255", "172.16.9.9/16 172.16.255.255",
         "10.9.0.9/8 10.255.255.255"}),
    "ipv6.address": ([*BRIDGED, "lxc.net.0.ipv6.address = fd00:9::9/96",
                      "lxc.net.0.ipv6.address = 2003:db8:1:0:214:1234:fe0b:3597"],
                     lambda b: set(b.inside.addresses("eth0")) ==
                     {"fd00:9::9/96", "2003:db8:1:0:214:1234:fe0b:3597/64"}),
    "ipv4.gateway": ([*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/24",
                      "lxc.net.0.ipv4.gateway = 10.9.0.7"],
                     lambda b: b.inside.routes() == {"default via 10.9.0.7 dev eth0"}),
    "ipv4.gateway elsewhere": (
        [*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/24", "lxc.net.0.ipv4.gateway = 10.7.0.1"],
        lambda b: b.inside.routes() == {"default via 10.7.0.1 dev eth0", "10.7.0.1 dev eth0"}),
    "ipv4.gateway=auto": ([*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/24",
                           "lxc.net.0.ipv4.gateway = auto"],
                          lambda b: b.inside.routes() == {"default via 10.9.0.1 dev eth0"}),
    "ipv4.gateway=dev": ([*BRIDGED, "lxc.net.0.ipv4.gateway = dev"],
                         lambda b: b.inside.routes() == {"default dev eth0"}),
    "ipv6.gateway": ([*BRIDGED, "lxc.net.0.ipv6.address = fd00:9::9/64",
                      "lxc.net.0.ipv6.gateway = fd00:9::7"],
                     lambda b: b.inside.routes(6) == {"default via fd00:9::7 dev eth0"}),
    "ipv6.gateway elsewhere": (
        [*BRIDGED, "lxc.net.0.ipv6.address = fd00:9::9/64", "lxc.net.0.ipv6.gateway = fd00:7::1"],
        lambda b: b.inside.routes(6) == {"default via fd00:7::1 dev eth0", "fd00:7::1 dev eth0"}),
    "ipv6.gateway=auto": ([*BRIDGED, "lxc.net.0.ipv6.address = fd00:9::9/64",
                           "lxc.net.0.ipv6.gateway = auto"],
                          lambda b: b.inside.routes(6) == {"default via fd00:9::1 dev eth0"}),
    "ipv6.gateway=dev": ([*BRIDGED, "lxc.net.0.ipv6.gateway = dev"],
                         lambda b: b.inside.routes(6) == {"default dev eth0"}),
    "veth.pair": ([*BRIDGED, "lxc.net.0.veth.pair = outside"],
                  lambda b: b.host.links()["outside"]["master"] == "br0"),
    "veth.pair unset": (BRIDGED, lambda b: re.fullmatch("veth[A-Za-z0-9]{6}", b.pair)),
    "veth.mode=bridge": ([*BRIDGED, "lxc.net.0.veth.mode = bridge"],
                         lambda b: b.peer()["master"] == "br0"),
    "veth.mode=router": (
        [*ROUTED, "lxc.net.0.ipv4.address = 10.9.0.9/32", "lxc.net.0.ipv4.gateway = 10.9.0.1"],
        lambda b: "master" not in b.peer() and b.link()["mtu"] == 1400 and
        b.host.routes() == {f"10.9.0.9 dev {b.pair}"} and
        b.host.proxies() == {f"10.9.0.1 dev {b.pair}"} and
        sysctl(f"ipv4/conf/{b.pair}/forwarding") == "1"),
    "veth.mode=router of IPv6": (
        [*ROUTED, "lxc.net.0.ipv6.address = fd00:9::9/128", "lxc.net.0.ipv6.gateway = fd00:9::1"],
        lambda b: b.host.routes(6) == {f"fd00:9::9 dev {b.pair}"} and
        b.host.proxies() == {f"fd00:9::1 dev {b.pair}"} and
        b.inside.routes(6) == {"fd00:9::1 dev eth0", "default via fd00:9::1 dev eth0"} and
        sysctl(f"ipv6/conf/{b.pair}/forwarding") == "1" and
        sysctl(f"ipv6/conf/{b.pair}/proxy_ndp") == "1"),
    "veth.ipv4.route": ([*BRIDGED, "lxc.net.0.veth.ipv4.route = 192.168.77.0/24",
                         "lxc.net.0.veth.ipv4.route = 192.168.78.5/32"],
                        lambda b: b.host.routes() == {f"192.168.77.0/24 dev {b.pair}",
                                                      f"192.168.78.5 dev {b.pair}"}),
    "veth.ipv6.route": ([*BRIDGED, "lxc.net.0.veth.ipv6.route = fd77::/32"],
                        lambda b: b.host.routes(6) == {f"fd77::/32 dev {b.pair}"}),
    "veth.n_rxqueues": ([*BRIDGED, "lxc.net.0.veth.n_rxqueues = 3"],
                        lambda b: b.link()["num_rx_queues"] == 3 == b.peer()["num_tx_queues"]),
    "veth.n_txqueues": ([*BRIDGED, "lxc.net.0.veth.n_txqueues = 5"],
                        lambda b: b.link()["num_tx_queues"] == 5 == b.peer()["num_rx_queues"]),
    "l2proxy": ([*ROUTED, "lxc.net.0.l2proxy = 1", "lxc.net.0.ipv4.address = 10.9.0.9/32",
                 "lxc.net.0.ipv6.address = fd00:9::9/128"],
                lambda b: b.host.proxies() == {"10.9.0.9 dev br0", "fd00:9::9 dev br0"}),
    "type=macvlan": (["lxc.net.0.type = macvlan", "lxc.net.0.link = wire0"],
                     lambda b: b.data()["mode"] == "private"),
    **{f"macvlan.mode={mode}": (["lxc.net.0.type = macvlan", "lxc.net.0.link = wire0",
                                 f"lxc.net.0.macvlan.mode = {mode}"],
                                lambda b, mode=mode: b.data()["mode"] == mode)
       for mode in ("private", "vepa", "bridge", "passthru")},
    "type=ipvlan": (["lxc.net.0.type = ipvlan", "lxc.net.0.link = wire0"],
                    lambda b: b.data()["mode"] == "l3" and "bridge" in str(b.data())),
    **{f"ipvlan.mode={mode}": (["lxc.net.0.type = ipvlan", "lxc.net.0.link = wire0",
                                f"lxc.net.0.ipvlan.mode = {mode}"],
                               lambda b, mode=mode: b.data()["mode"] == mode)
       for mode in ("l2", "l3", "l3s")},
    **{f"ipvlan.isolation={word}": (["lxc.net.0.type = ipvlan", "lxc.net.0.link = wire0",
                                     f"lxc.net.0.ipvlan.isolation = {word}"],
                                    lambda b, word=word: word in str(b.data()))
       for word in ("bridge", "private", "vepa")},
    "ipvlan with l2proxy": (
        ["lxc.net.0.type = ipvlan", "lxc.net.0.link = br0", "lxc.net.0.l2proxy = 1",
         "lxc.net.0.ipv4.address = 10.9.0.9/32"],
        lambda b: b.host.proxies() == {"10.9.0.9 dev br0"} and
        b.host.routes() == {"10.9.0.9 dev lo"}),
    "vlan.id": (["lxc.net.0.type = vlan", "lxc.net.0.link = wire0", "lxc.net.0.vlan.id = 77"],
                lambda b: b.data()["id"] == 77),
    "type=phys": (["lxc.net.0.type = phys", "lxc.net.0.link = wire0"],
                  lambda b: list(b.inside.links()) == ["wire0"] and
                  "UP" not in b.link("wire0")["flags"] and "wire0" not in b.host.links()),
    "phys, renamed": (["lxc.net.0.type = phys", "lxc.net.0.link = wire0",
                       "lxc.net.0.name = lan", "lxc.net.0.flags = up",
                       "lxc.net.0.ipv4.address = 10.1.1.1/24", "lxc.net.0.mtu = 1280",
                       "lxc.net.0.hwaddr = 4a:49:43:49:79:bf"],
                      lambda b: list(b.inside.links()) == ["lan"] and
                      "UP" in b.link("lan")["flags"] and b.link("lan")["mtu"] == 1280 and
                      b.link("lan")["address"] == "4a:49:43:49:79:bf" and
                      b.inside.addresses("lan") == ["10.1.1.1/24 10.1.1.255"]),
    "type=empty": (["lxc.net.0.type = empty"],
                   lambda b: not b.inside.links() and b.inside.loopback_is_up()),
    "several, in the order of their numbers": (
        ["lxc.net.7.type = veth", "lxc.net.7.mtu = 1307", "lxc.net.2.type = veth",
         "lxc.net.2.mtu = 1302", "lxc.net.10.type = veth", "lxc.net.10.mtu = 1310"],
        lambda b: {name: link["mtu"] for name, link in b.inside.links().items()} ==
        {"eth0": 1302, "eth1": 1307, "eth2": 1310}),
}
KINDS = ("macvlan", "ipvlan", "vlan")


def forwarding_host():
    for name in ("ipv4/conf/br0/forwarding", "ipv6/conf/all/forwarding",
                 "ipv6/conf/br0/forwarding", "ipv6/conf/br0/proxy_ndp"):
        networks.set_sysctl(name)


@pytest.mark.parametrize("row", MATRIX)
def test_every_key(row, host, started):
    """The property holds while the container runs; afterwards the host is as it was."""
    settings, is_so = MATRIX[row]
    for kind in KINDS:
        if f"lxc.net.0.type = {kind}" in settings and host.lacks(kind):
            pytest.skip(host.lacks(kind))
    forwarding_host()

    def seen():
        return host.links(), host.routes(), host.routes(6), host.proxies()

    def stable(view):
        """Without what the coming and going of neighbours changes."""
        links = {name: {key: link[key] for key in ("ifindex", "address", "mtu")
                        if name != "br0" or key != "address"} for name, link in view[0].items()}
        return [links, *view[1:]] if "phys" not in str(settings) else \
            [{name: link["mtu"] for name, link in links.items()}, *view[1:]]

    before = stable(seen())
    container = started(settings)
    both = Both(host, container)
    assert is_so(both), (both.inside.ip("addr"), seen())
    assert both.inside.loopback_is_up()
    end(container)
    assert stable(seen()) == before


# ---- VLANs of a bridge ----

@pytest.fixture
def filtering_host():
    """As `host`, with a bridge that knows VLANs."""
    private = networks.PrivateNetwork()
    try:
        try:
            private.add_bridge("vlan_filtering", "1")
        except subprocess.CalledProcessError:
            pytest.skip("this kernel has no VLANs on bridges")
        yield private
    finally:
        left = private.leave()
    assert not left, left


@pytest.mark.parametrize("settings, wanted", [
    ([], {1: {"PVID", "Egress Untagged"}}),
    (["lxc.net.0.veth.vlan.id = 7"], {7: {"PVID", "Egress Untagged"}}),
    (["lxc.net.0.veth.vlan.id = 1"], {1: {"PVID", "Egress Untagged"}}),
    (["lxc.net.0.veth.vlan.id = none"], {}),
    (["lxc.net.0.veth.vlan.id = none", "lxc.net.0.veth.vlan.tagged.id = 8",
      "lxc.net.0.veth.vlan.tagged.id = 9"], {8: set(), 9: set()}),
])
def test_vlans_of_a_bridge(settings, wanted, filtering_host, started):
    container = started([*BRIDGED, *settings])
    pair = Both(filtering_host, container).pair
    listed = json.loads(subprocess.run(["bridge", "-j", "vlan", "show", "dev", pair],
                                       capture_output=True, text=True, check=True).stdout)
    assert {vlan["vlan"]: set(vlan.get("flags", [])) for port in listed
            for vlan in port["vlans"]} == wanted
    end(container)


# ---- scripts ----

def script(folder, name="script", status=0):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as target:
        target.write(f"#!/bin/sh\n{{ echo \"$0 $*\"; env | grep ^LXC_ | sort; ip -o link | wc -l; }}"
                     f" >> {folder}/log\nexit {status}\n")
    os.chmod(path, stat.S_IRWXU)
    return path


def log_of(folder):
    with open(os.path.join(folder, "log"), encoding="ascii") as source:
        return source.read().splitlines()


@pytest.mark.parametrize("kind, link", [("veth", "br0"), ("phys", "wire0"), ("empty", None),
                                        ("macvlan", "wire0")])
@pytest.mark.parametrize("version", [0, 1])
def test_scripts(kind, link, version, host, started, folder):
    if kind in KINDS and host.lacks(kind):
        pytest.skip(host.lacks(kind))
    up, down = script(folder, "up"), script(folder, "down")
    settings = [f"lxc.hook.version = {version}", f"lxc.net.3.type = {kind}",
                f"lxc.net.3.script.up = {up}", f"lxc.net.3.script.up = {up} again",
                f"lxc.net.3.script.down = {down}"]
    if link:
        settings.append(f"lxc.net.3.link = {link}")
    if kind == "veth":
        settings.append("lxc.net.3.veth.pair = outside")
    container = started(settings)
    pid = container.pid
    end(container)
    log = log_of(folder)
    tail = " ".join(word for word in (kind, link, kind == "veth" and "outside") if word)
    for path, words, direction in ((up, "", "up"), (up, "again ", "up"), (down, "", "down")):
        arguments = f"{words}{container.id} net {direction} {tail}" if version == 0 else \
            f"{words}{tail}"
        assert log[0] == f"{path} {arguments}"
        del log[0]
        environment = {}
        while log and log[0].startswith("LXC_"):
            name, _, value = log.pop(0).partition("=")
            environment[name] = value
        told = {"LXC_HOOK_TYPE": direction, "LXC_HOOK_SECTION": "net", "LXC_NET_TYPE": kind}
        if link:
            told["LXC_NET_PARENT"] = link
        if kind == "veth":
            told["LXC_NET_PEER"] = "outside"
        wanted = {"LXC_NAME": "web", "LXC_HOOK_VERSION": str(version), **(told if version else {})}
        if direction == "up":
            wanted["LXC_PID"] = str(pid)
        assert environment == wanted
        del log[0]  # how many links there were
    assert not log


def test_script_down_still_finds_the_pair(host, started, folder):
    """The namespace is kept for it, although the container is gone."""
    container = started([VETH, "lxc.net.0.veth.pair = outside",
                         f"lxc.net.0.script.down = ip -o link show outside >{folder}/log #"])
    end(container)
    assert "outside" in log_of(folder)[0]


def test_a_script_that_fails_undoes_all(host, thole, bundled, folder):
    settings = ["lxc.net.0.type = phys", "lxc.net.0.link = wire0", "lxc.net.1.type = veth",
                "lxc.net.1.link = br0", "# /srv/config:7: lxc.net.1.script.up",
                f"lxc.net.1.script.up = {script(folder, status=3)}"]
    before = host.links()
    thole.try_create(bundled(settings)).failed(
        f"/srv/config:7: lxc.net.1.script.up: {folder}/script: exit status 3")
    assert set(host.links()) == set(before)


# ---- errors ----

ERRORS = {
    "no such link": ([VETH, "lxc.net.0.link = br7"], "lxc.net.0.link: there is no interface br7"),
    "a link that is no bridge": ([VETH, "lxc.net.0.link = wire0"],
                                 "lxc.net.0.link: make it a port of wire0: "),
    "pair taken": ([VETH, "lxc.net.0.veth.pair = br0"], "lxc.net.0.veth.pair: "),
    "name taken": ([VETH, "lxc.net.0.name = lan", "lxc.net.1.type = veth",
                    "lxc.net.1.name = lan"],
                   "lxc.net.1.name: the container has an interface lan already"),
    "mtu": ([*BRIDGED, "lxc.net.0.mtu = 20"], "lxc.net.0.mtu: set the MTU to 20: "),
    "route twice": ([*BRIDGED, "lxc.net.0.veth.ipv4.route = 10.9.0.0/24"],
                    "lxc.net.0.veth.ipv4.route: add the route: File exists"),
    "address twice": ([*BRIDGED, "lxc.net.0.ipv4.address = 10.1.1.1/24",
                       "lxc.net.0.ipv4.address = 10.1.1.1/24"],
                      "lxc.net.0.ipv4.address: add the address: "),
    "auto without address": ([VETH, "lxc.net.0.flags = up", "lxc.net.0.link = wire0",
                              "lxc.net.0.ipv4.gateway = auto", "lxc.net.0.veth.mode = router"],
                             "lxc.net.0.ipv4.gateway: auto: wire0 on the host has no IPv4 address"),
    "l2proxy without forwarding": ([*ROUTED, "lxc.net.0.l2proxy = 1",
                                    "lxc.net.0.ipv4.address = 10.9.0.9/32"],
                                   "lxc.net.0.l2proxy: needs sysctl net.ipv4.conf.br0.forwarding=1"),
    "router of IPv6 without forwarding": (
        [*ROUTED, "lxc.net.0.ipv6.address = fd00:9::9/128", "lxc.net.0.ipv6.gateway = fd00:9::1"],
        "lxc.net.0.veth.mode: needs sysctl net.ipv6.conf.all.forwarding=1"),
    "the second of two": ([*BRIDGED, "lxc.net.1.type = phys", "lxc.net.1.link = wire7"],
                          "lxc.net.1.link: there is no interface wire7"),
    "a wrong value": ([VETH, "lxc.net.0.hwaddr = 00:16"],
                      "lxc.net.0.hwaddr: \"00:16\" is not a hardware address"),
}


@pytest.mark.parametrize("row", ERRORS)
def test_errors(row, host, thole, bundled):
    """One line that names the setting; nothing is left of what was made before."""
    settings, text = ERRORS[row]
    before = set(host.links())
    place = text.partition(": ")[0]
    settings = [line for setting in settings
                for line in ((f"# /srv/config:3: {place}", setting)
                             if setting.startswith(place + " ") else (setting,))]
    result = thole.try_create(bundled(settings))
    assert result.code != 0
    assert f"lxc-hook: /srv/config:3: {text}" in result.err, result
    assert len(result.err.strip().splitlines()) == 1, result
    assert set(host.links()) == before


def test_the_hosts_namespace_is_no_containers(host, thole, bundled):
    made = bundled(BRIDGED)
    made.without_namespace("network")
    thole.try_create(made).failed("no network namespace of its own")
    assert not [name for name in host.links() if name.startswith("veth")]


# ---- ordinary users ----

USER_NIC = "/usr/libexec/lxc/lxc-user-nic"
AS_NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]


@pytest.fixture
def hook_of_user(lxc_path, folder):
    """hook_of_user(WORD, PID, SETTINGS, before=WORDS): such a hook of the user nobody."""
    program = shutil.copy(lxc_path, folder)  # the build directory may be closed to others
    runtime = os.path.join(folder, "runtime")
    os.mkdir(runtime)
    os.chown(runtime, 65534, 65534)

    def call(word, pid, settings, before=()):
        state = {"ociVersion": "1.0.0", "id": "web", "status": "creating", "bundle": "/",
                 "pid": pid, "annotations": {"org.thole.lxc.net": "\n".join(settings)}}
        return subprocess.run([*before, *AS_NOBODY, program, "hook", word], text=True,
                              input=json.dumps(state), capture_output=True, check=False,
                              env={"HOME": folder, "PATH": os.environ["PATH"],
                                   "XDG_RUNTIME_DIR": runtime})

    return call


@pytest.mark.parametrize("settings, text", [
    (["lxc.net.0.type = macvlan", "lxc.net.0.link = wire0"],
     "lxc.net.0.type: only root makes this: start the container as root"),
    ([VETH], "lxc.net.0.type: only root makes this: "),
    (ROUTED, "lxc.net.0.veth.mode: only root changes the host for it"),
    ([*BRIDGED, "lxc.net.0.l2proxy = 1"], "lxc.net.0.l2proxy: only root changes the host for it"),
    ([*BRIDGED, "lxc.net.0.veth.ipv4.route = 10.0.0.0/8"],
     "lxc.net.0.veth.ipv4.route: only root changes the host for it"),
])
def test_a_user_is_told_what_to_do(settings, text, hook_of_user):
    result = hook_of_user("network-up", 1, settings)
    assert result.returncode == 1 and text in result.stderr, result


@pytest.mark.skipif(not os.path.exists(USER_NIC), reason=f"needs LXC's {USER_NIC}")
def test_a_user_gets_a_veth_by_lxc_user_nic(host, hook_of_user, folder):
    """On the bridge that lxc-usernet(5) allows, with addresses and routes; not on another one."""
    host.change("link", "add", "br1", "type", "bridge")
    owned = os.path.join(folder, "etc")
    os.mkdir(owned)
    with open(os.path.join(owned, "lxc-usernet"), "w", encoding="ascii") as target:
        target.write("nobody veth br0 1\n")
    before = host.words_for_lxc(folder, f"mount --bind {owned} /etc/lxc",
                                "mount -t tmpfs tmpfs /run", "mkdir /run/lxc")
    sleeper = subprocess.Popen([*AS_NOBODY, "unshare", "-U", "-r", "-n", "sleep", "1000"])
    try:
        until(lambda: os.readlink(f"/proc/{sleeper.pid}/ns/net") !=
              os.readlink("/proc/self/ns/net"), what="the namespace")
        settings = [*BRIDGED, "lxc.net.0.name = lan", "lxc.net.0.hwaddr = 4a:49:43:49:79:bf",
                    "lxc.net.0.ipv4.address = 10.9.0.9/24", "lxc.net.0.ipv4.gateway = auto"]
        result = hook_of_user("network-up", sleeper.pid, settings, before)
        assert result.returncode == 0, result
        both = Both(host, sleeper)
        assert both.peer()["master"] == "br0"
        assert both.link("lan")["address"] == "4a:49:43:49:79:bf"
        assert both.inside.addresses("lan") == ["10.9.0.9/24 10.9.0.255"]
        assert both.inside.routes() == {"default via 10.9.0.1 dev lan"}
        assert hook_of_user("network-down", 0, []).returncode == 0
        settings[1], settings[3] = "lxc.net.0.link = br1", "lxc.net.0.name = wan"
        result = hook_of_user("network-up", sleeper.pid, settings, before)
        assert result.returncode == 1 and "lxc.net.0.link: lxc-user-nic: exit status" in \
            result.stderr, result
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_user_namespace(host, thole, bundled):
    """The network namespace belongs to it; the interfaces come from the host's root all the same."""
    made = bundled([*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/24",
                    "lxc.net.0.ipv4.gateway = auto", "lxc.net.1.type = phys",
                    "lxc.net.1.link = wire0", "lxc.net.1.name = lan"])
    made.user_namespace()
    container = thole.launch(made)
    inside = View(container.pid)
    assert sorted(inside.links()) == ["eth0", "lan"]
    assert inside.addresses("eth0") == ["10.9.0.9/24 10.9.0.255"]
    assert inside.routes() == {"default via 10.9.0.1 dev eth0"}
    end(container)
    assert "wire0" in host.links()


# ---- ends that nobody noticed ----

def test_phys_comes_back_after_a_kill(host, started):
    """Renamed inside, and its init killed: the old name, MTU and hardware address."""
    before = host.links()["wire0"]
    container = started(["lxc.net.0.type = phys", "lxc.net.0.link = wire0",
                         "lxc.net.0.name = lan", "lxc.net.0.mtu = 1280",
                         "lxc.net.0.hwaddr = 4a:49:43:49:79:bf"])
    View(container.pid).change("link", "set", "lan", "name", "other")
    container("kill", "KILL").ok()
    container.wait_stopped()
    container.delete().ok()
    after = host.links()["wire0"]
    assert (after["mtu"], after["address"]) == (before["mtu"], before["address"])


def test_a_lost_record_is_taken_up_again(host, thole, bundled):
    """No hook at the end: the next network of that container first brings the device back."""
    made = bundled(["lxc.net.0.type = phys", "lxc.net.0.link = wire0", "lxc.net.1.type = veth"])
    poststop = made.config["hooks"].pop("poststop")
    container = thole.launch(made)
    name = container.id
    end(container)
    made.config["hooks"]["poststop"] = poststop
    container = thole.launch(made, id=name)
    assert sorted(View(container.pid).links()) == ["eth0", "wire0"]
    end(container)
    assert "wire0" in host.links()


def test_a_reboot_gets_the_same_network_again(host, thole, bundled):
    """Fixed names and a device of the host: nothing of the first life is in the way of the next."""
    made = bundled([VETH, "lxc.net.0.link = br0", "lxc.net.0.veth.pair = outside",
                    "lxc.net.1.type = phys", "lxc.net.1.link = wire0", "lxc.net.1.name = lan"],
                   "/bin/sh", "-c", "test -e /again || { : >/again; sleep 1; busybox reboot -f; }; "
                   "sleep 1000")
    made.capabilities("CAP_SYS_BOOT")
    first = thole.launch(made, "--attachable", "--restart", "reboot", "--rm")
    pid = first.pid

    def lives_again():
        state = thole.state(first.id)
        return state["status"] == "running" and state["pid"] != pid

    until(lives_again, what="the second life")
    assert sorted(View(first.pid).links()) == ["eth0", "lan"]
    assert host.links()["outside"]["master"] == "br0"
    first("kill", "KILL").ok()
    until(lambda: thole("state", first.id).code != 0, what="the keeper to delete it")
    assert "wire0" in host.links() and "outside" not in host.links()


def test_another_veth_of_the_name_is_left_alone(host, started):
    container = started([VETH, "lxc.net.0.veth.pair = outside"])
    host.change("link", "del", "outside")
    host.change("link", "add", "outside", "type", "veth", "peer", "name", "outside2")
    end(container)
    assert "outside" in host.links()


# ---- traffic ----

def test_a_container_is_reached(host, started):
    """Both ways over the bridge, and by the route of a router."""
    forwarding_host()
    container = started([*BRIDGED, "lxc.net.0.ipv4.address = 10.9.0.9/24",
                         "lxc.net.1.type = veth", "lxc.net.1.veth.mode = router",
                         "lxc.net.1.flags = up", "lxc.net.1.ipv4.address = 10.20.0.9/32"])
    for address in ("10.9.0.9", "10.20.0.9"):
        reached(address)
    end(container)


def reached(address):
    """A refused connection is an answer: nobody listens, but somebody is there."""
    deadline = time.monotonic() + 10
    while True:
        with socket.socket() as connection:
            connection.settimeout(1)
            try:
                connection.connect((address, 7))
            except ConnectionRefusedError:
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{address} does not answer: {error}") from error
                time.sleep(0.1)
