"""The safety case names tests that are there: each hazard has controls, and each control a test that shows it, or the
words "none" and who has to see to it. What only an organisation can say is left blank.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "safety-case.md").read_text(encoding="utf-8")
HAZARDS = [part.partition("\n")[::2] for part in TEXT.split("\n## ")[1:] if re.match(r"H\d+ ", part)]
ROWS = [
    (hazard, *(cell.strip() for cell in line.strip("| ").split(" | ")))
    for hazard, body in HAZARDS
    for line in body.splitlines()
    if line.startswith("| ") and not line.startswith("| Cause")
]
OVERVIEW = [
    tuple(cell.strip() for cell in line.strip("| ").split(" | "))
    for line in TEXT.partition("\n## All hazards\n")[2].partition("\n## ")[0].splitlines()
    if re.match(r"\| H\d+ ", line)
]
"""Hazard, worst credible harm, what remains, likelihood, acceptance."""
BLANK = re.compile("\u2039[^\u203a]+\u203a")
"""In angle quotes: pages would take what stands in angle brackets for HTML, and show nothing."""
NAMED = sorted({name for *_, tests in ROWS for name in re.findall(r"`(tests/[^`]+)`", tests)})


@cache
def named_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_")


def test_the_hazards_are_numbered_in_their_order_and_each_has_controls() -> None:
    assert [hazard.split(" ")[0] for hazard, _ in HAZARDS] == [f"H{number}" for number in range(1, len(HAZARDS) + 1)]
    assert len(HAZARDS) >= 8
    assert {hazard for hazard, *_ in ROWS} == {hazard for hazard, _ in HAZARDS}


def test_each_hazard_has_its_worst_harm_and_what_remains_in_the_first_table() -> None:
    assert [hazard for hazard, *_ in OVERVIEW] == [hazard for hazard, _ in HAZARDS]
    for _, harm, remains, *_ in OVERVIEW:
        assert harm
        assert remains
        assert not BLANK.search(harm + remains)


def test_likelihood_and_acceptance_are_left_to_the_organisation() -> None:
    assert all(BLANK.fullmatch(blank) for *_, likelihood, acceptance in OVERVIEW for blank in (likelihood, acceptance))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_each_cause_has_a_control_that_a_test_shows_or_says_who_has_to_see_to_it(row: tuple[str, ...]) -> None:
    _, cause, control, shown_by = row
    assert cause
    if control.startswith("none: "):
        assert len(control) > len("none: ")
        assert shown_by == "–", "there is nothing that a test could show"
    else:
        assert control
        assert re.findall(r"`tests/[^`]+`", shown_by)


@pytest.mark.parametrize("name", NAMED)
def test_each_test_that_is_named_is_there(name: str) -> None:
    file, _, test = name.partition("::")
    assert named_in(ROOT / file), "a file of tests"
    assert not test or test in named_in(ROOT / file)
