"""The id of a request: taken over from the caller where it can be nothing else, else made here.

What may live here: its shape, and which one the present thread works for.
"""

from __future__ import annotations

import os
import re
from contextvars import ContextVar

HEADER = "X-Request-Id"
"""Every answer carries the id in this header."""

_UUID = re.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_HEX = re.compile("[0-9a-fA-F]{16,32}")
_TRACEPARENT = re.compile(
    "(?!ff)[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?:-.*)?"
)
_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id_of(sent: str, traceparent: str = "") -> str:
    """The id for a request with these two headers ("": not sent); a new one where neither holds an id.

    What a caller sends becomes part of the log, so it is taken over only where it has the shape of a UUID or of 16 to
    32 hexadecimal digits. Decimal digits alone are not enough: a record number could be so long.
    """
    if sent and _is_id(sent):
        return sent
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    return found["trace"] if found and _is_id(found["trace"]) else new_request_id()


def trace_of(traceparent: str) -> tuple[str, str, str] | None:
    """The trace, the parent and the flags of this header, in hexadecimal digits.

    None where one of them is missing, or could be something else.
    """
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or not (_is_id(found["trace"]) and _is_id(found["parent"])):
        return None
    return found["trace"], found["parent"], found["flags"]


def new_request_id() -> str:
    """An id that nobody has had before: 32 hexadecimal digits."""
    return os.urandom(16).hex()


def current_request_id() -> str:
    """The id of the request that this thread answers; "" where it answers none."""
    return _current.get()


class under_request_id:
    """What is done in the block is done for the request with this id."""

    __slots__ = ("_before", "_id")

    def __init__(self, id: str) -> None:
        self._id = id

    def __enter__(self) -> None:
        self._before = _current.set(self._id)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._before)


def _is_id(text: str) -> bool:
    return bool(_UUID.fullmatch(text) or _HEX.fullmatch(text)) and not text.replace("-", "").isdigit()
