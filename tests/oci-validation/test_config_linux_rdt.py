# SPDX-License-Identifier: Apache-2.0
"""config-linux.md: Intel RDT, by what the runtime does in a stand-in for resctrl (resctrl.c)."""
import os

import pytest

from features_document import features  # noqa: F401
from resctrl_standin import SCHEMATA, resctrl, resctrl_program  # noqa: F401
from sentences import sentence

RDT = ("config-linux.md", "IntelRdt")
IS_RDT = sentence(*RDT, "intelRdt (object, OPTIONAL) represents the Intel Resource Director Technology")
CLOS = sentence(*RDT, "closID (string, OPTIONAL) - specifies the identity for RDT Class of Service (CLOS)")
L3 = sentence(*RDT, "l3CacheSchema (string, OPTIONAL) - specifies the schema for L3 cache id")
MB = sentence(*RDT, "memBwSchema (string, OPTIONAL) - specifies the schema of memory bandwidth")
LINES = sentence(*RDT, "schemata (array of strings, OPTIONAL) - specifies the schemata to be written")
EITHER = sentence(*RDT, "If either l3CacheSchema or memBwSchema is set, runtimes MUST write the value")
LAST = sentence(*RDT, "If schemata field is set, runtimes MUST write the value to the schemata file")
MONITORING = sentence(*RDT, "enableMonitoring (boolean, OPTIONAL) - enables resctrl monitoring")

CACHE, BANDWIDTH, OTHER_CACHE = "L3:0=7;1=7", "MB:0=20;1=70", "L3:0=3;1=3"


def asking(bundle, **members):
    made = bundle("/bin/sleep", "1000")
    made.linux["intelRdt"] = members
    return made


def has_task(resctrl, file, container):
    """The process is the only one in the file, or the ended one that it came from and has its class from."""
    pids = resctrl.read(file).split()
    return len(pids) == 1 and (pids[0] == str(container.pid) or not os.path.exists(f"/proc/{pids[0]}"))


@IS_RDT
@CLOS
@sentence(*RDT, "If intelRdt is set, the runtime MUST write the container process ID to the tasks file")
def test_the_process_is_in_the_class(runtime, bundle, resctrl):
    container = runtime.launch(asking(bundle, closID=resctrl.group("gold")))
    assert has_task(resctrl, "gold/tasks", container)
    assert resctrl.read("tasks") == ""


@sentence(*RDT, "If no mounted resctrl pseudo-filesystem is available in the runtime mount namespace")
@pytest.mark.parametrize("members", [{}, {"closID": "gold"}, {"schemata": [CACHE]}, {"enableMonitoring": True}],
                         ids=["nothing", "a class", "schemata", "monitoring"])
def test_without_resctrl(runtime, bundle, members):
    if os.path.exists("/sys/fs/resctrl/schemata"):
        pytest.skip("resctrl is mounted here")
    runtime.refuses(asking(bundle, **members))


@sentence(*RDT, "If intelRdt is not set, the runtime MUST NOT manipulate any resctrl pseudo-filesystems")
def test_unasked(runtime, bundle, resctrl):
    resctrl.group("gold")
    before = resctrl.tree()
    container = runtime.launch(bundle("/bin/sleep", "1000"))
    container.exec("/bin/true").ok()
    container.delete("--force").ok()
    assert resctrl.tree() == before and resctrl.log() == []


@CLOS
@sentence(*RDT, "value / means that the container MUST be assigned to the default CLOS")
def test_the_default_class(runtime, bundle, resctrl):
    container = runtime.launch(asking(bundle, closID="/"))
    assert has_task(resctrl, "tasks", container)
    assert not resctrl.has(container.id)
    container.delete("--force").ok()
    assert resctrl.has("") and resctrl.has("mon_groups")


# id: (sentences, members, the lines in the order in which they are written)
WRITTEN = {
    "cache": ([L3, EITHER], {"l3CacheSchema": CACHE}, [CACHE]),
    "bandwidth": ([MB, EITHER], {"memBwSchema": BANDWIDTH}, [BANDWIDTH]),
    "both": ([sentence(*RDT, "If both l3CacheSchema and memBwSchema are set, runtimes MUST write"),
              sentence(*RDT, "The runtimes MUST write l3CacheSchema first and memBwSchema last")],
             {"memBwSchema": BANDWIDTH, "l3CacheSchema": CACHE}, [CACHE, BANDWIDTH]),
    "schemata": ([LINES, LAST], {"schemata": [BANDWIDTH, CACHE]}, [BANDWIDTH, CACHE]),
    "schemata after the others": (
        [LAST, sentence(*RDT, "If also l3CacheSchema or memBwSchema is set the value of schemata field must be")],
        {"schemata": [OTHER_CACHE], "memBwSchema": BANDWIDTH, "l3CacheSchema": CACHE},
        [CACHE, BANDWIDTH, OTHER_CACHE]),
}


@pytest.mark.parametrize("clos", [None, "silver"])
@pytest.mark.parametrize("members, lines", [
    pytest.param(*row, id=name, marks=marks) for name, (marks, *row) in WRITTEN.items()])
def test_lines_of_schemata(runtime, bundle, resctrl, clos, members, lines):
    """Into the group of the container, and into no other."""
    container = runtime.launch(asking(bundle, **members, **({"closID": clos} if clos else {})))
    group = clos or container.id
    assert resctrl.log(f"{group}/schemata") == lines
    assert [line for line in resctrl.log() if "schemata " in line and not line.startswith(group)] == []
    assert resctrl.read("schemata") == SCHEMATA


@sentence(*RDT, "If none of l3CacheSchema, memBwSchema or schemata is set, runtimes MUST NOT write")
@pytest.mark.parametrize("members", [{}, {"closID": "gold"}, {"closID": "/"}, {"enableMonitoring": True}],
                         ids=["own class", "a class", "the default class", "monitoring"])
def test_nothing_is_written_unasked(runtime, bundle, resctrl, members):
    resctrl.group("gold")
    runtime.launch(asking(bundle, **members))
    assert [line for line in resctrl.log() if "schemata " in line] == []


@sentence(*RDT, "If closID is not set, runtimes MUST use the container ID from start and create")
@sentence(*RDT, "If closID is not set and the runtime has created the sub-directory, the runtime MUST remove")
@pytest.mark.parametrize("members", [{}, {"schemata": [CACHE]}], ids=["nothing", "schemata"])
def test_a_class_of_its_own(runtime, bundle, resctrl, members):
    container = runtime.launch(asking(bundle, **members))
    assert has_task(resctrl, f"{container.id}/tasks", container)
    container.delete("--force").ok()
    assert not resctrl.has(container.id)


@sentence(*RDT, "if closID directory in a mounted resctrl pseudo-filesystem doesn't exist, the runtimes MUST")
@sentence(*RDT, "If closID is set or the runtime has not created the sub-directory, the runtime MUST NOT remove")
def test_a_class_that_is_made(runtime, bundle, resctrl):
    container = runtime.launch(asking(bundle, closID="silver", l3CacheSchema=CACHE))
    assert has_task(resctrl, "silver/tasks", container)
    container.delete("--force").ok()
    assert resctrl.has("silver")


@sentence(*RDT, "if closID directory in a mounted resctrl pseudo-filesystem exists, runtimes MUST compare")
@pytest.mark.parametrize("members", [{"l3CacheSchema": CACHE}, {"memBwSchema": BANDWIDTH},
                                     {"l3CacheSchema": CACHE, "memBwSchema": BANDWIDTH}],
                         ids=["cache", "bandwidth", "both"])
@pytest.mark.parametrize("same", [True, False])
def test_a_class_that_exists(runtime, bundle, resctrl, members, same):
    """With the values that are asked for; with another one it is an error, and is left alone."""
    present = SCHEMATA
    for value, former in ((members.get("l3CacheSchema"), "L3:0=7ff;1=7ff"),
                          (members.get("memBwSchema"), "MB:0=100;1=100")):
        present = present.replace(former, value) if value else present
    resctrl.group("gold", present if same else SCHEMATA)
    made = asking(bundle, closID="gold", **members)
    if same:
        container = runtime.launch(made)
        assert has_task(resctrl, "gold/tasks", container)
    else:
        runtime.refuses(made)
        assert resctrl.read("gold/tasks") == ""
    assert resctrl.read("gold/schemata") == (present if same else SCHEMATA)


@sentence(*RDT, "If closID is set, and none of l3CacheSchema, memBwSchema or schemata are set, runtime MUST")
@sentence(*RDT, "If such pre-configured directory closID exists, runtime MUST assign container to this closID")
@pytest.mark.parametrize("exists", [True, False])
def test_a_class_alone_has_to_be_there(runtime, bundle, resctrl, exists):
    if exists:
        resctrl.group("gold")
        container = runtime.launch(asking(bundle, closID="gold"))
        assert has_task(resctrl, "gold/tasks", container)
    else:
        runtime.refuses(asking(bundle, closID="gold"))
        assert not resctrl.has("gold")


@sentence(*RDT, "If closID is set or the runtime has not created the sub-directory, the runtime MUST NOT remove")
@pytest.mark.parametrize("own_name", [True, False])
def test_a_class_of_others_stays(runtime, bundle, resctrl, own_name):
    made = asking(bundle) if own_name else asking(bundle, closID="gold")
    name = runtime.new_id()
    group = resctrl.group(name if own_name else "gold")
    container = runtime.launch(made, id=name)
    assert has_task(resctrl, f"{group}/tasks", container)
    container.delete("--force").ok()
    assert resctrl.has(group)


@MONITORING
@sentence(*RDT, "If enableMonitoring is set, the runtime MUST create a dedicated MON group for the container")
@sentence(*RDT, "The runtime MUST use the container ID from start as the name of the MON group")
@sentence(*RDT, "The runtime MUST delete the MON group after the container is deleted")
@pytest.mark.parametrize("clos", [None, "gold", "/"])
def test_monitoring(runtime, bundle, resctrl, clos):
    """In the class that the container is in: its own, another one, the default one."""
    resctrl.group("gold")
    container = runtime.launch(asking(bundle, enableMonitoring=True, **({"closID": clos} if clos else {})))
    group = {None: f"{container.id}/", "gold": "gold/", "/": ""}[clos] + f"mon_groups/{container.id}"
    assert has_task(resctrl, f"{group}/tasks", container)
    container.delete("--force").ok()
    assert not resctrl.has(group)
    assert resctrl.has("gold/mon_groups") and resctrl.has("mon_groups")


@MONITORING
def test_no_monitoring_unasked(runtime, bundle, resctrl):
    container = runtime.launch(asking(bundle, closID=resctrl.group("gold"), enableMonitoring=False))
    assert not resctrl.has(f"gold/mon_groups/{container.id}")


@sentence(*RDT, "If creation of the MON group fails (e.g. the maximum number of MON groups is reached)")
def test_no_room_for_monitoring(runtime, bundle, resctrl):
    resctrl.group("gold")
    resctrl.is_full()
    runtime.refuses(asking(bundle, closID="gold", enableMonitoring=True))


@pytest.mark.parametrize("members", [
    pytest.param({"memBwSchema": CACHE}, id="bandwidth without MB", marks=sentence(
        *RDT, "The value MUST start with MB: and MUST NOT contain newlines")),
    pytest.param({"memBwSchema": f"{BANDWIDTH}\n{CACHE}"}, id="bandwidth of two lines", marks=sentence(
        *RDT, "The value MUST start with MB: and MUST NOT contain newlines")),
    pytest.param({"schemata": [f"{CACHE}\n{BANDWIDTH}"]}, id="schemata of two lines", marks=sentence(
        *RDT, "The value MUST NOT contain newlines"))])
def test_lines_that_are_refused(runtime, bundle, resctrl, members):
    runtime.refuses(asking(bundle, **members))
    assert [line for line in resctrl.log() if "schemata " in line] == []


def of_features(words):
    return sentence("features-linux.md", "Intel RDT", words)


@pytest.mark.parametrize("member, value, used", [
    pytest.param("schemata", [CACHE], lambda resctrl, name: resctrl.log(f"{name}/schemata") == [CACHE],
                 marks=of_features("schemata (bool, OPTIONAL) represents whether the (schemata field")),
    pytest.param("monitoring", True, lambda resctrl, name: resctrl.has(f"{name}/mon_groups/{name}"),
                 marks=of_features("monitoring (bool, OPTIONAL) represents whether the (enableMonitoring"))])
def test_what_features_says(runtime, bundle, resctrl, features, member, value, used):
    said = features.required("linux", "intelRdt", member)
    container = runtime.launch(asking(bundle, **{{"monitoring": "enableMonitoring"}.get(member, member): value}))
    assert used(resctrl, container.id) == said
