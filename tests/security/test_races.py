# SPDX-License-Identifier: Apache-2.0
"""Another container swaps a directory of a shared volume for a link to the host, while the runtime works
in that directory: CVE-2021-30465, CVE-2024-45310, CVE-2025-52565."""
import os
import pty
import re
import subprocess

import pytest

from harness.runtime import Process

pytestmark = [pytest.mark.needs(root=True), pytest.mark.slow]

# How often a container is run in each kind of race: one that uses a path twice falls within a few rounds.
ROUNDS = int(os.environ.get("THOLE_TEST_ROUNDS", "3")) * 7
SWAP = ("import ctypes, os\nlibc = ctypes.CDLL(None)\nprint(flush=True)\n"
        "while True: libc.renameat2(-100, b'a', -100, b'link', 2)")


def contents(top):
    """Everything below it, with what is in the files."""
    found = {}
    for folder, folders, names in os.walk(top):
        for name in folders + names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, encoding="ascii") as source:
                    found[path] = source.read()
            else:
                found[path] = os.lstat(path).st_mode
    return found


def fill(folder, text):
    """What the volume, the container and the host have under the same name."""
    os.makedirs(folder + "/there")
    for name in ("secret", "file"):
        with open(f"{folder}/{name}", "w", encoding="ascii") as target:
            target.write(text)


class Race:
    """A volume with a directory `a` and a link that change places all the time. Where the link leads
    there is the same on the host as in the container, so that no round can fail for what is missing."""

    def __init__(self, folder, made):
        self.made = made
        self.outside = os.path.join(folder, "outside")
        self.volume = os.path.join(folder, "volume")
        fill(self.outside + "/b", "of the host\n")
        fill(self.volume + "/a/b", "inside\n")
        fill(made.rootfs + self.outside + "/b", "inside\n")
        os.symlink("../" * 40 + self.outside.lstrip("/"), self.volume + "/link")
        self.before = contents(self.outside)
        self.swapper = subprocess.Popen(["/usr/bin/python3", "-c", SWAP], cwd=self.volume,
                                        stdout=subprocess.PIPE)
        self.swapper.stdout.readline()
        made.mount("/vol", self.volume, "bind", ["rbind"])

    def end(self):
        self.swapper.kill()
        self.swapper.communicate()


@pytest.fixture(params=["pivot", "emptied"])
def race(request, folder, bundle):
    """Entering the root by pivot_root(2) keeps the host in sight to the end, the other way does not."""
    made = bundle("/bin/cat", "/proc/self/mountinfo")
    if request.param == "pivot":
        made.config["hooks"] = {"createContainer": [{"path": "/bin/true"}]}
    one = Race(folder, made)
    yield one
    one.end()


def mounted(out, word):
    """Whether the container sees a mount with that word in its line."""
    return any(word in line for line in out.splitlines())


# Each sets up one round in the directory /vol/a/b, and returns what must be seen if the round succeeds.

def bind(race, number):
    source = os.path.join(os.path.dirname(race.volume), "marked")
    os.makedirs(source, exist_ok=True)
    race.made.config["mounts"] = race.made.config["mounts"][:7]
    race.made.mount("/vol/a/b/there", source, "bind", ["bind"])
    return lambda out: mounted(out, "/marked ")


def bind_on_a_new_place(race, number):
    seen = bind(race, number)
    race.made.config["mounts"][-1]["destination"] = f"/vol/a/b/new{number}/deeper"
    return seen


def file_on_a_new_place(race, number):
    seen = bind_on_a_new_place(race, number)
    source = os.path.join(os.path.dirname(race.volume), "marked-file")
    with open(source, "w", encoding="ascii"):
        race.made.config["mounts"][-1]["source"] = source
    return lambda out: mounted(out, "/marked-file ")


def filesystem(race, number):
    race.made.config["mounts"] = race.made.config["mounts"][:7]
    race.made.mount("/vol/a/b/there", "marked", "tmpfs", ["size=64k"])
    return lambda out: mounted(out, "tmpfs marked ")


def copy_up(race, number):
    filesystem(race, number)
    race.made.config["mounts"][-1].update(destination="/vol/a/b", options=["tmpcopyup"])
    race.made.process["args"] = ["/bin/sh", "-c", "cat /vol/a/b/secret /vol/link/b/secret"]
    return lambda out: "host" not in out


def device(race, number):
    race.made.linux["devices"] = [{"path": f"/vol/a/b/node{number}", "type": "c", "major": 1, "minor": 3}]
    return lambda out: True


def mask(race, number):
    race.made.linux["maskedPaths"] = ["/vol/a/b/secret"]
    return lambda out: mounted(out, "/b/secret ")


def protect(race, number):
    race.made.linux["readonlyPaths"] = ["/vol/a/b/there"]
    return lambda out: mounted(out, "/b/there ro")


def working_directory(race, number):
    race.made.process["cwd"] = f"/vol/a/b/made{number}"
    return None  # which may be another one by the time it is entered


def console(race, number):
    """A link of the image leads /dev/console into the directory."""
    race.made.process["terminal"] = True
    if number == 0:
        os.symlink("/vol/a/b/file", race.made.rootfs + "/dev/console")
        next(entry for entry in race.made.config["mounts"]
             if entry["destination"] == "/dev")["options"].append("tmpcopyup")
    return lambda out: re.search(r" /[0-9]+ \S*/b/file .* - devpts ", out)


def run(thole, made):
    if not made.process["terminal"]:
        return thole.run(made)
    master, inner = pty.openpty()
    try:
        name = thole.prepare(made)
        process = Process([thole.path, "--root", thole.root, "run", "--bundle", made.path, name],
                          stdin=inner)
        thole.processes.append(process)
        return process.wait()
    finally:
        os.close(master)
        os.close(inner)


KINDS = [bind, bind_on_a_new_place, file_on_a_new_place, filesystem, copy_up, device, mask, protect,
         working_directory, console]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_nothing_of_the_host_is_reached(thole, race, kind):
    for number in range(ROUNDS):
        seen = kind(race, number)
        result = run(thole, race.made)
        assert contents(race.outside) == race.before, f"round {number} changed the host"
        if seen is not None:
            assert seen(result.ok().out), f"round {number} went elsewhere: {result!r}"
