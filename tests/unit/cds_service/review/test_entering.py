"""What of a file becomes an event: verdicts on cards of the log, each once, of two reviewers two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cds_service.review import Entered, Line, enter
from cds_service.storage import Drawn, Event, Kind, Reviewed, Verdict
from cds_service.storage.verdicts import in_force, reviewed_of

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
CARD = Event(
    "card-1", NOON, Kind.ISSUED, tenant="northern", hook="patient-view", topic="vka-cua", indicator="critical",
    card_uuid="1", patient="key:patient", user="key:user", facts="key:facts",
)  # fmt: skip
HELD = replace(CARD, id="held-1", kind=Kind.SUPPRESSED, reason="shown-before", card_uuid=None)
CARDS = {CARD.id: CARD, HELD.id: HELD}
SAID = {"topic": "vka-cua", "hook": "patient-view", "indicator": "critical"}
LINE = Line(2, "card-1", Drawn.SHOWN, SAID, Verdict.APPROPRIATE, "Ana Silva")
OTHER = LINE._replace(number=3, reviewer="Ben Okoro")


def entered(*lines: Line, before: list[Reviewed] | None = None, later: int = 0) -> Entered:
    return enter(lines, CARDS, before or [], NOON + timedelta(days=1, hours=later))


def kept(*entries: Entered) -> list[Reviewed]:
    """What the log then holds."""
    events = {one.id: one for entry in reversed(entries) for one in entry.events}.values()
    names = {"tenant": "northern", "topic": "vka-cua", "hook": "patient-view", "indicator": "critical", "why": ""}
    return in_force(reviewed_of(one.id, one.at, names, one.content) for one in events)


def verdicts(*entries: Entered) -> list[tuple[str, str]]:
    return sorted((one.reviewer, one.verdict.value) for one in kept(*entries))


def test_a_verdict_is_an_event_that_names_the_reviewer_and_no_user() -> None:
    (event,) = entered(LINE).events
    assert (event.kind, event.topic, event.hook, event.tenant) == (Kind.REVIEWED, "vka-cua", "patient-view", "northern")
    assert (event.patient, event.user, event.facts, event.user_comment) == ("key:patient", None, None, None)
    assert dict(event.content) == {
        "verdict": "appropriate",
        "reviewer": "Ana Silva",
        "drawn": "shown",
        "card": "card-1",
        "given": NOON.isoformat(),
        "replaces": "",
    }


def test_the_same_again_stays_one_whoever_enters_it_when() -> None:
    first, second = entered(LINE), entered(LINE._replace(reviewer="ANA  silva"), later=5)
    assert [one.id for one in first.events] == [one.id for one in second.events]
    again = entered(LINE, before=kept(first))
    assert (again.events, again.verdicts, again.known) == ([], 0, 1)


def test_a_line_that_stands_twice_is_one() -> None:
    assert entered(LINE, LINE._replace(number=3)).verdicts == 1


def test_two_reviewers_of_a_card_are_two_verdicts() -> None:
    found = entered(LINE, OTHER._replace(verdict=Verdict.INAPPROPRIATE))
    assert verdicts(found) == [("Ana Silva", "appropriate"), ("Ben Okoro", "inappropriate")]


def test_another_verdict_of_the_same_reviewer_takes_the_place_of_the_one_before_and_can_be_taken_back() -> None:
    first = entered(LINE)
    second = entered(LINE._replace(verdict=Verdict.INAPPROPRIATE), before=kept(first), later=1)
    assert (second.verdicts, second.changed) == (1, 1)
    assert verdicts(first, second) == [("Ana Silva", "inappropriate")]
    # The clock was set back meanwhile: what replaces stands, not what is later.
    third = entered(LINE, before=kept(first, second), later=-9)
    assert verdicts(first, second, third) == [("Ana Silva", "appropriate")]


def test_a_card_without_a_verdict_is_known_to_be_in_the_sample_once() -> None:
    open_line = LINE._replace(verdict=Verdict.NONE)
    first = entered(open_line, open_line._replace(number=3, reviewer=""))
    assert (len(first.events), first.verdicts, first.without) == (1, 0, 2)
    assert entered(open_line, before=kept(first)).events == []
    assert entered(open_line, before=kept(entered(LINE))).events == [], "it has been judged already"
    assert verdicts(first, entered(LINE, before=kept(first))) == [("", ""), ("Ana Silva", "appropriate")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (LINE._replace(event="card-9"), "no card with this id"),
        (LINE._replace(drawn=Drawn.HELD_BACK), "not drawn from those that were held-back"),
        (LINE._replace(event="held-1"), "not drawn from those that were shown"),
        (LINE._replace(event="held-1", drawn=Drawn.OVERRIDDEN), "not drawn from those that were overridden"),
        (LINE._replace(said={**SAID, "topic": "iron"}), "topic: not as in the log; were some columns"),
        (LINE._replace(said={"topic": "iron", "hook": "x", "indicator": "y"}), "topic, hook, indicator: not as in"),
    ],
)
def test_a_line_that_is_not_about_a_card_of_the_log_keeps_the_whole_file_out(line: Line, said: str) -> None:
    found = entered(OTHER, line)
    assert (found.events, found.verdicts) == ([], 0)
    ((number, says),) = found.faults
    assert number == line.number
    assert said in says


@pytest.mark.parametrize("name", ["A. Silva", "Dr Ana Silva", "Silva, Ana"])
def test_one_person_under_two_names_is_no_second_reviewer(name: str) -> None:
    (fault,) = entered(LINE, OTHER._replace(reviewer=name)).faults
    assert (fault.line, "may be the same person as in line 2" in fault.says) == (3, True)
    (fault,) = entered(LINE._replace(reviewer=name), before=kept(entered(LINE))).faults
    assert "the reviewer may be “Ana Silva”, who judged this card" in fault.says
    elsewhere = entered(LINE, OTHER._replace(reviewer=name, event="held-1", drawn=Drawn.HELD_BACK))
    assert elsewhere.verdicts == 2, "on another card it is no second verdict"


def test_a_reviewer_who_judges_a_card_in_two_ways_in_one_file_is_a_fault() -> None:
    (fault,) = entered(LINE, LINE._replace(number=5, verdict=Verdict.CANNOT_JUDGE)).faults
    assert fault == (5, "the same reviewer judges this card otherwise in line 2")


def test_a_card_that_was_drawn_twice_is_judged_among_those_and_among_these() -> None:
    found = entered(LINE, LINE._replace(number=3, drawn=Drawn.OVERRIDDEN, verdict=Verdict.NOT_NEEDED))
    assert verdicts(found) == [("Ana Silva", "appropriate"), ("Ana Silva", "not-needed")]
