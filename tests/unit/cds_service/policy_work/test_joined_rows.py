"""What readers see of single rows: one card that becomes another, and one old and new sentence of a card."""

from __future__ import annotations

import pytest

from cds_service.policy_work.becoming import joined
from cds_service.policy_work.changes import Change, Moment, Row
from cds_service.policy_work.examples import NO_EXAMPLE, example
from cds_service.policy_work.patients import Source

OPENED, PICKED, SIGNED = Moment("patient-view", ""), Moment("order-select", "x"), Moment("order-sign", "x")
CLASSES = {"a": {"calcium"}, "b": {"calcium", "iron"}, "c": {"iron"}}


def lost(about: str, *moments: Moment, patient: str = "p") -> Row:
    return Row(Source.SYNTHETIC, patient, about, Change.LOSES, "info", "", moments)


def gained(about: str, *moments: Moment, patient: str = "p") -> Row:
    return Row(Source.SYNTHETIC, patient, about, Change.GAINS, "", "warning", moments)


def told(*rows: Row) -> list[tuple[str, str, str, str, str, tuple[Moment, ...]]]:
    return [(row.change.value, row.topic, row.becomes, row.old, row.new, row.moments) for row in joined(rows, CLASSES)]


def test_a_card_of_the_same_class_of_drug_at_the_same_moment_is_a_card_that_becomes_another() -> None:
    assert told(gained("b", PICKED), lost("a", PICKED)) == [
        ("becomes another card", "a", "b", "info", "warning", (PICKED,))
    ]


def test_moments_at_which_only_one_of_them_changes_stay_a_loss_or_a_gain() -> None:
    assert told(lost("a", OPENED, PICKED), gained("b", PICKED, SIGNED)) == [
        ("becomes another card", "a", "b", "info", "warning", (PICKED,)),
        ("loses", "a", "", "info", "", (OPENED,)),
        ("gains", "b", "", "", "warning", (SIGNED,)),
    ]


def test_a_gained_card_takes_the_place_of_one_lost_card_only() -> None:
    assert [row[:3] for row in told(lost("a", PICKED), lost("c", PICKED), gained("b", PICKED))] == [
        ("becomes another card", "a", "b"),
        ("loses", "c", ""),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        (lost("a", PICKED), gained("c", PICKED)),
        (lost("a", PICKED), gained("status", PICKED)),
        (lost("status", PICKED), gained("other-status", PICKED)),
        (lost("a", PICKED), gained("b", SIGNED)),
        (lost("a", PICKED), gained("b", PICKED, patient="q")),
    ],
    ids=["another class", "a status card", "two status cards", "another moment", "another patient"],
)
def test_everything_else_is_left_as_it_is(rows: tuple[Row, ...]) -> None:
    assert joined(rows, CLASSES) == list(rows)


LONG = "calcium and phosphate and hormone " * 5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"summary": "above 10.2"}, {"summary": "above 10"}, ("above 10.2", "above 10")),
        (
            {"summary": "s", "detail": "one\n\n- **Calcium** above 10\\.2\nlast"},
            {"summary": "s", "detail": "one\n\n- **Calcium** above 10\nend"},
            ("Calcium above 10.2", "Calcium above 10"),
        ),
        ({"summary": "s", "detail": "one"}, {"summary": "s", "detail": "one\ntwo"}, ("nothing", "two")),
        (
            {"summary": "s", "suggestions": [{"label": "Order PTH"}]},
            {"summary": "s", "suggestions": []},
            ("offers: Order PTH", "offers: nothing"),
        ),
        ({"summary": "s", "overrideReasons": [1]}, {"summary": "s"}, NO_EXAMPLE),
        (
            {"summary": f"{LONG}10.2"},
            {"summary": f"{LONG}10"},
            (f"… {LONG[-56:]}10.2", f"… {LONG[-56:]}10"),
        ),
    ],
    ids=["summary", "a line of the detail", "a line more", "what is offered", "the same words", "far in"],
)
def test_the_first_words_that_differ_are_the_example(
    old: dict[str, object], new: dict[str, object], said: tuple[str, str]
) -> None:
    assert example(old, new) == said
