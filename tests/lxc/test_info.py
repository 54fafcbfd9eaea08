# SPDX-License-Identifier: Apache-2.0
"""lxc-info: every option, for containers with and without a configuration."""
import json
import re
import subprocess

import pytest

SIZE = re.compile(r"^\d+ bytes$|^\d+\.\d\d [KMG]iB$")


@pytest.fixture
def veth(lxc, live, bundle):
    """A running container with one end of a veth pair in its network namespace."""
    container = live()
    pid = str(container.pid)
    host, inside = f"vi{pid}h"[:15], f"vi{pid}c"[:15]
    subprocess.run(["ip", "link", "add", host, "type", "veth", "peer", "name", inside, "netns",
                    pid], check=True)
    subprocess.run(["ip", "link", "set", host, "up"], check=True)
    enter = ["nsenter", "-t", pid, "-n", "ip"]
    subprocess.run(enter + ["addr", "add", "10.98.7.2/24", "dev", inside], check=True)
    subprocess.run(enter + ["addr", "add", "fd00:77::2/64", "dev", inside, "nodad"], check=True)
    subprocess.run(enter + ["link", "set", inside, "up"], check=True)
    container.host_link = host
    return container


def lines(lxc, *words):
    return lxc("info", *words).ok().out.splitlines()


@pytest.mark.needs(controller="memory")
def test_labels_are_in_one_column(lxc, veth):
    """Name, state, pid, addresses, use, links: LXC's labels, each padded to 15, in its order."""
    shown = lines(lxc, veth.id)
    assert all(line[15] == " " and line[16] != " " for line in shown), shown
    labels = [line[:15].rstrip() for line in shown]
    optional = {"BlkIO use:", "KMem use:"}
    assert [label for label in labels if label not in optional] == [
        "Name:", "State:", "PID:", "IP:", "IP:", "CPU use:", "Memory use:", "Link:", " TX bytes:",
        " RX bytes:", " Total bytes:"]
    values = {line[:15].rstrip(): line[16:] for line in shown}
    assert values["Link:"] == veth.host_link
    assert {line[16:] for line in shown if line.startswith("IP:")} == {"10.98.7.2", "fd00:77::2"}
    assert re.fullmatch(r"\d+\.\d\d seconds", values["CPU use:"])
    for label in ("Memory use:", " TX bytes:", " RX bytes:", " Total bytes:"):
        assert SIZE.match(values[label]), (label, values)


@pytest.mark.needs(controller="memory")
def test_raw_numbers(lxc, veth):
    """-H: nanoseconds and bytes; sent and received add up."""
    values = {line[:15].rstrip(): line[16:] for line in lines(lxc, "-H", veth.id)}
    for label in ("CPU use:", "Memory use:", " TX bytes:", " RX bytes:", " Total bytes:"):
        assert values[label].isdigit(), (label, values)
    assert int(values[" TX bytes:"]) + int(values[" RX bytes:"]) == int(values[" Total bytes:"])
    assert int(values["Memory use:"]) > 4096


@pytest.mark.parametrize("options,labels", [
    ("-s", ["State:"]), ("-p", ["PID:"]), ("-i", ["IP:", "IP:"]), ("-sp", ["State:", "PID:"]),
    ("-ps", ["State:", "PID:"]), ("-spi", ["State:", "PID:", "IP:", "IP:"]),
])
def test_parts(lxc, veth, options, labels):
    """What is asked for is shown, in the same order whatever the order of the options."""
    assert [line[:15].rstrip() for line in lines(lxc, options, veth.id)] == labels
    if len(options) == 2:
        assert all(line[15:16] != " " or ":" not in line[:15]
                   for line in lines(lxc, options, "-H", veth.id))


def test_statistics_alone(lxc, veth):
    labels = [line[:15].rstrip() for line in lines(lxc, "-S", veth.id)]
    assert labels[0] == "CPU use:" and labels[-1] == " Total bytes:" and "IP:" not in labels
    assert lines(lxc, "-S", "-H", veth.id)[0].startswith("CPU use:")


def test_stopped(lxc):
    name = lxc.define("lxc.uts.name = x")
    assert lines(lxc, name) == [f"Name:           {name}", "State:          STOPPED"]
    assert lines(lxc, "-p", name) == lines(lxc, "-i", name) == lines(lxc, "-S", name) == []


def test_configuration_keys(lxc):
    name = lxc.define(["lxc.uts.name = web", "lxc.group = a", "lxc.group = b"])
    assert lxc("info", name, "-c", "lxc.uts.name").ok().out == "lxc.uts.name = web\n"
    assert lxc("info", name, "-c", "lxc.uts.name", "-H").ok().out == "web\n"
    assert lxc("info", name, "-c", "lxc.environment").ok().out == "lxc.environment =\n"
    assert lxc("info", name, "-c", "lxc.group").ok().out == "lxc.group = a\nb\n\n"
    wrong = lxc("info", name, "-c", "lxc.nonsense", "-c", "lxc.uts.name").ok()
    assert (wrong.out, wrong.err) == ("lxc.uts.name = web\n", "lxc.nonsense invalid\n")


def test_the_configuration_of_a_call(lxc, tmp_path):
    """--rcfile is read in place of the stored one."""
    name = lxc.define("lxc.uts.name = stored")
    other = tmp_path / "other.conf"
    other.write_text("lxc.uts.name = given\n")
    assert lxc("info", name, "--rcfile", other, "-c", "lxc.uts.name", "-H").ok().out == "given\n"


@pytest.mark.needs(controller="memory")
def test_json_of_keys(lxc):
    """Single values are strings, lists are lists, what is not set is null or empty, the rest is as without -c."""
    name = lxc.define(["lxc.uts.name = \"web\"", "lxc.group = a b", "lxc.group = c", "lxc.environment = A=1, 2",
                       "lxc.mount.auto = proc sys", "lxc.init.groups = 1,2", "lxc.prlimit.nofile = 10",
                       "lxc.net.0.type = empty"])
    keys = {"lxc.uts.name": "web", "lxc.group": ["a", "b", "c"], "lxc.environment": ["A=1, 2"],
            "lxc.mount.auto": ["proc", "sys"], "lxc.init.groups": ["1", "2"], "lxc.prlimit.nofile": "10",
            "lxc.prlimit": ["lxc.prlimit.nofile = 10"], "lxc.net": ["empty"], "lxc.net.0.type": "empty",
            "lxc.arch": None, "lxc.cap.drop": [], "lxc.ephemeral": "0"}
    shown = lxc("info", "--format", "json", name, *(word for key in keys for word in ("-c", key)), "-c", "lxc.nonsense")
    assert shown.code == 0 and shown.err == "lxc.nonsense invalid\n"
    assert json.loads(shown.out)["config"] == keys
    assert json.loads(shown.out)["state"] == "STOPPED"


def test_json(lxc, veth):
    shown = json.loads(lxc("info", "--format", "json", veth.id).ok().out)
    assert (shown["name"], shown["state"], shown["pid"]) == (veth.id, "RUNNING", veth.pid)
    assert sorted(shown["ips"]) == ["10.98.7.2", "fd00:77::2"]
    assert shown["links"][0]["host_name"] == veth.host_link
    assert shown["memory_bytes"] > 4096 and shown["cpu_nanoseconds"] > 0
    name = lxc.define("lxc.uts.name = x")
    assert json.loads(lxc("info", "--format", "json", name).ok().out) == {
        "name": name, "state": "STOPPED", "ips": [], "links": []}
    lxc("info", "--format", "yaml", name).failed("text|json")
