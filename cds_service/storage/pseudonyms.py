"""Names that stand for patients and users in the log: the same person has the same one, and nobody can go back.

What may live here: the site's secret keys and what is made with them. A pseudonym is a keyed hash (HMAC-SHA-256) with
the id of its key before it; without the key nobody can try out record numbers. A key that was replaced stays in the
file as long as what was written with it may have to be found: the newest makes pseudonyms, all can recognise them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from cds_service.durable_files import replace_file

_KEY = re.compile(r"[0-9a-f]{64}")
_ID_DIGITS = 8
_KEPT = 3


class SecretError(ValueError):
    """The file of keys cannot be used. The text names file and line, and repeats nothing of it."""


class Pseudonyms:
    """What makes pseudonyms; without a key there are none."""

    def __init__(self, keys: Sequence[bytes] = ()) -> None:
        """The newest key comes first."""
        self._keys = [(hashlib.sha256(key).hexdigest()[:_ID_DIGITS], key) for key in keys]

    def of(self, *parts: str) -> str | None:
        """The pseudonym of what these parts name together, by the newest key; None without one."""
        return self.all_of(*parts)[0] if self._keys else None

    def all_of(self, *parts: str) -> list[str]:
        """The same by every key, the newest first: whoever looks for what was written before looks for all."""
        named = "\x00".join(parts).encode("utf-8", "surrogatepass")
        return [f"{name}:{hmac.new(key, named, hashlib.sha256).hexdigest()}" for name, key in self._keys]


def read_keys(path: Path) -> list[bytes]:
    """The keys of a file, one of 64 hexadecimal digits in each line, the newest first; # begins a remark.

    Raises:
        SecretError: it cannot be read, others on this machine can read it too, a line is no key, or there is none.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise SecretError(f"{path}: others on this machine can read it: chmod 600")
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise SecretError(f"{path}: cannot be read ({error.strerror})") from None
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    wrong = [number for number, line in enumerate(lines, start=1) if line and not _KEY.fullmatch(line)]
    if wrong:
        raise SecretError(f"{path}: line {wrong[0]} is no key of 64 hexadecimal digits (0-9, a-f)")
    keys = [bytes.fromhex(line) for line in lines if line]
    if not keys:
        raise SecretError(f"{path}: there is no key in it")
    return keys


def rotated(keys: Sequence[bytes], kept: int = _KEPT) -> list[bytes]:
    """A new key before these, of which so many stay."""
    return [secrets.token_bytes(32), *keys[:kept]]


def write_keys(path: Path, keys: Sequence[bytes]) -> None:
    """Write a file of keys that only we can read, in one step: nobody ever reads half of it.

    Raises:
        SecretError: it cannot be written.
    """
    try:
        replace_file(path, "".join(f"{key.hex()}\n" for key in keys).encode("ascii"))
    except OSError as error:
        raise SecretError(f"{path}: cannot be written ({error.strerror})") from None
