"""Comparisons answer True, False or cannot tell; a comparator is used only where it decides by itself."""

import pytest

from hooks.chart import Analyte, Result
from hooks.finding import above, at_least, below
from tests.unit.hooks.builders import STEP, result

LIMIT = 5.0
LESS, SAME, MORE = LIMIT - STEP, LIMIT, LIMIT + STEP


def reading(comparator: str, value: float, days: int = 0) -> Result:
    return result(Analyte.PHOSPHATE, value, days, comparator=comparator)


@pytest.mark.parametrize(
    ("comparator", "value", "answer"),
    [
        ("", LESS, False),
        ("", SAME, False),
        ("", MORE, True),
        (">", LESS, None),
        (">", SAME, True),
        (">", MORE, True),
        (">=", LESS, None),
        (">=", SAME, None),
        (">=", MORE, True),
        ("<", LESS, False),
        ("<", SAME, False),
        ("<", MORE, None),
        ("<=", LESS, False),
        ("<=", SAME, False),
        ("<=", MORE, None),
    ],
)
def test_above_is_strict_and_decided_only_by_what_the_comparator_leaves_possible(
    comparator: str, value: float, answer: bool | None
) -> None:
    assert above([reading(comparator, value)], LIMIT).met is answer


@pytest.mark.parametrize(
    ("comparator", "value", "answer"),
    [
        ("", LESS, True),
        ("", SAME, False),
        ("", MORE, False),
        ("<", LESS, True),
        ("<", SAME, True),
        ("<", MORE, None),
        ("<=", LESS, True),
        ("<=", SAME, None),
        ("<=", MORE, None),
        (">", LESS, None),
        (">", SAME, False),
        (">", MORE, False),
        (">=", LESS, None),
        (">=", SAME, False),
        (">=", MORE, False),
    ],
)
def test_below_is_strict_and_decided_only_by_what_the_comparator_leaves_possible(
    comparator: str, value: float, answer: bool | None
) -> None:
    assert below([reading(comparator, value)], LIMIT).met is answer


@pytest.mark.parametrize(
    ("comparator", "value", "answer"),
    [
        ("", LESS, False),
        ("", SAME, True),
        ("", MORE, True),
        ("<", LESS, False),
        ("<", SAME, False),
        ("<", MORE, None),
        ("<=", LESS, False),
        ("<=", SAME, None),
        ("<=", MORE, None),
        (">", LESS, None),
        (">", SAME, True),
        (">", MORE, True),
        (">=", LESS, None),
        (">=", SAME, True),
        (">=", MORE, True),
    ],
)
def test_at_least_includes_the_limit_and_is_decided_only_by_what_the_comparator_leaves_possible(
    comparator: str, value: float, answer: bool | None
) -> None:
    assert at_least([reading(comparator, value)], LIMIT).met is answer


@pytest.mark.parametrize("compare", [above, below, at_least])
def test_no_result_cannot_tell(compare: type) -> None:
    finding = compare([], LIMIT)
    assert (finding.met, finding.result, bool(finding)) == (None, None, False)


def test_an_undecided_newest_result_leaves_the_answer_to_the_next_older_one() -> None:
    newest, older, oldest = reading(">", LESS, 1), reading("", MORE, 2), reading("", LESS, 3)
    assert above([newest, older, oldest], LIMIT).result is older


def test_a_deciding_newest_result_is_not_overruled_by_an_older_one() -> None:
    assert above([reading("", LESS, 1), reading("", MORE, 2)], LIMIT).met is False


def test_only_undecided_results_cannot_tell() -> None:
    assert above([reading(">", LESS, 1), reading("<", MORE, 2)], LIMIT).met is None


def test_a_limit_may_depend_on_the_result() -> None:
    reported = result(Analyte.INTACT_PTH, MORE, upper_limit=LIMIT)
    assert above([reported], lambda item: item.upper_limit or 0).met is True


@pytest.mark.parametrize(("met", "truth"), [(MORE, True), (LESS, False)])
def test_only_a_met_finding_is_true(met: float, truth: bool) -> None:
    assert bool(above([reading("", met)], LIMIT)) is truth
