"""What the tests of data files share: the packaged files, changed in one place, and what is said of them then."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from fhir_mappings.data_faults import place
from fhir_mappings.data_files import packaged_schema
from fhir_mappings.packaged import packaged_text

Data = dict[str, Any]

ROOT = Path(__file__).parents[3]


def schema(path: Path) -> Data:
    found: Data = json.loads(path.read_text(encoding="utf-8"))
    return found


def packaged_schema_text(name: str) -> Data:
    return schema(ROOT / "fhir_mappings" / "schemas" / f"{name}.json")


@cache
def packaged(name: str) -> Data:
    return tomllib.loads(packaged_text(name))


def problems(name: str, change: Callable[[Data], object]) -> list[str]:
    """What is told of a packaged file after a change, without the name of the file."""
    data = deepcopy(packaged(name))
    change(data)
    return [f"{place(data, fault.path)}: {fault.problem}" for fault in packaged_schema(name).faults(data)]


def at(data: Any, path: Sequence[Any]) -> Any:
    for step in path:
        data = data[step]
    return data


def put(*path: Any) -> Callable[[Data], None]:
    """A change: the last of these is put at the place to which the others lead."""
    *way, key, value = path

    def change(data: Any) -> None:
        at(data, way)[key] = value

    return change


def drop(*path: Any) -> Callable[[Data], None]:
    """A change: what stands there is taken away."""
    *way, key = path

    def change(data: Any) -> None:
        del at(data, way)[key]

    return change
