"""The explanation of a call as plain data: whether something is one.

What may live here: the check of its shape. What it says is worked out in `explained.py`, and shown elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator


def is_explanation(data: object) -> bool:
    """Has this the shape of an explanation, and is every question there that it names?"""
    try:
        if not _validator().is_valid(data):
            return False
    except RecursionError:
        return False
    explanation: Mapping[str, Any] = data  # type: ignore[assignment]  # the schema has just shown that it is an object
    return all(name in explanation.get("answers", {}) for name in _named(explanation))


@cache
def _validator() -> Draft202012Validator:
    """Compiled when it is first needed: a service that explains nothing needs none."""
    schema = json.loads(files("cds_service.api.schemas").joinpath("explanation.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _named(explanation: Mapping[str, Any]) -> Iterator[str]:
    """Every question that a row or another question names."""
    rows = [*explanation.get("status_rows", ())]
    for group in explanation.get("drug_classes", ()):
        rows += group.get("rows", ())
    for row in rows:
        for names in ("when", "unless", "kept_by"):
            yield from row.get(names, ())
    for answer in explanation.get("answers", {}).values():
        yield from answer.get("parts", ())
