# SPDX-License-Identifier: Apache-2.0
"""Nothing is left behind when the runtime dies at any moment, and many can start at once."""
import concurrent.futures
import os
import random
import signal
import time

import pytest

from harness import traces
from harness.runtime import until


def duration(thole, bundle):
    """How long a create takes here, in seconds."""
    begin = time.monotonic()
    thole.create(bundle("/bin/sleep", "1000")).delete().ok()
    return time.monotonic() - begin


@pytest.mark.slow
@pytest.mark.parametrize("command", ["create", "run"])
def test_runtime_killed_at_a_random_moment(thole, bundle, command):
    """Whatever the runtime had done so far, `delete --force` removes it."""
    longest = duration(thole, bundle)
    generator = random.Random(20240131)
    made = bundle("/bin/sleep", "1000")
    for attempt in range(40):
        name = thole.new_id()
        made.linux["cgroupsPath"] = "/thole-test/" + name
        made.write()
        process = thole.start_process(command, "--bundle", made.path, name)
        time.sleep(generator.random() * longest)
        process.popen.kill()
        process.popen.wait()
        thole("delete", "--force", name).ok()
        complaints = traces.leftovers(thole.root, thole.folder)
        assert not complaints, f"attempt {attempt}: {complaints}"


@pytest.mark.slow
def test_runtime_killed_during_exec(thole, sleeper):
    container = sleeper()
    generator = random.Random(7)
    for _ in range(30):
        process = thole.start_process("exec", container.id, "/bin/true")
        time.sleep(generator.random() * 0.03)
        process.popen.kill()
        process.popen.wait()
    assert container.status == "running"
    assert container.exec("/bin/echo", "still here").ok().out == "still here\n"
    until(lambda: len(traces.descendants()) == 1, what="the end of half-made processes")


@pytest.mark.slow
def test_runtime_killed_during_delete(thole, sleeper):
    generator = random.Random(9)
    for _ in range(15):
        container = sleeper()
        process = thole.start_process("delete", "--force", container.id)
        time.sleep(generator.random() * 0.02)
        process.popen.kill()
        process.popen.wait()
        thole("delete", "--force", container.id).ok()


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_runtime_interrupted_during_create(thole, bundle, name):
    made = bundle("/bin/sleep", "1000")
    made.config["hooks"] = {"prestart": [{"path": "/bin/sleep", "args": ["sleep", "0.5"]}]}
    identity = thole.prepare(made)
    process = thole.start_process("create", "--bundle", made.path, identity)
    time.sleep(0.2)
    process.popen.send_signal(signal.Signals["SIG" + name])
    process.wait()
    thole("delete", "--force", identity).ok()


@pytest.mark.slow
def test_hundred_creates_at_once(thole, bundle):
    """All succeed, none sees another's state, and all are gone afterwards."""
    made = bundle("/bin/sleep", "1000")
    made.write()
    names = [thole.new_id() for _ in range(100)]

    def create(name):
        target = os.path.join(made.path, name + ".json")
        with open(os.path.join(made.path, "config.json"), encoding="utf-8") as source:
            text = source.read()
        with open(target, "w", encoding="utf-8") as copy:
            copy.write(text.replace("/thole-test/shared", "/thole-test/" + name))
        return thole("create", "--bundle", made.path, "--config", target, name)

    made.linux["cgroupsPath"] = "/thole-test/shared"
    made.write()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        for result in pool.map(create, names):
            result.ok()
    assert set(thole("list", "--quiet").ok().out.split()) == set(names)
    pids = {thole.state(name)["pid"] for name in names}
    assert len(pids) == 100
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        for result in pool.map(lambda name: thole("delete", "--force", name), names):
            result.ok()


@pytest.mark.slow
def test_one_id_created_by_many_at_once(thole, bundle):
    """Exactly one of them wins."""
    made = bundle("/bin/sleep", "1000")
    name = thole.prepare(made)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        results = list(pool.map(lambda _: thole("create", "--bundle", made.path, name), range(10)))
    assert sum(result.code == 0 for result in results) == 1
    assert thole.state(name)["status"] == "created"


@pytest.mark.slow
def test_starts_and_deletes_at_once(thole, bundle):
    """A container deleted while it is started is either running or gone, never half of both."""
    for _ in range(10):
        container = thole.create(bundle("/bin/sleep", "1000"))
        start = thole.start_process("start", container.id)
        delete = thole.start_process("delete", "--force", container.id)
        start.wait()
        delete.wait().ok()
        thole("state", container.id).failed("does not exist")


def test_runtime_killed_while_a_helper_holds_a_user_namespace(thole, bundle):
    """Id-mapped mounts need a namespace that only a process can make: it ends with the runtime, and
    has nothing of its lock."""
    made = bundle("/bin/sleep", "1000")
    for number in range(150):
        mapping = [{"containerID": 0, "hostID": 1000 + number, "size": 10}]
        made.mount(f"/many/{number}", "/usr", "bind", ["bind"], uidMappings=mapping,
                   gidMappings=mapping)
    generator = random.Random(11)
    for _ in range(30):
        name, process = thole.start_run(made)
        time.sleep(generator.random() * 0.2)
        process.popen.kill()
        process.popen.wait()
        thole("delete", "--force", name, timeout=10).ok()
        until(lambda: not traces.descendants(), what="the end of the helper")
