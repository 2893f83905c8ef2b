"""The file for reviewers: what stands in it, and that nothing in it names a patient or is a formula."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cds_service.review import read_sheet, rows_of, sheet_of
from cds_service.storage import Answer, Drawn, Event, Kind

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CARD = Event(
    "card-1",
    datetime(2026, 11, 3, 23, 30, tzinfo=UTC),
    Kind.ISSUED,
    client="urn:north",
    tenant="northern",
    service="calciphylaxis-patient-view",
    hook="patient-view",
    hook_instance=INSTANCE,
    topic="vka-cua",
    indicator="critical",
    card_uuid="1",
    policy="0123",
    facts="key:facts",
    patient="key:patient",
    user="key:user",
    content={"suggestions": [{"uuid": "s", "label": "Stop warfarin of Mrs Example"}]},
)
OVERRIDDEN = Answer("overridden", "urn:x", "mechanical-valve", comment_only=False)
BERLIN = ZoneInfo("Europe/Berlin")


def row(card: Event = CARD, answer: Answer | None = None, drawn: Drawn = Drawn.SHOWN) -> dict[str, str]:
    answers = {card.id: answer} if answer else {}
    text = sheet_of(rows_of([card], drawn, answers, BERLIN, lambda one: one.reason_code))
    (found,) = csv.DictReader(io.StringIO(text, newline=""))
    return found


def test_a_line_tells_of_a_card_what_is_needed_to_find_the_call_and_leaves_the_verdict_open() -> None:
    assert row(answer=OVERRIDDEN) == {
        "event": "card-1",
        "at": "2026-11-04T00:30:00+01:00",
        "tenant": "northern",
        "service": "calciphylaxis-patient-view",
        "hook": "patient-view",
        "topic": "vka-cua",
        "indicator": "critical",
        "drawn_from": "shown",
        "why_held_back": "",
        "outcome": "overridden",
        "override_reason": "mechanical-valve",
        "policy": "0123",
        "hook_instance": INSTANCE,
        "verdict": "",
        "reviewer": "",
        "remark": "",
    }


def test_no_keyed_hash_and_nothing_that_an_ehr_wrote_freely_is_in_it() -> None:
    odd = replace(CARD, hook_instance="MRN 4711", user_comment="Mrs Example")
    found = row(odd)
    assert found["hook_instance"] == "(not a UUID)"
    assert not [value for value in found.values() if "key:" in value or "4711" in value or "Example" in value]


def test_why_a_card_was_held_back_stands_in_place_of_an_answer() -> None:
    held = replace(CARD, kind=Kind.SUPPRESSED, reason="shown-before", card_uuid=None)
    found = row(held, drawn=Drawn.HELD_BACK)
    assert (found["drawn_from"], found["why_held_back"], found["outcome"]) == ("held-back", "shown-before", "")


def test_no_text_is_a_formula_and_the_file_is_read_back_all_the_same() -> None:
    odd = replace(CARD, topic="=cmd", tenant="+1")
    assert (row(odd)["topic"], row(odd)["tenant"]) == ("'=cmd", "'+1")
    text = sheet_of(rows_of([odd], Drawn.SHOWN, {}, BERLIN, lambda _: ""))
    (line,) = read_sheet(text.encode()).lines
    assert (line.event, line.said["topic"]) == ("card-1", "'=cmd")


def test_the_oldest_card_comes_first() -> None:
    older = replace(CARD, id="card-2", at=datetime(2026, 11, 1, tzinfo=UTC))
    found = rows_of([CARD, older], Drawn.SHOWN, {}, BERLIN, lambda _: "")
    assert [one["event"] for one in found] == ["card-2", "card-1"]


@pytest.mark.parametrize("outcome", ["accepted", ""])
def test_only_an_override_has_a_reason(outcome: str) -> None:
    assert row(answer=replace_outcome(outcome))["override_reason"] == ""


def replace_outcome(outcome: str) -> Answer:
    return OVERRIDDEN._replace(outcome=outcome)
