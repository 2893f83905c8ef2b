"""Feedback bodies to stored items.

What may live here: reading the three shapes of override reasons (1.x drafts, 2.0, 3.0) into one, and what is too much
or too far away to be stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cds_service.api.validation import FEEDBACK, InvalidField, check, without_nulls
from cds_service.storage import FeedbackItem

MOST_AHEAD = timedelta(days=1)
"""A clock may be wrong, and a moment without a zone is read as UTC; a whole day is neither."""
MOST_BACK = timedelta(days=5 * 365)
"""Feedback may be sent late, not years later."""
MOST_CHARACTERS = 500_000
"""All that one call may have us store; with 500 items that is 1,000 characters for each."""


def parse_feedback(body: object, now: datetime) -> list[FeedbackItem]:
    """The items of a feedback request that comes at this moment.

    Raises:
        InvalidField: naming the field that is missing or wrong.
    """
    meant = _as_meant(body)
    check(meant, FEEDBACK)
    items: list[Mapping[str, Any]] = meant["feedback"]
    read = [_item(item, f"feedback[{number}]", now) for number, item in enumerate(items)]
    if sum(map(_characters, read)) > MOST_CHARACTERS:
        raise InvalidField("feedback", f"has more than {MOST_CHARACTERS:,} characters in all; send fewer items at once")
    return read


def _as_meant(body: Any) -> Any:
    """The body without its members that are null, and without a reason of which nothing is left then."""
    if not isinstance(body, dict) or not isinstance(body.get("feedback"), list):
        return body
    return {**body, "feedback": [_item_as_meant(item) for item in body["feedback"]]}


def _item_as_meant(item: Any) -> Any:
    meant = without_nulls(item)
    sent = meant.get("overrideReason") if isinstance(meant, dict) else None
    if not isinstance(sent, dict) or not sent:
        return meant
    override = without_nulls(sent)
    if "reason" in override:
        override = {**override, "reason": _reason_as_meant(override["reason"])}
    others = {name: member for name, member in meant.items() if name != "overrideReason"}
    return {**others, "overrideReason": override} if override else others


def _reason_as_meant(reason: Any) -> Any:
    meant = without_nulls(reason)
    if isinstance(meant, dict) and isinstance(meant.get("coding"), list):
        return {**meant, "coding": [without_nulls(coding) for coding in meant["coding"]]}
    return meant


def _item(item: Mapping[str, Any], path: str, now: datetime) -> FeedbackItem:
    override = item.get("overrideReason") or {}
    reason = _coding(override.get("reason") or {})
    return FeedbackItem(
        card=item["card"],
        outcome=item["outcome"],
        outcome_timestamp=_timestamp(item["outcomeTimestamp"], f"{path}.outcomeTimestamp", now),
        accepted_suggestions=tuple(accepted["id"] for accepted in item.get("acceptedSuggestions", ())),
        override_reason_code=reason.get("code"),
        override_reason_system=reason.get("system"),
        override_reason_display=reason.get("display"),
        user_comment=override.get("userComment"),
    )


def _coding(reason: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Coding, or the first Coding of a CodeableConcept."""
    codings = reason.get("coding")
    return codings[0] if codings else reason


def _characters(item: FeedbackItem) -> int:
    reason = (item.override_reason_code, item.override_reason_system, item.override_reason_display)
    words = (item.card, *item.accepted_suggestions, *reason, item.user_comment)
    return sum(len(text) for text in words if text)


def _timestamp(text: str, path: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        # In UTC, as it is stored: the first and last days of the calendar cannot be moved to every zone.
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidField(path, "must be a date and time such as 2026-11-22T16:36:30Z") from None
    if moment - now > MOST_AHEAD:
        raise InvalidField(path, "must not lie more than a day ahead of the clock of this service")
    if now - moment > MOST_BACK:
        raise InvalidField(path, "must not lie more than five years back")
    return moment
