# SPDX-License-Identifier: Apache-2.0
"""<source network='NAME'/> is a CNI network of that name, else a bridge: real plugins, in a network of the test's own."""
import json
import os

import pytest

from harness import network as networks
from harness import oci_hooks
from harness.runtime import until

PLUGINS = ("/usr/lib/cni", "/usr/libexec/cni", "/opt/cni/bin")
SUBNETS = {"front": "198.51.100", "back": "203.0.113"} # for documentation: no host has them


@pytest.fixture
def host():
    private = networks.PrivateNetwork()
    try:
        private.add_bridge()
        yield private
        for name in set(private.links()) & {"cni-front", "cni-back"}:
            private.change("link", "delete", name)
    finally:
        left = private.leave()
    assert not left, left


@pytest.fixture
def lists(virsh, folder):
    """The directory of configuration lists, with two networks in it."""
    directory = os.path.join(folder, "net.d")
    os.makedirs(directory)
    for number, (name, subnet) in enumerate(SUBNETS.items()):
        plugin = {"type": "bridge", "bridge": f"cni-{name}", "isGateway": True,
                  "ipam": {"type": "host-local", "dataDir": f"{folder}/ipam", "ranges": [[{"subnet": f"{subnet}.0/24"}]]}}
        with open(f"{directory}/{number}0-any.conflist", "w", encoding="ascii") as target:
            json.dump({"cniVersion": "0.4.0", "name": name, "plugins": [plugin]}, target)
    virsh.environment["NETCONFPATH"] = directory
    virsh.environment["THOLE_VIRSH_HOOKS"] = os.path.dirname(oci_hooks.path("network"))
    return directory


@pytest.fixture
def plugins():
    if not any(os.path.exists(path + "/bridge") for path in PLUGINS):
        pytest.skip("needs the bridge plugin (package containernetworking-plugins)")


def interface(name, *elements):
    return f"<interface type='network'><source network='{name}'/>{''.join(elements)}</interface>"


def test_a_domain_in_two_networks_and_on_a_bridge(virsh, root, host, lists, plugins, folder):
    """Each interface is what the order of the document says; all of it is taken back at the end."""
    name = virsh.start(rootfs=root, devices=interface("front") + interface("br0", "<ip address='10.9.0.2' prefix='24'/>")
                       + interface("back", "<guest dev='inner'/>"))
    inside = networks.View(virsh.pid(name))
    assert set(inside.links()) == {"eth0", "eth1", "inner"}
    assert [inside.addresses(device)[0].split()[0] for device in ("eth0", "eth1", "inner")] == \
        ["198.51.100.2/24", "10.9.0.2/24", "203.0.113.2/24"]
    assert {"cni-front", "cni-back"} <= set(host.links())
    virsh("destroy", name).ok()
    until(lambda: not [link for link in host.links() if "veth" in link], 60, "the end of the pairs")
    for network, subnet in SUBNETS.items():
        assert not [one for one in os.listdir(f"{folder}/ipam/{network}") if one.startswith(subnet)]
    assert not [one for one in os.listdir("/run/thole-network") if one.startswith(name + ":")]


def test_a_reboot_connects_it_anew(virsh, root, host, lists, plugins):
    script = "trap 'busybox reboot -f' HUP; while :; do sleep 0.1; done"
    name = virsh.start("<features><capabilities policy='default'><sys_boot state='on'/></capabilities></features>",
                       "<on_reboot>restart</on_reboot>", rootfs=root, devices=interface("front"),
                       init=f"<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>{script}</initarg></os>")
    first = virsh.pid(name)
    virsh("reboot", name, "--mode", "signal").ok()
    until(lambda: virsh.pid(name) not in (0, first) and virsh.state(name) == "running", 60, "the second init")
    assert networks.View(virsh.pid(name)).addresses("eth0")[0].startswith("198.51.100.")


def convert(virsh, devices):
    """(The arguments of the hooks network at each stage, what stands in the annotation, warnings.)"""
    result = virsh("domxml-to-native", "oci", "--xml", virsh.file(virsh.xml(virsh.new_name(), devices=devices))).ok()
    config = json.loads(result.out)
    hooks = [[one["args"] for one in config["hooks"][stage] if one["path"].endswith("/network")]
             for stage in ("createRuntime", "poststop")]
    assert hooks[0] == hooks[1]
    return hooks[0], config["annotations"].get("org.thole.lxc.net", ""), result.err


def test_which_network_it_is(virsh, lists):
    """By the name in the list, not by that of its file; else it is a bridge."""
    assert convert(virsh, interface("back")) == (
        [["network", "--cni", f"{lists}/10-any.conflist", "--interface", "eth0"]], "", "")
    for name, bridge in (("10-any", "10-any"), ("default", "virbr0")):
        hooks, settings, _ = convert(virsh, interface(name))
        assert hooks == [] and f"link = {bridge}\n" in settings
    virsh.environment["NETCONFPATH"] = lists + "/nothing"
    assert convert(virsh, interface("back"))[0] == []


def test_what_the_plugins_decide_is_a_warning(virsh, lists):
    elements = ("<mac address='52:54:00:00:00:01'/>", "<target dev='x0'/>", "<mtu size='1400'/>", "<link state='up'/>",
                "<ip address='10.9.0.2'/>", "<route address='10.8.0.0' prefix='16' gateway='10.9.0.1'/>",
                "<vlan><tag id='5'/></vlan>")
    said = convert(virsh, interface("front", *elements))[2]
    assert said.count("no effect: the plugins of a CNI network decide that") == len(elements)


def test_a_list_that_cannot_be_read(virsh, lists):
    """Another one is taken; where there is none, it may have been the one."""
    with open(lists + "/00-broken.conflist", "w", encoding="ascii") as target:
        target.write("{")
    assert convert(virsh, interface("front"))[0]
    path = virsh.file(virsh.xml(virsh.new_name(), devices=interface("web")))
    virsh("domxml-to-native", "oci", "--xml", path).failed("/domain/devices/interface/source@network: "
                                                            f"{lists}/00-broken.conflist: ")


def test_without_the_hook(virsh, lists, folder):
    virsh.environment["THOLE_VIRSH_HOOKS"] = folder
    path = virsh.file(virsh.xml(virsh.new_name(), devices=interface("front")))
    virsh("domxml-to-native", "oci", "--xml", path).failed(
        f"use {lists}/00-any.conflist: the hook {folder}/network: No such file or directory")
