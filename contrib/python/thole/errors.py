# SPDX-License-Identifier: Apache-2.0
"""One exception for each kind of error."""
from typing import Dict, Type

from . import _thole


class Error(Exception):
    """What failed (`text`), where in the configuration (`where`, a JSON pointer or ""), and why (`code`, an
    errno or 0). `hint` is one more line for causes that are commonly misunderstood, or ""."""

    def __init__(self, text: str, where: str = "", code: int = 0, hint: str = "", line: str = "") -> None:
        super().__init__(line or text)
        self.text, self.where, self.code, self.hint = text, where, code, hint


class UsageError(Error):
    """The call asks for something impossible."""


class ConfigError(Error):
    """The configuration is wrong."""


class UnsupportedError(Error):
    """This kernel, build or privilege cannot do it."""


class HostError(Error):
    """A system call failed: `code` says why."""


class StateError(Error):
    """The container is not in a state that allows it."""


class NotFoundError(Error):
    """There is no such container."""


class PayloadError(Error):
    """The container's program or a hook failed."""


class NoProgramError(Error):
    """The program to execute is not there."""


class BadProgramError(Error):
    """The program is there, but may not or cannot be executed."""


class BugError(Error):
    """thole contradicts itself."""


KINDS: Dict[int, Type[Error]] = {
    _thole.THOLE_ERROR_USAGE: UsageError,
    _thole.THOLE_ERROR_CONFIG: ConfigError,
    _thole.THOLE_ERROR_UNSUPPORTED: UnsupportedError,
    _thole.THOLE_ERROR_HOST: HostError,
    _thole.THOLE_ERROR_STATE: StateError,
    _thole.THOLE_ERROR_NOT_FOUND: NotFoundError,
    _thole.THOLE_ERROR_PAYLOAD: PayloadError,
    _thole.THOLE_ERROR_NO_PROGRAM: NoProgramError,
    _thole.THOLE_ERROR_BAD_PROGRAM: BadProgramError,
    _thole.THOLE_ERROR_BUG: BugError,
}
