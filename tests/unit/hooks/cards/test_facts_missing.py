"""What a card says is missing, too old, unusable, or could not be read."""

from dataclasses import replace

import pytest

from hooks.assessment import Assessment
from hooks.cards.facts import Facts
from hooks.chart import UNREAD_DRUG, Analyte, Condition, Gap, Medication, Procedure, Result, Unreadable
from hooks.policy_loading import load_policy
from tests.unit.hooks.builders import (
    LIMITS,
    ON,
    POLICY,
    ago,
    assess,
    chart,
    data_files,
    gap,
    result,
)

Thing = Result | Condition | Procedure | Medication | Gap | Unreadable
TODAY = f"{ON.isoformat()}, today"


def facts(*things: Thing) -> Facts:
    return Facts(assess(*things), POLICY.wording)


# ------------------------------------------------------------------ what is missing
def test_a_needed_result_that_is_there_is_not_missing() -> None:
    there = facts(result(Analyte.IONISED_CALCIUM, 1.2), result(Analyte.PHOSPHATE, 4))
    assert there.missing(("calcium", "phosphate")) == []
    assert there.missing_names(("calcium", "phosphate", "pth")) == "intact PTH"


def test_a_needed_result_that_never_came_is_missing() -> None:
    assert facts().missing(("calcium",)) == ["no result: calcium"]


def test_a_needed_result_that_is_too_old_or_ahead_is_missing_with_its_day() -> None:
    old = LIMITS.windows[Analyte.PHOSPHATE].usable + 1
    assert facts(result(Analyte.PHOSPHATE, 4, old)).missing(("phosphate",)) == [
        f"phosphate: too old ({ago(old).isoformat()}, {old} days ago)"
    ]
    assert facts(result(Analyte.PHOSPHATE, 4, -2)).missing(("phosphate",)) == [
        f"phosphate: dated in the future ({ago(-2).isoformat()}, 2 days ahead)"
    ]


def test_needed_results_that_never_came_share_one_line() -> None:
    assert facts().missing(("calcium", "phosphate", "pth")) == ["no result: calcium, phosphate and intact PTH"]


def test_unreadable_results_are_told_with_day_and_reason_the_newest_first_and_the_others_counted() -> None:
    dropped = [Unreadable("phosphate", reason, None) for reason in ("odd", "odd", "x", "y")]
    assert facts(*dropped, Unreadable("phosphate", "no unit", ON)).missing(("phosphate",)) == [
        f"phosphate: a result of {TODAY} could not be read: no unit",
        "phosphate: a result (undated) could not be read: odd",
        "phosphate: a result (undated) could not be read: x",
        "phosphate: 1 more could not be read",
    ]


def test_an_unreadable_newer_result_is_told_beside_the_older_one_that_is_used() -> None:
    used, unread = result(Analyte.PHOSPHATE, 4, 10), Unreadable("phosphate", "no <unit>", ago(2))
    assert facts(used, unread).missing(("phosphate",)) == [
        f"a newer phosphate of {ago(2).isoformat()}, 2 days ago could not be read: no &lt;unit&gt;"
    ]


def test_an_unreadable_result_that_is_older_than_the_one_used_is_not_told() -> None:
    assert facts(result(Analyte.PHOSPHATE, 4), Unreadable("phosphate", "no unit", ago(3))).missing(("phosphate",)) == []


def test_a_calcium_that_could_not_be_read_is_never_told_as_an_albumin() -> None:
    albumin = result(Analyte.ALBUMIN, 3.8, 12)
    for unread in ("total_calcium", "albumin_corrected_calcium", "ionised_calcium"):
        told = facts(albumin, Unreadable(unread, "no unit", ago(10)))
        assert told.missing(("albumin",)) == told.about_need("albumin") == []
        assert "a result of" in " ".join(told.missing(("calcium",)))
    again = facts(albumin, Unreadable("albumin", "no unit", ago(10)))
    assert "a newer albumin of" in " ".join(again.missing(("albumin",)))


def test_an_unreadable_corrected_calcium_is_told_as_a_calcium_although_the_need_of_albumin_looks_at_it_too() -> None:
    unread = Unreadable("albumin_corrected_calcium", "no unit", ON)
    lines = facts(unread, result(Analyte.ALBUMIN, 4)).missing(("calcium", "albumin"))
    assert lines == [f"calcium: a result of {TODAY} could not be read: no unit"]


def test_where_two_needs_of_a_clinic_share_an_unreadable_result_neither_says_that_there_is_none() -> None:
    files = data_files()
    files["wording"]["needs"]["ionised"] = {"name": "ionised calcium", "analytes": ["ionised_calcium"]}
    unread = assess(Unreadable("ionised_calcium", "no unit", ON))
    assert Facts(unread, load_policy(**files).wording).missing(("calcium", "ionised")) == [
        f"calcium: a result of {TODAY} could not be read: no unit",
        f"ionised calcium: a result of {TODAY} could not be read: no unit",
    ]


def test_a_result_of_unknown_method_is_shown_and_not_compared() -> None:
    shown = {Analyte.INTACT_PTH: (result(Analyte.INTACT_PTH, 250, 40), result(Analyte.INTACT_PTH, 260, 3))}
    words = Facts(Assessment(replace(chart(), shown=shown), ON, LIMITS), POLICY.wording)
    assert words.missing(("pth",)) == [
        "no result: intact PTH",
        f"intact PTH of unknown method, not compared: 260 pg/mL ({ago(3).isoformat()}, 3 days ago)",
    ]
    assert words.missing(("calcium",)) == ["no result: calcium"]


def test_a_result_of_unknown_method_is_shown_as_long_as_a_result_is_usable() -> None:
    pth, usable = Analyte.INTACT_PTH, LIMITS.windows[Analyte.INTACT_PTH].usable
    for days, told in ((0, True), (usable, True), (usable + 1, False), (-1, False)):
        dated = replace(chart(), shown={pth: (result(pth, 260, days),)})
        lines = Facts(Assessment(dated, ON, LIMITS), POLICY.wording).missing(("pth",))
        assert any("of unknown method" in line for line in lines) is told


@pytest.mark.parametrize(("count", "words"), [(1, "the drug of 1 active order"), (3, "the drug of 3 active orders")])
def test_active_drugs_that_could_not_be_read_are_told(count: int, words: str) -> None:
    unread = Facts(Assessment(replace(chart(), unread_medications=count), ON, LIMITS), POLICY.wording)
    assert unread.missing(()) == [f"could not be read: {words}"]


def test_a_look_up_that_failed_is_said_on_every_card_whatever_it_needs() -> None:
    assert facts(gap("weight", what="weights")).missing(()) == ["could not be read: weights (the server answered 500)"]


def test_other_records_that_could_not_be_used_are_counted_by_reason() -> None:
    things = [Unreadable("condition", "no code")] * 2 + [Unreadable("medication", "no <name>")]
    assert facts(*things).missing(()) == [
        "2 condition records not used: no code",
        "1 medication record not used: no &lt;name&gt;",
    ]


def test_a_drug_that_could_not_be_read_is_told_once() -> None:
    unread = replace(chart(Unreadable("medication", UNREAD_DRUG)), unread_medications=1)
    words = Facts(Assessment(unread, ON, LIMITS), POLICY.wording)
    assert words.missing(()) == ["could not be read: the drug of 1 active order"]
