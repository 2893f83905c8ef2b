"""Cards and suggestions refuse what the CDS Hooks specification refuses."""

import pytest

from hooks.card import SUMMARY_LIMIT, Card, CardError, Indicator, Propose, Suggestion, most_urgent_first
from hooks.cards.card_text import fitting, suggestions
from hooks.chart import Analyte, Medication
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    CONFIRMED,
    LIMITS,
    ON_DIALYSIS,
    POLICY,
    STEP,
    WARFARIN,
    assess,
    result,
)


def card(summary: str = "a summary", topic: str = "topic", detail: str = "detail", indicator: str = "info") -> Card:
    return Card(topic, "Topic", Indicator(indicator), summary, detail)


@pytest.mark.parametrize("length", [1, SUMMARY_LIMIT - 1])
def test_a_summary_has_one_character_to_just_under_the_limit(length: int) -> None:
    assert len(card("x" * length).summary) == length


@pytest.mark.parametrize("length", [0, SUMMARY_LIMIT, SUMMARY_LIMIT + 100])
def test_an_empty_or_too_long_summary_is_refused(length: int) -> None:
    with pytest.raises(CardError, match=f"this one {length}$"):
        card("x" * length)


def test_a_card_without_topic_or_detail_is_refused() -> None:
    with pytest.raises(CardError, match="topic and a detail"):
        card(topic="")
    with pytest.raises(CardError, match="topic and a detail"):
        card(detail="")


def test_a_suggestion_needs_a_label_and_an_action() -> None:
    with pytest.raises(CardError):
        Suggestion("", (Propose("calcium", "Order calcium"),))
    with pytest.raises(CardError):
        Suggestion("Order calcium", ())


def test_critical_comes_before_warning_before_information_and_equals_keep_their_order() -> None:
    given = [card("1", indicator="info"), card("2", indicator="critical"), card("3", indicator="warning")]
    given += [card("4", indicator="critical"), card("5", indicator="info")]
    assert [item.summary for item in most_urgent_first(given)] == ["2", "4", "3", "1", "5"]
    assert most_urgent_first([]) == []


@pytest.mark.parametrize(("indicator", "urgency"), [("info", 0), ("warning", 1), ("critical", 2)])
def test_urgency_follows_the_indicator(indicator: str, urgency: int) -> None:
    assert Indicator(indicator).urgency == urgency


# ------------------------------------------------------------------ the length of a summary
def test_a_summary_that_fits_is_left_alone() -> None:
    assert fitting("x" * (SUMMARY_LIMIT - 1)) == "x" * (SUMMARY_LIMIT - 1)


@pytest.mark.parametrize("text", ["x" * SUMMARY_LIMIT, "word " * 200, "a, " * 100, "y" * 130 + " (" + "z" * 50])
def test_a_summary_that_does_not_fit_is_cut_and_says_so(text: str) -> None:
    cut = fitting(text)
    assert len(cut) < SUMMARY_LIMIT
    assert cut.endswith("…")
    assert text.startswith(cut[:-1])
    assert not cut[:-1].endswith((" ", ",", "("))


# ------------------------------------------------------------------ suggestions from their texts
PATIENT = assess(CONFIRMED, ON_DIALYSIS)


def offered(*names: str, orders: tuple[Medication, ...] = (WARFARIN,), draft: bool = True) -> list[str]:
    made = suggestions(names, PATIENT, POLICY.wording, orders, draft=draft, placeholders={"drug": "warfarin"})
    return [item.label for item in made]


def test_a_suggestion_names_its_drug() -> None:
    assert offered("remove") == ["Remove warfarin"]


def test_what_removes_an_order_needs_one_with_an_id() -> None:
    nameless = Medication("", "warfarin 5 mg")
    assert offered("remove", "cardiology", orders=(nameless,)) == offered("cardiology")
    assert offered("remove", orders=()) == []
    assert offered("remove", orders=(nameless, CALCIUM_ACETATE)) == ["Remove warfarin"]


def test_what_is_meant_for_drafts_is_not_offered_for_an_active_prescription() -> None:
    assert len(offered("hold_iron_draft", draft=True)) == 1
    assert offered("hold_iron_draft", draft=False) == []
    assert len(offered("remove", draft=False)) == 1


def test_what_is_meant_for_active_prescriptions_is_not_offered_for_a_draft() -> None:
    assert offered("replace_anticoagulant", draft=True) == []
    assert offered("replace_anticoagulant", draft=False) == ["After that discussion: stop warfarin"]


@pytest.mark.parametrize(
    ("calcium", "pth", "count"),
    [(0, 1, 1), (0, 0, 0), (-STEP, 1, 0)],
)
def test_a_calcimimetic_is_discussed_only_with_high_pth_and_calcium_that_is_not_low(
    calcium: float, pth: float, count: int
) -> None:
    patient = assess(
        CONFIRMED,
        result(Analyte.TOTAL_CALCIUM, LIMITS.calcium_low + calcium),
        result(Analyte.INTACT_PTH, LIMITS.pth_assumed_upper_limit * LIMITS.pth_high_times + pth),
    )
    made = suggestions(["calcimimetic"], patient, POLICY.wording, (), draft=True, placeholders={})
    assert len(made) == count


def test_an_action_on_an_order_says_what_it_does() -> None:
    drafted = suggestions(["remove"], PATIENT, POLICY.wording, (WARFARIN,), draft=True, placeholders={"drug": "x"})
    active = suggestions(["remove"], PATIENT, POLICY.wording, (WARFARIN,), draft=False, placeholders={"drug": "x"})
    assert drafted[0].actions[0].description == "Delete the draft order: warfarin as worded"
    assert active[0].actions[0].description == "Stop the active prescription: warfarin as worded"


def test_an_order_without_words_is_named_by_its_reference() -> None:
    nameless = Medication("MedicationRequest/7", "")
    made = suggestions(["remove"], PATIENT, POLICY.wording, (nameless,), draft=True, placeholders={"drug": "x"})
    assert made[0].actions[0].description == "Delete the draft order: MedicationRequest/7"
