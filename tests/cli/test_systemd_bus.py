# SPDX-License-Identifier: Apache-2.0
"""What thole says to systemd over D-Bus, and what it makes of every kind of answer."""
import json
import os
import struct

import pytest

from harness import systemd
from harness.runtime import until

pytestmark = pytest.mark.needs(layout="unified")


@pytest.fixture(name="manager")
def fixture_manager(folder):
    """manager(...): a systemd of the test's own."""
    made = []

    def make(**options):
        made.append(systemd.Manager(os.path.join(folder, f"bus{len(made)}"), **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
        assert not one.mistakes, one.mistakes


@pytest.fixture(name="attempt")
def fixture_attempt(thole, bundle):
    """attempt(manager, command="run", ...): the result with that manager, and the scope's name."""

    def attempt(one, command="run", made=None, address=None, **environment):
        made = made or bundle("/bin/true")
        name = thole.new_id()
        made.linux["cgroupsPath"] = f"tholetest.slice:thole:{name}"
        made.linux.setdefault("resources", {})
        call = {"run": thole.run, "create": thole.try_create}[command]
        result = call(made, id=name, before=("--systemd-cgroup",),
                      env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address or one.address,
                           **environment})
        return result, f"thole-{name}.scope"

    return attempt


def test_a_unit_is_asked_for_once_and_stopped(manager, attempt):
    one = manager()
    result, scope = attempt(one)
    result.ok()
    methods = [method for method, _ in one.calls]
    assert methods == ["Hello", "AddMatch", "StartTransientUnit",
                       "Hello", "AddMatch", "StopUnit", "ResetFailedUnit"], methods
    (unit, mode, properties, others), = [v for m, v in one.calls if m == "StartTransientUnit"]
    properties = dict(properties)
    assert (unit, mode, others) == (scope, "fail", [])
    assert properties["Slice"] == ("s", "tholetest.slice")
    assert properties["Delegate"] == ("b", 1)
    assert properties["DefaultDependencies"] == ("b", 0)
    assert len(properties["PIDs"][1]) == 1


# text of an annotation -> what has to arrive
VALUES = [("true", ("b", 1)), ("false", ("b", 0)), ("7", ("i", 7)), ("int32 -7", ("i", -7)),
          ("uint32 4294967295", ("u", 4294967295)), ("int64 -1", ("x", -1)),
          ("uint64 18446744073709551615", ("t", 18446744073709551615)), ("'a'", ("s", "a")),
          ("''", ("s", "")), ("['a', 'bc', '']", ("as", ["a", "bc", ""])), ("[]", ("as", []))]


@pytest.mark.parametrize("text, wanted", VALUES)
def test_every_type_arrives(manager, attempt, bundle, text, wanted):
    """Each behind a string of another length, so that all ways to align it occur."""
    one = manager()
    made = bundle("/bin/true")
    for length in range(3, 11):
        made.config.setdefault("annotations", {})["org.systemd.property." + "X" * length] = text
    attempt(one, made=made)[0].ok()
    (_, _, properties, _), = [v for m, v in one.calls if m == "StartTransientUnit"]
    assert [v for k, v in properties if set(k) == {"X"}] == [wanted] * 8, properties


def test_an_address_may_be_escaped_and_not_the_first(manager, attempt):
    one = manager()
    path = one.address.split("=", 1)[1]
    address = "tcp:host=localhost;unix:guid=1;unix:path=" + path.replace("/", "%2f") + ",guid=12"
    attempt(one, address=address)[0].ok()


def error_of(name, text):
    return lambda serial, values: systemd.message(systemd.ERROR, 9, serial, error=name,
                                                  signature="s", body=systemd.string(text))


def job_that(result):
    def answer(serial, values):
        return systemd.Manager.job(answer, serial, values[0], result)

    answer.serial = 90
    answer.reply = lambda serial, *rest: systemd.message(systemd.RETURN, 91, serial,
                                                         signature=rest[0], body=rest[1])
    return answer


GOOD = systemd.message(systemd.RETURN, 5, 3, signature="o", body=systemd.string("/job"))
FAILURES = {
    "an error": ({"StartTransientUnit": error_of("org.x.No", "not today")}, "not today"),
    "an error without text": ({"StartTransientUnit": lambda serial, _: systemd.message(
        systemd.ERROR, 9, serial, error="org.x.No")}, "org.x.No"),
    "a job that fails": ({"StartTransientUnit": job_that("failed")}, 'ended with "failed"'),
    "no Hello": ({"Hello": error_of("org.x.Limits", "too many"), "StartTransientUnit": b""},
                 "too many"),
    "a hang-up": ({"StartTransientUnit": None}, "hung up"),
    "the other byte order": ({"StartTransientUnit": b"B" + GOOD[1:]}, "sends no message"),
    "a body of 4 GB": ({"StartTransientUnit": GOOD[:4] + b"\xff" * 4 + GOOD[8:]},
                       "sends no message"),
    "fields that end beyond": ({"StartTransientUnit": GOOD[:12] + struct.pack("<I", 7) + GOOD[16:]},
                               "sends no message"),
    "text": ({"StartTransientUnit": b"hello, world, this is no D-Bus message"}, "sends no message"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_what_fails_is_said_in_one_line_and_undone(manager, attempt, thole, kind):
    answers, text = FAILURES[kind]
    one = manager(answers=answers)
    result, scope = attempt(one, "create")
    result.failed(text)
    assert len(result.err.strip().splitlines()) == 1, result.err
    assert not os.path.isdir(f"{systemd.ROOT}/tholetest.slice/{scope}")
    assert json.loads(thole("list", "--format", "json").ok().out) == []


def test_a_refused_user_is_told(manager, attempt):
    attempt(manager(greeting=b"REJECTED EXTERNAL\r\n"), "create")[0].failed("refuses this user")


def test_without_a_bus(attempt):
    attempt(None, "create", address="unix:path=/nonexistent/bus")[0].failed(
        "connect to the system's D-Bus", "/nonexistent/bus")
    attempt(None, "create", address="tcp:host=localhost")[0].failed("its address is not known")


def test_other_messages_are_passed_over(manager, attempt):
    """Other signals in front of the answer, and between it and the end of the job."""
    one = manager()
    noise = systemd.message(systemd.SIGNAL, 3, member="UnitNew", signature="so",
                            body=systemd.pad(systemd.string("x"), 4) + systemd.string("/y"))
    usual = one.StartTransientUnit
    one.answers["StartTransientUnit"] = lambda serial, values: (
        noise + noise + usual(serial, values) + noise)
    attempt(one)[0].ok()
    assert "StopUnit" in [method for method, _ in one.calls]


@pytest.mark.needs(controller="cpu")
def test_a_limit_is_exact_although_systemd_writes_it_rounded_and_late(manager, attempt, thole):
    directories, written = [], []

    def start(serial, values):
        for above in (systemd.ROOT, os.path.join(systemd.ROOT, "tholetest.slice")):
            os.makedirs(above, exist_ok=True)
            with open(above + "/cgroup.subtree_control", "w", encoding="ascii") as target:
                target.write("+cpu")
        directories.append(os.path.join(above, values[0]))
        return one.usual(serial, values)

    def carry_out():
        with open(directories[0] + "/cpu.max", "w", encoding="ascii") as target:
            written.append(target.write("34000 100000"))

    one = manager(carry_out=carry_out)
    one.usual = one.StartTransientUnit
    one.answers["StartTransientUnit"] = start
    result, _ = attempt(one, "create")
    result.ok()
    thole("update", "--cpu-quota", "33333", thole.ids[0],
          env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": one.address}).ok()
    until(lambda: written, 10, "what systemd writes")
    with open(directories[0] + "/cpu.max", encoding="ascii") as source:
        assert source.read() == "33333 100000\n"
