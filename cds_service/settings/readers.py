"""How the text of one setting is read.

What may live here: a reader for each kind of value. For what it cannot use each raises ValueError, KeyError, OSError or
ArgumentError; whoever reads says what was expected, never the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from pathlib import Path

from limits import parse_many
from sqlalchemy.engine import make_url

from cds_service.addresses import normal_url
from cds_service.settings.redis_url import redis_url


def database(text: str) -> str:
    """SQLAlchemy's URL of an SQLite or PostgreSQL database."""
    url = make_url(text)
    if url.get_backend_name() not in {"sqlite", "postgresql"} or url.get_dialect().is_async:
        raise ValueError
    return text


def address(text: str) -> str:
    """An http(s) address in its normal form."""
    normal = normal_url(text)
    if normal is None:
        raise ValueError
    return normal


def origin(text: str) -> str:
    """Scheme, host and port of an address."""
    found = address(text)
    if found.count("/") != 2:
        raise ValueError
    return found


def origins(text: str) -> tuple[str, ...]:
    """Origins with commas between, or "*" for all."""
    return ("*",) if text == "*" else list_of(origin)(text)


def list_of(read: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    """A reader for several values with commas between."""
    return lambda text: tuple(read(item.strip()) for item in text.split(",") if item.strip())


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader for whole numbers in these bounds."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise ValueError
        return int(text)

    return read


def seconds(text: str) -> float:
    """Seconds, with or without a fraction, of a minute at most."""
    found = float(text)
    if not (math.isfinite(found) and 0 < found <= 60):
        raise ValueError
    return found


def rate(text: str) -> str:
    """One rate: of several, only the first would hold, and by one of no calls nobody would be let in."""
    (rate,) = parse_many(text)
    if rate.amount < 1:
        raise ValueError
    return text


def rate_storage(text: str) -> str:
    """Where calls are counted: each worker's memory, or a Redis."""
    return text if text == "memory://" else redis_url(text)


def file(text: str) -> Path:
    """A file that is there."""
    path = Path(text)
    if not path.is_file():
        raise ValueError
    return path


def folder(text: str) -> Path:
    """A folder that is there."""
    path = Path(text)
    if not path.is_dir():
        raise ValueError
    return path


def some_of(known: Collection[str]) -> Callable[[str], frozenset[str]]:
    """A reader for some of these names with commas between, or "none"."""

    def read(text: str) -> frozenset[str]:
        names = frozenset(name.strip() for name in text.split(",") if name.strip())
        if text == "none":
            return frozenset()
        if not names <= frozenset(known):
            raise ValueError
        return names

    return read


def visible(text: str) -> str:
    """Visible ASCII characters."""
    if not re.fullmatch("[!-~]{1,200}", text):
        raise ValueError
    return text


def token(text: str) -> str:
    """Long enough that nobody guesses it, and such that it can be typed and sent in a header."""
    if not re.fullmatch("[!-~]{32,200}", text):
        raise ValueError
    return text


def one_of(known: Collection[str]) -> Callable[[str], str]:
    """A reader for one of these words."""

    def read(text: str) -> str:
        if text not in known:
            raise ValueError
        return text

    return read


def truth(text: str) -> bool:
    """True or false, in words or as 1 and 0."""
    return {"true": True, "false": False, "1": True, "0": False}[text.lower()]


def on_or_off(text: str) -> bool:
    """On or off."""
    return {"on": True, "off": False}[text.lower()]


def log_level(text: str) -> str:
    """A level of Python's logging."""
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError
    return text.upper()
