# SPDX-License-Identifier: Apache-2.0
"""The commands whose calls are failed: what is there before, what is called, what is right then."""
import contextlib
import json
import os
import re
import shutil
import signal
import time

import right
from harness import bundle as bundles
from harness import machine
from harness.runtime import until

# Says what only the container's own process can tell.
TELL = """exec 2>&1
hostname; id; umask; ulimit -a; env
grep -E 'Cap|NoNew|Seccomp' /proc/self/status
cut -d' ' -f5-7 /proc/self/mountinfo | sort
ls -1 /proc/self/fd
ls -1l /dev | grep -v ' core -> ' | cut -c-30
cat /proc/sys/net/ipv4/ip_forward /sys/class/net/lo/flags /proc/kcore
echo >/proc/sys/kernel/hostname
pwd"""
TERMINALS_OWNER = re.compile(r"output: [-+]crw--w---- ")  # by ls
TELL_OF_TERMINAL = "test -t 0 && test -t 1 && test -t 2 && stty -a; " + TELL


def configuration(*args, **process):
    """A container with something of each kind."""
    config = bundles.default_config(args, **process)
    config["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [50]}
    config["process"]["oomScoreAdj"] = 100
    config["mounts"].append({"destination": "/host", "type": "bind", "source": "/usr",
                             "options": ["rbind", "ro"]})
    config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
                             "options": ["size=1m", "mode=1777"]})
    config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
    config["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["swapon", "reboot"], "action": "SCMP_ACT_ERRNO"}]}
    devices = config["linux"]["resources"]["devices"]
    devices.append({"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"})
    if "pids" in machine.controllers():
        config["linux"]["resources"]["pids"] = {"limit": 100}
    return config


def with_holder(processes):
    """The same where systemd manages cgroups: what holds the scope until init is in it is born before."""
    init = [number for number, role in processes.items() if role == "init" and "." in number]
    for number in init:
        above, _, first = number.rpartition(".")
        later = {f"{above}.{int(name.rpartition('.')[2]) + 1}": role for name, role in processes.items()
                 if name.startswith(above + ".")}
        return processes | {number: "holder"} | later
    return processes


class Command:
    """One row of the table. A fresh container for each case, unless `shared`."""

    name = ""
    processes = {"1": "runtime"}  # as the tracer numbers them: what they are
    roles = None       # only these; the others are another row's
    shared = False
    keeps = False      # the container is there afterwards, whatever fails
    grace = 0          # milliseconds that its processes are followed after its end
    timeout = 15
    args = ("/bin/sleep", "1000000")
    process = {}       # further members of process in config.json
    terminal = False   # whether the caller's standard input and output are one
    success = 0        # the exit status of a command that has done its work

    def __init__(self, world):
        self.world = world
        self.name = world.prefix + self.name
        if not world.cgroups:  # an ordinary user's id maps are written by programs of the system
            self.processes = self.processes | {"1.2": "newuidmap", "1.3": "newgidmap"}
        if world.systemd:
            self.processes = with_holder(self.processes)
        self.runtime = world.runtime
        self.reference = None
        self.container = None  # its name
        self.pid = None
        self.bundle = None
        self.error = ""        # what the case at hand fails with

    # -- for the rows --

    def before(self):
        """Makes what the command needs; returns its words."""
        raise NotImplementedError

    def right(self, result):
        """What is wrong with the result of a success, as lines."""
        raise NotImplementedError

    def after(self):
        """Brings a shared container back to where it was."""

    def also(self):
        """{name: pid} of processes to follow that are there before."""
        return {}

    def during(self, told):
        """Called again and again while it runs; `told` is its output so far."""

    # -- what they share --

    def make_bundle(self):
        if self.bundle is None:
            self.bundle = self.world.bundle(configuration(*self.args, **self.process))
        self.container = self.runtime.new_id()
        if self.world.cgroups:
            self.bundle.linux["cgroupsPath"] = self.world.cgroups_path(self.container)
        self.bundle.write()
        return self.bundle

    def launch(self, *options):
        self.make_bundle()
        self.runtime("run", "--detach", *options, "--bundle", self.bundle.path, self.container).ok()
        self.pid = self.state()["pid"]

    def state(self):
        return json.loads(self.runtime("state", self.container).ok().out)

    def compare(self, found):
        if self.reference is None:
            self.reference = found
        lines = right.differences(found, self.reference)
        if self.error == "EACCES":  # a user who may not read passwd has no home there
            lines = [line for line in lines if "HOME=/" not in line]
        if self.error in ("EPERM", "EACCES") and not self.world.cgroups:
            # An ordinary user whom the kernel gives no filesystem of that kind of their own gets the
            # host's, and whom it refuses another oom_score_adj keeps the caller's.
            allowed = re.compile(r"[ +-]/(sys|proc|dev/mqueue)\b|^oom: ")
            lines = [line for line in lines if not allowed.search(line)]
        if self.error == "EPERM":  # a terminal that may not be given to the user stays root's
            lines = [line for line in lines if not TERMINALS_OWNER.match(line)]
        return lines

    @staticmethod
    def told(result):
        """What TELL has said."""
        lines = [line for line in result.out.splitlines() if line]  # raw mode or not
        return {"output": lines, "errors": result.err.splitlines()}

    def is_running(self, status="running"):
        """Lines of what is wrong with a container that is to be so."""
        state = self.state()
        if state["status"] != status:
            return [f"the container is {state['status']}"]
        self.pid = state["pid"]
        if self.reference is None:
            time.sleep(0.1)
        end = time.monotonic() + 3  # the kernel may still be at the execve
        while True:
            try:
                lines = self.compare(right.facts(self.pid, self.container))
            except OSError:  # a file of it has gone, or all of it
                lines = ["the container is stopped"]
            if not lines or time.monotonic() > end:
                return lines


class Create(Command):
    name = "create"
    processes = {"1": "runtime", "1.1": "init"}
    grace = 20

    def before(self):
        """Without a filter that was compiled before, which the other commands have."""
        made = self.make_bundle()
        shutil.rmtree(os.path.join(self.runtime.root, ".seccomp"), ignore_errors=True)
        return ["create", "--bundle", made.path, "--pid-file", self.world.pid_file, self.container]

    def right(self, result):
        lines = self.is_running("created")
        with open(self.world.pid_file, encoding="ascii") as source:
            if source.read() != str(self.pid):
                lines.append("the pid file has another pid")
        return lines


class Start(Command):
    name = "start"
    processes = {"1": "runtime", "init": "init"}
    keeps = False

    def before(self):
        made = self.make_bundle()
        self.runtime("create", "--bundle", made.path, self.container).ok()
        self.pid = self.state()["pid"]
        return ["start", self.container]

    def also(self):
        return {"init": self.pid}

    def right(self, result):
        return self.is_running()


class Run(Command):
    name = "run"
    processes = {"1": "runtime", "1.1": "init"}
    args = ("/bin/sh", "-c", TELL)

    def before(self):
        return ["run", "--bundle", self.make_bundle().path, self.container]

    def right(self, result):
        return self.compare(self.told(result))


class RunDetached(Command):
    name = "run -d"
    processes = {"1": "runtime", "1.1": "init"}

    def before(self):
        return ["run", "--detach", "--bundle", self.make_bundle().path, self.container]

    def right(self, result):
        return self.is_running()


class OfContainer(Command):
    """Commands on one container that lives on."""

    shared = True
    keeps = True

    def before(self):
        if self.container is None or not right.alive(self.pid):
            self.launch()
            self.own_reference = right.facts(self.pid, self.container)
        return self.words()

    def words(self):
        raise NotImplementedError


class Exec(OfContainer):
    name = "exec"
    processes = {"1": "runtime", "1.1": "stage", "1.1.1": "process"}

    def words(self):
        return ["exec", self.container, "/bin/sh", "-c", TELL]

    def right(self, result):
        return self.compare(self.told(result))


class State(OfContainer):
    name = "state"

    def words(self):
        return ["state", self.container]

    def right(self, result):
        return self.compare({"state": json.loads(result.out)})


class List(OfContainer):
    name = "list"

    def words(self):
        return ["list", "--format", "json"]

    def right(self, result):
        entries = {entry["id"]: entry for entry in json.loads(result.out)}
        entry = entries.get(self.container)
        if entry and entry["status"] == "unknown" and self.container in result.err:
            return []  # that it could not be read was said
        return self.compare({"entry": entry})


class Ps(OfContainer):
    name = "ps"

    def words(self):
        return ["ps", "--format", "json", self.container]

    def right(self, result):
        return self.compare({"pids": json.loads(result.out)})


class Stats(OfContainer):
    name = "events --stats"

    def words(self):
        return ["events", "--stats", self.container]

    def right(self, result):
        data = json.loads(result.out)["data"]
        members = sorted(f"{key}.{name}" for key, value in data.items() if isinstance(value, dict)
                         for name in value)
        return self.compare({"members": members, "pids": data.get("pids")})


class Pause(OfContainer):
    name = "pause"

    def words(self):
        return ["pause", self.container]

    def right(self, result):
        return [] if self.state()["status"] == "paused" else ["the container is not paused"]

    def after(self):
        if self.state()["status"] == "paused":
            self.runtime("resume", self.container).ok()


class Resume(OfContainer):
    name = "resume"

    def words(self):
        self.runtime("pause", self.container).ok()
        return ["resume", self.container]

    def right(self, result):
        return [] if self.state()["status"] == "running" else ["the container is paused"]

    after = Pause.after


class Update(OfContainer):
    name = "update"

    def words(self):
        if "pids" not in machine.controllers():
            return ["update", "--resources", machine.NO_CHANGE, self.container]
        self.runtime("update", "--pids-limit", "60", self.container).ok()
        return ["update", "--pids-limit", "77", self.container]

    def right(self, result):
        if "pids" not in machine.controllers():
            return []
        path = os.path.join(machine.cgroup_directory(self.pid, "pids"), "pids.max")
        with open(path, encoding="ascii") as source:
            value = source.read().strip()
        return [] if value == "77" else [f"the limit is {value}"]


class Kill(Command):
    name = "kill"
    words = ("KILL",)
    keeps = True

    def before(self):
        self.launch()
        return ["kill", self.container, "KILL"]

    def right(self, result):
        until(lambda: not right.alive(self.pid), what="the end of init")
        return []


class Delete(Command):
    name = "delete"

    def before(self):
        self.launch()
        self.runtime("kill", self.container, "KILL").ok()
        until(lambda: self.state()["status"] == "stopped")
        return ["delete", self.container]

    def right(self, result):
        return right.leftovers(self.runtime, self.container, self.world.shared())


class DeleteForce(Delete):
    name = "delete --force"

    def before(self):
        self.launch()
        return ["delete", "--force", self.container]


class Events(Command):
    name = "events"
    keeps = True

    def before(self):
        self.launch()
        return ["events", "--interval", "100ms", self.container]

    def during(self, told):
        """Ends the container after the first statistics."""
        if told and right.alive(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def right(self, result):
        kinds = {json.loads(line)["type"] for line in result.out.splitlines()}
        if right.alive(self.pid):
            return ["ended before the container"]
        return [] if kinds == {"stats"} else [f"printed {kinds}"]


LIFE = ("starting", "running", "freezing", "frozen", "thawed", "running", "exited", "stopping", "stopped")


class EventsAll(Command):
    """Who watches is told of a whole life, and is ended then: by itself it goes on for ever."""

    name = "events --all"
    success = 128 + signal.SIGTERM

    def before(self):
        self.make_bundle()
        self.lived = False
        return ["events", "--all"]

    def words(self, told):
        events = [json.loads(line) for line in told.splitlines(keepends=True) if line.endswith("\n")]
        return [event["data"]["state"] for event in events if event["id"] == self.container]

    def during(self, told):
        watchers = [pid for pid in right.children(self.world.process.pid) if right.waits(pid)]
        if not watchers:
            return
        if not self.lived:
            self.live()
            self.lived = True
        elif self.words(told)[-1:] == ["stopped"]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(watchers[0], signal.SIGTERM)

    def live(self):
        """Each step is told before the next one, or something stays untold for a while."""
        seen = 0
        for words, told in ((["create", "--bundle", self.bundle.path], 1), (["start"], 1), (["pause"], 2),
                            (["resume"], 2), (["kill", "KILL"], 2), (["delete"], 1)):
            words.insert(len(words) - (words[0] == "kill"), self.container)
            self.runtime(*words).ok()
            seen += told
            with contextlib.suppress(AssertionError):
                until(lambda: len(self.words(self.world.process.output())) >= seen, timeout=0.5)

    def right(self, result):
        words = tuple(self.words(result.out))
        return [] if words == LIFE else [f"told {words}"]


class MountsAdd(OfContainer):
    """All of them or none; who is killed in between may leave some."""

    name = "mounts add"
    processes = {"1": "runtime", "1.1": "mounter"}
    mounts = ({"destination": "/later/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["size=1m"]},
              {"destination": "/later/two", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]})
    bind = {"destination": "/later/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]}

    def __init__(self, world):
        super().__init__(world)
        if world.cgroups:  # an ordinary user may not clone the host's mounts
            self.mounts = (self.bind, *self.mounts)

    def there(self):
        targets = {fields[4] for fields in machine.mount_lines(self.pid)}
        return [mount for mount in self.mounts if mount["destination"] in targets]

    def list_of(self, mounts):
        path = os.path.join(self.world.folder, "mounts.json")
        with open(path, "w", encoding="ascii") as target:
            json.dump(mounts, target)
        os.chmod(path, 0o644)
        return path

    def words(self):
        return ["mounts", "add", self.container, self.list_of(self.mounts)]

    def right(self, result):
        return self.compare(right.facts(self.pid, self.container))

    def after(self):
        there = self.there()
        if there:
            self.runtime("mounts", "remove", self.container, self.list_of(there)).ok()
        assert self.there() == [], "mounts cannot be removed"
        assert self.error == "KILL" or len(there) in (0, len(self.mounts)), "not all of the mounts are made"


class MountsRemove(MountsAdd):
    """The mounts that are left are there as before."""

    name = "mounts remove"

    def words(self):
        self.runtime("mounts", "add", self.container, self.list_of(self.mounts)).ok()
        return ["mounts", "remove", self.container, self.list_of(self.mounts)]

    def after(self):
        there = self.there()
        if there:
            self.runtime("mounts", "remove", self.container, self.list_of(there)).ok()


class RunOnTerminal(Run):
    name = "run on a terminal"
    processes = {"1": "runtime", "1.1": "init", "1.2": "guard"}
    terminal = True
    args = ("/bin/sh", "-c", TELL_OF_TERMINAL)
    process = {"terminal": True}


class ExecOnTerminal(Exec):
    name = "exec -t"
    processes = Exec.processes | {"1.2": "guard"}
    terminal = True

    def words(self):
        return ["exec", "-t", self.container, "/bin/sh", "-c", TELL_OF_TERMINAL]


class RunAttachable(RunDetached):
    name = "run -d --attachable"
    processes = {"1": "runtime", "1.1": "keeper", "1.1.1": "init"}
    grace = 20
    process = {"terminal": True}

    def before(self):
        return ["run", "--detach", "--attachable", "--bundle", self.make_bundle().path,
                self.container]


class Attach(Command):
    name = "attach"
    processes = {"1": "runtime", "1.1": "guard"}  # which gives the terminal its modes back
    terminal = True
    args = ("/bin/sh", "-c", "read word; echo heard $word")
    process = {"terminal": True}
    keeps = True

    def before(self):
        self.launch("--attachable")
        self.typed = False
        return ["attach", self.container]

    def during(self, told):
        if not self.typed:
            self.world.caller.type("something\n")
            self.typed = True

    def right(self, result):
        return [] if "heard something" in result.out else [f"the terminal shows {result.out!r}"]


class Logs(OfContainer):
    """What was said, all of it or an error. The keeper has gone, so that no process is left but init."""

    name = "logs"
    args = ("/bin/sh", "-c", "echo one; echo two; exec sleep 1000000")

    def launch(self, *options):
        super().launch("--attachable", *options)
        until(lambda: "two" in self.runtime("logs", self.container).ok().out, what="the output")
        keeper = int(right.parent(self.pid))
        os.kill(keeper, signal.SIGKILL)
        until(lambda: not right.alive(keeper), what="the end of the keeper")

    def words(self):
        return ["logs", "--tail", "2", self.container]

    def right(self, result):
        return self.compare({"said": [result.out, result.err]})


class Top(OfContainer):
    """A number that could not be read is an error, or null where no file can tell it."""

    name = "top"

    def words(self):
        return ["top", "--format", "json", "--delay", "10ms"]

    def right(self, result):
        rows = [row for row in json.loads(result.out)["containers"] if row["id"] == self.container]
        if rows and rows[0]["status"] == "unknown":
            return []
        return self.compare({"rows": [(row["pid"], row["pids"], row["status"]) for row in rows]})


class EndOfKeeper(Command):
    """A keeper whose container ends."""

    name = "keeper"
    processes = {"1": "runtime", "keeper": "keeper"}
    roles = ("keeper",)
    grace = 2000
    keeps = True
    process = {"terminal": True}

    def before(self):
        self.launch("--attachable")
        self.keeper = int(right.parent(self.pid))
        return ["kill", self.container, "KILL"]

    def also(self):
        return {"keeper": self.keeper}

    def right(self, result):
        until(lambda: not right.alive(self.pid), what="the end of init")
        until(lambda: not right.alive(self.keeper), what="the end of the keeper")
        status = self.state()["status"]
        return [] if status == "stopped" else [f"the container is {status}"]


COMMANDS = (Create, Start, Run, RunDetached, RunOnTerminal, RunAttachable, Exec, ExecOnTerminal,
            Attach, EndOfKeeper, State, List, Ps, Logs, Top, Stats, Events, EventsAll, Pause, Resume, Update,
            MountsAdd, MountsRemove, Kill, Delete, DeleteForce)

# Those of an ordinary user: where the ways differ.
USERS_COMMANDS = (Create, Start, Run, RunDetached, Exec, Attach, MountsAdd, MountsRemove, Kill,
                  DeleteForce)


def warm_up(world):
    """Makes what only the first container of a state root makes."""
    first = DeleteForce(world)
    first.runtime(*first.before()).ok()
