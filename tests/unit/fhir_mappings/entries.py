"""Entries of the problem list as the packaged vocabulary reads them."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fhir_mappings.conditions import read_condition
from fhir_mappings.packaged import default_vocabulary
from hooks.chart import Condition
from tests.unit.fhir_mappings.resources import Json, condition

ON = date(2026, 3, 1)
UTC = ZoneInfo("UTC")
WORDS = default_vocabulary().conditions


def read(resource: Json) -> Condition:
    """A Condition that counts."""
    found = read_condition(resource, ON, UTC, WORDS)
    assert found is not None
    return found


def concepts(text: str = "", *codings: Any, **more: Any) -> set[str]:
    """What an entry with this text and these codings stands for."""
    return set(read(condition(text, *codings, **more)).concepts)


def some(text: str, *wanted: str) -> str:
    """Which of the wanted concepts the text names, in alphabetical order; "" for none."""
    return ", ".join(sorted(concepts(text) & set(wanted)))
