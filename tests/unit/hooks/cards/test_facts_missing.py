"""What a card says is missing, too old, unusable, or could not be read."""

from hooks.cards.facts import Facts
from hooks.chart import Analyte, Condition, Gap, Medication, Procedure, Result, Unreadable
from tests.unit.hooks.builders import (
    LIMITS,
    ON,
    POLICY,
    ago,
    assess,
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
    assert facts().missing(("calcium",)) == ["calcium: no result"]


def test_a_needed_result_that_is_too_old_or_ahead_is_missing_with_its_day() -> None:
    old = LIMITS.windows[Analyte.PHOSPHATE].usable + 1
    assert facts(result(Analyte.PHOSPHATE, 4, old)).missing(("phosphate",)) == [
        f"phosphate: too old ({ago(old).isoformat()}, {old} days ago)"
    ]
    assert facts(result(Analyte.PHOSPHATE, 4, -2)).missing(("phosphate",)) == [
        f"phosphate: dated in the future ({ago(-2).isoformat()}, 2 days ahead)"
    ]


def test_results_that_were_dropped_are_missing_with_the_reason_two_at_most() -> None:
    dropped = [Unreadable("phosphate", reason, day) for reason, day in (("no unit", ON), ("odd", None), ("x", None))]
    assert facts(*dropped).missing(("phosphate",)) == [f"phosphate: no unit ({TODAY}); odd"]


def test_a_dropped_result_is_not_said_beside_a_usable_one() -> None:
    assert facts(Unreadable("phosphate", "no unit"), result(Analyte.PHOSPHATE, 4)).missing(("phosphate",)) == []


def test_a_look_up_that_failed_is_said_on_every_card_whatever_it_needs() -> None:
    assert facts(gap("weight", what="weights")).missing(()) == ["could not be read: weights (the server answered 500)"]


def test_other_records_that_could_not_be_used_are_counted_by_reason() -> None:
    things = [Unreadable("condition", "no code")] * 2 + [Unreadable("medication", "no <name>")]
    assert facts(*things).missing(()) == [
        "2 condition records not used: no code",
        "1 medication record not used: no &lt;name&gt;",
    ]
