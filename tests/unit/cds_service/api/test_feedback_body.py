"""Feedback in every shape that clients send becomes one kind of item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.api.feedback_body import parse_feedback
from cds_service.api.validation import InvalidField
from cds_service.storage.cards_and_feedback import FeedbackItem

CODING = {"code": "x", "system": "s", "display": "d"}
WHEN = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)


def item(**members: Any) -> dict[str, Any]:
    return {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:05:00Z", **members}


def parsed(**members: Any) -> FeedbackItem:
    (found,) = parse_feedback({"feedback": [item(**members)]})
    return found


def test_an_override_without_a_reason() -> None:
    assert parsed() == FeedbackItem("c", "overridden", WHEN)


def test_accepted_suggestions() -> None:
    found = parsed(outcome="accepted", acceptedSuggestions=[{"id": "a"}, {"id": "b", "more": 1}])
    assert found == FeedbackItem("c", "accepted", WHEN, ("a", "b"))


@pytest.mark.parametrize(
    "reason",
    [
        {"code": "x", "system": "s", "display": "d"},
        {"coding": [{"code": "x", "system": "s", "display": "d"}, {"code": "y"}]},
    ],
)
def test_a_reason_as_coding_and_as_codeable_concept(reason: dict[str, Any]) -> None:
    found = parsed(overrideReason={"reason": reason, "userComment": "no"})
    assert (found.override_reason_code, found.override_reason_system, found.override_reason_display) == ("x", "s", "d")
    assert found.user_comment == "no"


def test_several_items_keep_their_order() -> None:
    found = parse_feedback({"feedback": [item(card="b"), item(card="a")]})
    assert [one.card for one in found] == ["b", "a"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59", "0001-01-01T14:00:00+14:00"])
def test_the_first_and_last_moments_there_are_can_be_taken(text: str) -> None:
    assert parsed(outcomeTimestamp=text).outcome_timestamp.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_utc() -> None:
    assert parsed(outcomeTimestamp="2026-11-22T10:05:00").outcome_timestamp == WHEN


@given(moment=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)), hours=st.integers(-12, 14))  # noqa: DTZ001
def test_a_moment_in_any_zone_is_the_same_moment(moment: datetime, hours: int) -> None:
    written = moment.astimezone(timezone(timedelta(hours=hours))).isoformat()
    if moment.year < 9999:
        assert parsed(outcomeTimestamp=written).outcome_timestamp == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30T10:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T10:05 soon",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_a_moment_that_never_was_is_refused_by_its_path(text: str) -> None:
    with pytest.raises(InvalidField) as refused:
        parse_feedback({"feedback": [item(), item(outcomeTimestamp=text)]})
    assert refused.value.path == "feedback[1].outcomeTimestamp"


@pytest.mark.parametrize("body", [None, {}, {"feedback": []}, {"feedback": [{}]}, {"feedback": [item(outcome="x")]}])
def test_what_is_not_feedback_is_refused(body: object) -> None:
    with pytest.raises(InvalidField):
        parse_feedback(body)
