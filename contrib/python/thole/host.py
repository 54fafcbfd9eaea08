# SPDX-License-Identifier: Apache-2.0
"""What is asked of the library, or of this host, without a runtime or a container."""
import ctypes
from typing import Any, Callable, Dict, List, Optional, Sequence

from . import _thole
from .library import Library, Path, call, document, encoded, taken, text, vector
from .records import Change, Root
from .requests import Told


def features() -> Dict[str, Any]:
    """What this build supports: the document of the runtime specification."""
    found = ctypes.c_void_p()
    call("thole_features", ctypes.byref(found))
    return document(found)


def host_facts() -> Dict[str, Any]:
    """What is known of this host, for plan() elsewhere."""
    found = ctypes.c_void_p()
    call("thole_host_facts", ctypes.byref(found))
    return document(found)


def default_config(args: Optional[Sequence[str]] = None, rootless: bool = False) -> Dict[str, Any]:
    """A configuration to start from; `args` None: a shell on a terminal."""
    found = ctypes.c_void_p()
    call("thole_default_config", rootless, vector(args), ctypes.byref(found))
    return document(found)


def build_features() -> str:
    """What is built in: "+SECCOMP -SELINUX ..."."""
    return text(Library.function("thole_build_features")())


def seccomp_version() -> Optional[str]:
    """The version of libseccomp, None: there is none."""
    return text(Library.function("thole_seccomp_version")()) or None


def system_call_name(number: int) -> Optional[str]:
    """The name of a system call of this architecture, None: nobody knows it."""
    return taken(Library.function("thole_syscall_name")(number)) or None


def default_root() -> Optional[str]:
    """The state directory of a Runtime() without one, None: it cannot be told."""
    return taken(Library.function("thole_default_root")()) or None


def default_init() -> str:
    """The init that comes with thole, for create(init=...)."""
    return text(Library.function("thole_default_init")())


def roots() -> List[Root]:
    """The state directories that exist: thole's own, those of lxc-* commands, Docker and containerd, and those in
    /etc/thole/roots."""
    found = ctypes.POINTER(_thole.thole_root)()
    count = ctypes.c_size_t()
    call("thole_roots", ctypes.byref(found), ctypes.byref(count))
    try:
        return [Root(text(one.path), text(one.origin)) for one in found[:count.value]]
    finally:
        Library.function("thole_roots_free")(found, count)


def watch(told: Callable[[Change], Optional[bool]], id: Optional[str] = None, roots: Optional[Sequence[Path]] = None,
          timeout: Optional[float] = None, ready: Optional[Callable[[], Optional[bool]]] = None) -> bool:
    """Calls `told` with each change of every container from now on, or of those named `id`, until it returns False:
    True; or for `timeout` seconds: False. `ready` is called once, when changes are seen.

    `roots` None: all of roots(), and those that come."""
    request = _thole.thole_watch_request(id=encoded(id), timeout=-1 if timeout is None else int(timeout * 1000))
    if roots is not None:
        request.roots, request.root_count = vector(roots), len(roots)
    changed = Told(told)
    changed.member(request, "changed", lambda _, event: _change(event.contents))
    begun = Told(lambda _: ready() if ready else None)
    begun.member(request, "ready", lambda _: None)
    result = call("thole_watch", ctypes.byref(request))
    begun.check()
    changed.check()
    return result == 0


def _change(event: Any) -> Change:
    exited = event.change == _thole.THOLE_CHANGE_EXITED and event.status >= 0
    return Change(root=text(event.root), id=text(event.id),
                  change=text(Library.function("thole_change_name")(event.change)),
                  exit_status=event.status if exited else None)
