"""A call explained in one line, and the parts of its explanation by name.

What may live here: what several tests of explanations ask of one.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hooks.chart import Analyte
from hooks.explain import Explanation, explain
from hooks.explain.explanation import Fact, Row
from hooks.reasons import Reasons
from tests.unit.hooks.builders import ON, POLICY, chart, result

CALCIUM_IN_RANGE = result(Analyte.TOTAL_CALCIUM, 9.0, 5)
PHOSPHATE_IN_RANGE = result(Analyte.PHOSPHATE, 4.0, 5)
CHILD = date(ON.year - 16, 1, 1)


def all_read(**values: float) -> tuple[Any, ...]:
    """A usable result of everything that gives points, in range but for the values given."""
    ordinary = {
        "total_calcium": 9.0,
        "phosphate": 4.0,
        "albumin": 4.0,
        "intact_pth": 300,
        "alkaline_phosphatase": 90,
        "body_mass_index": 24,
        "sp_kt_v": 1.5,
    }
    found = [result(Analyte(name), value, 5) for name, value in (ordinary | values).items()]
    return (*found, result(Analyte.DRY_WEIGHT, 80, 100), result(Analyte.DRY_WEIGHT, 80, 5))


def opened(reasons: Reasons, *things: Any, **members: Any) -> Explanation:
    return explain("patient-view", chart(*things, **members), ON, POLICY, reasons)[0]


def ordered(reasons: Reasons, hook: str, order: Any, *things: Any, **members: Any) -> Explanation:
    return explain(hook, chart(*things, drafts=(order,), **members), ON, POLICY, reasons)[0]


def said(facts: tuple[Fact, ...]) -> list[str]:
    return [fact.says for fact in facts]


def answer(explanation: Explanation, name: str) -> tuple[bool | None, list[str]]:
    found = explanation.answers[name]
    return found.met, said(found.facts)


def row(explanation: Explanation, topic: str) -> Row:
    rows = [*explanation.status_rows, *(one for group in explanation.drug_classes for one in group.rows)]
    return next(one for one in rows if one.topic == topic)


def points(told: Explanation, name: str) -> tuple[bool | None, list[str]]:
    assert told.score is not None
    factor = next(one for one in told.score.factors if one.name == name)
    return factor.met, said(factor.facts)
