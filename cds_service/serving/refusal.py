"""What is refused before the application sees it: an OperationOutcome that repeats nothing of what was sent.

What may live here: the reasons, and how such an answer is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from waitress.utilities import build_http_date
from waitress.wasyncore import compact_traceback

from cds_service.outcome import operation_outcome

Headers = Callable[[str], Mapping[str, str]]
"""The headers of every answer to a script of this origin ("" for none)."""


class Refused(Exception):
    """This is no request that we take. `message` holds none of it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


HEAD_IS_BROKEN = 400, "the request line or a header is not valid HTTP"
LENGTH_IS_BROKEN = 400, "Content-Length is not one whole number"
TWO_LENGTHS = 400, "Content-Length and Transfer-Encoding do not go together"
TWO_HOSTS = 400, "there is more than one Host"
NO_HOST = 400, "there is no Host"
CHUNKS_ARE_BROKEN = 400, "the chunks of the body are broken"
CHUNKS_ARE_TOO_SMALL = 400, "the body comes in too many small chunks"
CUT_SHORT = 400, "the request is cut short"
TOO_SLOW = 408, "the request did not come in time"
BODY_IS_TOO_LARGE = 413, "the body is larger than the limit"
HEAD_IS_TOO_LARGE = 431, "the request line and headers are larger than the limit"
FAILED = 500, "the service failed; the fault has been logged"
CODING_IS_UNKNOWN = 501, "Transfer-Encoding must be chunked, or left out"
NO_ROOM = 503, "too much is being received at the moment; send it again later"
NO_THREAD = 503, "the service cannot answer at the moment; send it again later"
WAITED_TOO_LONG = 503, "too many calls wait for an answer at the moment; send it again later"


def refusal(refused: Refused, headers: Mapping[str, str], now: int, *, with_body: bool = True) -> bytes:
    """The whole answer; the connection ends with it. `now` is in seconds since 1970; HEAD gets no body."""
    body = json.dumps(operation_outcome(refused.status, refused.message), separators=(",", ":")).encode()
    lines = [
        f"HTTP/1.1 {refused.status} {HTTPStatus(refused.status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Date: {build_http_date(now)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
        *(["Retry-After: 1"] if refused.status == HTTPStatus.SERVICE_UNAVAILABLE else []),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body if with_body else b"")


def fault_and_place() -> str:
    """The exception being handled: its kind and where it arose, without its words, which could be a caller's."""
    (file, _, line), kind, _, _ = compact_traceback()
    return f"{getattr(kind, '__name__', 'fault')} at {file}:{line}"
