"""A chart in one line: `chart(ON_DIALYSIS, result(Analyte.PHOSPHATE, 6.1), drug("vitamin_k_antagonist"))`.

Days are counted back from `ON`, numbers come from the packaged policy: no test repeats a threshold.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import hooks
from hooks.assessment import Assessment
from hooks.chart import (
    Analyte,
    Chart,
    Clinical,
    Condition,
    DrugMatch,
    Gap,
    Medication,
    Procedure,
    Result,
    Sign,
    Span,
    Unreadable,
)
from hooks.choice import order_of_choice
from hooks.policy import Policy
from hooks.policy_loading import load_policy
from hooks.thresholds import Thresholds

ON = date(2026, 11, 29)
"""The day on which every test opens the chart."""

STEP = 0.0001
"""The smallest difference between two results: values are rounded to four decimals."""

FILES = ("thresholds", "drug_rules", "status_cards", "wording")


@cache
def _packaged() -> dict[str, dict[str, Any]]:
    folder = Path(hooks.__file__).parent
    return {name: tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES}


def data_files() -> dict[str, dict[str, Any]]:
    """A fresh copy of the four parsed data files, free to be changed: `load_policy(**files)`."""
    return deepcopy(_packaged())


POLICY: Policy = load_policy(**data_files())
LIMITS: Thresholds = POLICY.thresholds(ON)


def ago(days: float) -> date:
    """The day that many days before `ON`; a negative number lies ahead."""
    return ON - timedelta(days=int(days))


def result(
    analyte: Analyte,
    value: float,
    days: float = 0,
    *,
    comparator: str = "",
    upper_limit: float | None = None,
    hour: int = 0,
    original: str = "",
) -> Result:
    """A result of `days` ago."""
    day = ago(days)
    at = datetime.combine(day, time(hour), tzinfo=UTC).timestamp()
    return Result(
        analyte,
        round(value, 4),
        "",
        day,
        at,
        comparator=comparator,
        upper_limit=upper_limit,
        original=original,
    )


def span(days: float) -> Span:
    """One exact day."""
    return Span(ago(days), ago(days))


def condition(
    *concepts: str,
    text: str = "an entry",
    onset: Span | None = None,
    recorded: Span | None = None,
    past: bool = False,
    verification: str = "confirmed",
    words: str = "",
    place: str = "",
    still_active: bool = False,
) -> Condition:
    """An entry of the problem list that stands for these concepts; undated and active unless told otherwise."""
    found = {concept: Sign(concept, "SNOMED CT 1", words, place) for concept in concepts}
    clinical = Clinical.PAST if past else Clinical.ACTIVE
    return Condition(text, found, clinical, verification, onset, recorded, still_active)


def procedure(concept: str, days: float | None = 0, *, ongoing: bool = False, text: str = "a procedure") -> Procedure:
    """A procedure of `days` ago; None leaves it undated."""
    return Procedure(text, {concept: Sign(concept, "CPT 1")}, None if days is None else ago(days), ongoing)


def drug(*drug_classes: str, name: str = "", identifier: str = "", days: float | None = None) -> Medication:
    """A medication of these classes; its ingredient is called like its (first) class unless named."""
    word = name or (drug_classes[0].replace("_", " ") if drug_classes else "aspirin")
    matches = tuple(DrugMatch(drug_class, word, "RxNorm 1") for drug_class in drug_classes)
    reference = f"MedicationRequest/{identifier or word.replace(' ', '-')}"
    return Medication(reference, f"{word} as worded", matches, None if days is None else ago(days))


def gap(query: str, *analytes: Analyte, what: str = "") -> Gap:
    """A look-up that failed."""
    return Gap(query, what or query.replace("_", " "), "the server answered 500", frozenset(analytes))


def chart(
    *things: Result | Condition | Procedure | Medication | Gap | Unreadable,
    drafts: tuple[Medication, ...] = (),
    unread_drafts: int = 0,
    sex: str = "",
    born: date | None = None,
) -> Chart:
    """A chart of these things; results are put newest first, as a chart holds them."""
    results: dict[Analyte, list[Result]] = defaultdict(list)
    for thing in things:
        if isinstance(thing, Result):
            results[thing.analyte].append(thing)
    for series in results.values():
        series.sort(key=order_of_choice)
    return Chart(
        born=born,
        sex=sex,
        conditions=tuple(thing for thing in things if isinstance(thing, Condition)),
        procedures=tuple(thing for thing in things if isinstance(thing, Procedure)),
        medications=tuple(thing for thing in things if isinstance(thing, Medication)),
        drafts=drafts,
        unread_drafts=unread_drafts,
        results={analyte: tuple(series) for analyte, series in results.items()},
        unreadable=tuple(thing for thing in things if isinstance(thing, Unreadable)),
        gaps=tuple(thing for thing in things if isinstance(thing, Gap)),
    )


def assess(
    *things: Result | Condition | Procedure | Medication | Gap | Unreadable, sex: str = "", born: date | None = None
) -> Assessment:
    """The assessment of a chart of these things on `ON`."""
    return Assessment(chart(*things, sex=sex, born=born), ON, LIMITS)


ON_DIALYSIS = condition("dialysis_status", text="Dependence on renal dialysis")
CONFIRMED = condition("calciphylaxis", text="Calciphylaxis")
NECROSIS = condition("skin_necrosis", text="Skin necrosis")
ULCER = condition("skin_ulcer", text="Calf ulcer")
LIVEDO = condition("livedo", text="Livedo racemosa")
SEPSIS = condition("sepsis", text="Sepsis")
WARFARIN = drug("vitamin_k_antagonist", name="warfarin")
CALCIUM_ACETATE = drug("calcium_product", name="calcium acetate")
CALCITRIOL = drug("active_vitamin_d", name="calcitriol")

_ONE_POINT_EACH: tuple[Condition | Result, ...] = (
    condition("diabetes"),
    condition("liver_disease"),
    condition("obesity"),
    condition("steroid_use"),
    result(Analyte.ALKALINE_PHOSPHATASE, LIMITS.alkaline_phosphatase_assumed_upper_limit + 1),
    result(Analyte.SP_KT_V, LIMITS.hd_kt_v_minimum - 0.1),
    result(Analyte.INTACT_PTH, LIMITS.pth_low - 1),
)


def scoring(
    points: float, *things: Result | Condition | Procedure | Medication
) -> tuple[Result | Condition | Procedure | Medication, ...]:
    """These things with as many unremarkable risk factors as it takes to reach exactly this score."""
    fillers = list(_ONE_POINT_EACH)
    filled = list(things)
    while (score := assess(*filled).risk.score) < points:
        filled.append(fillers.pop(0))
    assert score == points, f"{score} points instead of {points}"
    return tuple(filled)
