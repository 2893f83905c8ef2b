"""The body of a request that comes in chunks, put together.

What may live here: how chunks are written (RFC 9112, section 7.1), in one reading only, and how many of them we take.
"""

from __future__ import annotations

import re
from io import BytesIO

from cds_service.serving import refusal
from cds_service.serving.refusal import Refused

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_SIZE = re.compile(rb"(?P<size>[0-9A-Fa-f]+)(?:;" + TOKEN + rb"(?:=(?:" + TOKEN + rb"|" + _QUOTED + rb"))?)*\r\n")
_TRAILER = re.compile(TOKEN + rb":[\t -~\x80-\xff]*\r\n")
_LINE_BYTES = 1_024
"""The longest line with the size of a chunk and its extensions, or of a trailer."""
_TRAILER_BYTES = 8_192
_CHUNKS_OF_ANY_SIZE = 1_000
_LEAST_BYTES = 64
"""Beyond those of any size, a chunk has at least so many bytes on the average: each one costs the time of all."""


class Chunks:
    """Each byte is looked at once, however small the parts are in which it comes. What is not exactly right is refused.

    Extensions and trailers are read and dropped.
    """

    def __init__(self, most_bytes: int) -> None:
        self.completed = False
        self._most, self._body, self._size = most_bytes, BytesIO(), 0
        self._left = self._count = self._trailers = 0
        self._line = b""
        self._take = self._begin

    def __len__(self) -> int:
        """The bytes of the body so far."""
        return self._size

    def received(self, data: bytes) -> int:
        """Take what belongs to this body; how many bytes that was.

        Raises:
            Refused: the chunks are broken, too many or too large.
        """
        at = 0
        while at < len(data) and not self.completed:
            at = self._fill(data, at) if self._left else self._read_line(data, at)
        return at

    def getfile(self) -> BytesIO:
        """The body, from its beginning."""
        self._body.seek(0)
        return self._body

    def getbuf(self) -> BytesIO:
        """What is closed when the body is not needed any more."""
        return self._body

    def _fill(self, data: bytes, at: int) -> int:
        part = data[at : at + self._left]
        self._body.write(part)
        self._size += len(part)
        self._left -= len(part)
        return at + len(part)

    def _read_line(self, data: bytes, at: int) -> int:
        too_far = at + _LINE_BYTES + 1
        end = data.find(b"\n", at, too_far) + 1
        self._line += data[at : end or too_far]
        if len(self._line) > _LINE_BYTES:
            raise Refused(*refusal.CHUNKS_ARE_BROKEN)
        if not end:
            return len(data)
        line, self._line = self._line, b""
        self._take(line)
        return end

    def _begin(self, line: bytes) -> None:
        found = _SIZE.fullmatch(line)
        if found is None:
            raise Refused(*refusal.CHUNKS_ARE_BROKEN)
        self._left = int(found["size"], 16)
        if self._size + self._left > self._most:
            raise Refused(*refusal.BODY_IS_TOO_LARGE)
        self._take = self._end if self._left else self._trail
        self._count += 1
        if self._count > _CHUNKS_OF_ANY_SIZE + self._size // _LEAST_BYTES:
            raise Refused(*refusal.CHUNKS_ARE_TOO_SMALL)

    def _end(self, line: bytes) -> None:
        if line != b"\r\n":
            raise Refused(*refusal.CHUNKS_ARE_BROKEN)
        self._take = self._begin

    def _trail(self, line: bytes) -> None:
        self._trailers += len(line)
        if line == b"\r\n":
            self.completed = True
        elif not _TRAILER.fullmatch(line) or self._trailers > _TRAILER_BYTES:
            raise Refused(*refusal.CHUNKS_ARE_BROKEN)
