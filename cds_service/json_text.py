"""JSON as it really comes: byte order marks, charsets by name, half characters, numbers that nobody can hold.

This is the reader of the bodies of requests and of the answers of FHIR servers. `bounded_get` and `public_keys` read
theirs for themselves: key sets, configurations and tokens are small, in UTF-8, and nothing in them is mended.

What may live here: from the bytes of a body to its value. What the value means is decided elsewhere.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from functools import lru_cache
from typing import Any, NoReturn

import orjson

MOST_TO_MEND = 4_000_000
"""Bytes of the largest body in which broken characters are replaced, or whose charset is guessed.

Replacing so many takes longer than reading 20 MB of sound JSON, and whatever else the worker does waits for it. Larger
bodies are read as they are or in the charset that they name, whole, or not at all.
"""

_WITH_LARGE_NUMBER = "holds a number that is too large"

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The mark of UTF-32 begins with that of UTF-16, so it is looked for first."""

_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_CHARSETS = frozenset(
    {
        *(f"iso8859-{number}" for number in (*range(1, 12), *range(13, 17))),
        *(f"cp{number}" for number in (437, 850, 852, *range(1250, 1259))),
        *("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *("koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "cp932", "euc_jp", "euc_kr"),
    }
)
"""Charsets of text, as Python calls them. It knows others that are no charsets, or slow to read."""

_HALVES = re.compile(
    rb"(?P<before>\\(?<!\\\\)(?:\\\\)*+)u[dD]"
    rb"(?:[89abAB][0-9a-fA-F]{2}(?P<rest>\\u[dD][c-fC-F][0-9a-fA-F]{2})?|[c-fC-F][0-9a-fA-F]{2})"
)
"""Escapes of half a character, with the other half where that follows. A backslash before may itself be escaped.

It begins with a backslash, and with the first of several only: so it is found fast, and each run is looked at once.
"""


TOO_LARGE = "(a number that is too large)"
"""Stands where a number was that is larger than any value: no reader takes it for a number, and so for a result."""

_LONGEST_NUMBER = 1000
"""Digits of the longest number that is looked at."""


class NotJson(ValueError):
    """The body is not JSON; the text says what is wrong, and holds nothing of the body."""


def read_json(body: bytes | bytearray, content_type: str = "") -> Any:
    """The value of a body; `content_type` is the header that came with it.

    What is UTF-8 is read as such, whatever it is called: senders that say ISO-8859-1 and write UTF-8 are common, and
    text in another charset is hardly ever UTF-8 by accident. Half a character becomes U+FFFD, and a number that is too
    large becomes TOO_LARGE, in bodies up to MOST_TO_MEND: it costs one member of one resource. Larger bodies have to be
    sound.

    Raises:
        NotJson: it is none, or nested too deeply, or too large to mend.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        reason = _reason(error)
    if len(body) <= MOST_TO_MEND:
        return _mended_value(_mended(_as_utf8(bytes(body), content_type)))
    length, charset = _named(body, content_type)
    if not charset:
        raise NotJson(reason)
    return _parsed(_sound(bytes(body[length:]), charset))


def is_in_wide_characters(body: bytes | bytearray) -> bool:
    """Does the body say by its mark that it is UTF-16 or UTF-32?"""
    return _marked(body)[1] not in ("", "utf-8")


def charset_of(content_type: str) -> str:
    """The charset that a Content-Type names, as Python calls it; "" where it names none that we know."""
    named = _CHARSET.search(content_type)
    try:
        found = codecs.lookup(named[1]).name if named else ""
    except LookupError:
        return ""
    return found if found in _CHARSETS else ""


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJson(_reason(error)) from None


def _mended_value(body: bytes) -> Any:
    """The value, with TOO_LARGE in place of each number that is too large."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        reason = _reason(error)
    if reason != _WITH_LARGE_NUMBER:
        raise NotJson(reason)
    try:
        return json.loads(body, parse_float=_number, parse_int=_whole_number, parse_constant=_no_number)
    except RecursionError:
        raise NotJson("is nested too deeply") from None
    except ValueError:
        raise NotJson("is not valid JSON") from None


def _number(written: str) -> float | str:
    number = float(written) if len(written) <= _LONGEST_NUMBER else math.inf
    return number if math.isfinite(number) else TOO_LARGE


def _whole_number(written: str) -> int | float | str:
    """Beyond 64 bits a whole number becomes one with a decimal point, as it does where nothing is mended."""
    number = _number(written)
    return int(written) if isinstance(number, float) and -(2.0**63) <= number < 2.0**64 else number


def _no_number(_: str) -> NoReturn:
    """NaN and Infinity, which Python reads, are no JSON."""
    raise ValueError


def _reason(error: orjson.JSONDecodeError) -> str:
    if error.msg.startswith("depth limit"):
        return "is nested too deeply"
    if error.msg.startswith("number is infinity"):
        return _WITH_LARGE_NUMBER
    return "is not valid JSON"


def _marked(body: bytes | bytearray) -> tuple[int, str]:
    """How long the byte order mark is, and the charset that it stands for; (0, "") without one."""
    return next(((len(mark), name) for mark, name in _BYTE_ORDER_MARKS if body.startswith(mark)), (0, ""))


def _named(body: bytes | bytearray, content_type: str) -> tuple[int, str]:
    """How long the byte order mark is, and the charset by that mark or by name; "" where nothing names one."""
    length, charset = _marked(body)
    charset = charset or charset_of(content_type)
    if charset in ("utf-16", "utf-32"):
        # Without a mark, the zeros of the first character say in which order the bytes stand; it is ASCII in JSON.
        charset += "-be" if body.startswith(b"\x00") else "-le"
    return length, charset


def _sound(body: bytes, charset: str) -> bytes:
    """The same text in UTF-8, where all of it is text in its charset."""
    try:
        return body.decode(charset).encode()
    except UnicodeError:
        raise NotJson("is not valid JSON") from None


def _as_utf8(body: bytes, content_type: str) -> bytes:
    """The same text in UTF-8, without byte order mark; what is no character in its charset becomes U+FFFD."""
    marked = _marked(body)[1]
    length, charset = _named(body, content_type)
    body = body[length:]
    if marked in ("", "utf-8") and b"\x00" not in body[:4] and _is_utf8(body):
        return body
    return (_decoded(body, charset) if charset else _guessed(body)).encode()


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _guessed(body: bytes) -> str:
    """Text of a charset that nobody names: UTF-8 with a broken character in it, else what Windows writes."""
    has_utf8 = not body.decode(errors="ignore").isascii()
    return _decoded(body, "utf-8" if has_utf8 else "cp1252")


def _decoded(body: bytes, charset: str) -> str:
    """The text; by a table where each byte is a character, because Python is slow to replace one by one."""
    table = _table(charset)
    return codecs.charmap_decode(body, "strict", table)[0] if table else body.decode(charset, "replace")


@lru_cache(maxsize=len(_CHARSETS))
def _table(charset: str) -> str:
    """The characters of all bytes of a charset of single bytes, U+FFFD where there is none; "" for other charsets."""
    characters = [bytes([byte]).decode(charset, "replace") for byte in range(256)]
    is_single = "utf" not in charset and bytes(range(256)).decode(charset, "replace") == "".join(characters)
    return "".join(characters) if is_single else ""


def _mended(body: bytes) -> bytes:
    """The same with U+FFFD in place of each half of a character that is written as an escape."""
    return _HALVES.sub(_whole_character, body)


def _whole_character(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape["rest"] else escape["before"] + b"ufffd"
