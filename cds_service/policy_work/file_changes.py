"""What differs between two sets of data files: every number with its days, and every other entry.

What may live here: comparing parsed files. What a change does to patients is played in `changes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from cds_service.knowledge import InForce
from fhir_mappings.data_faults import Path, place
from hooks.reasons import Dated, Number

_SAME_ENTRY = ("name", "drug_class", "topic", "code", "concept", "title")
"""What two entries of a list share where one of them is the other, changed."""


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A threshold that differs; `old` and `new` hold on the day, None where the key is missing.

    `elsewhere` tells what differs on other days, and `begins` from which days the values hold that only the new has.
    """

    key: str
    says: str
    old: Dated | None
    new: Dated | None
    elsewhere: tuple[str, ...] = ()
    begins: tuple[date, ...] = ()

    @property
    def in_force(self) -> bool:
        """Does the number itself differ on the day? A new source alone changes nothing for a patient."""
        return (self.old.shown if self.old else "") != (self.new.shown if self.new else "")


@dataclass(frozen=True, slots=True)
class EntryChange:
    """Any other entry that differs: file, place, and what stands there in either; "" for nothing."""

    file: str
    where: str
    old: str
    new: str


def number_changes(old: InForce, new: InForce, on: date) -> tuple[NumberChange, ...]:
    """The thresholds that differ, on the day or on others."""
    before, after = old.reasons.numbers, new.reasons.numbers
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return tuple(_number_change(key, before.get(key), after.get(key), on) for key in keys)


def entry_changes(old: InForce, new: InForce) -> tuple[EntryChange, ...]:
    """Everything else that differs, in the order of the files."""
    found: list[EntryChange] = []
    for name in old.files.texts:
        before, after = old.files.data(name), new.files.data(name)
        if before != after:
            if name == "thresholds":
                before, after = _without_values(before), _without_values(after)
            found += _Files(f"{name}.toml", before, after).changes(before, after, (), ())
    return tuple(found)


def _number_change(key: str, old: Number | None, new: Number | None, on: date) -> NumberChange:
    here = (old.on(on) if old else None, new.on(on) if new else None)
    known = new or old
    elsewhere = [*_others("until now", old, new, here), *_others("now", new, old, here)]
    return NumberChange(key, known.says if known else "", *here, tuple(elsewhere), _begins(old, new))


def _begins(old: Number | None, new: Number | None) -> tuple[date, ...]:
    """The days of the new values. Another source alone is no new value."""
    known = {(value.since, value.shown) for value in (old.values if old else ())}
    return tuple(value.since for value in (new.values if new else ()) if (value.since, value.shown) not in known)


def _others(when: str, one: Number | None, other: Number | None, here: Sequence[Dated | None]) -> Iterator[str]:
    """The values that only one of the two has, on other days than the one looked at."""
    theirs = other.values if other else ()
    for value in one.values if one else ():
        if value not in theirs and value not in here:
            yield f"{when} {value.shown} from {value.since} on ({value.source})"


def _without_values(thresholds: Mapping[str, Any]) -> dict[str, Any]:
    """The file without its dated values, which are compared as numbers."""
    return {
        key: _without_values(inner) if isinstance(inner, dict) else inner
        for key, inner in thresholds.items()
        if key != "values"
    }


@dataclass(frozen=True, slots=True)
class _Files:
    """One file as it was and as it is, while its entries are compared."""

    file: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def changes(self, old: Any, new: Any, there: Path, here: Path) -> Iterator[EntryChange]:
        """What differs below two places that belong together."""
        if isinstance(old, dict) and isinstance(new, dict):
            for key in {**old, **new}:
                if key not in new:
                    yield self._gone(old[key], (*there, key))
                elif key not in old:
                    yield self._came(new[key], (*here, key))
                elif old[key] != new[key]:
                    yield from self.changes(old[key], new[key], (*there, key), (*here, key))
        elif isinstance(old, list) and isinstance(new, list):
            yield from self._lists(old, new, there, here)
        else:
            yield EntryChange(self.file, place(self.after, here), _text(old), _text(new))

    def _lists(self, old: Sequence[Any], new: Sequence[Any], there: Path, here: Path) -> Iterator[EntryChange]:
        matcher = SequenceMatcher(None, [*map(_text, old)], [*map(_text, new)], autojunk=False)
        for tag, first, last, start, end in matcher.get_opcodes():
            if tag == "equal":
                continue
            gone, came = list(range(first, last)), list(range(start, end))
            while gone and came and _is_same(old[gone[0]], new[came[0]]):
                one, other = gone.pop(0), came.pop(0)
                yield from self.changes(old[one], new[other], (*there, one), (*here, other))
            yield from (self._gone(old[number], (*there, number)) for number in gone)
            yield from (self._came(new[number], (*here, number)) for number in came)

    def _gone(self, value: Any, path: Path) -> EntryChange:
        return EntryChange(self.file, place(self.before, path), _text(value), "")

    def _came(self, value: Any, path: Path) -> EntryChange:
        return EntryChange(self.file, place(self.after, path), "", _text(value))


def _is_same(old: Any, new: Any) -> bool:
    """Are two tables one entry that was changed?"""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return False
    named = [key for key in _SAME_ENTRY if key in old or key in new]
    return all(old.get(key) == new.get(key) for key in named)


def _text(value: Any) -> str:
    """A value of a file on one line."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
