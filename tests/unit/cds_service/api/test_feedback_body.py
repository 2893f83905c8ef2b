"""Feedback in every shape that clients send becomes one kind of item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.api.feedback_body import MOST_AHEAD, MOST_BACK, MOST_CHARACTERS, parse_feedback
from cds_service.api.validation import InvalidField
from cds_service.storage import FeedbackItem

CODING = {"code": "x", "system": "s", "display": "d"}
WHEN = datetime(2026, 11, 22, 10, 5, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def item(**members: Any) -> dict[str, Any]:
    return {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:05:00Z", **members}


def parsed(**members: Any) -> FeedbackItem:
    (found,) = parse_feedback({"feedback": [item(**members)]}, NOW)
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
    found = parse_feedback({"feedback": [item(card="b"), item(card="a")]}, NOW)
    assert [one.card for one in found] == ["b", "a"]


@pytest.mark.parametrize("moment", [NOW + MOST_AHEAD, NOW - MOST_BACK, NOW])
def test_late_feedback_and_a_clock_that_is_a_little_ahead_are_taken(moment: datetime) -> None:
    assert parsed(outcomeTimestamp=moment.isoformat()).outcome_timestamp == moment


@pytest.mark.parametrize(
    "text",
    [
        (NOW + MOST_AHEAD + MICROSECOND).isoformat(),
        (NOW - MOST_BACK - MICROSECOND).isoformat(),
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59",
        "0001-01-01T00:00:00Z",
        "0001-01-01T14:00:00+14:00",
        "1970-01-01T00:00:00Z",
    ],
)
def test_a_moment_that_is_years_away_is_refused_by_its_path(text: str) -> None:
    with pytest.raises(InvalidField) as refused:
        parse_feedback({"feedback": [item(), item(outcomeTimestamp=text)]}, NOW)
    assert refused.value.path == "feedback[1].outcomeTimestamp"


def with_comments(*lengths: int) -> dict[str, Any]:
    return {"feedback": [item(overrideReason={"userComment": "x" * length}) for length in lengths]}


def test_what_one_call_may_have_stored_has_an_end() -> None:
    most = [10_000 - len("c")] * (MOST_CHARACTERS // 10_000)
    assert len(parse_feedback(with_comments(*most), NOW)) == len(most)
    with pytest.raises(InvalidField) as refused:
        parse_feedback(with_comments(*most, 0), NOW)
    assert refused.value.path == "feedback"


@pytest.mark.parametrize(
    "member",
    [
        {"card": "c" * 100},
        {"outcome": "accepted", "acceptedSuggestions": [{"id": "s" * 100}]},
        {"overrideReason": {"reason": {"code": "c" * 100}}},
        {"overrideReason": {"reason": {"code": "c", "system": "s" * 100}}},
        {"overrideReason": {"reason": {"code": "c", "display": "d" * 100}}},
    ],
    ids=["card", "suggestion", "code", "system", "display"],
)
def test_every_text_that_is_stored_counts_towards_that_end(member: dict[str, Any]) -> None:
    nearly = with_comments(*[10_000 - len("c")] * (MOST_CHARACTERS // 10_000 - 1), 10_000 - 51)
    assert parse_feedback(nearly, NOW)
    with pytest.raises(InvalidField, match="fewer items"):
        parse_feedback({"feedback": [*nearly["feedback"], item(**member)]}, NOW)


def test_a_moment_without_a_zone_is_utc() -> None:
    assert parsed(outcomeTimestamp="2026-11-22T10:05:00").outcome_timestamp == WHEN


@given(
    moment=st.datetimes(datetime(2022, 1, 1), datetime(2026, 11, 22), timezones=st.just(UTC)),  # noqa: DTZ001
    hours=st.integers(-12, 14),
)
def test_a_moment_in_any_zone_is_the_same_moment(moment: datetime, hours: int) -> None:
    written = moment.astimezone(timezone(timedelta(hours=hours))).isoformat()
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
        parse_feedback({"feedback": [item(), item(outcomeTimestamp=text)]}, NOW)
    assert refused.value.path == "feedback[1].outcomeTimestamp"


@pytest.mark.parametrize("body", [None, {}, {"feedback": []}, {"feedback": [{}]}, {"feedback": [item(outcome="x")]}])
def test_what_is_not_feedback_is_refused(body: object) -> None:
    with pytest.raises(InvalidField):
        parse_feedback(body, NOW)
