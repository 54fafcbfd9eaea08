# SPDX-License-Identifier: Apache-2.0
"""Containers and the runtime that makes them."""
import ctypes
import json
import os
import signal as signals
import tempfile
import threading
from types import TracebackType
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Type, Union

from . import _thole
from .library import Library, Path, call, document, encoded, free, taken, text, vector
from .records import Finding, Output, State, Usage
from .requests import Told, array, bits, called, fill, monitor as keeper

Config = Union[Path, Mapping[str, Any]]

MANAGERS = {"cgroupfs": _thole.THOLE_CGROUP_FILES, "systemd": _thole.THOLE_CGROUP_SYSTEMD,
            "disabled": _thole.THOLE_CGROUP_DISABLED}
AUDIT = {"default": _thole.THOLE_AUDIT_DEFAULT, "off": _thole.THOLE_AUDIT_OFF, "on": _thole.THOLE_AUDIT_ON,
         "must": _thole.THOLE_AUDIT_MUST}
LEVELS = ["error", "warning", "info", "debug"]


class Runtime:
    """The runtime with one state directory; `root` None is thole's own.

    `log(level, line)` is called with warnings, and with more if `level` is "info" or "debug". What the library
    says of threads holds here, too (see thole.h): create, run and exec are best called from a process with one.
    """

    def __init__(self, root: Optional[Path] = None, cgroup_manager: str = "cgroupfs",
                 log: Optional[Callable[[str, str], None]] = None, level: str = "warning",
                 ignore_cgroup_permissions: bool = False, audit: str = "default") -> None:
        self._context = _thole.thole_context(root=encoded(root), cgroup_manager=MANAGERS[cgroup_manager],
                                             ignore_cgroup_permissions=ignore_cgroup_permissions, audit=AUDIT[audit])
        if log is not None:
            told = log
            self._context.log.level = LEVELS.index(level)
            called(self._context.log, "write", lambda _, number, line: told(LEVELS[number], text(line)))

    def _call(self, name: str, *arguments: Any) -> int:
        return call(name, ctypes.byref(self._context), *arguments)

    @staticmethod
    def _request(id: Optional[str], bundle: Optional[Path], config: Optional[Config], more: Dict[str, Any]) -> Any:
        """`config` is a file, or the configuration itself."""
        request = _thole.thole_create_request(id=encoded(id), bundle=encoded(bundle))
        if isinstance(config, Mapping):
            request.config_text = json.dumps(config).encode()
        else:
            request.config = encoded(config)
        return fill(request, more)

    def container(self, id: str) -> "Container":
        """The container of that name; nothing is looked at."""
        return Container(self, id)

    def create(self, id: str, bundle: Optional[Path] = None, config: Optional[Config] = None,
               **options: Any) -> "Container":
        """Everything up to the start of the program. Options are members of struct thole_create_request."""
        self._call("thole_create", ctypes.byref(self._request(id, bundle, config, options)))
        return Container(self, id)._reaped()

    def run(self, id: str, bundle: Optional[Path] = None, config: Optional[Config] = None, keep: bool = False,
            record: Optional[Path] = None, terminal: Optional[Mapping[str, Any]] = None, subreaper: bool = False,
            **options: Any) -> int:
        """create and start, the wait for the end, and the deletion; the exit status, or 128 + signal. `terminal` has
        members of struct thole_terminal_options."""
        request = _thole.thole_run_request(create=self._request(id, bundle, config, options), keep=keep,
                                           subreaper=subreaper)
        fill(request.terminal_options, {"record_file": record, **(terminal or {})})
        return self._run(request)

    def launch(self, id: str, bundle: Optional[Path] = None, config: Optional[Config] = None,
               attachable: bool = False, monitor: Optional[Mapping[str, Any]] = None, **options: Any) -> "Container":
        """create and start in the background; with `attachable` a keeper holds the console, and `monitor` has members
        of struct thole_monitor for it, `stop` and `end` as lists of {"args": [...], "env": [...], "timeout": 0}."""
        request = _thole.thole_run_request(create=self._request(id, bundle, config, options), detach=True,
                                           attachable=attachable)
        if monitor is not None:
            request.monitor = keeper(monitor)
        self._run(request)
        return Container(self, id)._reaped()

    def restore(self, id: str, bundle: Optional[Path] = None, config: Optional[Config] = None,
                criu: Optional[Mapping[str, Any]] = None, **options: Any) -> "Container":
        """A container in the background whose processes go on as at a checkpoint. `criu` has members of struct
        thole_criu_options: image_path first of all."""
        request = _thole.thole_restore_request()
        request.run.create = self._request(id, bundle, config, options)
        request.run.detach = True
        fill(request.options, criu or {})
        status = ctypes.c_int()
        self._call("thole_restore", ctypes.byref(request), ctypes.byref(status))
        return Container(self, id)._reaped()

    def _run(self, request: Any) -> int:
        status = ctypes.c_int()
        self._call("thole_run", ctypes.byref(request), ctypes.byref(status))
        return status.value

    def list(self) -> List[State]:
        """All containers, sorted by their names."""
        states = ctypes.POINTER(ctypes.POINTER(_thole.thole_state))()
        count = ctypes.c_size_t()
        self._call("thole_list", ctypes.byref(states), ctypes.byref(count))
        try:
            return [_state(states[index]) for index in range(count.value)]
        finally:
            for index in range(count.value):
                Library.function("thole_state_free")(states[index])
            free(states)

    def plan(self, bundle: Optional[Path] = None, config: Optional[Config] = None, id: str = "container",
             facts: Optional[Path] = None) -> Dict[str, Any]:
        """What create would do, here or on the host that the file `facts` describes."""
        return document(self._plan(bundle, config, id, facts, True))

    def plan_text(self, bundle: Optional[Path] = None, config: Optional[Config] = None, id: str = "container",
                  facts: Optional[Path] = None) -> str:
        """The same to be read, as `thole plan` prints it."""
        return taken(self._plan(bundle, config, id, facts, False).value)

    def _plan(self, bundle: Optional[Path], config: Optional[Config], id: str, facts: Optional[Path],
              as_json: bool) -> Any:
        plan = ctypes.c_void_p()
        self._call("thole_plan", ctypes.byref(self._request(id, bundle, config, {})), encoded(facts), as_json,
                   ctypes.byref(plan))
        return plan

    def validate(self, bundle: Optional[Path] = None, config: Optional[Config] = None,
                 id: str = "container") -> List[Finding]:
        """All that is wrong with a configuration."""
        found = ctypes.POINTER(_thole.thole_finding)()
        count = ctypes.c_size_t()
        self._call("thole_validate", ctypes.byref(self._request(id, bundle, config, {})), ctypes.byref(found),
                   ctypes.byref(count))
        findings = [Finding(item.error, taken(_address(item, "where")), taken(_address(item, "text")), item.line,
                            item.column)
                    for item in found[:count.value]]
        free(found)
        return findings


class Container:
    """One container by its name. As a context manager it is deleted at the end, whatever it does."""

    def __init__(self, runtime: Runtime, id: str) -> None:
        self.runtime, self.id = runtime, id

    def __enter__(self) -> "Container":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.delete(force=True)

    def __repr__(self) -> str:
        return f"<thole container {self.id}>"

    def _call(self, name: str, *arguments: Any) -> int:
        return self.runtime._call(name, encoded(self.id), *arguments)

    def _reaped(self) -> "Container":
        """Its init is a child of this process, which would stay as a zombie."""
        _reap(self.state().pid)
        return self

    def start(self, notify_socket: Optional[Path] = None) -> None:
        """Starts the program of a created container."""
        self._call("thole_start", encoded(notify_socket))

    def exec(self, args: Sequence[str], env: Optional[Mapping[str, str]] = None, capabilities: Optional[
            Sequence[str]] = None, additional_gids: Optional[Sequence[int]] = None, personality: Optional[int] = None,
             namespaces: Union[str, int] = 0, keep: Union[str, int] = 0, **options: Any) -> int:
        """Runs one more program; its exit status, 0 with detach=True. The descriptors 0 to 2 are passed on.
        `namespaces` to join are "mnt|pid" or CLONE_NEW*, confinements to `keep` "cgroup|lsm" or THOLE_KEEP_*. Other
        options are members of struct thole_exec_request; `terminal_options` is a mapping."""
        request = _thole.thole_exec_request(id=encoded(self.id), args=vector(args))
        request.env = vector(None if env is None else [f"{key}={value}" for key, value in env.items()])
        request.capabilities = vector(capabilities)
        request.additional_gids = array(ctypes.c_uint32, additional_gids)
        request.additional_gid_count = len(additional_gids or ())
        request.personality = array(ctypes.c_ulong, None if personality is None else [personality])
        request.namespaces = bits("thole_namespaces_parse", ctypes.c_ulong, namespaces)
        request.keep = bits("thole_keep_parse", ctypes.c_uint, keep)
        fill(request, options)
        status = ctypes.c_int()
        with tempfile.TemporaryDirectory() as folder:
            request.pid_file = request.pid_file or os.fsencode(os.path.join(folder, "pid"))
            self.runtime._call("thole_exec", ctypes.byref(request), ctypes.byref(status))
            if request.detach:
                with open(request.pid_file, encoding="ascii") as told:
                    _reap(int(told.read()))
        return status.value

    def kill(self, signal: int = signals.SIGTERM, all: bool = False) -> None:
        """Sends a signal to init, or to every process."""
        self._call("thole_kill", int(signal), all)

    def delete(self, force: bool = False) -> None:
        """Removes a container that has stopped or was never started; with `force` any, and also none."""
        self._call("thole_delete", force)

    def pause(self) -> None:
        """Suspends all processes."""
        self._call("thole_pause")

    def resume(self) -> None:
        """Lets a paused container go on."""
        self._call("thole_resume")

    def checkpoint(self, leave_running: bool = False, pre_dump: bool = False,
                   criu: Optional[Mapping[str, Any]] = None) -> None:
        """Writes its processes to disk, and deletes it unless it is to go on. `criu` as in Runtime.restore()."""
        request = _thole.thole_checkpoint_request(id=encoded(self.id), leave_running=leave_running, pre_dump=pre_dump)
        fill(request.options, criu or {})
        self.runtime._call("thole_checkpoint", ctypes.byref(request))

    def state(self) -> State:
        """The container as it is now."""
        state: State = self._state(_state)
        return state

    def document(self) -> Dict[str, Any]:
        """The same as the runtime specification has it, as hooks are told it."""
        made: Dict[str, Any] = self._state(lambda state: json.loads(taken(Library.function("thole_state_json")(state))))
        return made

    def _state(self, made: Callable[[Any], Any]) -> Any:
        state = ctypes.POINTER(_thole.thole_state)()
        self._call("thole_state", ctypes.byref(state))
        try:
            return made(state)
        finally:
            Library.function("thole_state_free")(state)

    def pids(self) -> List[int]:
        """Its processes, as the caller sees them."""
        pids = ctypes.POINTER(ctypes.c_int)()
        count = ctypes.c_size_t()
        self._call("thole_pids", ctypes.byref(pids), ctypes.byref(count))
        try:
            return list(pids[:count.value])
        finally:
            free(pids)

    def stats(self) -> Dict[str, Any]:
        """What the kernel counts: the data of a "stats" event."""
        found = ctypes.c_void_p()
        self._call("thole_stats", ctypes.byref(found))
        event = document(found)
        data: Dict[str, Any] = event.get("data", event)
        return data

    def usage(self) -> Usage:
        """The numbers of stats() that tables show."""
        usage = _thole.thole_usage()
        self._call("thole_usage", ctypes.byref(usage))
        numbers = {name: getattr(usage, name) for name, _ in usage._fields_}
        return Usage(**{name: None if number == _thole.THOLE_USAGE_UNKNOWN else number
                        for name, number in numbers.items()})

    def events(self, told: Callable[[Dict[str, Any]], Optional[bool]], interval: float = 5.0) -> None:
        """Calls `told` with each event, statistics every `interval` seconds, until the container has stopped or
        `told` returns False."""
        sink = _thole.thole_event_sink()
        write = Told(told)
        write.member(sink, "write", lambda _, line: json.loads(line))
        self._call("thole_events", max(1, int(interval * 1000)), ctypes.byref(sink))
        write.check()

    def logs(self, lines: Optional[int] = None, since: Optional[str] = None) -> List[Output]:
        """What the keeper has kept of what it said (launch with monitor={"log_size": ...}), oldest first: the last
        `lines`, what is not older than `since`, such a time as an Output has."""
        found: List[Output] = []
        self._logs(found.append, False, lines, since)
        return found

    def follow(self, told: Callable[[Output], Optional[bool]], lines: Optional[int] = None,
               since: Optional[str] = None) -> None:
        """Calls `told` with that and with all that comes, until the container has ended or `told` returns False."""
        self._logs(told, True, lines, since)

    def _logs(self, told: Callable[[Output], Optional[bool]], follow: bool, lines: Optional[int],
              since: Optional[str]) -> None:
        request = _thole.thole_logs_request(id=encoded(self.id), follow=follow, last=lines is not None,
                                            lines=lines or 0, since=encoded(since))
        write = Told(told)
        write.member(request, "write", lambda _, output: _output(output.contents))
        self.runtime._call("thole_logs", ctypes.byref(request))
        write.check()

    def update(self, resources: Optional[Mapping[str, Any]] = None, **options: Any) -> None:
        """Changes limits, all or nothing: linux.resources of a configuration. Options are the other members of struct
        thole_update."""
        update = _thole.thole_update(resources=None if resources is None else json.dumps(resources).encode())
        self._call("thole_update", ctypes.byref(fill(update, options)))

    def add_mounts(self, mounts: Sequence[Mapping[str, Any]]) -> None:
        """Makes mounts, as a configuration has them, while it runs: all of them or none."""
        self._call("thole_mounts_add", json.dumps(list(mounts)).encode())

    def remove_mounts(self, *destinations: str) -> None:
        """Takes away what is mounted there."""
        self._call("thole_mounts_remove", json.dumps([{"destination": one} for one in destinations]).encode())

    def cgroup_read(self, file: str) -> str:
        """A file of its cgroup, "memory.max" for instance."""
        found = ctypes.c_void_p()
        self._call("thole_cgroup_read", encoded(file), ctypes.byref(found))
        return taken(found.value)

    def cgroup_write(self, file: str, value: str) -> None:
        """Writes such a file, in one go."""
        self._call("thole_cgroup_write", encoded(file), value.encode())

    def attach(self, no_stdin: bool = False, console: int = 0, connected: Optional[Callable[[int], None]] = None,
               terminal: Optional[Mapping[str, Any]] = None) -> int:
        """Connects the caller's terminal with the console, until it ends: its exit status. `connected` is told the
        number of the terminal before the first byte; `terminal` has members of struct thole_terminal_options."""
        request = _thole.thole_attach_request(id=encoded(self.id), no_stdin=no_stdin, console=console)
        fill(request.terminal_options, terminal or {})
        told = Told(connected or (lambda _: None))
        told.member(request, "connected", lambda _, number: number)
        status = ctypes.c_int()
        self.runtime._call("thole_attach", ctypes.byref(request), ctypes.byref(status))
        told.check()
        return status.value


def _reap(pid: int) -> None:
    """Waits for a child in a thread: a container does not end before all of its processes are waited for, and
    its deletion waits for that."""

    def wait() -> None:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass  # it is somebody else's, or has been waited for

    if pid > 0:
        threading.Thread(target=wait, daemon=True).start()


def _address(record: Any, member: str) -> Optional[int]:
    """Where the string of a member lies: ctypes gives its bytes only."""
    return ctypes.c_void_p.from_buffer(record, getattr(type(record), member).offset).value


def _output(found: Any) -> Output:
    return Output(time=text(found.time), stream=found.stream, data=ctypes.string_at(found.bytes, found.length),
                  begins=found.begins, ends=found.ends)


def _state(found: Any) -> State:
    state = found.contents
    return State(id=text(state.id), pid=state.pid,
                 status=text(Library.function("thole_status_name")(state.status)), bundle=text(state.bundle),
                 rootfs=text(state.rootfs), created=text(state.created), owner=state.owner,
                 oci_version=text(state.oci_version),
                 annotations={text(one.key): text(one.value)
                              for one in state.annotations[:state.annotation_count]},
                 systemd_scope=None if state.systemd_scope is None else text(state.systemd_scope),
                 keeper=state.keeper, exit_status=state.exit_status if state.exited else None)
