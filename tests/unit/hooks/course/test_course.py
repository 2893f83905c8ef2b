"""The course as a whole: which drugs have lanes, which findings are shown, and what is kept for the page."""

from __future__ import annotations

import pytest

from hooks.chart import Condition, Medication, Unreadable
from hooks.course.course import Course, build_course
from hooks.course.findings import FINDINGS, Uncounted
from hooks.course.record import ConditionPeriod, End, History, MedicationPeriod
from hooks.skin_signs import LEVELS
from tests.unit.hooks.builders import (
    CALCIUM_ACETATE,
    LIMITS,
    ON,
    POLICY,
    WARFARIN,
    ago,
    chart,
    condition,
    drug,
    gap,
    span,
)

ASPIRIN = drug(name="aspirin")


def period(medication: Medication, start: int | None, last: int | None = None) -> MedicationPeriod:
    first = None if start is None else ago(start)
    end = End.ONGOING if last is None else End.KNOWN
    return MedicationPeriod(medication, "active", first, None, end, None if last is None else ago(last))


def entry(now: Condition, known: int | None, gone: int | None = None, then: Condition | None = None) -> ConditionPeriod:
    end = End.ONGOING if gone is None else End.KNOWN
    return ConditionPeriod(
        now, then or now, None if known is None else ago(known), end, None if gone is None else ago(gone)
    )


def course(*periods: MedicationPeriod | ConditionPeriod) -> Course:
    history = History(
        chart(gap("pth_alp"), Unreadable("condition", "no code")),
        conditions=tuple(one for one in periods if isinstance(one, ConditionPeriod)),
        medications=tuple(one for one in periods if isinstance(one, MedicationPeriod)),
    )
    return build_course(history, ago(731), ON, POLICY)


def test_lanes_stand_in_the_order_of_the_clinicians_file() -> None:
    classes = list(POLICY.drug_classes)
    lanes = course(*(period(drug(name, name=f"a {name}"), 100) for name in reversed(classes))).drugs
    assert [lane.drug_class for lane in lanes] == classes


def test_a_drug_of_no_class_of_the_file_is_among_the_others() -> None:
    insulin = period(drug("insulin", name="insulin"), 100)
    shown = course(insulin)
    assert (shown.drugs, shown.other_drugs) == ((), (insulin,))


def test_every_skin_sign_is_a_finding() -> None:
    assert set(LEVELS) <= set(FINDINGS)


def test_prescriptions_of_one_drug_share_a_lane_oldest_first_and_lanes_follow_their_classes() -> None:
    renewed, first, binder = period(WARFARIN, 100), period(WARFARIN, 300, 101), period(CALCIUM_ACETATE, 400)
    lanes = course(renewed, binder, first).drugs
    assert [(lane.drug, lane.periods) for lane in lanes] == [
        ("warfarin", (first, renewed)),
        ("calcium acetate", (binder,)),
    ]


def test_an_undated_prescription_comes_first_in_its_lane() -> None:
    dated, undated = period(WARFARIN, 100), period(WARFARIN, None)
    assert course(dated, undated).drugs[0].periods == (undated, dated)


def test_a_drug_of_two_classes_has_one_lane_that_of_the_graver_class() -> None:
    both = drug("nutritional_vitamin_d", "calcium_product", name="calcium with vitamin D")
    assert [lane.drug_class for lane in course(period(both, 100)).drugs] == ["calcium_product"]


def test_drugs_that_no_rule_looks_at_are_listed_apart() -> None:
    other = period(ASPIRIN, 100)
    found = course(other, period(WARFARIN, 100))
    assert found.other_drugs == (other,)
    assert [lane.drug for lane in found.drugs] == ["warfarin"]


@pytest.mark.parametrize(
    ("start", "last", "there"), [(900, 732, False), (900, 731, True), (0, None, True), (-1, None, False)]
)
def test_a_prescription_is_shown_when_it_touches_the_two_years(start: int, last: int | None, there: bool) -> None:
    assert bool(course(period(WARFARIN, start, last)).drugs) is there


def test_findings_are_sorted_by_the_day_on_which_they_became_known() -> None:
    ulcer, hard = entry(condition("skin_ulcer"), 20), entry(condition("skin_induration"), 50)
    undated = entry(condition("livedo"), None)
    assert [lane.concept for lane in course(ulcer, hard, undated).findings] == [
        "livedo",
        "skin_induration",
        "skin_ulcer",
    ]


def test_an_entry_of_several_findings_stands_for_the_gravest() -> None:
    found = course(entry(condition("skin_ulcer", "skin_necrosis"), 20)).findings
    assert [lane.concept for lane in found] == ["skin_necrosis"]


def test_a_healed_calciphylaxis_is_shown_as_the_finding_it_was() -> None:
    healed = entry(condition("calciphylaxis_history", past=True), 300, 100, condition("calciphylaxis"))
    assert [lane.concept for lane in course(healed).findings] == ["calciphylaxis"]


SIGN_DAYS, CELLULITIS_DAYS = int(LIMITS.sign_days), int(LIMITS.cellulitis_days)


@pytest.mark.parametrize(
    ("concept", "days"),
    [("skin_ulcer", SIGN_DAYS), ("foot_ulcer", SIGN_DAYS), ("cellulitis", CELLULITIS_DAYS)],
)
def test_a_finding_is_counted_until_it_is_too_old(concept: str, days: int) -> None:
    old, new = (entry(condition(concept, recorded=span(ago_)), ago_) for ago_ in (days + 1, days))
    assert [lane.uncounted for lane in course(old, new).findings] == [Uncounted(ago(1), days), None]


@pytest.mark.parametrize("concept", ["calciphylaxis", "calciphylaxis_provisional", "sepsis"])
def test_what_has_no_window_is_never_too_old(concept: str) -> None:
    assert course(entry(condition(concept, recorded=span(700)), 700)).findings[0].uncounted is None


def test_an_undated_finding_is_never_too_old() -> None:
    assert course(entry(condition("skin_ulcer"), None)).findings[0].uncounted is None


def test_a_finding_that_was_gone_before_it_was_too_old_ended_as_it_did() -> None:
    healed = entry(condition("skin_ulcer", recorded=span(400), past=True), 400, 300)
    assert course(healed).findings[0].uncounted is None


def test_hardening_that_another_disease_explains_is_not_counted_from_its_recording() -> None:
    hard, livedo = (entry(condition(name, recorded=span(90)), 90) for name in ("skin_induration", "livedo"))
    fibrosis = condition("nephrogenic_systemic_fibrosis", text="NSF")
    lanes = course(hard, livedo, entry(fibrosis, 60)).findings
    assert {lane.concept: lane.uncounted for lane in lanes} == {
        "skin_induration": Uncounted(ago(61), explained="NSF"),
        "livedo": None,
    }


@pytest.mark.parametrize(("known", "gone"), [(None, None), (60, 30)])
def test_an_explanation_that_is_undated_or_over_does_not_touch_the_bar(known: int | None, gone: int | None) -> None:
    hard = entry(condition("skin_induration", recorded=span(90)), 90)
    morphea = entry(condition("morphea", past=gone is not None), known, gone)
    assert course(hard, morphea).findings[0].uncounted is None


@pytest.mark.parametrize(
    ("finding", "there"),
    [
        (entry(condition("diabetes"), 20), False),
        (entry(condition("skin_ulcer", past=True), 900, 732), False),
        (entry(condition("skin_ulcer", past=True), 900, 731), True),
        (entry(condition("skin_ulcer"), -1), False),
    ],
)
def test_findings_are_those_of_the_two_years(finding: ConditionPeriod, there: bool) -> None:
    assert bool(course(finding).findings) is there


def test_what_could_not_be_read_is_kept_for_the_page() -> None:
    found = course()
    assert [one.query for one in found.gaps] == ["pth_alp"]
    assert found.unreadable == (Unreadable("condition", "no code"),)
    assert found.unread_drugs == 0
