"""Files that people write in TOML: their text to values, with every fault of syntax and shape named.

What may live here: reading, and checking against the JSON Schema of a file, whatever the file is about. The reader of
that file asks whether the values make sense together; it can trust their shapes.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from fhir_mappings.data_faults import Path, in_words, inside, place

_TOML_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_NO_UTF8 = re.compile(r"[\ud800-\udfff]")

_TEXT_OR_COMMENT = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|#.*""")
_HINTS = (
    (
        re.compile(r"=\s*(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./]\d|\d{4}-(?!\d\d-\d\d(?!\d))\d)"),
        "write a day as 2026-12-01",
    ),
    (re.compile(r"=\s*[+-]?\d+,\d"), "write 10.2, not 10,2"),
    (
        re.compile(r"=\s*[+-]?\d+(?:\.\d+)?(?:\s+|(?![\deExob_.]))[A-Za-z%µμ°/](?![\w-]*\s*=)"),
        "the unit stands in `unit`, not behind the number",
    ),
)
"""What people write who know how it is written elsewhere, and how it is written here."""


class DataFileError(ValueError):
    """Files cannot be used. The text lists every problem, one per line, with file and key, or line and column."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and the keys and places (from 0) that lead there. It quotes no text of the file but its keys."""

    path: Path
    problem: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The shape of one kind of file: the schema as a `whole`, and what checks by it."""

    validator: Validator
    whole: Mapping[str, Any]

    def faults(self, data: Mapping[str, Any]) -> tuple[Fault, ...]:
        """Everything in the parsed file that has another shape, in the order of the file; one fault for each key."""
        # Where a key has two faults, the later comes from the more special part of the schema.
        found = {path: problem for error in self.validator.iter_errors(data) for path, problem in in_words(error)}
        return tuple(Fault(path, found[path]) for path in sorted(found, key=lambda path: _order(data, path)))


def schema_of(text: str) -> Schema:
    """The schema in this JSON text. The tests check that it is a schema; a start does not."""
    whole: dict[str, Any] = json.loads(text)
    return Schema(_validator(whole), whole)


@cache
def packaged_schema(name: str) -> Schema:
    """The schema of one of the data files of the packages ("drugs")."""
    return schema_of(resources.files("fhir_mappings").joinpath("schemas", f"{name}.json").read_text(encoding="utf-8"))


def text_of(content: bytes) -> str:
    """The text of a file as people save it, with or without a byte order mark.

    Bytes that are not UTF-8 stay in it as lone surrogates: `parsed` reports them, with the problems of other files.
    """
    return content.decode("utf-8-sig", "surrogateescape")


def parsed(text: str, file: str) -> dict[str, Any]:
    """The values in this TOML text; `file` is what errors call it. Raises DataFileError with line and column."""
    foreign = _NO_UTF8.search(text)
    if foreign is not None:
        line = text.count("\n", 0, foreign.start()) + 1
        raise DataFileError([f"{file}: line {line}: is not UTF-8: save the file as UTF-8"])
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataFileError([f"{file}: {_syntax_problem(error, text)}"]) from None


_SOUND: set[tuple[str, bytes]] = set()
"""Name and digest of the files without a fault: several readers of one process need the same ones."""


def checked(name: str, text: str, file: str = "") -> dict[str, Any]:
    """The values of the data file of this name ("drugs") in this text, which may come from anywhere.

    Their shapes are right. `load_policy`, `load_vocabulary` and `load_reasons` ask whether the file fits the others.
    Raises DataFileError, which calls the file `file`, or "drugs.toml".
    """
    file = file or f"{name}.toml"
    data = parsed(text, file)
    known = (name, sha256(text.encode("utf-8", "surrogatepass")).digest())
    if known not in _SOUND:
        faults = packaged_schema(name).faults(data)
        if faults:
            raise DataFileError(f"{file}: {place(data, fault.path)}: {fault.problem}" for fault in faults)
        _SOUND.add(known)
    return data


def _syntax_problem(error: Exception, text: str) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    said = str(error)
    position = _TOML_POSITION.search(said)
    if position is None:
        return "cannot be read as TOML: it holds a number or date that is out of range"
    line, column = position[1] or str(len(text.splitlines()) or 1), position[2]
    where = f"line {line}, column {column}" if column else f"line {line}, the last one"
    return f"{where}: not valid TOML: {said[: position.start()]}{_hint(text, int(line))}"


def _hint(text: str, line: int) -> str:
    """How to write what the line shows, where that is a usual mistake outside of texts and comments."""
    lines = text.split("\n")
    bare = _TEXT_OR_COMMENT.sub('""', lines[line - 1]) if line <= len(lines) else ""
    return next((f"; {words}" for slip, words in _HINTS if slip.search(bare)), "")


def _order(data: Any, path: Path) -> tuple[int, ...]:
    """The places in the file on the way of a path, for sorting; what is missing comes after what is there."""
    places = []
    for step in path:
        places.append(step if isinstance(step, int) else _place_of(data, step))
        data = inside(data, (step,))
    return tuple(places)


def _place_of(table: Mapping[str, Any], key: str) -> int:
    return list(table).index(key) if key in table else len(table)


# ------------------------------------------------------------------ JSON Schema for TOML
def _validator(schema: Any) -> Validator:
    """A validator that finds what `$ref` names in one step, instead of resolving an address each time."""
    named = {f"#/$defs/{name}": part for name, part in schema.get("$defs", {}).items()}

    def reference(validator: Any, ref: str, value: Any, _: Any) -> Iterator[ValidationError]:
        found: Iterator[ValidationError] = validator.descend(value, named[ref])
        return found

    keywords = {"$ref": reference, "type": _type, "pattern": _pattern}
    return _extended({**keywords, "formatMinimum": _not_before, "formatMaximum": _not_after})(schema)


def _extended(keywords: Mapping[str, Any]) -> Callable[[Any], Validator]:
    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
    validator: Callable[[Any], Validator] = extend(Draft202012Validator, keywords, type_checker=types)  # type: ignore[no-untyped-call]
    return validator


def _type(validator: Validator, types: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """`type`, because TOML has its own days and moments: for JSON Schema, and for editors, they are strings."""
    wanted = schema.get("format")
    if wanted == "date":
        right = type(value) is date
    elif wanted == "date-time":
        right = isinstance(value, datetime) and value.tzinfo is not None
    else:
        yield from Draft202012Validator.VALIDATORS["type"](validator, types, value, schema)
        return
    if not right:
        yield ValidationError(f"no {wanted}")


def _pattern(_: Validator, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """`pattern` as JSON Schema means it: to Python alone, `$` also stands in front of a line break at the end."""
    if isinstance(value, str) and not _compiled(pattern).search(value):
        yield ValidationError(f"does not match {pattern}")


def _not_before(_: Validator, first: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """`formatMinimum`, a keyword of some validators for days: JSON Schema itself has none."""
    if type(value) is date and value < date.fromisoformat(first):
        yield ValidationError(f"before {first}")


def _not_after(_: Validator, last: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """`formatMaximum`, the other end."""
    if type(value) is date and value > date.fromisoformat(last):
        yield ValidationError(f"after {last}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern)


def _is_number(_: object, value: object) -> bool:
    """TOML knows nan and inf, with which every comparison fails in silence."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(_: object, value: object) -> bool:
    """2 and 2.0 are different in TOML, and also for us: a number of decimals or days is used as it is."""
    return isinstance(value, int) and not isinstance(value, bool)
