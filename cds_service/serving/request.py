"""One request as its bytes come in: what is HTTP and what is not, how much of it we take, how much we hold.

What may live here: the head, and what of waitress's parser is left beside it. Nothing here waits or knows of a socket.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser, split_uri
from waitress.receiver import FixedStreamReceiver

from cds_service.logs import request_id_of
from cds_service.serving import refusal
from cds_service.serving.bounds import Bounds
from cds_service.serving.chunks import TOKEN, Chunks
from cds_service.serving.refusal import Refused

# Each character decides by itself how it goes on, so that no head, however odd, takes long to look at. No blank before
# a colon, no line that continues another one, no control characters: two readers understand the same.
_HEAD = re.compile(
    rb"(?P<method>[A-Z][A-Z-]{0,19}) (?P<target>(?:/|\*|https?://)[!-~\x80-\xff]*) HTTP/1\.(?P<minor>[01])\r\n"
    rb"(?:" + TOKEN + rb":[\t -~\x80-\xff]*\r\n)*\r\n"
)
_BLANK_LINES = 2
"""So many before a request are passed over: some callers send one behind a body."""
_LENGTH = re.compile("[0-9]+")
_MOST_DIGITS = 18


@dataclass(slots=True)
class Held:
    """The bytes of requests that a worker holds at the moment."""

    bytes: int = 0


def _begin(head: bytes) -> int:
    """Where the request line begins, behind blank lines."""
    begin = 0
    while begin < 2 * _BLANK_LINES and head.startswith(b"\r\n", begin):
        begin += 2
    return begin


class Request(HTTPRequestParser):
    """A request, whole or in parts. When `refused` is set, nothing more is read of it."""

    # waitress's own are text, whatever its stubs say.
    command: str = ""  # type: ignore[assignment]
    path: Any = ""
    body_rcv: Any = None
    query = request_uri = ""
    refused: Refused | None = None
    arrived: float = 0.0
    """The moment (of the monotonic clock) at which it was whole."""

    def __init__(self, adj: Adjustments, bounds: Bounds, held: Held) -> None:
        super().__init__(adj)
        self.headers: dict[str, str] = {}
        self._bounds, self._held, self._own = bounds, held, 0
        self._id = ""

    @property
    def id(self) -> str:
        """Its request id: that of the caller where it sent one, as far as its head has come."""
        self._id = self._id or request_id_of(self.headers.get("X_REQUEST_ID", ""), self.headers.get("TRACEPARENT", ""))
        return self._id

    @property
    def size(self) -> int:
        """How many bytes of it are held."""
        return self._own

    def received(self, data: bytes) -> int:
        """Take what belongs to this request; how many bytes that was."""
        try:
            taken = self._receive_body(data) if self.headers_finished else self._receive_head(data)
        except Refused as refused:
            self.refuse(refused)
            taken = len(data)
        self._own += taken
        self._held.bytes += taken
        return taken

    def _receive_head(self, data: bytes) -> int:
        """Take the head, or what has come of it."""
        before = len(self.header_plus)
        head = self.header_plus = self.header_plus + data
        begin = _begin(head)
        end = head.find(b"\r\n\r\n", begin) + 4
        if end < 4 and not head.startswith(b"\r\n", begin):
            self._bound(head)
            return len(data)
        self.headers_finished, self.header_plus = True, b""
        self._read(head[begin:end])
        self.completed = self.body_rcv is None
        return end - before

    def _bound(self, head: bytes) -> None:
        if len(head) > self._bounds.head_bytes:
            raise Refused(*refusal.HEAD_IS_TOO_LARGE)

    def _receive_body(self, data: bytes) -> int:
        taken: int = self.body_rcv.received(data)
        self.completed = self.body_rcv.completed
        if self.completed:
            self.headers["CONTENT_LENGTH"] = str(len(self.body_rcv))
        return taken

    def refuse(self, refused: Refused) -> None:
        """It is not taken; the first reason stays."""
        self.refused = self.refused or refused
        self.completed = True

    def close(self) -> None:
        """It has been answered, or given up."""
        self._held.bytes -= self._own
        self._own = 0
        super().close()

    def _read(self, head: bytes) -> None:
        self._bound(head)
        whole = _HEAD.fullmatch(head)
        if whole is None:
            raise Refused(*refusal.HEAD_IS_BROKEN)
        self.version = "1.1" if whole["minor"] == b"1" else "1.0"
        self.command = whole["method"].decode()
        self._read_headers(head[whole.end("minor") + 2 : -4])
        self._read_target(whole["target"])
        if self.version == "1.1" and "HOST" not in self.headers:
            raise Refused(*refusal.NO_HOST)
        self._prepare_for_body()

    def _read_target(self, target: bytes) -> None:
        self.request_uri, self.url_scheme = target.decode("latin-1"), self.adj.url_scheme
        try:
            _, _, self.path, self.query, _ = split_uri(target)
        except ValueError:
            raise Refused(*refusal.HEAD_IS_BROKEN) from None

    def _read_headers(self, lines: bytes) -> None:
        """The headers by their names in capitals. A name with "_" could be taken for another one: it is dropped."""
        for line in lines.split(b"\r\n") if lines else ():
            name, _, value = line.partition(b":")
            if b"_" in name:
                continue
            key, text = name.upper().replace(b"-", b"_").decode(), value.strip(b" \t").decode("latin-1")
            if key not in self.headers:
                self.headers[key] = text
            elif key == "HOST":
                raise Refused(*refusal.TWO_HOSTS)
            else:
                self.headers[key] += f", {text}"

    def _prepare_for_body(self) -> None:
        coding, length = self.headers.pop("TRANSFER_ENCODING", None), self.headers.get("CONTENT_LENGTH")
        self.expect_continue = self.version == "1.1" and self.headers.get("EXPECT", "").lower() == "100-continue"
        if coding is not None:
            self._expect_chunks(coding, length)
        elif length is not None:
            self._expect_bytes(length)

    def _expect_chunks(self, coding: str, length: str | None) -> None:
        if length is not None:
            raise Refused(*refusal.TWO_LENGTHS)
        if self.version == "1.0":
            raise Refused(*refusal.HEAD_IS_BROKEN)
        if coding.lower() != "chunked":
            raise Refused(*refusal.CODING_IS_UNKNOWN)
        self.chunked = True
        self.body_rcv = Chunks(self._bounds.body_bytes)

    def _expect_bytes(self, length: str) -> None:
        if not _LENGTH.fullmatch(length):
            raise Refused(*refusal.LENGTH_IS_BROKEN)
        if len(length) > _MOST_DIGITS or int(length) > self._bounds.body_bytes:
            raise Refused(*refusal.BODY_IS_TOO_LARGE)
        self.content_length = int(length)
        if self.content_length:
            buffer = OverflowableBuffer(self.adj.inbuf_overflow)
            self.body_rcv = FixedStreamReceiver(self.content_length, buffer)
