# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: network devices that move into the container. The runtime's network is one that only the test has."""
import contextlib
import subprocess

import pytest

from harness.network import View
from sentences import sentence

DEVICES = ("config-linux.md", "Network Devices")
LIFE = ("config-linux.md", "Namespace Lifecycle and Container Termination")

pytestmark = [pytest.mark.needs(program="ip"), pytest.mark.needs(program="nsenter")]


class Network(View):
    """A network namespace that a sleeping process keeps, with the veth pair wire0 and wire1."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo in; exec sleep 1000"],
                                        stdout=subprocess.PIPE)
        assert self.process.stdout.read(3) == b"in\n"
        super().__init__(self.process.pid)
        self.path = f"/proc/{self.process.pid}/ns/net"
        try:
            self.change("link", "add", "wire0", "type", "veth", "peer", "name", "wire1")
        except subprocess.CalledProcessError:
            self.end()
            pytest.skip("needs veth devices, which this kernel does not make")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def networks(count):
    made = [Network() for _ in range(count)]
    try:
        yield made
    finally:
        for network in made:
            network.end()


@pytest.fixture
def network(runtime):
    """The network that the runtime runs in."""
    with networks(1) as (made,):
        runtime.prefix = made.enter
        yield made
        runtime.prefix = []


@pytest.fixture
def moving(bundle):
    """A bundle that asks for wire0, which sleeps; keywords are members of the device."""

    def make(host_name="wire0", **members):
        made = bundle("/bin/sleep", "1000")
        made.linux["netDevices"] = {host_name: members}
        return made

    return make


def inside(container):
    return View(container.pid)


@sentence(*DEVICES, "netDevices (object, OPTIONAL) - A set of network devices that MUST be made available")
def test_a_device_moves(runtime, network, moving):
    container = runtime.launch(moving())
    assert set(network.links()) == {"wire1"}
    assert "wire0" in inside(container).links()


@sentence(*DEVICES, "netDevices (object, OPTIONAL) - A set of network devices that MUST be made available")
def test_all_devices_of_the_set_move(runtime, network, moving):
    made = moving()
    made.linux["netDevices"]["wire1"] = {}
    container = runtime.launch(made)
    assert network.links() == {}
    assert {"wire0", "wire1"} <= set(inside(container).links())


@sentence(*DEVICES, "name (string, OPTIONAL) - the name of the network device inside the container",
          note="the host's name without it")
@pytest.mark.parametrize("members, name", [({}, "wire0"), ({"name": "eth9"}, "eth9")])
def test_name(runtime, network, moving, members, name):
    container = runtime.launch(moving(**members))
    assert {"wire0", "eth9"}.intersection(inside(container).links()) == {name}
    assert "wire0" not in network.links()


@sentence(*DEVICES, "The runtime MUST check if moving the network interface to the container namespace")
@pytest.mark.parametrize("case", ["no such device", "no network namespace", "a device that stays", "too long"])
def test_what_cannot_move_is_an_error(runtime, network, moving, case):
    """Nothing has moved then, whatever else was asked for."""
    made = moving()
    if case == "no such device":
        made.linux["netDevices"]["wire7"] = {}
    elif case == "a device that stays":
        made.linux["netDevices"]["lo"] = {"name": "lo9"}
    elif case == "too long":
        made.linux["netDevices"]["wire1"] = {"name": "a" * 16}
    else:
        made.without_namespace("network")
    runtime.refuses(made)
    assert set(network.links()) == {"wire0", "wire1"}


@sentence(*DEVICES, "If a network device with the specified name already exists in the container namespace")
def test_a_name_that_exists_is_an_error(runtime, network, moving):
    with networks(1) as (target,):
        made = moving(name="wire1")
        made.namespace("network", target.path)
        runtime.refuses(made)
        assert set(network.links()) == set(target.links()) == {"wire0", "wire1"}


@sentence(*DEVICES, "If a network device with the specified name already exists in the container namespace")
def test_the_name_of_loopback_exists(runtime, network, moving):
    runtime.refuses(moving(name="lo"))
    assert "wire0" in network.links()


@sentence(*DEVICES, "In that case, the runtime MUST allow the move, and the kernel will generate")
@pytest.mark.parametrize("template, name", [("wire%d", "wire2"), ("new%d", "new0")])
def test_a_template_gives_a_new_name(runtime, network, moving, template, name):
    with networks(1) as (target,):
        made = moving(name=template)
        made.namespace("network", target.path)
        runtime.launch(made)
        assert set(target.links()) == {"wire0", "wire1", name}
        assert set(network.links()) == {"wire1"}


ADDRESSES = ["192.0.2.5/24 192.0.2.255", "198.51.100.9/32", "2001:db8::5/64"]
FLEETING = ("valid_lft", "1000", "preferred_lft", "1000")


@sentence(*DEVICES, "The runtime MUST preserve existing network interface attributes, including all")
def test_attributes_stay(runtime, network, moving):
    """Permanent global addresses as well, but not temporary ones and those of other scopes."""
    network.change("link", "set", "wire0", "mtu", "1300", "address", "02:00:00:12:34:56", "txqueuelen", "77",
                   "alias", "the alias")
    network.change("link", "set", "wire0", "up")
    for address in ADDRESSES:
        local, _, broadcast = address.partition(" ")
        network.change("addr", "add", local, *(["broadcast", broadcast] if broadcast else []), "dev", "wire0")
    network.change("addr", "add", "203.0.113.1/24", "dev", "wire0", "scope", "link")
    network.change("addr", "add", "2001:db8::99/64", "dev", "wire0", *FLEETING)
    before = network.links()["wire0"]
    view = inside(runtime.launch(moving(name="eth9")))
    after = view.links()["eth9"]
    for attribute in ("mtu", "address", "txqlen", "ifalias", "linkinfo", "link_type", "num_tx_queues"):
        assert after.get(attribute) == before.get(attribute), attribute
    assert view.addresses("eth9") == ADDRESSES


@sentence(*DEVICES, 'The runtime MUST set the network device state to "up" after moving it')
@pytest.mark.parametrize("state", ["down", "up"])
def test_the_device_is_up(runtime, network, moving, state):
    network.change("link", "set", "wire0", state)
    network.change("link", "set", "wire1", "up")
    view = inside(runtime.launch(moving()))
    assert "UP" in view.links()["wire0"]["flags"]


@sentence(*LIFE, "The runtime MUST NOT actively manage the interface's lifecycle and configuration")
def test_nobody_touches_the_device_afterwards(runtime, network, moving):
    """What somebody changes inside stays, through start and exec, and nothing is added to it."""
    container = runtime.create(moving())
    view = inside(container)
    assert view.addresses("wire0") == [] and view.routes() == set()
    view.change("link", "set", "wire0", "down")
    view.change("link", "set", "wire0", "name", "mine")
    view.change("addr", "add", "192.0.2.7/24", "dev", "mine")
    container.start()
    container.exec("/bin/true").ok()
    link = view.links()["mine"]
    assert "UP" not in link["flags"] and view.addresses("mine") == ["192.0.2.7/24"]
    assert "wire0" not in view.links()
    assert network.links().keys() == {"wire1"}


@sentence(*LIFE, "The runtime MUST NOT attempt to move the interface out of the namespace before deletion")
@pytest.mark.parametrize("end", ["kill", "delete --force"])
def test_the_device_stays_in_its_namespace(runtime, network, moving, end):
    """In one that goes on it stays; one that ends takes a virtual device with it."""
    with networks(1) as (target,):
        made = moving(name="eth9")
        made.namespace("network", target.path)
        container = runtime.launch(made)
        if end == "kill":
            container("kill", "KILL").ok()
            container.wait_stopped()
            assert "eth9" in target.links()
            container.delete().ok()
        else:
            container.delete("--force").ok()
        assert "eth9" in target.links()
        assert set(network.links()) == {"wire1"}
