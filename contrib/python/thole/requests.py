# SPDX-License-Identifier: Apache-2.0
"""Structures of thole.h from values of Python, and functions of Python that the library calls."""
import ctypes
from typing import Any, Callable, Mapping, Optional, Sequence

from . import _thole
from .library import call, encoded, vector


def fill(record: Any, members: Mapping[str, Any]) -> Any:
    """Sets members by their names: strings and paths, lists of strings, mappings for structures inside."""
    known = dict(record._fields_)
    for name, value in members.items():
        if name not in known or name == "reserved":
            raise TypeError(f"{type(record).__name__} has no member {name}")
        if known[name] is ctypes.c_char_p:
            value = encoded(value)
        elif known[name] is ctypes.POINTER(ctypes.c_char_p):
            value = vector(value)
        elif isinstance(value, Mapping):
            value = fill(known[name](), value)
        setattr(record, name, value)
    return record


def monitor(members: Mapping[str, Any]) -> Any:
    """struct thole_monitor; its programs are lists of mappings with args, env and timeout."""
    plain = dict(members)
    keeper = _thole.thole_monitor()
    for name in ("stop", "end"):
        programs = [fill(_thole.thole_program(), {"env": [], **one}) for one in plain.pop(name, ())]
        setattr(keeper, name, (_thole.thole_program * len(programs))(*programs))
        setattr(keeper, name + "_count", len(programs))
    return ctypes.pointer(fill(keeper, plain))


def bits(function: str, kind: Any, words: Any) -> int:
    """"mnt|pid" as the number that the library makes of it; numbers stay."""
    if isinstance(words, int):
        return words
    number = kind()
    call(function, encoded(words), ctypes.byref(number))
    return int(number.value)


def array(kind: Any, values: Optional[Sequence[int]]) -> Any:
    return None if values is None else (kind * len(values))(*values)


def called(record: Any, member: str, function: Callable[..., Any]) -> None:
    """A function of Python as a member that takes one of C."""
    setattr(record, member, dict(record._fields_)[member](function))


class Told:
    """A function of Python that the library calls for each of something. False ends the call into the library; what
    it raises does so as well, and is raised when that has returned: not through the frames of the library."""

    def __init__(self, function: Callable[..., Optional[bool]]) -> None:
        self._function = function
        self._raised: Optional[BaseException] = None

    def __call__(self, *values: Any) -> int:
        try:
            return -1 if self._function(*values) is False else 0
        except BaseException as problem:
            self._raised = problem
            return -1

    def member(self, record: Any, name: str, values: Callable[..., Any]) -> None:
        """Makes it the member of the record; `values` makes its argument of those of the C function."""
        called(record, name, lambda *arguments: self(values(*arguments)))

    def check(self) -> None:
        if self._raised is not None:
            raise self._raised
