# SPDX-License-Identifier: Apache-2.0
"""lxc-ls: which containers, which columns, which form."""
import json

import pytest

COLUMNS = ["NAME", "STATE", "PID", "RAM", "SWAP", "AUTOSTART", "GROUPS", "INTERFACE", "IPV4", "IPV6",
           "UNPRIVILEGED", "TYPE"]
MEMBERS = ["name", "state", "pid", "ram_bytes", "swap_bytes", "autostart", "groups", "interfaces", "ipv4",
           "ipv6", "unprivileged", "type"]


@pytest.fixture
def zoo(lxc, live):
    """A container of each kind: {kind: name}."""
    running, frozen = live(), live()
    frozen("pause").ok()
    return {
        "stopped": lxc.define(["lxc.uts.name = x", "lxc.group = a b", "lxc.start.auto = 1"]),
        "running": lxc.define("lxc.group = a", name=running.id),
        "frozen": frozen.id,
        "idmapped": lxc.define(["lxc.idmap = u 0 100000 65536", "lxc.idmap = g 0 100000 65536"]),
    }


def names(lxc, *words):
    return lxc("ls", "-1", *words).ok().out.split()


WHICH = [
    ([], ["stopped", "running", "frozen", "idmapped"]),
    (["--active"], ["running", "frozen"]),
    (["--running"], ["running", "frozen"]),
    (["--frozen"], ["frozen"]),
    (["--stopped"], ["stopped", "idmapped"]),
    (["--running", "--frozen"], ["frozen"]),
    (["--stopped", "--frozen"], []),
    (["--defined"], ["stopped", "running", "idmapped"]),
    (["--defined", "--active"], ["running"]),
    (["--active", "--stopped"], []),
    (["-g", "a"], ["stopped", "running"]),
    (["-g", "a,b"], ["stopped"]),
    (["-g", "c"], []),
    (["--filter", "nothing"], []),
]


def test_which(lxc, zoo):
    for options, kinds in WHICH:
        assert names(lxc, *options) == sorted(zoo[kind] for kind in kinds), options


def test_names_match_a_regular_expression(lxc, zoo):
    one = zoo["stopped"]
    assert names(lxc, "--filter", f"^{one}$") == names(lxc, f"^{one}$") == [one]
    assert lxc("ls", "--filter", "[").failed("regex").code == 1


def test_names_fill_columns(lxc, zoo):
    """Without a terminal a name a line, padded to the longest; with -1 as they are."""
    width = max(len(name) for name in zoo.values())
    assert lxc("ls").ok().out == "".join(f"{name:{width}}\n" for name in sorted(zoo.values()))
    assert lxc("ls", "-1").ok().out == "".join(f"{name}\n" for name in sorted(zoo.values()))


def table(lxc, *words):
    out = lxc("ls", "-f", *words).ok().out
    heading, *rows = out.splitlines()
    ends = [i for i, c in enumerate(heading + " ") if c == " " and heading[i - 1:i] != " "]
    assert len({len(line) for line in out.splitlines()}) == 1, "the columns are aligned"
    assert all(line.endswith(" ") for line in out.splitlines()), "a blank ends every column"
    keys = heading.split()
    starts = [heading.index(key) for key in keys] + [len(heading)]
    assert ends
    return [{key: row[starts[i]:starts[i + 1]].rstrip() for i, key in enumerate(keys)}
            for row in rows]


def test_the_usual_table(lxc, zoo):
    rows = {row["NAME"]: row for row in table(lxc)}
    assert list(rows) == sorted(zoo.values())
    assert rows[zoo["stopped"]] == {
        "NAME": zoo["stopped"], "STATE": "STOPPED", "AUTOSTART": "1", "GROUPS": "a, b", "IPV4": "-",
        "IPV6": "-", "UNPRIVILEGED": "false"}
    assert rows[zoo["idmapped"]]["UNPRIVILEGED"] == "true"
    assert rows[zoo["frozen"]]["STATE"] == "FROZEN"


def test_every_column_alone_and_in_any_case(lxc, zoo):
    for column in COLUMNS:
        assert [list(row) for row in table(lxc, "-F", column.lower())] == [[column]] * len(zoo)


@pytest.mark.needs(controller="memory")
def test_columns_in_any_order(lxc, zoo, live):
    rows = {row["NAME"]: row for row in table(lxc, "-F", "type,pid,name,ram,swap,interface")}
    running = rows[zoo["running"]]
    assert list(running) == ["TYPE", "PID", "NAME", "RAM", "SWAP", "INTERFACE"]
    assert running["PID"].isdigit() and running["INTERFACE"] == "lo"
    assert running["RAM"].endswith("MB") and float(running["RAM"][:-2]) > 0
    assert running["TYPE"] == "oci" and rows[zoo["stopped"]]["TYPE"] == "lxc"
    assert rows[zoo["stopped"]]["PID"] == "-"


def test_a_column_that_there_is_not(lxc, zoo):
    """As LXC has it: a message, no table, success."""
    shown = lxc("ls", "-f", "-F", "pid,nonsense").ok()
    assert (shown.out, shown.err) == ("", "Invalid key: nonsense\n")


def test_nothing_to_list(lxc):
    for words in ([], ["-f"], ["-1"]):
        shown = lxc("ls", *words).ok()
        assert (shown.out, shown.err) == ("", "")
    assert json.loads(lxc("ls", "--format", "json").ok().out) == []


def test_json(lxc, zoo):
    """Numbers are numbers, lists are lists, and sizes are bytes."""
    rows = {row["name"]: row for row in json.loads(lxc("ls", "--format", "json").ok().out)}
    assert list(rows) == sorted(zoo.values())
    assert all(list(row) == MEMBERS for row in rows.values())
    stopped, frozen = rows[zoo["stopped"]], rows[zoo["frozen"]]
    assert stopped == {"name": zoo["stopped"], "state": "STOPPED", "pid": None, "ram_bytes": None,
                       "swap_bytes": None, "autostart": True, "groups": ["a", "b"], "interfaces": [],
                       "ipv4": [], "ipv6": [], "unprivileged": False, "type": stopped["type"]}
    assert isinstance(frozen["pid"], int) and "lo" in frozen["interfaces"]
    assert rows[zoo["idmapped"]]["unprivileged"] is True
    shown = json.loads(lxc("ls", "--format", "json", "-F", "state,name", "--frozen").ok().out)
    assert shown == [{"state": "FROZEN", "name": zoo["frozen"]}]


def test_a_configuration_that_cannot_be_read(lxc):
    """The container is listed, and a warning names the line."""
    name = lxc.define("lxc.nonsense = 1")
    shown = lxc("ls", "-f").ok()
    assert name in shown.out and "lxc.nonsense" in shown.err
