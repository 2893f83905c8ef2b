"""Faults of a data file in words: where in the file, and what was expected there.

What may live here: sentences for people who write these files. They quote keys and numbers, never a text of the file:
it may be a secret. A schema can bring a better sentence as its `errorMessage`, which other validators know, too.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError

Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_LABELS = ("name", "title", "topic", "tenant", "concept", "code", "why")
_LONGEST_LABEL = 80
_TYPES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}
_DAYS = {
    "date": "a date such as 2026-11-22, without quotes",
    "date-time": "a moment such as 2026-11-22T10:00:00Z, without quotes",
}


# ------------------------------------------------------------------ where
def place(data: Mapping[str, Any], path: Path) -> str:
    """Where a path leads, as people find it: "[calcium_high] values[2].value", "drug 3 (warfarin): names[1]".

    Entries of lists are counted from 1, and those that have a name are called by it.
    """
    tables = _tables(data, path)
    text = f"[{'.'.join(map(_key, path[:tables]))}]" if tables else ""
    value, glue = inside(data, path[:tables]), " " if text else ""
    for number, step in enumerate(path[tables:]):
        if isinstance(step, str):
            text, glue = f"{text}{glue}{_key(step)}", "."
        else:
            # A list of tables at the top is a chapter of the file: [[client]].
            text += _entry(value[step], step, is_chapter=(tables, number) == (0, 1))
            glue = " " if text.endswith(":") else "."
        value = inside(value, (step,))
    return text.removesuffix(":") or "the file"


def _entry(value: object, number: int, *, is_chapter: bool) -> str:
    label = _label(value) if isinstance(value, dict) else ""
    if label:
        return f" {number + 1} ({label}):"
    return f" {number + 1}:" if is_chapter and isinstance(value, dict) else f"[{number + 1}]"


def _tables(data: Any, path: Path) -> int:
    """How many steps of a path lead from table to table."""
    for number, step in enumerate(path):
        data = inside(data, (step,))
        if not isinstance(data, dict) or isinstance(step, int):
            return number
    return len(path)


def inside(value: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path:
        if isinstance(value, list) and isinstance(step, int):
            value = value[step]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _key(step: str | int) -> str:
    key = str(step)
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=not key.isprintable())


def _label(entry: Mapping[str, Any]) -> str:
    named = (entry[key] for key in _LABELS if isinstance(entry.get(key), str))
    return next((name for name in named if name.isprintable() and 0 < len(name) <= _LONGEST_LABEL), "")


# ------------------------------------------------------------------ what
def in_words(error: ValidationError) -> Iterator[tuple[Path, str]]:
    """The faults behind an error of the validator: path, and what is wrong there."""
    path = tuple(error.absolute_path)
    # Only `true` and `false` are schemas without members, and we use neither.
    schema: Any = error.schema
    value: Any = error.instance
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            yield from (((*path, key), _missing(key, schema)) for key in limit if key not in value)
        case "dependentRequired":
            pairs = ((key, needed) for key, others in limit.items() if key in value for needed in others)
            yield from (
                ((*path, needed), f"is missing: {key} needs it") for key, needed in pairs if needed not in value
            )
        case "additionalProperties":
            known, patterns = schema.get("properties", {}), "|".join(schema.get("patternProperties", ())) or "(?!)"
            unknown = (key for key in value if key not in known and not re.search(patterns, key))
            yield from (
                ((*path, key), _own_words(schema, "additionalProperties") or _unknown(key, known)) for key in unknown
            )
        case keyword:
            yield path, _own_words(schema, str(keyword)) or _sentence(str(keyword), value, limit, schema)


def _own_words(schema: Mapping[str, Any], keyword: str) -> str:
    """What the schema itself says: one sentence for whatever is wrong, or one for each keyword."""
    said = schema.get("errorMessage", "")
    return said if isinstance(said, str) else said.get(keyword, "")


def _missing(key: str, schema: Mapping[str, Any]) -> str:
    expected = _own_words(schema.get("properties", {}).get(key, {}), "required")
    return f"is missing: {expected}" if expected else "is missing"


def _unknown(key: str, known: Iterable[str]) -> str:
    return f"there is no such key{_meant(key, known)}"


def _meant(word: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1) if isinstance(word, str) else []
    return f"; did you mean {near[0]}?" if near else ""


def _sentence(keyword: str, value: object, limit: Any, schema: Mapping[str, Any]) -> str:
    match keyword:
        case "type":
            return f"must be {_DAYS.get(schema.get('format', '')) or _kinds(limit)}"
        case "enum":
            return f"must be {' or '.join(limit)}{_meant(value, limit)}"
        case "const":
            return f"must be {limit}"
        case "minimum" | "maximum":
            return f"must be {_range(schema)}, not {value}: look at the unit and at the decimal point"
        case "formatMinimum" | "formatMaximum":
            first, last = schema["formatMinimum"], schema["formatMaximum"]
            return f"must be a day from {first} to {last}, not {value}: look at the year"
        case "exclusiveMinimum":
            return f"must be above {limit}"
        case "uniqueItems":
            return "has the same entry twice"
        case _:
            return "must not be empty"


def _kinds(types: str | list[str]) -> str:
    return " or ".join(_TYPES[name] for name in ([types] if isinstance(types, str) else types))


def _range(schema: Mapping[str, Any]) -> str:
    return f"from {schema['minimum']} to {schema['maximum']}"
