"""The body of an answer as it comes, unpacked piece by piece and counted.

What may live here: gzip, and the limits that hold for what comes out of it. How a body is packed is seen in its first
bytes: what the server calls it proves nothing, and JSON begins otherwise.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from cds_service.fhir_client.terms import LATE, TOO_LARGE, TOO_LARGE_TOGETHER, Deadline

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_AT_A_TIME = 262_144


@dataclass(slots=True)
class Allowance:
    """What one call may still receive: `left` bytes, unpacked, before its deadline; `max_bytes` in one answer."""

    deadline: Deadline
    max_bytes: int
    left: int

    def problem(self, received: int, more: int) -> str | None:
        """Why an answer is not read further when `more` comes after `received` bytes; None when it is."""
        self.left -= more
        if received + more > self.max_bytes:
            return TOO_LARGE
        if self.left < 0:
            return TOO_LARGE_TOGETHER
        # Unpacking goes on for as long as there is something to unpack, and the clock is looked at in between.
        return LATE if self.deadline.reading() <= 0 else None


class Body:
    """What has come of one body. A problem ends it: then `problem` says why, or `is_broken` that it cannot be read."""

    def __init__(self, allowance: Allowance) -> None:
        self.content = bytearray()
        self.problem: str | None = None
        self.is_broken = False
        self._allowance = allowance
        self._begun = b""
        self._is_plain = False
        self._unpacking: zlib._Decompress | None = None

    @property
    def has_begun(self) -> bool:
        """Has anything come?"""
        return bool(self._begun)

    def take(self, piece: bytes) -> bool:
        """One more piece as it came. False when nothing more is wanted."""
        if self._is_plain:
            return self._add(piece)
        if self._unpacking is not None:
            return self._unpack(piece)
        self._begun += piece
        if len(self._begun) < len(_GZIP):
            return True
        self._is_plain = not self._begun.startswith(_GZIP)
        return self._add(self._begun) if self._is_plain else self._unpack(self._begun)

    def end(self) -> None:
        """Nothing more comes."""
        if self._unpacking is not None:
            self.is_broken |= not self._unpacking.eof
        elif not self._is_plain:
            self._add(self._begun)

    def _unpack(self, packed: bytes) -> bool:
        try:
            while packed:
                # One file of gzip may be followed by another.
                if self._unpacking is None or self._unpacking.eof:
                    self._unpacking = zlib.decompressobj(_GZIP_WINDOW)
                if not self._add(self._unpacking.decompress(packed, _AT_A_TIME)):
                    return False
                packed = self._unpacking.unconsumed_tail or self._unpacking.unused_data
        except zlib.error:
            self.is_broken = True
        return not self.is_broken

    def _add(self, content: bytes) -> bool:
        self.problem = self._allowance.problem(len(self.content), len(content))
        if self.problem is None:
            self.content += content
        return self.problem is None
