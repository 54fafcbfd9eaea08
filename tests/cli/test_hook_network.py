# SPDX-License-Identifier: Apache-2.0
"""contrib/hooks/network: a container is connected when it is made, and nothing is left at its end."""
import json
import os
import shutil
import subprocess

import pytest

from harness import oci_hooks
from harness.runtime import Process, until

SUBNET = "198.51.100"  # for documentation: no host has it
BRIDGE = ("--bridge", "web0", "--address", f"{SUBNET}.2/24", "--gateway", f"{SUBNET}.1")


class Host:
    """A network namespace in which the runtimes are called: that of the machine stays as it is."""

    def __init__(self):
        self.process = Process(["unshare", "--net", "sh", "-c", "ip link set lo up; echo ready; exec sleep 1000"])
        until(self.is_ready, 60, "a network namespace")

    def is_ready(self):
        assert self.process.popen.poll() is None, self.process.errors()
        return "ready" in self.process.output()

    def prefix(self):
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]

    def interfaces(self):
        shown = subprocess.run([*self.prefix(), "ip", "-json", "link"], capture_output=True, text=True,
                               check=True)
        return {link["ifname"] for link in json.loads(shown.stdout)}

    def end(self):
        self.process.popen.terminate()
        self.process.wait()


@pytest.fixture
def host():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if not shutil.which("ip"):
        pytest.skip("needs the program ip")
    made = Host()
    yield made
    made.end()


@pytest.fixture(params=oci_hooks.RUNTIMES)
def runtime(request, host, folder):
    made = oci_hooks.runtime(request.param, folder)
    own = made.prefix
    made.prefix = host.prefix() + own
    yield made
    host.end()
    made.prefix = own
    complaints = made.clean_up()
    assert request.param != "thole" or not complaints, "\n".join(complaints)


@pytest.fixture
def asking(bundle):
    """asking(SCRIPT, options): a bundle with the hook in both stages."""
    def make(script, *options):
        made = bundle("/bin/sh", "-c", script)
        made.capabilities("CAP_NET_RAW", "CAP_KILL")
        for stage in ("createRuntime", "poststop"):
            oci_hooks.hook(made, stage, oci_hooks.path("network"), *options)
        return made

    return make


def test_a_bridge_and_a_veth_pair(runtime, host, asking):
    made = asking(f"ip -o addr show dev lan; ip route; ping -c 1 -W 30 {SUBNET}.1 >/dev/null && echo reached",
                  *BRIDGE, "--interface", "lan")
    printed = runtime.run(made).ok().out
    assert f"inet {SUBNET}.2/24" in printed and f"default via {SUBNET}.1 dev lan" in printed
    assert printed.endswith("reached\n")
    assert host.interfaces() == {"lo", "web0"}


def test_without_an_address_the_link_is_up(runtime, host, asking):
    printed = runtime.run(asking("ip -o link show dev eth0; ip -o -4 addr show dev eth0")).ok().out
    assert "UP" in printed and "inet " not in printed
    assert host.interfaces() == {"lo", "thole0"}


def test_a_list_of_plugins(runtime, host, asking, folder):
    """The real bridge and host-local: the container has an address, which is free again at its end."""
    path = next((path for path in ("/usr/lib/cni", "/opt/cni/bin") if os.path.exists(path + "/bridge")), None)
    if not path:
        pytest.skip("needs the bridge plugin (package containernetworking-plugins)")
    plugin = {"type": "bridge", "bridge": "cni7", "isGateway": True,
              "ipam": {"type": "host-local", "dataDir": folder + "/ipam", "routes": [{"dst": "0.0.0.0/0"}],
                       "ranges": [[{"subnet": f"{SUBNET}.0/24"}]]}}
    write_list(folder, plugin, {"type": "loopback"})
    made = asking(f"ip -o addr show dev eth0; ping -c 1 -W 30 {SUBNET}.1 >/dev/null && echo reached",
                  "--cni", folder + "/list", "--cni-path", path, "--state", folder + "/results")
    printed = runtime.run(made).ok().out
    assert f"inet {SUBNET}.2/24" in printed and printed.endswith("reached\n")
    # The pair goes with the container's namespace, which the kernel takes apart some time after the last process.
    until(lambda: host.interfaces() == {"lo", "cni7"}, 60, "the end of the container's network namespace")
    assert not [name for name in os.listdir(folder + "/ipam/web") if name.startswith(SUBNET)]
    assert os.listdir(folder + "/results") == []


def write_list(folder, *plugins):
    with open(folder + "/list", "w", encoding="ascii") as target:
        json.dump({"cniVersion": "0.4.0", "name": "web", "plugins": plugins}, target)


@pytest.fixture
def plugins(folder):
    """plugins(NAME=SCRIPT): programs that note how they are called; returns the hook's options and the log."""
    def make(**scripts):
        os.mkdir(folder + "/plugins")
        for name, script in scripts.items():
            with open(f"{folder}/plugins/{name}", "w", encoding="ascii") as target:
                target.write(f"#!/bin/sh\necho \"$CNI_COMMAND {name} $CNI_CONTAINERID $CNI_IFNAME "
                             f"${{CNI_NETNS:+netns}}\" >>{folder}/calls\ncat >{folder}/$CNI_COMMAND.{name}\n{script}\n")
            os.chmod(target.name, 0o755)
        write_list(folder, *({"type": name, "own": {"list": [1, "two", True, None]}} for name in scripts))
        return ("--cni", folder + "/list", "--cni-path", folder + "/nothing:" + folder + "/plugins",
                "--state", folder + "/results")

    return make


def calls(folder, name):
    with open(folder + "/calls", encoding="ascii") as source:
        return [line.replace(name, "ID").split() for line in source]


def configuration(folder, call):
    with open(f"{folder}/{call}", encoding="ascii") as source:
        return json.load(source)


def test_plugins_are_called_as_the_specification_says(runtime, asking, plugins, folder):
    options = plugins(first="echo '{\"cniVersion\": \"0.4.0\", \"from\": \"first\"}'",
                      second="echo '{\"cniVersion\": \"0.4.0\", \"from\": \"second\"}'")
    runtime.run(asking("true", *options, "--interface", "lan")).ok()
    assert calls(folder, runtime.ids[0]) == [
        ["ADD", "first", "ID", "lan", "netns"], ["ADD", "second", "ID", "lan", "netns"],
        ["DEL", "second", "ID", "lan"], ["DEL", "first", "ID", "lan"]]
    assert configuration(folder, "ADD.first") == {"cniVersion": "0.4.0", "name": "web", "type": "first",
                                                  "own": {"list": [1, "two", True, None]}}
    assert configuration(folder, "ADD.second")["prevResult"]["from"] == "first"
    assert configuration(folder, "DEL.first")["prevResult"]["from"] == "second"


def test_a_plugin_that_fails_undoes_all(runtime, asking, plugins, folder):
    options = plugins(first="echo '{}'", second="echo '{\"code\": 7, \"msg\": \"no luck\"}'; exit 1")
    oci_hooks.refused(runtime, asking("echo started", *options), "plugin second: no luck")
    names = [call[:2] for call in calls(folder, runtime.ids[0])]
    assert names[:4] == [["ADD", "first"], ["ADD", "second"], ["DEL", "second"], ["DEL", "first"]]
    assert not os.path.exists(folder + "/results") or os.listdir(folder + "/results") == []


def test_a_failure_leaves_no_interface(runtime, host, asking):
    """The bridge is there, with another address: the container's route leads nowhere."""
    made = asking("echo started", *BRIDGE[:4], "--gateway", "203.0.113.1")
    oci_hooks.refused(runtime, made, "hook network: the container takes no default route: ")
    assert host.interfaces() == {"lo", "web0"}


def test_the_hosts_network_is_left_alone(runtime, host, asking):
    made = asking("echo started", *BRIDGE)
    made.without_namespace("network")
    oci_hooks.refused(runtime, made, "hook network: the container has no network namespace of its own")
    assert host.interfaces() == {"lo"}


BAD = {
    "bridge": (("--bridge", "-x"), '--bridge "-x": not the name of an interface'),
    "interface": (("--interface", "a/b"), '--interface "a/b": not the name of an interface'),
    "long name": (("--interface", "a" * 16), "not the name of an interface"),
    "address without length": (("--address", "198.51.100.2"), "not an address with the length"),
    "no address": (("--address", "x/24"), "not an address with the length"),
    "gateway alone": (("--gateway", "198.51.100.1"), "there is no --address"),
    "missing list": (("--cni", "/nowhere"), "/nowhere: No such file or directory"),
    "no list": (("--cni", "/dev/null"), "/dev/null: "),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused(thole, asking, case):
    options, complaint = BAD[case]
    oci_hooks.refused(thole, asking("echo started", *options), complaint)
