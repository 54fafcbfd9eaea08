# SPDX-License-Identifier: Apache-2.0
"""libthole.so.0: its functions with their types, strings that it hands out, and its errors as exceptions."""
import ctypes
import json
import os
from typing import Any, Dict, List, Optional, Sequence, Union

from . import _thole
from .errors import KINDS, BugError

LIBRARY = "libthole.so.0"
Path = Union[str, "os.PathLike[str]"]


class Library:
    """Loaded at the first call. THOLE_LIBRARY names another file."""

    _loaded: Optional[ctypes.CDLL] = None

    @classmethod
    def function(cls, name: str) -> Any:
        """A function of thole.h; AttributeError if this library is older than these bindings."""
        if cls._loaded is None:
            cls._loaded = ctypes.CDLL(os.environ.get("THOLE_LIBRARY", LIBRARY))
        found = getattr(cls._loaded, name)
        found.restype, found.argtypes, found.__doc__ = _thole.FUNCTIONS[name]
        return found


_free = ctypes.CDLL(None).free
_free.argtypes, _free.restype = [ctypes.c_void_p], None


def free(address: Any) -> None:
    """What the library has allocated, by its address or a pointer."""
    _free(ctypes.cast(address, ctypes.c_void_p))


def taken(address: Optional[int]) -> str:
    """The string at the address, which is freed; "" for NULL."""
    if not address:
        return ""
    try:
        return (ctypes.cast(address, ctypes.c_char_p).value or b"").decode(errors="surrogateescape")
    finally:
        free(address)


def call(name: str, *arguments: Any) -> int:
    """Calls a function whose last parameter is the error, which is raised."""
    error = _thole.thole_error()
    result: int = Library.function(name)(*arguments, ctypes.byref(error))
    if result < 0:
        line = ctypes.create_string_buffer(2048)
        Library.function("thole_error_format")(ctypes.byref(error), line, len(line))
        raise KINDS.get(error.kind, BugError)(
            text(error.text), text(error.where), error.code, text(error.hint), text(line.value))
    return result


def text(value: Optional[bytes]) -> str:
    return (value or b"").decode(errors="surrogateescape")


def encoded(value: Any) -> Optional[bytes]:
    """A string or a path for the library; None stays."""
    return None if value is None else os.fsencode(value)


def vector(words: Optional[Sequence[Path]]) -> Any:
    """A list of strings with NULL at its end, or None."""
    if words is None:
        return None
    items: List[Optional[bytes]] = [*map(os.fsencode, words), None]
    return (ctypes.c_char_p * len(items))(*items)


def document(found: Any) -> Dict[str, Any]:
    """The JSON document at an address that a call has filled in."""
    made: Dict[str, Any] = json.loads(taken(found.value))
    return made
