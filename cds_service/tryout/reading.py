"""What was pasted or read from a file, as JSON: one document, or one resource a line (NDJSON).

What may live here: from bytes to JSON values, and taking tokens out of a text. What the JSON means is in `shapes.py`.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import orjson

from cds_service.demo.patients import rolled
from cds_service.json_text import NotJson, read_json

TAKEN_OUT = "(taken out)"
SHORTEST_TOKEN = 12
"""Characters from which on a value is taken out wherever it stands: a shorter one may be any word of the message."""
_MOST_SPELLINGS = 200
"""A message has a token or two; each costs a look through the whole."""


def _spelt(name: str) -> str:
    """A pattern for a member's name in JSON, where any character may stand as an escape."""
    return "".join(rf"(?:{letter}|\\u{ord(letter):04x})" for letter in name)


_NAMES = "|".join(map(_spelt, ("access_token", "refresh_token", "id_token")))
_MEMBER = re.compile(rf'("(?:{_NAMES})"\s*:\s*")((?:[^"\\]|\\.)*)', re.IGNORECASE | re.DOTALL)
_HEADER = re.compile(r"""(\bAuthorization["']?\s*:\s*["']?\s*Bearer\s+)([\w.~+/=-]+)""", re.IGNORECASE | re.ASCII)
_BEARER = re.compile(
    rf"(\bBearer\s+)([\w.~+/=-]{{{SHORTEST_TOKEN},}}|[\w~+/=-]+\.[\w~+/=-][\w.~+/=-]*)", re.IGNORECASE | re.ASCII
)
"""Elsewhere the word may be one of a sentence: "bearer of hepatitis B"."""


class NotUnderstood(ValueError):
    """What was sent cannot be judged; the text says where and why, and holds no value of what was sent."""


def read_sent(sent: bytes, now: datetime) -> Any:
    """The JSON in these bytes; several resources, one a line, become a list. Date tokens become dates (see `demo`).

    Raises:
        NotUnderstood: it is no JSON; the text names the line.
    """
    if b"{{" in sent:
        sent = rolled(sent.decode("utf-8", "surrogateescape"), now).encode("utf-8", "surrogateescape")
    if not sent.strip():
        raise NotUnderstood("nothing was sent")
    try:
        return _whole(sent)
    except NotJson as problem:
        lines = [(number, line) for number, line in enumerate(sent.split(b"\n"), start=1) if line.strip()]
        if len(lines) > 1 and _is_json(lines[0][1]):
            return [_line(number, line) for number, line in lines]
        raise NotUnderstood(f"what was sent {problem}{_place(sent)}") from None


def without_tokens(text: str) -> str:
    """The text without the values of its tokens, whether it is JSON or not."""
    values = {found[2] for pattern in (_MEMBER, _HEADER) for found in pattern.finditer(text)}
    spellings = {spelling for value in values for spelling in _spellings(value) if len(spelling) >= SHORTEST_TOKEN}
    for pattern in (_MEMBER, _HEADER, _BEARER):
        text = pattern.sub(rf"\1{TAKEN_OUT}", text)
    # The same value may stand in other places, too; the longest first, as one may begin another.
    for spelling in sorted(spellings, key=len, reverse=True)[:_MOST_SPELLINGS]:
        text = text.replace(spelling, TAKEN_OUT)
    return text


def _spellings(value: str) -> set[str]:
    """A text of JSON as it stands there, as it is meant, and as JSON usually has it."""
    try:
        meant = json.loads(f'"{value}"', strict=False)
    except ValueError:
        return {value}
    return {value, meant, json.dumps(meant)[1:-1], json.dumps(meant, ensure_ascii=False)[1:-1]}


def _whole(sent: bytes) -> Any:
    """The value, which can be written again as it is."""
    value = read_json(sent)
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise NotJson("is nested too deeply") from None
    return value


def _line(number: int, line: bytes) -> Any:
    try:
        return _whole(line)
    except NotJson as problem:
        raise NotUnderstood(f"line {number} {problem}") from None


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(_whole(line), dict)
    except NotJson:
        return False


def _place(sent: bytes) -> str:
    """Where it goes wrong, for people; "" where nobody can tell."""
    try:
        orjson.loads(sent.decode())
    except UnicodeDecodeError:
        return ""
    except orjson.JSONDecodeError as error:
        return f" (line {error.lineno}, column {error.colno})"
    return ""
