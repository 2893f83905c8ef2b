"""Dated values of `thresholds.toml` that a folder has dropped, so that a new one would hold before its day.

What may live here: one comparison with the packaged file. The first value of a number holds for all earlier days, too:
whoever deletes the old line puts the new value in force at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_mappings.data_files import DataFileError, checked
from hooks.reasons import Dated, Number, load_numbers


def dropped_values(text: str, packaged: str) -> list[str]:
    """One line for each number that begins later in this text than in the packaged one; [] if it has other faults."""
    try:
        own = checked("thresholds", text)
    except DataFileError:
        return []
    shipped = checked("thresholds", packaged)
    before = load_numbers(shipped, {})
    return [
        line
        for number in load_numbers(own, {}).values()
        for key in _same_in(shipped, number.key, own)
        for line in _dropped(before[key], number)
    ]


def _same_in(shipped: Mapping[str, Any], key: str, own: Mapping[str, Any]) -> list[str]:
    """The packaged keys of a number. The name of a window is free: it is known by the analytes that it is about."""
    group, _, name = key.rpartition(".")
    if group != "windows":
        return [key]
    about = set(own["windows"][name]["analytes"])
    return [f"windows.{other}" for other, window in shipped["windows"].items() if about & set(window["analytes"])]


def _dropped(shipped: Number, own: Number) -> Iterator[str]:
    first = own.values[0].since
    gone = [value for value in shipped.values if value.since < first]
    if gone:
        is_gone = f"value from {_told(gone[0])} is gone" if len(gone) == 1 else f"values from {_all(gone)} are gone"
        yield (
            f"thresholds.toml: [{own.key}] the {is_gone}, and the first one begins {first}: keep the old "
            f"line{'s' if len(gone) > 1 else ''}"
        )


def _all(values: list[Dated]) -> str:
    return " and ".join(map(_told, values))


def _told(value: Dated) -> str:
    return f"{value.since} ({value.bare})"
