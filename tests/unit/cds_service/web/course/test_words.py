"""What the course says in words: above all where a level cannot be told, or the rules do not apply."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cds_service.web.course.drawn import drawing, figure
from cds_service.web.course.result_words import ResultWords
from cds_service.web.course.shapes import Bar, Text
from cds_service.web.course.tables import CourseTable, tables
from cds_service.web.course.view import View
from hooks.assessment import Tier
from hooks.chart import Analyte, Condition, Gap, Medication, Result, Sign, Unreadable
from hooks.course.course import Course, DrugLane
from hooks.course.evaluation import DIALYSIS_UNREAD, Evaluation, Outcome
from hooks.course.findings import FindingLane, Uncounted
from hooks.course.record import ConditionPeriod, End, MedicationPeriod
from hooks.course.series import Point, Side
from hooks.dialysis_status import Dialysis
from hooks.policy import DrugClass
from hooks.risk_score import Factor
from tests.unit.cds_service.web.course.course_records import FIRST, TODAY, nothing, words

DAY = TODAY - timedelta(days=10)
TOMORROW = TODAY + timedelta(days=1)
END = End.ONGOING
RESULT = Result(Analyte.PHOSPHATE, 5.0, "5.0 mg/dL", DAY, 0.0)
NONE = Outcome(Tier.NONE, 1)
OFF = Outcome(Tier.NONE, 1, dialysis=Dialysis.NONE)
CHILD = Outcome(Tier.CHILD, 1)
SUSPECTED = Outcome(Tier.SUSPECTED, 4)


def evaluation(outcome: Outcome, *, incomplete: bool = False, unread: bool = False) -> Evaluation:
    return Evaluation(DAY, outcome, incomplete=incomplete, dialysis_unread=unread)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (evaluation(NONE), "no level reached, 1 point"),
        (evaluation(NONE, incomplete=True), "cannot be told: no level from what could be read, at least 1 point"),
        (
            evaluation(Outcome(Tier.ELEVATED_RISK, 3), incomplete=True),
            "cannot be told: at least elevated risk, at least 3 points",
        ),
        (
            evaluation(Outcome(Tier.POSSIBLE, 0), incomplete=True),
            "cannot be told: at least possible calciphylaxis, at least 0 points",
        ),
        (evaluation(SUSPECTED, incomplete=True), "suspected calciphylaxis, at least 4 points"),
        (
            evaluation(OFF, incomplete=True, unread=True),
            "cannot be told: no level from what could be read, at least 1 point",
        ),
        (evaluation(OFF), "the rules do not apply: no maintenance dialysis on record that day"),
        (
            evaluation(OFF, incomplete=True),
            "the rules do not apply: no maintenance dialysis on record that day, as far as it could be read",
        ),
        (
            evaluation(replace(OFF, evidence="kidney transplant")),
            "the rules do not apply: no maintenance dialysis on record that day (kidney transplant)",
        ),
        (evaluation(CHILD), "child: the rules are for adults"),
        (
            evaluation(replace(SUSPECTED, dialysis=Dialysis.PRESUMED, evidence="presumed from the ESRD code")),
            "suspected calciphylaxis; dialysis status not confirmed (presumed from the ESRD code), 4 points",
        ),
    ],
)
def test_a_level_is_told_as_far_as_it_can_be(found: Evaluation, said: str) -> None:
    assert words().said(found) == said
    assert words().evaluation(found)[0].lower() == said.lower()


def test_the_headline_also_says_what_it_would_be_otherwise() -> None:
    found = replace(
        evaluation(OFF, incomplete=True, unread=True), otherwise=SUSPECTED, unsure=(DIALYSIS_UNREAD,), on=TODAY
    )
    assert words().headline(found) == (
        "cannot be told: no level from what could be read; suspected calciphylaxis, 4 points if also counted: "
        "dialysis procedures (could not be read)"
    )
    assert words().points(found) == "at least 1"


def test_today_is_said_of_today() -> None:
    found = replace(evaluation(OFF), on=TODAY)
    assert words().headline(found) == "the rules do not apply: no maintenance dialysis on record today"
    assert words().points(found) == "not counted"
    assert words().points_lines(found)[0] == "Risk points not counted: the rules do not apply"


def test_each_factor_is_told_with_its_points() -> None:
    factors = (Factor("vitamin_k_antagonist", 2), Factor("diabetes", 1))
    found = evaluation(replace(SUSPECTED, points=3, factors=factors), incomplete=True)
    assert words().factors(found.outcome) == "vitamin K antagonist 2, diabetes 1"
    assert words().points_lines(found)[0] == "Risk points: at least 3 (vitamin K antagonist 2, diabetes 1)"
    assert words().factors(NONE) == "no factor"


@pytest.mark.parametrize("otherwise", [CHILD, OFF])
def test_another_outcome_may_lie_outside_the_rules(otherwise: Outcome) -> None:
    found = replace(evaluation(NONE), otherwise=otherwise, unsure=("x",))
    assert "point" not in words().otherwise(found)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (evaluation(replace(NONE, evidence="Haemodialysis, 2026-02-01")), "on record: Haemodialysis, 2026-02-01"),
        (
            evaluation(replace(NONE, dialysis=Dialysis.PRESUMED, evidence="presumed from the ESRD code")),
            "not confirmed: presumed from the ESRD code",
        ),
        (evaluation(OFF), "none on record"),
        (evaluation(OFF, incomplete=True, unread=True), "cannot be told: the procedures could not be read"),
    ],
)
def test_the_dialysis_status_is_told_with_its_evidence(found: Evaluation, said: str) -> None:
    assert words().dialysis(found) == said


@pytest.mark.parametrize(
    ("because", "passed", "said"),
    [
        (("results", "drugs"), (), "new: results, drugs"),
        ((), ("findings",), "a finding became too old"),
        ((), ("results",), "a result became too old"),
        (("drugs",), ("dialysis",), "new: drugs; dialysis no longer shown"),
        ((), (), "no new record"),
    ],
)
def test_a_change_without_a_new_record_says_what_time_did(
    because: tuple[str, ...], passed: tuple[str, ...], said: str
) -> None:
    assert words().because(replace(evaluation(NONE), because=because, passed=passed)) == said


def course(*found: Evaluation) -> Course:
    return replace(nothing(), evaluations=found)


def three() -> Course:
    """On dialysis, then none on record, then on dialysis again with something unread."""
    return course(
        replace(evaluation(SUSPECTED), on=FIRST),
        evaluation(OFF),
        replace(evaluation(NONE, incomplete=True), on=TODAY),
    )


def table(found: Course, key: str) -> CourseTable:
    return next(one for one in tables(found, words()) if one.key == key)


def test_the_table_says_the_same_and_marks_what_is_open() -> None:
    rows = table(three(), "evaluations").rows
    assert [row.mark for row in rows] == ["unsure", "", ""]
    assert rows[1].cells == (
        DAY.isoformat(),
        "the rules do not apply: no maintenance dialysis on record that day",
        "none on record",
        "no new record",
        "",
    )


def test_a_level_is_open_where_it_is_and_days_outside_the_rules_are_no_gap() -> None:
    found = figure(three(), words(), View()).stretches
    assert [(one.begin, one.end, one.level) for one in found] == [(FIRST, DAY, 5), (DAY, TODAY, 0), (TODAY, TODAY, 1)]
    assert [one.outside for one in found] == [False, True, False]
    assert [(one.level_open, one.points_open) for one in found] == [(False, False), (False, False), (True, True)]


def test_days_to_which_the_rules_do_not_apply_are_drawn_over_their_whole_length() -> None:
    days = drawing(three(), words(), View()).days
    for row in drawing(three(), words(), View(rows=("level", "points"))).rows:
        (outside,) = [shape for shape in row.shapes if isinstance(shape, Bar) and shape.ink == "outside"]
        assert outside.x == days.x(DAY)
        assert outside.x + outside.width == days.x(TODAY)
        assert outside.height == row.bottom - row.top


# ------------------------------------------------------------------ what could not be read is never nothing there
def unread(*found: Unreadable, gaps: tuple[Gap, ...] = (), drugs: int = 0) -> Course:
    return replace(nothing(), unreadable=found, gaps=gaps, unread_drugs=drugs)


@pytest.mark.parametrize(
    ("found", "key", "empty", "short"),
    [
        (unread(), "drugs", "none on record in these two years", "none on record"),
        (unread(), "findings", "none on record in these two years", "none on record"),
        (
            unread(drugs=1),
            "drugs",
            "1 prescription whose drug could not be read; no other on record",
            "1 prescription whose drug could not be read",
        ),
        (
            unread(Unreadable("medication", "x"), Unreadable("medication", "x"), drugs=1),
            "drugs",
            "2 prescriptions whose drug could not be read; no other on record",
            "2 prescriptions whose drug could not be read",
        ),
        (
            unread(Unreadable("condition", "x")),
            "findings",
            "1 entry that could not be read; no other on record",
            "1 entry that could not be read",
        ),
        (unread(gaps=(Gap("conditions", "conditions", "cut"),)), "findings", "Conditions: cut", "could not be read"),
        (
            unread(gaps=(Gap("medications", "prescriptions", "cut"),), drugs=1),
            "drugs",
            "Prescriptions: cut; 1 prescription whose drug could not be read",
            "could not be read",
        ),
    ],
)
def test_an_empty_lane_says_why_in_table_and_picture(found: Course, key: str, empty: str, short: str) -> None:
    assert table(found, key).empty == empty
    assert getattr(figure(found, words(), View()), key).empty == short


def said(found: Course) -> str:
    """All words of the picture."""
    rows = drawing(found, words(), View()).rows
    return " ".join(text.words for row in rows for text in (*row.shapes, *row.pinned) if isinstance(text, Text))


def test_the_lanes_are_drawn_whatever_is_in_them() -> None:
    shown = said(unread(gaps=(Gap("medications", "prescriptions", "cut"),)))
    for text in ("Drugs", "Findings", "could not be read", "none on record", "What the rules say"):
        assert text in shown
    assert said(course()).count("not told: what they need could not be read") == 2


def test_lanes_that_are_not_drawn_are_counted() -> None:
    taken = MedicationPeriod(Medication("", "x"), "active", TODAY, None, END)
    lanes = tuple(DrugLane("calcium_product", DrugClass("x"), f"drug {number}", (taken,)) for number in range(63))
    drawn = figure(replace(unread(drugs=2), drugs=lanes), words(), View()).drugs
    assert drawn.unread == "2 prescriptions whose drug could not be read"
    assert drawn.more == "3 more in the table"
    assert len(drawn.lanes) == 60


def test_no_line_joins_results_further_apart_than_one_counts() -> None:
    phosphate = next(one for one in nothing().series if one.key == "phosphate")
    days = (0, phosphate.usable, 2 * phosphate.usable + 1)
    points = tuple(Point(FIRST + timedelta(days=number), 5.0, Side.IN_RANGE, (RESULT,)) for number in days)
    (panel,) = figure(replace(nothing(), series=(replace(phosphate, points=points),)), words(), View()).panels
    assert [dot.run for dot in panel.dots] == [0, 0, 1]


def test_a_calcium_beside_an_ionised_one_that_decided_says_so() -> None:
    calcium = next(one for one in nothing().series if one.key == "calcium")
    point = Point(DAY, 10.9, Side.HIGH, (RESULT,), by_ionised=True)
    assert words().side(calcium, point) == "high (the rules went by ionised calcium at that time)"
    assert "the rules went by ionised calcium at that time" in words().point(calcium, point)[0]


# ------------------------------------------------------------------ findings that count no longer
def finding(uncounted: Uncounted | None, known: date = FIRST) -> FindingLane:
    entry = Condition("Livedo", {"livedo": Sign("livedo", "SNOMED CT 1")})
    return FindingLane("livedo", ConditionPeriod(entry, entry, known), uncounted)


@pytest.mark.parametrize(
    ("uncounted", "said"),
    [
        (Uncounted(DAY, 180), f"not counted by the rules after {DAY} (older than 180 days)"),
        (Uncounted(DAY, explained="NSF"), f"not counted by the rules after {DAY} (explained by “NSF”)"),
        (None, ""),
    ],
)
def test_a_finding_says_from_when_it_is_not_counted(uncounted: Uncounted | None, said: str) -> None:
    lane = finding(uncounted)
    assert words().uncounted(lane) == said
    shown = replace(nothing(), findings=(lane,))
    assert (said in words().finding_lines(lane)) is bool(said)
    assert table(shown, "findings").rows[0].cells[2].endswith(said)


@pytest.mark.parametrize(
    ("uncounted", "known", "bars"),
    [
        (None, FIRST, [(FIRST, TOMORROW, False)]),
        (Uncounted(DAY, 180), FIRST, [(FIRST, DAY, False), (DAY, TOMORROW, True)]),
        (Uncounted(FIRST, 180), DAY, [(DAY, TOMORROW, True)]),
        (None, TODAY, [(TODAY, TOMORROW, False)]),
    ],
)
def test_the_bar_is_pale_from_the_day_on_which_the_rules_stop_to_count(
    uncounted: Uncounted | None, known: date, bars: list[tuple[date, date, bool]]
) -> None:
    shown = replace(nothing(), findings=(finding(uncounted, known),))
    (lane,) = figure(shown, words(), View()).findings.lanes
    assert [(bar.begin, bar.until, bar.pale) for bar in lane.periods] == bars


@pytest.mark.parametrize(
    ("code", "said"), [("2777-1", "LOINC 2777-1"), ("https://north.example/lab|PHOS", "https://north.example/lab PHOS")]
)
def test_a_code_is_named_with_its_system(code: str, said: str) -> None:
    point = Point(DAY, 5.0, Side.IN_RANGE, (RESULT._replace(code=code), RESULT._replace(code="")))
    assert ResultWords.codes(point) == said
