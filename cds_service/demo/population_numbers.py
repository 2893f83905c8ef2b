"""The numbers of the synthetic population, read from `population.toml` and checked.

What may live here: reading that file. What its numbers are used for stands in `population`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fhir_mappings.data_faults import place
from fhir_mappings.data_files import DataFileError, parsed, schema_of, text_of

FILE = "population.toml"

Numbers = Mapping[str, Any]


@cache
def numbers() -> Numbers:
    """The packaged numbers, checked. Raises DataFileError with every fault of the file."""
    return read_numbers(text_of(files("cds_service.demo").joinpath(FILE).read_bytes()))


def read_numbers(text: str) -> Numbers:
    """The numbers in this TOML text. Raises DataFileError with every fault of syntax, shape or names."""
    data = parsed(text, FILE)
    schema = schema_of(files("cds_service.schemas").joinpath("population.json").read_text(encoding="utf-8"))
    problems = [f"{place(data, fault.path)}: {fault.problem}" for fault in schema.faults(data)]
    if problems := problems or list(_misfits(data)):
        raise DataFileError(f"{FILE}: {problem}" for problem in problems)
    return data


def _misfits(data: Numbers) -> Iterator[str]:
    """What a schema cannot see: names that lead nowhere, shares of a choice above 1."""
    for kind in ("condition", "drug"):
        for name, entry in data[kind].items():
            if "among" in entry and entry["among"] not in data["condition"]:
                yield f"[{kind}.{name}] among: there is no such condition"
    for name, entry in data["result"].items():
        if ("mean" in entry) is ("median" in entry):
            yield f"[result.{name}] either mean or median must stand there"
    for name, choice in data["choice"].items():
        if sum(choice["shares"].values()) > 1 + 1e-9:
            yield f"[choice.{name}] shares: together above 1"
    for name in (*data["orders"]["drugs"], *data["quiet"]["no_drug"]):
        if name not in data["drug"]:
            yield f"there is no drug {name}"
